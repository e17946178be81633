"""A document of which the end is lacking is not understood; what is left of it may still name its patient, for the person who decides."""

from __future__ import annotations

import dataclasses

from vaguemestre.domain.reading import Document
from vaguemestre.formats.recognise import Kind
from vaguemestre.inbound.read_walk import Given

_CUT = frozenset({"truncated", "malformed"})


def named(failed: Document, given: Given, kind: Kind) -> Document:
    """With whom the header of a cut CDA names, only to be proposed."""
    if kind.name != "cda" or not any(w.code in _CUT for w in failed.warnings):
        return failed
    from vaguemestre.formats import cda_cut

    found = cda_cut.patient(given.data)
    return failed if found is None else dataclasses.replace(failed, patient=found)
