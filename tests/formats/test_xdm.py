"""XDM archives: every layout, name, digest and size of formats.md 3.1 and 9 (cases 21 to 25), and whom their metadata state."""

from __future__ import annotations

import hashlib

import pytest

from tests.corpus import xdm_build as build
from tests.corpus.xdm_build import INS, INS_OID, LOCAL_OID, MISSING, README, Member, described, file, metadata, submission, zipped
from tests.formats.xdm_archives import CDA, ONE, PDF, codes, told, usual
from vaguemestre.domain.reading import Ins, LocalId
from vaguemestre.formats import xdm
from vaguemestre.formats.recognise import recognise


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
    raw = ("IHE_XDM/SUBSET01/" + name).encode(encoding)
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
