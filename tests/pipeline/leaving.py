"""A practice that sends, a peer that is listed, and a clock that a test turns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.scenes.operators import DOCTOR, LABORATORY, PEER

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
OFFICE = "secretariat@cabinet.demo.example"
OTHER = f"accueil@{PEER}"
MAIL = (
    f"From: Dr Roche <{DOCTOR}>\r\nTo: <{LABORATORY}>\r\nSubject: Courrier\r\nMessage-ID: <un@cabinet.demo.example>\r\n"
    "Date: Sat, 21 Nov 2026 10:00:00 +0100\r\n\r\nBonjour,\r\n"
).encode()


class Leaving:
    def __init__(self, directory: Path) -> None:
        from django.conf import settings

        from vaguemestre.pipeline.send import Rules
        from vaguemestre.records import administration, trust_lists
        from vaguemestre.vault.files import Vault

        self.now = NOW.timestamp()
        self.directory = directory
        self.vault = Vault(directory / "vault")
        self.doctor = administration.make_mailbox(DOCTOR, "PER", "Dr ROCHE", "cabinet", "", "", NOW)
        self.office = administration.make_mailbox(OFFICE, "ORG", "Secrétariat", "cabinet", "", "", NOW)
        trust_lists.list_peer(PEER, "CN=peer", "ab" * 32, 1, NOW)
        self.configuration = settings.VAGUEMESTRE
        self.rules = Rules.of(self.configuration)

    def clock(self) -> float:
        return self.now

    def at(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now, dt.UTC)

    def submit(self, data: bytes = MAIL, to: Sequence[str] = (LABORATORY,), notify: str = "", sender: str = DOCTOR, **more: Any) -> Any:
        """The answer."""
        from vaguemestre.outbound.deliver import Destined
        from vaguemestre.pipeline import send

        woken = more.pop("woken", lambda: None)
        recipients = tuple(Destined(one, notify, "rfc822;" + one if notify else "") for one in to)
        return send.submit(self.vault, send.Submission(data, sender, recipients, **more), self.rules, self.at(), woken)

    def post(self, name: str = "test") -> Any:
        from vaguemestre.pipeline.outgoing import Post

        return Post(self.configuration, self.vault, name, self.clock, lambda: 0.5)

    def turn(self, post: Any, *told: Any) -> int:
        """One claim of all that can be, each load answered by the reports told (the last one again and again); how many loads."""
        from vaguemestre.outbound import track
        from vaguemestre.pipeline.outgoing import Back
        from vaguemestre.pipeline.send import LOCAL

        loads = post.claim(100)
        backs = []
        for load in loads:
            if load.channel == LOCAL:
                reports = post.hand_over(load)
            else:
                post.parcel(load)
                wanted = len(load.recipients)
                reports = track.answers([told[min(k, len(told) - 1)] for k in range(wanted)], wanted)
            backs.append(Back(load, reports))
        if backs:
            post.settle(backs)
        return len(loads)


def report(told: str, reason: str = "", code: int | None = None, **more: Any) -> Any:
    from vaguemestre.outbound.deliver import Report, Told

    return Report(Told(told), reason or told, code, **more)


def states() -> list[tuple[str, str]]:
    """(address, state) of every recipient of a message that is no notice."""
    from vaguemestre.records.models import Recipient

    return list(Recipient.objects.exclude(outgoing__mail_from="").order_by("pk").values_list("address", "state"))


def notices() -> list[bytes]:
    """The notices that were queued, in order."""
    from django.conf import settings

    from vaguemestre.records.models import Outgoing
    from vaguemestre.vault.files import Vault

    vault = Vault(settings.DATA_DIR / "vault")
    return [vault.read(one.sha256) for one in Outgoing.objects.filter(mail_from="").order_by("pk")]


def events() -> list[str]:
    from vaguemestre.records.models import TraceEvent

    return list(TraceEvent.objects.order_by("sequence").values_list("event", flat=True))
