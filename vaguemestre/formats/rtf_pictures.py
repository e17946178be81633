"""The pictures of an RTF 1.9.1: PNG and JPEG, in hexadecimal or as octets ("Pictures"). Bounds: how many, and their octets together."""

from __future__ import annotations

import binascii
import dataclasses
from collections.abc import Callable

from vaguemestre.domain.reading import Warning

MAX_PICTURES = 50
MAX_PICTURE_BYTES = 30_000_000
"""Of all the pictures of one text."""
_DRAWINGS = Warning("unsupported", "A drawing in the text is of a kind that is not shown.")
_PICTURES = Warning(
    "too-large", f"The text holds more than {MAX_PICTURES} pictures or {MAX_PICTURE_BYTES} octets of them: the rest is left out."
)
_BAD_PICTURE = Warning("malformed", "A picture of the text is damaged.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """An image of the text as it stands in it. `name`: made by its rank."""

    name: str
    media_type: str
    data: bytes


class Pictures:
    """Those found so far, and the one that is being read: its `kind`, its octets as `hexadecimal` lines or `binary`."""

    def __init__(self, warn: Callable[[Warning], None]) -> None:
        self.found: list[Picture] = []
        self._warn = warn
        self._size = 0
        self.begin()

    def begin(self) -> None:
        """A picture begins."""
        self.kind = ""
        self.hexadecimal: list[bytes] = []
        self.binary = b""

    def end(self) -> None:
        """The picture is whole: it is kept, or a warning tells why not."""
        octets, kind = self.binary, self.kind
        if not octets:
            digits = b"".join(self.hexadecimal).translate(None, b" \t\r\n\0")
            try:
                octets = binascii.unhexlify(digits[: len(digits) & ~1])
            except binascii.Error:
                self._warn(_BAD_PICTURE)
        self.begin()
        if not octets:
            return
        if kind not in {"image/png", "image/jpeg"}:
            self._warn(_DRAWINGS)
            return
        self._size += len(octets)
        if len(self.found) >= MAX_PICTURES or self._size > MAX_PICTURE_BYTES:
            self._warn(_PICTURES)
            return
        suffix = "png" if kind == "image/png" else "jpg"
        self.found.append(Picture(f"image-{len(self.found) + 1}.{suffix}", kind, octets))
