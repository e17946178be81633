"""Any sequence of messages in any format about a few people who resemble each other: as `test_wrong_record_at_random`, with HPRIM Santé,
HL7 v2 and FHIR among them, packed in each other, side by side, torn, and of two patients."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.posted import ENVELOPE, Somebody, archive, cda, chart, mail, pages, post
from tests.pipeline.posted_formats import (
    attached,
    bundle,
    cx,
    ed,
    mdm,
    measured,
    obr,
    observed,
    obx,
    oru,
    patient_segment,
    pid,
    reported,
    request,
    sante,
    subject_of,
    txa,
    words_of,
)
from tests.pipeline.read_as import OFFICE, doctor
from tests.pipeline.test_wrong_record_at_random import PEOPLE, SENDERS, Story, wrong
from tests.scenes.operators import DOCTOR

_NUMBER = 987654.5


class Formats(Story):
    """The same carelessness in the rarer formats. Each piece bears values of whom it is about alone."""

    def slips(self, *known: Any) -> Any:
        """Rarer than in one format alone: there are more of them in a message."""
        return known[0] if self.rng.random() < 0.85 else self.rng.choice(known)

    def _identity(self, ref: str) -> tuple[Somebody, str]:
        """(who, the INS that is told of them): mostly theirs or none."""
        return PEOPLE[ref], self.slips(self.rng.choice((PEOPLE[ref].nir, "")), self.relative(ref).nir)

    def pid(self, ref: str) -> str:
        me, ins = self._identity(ref)
        local = f"L{me.nir[10:13]}^^^LABO"
        ids = "~".join(filter(None, (cx(ins) if ins else "", self.slips(self.rng.choice((local, "")), "L000^^^LABO"))))
        slip: dict[str, Any] = self.slips(
            {},
            {"sex": ""},
            {"born": ""},
            {"born": me.born[:4]},
            {"names": f"{me.birth}^{me.given}"},
            {"names": f"{me.birth}^{me.given[0]}^^^^^L"},
            {"names": f"{me.given}^{me.birth}^^^^^L"},
            {"names": f"{me.birth}^{me.given}^^^^^L~{self.relative(ref).birth}^{self.relative(ref).given}^^^^^L"},
            {"more": "|" * 24 + "DOUT"},
        )
        return pid(me, ids=ids, **slip)

    def patient(self, ref: str, rank: int = 1) -> str:
        me, ins = self._identity(ref)
        other = self.relative(ref)
        slip: dict[str, Any] = self.slips(
            {},
            {"sex": ""},
            {"born": ""},
            {"names": f"{me.used or me.birth}~{me.given}"},
            {"names": f"{me.given}~{me.birth}"},
            {"names": f"{me.birth}~{me.given}^{other.birth}~{other.given}"},
        )
        return patient_segment(me, rank=rank, ins=ins, code=self.slips(self.rng.choice((f"L{me.nir[10:13]}", "")), "L000"), **slip)

    def subject(self, ref: str, called: str = "p1") -> dict[str, Any]:
        me, ins = self._identity(ref)
        slip: dict[str, Any] = self.slips({}, {"gender": None}, {"birthDate": me.born[:4]}, {"active": False})
        return subject_of(me, called, ins=ins, **slip)

    def torn(self, segment: str) -> str:
        return self.rng.choice((segment[1:], segment.lower(), "", segment, " " + segment))

    def sante(self, ref: str) -> bytes:
        lines = [self.patient(ref), request(), measured(self.value(ref))]
        if self.rng.random() < 0.2:
            other = self.rng.choice(sorted(PEOPLE))
            lines += [self.torn(self.patient(other, 2)) or f"P|2||||{PEOPLE[other].birth}", request(), measured(self.value(other))]
        return sante(*lines, last="L|1||" + str(sum(line.startswith("P|") for line in lines)))

    def oru(self, ref: str) -> bytes:
        number = self.slips("", "7")
        lines = [self.pid(ref), obr(number), obx(self.value(ref))]
        if self.rng.random() < 0.2:
            other = self.rng.choice(sorted(PEOPLE))
            lines += [self.torn(self.pid(other)) or "PID|2", obr(number), obx(self.value(other))]
        return oru(*lines)

    def packed(self, ref: str) -> bytes:
        """A letter or a report in an envelope, of the same person mostly."""
        inside = self.slips(ref, self.rng.choice(sorted(PEOPLE)))
        own = self.slips("", "1.2.250.1.999.8.1")
        data = self.rng.choice((lambda: self.letter(inside), lambda: self.oru(inside), lambda: pages(*words_of(PEOPLE[inside]))))()
        kind = self.slips("MDM^T02", "MDM^T10", "MDM^T04")
        return mdm(self.pid(ref), ed(data), own=own, kind=kind) if own else oru(self.pid(ref), txa(), ed(data), kind=kind)

    def fhir(self, ref: str) -> bytes:
        other = self.slips(ref, self.rng.choice(sorted(PEOPLE)))
        subject = "Patient/p1" if other == ref else "Patient/p2"
        value, mine = self.value(other), self.value(ref)
        resources = [self.subject(ref), *([self.subject(other, "p2")] if other != ref and self.rng.random() < 0.7 else [])]
        number = {"identifier": [{"system": "urn:oid:1.2.250.1.999.7", "value": self.slips(str(len(self.truth)), "7")}]}
        resources += [reported("o1", "o2", **number), observed(str(_NUMBER), "o1"), observed(str(_NUMBER + 1), "o2", subject)]
        if self.rng.random() < 0.3:
            resources.append(attached(self.letter(other), subject, "application/xml"))
        told = bundle(*resources)
        return told.replace(str(_NUMBER).encode(), mine.encode()).replace(str(_NUMBER + 1).encode(), value.encode())

    def message(self) -> bytes:
        rng = self.rng
        if rng.random() < 0.25:
            return super().message()
        ref = rng.choice((*sorted(PEOPLE), "alone", "mother", "father"))
        other = self.slips(ref, rng.choice(sorted(PEOPLE)))
        made = (self.sante, self.oru, self.oru, self.packed, self.fhir)
        first = rng.choice(made)
        if rng.random() < 0.6:
            return mail(("r.dat", first(ref)))
        second = rng.choice((*made, self.letter))
        kind = rng.randrange(4)
        if kind == 0:
            return mail(("a.dat", first(ref)), ("b.dat", second(other)))
        if kind == 1:
            return mail(("a.dat", first(ref)), ("transfert.eml", mail(("b.dat", second(other)))))
        if kind == 2:
            return mail(("a.dat", first(ref)), ("IHE_XDM.ZIP", archive((cda(PEOPLE[other], result=self.value(other)), PEOPLE[other]))))
        return mail(("a.dat", first(ref)), ("copie.pdf", pages(*words_of(PEOPLE[other]))), subject=ENVELOPE)


@pytest.mark.parametrize("ins", [True, False], ids=["qualified INS", "no INS"])
@pytest.mark.parametrize("seed", range(4))
def test_no_sequence_of_messages_files_into_another_record(data_directory: Path, seed: int, ins: bool) -> None:
    from vaguemestre.pipeline.decisions import undo
    from vaguemestre.records import administration, chain
    from vaguemestre.records.models import Delivery, Document

    story = Formats(random.Random(1_000 + seed * 2 + ins))
    given = Given(data_directory)
    for ref, one in PEOPLE.items():
        if not ref.startswith("no-chart"):
            chart(given, ref, one, ins=ins)
    administration.add_senders(given.doctor.practice, [SENDERS[2]], NOW)
    account = doctor(given)
    sent: list[bytes] = []
    filed: set[str] = set()
    for _ in range(12):
        batch = [story.message() for _ in range(story.rng.randrange(1, 6))]
        if sent and story.rng.random() < 0.5:
            batch.append(story.rng.choice(sent).replace(b"Compte rendu", b"Compte rendu (bis)", 1))  # again, by another mail
        sent += batch
        to = story.rng.choice(((DOCTOR,), (OFFICE,), (DOCTOR, OFFICE)))
        post(given, *batch, to=to, sender=story.rng.choice(SENDERS))
        assert wrong(story) == []
        standing = list(Document.objects.filter(decision="filed", form_of=None))
        filed |= {row.format for row in standing}
        if standing and story.rng.random() < 0.2:
            undo(account, story.rng.choice(standing), NOW)
            assert wrong(story) == []
    assert len(filed) > 1, "little was put to the test"
    assert not Delivery.objects.exclude(document__form_of=None, document__isnull=False).exists(), "a message without a line"
    assert chain.verify() == []
