"""HL7 v2 messages made to go to the wrong chart, none of which may, nor be lost: two patients in one, torn segments, envelopes of another.

Each attack was tried against the whole path; most of them passed before what stops them now.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.file_cases import annexed
from tests.pipeline.given import NOW, Given
from tests.pipeline.posted import (
    JEAN,
    JEAN_PIERRE,
    LEA,
    LEO,
    LEON,
    MOTHER,
    ROOT,
    SENIOR,
    Somebody,
    archive,
    cda,
    chart,
    charts_of,
    family,
    hprim,
    mail,
    pages,
    post,
    post_one,
    values,
)
from tests.pipeline.posted_formats import (
    cx,
    ed,
    fhir_of,
    held,
    mdm,
    obr,
    obx,
    oru,
    oru_of,
    pid,
    reasons,
    rtf,
    sante_of,
    words_of,
)
from tests.pipeline.read_as import doctor
from vaguemestre.domain import person

HUGO = Somebody("QUINTARD", "HUGO", "2001-11-23", "M", 122, others="LOUIS")
OTHERS_NIR = Somebody("AUTRE", "PAUL", "1948-09-03", "M", 49).nir
"""Of a man born on the same day as SENIOR."""


@pytest.fixture
def given(data_directory: Path) -> Given:
    made = Given(data_directory)
    chart(made, "SENIOR", SENIOR)
    chart(made, "HUGO", HUGO)
    return made


def test_what_is_sound_is_filed(given: Given) -> None:
    family(given)
    assert charts_of(post_one(given, mail(("r.hl7", oru_of(SENIOR, value="1.01"))))) == ["SENIOR"]
    assert charts_of(post_one(given, mail(("r.hl7", oru_of(LEO, ins=LEO.nir))))) == ["LEO"]
    letter = mdm(pid(HUGO), ed(pages(*words_of(HUGO))))
    assert charts_of(post_one(given, mail(("r.hl7", letter)))) == ["HUGO", "HUGO"]
    packed = mdm(pid(SENIOR), ed(cda(SENIOR, words="Copie.")))
    assert charts_of(post_one(given, mail(("r.hl7", packed)))) == ["SENIOR", "SENIOR"]


# Two patients, of whom the second lost what would tell


TEARS: dict[str, Callable[[str], str]] = {
    "small letters": str.lower,
    "the first letter": lambda segment: segment[1:],
    "the name": lambda segment: segment[3:],
    "a letter changed": lambda segment: "PIX" + segment[3:],
    "a blank within": lambda segment: "P ID" + segment[3:],
    "a blank behind": lambda segment: "PID " + segment[3:],
}


@pytest.mark.parametrize("tear", TEARS.values(), ids=TEARS)
def test_results_below_a_torn_patient_never_pass_to_the_one_above(given: Given, tear: Callable[[str], str]) -> None:
    rows = held(given, mail(("r.hl7", oru(pid(SENIOR), obr(), obx("1.11"), tear(pid(HUGO)), obr(), obx("2.22")))))
    assert reasons(rows) == {"several-patients"}
    assert [row.results_count for row in rows] == [2], "both are shown"


@pytest.mark.parametrize("tear", TEARS.values(), ids=TEARS)
def test_results_above_the_only_sound_patient_are_nobodys(given: Given, tear: Callable[[str], str]) -> None:
    held(given, mail(("r.hl7", oru(tear(pid(HUGO)), obr(), obx("2.22"), pid(SENIOR), obr(), obx("1.11")))))
    held(given, mail(("r.hl7", oru(obr(), obx("2.23"), pid(SENIOR), obr(), obx("1.12")))))


@pytest.mark.parametrize("above", ["PID", "OBR", "OBX"])
def test_a_patient_that_hangs_on_to_another_segment(given: Given, above: str) -> None:
    segments = {"PID": [pid(SENIOR)], "OBR": [pid(SENIOR), obr()], "OBX": [pid(SENIOR), obr(), obx("1.11")]}[above]
    held(given, mail(("r.hl7", oru(*segments[:-1], segments[-1] + pid(HUGO), obr(), obx("2.22")))))


def test_a_file_of_another_format_below_a_message(given: Given) -> None:
    for below in (sante_of(HUGO, value="2.22"), hprim(HUGO, value="2.23").encode("ascii", "replace")):
        held(given, mail(("r.hl7", oru_of(SENIOR, value="1.11") + below)))


def test_text_and_base64_cut_into_lines_are_no_torn_patient(given: Given) -> None:
    import base64

    from tests.corpus.hl7v2_build import packed

    data = pages(*words_of(SENIOR))
    cut = packed(data).replace(base64.b64encode(data).decode(), base64.encodebytes(data).decode())
    letter = mdm(pid(SENIOR), f"OBX|1|ED|11490-0^Lettre^LN||{cut}||||||F")
    assert charts_of(post_one(given, mail(("r.hl7", letter)))) == ["SENIOR", "SENIOR"]
    words = oru(pid(SENIOR), obr(), obx("1.11"), "NTE|1|L|Prélèvement\nVIH : négatif\nCRP, fibrinogène\nTSH")
    (row,) = post_one(given, mail(("r.hl7", words)))
    assert charts_of([row]) == ["SENIOR"]
    assert row.result_set.get().comment == "Prélèvement\nVIH : négatif\nCRP, fibrinogène\nTSH"


def test_several_messages_of_several_patients(given: Given) -> None:
    rows = held(given, mail(("r.hl7", oru_of(SENIOR, value="1.11") + oru_of(HUGO, value="2.22"))))
    assert [row.results_count for row in rows] == [1, 1]


# One patient's segment that tells of two


IDENTITIES: dict[str, dict[str, str]] = {
    "two names of birth": {"names": "TOURNIER^PAUL^^^^^L~QUINTARD^HUGO^^^^^L"},
    "two names of a kind not told": {"names": "TOURNIER^PAUL~QUINTARD^HUGO"},
    "family and given names of two": {"names": "QUINTARD^PAUL~TOURNIER^HUGO"},
    "two given names of birth": {"names": "TOURNIER^PAUL^^^^^B~TOURNIER^PAULIN^^^^^L"},
    "two birth dates": {"born": "19480903~20011123"},
    "two sexes": {"sex": "M~F"},
    "a digit too many in the birth date": {"born": "194809035"},
    "two INS of one kind": {"ids": f"{cx(SENIOR.nir)}~{cx(HUGO.nir)}"},
    "two NIR of the birth date": {"ids": f"{SENIOR.nir}^^^^NIR~{OTHERS_NIR}^^^^NIR"},
    "the INS of a stranger": {"ins": HUGO.nir},
    "the INS with a wrong key": {"ins": SENIOR.nir[:13] + f"{(int(SENIOR.nir[13:]) + 1) % 97:02d}"},
    "an initial": {"names": "TOURNIER^P^^^^^L"},
    "names exchanged": {"names": "PAUL^TOURNIER^^^^^L"},
    "the second of the listed names": {"names": "TOURNIER^PAUL^HUGO PAUL^^^^L"},
    "no birth date": {"born": ""},
    "a partial birth date": {"born": "194809"},
    "the 1st of January 1900": {"born": "19000101"},
    "the null value": {"born": '""'},
}


@pytest.mark.parametrize("said", IDENTITIES.values(), ids=IDENTITIES)
def test_an_identity_that_lies_by_a_little(given: Given, said: dict[str, str]) -> None:
    held(given, mail(("r.hl7", oru_of(SENIOR, **said))))


def test_the_ins_of_another_in_a_field_of_old(given: Given) -> None:
    """PID-4, "alternate patient identifier"."""
    told = pid(SENIOR, ins=SENIOR.nir).replace("||TOURNIER", f"|{cx(HUGO.nir)}|TOURNIER")
    assert reasons(held(given, mail(("r.hl7", oru(told, obr(), obx("1.11")))))) == {"several-patients"}


def test_a_relatives_nir_does_not_hide_the_patients_own(given: Given) -> None:
    """The chart's own number is another one: two namesakes born on one day. The first number is the mother's, and says nothing."""
    chart(given, "QUALIFIED", Somebody("VASSEUR", "PAUL", "1948-09-03", "M", 48), ins=True)
    told = {"names": "VASSEUR^PAUL^^^^^L", "ids": f"{MOTHER.nir}^^^^NIR~{OTHERS_NIR}^^^^NIR"}
    assert reasons(held(given, mail(("r.hl7", oru_of(SENIOR, **told))))) == {"nir"}


@pytest.mark.parametrize("sex", ["H", "1", "M"])
def test_the_other_sex_however_it_is_written(given: Given, sex: str) -> None:
    chart(given, "CLAUDE", Somebody("LANVIN", "CLAUDE", "1948-09-03", "F", 121))
    held(given, mail(("r.hl7", oru_of(Somebody("LANVIN", "CLAUDE", "1948-09-03", "F", 121), sex=sex))))


def test_the_number_of_a_relative(given: Given) -> None:
    family(given)
    for who, ins in ((LEO, LEA.nir), (LEO, MOTHER.nir), (LEO, LEON.nir), (LEA, LEO.nir)):
        held(given, mail(("r.hl7", oru_of(who, ins=ins))))


def test_twins_of_compound_names(given: Given) -> None:
    chart(given, "JEAN", JEAN)
    held(given, mail(("r.hl7", oru_of(JEAN_PIERRE))))
    held(given, mail(("r.hl7", oru_of(JEAN_PIERRE, names="BARZOU^JEAN^JEAN-PIERRE^^^^L"))))


@pytest.mark.parametrize("oid", [person.INS_TEST, person.INS_DEMO])
def test_a_test_identity_among_real_patients(given: Given, oid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.pipeline import route

    monkeypatch.setattr(route.Rules, "of", classmethod(lambda cls, _: cls("mssante", "AE")))
    for ids in (cx(SENIOR.nir, oid), f"{cx(SENIOR.nir)}~{cx(SENIOR.nir, oid)}"):
        assert reasons(held(given, mail(("r.hl7", oru_of(SENIOR, ids=ids))))) == {"test-identity"}
    assert charts_of(post_one(given, mail(("r.hl7", oru_of(SENIOR))))) == ["SENIOR"]


@pytest.mark.parametrize("kind", ["ORU^R01", "ADT^A40", "MDM^T02"])
def test_a_record_that_took_in_another(given: Given, kind: str) -> None:
    merged = "MRG|77^^^LABO||||||QUINTARD^HUGO^^^^^L"
    assert reasons(held(given, mail(("r.hl7", oru(pid(SENIOR), merged, obr(), obx("1.11"), kind=kind))))) == {"several-patients"}


@pytest.mark.parametrize("said", ["USUR", "DOUT", "HOMD"])
def test_an_identity_in_doubt_holds_the_files_too(given: Given, said: str) -> None:
    who = pid(SENIOR, more="|" * 24 + said)
    held(given, mail(("r.hl7", mdm(who, ed(cda(SENIOR, ins=SENIOR.nir, result="3.33"))))))
    held(given, mail(("r.hl7", oru(who, obr(), obx("1.11")))))


# Letters in the octets of names


def test_letters_decoded_by_guess(given: Given) -> None:
    chart(given, "LEA", LEA)
    for how in ({"charset": ""}, {"charset": "UNICODE UTF-8"}, {"charset": "ASCII"}):
        held(given, mail(("r.hl7", oru(pid(LEA), obr(), obx("1.11"), encoding="latin-1", **how))))


def test_letters_that_no_reader_can_tell(given: Given) -> None:
    chart(given, "LEA", LEA)
    for name in ("L\\XFF\\A", "L\\X00\\ÉA\u200b", "LÉ\\H\\Α"):
        held(given, mail(("r.hl7", oru_of(LEA, names=f"ZORBEC^{name}^^^^^L"))))


# What is in the envelope


INSIDE: dict[str, Callable[[], bytes]] = {
    "CDA": lambda: cda(HUGO, ins=HUGO.nir, result="3.33"),
    "CDA of level 1": lambda: cda(HUGO, level=1, pages=pages("Consultation.")),
    "PDF": lambda: pages(*words_of(HUGO)),
    "PDF that names two": lambda: pages("Patient : TOURNIER Paul", "Patient : QUINTARD Hugo"),
    "PDF that holds a CDA": lambda: annexed(pages("Lettre."), ("b.xml", cda(HUGO))),
    "RTF": lambda: rtf(*words_of(HUGO)),
    "HTML": lambda: f"<html><body>{'<br>'.join(words_of(HUGO))}</body></html>".encode(),
    "text": lambda: "\n".join(words_of(HUGO)).encode(),
    "HPRIM Médecin": lambda: hprim(HUGO, value="2.22").encode(),
    "HPRIM Santé": lambda: sante_of(HUGO, value="2.22"),
    "HL7 v2": lambda: oru_of(HUGO, value="2.22"),
    "FHIR": lambda: fhir_of(HUGO, value="2.22"),
    "XDM": lambda: archive((cda(HUGO), HUGO)),
    "mail": lambda: mail(("a.pdf", pages(*words_of(HUGO)))),
}


@pytest.mark.parametrize("inside", INSIDE.values(), ids=INSIDE)
def test_an_envelope_that_holds_a_letter_of_another(given: Given, inside: Callable[[], bytes]) -> None:
    held(given, mail(("r.hl7", mdm(pid(SENIOR), ed(inside())))))
    held(given, mail(("r.hl7", oru(pid(SENIOR), obr(), obx("1.11"), ed(inside(), 2)))))


def test_words_that_label_another(given: Given) -> None:
    lines = [f"OBX|{n}|TX|CR^Compte rendu^L||{words}||||||F" for n, words in enumerate(words_of(HUGO), 1)]
    assert reasons(held(given, mail(("r.hl7", mdm(pid(SENIOR), *lines))))) == {"patient-mismatch"}
    own = [line.replace("QUINTARD", "TOURNIER").replace("Hugo", "Paul").replace("23/11/2001", "03/09/1948") for line in lines]
    assert charts_of(post_one(given, mail(("r.hl7", mdm(pid(SENIOR), *own))))) == ["SENIOR"]


def test_a_twin_in_the_envelope(given: Given) -> None:
    family(given)
    held(given, mail(("r.hl7", mdm(pid(LEO, ins=LEO.nir), ed(cda(LEA, ins=LEA.nir))))))
    held(given, mail(("r.hl7", mdm(pid(LEO), ed(cda(LEON))))))


def test_a_cda_of_nobody_is_not_filed_by_its_envelope(given: Given) -> None:
    nobody = cda(SENIOR)
    start, end = nobody.index(b"<patient>"), nobody.index(b"</patient>") + len(b"</patient>")
    held(given, mail(("r.hl7", mdm(pid(SENIOR), ed(nobody[:start] + nobody[end:])))))


@pytest.mark.parametrize("lost", [2, 5, 12, 25, 40])
def test_a_message_cut_in_the_middle_of_an_observation(given: Given, lost: int) -> None:
    assert reasons(held(given, mail(("r.hl7", oru(pid(SENIOR), obr(), obx("140"))[:-lost])))) == {"truncated"}


def test_messages_side_by_side(given: Given) -> None:
    family(given)
    for beside in (sante_of(LEA), fhir_of(LEA), cda(LEA), oru_of(LEA)):
        rows = held(given, mail(("r.hl7", oru_of(LEO, ins=LEO.nir)), ("b.dat", beside)))
        assert len(rows) == 2, "none hides the other"
    for beside_it in (hprim(LEA), rtf(*words_of(LEA)), "\n".join(words_of(LEA))):
        apart = post_one(given, mail(("r.hl7", oru_of(LEO, ins=LEO.nir)), ("b.dat", beside_it)))
        assert charts_of(apart) == ["LEO", None], "what does not contradict by more than a given name is judged alone"
    inner = mail(("b.hl7", oru_of(LEA)))
    held(given, mail(("r.hl7", oru_of(LEO, ins=LEO.nir)), ("inner.eml", inner)))


# One after another


def test_the_same_numbers_for_everybody_replace_nothing_of_another(given: Given) -> None:
    refs = family(given)
    told = (LEO, "1.01"), (LEA, "2.02"), (MOTHER, "3.03")
    sent = [mail(("r.hl7", oru(pid(one, ins=one.nir), obr("7"), obx(value)))) for one, value in told]
    rows = [one for batch in post(given, *sent) for one in batch]
    assert charts_of(rows) == ["LEO", "LEA", "MOTHER"]
    assert {type(row).objects.get(pk=row.pk).superseded_by_id for row in rows} == {None}
    assert {row.duplicate_of_id for row in rows} == {None}
    assert [values(refs[ref]) for ref in ("LEO", "LEA", "MOTHER")] == [["1.01"], ["2.02"], ["3.03"]]


@pytest.mark.parametrize("kind", ["MDM^T10", "MDM^T04", "MDM^T11"])
def test_a_message_that_quotes_the_document_of_another_takes_nothing_out(given: Given, kind: str) -> None:
    family(given)
    old, *_ = post_one(given, mail(("r.hl7", mdm(pid(LEO, ins=LEO.nir), ed(pages("Avant.")), own=f"{ROOT}.6"))))
    from tests.pipeline.posted_formats import txa

    quoting = oru(pid(LEA, ins=LEA.nir), txa(f"{ROOT}.7", f"{ROOT}.6"), ed(pages("Après.")), kind=kind)
    rows = post_one(given, mail(("r.hl7", quoting)))
    kept = type(old).objects.get(pk=old.pk)
    assert (kept.decision, kept.patient.ref, kept.superseded_by_id) == ("filed", "LEO", None)
    assert {row.patient.ref for row in rows if row.patient_id} <= {"LEA"}


def test_equal_results_of_twins_are_two_documents(given: Given) -> None:
    refs = family(given)
    rows = [post_one(given, mail(("r.hl7", oru(pid(one, ins=one.nir), obr("9"), obx("1.00")))))[0] for one in (LEO, LEA)]
    assert charts_of(rows) == ["LEO", "LEA"] and rows[1].duplicate_of_id is None
    assert (values(refs["LEO"]), values(refs["LEA"])) == (["1.00"], ["1.00"])


def test_what_was_taken_back_does_not_come_again(given: Given) -> None:
    """A namesake without a chart: the next order under the laboratory's number for that patient, whole or packed in a letter."""
    from vaguemestre.pipeline.decisions import undo

    known = {"ids": "H77^^^LABO&1.2.250.1.999.9.8&ISO^PI"}
    (wrong,) = post_one(given, mail(("r.hl7", oru_of(SENIOR, value="7.01", **known))))
    assert charts_of([wrong]) == ["SENIOR"]
    undo(doctor(given), wrong, NOW)
    again = post_one(given, mail(("r.hl7", oru_of(SENIOR, value="7.02", **known))))
    letter = post_one(given, mail(("r.hl7", mdm(pid(SENIOR, **known), ed(pages("Lettre."))))))
    assert {(row.patient_id, row.reason) for row in (*again, *letter)} == {(None, "undone")}


def test_two_practices_know_nothing_of_each_other(given: Given) -> None:
    from tests.scenes.operators import DOCTOR
    from vaguemestre.records import administration

    other = administration.make_mailbox("dr.fabre@cabinet.demo.example", "PER", "Dr FABRE", "autre cabinet", "", "", NOW)
    theirs: Any = chart(given, "THEIRS", SENIOR, mailbox=other)
    batches = post(given, mail(("r.hl7", oru_of(SENIOR, value="5.05"))), to=(DOCTOR, other.address))
    assert sorted(str(ref) for rows in batches for ref in charts_of(rows)) == ["None", "SENIOR"]
    assert values(theirs) == [], "their practice does not know the sender"
