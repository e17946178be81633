"""What comes back with a report: told of in the reading, never a new document of the patient."""

from __future__ import annotations

import json

import pytest

from tests.corpus.mail_cases import COVER, HPRIM, attached, mail, multipart
from tests.corpus.message_cases import CASES, COPY, DISPLAYED, FAILED, HEADERS, NOTICE_PART, REFUSED, REFUSED_SUBJECT, machine, report
from vaguemestre.domain.reading import Reading
from vaguemestre.domain.reading_json import pack, public, unpack
from vaguemestre.inbound.match import RETURNED, vetoes
from vaguemestre.inbound.read import read
from vaguemestre.inbound.read_report import refused
from vaguemestre.protocols.report_fields import MAX_GROUPS

COMES_BACK = {name for name in CASES if name.startswith(("dsn", "mdn", "refused-by", "report-of", "forwarded-report"))}


@pytest.mark.parametrize("name", CASES)
def test_what_comes_back_is_marked_and_nothing_else(name: str) -> None:
    found = read(CASES[name].data, "x.eml")
    assert found.documents
    assert {one.returned for one in found.documents} == {name in COMES_BACK}
    assert all((RETURNED in vetoes(one, ())) is (name in COMES_BACK) for one in found.documents)


def test_in_a_mail_that_forwards_a_report_only_what_the_report_bears_comes_back() -> None:
    inner = report("disposition-notification", NOTICE_PART, REFUSED, COPY, attached("rendu.hpr", HPRIM))
    data = mail(
        multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + inner, attached("autre.hpr", HPRIM + b"\r\n"), boundary="dehors")
    )
    assert {one.path[-1]: one.returned for one in read(data, "x").documents} == {"rendu.hpr": True, "autre.hpr": False}


def about(found: Reading) -> dict[str, str]:
    assert found.message is not None
    assert found.message.reported is not None
    return dict(found.message.reported)


@pytest.mark.parametrize("copy", [COPY, HEADERS])
def test_the_mail_in_question_is_known_again_by_its_subject_and_date(copy: bytes) -> None:
    found = read(report("delivery-status", NOTICE_PART, FAILED, copy), "x")
    assert about(found) == {"subject": "Courrier de l'été", "date": "2024-03-11T09:00:00+01:00", "label": ""}
    assert unpack(pack(found)) == found
    assert "Courrier" not in json.dumps(public(found)), "the contract's report is all that is printed"


def test_what_a_software_said_of_its_refusal() -> None:
    found = read(report("disposition-notification", NOTICE_PART, REFUSED), "x")
    assert about(found) == {"subject": "", "date": "", "label": "Patient inconnu"}


@pytest.mark.parametrize(
    ("was", "now", "key", "value"),
    [
        (b"Status: 5.1.1", b"Status: 5.2.2", "code", "5.2.2"),
        (b"Action: failed", b"Action: delayed", "action", "delayed"),
        (b"labo@interne", b"autre@interne", "recipient", "autre@interne.hopital.example"),
    ],
)
def test_one_fact_changes_alone(was: bytes, now: bytes, key: str, value: str) -> None:
    data = report("delivery-status", NOTICE_PART, FAILED, COPY)
    before, after = (public(read(one, "x")) for one in (data, data.replace(was, now, 1)))
    before["message"]["report"]["results"][0][key] = value
    assert after == before


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("[KO Intégration système !][902] XDM/1.0/DDM+Biologie", True),
        ("[KO intégration]", True),
        ("[Erreur d'intégration !][902]", True),
        ("[Erreur d\u2019int\u00e9gration !]", True),
        ("TR: [KO Intégration système !]", False),
        ("[OK] tout va bien", False),
        ("[KOALA] photos", False),
        ("XDM/1.0/DDM+Biologie", False),
        ("", False),
        (None, False),
    ],
)
def test_refusals_that_only_their_subject_tells(subject: str | None, told: bool) -> None:
    assert refused(subject) is told


def test_a_report_in_the_reading_is_bounded() -> None:
    fields = [line for n in range(1_000) for line in ("", f"Final-Recipient: rfc822; p{n}@b.example", "Action: failed", "Status: 5.1.1")]
    found = read(report("delivery-status", NOTICE_PART, machine("delivery-status", "Reporting-MTA: dns; a", *fields)), "x")
    assert found.message is not None
    assert found.message.report is not None
    assert len(found.message.report["results"]) == MAX_GROUPS
    many = read(report("delivery-status", NOTICE_PART, *[FAILED] * 900), "x")
    assert many.message is not None
    assert many.message.report is not None
    assert len(many.message.report["results"]) == MAX_GROUPS


def test_words_that_only_look_like_a_report_stay_words() -> None:
    words = b"Content-Type: text/plain\r\n\r\nDisposition: rangement\r\nOriginal-Message-ID: aucun\r\n"
    found = read(mail(multipart(words, attached("a.hpr", HPRIM))), "x")
    assert found.message is not None
    assert found.message.report is None
    assert not any(one.returned for one in found.documents)


def test_no_repr_and_no_warning_tells_of_a_person() -> None:
    for data in (report("delivery-status", NOTICE_PART, FAILED, COPY), report("x", NOTICE_PART, DISPLAYED), mail(COVER, REFUSED_SUBJECT)):
        found = read(data, "x")
        shown = repr(found) + repr(found.message) + repr(found.documents)
        for told in ("labo", "hopital", "Courrier", "parti", "902"):
            assert told not in shown
