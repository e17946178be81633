"""XDM archives: every layout and tolerance of formats.md 3.1 and 9 (cases 21 to 25), every doubt said, nothing chosen in silence."""

from __future__ import annotations

import hashlib
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
from tests.corpus.xdm_build import INDEX, INS, INS_OID, LOCAL_OID, MISSING, README, Member, described, file, metadata, submission, zipped
from vaguemestre.domain.fault import Fault, Unreadable
from vaguemestre.domain.reading import Ins, LocalId
from vaguemestre.formats import xdm
from vaguemestre.formats.recognise import recognise

CDA, PDF = b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>", b"%PDF-1.4 essai"
ONE = "IHE_XDM/SUBSET01/DOC00001.XML"


def told(archive: xdm.Archive) -> list[tuple[str, bytes, bool, list[str]]]:
    """Name, bytes, whether described, codes: of each entry."""
    return [(e.name, e.data, e.metadata is not None, [w.code for w in e.warnings]) for e in archive.entries]


def codes(archive: xdm.Archive) -> list[str]:
    return [w.code for w in archive.warnings]


def usual(**changes: object) -> xdm.Archive:
    """The usual archive of one document, its description changed."""
    uri = changes.pop("uri", "DOC00001.XML")
    content = metadata(submission(), described(uri, CDA, **changes))  # type: ignore[arg-type]
    return xdm.read(build.archive(("DOC00001.XML", CDA), told=content))


def test_the_usual_archive() -> None:
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), ("DOC00002.PDF", PDF)))
    assert told(archive) == [(ONE, CDA, True, []), ("IHE_XDM/SUBSET01/DOC00002.PDF", PDF, True, [])]
    assert codes(archive) == []
    first = archive.entries[0]
    assert first.media_type == "text/xml"
    assert first.metadata is not None
    assert first.metadata["uniqueId"] == build.DOCUMENT_ID
    assert first.patient is not None
    assert (first.patient.ins, first.patient.birth_name, first.patient.from_fields) == (Ins(INS, INS_OID), "ZORBEC", True)
    assert first.patient.local_ids == (LocalId("P000123", LOCAL_OID),)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("IHE_XDM/SUBSET02/", "DOC00001.XML"),
        ("IHE_XDM/Default/", "DOC001"),
        ("ihe_xdm/subset01/", "doc00001.xml"),
        ("IHE_XDM\\SUBSET01\\", "DOC00001.XML"),
        ("envoi du 12 mars/IHE_XDM/SUBSET01/", "DOC00001.XML"),
        ("IHE_XDM/SUBSET01/", "document sans fin.long.xml"),
        ("./IHE_XDM//SUBSET01/", "DOC00001.XML"),
        ("SUBSET01/", "DOC00001.XML"),
        ("", "DOC00001.XML"),
    ],
)
def test_layouts(folder: str, name: str) -> None:
    archive = xdm.read(build.archive((name, CDA), folder=folder))
    path = folder.replace("\\", "/").replace("./", "").replace("//", "/") + name
    assert told(archive) == [(path, CDA, True, [])]
    assert codes(archive) == []


def test_metadata_in_lower_case_and_a_version_on_every_name() -> None:
    content = metadata(described("DOC00001.XML", CDA))
    data = zipped([file("IHE_XDM/SUBSET01/metadata.xml", content), file(ONE, CDA)])
    assert told(xdm.read(data)) == [(ONE, CDA, True, [])]
    data = zipped([file("IHE_XDM/SUBSET01/METADATA.XML;1", content), file(ONE + ";1", CDA), file("README.TXT;1", b"x")])
    assert told(xdm.read(data)) == [(ONE + ";1", CDA, True, [])]


def test_what_a_mac_adds() -> None:
    fork = b"\0\5\x16\7\0\2\0\0"
    extra = (
        file("__MACOSX/IHE_XDM/SUBSET01/._METADATA.XML", fork),
        file("__MACOSX/IHE_XDM/SUBSET01/METADATA.XML", fork),
        file("IHE_XDM/.DS_Store", b"\0"),
        file("IHE_XDM/._x.pdf", fork),
    )
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), others=(README, *extra)))
    assert told(archive) == [(ONE, CDA, True, [])]
    assert codes(archive) == []


def test_a_document_is_not_hidden_by_a_name_of_the_system() -> None:
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), ("._B.PDF", PDF), others=(file("__MACOSX/C.PDF", PDF),)))
    assert [name for name, *_ in told(archive)] == [ONE, "IHE_XDM/SUBSET01/._B.PDF", "__MACOSX/C.PDF"]


def test_several_submission_sets() -> None:
    first, second = metadata(submission(unique_id="1.9.1"), described("DOC00001.XML", CDA)), b""
    second = metadata(submission(unique_id="1.9.2"), described("DOC00001.XML", PDF, mime="application/pdf"))
    members = [
        file("IHE_XDM/SUBSET02/METADATA.XML", second),
        file("IHE_XDM/SUBSET02/DOC00001.XML", PDF),
        file("IHE_XDM/SUBSET01/METADATA.XML", first),
        file(ONE, CDA),
    ]
    archive = xdm.read(zipped(members))
    assert told(archive) == [(ONE, CDA, True, []), ("IHE_XDM/SUBSET02/DOC00001.XML", PDF, True, [])]
    assert [e.metadata["submissionSet"]["uniqueId"] for e in archive.entries if e.metadata] == ["1.9.1", "1.9.2"]
    assert codes(archive) == []


def test_a_stray_metadata_is_not_one_where_there_is_a_usual_one() -> None:
    stray = file("COPIE/METADATA.XML", metadata(described("IHE_XDM/SUBSET01/DOC00001.XML", PDF, title="Autre")))
    archive = xdm.read(build.archive(("DOC00001.XML", CDA), others=(stray,)))
    assert told(archive) == [(ONE, CDA, True, [])]


def test_the_order_is_that_of_the_metadata() -> None:
    content = metadata(described("B.XML", b"b", 1), described("A.XML", b"a", 2))
    archive = xdm.read(build.archive(("A.XML", b"a"), ("Z.PDF", PDF), ("B.XML", b"b"), told=content))
    assert [e.name.rpartition("/")[2] for e in archive.entries] == ["B.XML", "A.XML", "Z.PDF"]


@pytest.mark.parametrize(
    "uri",
    [
        "doc00001.xml",
        ("1|DOC0", "2|0001.XML"),
        ("DOC0", "0001.XML"),
        "IHE_XDM/SUBSET01/DOC00001.XML",
        "/IHE_XDM/SUBSET01/DOC00001.XML",
        "IHE_XDM\\SUBSET01\\DOC00001.XML",
        "./DOC00001.XML",
        "DOC0000%31.XML",
        "file:///tmp/DOC00001.XML",
        "DOC00001.XML;1",
    ],
)
def test_spellings_of_the_uri(uri: str) -> None:
    archive = usual(uri=uri)
    assert told(archive) == [(ONE, CDA, True, [])]
    assert codes(archive) == []


@pytest.mark.parametrize("digest", [None, MISSING])
@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("Compte%20rendu.xml", "Compte rendu.xml"),
        ("Compte rendu.xml", "Compte%20rendu.xml"),
        ("R%C3%A9sultat.xml", "Résultat.xml"),
        ("R%E9sultat.xml", "Résultat.xml"),
        ("COMPTE_RENDU_DE_CONSULTATION.XML", "COMPTE_R.XML"),
        ("COMPTE_RENDU_DE_CONSULTATION.XHTML", "COMPTE_R.XHT"),
        ("Compte rendu.xml", "COMPTERE.XML"),
        ("COMPTE_RENDU.XML", "COMPTE~1.XML"),
        ("DOC001.XML", "DOC001"),
    ],
)
def test_names_that_the_sender_changed(uri: str, name: str, digest: str | None) -> None:
    """With the digest as a proof, and by the name alone."""
    content = metadata(described(uri, CDA, digest=digest))
    archive = xdm.read(build.archive((name, CDA), told=content))
    assert told(archive) == [(f"IHE_XDM/SUBSET01/{name}", CDA, True, [])]
    assert codes(archive) == []


@pytest.mark.parametrize("encoding", ["cp437", "cp850", "cp1252", "mac_roman", "utf-8"])
@pytest.mark.parametrize("name", ["RÉSUMÉ.XML", "Été à Noël.xml", "reçu.xml"])
def test_names_in_old_encodings(encoding: str, name: str) -> None:
    try:
        raw = ("IHE_XDM/SUBSET01/" + name).encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("the encoding has not these letters")
    content = metadata(described(name, CDA, digest=MISSING))
    archive = xdm.read(zipped([file("IHE_XDM/SUBSET01/METADATA.XML", content), Member(raw, CDA)]))
    assert told(archive) == [("IHE_XDM/SUBSET01/" + name, CDA, True, [])]
    assert codes(archive) == []


def test_a_name_lost_altogether_is_found_by_its_digest() -> None:
    content = metadata(described("A.XML", CDA))
    archive = xdm.read(build.archive(("XQ81.BIN", CDA), ("OTHER.BIN", PDF), told=content))
    assert told(archive)[0] == ("IHE_XDM/SUBSET01/XQ81.BIN", CDA, True, [])


def test_what_fits_two_files_is_not_guessed() -> None:
    content = metadata(described("COMPTE_RENDU.XML", CDA, digest=MISSING))
    archive = xdm.read(build.archive(("COMPTE~1.XML", CDA), ("COMPTE~2.XML", PDF), told=content))
    assert [described_ for _, _, described_, _ in told(archive)] == [False, False]
    assert codes(archive) == ["malformed"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("IHE_XDM.ZIP;1", "application/octet-stream"),
        ("IHE_XDM.zip", "application/x-zip-compressed"),
        ("", None),
        ("a.pdf", "application/pdf"),
    ],
)
def test_an_archive_is_known_by_what_it_holds(name: str, media_type: str | None) -> None:
    assert recognise(build.archive(("DOC00001.XML", CDA)), name, media_type).name == "xdm"


# --- digests and sizes


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_the_digest_in_either_case(change: object) -> None:
    digest = change(hashlib.sha1(CDA).hexdigest())  # type: ignore[operator]
    assert told(usual(digest=digest)) == [(ONE, CDA, True, [])]


@pytest.mark.parametrize("digest", ["0" * 40, "essai", hashlib.sha256(CDA).hexdigest(), hashlib.sha1(CDA + b"\n").hexdigest()])
def test_a_wrong_digest(digest: str) -> None:
    assert told(usual(digest=digest)) == [(ONE, CDA, True, ["hash-mismatch"])]


@pytest.mark.parametrize("size", ["0", str(len(CDA) + 1), "essai", "-1", f"{len(CDA)}.0"])
def test_a_wrong_size(size: str) -> None:
    assert told(usual(size=size)) == [(ONE, CDA, True, ["size-mismatch"])]


def test_neither_is_told() -> None:
    assert told(usual(digest=MISSING, size=MISSING)) == [(ONE, CDA, True, [])]


@pytest.mark.parametrize("changed", [b"\xef\xbb\xbf" + CDA, CDA.replace(b"><", b">\n<") + b"\n", CDA.replace(b"'", b'"') + b" "])
def test_xml_written_again_after_its_digest(changed: bytes) -> None:
    content = metadata(described("DOC00001.XML", CDA))
    archive = xdm.read(build.archive(("DOC00001.XML", changed), told=content))
    assert told(archive) == [(ONE, changed, True, ["hash-mismatch", "size-mismatch"])]


# --- what does not fit together


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


def test_the_person_of_the_metadata() -> None:
    changed = usual(info=("PID-5|BARZOU^MARC^^^^^L", "PID-7|19991130"), source_id=None, patient_id=None).entries[0]
    assert changed.patient is not None
    assert (changed.patient.ins, changed.patient.birth_name, changed.patient.birth_date) == (None, "BARZOU", "1999-11-30")
    assert usual(info=(), source_id=None, patient_id=None).entries[0].patient is None
    wrong = usual(info=(f"PID-3|{INS[:13]}11^^^&{INS_OID}&ISO",), source_id=None)
    assert told(wrong) == [(ONE, CDA, True, ["bad-ins-key"])]
    test = usual(info=(f"PID-3|{INS}^^^&1.2.250.1.213.1.4.10&ISO",), source_id=None, patient_id=None)
    assert told(test) == [(ONE, CDA, True, ["test-identity"])]


def test_one_octet_changed_is_told_and_nothing_else() -> None:
    content = metadata(described("DOC00001.XML", CDA, 1), described("DOC00002.PDF", PDF, 2))
    before = xdm.read(build.archive(("DOC00001.XML", CDA), ("DOC00002.PDF", PDF), told=content))
    changed = bytes([PDF[0] ^ 1]) + PDF[1:]
    after = xdm.read(build.archive(("DOC00001.XML", CDA), ("DOC00002.PDF", changed), told=content))
    assert after.entries[0] == before.entries[0]
    assert after.entries[1].metadata == before.entries[1].metadata
    assert [w.code for w in after.entries[1].warnings] == ["hash-mismatch"]
    assert after.warnings == before.warnings == ()


def test_nothing_of_it_in_a_repr_or_a_warning() -> None:
    archive = usual(digest="0" * 40)
    said = repr(archive) + repr(archive.entries) + repr(archive.warnings) + "".join(w.detail for w in archive.entries[0].warnings)
    assert not any(word in said for word in ("ZORBEC", INS, "DOC00001"))


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
