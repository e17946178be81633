"""The guarded door of every zip: its entries in memory, under bounds, or a fault (PKWARE APPNOTE 6.3.10; formats.md 3.4).

The central directory is read here, octet by octet, since what makes an archive dangerous is what `zipfile` lets pass: headers that
contradict each other, spans that overlap, sizes that lie. Everything that headers say is checked before the first octet is
inflated; inflating then stops at the size announced, so a bomb costs what its headers admit and no more. Nothing is written to
disk, names are only ever keys.

One fault of form refuses the whole archive: which of two readings of it the sender meant is not ours to guess. Two entries of one name
are no fault of form but of content: both are given, with a warning.

Known weaknesses: an entry's Unicode Path extra field (0x7075) is not used; data descriptors are passed over, the directory being believed
where it and a local header that left its sizes to the descriptor do not contradict each other.
"""

from __future__ import annotations

import dataclasses
import re
import stat
import struct
import unicodedata
import zlib

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import Warning
from vaguemestre.formats import charset, encrypted

MAX_ENTRIES = 100
"""Records of the directory, folders included."""
MAX_ENTRY = 30_000_000
MAX_TOTAL = 64_000_000
MAX_RATIO = 100
RATIO_FREE = 1_000_000
"""Octets below which an entry may be packed tighter than `MAX_RATIO`: a page of blanks is."""
MAX_NAME = 1_000

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_RECORD = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_END_SIGNATURE = b"PK\x05\x06"
_REACH = 65_535 + _END.size
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_PATCHED = 0x0020
_DESCRIPTOR = 0x0008
_UTF8 = 0x0800
_STORED, _DEFLATED = 0, 8
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """A file of the archive. `name`: slashes, no empty or `.` part, composed letters; `raw`: the name's octets as they stand; `utf8`:
    whether they are UTF-8 beyond doubt, else `name` may be decoded by guess."""

    name: str
    raw: bytes
    data: bytes
    utf8: bool

    def __repr__(self) -> str:
        return f"Entry(size={len(self.data)})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Archive:
    """The files in the order of the directory, folders left out. `duplicates`: the keys that several of them share."""

    entries: tuple[Entry, ...]
    warnings: tuple[Warning, ...] = ()
    duplicates: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Archive(entries={len(self.entries)}, warnings={[w.code for w in self.warnings]!r})"


@dataclasses.dataclass(frozen=True, slots=True)
class _Directory:
    """Where the directory stands and how many records it announces; `shift`: octets before the archive itself."""

    start: int
    end: int
    count: int
    shift: int


@dataclasses.dataclass(slots=True)
class _Record:
    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    begin: int = 0


def key(name: str) -> str:
    """What two names have in common that some system would take for one: case and the form of letters do not count."""
    return unicodedata.normalize("NFC", name.casefold())


def entries(data: bytes) -> Archive:
    """The files of a zip. Raises `Unreadable` alone, with code `malformed`, `truncated`, `unsafe-archive`, `unsupported` (encrypted or
    packed by another method than deflate) or `too-large`."""
    directory = _directory(data)
    records = _records(data, directory)
    for record in records:
        _check_record(record)
    if sum(record.size for record in records) > MAX_TOTAL:
        raise Unreadable(f"The files of the archive have more than {MAX_TOTAL} octets together.", "too-large")
    _place(data, records, directory)
    found: list[Entry] = []
    view = memoryview(data)
    for record in records:
        name, certain = _name(record)
        if name.endswith("/"):
            if record.size:
                raise _unsafe("A folder of the archive bears content.")
            continue
        found.append(Entry(name, record.raw, _content(view, record), certain))
    return _told(tuple(found), directory)


def _told(found: tuple[Entry, ...], directory: _Directory) -> Archive:
    warnings = []
    if directory.shift:
        warnings.append(Warning("malformed", f"{directory.shift} octets stand before the archive."))
    keys = [key(entry.name) for entry in found]
    twice = frozenset(one for one in keys if keys.count(one) > 1) if len(set(keys)) < len(keys) else frozenset()
    if twice:
        warnings.append(Warning("duplicate-name", "Several files of the archive bear one name."))
    return Archive(found, tuple(warnings), twice)


def _unsafe(detail: str) -> Unreadable:
    return Unreadable(detail, "unsafe-archive")


def _cut(detail: str) -> Unreadable:
    return Unreadable(detail, "truncated")


def _directory(data: bytes) -> _Directory:
    """APPNOTE 4.3.16, the end of central directory; 4.3.14 and 4.3.15, that of zip64."""
    place = _end_place(data)
    _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(data, place)
    end = place
    if place >= _LOCATOR64.size and data[place - _LOCATOR64.size : place].startswith(b"PK\x06\x07"):
        end, values = _directory64(data, place)
        for short, long, full in ((here, values[0], _FULL16), (count, values[1], _FULL16), (size, values[2], _FULL32)):
            if short not in {long, full}:
                raise _unsafe("The two ends of the archive contradict each other.")
        if offset not in {values[3], _FULL32}:
            raise _unsafe("The two ends of the archive contradict each other.")
        here, count, size, offset = values
    if disk not in {0, _FULL16} or first_disk not in {0, _FULL16} or here != count:
        raise Unreadable("The archive is one part of several.", "unsupported")
    if count > MAX_ENTRIES:
        raise Unreadable(f"The archive has {count} entries, more than {MAX_ENTRIES}.", "too-large")
    # an archive moved as a whole behind other octets, or one whose offsets already count them
    start, shift = end - size, end - size - offset
    if shift < 0:
        raise _cut("The archive is cut: octets before its directory are lacking.")
    return _Directory(start, end, count, shift)


def _end_place(data: bytes) -> int:
    lowest = max(0, len(data) - _REACH)
    place = len(data)
    while True:
        place = data.rfind(_END_SIGNATURE, lowest, place + 3 if place < len(data) else place)
        if place < 0:
            if data.startswith(_LOCAL_SIGNATURE):
                raise _cut("The archive is cut: its end is lacking.")
            raise Unreadable("The file is no zip archive.")
        if _comment_end(data, place) <= len(data):
            break
    # a second end within the comment of a first one: two readers would see two archives
    other = data.rfind(_END_SIGNATURE, lowest, place)
    while other >= 0:
        if _comment_end(data, other) == len(data):
            raise _unsafe("The archive has two ends.")
        other = data.rfind(_END_SIGNATURE, lowest, other)
    return place


def _comment_end(data: bytes, place: int) -> int:
    return place + _END.size + int.from_bytes(data[place + 20 : place + 22], "little")


def _directory64(data: bytes, place: int) -> tuple[int, tuple[int, int, int, int]]:
    """(place of the zip64 end, (records here, records, size of the directory, its offset))."""
    at = place - _LOCATOR64.size
    _, _, told, disks = _LOCATOR64.unpack_from(data, at)
    if disks > 1:
        raise Unreadable("The archive is one part of several.", "unsupported")
    for start in (at - _END64.size, told):
        if 0 <= start <= at - _END64.size and data.startswith(b"PK\x06\x06", start):
            _, _, _, _, _, _, here, count, size, offset = _END64.unpack_from(data, start)
            return start, (here, count, size, offset)
    raise Unreadable("The zip64 end of the archive is not where it is said to be.")


def _records(data: bytes, directory: _Directory) -> list[_Record]:
    """APPNOTE 4.3.12, the records of the central directory, as many as announced and up to its end."""
    found: list[_Record] = []
    place = directory.start
    while place < directory.end:
        if len(found) == MAX_ENTRIES:
            raise Unreadable(f"The archive has more than {MAX_ENTRIES} entries.", "too-large")
        if place + _RECORD.size > directory.end or not data.startswith(b"PK\x01\x02", place):
            raise Unreadable("The directory of the archive is broken.")
        _, _, _, flags, method, _, _, crc, packed, size, names, extra, comment, _, _, outside, offset = _RECORD.unpack_from(data, place)
        place += _RECORD.size
        after = place + names + extra + comment
        if after > directory.end:
            raise Unreadable("The directory of the archive is broken.")
        kind = stat.S_IFMT(outside >> 16)
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise _unsafe("An entry of the archive is a link or a device.")
        if _FULL32 in {packed, size, offset}:
            size, packed, offset = _long_values(data[place + names : place + names + extra], size, packed, offset)
        found.append(_Record(data[place : place + names], flags, method, crc, packed, size, offset + directory.shift))
        place = after
    if len(found) != directory.count:
        raise _unsafe(f"The archive announces {directory.count} entries and lists {len(found)}.")
    return found


def _long_values(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """APPNOTE 4.5.3: the zip64 field gives, in this order, those of the three that are all ones."""
    place = 0
    while place + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, place)
        place += 4
        if tag == 1:
            field = extra[place : place + length]
            wanted = [value == _FULL32 for value in (size, packed, offset)]
            if len(field) < 8 * sum(wanted):
                break
            values = iter(struct.unpack_from(f"<{sum(wanted)}Q", field))
            size, packed, offset = (next(values) if asked else value for asked, value in zip(wanted, (size, packed, offset), strict=True))
            return size, packed, offset
        place += length
    raise Unreadable("An entry announces a zip64 field that it has not.")


def _check_record(record: _Record) -> None:
    if record.flags & _ENCRYPTED:
        raise Unreadable(encrypted.SENTENCES["zip"], "unsupported")
    if record.method not in {_STORED, _DEFLATED} or record.flags & _PATCHED:
        raise Unreadable(f"The archive is packed by method {record.method}, which is not read.", "unsupported")
    if record.size > MAX_ENTRY:
        raise Unreadable(f"A file of the archive has more than {MAX_ENTRY} octets.", "too-large")
    if record.method == _STORED and record.packed != record.size:
        raise _unsafe("A stored file of the archive has two sizes.")
    if record.size > RATIO_FREE and record.size > MAX_RATIO * record.packed:
        raise _unsafe(f"A file of the archive is packed more than {MAX_RATIO} to 1.")


def _place(data: bytes, records: list[_Record], directory: _Directory) -> None:
    """APPNOTE 4.3.7: each local header must agree with the directory, and no octet belong to two entries."""
    free = 0
    first = min((record.offset for record in records), default=directory.start)
    if data.find(_LOCAL_SIGNATURE, 0, first) >= 0:
        # what stands before is an archive too, or the start of one: this directory is not that of the whole
        raise _cut("The archive is cut, or two archives are joined.")
    for record in sorted(records, key=lambda one: one.offset):
        start = record.offset
        if start + _LOCAL.size > directory.start or not data.startswith(_LOCAL_SIGNATURE, start):
            raise _cut("The archive is cut or damaged: an entry is not where the directory says.")
        if start < free:
            raise _unsafe("Entries of the archive overlap.")
        _, _, flags, method, _, _, crc, packed, size, names, extra = _LOCAL.unpack_from(data, start)
        if flags & _ENCRYPTED:
            raise Unreadable(encrypted.SENTENCES["zip"], "unsupported")
        head = start + _LOCAL.size
        if method != record.method or data[head : head + names].replace(b"\\", b"/") != record.raw.replace(b"\\", b"/"):
            raise _unsafe("The two headers of an entry contradict each other.")
        # zip64 leaves the sizes to another field, a streamed entry to the descriptor behind it
        left = {_FULL32, 0} if flags & _DESCRIPTOR else {_FULL32}
        if packed not in left | {record.packed} or size not in left | {record.size} or crc not in (left - {_FULL32}) | {record.crc}:
            raise _unsafe("The two headers of an entry contradict each other.")
        record.begin = head + names + extra
        free = record.begin + record.packed
        if free > directory.start:
            raise _unsafe("An entry of the archive runs into its directory.")


def _name(record: _Record) -> tuple[str, bool]:
    """(name with slashes, whether its decoding is certain). Both what the octets and what the text say must be safe."""
    raw = record.raw
    if not raw or len(raw) > MAX_NAME:
        raise Unreadable("An entry of the archive has no name or an endless one.")
    certain = True
    if raw.isascii():
        text = raw.decode("ascii")
    else:
        try:
            text = raw.decode("utf-8")  # many writers forget the flag, and UTF-8 proves itself
        except UnicodeDecodeError:
            text, certain = charset.decode(raw).text, False
    for form in (raw.decode("latin-1"), text):
        parts = form.replace("\\", "/").split("/")
        leads_out = any(not part.strip(" .") and part not in {"", "."} for part in parts)
        if _CONTROL.search(form) or not parts[0] or leads_out or _DRIVE.match(form):
            raise _unsafe("The name of an entry leads out of the archive or bears control characters.")
    parts = [part for part in text.replace("\\", "/").split("/") if part not in {"", "."}]
    if not parts:
        raise Unreadable("An entry of the archive has no name or an endless one.")
    folder = text.endswith(("/", "\\"))
    return unicodedata.normalize("NFC", "/".join(parts)) + ("/" if folder else ""), certain


def _content(view: memoryview, record: _Record) -> bytes:
    packed = view[record.begin : record.begin + record.packed]
    if record.method == _STORED:
        found = bytes(packed)
    else:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            found = inflater.decompress(packed, record.size + 1)
        except zlib.error:
            raise Unreadable("A file of the archive cannot be inflated.") from None
        if len(found) > record.size:
            raise _unsafe("A file of the archive is larger than it says.")
        if not inflater.eof or len(found) < record.size:
            raise _cut("A file of the archive is shorter than it says.")
    if zlib.crc32(found) != record.crc:
        raise Unreadable("A file of the archive has a wrong checksum.")
    return found
