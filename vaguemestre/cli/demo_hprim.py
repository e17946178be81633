"""Writes the demo's HPRIM Médecin texts in the layouts that practices receive (formats.md 1.1): twelve header lines, free text, a block of
results, end marks. Only the demo writes them so; the product's own writer, which emits one strict form, is another thing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from vaguemestre.cli.demo_people import Person

FIN = "****FIN****"
FINFICHIER = "****FINFICHIER****"


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One RES line. A line without `value` is a title, written as TEX. `second`: value, unit, low and high in another unit."""

    label: str
    code: str = ""
    value: str = ""
    unit: str = ""
    low: str = ""
    high: str = ""
    flag: str = ""
    kind: str = "N"
    second: tuple[str, str, str, str] | None = None
    comment: str = ""

    def res(self, fields: int) -> str:
        cells = ["RES", self.label, self.code, self.kind, self.value, self.unit, self.low, self.high, self.flag, "F"]
        if self.second:
            cells += self.second
        return "|".join((cells + [""] * fields)[: max(fields, len(cells))])

    def spoken(self) -> str:
        """The line as the free text above the block shows it."""
        if not self.value:
            return self.label
        if self.low and self.high:
            bounds = f"({self.low} - {self.high})"
        elif self.high:
            bounds = f"(< {self.high})"
        else:
            bounds = f"(> {self.low})" if self.low else ""
        mark = {"H": " +", "L": " -", "HH": " ++", "LL": " --"}.get(self.flag, "")
        return f"  {self.label.strip():<32}{self.value:>10} {self.unit:<14}{bounds}{mark}".rstrip()


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """How one sending program writes: end of line, whether a file opens with a maker's line (SOLABIO), how many fields a RES has,
    whether the NIR shows blanks."""

    newline: str = "\r\n"
    maker_line: bool = False
    fields: int = 10
    spaced_nir: bool = False


def header(
    person: Person,
    *,
    code: str,
    file_number: str,
    date: dt.date,
    sender: tuple[str, str],
    recipient: tuple[str, str],
    layout: Layout,
    nir: str | None = None,
) -> list[str]:
    """The twelve lines. `sender` and `recipient`: a code of at most 10 characters and a label. `nir`: another one than the
    patient's, where the card that was read is a relative's; "" for none."""
    number = person.matricule if nir is None else nir
    if number and layout.spaced_nir:
        number = f"{number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:13]} {number[13:]}"
    elif number:
        number = f"{number[:13]} {number[13:]}"
    street, more, town = person.address
    return [
        code,
        person.used_name or person.birth_name,
        person.first_given_name,
        f"{street:<30}",
        f"{more:<30}",
        f"{town:<36}",
        person.french_birth_date,
        number,
        file_number,
        date.strftime("%d/%m/%Y"),
        f"{sender[0]:<10}{sender[1]}",
        f"{recipient[0]:<10}{recipient[1]}",
    ]


def record(head: list[str], text: str, lines: tuple[Line, ...], layout: Layout) -> list[str]:
    """One patient's record, its end mark included."""
    whole = [*head, "", *text.strip("\n").split("\n")]
    if lines:
        spoken: list[str] = []
        for line in lines:
            spoken.append(line.spoken())
            if line.comment:
                spoken.append(f"    {line.comment}")
        whole += ["", *spoken, "", "****LAB****"]
        for line in lines:
            whole.append(line.res(layout.fields) if line.value else f"TEX|{line.label}")
            if line.comment:
                whole.append(f"TEX|{line.comment}")
    return [*whole, FIN]


def whole_file(records: list[list[str]], layout: Layout) -> str:
    """The file of one or several records."""
    lines: list[str] = []
    if layout.maker_line:
        lines.append(f"{'BIOSERVEUR VALMORIN':<40}{'ARZUR':<40}{'DR CAMILLE ARZUR':<40}{'VALMORIN':<20}{len(records):05d}")
    for part in records:
        lines += part
    lines.append(FINFICHIER)
    return layout.newline.join(lines) + layout.newline
