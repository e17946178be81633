"""What the OBX segments of an HL7 v2 message say: results, words, flags of confidentiality, files (HL7 v2.5, 7.4 and 9.6; formats.md 4.1).

One order is an OBR with its OBX, NTE and SPM. An OBX of text (TX, FT) of several lines, or in a message of documents, is words; any other
is a result. A file (ED) is kept as it is packed and opened by its own reader; one that is only pointed to (RP) is not fetched.
"""

from __future__ import annotations

import binascii
import dataclasses
import itertools
import re
from collections.abc import Iterable, Sequence

from vaguemestre.domain.reading import LOINC, Coded, Result, Warning
from vaguemestre.formats.cda_values import moment, number
from vaguemestre.formats.hl7v2_syntax import Segment, Value
from vaguemestre.formats.hprim_medecin_results import bounds

MAX_RESULTS = 20_000
MAX_FILES = 200
MAX_FILE_BYTES = 64_000_000
"""Of all the files in one record, after base64."""
MAX_LABEL = 500
MAX_COMMENT = 16_000

_SYSTEMS = {"LN": LOINC, "LOINC": LOINC, "SCT": "2.16.840.1.113883.6.96", "SNM3": "2.16.840.1.113883.6.51", "CD2": "2.16.840.1.113883.6.12"}
_OID = re.compile(r"[0-2](?:\.[0-9]{1,40}){2,30}", re.ASCII)
_MASKS = {
    "MASQUE_PS": "MASQUE_PS",
    "INVISIBLE_PATIENT": "INVISIBLE_PATIENT",
    "INVISIBLE_REP_LEGAUX": "INVISIBLE_REPRESENTANTS_LEGAUX",
    "CONNEXION_SECRETE": "CONNEXION_SECRETE",
}
"""Flags of MetaDMPMSS that tell who may see the document, by the codes of JDV_J08."""
_INSTRUCTIONS = frozenset(
    {"MODIF_CONF_CODE", "DESTDMP", "DESTMSSANTEPS", "DESTMSSANTEPAT", "ACK_RECEPTION", "ACK_LECTURE_MSS", "ACK_LECTURE"}
)
"""Others of MetaDMPMSS: what the sender asks of the software that carries the message."""
_YES = frozenset({"Y", "YES", "O", "OUI", "1", "TRUE"})
_WORDS = frozenset({"TX", "FT"})
_CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
_TIMES = frozenset({"TS", "DT", "DTM", "DR"})
_FILES = frozenset({"ED"})
_COMPARATORS = frozenset({"<", ">", "<=", ">="})
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_BROKEN = Warning("malformed", "A file in the message is not whole base64.")
_EMPTY = Warning("malformed", "A file in the message is empty.")
_POINTED = Warning("unsupported", "The message only points to a file, which is not in it.")
_TOO_MANY = Warning("too-large", f"The message holds more than {MAX_FILES} files or {MAX_FILE_BYTES} bytes of them: the rest is left out.")
_MORE_RESULTS = Warning("too-large", f"The message holds more than {MAX_RESULTS} results: the rest is not read.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Packed:
    """A file in an OBX: its bytes, the rank of its OBX among the record's, what it is called there and its status (OBX-11)."""

    data: bytes
    rank: int
    label: str | None
    kind: Coded | None
    status: str


@dataclasses.dataclass(slots=True, repr=False)
class Found:
    """What the segments of one record say, in their order."""

    results: list[Result] = dataclasses.field(default_factory=list)
    words: list[str] = dataclasses.field(default_factory=list)
    files: list[Packed] = dataclasses.field(default_factory=list)
    masks: dict[str, None] = dataclasses.field(default_factory=dict)
    warnings: dict[Warning, None] = dataclasses.field(default_factory=dict)


def read(segments: Sequence[Segment], *, documents: bool) -> Found:
    """Raises nothing. `documents`: the message is one of documents (MDM), whose text is words."""
    found = Found()
    ranks = itertools.count(1)
    parents: dict[tuple[str, str], str] = {}
    for order in _orders(segments):
        _Order(found, order, documents, parents, ranks).read()
    return found


def coded(value: Value | None) -> tuple[Coded | None, tuple[Coded, ...]]:
    """(the code, the others) of a CE or CWE: a LOINC one comes first, wherever it stands."""
    if value is None:
        return None, ()
    found = []
    leads = value.leads(6)
    for told in (leads[:3], leads[3:]):
        code, label, system = (one[:MAX_LABEL] or None for one in told)
        if code or label:
            oid = _SYSTEMS.get((system or "").upper()) or (system if system and _OID.fullmatch(system) else None)
            found.append(Coded(code, oid, label))
    if len(found) > 1:
        found.sort(key=lambda one: one.system != LOINC)
    return (found[0] if found else None), tuple(found[1:])


def name_of(value: Value | None) -> str | None:
    """What a coded value is called: its first label, its original text (9), its code."""
    if value is None:
        return None
    leads = value.leads(9)
    return (leads[1] or leads[8] or leads[4] or leads[0] or leads[3])[:MAX_LABEL] or None


def first(segment: Segment, field: int) -> Value | None:
    """The first repetition of a field."""
    return segment.first(field)


def _orders(segments: Iterable[Segment]) -> list[list[Segment]]:
    """The segments parted before each OBR; what precedes the first is an order of its own."""
    found: list[list[Segment]] = [[]]
    for segment in segments:
        if segment.name == "OBR":
            found.append([])
        found[-1].append(segment)
    return found


class _Order:
    """One order: its OBR, if any, and what follows."""

    def __init__(
        self, found: Found, order: list[Segment], documents: bool, parents: dict[tuple[str, str], str], ranks: itertools.count[int]
    ) -> None:
        self._found, self._order, self._documents, self._parents, self._ranks = found, order, documents, parents, ranks
        self._obr = order[0] if order and order[0].name == "OBR" else None
        self._label = name_of(first(self._obr, 4)) if self._obr is not None else None
        specimens = dict.fromkeys(name for one in order if one.name == "SPM" and (name := name_of(first(one, 4))))
        taken = dict.fromkeys(date for one in order if one.name == "SPM" and (date := moment(one.get(17))))
        # of several specimens, nothing tells which is a result's
        self._specimen = next(iter(specimens)) if len(specimens) == 1 else None
        self._date = next(iter(taken)) if len(taken) == 1 else None
        if self._obr is not None:
            self._date = moment(self._obr.get(7)) or self._date
            self._specimen = self._specimen or (self._source() if not specimens else None)
        self._group = self._isolate()
        # an order that was cancelled, where its results do not say what they are
        self._void = "X" if self._obr is not None and self._obr.get(25).upper() == "X" else None

    def _source(self) -> str | None:
        """OBR-15, the specimen before v2.5: its first component is coded."""
        assert self._obr is not None
        value = first(self._obr, 15)
        if value is None:
            return None
        return (value.part(1, 2) or value.part(1))[:MAX_LABEL] or None

    def _isolate(self) -> tuple[str, ...]:
        """What the order was done on: the germ that its parent result names (OBR-26: OBX-3, OBX-4 and value)."""
        value = first(self._obr, 26) if self._obr is not None else None
        if value is None:
            return ()
        told = value.part(3) or self._parents.get((value.part(1), value.part(2)), "")
        return (told[:MAX_LABEL],) if told else ()

    def read(self) -> None:
        """Adds what the order says."""
        place = 0
        order = self._order
        while place < len(order):
            segment = order[place]
            place += 1
            if segment.name == "NTE":
                self._say(None, _note(segment))
            if segment.name != "OBX":
                continue
            same = [segment]
            while place < len(order) and _continues(segment, order[place]):
                same.append(order[place])
                place += 1
            notes = list(itertools.takewhile(lambda one: one.name == "NTE", order[place:]))
            place += len(notes)
            ranks = [next(self._ranks) for _ in same]
            self._observation(same, ranks[0], "\n".join(filter(None, map(_note, notes))))

    def _say(self, label: str | None, text: str) -> None:
        if text:
            self._found.words.append(f"{label}\n{text}" if label else text)

    def _observation(self, same: list[Segment], rank: int, note: str) -> None:
        segment = same[0]
        kind = segment.get(2).upper()
        called = first(segment, 3)
        code, others = coded(called)
        label = name_of(called)
        name = (called.part(1) if called is not None else "").upper()
        if name in _MASKS or name in _INSTRUCTIONS:
            answer = segment.get(5).upper()
            if name in _MASKS and answer in _YES:
                self._found.masks[_MASKS[name]] = None
            return
        if kind == "RP":
            self._found.warnings[_POINTED] = None
            self._say(label, note)
            return
        if kind in _FILES:
            self._file(segment, rank, label, code)
            self._say(label, note)
            return
        if kind in _WORDS:
            lines = [text for one in same for text in _texts(one)]
            text = "\n".join(lines).strip("\n")
            if self._documents or "\n" in text:
                self._say(label, "\n".join(filter(None, (text, note))))
                return
        if self._documents and not segment.repeats(5):
            return
        if len(self._found.results) >= MAX_RESULTS:
            self._found.warnings[_MORE_RESULTS] = None
            return
        self._found.results.append(self._result(segment, kind, label, code, others, note))

    def _result(self, segment: Segment, kind: str, label: str | None, code: Coded | None, others: tuple[Coded, ...], note: str) -> Result:
        value, comparator, figure = _value(segment, kind)
        if value and code is not None and code.code:
            self._parents[(segment.get(3), segment.get(4))] = value
        low, high = bounds(" ".join(segment.whole(7).text().split())[:MAX_LABEL] or None, None)
        unit = first(segment, 6)
        flags = [one.part(1) for one in segment.repeats(8)[:10]]
        return Result(
            chapter=self._label,
            label=label,
            code=code,
            value=value,
            comparator=comparator,
            number=figure,
            unit=((unit.part(1) or unit.part(2))[:MAX_LABEL] or None) if unit is not None else None,
            low=low,
            high=high,
            flag=" ".join(filter(None, flags))[:MAX_LABEL] or None,
            status=segment.get(11).upper()[:32] or self._void,
            date=moment(segment.get(14)) or self._date,
            comment=note[:MAX_COMMENT] or None,
            group=self._group,
            specimen=self._specimen,
            method=", ".join(filter(None, map(name_of, segment.repeats(17)[:5]))) or None,
            translations=others,
        )

    def _file(self, segment: Segment, rank: int, label: str | None, kind: Coded | None) -> None:
        """ED: source^type^subtype^encoding^data."""
        value = segment.whole(5)
        data = value.rest(5)
        if not data and value.components() < 5:
            data = value.rest(1) if value.components() == 1 else ""
        encoding = value.part(4).casefold()
        taken = sum(len(one.data) for one in self._found.files)
        if len(self._found.files) >= MAX_FILES or taken + len(data) * 3 // 4 > MAX_FILE_BYTES:
            self._found.warnings[_TOO_MANY] = None
            return
        if encoding == "base64" or (not encoding and value.components() == 1):
            octets, whole = _unpacked(data)
        elif encoding == "hex":
            octets, whole = _hex(data)
        else:
            octets, whole = Value(data, value.marks, value.encoding).text().encode("utf-8"), True
        if not whole:
            self._found.warnings[_BROKEN] = None
        if not octets:
            self._found.warnings[_EMPTY] = None
            return
        self._found.files.append(Packed(octets, rank, label, kind, segment.get(11).upper()))


def _continues(one: Segment, other: Segment) -> bool:
    """Whether an OBX of text is the next line of another: the same code and number, and nothing of a measure."""
    if other.name != "OBX" or one.get(2).upper() not in _WORDS or other.get(2).upper() not in _WORDS:
        return False
    return one.get(3) == other.get(3) and bool(one.get(3)) and one.get(4) == other.get(4)


def _note(segment: Segment) -> str:
    return "\n".join(text for value in segment.repeats(3) if (text := value.text().strip()))[:MAX_COMMENT]


def _texts(segment: Segment) -> list[str]:
    return [value.text().rstrip() for value in segment.repeats(5)]


def _value(segment: Segment, kind: str) -> tuple[str | None, str | None, str | None]:
    """(value, comparator, number) of an OBX."""
    values = segment.repeats(5)
    told = [text for one in values if (text := _one(one, kind))]
    if not told:
        return None, None, None
    if len(told) > 1:
        return " ; ".join(told)[:MAX_COMMENT], None, None
    (text,) = told
    if kind in _CODED or kind in _TIMES or kind in _WORDS:
        return text[:MAX_COMMENT], None, None
    if kind == "SN":
        comparator = values[0].part(1)
        if values[0].part(3) or values[0].part(4) or (comparator and comparator not in _COMPARATORS):
            return text[:MAX_COMMENT], None, None
    sign, figure = number(text)
    return text[:MAX_COMMENT], sign, figure


def _one(value: Value, kind: str) -> str | None:
    """One repetition as text."""
    if kind in _CODED:
        return name_of(value)
    if kind in _TIMES:
        times = [moment(value.part(n)) or value.part(n) for n in (1, 2)]
        return " - ".join(filter(None, times if kind == "DR" else times[:1])) or None
    if kind == "SN":
        return "".join(value.part(n) for n in range(1, 5)) or None
    text = value.text()
    if kind in _WORDS or kind in {"ST", "NM", ""}:
        return (text if text.isprintable() else "\n".join(line.strip() for line in text.splitlines())).strip() or None
    # of any other type, the words of its components
    return " ".join(filter(None, (value.part(n) for n in range(1, min(value.components(), 20) + 1)))) or None


def _unpacked(text: str) -> tuple[bytes, bool]:
    """(bytes, whether it was whole base64). What is left of base64 that was cut or spoilt is given back."""
    octets = text.encode("ascii", "replace")
    try:
        return binascii.a2b_base64(b"".join(octets.split()), strict_mode=True), True
    except binascii.Error:
        pass
    # undone as it is: a pad in the middle or a character too many must not lose the rest
    kept = octets.translate(None, _NOT_BASE64)
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    try:
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4)), False
    except binascii.Error:
        return b"", False


def _hex(text: str) -> tuple[bytes, bool]:
    plain = "".join(text.split())
    found = re.match(r"(?:[0-9A-Fa-f]{2})*", plain, re.ASCII)
    told = found[0] if found else ""
    return bytes.fromhex(told), len(told) == len(plain)
