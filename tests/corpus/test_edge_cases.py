"""The 30 edge cases that break naive code (formats.md 9), in its order: the table of record of what is held. Here 1 to 20, HPRIM and CDA.

Each test says in its name which case it is and shows the one fact that matters; the golden pairs and the tests of each reader go further.
"""

from __future__ import annotations

import base64
import itertools
from pathlib import Path

import pytest

from tests.corpus import cda_build, sha
from tests.corpus import xdm_build as zips
from tests.corpus.cda_biology_build import chapter, coded, entry, observation, refers, report, value
from tests.corpus.cda_build import INS, IPP, NAME, encoded, packed, plain, section, structured, target, wrapped
from tests.corpus.hprim_build import END, HEADER, POTASSIUM, SECOND, SODIUM, build, head, lab
from tests.corpus.mail_cases import COVER, attached, mail, multipart
from tests.corpus.pdfs import text_pdf
from tests.pipeline.given import Given
from tests.pipeline.read_as import file_one
from vaguemestre.domain.reading import Document, Reading, Result
from vaguemestre.inbound.match import vetoes
from vaguemestre.inbound.read import read

MAKER = "SOLABIO 4.2".ljust(40) + "DOC0000001".ljust(40) + "DR ESSAI".ljust(40) + "S01 0001 0001"
PDF = text_pdf(["Compte rendu d'essai de plusieurs mots."])
PDF_CDA = encoded(cda_build.document(packed(PDF, "application/pdf")))


def only(data: bytes, name: str = "x") -> Document:
    (document,) = read(data, name).documents
    return document


def names(document: Document) -> tuple[str, ...]:
    return document.patient.names_unqualified if document.patient else ()


def codes(document: Document) -> set[str]:
    return {warning.code for warning in document.warnings}


def left_to_a_person(found: Reading) -> bool:
    """Whether the policy keeps every document from being filed by itself."""
    return all(vetoes(document, [w.code for w in found.warnings]) for document in found.documents)


def results(*lines: str) -> tuple[Result, ...]:
    return only(lab(*lines)).results


def letter(body: str = cda_build.LETTER, **told: str) -> Document:
    return only(encoded(cda_build.document(body, **told)))


def biology(*observations: str, **words: str) -> tuple[Result, ...]:
    return only(report(chapter("Biochimie", entry(*observations), **words))).results


# HPRIM


def test_01_a_line_of_the_maker_shifts_nothing() -> None:
    whole = lab(SODIUM)
    with_line, without = only(MAKER.encode() + b"\r\n" + whole), only(whole)
    assert (with_line.patient, with_line.date, with_line.author, with_line.recipients, with_line.results) == (
        without.patient, without.date, without.author, without.recipients, without.results,
    )  # fmt: skip
    assert names(with_line) == ("ZORBEC",)


def test_02_several_patients_in_one_file_keep_their_own_results() -> None:
    data = build(HEADER, ("****LAB****", SODIUM, "****FIN****"), SECOND, ("****LAB****", POTASSIUM), END)
    told = [(names(one), [r.label for r in one.results], codes(one)) for one in read(data, "x").documents]
    assert told == [(("ZORBEC",), ["SODIUM"], set()), (("BARZOU",), ["POTASSIUM"], set())]
    unmarked = read(build(HEADER, ("****LAB****", SODIUM), SECOND, ("****LAB****", POTASSIUM), END), "x")
    assert [[r.label for r in one.results] for one in unmarked.documents] == [["SODIUM"], ["POTASSIUM"]]
    assert left_to_a_person(unmarked)


@pytest.mark.parametrize("lines", [("", SODIUM, POTASSIUM), ("****LAB****", SODIUM, POTASSIUM)])
def test_03_results_without_lab_or_without_end_are_read_to_the_end(lines: tuple[str, ...]) -> None:
    found = read(build(HEADER, lines), "x")
    (document,) = found.documents
    assert [r.label for r in document.results] == ["SODIUM", "POTASSIUM"]
    assert codes(document) == {"missing-end-mark"}
    assert left_to_a_person(found)


def test_04_any_number_of_fields_no_label_and_another_unit() -> None:
    whole = ["RES", "UREE", "UR33", "N", "0.24", "g/l", "0.15", "0.42", "N", "F", "4.01", "mmol/l", "2.51", "7.01", ""]
    for count in (4, 9, 10, 14, 15):
        (found,) = results("|".join(whole[:count]))
        assert found.label == "UREE"
        assert (found.value, found.high) == (("0.24", "0.42") if count > 8 else (None, None))
        assert (found.alternative is not None) is (count > 10)
    assert [(r.label, r.code and r.code.code) for r in results("RES||IGET 005|A")] == [(None, "IGET 005")]
    (found,) = results("RES|GLYCEMIE|GLY|N|0.91|g/l|||N|F", "RES|soit|GLY|N|5.05|mmol/l|||N|F")
    assert found.alternative is not None and (found.alternative.number, found.alternative.unit) == ("5.05", "mmol/l")


@pytest.mark.parametrize(("low", "bounds"), [("2.20-2.60", ("2.20", "2.60")), ("-2 - 2", ("-2", "2")), ("-5--1", ("-5", "-1"))])
def test_05_an_interval_in_the_low_field(low: str, bounds: tuple[str, str]) -> None:
    (found,) = results(f"RES|A|A|N|1|u|{low}||N|F")
    assert (found.low, found.high) == bounds


def test_06_values_are_as_written_and_thousands_never_inferred() -> None:
    told = {"Diabète": (None, None), "85*": (None, "85"), "<0.12": ("<", "0.12"), "> 90": (">", "90"), "2.920": (None, "2.920")}
    lines = [f"RES|A|A|N|{written}||||N|F" for written in told]
    found = only(build(HEADER, ("****LAB****", *lines), END, encoding="utf-8")).results
    assert {r.value: (r.comparator, r.number) for r in found} == told


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_07_no_error_is_no_proof_of_an_encoding(encoding: str) -> None:
    data = build(head(l2="HÉMON", l3="Hélène"), ("HÉMOGLOBINE contrôlée à jeun &lt; seuil, &amp;lt;",), END, encoding=encoding)
    document = only(data)
    assert (names(document), document.text) == (("HÉMON",), "HÉMOGLOBINE contrôlée à jeun < seuil, &lt;")
    assert codes(document) == {"encoding-guessed"} and document.patient is not None and document.patient.names_guessed


# CDA


def test_08_a_stylesheet_around_a_document_is_never_run() -> None:
    told = cda_build.document()
    found, bare = only(encoded(wrapped(told))), only(encoded(told))
    assert (found.patient, found.text, found.id, found.html) == (bare.patient, bare.text, bare.id, bare.html)
    assert found.text == "Motif\nToux depuis trois semaines."


def test_09_eleven_megabytes_in_one_text_node() -> None:
    content = b"%PDF-1.4\n" + bytes(range(256)) * 33_000
    found = read(encoded(cda_build.document(packed(content, "application/pdf"))), "x").documents
    assert [(d.format, d.sha256 == sha(content)) for d in found] == [("cda-n1", False), ("pdf", True)]


@pytest.mark.parametrize("kind", ["text/plain", "text/rtf", "image/jpeg", "image/tiff", "text/html", "application/pdf"])
def test_10_a_body_of_any_type_is_kept_whatever_its_base64_looks_like(kind: str) -> None:
    content = PDF if kind == "application/pdf" else b"<p>Tension 12/8, revoir dans un mois.</p>"
    blanks = base64.b64encode(content).decode()
    spread = " \t\n".join(blanks[n : n + 7] for n in range(0, len(blanks), 7))
    found = read(encoded(cda_build.document(plain(spread, kind, "B64"))), "x").documents[0]
    assert (found.format, [(a.media_type, a.sha256) for a in found.attachments]) == ("cda-n1", [(kind, sha(content))])
    assert names(found) == () and found.patient is not None and found.patient.birth_name == "ZORBEC"


def test_10_a_body_of_plain_text_is_its_text() -> None:
    assert letter(plain("Tension 12/8.", "text/plain", "TXT")).text == "Tension 12/8."


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n", b"\r\n  ", b"\xef\xbb\xbf\r\n"])
def test_11_a_mark_or_a_line_before_the_declaration(before: bytes) -> None:
    document = only(encoded(cda_build.document(), before=before))
    assert (document.format, document.text, codes(document)) == ("cda-n3", "Motif\nToux depuis trois semaines.", set())


def test_12_latin_1_that_calls_itself_utf_8() -> None:
    document = only(encoded(cda_build.document(structured(section("Synthèse", "Très bon état."))), "cp1252", "UTF-8"))
    assert (document.text, codes(document)) == ("Synthèse\nTrès bon état.", {"encoding-guessed"})


def test_13_a_type_with_a_prefix_is_that_type() -> None:
    first, second = biology(
        observation(coded("code", "1", "A"), value("PQ", value="3.5", unit="g/L")),
        observation(coded("code", "1", "A"), value("c:PQ", value="3.5", unit="g/L")),
    )
    assert first == second
    assert (second.number, second.unit) == ("3.5", "g/L")


def test_14_every_form_of_value_is_a_result() -> None:
    low, high = '<low value="90" unit="mL"/>', '<high value="5" unit="mL" inclusive="false"/>'
    found = biology(
        observation(coded("code", "1", "bas"), value("IVL_PQ", low)),
        observation(coded("code", "2", "haut"), value("IVL_PQ", high)),
        observation(coded("code", "3", "inconnu"), value("PQ", nullFlavor="UNK")),
        observation(coded("code", "4", "code"), value("CD", code="P", displayName="Positif")),
        observation(coded("code", "5", "double"), value("PQ", '<translation value="5.05" unit="mmol/L"/>', value="0.91", unit="g/L")),
    )
    assert [(r.label, r.comparator, r.number) for r in found] == [
        ("bas", ">=", "90"), ("haut", "<", "5"), ("inconnu", None, None), ("code", None, None), ("double", None, "0.91"),
    ]  # fmt: skip
    assert found[3].value == "Positif"


@pytest.mark.parametrize("order", list(itertools.permutations([INS, IPP, '<id root="1.2.250.1.999.7" extension="NOUVEAU-NE"/>'])))
def test_15_the_ins_is_found_by_its_oid_wherever_it_stands(order: tuple[str, ...]) -> None:
    patient = letter(patient=target(ids="".join(order))).patient
    assert patient is not None and patient.ins is not None
    assert (patient.ins.value, patient.ins.oid) == ("261059999012394", "1.2.250.1.213.1.4.8")
    assert {one.value for one in patient.local_ids} == {"IPP-0042", "NOUVEAU-NE"}


def test_15_a_test_oid_is_told() -> None:
    test = INS.replace(".1.4.8", ".1.4.10")
    assert codes(letter(patient=target(ids=IPP + test))) == {"test-identity"}


@pytest.mark.parametrize("order", list(itertools.permutations(NAME.replace("><", ">\n<").split("\n"))))
def test_16_names_are_told_by_their_qualifiers_in_any_order(order: tuple[str, ...]) -> None:
    patient = letter(patient=target(name="".join(order))).patient
    assert patient is not None
    assert (patient.birth_name, patient.used_name, patient.first_given_name) == ("ZORBEC", "BARZOU", "LUCIE")
    assert patient.given_names == ("LUCIE", "ANNE-MARIE")


@pytest.mark.parametrize("newest_first", [False, True])
def test_17_a_new_version_takes_the_place_of_the_old_one_whichever_comes_first(data_directory: Path, newest_first: bool) -> None:
    given = Given(data_directory)
    lucie = target("", '<family qualifier="BR">MARTEL</family><given qualifier="BR">LUCIE</given>', birth='<birthTime value="19610312"/>')
    related = '<relatedDocument typeCode="RPLC"><parentDocument><id root="1.9"/></parentDocument></relatedDocument>'
    old = letter(patient=lucie, identifier='<id root="1.9"/>')
    new = letter(patient=lucie, identifier='<id root="1.10"/>', version='<versionNumber value="2"/>', related=related)
    assert (new.set_id, new.version, new.replaces) == (old.set_id, 2, "1.9")
    order = (new, old) if newest_first else (old, new)
    rows = [file_one(given, one)[0] for one in order]
    for row in rows:
        row.refresh_from_db()
    assert {row.decision for row in rows} == {"filed"}
    replaced, standing = reversed(rows) if newest_first else rows
    assert (replaced.superseded_by_id, standing.superseded_by_id) == (standing.pk, None)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("19790328", "1979-03-28"),
        ("202101040735", "2021-01-04T07:35"),
        ("202101040735+0100", "2021-01-04T07:35+01:00"),
        ("20210104073500", "2021-01-04T07:35:00"),
        ("20210104000500+0100", "2021-01-04T00:05:00+01:00"),
    ],
)
def test_18_a_date_keeps_its_precision_and_its_day(written: str, read_as: str) -> None:
    assert letter(date=f'<effectiveTime value="{written}"/>').date == read_as


def test_19_the_same_pages_three_times_and_two_levels_are_one_document() -> None:
    archive = zips.archive(("DOC00001.XML", PDF_CDA))
    pdf_name = "20240312_consultation_ZORBEC_LUCIE.pdf"
    found = read(mail(multipart(COVER, attached("IHE_XDM.zip", archive), attached(pdf_name, PDF))), "x").documents
    assert [(d.format, d.duplicate_of) for d in found] == [("cda-n1", None), ("pdf", 0), ("pdf", 0)]
    both = zips.archive(("DOC00001.XML", zips.cda(pdf=PDF)), ("DOC00002.XML", zips.cda()))
    assert [(d.format, d.duplicate_of) for d in read(both, "x.zip").documents] == [("cda-n1", 2), ("pdf", 2), ("cda-n3", None)]


def test_20_a_code_that_is_no_code_keeps_the_words_of_the_narrative() -> None:
    local = coded("translation", "CRPU", None, "1.2.250.1.999.3")
    found = biology(
        observation(coded("code", flavor="OTH", inside=refers("crp")), value("PQ", value="3", unit="mg/L")),
        observation(coded("code", "CRP_non_LOINC", None, "1.2.250.1.999.3", refers("crp")), value("PQ", value="4", unit="mg/L")),
        observation(coded("code", flavor="NA", inside=refers("crp") + local), value("PQ", value="5", unit="mg/L")),
        crp="Protéine C réactive",
    )
    assert [(r.label, r.number) for r in found] == [("Protéine C réactive", n) for n in ("3", "4", "5")]
    assert found[1].code is not None and found[1].code.code == "CRP_non_LOINC"
    assert [one.code for one in found[2].translations] == ["CRPU"]
