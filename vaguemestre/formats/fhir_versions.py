"""Which FHIR document takes the place of which other (FHIR R4, 2.39 and 2.42, `relatesTo`; the extension `diagnosticReport-replaces`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vaguemestre.formats.fhir_graph import Graph, Node, Resource
from vaguemestre.formats.fhir_values import identifier, label

_TARGETS = ("target", "targetReference", "targetIdentifier")


def _targets(one: Resource) -> Iterator[Node]:
    for related in one.all("relatesTo"):
        if (related.text("code") or label(related.one("code"))) == "replaces":
            yield from (related.one(name) for name in _TARGETS if related.all(name))
    extended = one.extension("diagnosticreport-replaces").one("valueReference")
    if extended:
        yield extended


def replaced(one: Resource, graph: Graph) -> str | None:
    """The identifier of the document that this one replaces, told in the reference or by the document itself where it is in the file."""
    for target in _targets(one):
        found = graph.find(target, one)
        told = identifier(target if target.text("value") else target.one("identifier"))
        if told is None and found is not None:
            ids = [found.one("masterIdentifier"), *found.all("identifier")]
            told = next(filter(None, map(identifier, ids)), None)
        if told is not None:
            return told
    return None


def superseded(entries: Iterable[Resource], graph: Graph) -> set[int]:
    """Those that another of the same file replaces, by the identity of their members."""
    found = (graph.find(target, one) for one in entries for target in _targets(one))
    return {id(one.members) for one in found if one is not None}
