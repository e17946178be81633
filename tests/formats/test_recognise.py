"""Files are recognised by content, whatever their name; what is not read yet is recognised all the same."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.hprim_cases import CASES as HPRIM
from tests.corpus.mail_cases import CASES as MAILS
from tests.needs import samples
from vaguemestre.formats.recognise import SCORERS, recognise


def _zip(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
KINDS = [
    (b"%PDF-1.7\n", "pdf"),
    (b"\n\n%PDF-1.7\n", "pdf"),
    (b"\x89PNG\r\n\x1a\n....", "image"),
    (b"\xff\xd8\xff\xe0....", "image"),
    (b"GIF89a....", "image"),
    (b"II*\0....", "image"),
    (b"\0" * 128 + b"DICM", "image"),
    (b"{\\rtf1\\ansi}", "rtf"),
    (_zip("IHE_XDM/SUBSET01/METADATA.XML"), "xdm"),
    (_zip("ihe_xdm/subset01/metadata.xml"), "xdm"),
    (_zip("a.txt"), "archive"),
    (_zip("[Content_Types].xml", "word/document.xml"), "office"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "office"),
    (XML + b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>', "cda"),
    (b"\xef\xbb\xbf" + XML + b'<xsl:stylesheet xmlns:c="urn:hl7-org:v3"><c:ClinicalDocument/></xsl:stylesheet>', "cda"),
    (XML + b'<evenementsPatients xmlns="http://www.hprim.org/hprimXML"/>', "hprim-xml"),
    (XML + b'<Bundle xmlns="http://hl7.org/fhir"/>', "fhir"),
    (b'{"resourceType": "Patient"}', "fhir"),
    (b"MSH|^~\\&|A|B|C|D|20240312||ORU^R01|1|P|2.5\rPID|", "hl7v2"),
    (b"\x0bMSH|^~\\&|A|B", "hl7v2"),
    (b"H|~^\\&|F1||LABO||ORU|||CAB||P|H2.1~C|20240312\r\nP|1|", "hprim-sante"),
    (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "calendar"),
    (b"-----BEGIN PGP MESSAGE-----\n\nx\n", "encrypted"),
    (b"$APICRYPT texte", "encrypted"),
    (b"<!DOCTYPE html><html><p>x</p></html>", "html"),
    (b"Bonjour docteur, tout va bien.", "text"),
    (b"\x00\x01\x02\x03" * 30, "unknown"),
    (b"", "unknown"),
    (b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n\r\nTexte", "email"),
    (b"From x Mon Jan  1 00:00:00 2024\nReceived: a\nFrom: a\nDate: b\n\nx", "email"),
    (b"Date: hier\nDe: moi\nPrix: 12\nTexte sans suite", "text"),
    (b"Subject: x", "text"),
]


@pytest.mark.parametrize(("data", "kind"), KINDS, ids=range(len(KINDS)))
@pytest.mark.parametrize("name", ["", "fichier", "fichier.pdf", "fichier.hpr"])
def test_content_decides(data: bytes, kind: str, name: str) -> None:
    assert recognise(data, name).name == kind


def test_the_corpus_is_recognised() -> None:
    for case in (HPRIM | MAILS).values():
        assert recognise(case.data, case.file).name == case.expected["kind"], case.file
        if case.expected["kind"] not in {"unknown", "encrypted"}:
            assert recognise(case.data, "").name == case.expected["kind"], case.file


def test_public_samples() -> None:
    folder = samples()
    found = {path: recognise(path.read_bytes(), path.name).name for path in sorted((folder / "cda").glob("*.xml"))}
    assert found
    assert {path.name: kind for path, kind in found.items() if kind != "cda"} == {}
    messages = [p for p in sorted((folder / "hl7v2").rglob("*")) if p.suffix in {".hl7", ".er7"}]
    assert {p.name: k for p in messages if (k := recognise(p.read_bytes(), p.name).name) != "hl7v2"} == {}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=400), st.sampled_from([data for data, _ in KINDS]))
def test_anything_has_a_kind(octets: bytes, start: bytes) -> None:
    kinds = {kind for kind, _ in SCORERS} | {"unknown"}
    assert recognise(octets).name in kinds
    assert recognise(start[:40] + octets).name in kinds
