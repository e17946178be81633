"""Delivery notices as they are written: read back by the standard library and by our own reader (RFC 3464, RFC 6522, RFC 3834)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email
import email.policy
from email.message import EmailMessage
from typing import Any

import pytest

from vaguemestre.protocols import dsn, dsn_writer
from vaguemestre.protocols.dsn_writer import Notice, Told

AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
ORIGINAL = "From: a@cabinet.demo.example\r\nSubject: Lettre\r\nMessage-ID: <1@x.example>\r\n\r\nCorps très privé\r\n".encode()
REFUSED = Told("b@hopital.demo.example", "5.1.1", 550, "5.1.1", "mx.hopital.demo.example", "rfc822;b@old.example", ("Non.", "No."))
NOTICE = Notice(
    "failed", "mail.cabinet.demo.example", "cabinet.demo.example", "a@cabinet.demo.example", "abc123", AT, AT, [REFUSED], ORIGINAL,
    envid="QQ314", original_message_id="<1@x.example>",
)  # fmt: skip


def parsed(notice: Notice) -> tuple[EmailMessage, list[Any]]:
    data = dsn_writer.write(notice)
    assert b"\n" not in data.replace(b"\r\n", b""), "every line ends with CR LF"
    assert max(map(len, data.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message, list(message.iter_parts())


def test_the_three_parts_and_the_header() -> None:
    message, parts = parsed(NOTICE)
    assert message.get_content_type() == "multipart/report"
    assert message["Content-Type"].params["report-type"] == "delivery-status"
    assert (message["Auto-Submitted"], message["To"]) == ("auto-replied", "a@cabinet.demo.example")
    assert [part.get_content_type() for part in parts] == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    words = parts[0].get_content()
    assert "n'a pas pu être remis" in words
    assert "could not be delivered" in words
    assert "Non." in words
    assert "No." in words


def test_the_machine_part_holds_what_was_asked_and_told() -> None:
    _, parts = parsed(NOTICE)
    whole, one = parts[1].get_payload()
    assert (whole["Original-Envelope-Id"], whole["Reporting-MTA"]) == ("QQ314", "dns; mail.cabinet.demo.example")
    assert dict(one.items()) == {
        "Original-Recipient": "rfc822; b@old.example",
        "Final-Recipient": "rfc822; b@hopital.demo.example",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mx.hopital.demo.example",
        "Diagnostic-Code": "smtp; 550 5.1.1",
    }


@pytest.mark.parametrize("action", ["failed", "delayed", "relayed", "delivered"])
def test_our_own_reader_reads_each_action(action: str) -> None:
    until = AT if action == "delayed" else None
    notice = dataclasses.replace(NOTICE, action=action, recipients=[dataclasses.replace(REFUSED, until=until)] * 2)
    _, parts = parsed(notice)
    block = "\r\n".join(str(part) for part in parts[1].get_payload()).encode()
    found = dsn.read(block)
    assert [(one.address, one.action, one.status) for one in found.recipients] == [("b@hopital.demo.example", action, "5.1.1")] * 2


def test_the_header_alone_comes_back_unless_all_was_asked() -> None:
    for asked, action, whole in ((False, "failed", False), (True, "failed", True), (True, "delayed", False)):
        data = dsn_writer.write(dataclasses.replace(NOTICE, full=asked, action=action))
        assert ("Corps très privé".encode() in data) is whole
        assert b"Subject: Lettre" in data


def test_an_original_of_eight_bits_says_so() -> None:
    message, parts = parsed(dataclasses.replace(NOTICE, full=True))
    assert message["Content-Transfer-Encoding"] == "8bit"
    assert parts[2]["Content-Transfer-Encoding"] == "8bit"
    assert parts[2].get_content_type() == "message/rfc822"


def test_an_address_outside_ascii_has_its_own_type() -> None:
    notice = dataclasses.replace(NOTICE, recipients=[dataclasses.replace(REFUSED, address="rené@hopital.demo.example", orcpt="")])
    data = dsn_writer.write(notice)
    assert b"Final-Recipient: utf-8; ren\\x{E9}@hopital.demo.example" in data


def test_nothing_that_was_asked_can_add_a_line() -> None:
    evil = dataclasses.replace(
        NOTICE,
        envid="a\r\nBcc: x@y.example",
        recipients=[dataclasses.replace(REFUSED, orcpt="rfc822;a\r\nAction: delivered", host="h\nX: y")],
    )
    data = dsn_writer.write(evil)
    assert b"\r\nBcc" not in data
    assert b"\r\nAction: delivered" not in data
    assert b"\nX: y" not in data
