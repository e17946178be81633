"""A whole report of biology, and the results read from a report without the rest of the document's reader."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from tests.corpus.cda_biology_build import (
    battery,
    bound,
    chapter,
    coded,
    collection,
    comment,
    entry,
    flag,
    isolate,
    observation,
    pq,
    reference,
    report,
    sub_section,
    value,
    when,
)
from vaguemestre.domain.reading import Result
from vaguemestre.formats.cda_biology import results

V3 = "{urn:hl7-org:v3}"
PLAIN = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)


def tree(data: bytes) -> etree._Element:
    """The ClinicalDocument of a file, wherever it stands in it."""
    root = etree.fromstring(data.removeprefix(b"\xef\xbb\xbf").lstrip(), PLAIN)
    return root if root.tag == f"{V3}ClinicalDocument" else next(root.iter(f"{V3}ClinicalDocument"))


def labels(root: etree._Element) -> Callable[[str], str | None]:
    return {one.get("ID"): str(one.xpath("string()")) for one in root.iter(f"{V3}*") if one.get("ID")}.get


def read(data: bytes) -> tuple[Result, ...]:
    root = tree(data)
    return results(root, labels(root))


WHOLE = report(
    chapter(
        "Biochimie",
        sub_section(
            "Sang",
            entry(
                collection(coded("code", "BLD", "Sang total"), when("20240301")),
                battery(
                    coded("code", "24326-1", "Ionogramme"),
                    observation(
                        coded("code", "2951-2", "Sodium", inside=coded("translation", "NA33", "Natrémie", "1.3.6.1.4.1.99990.2")),
                        pq("143", "mmol/L", '<translation value="3.29" code="g/L"/>'),
                        flag("N"),
                        coded("methodCode", "M1", "Potentiométrie"),
                        comment("Contrôlé."),
                        reference(
                            value(
                                "IVL_PQ",
                                bound("low", "136", "mmol/L", '<translation value="3.13" code="g/L"/>')
                                + bound("high", "145", "mmol/L", '<translation value="3.34" code="g/L"/>'),
                            )
                        ),
                    ),
                    time=when("20240302"),
                ),
                isolate(
                    coded("code", "G1", "Bacillus essayensis"),
                    observation(
                        coded("code", "28-1", "Ampicilline"),
                        value("IVL_PQ", bound("high", "0.128", "ug/mL", inclusive="false")),
                        flag("S"),
                        time="",
                        status="active",
                    ),
                    time=when("20240303"),
                ),
            ),
        ),
    )
)
