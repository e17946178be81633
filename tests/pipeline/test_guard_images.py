"""Images asked of the reading child: those of a message measured at once, one drawn, and hostile ones that cost nothing to the others."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.corpus.cda_build import document, encoded, media, section, structured
from tests.corpus.images import fax, paper, png, quarters, saved
from tests.corpus.pdfs import text_pdf
from tests.web.illustrations import mail
from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.formats.image import Measured
from vaguemestre.pipeline import guard as guard_module
from vaguemestre.pipeline.guard import Guard, Limits

PHOTO, SCAN, BOMB, CUT = saved(quarters(), "JPEG"), fax(paper(), paper()), png(60_000, 60_000, b"\0"), saved(quarters(), "PNG")[:40]
CDA = encoded(document(structured(section("I", "<paragraph>a</paragraph>", entries=media("A", PHOTO, "image/jpeg")))))
MESSAGE = mail(
    ("lettre.xml", "application/xml", CDA), ("s.tif", "image/tiff", SCAN), ("b.png", "image/png", BOMB), ("c.png", "image/png", CUT)
)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def guard() -> Iterator[Guard]:
    one = Guard(Limits())
    yield one
    one.close()


def test_the_images_of_a_message_are_measured_at_once(guard: Guard) -> None:
    asked = [sha(one) for one in (PHOTO, SCAN, BOMB, CUT, CDA)] + ["0" * 64]
    assert guard.measure(MESSAGE, asked, 1_000, 60) == {
        sha(PHOTO): Measured(((80, 40),), 1),
        sha(SCAN): Measured(((800, 1132), (800, 1132)), 2),
    }
    assert guard.measure(MESSAGE, [], 1_000, 60) == {}


def test_images_and_pdfs_are_drawn_by_one_question(guard: Guard) -> None:
    assert Image.open(io.BytesIO(guard.render(PHOTO, 0, 1_000))).size == (80, 40)
    assert Image.open(io.BytesIO(guard.render(SCAN, 1, 400))).size == (400, 566)
    assert abs(Image.open(io.BytesIO(guard.render(text_pdf(["a"]), 0, 400))).width - 400) <= 1
    with pytest.raises(TooLarge):
        guard.render(BOMB, 0, 1_000)
    for data, page in ((CUT, 0), (SCAN, 2), (b"words", 0)):
        with pytest.raises(Unreadable):
            guard.render(data, page, 1_000)


@pytest.mark.parametrize("told", [b"[]", b"null", b'{"x": 1}', b'{"%b": {"sizes": 1}}'])
def test_an_answer_of_another_shape_is_nothing(guard: Guard, monkeypatch: pytest.MonkeyPatch, told: bytes) -> None:
    said = told % sha(PHOTO).encode() if b"%b" in told else told

    def ask(self: Guard, what: str, data: bytes, **arguments: Any) -> bytes:
        return said

    monkeypatch.setattr(guard_module.Guard, "_ask", ask)
    assert guard.measure(MESSAGE, [sha(PHOTO)], 1_000, 60) == {}
