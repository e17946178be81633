"""XML from outside: what is refused, before what it costs; encodings; only declared faults escape."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.formats import safe_xml
from vaguemestre.formats.safe_xml import MAX_BYTES, MAX_DEPTH, MAX_MARKS, parse

BOMB = (
    b'<!DOCTYPE a [<!ENTITY x0 "ha">'
    + b"".join(b'<!ENTITY x%d "&x%d;&x%d;&x%d;&x%d;&x%d;&x%d;&x%d;&x%d;">' % ((n, *[n - 1] * 8)) for n in range(1, 12))
    + b"]>"
)


def fault(data: bytes) -> str:
    with pytest.raises(Fault) as caught:
        parse(data)
    assert type(caught.value) in {Unreadable, TooLarge}
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("bomb in the text", BOMB + b"<a>&x11;</a>", "unsupported"),
        ("bomb in an attribute", BOMB + b'<a b="&x11;"/>', "unsupported"),
        ("external entity", b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]><a>&f;</a>', "unsupported"),
        ("external document type", b'<!DOCTYPE a SYSTEM "http://hostile.example/a.dtd"><a/>', "unsupported"),
        ("parameter entity", b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><a/>', "unsupported"),
        ("after comments and instructions", b'<?xml version="1.0"?><!-- <a> --> <?p q?>\n<!DOCTYPE a><a/>', "unsupported"),
        ("in UTF-16", '<?xml version="1.0"?><!DOCTYPE a><a/>'.encode("utf-16"), "unsupported"),
        ("entity of nowhere", b"<a>&x;</a>", "malformed"),
        ("empty", b"", "malformed"),
        ("blanks", b" \n\t", "malformed"),
        ("words", b"Bonjour", "malformed"),
        ("two roots", b"<a/><b/>", "malformed"),
        ("no end", b"<a><b></b>", "truncated"),
        ("cut in a tag", b"<a><b att", "truncated"),
        ("cut in a comment", b"<!-- ", "truncated"),
        ("crossed", b"<a><b></a></b>", "malformed"),
        ("zero", b"<a>\0</a>", "malformed"),
        ("prefix of nowhere twice", b'<a x:b="1" x:b="2"/>', "malformed"),
        ("half of UTF-16", b"\xff\xfe<\0a\0/\0>", "malformed"),
        ("UTF-32", "<a/>".encode("utf-32"), "malformed"),
    ],
)
def test_is_refused(name: str, data: bytes, code: str) -> None:
    assert fault(data) == code


def test_a_document_type_in_a_text_is_no_document_type() -> None:
    assert parse(b"<a><![CDATA[<!DOCTYPE html><p>]]></a>").root.text == "<!DOCTYPE html><p>"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nested 100,000 times", b"<a>" * 100_000 + b"</a>" * 100_000),
        ("nested beyond the bound", b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)),
        ("millions of siblings", b"<a>" + b"<b/>" * 5_000_000 + b"</a>"),
        ("a million attributes", b"<a " + b" ".join(b'a%d=""' % n for n in range(1_000_000)) + b"/>"),
        ("too many bytes", b"<a>" + b"x" * MAX_BYTES + b"</a>"),
    ],
)
def test_a_bound_is_met_soon(name: str, data: bytes) -> None:
    start = time.process_time()
    assert fault(data) == "too-large"
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("deepest", b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH),
        ("siblings", b"<a>" + b"<b/>" * (MAX_MARKS - 2) + b"</a>"),
        ("attributes", b"<a " + b" ".join(b'a%d=""' % n for n in range(MAX_MARKS)) + b"/>"),
        ("namespaces", b"<a " + b" ".join(b'xmlns:n%d="u%d"' % (n, n) for n in range(300_000)) + b"/>"),
        ("a huge attribute", b'<a b="' + b"x" * 20_000_000 + b'"/>'),
        ("a huge text", b"<a>" + b"x" * 20_000_000 + b"</a>"),
        ("instructions", b"<?a b?>" * (MAX_MARKS - 1) + b"<a/>"),
        ("octets of another encoding", b"<a>" + b"\xe9" * 10_000_000 + b"</a>"),
    ],
)
def test_what_is_within_the_bounds_is_read_soon(name: str, data: bytes) -> None:
    start = time.process_time()
    assert parse(data).root.tag == "a"
    assert time.process_time() - start < 6.0


def test_comments_and_instructions_leave_nothing() -> None:
    root = parse(b'<?xml-stylesheet href="http://hostile.example/x.xsl"?><a>1<!-- 2 -->3<?php 4?>5</a>').root
    assert (len(root), root.text) == (0, "135")


ACCENTED = "<a>Très bon état, 12 €</a>"


@pytest.mark.parametrize(
    ("name", "data", "warnings"),
    [
        ("UTF-8", ACCENTED.encode(), []),
        ("UTF-8 declared", b'<?xml version="1.0" encoding="UTF-8"?>' + ACCENTED.encode(), []),
        ("UTF-8 with its mark and blanks", b"\xef\xbb\xbf\r\n " + b'<?xml version="1.0"?>' + ACCENTED.encode(), []),
        ("UTF-16 with its mark", ACCENTED.encode("utf-16"), []),
        ("UTF-16 without", f'<?xml version="1.0"?>{ACCENTED}'.encode("utf-16-be"), []),
        ("UTF-16 declared, not so", b'<?xml version="1.0" encoding="UTF-16"?>' + ACCENTED.encode(), []),
        ("cp1252 declared", b'<?xml version="1.0" encoding="windows-1252"?>' + ACCENTED.encode("cp1252"), []),
        ("Latin-1 declared", b"<?xml version='1.0' encoding='ISO-8859-1'?>" + ACCENTED.encode("cp1252"), []),
        ("Latin-9 declared", b'<?xml version="1.0" encoding="ISO-8859-15"?>' + ACCENTED.encode("iso-8859-15"), []),
        ("Latin-1 declared, UTF-8 in truth", b'<?xml version="1.0" encoding="ISO-8859-1"?>' + ACCENTED.encode(), []),
        ("UTF-8 declared, cp1252 in truth", b'<?xml version="1.0" encoding="UTF-8"?>' + ACCENTED.encode("cp1252"), ["encoding-guessed"]),
        ("nothing declared, cp1252", ACCENTED.encode("cp1252"), ["encoding-guessed"]),
        ("unknown", b'<?xml version="1.0" encoding="x-nowhere"?>' + ACCENTED.encode(), ["unknown-charset"]),
    ],
)
def test_encodings(name: str, data: bytes, warnings: list[str]) -> None:
    found = parse(data)
    assert found.root.text == "Très bon état, 12 €"
    assert [warning.code for warning in found.warnings] == warnings


def test_one_wrong_octet_does_not_spoil_the_others() -> None:
    data = ACCENTED.encode().replace("€".encode(), b"\x80")
    assert parse(data).root.text == "Très bon état, 12 €"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 40))
def test_only_declared_faults_escape(noise: bytes, place: int, cut: int) -> None:
    valid = b'<?xml version="1.0" encoding="UTF-8"?><a b="1" xmlns:c="u"><c:d>' + "é".encode() * 40 + b"</c:d><![CDATA[x]]></a>"
    for data in (noise, valid[:place] + noise + valid[place + cut :], b"<a>" + noise + b"</a>", b"\xff\xfe" + noise):
        try:
            parse(data)
        except (Unreadable, TooLarge) as told:
            assert noise.decode("latin-1") not in told.detail or len(noise) < 3


def test_nothing_shows_the_content() -> None:
    assert "Lucie" not in repr(parse(b"<Lucie/>")) + repr(safe_xml.Parsed(parse(b"<Lucie/>").root))
