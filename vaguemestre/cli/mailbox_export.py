"""All that a mailbox holds, in one zip file: its messages as a maildir, byte for byte, and its filings as CSV (mssante.md 7).

    maildir/INBOX/cur/<Unix time>.D<number>.vaguemestre:2,<flags>   one file a message, https://cr.yp.to/proto/maildir.html
    filings.csv                                                     the lines of `vaguemestre filings` of that mailbox

The file appears whole or not at all, and only its owner may read it: it holds health data in clear.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vaguemestre.domain.fault import Refused

if TYPE_CHECKING:
    from vaguemestre.records.mailboxes import Mailbox

FLAGS = {"\\Seen": "S", "\\Answered": "R", "\\Flagged": "F", "\\Deleted": "T", "\\Draft": "D"}
PAGE = 500


def _entries(box: Mailbox) -> Iterator[tuple[str, str, dt.datetime]]:
    """(name in the zip file, SHA-256, when it was received) of every message, a page at a time."""
    from vaguemestre.records.mailboxes import FolderEntry

    last = 0
    while True:
        rows = list(
            FolderEntry.objects.filter(folder__mailbox=box, pk__gt=last)
            .order_by("pk")
            .values_list("pk", "folder__name", "flags", "delivery_id", "delivery__message__sha256", "delivery__message__received_at")[:PAGE]
        )
        for _, folder, flags, delivery, sha256, at in rows:
            letters = "".join(sorted(FLAGS[flag] for flag in set(flags.split()) & FLAGS.keys()))
            # A folder's name is its holder's: it must not lead out of the folder that the zip file is opened in.
            safe = folder.replace("/", "_").replace("\\", "_").strip(".") or "_"
            yield f"maildir/{safe}/cur/{int(at.timestamp())}.D{delivery}.vaguemestre:2,{letters}", sha256, at
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def _filings(box: Mailbox) -> str:
    from vaguemestre.records.queries.filings import filings

    out = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for line in filings():
        if line["mailbox"] != box.address:
            continue
        if writer is None:
            writer = csv.DictWriter(out, list(line), lineterminator="\r\n")
            writer.writeheader()
        writer.writerow({name: json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v for name, v in line.items()})
    return out.getvalue()


def export(box: Mailbox, out: Path, now: dt.datetime) -> int:
    """Writes the file and returns how many messages it holds; traced. Raises `Refused`, and then leaves no file."""
    from django.conf import settings
    from django.db import transaction

    from vaguemestre.domain.event import Event
    from vaguemestre.records import administration, chain
    from vaguemestre.vault.files import Vault

    if out.exists():
        raise Refused("--out names a file that is there already; nothing was written over.")
    aside = out.with_name(f".{out.name}.{os.getpid()}")
    assert settings.DATA_DIR is not None, "a command works on a data directory"
    vault, count = Vault(settings.DATA_DIR / "vault"), 0
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Refused(f"--out cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, sha256, at in _entries(box):
                    # A zip file knows no year before 1980 and no zone.
                    archive.writestr(zipfile.ZipInfo(name, at.astimezone(dt.UTC).timetuple()[:6]), vault.read(sha256), zipfile.ZIP_DEFLATED)
                    count += 1
                archive.writestr("filings.csv", _filings(box))
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, out)
    except FileExistsError:
        raise Refused("--out names a file that is there already; nothing was written over.") from None
    finally:
        aside.unlink(missing_ok=True)
    with transaction.atomic():
        chain.append([Event(now, "mailbox-exported", f"mailbox:{box.pk}", administration.ACTOR, f"{count} messages")])
    return count
