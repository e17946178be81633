"""Values, ranges, panels and statuses of FHIR Observations; numbers exactly as written (formats.md 4.2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.fhir_build import UCUM, V3, Digits, as_json, as_xml, bundle, concept, lucie, observation, quantity, report
from vaguemestre.domain.reading import NO_VALUE, Result
from vaguemestre.formats import fhir
from vaguemestre.formats.fhir_document import Found

Resource = dict[str, Any]
CODE = concept("2345-7", "Glucose")


def reading(*observations: Resource, **members: Any) -> Found:
    names = [one["id"] for one in observations]
    (found,) = fhir.read(as_json(bundle(lucie(), report(*names, performer=None, **members), *observations))).documents
    return found


def one(**members: Any) -> Result:
    (result,) = reading(observation("a", CODE, **members)).results
    return result


def said(**members: Any) -> tuple[Any, ...]:
    result = one(**members)
    return (result.value, result.comparator, result.number, result.unit)


def ranged(*ranges: Resource, unit: str = "mmol/L") -> tuple[Any, ...]:
    result = one(valueQuantity=quantity("5", unit), referenceRange=list(ranges))
    return (result.low, result.high, result.comment)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"valueQuantity": quantity("5.40", "millimole/l", "mmol/L")}, ("5.40", None, "5.40", "mmol/L")),
        ({"valueQuantity": quantity("5.40", "Giga/L")}, ("5.40", None, "5.40", "Giga/L")),
        ({"valueQuantity": {"value": Digits("5"), "system": UCUM, "code": "g"}}, ("5", None, "5", "g")),
        ({"valueQuantity": quantity("0.010", "g", comparator="<=")}, ("<=0.010", "<=", "0.010", "g")),
        ({"valueQuantity": quantity("5", "g", comparator="ad")}, ("ad5", None, None, "g")),
        ({"valueQuantity": quantity("1.2e3", "g")}, ("1.2e3", None, "1200", "g")),
        ({"valueQuantity": {"unit": "g"}}, (None, None, None, None)),
        ({"valueString": "Absence de germe\naprès 48 h"}, ("Absence de germe\naprès 48 h", None, None, None)),
        ({"valueString": "5.40"}, ("5.40", None, None, None)),
        ({"valueInteger": Digits("12")}, ("12", None, "12", None)),
        ({"valueBoolean": True}, ("oui", None, None, None)),
        ({"valueBoolean": False}, ("non", None, None, None)),
        ({"valueDateTime": "2024-03-12T08:00:00Z"}, ("2024-03-12T08:00:00+00:00", None, None, None)),
        ({"valueTime": "08:30:00"}, ("08:30:00", None, None, None)),
        ({"valuePeriod": {"start": "2024-03-12", "end": "2024-03-14"}}, ("2024-03-12 - 2024-03-14", None, None, None)),
        ({"valueCodeableConcept": concept("260385009", "Négatif", None, text="Non détecté")}, ("Non détecté", None, None, None)),
        ({"valueRange": {"low": quantity("5", "g"), "high": quantity("9", "g")}}, ("5 - 9", None, None, "g")),
        ({"valueRange": {"low": quantity("5", "g")}}, (">=5", ">=", "5", "g")),
        ({"valueRange": {"high": quantity("9", "g")}}, ("<=9", "<=", "9", "g")),
        ({"valueRange": {"low": quantity("5", "g"), "high": quantity("9", "mg")}}, ("5 g - 9 mg", None, None, None)),
        ({"valueRatio": {"numerator": quantity("1", "1", "1"), "denominator": quantity("160", "1", "1")}}, ("1/160", None, None, None)),
        ({"valueRatio": {"numerator": quantity("3", "mg"), "denominator": quantity("1", "L")}}, ("3 mg/1 L", None, None, None)),
        ({"valueQuantity": quantity("5", "g"), "valueString": "trouble"}, ("5 g ; trouble", None, None, None)),
        ({}, (None, None, None, None)),
    ],
)
def test_each_kind_of_value(members: Resource, told: tuple[Any, ...]) -> None:
    assert said(**members) == told


def test_a_value_of_another_kind_is_told() -> None:
    found = reading(observation("a", CODE, valueSampledData={"data": "1 2 3"}))
    assert [warning.code for warning in found.warnings] == ["unsupported"]
    assert found.results[0].value is None


NORMAL = {"type": concept("normal", "Normal", "http://terminology.hl7.org/CodeSystem/referencerange-meaning")}


def test_ranges() -> None:
    both = {"low": quantity("3.9", "mmol/L"), "high": quantity("5.50", "mmol/L")}
    assert ranged(both) == ("3.9", "5.50", None)
    assert ranged(both | NORMAL) == ("3.9", "5.50", None)
    assert ranged({"high": quantity("5", "mmol/L")}) == (None, "5", None)
    assert ranged({"text": "voir commentaire"}) == (None, None, "Référence : voir commentaire")
    assert ranged(both, unit="g/L") == (None, None, "Référence : 3.9 - 5.50 mmol/L")
    assert ranged(both | {"type": concept("critical", "Critique", None)}) == (None, None, "Référence (Critique) : 3.9 - 5.50 mmol/L")


def test_of_two_ranges_none_is_the_patients() -> None:
    women = {"low": quantity("3", "mmol/L"), "high": quantity("5", "mmol/L"), "appliesTo": [concept(None, None, text="Femme")]}
    men = {"low": quantity("4", "mmol/L"), "high": quantity("6", "mmol/L"), "appliesTo": [concept(None, None, text="Homme")]}
    low, high, words = ranged(women, men)
    assert (low, high) == (None, None)
    assert words == "Référence (Femme) : 3 - 5 mmol/L\nRéférence (Homme) : 4 - 6 mmol/L"


def test_flags_codes_methods_and_notes() -> None:
    result = one(
        valueQuantity=quantity("5", "g"),
        interpretation=[concept("HH", "Très haut", V3), concept(None, None, text="à revoir")],
        method=concept("M1", "Colorimétrie", None),
        note=[{"text": "Un."}, {"text": "Deux."}],
    )
    assert (result.flag, result.method, result.comment) == ("HH à revoir", "Colorimétrie", "Un.\nDeux.")


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "registered"])
def test_what_stands_not_is_in_no_history(status: str) -> None:
    assert one(status=status).status in NO_VALUE


@pytest.mark.parametrize("status", ["final", "preliminary", "amended", "corrected"])
def test_what_stands_is(status: str) -> None:
    assert one(status=status).status == status
    assert status not in NO_VALUE


def test_a_withdrawn_panel_or_report_takes_its_results_with_it() -> None:
    inner = observation("b", CODE, valueString="x")
    panel = observation("a", concept(None, None, text="NFS"), status="entered-in-error", hasMember=[{"reference": "Observation/b"}])
    assert [result.status for result in reading(panel, inner).results] == ["entered-in-error"]
    assert [result.status for result in reading(inner, status="cancelled").results] == ["cancelled"]


def test_a_panel_with_a_value_is_a_result_too() -> None:
    inner = observation("b", CODE, valueString="x")
    panel = observation("a", concept(None, None, text="NFS"), valueString="fait", hasMember=[{"reference": "Observation/b"}])
    found = reading(inner, panel).results
    assert [(result.label, result.value, result.group) for result in found] == [("NFS", "fait", ()), ("Glucose", "x", ("NFS",))]


def test_the_category_is_the_chapter() -> None:
    chapter = [concept("HM", "Hématologie", "http://terminology.hl7.org/CodeSystem/v2-0074")]
    (result,) = reading(observation("a", CODE, valueString="x"), category=chapter).results
    assert (result.chapter, result.group) == ("Hématologie", ("CR d'examens biologiques",))


def test_a_result_that_is_about_another_is_in_no_history() -> None:
    found = reading(observation("a", CODE, valueQuantity=quantity("140", "/min"), focus=[{"display": "Fœtus 1"}]))
    (result,) = found.results
    assert (result.value, result.number, result.code) == ("140", None, None)
    assert result.comment == "Ne porte pas sur le patient : Fœtus 1"
    assert [warning.code for warning in found.warnings] == ["unsupported"]


def test_a_result_that_is_not_there_is_told() -> None:
    (found,) = fhir.read(as_json(bundle(lucie(), report("absent", performer=None)))).documents
    assert [warning.code for warning in found.warnings] == ["malformed"]


@given(
    st.lists(
        st.tuples(
            st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=Decimal(-9999), max_value=Decimal(999_999)),
            st.sampled_from([None, "<", "<=", ">", ">="]),
            st.sampled_from(["mmol/L", "g/L", "%"]),
        ),
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_every_invented_result_is_found_in_both_forms(invented: list[tuple[Decimal, str | None, str]]) -> None:
    made = []
    for rank, (figure, sign, unit) in enumerate(invented):
        told = {} if sign is None else {"comparator": sign}
        made.append(
            observation(f"o{rank}", concept(f"{rank}-0", f"Analyse {rank}"), valueQuantity=quantity(str(figure), unit, unit, **told))
        )
    expected = [(f"Analyse {rank}", sign, str(figure), unit) for rank, (figure, sign, unit) in enumerate(invented)]
    whole = bundle(lucie(), report(*(one_["id"] for one_ in made), performer=None, conclusion="A"), *made)
    for data in (as_json(whole), as_xml(whole)):
        (found,) = fhir.read(data).documents
        assert [(r.label, r.comparator, r.number, r.unit) for r in found.results] == expected
