"""The narrative of a CDA: every element to its mark, nothing of the input but words, always well formed and of the closed list."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.corpus.cda_build import document, encoded, media, section, structured
from vaguemestre.formats import cda, cda_narrative, safe_xml
from vaguemestre.formats.cda_header import V3
from vaguemestre.formats.cda_labels import Labels
from vaguemestre.formats.cda_narrative import ATTRIBUTES, CLASSES, TAGS

HOSTILE = "javascript:alert(1)"


def assert_clean(html: str) -> None:
    """Well formed, of allow-listed elements, attributes and values only."""
    root = etree.fromstring(f"<body>{html}</body>")
    for place, facts in enumerate(root.findall("dl")):
        # what surrounds the document: terms and facts alone, before all else
        assert root[place] is facts and dict(facts.attrib) in ({"class": "opening"}, {"class": "about"})
        assert all(one.tag in {"dt", "dd"} and not one.attrib and not len(one) for one in facts)
        assert not (facts.text or facts.tail) and not any(one.tail for one in facts)
        facts.clear()
    for element in root.iterdescendants():
        if element.tag == "dl":
            continue
        assert element.tag in TAGS
        for name, value in element.attrib.items():
            if name == "class":
                assert element.tag == "span" and value in CLASSES
            else:
                assert name in ATTRIBUTES.get(str(element.tag), ()) and re.fullmatch("[1-9][0-9]{0,2}", str(value))


def read(text: str, *, entries: str = "", title: str | None = None) -> cda.Read:
    found = cda.read(encoded(document(structured(section(title, text, entries=entries)))))
    assert_clean(found.html)
    return found


ROWS = [
    ("paragraph", "<paragraph>Un</paragraph><paragraph>Deux</paragraph>", "<p>Un</p><p>Deux</p>", "Un\nDeux"),
    ("stray words", "Un <content>deux</content> trois", "<p>Un deux trois</p>", "Un deux trois"),
    ("words about a block", "Un<paragraph>Deux</paragraph>Trois", "<p>Un</p><p>Deux</p><p>Trois</p>", "Un\nDeux\nTrois"),
    ("break", "<paragraph>Un<br/>Deux</paragraph>", "<p>Un<br/>Deux</p>", "Un\nDeux"),
    ("bold", '<content styleCode="Bold">Un</content>', "<p><b>Un</b></p>", "Un"),
    ("bold and italics", '<content styleCode="BoldItalics">Un</content>', "<p><b><i>Un</i></b></p>", "Un"),
    ("several styles", '<content styleCode="xFgBlue Underline emphasis">Un</content>', "<p><i><u>Un</u></i></p>", "Un"),
    ("a paragraph's style", '<paragraph styleCode="bold">Un</paragraph>', "<p><b>Un</b></p>", "Un"),
    ("indices", "H<sub>2</sub>O 10<sup>9</sup>/L", "<p>H<sub>2</sub>O 10<sup>9</sup>/L</p>", "H2O 109/L"),
    ("list", "<list><item>Un</item><item>Deux</item></list>", "<ul><li>Un</li><li>Deux</li></ul>", "- Un\n- Deux"),
    ("ordered", '<list listType="ordered"><item>Un</item><item>Deux</item></list>', "<ol><li>Un</li><li>Deux</li></ol>", "1. Un\n2. Deux"),
    (
        "list in a list",
        "<list><item>Un<list><item>Deux</item></list></item></list>",
        "<ul><li><p>Un</p><ul><li>Deux</li></ul></li></ul>",
        "- Un\n- Deux",
    ),
    (
        "caption of a list",
        "<list><caption>Titre</caption><item>Un</item></list>",
        '<p><span class="caption">Titre</span></p><ul><li>Un</li></ul>',
        "Titre\n- Un",
    ),
    (
        "table",
        "<table><caption>T</caption><col/><thead><tr><th>A</th></tr></thead><tfoot><tr><td>F</td></tr></tfoot>"
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        "<table><caption>T</caption><thead><tr><th>A</th></tr></thead><tfoot><tr><td>F</td></tr></tfoot>"
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        "T\nA\nF\n1 | 2",
    ),
    (
        "spans",
        '<table><tr><td colspan="2" rowspan="3">A</td><td colspan="1">B</td><td colspan="900">C</td>'
        '<td colspan="-1" rowspan="x">D</td></tr></table>',
        '<table><tr><td colspan="2" rowspan="3">A</td><td>B</td><td colspan="100">C</td><td>D</td></tr></table>',
        "A | B | C | D",
    ),
    ("a cell of lines", "<table><tr><td>A<br/>B</td><td/></tr></table>", "<table><tr><td>A<br/>B</td><td></td></tr></table>", "A B |"),
    (
        "a cell of blocks",
        "<table><tr><td><paragraph>A</paragraph><list><item>B</item></list></td><td>C</td></tr></table>",
        "<table><tr><td><p>A</p><ul><li>B</li></ul></td><td>C</td></tr></table>",
        "A - B | C",
    ),
    ("a bold row", '<table><tr styleCode="Bold"><td>A</td></tr></table>', "<table><tr><td><b>A</b></td></tr></table>", "A"),
    ("a bold cell", '<table><tr><td styleCode="Bold">A</td></tr></table>', "<table><tr><td><b>A</b></td></tr></table>", "A"),
    ("words astray in a table", "<table>Un<tr>deux<td>A</td>trois</tr></table>", None, "Un\ndeux A | trois"),
    ("note", "Un<footnote ID='f'>Note</footnote>", '<p>Un<span class="footnote">Note</span></p>', "UnNote"),
    ("link", f'<linkHtml href="{HOSTILE}">ici</linkHtml>', '<p><span class="link">ici</span></p>', "ici"),
    ("a foreign element keeps its words", '<x:y xmlns:x="urn:x" onclick="a()">Un <z>deux</z></x:y>', "<p>Un deux</p>", "Un deux"),
    ("HTML", "<div><b>Un</b><em>deux</em></div>", "<p><b>Un</b><i>deux</i></p>", "Undeux"),
    (
        "escapes",
        "&lt;script&gt;a &amp;amp; b&lt;/script&gt;",
        "<p>&lt;script&gt;a &amp;amp; b&lt;/script&gt;</p>",
        "<script>a &amp; b</script>",
    ),
    ("blanks", "<paragraph>Un\n    deux\t\u00a0trois</paragraph>\n\n   ", "<p>Un deux trois</p>", "Un deux trois"),
    ("nothing", "\n <content> </content><br/>\n", "", ""),
    ("attributes", f'<paragraph style="x" onload="{HOSTILE}" class="media" ID="a">Un</paragraph>', "<p>Un</p>", "Un"),
    ("words in a break", "<br>Un</br>", "<p><br/>Un</p>", "Un"),
    ("a table in a run", "<content>Un<table><tr><td>A</td><td>B</td></tr></table></content>", None, "Un\n\nA B"),
]


@pytest.mark.parametrize(("name", "text", "html", "plain"), ROWS, ids=[row[0] for row in ROWS])
def test_element(name: str, text: str, html: str | None, plain: str) -> None:
    found = read(text)
    assert " ".join(found.text.split()) == " ".join(plain.split())
    if html is not None:
        assert (found.html, found.text) == (html, plain)


@pytest.mark.parametrize("name", ["script", "style", "iframe", "object", "svg"])
def test_active_elements_leave_nothing_and_are_told(name: str) -> None:
    found = read(f"<paragraph>Avant <{name}>alert(1)</{name}>après</paragraph>")
    assert (found.text, found.html) == ("Avant après", "<p>Avant après</p>")
    assert [one.code for one in found.warnings] == ["active-content-removed"]


def test_titles_go_by_depth_and_are_words() -> None:
    inner = section("D", None, section("E"))
    found = cda.read(encoded(document(structured(section("A", None, section("B", None, section("C <b>", None, inner))))))).html
    assert_clean(found)
    assert found == "<h2>A</h2><h3>B</h3><h4>C &lt;b&gt;</h4><h4>D</h4><h4>E</h4>"


def test_a_section_without_title_is_called_by_its_code() -> None:
    code = '<code code="1" displayName="Avis &lt;b&gt;"/>'
    found = cda.read(encoded(document(structured(section(None, "Un", code=code), section(None, code=code)))))
    assert (found.html, found.text) == ("<h2>Avis &lt;b&gt;</h2><p>Un</p>", "Avis <b>\nUn")


def test_sections_that_are_not_as_they_should_keep_their_words() -> None:
    astray = section("A", "Un").replace("</section>", "<text>Deux</text></section>")
    found = cda.read(encoded(document(f"<component><structuredBody>{astray}<x>{section(None, 'Trois')}</x></structuredBody></component>")))
    assert (found.html, found.text) == ("<h2>A</h2><p>Un</p><p>Deux</p><p>Trois</p>", "A\nUn\nDeux\nTrois")


def test_media_are_named_marks() -> None:
    text = 'Voir <renderMultiMedia referencedObject="a &lt;b absent"><caption>Vue</caption></renderMultiMedia>.'
    found = read(text, entries=media("a", b"\xff\xd8\xff", "image/jpeg") + media("<b", b"x", "image/png"))
    assert found.html == '<p>Voir <span class="caption">Vue</span><span class="media">a.jpg</span><span class="media">b.png</span>.</p>'
    assert found.text == "Voir Vue[a.jpg][b.png]."
    assert [one.name for one in found.attachments] == ["a.jpg", "b.png"]


def labels(text: str) -> Labels:
    root = safe_xml.parse(encoded(document(structured(section("T", text))))).root
    return cda_narrative.read(root.findall(f"{V3}component/{V3}structuredBody"), {}).labels


def test_labels() -> None:
    told = labels(
        '<table ID="t"><tbody><tr ID="r"><td ID="c">Un<br/><content ID="d"> <content>deux</content> </content></td><td>x</td></tr>'
        "</tbody></table>"
        '<paragraph ID="p">Para</paragraph><content ID="d">autre</content><content ID="vide"/>'
    )
    found = {name: told(name) for name in ("t", "r", "c", "#c", "d", "p", "vide", "nulle-part")}
    assert found == {
        "t": "Un deux x",
        "r": "Un deux x",
        "c": "Un deux",
        "#c": "Un deux",
        "d": "deux",
        "p": "Para",
        "vide": None,
        "nulle-part": None,
    }


def test_labels_cost_no_more_than_a_bound() -> None:
    deep = "".join(f'<content ID="i{n}">' for n in range(150)) + "x " * 2_000_000 + "</content>" * 150
    told = labels(deep)
    assert sum(len(told(f"i{n}") or "") for n in range(150)) < 400_000


BLOCKS = ("paragraph", "list", "item", "table", "thead", "tbody", "tr", "td", "th", "caption", "col", "ul", "p")
INLINE = ("content", "sub", "br", "linkHtml", "footnote", "renderMultiMedia", "x", "script")
NODES = st.recursive(
    st.text(st.sampled_from('ab<>&"é \n'), max_size=8).map(lambda t: t.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")),
    lambda inner: st.tuples(
        st.sampled_from(
            [*BLOCKS, *INLINE],
        ),
        st.sampled_from(["", ' styleCode="Bold Italics"', ' colspan="3"', ' ID="i"', ' href="javascript:a"', ' referencedObject="m"']),
        st.lists(inner, max_size=4),
    ).map(lambda t: f"<{t[0]}{t[1]}>{''.join(t[2])}</{t[0]}>"),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(NODES)
def test_whatever_the_narrative_the_html_is_clean_and_the_words_are_kept(text: str) -> None:
    found = read(text, entries=media("m", b"\xff\xd8\xff", "image/jpeg"))
    root = etree.fromstring(encoded(f"<t>{text}</t>"))
    etree.strip_elements(root, "script", with_tail=False)
    wanted = "".join("".join(root.itertext()).split())
    html = etree.fromstring(f"<t>{found.html}</t>".replace('<span class="media">m.jpg</span>', ""))
    assert sorted("".join("".join(html.itertext()).split())) == sorted(wanted)
    for letter in "ab":
        assert found.text.replace("[m.jpg]", "").count(letter) == wanted.count(letter)
