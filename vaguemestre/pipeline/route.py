"""The route of a message that was kept, as a literal list: each stage takes what the one before it learnt.

`accept`, `verify` and `store` ran before 250 (servers.smtp, pipeline.commit.receive). What remains runs here, for one delivery, and writes
nothing: the batch is written by `pipeline.commit.file`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.matching import Match
from vaguemestre.domain.reading import Document, Reading
from vaguemestre.domain.reading_json import public_party
from vaguemestre.inbound import file, match
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


class Senders:
    """Which senders the practices know, asked once a batch: a change meanwhile is seen by the practice's revision."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], bool] = {}

    def known(self, practice: int, sender: str) -> bool:
        if (practice, sender) not in self._known:
            self._known[practice, sender] = charts.sender_known(practice, sender)
        return self._known[practice, sender]


def _learnt(claimed: Claimed, document: Document, key: str, senders: Senders) -> match.Learnt:
    owner = file.code_owner(claimed.mail_from, public_party(document.author))
    used, confirmed = charts.code_charts(claimed.practice, owner, file.local_codes(document))
    return match.Learnt(
        sender_known=claimed.sender_trusted or senders.known(claimed.practice, claimed.mail_from),
        local_code_charts=used,
        confirmed_code_charts=confirmed,
        banned=charts.banned(claimed.practice, key),
    )


def _matched(claimed: Claimed, document: Document, warnings: tuple[str, ...], rules: Rules, key: str, senders: Senders) -> Match:
    return match.decide(
        document,
        warnings,
        claimed.mail_from,
        rules.profile,
        rules.automatic,
        lambda look: charts.could_fit(claimed.practice, look),
        _learnt(claimed, document, key, senders),
    )


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


def through(claimed: Claimed, reading: Reading, rules: Rules, revision: int, senders: Senders | None = None, failed: str = "") -> Through:
    """Match and file, decided for every document of a reading. `revision` is the practice's before the first look at its records."""
    warnings = tuple(w.code for w in reading.warnings)
    message_id = reading.message.message_id if reading.message else None

    def planned(position: int, senders: Senders) -> Filed:
        document = reading.documents[position]
        key = file.content_key(document, message_id)
        return file.decide(document, _matched(claimed, document, warnings, rules, key, senders), position, key)

    asked = senders or Senders()
    rematch: Callable[[int], Filed] = lambda position: planned(position, Senders())  # noqa: E731
    return Through(
        claimed=claimed,
        facts=_facts(reading),
        filed=tuple(planned(position, asked) for position in range(len(reading.documents))),
        forms=tuple(document.duplicate_of for document in reading.documents),
        revision=revision,
        rematch=rematch,
        failed=failed,
    )
