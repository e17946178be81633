"""One report of a laboratory about one invented person, written in each of the formats in which laboratories send it."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.corpus.hl7v2_build import file, msh, obx
from tests.pipeline import posted
from tests.pipeline.posted import Somebody


@dataclasses.dataclass(frozen=True)
class Line:
    """A result: `local` code, LOINC, value, unit as HPRIM writes it and in UCUM, bounds, flag."""

    label: str
    local: str
    loinc: str
    value: str
    unit: str
    ucum: str
    low: str
    high: str
    flag: str = ""


LINES = (
    Line("Hémoglobine", "HB", "718-7", "13.4", "g/dl", "g/dL", "12.0", "16.0"),
    Line("Leucocytes", "GB", "6690-2", "7.20", "G/L", "10*9/L", "4.00", "10.00"),
    Line("Plaquettes", "PLQ", "777-3", "251", "G/L", "10*9/L", "150", "400"),
    Line("Sodium", "NA", "2951-2", "141", "mmol/l", "mmol/L", "136", "145"),
    Line("Potassium", "K", "2823-3", "4.1", "mmol/l", "mmol/L", "3.5", "4.5"),
)


def with_value(rank: int, value: str, **more: str) -> tuple[Line, ...]:
    """The lines with one changed."""
    return (*LINES[:rank], dataclasses.replace(LINES[rank], value=value, **more), *LINES[rank + 1 :])


def words(lines: tuple[Line, ...]) -> list[str]:
    return [
        "Laboratoire des Tilleuls - examens demandés par le docteur Anne ROCHE",
        "HEMATOLOGIE et BIOCHIMIE, prélèvement du 20 novembre 2026 à jeun",
        *(f"{one.label} : {one.value} {one.unit} (valeurs usuelles : {one.low} à {one.high})" for one in lines),
        "Conclusion : examens dans les limites habituelles, contrôle dans douze mois.",
    ]


def hprim(one: Somebody, lines: tuple[Line, ...] = LINES, day: str = "20/11/2026", text: bool = True, **changed: Any) -> str:
    head, _, _ = posted.hprim(one, **changed).partition("****LAB****")
    head = head.replace("20/11/2026", day)
    if text:
        head = head.rstrip("\n") + "\n" + "\n".join(words(lines)) + "\n"
    rows = [f"RES|{row.label}|{row.local}|N|{row.value}|{row.unit}|{row.low}|{row.high}|{row.flag or 'N'}|F" for row in lines]
    return head + "****LAB****\n" + "\n".join(rows) + "\n****FIN****\n"


def _entry(row: Line) -> str:
    kind = '<code nullFlavor="NA"/>'
    flag = f'<interpretationCode code="{row.flag or "N"}" codeSystem="2.16.840.1.113883.5.83"/>'
    return (
        f'<entry typeCode="DRIV"><templateId root="1.3.6.1.4.1.19376.1.3.1"/><act classCode="ACT" moodCode="EVN">{kind}'
        '<statusCode code="completed"/><entryRelationship typeCode="COMP"><organizer classCode="BATTERY" moodCode="EVN">'
        f'<templateId root="1.3.6.1.4.1.19376.1.3.1.4"/>{kind}<statusCode code="completed"/><component>'
        '<observation classCode="OBS" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.6"/>'
        f'<code code="{row.loinc}" codeSystem="2.16.840.1.113883.6.1" displayName="{row.label} [mesure]"/><statusCode code="completed"/>'
        f'<effectiveTime value="20261120"/><value xsi:type="PQ" value="{row.value}" unit="{row.ucum}"/>{flag}</observation>'
        "</component></organizer></entryRelationship></act></entry>"
    )


def cda(one: Somebody, lines: tuple[Line, ...] = LINES, **told: Any) -> bytes:
    """Level 3, with the words of the report."""
    data = posted.cda(one, words=" ".join(words(lines)), **told).decode()
    return data.replace("</section>", "".join(map(_entry, lines)) + "</section>", 1).encode()


def pages(one: Somebody, lines: tuple[Line, ...] = LINES) -> bytes:
    year, month, day = one.born.split("-")
    who = f"Patient : {one.birth} {one.given}, né(e) le {day}/{month}/{year}"
    return posted.pages(who, *(line.replace(".", ",") for line in words(lines)))


def hl7v2(one: Somebody, lines: tuple[Line, ...] = LINES, number: str = "M-1") -> bytes:
    """ORU with observations in LOINC."""
    pid = f"PID|1||42^^^LABO||{one.birth}^{one.given}^{one.listed}^^^^L||{one.born.replace('-', '')}|{one.sex}"
    rows = [
        obx(rank, "NM", f"{row.loinc}^{row.label}^LN", row.value, row.ucum, f"{row.low}-{row.high}", row.flag or "N")
        for rank, row in enumerate(lines, 1)
    ]
    return file(msh(number=number).replace("20240312", "20261120"), pid, "OBR|1||L-1^LABO|BIO^Biologie^L|||20261120081500+0100", *rows)
