"""The usual XDM archive of a test, and what a reading of one shows."""

from __future__ import annotations

from tests.corpus import xdm_build as build
from tests.corpus.xdm_build import described, metadata, submission
from vaguemestre.formats import xdm

CDA, PDF = b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>", b"%PDF-1.4 essai"
ONE = "IHE_XDM/SUBSET01/DOC00001.XML"


def told(archive: xdm.Archive) -> list[tuple[str, bytes, bool, list[str]]]:
    """Name, bytes, whether described, codes: of each entry."""
    return [(e.name, e.data, e.metadata is not None, [w.code for w in e.warnings]) for e in archive.entries]


def codes(archive: xdm.Archive) -> list[str]:
    return [w.code for w in archive.warnings]


def usual(**changes: object) -> xdm.Archive:
    """The usual archive of one document, its description changed."""
    uri = changes.pop("uri", "DOC00001.XML")
    content = metadata(submission(), described(uri, CDA, **changes))  # type: ignore[arg-type]
    return xdm.read(build.archive(("DOC00001.XML", CDA), told=content))
