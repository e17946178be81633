"""XDM archives whose parts do not fit together: every doubt said, nothing chosen in silence; and what hostile octets cost."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus import xdm_build as build
from tests.corpus.xdm_build import INDEX, MISSING, README, Member, described, file, metadata, zipped
from tests.formats.xdm_archives import CDA, ONE, PDF, codes, told
from vaguemestre.domain.fault import Fault, Unreadable
from vaguemestre.formats import xdm


def test_no_metadata() -> None:
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), told=b""))
    assert told(archive) == [(ONE, CDA, False, ["malformed"])]
    assert codes(archive) == ["malformed"]
    assert (archive.entries[0].media_type, archive.entries[0].patient) == (None, None)


@pytest.mark.parametrize("content", [b"", b"<", b"no xml", b"<a/>", b"<!DOCTYPE a><a/>", b"\0" * 100])
def test_metadata_that_cannot_be_read(content: bytes) -> None:
    members = [file("IHE_XDM/SUBSET01/METADATA.XML", content), file(ONE, CDA)]
    archive = xdm.read(zipped(members))
    assert told(archive) == [(ONE, CDA, False, ["malformed"])]
    assert codes(archive) == ["malformed"]


def test_metadata_too_large_to_be_read() -> None:
    content = b"<a>" + b"<b/>" * 60_000 + b"</a>"
    archive = xdm.read(zipped([file("IHE_XDM/SUBSET01/METADATA.XML", content), file(ONE, CDA)]))
    assert codes(archive) == ["too-large"]
    assert told(archive) == [(ONE, CDA, False, ["malformed"])]


def test_metadata_of_one_set_unreadable_leaves_the_other() -> None:
    members = [
        file("IHE_XDM/SUBSET01/METADATA.XML", metadata(described("DOC00001.XML", CDA))),
        file(ONE, CDA),
        file("IHE_XDM/SUBSET02/METADATA.XML", b"<"),
        file("IHE_XDM/SUBSET02/DOC00001.PDF", PDF),
    ]
    archive = xdm.read(zipped(members))
    assert told(archive) == [(ONE, CDA, True, []), ("IHE_XDM/SUBSET02/DOC00001.PDF", PDF, False, ["malformed"])]
    assert codes(archive) == ["malformed"]


def test_a_file_that_is_absent() -> None:
    content = metadata(described("DOC00001.XML", CDA, 1), described("DOC00002.XML", b"absent", 2))
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), told=content))
    assert told(archive) == [(ONE, CDA, True, [])]
    assert codes(archive) == ["malformed"]


def test_a_file_that_nothing_names() -> None:
    content = metadata(described("DOC00001.XML", CDA))
    archive = xdm.read(build.archive(("ANNEXE.PDF", PDF), ("DOC00001.XML", CDA), told=content))
    assert told(archive) == [(ONE, CDA, True, []), ("IHE_XDM/SUBSET01/ANNEXE.PDF", PDF, False, ["malformed"])]
    assert codes(archive) == []


def test_a_file_described_twice() -> None:
    content = metadata(described("DOC00001.XML", CDA, 1), described("DOC00001.XML", CDA, 2, title="Autre"))
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), told=content))
    assert told(archive) == [(ONE, CDA, True, ["duplicate-name"])]
    assert archive.entries[0].metadata is not None
    assert archive.entries[0].metadata["title"] == "Lettre de consultation"


@pytest.mark.parametrize("second", [ONE, ONE.lower()])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_name_borne_twice(second: str, swapped: bool) -> None:
    """Both are given and both held; the description goes to the one whose digest it announces, wherever it stands."""
    pair = [file(ONE, CDA), file(second, PDF)]
    members = [file("IHE_XDM/SUBSET01/METADATA.XML", metadata(described("DOC00001.XML", CDA))), *(pair[::-1] if swapped else pair)]
    archive = xdm.read(zipped(members))
    assert told(archive) == [(ONE, CDA, True, ["duplicate-name"]), (second, PDF, False, ["duplicate-name", "malformed"])]
    assert codes(archive) == ["duplicate-name"]


def test_two_metadata_of_one_name_hold_every_document() -> None:
    other = metadata(described("DOC00001.XML", CDA, info=("PID-5|BARZOU^MARC^^^^^L",)))
    members = [
        file("IHE_XDM/SUBSET01/METADATA.XML", metadata(described("DOC00001.XML", CDA))),
        file("IHE_XDM/SUBSET01/METADATA.XML", other),
        file(ONE, CDA),
    ]
    archive = xdm.read(zipped(members))
    # of the name that two metadata bear, and of the file that both describe
    assert told(archive) == [(ONE, CDA, True, ["duplicate-name", "duplicate-name"])]
    assert codes(archive) == ["duplicate-name"]


def test_what_is_never_a_document() -> None:
    others = (
        README,
        INDEX,
        file("logo.png", b"\x89PNG"),
        file("IHE_XDM/SUBSET01/CDA.XSL", b"<xsl/>"),
        file("IHE_XDM/style.css", b""),
        file("IHE_XDM/SUBSET01/README.TXT", b"x"),
    )
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), others=others))
    assert told(archive) == [(ONE, CDA, True, [])]
    # named by the metadata, it is none either, and that is said
    content = metadata(described("../../INDEX.HTM", INDEX.data, 1, digest=MISSING), described("DOC00001.XML", CDA, 2))
    assert told(xdm.read(build.archive(("DOC00001.XML", CDA), told=content))) == [(ONE, CDA, True, [])]
    assert codes(xdm.read(build.archive(("DOC00001.XML", CDA), told=content))) == ["malformed"]


def test_a_picture_is_an_ornament_only_beside_an_index_and_unnamed() -> None:
    flat = build.archive(("DOC00001.XML", CDA), folder="", others=(INDEX, file("PHOTO.JPG", b"\xff\xd8\xff"), file("a.css", b"")))
    assert [name for name, *_ in told(xdm.read(flat))] == ["DOC00001.XML", "PHOTO.JPG"]
    content = metadata(described("/PHOTO.JPG", b"\xff\xd8\xff", mime="image/jpeg"))
    named = zipped([INDEX, file("PHOTO.JPG", b"\xff\xd8\xff"), file("IHE_XDM/SUBSET01/METADATA.XML", content)])
    assert told(xdm.read(named)) == [("PHOTO.JPG", b"\xff\xd8\xff", True, [])]


def test_a_picture_beside_the_documents_is_one() -> None:
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), ("PHOTO.JPG", b"\xff\xd8\xff")))
    assert [name for name, *_ in told(archive)] == [ONE, "IHE_XDM/SUBSET01/PHOTO.JPG"]


@pytest.mark.parametrize("uri", ["../../../etc/passwd", "/etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "file:///etc/passwd", ""])
def test_a_uri_is_only_ever_a_key(uri: str) -> None:
    content = metadata(described(uri, b"other", digest=MISSING, size=MISSING))
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), told=content))
    assert told(archive) == [(ONE, CDA, False, ["malformed"])]
    assert codes(archive) == ["malformed"]


def test_an_archive_within() -> None:
    inner = build.archive(("DOC00001.XML", CDA))
    archive = xdm.read(build.archive(("IHE_XDM.ZIP", inner)))
    assert told(archive) == [("IHE_XDM/SUBSET01/IHE_XDM.ZIP", inner, True, ["unsupported"])]


@pytest.mark.parametrize("data", [zipped([]), zipped([Member(b"IHE_XDM/", b"", method=0)])])
def test_an_archive_without_files(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        xdm.read(data)
    assert caught.value.code == "malformed"


def test_an_archive_without_documents() -> None:
    archive = xdm.read(zipped([README, INDEX]))
    assert archive.entries == ()
    assert codes(archive) == ["malformed", "malformed"]


def test_a_cut_archive_gives_nothing() -> None:
    whole = build.archive(("DOC00001.XML", CDA), ("DOC00002.PDF", PDF))
    for end in range(4, len(whole), 97):
        with pytest.raises(Unreadable) as caught:
            xdm.read(whole[:end])
        assert caught.value.code == "truncated"


# --- cost


def test_files_and_descriptions_at_their_bounds() -> None:
    """A hundred descriptions that fit nothing by name nor digest: every step of the search runs for each."""
    files_ = [(f"FILE{n:04d}.XML", b"%d" % n) for n in range(95)]
    content = metadata(*(described(f"Long%20name%20{n}.document.xml", b"other", n) for n in range(100)))
    data = build.archive(*files_, told=content)
    began = time.process_time()
    archive = xdm.read(data)
    assert time.process_time() - began < 1.5
    assert len(archive.entries) == 95


def test_memory_of_a_large_archive() -> None:
    import random

    part = random.Random(3).randbytes(12_000_000)
    data = build.archive(*((f"DOC{n:05d}.XML", part) for n in range(4)))
    tracemalloc.start()
    assert len(xdm.read(data).entries) == 4
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000


def test_what_reading_hostile_octets_needs() -> None:
    """In a process of its own that may have 512 MB in all: bombs, metadata at every bound, and the usual archive."""
    script = """
from tests.corpus import xdm_build as b
from vaguemestre.domain.fault import Fault
from vaguemestre.formats import xdm
from vaguemestre.formats.recognise import recognise
deep = b"<a>" * 5000 + b"</a>" * 5000
wide = b"<a>" + b"<b c='d'/>" * 300_000 + b"</a>"
long = b.metadata(b.described("D.XML", b"x", title="x" * 3_900_000))
names = b"<a>" + b"".join(b"<b%d/>" % n for n in range(49_000)) + b"</a>"
for told in (deep, wide, long, names):
    xdm.read(b.zipped([b.Member(b"IHE_XDM/S/METADATA.XML", told, method=0), b.Member(b"IHE_XDM/S/D.XML", b"x")]))
packed = b.deflated(bytes(60_000_000))
for size in (29_000_000, 1_000_000, 60_000_000):
    try:
        xdm.read(b.zipped([b.Member(b"IHE_XDM/S/METADATA.XML", b"", packed=packed, said_size=size, crc=0)]))
    except Fault as fault:
        print(fault.code)
print(len(xdm.read(b.archive(("DOC00001.XML", b.cda()))).entries))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20)),
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout.split() == ["unsafe-archive", "unsafe-archive", "too-large", "1"]


# --- anything


WHOLE = build.archive(("DOC00001.XML", CDA), ("DOC00002.PDF", PDF))
_NAMES = st.text(alphabet="aAé./\\%2e~;1 0:IHE_XDM", min_size=1, max_size=24)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(WHOLE)))
def test_only_declared_faults_escape(changes: list[tuple[int, int]], end: int) -> None:
    data = bytearray(WHOLE)
    for place, octet in changes:
        data[place] = octet
    for one in (bytes(data), bytes(data[:end])):
        try:
            xdm.read(one)
        except Fault:
            pass


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_NAMES, st.binary(max_size=4)), max_size=5), st.lists(_NAMES, max_size=4), st.sampled_from(["utf-8", "cp850"]))
def test_every_file_is_given_once(files_: list[tuple[str, bytes]], uris: list[str], encoding: str) -> None:
    """Whatever the names and what the metadata say of them, each file that is no ornament is a document exactly once."""
    content = metadata(*(described(uri, b"a", n) for n, uri in enumerate(uris)))
    members = [Member(("IHE_XDM/S/d" + name).encode(encoding, "replace"), data) for name, data in files_]
    try:
        archive = xdm.read(zipped([Member(b"IHE_XDM/S/METADATA.XML", content), *members]))
    except Unreadable as fault:
        assert fault.code in {"unsafe-archive", "malformed"}
        return
    files_given = [m for m in members if not m.raw.replace(b"\\", b"/").endswith(b"/")]
    # an empty file of this name is taken for what macOS adds
    given_ = sorted(m.data for m in files_given if m.data or b"._" not in m.raw)
    assert sorted(e.data for e in archive.entries if e.data or "._" not in e.name) == given_
