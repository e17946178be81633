"""`vaguemestre send DIR FILE --from ADDRESS --to ADDRESS...`: queues a mail of a file; when it returns, the message is kept (promise 1)."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
from pathlib import Path

from vaguemestre.domain.fault import Fault, Refused

SUMMARY = "queues a mail to be sent; prints one id a recipient"

SENTENCES = {
    "no-recipient": "A recipient is missing: name it with --to.",
    "too-many-recipients": "There are more recipients than smtp.max_recipients; send it in several times.",
    "message-too-large": "The message is larger than smtp.max_message_bytes.",
    "sender-not-ours": "--from is no mailbox of this operator.",
    "sender-not-active": "The mailbox of --from is suspended or closed.",
    "recipient-malformed": "An address of --to is no mail address.",
    "no-such-mailbox": "An address of --to is in a domain hosted here, and there is no such mailbox.",
    "domain-not-listed": "The domain of an address of --to is not in the trust list.",
    "mail-loop": "The message was sent by this server before, or went through too many: a mail loop.",
    "from-absent": "The message has no From field.",
    "from-several": "The message has several From fields.",
    "from-malformed": "The From field of the message is not well formed.",
    "from-domain": "The From field of the message is of another domain than --from.",
    "header-malformed": "The header of the message is not well formed.",
    "header-too-large": "The header of the message is too large.",
}
LATER = {
    "trust-list-absent": "No trust list is loaded, so no other operator can be written to yet.",
    "trust-list-stale": "The trust list is too old to say whether that domain is in it; load a fresh one.",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("file", metavar="FILE", help="a mail (.eml)")
    parser.add_argument("--from", dest="sender", required=True, metavar="ADDRESS", help="a mailbox of ours: the envelope sender")
    parser.add_argument("--to", required=True, nargs="+", action="extend", metavar="ADDRESS")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data

    configuration = open_data(args.directory)
    from vaguemestre.domain.outcome import Proceed
    from vaguemestre.outbound.deliver import Destined
    from vaguemestre.pipeline import send
    from vaguemestre.records import queue
    from vaguemestre.vault.files import Vault

    directory = absolute(args.directory)
    try:
        data = Path(args.file).read_bytes()
    except OSError as error:
        raise Refused(f"FILE cannot be read: {error.strerror}.") from None
    submission = send.Submission(data, args.sender, tuple(Destined(one) for one in args.to))
    rules, now = send.Rules.of(configuration), dt.datetime.now(dt.UTC)
    with contextlib.closing(queue.ringer(directory / "run" / "outgoing")) as ringer:
        answer = send.submit(Vault(directory / "vault"), submission, rules, now, ringer.ring)
    if not isinstance(answer, Proceed):
        if answer.reason in LATER:
            raise Fault(LATER[answer.reason])
        raise Refused(SENTENCES.get(answer.reason, f"The message was refused: {answer.reason}."))
    for number in answer.facts.recipients:
        print(f"R{number}")
    return 0
