"""What is traced: who did what, when, to which object, with which result (promise 6). Never any clinical content.

`object` is "message:12", "document:34", "mailbox:5"...: our own row numbers, never a header, a name or an address of a person.
`actor` is "node" (the program itself), "peer:<certificate fingerprint>", "account:<row number>" or "cli".
"""

from __future__ import annotations

import dataclasses
import datetime as dt


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    at: dt.datetime
    event: str
    object: str
    actor: str
    result: str
