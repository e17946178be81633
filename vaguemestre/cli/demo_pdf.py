"""Writes the demo's PDF letters: one page, the standard Helvetica in WinAnsi, text drawn by a content stream (ISO 32000-1, 9 and Annex D).

The letters say who they are about in running text only, as most PDFs do: such an identity only ever proposes (formats.md 6.5).
"""

from __future__ import annotations

import dataclasses
import io
import unicodedata

import pikepdf

WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 "
    "1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 "
    "333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_ADVANCE = {chr(32 + place): int(width) for place, width in enumerate(WIDTHS.split())}
"""Helvetica's advance widths for U+0020 to U+007E, in thousandths of the size (Adobe Core 14 metrics)."""

PAGE = (595, 842)
"""A4 in points."""
MARGIN = 62


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """`patient_lines` come as a block under the letterhead; `paragraphs` are wrapped."""

    institution: str
    service: str
    place: str
    recipient: tuple[str, ...]
    patient_lines: tuple[str, ...]
    subject: str
    paragraphs: tuple[str, ...]
    signature: tuple[str, ...]


def width(text: str, size: float) -> float:
    """The width of a line in points; an accented letter is as wide as its base letter."""
    return sum(_ADVANCE.get(unicodedata.normalize("NFD", sign)[0], 556) for sign in text) * size / 1000


def wrap(text: str, size: float, room: float) -> list[str]:
    """Lines no wider than `room` points."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and width(longer, size) > room:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line] if line else lines


def _shown(text: str) -> bytes:
    """A PDF string of WinAnsi bytes, in hexadecimal so that nothing needs an escape."""
    return b"<" + text.encode("cp1252").hex().encode("ascii") + b">"


class _Page:
    """Collects the drawing operators, from the top of the page down."""

    def __init__(self) -> None:
        self.operators: list[bytes] = []
        self.y: float = PAGE[1] - MARGIN

    def text(self, words: str, *, size: float = 10.5, bold: bool = False, x: float = MARGIN, down: float | None = None) -> None:
        self.y -= down if down is not None else size * 1.42
        font = b"/F2" if bold else b"/F1"
        self.operators.append(b"BT %b %.1f Tf 1 0 0 1 %.1f %.1f Tm %b Tj ET" % (font, size, x, self.y, _shown(words)))

    def rule(self, down: float = 10) -> None:
        self.y -= down
        self.operators.append(b"0.35 G 0.6 w %d %.1f m %d %.1f l S 0 G" % (MARGIN, self.y, PAGE[0] - MARGIN, self.y))

    def space(self, points: float) -> None:
        self.y -= points


def write(letter: Letter) -> bytes:
    """The bytes of a one-page PDF. The same letter gives the same bytes."""
    page = _Page()
    room = PAGE[0] - 2 * MARGIN
    page.text(letter.institution, size=15, bold=True, down=4)
    page.text(letter.service, size=10.5, down=17)
    page.rule()
    page.space(10)
    for line in letter.recipient:
        page.text(line, x=330)
    page.space(10)
    page.text(letter.place)
    page.space(12)
    for line in letter.patient_lines:
        page.text(line, bold=True)
    page.space(12)
    page.text(letter.subject, size=12, bold=True)
    page.space(8)
    for paragraph in letter.paragraphs:
        for line in wrap(paragraph, 10.5, room):
            page.text(line)
        page.space(7)
    page.space(14)
    for line in letter.signature:
        page.text(line, x=330)
    return _document(b"\n".join(page.operators), letter.subject)


def _document(content: bytes, title: str) -> bytes:
    with pikepdf.new() as pdf:
        fonts = {
            f"/F{number}": pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Font,
                    Subtype=pikepdf.Name.Type1,
                    BaseFont=pikepdf.Name(name),
                    Encoding=pikepdf.Name.WinAnsiEncoding,
                )
            )
            for number, name in ((1, "/Helvetica"), (2, "/Helvetica-Bold"))
        }
        sheet = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, *PAGE],
            Resources=pikepdf.Dictionary(Font=pikepdf.Dictionary(fonts)),
            Contents=pdf.make_stream(content),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(sheet)))
        pdf.docinfo["/Title"] = title
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()
