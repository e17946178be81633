"""What the envelope sender of a message is told of its recipients: the notice of RFC 3464, put together from what the queue knows.

Never about a message of the null sender (RFC 3464, 2; RFC 5321, 4.5.5); whether a notice is owed is `track`'s to decide.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from vaguemestre.outbound import reasons
from vaguemestre.protocols import dsn_writer


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class About:
    """One recipient of the notice. `expires_at`: Unix seconds, looked at for a delayed one alone."""

    address: str
    reason: str = ""
    code: int | None = None
    enhanced: str = ""
    host: str = ""
    orcpt: str = ""
    expires_at: float | None = None

    def __repr__(self) -> str:
        return f"<About {self.reason}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Original:
    """The message in question: `data` its octets, `at` when we took it."""

    mail_from: str
    data: bytes
    at: dt.datetime
    message_id: str
    ret: str = ""
    envid: str = ""

    def __repr__(self) -> str:
        return f"<Original {len(self.data)} bytes>"


def _told(action: str, one: About) -> dsn_writer.Told:
    failed = action in {"failed", "delayed"}
    until = dt.datetime.fromtimestamp(one.expires_at, dt.UTC) if action == "delayed" and one.expires_at is not None else None
    return dsn_writer.Told(
        address=one.address,
        status=reasons.status(one.reason, one.enhanced, action),
        code=one.code if failed else None,
        enhanced=one.enhanced,
        host=one.host,
        orcpt=one.orcpt,
        words=reasons.words(one.reason, one.code) if failed else ("", ""),
        until=until,
    )


def notice(action: str, original: Original, recipients: Sequence[About], hostname: str, domain: str, token: str, at: dt.datetime) -> bytes:
    """The mail. `action`: failed, delayed, relayed or delivered."""
    assert original.mail_from, "the null sender is told nothing"
    return dsn_writer.write(
        dsn_writer.Notice(
            action=action,
            hostname=hostname,
            domain=domain,
            to=original.mail_from,
            token=token,
            at=at,
            arrived_at=original.at,
            recipients=[_told(action, one) for one in recipients],
            original=original.data,
            full=original.ret == "FULL",
            envid=original.envid,
            original_message_id=original.message_id if not original.message_id.endswith("@none>") else "",
        )
    )
