"""From fields as they come and as tricks make them."""

from __future__ import annotations

import contextlib
import email.policy
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.protocols import originator
from vaguemestre.protocols.originator import Malformed, Originator


def mail(value: str | bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    raw = value.encode("utf-8") if isinstance(value, str) else value
    return before + b"From: " + raw + b"\r\n" + after + b"Message-ID: <1@b.example>\r\n\r\nbody\r\n"


def reason(data: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        originator.read(data)
    return caught.value.reason


@pytest.mark.parametrize(
    ("value", "domains", "shown"),
    [
        ("a@b.example", ["b.example"], []),
        ("<a@b.example>", ["b.example"], []),
        ("Labo <a@b.example>", ["b.example"], []),
        ('"Martin, Jeanne" <a@b.example>', ["b.example"], []),
        ("Dr. J. Martin <a@b.example>", ["b.example"], []),
        ("Hôpital <a@b.example>", ["b.example"], []),
        (b"H\xf4pital <a@b.example>", ["b.example"], []),
        ("=?utf-8?q?H=C3=B4pital?= <a@b.example>", ["b.example"], []),
        ("a@b.example, c@d.example", ["b.example", "d.example"], []),
        ("A <a@b.example>,\r\n\tC <c@d.example>", ["b.example", "d.example"], []),
        ("groupe: a@b.example, C <c@d.example>;", ["b.example", "d.example"], []),
        ("groupe: a@b.example;, c@d.example", ["b.example", "d.example"], []),
        ("a@b.example (Labo)", ["b.example"], []),
        ("(un (deux) \\) trois) a@b.example", ["b.example"], []),
        ("(c@d.example) a@b.example", ["b.example"], ["d.example"]),
        ('"c@d.example" <a@b.example>', ["b.example"], ["d.example"]),
        ('"c @ d.example" <a@b.example>', ["b.example"], ["d.example"]),
        ("=?utf-8?q?c=40d.example?= <a@b.example>", ["b.example"], ["d.example"]),
        ("=?utf-8?b?Y0BkLmV4YW1wbGU=?= <a@b.example>", ["b.example"], ["d.example"]),
        ('"=?utf-8?q?c=40d.example?=" <a@b.example>', ["b.example"], ["d.example"]),
        ("=?utf-8?q?c?= =?utf-8?q?=40d.example?= <a@b.example>", ["b.example"], ["d.example"]),
        ('"a b"@b.example', ["b.example"], []),
        ('"@d.example"@b.example', ["b.example"], []),
        ("a@B.Example", ["B.Example"], []),
        ("a@sub.b.example", ["sub.b.example"], []),
    ],
)
def test_read(value: str | bytes, domains: list[str], shown: list[str]) -> None:
    read = originator.read(mail(value))
    assert list(read.domains) == domains
    assert list(read.shown) == shown
    assert read.message_id == "<1@b.example>"


@pytest.mark.parametrize(
    "value",
    [
        "a",
        "a@b",
        "a@",
        "@b.example",
        "<>",
        "Labo <>",
        "groupe:;",
        "groupe: ;, ",
        "Martin, Jeanne <a@b.example>",
        "c@d.example <a@b.example>",
        "a@b.example <c@d.example>",
        "<a@b.example> c@d.example",
        "<a@b.example><c@d.example>",
        "<a@b.example> Labo",
        "a@b.example c@d.example",
        "a@b.example;c@d.example",
        "a@b.example,",
        ",a@b.example",
        "a@b.example,,c@d.example",
        "a@d.example@b.example",
        "<@d.example:a@b.example>",
        "<<a@b.example>>",
        "<a@b.example",
        "a@b.example>",
        "a@[192.0.2.1]",
        "a @b.example",
        "a@ b.example",
        "a@b .example",
        "a(c)@b.example",
        "a@(c)b.example",
        "a@b.example.",
        "a.@b.example",
        ".a@b.example",
        "a..b@b.example",
        'a."b"@b.example',
        "é@b.example",
        "a@é.example",
        "a@b.example\x0b",
        '"a\x7f" <a@b.example>',
        "x\u2028 <a@b.example>",
        "=?utf-8?q?=3Ca=40b.example=3E?=",
        "=?utf-8?q?a?=@b.example",
        "<=?utf-8?q?c=40d.example=3E?=@b.example>",
        "=?no-such-charset?q?=40?= <a@b.example>",
        "=?utf-8?q?=0D=0AFrom:_c?= <a@b.example>",
        '"unfinished <a@b.example>',
        "(unfinished <a@b.example>",
        "unbegun) <a@b.example>",
        "\\a <a@b.example>",
        ": a@b.example;",
        "g: h: a@b.example;;",
        "g: a@b.example",
        "a@b.example;",
        ", ".join(["a@b.example"] * 51),
        "x" * 8_200 + " <a@b.example>",
    ],
)
def test_malformed(value: str) -> None:
    assert reason(mail(value)) == "from-malformed"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "header-malformed"),
        (b"\r\nFrom: a@b.example\r\n", "from-absent"),
        (b"Subject: x\r\n\r\nFrom: a@b.example\r\n", "from-absent"),
        (b"From:\r\n\r\n", "from-absent"),
        (b"From:   \r\n \t\r\n\r\n", "from-absent"),
        (b"Sender: a@b.example\r\n\r\n", "from-absent"),
        (b"Resent-From: a@b.example\r\n\r\n", "from-absent"),
        (b"From: a@b.example\r\nFrom: a@b.example\r\n\r\n", "from-several"),
        (b"From: a@b.example\r\nfROM : c@d.example\r\n\r\n", "from-several"),
        (b"From: a@b.example\r\nFROM\t:c@d.example\r\n\r\n", "from-several"),
        (b"From a@b.example Mon Jan 1\r\nFrom: a@b.example\r\n\r\n", "header-malformed"),
        (b"no field\r\nFrom: a@b.example\r\n\r\n", "header-malformed"),
        (b" From: c@d.example\r\nFrom: a@b.example\r\n\r\n", "header-malformed"),
        (b"From: a@b.example\r\nFr\x00om: c@d.example\r\n\r\n", "header-malformed"),
        (b"From: a@b.example\r\n\xa0From: c@d.example\r\n\r\n", "header-malformed"),
        (b"From\xc2\xa0: c@d.example\r\nFrom: a@b.example\r\n\r\n", "header-malformed"),
        (b": x\r\nFrom: a@b.example\r\n\r\n", "header-malformed"),
        (b"Received: x\r\n" * 101 + b"From: a@b.example\r\n\r\n", "mail-loop"),
        (b"X: " + b"y" * 300_000 + b"\r\nFrom: a@b.example\r\n\r\n", "header-too-large"),
    ],
)
def test_refused_headers(data: bytes, expected: str) -> None:
    assert reason(data) == expected


def test_a_header_without_body_and_long_ones() -> None:
    assert originator.read(b"From: a@b.example\r\n").domains == ("b.example",)
    assert originator.read(b"From: a@b.example").domains == ("b.example",)
    assert originator.read(b"Received: x\r\n" * 100 + b"From: a@b.example\r\n\r\n").domains == ("b.example",)


def test_message_id() -> None:
    def identifier(raw: bytes) -> str | None:
        return originator.read(b"From: a@b.example\r\n" + raw + b"\r\nx\r\n").message_id

    assert identifier(b"Message-ID: <x@y>\r\n") == "<x@y>"
    assert identifier(b"message-id :\r\n <x@y>\r\n") == "<x@y>"
    assert identifier(b"Message-ID: not bracketed\r\n") == "not bracketed"
    assert identifier(b"Message-ID: <1@x>\r\nMessage-ID: <2@x>\r\n") == "<1@x>"
    assert identifier(b"") is None
    assert identifier(b"Message-ID: \r\n") is None
    assert identifier(b"Message-ID: <" + b"x" * 1000 + b">\r\n") is None
    assert identifier(b"Message-ID: <x\x07@y>\r\n") is None


PIECES = st.sampled_from(
    [
        "a@b.example",
        "<",
        ">",
        "@",
        ",",
        ";",
        ":",
        '"',
        "(",
        ")",
        "\\",
        " ",
        "=?utf-8?q?=40?=",
        "Labo",
        ".",
        "é",
        "<a@b.example>",
        "g:",
        "\t",
        "c@d.example",
    ]
)


@settings(derandomize=True, deadline=None, max_examples=600)
@given(st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=40)))
def test_only_the_declared_verdict_and_the_judge_agrees(value: str) -> None:
    """What is accepted, the standard library's parser reads as the same addresses."""
    raw = value.replace("\r", "").replace("\n", "")
    try:
        read = originator.read(mail(raw))
    except Malformed as malformed:
        assert malformed.reason.startswith(("from-", "header-"))
        return
    judged = email.policy.default.header_factory("From", raw)
    assert [address.domain for address in judged.addresses] == list(read.domains)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_verdict(data: bytes) -> None:
    for whole in (data, b"From: " + data, mail(data), b"From: a@b.example\r\n" + data):
        try:
            assert isinstance(originator.read(whole), Originator)
        except Malformed:
            pass


def test_nesting_and_length_cost_little() -> None:
    assert originator.read(mail("(" * 4000 + ")" * 4000 + "a@b.example")).domains == ("b.example",)
    began = time.perf_counter()
    for value in [
        '"' + "\\" * 8000,
        "<" * 8000,
        "(" * 8000,
        "a," * 4000,
        "=?" * 4000,
        "a@" * 4000,
    ]:
        assert reason(mail(value)) == "from-malformed"
    for word in ("=?", "@", "a@b.", "=?utf-8?q?a@", "x", "=?utf-8?b?"):
        with contextlib.suppress(Malformed):
            originator.read(mail('"' + word * (8_000 // len(word)) + '" <a@b.example>'))
    assert time.perf_counter() - began < 2
