"""Delivery status notifications of RFC 3464, as the standard, and as servers that keep less to it, write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.protocols import dsn
from vaguemestre.protocols.report_fields import MAX_GROUPS

STATUS = (
    b"Reporting-MTA: dns; relais.hopital.example\r\nOriginal-Envelope-Id: QQ314159\r\nArrival-Date: Tue, 12 Mar 2024 08:30:00 +0100\r\n\r\n"
    b"Original-Recipient: rfc822;dr.essai@cabinet.example\r\nFinal-Recipient: RFC822; essai@boite.example\r\nAction: failed\r\n"
    b"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n"
    b"Final-Recipient: rfc822; second@boite.example\r\nAction: delayed\r\nStatus: 4.4.1 (no answer)\r\n"
    b"Will-Retry-Until: Thu, 14 Mar 2024 08:30:00 +0100\r\n"
)


def told(data: bytes) -> list[tuple[str, str | None, str | None]]:
    return [(one.address, one.action, one.status) for one in dsn.read(data).recipients]


def test_a_notice_of_two_recipients() -> None:
    assert told(STATUS) == [("essai@boite.example", "failed", "5.1.1"), ("second@boite.example", "delayed", "4.4.1")]
    assert dsn.read(STATUS).original_message_id is None


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (b"essai@boite.example", b"autre@boite.example", ("autre@boite.example", "failed", "5.1.1")),
        (b"Action: failed", b"Action: delivered", ("essai@boite.example", "delivered", "5.1.1")),
        (b"Status: 5.1.1", b"Status: 5.2.2", ("essai@boite.example", "failed", "5.2.2")),
    ],
)
def test_one_fact_changes_alone(was: bytes, now: bytes, expected: tuple[str, str, str]) -> None:
    assert told(STATUS.replace(was, now, 1)) == [expected, ("second@boite.example", "delayed", "4.4.1")]


@pytest.mark.parametrize(
    ("field", "address"),
    [
        (b"Final-Recipient: rfc822;a@b.example", "a@b.example"),
        (b"Final-Recipient: rfc822; <a@b.example>", "a@b.example"),
        (b"Final-Recipient: a@b.example", "a@b.example"),
        (b"Final-Recipient: rfc822; a@b.example (Dr Essai)", "a@b.example"),
        (b'Final-Recipient: rfc822; "a (b)"@c.example', '"a (b)"@c.example'),
        (b"FINAL-RECIPIENT : rfc822;\r\n a@b.example", "a@b.example"),
        (b"Final-Recipient: utf-8; h\\x{E9}l\\x{e8}ne@b.example", "hélène@b.example"),
        (b"Final-Recipient: utf-8; a\\x{202E}\\x{D800}\\x{110000}@b.example", "a@b.example"),
        ("Final-Recipient: utf-8; hélène@b.example".encode(), "hélène@b.example"),
        (b"Original-Recipient: rfc822;a@b.example", "a@b.example"),
        (b"Final-Recipient: \r\nOriginal-Recipient: rfc822;a@b.example", "a@b.example"),
    ],
)
def test_addresses(field: bytes, address: str) -> None:
    assert told(field + b"\r\nAction: failed\r\nStatus: 5.0.0\r\n") == [(address, "failed", "5.0.0")]


@pytest.mark.parametrize(
    ("fields", "action", "status"),
    [
        (b"Action: FAILED (permanent)\r\nStatus: 5.7.26 (refused)", "failed", "5.7.26"),
        (b"Action: bounced\r\nStatus: 5", "bounced", None),
        (b"Diagnostic-Code: smtp; 552-5.3.4 too large", None, "5.3.4"),
        (b"Status: \r\nDiagnostic-Code: smtp; 550 5.2.1\r\n closed", None, "5.2.1"),
        (b"Diagnostic-Code: smtp; 550 from 192.0.2.1", None, None),
        (b"Status: 9.1.1", None, None),
        (b"Action: \x00\xff\r\nStatus: \xe9", None, None),
    ],
)
def test_actions_and_statuses(fields: bytes, action: str | None, status: str | None) -> None:
    assert told(b"Final-Recipient: rfc822; a@b.example\r\n" + fields) == [("a@b.example", action, status)]


def test_line_ends_and_lines_that_are_no_field() -> None:
    for changed in (STATUS.replace(b"\r\n", b"\n"), STATUS.replace(b"\r\n", b"\r"), STATUS.replace(b"\r\n\r\n", b"\r\n \t\r\n")):
        assert told(changed) == told(STATUS)
    assert told(STATUS.replace(b"Action: failed", b"sans deux-points\r\nAction: failed")) == told(STATUS)


def test_a_message_id_that_many_write() -> None:
    assert dsn.read(b"Original-Message-ID: <parti@a.example>\r\n\r\n" + STATUS).original_message_id == "<parti@a.example>"


def test_what_does_not_say_its_type() -> None:
    assert dsn.looks(STATUS)
    assert not dsn.looks(b"Bonjour,\r\nAction: failed\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\n")
    assert not dsn.looks(b"")


def test_no_repr_tells_an_address() -> None:
    found = dsn.read(STATUS)
    assert "boite" not in repr(found) + repr(found.recipients)


@pytest.mark.parametrize(
    "hostile",
    [
        b"Final-Recipient: rfc822; a@b.example\r\n\r\n" * 50_000,
        b"a:\n" * 300_000,
        b"Final-Recipient: " + b" \r\n" * 300_000,
        b"Status: " + b"5." * 400_000,
        b"Final-Recipient: rfc822; " + b"(" * 900_000,
        b"Final-Recipient: utf-8; " + b"\\x{E9" * 150_000,
        b"\n" * 1_000_000,
    ],
    ids=range(7),
)
def test_hostile_notices_cost_bounded_time(hostile: bytes) -> None:
    begun = time.process_time()
    assert len(dsn.read(hostile).recipients) <= MAX_GROUPS + 1
    dsn.looks(hostile)
    assert time.process_time() - begun < 3


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=20), st.sampled_from([b"Final-Recipient:", b"Action:", b"Status: 5.1.1", b"\r\n", b"rfc822;", b"\\x{"])
        ),
        max_size=15,
    )
)
def test_nothing_escapes(pieces: list[bytes]) -> None:
    for one in dsn.read(b"".join(pieces)).recipients:
        one.address.encode()


# --- qmail (QSBMF)

QMAIL = (
    b"Hi. This is the qmail-send program at relais.example.\nI'm afraid I wasn't able to deliver your message to the following"
    b" addresses.\n\n<a@b.example>:\nUser unknown (#5.1.1)\n\n<c d@e.example>:\nNo such host.\n\n"
)
COPY = b"--- Below this line is a copy of the message.\n\nSubject: x\n\ntexte\n"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_notice_of_qmail(end: bytes) -> None:
    found = dsn.bounced((QMAIL + COPY).replace(b"\n", end))
    assert found is not None
    assert [(one.address, one.action, one.status) for one in found.recipients] == [
        ("a@b.example", "failed", "5.1.1"),
        ("c d@e.example", "failed", None),
    ]
    assert (found.words, found.copy) == (QMAIL.replace(b"\n", end), b"Subject: x\n\ntexte\n".replace(b"\n", end))


@pytest.mark.parametrize("data", [QMAIL, COPY, b"Hi. This is the qmail-send program at x.\n\n" + COPY, QMAIL + b" " + COPY])
def test_of_a_notice_in_another_form_all_is_words(data: bytes) -> None:
    found = dsn.bounced(data)
    if not data.startswith(b"Hi. This"):
        assert found is None
        return
    assert found is not None
    assert (found.recipients, found.words, found.copy) == ((), data, b"")


def test_other_words_are_no_notice() -> None:
    for data in (b"", b"Hi. This is Paul.", b" " + QMAIL + COPY, b"> " + QMAIL + COPY, "Été".encode()):
        assert dsn.bounced(data) is None


def test_recipients_of_a_notice_are_bounded() -> None:
    data = b"Hi. This is the qmail-send program at x.\n\n" + b"<a@b.example>:\nx\n\n" * 50_000 + COPY
    began = time.process_time()
    found = dsn.bounced(data)
    assert time.process_time() - began < 1.0
    assert found is not None
    assert len(found.recipients) == MAX_GROUPS
    dsn.bounced(b"Hi. This is the qmail-send program at " + b"\n \r" * 2_000_000)
    assert time.process_time() - began < 3.0


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(QMAIL + COPY)))
def test_any_octets_in_a_notice(octets: bytes, place: int) -> None:
    whole = QMAIL + COPY
    found = dsn.bounced(whole[:place] + octets + whole[place:])
    if found is not None:
        assert len(found.words) + len(found.copy) <= len(whole) + len(octets)
        assert "example" not in repr(found)
