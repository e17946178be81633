"""FHIR bundles made to go to the wrong chart, none of which may, nor be lost: references astray, two patients, files of another.

Each attack was tried against the whole path; those that once passed are held by what stops them now.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.fhir_build import as_xml
from tests.pipeline.given import NOW, Given
from tests.pipeline.posted import (
    JEAN,
    JEAN_PIERRE,
    LEA,
    LEO,
    MOTHER,
    SENIOR,
    Somebody,
    archive,
    cda,
    chart,
    charts_of,
    family,
    hprim,
    mail,
    pages,
    post,
    post_one,
    values,
)
from tests.pipeline.posted_formats import (
    INS,
    Resource,
    attached,
    bundle,
    fhir_of,
    held,
    observed,
    official,
    oru_of,
    reasons,
    reported,
    rtf,
    sante_of,
    subject_of,
    words_of,
)
from tests.pipeline.read_as import doctor
from vaguemestre.domain import person

HUGO = Somebody("QUINTARD", "HUGO", "2001-11-23", "M", 122, others="LOUIS")
P2 = {"reference": "Patient/p2"}


@pytest.fixture
def given(data_directory: Path) -> Given:
    made = Given(data_directory)
    chart(made, "SENIOR", SENIOR)
    chart(made, "HUGO", HUGO)
    return made


def test_what_is_sound_is_filed(given: Given) -> None:
    family(given)
    assert charts_of(post_one(given, mail(("r.json", fhir_of(SENIOR, value="1.01"))))) == ["SENIOR"]
    assert charts_of(post_one(given, mail(("r.json", fhir_of(LEO, value="1.02", ins=LEO.nir))))) == ["LEO"]
    named = {"reference": "Patient/p1", "display": "M. Paul TOURNIER", "identifier": {"system": INS, "value": SENIOR.nir}}
    told = bundle(subject_of(SENIOR, ins=SENIOR.nir), reported("o1", subject=named), observed("1.03", subject=named))
    assert charts_of(post_one(given, mail(("r.json", told)))) == ["SENIOR"]
    letter = bundle(subject_of(HUGO), attached(pages(*words_of(HUGO))))
    assert charts_of(post_one(given, mail(("r.json", letter)))) == ["HUGO", "HUGO"]
    around = bundle(
        subject_of(SENIOR),
        reported("o1", encounter={"reference": "Encounter/e1"}, specimen=[{"reference": "Specimen/s1"}]),
        observed("1.04"),
        {"resourceType": "Specimen", "id": "s1", "subject": {"reference": "Patient/p1"}, "type": {"text": "Sang"}},
        {"resourceType": "Encounter", "id": "e1", "status": "finished", "subject": {"reference": "Patient/p1"}},
    )
    assert charts_of(post_one(given, mail(("r.json", around)))) == ["SENIOR"]


# Two patients


def test_references_that_lead_to_another(given: Given) -> None:
    two = subject_of(SENIOR), subject_of(HUGO, "p2")
    for sent in (
        bundle(*two, reported("o1"), observed("2.01", subject=P2)),
        bundle(*two, reported("o1", subject=P2), observed("2.02")),
        bundle(subject_of(SENIOR), reported("o1"), observed("2.03", subject=P2)),
        bundle(*two, reported("o1"), reported("o2", subject=P2), observed("2.04"), observed("2.05", "o2", P2)),
        bundle(*two, reported("o1"), observed("2.06", hasMember=[{"reference": "Observation/o2"}]), observed("2.07", "o2", P2)),
        bundle(subject_of(SENIOR), reported("o1", subject=[{"reference": "Patient/p1"}, P2]), observed("2.08")),
    ):
        held(given, mail(("r.json", sent)))


def test_two_resources_of_one_name(given: Given) -> None:
    held(given, mail(("r.json", bundle(subject_of(SENIOR), subject_of(HUGO), reported("o1"), observed("2.01")))))
    entries = [{"fullUrl": "urn:uuid:1", "resource": one} for one in (subject_of(SENIOR), subject_of(HUGO))]
    entries += [{"resource": reported("o1", subject="urn:uuid:1")}, {"resource": observed("2.02", subject="urn:uuid:1")}]
    held(given, mail(("r.json", json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())))


@pytest.mark.parametrize("where", ["the report", "the result", "both"])
def test_a_contained_patient_that_shadows_the_one_of_the_bundle(given: Given, where: str) -> None:
    inside: Resource = {"contained": [subject_of(HUGO)], "subject": {"reference": "#p1"}}
    report = reported("o1", **inside) if where != "the result" else reported("o1")
    result = observed("2.01", **({} if where == "the report" else inside))
    rows = post_one(given, mail(("r.json", bundle(subject_of(SENIOR), report, result))))
    assert set(charts_of(rows)) == ({"HUGO"} if where == "both" else {None})


@pytest.mark.parametrize(
    "said",
    [{"identifier": {"system": INS, "value": HUGO.nir}}, {"display": "QUINTARD Hugo"}, {"display": "M. Hugo TOURNIER"}],
    ids=["identifier", "display", "given name displayed"],
)
def test_a_reference_that_names_somebody_else(given: Given, said: Resource) -> None:
    astray = {"reference": "Patient/p1", **said}
    for who in (subject_of(SENIOR), subject_of(SENIOR, ins=SENIOR.nir)):
        held(given, mail(("r.json", bundle(who, reported("o1", subject=astray), observed("2.01")))))
        held(given, mail(("r.json", bundle(who, reported("o1"), observed("2.02", subject=astray)))))
        held(given, mail(("r.json", bundle(who, attached(pages("Lettre."), subject=astray)))))


def test_results_of_two_whom_identifiers_alone_name(given: Given) -> None:
    """Nothing of it is filed, and no result of the one is among those of the other when a person looks."""
    both = [{"identifier": {"system": INS, "value": who.nir}} for who in (SENIOR, HUGO)]
    local = [{"identifier": {"system": f"urn:oid:1.2.250.1.999.{n}", "value": "7"}} for n in (1, 2)]
    for one, other in (both, local):
        (row,) = held(given, mail(("r.json", bundle(reported("o1", subject=one), observed("2.01", subject=other)))))
        assert "several-patients" in {told["code"] for told in row.content["warnings"]}


def test_a_report_in_a_document_that_refers_to_another(given: Given) -> None:
    section = {"title": "Biologie", "entry": [{"reference": "DiagnosticReport/r"}]}
    composition = {
        "resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "CR"}, "date": "2026-11-20", "title": "CR",
        "subject": {"reference": "Patient/p1"}, "section": [section],
    }  # fmt: skip
    specimen = {"resourceType": "Specimen", "id": "x", "type": {"text": "Sang"}}
    for subject, filed in ((P2, None), ({"reference": "Patient/p1"}, "SENIOR")):
        report = reported("o1", id="r", specimen=[{"reference": "Specimen/x"}])
        resources = composition, subject_of(SENIOR), subject_of(HUGO, "p2"), report, observed("2.01"), {**specimen, "subject": subject}
        assert charts_of(post_one(given, mail(("r.json", bundle(*resources, kind="document"))))) == [filed]
        stay = {"resourceType": "Encounter", "id": "e", "status": "finished", "subject": subject}
        stayed = {**composition, "encounter": {"reference": "Encounter/e"}}
        resources = stayed, subject_of(SENIOR), subject_of(HUGO, "p2"), stay, reported("o1", id="r"), observed("2.02")
        assert charts_of(post_one(given, mail(("r.json", bundle(*resources, kind="document"))))) == [filed]


AROUND: dict[str, tuple[Resource, Resource, Resource]] = {
    "specimen of the result": (
        {},
        {"specimen": {"reference": "Specimen/x"}},
        {"resourceType": "Specimen", "type": {"text": "Sang"}, "subject": P2},
    ),
    "specimen of the report": (
        {"specimen": [{"reference": "Specimen/x"}]},
        {},
        {"resourceType": "Specimen", "type": {"text": "Sang"}, "subject": P2},
    ),
    "stay": ({"encounter": {"reference": "Encounter/x"}}, {}, {"resourceType": "Encounter", "subject": P2}),
    "request": ({"basedOn": [{"reference": "ServiceRequest/x"}]}, {}, {"resourceType": "ServiceRequest", "subject": P2}),
    "image": (
        {"media": [{"link": {"reference": "Media/x"}}]},
        {},
        {
            "resourceType": "Media",
            "subject": P2,
            "content": {"contentType": "application/pdf", "data": base64.b64encode(pages("Vu.")).decode()},
        },
    ),
    "result derived from another's": ({}, {"derivedFrom": [{"reference": "Media/x"}]}, {"resourceType": "Media", "subject": P2}),
}


@pytest.mark.parametrize(("report", "result", "beside"), AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("is_there", [True, False])
def test_what_a_report_refers_to_is_of_another(given: Given, report: Resource, result: Resource, beside: Resource, is_there: bool) -> None:
    others = [subject_of(HUGO, "p2")] if is_there else []
    sent = bundle(subject_of(SENIOR), *others, reported("o1", **report), observed("2.01", **result), {**beside, "id": "x"})
    assert reasons(held(given, mail(("r.json", sent)))) == {"several-patients"}


# One Patient that tells of two


IDENTITIES: dict[str, dict[str, Any]] = {
    "two official names": {"name": [official(SENIOR), official(HUGO)]},
    "two names of a use not told": {"name": [{"family": "TOURNIER", "given": ["PAUL"]}, {"family": "QUINTARD", "given": ["HUGO"]}]},
    "family and given names of two": {"name": [{"family": "QUINTARD", "given": ["PAUL"]}, {"family": "TOURNIER", "given": ["HUGO"]}]},
    "maiden and official given names": {"name": [official(SENIOR), {"use": "maiden", "family": "TOURNIER", "given": ["PAULIN"]}]},
    "a name of old alone": {"name": [{**official(SENIOR), "use": "old"}]},
    "a name whose period has ended": {"name": [{**official(SENIOR), "period": {"end": "2020-01-01"}}]},
    "replaced by another record": {"link": [{"other": {"reference": "Patient/x"}, "type": "replaced-by"}]},
    "no longer in use": {"active": False},
    "a sense changed": {"modifierExtension": [{"url": "https://essai.example/not", "valueBoolean": True}]},
    "a partial birth date": {"birthDate": "1948-09"},
    "a birth date with a time": {"birthDate": "1948-09-03T00:00:00+02:00"},
    "the 1st of January 1900": {"birthDate": "1900-01-01"},
    "a year of another calendar": {"birthDate": "2491-09-03"},
    "another sex": {"gender": "female"},
    "two INS of one kind": {"identifier": [{"system": INS, "value": one.nir} for one in (SENIOR, HUGO)]},
    "the INS of a stranger": {"ins": HUGO.nir},
    "an initial": {"name": [{"use": "official", "family": "TOURNIER", "given": ["P."]}]},
    "names exchanged": {"name": [{"use": "official", "family": "PAUL", "given": ["TOURNIER"]}]},
    "text alone": {"name": [{"text": "Paul TOURNIER"}]},
}


@pytest.mark.parametrize("said", IDENTITIES.values(), ids=IDENTITIES)
def test_an_identity_that_lies_by_a_little(given: Given, said: dict[str, Any]) -> None:
    held(given, mail(("r.json", fhir_of(SENIOR, **said))))


def test_the_same_in_xml(given: Given) -> None:
    def written(who: Resource) -> bytes:
        resources = who, reported("o1"), observed("1.01")
        return as_xml({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]})

    assert charts_of(post_one(given, mail(("r.xml", written(subject_of(SENIOR)))))) == ["SENIOR"]
    for name in ("two official names", "no longer in use", "two INS of one kind"):
        held(given, mail(("r.xml", written(subject_of(SENIOR, **IDENTITIES[name])))))


def test_a_member_said_twice(given: Given) -> None:
    for member, lie in (("birthDate", '"2001-11-23"'), ("gender", '"female"'), ("name", json.dumps([official(HUGO)]))):
        twice = fhir_of(SENIOR).replace(f'"{member}"'.encode(), f'"{member}": {lie}, "{member}"'.encode(), 1)
        assert reasons(held(given, mail(("r.json", twice)))) == {"duplicate-name"}


def test_twins(given: Given) -> None:
    family(given)
    chart(given, "JEAN", JEAN)
    for who, ins in ((LEO, LEA.nir), (LEO, MOTHER.nir), (LEA, LEO.nir), (JEAN_PIERRE, "")):
        held(given, mail(("r.json", fhir_of(who, ins=ins))))
    held(given, mail(("r.json", fhir_of(JEAN_PIERRE, name=[{**official(JEAN_PIERRE), "given": ["JEAN"]}]))))


def test_a_newborn_under_the_number_of_its_mother(given: Given) -> None:
    refs = family(given)
    child = Somebody("ZORBEC", "LOU", "2026-11-18", "F", 51)
    beside = {"resourceType": "RelatedPerson", "patient": {"reference": "Patient/p1"}, "name": [official(MOTHER)]}
    held(given, mail(("r.json", bundle(subject_of(child, ins=MOTHER.nir), beside, reported("o1"), observed("2.01")))))
    held(given, mail(("r.json", bundle(subject_of(child), beside, reported("o1"), observed("2.02")))))
    assert values(refs["MOTHER"]) == []


def test_a_result_about_a_foetus_is_no_value_of_its_mother(given: Given) -> None:
    refs = family(given)
    focus: Resource = {"focus": [{"reference": "RelatedPerson/foetus", "display": "Fœtus"}]}
    rows = post_one(given, mail(("r.json", bundle(subject_of(MOTHER, ins=MOTHER.nir), reported("o1"), observed("2.01", **focus)))))
    assert charts_of(rows) == ["MOTHER"]
    from vaguemestre.records.models import Result

    (result,) = Result.objects.filter(patient=refs["MOTHER"])
    assert (result.number, result.code) == ("", ""), "words, that no history holds"


@pytest.mark.parametrize("oid", [person.INS_TEST, person.INS_DEMO])
def test_a_test_identity_among_real_patients(given: Given, oid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.pipeline import route

    monkeypatch.setattr(route.Rules, "of", classmethod(lambda cls, _: cls("mssante", "AE")))
    test = {"system": f"urn:oid:{oid}", "value": SENIOR.nir}
    for identifiers in ([test], [test, {"system": INS, "value": SENIOR.nir}]):
        assert reasons(held(given, mail(("r.json", fhir_of(SENIOR, identifier=identifiers))))) == {"test-identity"}


def test_letters_decoded_by_guess(given: Given) -> None:
    chart(given, "LEA", LEA)
    told = json.dumps(json.loads(fhir_of(LEA)), ensure_ascii=False)
    held(given, mail(("r.json", told.encode("cp1252"))))


# Files of another


INSIDE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "CDA": ("application/xml", lambda: cda(HUGO)),
    "PDF": ("application/pdf", lambda: pages(*words_of(HUGO))),
    "RTF": ("text/rtf", lambda: rtf(*words_of(HUGO))),
    "text": ("text/plain; charset=utf-8", lambda: "\n".join(words_of(HUGO)).encode()),
    "HTML": ("text/html", lambda: f"<html><body>{'<br>'.join(words_of(HUGO))}</body></html>".encode()),
    "HPRIM Médecin": ("application/octet-stream", lambda: hprim(HUGO).encode()),
    "HPRIM Santé": ("application/octet-stream", lambda: sante_of(HUGO)),
    "HL7 v2": ("application/hl7-v2", lambda: oru_of(HUGO)),
    "FHIR": ("application/fhir+json", lambda: fhir_of(HUGO)),
    "XDM": ("application/zip", lambda: archive((cda(HUGO), HUGO))),
    "mail": ("message/rfc822", lambda: mail(("a.pdf", pages(*words_of(HUGO))))),
}


@pytest.mark.parametrize(("kind", "inside"), INSIDE.values(), ids=INSIDE)
def test_a_document_that_holds_a_file_of_another(given: Given, kind: str, inside: Callable[[], bytes]) -> None:
    held(given, mail(("r.json", bundle(subject_of(SENIOR), attached(inside(), kind=kind)))))
    form = {"contentType": kind, "data": base64.b64encode(inside()).decode()}
    held(given, mail(("r.json", bundle(subject_of(SENIOR), reported("o1", presentedForm=[form]), observed("1.11")))))


def test_words_that_label_another(given: Given) -> None:
    def written(one: Somebody) -> bytes:
        return bundle(subject_of(SENIOR), reported("o1", conclusion="\n".join(words_of(one))), observed("1.11"))

    assert reasons(held(given, mail(("r.json", written(HUGO))))) == {"patient-mismatch"}
    assert charts_of(post_one(given, mail(("r.json", written(SENIOR))))) == ["SENIOR"]


def test_a_source_that_is_another(given: Given) -> None:
    source: Resource = {"context": {"sourcePatientInfo": {"reference": "Patient/p2"}}}
    sent = bundle(subject_of(SENIOR), subject_of(HUGO, "p2"), attached(pages("Lettre."), **source))
    held(given, mail(("r.json", sent)))
    held(given, mail(("r.json", bundle(subject_of(HUGO, "p2"), attached(pages("Lettre."), subject={}, **source)))))


def test_bundles_of_two_in_each_other_and_side_by_side(given: Given) -> None:
    inner = json.loads(fhir_of(HUGO, value="2.22"))
    held(given, mail(("r.json", bundle(subject_of(SENIOR), reported("o1"), observed("1.11"), inner))))
    rows = held(given, mail(("a.json", fhir_of(SENIOR)), ("b.json", fhir_of(HUGO))))
    assert len(rows) == 2
    for end in (1, 30, 300):
        held(given, mail(("r.json", fhir_of(SENIOR)[:-end])))


# One after another


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_a_bundle_that_takes_something_back_is_for_a_person(given: Given, method: str) -> None:
    resources = [{"resource": one} for one in (subject_of(SENIOR), reported("o1"), observed("1.11"))]
    asked = {"request": {"method": method, "url": "DiagnosticReport/other"}}
    for entries in ([*resources, asked], [resources[0], {**resources[1], **asked}, resources[2]]):
        sent = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
        assert reasons(held(given, mail(("r.json", sent)))) == {"withdrawn"}


def test_the_same_numbers_for_everybody_replace_nothing_of_another(given: Given) -> None:
    refs = family(given)
    sent = []
    for one, version, value in ((LEO, "1", "1.01"), (LEA, "2", "2.02"), (MOTHER, "3", "3.03")):
        numbered = {"identifier": [{"system": "urn:oid:1.2.250.1.999.7", "value": "7"}], "meta": {"versionId": version}}
        sent.append(mail(("r.json", bundle(subject_of(one, ins=one.nir), reported("o1", **numbered), observed(value)))))
    rows = [row for batch in post(given, *sent) for row in batch]
    assert charts_of(rows) == ["LEO", "LEA", "MOTHER"]
    assert {type(row).objects.get(pk=row.pk).superseded_by_id for row in rows} == {None}
    assert [values(refs[ref]) for ref in ("LEO", "LEA", "MOTHER")] == [["1.01"], ["2.02"], ["3.03"]]


@pytest.mark.parametrize("status", ["current", "superseded", "entered-in-error"])
def test_a_document_that_replaces_that_of_another_takes_nothing_out(given: Given, status: str) -> None:
    refs = family(given)
    own: Resource = {"masterIdentifier": {"system": "urn:oid:1.2.250.1.999.7", "value": "1"}}
    old, *_ = post_one(given, mail(("r.json", bundle(subject_of(LEO, ins=LEO.nir), attached(pages("Avant."), **own)))))
    assert charts_of([old]) == ["LEO"]
    quoting: Resource = {"relatesTo": [{"code": "replaces", "target": {"identifier": own["masterIdentifier"]}}], "status": status}
    rows = post_one(given, mail(("r.json", bundle(subject_of(LEA, ins=LEA.nir), attached(pages("Après."), **quoting)))))
    kept = type(old).objects.get(pk=old.pk)
    assert (kept.patient_id, kept.superseded_by_id) == (refs["LEO"].pk, None)
    assert set(charts_of(rows)) == ({"LEA"} if status == "current" else {None})


def test_what_was_taken_back_does_not_come_again(given: Given) -> None:
    from vaguemestre.pipeline.decisions import undo

    known = {"identifier": [{"system": "urn:oid:1.2.250.1.999.9.8", "value": "H77"}]}
    (wrong,) = post_one(given, mail(("r.json", fhir_of(SENIOR, value="7.01", **known))))
    assert charts_of([wrong]) == ["SENIOR"]
    undo(doctor(given), wrong, NOW)
    ids = "H77^^^LABO&1.2.250.1.999.9.8&ISO^PI"
    for sent in (fhir_of(SENIOR, value="7.02", **known), oru_of(SENIOR, value="7.01", ids=ids), cda(SENIOR, code="H77", result="7.01")):
        assert reasons(held(given, mail(("r.dat", sent)))) == {"undone"}
