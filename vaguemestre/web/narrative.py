"""A document's narrative as it is put into a page.

The readers write it from closed lists of tags (`formats.cda_narrative`, `formats.html_clean`); it came out of a process that had read
hostile bytes, so it is cleaned once more here, each time it is shown: no address, no picture, no script, no style survives. The lists are
written again rather than imported: the screens' processes have no use for the readers.

What a CDA shows in the midst of its words is a mark with the name of a file that the document holds. Only after the cleaning does a mark
become the image, drawn by us and fetched from us, or a link to the file: no address ever comes from the narrative.

A CDA's narrative may begin with two lists of what surrounds it (`formats.cda_circumstances`): they are taken off, cleaned by themselves,
and given apart. The headings of the first rank get a place in the page, so that a long document has a summary.
"""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Mapping, Sequence

import nh3
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from vaguemestre.web.pictures import Picture

MOST = 1_000_000
"""Characters shown of one narrative; the rest is in the original."""
MOST_PLACED = 100
"""Images and links put into one narrative: it may name the same file any number of times."""

TAGS = frozenset(
    {"h2", "h3", "h4", "h5", "p", "br", "hr", "div", "span", "ul", "ol", "li", "dl", "dt", "dd", "pre", "blockquote"}
    | {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "b", "strong", "i", "em", "u", "sub", "sup"}
)
ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
CLASSES = {"span": {"media", "caption", "footnote", "link"}}
MOST_PARTS = 14
"""Headings in a document's summary."""
MOST_PART = 44
"""Characters of one of them."""
_FEWEST_PARTS = 3
_LISTS = re.compile(r'\A(?:<dl class="opening">(.*?)</dl>)?(?:<dl class="about">(.*?)</dl>)?', re.DOTALL)
_HEADING = re.compile(r"<h2>(.*?)</h2>", re.DOTALL)
_MARKUP = re.compile(r"<[^>]{0,200}>")
_KEY = re.compile(r"\s*(?:conclusion|synthèse)", re.IGNORECASE)
_NOTHING = SafeString("")
_GONE_WHOLE = {"script", "style", "title", "template", "svg", "math", "iframe", "object", "select", "textarea"}
_MARK = re.compile(r'(?:<span class="caption">([^<>]{1,500})</span>\s{0,20})?<span class="media">([^<>]{1,200})</span>')


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A heading of the document and its place in the page. `key`: what a reader in a hurry looks for."""

    anchor: str
    title: str
    key: bool


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Story:
    """`placed`: the names of the files that stand in it, as images or links. `cut`: it is longer than what is shown of it. `opening` and
    `about`: the terms and facts that surround it, for a list each. `parts`: its summary, empty where it is short."""

    html: SafeString
    placed: frozenset[str] = frozenset()
    cut: bool = False
    opening: SafeString = _NOTHING
    about: SafeString = _NOTHING
    parts: Sequence[Part] = ()


def clean(markup: str) -> SafeString:
    """The narrative with only the tags, attributes and classes of the lists above, well-formed, cut at MOST characters."""
    kept = nh3.clean(
        markup[:MOST],
        tags=set(TAGS),
        clean_content_tags=_GONE_WHOLE,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=set(),
        link_rel=None,
    )
    # nh3 gave it back as markup of the closed list: there is nothing left to escape.
    return mark_safe(kept)  # noqa: S308


def _facts(markup: str | None) -> SafeString:
    kept = nh3.clean(
        (markup or "")[:MOST], tags={"dt", "dd"}, clean_content_tags=_GONE_WHOLE, attributes={}, url_schemes=set(), link_rel=None
    )
    return mark_safe(kept)  # noqa: S308 - of two tags


def _summary(cleaned: str) -> tuple[str, Sequence[Part]]:
    """The narrative with a place at each heading, and these places; as it was where there are few."""
    if cleaned.count("<h2>") < _FEWEST_PARTS:
        return cleaned, ()
    parts: list[Part] = []

    def placed(heading: re.Match[str]) -> str:
        title = " ".join(html.unescape(_MARKUP.sub(" ", heading[1])).split())
        if not title:
            return heading[0]
        anchor = f"partie-{len(parts) + 1}"
        short = title if len(title) <= MOST_PART else title[: MOST_PART - 1].rstrip() + "…"
        parts.append(Part(anchor, short, _KEY.match(title) is not None))
        return f'<h2 id="{anchor}">{heading[1]}</h2>'

    filled = _HEADING.sub(placed, cleaned)
    keys = [part for part in parts if part.key]
    return filled, keys + [part for part in parts if not part.key][: MOST_PARTS - len(keys)]


def told(markup: str, pictures: Mapping[str, Picture], links: Mapping[str, str]) -> Story:
    """The narrative cleaned, with each mark of an image in `pictures` (by file name) replaced by it, and that of another file in `links`
    by a link to its address."""
    placed: list[str] = []
    lists = _LISTS.match(markup)
    opening, about = lists.groups() if lists is not None else (None, None)
    markup = markup[lists.end() :] if lists is not None else markup

    def shown(mark: re.Match[str]) -> str:
        caption, name = (html.unescape(part or "").strip() for part in mark.groups())
        if len(placed) >= MOST_PLACED:
            return mark.group(0)
        picture = pictures.get(name)
        if picture is not None:
            placed.append(name)
            before = format_html('<span class="caption">{}</span> ', caption) if caption else ""
            return before + get_template("_picture.html").render({"picture": picture, "words": caption or name})
        if name not in links:
            return mark.group(0)
        placed.append(name)
        start = mark.group(0).rpartition('<span class="media">')[0]
        # A download, or a place in this page.
        attribute = "" if links[name].startswith("#") else mark_safe(" download")
        return start + format_html('<a class="media" href="{}"{}>{}</a>', links[name], attribute, name)

    summed, parts = _summary(clean(markup))
    filled = _MARK.sub(shown, summed)
    # What was put in was escaped as it was made; the rest is of the closed list.
    return Story(mark_safe(filled), frozenset(placed), len(markup) > MOST, _facts(opening), _facts(about), parts)  # noqa: S308
