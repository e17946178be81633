"""The national directory's open extractions: mailboxes (`Extraction_Correspondance_MSSante_…`) and professionals
(`PS_LibreAcces_Personne_activite_…`), plain or in their zip (mssante.md 4.1).

One line a mailbox, or a professional's activity; fields parted by `|`, a last `|` at the end of the line or not. Columns are bound by name:
case, accents, punctuation and the words "coord. structure", "structure BAL" at the end of a name count for nothing. Everything streams: a
line is held, never the file. A line that cannot be used is told by its number; what makes a file unfit as a whole is raised before its
first row is given (`survey`), or told by `Rows.bad` and `Rows.seen` after its last.
"""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import enum
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from vaguemestre.domain import person
from vaguemestre.domain.address import MAILBOX_TYPES, comparison
from vaguemestre.domain.directory import Entry, department_of
from vaguemestre.domain.fault import TooLarge, Unreadable

BYTES_MOST = 4 << 30
"""Of one extraction, unpacked."""
LINE_MOST = 32_768
MEMBERS_MOST = 20
BLOCK = 1 << 20
NAMED_MOST = 100
"""Bad lines whose numbers are kept; the others are counted."""
PATIENTS = "patient.mssante.fr"
"""No directory lists it: an address there is an INS."""
SPECIALITIES_MOST = 3


class Kind(enum.Enum):
    MAILBOXES = "mailboxes"
    PROFESSIONALS = "professionals"


_ADDRESS = "adresse bal"
_COLUMNS: Mapping[str, Sequence[str]] = {
    "address": (_ADDRESS, "adresse de messagerie securisee", "adresse mssante"),
    "type": ("type de bal", "type bal"),
    "civility": ("libelle civilite d exercice", "civilite d exercice", "libelle civilite"),
    "family": ("nom d exercice", "nom exercice"),
    "given": ("prenom d exercice", "prenom exercice"),
    "profession": ("libelle profession", "profession"),
    "category": ("libelle categorie professionnelle", "categorie professionnelle"),
    "speciality": ("libelle savoir faire", "savoir faire"),
    "rpps": ("identifiant pp",),
    "national": ("identification nationale pp",),
    "structure": ("raison sociale", "raison sociale site", "enseigne commerciale", "enseigne commerciale site"),
    "structure_id": ("identification", "identifiant", "identifiant technique de la"),
    "service": ("service de rattachement", "service rattachement"),
    "number": ("l4numerovoie", "numero voie"),
    "number_more": ("l4complementnumerovoie", "indice repetition voie"),
    "way": ("nl4typevoie", "l4typevoie", "libelle type de voie"),
    "street": ("l4libellevoie", "libelle voie"),
    "routing": ("l6ligneacheminement",),
    "postcode": ("code postal",),
    "town": ("libelle commune", "commune"),
    "department": ("departement", "code departement"),
    "dematerialised": ("dematerialisation",),
    "red_list": ("liste rouge",),
}
_TAIL = re.compile(r" (?:coord )?structure(?: bal)?$")
_PUNCTUATION = re.compile(r"[^0-9a-z]+")
_POSTCODE = re.compile(r"^\s*(\d{5})\s+(.+)$")
_CEDEX = re.compile(r"\s+CEDEX(?:\s+\d+)?\s*$", re.IGNORECASE)
_PLAIN_ADDRESS = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ufffe\uffff]+")
_YES = frozenset({"1", "O", "OUI", "Y", "YES", "TRUE", "VRAI"})


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """What a look at the whole file told. `encoding`: utf-8-sig, or cp1252 where its bytes are no UTF-8; `fields`: `|` of its header."""

    kind: Kind
    encoding: str
    places: Mapping[str, int]
    separators: int


@dataclasses.dataclass(slots=True)
class Rows:
    """What was met while reading, complete after the last row. `bad`: numbers of the lines that cannot be used, the first NAMED_MOST;
    `hidden`: entries on the red list, left out; `repeats`: further lines of an address met before."""

    seen: int = 0
    bad: list[int] = dataclasses.field(default_factory=list)
    bad_count: int = 0
    hidden: int = 0
    repeats: int = 0

    def wrong(self, line: int) -> None:
        self.bad_count += 1
        if len(self.bad) < NAMED_MOST:
            self.bad.append(line)


@contextlib.contextmanager
def parts(path: Path) -> Iterator[list[tuple[str, BinaryIO]]]:
    """(name, bytes) of each extraction that a file holds: itself, or the text files of a zip. Raises `Unreadable`, `TooLarge`, OSError."""
    with contextlib.ExitStack() as opened:
        file = opened.enter_context(path.open("rb"))
        if file.read(4) != b"PK\x03\x04":
            file.seek(0)
            yield [(path.name, file)]
            return
        file.seek(0)
        try:
            archive = opened.enter_context(zipfile.ZipFile(file))
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise Unreadable("the zip is cut or damaged") from None
        members = [one for one in archive.infolist() if not one.is_dir() and one.filename.lower().endswith((".txt", ".csv"))]
        if not members:
            raise Unreadable("the zip holds no text file")
        if len(members) > MEMBERS_MOST or any(one.file_size > BYTES_MOST for one in members):
            raise TooLarge("the zip holds too many files, or one that is too large")
        try:
            yield [(one.filename.rpartition("/")[2], opened.enter_context(archive.open(one))) for one in members]  # type: ignore[misc]
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile):
            raise Unreadable("the zip is encrypted, or packed in a way that is not read") from None


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    total = 0
    try:
        while block := file.read(BLOCK):
            total += len(block)
            if total > BYTES_MOST:
                raise TooLarge("the extraction is too large")
            yield block
    except (zipfile.BadZipFile, EOFError) as error:
        raise Unreadable("the zip is cut or damaged") from error
    except ValueError as error:
        raise Unreadable("the file cannot be read") from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise Unreadable("the zip is cut or damaged") from None
        raise


def _named(column: str) -> str:
    plain = _PUNCTUATION.sub(" ", person.comparison(column).lower()).strip()
    return _TAIL.sub("", plain)


def survey(file: BinaryIO) -> Survey | None:
    """Reads the file once from its beginning: its encoding, its columns, whether its end is there. None where its columns are of neither
    kind. Raises `Unreadable` (empty, cut) or `TooLarge`."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, head, last, lines, headed = True, b"", b"", 0, False
    for block in _blocks(file):
        if utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                utf8 = False
        lines += block.count(b"\n")
        if not headed:
            head += block
            headed = b"\n" in head
            if not headed and len(head) > LINE_MOST:
                raise Unreadable("the file has no header line")
        last = (last + block)[-LINE_MOST:]
    if not headed:
        raise Unreadable("the file is empty")
    encoding = "utf-8-sig" if utf8 else "cp1252"
    first = head.partition(b"\n")[0].removeprefix(codecs.BOM_UTF8).rstrip(b"\r")
    names = [_named(one) for one in first.decode("utf-8" if utf8 else "cp1252", "replace").split("|")]
    separators = first.count(b"|") - first.endswith(b"|")
    where = {name: place for place, name in reversed(list(enumerate(names))) if name}
    places = {key: next((where[one] for one in wanted if one in where), -1) for key, wanted in _COLUMNS.items()}
    if where.keys() & set(_COLUMNS["address"]):
        kind = Kind.MAILBOXES
    elif places["rpps"] >= 0 and (places["profession"] >= 0 or places["speciality"] >= 0) and not any("diplome" in one for one in names):
        kind = Kind.PROFESSIONALS
    else:
        return None
    tail = last.rpartition(b"\n")[2].rstrip(b"\r")
    if tail and tail.count(b"|") - tail.endswith(b"|") * first.endswith(b"|") != separators:
        raise Unreadable("the file is cut: its last line has no end")
    if lines < 2 and not tail:
        raise Unreadable("the file has a header and no line")
    return Survey(kind, encoding, places, separators)


def _lines(file: BinaryIO, told: Survey, rows: Rows) -> Iterator[tuple[int, list[str]]]:
    """(number, fields) of each line of the right shape, after the header."""
    file.seek(0)
    number, rest = 0, b""
    for block in _blocks(file):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > LINE_MOST:
            rest = rest[:LINE_MOST]
        for line in lines:
            number += 1
            if number > 1 and line.strip():
                fields = _fields(line, told)
                rows.seen += 1
                if fields is None:
                    rows.wrong(number)
                else:
                    yield number, fields
    if rest.strip():
        rows.seen += 1
        fields = _fields(rest, told)
        if fields is None:
            rows.wrong(number + 1)
        else:
            yield number + 1, fields


def _fields(line: bytes, told: Survey) -> list[str] | None:
    if len(line) >= LINE_MOST:
        return None
    try:
        text = line.rstrip(b"\r").decode("utf-8" if told.encoding == "utf-8-sig" else "cp1252", "strict")
    except UnicodeDecodeError:
        return None
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    fields = text.split("|")
    if len(fields) == told.separators + 2 and not fields[-1].strip():
        fields.pop()
    return fields if len(fields) == told.separators + 1 else None


def _address(text: str) -> str:
    """The address in comparison form, "" for what is none that a directory lists."""
    plain = text.strip().lower()
    if not (_PLAIN_ADDRESS.fullmatch(plain) and len(plain) <= 254 and plain.index("@") <= 64):
        try:
            plain = comparison(text.strip())
        except Unreadable:
            return ""
    return "" if plain.endswith(f"@{PATIENTS}") else plain


def _place(postcode: str, town: str, routing: str) -> tuple[str, str]:
    """(postcode, town); the sixth line of a postal address tells either where its own column is empty."""
    found = _POSTCODE.match(routing) if not (postcode and town) else None
    if found is not None:
        postcode, town = postcode or found[1], town or found[2]
    elif not town:
        town = routing
    if len(postcode) == 4 and postcode.isdigit():
        postcode = "0" + postcode
    return postcode[:10], _CEDEX.sub("", town).strip()


_TYPES = frozenset({*MAILBOX_TYPES, "CAB"})


_BOUNDS = {
    "type": 20, "rpps": 40, "national": 40, "red_list": 10, "postcode": 10, "town": 200, "routing": 200, "department": 60, "civility": 60,
    "family": 200, "given": 200, "profession": 200, "speciality": 300, "structure": 300, "structure_id": 64, "service": 300,
    "dematerialised": 1, "number": 150, "number_more": 150, "way": 150, "street": 150,
}  # fmt: skip
"""The fields of an entry, in the order in which `mailboxes` takes them, and the characters kept of each."""


def mailboxes(file: BinaryIO, told: Survey, rows: Rows) -> Iterator[Entry]:
    """The entries of a file of kind MAILBOXES, each address once. `joined` is "" in all."""
    # A column that is absent is read past the last field, where "" is put.
    absent = told.separators + 1
    taken = [(told.places[key] if told.places[key] >= 0 else absent, most) for key, most in _BOUNDS.items()]
    address_at = told.places["address"]
    met: set[int] = set()
    for number, fields in _lines(file, told, rows):
        fields.append("")
        address = _address(fields[address_at])
        kind, rpps, national, red, postcode, town, routing, department, civility, family, given, *more = [
            fields[place].strip()[:most] for place, most in taken
        ]
        profession, speciality, structure, structure_id, service, dematerialised, *street = more
        kind = kind.upper()
        if rpps or national:
            rpps = person.rpps(rpps) or person.rpps(national)
        if not kind:
            kind = "PER" if rpps else "ORG"
        if not address or kind not in _TYPES:
            rows.wrong(number)
            continue
        if red.upper() in _YES:
            rows.hidden += 1
            continue
        mark = hash(address)
        if mark in met:
            rows.repeats += 1
            continue
        met.add(mark)
        postcode, town = _place(postcode, town, routing)
        code = department_of(postcode) or (department.upper() if len(department) <= 3 else "")
        yield Entry(
            address=address,
            type=kind,
            civility=civility,
            family=family,
            given=given,
            profession=profession,
            speciality=speciality,
            rpps=rpps,
            structure=structure,
            structure_id=structure_id,
            service=service,
            street=" ".join(filter(None, street))[:300],
            postcode=postcode,
            town=town,
            department=code,
            dematerialised=dematerialised.upper(),
            joined="",
        )


def professionals(file: BinaryIO, told: Survey, rows: Rows, into: dict[int, tuple[str, str]]) -> None:
    """Adds to `into` what a file of kind PROFESSIONALS tells: RPPS -> (profession, speciality), of several activities the first profession
    and the first SPECIALITIES_MOST specialities. Lines of another identifier than an RPPS (ADELI, test ones) are passed over."""
    profession_at, speciality_at, rpps_at, national_at = (told.places[key] for key in ("profession", "speciality", "rpps", "national"))
    kept: dict[tuple[str, str], tuple[str, str]] = {}
    for number, fields in _lines(file, told, rows):
        plain = person.rpps(fields[rpps_at]) or (person.rpps(fields[national_at]) if national_at >= 0 else "")
        if not plain:
            if not fields[rpps_at].strip():
                rows.wrong(number)
            continue
        profession = fields[profession_at].strip() if profession_at >= 0 else ""
        speciality = fields[speciality_at].strip() if speciality_at >= 0 else ""
        before = into.get(int(plain))
        if before is not None:
            listed = before[1].split(" · ") if before[1] else []
            if speciality and speciality not in listed and len(listed) < SPECIALITIES_MOST:
                listed.append(speciality)
            profession, speciality = before[0] or profession, " · ".join(listed)
        pair = kept.get((profession, speciality))
        if pair is None:
            pair = (profession[:200], speciality[:300])
            kept[profession, speciality] = pair
        into[int(plain)] = pair
