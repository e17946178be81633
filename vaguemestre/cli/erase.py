"""`vaguemestre erase DIR --message ID | --mailbox ADDRESS | --patient REF --practice NAME | --overdue`: erases mail for good, its octets
and its results; the traces stay.

What is filed in a chart is part of a patient's record: it goes only where `--filed` says so, or with the whole chart.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import TYPE_CHECKING

from vaguemestre.domain.fault import Refused, Unreadable

if TYPE_CHECKING:
    from vaguemestre.records.models import Patient

SUMMARY = "erases a message, the mail of a closed mailbox or a chart, for good"
ACTOR = "cli"
MOST = 1_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--message", metavar="ID", help="a Message-ID, with or without brackets")
    what.add_argument("--mailbox", metavar="ADDRESS", help="all the mail of a closed mailbox")
    what.add_argument("--patient", metavar="REF", help="a chart, with the messages whose documents are all filed in it")
    what.add_argument("--overdue", action="store_true", help="now what the settings of [retention] erase once an hour")
    parser.add_argument("--practice", metavar="NAME", help="with --patient: whose chart it is")
    parser.add_argument("--filed", action="store_true", help="also what is filed in patients' charts")


def _of_message(message_id: str, filed: bool) -> list[int]:
    from vaguemestre.records.models import Delivery, Document, Message

    bare = message_id.strip().removeprefix("<").removesuffix(">")
    named = Message.objects.filter(message_id__in=[message_id.strip(), bare, f"<{bare}>"])
    found = list(Delivery.objects.filter(message__in=named).order_by("pk").values_list("pk", flat=True))
    if not bare or not found:
        raise Refused("No mailbox has a message of that Message-ID; nothing was erased.")
    if len(set(named.values_list("sha256", flat=True))) > 1:
        raise Refused("Several different messages bear that Message-ID; none of them was erased.")
    if not filed and Document.objects.filter(delivery__in=found, decision="filed").exists():
        raise Refused("A document of that message is filed in a patient's chart; add --filed to erase it there too.")
    return found


def _of_mailbox(address: str, filed: bool) -> list[int]:
    from vaguemestre.domain.address import comparison
    from vaguemestre.domain.mailbox import CLOSED
    from vaguemestre.pipeline import retention
    from vaguemestre.records.models import Delivery, Mailbox

    try:
        mailbox = Mailbox.objects.filter(address=comparison(address)).first()
    except Unreadable:
        raise Refused("--mailbox is no mail address.") from None
    if mailbox is None:
        raise Refused("There is no mailbox of that address; nothing was erased.")
    if mailbox.state != CLOSED:
        raise Refused("That mailbox is not closed; close it with vaguemestre mailbox close first, nothing was erased.")
    if Delivery.objects.filter(mailbox=mailbox, state="waiting").exists():
        raise Refused("Messages of that mailbox are not yet through the pipeline; run vaguemestre serve until they are.")
    return retention.of_mailbox(mailbox, filed=filed)


def _chart(ref: str, practice: str | None) -> Patient:
    from vaguemestre.records.models import Patient

    if practice is None:
        raise Refused("--patient needs --practice NAME: a reference is a practice's own.")
    found = Patient.objects.filter(ref=ref, practice__name=practice).first()
    if found is None:
        raise Refused("That practice has no chart of that reference; nothing was erased.")
    return found


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data

    directory = absolute(args.directory)
    configuration = open_data(directory)
    from vaguemestre.pipeline import retention

    now = dt.datetime.now(dt.UTC)
    chart, others = None, 0
    if args.practice is not None and args.patient is None:
        raise Refused("--practice goes with --patient.")
    if args.message is not None:
        numbers, why = _of_message(args.message, args.filed), "ordered"
    elif args.mailbox is not None:
        numbers, why = _of_mailbox(args.mailbox, args.filed), "ordered"
    elif args.patient is not None:
        chart = _chart(args.patient, args.practice)
        (numbers, others), why = retention.of_chart(chart), "ordered"
    else:
        if args.filed:
            raise Refused("--filed goes with --message or --mailbox: by itself nothing that is filed is ever erased.")
        days, closed = configuration.number("retention", "messages_days"), bool(configuration.get("retention", "closed_mailboxes"))
        numbers, why = retention.overdue(now, days, closed, MOST), "retention"
    erased = retention.erase(directory, numbers, ACTOR, why, now)
    if args.overdue:
        sent = retention.erase_sent(directory, now, configuration.number("retention", "sent_days"), ACTOR, MOST)
        erased.messages += sent.messages
        erased.objects += sent.objects + retention.drop_unnamed(directory, now.timestamp())
    print(
        f"erased: {erased.deliveries} deliveries, {erased.documents} documents, {erased.messages} messages, {erased.objects} vault objects."
    )
    if others:
        print(f"{others} messages hold other documents too; erase each by its Message-ID, then the chart again.", file=sys.stderr)
        return 1
    if chart is not None:
        retention.erase_chart(chart, ACTOR, now)
    return 0
