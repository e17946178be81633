"""Images made by code, for the readers and the screens: a sheet of four quarters, of which each test knows which colour stands where."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

RED, GREEN, BLUE, WHITE, BLACK = (200, 30, 40), (30, 150, 60), (20, 60, 200), (255, 255, 255), (0, 0, 0)
QUARTERS = (RED, GREEN, BLUE, WHITE)
"""Upper left, upper right, lower left, lower right."""


def quarters(width: int = 80, height: int = 40, mode: str = "RGB") -> Image.Image:
    """The sheet of four colours."""
    sheet = Image.new("RGB", (width, height))
    for rank, colour in enumerate(QUARTERS):
        left, top = width // 2 * (rank % 2), height // 2 * (rank // 2)
        sheet.paste(colour, (left, top, left + width // 2, top + height // 2))
    return sheet.convert(mode)


def paper(width: int = 800, height: int = 1_132) -> Image.Image:
    """A sheet with black bars as lines of writing, in one bit: darker above than below."""
    sheet = Image.new("1", (width, height), 1)
    for line in range(10):
        top = height // 20 + line * height // 12
        sheet.paste(0, (width // 10, top, width - width // 10 - line * width // 20, top + height // 60))
    return sheet


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    """Its bytes in that format."""
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def turned(kind: str, orientation: int, image: Image.Image | None = None) -> bytes:
    """An image whose camera says how it was held (EXIF, or the tag of TIFF)."""
    exif = Image.Exif()
    exif[274] = orientation
    return saved(image if image is not None else quarters(), kind, exif=exif)


def fax(*pages: Image.Image, resolution: tuple[int, int] = (204, 196)) -> bytes:
    """Scanned sheets as a fax stores them: one bit, ITU-T T.6, all in one TIFF."""
    first, *others = pages or (paper(),)
    return saved(first, "TIFF", compression="group4", save_all=True, append_images=others, dpi=resolution)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))


def png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 0, before: bytes = b"") -> bytes:
    """A PNG written by hand: its header says `width` and `height`, whatever `rows` holds (a filter byte before each row)."""
    header = _chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def chunks(data: bytes) -> list[bytes]:
    """The names of a PNG's chunks."""
    found, place = [], 8
    while place < len(data):
        size = struct.unpack_from("!I", data, place)[0]
        found.append(data[place + 4 : place + 8])
        place += 12 + size
    return found
