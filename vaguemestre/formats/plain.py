"""Plain text: any text file, or the words of a mail that holds no other document."""

from __future__ import annotations

from vaguemestre.domain.reading import StatedPatient, Warning
from vaguemestre.formats.charset import decode
from vaguemestre.formats.running_text import identity

MAX_TEXT = 2_000_000
"""Characters of text kept of one document."""


def read(data: bytes, charset: str | None = None) -> tuple[str, StatedPatient | None, tuple[Warning, ...]]:
    """(text, whom it clearly names, warnings). Never raises."""
    decoded = decode(data, charset)
    warnings = []
    if decoded.guessed:
        warnings.append(Warning("encoding-guessed", f"The text does not tell its encoding: read as {decoded.encoding}."))
    if decoded.unknown:
        warnings.append(Warning("unknown-charset", "The declared character set is not known."))
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        warnings.append(Warning("too-large", f"The text is longer than {MAX_TEXT} characters: the rest is not shown."))
    return text, identity(text), tuple(warnings)
