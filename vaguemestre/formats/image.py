"""Images that come from outside: how many pages one holds and how large, and one of them drawn anew as a PNG (read by Pillow).

Nothing of what was received reaches the PNG but its pixels: no comment, no place where a photo was taken, no colour profile. Seven formats
are opened and no other (JPEG, PNG, GIF, BMP; TIFF 6.0 with the fax codings of ITU-T T.4 and T.6; WebP, RFC 9649; JPEG 2000, ITU-T T.800).
What is said of an image of another kind is in `image_kinds`. Bounds: the pixels that the header tells, before any is decoded; pages; the
pixels drawn.
Known weaknesses: of an animation the first view is drawn; colours of a wide profile (photos of telephones) are drawn slightly paler.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import math
import warnings
from collections.abc import Iterator
from typing import Any

from vaguemestre.domain.fault import Fault, TooLarge, Unreadable

FORMATS = ("JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP", "JPEG2000")
MOST_PIXELS = 50_000_000
"""Of one page as its header tells: an A4 sheet at 600 dots an inch has 35 million."""
MOST_PIXELS_OF_WAVES = 20_000_000
"""Of a JPEG 2000, whose decoder takes some 30 octets for each."""
MOST_PAGES = 500
MOST_WIDTH, MOST_HEIGHT = 3_000, 10_000
"""Of what is drawn."""

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION = 274, 282, 283
_TURNED = frozenset({5, 6, 7, 8})
"""Orientations in which a row of the image is a column of what is seen (TIFF 6.0, section 8)."""
_SQUARE = 0.1
"""Share by which the two resolutions may differ in pixels that count as square; those of a fax are up to twice as high as wide."""
_MOST_STRETCH = 4.0
_DEEP = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_SEEN_THROUGH = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_PNG_NOTES = frozenset({"exif", "Raw profile type exif"})
_PLAIN = frozenset({"L", "RGB"})


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """`sizes`: (width, height) in pixels of the first pages as `render` draws them; `pages`: how many there are, at most MOST_PAGES are
    counted. `animated`: there are more views, which are no pages. `cut`: what comes after the pages counted is damaged."""

    sizes: tuple[tuple[int, int], ...]
    pages: int
    animated: bool = False
    cut: bool = False

    @classmethod
    def of(cls, told: object) -> Measured | None:
        """What another process told by `dataclasses.asdict`, or None where it is nothing of this shape."""
        if not isinstance(told, dict):
            return None
        sizes, pages = told.get("sizes"), told.get("pages")
        if not isinstance(sizes, list) or not isinstance(pages, int) or not 0 < len(sizes) <= pages <= MOST_PAGES:
            return None
        pairs = [(one[0], one[1]) for one in sizes if isinstance(one, list) and len(one) == 2]
        if len(pairs) != len(sizes) or not all(type(side) is int and 0 < side <= MOST_HEIGHT for pair in pairs for side in pair):
            return None
        return cls(tuple(pairs), pages, told.get("animated") is True, told.get("cut") is True)


def measure(data: bytes, width: int, most: int) -> Measured:
    """The pages of an image, the sizes of the first `most` of them when drawn at most `width` pixels wide. Reads headers alone. Raises
    `Unreadable` or `TooLarge`, for what its first page is."""
    with _opened(data) as image:
        sizes = [_drawn_size(image, width)]
        if image.format != "TIFF":
            return Measured(tuple(sizes), 1, animated=_animated(image))
        pages, cut = 1, False
        while pages < MOST_PAGES:
            try:
                _turn_to(image, pages)
            except EOFError:
                break
            except Exception:  # noqa: BLE001 - what can be seen of a damaged file is seen, and that there was more is told
                cut = True
                break
            pages += 1
            if len(sizes) < most:
                sizes.append(_drawn_size(image, width))
        return Measured(tuple(sizes), pages, cut=cut)


def render(data: bytes, page: int, width: int) -> bytes:
    """Page `page` (from 0) as a PNG at most `width` pixels wide, upright, on white. Raises `Unreadable` or `TooLarge`."""
    with _opened(data) as image:
        if not 0 <= page < MOST_PAGES or (page and image.format != "TIFF"):
            raise Unreadable("The image has no such page.")
        if page:
            try:
                _turn_to(image, page)
            except EOFError:
                raise Unreadable("The image has no such page.") from None
        drawn = _flat(_drawn(image, width))
        # What a file said beside its pixels would be written along.
        drawn.info = {}
        out = io.BytesIO()
        drawn.save(out, "PNG", compress_level=3)
        return out.getvalue()


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """The image at its first page, its bounds seen to. Whatever Pillow raises in the block becomes `Unreadable` or `TooLarge`."""
    from PIL import Image, Jpeg2KImagePlugin, TiffImagePlugin, WebPImagePlugin

    # Once their plugins are there, these need none of the forty others.
    assert {TiffImagePlugin.TiffImageFile.format, WebPImagePlugin.WebPImageFile.format, Jpeg2KImagePlugin.Jpeg2KImageFile.format} <= set(
        FORMATS
    )
    _bounded_canvas(data)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _bounded(image)
                yield image
        except Fault:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
            raise TooLarge("The image has too many pixels to be shown.") from None
        except Exception:  # noqa: BLE001 - on damaged bytes Pillow raises of every kind; none of its words is told (promise 5)
            raise Unreadable("The image is damaged, or of a kind that is not shown.") from None


def _bounded_canvas(data: bytes) -> None:
    """The size that the header of a WebP tells (RFC 9649, 2.7): its decoder makes room for all of it as soon as it is opened."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return
    kind = data[12:16]
    if kind == b"VP8X":
        broad, high = int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        packed = int.from_bytes(data[21:25], "little")
        broad, high = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    else:
        broad, high = int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    if broad * high > MOST_PIXELS:
        raise TooLarge("The image has too many pixels to be shown.")


def _bounded(image: Any) -> None:
    broad, high = image.size
    if broad < 1 or high < 1:
        raise Unreadable("The image has no size.")
    if broad * high > (MOST_PIXELS_OF_WAVES if image.format == "JPEG2000" else MOST_PIXELS):
        raise TooLarge("The image has too many pixels to be shown.")


def _turn_to(image: Any, page: int) -> None:
    image.seek(page)
    _bounded(image)


def _animated(image: Any) -> bool:
    try:
        return image.format in {"GIF", "PNG", "WEBP"} and bool(getattr(image, "is_animated", False))
    except Exception:  # noqa: BLE001 - what comes after the first view is damaged: it is not shown either way
        return True


def _turned(image: Any) -> bool:
    """Whether the image is seen on its side. TIFF tells its size as it will be seen already."""
    if image.format == "TIFF" or (image.format == "PNG" and not _PNG_NOTES & image.info.keys()):
        return False  # a PNG without notes before its pixels would be decoded whole in search of some behind them
    try:
        return image.getexif().get(_ORIENTATION) in _TURNED
    except Exception:  # noqa: BLE001 - a camera's notes that cannot be read cost their image nothing but its turn
        return False


def _stretch(image: Any) -> float:
    """How much higher than wide the pixels of a page of TIFF are seen."""
    if image.format != "TIFF":
        return 1.0
    try:
        across, down = float(image.tag_v2.get(_X_RESOLUTION, 1)), float(image.tag_v2.get(_Y_RESOLUTION, 1))
        turned = image.tag_v2.get(_ORIENTATION) in _TURNED
        ratio = down / across if turned else across / down
    except (TypeError, ValueError, ZeroDivisionError):
        return 1.0
    plain = not math.isfinite(ratio) or not 1 / _MOST_STRETCH <= ratio <= _MOST_STRETCH or abs(ratio - 1) <= _SQUARE
    return 1.0 if plain else ratio


def _fitted(broad: int, high: int, stretch: float, width: int) -> tuple[int, int]:
    tall = high * stretch
    scale = min(1.0, min(max(width, 16), MOST_WIDTH) / broad, MOST_HEIGHT / tall)
    return max(1, round(broad * scale)), max(1, round(tall * scale))


def _drawn_size(image: Any, width: int) -> tuple[int, int]:
    broad, high = image.size
    if _turned(image):
        broad, high = high, broad
    return _fitted(broad, high, _stretch(image), width)


def _drawn(image: Any, width: int) -> Any:
    """The page decoded, upright and as large as it is drawn."""
    from PIL import Image, ImageOps

    stretch = _stretch(image)
    if image.format == "JPEG":
        # Its decoder makes an eighth, a quarter or a half of it at once, in the eighth, quarter or half of the time.
        broad, high = _drawn_size(image, width)
        image.draft(None, (2 * high, 2 * broad) if _turned(image) else (2 * broad, 2 * high))
    image.load()
    upright = image
    try:
        upright = ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - as in `_turned`
        upright = image
    broad, high = upright.size
    size = _fitted(broad, high, stretch, width)
    simple = _simple(upright)
    return simple if simple.size == size else simple.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _simple(image: Any) -> Any:
    """The image in grey or colours, of eight bits each, with what is seen through where there is any."""
    if image.mode in _DEEP:
        return _eight_bits(image)
    if image.mode == "1":
        return image.convert("L")
    if image.mode in _SEEN_THROUGH or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode in _PLAIN else image.convert("RGB")


def _eight_bits(image: Any) -> Any:
    """Grey of sixteen or more bits: its darkest point black, its lightest white, since those bits are seldom all in use."""
    from PIL import Image

    wide = image if image.mode == "F" else image.convert("I")
    low, high = wide.getextrema()
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Unreadable("The image has points that are no numbers.")
    if low == high:
        return Image.new("L", image.size, 255 if high > 0 else 0)
    scale = 255.0 / (high - low)
    return wide.point(lambda value: value * scale + (-low * scale)).convert("L")


def _flat(image: Any) -> Any:
    """On white, as on paper."""
    from PIL import Image

    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper
