"""The public samples: every patient found as an independent XPath finds them, no crash, HTML of the closed list."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests import needs
from tests.formats.test_cda_narrative import assert_clean
from vaguemestre.formats import cda

SPACES = {"h": "urn:hl7-org:v3"}
PATIENT = "//h:ClinicalDocument/h:recordTarget/h:patientRole"


def files(folder: str) -> list[Path]:
    found = sorted((needs.samples() / folder).glob("*.xml"))
    assert found
    return found


def asked(path: Path) -> Any:
    """A function from an XPath to its string, in a tree parsed without anything of ours."""
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(path.read_bytes().removeprefix(b"\xef\xbb\xbf").lstrip(), parser)
    return lambda expression: root.xpath(expression, namespaces=SPACES)


@pytest.mark.parametrize(("folder", "count"), [("cda", 49), ("cda-2-41", 25)])
def test_every_patient_is_found(folder: str, count: int) -> None:
    found = 0
    for path in files(folder):
        told, ask = cda.read(path.read_bytes()).patient, asked(path)
        assert told is not None and told.ins is not None
        name = f"{PATIENT}/h:patient/h:name"
        assert told.birth_name == ask(f"normalize-space({name}/h:family[@qualifier='BR'])")
        used = ask(f"normalize-space({name}/h:family[@qualifier='CL'])") or ask(f"normalize-space({name}/h:family[@qualifier='SP'])")
        assert told.used_name == (used or None)
        first = ask(f"normalize-space({name}/h:given[@qualifier='BR'])") or ask(f"normalize-space({name}/h:given[not(@qualifier)])")
        assert told.first_given_name == first
        listed = ask(f"normalize-space({name}/h:given[not(@qualifier)])").split() or [first]
        assert list(told.given_names) == listed
        assert told.birth_date is not None
        assert told.birth_date.replace("-", "") == ask(f"string({PATIENT}/h:patient/h:birthTime/@value)")
        assert told.sex == ask(f"string({PATIENT}/h:patient/h:administrativeGenderCode/@code)")
        assert told.birth_place_code == (ask(f"string({PATIENT}/h:patient/h:birthplace/h:place/h:addr/h:county)") or None)
        identifiers = {(i.get("root"), i.get("extension")) for i in ask(f"{PATIENT}/h:id")}
        assert {(told.ins.oid, told.ins.value)} | {(one.oid, one.value) for one in told.local_ids} == identifiers
        found += 1
    assert found == count


@pytest.mark.parametrize("folder", ["cda", "cda-2-41"])
def test_header_and_files(folder: str) -> None:
    for path in files(folder):
        told, ask = cda.read(path.read_bytes()), asked(path)
        document = "//h:ClinicalDocument"
        root, extension = ask(f"string({document}/h:id/@root)"), ask(f"string({document}/h:id/@extension)")
        assert told.id == (f"{root}^{extension}" if extension else root)
        assert told.version == int(ask(f"string({document}/h:versionNumber/@value)"))
        assert told.title == ask(f"normalize-space({document}/h:title)")
        assert told.type is not None and told.type.code == ask(f"string({document}/h:code/@code)")
        assert told.date is not None
        assert told.date.replace("-", "")[:8] == ask(f"string({document}/h:effectiveTime/@value)")[:8]
        assert told.author is not None and told.author.id is not None
        assert len(told.recipients) == len(ask(f"{document}/h:informationRecipient"))
        level = "cda-n1" if ask(f"boolean({document}/h:component/h:nonXMLBody)") else "cda-n3"
        assert told.level == level
        values = ask(f"{document}/h:component/h:nonXMLBody/h:text | //h:observationMedia/h:value")
        assert [one.data for one in told.embedded] == [base64.b64decode(value.text) for value in values]
        assert {one.code for one in told.warnings} <= {"test-identity", "bad-ins-key"}


@pytest.mark.parametrize("folder", ["cda", "cda-2-41"])
def test_narrative_words_are_all_there(folder: str) -> None:
    for path in files(folder):
        told, ask = cda.read(path.read_bytes()), asked(path)
        assert_clean(told.html)
        html = etree.fromstring(f"<t>{told.html}</t>")
        for mark in html.xpath("//span[@class='media']"):
            assert mark.text in {one.name for one in told.embedded}
            mark.text = ""
        for text in ask("//h:structuredBody//h:section/h:text | //h:structuredBody//h:section/h:title"):
            etree.strip_tags(text, etree.Comment, etree.ProcessingInstruction)
        wanted = "".join("".join("".join(t.itertext()).split()) for t in ask("//h:section/h:title | //h:section/h:text"))
        shown = "".join("".join(html.itertext()).split())
        # a section without title is called by its code
        assert len(shown) >= len(wanted)
        assert not set(wanted) - set(shown)
        for text in ask("//h:structuredBody//h:section/h:text//h:td[not(*)] | //h:structuredBody//h:section/h:text//h:paragraph[not(*)]"):
            assert " ".join((text.text or "").split()) in told.text
