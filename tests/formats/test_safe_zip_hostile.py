"""Zips that lie, overlap or burst (formats.md 3.4): each refused, what refusing costs, and only the declared fault whatever comes."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.xdm_build import Member, deflated, zipped
from tests.formats.zip_entries import A, B, code, contents, names
from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import safe_zip

MB = 1_000_000


def test_number_of_entries() -> None:
    members = [Member(b"%d" % n, b"x") for n in range(safe_zip.MAX_ENTRIES)]
    assert len(safe_zip.entries(zipped(members)).entries) == safe_zip.MAX_ENTRIES
    assert code(zipped([*members, A])) == "too-large"
    # as many, and the end announces fewer
    assert code(zipped([*members, A], count=3)) == "too-large"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_number_of_entries_that_lies(count: int) -> None:
    assert code(zipped([A, B], count=count)) == "unsafe-archive"


def test_two_ends_that_contradict_each_other() -> None:
    data = zipped([A, B], zip64=True)
    end = data.rindex(b"PK\x05\x06")
    lying = data[: end + 8] + struct.pack("<2H", 1, 1) + data[end + 12 :]
    assert code(lying) == "unsafe-archive"


def noise(size: int) -> bytes:
    """Octets that no method packs, the same at each run."""
    import random

    return random.Random(7).randbytes(size)


def test_size_of_an_entry() -> None:
    fits = noise(safe_zip.MAX_ENTRY)
    assert safe_zip.entries(zipped([Member(b"a", fits, method=0)])).entries[0].data == fits
    assert code(zipped([Member(b"a", fits + b"x", method=0)])) == "too-large"


def test_size_of_all() -> None:
    part = noise(safe_zip.MAX_TOTAL // 4)
    four = [Member(b"%d" % n, part, method=0) for n in range(4)]
    assert len(safe_zip.entries(zipped(four)).entries) == 4
    assert code(zipped([*four, A])) == "too-large"


def test_ratio() -> None:
    assert code(zipped([Member(b"a", b" " * (safe_zip.RATIO_FREE + 1))])) == "unsafe-archive"
    assert contents(zipped([Member(b"a", b" " * safe_zip.RATIO_FREE)])) == {"a": b" " * safe_zip.RATIO_FREE}


@pytest.mark.parametrize("said", [0, 1, 2, 4, 100])
def test_a_size_that_lies(said: int) -> None:
    assert code(zipped([B, Member(b"a", b"one", said_size=said)])) == ("unsafe-archive" if said < 3 else "truncated")
    assert code(zipped([B, Member(b"a", b"one", method=0, said_size=said)])) == "unsafe-archive"


@pytest.mark.parametrize(
    "member",
    [
        Member(b"a", b"one", local_raw=b"b"),
        Member(b"a", b"one", local_size=4),
        Member(b"a", b"one", local_method=0),
    ],
    ids=["name", "size", "method"],
)
def test_headers_that_contradict_each_other(member: Member) -> None:
    assert code(zipped([B, member])) == "unsafe-archive"


@pytest.mark.parametrize("place", [14, 18, 22], ids=["checksum", "packed", "size"])
def test_a_local_header_that_lies(place: int) -> None:
    data = bytearray(zipped([A]))
    data[place] ^= 1
    assert code(bytes(data)) == "unsafe-archive"
    # left to the descriptor, which says it behind the content
    data[place : place + 4] = b"\0\0\0\0"
    data[6] |= 8
    assert contents(bytes(data)) == {"a.txt": b"one"}


def test_a_slash_turned_in_one_header_alone() -> None:
    assert names(zipped([Member(b"a/b", b"x", local_raw=b"a\\b")])) == ["a/b"]


def test_checksum() -> None:
    assert code(zipped([A, Member(b"b", b"x", crc=7)])) == "malformed"
    assert code(zipped([A, Member(b"b", b"x", crc=7, descriptor=True)])) == "malformed"


def test_what_cannot_be_inflated() -> None:
    assert code(zipped([Member(b"a", b"one", packed=b"\xff\xff\xff\xff")])) == "malformed"
    assert code(zipped([Member(b"a", b"one" * 100, packed=deflated(b"one" * 100)[:4])])) == "truncated"


def test_entries_that_overlap() -> None:
    assert code(zipped([Member(b"a", b"x"), Member(b"a", b"x")], shared=True)) == "unsafe-archive"
    # an entry whose octets hold the next ones
    data = zipped([Member(b"a", b"", packed=b"\0" * 5, method=0, said_size=60, said_packed=60), Member(b"b", b"x" * 40, method=0)])
    assert code(data) == "unsafe-archive"


def test_an_entry_that_runs_into_the_directory() -> None:
    assert code(zipped([Member(b"a", b"one", method=0, said_size=9, said_packed=9)])) == "unsafe-archive"


def test_an_entry_that_is_nowhere() -> None:
    assert code(zipped([A, Member(b"b", b"x", offset=1_000_000)])) == "truncated"
    assert code(zipped([A, Member(b"b", b"x", offset=3)])) == "truncated"


def test_a_folder_with_content() -> None:
    assert code(zipped([Member(b"folder/", b"x")])) == "unsafe-archive"


def bombs() -> dict[str, bytes]:
    """50 MB of zeros, told and not, once and often; 63 MB that are within every bound; one megabyte pointed to sixty times."""
    zeros, packed = 50 * MB, deflated(bytes(50 * MB))
    megabyte = deflated(bytes(990_000))
    crc = zlib.crc32(bytes(990_000))
    return {
        "said": zipped([Member(b"a", b"", packed=packed, said_size=zeros)]),
        "hidden": zipped([Member(b"a", b"", packed=packed, said_size=MB, crc=0)]),
        "hidden-often": zipped([Member(b"%d" % n, b"", packed=packed, said_size=900_000, crc=0) for n in range(70)]),
        "just-within": zipped([*(Member(b"%d" % n, b"", packed=megabyte, said_size=990_000, crc=crc) for n in range(64)), A]),
        "shared": zipped([Member(b"a", b"", packed=megabyte, said_size=990_000, crc=crc)] * 60, shared=True),
    }


@pytest.mark.parametrize("name", ["said", "hidden", "hidden-often", "just-within", "shared"])
def test_what_a_bomb_costs(name: str) -> None:
    bomb = bombs()[name]
    tracemalloc.start()
    began = time.process_time()
    try:
        assert len(safe_zip.entries(bomb).entries) == 65
        assert name == "just-within"
    except Unreadable as fault:
        assert fault.code == ("too-large" if name == "said" else "unsafe-archive")
    spent = time.process_time() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * MB
    assert spent < 1.0


def test_a_quine_is_opened_once() -> None:
    """An archive that holds itself is a file among others: nothing here opens what it gives."""
    inner = zipped([A])
    assert contents(zipped([Member(b"inner.zip", inner)])) == {"inner.zip": inner}


WHOLE = zipped([A, B, Member(b"IHE_XDM/c.xml", b"<a/>" * 40, descriptor=True), Member(b"d", b"four", zip64=True)], zip64=True)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(WHOLE)))
def test_only_the_declared_fault_escapes(changes: list[tuple[int, int]], end: int) -> None:
    data = bytearray(WHOLE)
    for place, octet in changes:
        data[place] = octet
    for one in (bytes(data), bytes(data[:end])):
        try:
            archive = safe_zip.entries(one)
        except Unreadable as fault:
            assert fault.code in {"malformed", "truncated", "unsafe-archive", "unsupported", "too-large"}
        else:
            assert sum(len(entry.data) for entry in archive.entries) <= safe_zip.MAX_TOTAL


_FILES = st.dictionaries(
    st.text(alphabet="aZé0 -_.", min_size=1, max_size=8).map(lambda n: f"d/x{n}x"), st.binary(max_size=300), max_size=8
)


@settings(max_examples=150, deadline=None)
@given(_FILES, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]), st.binary(max_size=20))
def test_the_same_as_the_standard_library(files: dict[str, bytes], method: int, comment: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as writer:
        writer.comment = comment
        for name, data in files.items():
            writer.writestr(name, data)
    assert contents(out.getvalue()) == files


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=60))
def test_any_octets(before: bytes, after: bytes) -> None:
    for one in (before, b"PK\x03\x04" + before, before + zipped([A]) + after, zipped([A])[:40] + before + zipped([A])[40:]):
        try:
            safe_zip.entries(one)
        except Unreadable:
            pass
