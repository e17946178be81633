"""The route of a message that was kept, as a literal list: each stage takes what the one before it learnt.

`accept`, `verify` and `store` ran before 250 (servers.smtp, pipeline.commit.receive). What remains runs here, for one delivery, and writes
nothing: the batch is written by `pipeline.commit.file`.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import Error as DatabaseError

from vaguemestre.domain import matching
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.matching import Chart, Lookup, Match
from vaguemestre.domain.reading import Document, Reading
from vaguemestre.domain.reading_json import public_party
from vaguemestre.inbound import file, match, one_report, taken_back
from vaguemestre.inbound.file import Filed
from vaguemestre.pipeline.commit import Through
from vaguemestre.records.queries import charts
from vaguemestre.records.queue import Claimed

STAGES = ("accept", "verify", "store", "read", "match", "file", "notify")

MOST_TEXT = 200_000
"""Characters of a cover text kept beside the message's row; the whole stays in the vault."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What of the configuration the policy depends on."""

    profile: str
    automatic: str

    @classmethod
    def of(cls, configuration: Configuration) -> Rules:
        return cls(configuration.text("server", "profile"), configuration.text("filing", "automatic"))


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """What the records are asked about one document. `owner`: whose its patient codes are ("" = nobody's)."""

    practice: int
    sender: str
    owner: str
    codes: tuple[str, ...]
    key: str
    look: Lookup
    marks: tuple[str, ...] = ()
    """By which it would be known if a person took one like it out of a chart (`inbound.taken_back`)."""
    report_key: str = ""

    @classmethod
    def of(cls, claimed: Claimed, document: Document, message_id: str | None) -> Subject:
        sender = claimed.mail_from
        owner = file.code_owner(sender, None if sender else public_party(document.author))
        codes = file.local_codes(document)
        report_key = one_report.figures_key(document)
        return cls(
            practice=claimed.practice,
            sender=sender,
            owner=owner,
            codes=codes,
            key=file.content_key(document, message_id),
            look=matching.lookup(document.patient),
            marks=taken_back.keys(owner, codes, *file.names(document), report_key),
            report_key=report_key,
        )

    def __repr__(self) -> str:
        return f"<Subject of practice {self.practice}>"


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the records know around a document, and the charts that could fit."""

    learnt: match.Learnt
    charts: Sequence[Chart]


class Known:
    """What the records answered to the documents of one batch, asked for many at once; a change meanwhile is seen by the practice's
    revision."""

    def __init__(self) -> None:
        self._answers: dict[Subject, Answer] = {}

    def ask(self, subjects: Iterable[Subject]) -> None:
        """Asks what is not known yet: a few statements a practice, however many documents."""
        practices: defaultdict[int, list[Subject]] = defaultdict(list)
        for subject in subjects:
            if subject not in self._answers:
                practices[subject.practice].append(subject)
        for practice, asked in practices.items():
            senders = charts.senders_known(practice, (one.sender for one in asked))
            used = charts.code_charts((practice, one.owner, code) for one in asked for code in one.codes)
            banned = charts.banned(practice, (key for one in asked for key in (one.key, *one.marks)))
            fitting = charts.could_fit(practice, (one.look for one in asked))
            for one in asked:
                pairs = [pair for code in one.codes for pair in used.get((practice, one.owner, code), {}).items()]
                learnt = match.Learnt(
                    sender_known=one.sender in senders,
                    local_code_charts=frozenset(chart for chart, _ in pairs),
                    confirmed_code_charts=frozenset(chart for chart, confirmed in pairs if confirmed),
                    banned=frozenset().union(*(banned.get(key, frozenset()) for key in (one.key, *one.marks))),
                )
                self._answers[one] = Answer(learnt, fitting[one.look])

    def foresee(self, batch: Iterable[tuple[Claimed, Reading]]) -> None:
        """Asks for a whole batch before `through` is called for each of its deliveries. What cannot be asked in one go is left to them,
        so that one message which fails keeps no other from its way."""
        try:
            self.ask([subject for claimed, reading in batch for subject in _subjects(claimed, reading)])
        except DatabaseError:
            raise
        except Exception:  # noqa: BLE001 - `through` meets it again, for the delivery whose it is
            return

    def about(self, subject: Subject) -> Answer:
        self.ask([subject])
        return self._answers[subject]


def _subjects(claimed: Claimed, reading: Reading) -> list[Subject]:
    message_id = reading.message.message_id if reading.message else None
    return [Subject.of(claimed, document, message_id) for document in reading.documents]


def _mains(documents: Sequence[Document]) -> list[int]:
    """For each document, the index of the one that it is a form of, which may come later in the list; its own where it is none's."""

    def main(position: int) -> int:
        seen = {position}
        while (points_to := documents[position].duplicate_of) is not None and points_to not in seen and 0 <= points_to < len(documents):
            position = points_to
            seen.add(position)
        return position if documents[position].duplicate_of is None else min(seen)

    return [main(position) for position in range(len(documents))]


def _matched(
    claimed: Claimed,
    document: Document,
    forms: Sequence[Document],
    warnings: tuple[str, ...],
    rules: Rules,
    answers: Sequence[Answer],
    namesake: tuple[Document, Answer] | None,
) -> Match:
    """The match of a document: what forbids filing one of its `forms` forbids filing it. `answers`: about itself, then about those of its
    forms whose bytes stand for the whole of it. `namesake`: the form that tells the INS where the document does not."""
    learnt = answers[0].learnt
    if claimed.sender_trusted:
        learnt = dataclasses.replace(learnt, sender_known=True)
    held = [*answers, namesake[1]] if namesake is not None else answers
    if len(held) > 1:
        learnt = dataclasses.replace(learnt, banned=frozenset().union(*(one.learnt.banned for one in held)))
    told = (*warnings, *match.of_forms(document, forms)) if forms else warnings

    def decided(one: Document, charts: Sequence[Chart], *doubts: str) -> Match:
        return match.decide(one, (*told, *doubts), claimed.mail_from, rules.profile, rules.automatic, lambda _: charts, learnt)

    own = decided(document, answers[0].charts)
    if namesake is None:
        return own
    named = dataclasses.replace(document, patient=namesake[0].patient)
    found = decided(named, namesake[1].charts)
    if found.decision != "filed" or not match.leads_elsewhere(own, found):
        return found
    return own if own.decision == "blocked" else decided(named, namesake[1].charts, "patient-mismatch")


def _facts(reading: Reading) -> dict[str, Any]:
    message = reading.message
    if message is None:
        return {"header_from": "", "subject": "", "sent_at": "", "text": ""}
    return {
        "header_from": (message.from_ or "")[:1000],
        "subject": (message.subject or "")[:2000],
        "sent_at": (message.date or "")[:40],
        "text": (message.text or "")[:MOST_TEXT],
    }


def through(claimed: Claimed, reading: Reading, rules: Rules, revision: int, known: Known | None = None, failed: str = "") -> Through:
    """Match and file, decided for every document of a reading. `revision` is the practice's before the first look at its records."""
    warnings = tuple(w.code for w in reading.warnings)
    message = reading.message
    report = {**message.report, **(message.reported or {})} if message is not None and message.report is not None else None
    documents, subjects, mains = reading.documents, _subjects(claimed, reading), _mains(reading.documents)
    forms: defaultdict[int, list[int]] = defaultdict(list)
    for position, main in enumerate(mains):
        if main != position:
            forms[main].append(position)

    def planned(position: int, known: Known) -> Filed:
        document, mine = documents[position], forms.get(position, ())
        pages = [form for form in mine if documents[form].rendering]
        answers = [known.about(subjects[one]) for one in (position, *pages)]
        naming = match.names_better(document, [documents[form] for form in mine])
        namesake = (documents[mine[naming]], known.about(subjects[mine[naming]])) if naming is not None else None
        found = _matched(claimed, document, [documents[form] for form in mine], warnings, rules, answers, namesake)
        stated = namesake[0].patient if namesake is not None else document.patient
        page_keys = tuple(subjects[form].key for form in pages)
        return file.decide(document, found, position, subjects[position].key, page_keys, report, stated, subjects[position].report_key)

    asked = known or Known()
    asked.ask(subjects)
    rematch: Callable[[int], Filed] = lambda position: planned(position, Known())  # noqa: E731
    own = {main: planned(main, asked) for main in dict.fromkeys(mains)}
    return Through(
        claimed=claimed,
        facts=_facts(reading),
        filed=tuple(
            own[main] if main == position else file.decide(documents[position], own[main].match, position, subjects[position].key)
            for position, main in enumerate(mains)
        ),
        forms=tuple(None if main == position else main for position, main in enumerate(mains)),
        revision=revision,
        rematch=rematch,
        failed=failed,
    )
