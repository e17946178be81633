"""CDA: one changed fact changes that fact alone; identities, authors and recipients."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest

from tests.corpus import Json
from tests.corpus.cda_build import (
    AUTHOR,
    INS,
    IPP,
    RECIPIENT,
    document,
    encoded,
    media,
    section,
    structured,
    target,
)
from tests.formats.test_cda_golden import shown
from vaguemestre.domain.person import matricule_key
from vaguemestre.formats import cda

PDF = b"%PDF-1.4\nessai\n%%EOF\n"
PICTURE = b"\xff\xd8\xff\xe0" + bytes(50)
BODY = structured(
    section(
        "Conclusion",
        "<paragraph>Tout va <content styleCode='Bold'>bien</content>.</paragraph>"
        "<table><tbody><tr><td>Pouls</td><td>72</td></tr></tbody></table>",
        section("Suite", "<list><item>Revoir</item></list>"),
    ),
    section(
        "Copie", "Voir.", code='<code code="55108-5" codeSystem="2.16.840.1.113883.6.1"/>', entries=media("doc-1", PDF, "application/pdf")
    ),
)
RPLC = '<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.250.1.999.2" extension="L-0"/></parentDocument></relatedDocument>'
WHOLE = document(BODY, related=RPLC)


def read(text: str) -> cda.Read:
    return cda.read(encoded(text))


def flat(told: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every fact by its path; a list whose length changes is one fact."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield from flat(value, f"{path}.{name}" if path else name)
    elif isinstance(told, list) and told and isinstance(told[0], dict):
        for place, value in enumerate(told):
            yield from flat(value, f"{path}[{place}]")
    else:
        yield path, told


def facts(found: cda.Read) -> dict[str, object]:
    told: Json = shown(found) | {"html": found.html, "renderings": [one.name for one in found.embedded if one.rendering]}
    return dict(flat(told))


KEY = matricule_key("2610599990124")
P = "patient."
# what is written -> what is written instead -> the facts that change, and what they become
CHANGES: list[tuple[str, str, str, dict[str, object]]] = [
    ("id", 'extension="L-1"', 'extension="L-9"', {"id": "1.2.250.1.999.2^L-9"}),
    ("id root", '<id root="1.2.250.1.999.2" extension="L-1"/>', '<id root="AB-12"/>', {"id": "AB-12"}),
    ("set", 'setId root="1.2.250.1.999.2.7"', 'setId extension="S" root="1.2.250.1.999.2.7"', {"set_id": "1.2.250.1.999.2.7^S"}),
    ("version", 'versionNumber value="1"', 'versionNumber value="12"', {"version": 12}),
    ("version no number", 'versionNumber value="1"', 'versionNumber value="v2"', {"version": None, "warnings": ["malformed"]}),
    ("replaces", 'extension="L-0"', 'extension="L-00"', {"replaces": "1.2.250.1.999.2^L-00"}),
    ("replaces not", 'typeCode="RPLC"', 'typeCode="APND"', {"replaces": None}),
    ("type", 'code="11490-0"', 'code="18761-7"', {"type.code": "18761-7"}),
    ("type label", 'displayName="Lettre de liaison"', 'displayName="Lettre"', {"type.label": "Lettre"}),
    ("title", "Lettre de sortie", "Lettre d&#39;entrée", {"title": "Lettre d'entrée"}),
    ("title empty", "<title>Lettre de sortie</title>", '<title nullFlavor="NI"/>', {"title": "Lettre de liaison"}),
    ("date", 'effectiveTime value="20240312113000+0100"', 'effectiveTime value="202403121130-0930"', {"date": "2024-03-12T11:30-09:30"}),
    ("date only", 'effectiveTime value="20240312113000+0100"', 'effectiveTime value="20240312"', {"date": "2024-03-12"}),
    ("date impossible", 'effectiveTime value="20240312113000+0100"', 'effectiveTime value="20240230"', {"date": None}),
    ("confidentiality", '<confidentialityCode code="N"', '<confidentialityCode code="R"', {"confidentiality": ["R"]}),
    ("INS", "261059999012394", f"2610599990124{KEY}", {P + "ins.value": f"2610599990124{KEY}"}),
    ("INS register", "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", {P + "ins.oid": "1.2.250.1.213.1.4.9"}),
    ("INS key", "261059999012394", "261059999012310", {P + "ins.value": "261059999012310", "warnings": ["bad-ins-key"]}),
    ("local id", "IPP-0042", "IPP-0043", {P + "local_ids[0].value": "IPP-0043"}),
    ("local register", "1.2.250.1.999.1.1", "1.2.250.1.999.1.2", {P + "local_ids[0].oid": "1.2.250.1.999.1.2"}),
    ("birth name", ">ZORBEC<", ">ZORBÈC<", {P + "birth_name": "ZORBÈC"}),
    ("birth name to none", '<family qualifier="BR">', "<family>", {P + "birth_name": None, P + "names_unqualified": ["ZORBEC"]}),
    ("used name", ">BARZOU<", ">BARZOU  LE\n GRAND<", {P + "used_name": "BARZOU LE GRAND"}),
    ("used name, old", '<family qualifier="CL">', '<family qualifier="SP">', {}),
    ("used name unknown", '<family qualifier="CL">BARZOU', '<family qualifier="CL" nullFlavor="UNK">', {P + "used_name": None}),
    ("given list", "LUCIE ANNE-MARIE", "LUCIE ANNE MARIE", {P + "given_names": ["LUCIE", "ANNE", "MARIE"]}),
    ("first given", '<given qualifier="BR">LUCIE', '<given qualifier="BR">LUCE', {P + "first_given_name": "LUCE"}),
    ("used given", ">LULU<", ">LILI<", {}),
    ("sex", 'GenderCode code="F"', 'GenderCode code="M"', {P + "sex": "M"}),
    ("sex undetermined", 'GenderCode code="F"', 'GenderCode code="UN"', {P + "sex": "U"}),
    ("birth", 'birthTime value="19610504"', 'birthTime value="19620504"', {P + "birth_date": "1962-05-04"}),
    ("birth month", 'birthTime value="19610504"', 'birthTime value="196105"', {P + "birth_date": "1961-05"}),
    ("birth hour", 'birthTime value="19610504"', 'birthTime value="19610504235900+0200"', {P + "birth_date": "1961-05-04T23:59:00+02:00"}),
    ("birth none", 'birthTime value="19610504"', 'birthTime nullFlavor="UNK"', {P + "birth_date": None}),
    ("place", "<county>99990", "<county>2a990", {P + "birth_place_code": "2A990"}),
    ("place name", "<county>99990", "<county>Essaiville", {P + "birth_place_code": None}),
    ("guardian", "TUTEUR", "ZORBEC", {}),
    ("author", "<family>ESSAI", "<family>AUTRE", {"author.name": "Jean AUTRE"}),
    ("author id", 'extension="899900000017"', 'extension="0999000007"', {"author.id": "999000007"}),
    ("author internal id", 'extension="899900000017"', 'extension="3999900001/17"', {"author.id": "3999900001/17"}),
    ("specialty", "G15_10/SM26", "G15_10/SM02", {"author.specialty.code": "G15_10/SM02"}),
    ("organization", "Clinique des Essais", "Clinique", {"author.organization": "Clinique"}),
    ("organization id", 'extension="1999900001"', 'extension="12A9900001"', {"author.organization_id": "2A9900001"}),
    ("recipient", "<given>Anne</given>", "<given>Zoé</given>", {"recipients[0].name": "Zoé MODELE"}),
    ("recipient id", "899900000025", "899900000033", {"recipients[0].id": "99900000033"}),
    ("recipient organization", "Cabinet du Modèle", "Cabinet", {"recipients[0].organization": "Cabinet"}),
    ("custodian", "Gardien des Essais", "Autre", {}),
]


@pytest.mark.parametrize(("name", "old", "new", "changed"), CHANGES, ids=[row[0] for row in CHANGES])
def test_one_changed_fact_changes_that_fact_alone(name: str, old: str, new: str, changed: dict[str, object]) -> None:
    assert WHOLE.count(old) == 1
    before, after = facts(read(WHOLE)), facts(read(WHOLE.replace(old, new)))
    assert {path: after.get(path) for path in before | after if before.get(path) != after.get(path)} == changed


@pytest.mark.parametrize(
    ("old", "new"), [("Tout va", "Rien ne va"), (">72<", ">140<"), ("Revoir", "Opérer"), ("Suite", "Fin"), ("Conclusion", "Avis")]
)
def test_words_of_the_narrative_change_the_text_and_the_html(old: str, new: str) -> None:
    before, after = facts(read(WHOLE)), facts(read(WHOLE.replace(old, new)))
    assert {path for path in before if before[path] != after[path]} == {"text", "html"}
    assert new.strip("<>") in str(after["text"]) and new in str(after["html"])


def test_a_changed_file_changes_its_attachment_alone() -> None:
    other = PDF + b"!"
    before, after = facts(read(WHOLE)), facts(read(WHOLE.replace(base64.b64encode(PDF).decode(), base64.b64encode(other).decode())))
    assert {path for path in before if before[path] != after[path]} == {"attachments[0].size", "attachments[0].sha256"}


# identity, beyond the golden letters


@pytest.mark.parametrize("ids", [INS + IPP, IPP + INS, "<id/>" + IPP + '<id nullFlavor="NI" root="1.2.250.1.213.1.4.8"/>' + INS])
def test_the_ins_is_found_by_its_oid_wherever_it_stands(ids: str) -> None:
    found = read(document(patient=target(ids=ids))).patient
    assert found is not None and found.ins is not None
    assert (found.ins.value, found.ins.oid) == ("261059999012394", "1.2.250.1.213.1.4.8")
    assert [one.value for one in found.local_ids] == ["IPP-0042"]


def codes(found: cda.Read) -> list[str]:
    return [warning.code for warning in found.warnings]


def test_a_real_ins_comes_before_that_of_a_test() -> None:
    found = read(document(patient=target(ids=INS.replace(".8", ".10") + INS)))
    assert found.patient is not None and found.patient.ins is not None and found.patient.ins.oid.endswith(".8")
    assert codes(found) == ["test-identity"]


def test_two_ins_of_one_register_are_two_persons() -> None:
    other = INS.replace("261059999012394", "199119999045682")
    assert codes(read(document(patient=target(ids=INS + other)))) == ["several-patients"]
    assert codes(read(document(patient=target(ids=INS + INS)))) == []


def test_an_ins_of_thirteen_digits_is_no_ins() -> None:
    found = read(document(patient=target(ids=INS.replace("394", "3"))))
    assert found.patient is not None and found.patient.ins is None
    assert [(one.value, one.oid) for one in found.patient.local_ids] == [("2610599990123", "1.2.250.1.213.1.4.8")]
    assert codes(found) == ["bad-ins-key"]


def test_two_persons_in_one_role_are_two_patients() -> None:
    doubled = target().replace("</patient></patientRole>", "</patient><patient/></patientRole>")
    assert codes(read(document(patient=doubled))) == ["several-patients"]


def test_two_documents_in_one_file_are_told() -> None:
    assert codes(read(f"<both>{document()}{document()}</both>")) == ["several-patients"]
    inner = document().replace("<title>", f"{document(patient=target(ids=IPP))}<title>", 1)
    assert "several-patients" in codes(read(inner))


@pytest.mark.parametrize(
    "patient", ["", "<recordTarget/>", "<recordTarget><patientRole/></recordTarget>", '<recordTarget nullFlavor="NI"/>']
)
def test_no_patient_is_none(patient: str) -> None:
    assert read(document(patient=patient)).patient is None


def test_names_of_a_guessed_encoding_are_told_as_guessed() -> None:
    sure, guessed = (cda.read(encoded(document(patient=target(name="<family>ZÉRO</family>")), code)) for code in ("utf-8", "cp1252"))
    assert sure.patient is not None and guessed.patient is not None
    assert (sure.patient.names_guessed, guessed.patient.names_guessed) == (False, True)
    assert sure.patient.names_unqualified == guessed.patient.names_unqualified == ("ZÉRO",)


def test_the_author_who_is_a_person_comes_first() -> None:
    called = "<assignedAuthoringDevice><softwareName>X</softwareName></assignedAuthoringDevice>"
    device = f"<author><assignedAuthor>{called}</assignedAuthor></author>"
    told = read(document(author=device + AUTHOR)).author
    alone = read(document(author=device)).author
    assert told is not None and told.name == "Jean ESSAI"
    assert alone is not None and (alone.name, alone.id) == ("X", None)
    assert read(document(author="<author/>", recipients="<informationRecipient/>")).author is None


def test_recipients_keep_their_order_but_copies_come_last() -> None:
    copy = RECIPIENT.replace("PRCP", "TRC").replace("MODELE", "COPIE")
    other = RECIPIENT.replace(' typeCode="PRCP"', "").replace("MODELE", "AUTRE")
    assert [one.name for one in read(document(recipients=copy + RECIPIENT + other)).recipients] == [
        "Anne MODELE",
        "Anne AUTRE",
        "Anne COPIE",
    ]


def test_nothing_shows_the_content() -> None:
    found = read(WHOLE)
    told = repr(found) + repr(found.embedded) + repr(found.patient) + repr(found.author)
    assert not re.search("ZORBEC|LUCIE|ESSAI|2610", told)
