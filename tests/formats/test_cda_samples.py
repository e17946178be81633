"""The public samples: every patient found as an independent XPath finds them, no crash, HTML of the closed list."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests import needs
from tests.formats.test_cda_narrative import assert_clean
from vaguemestre.formats import cda

PARSER = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
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


def within(folder: str) -> list[tuple[str, bytes]]:
    """(name, octets) of each CDA of a folder, those in base64 within messages included."""
    if folder != "hl7v2":
        return [(path.name, path.read_bytes()) for path in files(folder)]
    found = []
    for path in sorted((needs.samples() / folder).iterdir()):
        for number, text in enumerate(re.findall(rb"\^Base64\^([A-Za-z0-9+/=]{100,})", path.read_bytes())):
            data = base64.b64decode(text + b"=" * (-len(text) % 4))
            if b"ClinicalDocument" in data:
                found.append((f"{path.name}#{number}", data))
    return found


def squeezed(element: Any) -> str:
    return "".join("".join(element.itertext()).split())


def wanted(root: Any) -> list[str | None]:
    """What the sections say, in order, without blanks, told by lxml alone; None where only entries say anything."""
    pieces: list[str | None] = []
    for section in root.iter("{urn:hl7-org:v3}section"):
        if any(one.tag == "{urn:hl7-org:v3}entry" for one in section.iterancestors()):
            continue
        ask = section.xpath
        texts = ask("h:text", namespaces=SPACES)
        said = "".join(map(squeezed, texts))
        pictured = bool(ask("h:text//h:renderMultiMedia", namespaces=SPACES))
        bare = not any(map(str.isalnum, said)) and not pictured and bool(ask("h:entry", namespaces=SPACES))
        title = "".join(map(squeezed, ask("h:title[1]", namespaces=SPACES)))
        if not title and texts:
            title = "".join(ask("string(h:code/@displayName)", namespaces=SPACES).split())
        pieces += [title, said] + ([None] if bare else [])
    return pieces


@pytest.mark.parametrize(("folder", "least"), [("cda", 49), ("cda-2-41", 25), ("hl7v2", 12)])
def test_no_word_is_lost_and_none_is_told_twice(folder: str, least: int) -> None:
    """The words of the narratives, in their order, and nothing else but what the entries alone say."""
    documents = within(folder)
    assert len(documents) >= least
    for name, data in documents:
        told = cda.read(data)
        assert_clean(told.html)
        html = etree.fromstring(f"<t>{told.html}</t>")
        for facts in html.findall("dl"):
            html.remove(facts)
        for mark in html.xpath("//span[@class='media']"):
            assert mark.text in {one.name for one in told.embedded}
            mark.text = ""
        shown, place, bare = squeezed(html), 0, False
        for piece in wanted(etree.fromstring(data.removeprefix(b"\xef\xbb\xbf").lstrip(), PARSER)):
            if piece is None:
                bare = True
                continue
            found = shown.index(piece, place) if bare and piece else place
            assert shown.startswith(piece, found), (name, piece[:80], shown[place : place + 80])
            place, bare = found + len(piece), bare and not piece
        assert bare or place == len(shown), name
        if told.level == "cda-n3":
            text = "".join(filter(str.isalpha, re.sub(r"\[[^\][]*\.[a-z]{3}\]", "", told.text)))
            assert text == "".join(filter(str.isalpha, shown)), name


@pytest.mark.parametrize("folder", ["cda", "cda-2-41"])
def test_what_only_entries_say_is_told(folder: str) -> None:
    """In a section without words, those of the name of every code and value of its entries and every number."""
    told_facts = 0
    silent = "not(.//h:renderMultiMedia) and not(translate(normalize-space(.), '-.', ''))"
    for name, data in within(folder):
        root = etree.fromstring(data.removeprefix(b"\xef\xbb\xbf").lstrip(), PARSER)
        told = set(re.findall(r"\w+", cda.read(data).text.casefold()))
        entries = root.xpath(f"//h:section[h:text[{silent}]]/h:entry[not(.//h:observationMedia)]", namespaces=SPACES)
        for one in (one for entry in entries for one in entry.iter("{urn:hl7-org:v3}code", "{urn:hl7-org:v3}value")):
            for fact in (one.get("displayName"), one.get("value")):
                if fact and fact not in {"Annotation Comment", "true", "false"}:
                    assert set(re.findall(r"\w+", fact.casefold())) <= told, (name, fact)
                    told_facts += 1
    assert told_facts >= (1 if folder == "cda" else 50)
