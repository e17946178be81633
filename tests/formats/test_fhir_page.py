"""The words and files of FHIR documents: headings, conclusions said once, attachments by content, hashes (formats.md 4.2)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.corpus.fhir_build import as_json, base64_of, bundle, div, lucie, report
from tests.corpus.pdfs import text_pdf
from vaguemestre.formats import fhir
from vaguemestre.formats.fhir_document import Found
from vaguemestre.formats.fhir_page import media_type

Resource = dict[str, Any]
PDF = text_pdf(["Bonjour."])


def of(**members: Any) -> Found:
    (found,) = fhir.read(as_json(bundle(lucie(), report(result=None, performer=None, **members)))).documents
    return found


def form(data: bytes, kind: str | None = "application/pdf", **members: Any) -> Found:
    told = {"contentType": kind, "data": base64_of(data)} | members
    return of(presentedForm=[{name: value for name, value in told.items() if value is not None}])


def codes(found: Found) -> list[str]:
    return [warning.code for warning in found.warnings]


def test_what_the_narrative_says_is_not_said_again() -> None:
    assert of(text=div("<p>Bilan : <i>sans</i> particularité.</p>"), conclusion="Sans particularité").text == "Bilan : sans particularité."
    assert of(text=div("<p>Bilan.</p>"), conclusion="À revoir <ici> & là").text == "Bilan.\n\nConclusion\nÀ revoir <ici> & là"
    assert "<p>À revoir &lt;ici&gt; &amp; là</p>" in of(conclusion="À revoir <ici> & là").html


def test_xhtml_with_marks_of_xml_alone_keeps_its_shape() -> None:
    found = of(text=div("<table><tr><td/><td>12/8</td></tr></table><p/><p>Suite&#160;: rien.</p>"))
    assert found.html.count("<td>") == 2
    assert found.html.count("<tr>") == 1
    assert found.text.endswith("Suite : rien.")


def test_a_narrative_that_is_no_xml_is_read_as_html() -> None:
    assert of(text=div("<p>Été&nbsp;: <br>fin")).text.split() == ["Été", ":", "fin"]


def test_an_empty_narrative_is_none() -> None:
    found = of(text=div("<p>rien</p>") | {"status": "empty"}, conclusion="A")
    assert "rien" not in found.text


def test_files_are_known_by_their_bytes() -> None:
    for declared in ("application/pdf", "application/octet-stream", None, "text/plain"):
        (file,) = form(PDF, declared).embedded
        assert (file.media_type, file.name, file.data, file.rendering) == ("application/pdf", "attachment-1.pdf", PDF, True)
    assert media_type("image/jpeg", b"\x89PNG\r\n\x1a\n") == "image/jpeg"
    assert media_type("n'importe quoi", b"abc") == "application/octet-stream"


def test_names_are_made_safe_and_each_once() -> None:
    told = [{"contentType": "application/pdf", "title": "../../é tage.pdf", "data": base64_of(PDF + bytes([n]))} for n in range(3)]
    names = [file.name for file in of(presentedForm=told).embedded]
    assert names == ["é_tage.pdf", "é_tage-2.pdf", "é_tage-3.pdf"]


@pytest.mark.parametrize("shape", ["base64", "hex", "base64-of-hex"])
def test_a_hash_in_any_writing(shape: str) -> None:
    digest = hashlib.sha1(PDF)
    told = {
        "base64": base64.b64encode(digest.digest()).decode(),
        "hex": digest.hexdigest().upper(),
        "base64-of-hex": base64.b64encode(digest.hexdigest().encode()).decode(),
    }[shape]
    assert codes(form(PDF, hash=told, size=len(PDF))) == []
    assert codes(form(PDF + b"x", hash=told, size=len(PDF))) == ["size-mismatch", "hash-mismatch"]


def test_words_in_their_charset() -> None:
    assert form("Été".encode("cp1252"), "text/plain; charset=windows-1252").text == "Été"
    assert form("Été".encode(), "text/plain").text == "Été"
    assert form(b"<p>Bonjour<script>x()</script></p>", "text/html").text == "Bonjour"


def test_what_is_elsewhere_is_told_and_not_fetched() -> None:
    for address in ("https://labo.example/a.pdf", "file:///etc/passwd", "Binary/absent", "Patient/lucie"):
        found = of(presentedForm=[{"contentType": "application/pdf", "url": address}], conclusion="A")
        assert found.embedded == ()
        assert codes(found) == ["unsupported"]


def test_a_file_referred_to_twice_is_held_once() -> None:
    binary = {"resourceType": "Binary", "id": "b", "contentType": "application/pdf", "data": base64_of(PDF)}
    told = report(result=None, performer=None, presentedForm=[{"url": "Binary/b"}, {"url": "Binary/b"}])
    (found,) = fhir.read(as_json(bundle(lucie(), told, binary))).documents
    assert [file.data for file in found.embedded] == [PDF]


def test_a_file_that_nothing_refers_to_is_nobodys() -> None:
    binary = {"resourceType": "Binary", "id": "b", "contentType": "application/pdf", "data": base64_of(PDF)}
    (found,) = fhir.read(as_json(bundle(lucie(), binary))).documents
    assert found.patient is None
    assert [file.data for file in found.embedded] == [PDF]


def test_a_document_with_nothing_in_it_says_so() -> None:
    found = of()
    assert not found.understood
    assert codes(found) == ["malformed"]
