"""The register of invented numbers of profile demo: who has no RPPS or structure number is given one that belongs to nobody.

The rule of mssante.md 1.5, that a mailbox answers to a number, holds in every profile; a demo only has its own authority to ask. Numbers
begin with 999, a department that does not exist, and their Luhn key is right. `DIR/pki/numbers.json` remembers how many were given.
"""

from __future__ import annotations

import json
from pathlib import Path

from vaguemestre.domain.fault import Refused
from vaguemestre.domain.person import luhn_valid

SAID = "Invented numbers of this demo: they belong to nobody, and mean nothing outside of it."


def _keyed(digits: str) -> str:
    return next(digits + key for key in "0123456789" if luhn_valid(digits + key))


def invented(path: Path, what: str) -> str:
    """The next number of the register of the data directory `path`: `what` is "rpps" (11 digits) or "structure" (a FINESS). It is kept as
    given before it is used, so that none is ever given twice. Raises `Refused`."""
    from vaguemestre.cli.init import write
    from vaguemestre.cli.pki import locked

    register = path / "pki" / "numbers.json"
    with locked(path / "pki"):
        given = {"rpps": 0, "structure": 0}
        if register.exists():
            try:
                given |= {name: int(count) for name, count in json.loads(register.read_text(encoding="utf-8"))["given"].items()}
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                raise Refused(f"{register} cannot be read; put it back from a copy: it tells which numbers were given.") from None
        given[what] += 1
        write(register, (json.dumps({"said": SAID, "given": given}, indent=1) + "\n").encode())
    return _keyed(f"999{given[what]:07d}") if what == "rpps" else _keyed(f"999{given[what]:05d}")
