"""What is remembered of a document that a person took out of a chart, beside its content: whose it is not (promises 4 and 10).

Another edition of the same document, or another document under the number that its sender has for its patient, would go to the same wrong
chart in other bytes. Each is a key beside the content's among those that are banned from the chart, until a person files a document that
bears it there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def _key(kind: str, *parts: str) -> str:
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return f"{kind}:{hashlib.sha256(told.encode(errors='surrogatepass')).hexdigest()}"


def keys(owner: str, codes: Iterable[str], names: Iterable[str], set_id: str, report_key: str = "") -> tuple[str, ...]:
    """Up to 71 ASCII characters each, none of them a content's. `owner`: whose the patient codes are (`file.code_owner`); `names`: the
    document's own identifier and that of the one it replaces; `report_key`: by which it is known in another format
    (`one_report`); "" is nobody, no name, no set and no such key."""
    found = [_key("code", owner, code) for code in codes if owner]
    found += [_key("name", name) for name in names if name]
    found += [_key("set", set_id)] if set_id else []
    found += [_key("report", report_key)] if report_key else []
    return tuple(dict.fromkeys(found))
