"""Every code that a document may bear has its words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _django(data_directory: Path) -> None:
    """The words are lazy: they need Django set up."""


def test_every_reason_has_a_sentence() -> None:
    from vaguemestre.domain.matching import REASONS
    from vaguemestre.web import wording

    assert set(REASONS) - set(wording.REASONS) == set()
    for word, sentence in wording.REASONS.items():
        assert re.fullmatch(r"[a-z-]+", word)
        assert str(sentence)[0].isupper(), word
        assert str(sentence)[-1] in ".?", word


def test_every_reason_that_the_stages_give_by_themselves_has_a_sentence() -> None:
    from vaguemestre.web import wording

    package = Path(wording.__file__).parent.parent
    sources = [*(package / "inbound").glob("*.py"), *(package / "pipeline").glob("*.py")]
    given = {word for path in sources for word in re.findall(r'Match\("\w+", "[^"]+", "([a-z-]+)"', path.read_text())}
    given |= set(re.findall(r'"reason": "([a-z-]+)"', (package / "pipeline" / "decisions.py").read_text()))
    assert given, "the pattern no longer finds anything"
    assert given - set(wording.REASONS) == set()


def test_every_rule_has_words() -> None:
    from vaguemestre.domain.matching import TABLE
    from vaguemestre.web import wording

    assert {row.name for row in TABLE if row.kind == "rule"} - set(wording.RULES) == set()
    assert str(wording.reason("a-word-of-tomorrow", "P:something")) == str(wording.RULES["P"])


def test_every_trait_and_verdict_has_words() -> None:
    from vaguemestre.domain.matching import TRAITS
    from vaguemestre.web import wording

    assert set(TRAITS) - set(wording.TRAITS) == set()
    assert set(wording.VERDICTS) == set(wording.MARKS) == {"equal", "near", "differs", "absent"}
    assert len(set(wording.MARKS.values())) == 4, "a verdict is told by its shape, not by color alone"


def test_every_warning_of_the_contract_has_a_sentence() -> None:
    from vaguemestre.web import wording

    schema = json.loads((Path(__file__).parent.parent / "inbound" / "reading.schema.json").read_text())
    told = schema["$defs"]["warning"]["properties"]["code"]["description"]
    contract = {word.strip() for word in told.partition(":")[2].split(",")}
    assert "hash-mismatch" in contract
    written = set()
    for path in (Path(wording.__file__).parent.parent).rglob("*.py"):
        written |= set(re.findall(r'\bWarning\(\s*"([a-z-]+)"', path.read_text()))
    assert written, "the pattern no longer finds anything"
    assert (contract | written) - set(wording.WARNINGS) == set()


def test_every_refusal_of_a_decision_has_a_sentence() -> None:
    from vaguemestre.pipeline import decisions
    from vaguemestre.web import wording

    source = Path(decisions.__file__).read_text()
    given = set(re.findall(r'Refusal\(\s*"[^"]+", "([a-z-]+)"', source))
    assert given == set(wording.REFUSALS)


def test_flags_are_told_by_shape_and_word() -> None:
    from vaguemestre.web.wording import flags

    assert [(f.mark, str(f.words), f.level) for f in flags("HH")] == [("▲▲", "très haut", 2)]
    assert [f.mark for f in flags("H A")] == ["▲", "◆"]
    assert [(f.mark, str(f.words)) for f in flags("XYZ")] == [("", "XYZ")]
    assert flags("") == []


def test_dates_and_ages() -> None:
    import datetime as dt

    from tests.web.world import NOW
    from vaguemestre.web import present

    assert [present.day(t) for t in ("2026-11-21", "2026-11", "2026", "", "2026-11-21T10:00:00+01:00", "hier")] == [
        "21/11/2026", "11/2026", "2026", "", "21/11/2026", "hier",
    ]  # fmt: skip
    assert present.moment(NOW, NOW) == "18:42"
    assert present.moment(NOW - dt.timedelta(hours=20), NOW) == "hier 22:42"
    assert present.moment(NOW - dt.timedelta(days=90), NOW) == "23 août"
    assert present.moment(NOW - dt.timedelta(days=900), NOW) == "04/06/2024"
    today = dt.date(2026, 11, 21)
    assert [present.age(t, today) for t in ("1971-03-14", "2026-01-30", "2024-12-01", "1900", "2027-01-01")] == [
        "55 ans",
        "9 mois",
        "23 mois",
        "",
        "",
    ]


def test_names_in_words() -> None:
    from vaguemestre.records.models import Message, Patient
    from vaguemestre.web import present

    assert present.patient_name(Patient(birth_name="DELCOURT", used_name="VIGNERON", given_names="ANNE-LAURE ZOE")) == "VIGNERON Anne-Laure"
    assert present.other_name(Patient(birth_name="DELCOURT", used_name="VIGNERON", sex="F")) == "née DELCOURT"
    assert present.other_name(Patient(birth_name="DELCOURT", used_name="DELCOURT")) == ""
    assert present.stated_name(None) == ""
    assert present.stated_name({"names_unqualified": ["martel"], "given_names": ["Élise"]}) == "MARTEL Élise"
    assert present.mail_label(Message(header_from="Dr_Camille_ROCHE_Cabinet <a@b.example>")) == "Dr Camille ROCHE Cabinet"
    assert present.mail_label(Message(header_from="<a@b.example>")) == "a@b.example"
    assert present.subject(Message(subject="XDM/1.0/DDM+Biologie MARTEL Élise")) == "Biologie MARTEL Élise"
    assert present.from_usager(Message(mail_from="2120@patient.mssante.fr"))
    assert not present.from_usager(Message(mail_from="labo@tilleuls.example"))
