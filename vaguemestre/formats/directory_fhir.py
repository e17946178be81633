"""Answers of the national directory's API (FHIR R4, version 2): which mailboxes of the trust space a Bundle tells (mssante.md 4.2).

A mailbox is a `telecom` of system `email` that bears the type MSSANTE; other e-mail addresses, which organisations have too, are left out.
The published samples put that type under TRE_R256, TRE_R257 or JDV_J139, as `valueCode`, `valueCoding` or `valueCodeableConcept`: all are
read. The type of mailbox and the red list are in the extension of metadata.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vaguemestre.domain import person
from vaguemestre.domain.address import MAILBOX_TYPES, comparison
from vaguemestre.domain.directory import Entry, department_of
from vaguemestre.domain.fault import Unreadable

RPPS = "https://rpps.esante.gouv.fr"
IDNPS = "urn:oid:1.2.250.1.71.4.2.1"
STRUCTURE = "urn:oid:1.2.250.1.71.4.2.2"
FINESS = "https://finess.esante.gouv.fr"
EMAIL_TYPE = "fr-core-contact-point-email-type"
METADATA = "as-ext-mailbox-mss-metadata"
MSSANTE = "MSSANTE"
PATIENTS = "@patient.mssante.fr"
_TYPES = frozenset({*MAILBOX_TYPES, "CAB"})
_DEPTH = 6


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Told:
    """A mailbox that the API tells: what it knows of its entry ("" for what it does not), and whether it is on the red list."""

    entry: Entry
    red_listed: bool

    def __repr__(self) -> str:
        return f"<Told {self.entry.type}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One Bundle: its mailboxes, and the address of the next page, "" on the last."""

    told: tuple[Told, ...]
    following: str


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any, most: int = 300) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value[: 2 * most]).split())[:most]


def _codes(value: Any, depth: int = 0) -> Iterator[str]:
    """Every code of an extension, however it is wrapped."""
    if depth > _DEPTH:
        return
    for key, held in _dict(value).items():
        if key in {"code", "valueCode", "valueString"} and isinstance(held, str):
            yield held
        elif key in {"valueCodeableConcept", "valueCoding"}:
            yield from _codes(held, depth + 1)
        elif key == "coding":
            for one in _list(held):
                yield from _codes(one, depth + 1)


def _extension(holder: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    for one in _list(holder.get("extension")):
        url = _dict(one).get("url")
        if isinstance(url, str) and url.rpartition("/")[2] == name:
            yield one


def _mailbox(telecom: Mapping[str, Any]) -> tuple[str, str, str, bool] | None:
    """(address, type or "", service, red listed) of a telecom that is a mailbox of the trust space."""
    if telecom.get("system") != "email" or not isinstance(telecom.get("value"), str):
        return None
    metadata = [_dict(part) for one in _extension(telecom, METADATA) for part in _list(one.get("extension"))]
    marked = any(MSSANTE in _codes(one) for one in _extension(telecom, EMAIL_TYPE))
    if not marked:
        return None
    kind, service, red = "", "", False
    for part in metadata:
        if part.get("url") == "type":
            kind = next((code for code in _codes(part) if code in _TYPES), "")
        elif part.get("url") == "service":
            service = _text(part.get("valueString"))
        elif part.get("url") == "listeRouge":
            red = part.get("valueBoolean") is True
    try:
        address = comparison(str(telecom["value"]).strip().removeprefix("mailto:"))
    except Unreadable:
        return None
    return None if address.endswith(PATIENTS) else (address, kind, service, red)


def _identifier(resource: Mapping[str, Any], *systems: str) -> str:
    for system in systems:
        for one in _list(resource.get("identifier")):
            if _dict(one).get("system") == system and isinstance(_dict(one).get("value"), str):
                return str(_dict(one)["value"])[:64].strip()
    return ""


def _rpps(resource: Mapping[str, Any]) -> str:
    found = person.rpps(_identifier(resource, RPPS)) or person.rpps(_identifier(resource, IDNPS))
    if not found:
        reference = _dict(_dict(resource.get("practitioner")).get("identifier"))
        found = person.rpps(str(reference.get("value", ""))) if reference.get("system") in {RPPS, IDNPS} else ""
    return found


def _told(resource: Mapping[str, Any]) -> Iterator[Told]:
    kind = resource.get("resourceType")
    if kind not in {"Practitioner", "PractitionerRole", "Organization", "HealthcareService"}:
        return
    rpps = _rpps(resource) if kind in {"Practitioner", "PractitionerRole"} else ""
    name = _dict(next(iter(_list(resource.get("name"))), None)) if kind == "Practitioner" else {}
    postal = _dict(next(iter(_list(resource.get("address"))), None))
    postcode = _text(postal.get("postalCode"), 10)
    street = ", ".join(filter(None, (_text(line) for line in _list(postal.get("line")))))
    organization = kind == "Organization"
    for telecom in _list(resource.get("telecom")):
        mailbox = _mailbox(_dict(telecom))
        if mailbox is None:
            continue
        address, type_, service, red = mailbox
        yield Told(
            Entry(
                address=address,
                type=type_ or ("PER" if rpps else "ORG"),
                civility=_text(next(iter(_list(name.get("prefix"))), ""), 60),
                family=_text(name.get("family"), 200),
                given=_text(" ".join(one for one in _list(name.get("given")) if isinstance(one, str)), 200),
                profession="",
                speciality="",
                rpps=rpps,
                structure=_text(resource.get("name")) if organization else "",
                structure_id=_identifier(resource, FINESS, STRUCTURE) if organization else "",
                service=service,
                street=street[:300],
                postcode=postcode,
                town=_text(postal.get("city"), 200),
                department=department_of(postcode),
                dematerialised="",
                joined="",
            ),
            red,
        )


def page(data: bytes) -> Page:
    """The mailboxes of a Bundle, its own order kept. Raises `Unreadable` where it is none."""
    try:
        bundle = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable("The directory's answer is no JSON.") from None
    if _dict(bundle).get("resourceType") != "Bundle":
        raise Unreadable("The directory's answer is no Bundle.")
    found = [told for one in _list(bundle.get("entry")) for told in _told(_dict(_dict(one).get("resource")))]
    links = (_dict(one) for one in _list(bundle.get("link")))
    following = next((one["url"] for one in links if one.get("relation") == "next" and isinstance(one.get("url"), str)), "")
    return Page(tuple(found), following)
