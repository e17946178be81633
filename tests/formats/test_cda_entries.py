"""Sections whose words are only in their entries: images in place, bounds, hostile nesting."""

from __future__ import annotations

import time

import pytest

from tests.corpus.cda_build import document, encoded, media, section, structured
from tests.formats.test_cda import PICTURE, codes
from tests.formats.test_cda_narrative import assert_clean
from vaguemestre.formats import cda


def read(entries: str, text: str | None = None) -> cda.Read:
    found = cda.read(encoded(document(structured(section("Avis", text, entries=entries)))))
    assert_clean(found.html)
    return found


def statement(label: str, inner: str = "", value: str = "") -> str:
    return f'<observation><code displayName="{label}"/>{value}{inner}</observation>'


def test_an_image_stands_below_what_it_is() -> None:
    entry = media("vue", PICTURE, "image/jpeg").replace(
        "<component>", f"<component>{statement('Légende', value='<value>Face</value>')}</component><component>", 1
    )
    assert read(entry).html == '<h2>Avis</h2><ul><li>Légende : Face</li><li><span class="media">vue.jpg</span></li></ul>'


@pytest.mark.parametrize("text", ["<paragraph>Mot</paragraph>", "<table><tbody><tr><td>0</td></tr></tbody></table>"])
def test_a_narrative_that_says_anything_speaks_for_its_entries(text: str) -> None:
    assert "Jamais" not in read(f"<entry>{statement('Jamais')}</entry>", text).text


def test_results_of_biology_are_told_as_data_alone() -> None:
    marked = '<templateId root="1.3.6.1.4.1.19376.1.3.1.6"/><code code="1" displayName="Sodium"/><value xsi:type="PQ" value="140"/>'
    found = read(f"<entry><act><entryRelationship><observation>{marked}</observation></entryRelationship></act></entry>")
    assert [one.label for one in found.results] == ["Sodium"] and "Sodium" not in found.text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('<value xsi:type="PQ" value="1" unit="wk"/>', "A : 1 semaine"),
        ('<value xsi:type="IVL_PQ"><high value="5" unit="mg"/></value>', "A : <=5 mg"),
        ('<value xsi:type="BL" value="false"/>', "A : non"),
        ('<value xsi:type="ST">false</value>', "A : false"),
        ('<value xsi:type="TS" value="20240312"/>', "A : 2024-03-12"),
        ('<value xsi:type="CD" nullFlavor="UNK"/>', "A : inconnu"),
        ('<value xsi:type="CD" code="X1"/>', "A : X1"),
        ("", "A"),
    ],
)
def test_values(value: str, told: str) -> None:
    assert read(f"<entry>{statement('A', value=value)}</entry>").text == f"Avis\n- {told}"


def test_deep_and_many_entries_are_read_soon() -> None:
    deep = ""
    for level in range(90):
        deep = statement(f"N{level}", f"<entryRelationship>{deep}</entryRelationship>")
    start = time.process_time()
    assert read(f"<entry>{deep}</entry>").text.count("- N") == 90
    many = read("".join(f"<entry>{statement('Ligne', value='<value>x</value>')}</entry>" for _ in range(60_000)))
    assert many.text.count("- Ligne : x") == 60_000 and codes(many) == []
    assert time.process_time() - start < 10


def test_bare_sections_under_a_long_narrative_are_read_soon() -> None:
    inner = [section(None, "", code='<code displayName="S"/>', entries=f"<entry>{statement('Mot')}</entry>") for _ in range(5_000)]
    long = section("Haut", f"<paragraph>{'texte long ' * 100_000}</paragraph>", *inner)
    start = time.process_time()
    assert cda.read(encoded(document(structured(long)))).text.count("- Mot") == 5_000
    assert time.process_time() - start < 6
