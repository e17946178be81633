"""SMTPUTF8 (RFC 6531): addresses outside ASCII in MAIL, RCPT and From, with the parameter and never without it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.test_smtp_conversations import codes, say, secure
from vaguemestre.protocols import originator
from vaguemestre.protocols.originator import Malformed
from vaguemestre.protocols.smtp import Limits
from vaguemestre.protocols.smtp_commands import Recipient, Sender

A_LABELS = "h\u00f4pital.example".encode("idna").decode()
MAIL = "MAIL FROM:<h\u00e9l\u00e8ne@h\u00f4pital.example> SMTPUTF8\r\n"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("hélène@hôpital.example", f"hélène@{A_LABELS}"),
        ("he\u0301le\u0300ne@ho\u0302pital.example", f"hélène@{A_LABELS}"),
        (f"Hélène@{A_LABELS}", f"Hélène@{A_LABELS}"),
        ("Labo@Hôpital.Example", f"Labo@{A_LABELS}"),
        ('"hé lène>"@hopital.example', '"hé lène>"@hopital.example'),
        ("δοκιμή@παράδειγμα.example", "δοκιμή@" + "παράδειγμα.example".encode("idna").decode()),
        ("é" * 32 + "@b.example", "é" * 32 + "@b.example"),
        ("labo@Hopital.example", "labo@Hopital.example"),
    ],
)
def test_addresses(written: str, kept: str) -> None:
    lines, events = say(secure(), f"MAIL FROM:<{written}> smtputf8\r\nRCPT TO:<{written}>\r\n".encode())
    assert codes(lines) == ["250 2.1.0", "250 2.1.5"]
    assert events == [Sender(kept, body="8BITMIME", utf8=True), Recipient(kept)]


@pytest.mark.parametrize(
    "written",
    [
        "é\u200d@b.example",
        "é\u202e@b.example",
        "é\u00a0e@b.example",
        "é\u2028@b.example",
        "é\u0378@b.example",
        "é..e@b.example",
        ".é@b.example",
        "é.@b.example",
        "é e@b.example",
        "é@stra\u00dfe.example",
        "é@b\uff0eexample",
        "é@b\u3002example",
        "a@\uff42.example",
        "a@\ufb01n.example",
        "é@-b.example",
        "é@b_c.example",
        "é@[192.0.2.1]",
        "é" * 33 + "@b.example",
        "é@" + "bb." * 82 + "example",
        "a@" + "é." * 100 + "example",
        "a@é@b.example",
        "a,é@b.example",
    ],
)
def test_no_address(written: str) -> None:
    lines, events = say(secure(), f"MAIL FROM:<{written}> SMTPUTF8\r\n".encode())
    assert lines[0][:3] in {"500", "501"}
    assert events == []
    lines, events = say(secure(), MAIL.encode() + f"RCPT TO:<{written}>\r\n".encode())
    assert lines[1][:3] in {"500", "501"}
    assert len(events) == 1


def test_without_the_parameter_addresses_are_ascii() -> None:
    engine = secure(Limits())
    lines, _ = say(engine, "MAIL FROM:<é@b.example>\r\nMAIL FROM:<é@b.example> SIZE=1\r\nMAIL FROM:<a@é.example>\r\n".encode())
    assert codes(lines) == ["550 5.6.7"] * 3
    lines, events = say(engine, "MAIL FROM:<a@b.example>\r\nRCPT TO:<é@b.example>\r\nRCPT TO:<é@b.example> NOTIFY=NEVER\r\n".encode())
    assert codes(lines) == ["250 2.1.0", "553 5.6.7", "553 5.6.7"]
    assert len(events) == 1
    # One transaction's parameter is not the next one's.
    say(engine, b"RSET\r\n" + MAIL.encode() + b"RSET\r\nMAIL FROM:<a@b.example>\r\n")
    assert codes(say(engine, "RCPT TO:<é@b.example>\r\n".encode())[0]) == ["553 5.6.7"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("MAIL FROM:<é@b.example> SMTPUTF8=1", "501 5.5.4"),
        ("MAIL FROM:<é@b.example> SMTPUTF8 SMTPUTF8", "501 5.5.4"),
        ("MAIL FROM:<é@b.example> SMTPUTF8 RET=ſ", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> SMTPUTF8 BODY=8B\u0131TMIME", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> SMTPUTF8 SIZE=\u00b2", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> SMTPUTF8 ENVID=é", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> SMTPUTF8 É=1", "501 5.5.4"),
        ("MA\u0131L FROM:<a@b.example> SMTPUTF8", "500 5.5.2"),
        ("EHLO é", "500 5.5.2"),
        ("NOOP é", "500 5.5.2"),
        ("VRFY é", "553 5.6.7"),
        ("VRFY é SMTPUTF8", "252 2.1.5"),
        ("BDAT 1 é", "501 5.5.4"),
    ],
)
def test_commands(line: str, code: str) -> None:
    lines, events = say(secure(), line.encode() + b"\r\n")
    assert codes(lines) == [code]
    assert not any(isinstance(event, Sender) for event in events)


@pytest.mark.parametrize("octets", [b"\xe9", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"])
def test_what_is_not_utf8_is_refused(octets: bytes) -> None:
    assert codes(say(secure(), b"MAIL FROM:<a" + octets + b"@b.example> SMTPUTF8\r\n")[0]) == ["500 5.5.2"]


@pytest.mark.parametrize(
    ("parameter", "orcpt"),
    [
        ("utf-8;hélène@b.example", "utf-8;hélène@b.example"),
        ("UTF-8;h\\x{E9}l\\x{E8}ne+2Bx@b.example", "utf-8;hélène+x@b.example"),
        ("utf-8;\\x{5C}a", "utf-8;\\a"),
        ("rfc822;hélène@b.example", None),
        ("utf-8;a\\b", None),
        ("utf-8;\\x{0A}", None),
        ("utf-8;\\x{D800}", None),
        ("utf-8;\\x{110000}", None),
        ("utf-8;\\x{E9", None),
        ("ütf-8;a", None),
    ],
)
def test_the_first_recipient_may_be_in_utf8(parameter: str, orcpt: str | None) -> None:
    lines, events = say(secure(), f"{MAIL}RCPT TO:<c@d.example> ORCPT={parameter}\r\n".encode())
    assert codes(lines)[1] == ("501 5.5.4" if orcpt is None else "250 2.1.5")
    assert [event.orcpt for event in events if isinstance(event, Recipient)] == ([] if orcpt is None else [orcpt])


def header(value: str) -> bytes:
    return f"From: {value}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("value", "domains"),
    [
        ("Hélène <hélène@hôpital.example>", (A_LABELS,)),
        ("labo@hôpital.example, x@b.example", (A_LABELS, "b.example")),
        ('"é é"@hopital.example', ("hopital.example",)),
        ("Équipe: é@hopital.example;", ("hopital.example",)),
    ],
)
def test_from(value: str, domains: tuple[str, ...]) -> None:
    assert originator.read(header(value), utf8=True).domains == domains
    with pytest.raises(Malformed):
        originator.read(header(value))


@pytest.mark.parametrize(
    "value",
    ["é@b\u3002example", "é@\uff42.example", "é\u202e@b.example", "é@stra\u00dfe.example", "=?utf-8?q?=C3=A9?=é@b.example", "é@b"],
)
def test_a_from_with_two_meanings_is_refused(value: str) -> None:
    with pytest.raises(Malformed, match="from-malformed"):
        originator.read(header(value), utf8=True)


def test_an_address_in_latin_1_is_no_address() -> None:
    assert originator.read(b"From: H\xe9l\xe8ne <a@b.example>\r\n\r\n", utf8=True).domains == ("b.example",)
    with pytest.raises(Malformed, match="from-malformed"):
        originator.read(b"From: <h\xe9@b.example>\r\n\r\n", utf8=True)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_address_is_refused_or_safe(local: str, domain: str) -> None:
    line = f"MAIL FROM:<{local}@{domain}.example> SMTPUTF8\r\n".encode("utf-8", "replace")
    _, events = say(secure(), line)
    for event in events:
        if isinstance(event, Sender):
            name, _, host = event.address.rpartition("@")
            assert host.isascii()
            assert name.isprintable()
            assert len(name.encode()) <= 64
