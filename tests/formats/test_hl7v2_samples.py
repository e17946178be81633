"""The public messages: no crash, and the identity, the files and every observation found by an independent count."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests import needs
from vaguemestre.domain.reading import Document
from vaguemestre.inbound.read import read

OBSERVATION = "//h:observation[h:templateId/@root='1.3.6.1.4.1.19376.1.3.1.6']"


def files() -> list[Path]:
    found = sorted((needs.samples() / "hl7v2").iterdir())
    assert len(found) == 30
    return found


def fields(path: Path, name: str) -> list[list[str]]:
    """The fields of each segment of a name, by the plainest of means."""
    return [line.split("|") for line in path.read_text("utf-8").replace("\r", "\n").split("\n") if line.startswith(f"{name}|")]


def packed(path: Path) -> list[bytes]:
    """What stands in base64 and is a CDA."""
    found = []
    for segment in fields(path, "OBX"):
        data = segment[5].split("^")[4] if segment[2] == "ED" else ""
        # the words of a mail beside it are short, and their base64 is cut in several of the samples
        if len(data) > 1_000:
            found.append(base64.b64decode(data + "=" * (-len(data) % 4)))
    return found


def documents(path: Path) -> list[Document]:
    return list(read(path.read_bytes(), path.name).documents)


def test_all_are_read() -> None:
    for path in files():
        found = documents(path)
        assert found[0].format == "hl7v2"
        assert found[0].understood
        assert bool(found[0].html) is (path.read_text("utf-8").split("|")[8][:3] not in {"ORU", "MDM"})
        assert all(w.detail != "The content could not be read." for one in found for w in one.warnings)


def test_identities() -> None:
    named = 0
    for path in files():
        patient = documents(path)[0].patient
        told = fields(path, "PID")
        if not told:
            assert patient is None
            continue
        (pid,) = told
        named += 1
        mark = "˜" if "˜" in path.read_text("utf-8")[:9] else "~"
        (ins,) = [one for one in pid[3].split(mark) if "ASIP-SANTE-INS-NIR" in one]
        assert patient is not None and patient.ins is not None
        assert (patient.ins.value, patient.ins.oid) == (ins.split("^")[0], ins.split("&")[1])
        assert (patient.birth_name, patient.first_given_name) == tuple(pid[5].split("^")[:2])
        assert (patient.birth_date or "").replace("-", "") == pid[7]
        assert patient.sex == pid[8]
        assert patient.birth_place_code == "63220"
    assert named == NAMED


def test_every_document_in_them_is_read_and_every_observation() -> None:
    held, observations = 0, 0
    for path in files():
        wanted = packed(path)
        found = [one for one in documents(path) if one.format in {"cda-n1", "cda-n3"}]
        assert len(found) == len(wanted)
        held += len(wanted)
        for data, told in zip(wanted, found, strict=True):
            tree: Any = etree.fromstring(data).getroottree()
            count = len(tree.xpath(OBSERVATION, namespaces={"h": "urn:hl7-org:v3"}))
            assert len(told.results) == count
            observations += count
    assert (held, observations) == (HELD, OBSERVATIONS)


NAMED, HELD, OBSERVATIONS = 20, 12, 132


@pytest.mark.parametrize(
    ("part", "status"),
    [("INIT_N1", None), ("RPLC_N1.", None), ("DEL_N1", "Deleted")],
)
def test_replacements_and_withdrawals(part: str, status: str | None) -> None:
    for path in files():
        if part in path.name and "MDM" in path.name:
            for document in documents(path):
                if document.path[-1] != "nonXMLBody.pdf":
                    assert (document.metadata or {}).get("availabilityStatus") == status
                if part == "RPLC_N1." and document.path[-1] != "nonXMLBody.pdf":
                    assert document.replaces and document.replaces.startswith("1.2.250.1.71.4.2.2.120456789")


def test_masks() -> None:
    for path in files():
        told = {segment[3].split("^")[0] for segment in fields(path, "OBX") if segment[5].split("^")[0] == "Y"}
        wanted = {"INVISIBLE_REP_LEGAUX": "INVISIBLE_REPRESENTANTS_LEGAUX"}
        expected = {wanted.get(one, one) for one in told & {"MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX", "CONNEXION_SECRETE"}}
        assert set(documents(path)[0].confidentiality) == expected
