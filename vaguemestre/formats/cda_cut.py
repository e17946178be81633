"""Whom a CDA names of which the end is lacking (formats.md 2.1 and 9): a header stands before its body, and is often whole where the body
is not. What is found so only ever proposes: what came after the cut may have said otherwise.
"""

from __future__ import annotations

import codecs
import dataclasses
import re

from vaguemestre.domain.fault import Fault
from vaguemestre.domain.reading import StatedPatient
from vaguemestre.formats import cda_header, safe_xml

REACH = 200_000
"""Octets in which the header of a document must end."""
MAX_OPEN = 50
_NAME = rb"[A-Za-z_][A-Za-z0-9_.-]{0,80}(?::[A-Za-z_][A-Za-z0-9_.-]{0,80})?"
_TAG = re.compile(rb"<(/?)(" + _NAME + rb")((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>")
_TARGET = b"recordTarget"
_DOCUMENT = "{urn:hl7-org:v3}ClinicalDocument"


def patient(data: bytes) -> StatedPatient | None:
    """Whom the one whole `recordTarget` names, from no fields; None where there is none, or more of them, or where what follows them is cut
    too: by the schema, no further one comes after any other element. Raises nothing."""
    header = _header(_octets(data[:REACH]))
    if header is None:
        return None
    try:
        parsed = safe_xml.parse(header)
    except Fault:
        return None
    root = next(parsed.root.iter(_DOCUMENT), None)
    if root is None or len(root.findall("{urn:hl7-org:v3}recordTarget")) != 1:
        return None
    found = cda_header.read(root, names_guessed=any(w.code == "encoding-guessed" for w in parsed.warnings))
    if found.patient is None or any(w.code == "several-patients" for w in found.warnings):
        return None
    return dataclasses.replace(found.patient, from_fields=False)


def _octets(data: bytes) -> bytes:
    """As UTF-8 where it is UTF-16, of which the last character may be cut too."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "ignore").encode("utf-8")
    return data


def _header(data: bytes) -> bytes | None:
    """All up to the end of the one `recordTarget`, with what is open there closed."""
    opened: list[bytes] = []
    target: tuple[int, list[bytes]] | None = None
    followed = False
    for tag in _TAG.finditer(data):
        closing, name, rest = tag.groups()
        is_target = name.rpartition(b":")[2] == _TARGET
        if not closing:
            if is_target and target is not None:
                return None
            followed = followed or target is not None
            if not rest.endswith(b"/"):
                opened.append(name)
            if len(opened) > MAX_OPEN:
                return None
            continue
        if not opened or opened.pop() != name:
            return None
        if is_target:
            target = (tag.end(), list(opened))
    if target is None or not followed or _TARGET in data[target[0] :]:
        return None
    end, left = target
    return data[:end] + b"".join(b"</" + name + b">" for name in reversed(left))
