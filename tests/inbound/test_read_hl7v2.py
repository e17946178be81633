"""HL7 v2 messages among documents: the files in them as forms, what the envelope says carried to them, their bytes found again."""

from __future__ import annotations

import hashlib

import pytest

from tests.corpus.cda_build import document as cda
from tests.corpus.cda_build import encoded
from tests.corpus.cda_build import packed as body
from tests.corpus.hl7v2_build import LUCIE, PAUL, file, flagged, msh, obx, packed
from tests.corpus.pdfs import text_pdf
from tests.formats.biology_reports import WHOLE as REPORT
from vaguemestre.domain.reading import Document, Reading
from vaguemestre.inbound.match import of_forms, withdrawn
from vaguemestre.inbound.read import extract, read

PAGES, OTHER = text_pdf(["Lettre d'essai."]), text_pdf(["Autre lettre."])
OWN = "1.2.250.1.999.2.1001"
LETTER = encoded(cda(identifier=f'<id root="{OWN}"/>', series="", version=""))
OBR = "OBR|1|777^CABINET|L-24-1^LABO|NFS^Numération^L|||20240311081500+0100"
RESULT = obx(1, "NM", "GLY^Glycémie^L", "0.95", "g/L")


def ed(data: bytes, rank: int = 1, status: str = "F") -> str:
    return obx(rank, "ED", "11490-0^Lettre de liaison^LN", packed(data), status=status)


def txa(parent: str = "") -> str:
    return f"TXA|1|11490-0|TEXT|20240312||||||||{OWN}|{parent}||||AU"


def whole(*segments: str, kind: str = "MDM^T02^MDM_T02", who: str = LUCIE) -> Reading:
    return read(file(msh(kind), who, *segments), "essai.hl7")


def forms(found: Reading) -> list[tuple[str, str, int | None]]:
    return [(one.format, one.path[-1], one.duplicate_of) for one in found.documents]


def codes(document: Document) -> list[str]:
    return [w.code for w in document.warnings]


def test_results_stand_over_their_pages() -> None:
    found = whole(OBR, RESULT, ed(PAGES, 2), kind="ORU^R01")
    assert forms(found) == [("hl7v2", "essai.hl7", None), ("pdf", "OBX-2.pdf", 0)]
    assert found.documents[1].rendering
    pages = found.documents[1].patient
    assert pages is not None and not pages.from_fields, "a PDF has no fields of its own"


def test_a_cda_stands_over_its_message_and_its_own_pages() -> None:
    held = encoded(cda(body(PAGES, "application/pdf")))
    found = whole(txa(), ed(held))
    assert forms(found) == [("hl7v2", "essai.hl7", 1), ("cda-n1", "OBX-1.xml", None), ("pdf", "nonXMLBody.pdf", 1)]


def test_results_stand_over_a_cda_of_pages() -> None:
    held = encoded(cda(body(PAGES, "application/pdf")))
    found = whole(OBR, RESULT, ed(held, 2), kind="ORU^R01")
    assert forms(found) == [("hl7v2", "essai.hl7", None), ("cda-n1", "OBX-2.xml", 0), ("pdf", "nonXMLBody.pdf", 0)]


def test_a_letter_beside_results_is_a_document_of_its_own() -> None:
    found = whole(OBR, RESULT, ed(LETTER, 2), kind="ORU^R01")
    assert forms(found) == [("hl7v2", "essai.hl7", None), ("cda-n3", "OBX-2.xml", None)]
    assert forms(whole(OBR, RESULT, ed(REPORT, 2), kind="ORU^R01")) == [("hl7v2", "essai.hl7", 1), ("cda-n3", "OBX-2.xml", None)]


def test_two_cda_that_are_two_documents_stay_two() -> None:
    second = encoded(cda(identifier='<id root="1.2.250.1.999.2.5"/>', series="", version="", title="<title>Autre</title>"))
    found = whole(txa(), ed(LETTER), ed(second, 2))
    assert forms(found) == [("hl7v2", "essai.hl7", 1), ("cda-n3", "OBX-1.xml", None), ("cda-n3", "OBX-2.xml", None)]


def test_the_same_cda_beside_the_message_is_one_document() -> None:
    mail = (
        b'From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="q"\r\n\r\n'
        b"--q\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=essai.hl7\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--q\r\nContent-Type: text/xml\r\n"
        b"Content-Disposition: attachment; filename=lettre.xml\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--q--\r\n"
    )
    import base64

    data = mail % (base64.encodebytes(file(msh("MDM^T02"), LUCIE, txa(), ed(LETTER))), base64.encodebytes(LETTER))
    found = read(data, "mail.eml")
    mains = [one for one in found.documents if one.duplicate_of is None]
    assert sorted(one.format for one in found.documents) == ["cda-n3", "cda-n3", "hl7v2"]
    assert [one.format for one in mains] == ["cda-n3"]


def test_a_message_that_is_the_mails_own_text() -> None:
    data = file(msh(charset=""), LUCIE, OBR, RESULT, end="\r\n")
    head = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n"
    head += b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    found = read(head + data, "mail.eml")
    assert [(one.format, len(one.results)) for one in found.documents] == [("hl7v2", 1)]
    found = read(head + b"MSH nous ecrit.\r\n", "mail.eml")
    assert [one.format for one in found.documents] == ["text"]


def test_another_person_in_the_message_than_in_its_cda() -> None:
    found = whole(txa(), ed(LETTER), who=PAUL)
    assert [codes(one) for one in found.documents] == [["patient-mismatch"], ["patient-mismatch"]]
    assert [codes(one) for one in whole(txa(), ed(LETTER)).documents] == [[], []]


def test_twins_are_told_apart() -> None:
    twin = LUCIE.replace("LUCIE^LUCIE ANNE-MARIE", "JULIE^JULIE ANNE-MARIE").replace("261059999012394^^^ASIP", "^^^ASIP")
    assert "patient-mismatch" in codes(whole(txa(), ed(LETTER), who=twin).documents[1])


@pytest.mark.parametrize(("kind", "status"), [("MDM^T04", "F"), ("MDM^T11", "F"), ("MDM^T02", "D")])
def test_a_withdrawal_is_for_a_person_in_every_form(kind: str, status: str) -> None:
    found = whole(txa(), ed(LETTER, status=status), kind=kind)
    assert [withdrawn(one) for one in found.documents] == [True, True]
    both = whole(txa(), ed(PAGES, status=status), kind=kind)
    assert of_forms(both.documents[0], both.documents[1:]) == ("withdrawn",)


def test_a_replacement_that_its_cda_names_is_left_to_the_chart() -> None:
    related = '<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.250.1.999.2.1000"/></parentDocument></relatedDocument>'
    naming = encoded(cda(identifier=f'<id root="{OWN}"/>', series="", version="", related=related))
    found = whole(txa(), ed(naming), kind="MDM^T10")
    assert [(one.replaces, withdrawn(one)) for one in found.documents] == [(None, False), ("1.2.250.1.999.2.1000", False)]


def test_a_replacement_that_the_envelope_names_by_the_numbers_of_its_cda() -> None:
    found = whole(txa("1.2.250.1.999.2.1000"), ed(LETTER), kind="MDM^T10")
    assert [(one.replaces, withdrawn(one)) for one in found.documents] == [("1.2.250.1.999.2.1000", False)] * 2


def test_a_replacement_that_the_envelope_names_otherwise_is_for_a_person() -> None:
    other = encoded(cda(identifier='<id root="1.2.250.1.999.2.9"/>', series="", version=""))
    found = whole(txa("1.2.250.1.999.2.1000"), ed(other), kind="MDM^T10")
    assert [(one.replaces, withdrawn(one)) for one in found.documents] == [("1.2.250.1.999.2.1000", True), (None, True)]


def test_a_later_version_replaces_by_its_set() -> None:
    later = encoded(cda(version='<versionNumber value="2"/>'))
    assert not any(map(withdrawn, whole(txa(), ed(later, status="C")).documents))
    first = encoded(cda(version='<versionNumber value="1"/>'))
    assert all(map(withdrawn, whole(txa(), ed(first, status="C")).documents))


def test_masks_are_carried_to_what_is_shown() -> None:
    found = whole(txa(), ed(LETTER), flagged(2, "INVISIBLE_PATIENT"))
    assert found.documents[0].confidentiality == ("INVISIBLE_PATIENT",)
    assert (found.documents[1].metadata or {})["confidentialityCode"] == ["INVISIBLE_PATIENT"]


def test_each_record_has_its_own_files() -> None:
    data = file(msh(), LUCIE, OBR, RESULT, ed(PAGES, 2)) + file(msh(), LUCIE, OBR, RESULT, ed(OTHER, 2))
    found = read(data, "essai.hl7")
    assert [one.path[1:] for one in found.documents] == [("#1",), ("#1", "OBX-2.pdf"), ("#2",), ("#2", "OBX-2.pdf")]
    assert [one.duplicate_of for one in found.documents] == [None, 0, None, 2]


def test_the_bytes_of_every_document_are_found_again() -> None:
    held = encoded(cda(body(PAGES, "application/pdf")))
    data = file(msh("MDM^T02"), LUCIE, txa(), ed(held), ed(OTHER, 2))
    for document in read(data, "essai.hl7").documents:
        octets, _, name = extract(data, document.sha256)
        assert hashlib.sha256(octets).hexdigest() == document.sha256
        assert name in {"", document.path[-1]}


def test_a_broken_file_costs_itself() -> None:
    found = whole(OBR, RESULT, ed(b"%PDF-1.4 rien", 2), ed(PAGES, 3), kind="ORU^R01")
    assert [(one.format, one.understood) for one in found.documents] == [("hl7v2", True), ("pdf", False), ("pdf", True)]
    assert len(found.documents[0].results) == 1


def test_a_file_that_killed_its_reader_is_passed_over() -> None:
    data = file(msh(), LUCIE, OBR, RESULT, ed(PAGES, 2))
    begun: list[str] = []
    read(data, "essai.hl7", begin=begun.append)
    assert begun == ["0", "1"]
    found = read(data, "essai.hl7", skip={"1": "reader-died"})
    assert [one.understood for one in found.documents] == [True, False]
    found = read(data, "essai.hl7", skip={"0": "reader-too-slow"})
    assert [(one.format, one.understood, codes(one)) for one in found.documents] == [("hl7v2", False, ["too-large"])]


def test_a_message_of_nothing_to_file_takes_nothing_from_its_mail() -> None:
    found = read(file(msh("ACK^R01"), "MSA|AA|1"), "ack.hl7")
    assert found.understood and codes(found.documents[0]) == []
    assert found.documents[0].text.startswith("Réponse\nRéponse : Accepté (AA)\nAu message : 1\n")
    assert "<th>Au message</th><td>1</td>" in found.documents[0].html
