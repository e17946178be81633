"""XDM archives that are cut, endless, or whose metadata point to themselves. The zip itself: `test_safe_zip_hostile`."""

from __future__ import annotations

import pytest

from tests.corpus import xdm_build as build
from tests.corpus.file_build import packed
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import xdm, xdm_metadata

DOCUMENT = build.cda()
WHOLE = build.archive(("DOC00001.XML", DOCUMENT))
RIM = 'xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"'
ENTRY = (
    '<ExtrinsicObject id="d{n}" mimeType="text/xml" objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">{inner}</ExtrinsicObject>'
)


def metadata(inner: str) -> bytes:
    return f"<SubmitObjectsRequest><RegistryObjectList {RIM}>{inner}</RegistryObjectList></SubmitObjectsRequest>".encode()


def uri(name: str) -> str:
    return f'<Slot name="URI"><ValueList><Value>{name}</Value></ValueList></Slot>'


METADATA = {
    "entries without end": metadata("".join(ENTRY.format(n=n, inner=uri("DOC.XML")) for n in range(2_000))),
    "slots without end": metadata(ENTRY.format(n=1, inner=uri("DOC.XML") * 30_000)),
    "values without end": metadata(
        ENTRY.format(n=1, inner='<Slot name="URI"><ValueList>' + "<Value>1|DOC</Value>" * 40_000 + "</ValueList></Slot>")
    ),
    "an association to itself": metadata('<Association id="a" associationType="RPLC" sourceObject="a" targetObject="a"/>' * 20_000),
    "nested": metadata("<RegistryObjectList>" * 40_000),
    "a value without end": metadata(ENTRY.format(n=1, inner=uri("A" * 3_900_000))),
    "an entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + metadata(ENTRY.format(n=1, inner=uri("&b;"))),
    "a way out": metadata(ENTRY.format(n=1, inner=uri("../../../etc/passwd"))),
    "folders without end": metadata(ENTRY.format(n=1, inner=uri("a/" * 500_000))),
}
ARCHIVES = {
    name: packed({"IHE_XDM/SUBSET01/METADATA.XML": data, "IHE_XDM/SUBSET01/DOC.XML": DOCUMENT}) for name, data in METADATA.items()
} | {
    "submissions without end": packed({f"IHE_XDM/S{n}/METADATA.XML": metadata("") for n in range(200)}),
    "files without metadata": packed({f"IHE_XDM/SUBSET01/{n}": b"a" for n in range(200)}),
    "metadata that are a folder": packed({"IHE_XDM/SUBSET01/METADATA.XML/a": b"a"}),
    "an archive in itself": packed({"IHE_XDM/SUBSET01/METADATA.XML": metadata(""), "IHE_XDM/SUBSET01/A.ZIP": WHOLE}),
    "empty metadata": packed({"IHE_XDM/SUBSET01/METADATA.XML": b""}),
}


@pytest.mark.parametrize("data", METADATA.values(), ids=METADATA.keys())
def test_hostile_metadata_cost_bounded_time(data: bytes) -> None:
    within_bounds(xdm_metadata.read, data)


@pytest.mark.parametrize("data", ARCHIVES.values(), ids=ARCHIVES.keys())
def test_hostile_archives_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(xdm.read, data)
    if isinstance(found, xdm.Archive):
        assert all(b"root:" not in entry.data for entry in found.entries)


def test_cut_anywhere() -> None:
    cut_everywhere(xdm.read, WHOLE)
