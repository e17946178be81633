"""Images that are cut, point to themselves, or say that they are larger than they are."""

from __future__ import annotations

import struct
import zlib

import pytest

from tests.corpus.images import fax, paper, quarters, saved
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import image


def tiff(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    """One directory: (tag, type, count, value) each."""
    made = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + made + struct.pack("<I", following)


SIZE = ((256, 4, 1, 50_000), (257, 4, 1, 50_000), (258, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1))


def png(width: int, height: int, content: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + content + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b"")


ATTACKS = {
    "pages that follow themselves": tiff(*SIZE, following=8),
    "strips that are not there": tiff(*SIZE, (273, 4, 100_000, 8), (279, 4, 100_000, 8)),
    "a strip of more than all": tiff(*SIZE, (273, 4, 1, 8), (279, 4, 1, 0xFFFFFFFF)),
    "strips at the ends of the world": tiff(*SIZE, (273, 4, 1, 0xFFFFFFFF), (279, 4, 1, 0xFFFFFFFF)),
    "tags without end": b"II*\0" + struct.pack("<IH", 8, 0xFFFF) + b"\0" * 100_000,
    "a bomb": png(30_000, 30_000, b""),
    "no width": png(0, 10, b""),
    "more than any": png(0x7FFFFFFF, 0x7FFFFFFF, b""),
    "words packed": png(10, 10, struct.pack(">I", 0x7FFFFFFF) + b"zTXt" + zlib.compress(b"a" * 5_000_000)),
    "a picture of many views": saved(quarters(), "GIF") + b"\x2c" * 100_000,
    "a photo of nothing but marks": b"\xff\xd8" + b"\xff\xe1\x00\x02" * 200_000,
    "a photo of odd notes": b"\xff\xd8\xff\xe1\x00\x20Exif\0\0" + tiff((34665, 4, 1, 8))[:24] + saved(quarters(), "JPEG")[2:],
    "a bitmap upside down without end": b"BM" + struct.pack("<IIIIiiHHII", 100, 0, 54, 40, 10, -0x7FFFFFFF, 1, 24, 0, 0) + b"\0" * 100,
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(lambda octets: image.measure(octets, 1_000, 3), data)
    if isinstance(found, image.Measured):
        assert 0 < len(found.sizes) <= 3 and all(0 < side <= image.MOST_HEIGHT for size in found.sizes for side in size)
    within_bounds(lambda octets: image.render(octets, 0, 200), data)


@pytest.mark.parametrize("data", [saved(quarters(), "PNG"), fax(paper(80, 113), paper(80, 113))], ids=["PNG", "fax"])
def test_cut_anywhere(data: bytes) -> None:
    cut_everywhere(lambda octets: image.measure(octets, 1_000, 3), data, 200)
    cut_everywhere(lambda octets: image.render(octets, 0, 200), data, 100)
