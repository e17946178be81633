"""One message of the demo, and what the practice's patient list makes of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from vaguemestre.cli.demo_people import HOSPITAL, Person


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Expected:
    """What becomes of one document: the decision, the chart it goes or is proposed to, and the charts between which a person chooses."""

    decision: str
    ref: str | None = None
    candidates: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Post:
    """One message. `attached`: name, media type and bytes; of type message/rfc822, a mail that is forwarded. `text`: the body, an HPRIM
    record or a covering note; `html`: the body in its stead. `repeats`: the place in the list of the message that carries the same
    document; `replaces`: of the one whose document this one's stands in for."""

    what: str
    sender: str
    to: str
    subject: str
    text: str
    expected: tuple[Expected, ...]
    people: tuple[Person, ...]
    at: dt.datetime
    attached: tuple[tuple[str, str, bytes], ...] = ()
    repeats: int | None = None
    replaces: int | None = None
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def message(self, number: int) -> EmailMessage:
        """The mail as the hospital's server hands it over."""
        mail = EmailMessage(policy=SMTP)
        box = next(box for box in HOSPITAL.mailboxes if box.address == self.sender)
        mail["Message-ID"] = self.message_id(number)
        mail["Date"] = format_datetime(self.at)
        mail["From"] = f'"{box.name}" <{self.sender}>'
        mail["To"] = self.to
        mail["Subject"] = self.subject
        for field, value in self.headers:
            mail[field] = value
        if self.html:
            mail.set_content(self.html, subtype="html", charset="utf-8", cte="quoted-printable")
        else:
            mail.set_content(self.text, charset="utf-8", cte="quoted-printable")
        for name, media_type, data in self.attached:
            if media_type == "message/rfc822":
                mail.add_attachment(message_from_bytes(data, policy=SMTP), filename=name)
                continue
            main, _, sub = media_type.partition("/")
            mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
        return mail

    def message_id(self, number: int) -> str:
        return f"<demo-{self.at:%Y%m%d}-{number:02d}@{HOSPITAL.domain}>"
