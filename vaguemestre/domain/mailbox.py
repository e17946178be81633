"""Which mailbox may exist, and which state takes mail: the rules as a table (mssante.md 1.5, 1.8 and 5; requirements 13 to 15).

A mailbox answers to somebody: PER to a professional known by an RPPS, or to a person without national number for whom a structure
answers; ORG and APP to a structure; CAB, a group practice's, to a structure or a professional. The form of a number is held, its key is
only warned about: published samples have wrong keys.

What a sender is told, where RFC 5321 and RFC 3463 leave a choice:
- suspended: 450 4.2.1. It is for a time, so the sender's operator keeps the message and tries again (RFC 3463, X.2.1);
- closed: 550 5.2.1. It is for ever, so the sender is told at once;
- full: 452 4.2.2. Its holder can make room, so it is for a time (RFC 3463, X.2.2);
- a message that is larger than the whole quota: 552 5.2.3. No room would ever do (RFC 3463, X.2.3).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from vaguemestre.domain import person

ACTIVE, SUSPENDED, CLOSED = "active", "suspended", "closed"
STATES = (ACTIVE, SUSPENDED, CLOSED)

RULES: Mapping[str, tuple[str, ...]] = {
    "PER": ("rpps", "answerable"),
    "ORG": ("structure",),
    "APP": ("structure",),
    "CAB": ("structure", "rpps"),
}
"""By type, the numbers of which one at least must be given: fields of `Holder`."""

UNCHANGING = ("address", "type")
CHANGING = ("name", "description", "service", "responsible", "structure", "red_listed", "quota")
"""The particulars of a mailbox that an administrator may change; nothing else ever changes but by an act of its own."""

SPOKEN = {"rpps": "the RPPS of its holder", "structure": "its structure", "answerable": "the structure that answers for its holder"}

_OTHER = re.compile(r"[0-9A-Z](?:[0-9A-Z.-]{0,30}[0-9A-Z])?", re.ASCII)
_STRUCTURE = re.compile(r"(?:[0-9]{9}|2[AB][0-9]{7})|1(?:[0-9]{9}|2[AB][0-9]{7})|2[0-9]{9}|3?[0-9]{14}", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Holder:
    """The numbers that a mailbox answers to, "" where absent: `rpps` 11 digits; `structure` and `answerable` as `structure_number`."""

    rpps: str = ""
    structure: str = ""
    answerable: str = ""

    def __repr__(self) -> str:
        return "<Holder>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Box:
    """What the door knows of a mailbox: `address` under which its mail is kept (comparison form), `state` one of `STATES` or
    "domain-suspended", `quota` and `used` in bytes (quota 0: none)."""

    address: str
    state: str = ACTIVE
    quota: int = 0
    used: int = 0

    def __repr__(self) -> str:
        return f"<Box {self.state}>"


def lacking(kind: str, holder: Holder) -> tuple[str, ...]:
    """The fields of which one should have been given for a mailbox of this type; () where the rule is met."""
    wanted = RULES[kind]
    return () if any(getattr(holder, name) for name in wanted) else wanted


def structure_number(text: str) -> str:
    """A structure's number without blanks, in capitals: FINESS or SIREN (9), SIRET (14), or a Struct_IdNat, which is 1 and a FINESS, 2 and
    a SIREN, or 3 and a SIRET; another register's (4 and a practice's rank, those of tests) as it is. "" for what can be no number."""
    plain = "".join(text.split()).upper()
    return plain if _OTHER.fullmatch(plain) and any(map(str.isdigit, plain)) else ""


def structure_key_valid(number: str) -> bool:
    """Whether the Luhn digit of a structure's number is right. A wrong one is worth a warning, never a refusal (mssante.md 5)."""
    plain = structure_number(number)
    if not _STRUCTURE.fullmatch(plain):
        return False
    if len(plain) in {10, 15}:
        plain = plain[1:]
    return person.finess_key_valid(plain) if len(plain) == 9 else len(plain) == 14 and person.luhn_valid(plain)


def unwilling(box: Box, size: int) -> tuple[str, bool] | None:
    """Why this mailbox does not take a message of `size` bytes (0: not known) now: a reason of `protocols.replies` and whether it is for
    ever; None where it takes it."""
    if box.state == CLOSED:
        return "mailbox-closed", True
    if box.state != ACTIVE:
        return ("domain-suspended" if box.state == "domain-suspended" else "mailbox-suspended"), False
    if box.quota and size > box.quota:
        return "message-over-quota", True
    if box.quota and box.used + max(size, 1) > box.quota:
        return "mailbox-full", False
    return None
