"""An HL7 v2 message that is no report, field by field in words: admissions and movements (ADT), acknowledgements (ACK, and ZAM of the ANS
volet "Transmission de documents CDA en HL7 v2", 12.3), appointments, orders, any other (HL7 v2.5, chapters 2, 3 and 10). Their words are in
`hl7v2_codes` and `hl7v2_fields`.

What an acknowledgement says stands first: accepted or refused, and why. Known weakness: a file packed in such a message is told and not
opened.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from html import escape

from vaguemestre.formats.hl7v2_codes import ANSWERS, EVENTS, MESSAGES, OUTCOMES, TABLES
from vaguemestre.formats.hl7v2_fields import HIDDEN, SEGMENTS
from vaguemestre.formats.hl7v2_syntax import Segment, Value

MAX_ROWS = 2_000
_MOST = 2_000
"""Characters of one value."""
_PACKED = 2_000
"""Characters from which a value without a blank is a file in base64, no words."""
_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})?(?:([0-9]{2})([0-9]{2})(?:[0-9]{2}(?:\.[0-9]+)?)?)?(?:[+-][0-9]{4})?", re.ASCII)
_NAME_KINDS = {"L": "légal", "M": "de naissance", "B": "de naissance", "D": "d'usage", "S": "pseudonyme"}
_DUTIES = {"H": "hébergement", "M": "médicale", "S": "soins"}
_ZAM_FIELDS = {
    "ACK_RECEPTION_DMP": "Dépôt au DMP",
    "ACK_RECEPTION_MSS": "Remise dans la boîte MSSanté",
    "ACK_LECTURE_MSS": "Lecture ou prise en charge",
    "DESTINATAIRE_MSS": "Destinataire",
    "LECTEUR_MSS": "Lu par",
}
_ANSWER = "Réponse"
_FILE = "fichier joint : téléchargez l'original"

Rows = list[tuple[str, str]]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """`kind`: what the message is, by its type; `title`: what it says, in a few words; `text` and `html`, of the narratives' closed list of
    tags, say the same; `more`: whether fields are left out; `packed`: whether a file in it is not opened."""

    kind: str
    title: str
    text: str
    html: str
    more: bool
    packed: bool

    def __repr__(self) -> str:
        return f"<Shown, {len(self.text)} characters>"


def shown(segments: Sequence[Segment]) -> Shown:
    """A message, its MSH first; at most MAX_ROWS fields of it."""
    header = segments[0]
    kind, event = header.get(9).upper()[:10], header.get(9, 2).upper()[:10]
    title = _title(kind, event, segments)
    sections = _sections(segments[1:], kind, event)
    # the title says what happened; by whom it was sent comes after what it says
    sections.append(("Message", _about(header, kind, event)))
    lines: list[str] = []
    parts: list[str] = []
    left, more = MAX_ROWS, False
    for name, found in sections:
        rows = found[:left]
        more |= len(rows) < len(found)
        if not rows:
            continue
        left -= len(rows)
        lines += [*([""] if lines else []), name, *(f"{label} : {value}" for label, value in rows)]
        cells = "".join(f"<tr><th>{escape(label)}</th><td>{escape(value).replace(chr(10), '<br>')}</td></tr>" for label, value in rows)
        parts.append(f"<h3>{escape(name)}</h3><table><tbody>{cells}</tbody></table>")
    packed = any(value == _FILE for _, found in sections for _, value in found)
    return Shown(MESSAGES.get(kind, "Message HL7"), title, "\n".join(lines), "".join(parts), more, packed)


def _title(kind: str, event: str, segments: Sequence[Segment]) -> str:
    """What happened, and of an answer which one it is."""
    name = EVENTS.get(event, "") if kind in {"ADT", "SIU", "ZAM"} else ""
    name = name or MESSAGES.get(kind) or " ".join(filter(None, ("Message HL7", kind)))
    answer = _answer(kind, event, segments)
    return f"{name} : {answer}" if answer else name


def _answer(kind: str, event: str, segments: Sequence[Segment]) -> str:
    if kind == "ZAM":
        said = [one.get(5).upper() for one in segments if one.name == "OBX" and one.get(3).upper().startswith("ACK_")]
        good, bad = OUTCOMES.get(event, ("", ""))
        # one refusal among several answers is what has to be seen
        return bad if "N" in said else good if "Y" in said else ""
    said = [one.get(1).upper() for one in segments if one.name == "MSA"]
    return ANSWERS.get(said[0], "") if said else ""


def _about(header: Segment, kind: str, event: str) -> Rows:
    known = EVENTS.get(event, "") if kind in {"ADT", "SIU", "ZAM"} else MESSAGES.get(kind, "")
    code = " ".join(filter(None, (kind, event)))
    rows = [
        ("Événement", f"{known} ({code})" if known and code else known or code),
        ("Émetteur", " · ".join(filter(None, (_words(header, 4), _words(header, 3))))),
        ("Destinataire", " · ".join(filter(None, (_words(header, 6), _words(header, 5))))),
        ("Date du message", _time(header.get(7))),
        ("Numéro du message", header.get(10)),
    ]
    return [(name, value[:_MOST]) for name, value in rows if value]


def _sections(segments: Sequence[Segment], kind: str, event: str) -> list[tuple[str, Rows]]:
    """One a segment, but of the answers of a ZAM, which are one."""
    found: list[tuple[str, Rows]] = []
    for segment in segments:
        title, rows = _section(segment, kind, event)
        if found and title == found[-1][0] == _ANSWER:
            found[-1][1].extend(rows)
        else:
            found.append((title, rows))
    return found


def _section(segment: Segment, kind: str, event: str) -> tuple[str, Rows]:
    title, fields = SEGMENTS.get(segment.name, (segment.name, {}))
    if segment.name == "OBX" and kind == "ZAM":
        return _ANSWER, _told(segment, event)
    found: Rows = []
    for number in range(1, len(segment.fields)):
        if number in HIDDEN.get(segment.name, ()):
            continue
        name, form = fields.get(number, (f"{segment.name}-{number}", ""))
        value = _field(segment, number, form)
        if value:
            found.append((name, value))
    return title, found


def _told(segment: Segment, event: str) -> Rows:
    """One OBX of a ZAM: its name is the label, its value the answer."""
    code, label = segment.get(3).upper(), segment.get(3, 2)
    answer = segment.get(5).upper()
    good, bad = OUTCOMES.get(event, ("oui", "non"))
    value = {"Y": good, "N": bad}.get(answer, "") if code.startswith("ACK_") else segment.get(5, 4)
    rows = [(_ZAM_FIELDS.get(code) or label or code, value or _field(segment, 5, ""))]
    if code.startswith("ACK_"):
        rows.append(("Au message", segment.get(4)))
    return [(name, told[:_MOST]) for name, told in rows if told]


def _field(segment: Segment, number: int, form: str) -> str:
    """The repetitions of a field, one a line."""
    told = (_value(value, form, number, segment) for value in segment.repeats(number))
    return "\n".join(filter(None, dict.fromkeys(told)))[:_MOST]


def _value(value: Value, form: str, number: int, segment: Segment) -> str:
    if len(value.raw) > _PACKED and not re.search(r"\s", value.raw[:_PACKED]):
        return _FILE
    if form == "error":
        return _error(value)
    if form in TABLES:
        code = value.part(1)
        return TABLES[form].get(code.upper()) or _coded(value)
    if form == "answered" and segment.get(2).upper() in {"CE", "CWE", "CF", "CNE"}:
        return _coded(value)
    return _WRITERS.get(form, _plain)(value)


def _plain(value: Value) -> str:
    if value.components() == 1 and len(value.parts(1)) == 1:
        return value.text().strip()
    parts = (part for number in range(1, value.components() + 1) for part in value.parts(number))
    return " ".join(part for part in parts if part and part != '""')


def _coded(value: Value) -> str:
    """CE, CWE: its words, or its code where it has none."""
    return value.part(2) or value.part(5) or value.part(1) or _plain(value)


def _error(value: Value) -> str:
    """ERR-5: a code of the table that its third component names, with our words, else the sender's."""
    code = value.part(1)
    table = TABLES["smtp"] if value.part(3).upper().startswith("SMTP") else TABLES["error"]
    words = table.get(code) or value.part(2)
    return f"{words} (code {code})" if words and code else words or code


def _person(value: Value) -> str:
    """XCN: given name and family name, else the number."""
    return " ".join(filter(None, (value.part(6), value.part(3), value.part(2)))) or value.part(1)


def _name(value: Value) -> str:
    """XPN, with its kind where it is told."""
    told = " ".join(filter(None, (value.part(5), value.part(1), value.part(3) or value.part(2))))
    kind = _NAME_KINDS.get(value.part(7).upper())
    return f"{told} ({kind})" if told and kind else told


def _identifier(value: Value) -> str:
    """CX or EI, with its type and who gave it."""
    number, kind = value.part(1), value.part(5)
    if value.components() < 4:
        return " · ".join(filter(None, (number, value.part(2))))
    about = kind if kind in {"INS", "INS-C"} else " ".join(filter(None, (kind, value.part(4))))
    return f"{number} ({about})" if number and about else number


def _address(value: Value) -> str:
    """XAD. That of the place of birth (type BDL) tells a town's code alone."""
    if value.part(7).upper() == "BDL":
        place = " ".join(filter(None, (value.part(3), value.part(9))))
        return f"{place} (lieu de naissance)" if place else ""
    country = value.part(6) if value.part(6).upper() not in {"FRA", "FR"} else ""
    return " ".join(filter(None, (*(value.part(n) for n in (1, 2, 5, 3)), country)))


def _phone(value: Value) -> str:
    """XTN: the old form, the new ones, or a mail address."""
    return next(filter(None, (value.part(12), value.part(4), value.part(1), value.part(7))), "")


def _place(value: Value) -> str:
    """PL: unit, room, bed, facility."""
    named = (("", 1), ("chambre ", 2), ("lit ", 3), ("", 4))
    return " · ".join(f"{word}{told}" for word, number in named if (told := value.part(number)))


def _unit(value: Value) -> str:
    """XON: name and number."""
    name, number = value.part(1), value.part(10)
    return f"{name} ({number})" if name and number else name or number


def _duties(value: Value) -> str:
    """ZBE-9: a letter for each responsibility that changes."""
    letters = value.part(1).upper()
    return ", ".join(_DUTIES[one] for one in letters) if letters and set(letters) <= _DUTIES.keys() else value.part(1)


def _event(value: Value) -> str:
    return EVENTS.get(value.part(1).upper(), value.part(1))


def _answered(value: Value) -> str:
    code = value.part(1)
    words = ANSWERS.get(code.upper(), "")
    return f"{words[:1].upper()}{words[1:]} ({code})" if words else code


def _timing(value: Value) -> str:
    """TQ: its start and end."""
    return " – ".join(filter(None, (_time(value.part(4)), _time(value.part(5))))) or _plain(value)


def _time(text: str) -> str:
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    year, month, day, hour, minute = match.groups()
    return "/".join(filter(None, (day, month, year))) + (f" {hour}:{minute}" if hour else "")


def _words(segment: Segment, number: int) -> str:
    return segment.get(number)[:200]


_WRITERS: dict[str, Callable[[Value], str]] = {
    "coded": _coded,
    "person": _person,
    "name": _name,
    "id": _identifier,
    "address": _address,
    "phone": _phone,
    "place": _place,
    "unit": _unit,
    "duties": _duties,
    "event": _event,
    "answer": _answered,
    "timing": _timing,
    "time": lambda value: _time(value.part(1)),
}
"""How the value of a kind of field is written."""
