"""File names of a mail's parts as they are kept and shown: one line, no folders, nothing hidden, never too long."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.mail_cases import COVER, HPRIM, mail, multipart
from vaguemestre.inbound.read import extract, read


def named(disposition: bytes) -> str:
    """The name of the one document of a mail with such a part."""
    octets = b"Content-Type: application/octet-stream\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + HPRIM
    (document,) = read(mail(multipart(COVER, octets)), "x").documents
    return document.path[0]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'attachment; filename="..\\\\..\\\\envoi\\\\a.hpr"', "a.hpr"),
        (b"attachment; filename*=utf-8''%2Fetc%2Fpasswd%2Fa.hpr", "a.hpr"),
        (b"attachment; filename*=utf-8''..%5C..%5Ca.hpr", "a.hpr"),
        (b"attachment; filename=a\x00b.hpr", "a b.hpr"),
        (b"attachment; filename*=utf-8''a%00b%0D%0A.hpr", "a b .hpr"),
        (b"attachment; filename*=utf-8''rph%E2%80%AE.exe", "rph.exe"),
        (b"attachment; filename=\x1b[31mrouge.hpr", "[31mrouge.hpr"),
        (b'attachment; filename="' + b"a" * 400 + b'.hpr"', "a" * 235 + ".hpr"),
        (b'attachment; filename="a.' + b"b" * 400 + b'"', "a." + "b" * 253),
        (b"attachment; filename*=utf-8''%E2%80%AE", "part-2"),
        (b'attachment; filename="/"', "part-2"),
        (b'attachment; filename=""', "part-2"),
        (b"inline", "part-2"),
    ],
)
def test_names(disposition: bytes, name: str) -> None:
    assert named(disposition) == name


def test_the_name_of_the_content_type_where_there_is_no_other() -> None:
    octets = b"Content-Type: application/octet-stream; name*=utf-8''r%C3%A9s.hpr\r\nContent-Disposition: inline\r\n\r\n" + HPRIM
    data = mail(multipart(COVER, octets))
    (document,) = read(data, "x").documents
    assert document.path == ("rés.hpr",)
    assert extract(data, document.sha256)[2] == "rés.hpr"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=40), st.sampled_from(["quoted", "percent", "raw"]))
def test_no_name_hides_anything(told: str, how: str) -> None:
    octets = told.encode("utf-8", "replace")
    value = {
        "quoted": b'"' + octets.translate(None, b'\r\n"\\') + b'"',
        "percent": b"".join(b"%%%02X" % one for one in octets),
        "raw": octets.translate(None, b'\r\n;"'),
    }[how]
    name = named(b"attachment; filename" + (b"*=utf-8''" if how == "percent" else b"=") + value)
    assert 0 < len(name) <= 255
    assert not set(name) & set("/\\\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff\u061c")
    assert not any(unicodedata.category(one) in {"Cc", "Zl", "Zp", "Cs"} for one in name)
