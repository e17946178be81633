"""What the rows keep of what a sender said besides its message (RFC 3461, RFC 6531)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.pipeline.given import NOW, Given
from tests.scenes.operators import DOCTOR, LABORATORY, letter, octets
from vaguemestre.domain.envelope import Envelope, Notices
from vaguemestre.domain.outcome import Proceed

OFFICE = "secretariat@cabinet.demo.example"


def keep(given: Given, *envelopes: Envelope) -> None:
    """As the door does: through the intake, whose thread is the one writer."""
    from django.db import connection

    from vaguemestre.pipeline import commit
    from vaguemestre.servers.intake import Intake

    def receive(batch: list[Any]) -> Any:
        try:
            return commit.receive(given.vault, batch)
        finally:
            connection.close()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        intake = Intake(loop, receive, lambda: None, lambda refusals: None)
        for envelope in envelopes:
            assert isinstance(await intake.keep(envelope, octets(letter("a")), None), Proceed)
        await loop.run_in_executor(None, intake.close)

    asyncio.run(main())


def test_notices_and_utf8_are_kept_by_message_and_by_recipient(data_directory: Path) -> None:
    from vaguemestre.records.models import Delivery, Message

    notices = {DOCTOR: Notices("SUCCESS,DELAY", "utf-8;léa@ailleurs.example")}
    asked = Envelope(LABORATORY, (DOCTOR, OFFICE), NOW, None, ret="HDRS", envid="n=1 2", notices=notices, utf8=True)
    keep(Given(data_directory), asked, Envelope(LABORATORY, (OFFICE,), NOW, None))
    assert list(Message.objects.order_by("id").values_list("dsn_ret", "dsn_envid", "smtp_utf8")) == [
        ("HDRS", "n=1 2", True),
        ("", "", False),
    ]
    assert list(Delivery.objects.order_by("id").values_list("message", "mailbox__address", "dsn_notify", "dsn_orcpt")) == [
        (Message.objects.order_by("id")[0].pk, DOCTOR, "SUCCESS,DELAY", "utf-8;léa@ailleurs.example"),
        (Message.objects.order_by("id")[0].pk, OFFICE, "", ""),
        (Message.objects.order_by("id")[1].pk, OFFICE, "", ""),
    ]
