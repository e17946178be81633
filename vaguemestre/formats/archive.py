"""Archives that are no XDM: the files of a zip, the one of a gzip, the mails of an mbox file, all in memory; and what the others are, with
what to do about them (PKWARE APPNOTE 6.3.10; gzip: RFC 1952; mbox: RFC 4155; formats.md 3.4).

A zip goes through the guarded door of `safe_zip`, a gzip is held to the same limits, counted while it is inflated. What an archive holds
beside documents is left out (`archive_litter`), but for what its content makes a document: an index is one here, where no metadata say
what the documents are; a README is one where there is nothing else.

Known weaknesses: a line of a mail that begins with `From ` and is followed by fields, as an unquoted forward is, parts an mbox file in two.
"""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections.abc import Iterator

from vaguemestre.domain.fault import Unreadable, Unsupported
from vaguemestre.domain.reading import Warning
from vaguemestre.formats import archive_litter, safe_zip
from vaguemestre.formats.recognise import recognise

MAX_MEMBERS = 100
"""Members of a gzip, that make one file together; mails of an mbox."""
_GZIP = b"\x1f\x8b\x08"
_TAR_AT = 257
_KINDS = (
    (b"PK", "zip"),
    (_GZIP, "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_NAMES = {"7z": "7z", "rar": "RAR", "tar": "tar", "bzip2": "bzip2", "xz": "xz"}
SENTENCES = {
    kind: f"The archive is of the kind {name}, which is not opened here: download it, or ask the sender for the documents by themselves."
    for kind, name in _NAMES.items()
}
"""One sentence for each kind of archive that is not opened."""
_CLINICAL = frozenset({"cda", "hprim-medecin", "hprim-sante", "hprim-xml", "hl7v2", "fhir", "pdf", "email", "rtf", "encrypted"})
_TWICE = Warning("duplicate-name", "Several files of the archive bear the name of this one.")
_TAIL = Warning("malformed", "Octets after the end of the archive belong to no file.")
_MORE = Warning("too-large", f"The file holds more than {MAX_MEMBERS} mails: the rest was not read.")
_FROM = b"From "
_MAX_ENVELOPE = 400
MAX_CANDIDATES = 50_000
"""Lines that are looked at for the start of a mail: those beyond belong to the last one."""
_YEAR = re.compile(rb"[^0-9][0-9]{4}(?: [+-][0-9]{4})?[ \t\r]*\Z")
_FIELD = re.compile(rb"(?:>?From |[A-Za-z][A-Za-z0-9-]{1,60}[ \t]*:)")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_FEXTRA, _FNAME = 4, 8


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class File:
    """A file of the archive that may be a document. `name`: its path, with slashes."""

    name: str
    data: bytes
    warnings: tuple[Warning, ...] = ()

    def __repr__(self) -> str:
        return f"File({len(self.data)})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Archive:
    files: tuple[File, ...]
    warnings: tuple[Warning, ...] = ()

    def __repr__(self) -> str:
        return f"Archive(files={len(self.files)}, warnings={[w.code for w in self.warnings]!r})"


def kind(data: bytes) -> str:
    """zip, gzip or a key of SENTENCES; "" for none of them."""
    if data.startswith(b"ustar", _TAR_AT):
        return "tar"
    return next((name for start, name in _KINDS if data.startswith(start)), "")


def read(data: bytes, name: str = "") -> Archive:
    """The files of a zip or a gzip; `name` is that of the archive. Raises the faults of `safe_zip.entries`, and `Unsupported` for the other
    kinds with the sentence that says what to do."""
    found = kind(data)
    if found == "zip":
        return _zipped(data)
    if found == "gzip":
        return _gunzipped(data, name)
    raise Unsupported(SENTENCES.get(found, "The archive is of a kind that is not known."))


def _zipped(data: bytes) -> Archive:
    zipped = safe_zip.entries(data)
    kept: list[File] = []
    readmes: list[File] = []
    for entry in zipped.entries:
        key = safe_zip.key(entry.name)
        if archive_litter.of_system(key, entry.data):
            continue
        file = File(entry.name, entry.data, (_TWICE,) if key in zipped.duplicates else ())
        base = key.rpartition("/")[2]
        aside = base in archive_litter.READMES or base.endswith((*archive_litter.SHEETS, *archive_litter.ORNAMENTS))
        if aside and recognise(entry.data, entry.name).name not in _CLINICAL:
            readmes.append(file)
        else:
            kept.append(file)
    return Archive(tuple(kept or readmes), zipped.warnings)


def _gunzipped(data: bytes, name: str) -> Archive:
    most = min(safe_zip.MAX_ENTRY, max(safe_zip.RATIO_FREE, safe_zip.MAX_RATIO * len(data)))
    pieces: list[bytes] = []
    size, rest = 0, data
    for _ in range(MAX_MEMBERS):
        inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            piece = inflater.decompress(rest, most - size + 1)
        except zlib.error:
            raise Unreadable("The archive cannot be inflated.") from None
        size += len(piece)
        if size > most:
            large = most == safe_zip.MAX_ENTRY
            told = f"The file of the archive has more than {most} octets." if large else "The archive is packed more than 100 to 1."
            raise Unreadable(told, "too-large" if large else "unsafe-archive")
        if not inflater.eof:
            raise Unreadable("The archive is cut: its end is lacking.", "truncated")
        pieces.append(piece)
        rest = inflater.unused_data
        if not rest.startswith(_GZIP):
            break
    warnings = (_TAIL,) if rest.strip(b"\0") else ()
    return Archive((File(_name_within(data) or _name_without(name), b"".join(pieces)),), warnings)


def _name_within(data: bytes) -> str:
    """RFC 1952 2.3.1: the name in the header of the first member, without its folders; "" where there is none to show."""
    flags = data[3] if len(data) > 3 else 0
    place = 10
    if not flags & _FNAME:
        return ""
    if flags & _FEXTRA:
        place += 2 + int.from_bytes(data[place : place + 2], "little")
    end = data.find(b"\0", place, place + safe_zip.MAX_NAME)
    name = data[place:end].decode("latin-1").replace("\\", "/").rpartition("/")[2] if end > place else ""
    return "" if _UNSAFE.search(name) or not name.strip(" .") else name


def _name_without(name: str) -> str:
    """The name of the archive without its last ending."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}.tar" if stem and ending.lower() == "tgz" else stem or name or "part-1"


def mails(data: bytes) -> Archive:
    """The mails of an mbox file, as `mail-1.eml` and so on; none where it is no mbox of several mails."""
    if not data.startswith(_FROM):
        return Archive(())
    places = list(_starts(data))
    if len(places) < 2:
        return Archive(())
    pieces = [data[start:end] for start, end in zip(places, [*places[1:], len(data)], strict=True)]
    files = tuple(File(f"mail-{rank}.eml", piece) for rank, piece in enumerate(pieces[:MAX_MEMBERS], 1))
    return Archive(files, (_MORE,) if len(pieces) > MAX_MEMBERS else ())


def _starts(data: bytes) -> Iterator[int]:
    """Where each mail begins: at an envelope line (RFC 4155, appendix A) that is the first, or has a blank line before it and a field
    behind it. One more than is read."""
    place, found = 0, 0
    for _ in range(MAX_CANDIDATES):
        if place < 0 or found > MAX_MEMBERS:
            return
        end = data.find(b"\n", place, place + _MAX_ENVELOPE)
        line = data[max(place, end - 12) : end] if end >= 0 else b""
        blank = place == 0 or data.endswith((b"\n\n", b"\n\r\n"), max(0, place - 3), place)
        if blank and _YEAR.search(line) and _FIELD.match(data, end + 1, end + 80):
            yield place
            found += 1
        place = data.find(b"\n" + _FROM, place) + 1 or -1
