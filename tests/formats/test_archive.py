"""Archives that are no XDM: which files of them are documents, what a gzip may cost, where the mails of an mbox begin."""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.archive_cases import LOCKED, MBOX, RAR, SEVENZIP, TWO, tar
from tests.corpus.file_build import packed
from tests.corpus.mail_cases import HPRIM, INNER, LETTER
from tests.corpus.xdm_build import Member, zipped
from vaguemestre.domain.fault import Fault, Unreadable, Unsupported
from vaguemestre.formats import archive, encrypted, safe_zip
from vaguemestre.formats.recognise import recognise

FORK = b"\0\5\x16\7\0\2"
ENVELOPE = b"From labo@hopital.example Tue Mar 12 08:30:00 2024\n"


def names(data: bytes, name: str = "a.zip") -> list[str]:
    return [file.name for file in archive.read(data, name).files]


def code(data: bytes) -> str:
    try:
        archive.read(data)
    except Fault as fault:
        return fault.code
    return ""


# --- zip


def test_each_file_with_its_path() -> None:
    assert [(file.name, file.data) for file in archive.read(TWO).files] == [("courrier.pdf", LETTER), ("envoi/resultat.hpr", HPRIM)]


@pytest.mark.parametrize(
    "name", ["README.txt", "readme.md", "sous/LISEZ.css", "vue.xsl", "a.js", ".DS_Store", "__MACOSX/._b.txt", "Thumbs.db"]
)
def test_what_stands_beside_documents(name: str) -> None:
    assert names(packed({name: FORK if "__MACOSX" in name else "x", "b.txt": "y"})) == ["b.txt"]


@pytest.mark.parametrize("name", ["README.txt", "vue.xsl", "._b.pdf", "__MACOSX/b.pdf", "a.js"])
def test_no_clinical_content_is_left_out_by_its_name(name: str) -> None:
    for data in (LETTER, HPRIM, INNER):
        assert names(packed({name: data, "b.txt": "y"})) == [name, "b.txt"]


def test_an_index_is_a_document_here() -> None:
    assert names(packed({"INDEX.HTM": "<html><body>Compte rendu", "image.png": b"\x89PNG\r\n\x1a\n"})) == ["INDEX.HTM", "image.png"]


def test_a_readme_alone_is_one() -> None:
    assert names(packed({"README.txt": "Bonjour", ".DS_Store": "x"})) == ["README.txt"]
    assert names(packed({".DS_Store": "x"})) == []


def test_a_name_borne_twice_is_told_of_both() -> None:
    found = archive.read(zipped([Member(b"a.txt", b"1"), Member(b"A.TXT", b"2"), Member(b"b.txt", b"3")]))
    assert [[w.code for w in file.warnings] for file in found.files] == [["duplicate-name"], ["duplicate-name"], []]
    assert [w.code for w in found.warnings] == ["duplicate-name"]


@pytest.mark.parametrize("name", [b"a\0.pdf", b"../a.pdf", b"/etc/a.pdf", b"C:a.pdf", b"a\n.pdf"])
def test_names_that_lead_out_refuse_the_whole(name: bytes) -> None:
    assert code(zipped([Member(name, b"x"), Member(b"b.txt", b"x")])) == "unsafe-archive"


def test_a_hundred_thousand_entries_cost_nothing() -> None:
    record = b"PK\1\2" + bytes(42)
    many = b"PK\3\4" + bytes(26) + record * 100_000
    data = (
        many
        + b"PK\5\6"
        + bytes(4)
        + (65_535).to_bytes(2, "little") * 2
        + (4_600_000).to_bytes(4, "little")
        + (30).to_bytes(4, "little")
        + b"\0\0"
    )
    began = time.process_time()
    assert code(data) == "too-large"
    assert time.process_time() - began < 0.5


def test_the_sentence_of_a_password() -> None:
    with pytest.raises(Unreadable) as caught:
        archive.read(LOCKED)
    assert (caught.value.code, encrypted.kind_of(caught.value.detail)) == ("unsupported", "zip")


def test_a_locked_archive_among_open_files_does_not_lock_them() -> None:
    data = packed({"ferme.zip": LOCKED, "a.txt": "x"}, stored=("ferme.zip",))
    assert not encrypted.is_locked_zip(data)
    assert recognise(data).name == "archive"
    assert names(data) == ["ferme.zip", "a.txt"]


# --- recognised


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_that_packs_nothing_is_no_pdf(kind: str) -> None:
    data = packed({"a.pdf": LETTER, "b.pdf": LETTER}, stored=("a.pdf", "b.pdf")) if kind == "zip" else tar("a.pdf", LETTER)
    assert b"%PDF-" in data[:1_024]
    assert (recognise(data, "a.pdf").name, archive.kind(data)) == ("archive", kind)


def test_words_that_begin_as_an_archive_are_words() -> None:
    assert recognise(b"BZh la suite du courrier").name == "text"
    assert recognise(b"Patient vu ce jour.").name == "text"


# --- other kinds


@pytest.mark.parametrize(
    ("data", "name"), [(SEVENZIP, "7z"), (RAR, "RAR"), (tar("a", b"x"), "tar"), (b"\xfd7zXZ\0", "xz"), (b"BZh91AY&SY", "bzip2")]
)
def test_others_are_told_with_what_to_do(data: bytes, name: str) -> None:
    with pytest.raises(Unsupported) as caught:
        archive.read(data)
    assert f"of the kind {name}," in caught.value.detail
    assert "ask the sender" in caught.value.detail


def test_what_is_no_archive() -> None:
    for data in (b"", b"Bonjour", bytes(600)):
        with pytest.raises(Unsupported):
            archive.read(data)


# --- gzip


def zipped_by(name: str, data: bytes = b"essai", extra: bytes = b"") -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(name, "wb", 9, out, 0) as written:
        written.write(data)
    made = bytearray(out.getvalue())
    if extra:
        made[3] |= 4
        made[10:10] = len(extra).to_bytes(2, "little") + extra
    return bytes(made)


@pytest.mark.parametrize(
    ("data", "outer", "name"),
    [
        (zipped_by("lettre.pdf"), "x.gz", "lettre.pdf"),
        (zipped_by("lettre.pdf", extra=b"essai"), "x.gz", "lettre.pdf"),
        (zipped_by(""), "resultat.hpr.gz", "resultat.hpr"),
        (zipped_by(""), "dossier.tgz", "dossier.tar"),
        (zipped_by(""), "lettre", "lettre"),
        (zipped_by(""), "", "part-1"),
        (zipped_by("a").replace(b"a\0", b"C:\\d\\e.hpr\0", 1), "x.gz", "e.hpr"),
        (zipped_by("a").replace(b"a\0", b"../..\0", 1), "x.hpr.gz", "x.hpr"),
        (zipped_by("a").replace(b"a\0", b"b\nc\0", 1), "x.hpr.gz", "x.hpr"),
        (
            gzip.compress(b"essai", mtime=0)[:3]
            + b"\x08"
            + gzip.compress(b"essai", mtime=0)[4:10]
            + b"\0"
            + gzip.compress(b"essai", mtime=0)[10:],
            "x.gz",
            "x",
        ),
    ],
)
def test_the_name_of_the_file_in_a_gzip(data: bytes, outer: str, name: str) -> None:
    (file,) = archive.read(data, outer).files
    assert (file.name, file.data) == (name, b"essai")


def test_members_of_a_gzip_are_one_file() -> None:
    found = archive.read(gzip.compress(b"un ") + gzip.compress(b"deux") + bytes(20), "a.gz")
    assert ([file.data for file in found.files], found.warnings) == ([b"un deux"], ())
    tail = archive.read(gzip.compress(b"un ") + b"suite", "a.gz")
    assert [w.code for w in tail.warnings] == ["malformed"]


@pytest.mark.parametrize("end", [3, 9, 12, 20, 24])
def test_a_cut_gzip(end: int) -> None:
    assert code(gzip.compress(b"essai de plus")[:end]) in {"truncated", "malformed"}


def test_a_gzip_with_a_wrong_checksum() -> None:
    data = bytearray(gzip.compress(b"essai"))
    data[-6] ^= 1
    assert code(bytes(data)) == "malformed"


def test_ratio_and_size_of_a_gzip() -> None:
    assert len(archive.read(gzip.compress(bytes(safe_zip.RATIO_FREE))).files[0].data) == safe_zip.RATIO_FREE
    assert code(gzip.compress(bytes(safe_zip.RATIO_FREE + 1))) == "unsafe-archive"
    assert code(gzip.compress(bytes(500_000)) * 3) == "unsafe-archive"
    stored = zlib.compressobj(0, zlib.DEFLATED, 31)
    assert code(stored.compress(bytes(safe_zip.MAX_ENTRY + 1)) + stored.flush()) == "too-large"


def test_what_a_gzip_bomb_costs() -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    tracemalloc.start()
    began = time.process_time()
    assert code(bomb) == "unsafe-archive"
    assert time.process_time() - began < 1.0
    assert tracemalloc.get_traced_memory()[1] < 80_000_000
    tracemalloc.stop()


# --- mbox


def test_each_mail_of_an_mbox() -> None:
    found = archive.mails(MBOX)
    assert [file.name for file in found.files] == ["mail-1.eml", "mail-2.eml"]
    assert b"".join(file.data for file in found.files) == MBOX


@pytest.mark.parametrize(
    "line",
    [
        b"From moi@cabinet.example, le 12 mars 2024 il est venu\nSubject: suite\n",
        b"From ici 2024\nBonjour docteur\n",
        b">From labo@hopital.example Tue Mar 12 08:30:00 2024\nSubject: x\n",
    ],
)
def test_words_within_a_mail_part_nothing(line: bytes) -> None:
    mail = ENVELOPE + b"From: a@b.example\nSubject: x\n\nBonjour\n\n" + line
    assert archive.mails(mail).files == ()
    assert len(archive.mails(mail + b"\n" + mail).files) == 2


def test_an_envelope_line_must_stand_behind_a_blank_one() -> None:
    assert archive.mails(ENVELOPE + b"From: a\n\nBonjour\n" + ENVELOPE + b"From: b\n\n").files == ()


def test_one_mail_is_no_mbox() -> None:
    assert archive.mails(ENVELOPE + INNER).files == ()
    assert archive.mails(INNER).files == ()


def test_mails_of_an_mbox_are_bounded() -> None:
    found = archive.mails((ENVELOPE + b"From: a\n\nx\n\n") * 200)
    assert (len(found.files), [w.code for w in found.warnings]) == (archive.MAX_MEMBERS, ["too-large"])
    began = time.process_time()
    archive.mails(b"From a 2024\n" + b"\n\nFrom 2024" * 2_000_000)
    archive.mails(b"From " + b"2024 " * 4_000_000)
    assert time.process_time() - began < 1.0


# --- whatever comes


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([TWO, gzip.compress(HPRIM), MBOX, SEVENZIP, tar("a", b"x")]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=5),
    st.integers(0, 600),
    st.booleans(),
)
def test_only_declared_faults_escape(data: bytes, changes: list[tuple[int, int]], end: int, cut: bool) -> None:
    changed = bytearray(data)
    for place, octet in changes:
        if place < len(changed):
            changed[place] = octet
    one = bytes(changed[:end] if cut else changed)
    assert code(one) in {"", "malformed", "truncated", "unsupported", "too-large", "unsafe-archive"}
    assert b"".join(file.data for file in archive.mails(one).files) in {b"", one}
    assert archive.kind(one) in {"", "zip", "gzip", *archive.SENTENCES}


def test_no_repr_tells_of_the_content() -> None:
    assert "courrier" not in repr(archive.read(TWO)) + repr(archive.read(TWO).files)
