"""The guarded door of zips: what passes, and what is refused and as what (formats.md 3.4)."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest

from tests.corpus.xdm_build import Member, zipped
from tests.formats.zip_entries import A, B, code, contents, names
from vaguemestre.formats import safe_zip


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


def test_parts_of_several_disks() -> None:
    data = bytearray(zipped([A]))
    data[data.rindex(b"PK\x05\x06") + 4] = 1
    assert code(bytes(data)) == "unsupported"
