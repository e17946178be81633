"""`vaguemestre import DIR PATH... --mailbox ADDRESS`: takes files, folders or maildirs in as received messages.

It returns when every one has been through the whole pipeline. Where a `serve` runs, its workers help; where none does, this process is
the worker. The bytes of a file that is no mail are carried by a message made around them, always the same for the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import datetime as dt
import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaguemestre.domain.fault import Fault, Refused, Unreadable

if TYPE_CHECKING:
    from vaguemestre.domain.configuration import Configuration
    from vaguemestre.inbound.store import Incoming

SUMMARY = "takes files, folders or maildirs in as received messages"
BATCH = 32
BATCH_BYTES = 32 * 1024 * 1024
MAILDIR = ("cur", "new")
HEADER = re.compile(rb"[!-9;-~]{1,80}:")
MAIL_HEADERS = frozenset(
    b"from to cc subject date message-id received return-path mime-version content-type delivered-to reply-to sender".split()
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("paths", metavar="PATH", nargs="+")
    parser.add_argument("--mailbox", required=True, metavar="ADDRESS")
    parser.add_argument("--unknown-senders", action="store_true", help="the senders do not count as known for this import")
    parser.add_argument("--json", action="store_true", help="one JSON line a file")


@dataclasses.dataclass(slots=True)
class Taken:
    """One file: the message's row once kept, or the reason why it was not."""

    path: str
    message: int | None = None
    reason: str | None = None


def files(paths: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """(path, None) for each file in the order of the arguments, folders in the order of names; (path, reason) where there is none."""
    for text in paths:
        path = Path(text)
        try:
            kind = path.stat().st_mode
        except OSError as error:
            yield text, f"cannot be read: {error.strerror}"
            continue
        if stat.S_ISDIR(kind):
            yield from _inside(path)
        elif stat.S_ISREG(kind):
            yield text, None
        else:
            yield text, "is neither a file nor a folder"


def _inside(folder: Path) -> Iterator[tuple[str, str | None]]:
    """A maildir gives its cur and new (tmp holds what is not yet delivered); another folder all its files, however deep."""
    if all((folder / name).is_dir() for name in MAILDIR):
        roots = [folder / name for name in MAILDIR]
    else:
        roots = [folder]
    for root in roots:
        for here, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = Path(here) / name
                yield str(path), None if path.is_file() else "is neither a file nor a folder"


def is_mail(data: bytes) -> bool:
    """Whether the bytes begin like a message of RFC 5322: header lines only, one of them usual in mail, before the first blank line."""
    head = data[:65_536].replace(b"\r\n", b"\n")
    block = head.partition(b"\n\n")[0]
    lines = block.split(b"\n")
    if lines and lines[0].startswith(b"From "):
        lines = lines[1:]
    usual = False
    for line in lines[:500]:
        if line[:1] in {b" ", b"\t"}:
            continue
        if not HEADER.match(line):
            return False
        usual = usual or line.partition(b":")[0].strip().lower() in MAIL_HEADERS
    return usual


def wrapped(data: bytes, name: str, sha256: str) -> bytes:
    """A message around a file that is no mail. It depends on the bytes and on the ending of the name
    alone, so that the same file is one message."""
    suffix = re.sub(r"[^A-Za-z0-9.]", "", Path(name).suffix)[:10]
    lines = [
        f"Message-ID: <{sha256}@import.invalid>",
        "MIME-Version: 1.0",
        "Content-Type: application/octet-stream",
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="document{suffix}"',
        "",
    ]
    return "\r\n".join(lines).encode() + b"\r\n" + base64.encodebytes(data).replace(b"\n", b"\r\n")


def _sender(data: bytes) -> tuple[str, str | None]:
    """(sender in comparison form, Message-ID) of a mail: Return-Path, else From, else nobody. An empty Return-Path is nobody."""
    from vaguemestre.domain.address import comparison
    from vaguemestre.protocols.mime_address import addresses
    from vaguemestre.protocols.mime_header import header_facts

    facts = header_facts(data)
    values = facts.return_path[:1] or (facts.from_ if len(facts.from_) == 1 else [])
    try:
        found = [one for value in values for one in addresses(value)] if values != [b"<>"] else []
        return comparison(found[0]) if len(found) == 1 else "", facts.message_id
    except Fault:
        return "", facts.message_id


def incoming(path: str, data: bytes, mailbox: str, trusted: bool, now: dt.datetime) -> Incoming:
    """The message that a file's bytes are, or are carried by."""
    from vaguemestre.inbound.store import Incoming
    from vaguemestre.vault.files import digest

    if not is_mail(data):
        data = wrapped(data, path, digest(data))
    sender, message_id = _sender(data)
    return Incoming(digest(data), data, message_id, "import", sender, (mailbox,), now, sender_trusted=trusted)


class Import:
    """One run: keeps the files in batches, then works or waits until all are through."""

    def __init__(self, configuration: Configuration, directory: Path, mailbox: str, trusted: bool) -> None:
        from vaguemestre.vault.files import Vault

        self._configuration = configuration
        self._directory = directory
        self._mailbox = mailbox
        self._trusted = trusted
        self._vault = Vault(directory / "vault")
        self._most = configuration.number("smtp", "max_message_bytes")

    def keep(self, paths: Sequence[str]) -> list[Taken]:
        """Every file kept, or with the reason why it is not."""
        from vaguemestre.records import queue

        ringer = queue.ringer(self._directory / "run")
        taken: list[Taken] = []
        batch: list[tuple[Taken, Incoming]] = []
        size = 0
        for path, reason in files(paths):
            one = Taken(path, reason=reason)
            taken.append(one)
            data = None if reason else self._bytes(path, one)
            if data is None:
                continue
            batch.append((one, incoming(path, data, self._mailbox, self._trusted, dt.datetime.now(dt.UTC))))
            size += len(data)
            if len(batch) >= BATCH or size >= BATCH_BYTES:
                self._receive(batch)
                ringer.ring()
                batch, size = [], 0
        self._receive(batch)
        ringer.ring()
        ringer.close()
        return taken

    def _bytes(self, path: str, one: Taken) -> bytes | None:
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - the path as the user wrote it
                data = file.read(self._most + 1)
        except OSError as error:
            one.reason = f"cannot be read: {error.strerror}"
            return None
        if len(data) > self._most:
            one.reason = f"is larger than {self._most} bytes, the limit of smtp.max_message_bytes"
            return None
        if not data:
            one.reason = "is empty"
            return None
        return data

    def _receive(self, batch: Sequence[tuple[Taken, Incoming]]) -> None:
        from vaguemestre.domain.outcome import Proceed
        from vaguemestre.pipeline import commit
        from vaguemestre.records.queries.importing import already

        fresh: dict[str, tuple[Taken, Incoming]] = {}
        again: list[tuple[Taken, str]] = []
        for one, message in batch:
            known = already(message.sha256, self._mailbox)
            if known is not None:
                one.message = known
            elif message.sha256 in fresh:
                again.append((one, message.sha256))
            else:
                fresh[message.sha256] = (one, message)
        if fresh:
            outcomes = commit.receive(self._vault, [message for _, message in fresh.values()])
            for (one, _), outcome in zip(fresh.values(), outcomes, strict=True):
                if isinstance(outcome, Proceed):
                    one.message = outcome.facts
                else:
                    one.reason = "was not kept"
        for one, sha256 in again:
            one.message = fresh[sha256][0].message

    def finish(self, messages: Sequence[int]) -> None:
        """Returns when no delivery of these messages waits."""
        from vaguemestre.pipeline.worker import Worker
        from vaguemestre.records import queue
        from vaguemestre.records.queries.importing import still_waiting

        if not messages:
            return
        worker = Worker(self._configuration, self._vault, "import")
        bell = queue.bell(self._directory / "run")
        try:
            while still_waiting(messages):
                if not worker.once():
                    bell.wait()
        finally:
            bell.close()
            worker.close()


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data
    from vaguemestre.domain.address import comparison

    directory = absolute(args.directory)
    configuration = open_data(directory)
    from vaguemestre.records.queries.importing import mailbox_exists, told

    try:
        mailbox = comparison(args.mailbox)
    except Unreadable:
        raise Refused("--mailbox is no mail address.") from None
    if not mailbox_exists(mailbox):
        raise Refused("--mailbox: there is no such mailbox here; make it with vaguemestre mailbox add.")
    taking = Import(configuration, directory, mailbox, trusted=not args.unknown_senders)
    taken = taking.keep(args.paths)
    taking.finish(list({one.message for one in taken if one.message is not None}))
    bad = False
    for one in taken:
        line: dict[str, Any] = {"path": one.path, "message_id": None, "ok": False, "documents": [], "reason": one.reason}
        if one.message is not None:
            line |= told(one.message, mailbox)
        if not line["ok"]:
            bad = True
            sys.stderr.write(f"vaguemestre import: {line['path']}: {line['reason']}\n")
        _print(line, as_json=args.json)
    return 1 if bad else 0


def _print(line: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        return
    if line["ok"]:
        count = len(line["documents"])
        sys.stdout.write(f"{line['path']} : {count} document{'s' if count > 1 else ''} ({' '.join(line['documents'])})\n")
