"""What a sender asks of notices (RFC 3461): read exactly, or refused with 501 5.5.4."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.test_smtp_conversations import codes, say, secure
from vaguemestre.protocols import smtp_notices
from vaguemestre.protocols.smtp_commands import Recipient, Sender

MAIL, RCPT = b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>"


@pytest.mark.parametrize(
    ("parameters", "ret", "envid"),
    [
        (b" RET=FULL", "FULL", ""),
        (b" ret=hdrs", "HDRS", ""),
        (b" ENVID=QQ314159", "", "QQ314159"),
        (b" ENVID=a+3Db+2Bc+20d RET=HDRS", "HDRS", "a=b+c d"),
        (b" ENVID=+2B3D", "", "+3D"),
        (b" ENVID=!*,;<>~", "", "!*,;<>~"),
        (b" ENVID=" + b"e" * 100, "", "e" * 100),
        (b" ENVID=" + b"+41" * 33 + b"e", "", "A" * 33 + "e"),
        (b" SIZE=5 ENVID=x BODY=8BITMIME RET=FULL", "FULL", "x"),
    ],
)
def test_mail(parameters: bytes, ret: str, envid: str) -> None:
    lines, [event] = say(secure(), MAIL + parameters + b"\r\n")
    assert codes(lines) == ["250 2.1.0"]
    assert isinstance(event, Sender)
    assert (event.address, event.ret, event.envid) == ("a@b.example", ret, envid)


@pytest.mark.parametrize(
    "parameters",
    [
        b"RET",
        b"RET=",
        b"RET=BOTH",
        b"RET=FULL,HDRS",
        b"RET=FULL RET=FULL",
        b"RET=FULL ret=HDRS",
        b"ENVID",
        b"ENVID=",
        b"ENVID=a=b",
        b"ENVID=a+3",
        b"ENVID=a+",
        b"ENVID=a+3d",
        b"ENVID=a+GG",
        b"ENVID=a+0A",
        b"ENVID=a+0D+0Ab",
        b"ENVID=a+00",
        b"ENVID=a+7F",
        b"ENVID=a+E9",
        b"ENVID=" + b"e" * 101,
        b"ENVID=" + b"+41" * 33 + b"ee",
        b"ENVID=x ENVID=x",
    ],
)
def test_wrong_mail(parameters: bytes) -> None:
    lines, events = say(secure(), MAIL + b" " + parameters + b"\r\n")
    assert codes(lines) == ["501 5.5.4"]
    assert events == []


@pytest.mark.parametrize(
    ("parameters", "notify", "orcpt"),
    [
        (b" NOTIFY=NEVER", "NEVER", ""),
        (b" notify=never", "NEVER", ""),
        (b" NOTIFY=SUCCESS,FAILURE,DELAY", "SUCCESS,FAILURE,DELAY", ""),
        (b" NOTIFY=delay,Failure", "DELAY,FAILURE", ""),
        (b" NOTIFY=FAILURE,FAILURE", "FAILURE", ""),
        (b" ORCPT=rfc822;Bob+2Btag@Example.COM", "", "rfc822;Bob+tag@Example.COM"),
        (b" ORCPT=RFC822;a+3Db@c.example NOTIFY=FAILURE", "FAILURE", "rfc822;a=b@c.example"),
        (b" ORCPT=x400;/C=FR/".replace(b"=FR", b"+3DFR"), "", "x400;/C=FR/"),
        (b" ORCPT=rfc822;a;b", "", "rfc822;a;b"),
        (b" ORCPT=rfc822;" + b"o" * 493, "", "rfc822;" + "o" * 493),
    ],
)
def test_recipient(parameters: bytes, notify: str, orcpt: str) -> None:
    engine = secure()
    lines, events = say(engine, MAIL + b"\r\n" + RCPT + parameters + b"\r\n")
    assert codes(lines) == ["250 2.1.0", "250 2.1.5"]
    assert events[1] == Recipient("c@d.example", notify, orcpt)
    assert engine.recipients == {"c@d.example": events[1]}


@pytest.mark.parametrize(
    "parameters",
    [
        b"NOTIFY",
        b"NOTIFY=",
        b"NOTIFY=ALWAYS",
        b"NOTIFY=NEVER,FAILURE",
        b"NOTIFY=FAILURE,NEVER",
        b"NOTIFY=SUCCESS,",
        b"NOTIFY=,SUCCESS",
        b"NOTIFY=SUCCESS,,DELAY",
        b"NOTIFY=SUCCESS NOTIFY=DELAY",
        b"NOTIFY=NEVER NOTIFY=NEVER",
        b"ORCPT",
        b"ORCPT=",
        b"ORCPT=rfc822",
        b"ORCPT=rfc822;",
        b"ORCPT=;a@b.example",
        b"ORCPT=r(c;a@b.example",
        b"ORCPT=rfc822;a=b",
        b"ORCPT=rfc822;a+0D+0A",
        b"ORCPT=rfc822;a+e9",
        b"ORCPT=rfc822;" + b"o" * 494,
        b"ORCPT=rfc822;a ORCPT=rfc822;a",
    ],
)
def test_wrong_recipient(parameters: bytes) -> None:
    engine = secure()
    lines, events = say(engine, MAIL + b"\r\n" + RCPT + b" " + parameters + b"\r\n")
    assert codes(lines) == ["250 2.1.0", "501 5.5.4"]
    assert len(events) == 1
    assert engine.recipients == {}


@pytest.mark.parametrize("parameter", [b"NOTIFY=NEVER", b"ORCPT=rfc822;a"])
def test_each_command_has_its_own(parameter: bytes) -> None:
    assert codes(say(secure(), MAIL + b" " + parameter + b"\r\n")[0]) == ["555 5.5.4"]


def test_the_longest_recipient_has_room() -> None:
    """RFC 3461 section 4 lengthens the line of RCPT, and of no other command."""
    path = b"a" * 60 + b"@" + b".".join([b"b" * 60] * 3) + b".example"
    line = b"RCPT TO:<" + path + b"> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;" + b"o" * 493 + b"\r\n"
    blanks = line.replace(b"> ", b">" + b" " * (1054 - len(line) + 1))
    assert len(blanks) == 1054
    for long, code in ((line, "250 2.1.5"), (blanks, "250 2.1.5"), (blanks.replace(b"> ", b">  "), "500 5.5.2")):
        assert codes(say(secure(), MAIL + b"\r\n" + long)[0])[1:] == [code]


def test_what_is_said_last_of_a_recipient_holds() -> None:
    engine = secure()
    say(engine, MAIL + b"\r\n" + RCPT + b" NOTIFY=SUCCESS ORCPT=rfc822;x\r\n" + RCPT + b" NOTIFY=NEVER\r\n")
    assert engine.recipients == {"c@d.example": Recipient("c@d.example", "NEVER")}


def test_reprs_tell_nothing() -> None:
    assert "secret" not in repr(Sender("a", envid="secret")) + repr(Recipient("a", orcpt="rfc822;secret"))


def coded(text: str) -> str:
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in text)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=33))
def test_what_is_coded_comes_back(text: str) -> None:
    assert smtp_notices.envid(coded(text)) == text
    assert smtp_notices.orcpt("rfc822;" + coded(text)) == "rfc822;" + text


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(max_size=600))
def test_any_text_gives_a_bounded_printable_value_or_none(text: str) -> None:
    for read, most in ((smtp_notices.ret, 4), (smtp_notices.envid, 100), (smtp_notices.notify, 40), (smtp_notices.orcpt, 500)):
        value = read(text)
        assert value is None or (len(value) <= most and value.isprintable() and value.isascii())
