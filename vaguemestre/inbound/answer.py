"""May this patient write to this mailbox? Only as an answer to what it wrote (mssante.md 3: only professionals start a thread).

A message from the domain of patients is accepted where In-Reply-To or References names a message that each mailbox it is for sent to that
patient, and the exchange was not ended since. Reports about our own messages (multipart/report from the null sender) are no letters: they
come in as from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vaguemestre.crypto.standing import Standing
from vaguemestre.domain.fault import Fault
from vaguemestre.domain.outcome import Proceed, Reject
from vaguemestre.inbound.accept import Facts, comparison
from vaguemestre.inbound.verify import Verified, decide_originator
from vaguemestre.protocols import answering

Threads = Callable[[str, Sequence[str], Sequence[str]], Mapping[str, bool]]
"""(patient, mailboxes, Message-IDs) -> for each mailbox that sent one of these messages to the patient, whether an answer to one of them is
still open. Addresses in comparison form."""


def decide_answer(data: bytes, mail_from: str, recipients: Sequence[str], patients: str, threads: Threads) -> Proceed[None] | Reject:
    """`patients`: the domain of patients in comparison form, "" for none; `recipients`: mailboxes in comparison form."""
    if not patients:
        return Proceed(None)
    try:
        said = answering.read(data)
    except Fault:
        # Whoever it is from, nobody could tell whom the professional wrote to.
        return Reject("from-malformed")
    senders = {one for address in (*said.from_, mail_from) if (one := comparison(address)) is not None and one.endswith(f"@{patients}")}
    if not senders or (not mail_from and said.report):
        return Proceed(None)
    for patient in sorted(senders):
        known = threads(patient, recipients, said.named) if said.named else {}
        if any(mailbox not in known for mailbox in recipients):
            return Reject("thread-not-opened")
        if not all(known[mailbox] for mailbox in recipients):
            return Reject("thread-closed")
    return Proceed(None)


def decide_letter(
    data: bytes, standing: Standing, mail_from: str, recipients: Sequence[str], facts: Facts, utf8: bool
) -> Proceed[Verified] | Reject:
    """All that is decided from a whole message: that it is from whom the certificate proves, and that it answers, where that is the domain
    of patients. `recipients`: mailboxes in comparison form."""
    verified = decide_originator(data, standing, lambda domain: domain in facts.trust().listed or facts.hosts(domain), utf8)
    if not isinstance(verified, Proceed) or facts.patients() not in standing.domains:
        return verified
    answered = decide_answer(data, mail_from, recipients, facts.patients(), facts.answerable)
    return verified if isinstance(answered, Proceed) else answered
