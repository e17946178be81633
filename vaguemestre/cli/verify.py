"""`vaguemestre verify DIR [--json]`: is everything that was promised there, whole and consistent?

Looks at the trace chain, every object of the vault, every message's bytes, the database's pages and keys, and the rules that hold
between rows. It changes nothing and may run beside `serve`: what is being written meanwhile is looked at twice before it is named.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaguemestre.vault.files import Vault

SUMMARY = "checks the trace chain, the vault and the database"


@dataclasses.dataclass(slots=True)
class Findings:
    """`faults` fail the check; `notes` do not."""

    faults: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    messages: int = 0
    objects: int = 0


def _vault(directory: Path, findings: Findings) -> None:
    from vaguemestre.records import kept_objects
    from vaguemestre.records.queries.soundness import MOST_NAMED
    from vaguemestre.vault.files import Vault

    vault = Vault(directory / "vault")
    if not vault.directory.is_dir():
        findings.faults.append("vault: its folder is absent")
        return
    kept = _Ordered(kept_objects.digests())
    for sha256 in vault.digests():
        findings.objects += 1
        fault = vault.check(sha256)
        if fault is not None and not _erased(vault, sha256):
            findings.faults.append(fault)
        for absent in kept.before(sha256):
            _absent(vault, absent, findings)
        if not kept.take(sha256) and fault is None and not kept_objects.named(sha256):
            findings.notes.append(f"vault: {sha256}: no message knows this object (a crash before its commit leaves one)")
    for absent in kept.before(None):
        _absent(vault, absent, findings)
    findings.messages = kept.count
    strangers = 0
    for name in vault.strangers():
        strangers += 1
        if strangers <= MOST_NAMED:
            # A file's name may hold anything: control characters, bytes that are no text.
            findings.notes.append(f"vault: {ascii(name)[1:-1]}: no object of ours")
    if strangers > MOST_NAMED:
        findings.notes.append(f"vault: and {strangers - MOST_NAMED} more that are no object of ours")
    aside = vault.directory / "aside"
    left = sum(1 for _ in aside.iterdir()) if aside.is_dir() else 0
    if left:
        findings.notes.append(f"vault: {left} half-written objects (being written now, or left by a crash)")


def _absent(vault: Vault, sha256: str, findings: Findings) -> None:
    # Looked at again: the message may have come after its folder was listed, or been erased since.
    fault = vault.check(sha256)
    if fault is not None and not _erased(vault, sha256):
        findings.faults.append(f"{fault} (a message was acknowledged with it)")


def _erased(vault: Vault, sha256: str) -> bool:
    """Whether an object is absent because it was erased while this check went on: no row names it any more."""
    from vaguemestre.records import kept_objects

    return not vault.path(sha256).exists() and not kept_objects.named(sha256)


class _Ordered:
    """Merges a rising list of digests with another, without holding either in memory."""

    def __init__(self, digests: Iterator[str]) -> None:
        self._digests = digests
        self._next = next(digests, None)
        self.count = 0

    def _advance(self) -> str:
        taken = self._next
        assert taken is not None
        self._next = next(self._digests, None)
        self.count += 1
        return taken

    def before(self, sha256: str | None) -> Iterator[str]:
        """Those smaller than `sha256`, or all that are left."""
        while self._next is not None and (sha256 is None or self._next < sha256):
            yield self._advance()

    def take(self, sha256: str) -> bool:
        """Whether the next one is this."""
        if self._next != sha256:
            return False
        self._advance()
        return True


def examine(directory: Path) -> Findings:
    """Checks a data directory on which Django is set up."""
    from django.db import DatabaseError

    from vaguemestre.records import chain
    from vaguemestre.records.queries import soundness

    findings = Findings()
    for check in (soundness.damaged_pages, soundness.broken_keys, soundness.broken_rules, chain.verify):
        try:
            findings.faults += check()
        except DatabaseError as error:
            # A check that could not run did not pass (promise 3).
            findings.faults.append(f"database: {check.__name__.replace('_', ' ')}: it cannot be read to its end ({type(error).__name__})")
        except OSError:
            findings.faults.append("trace: keys/trace cannot be read, so the chain cannot be checked")
    try:
        _vault(directory, findings)
    except DatabaseError as error:
        findings.faults.append(f"database: the messages cannot be read to their end ({type(error).__name__})")
    except OSError as error:
        findings.faults.append(f"vault: it cannot be read to its end ({error.strerror})")
    return findings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--json", action="store_true", help="one JSON object: ok, faults, notes, messages, objects")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data

    open_data(args.directory, damaged=True)
    findings = examine(absolute(args.directory))
    if args.json:
        print(json.dumps({"ok": not findings.faults, **dataclasses.asdict(findings)}, ensure_ascii=False))
    else:
        for note in findings.notes:
            print(f"note: {note}")
        for fault in findings.faults:
            print(f"fault: {fault}")
        print(
            f"{findings.messages} messages, {findings.objects} vault objects, {len(findings.faults)} faults, {len(findings.notes)} notes."
        )
    if findings.faults:
        print(f"{len(findings.faults)} faults were found; each is named above.", file=sys.stderr)
        return 1
    return 0
