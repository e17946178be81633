"""The files that a PDF holds, and a PDF without what acts in it."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.file_cases import annexed
from tests.corpus.pdfs import encrypted_pdf, text_pdf
from vaguemestre.domain.fault import Fault, Unreadable, Unsupported
from vaguemestre.formats import pdf, pdf_strip

PAGES = text_pdf(["Courrier."])
ACTIVE = text_pdf(
    ["Courrier."],
    catalog=(
        b"/OpenAction 6 0 R /AA << /WC 6 0 R >> /Names << /JavaScript << /Names [(a) 6 0 R] >> >> /AcroForm << /XFA (x) /Fields [7 0 R] >> "
    ),
    extra=(
        b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (nom) /V (ZORBEC) /Rect [0 0 9 9] /A << /S /SubmitForm /F (http://a.example) >>"
        b" /AA << /K 6 0 R >> >>",
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (calc.exe) /Next 6 0 R >> >>",
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://a.example) >> >>",
        b"<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS << /F (a.exe) >> >>",
    ),
).replace(b"/MediaBox [0 0 595 842]", b"/MediaBox [0 0 595 842] /Annots [7 0 R 8 0 R 9 0 R 10 0 R]")


def listed(data: bytes) -> list[tuple[str | None, str, int]]:
    return [(one.name, one.media_type, one.size) for one in pdf.read(data).attachments]


def test_files_are_listed_by_what_they_are() -> None:
    data = annexed(PAGES, ("a.pdf", PAGES), ("b.bin", b"\x89PNG\r\n\x1a\n...."), ("c/d.txt", b"bonjour"), ("e", b"\0\1\2"))
    assert listed(data) == [
        ("a.pdf", "application/pdf", len(PAGES)),
        ("b.bin", "image/png", 12),
        ("d.txt", "text/plain", 7),
        ("e", "application/octet-stream", 3),
    ]
    assert [(one.name, one.data) for one in pdf.embedded(data)][2:] == [("d.txt", b"bonjour"), ("e", b"\0\1\2")]
    assert [w.code for w in pdf.read(data).warnings] == ["active-content-removed"]
    assert (listed(PAGES), pdf.embedded(PAGES)) == ([], ())


def test_one_file_changes_alone() -> None:
    before, after = (pdf.read(annexed(PAGES, ("a.txt", b"un"), ("b.txt", last))) for last in (b"deux", b"trois"))
    assert (before.text, before.attachments[0]) == (after.text, after.attachments[0])
    assert before.attachments[1] != after.attachments[1]


def test_empty_too_many_and_too_large_files_are_told() -> None:
    empty = pdf.read(annexed(PAGES, ("a.txt", b""), ("b.txt", b"x")))
    assert ([one.name for one in empty.attachments], sorted(w.code for w in empty.warnings)) == (
        ["b.txt"],
        ["active-content-removed", "malformed"],
    )
    many = pdf.read(annexed(PAGES, *((f"{n:02d}.txt", b"x") for n in range(25))))
    assert (len(many.attachments), sorted(w.code for w in many.warnings)) == (20, ["active-content-removed", "too-large"])
    large = pdf.read(annexed(PAGES, ("a.txt", b" " * 20_000_001), ("b.txt", b"x")))
    assert (large.attachments, sorted(w.code for w in large.warnings)) == ((), ["active-content-removed", "too-large"])


def test_a_locked_pdf_gives_no_files() -> None:
    with pytest.raises(Unsupported):
        pdf.embedded(encrypted_pdf())


def test_what_acts_is_gone_and_the_pages_stay() -> None:
    assert [w.code for w in pdf.read(ACTIVE).warnings] == ["active-content-removed"]
    clean = pdf_strip.stripped(ACTIVE)
    found = pdf.read(clean)
    assert (found.text, found.pages, found.warnings) == ("Courrier.", 1, ())
    for word in (b"JavaScript", b"/JS", b"Launch", b"SubmitForm", b"XFA", b"FileAttachment", b"calc.exe"):
        assert word not in _unpacked(clean), word
    assert b"https://a.example" in _unpacked(clean)
    assert b"ZORBEC" in _unpacked(clean)


def _unpacked(data: bytes) -> bytes:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as opened:
        opened.save(out, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def test_files_inside_are_gone() -> None:
    held = annexed(PAGES, ("secret.txt", b"contenu"))
    clean = pdf_strip.stripped(held)
    assert (pdf.embedded(clean), pdf.read(clean).warnings, pdf.read(clean).text) == ((), (), "Courrier.")
    assert b"contenu" not in _unpacked(clean)


def test_what_acts_in_packed_objects_goes_too() -> None:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(ACTIVE)) as opened:
        opened.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert b"Launch" not in out.getvalue(), "else nothing is packed"
    assert b"Launch" not in _unpacked(pdf_strip.stripped(out.getvalue()))


def test_the_same_bytes_each_time() -> None:
    assert pdf_strip.stripped(ACTIVE) == pdf_strip.stripped(ACTIVE)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4 rien", b"texte"])
def test_what_cannot_be_written_anew(data: bytes) -> None:
    with pytest.raises(Unreadable):
        pdf_strip.stripped(data)
    with pytest.raises(Unsupported):
        pdf_strip.stripped(encrypted_pdf())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8))
def test_whatever_comes_only_faults_escape(changes: list[tuple[int, int]]) -> None:
    made = bytearray(annexed(ACTIVE, ("a.txt", b"x")))
    for place, octet in changes:
        made[place % len(made)] = octet
    for act in (pdf_strip.stripped, pdf.embedded, pdf.read):
        try:
            act(bytes(made))
        except Fault:
            pass
