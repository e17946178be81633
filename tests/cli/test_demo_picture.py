"""The demo's picture: ours, drawn the same each time, and in its place in the one message that bears it."""

from __future__ import annotations

import datetime as dt
import io

from PIL import Image

from vaguemestre.cli import demo_picture
from vaguemestre.cli.demo_messages import posts
from vaguemestre.inbound.read import read

NOW = dt.datetime(2026, 3, 9, 18, 30, tzinfo=dt.UTC)


def test_the_picture_is_the_same_each_time_and_bears_nothing_but_grey() -> None:
    data = demo_picture.knee()
    assert data == demo_picture.knee()
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "L", (560, 560))
    assert not picture.getexif() and "comment" not in picture.info and "icc_profile" not in picture.info
    bone, marrow, air = (picture.getpixel(place) for place in ((135, 245), (214, 245), (8, 8)))
    assert bone > 180 > marrow > 90 > 20 > air  # type: ignore[operator]
    assert len(data) < 40_000


def test_one_message_shows_it_in_its_words() -> None:
    archives = [one for post in posts(NOW) for one in post.attached if one[0] == "IHE_XDM.zip"]
    documents = [one for name, kind, data in archives for one in read(data, name, kind).documents]
    found = [one for one in documents if any(file.media_type.startswith("image/") for file in one.attachments)]
    (scan,) = found
    assert [(one.name, one.media_type) for one in scan.attachments] == [("COUPE.jpg", "image/jpeg")]
    assert '<span class="caption">Coupe axiale passant par les condyles</span><span class="media">COUPE.jpg</span>' in scan.html
    assert scan.title == "Scanner du genou droit" and scan.results == ()
