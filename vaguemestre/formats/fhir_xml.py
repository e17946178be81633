"""FHIR in XML as the members that the same resource has in JSON, so that there is one reader of both (FHIR R4, 2.6.1 and 2.6.2).

Every element is a list, since the names alone do not tell what may repeat; a primitive is its `value`, with what extends it under `_name`,
and the narrative is a string of HTML.
"""

from __future__ import annotations

from lxml import etree

from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import safe_xml
from vaguemestre.formats.fhir_json import Members, Parsed, Value
from vaguemestre.formats.safe_xml import Element

NAMESPACE = "{http://hl7.org/fhir}"
_XHTML_DIV = "{http://www.w3.org/1999/xhtml}div"
_HOLDING = frozenset({"contained", "resource", "outcome"})
"""Elements whose one child is a whole resource, in the names of `Bundle.entry` and `DomainResource`."""


def parse(data: bytes) -> Parsed:
    """One resource. Raises Unreadable (malformed, truncated, unsupported) and TooLarge, no other."""
    parsed = safe_xml.parse(data)
    if not _is_of_fhir(parsed.root):
        raise Unreadable("The XML is no FHIR resource.")
    guessed = any(w.code == "encoding-guessed" for w in parsed.warnings)
    return Parsed(_resource(parsed.root), parsed.warnings, guessed)


def html_of(div: Element) -> str:
    """An XHTML element as HTML, its namespaces left out. The element is changed."""
    for one in div.iter():
        if isinstance(one.tag, str):
            one.tag = one.tag.rpartition("}")[2]
    etree.cleanup_namespaces(div)
    return etree.tostring(div, encoding="unicode", method="html", with_tail=False)


def _is_of_fhir(element: Element) -> bool:
    return isinstance(element.tag, str) and element.tag.startswith(NAMESPACE)


def _resource(element: Element) -> Members:
    return {"resourceType": element.tag.removeprefix(NAMESPACE), **_members(element)}


def _members(element: Element) -> Members:
    values: dict[str, list[Value]] = {}
    beside: dict[str, list[Value]] = {}
    for child in element:
        if child.tag == _XHTML_DIV:
            values.setdefault("div", []).append(html_of(child))
            continue
        if not _is_of_fhir(child):
            continue
        name = child.tag.removeprefix(NAMESPACE)
        inner = next(filter(_is_of_fhir, child), None) if name in _HOLDING else None
        if inner is not None and inner.tag[len(NAMESPACE)].isupper():
            values.setdefault(name, []).append(_resource(inner))
            continue
        written = child.get("value")
        if written is None:
            values.setdefault(name, []).append(_members(child))
            continue
        values.setdefault(name, []).append(written)
        extended = _members(child) if len(child) else None
        beside.setdefault("_" + name, []).append(extended)
    found: Members = {name: told for name in ("id", "url") if (told := element.get(name)) is not None}
    for name, all_ in values.items():
        found.setdefault(name, all_)
    found.update((name, all_) for name, all_ in beside.items() if any(one is not None for one in all_))
    return found
