"""Images of other kinds: WebP and JPEG 2000 drawn within the same bounds; HEIC, AVIF, DICOM and SVG known by their octets, never opened."""

from __future__ import annotations

import io
import struct
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.corpus.images import BLUE, GREEN, QUARTERS, RED, WHITE, quarters, saved, turned
from tests.formats.test_image import corners, drawn, near
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.formats import image, image_kinds
from vaguemestre.formats.image import Measured
from vaguemestre.formats.media_types import media_type

WEBP, WAVES = saved(quarters(), "WEBP", lossless=True), saved(quarters(), "JPEG2000", irreversible=False)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40
AVIF = b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + b"\0" * 40
DICOM = b"\0" * 128 + b"DICM" + b"\x02\0\0\0UL\x04\0"
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "within"),
    [
        (WEBP, 0),
        (saved(quarters(), "WEBP", quality=95), 25),
        (saved(quarters(mode="RGBA"), "WEBP", lossless=True), 0),
        (WAVES, 0),
        (saved(quarters(), "JPEG2000", quality_mode="rates", quality_layers=[4]), 60),
        (saved(quarters(mode="RGBA"), "JPEG2000", irreversible=False), 0),
        (saved(quarters(), "JPEG2000", no_jp2=True, irreversible=False), 0),
    ],
    ids=["webp", "webp-lossy", "webp-alpha", "jpeg2000", "jpeg2000-lossy", "jpeg2000-alpha", "bare-stream"],
)
def test_each_format_is_drawn(data: bytes, within: int) -> None:
    picture = drawn(data)
    assert picture.size == (80, 40)
    assert near(corners(picture), QUARTERS, within)
    assert image.measure(data, 1_000, 60) == Measured(((80, 40),), 1)


def test_one_colour_changes_alone() -> None:
    for kind, how in (("WEBP", {"lossless": True}), ("JPEG2000", {"irreversible": False})):
        other = quarters()
        other.paste(GREEN, (0, 0, 40, 20))
        assert corners(drawn(saved(other, kind, **how))) == [GREEN, GREEN, BLUE, WHITE]
        assert corners(drawn(saved(quarters(), kind, **how))) == [RED, GREEN, BLUE, WHITE]


def test_a_photo_in_webp_is_upright() -> None:
    data = turned("WEBP", 6)
    assert image.measure(data, 1_000, 60).sizes == ((40, 80),)
    assert near(corners(drawn(data)), (BLUE, RED, WHITE, GREEN), 60)


def test_an_animation_shows_its_first_view() -> None:
    views = [quarters(), Image.new("RGB", (80, 40), "black")]
    data = saved(views[0], "WEBP", save_all=True, append_images=views[1:], lossless=True)
    assert image.measure(data, 1_000, 60) == Measured(((80, 40),), 1, animated=True)
    assert near(corners(drawn(data)), QUARTERS)
    with pytest.raises(Unreadable):
        image.render(data, 1, 100)


def test_deep_grey_in_waves() -> None:
    deep = Image.new("I;16", (40, 20), 1_000)
    deep.paste(3_000, (20, 0, 40, 20))
    picture = drawn(saved(deep, "JPEG2000", irreversible=False)).convert("L")
    assert (picture.getpixel((5, 10)), picture.getpixel((35, 10))) == (0, 255)


def told(size: tuple[int, int], kind: bytes) -> bytes:
    """A WebP whose header alone tells that size."""
    broad, high = size
    if kind == b"VP8X":
        body = b"\0\0\0\0" + (broad - 1).to_bytes(3, "little") + (high - 1).to_bytes(3, "little")
    elif kind == b"VP8L":
        body = b"\x2f" + ((broad - 1) | (high - 1) << 14).to_bytes(4, "little")
    else:
        body = b"\x30\x01\0\x9d\x01\x2a" + struct.pack("<HH", broad, high)
    chunk = kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


@pytest.mark.parametrize("kind", [b"VP8X", b"VP8L", b"VP8 "])
def test_a_huge_webp_is_refused_by_its_header(kind: bytes) -> None:
    for act in (lambda data: image.measure(data, 100, 1), lambda data: image.render(data, 0, 100)):
        with pytest.raises(TooLarge):
            act(told((16_000, 16_000), kind))
    with pytest.raises(Unreadable):
        image.render(told((100, 100), kind), 0, 100)


def test_a_huge_image_in_waves_is_refused_by_its_header() -> None:
    place = WAVES.index(b"\xff\x4f\xff\x51")
    at = WAVES.index(struct.pack(">II", 80, 40), place)
    header = WAVES.index(b"ihdr") + 4
    for size in ((5_000, 5_000), (65_000, 65_000)):
        lying = bytearray(WAVES)
        lying[at : at + 8] = struct.pack(">II", *size)
        lying[header : header + 8] = struct.pack(">II", size[1], size[0])
        with pytest.raises(TooLarge):
            image.measure(bytes(lying), 100, 1)
        with pytest.raises(TooLarge):
            image.render(bytes(lying), 0, 100)


@pytest.mark.parametrize(
    ("data", "kind", "type_"),
    [
        (WEBP, "webp", "image/webp"),
        (WAVES, "jp2", "image/jp2"),
        (saved(quarters(), "BMP"), "bmp", "image/bmp"),
        (HEIC, "heic", "image/heic"),
        (HEIC.replace(b"ftypheic", b"ftypmif1"), "heic", "image/heic"),
        (AVIF, "avif", "image/avif"),
        (AVIF.replace(b"ftypmif1", b"ftypavif"), "avif", "image/avif"),
        (DICOM, "dicom", "application/dicom"),
        (SVG, "svg", "image/svg+xml"),
    ],
)
def test_each_kind_is_known_by_its_octets(data: bytes, kind: str, type_: str) -> None:
    assert (image_kinds.kind(data), media_type(data)) == (kind, type_)
    assert (kind in image_kinds.SHOWN) is (kind not in image_kinds.SENTENCES)


@pytest.mark.parametrize("data", [HEIC, AVIF, DICOM, SVG])
def test_the_others_are_never_opened(data: bytes) -> None:
    with pytest.raises(Unreadable):
        image.measure(data, 100, 1)
    with pytest.raises(Unreadable):
        image.render(data, 0, 100)


def test_each_sentence_is_of_one_kind() -> None:
    assert {kind: image_kinds.kind_of(sentence) for kind, sentence in image_kinds.SENTENCES.items()} == {
        kind: kind for kind in image_kinds.SENTENCES
    }
    assert image_kinds.kind_of("anything else") is None


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([WEBP, WAVES]), st.data())
def test_damaged_ones_raise_declared_faults_alone(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 6))):
        damaged[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(damaged[: draw.draw(st.integers(8, len(data)))])
    for act in (lambda: image.measure(cut, 100, 2), lambda: image.render(cut, 0, 100)):
        try:
            act()
        except Fault:
            pass


def test_the_plugins_of_the_formats_alone_are_loaded() -> None:
    code = (
        "import sys; from vaguemestre.formats import image; data = sys.stdin.buffer.read(); image.measure(data, 100, 1);"
        "print(sorted(name for name in sys.modules if name.startswith('PIL.') and name.endswith('ImagePlugin')))"
    )
    out = subprocess.run([sys.executable, "-c", code], input=WAVES, capture_output=True, check=True).stdout.decode()
    assert "Jpeg2K" in out and "WebP" in out
    assert not any(name in out for name in ("Eps", "Psd", "Fits", "Avif", "Xpm"))


def test_the_largest_that_is_drawn_stays_within_the_limits_of_the_child() -> None:
    """4,400 by 4,400 in waves, under the address space of the reading child."""
    out = io.BytesIO()
    Image.new("RGB", (4_400, 4_400), "white").save(out, "JPEG2000", irreversible=False)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30));"
        "from vaguemestre.formats import image; print(len(image.render(sys.stdin.buffer.read(), 0, 1000)))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=out.getvalue(), capture_output=True, check=True)
    assert int(done.stdout) > 100
