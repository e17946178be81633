"""The guarded door of zips: what passes, what is refused and as what (formats.md 3.4), and what refusing costs."""

from __future__ import annotations

import io
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.xdm_build import Member, deflated, zipped
from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import safe_zip

A, B = Member(b"a.txt", b"one"), Member(b"b.txt", b"two two two two")
MB = 1_000_000


def code(data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        safe_zip.entries(data)
    return caught.value.code


def names(data: bytes) -> list[str]:
    return [entry.name for entry in safe_zip.entries(data).entries]


def contents(data: bytes) -> dict[str, bytes]:
    return {entry.name: entry.data for entry in safe_zip.entries(data).entries}


@pytest.mark.parametrize(
    "data",
    [
        zipped([A, B]),
        zipped([Member(b"a.txt", b"one", method=0), B]),
        zipped([Member(b"a.txt", b"one", descriptor=True), B]),
        zipped([Member(b"a.txt", b"one", zip64=True), B]),
        zipped([A, B], zip64=True),
        zipped([A, B], comment=b"a comment"),
        zipped([A, B]) + b"\r\n",
        zipped([Member(b"folder/", b"", method=0), A, B]),
        zipped([A, Member(b"b.txt", b"two two two two", flags=0x0800)]),
    ],
    ids=["deflate", "stored", "descriptor", "entry64", "end64", "comment", "line-end-after", "folder", "flag"],
)
def test_sound(data: bytes) -> None:
    archive = safe_zip.entries(data)
    assert {e.name: e.data for e in archive.entries} == {"a.txt": b"one", "b.txt": b"two two two two"}
    assert archive.warnings == ()
    assert archive.duplicates == frozenset()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_standard_librarys_own(method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as writer:
        writer.writestr("a.txt", b"one")
        writer.writestr("dossier/é.txt", b"two" * 1_000)
        with writer.open("c.txt", "w", force_zip64=True) as long:
            long.write(b"three")
    assert contents(out.getvalue()) == {"a.txt": b"one", "dossier/é.txt": b"two" * 1_000, "c.txt": b"three"}


def test_a_streamed_zip_of_the_standard_library() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        def seek(self, *_: int) -> int:
            raise OSError

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("a.txt", b"one" * 50)
    assert contents(out.getvalue()) == {"a.txt": b"one" * 50}


@pytest.mark.parametrize("shifted", [True, False])
def test_octets_before_it(shifted: bool) -> None:
    archive = safe_zip.entries(zipped([A, B], prefix=b"\r\njunk\r\n", shifted=shifted))
    assert [e.data for e in archive.entries] == [A.data, B.data]
    # offsets that count the junk do not tell of it
    assert [w.code for w in archive.warnings] == (["malformed"] if shifted else [])


def test_empty() -> None:
    assert safe_zip.entries(zipped([])).entries == ()
    assert safe_zip.entries(zipped([Member(b"only/", b"", method=0)])).entries == ()


def test_an_empty_file() -> None:
    assert contents(zipped([Member(b"a", b"", method=0), Member(b"b", b"")])) == {"a": b"", "b": b""}


@pytest.mark.parametrize("data", [b"", b"x", b"PK", b"%PDF-1.4 no zip", b"\0" * 100_000])
def test_no_zip(data: bytes) -> None:
    assert code(data) == "malformed"


def test_cut_anywhere_is_never_read() -> None:
    whole = zipped([A, B, Member(b"c.txt", bytes(range(256)) * 20)])
    for end in range(len(whole)):
        assert code(whole[:end]) == ("malformed" if end < 4 else "truncated"), end


def test_octets_lacking_at_the_start_or_within() -> None:
    whole = zipped([A, B, Member(b"c.txt", bytes(range(256)) * 20, method=0)])
    assert code(whole[10:]) == "truncated"
    assert code(whole[:400] + whole[500:]) == "truncated"


def test_a_directory_longer_than_the_file() -> None:
    whole = zipped([A, B])
    assert code(whole[:30] + whole[whole.rindex(b"PK\x05\x06") :]) == "truncated"


def test_cut_behind_an_archive_that_it_holds() -> None:
    """The end that is found is that of the inner one: what it lists is not what was sent."""
    inner = zipped([A])
    outer = zipped([B, Member(b"inner.zip", inner, method=0), A])
    assert code(outer[: outer.index(inner) + len(inner)]) == "truncated"


def test_two_archives_joined() -> None:
    assert code(zipped([A]) + zipped([B])) == "truncated"
    # the same with nothing listed at the end
    assert code(zipped([A]) + zipped([])) == "truncated"


def test_an_end_within_the_comment_of_an_end() -> None:
    assert code(zipped([A], comment=zipped([], prefix=b""))) == "unsafe-archive"


@pytest.mark.parametrize(
    "raw",
    [
        b"/etc/passwd",
        b"\\\\server\\share\\a",
        b"C:\\a.txt",
        b"c:a.txt",
        b"../a.txt",
        b"a/../../b.txt",
        b"a\\..\\..\\b.txt",
        b"..",
        b"a/...",
        b"a/.. /b",
        b"a\0.txt",
        b"a\nb.txt",
        b"\xe9/../a.txt",
        b"\xff\xfea/../b",
    ],
)
def test_names_that_lead_out(raw: bytes) -> None:
    assert code(zipped([A, Member(raw, b"x")])) == "unsafe-archive"


def test_names_without_end_or_none() -> None:
    assert code(zipped([Member(b"", b"x")])) == "malformed"
    assert code(zipped([Member(b"a" * 1_001, b"x")])) == "malformed"
    assert code(zipped([Member(b"./", b"", method=0)])) == "malformed"
    assert names(zipped([Member(b"a" * 1_000, b"x")])) == ["a" * 1_000]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"A\\B\\c.xml", "A/B/c.xml"),
        (b"./A//b.xml", "A/b.xml"),
        ("Résumé.pdf".encode(), "Résumé.pdf"),
        ("Résumé.pdf".encode("cp1252"), "Résumé.pdf"),
        ("Résumé.pdf".encode("cp850"), "Résumé.pdf"),
        ("Résumé.pdf".encode("cp437"), "Résumé.pdf"),
        ("Re\u0301sume\u0301.pdf".encode(), "Résumé.pdf"),
    ],
)
def test_names_as_they_are_meant(raw: bytes, name: str) -> None:
    assert names(zipped([Member(raw, b"x")])) == [name]


@pytest.mark.parametrize("flag", [0x0001, 0x0041, 0x2000])
def test_encrypted(flag: int) -> None:
    assert code(zipped([A, Member(b"b", b"x", flags=flag)])) == "unsupported"


def test_encrypted_only_in_the_local_header() -> None:
    data = bytearray(zipped([A]))
    data[6] |= 1
    assert code(bytes(data)) == "unsupported"


def test_encrypted_only_in_the_directory() -> None:
    data = bytearray(zipped([A]))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert code(bytes(data)) == "unsupported"


@pytest.mark.parametrize("method", [1, 6, 9, 12, 14, 93, 95, 98, 99])
def test_other_methods(method: int) -> None:
    assert code(zipped([A, Member(b"b", b"x", method=method)])) == "unsupported"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices(kind: int) -> None:
    assert code(zipped([A, Member(b"b", b"/etc/passwd", outside=(kind | 0o777) << 16)])) == "unsafe-archive"


def test_a_usual_mode_passes() -> None:
    assert names(zipped([Member(b"b", b"x", outside=(stat.S_IFREG | 0o644) << 16)])) == ["b"]


def test_a_duplicate_name_gives_both_and_says_so() -> None:
    archive = safe_zip.entries(zipped([Member(b"a", b"first"), Member(b"a", b"second")]))
    assert [e.data for e in archive.entries] == [b"first", b"second"]
    assert [w.code for w in archive.warnings] == ["duplicate-name"]
    assert archive.duplicates == {"a"}


@pytest.mark.parametrize("pair", [(b"Doc.XML", b"DOC.xml"), (b"a/b", b"a\\b"), ("é".encode(), "e\u0301".encode()), (b"a/./b", b"a/b")])
def test_names_that_are_one_somewhere(pair: tuple[bytes, bytes]) -> None:
    archive = safe_zip.entries(zipped([Member(pair[0], b"1"), Member(pair[1], b"2")]))
    assert [w.code for w in archive.warnings] == ["duplicate-name"]
    assert len(archive.duplicates) == 1


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


def test_parts_of_several_disks() -> None:
    data = bytearray(zipped([A]))
    data[data.rindex(b"PK\x05\x06") + 4] = 1
    assert code(bytes(data)) == "unsupported"


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
