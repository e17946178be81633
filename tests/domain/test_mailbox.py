"""The rules of mailboxes as a table: who answers for which type, which numbers have the form of a structure's, which state takes mail."""

from __future__ import annotations

import pytest

from vaguemestre.domain.mailbox import RULES, Box, Holder, lacking, structure_key_valid, structure_number, unwilling

RPPS, FINESS = "10000000019", "540002698"


@pytest.mark.parametrize(
    ("kind", "holder", "missing"),
    [
        ("PER", Holder(), ("rpps", "answerable")),
        ("PER", Holder(structure=FINESS), ("rpps", "answerable")),
        ("PER", Holder(rpps=RPPS), ()),
        ("PER", Holder(answerable=FINESS), ()),
        ("ORG", Holder(), ("structure",)),
        ("ORG", Holder(rpps=RPPS, answerable=FINESS), ("structure",)),
        ("ORG", Holder(structure=FINESS), ()),
        ("APP", Holder(rpps=RPPS), ("structure",)),
        ("APP", Holder(structure=FINESS), ()),
        ("CAB", Holder(answerable=FINESS), ("structure", "rpps")),
        ("CAB", Holder(rpps=RPPS), ()),
        ("CAB", Holder(structure=FINESS), ()),
    ],
)
def test_requirement_13_each_type_has_its_numbers(kind: str, holder: Holder, missing: tuple[str, ...]) -> None:
    assert lacking(kind, holder) == missing


def test_every_type_has_a_rule() -> None:
    from vaguemestre.domain.address import MAILBOX_TYPES

    assert set(RULES) == set(MAILBOX_TYPES)


@pytest.mark.parametrize(
    ("text", "number", "sound"),
    [
        ("540002698", "540002698", True),
        ("54 000 2698", "540002698", True),
        ("540002699", "540002699", False),
        ("2A0000012", "2A0000012", True),
        ("1540002698", "1540002698", True),
        ("18310021300028", "18310021300028", True),
        ("318310021300028", "318310021300028", True),
        ("318310021300029", "318310021300029", False),
        ("2183100213", "2183100213", True),
        ("12345678", "12345678", False),
        ("3540002698", "3540002698", False),
        ("4 10100000017-00", "410100000017-00", False),
        ("２４０００２６９８", "", False),
        ("540002698x", "540002698X", False),
        ("cabinet", "", False),
        ("5400" * 9, "", False),
        ("54000\x002698", "", False),
        ("", "", False),
    ],
)
def test_numbers_of_structures(text: str, number: str, sound: bool) -> None:
    assert structure_number(text) == number
    assert structure_key_valid(text) is sound


@pytest.mark.parametrize(
    ("box", "size", "why"),
    [
        (Box("a@b.example"), 0, None),
        (Box("a@b.example"), 1 << 40, None),
        (Box("a@b.example", "suspended"), 0, ("mailbox-suspended", False)),
        (Box("a@b.example", "domain-suspended"), 0, ("domain-suspended", False)),
        (Box("a@b.example", "closed"), 0, ("mailbox-closed", True)),
        (Box("a@b.example", "closed", 10, 10), 0, ("mailbox-closed", True)),
        (Box("a@b.example", "active", 100, 99), 0, None),
        (Box("a@b.example", "active", 100, 100), 0, ("mailbox-full", False)),
        (Box("a@b.example", "active", 100, 60), 40, None),
        (Box("a@b.example", "active", 100, 60), 41, ("mailbox-full", False)),
        (Box("a@b.example", "active", 100, 0), 100, None),
        (Box("a@b.example", "active", 100, 0), 101, ("message-over-quota", True)),
    ],
)
def test_what_a_mailbox_takes(box: Box, size: int, why: tuple[str, bool] | None) -> None:
    assert unwilling(box, size) == why


def test_the_replies_are_those_of_the_standards() -> None:
    """For a time is 4yz, for ever is 5yz (RFC 5321 4.2.1), with the enhanced codes of RFC 3463 section 3.3."""
    from vaguemestre.protocols.replies import reply

    told = {name: (reply(name).code, reply(name).enhanced) for name in ("mailbox-suspended", "domain-suspended", "mailbox-full")}
    assert told == {"mailbox-suspended": (450, "4.2.1"), "domain-suspended": (450, "4.2.1"), "mailbox-full": (452, "4.2.2")}
    assert (reply("mailbox-closed").code, reply("mailbox-closed").enhanced) == (550, "5.2.1")
    assert (reply("message-over-quota").code, reply("message-over-quota").enhanced) == (552, "5.2.3")
