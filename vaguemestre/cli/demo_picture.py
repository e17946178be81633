"""Draws the demo's one picture: a slice of a knee that nobody has, as a scanner shows it. Nothing of it comes from a person."""

from __future__ import annotations

import io
from collections.abc import Sequence

SIDE = 560
"""Width and height in pixels."""
_SHAPES: Sequence[tuple[tuple[int, int, int, int], int]] = (
    ((40, 50, 520, 530), 74),  # skin
    ((52, 62, 508, 518), 40),  # fat
    ((92, 100, 468, 478), 92),  # muscle
    ((128, 150, 300, 340), 232),  # the inner condyle: bone, and the marrow in it
    ((142, 164, 286, 326), 142),
    ((266, 146, 440, 342), 232),
    ((280, 160, 426, 328), 142),
    ((214, 70, 352, 134), 236),  # the kneecap
    ((228, 80, 338, 124), 150),
    ((150, 372, 214, 436), 104),  # muscles behind
    ((226, 384, 300, 450), 98),
    ((322, 374, 404, 440), 104),
    ((262, 352, 296, 384), 128),  # a vessel
)


def knee() -> bytes:
    """A JPEG of grey. The same bytes each time."""
    from PIL import Image, ImageDraw, ImageFilter

    sheet = Image.new("L", (SIDE, SIDE), 4)
    pen = ImageDraw.Draw(sheet)
    for box, grey in _SHAPES:
        pen.ellipse(box, fill=grey)
    # A narrowed joint, and the spurs at its edges.
    pen.ellipse((270, 176, 296, 322), fill=70)
    pen.polygon([(126, 214), (110, 206), (128, 236)], fill=228)
    pen.polygon([(440, 226), (456, 216), (438, 250)], fill=228)
    soft = sheet.filter(ImageFilter.GaussianBlur(2.2))
    # The grain of a scanner, by a sum that repeats itself and not by chance.
    grain = Image.new("L", (SIDE, SIDE))
    grain.putdata([(x * 73 + y * 151 + x * y * 31) % 23 for y in range(SIDE) for x in range(SIDE)])
    drawn = Image.blend(soft, grain.filter(ImageFilter.GaussianBlur(0.6)), 0.12)
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=82)
    return out.getvalue()
