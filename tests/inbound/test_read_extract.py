"""Several documents and files found again in one walk of their message."""

from __future__ import annotations

import hashlib

import pytest

from tests.corpus.cda_build import document, encoded, media, section, structured
from tests.corpus.images import quarters, saved
from tests.web.illustrations import mail
from vaguemestre.domain.fault import Unsupported
from vaguemestre.inbound.read_extract import extract, extract_each

INNER, BESIDE = saved(quarters(), "PNG"), saved(quarters(), "JPEG")
CDA = encoded(document(structured(section("I", "<paragraph>a</paragraph>", entries=media("A", INNER, "image/png")))))
MESSAGE = mail(("lettre.xml", "application/xml", CDA), ("photo.jpg", "image/jpeg", BESIDE), ("copie.jpg", "image/jpeg", BESIDE))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_each_one_asked_is_found_once_and_no_other() -> None:
    found = list(extract_each(MESSAGE, [sha(INNER), sha(BESIDE), sha(CDA), "0" * 64]))
    assert sorted(found) == sorted([(sha(CDA), CDA), (sha(BESIDE), BESIDE), (sha(INNER), INNER)])
    assert list(extract_each(MESSAGE, [sha(INNER)])) == [(sha(INNER), INNER)]
    assert list(extract_each(MESSAGE, [])) == []
    assert list(extract_each(b"", ["0" * 64])) == []


def test_what_lies_in_a_cda_has_its_name_and_type() -> None:
    assert extract(MESSAGE, sha(INNER)) == (INNER, "image/png", "A.png")
    assert extract(MESSAGE, sha(BESIDE)) == (BESIDE, "image/jpeg", "photo.jpg")
    assert extract(INNER, sha(INNER)) == (INNER, "image/png", "")
    with pytest.raises(Unsupported):
        extract(MESSAGE, "0" * 64)
