"""`vaguemestre read FILE... [--json]`: shows what any file a practice receives holds (contracts/cli.md). Needs no data directory.

Each file is read in a guarded child process, so that a hostile one costs bounded time and memory.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from vaguemestre.domain.reading import Reading, Warning
from vaguemestre.domain.reading_json import public

SUMMARY = "reads any file a practice receives and shows it"
MAX_BYTES = 128 << 20
_AT_ONCE = 1 << 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a mail, an HPRIM file, a PDF, a text...")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, in argument order")


def run(args: argparse.Namespace) -> int:
    """0, or 1 where a file could not be understood."""
    from vaguemestre.pipeline.guard import Guard, Limits

    guard = Guard(Limits())
    bad = False
    try:
        for place, path in enumerate(args.files):
            reading = _one(path, guard.read)
            bad = bad or not reading.understood
            _show(reading, as_json=args.json, first=place == 0)
    finally:
        guard.close()
    return 1 if bad else 0


def _show(reading: Reading, *, as_json: bool, first: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(public(reading), ensure_ascii=False) + "\n")
    else:
        from vaguemestre.cli.read_shown import shown

        sys.stdout.write(("" if first else "\n") + shown(reading))
    sys.stdout.flush()
    if not reading.understood:
        told = [*reading.warnings, *(w for d in reading.documents if not d.understood for w in d.warnings)]
        sys.stderr.write(f"vaguemestre read: {reading.file}: {told[0].detail if told else 'Its content is not understood.'}\n")


def _one(path: str, read: Callable[[bytes, str], Reading]) -> Reading:
    try:
        data = _content(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not a file"
        return _unreadable(path, "malformed", f"The file cannot be opened: {why}.")
    if data is None:
        return _unreadable(path, "too-large", "The file is too large to be read.")
    return read(data, path)


def _content(path: str) -> bytes | None:
    """A regular file, or None past MAX_BYTES, whatever size it tells and however it grows. Raises `OSError`, or `ValueError` for
    what is no regular file: a pipe or a device may never end, and opening one may have effects."""
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise ValueError
    # not blocking: what stands there may have been replaced since
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
        told = os.fstat(file.fileno())
        if not stat.S_ISREG(told.st_mode):
            raise ValueError
        most = MAX_BYTES + 1
        if told.st_size >= most:
            return None
        data = bytearray()
        while len(data) < most and (more := file.read(min(_AT_ONCE, most - len(data)))):
            data += more
    return bytes(data) if len(data) < most else None


def _unreadable(path: str, code: str, detail: str) -> Reading:
    return Reading(path, "unknown", warnings=(Warning(code, detail),), understood=False)
