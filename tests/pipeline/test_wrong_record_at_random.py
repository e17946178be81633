"""Any sequence of messages about a few people who resemble each other: what is filed by itself stands in the chart of the one it is about.

The truth of each document is the person whom its writer meant; its value is that person's alone, so that a result in another's history is
seen too. Every slip leaves the document about that person: what a slip makes identical with another's whole identity, nobody could tell.
"""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.posted import ENVELOPE, ROOT, Somebody, archive, cda, chart, hprim, mail, pages, post
from tests.pipeline.read_as import OFFICE, doctor
from tests.scenes.operators import DOCTOR

PEOPLE = {
    "twin-1": Somebody("MARTEAU", "ANNE", "1990-05-04", "F", 111),
    "twin-2": Somebody("MARTEAU", "ANNIE", "1990-05-04", "F", 112),
    "twin-3": Somebody("MARTEAU", "PAUL", "1990-05-04", "M", 113),
    "mother": Somebody("VERNET", "ODILE", "1962-07-30", "F", 114, used="MARTEAU"),
    "father": Somebody("MARTEAU", "PAUL", "1960-05-04", "M", 115),
    "jean": Somebody("BARZOU", "JEAN", "1971-02-09", "M", 116, others="MARIE"),
    "jean-pierre": Somebody("BARZOU", "JEAN-PIERRE", "1971-02-09", "M", 117),
    "name-1": Somebody("MARTIN", "LUCIEN", "1980-03-02", "M", 118),
    "name-2": Somebody("LUCIEN", "MARTIN", "1980-03-02", "M", 119),
    "homonym-1": Somebody("TOURNIER", "CLAUDE", "1948-09-03", "M", 120),
    "homonym-2": Somebody("TOURNIER", "CLAUDE", "1948-09-03", "F", 121),
    "alone": Somebody("QUINTARD", "HUGO", "2001-11-23", "M", 122, others="LOUIS"),
    "no-chart": Somebody("MARTEAU", "ANNA", "1990-05-04", "F", 123),
    "no-chart-child": Somebody("QUINTARD", "HUGO", "2025-11-23", "M", 124),
}
SENDERS = ("labo@hopital.demo.example", "labo@hopital.demo.example", "autre@hopital.demo.example", "inconnu@hopital.demo.example")


@dataclasses.dataclass
class Story:
    """What is sent, whom each document is about by the value in it, and how careless its senders are."""

    rng: random.Random
    truth: dict[str, str] = dataclasses.field(default_factory=dict)

    def slips(self, *known: Any) -> Any:
        """Nothing amiss mostly (the first), else one of what may be."""
        return known[0] if self.rng.random() < 0.7 else self.rng.choice(known)

    def value(self, ref: str) -> str:
        number = f"{len(self.truth) // 100}.{len(self.truth) % 100:02d}"
        self.truth[number] = ref
        return number

    def relative(self, ref: str) -> Somebody:
        """Somebody else, who resembles them where anybody does."""
        me = PEOPLE[ref]
        names = {me.birth, me.used, me.given} - {""}
        near = [one for key, one in PEOPLE.items() if key != ref and names & {one.birth, one.used, one.given}]
        return self.rng.choice(near or [one for key, one in PEOPLE.items() if key != ref])

    def hprim(self, ref: str) -> str:
        rng, me = self.rng, PEOPLE[ref]
        slip: dict[str, Any] = self.slips(
            {},
            {"nir": True},
            {"born": ""},
            {"born": "00/00/" + me.born[:4]},
            {"family": me.birth},
            {"given": me.given[0]},
            {"given": "MME"},
            {"family": me.given, "given": me.birth},
            {"words": f"Patient : {me.birth} {me.given.title()}"},
        )
        code = self.slips(rng.choice(("", f"L{me.nir[10:13]}")), "L000")
        return hprim(me, value=self.value(ref), code=code, **slip)

    def letter(self, ref: str) -> bytes:
        rng, me, other = self.rng, PEOPLE[ref], self.relative(ref)
        slip: dict[str, Any] = self.slips(
            {}, {"sex": ""}, {"given": ""}, {"used": ""}, {"used": "DURAND"}, {"birth": me.birth.title()}, {"born": ""}
        )
        ins = self.slips(rng.choice((me.nir, "")), other.nir)
        number = rng.choice(("", "", f"{ROOT}.1", f"{ROOT}.{self.rng.randrange(3)}"))
        told = self.slips(
            rng.choice((b"", pages("Examen sans particularité."))),
            pages(f"Nom de naissance : {me.birth}", f"Prénom : {me.given.title()}"),
            pages(f"Nom de naissance : {other.birth}", f"Prénom : {other.given.title()}", f"Né(e) le {_french(other.born)}"),
            pages(f"Patient : {me.birth} {me.given.title()}", f"Patient : {other.birth} {other.given.title()}"),
        )
        return cda(
            me,
            ins=ins,
            number=number,
            set_id=rng.choice(("", f"{ROOT}.50")),
            version=rng.randrange(1, 4),
            replaces=rng.choice(("", "", f"{ROOT}.1")),
            pages=told,
            result=self.value(ref),
            code=self.slips(rng.choice(("", f"C{me.nir[10:13]}")), "C000"),
            **slip,
        )

    def message(self) -> bytes:
        rng = self.rng
        ref = rng.choice((*sorted(PEOPLE), "alone", "mother", "father"))
        other = self.slips(ref, rng.choice(sorted(PEOPLE)))
        kind = rng.choice((0, 0, 0, 1, 2, 3, 3, 3, 4, 5, 5, 6, 7))
        if kind == 0:
            return mail(("r.hpr", self.hprim(ref)))
        if kind == 1:
            return mail(("r.hpr", self.hprim(ref) + self.hprim(other)))
        if kind == 2:
            first = hprim(PEOPLE[ref], value=self.value(ref), end="")
            below = self.hprim(other).split("\n")
            del below[rng.randrange(8)]
            return mail(("r.hpr", first + "\n".join(below)))
        if kind == 3:
            return mail(("a.xml", self.letter(ref)))
        if kind == 4:
            return mail(("a.xml", self.letter(ref)), ("b.xml", self.letter(other)), ("r.hpr", self.hprim(ref)))
        if kind == 5:
            named = PEOPLE[self.slips(ref, self.rng.choice(sorted(PEOPLE)))]
            return mail(("IHE_XDM.ZIP", archive((self.letter(ref), named))), subject=ENVELOPE)
        if kind == 6:
            both = archive((self.letter(ref), PEOPLE[rng.choice((ref, other))]), (self.letter(other), PEOPLE[rng.choice((ref, other))]))
            return mail(("IHE_XDM.ZIP", both), ("copie.pdf", pages(f"Patient : {PEOPLE[other].birth} Paul")), subject=ENVELOPE)
        return mail(("a.xml", self.letter(ref)), ("transfert.eml", mail(("b.xml", self.letter(other)))))


def _french(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


def wrong(story: Story) -> list[str]:
    """What stands where it must not: every result of the records is of its chart's own person."""
    from vaguemestre.records.models import Document, Result

    found = []
    for result in Result.objects.exclude(patient=None).select_related("patient"):
        if story.truth[result.value] != result.patient.ref:
            found.append(f"result {result.value} of {story.truth[result.value]} in {result.patient.ref}")
    for row in Document.objects.filter(decision="filed").select_related("patient"):
        owners = {story.truth[value] for value in Result.objects.filter(document=row).values_list("value", flat=True)}
        if owners - {row.patient.ref}:
            found.append(f"document {row.pk} of {owners} in {row.patient.ref} by {row.rule}")
        hidden = Document.objects.filter(form_of=row).exclude(stated=None)
        for form in hidden:
            names = {form.stated["birth_name"], form.stated["used_name"], *form.stated["names_unqualified"]} - {None}
            mine = {row.patient.birth_name, row.patient.used_name}
            if names and not {name.upper() for name in names} & mine:
                found.append(f"form {form.pk} of {sorted(names)} behind {row.patient.ref}")
    return found


@pytest.mark.parametrize("ins", [True, False], ids=["qualified INS", "no INS"])
@pytest.mark.parametrize("seed", range(4))
def test_no_sequence_of_messages_files_into_another_record(data_directory: Path, seed: int, ins: bool) -> None:
    from vaguemestre.pipeline.decisions import undo
    from vaguemestre.records import administration, chain
    from vaguemestre.records.models import Document

    story = Story(random.Random(seed * 2 + ins))
    given = Given(data_directory)
    for ref, one in PEOPLE.items():
        if not ref.startswith("no-chart"):
            chart(given, ref, one, ins=ins)
    administration.add_senders(given.doctor.practice, [SENDERS[2]], NOW)
    account = doctor(given)
    sent: list[bytes] = []
    filed = 0
    for _ in range(12):
        batch = [story.message() for _ in range(story.rng.randrange(1, 6))]
        if sent and story.rng.random() < 0.5:
            batch.append(story.rng.choice(sent).replace(b"Compte rendu", b"Compte rendu (bis)", 1))  # again, by another mail
        sent += batch
        to = story.rng.choice(((DOCTOR,), (OFFICE,), (DOCTOR, OFFICE)))
        post(given, *batch, to=to, sender=story.rng.choice(SENDERS))
        assert wrong(story) == []
        standing = list(Document.objects.filter(decision="filed", form_of=None))
        filed = max(filed, len(standing))
        if standing and story.rng.random() < 0.2:
            undo(account, story.rng.choice(standing), NOW)
            assert wrong(story) == []
    assert filed > 3, "nothing was put to the test"
    assert chain.verify() == []
