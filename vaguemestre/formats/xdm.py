"""An IHE XDM archive into its documents with their metadata (IHE ITI TF-2, 3.32; formats.md 3).

The bytes come from `safe_zip`, the facts from `xdm_metadata`; here each description is brought together with its file. What the metadata
name comes first, in their order; files that nothing names come after and say so. Nothing of the archive is shown by its own means: README,
INDEX and style sheets are never documents.

A file is looked for by its URI as written, then without regard to case, path, `%20`, ISO 9660 version or the encoding of the name, then
by its digest, and last by a name cut to 8.3. Each step only takes what is alone to fit. A digest or size that disagrees, a name borne
twice, a file described twice are warnings that hold the document for a person (formats.md 3.4): nothing is chosen in silence.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from vaguemestre.domain.fault import Fault, Unreadable
from vaguemestre.domain.reading import StatedPatient, Warning
from vaguemestre.formats import archive_litter, safe_zip, xdm_metadata
from vaguemestre.formats.recognise import recognise
from vaguemestre.formats.xdm_metadata import Described

MAX_SUBMISSIONS = 10
_METADATA = "metadata.xml"
_NEVER = archive_litter.READMES | archive_litter.INDEXES | {_METADATA}
_PICTURES = (".png", ".gif", ".jpg", ".jpeg", ".svg", ".bmp")
_VERSION = re.compile(r";\d{1,5}$", re.ASCII)
_NAME_ENCODINGS = ("utf-8", "cp437", "cp850", "cp1252", "mac_roman")
_ZIP = b"PK\x03\x04"
_UNNAMED = Warning("malformed", "The metadata of the archive do not name this file.")
_TWICE = Warning("duplicate-name", "Several files of the archive bear the name of this one.")
_METADATA_TWICE = Warning("duplicate-name", "Several METADATA.XML of the archive bear one name.")
_DESCRIBED_TWICE = Warning("duplicate-name", "The metadata describe this file more than once.")
NESTED = Warning("unsupported", "An archive within the archive is not opened.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One document of the archive. `name`: as in the archive, with slashes. `media_type`, `metadata` and `patient`: what the metadata tell,
    None where they tell nothing."""

    name: str
    data: bytes
    media_type: str | None = None
    metadata: Mapping[str, Any] | None = None
    patient: StatedPatient | None = None
    warnings: tuple[Warning, ...] = ()

    def __repr__(self) -> str:
        return f"Entry(size={len(self.data)}, warnings={[w.code for w in self.warnings]!r})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Archive:
    entries: tuple[Entry, ...]
    warnings: tuple[Warning, ...] = ()

    def __repr__(self) -> str:
        return f"Archive(entries={len(self.entries)}, warnings={[w.code for w in self.warnings]!r})"


@dataclasses.dataclass(slots=True, repr=False, eq=False)
class _File:
    """A file of the archive that may be a document. `key`: its path as compared. `others`: its path in the encodings that its octets may
    be in, by key. `described`: what names it."""

    entry: safe_zip.Entry
    name: str
    key: str
    twice: bool
    described: list[Described] = dataclasses.field(default_factory=list)
    others: dict[str, str] = dataclasses.field(default_factory=dict)
    _sha1: str = ""

    @property
    def base(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.key.rpartition("/")[0]

    @property
    def sha1(self) -> str:
        if not self._sha1:
            # the digest of XDS: it tells a changed file, and is no proof against an attacker
            self._sha1 = hashlib.sha1(self.entry.data, usedforsecurity=False).hexdigest()
        return self._sha1


def read(data: bytes) -> Archive:
    """The documents of an XDM archive; of a zip without metadata, its files. Raises the faults of `safe_zip.entries`, `Unreadable` for an
    archive without any file; what is wrong with its metadata is a warning."""
    zipped = safe_zip.entries(data)
    if not zipped.entries:
        raise Unreadable("The archive holds no file.")
    warnings = list(zipped.warnings)
    files = [_file(entry, zipped.duplicates) for entry in zipped.entries]
    files = [file for file in files if not archive_litter.of_system(file.key, file.entry.data)]
    metadata = _metadata_files(files)
    if not metadata:
        warnings.append(Warning("malformed", "The archive holds no METADATA.XML."))
    documents = [file for file in files if not _never(file)]
    ordered: list[_File] = []
    for one in metadata[:MAX_SUBMISSIONS]:
        for described in _described(one, warnings):
            found = _find(described, one.folder, documents)
            if found is None:
                warnings.append(_absent(described, one.folder, files))
                continue
            found.described.append(described)
            if found not in ordered:
                ordered.append(found)
    if len(metadata) > MAX_SUBMISSIONS:
        warnings.append(Warning("too-large", f"The archive holds more than {MAX_SUBMISSIONS} submission sets: the rest is not read."))
    named = {id(file) for file in ordered}
    ordered += [file for file in documents if id(file) not in named and not _ornament(file, metadata, files)]
    if not ordered:
        warnings.append(Warning("malformed", "The archive holds no document."))
    doubtful = any(one.twice for one in metadata)
    return Archive(tuple(_entry(file, doubtful) for file in ordered), tuple(dict.fromkeys(warnings)))


def _file(entry: safe_zip.Entry, duplicates: frozenset[str]) -> _File:
    key = safe_zip.key(entry.name)
    file = _File(entry, entry.name, _VERSION.sub("", key), key in duplicates)
    if not entry.utf8:
        for encoding in _NAME_ENCODINGS:
            try:
                name = entry.raw.decode(encoding).replace("\\", "/")
            except UnicodeDecodeError:
                continue
            file.others.setdefault(_VERSION.sub("", safe_zip.key(name)), name)
    if "%" in entry.name:
        file.others[_VERSION.sub("", safe_zip.key(unquote(entry.name)))] = entry.name
    return file


def _never(file: _File) -> bool:
    """README, INDEX, METADATA and style sheets are never documents, whoever names them."""
    return file.base in _NEVER or file.base.endswith(archive_litter.SHEETS)


def _ornament(file: _File, metadata: list[_File], files: list[_File]) -> bool:
    """What no metadata name and a page would use: scripts and the like, and pictures beside an INDEX, but not where documents are."""
    if file.base.endswith(_PICTURES):
        beside = any(one.folder == file.folder and one.base in archive_litter.INDEXES for one in files)
        return beside and all(one.folder != file.folder for one in metadata)
    return file.base.endswith(archive_litter.ORNAMENTS)


def _metadata_files(files: list[_File]) -> list[_File]:
    """Every IHE_XDM/<one folder>/METADATA.XML, wherever IHE_XDM stands; where there is none, every METADATA.XML. By path."""
    all_of_them = sorted((file for file in files if file.base == _METADATA), key=lambda file: file.key)
    usual = [file for file in all_of_them if file.key.split("/")[-3:-2] == ["ihe_xdm"]]
    return usual or all_of_them


def _described(metadata: _File, warnings: list[Warning]) -> tuple[Described, ...]:
    try:
        submission = xdm_metadata.read(metadata.entry.data)
    except Fault as fault:
        code = "too-large" if fault.code == "too-large" else "malformed"
        warnings.append(Warning(code, "The METADATA.XML of the archive cannot be read."))
        return ()
    warnings.extend(submission.warnings)
    return submission.documents


def _absent(described: Described, folder: str, files: list[_File]) -> Warning:
    if any(file.key in _paths(described.uri, folder) for file in files):
        return Warning("malformed", "The metadata name as a document a file that is none.")
    return Warning("malformed", "The metadata name a file that the archive does not hold.")


def _spellings(uri: str | None) -> list[str]:
    """What a URI may mean as a path, the likeliest first: as written, then with %20 and their like undone in UTF-8 or cp1252."""
    if not uri:
        return []
    raw = unquote_to_bytes(uri)
    texts = [uri, raw.decode("utf-8", "replace"), raw.decode("cp1252", "replace")]
    slashed = [text.replace("\\", "/") for text in texts]
    parted = ["/".join(part for part in text.split("/") if part not in {"", "."}) for text in slashed]
    return list(dict.fromkeys(_VERSION.sub("", safe_zip.key(text)) for text in parted))


def _paths(uri: str | None, folder: str) -> list[str]:
    """Where the file may stand: beside the metadata, or at that path from the archive's root."""
    inside = folder + "/" if folder else ""
    return [path for spelling in _spellings(uri) for path in (inside + spelling, spelling)]


def _find(described: Described, folder: str, files: list[_File]) -> _File | None:
    paths = _paths(described.uri, folder)
    for path in paths:
        same = [file for file in files if file.key == path]
        if same:
            return _likeliest(same, described)
    for path in paths:
        other = [file for file in files if path in file.others]
        if len(other) == 1:
            other[0].name = other[0].others[path]
            return other[0]
    beside = [file for file in files if file.folder == folder] or files
    bases = {path.rpartition("/")[2] for path in paths}
    tests: tuple[tuple[list[_File], Callable[[_File], bool]], ...] = (
        (beside, lambda file: file.base in bases or any(key.rpartition("/")[2] in bases for key in file.others)),
        (files, lambda file: bool(described.hash) and _announced(described, file)),
        (beside, lambda file: any(_cut_to_8_3(base, file.base) for base in bases)),
    )
    for among, fits in tests:
        free = [file for file in among if not file.described and fits(file)]
        if len(free) == 1:
            return free[0]
    return None


def _likeliest(same: list[_File], described: Described) -> _File:
    """Of files of one name, the one whose digest is announced, else the first that nothing describes yet. All of them are held."""
    if len(same) == 1:
        return same[0]
    exact = [file for file in same if described.hash and _announced(described, file)]
    free = [file for file in same if not file.described]
    return (exact or free or same)[0]


def _announced(described: Described, file: _File) -> bool:
    return (described.hash or "").lower() == file.sha1


def _cut_to_8_3(long: str, short: str) -> bool:
    """Whether `short` is what ISO 9660 level 1 or a FAT disk makes of `long`, the extension lacking or not."""
    stem, _, extension = long.rpartition(".") if "." in long else (long, "", "")
    head, _, end = short.rpartition(".") if "." in short else (short, "", "")
    if end not in {"", extension[:3]} or not head:
        return False
    plain = re.sub(r"[^a-z0-9_~]", "", stem), re.sub(r"[ .]", "", stem), re.sub(r"[^a-z0-9]", "_", stem)
    tilde = re.fullmatch(r"(.{1,6})~[0-9]", head)
    if tilde:
        return any(one.startswith(tilde[1]) for one in plain)
    return any(one == head or (one[:8] == head and len(one) > 8) for one in (stem, *plain))


def _entry(file: _File, doubtful: bool) -> Entry:
    warnings: list[Warning] = []
    described = file.described[0] if file.described else None
    if file.twice:
        warnings.append(_TWICE)
    if doubtful:
        warnings.append(_METADATA_TWICE)
    if len(file.described) > 1:
        warnings.append(_DESCRIBED_TWICE)
    for one in file.described:
        warnings += one.warnings
        if one.hash and not _announced(one, file):
            warnings.append(Warning("hash-mismatch", "The digest that the metadata announce is not that of the file."))
        if one.size_said and one.size != len(file.entry.data):
            warnings.append(Warning("size-mismatch", "The size that the metadata announce is not that of the file."))
    if described is None:
        warnings.append(_UNNAMED)
    if file.entry.data.startswith(_ZIP) and recognise(file.entry.data, file.name).name in {"xdm", "archive"}:
        warnings.append(NESTED)
    return Entry(
        file.name,
        file.entry.data,
        described.media_type if described else None,
        described.facts if described else None,
        described.patient if described else None,
        _once(warnings),
    )


def _once(warnings: Iterable[Warning]) -> tuple[Warning, ...]:
    return tuple(dict.fromkeys(warnings))
