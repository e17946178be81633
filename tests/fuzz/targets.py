"""One target a reader: what it is given, and what may come of it. Declared faults alone escape (`domain.fault`); what it gives is sound.

`inbound.read` lets nothing escape and turns what nobody foresaw into a warning of its own: here that warning is a failure, for behind it is
a bug of a reader.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema

from tests.fuzz import seeds
from vaguemestre.crypto import cms
from vaguemestre.domain.fault import Fault
from vaguemestre.domain.reading import Reading
from vaguemestre.domain.reading_json import pack, public, unpack
from vaguemestre.formats import (
    archive,
    calendar_entry,
    cda,
    cda_cut,
    charset,
    encrypted,
    fhir,
    hl7v2,
    hprim_medecin,
    hprim_sante,
    hprim_xml,
    html_clean,
    html_text,
    image,
    office,
    pdf,
    pdf_strip,
    plain,
    recognise,
    rtf,
    running_text,
    safe_xml,
    safe_zip,
    tnef,
    xdm,
    xdm_metadata,
)
from vaguemestre.inbound.read import extract, read
from vaguemestre.protocols import answering, dsn, flowed, mdn, mime, mime_address, mime_header, originator

UNFORESEEN = "The content could not be read."
"""What `inbound.read` says of a document whose reader raised what it may not."""
_SCHEMA = Path(__file__).parent.parent / "inbound" / "reading.schema.json"

Act = Callable[[bytes], object]


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """`act` raises nothing but a fault that is declared; `kinds`: of the seeds (`seeds.of`)."""

    act: Act
    kinds: tuple[str, ...]

    def __call__(self, data: bytes) -> None:
        """Raises AssertionError, or what the reader let escape."""
        try:
            self.act(data)
        except (Fault, originator.Malformed) as fault:
            assert fault.args and str(fault.args[0]), "a fault says why"

    @property
    def seeds(self) -> tuple[bytes, ...]:
        return seeds.of(*self.kinds)


@functools.cache
def _schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))


def sound(reading: Reading) -> None:
    """The contract is kept, what crosses to another process comes back the same, and no reader raised what it may not."""
    _schema().validate(json.loads(json.dumps(public(reading))))
    assert unpack(pack(reading)) == reading
    assert reading.documents, "whatever it is, it is a document"
    for document in reading.documents:
        assert all(one.detail != UNFORESEEN for one in document.warnings), f"the reader of {document.format} raised what it may not"
        assert document.duplicate_of is None or reading.documents[document.duplicate_of].duplicate_of is None


def _whole(data: bytes) -> None:
    found = read(data, "essai.bin")
    sound(found)
    for document in found.documents[:5]:
        try:
            extract(data, document.sha256)
        except Fault:
            pass  # a record of nothing, a text without bytes


def _mail(data: bytes) -> None:
    sound(read(data, "essai.eml", "message/rfc822"))


def _mime(data: bytes) -> None:
    whole = mime.parse(data)
    for part in whole.walk():
        part.content()
        assert 0 <= part.start <= part.header_end <= part.end <= len(data) and part.start <= part.body <= part.end
    whole.all_defects()
    mime.boundary_of(whole)


def _head(data: bytes) -> None:
    mime_header.header_facts(data)
    for value in data.split(b"\n")[:40]:
        mime_header.decoded(value)
        mime_header.parameters(value)
        mime_header.date(value)
        mime_header.raw_text(value)
        mime_address.addresses(value)
        mime_address.shown(value)


def _pdf(data: bytes) -> None:
    pdf.read(data)
    pdf.pages(data)
    pdf.embedded(data)


def _image(data: bytes) -> None:
    image.measure(data, 1_000, 3)
    image.render(data, 0, 200)


def _html(data: bytes) -> None:
    _, shown, _ = html_text.shown(data, None, html_clean.clean)
    low = shown.lower()
    assert "<script" not in low and "javascript:" not in low and "<iframe" not in low and "<img" not in low


def _encrypted(data: bytes) -> None:
    encrypted.kind(data, "essai.p7m")
    encrypted.is_cms(data)
    encrypted.is_locked_office(data)
    encrypted.is_locked_zip(data)
    encrypted.in_words(data.decode("latin-1"))


def _charset(data: bytes) -> None:
    declared = data[:20].decode("latin-1")
    for name in (None, "utf-8", "iso-8859-1", "utf-7", "utf-16", "x-mac-roman", "iso-2022-kr", declared):
        assert "\0" not in charset.decode(data, name).text


def _words(data: bytes) -> None:
    text, _, _ = plain.read(data)
    running_text.identity(text)
    running_text.named(text)
    flowed.unflowed(text, delete_space=True)


def _hprim(data: bytes) -> None:
    text = charset.decode(data).text
    hprim_medecin.score(text)
    hprim_medecin.torn(text)
    if hprim_medecin.in_body(text):
        hprim_medecin.around(text)
    hprim_medecin.read(data)
    hprim_medecin.read(data, "cp850", 60)


def _archive(data: bytes) -> None:
    archive.kind(data)
    archive.read(data, "essai.gz")
    archive.mails(data)


_XML = ("cda", "hprim-xml", "fhir", "html")

TARGETS: dict[str, Target] = {
    "archive": Target(_archive, ("archive", "gzip", "email")),
    "calendar_entry": Target(calendar_entry.read, ("calendar",)),
    "cda": Target(cda.read, ("cda",)),
    "cda_cut": Target(cda_cut.patient, ("cda",)),
    "charset": Target(_charset, ("text", "hprim-medecin")),
    "cms": Target(cms.opened, ("cms", "encrypted")),
    "encrypted": Target(_encrypted, ("encrypted", "office", "archive", "text")),
    "fhir": Target(fhir.read, ("fhir",)),
    "hl7v2": Target(hl7v2.read, ("hl7v2",)),
    "hprim_medecin": Target(_hprim, ("hprim-medecin",)),
    "hprim_sante": Target(hprim_sante.read, ("hprim-sante",)),
    "hprim_xml": Target(hprim_xml.read, ("hprim-xml",)),
    "html_text": Target(_html, ("html",)),
    "image": Target(_image, ("image",)),
    "office": Target(office.read, ("office",)),
    "pdf": Target(_pdf, ("pdf",)),
    "pdf_strip": Target(pdf_strip.stripped, ("pdf",)),
    "plain": Target(_words, ("text", "html")),
    "recognise": Target(recognise.recognise, ()),
    "rtf": Target(rtf.read, ("rtf",)),
    "safe_xml": Target(safe_xml.parse, _XML),
    "safe_zip": Target(safe_zip.entries, ("xdm", "office", "archive")),
    "tnef": Target(tnef.read, ("tnef",)),
    "xdm": Target(xdm.read, ("xdm",)),
    "xdm_metadata": Target(xdm_metadata.read, ("metadata",)),
    "mime": Target(_mime, ("email",)),
    "mime_header": Target(_head, ("head",)),
    "originator": Target(originator.read, ("head",)),
    "answering": Target(answering.read, ("head", "email")),
    "dsn": Target(dsn.read, ("message/delivery-status",)),
    "mdn": Target(mdn.read, ("message/disposition-notification",)),
    "mail": Target(_mail, ("email",)),
    "read": Target(_whole, ()),
}
"""By the module of the reader; "mail" and "read" are the stage as a whole, with every kind within."""
