"""HL7 v2 messages that are no reports, in words: one fact of the message changes, that row changes and no other; nothing hostile passes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.hl7v2_build import AUTHOR, LUCIE, READER, file, msh
from vaguemestre.formats import hl7v2, hl7v2_shown
from vaguemestre.formats.hl7v2 import Record
from vaguemestre.formats.hl7v2_codes import TABLES
from vaguemestre.formats.hl7v2_fields import SEGMENTS

UNIT = "Chirurgie B^^^^^CLINIQUE^UF^^^6268"
ADMISSION = (
    msh("ADT^A01^ADT_A01"),
    "EVN||20240312113000||||20240312110000",
    LUCIE,
    f"ROL||UC|ODRP|{READER}",
    "NK1|1|AUTREMONT^MARC|SPO||0199000000",
    f"PV1|1|I|CHIR^204^B|R|||{AUTHOR}||||||||||||V24^^^CLINIQUE^VN" + "|" * 25 + "20240312110000",
    "PV2|||^Pose de prothèse",
    f"ZBE|312^CLINIQUE|20240312110000||INSERT|N||{UNIT}|{UNIT}|HMS",
    "ZFA|ACTIF|20240312110000",
    "IN1|1|AMC^Complémentaire|99|MUTUELLE DES ESSAIS||||||||20240101|20241231",
    r"ZZZ|a\F\b|c^d~e",
)
SMTP = "ERR|||207^Application error|E|{}^libellé du serveur^SMTPERRORCODE"
SENT_ON = (
    msh("ZAM^Z02^ZAM_Z01"),
    "OBX|1|CWE|ACK_RECEPTION_MSS^Accusé de réception MSSanté^AckMetierZAM|M-7|N^^expandedYes-NoIndicator||||||F",
    "OBX|2|XTN|DESTINATAIRE_MSS^Destinataire MSSanté^AckMetierZAM||^^X.400^anne.modele@medecin.example||||||F",
    SMTP.format("550"),
)
ANSWER = (msh("ACK^R01^ACK"), "MSA|AE|M-0|Voir plus bas", "ERR||PID^1^3|204^Unknown key^HL70357|E||||Patient absent")


def read(*segments: str) -> Record:
    (record,) = hl7v2.read(file(*segments))
    return record


def rows(record: Record) -> list[tuple[str, str]]:
    """(section, line) of the text, in order."""
    return [(block.split("\n")[0], line) for block in record.text.split("\n\n") for line in block.split("\n")[1:]]


def test_an_admission_in_words() -> None:
    told = rows(read(*ADMISSION))
    assert told[0] == ("Événement", "Enregistré le : 12/03/2024 11:30")
    assert ("Message", "Événement : Admission (ADT A01)") in told
    for row in [
        ("Événement", "Survenu le : 12/03/2024 11:00"),
        ("Patient", "Nom : ZORBEC LUCIE ANNE-MARIE (légal)"),
        ("Patient", "Date de naissance : 04/05/1961"),
        ("Intervenant", "Rôle : médecin traitant déclaré"),
        ("Intervenant", "Professionnel : Anne MODELE"),
        ("Proche", "Lien : conjoint"),
        ("Proche", "Téléphone : 0199000000"),
        ("Venue", "Nature : hospitalisation"),
        ("Venue", "Localisation : CHIR · chambre 204 · lit B"),
        ("Venue", "Médecin responsable : Jean ESSAI"),
        ("Venue", "Entrée le : 12/03/2024 11:00"),
        ("Venue (suite)", "Motif d'admission : Pose de prothèse"),
        ("Mouvement", "Action : nouveau"),
        ("Mouvement", "Unité médicale : Chirurgie B (6268)"),
        ("Mouvement", "Responsabilités : hébergement, médicale, soins"),
        ("Dossier médical partagé", "Statut : ACTIF"),
        ("Assurance", "Organisme : MUTUELLE DES ESSAIS"),
        ("Assurance", "Droits au : 31/12/2024"),
        ("ZZZ", "ZZZ-1 : a|b"),
        ("ZZZ", "ZZZ-2 : c d"),
        ("ZZZ", "e"),
    ]:
        assert row in told, row


@pytest.mark.parametrize(
    ("old", "new", "gone", "come"),
    [
        ("ADT^A01", "ADT^A03", "Événement : Admission (ADT A01)", "Événement : Sortie (ADT A03)"),
        ("CHIR^204^B", "CHIR^205^B", "Localisation : CHIR · chambre 204 · lit B", "Localisation : CHIR · chambre 205 · lit B"),
        ("PV1|1|I", "PV1|1|E", "Nature : hospitalisation", "Nature : urgences"),
        ("INSERT", "CANCEL", "Action : nouveau", "Action : annulé"),
        ("|ACTIF|", "|FERME|", "Statut : ACTIF", "Statut : FERME"),
        ("20241231", "20251231", "Droits au : 31/12/2024", "Droits au : 31/12/2025"),
        ("|HMS", "|S", "Responsabilités : hébergement, médicale, soins", "Responsabilités : soins"),
        ("MARC|SPO", "MARC|CHD", "Lien : conjoint", "Lien : enfant"),
        ("|19610504|", "|19610505|", "Date de naissance : 04/05/1961", "Date de naissance : 05/05/1961"),
    ],
)
def test_one_fact_changes_alone(old: str, new: str, gone: str, come: str) -> None:
    before = {line for _, line in rows(read(*ADMISSION))}
    after = {line for _, line in rows(read(*(one.replace(old, new) for one in ADMISSION)))}
    assert (before - after, after - before) == ({gone}, {come})


@pytest.mark.parametrize(
    ("event", "title"),
    [("A02", "Mutation"), ("A11", "Annulation d'une admission"), ("A40", "Fusion d'identités"), ("A77", "Mouvement de patient")],
)
def test_a_movement_is_named(event: str, title: str) -> None:
    found = read(*(one.replace("A01", event) for one in ADMISSION))
    assert (found.title, found.type and found.type.label) == (title, "Mouvement de patient")


def test_a_merged_identity_is_told() -> None:
    told = rows(read(msh("ADT^A40^ADT_A39"), LUCIE, "MRG|IPP-0099^^^CLINIQUE^PI||||||ZORBEC^LUCE"))
    assert ("Identité remplacée", "Identifiants remplacés : IPP-0099 (PI CLINIQUE)") in told
    assert ("Identité remplacée", "Nom : ZORBEC LUCE") in told


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AA", "accepté"),
        ("CA", "accepté"),
        ("AE", "refusé, en erreur"),
        ("AR", "refusé"),
        ("CE", "refusé, en erreur"),
        ("CR", "refusé"),
    ],
)
def test_an_answer_says_it_in_its_title(code: str, words: str) -> None:
    found = read(ANSWER[0], f"MSA|{code}|M-0")
    assert (found.title, found.patient) == (f"Accusé de réception : {words}", None)
    assert rows(found)[0][1].startswith(f"Réponse : {words.capitalize()} ({code})")


def test_a_refusal_says_why_before_anything_else() -> None:
    assert rows(read(*ANSWER))[:7] == [
        ("Réponse", "Réponse : Refusé, en erreur (AE)"),
        ("Réponse", "Au message : M-0"),
        ("Réponse", "Précision : Voir plus bas"),
        ("Pourquoi", "Endroit : PID 1 3"),
        ("Pourquoi", "Erreur de message : identifiant inconnu"),
        ("Pourquoi", "Gravité : erreur"),
        ("Pourquoi", "Précision : Patient absent"),
    ]


def test_an_answer_that_is_no_code_of_the_table_is_told_as_written() -> None:
    found = read(ANSWER[0], "MSA|XX|M-0")
    assert found.title == "Accusé de réception" and "Réponse : XX" in found.text


def test_a_delivery_that_failed() -> None:
    found = read(*SENT_ON)
    assert found.title == "Accusé de réception MSSanté : non remis"
    assert rows(found)[:6] == [
        ("Réponse", "Remise dans la boîte MSSanté : non remis"),
        ("Réponse", "Au message : M-7"),
        ("Réponse", "Destinataire : anne.modele@medecin.example"),
        ("Pourquoi", "Erreur de message : erreur du logiciel"),
        ("Pourquoi", "Gravité : erreur"),
        ("Pourquoi", "Erreur : boîte introuvable (code 550)"),
    ]
    assert "Erreur : boîte pleine (code 552)" in read(*SENT_ON[:3], SMTP.format("552")).text
    assert "Erreur : libellé du serveur (code 599)" in read(*SENT_ON[:3], SMTP.format("599")).text


@pytest.mark.parametrize(
    ("event", "code", "answer", "title"),
    [
        ("Z01", "ACK_RECEPTION_DMP", "Y", "Accusé de réception du DMP : déposé"),
        ("Z01", "ACK_RECEPTION_DMP", "N", "Accusé de réception du DMP : échec du dépôt"),
        ("Z02", "ACK_RECEPTION_MSS", "Y", "Accusé de réception MSSanté : remis"),
        ("Z03", "ACK_LECTURE_MSS", "Y", "Accusé de lecture MSSanté : lu ou pris en charge"),
        ("Z03", "ACK_LECTURE_MSS", "N", "Accusé de lecture MSSanté : non pris en charge"),
        ("Z03", "ACK_LECTURE_MSS", "", "Accusé de lecture MSSanté"),
        ("Z09", "ACK_AUTRE", "N", "Accusé métier"),
    ],
)
def test_each_kind_of_answer(event: str, code: str, answer: str, title: str) -> None:
    assert read(msh(f"ZAM^{event}^ZAM_Z01"), f"OBX|1|CWE|{code}^x^AckMetierZAM|M-7|{answer}").title == title


def test_one_refusal_among_several_answers_is_what_the_title_says() -> None:
    line = "OBX|{}|CWE|ACK_RECEPTION_MSS^x^AckMetierZAM|M-7|{}"
    assert read(SENT_ON[0], line.format(1, "Y"), line.format(2, "N")).title == "Accusé de réception MSSanté : non remis"


def test_an_appointment() -> None:
    found = read(msh("SIU^S15^SIU_S12"), "SCH|1|2|||||^Consultation de suivi||30|min|^^30^20240402090000^20240402093000", LUCIE)
    assert found.title == "Rendez-vous annulé"
    assert ("Rendez-vous", "Motif : Consultation de suivi") in rows(found)
    assert ("Rendez-vous", "Date : 02/04/2024 09:00 – 02/04/2024 09:30") in rows(found)


def test_markup_in_a_message_is_words() -> None:
    found = read(msh("ADT^A01"), LUCIE, "ZZZ|<script>alert(1)</script>")
    assert "&lt;script&gt;" in found.html and "<script" not in found.html
    assert "ZZZ-1 : <script>alert(1)</script>" in found.text


def test_a_file_in_a_message_is_told_and_not_shown() -> None:
    found = read(msh("ORM^O01"), LUCIE, "OBX|1|ED|A^Courrier^L||^TEXT^XML^Base64^" + "QUJD" * 2_000)
    assert "Valeur : fichier joint : téléchargez l'original" in found.text and "QUJD" not in found.text + found.html
    assert [w.code for w in found.warnings] == ["unsupported"]


def test_fields_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7v2_shown, "MAX_ROWS", 8)
    found = read(*ADMISSION)
    assert found.html.count("<tr>") == 8 and [w.code for w in found.warnings] == ["too-large"]


def test_long_values_are_cut() -> None:
    found = read(msh("ADT^A01"), "ZZZ|" + "mot " * 5_000)
    assert 1_900 < len(found.text.split("ZZZ-1 : ")[1].split("\n")[0]) <= 2_000


def test_every_kind_of_field_has_its_writer() -> None:
    known = set(TABLES) | set(hl7v2_shown._WRITERS) | {"", "answered"}
    assert {form for _, fields in SEGMENTS.values() for _, form in fields.values()} - known == set()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text('AZ|^~\\&01 <"é', max_size=60), min_size=1, max_size=6), st.sampled_from(["ADT^A01", "ACK", "ZAM^Z02", "SIU^S12", "X"])
)
def test_whatever_stands_there_is_shown(bodies: list[str], kind: str) -> None:
    names = ("PID", "MSA", "ERR", "OBX", "ZBE", "ZZZ")
    segments = [f"{name}|{body}" for name, body in zip(names, bodies, strict=False)]
    for record in hl7v2.read(file(msh(kind), *segments)):
        assert record.html.startswith("<h3>") and record.html.count("<table>") == record.html.count("</table>")
        assert record.text
