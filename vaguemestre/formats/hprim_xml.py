"""HPRIM XML: messages between the programs of a hospital, of which a practice sometimes receives one (formats.md 1.3).

It is recognised by its namespace, its patient read, and all of it shown as a table; nothing in it becomes data. It is never filed by
itself: the identity is given as one that only proposes (`from_fields` False, formats.md 6.5), so that a person confirms the chart.

Known weakness: a table of elements, in the order and with the names of the schema, is for a reader who knows what to look for.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from html import escape

from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.domain.person import birth_date_precision
from vaguemestre.domain.reading import LocalId, Party, StatedPatient, Warning
from vaguemestre.formats.safe_xml import Element, parse

NAMESPACE = "http://www.hprim.org/hprimXML"
MAX_ROWS = 5_000
MAX_VALUE = 2_000
"""Characters of one value."""
MAX_NAME = 200
MAX_PATIENTS = 200
MAX_ATTRIBUTES = 500
"""Of one element."""

_TITLES = {
    "evenementsPatients": "Événements patient",
    "resultatsExamens": "Résultats d'examens",
    "demandesExamens": "Demandes d'examens",
    "evenementsMedicaux": "Événements médicaux",
    "evenementsServeurActes": "Actes",
    "evenementsPMSI": "Événements PMSI",
    "evenementsFraisDivers": "Frais divers",
    "evenementMvtStock": "Mouvements de stock",
}
"""Roots of the public schemas, in their own language."""
_HEADER = "enteteMessage"
_ARROW = " › "
_NEAREST = 4
"""Names kept of the path to an element."""
_SEXES = {"M": "M", "F": "F", "I": "U", "U": "U"}
_HUMP = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Ý])")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?",
    re.ASCII,
)
_SENDERS = ("système", "systeme", "application", "acteur")
"""Categories of agents, the one that names the sender best first."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Read:
    """A message. `id` and `date`: its own number and the time when it was made; `html` in the narratives' closed list of tags."""

    title: str
    date: str | None
    id: str | None
    patient: StatedPatient | None
    author: Party | None
    recipient: Party | None
    text: str
    html: str
    warnings: tuple[Warning, ...]

    def __repr__(self) -> str:
        return f"Read(warnings={[w.code for w in self.warnings]!r})"


def read(data: bytes) -> Read:
    """The message. Raises Unreadable and TooLarge, no other."""
    parsed = parse(data)
    root = next(parsed.root.iter(f"{{{NAMESPACE}}}*"), None)
    if root is None:
        raise Unreadable("The XML has no element of HPRIM XML.")
    name = _local(root)
    warnings = list(parsed.warnings)
    header = next(filter(_is_header, root), None)
    title = _TITLES.get(name) or _spoken(name)
    text, html = _table(root, warnings)
    return Read(
        title,
        _made(header, warnings),
        _below(header, "identifiantMessage"),
        _patient(root, warnings),
        _agent(header, "emetteur"),
        _agent(header, "destinataire"),
        text,
        html,
        tuple(dict.fromkeys(warnings)),
    )


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _spoken(name: str) -> str:
    """`dateHeureProduction` as words: "Date heure production"."""
    words = _HUMP.sub(" ", name[:MAX_NAME])
    return words[:1].upper() + "".join(word if word.isupper() else word.lower() for word in re.split(r"( )", words[1:]))


def _words(element: Element | None) -> str:
    if element is None:
        return ""
    return " ".join((element.text or "").split())[:MAX_NAME]


def _child(element: Element | None, *names: str) -> Element | None:
    """The element at the end of a path of local names."""
    for name in names:
        element = next((child for child in element if _local(child) == name), None) if element is not None else None
    return element


def _below(element: Element | None, *names: str) -> str | None:
    return _words(_child(element, *names)) or None


def _made(header: Element | None, warnings: list[Warning]) -> str | None:
    told = _below(header, "dateHeureProduction")
    if told is None:
        return None
    whole = _DATE.match(told)
    if whole is None or not birth_date_precision("".join(whole.groups())) or not _MOMENT.fullmatch(told):
        warnings.append(Warning("malformed", "The time of the message is not a possible date."))
        return None
    return told.replace("Z", "+00:00")


def _agent(header: Element | None, side: str) -> Party | None:
    """The sender or receiver: code and label of its system, else of its application, else of the person."""
    agents = _child(header, side, "agents")
    found = {(agent.get("categorie") or "").casefold(): agent for agent in agents} if agents is not None else {}
    chosen = next((found[category] for category in _SENDERS if category in found), next(iter(found.values()), None))
    code, label = _below(chosen, "code"), _below(chosen, "libelle")
    return Party(name=label, id=code) if code or label else None


def _patient(root: Element, warnings: list[Warning]) -> StatedPatient | None:
    """Whom the message is about, where all its `patient` elements name one person."""
    found: dict[StatedPatient, None] = {}
    for element in root.iter(f"{{{NAMESPACE}}}patient"):
        person = _child(element, "personnePhysique")
        if person is not None:
            found[_stated(element, person, warnings)] = None
        if len(found) >= MAX_PATIENTS:
            break
    if len(found) > 1:
        warnings.append(Warning("several-patients", "The message tells of several patients."))
        return None
    return next(iter(found), None)


def _stated(element: Element, person: Element, warnings: list[Warning]) -> StatedPatient:
    given = _child(person, "prenoms")
    names = [name for one in given if _local(one) == "prenom" and (name := _words(one))][:20] if given is not None else []
    born = _below(person, "dateNaissance", "date") or _below(person, "dateNaissance") or ""
    match = _DATE.fullmatch(born)
    birth_date = birth_date_precision("".join(match.groups())) if match else ""
    if born and not birth_date:
        warnings.append(Warning("malformed", "The date of birth is not a whole possible date."))
    sender = _child(element, "identifiant", "emetteur")
    code = _below(sender, "valeur") or _words(sender)
    return StatedPatient(
        birth_name=_below(person, "nomNaissance"),
        used_name=_below(person, "nomUsuel"),
        given_names=tuple(names),
        first_given_name=names[0] if names else None,
        birth_date=birth_date or None,
        sex=_SEXES.get((person.get("sexe") or "").strip().upper()),
        local_ids=(LocalId(code),) if code else (),
        from_fields=False,
    )


def _table(root: Element, warnings: list[Warning]) -> tuple[str, str]:
    """(plain text, HTML) of every element that holds words or attributes: a title for each part of the message, what is about the message
    itself last, and within it the path to each group of elements above their names and words."""
    lines: list[str] = []
    tables: list[str] = []
    left, cut = MAX_ROWS, False
    for part in sorted(root, key=_is_header):
        title = _spoken(_local(part))
        cells: list[str] = []
        told: list[str] = []
        above: tuple[str, ...] = ()
        for path, name, value in _rows(part):
            if not left:
                break
            left -= 1
            cut |= len(value) > MAX_VALUE
            words = value[:MAX_VALUE] + ("…" if len(value) > MAX_VALUE else "")
            if path != above:
                above = path
                told.append(_ARROW.join(path))
                cells.append(f'<tr><th colspan="2">{escape(_ARROW.join(path))}</th></tr>')
            told.append(f"{name} : {words}" if name else words)
            cells.append(f"<tr><td>{escape(name)}</td><td>{escape(words).replace(chr(10), '<br>')}</td></tr>")
        if cells:
            lines += [*([""] if lines else []), title, *told]
            tables.append(f"<h3>{escape(title)}</h3><table><tbody>{''.join(cells)}</tbody></table>")
    if not left or cut:
        warnings.append(Warning("too-large", "The message is too long to be shown whole."))
    return "\n".join(lines), "".join(tables)


def _is_header(part: Element) -> bool:
    return _local(part).startswith(_HEADER)


def _rows(part: Element) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(path to the element above, name, words) of what is in a part, in order: an attribute is below its element. A long path is cut."""
    todo: list[tuple[Element, tuple[str, ...]]] = [(part, ())]
    while todo:
        element, path = todo.pop()
        if len(element.attrib) > MAX_ATTRIBUTES:
            # listing them costs the square of their number
            raise TooLarge(f"An element of the message has more than {MAX_ATTRIBUTES} attributes.")
        for key, value in element.attrib.items():
            # of other namespaces: where the schema lies, which is not for readers
            if not str(key).startswith("{") and str(value).strip():
                yield path, _spoken(str(key)), str(value).strip()
        words = (element.text or "").strip()
        if words:
            yield path[:-1], path[-1] if path else "", words
        todo += [(child, (*path[-_NEAREST:], _spoken(_local(child)))) for child in reversed(element)]
