"""The invented world of the demo: a hospital, a practice, its mailboxes, its accounts and its twelve patients.

Nobody here exists. The matricules have right keys and commune numbers 990 to 998, which no French commune bears; the mail domains end in
`.example`. The patients are chosen for what makes filing hard: twins, two women of one name born the same day, a married name, a
child on her father's card, compound and apostrophed names, a birth in Corsica.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io

from vaguemestre.cli.patient_rows import COLUMNS
from vaguemestre.domain.person import INS_DEMO


@dataclasses.dataclass(frozen=True, slots=True)
class Mailbox:
    """`type` is PER or ORG (mssante.md 1.5); `rpps` for a person's, `structure` for a service's."""

    address: str
    type: str
    name: str
    rpps: str = ""
    structure: str = ""

    def flags(self) -> list[str]:
        given = ["--type", self.type, "--name", self.name]
        given += ["--rpps", self.rpps] if self.rpps else []
        return given + (["--structure", self.structure] if self.structure else [])


@dataclasses.dataclass(frozen=True, slots=True)
class Operator:
    name: str
    domain: str
    town: str
    mailboxes: tuple[Mailbox, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    login: str
    role: str
    mailboxes: tuple[str, ...]
    words: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Person:
    """A chart of the practice. `matricule`: 13 characters and the two of the key. `given_names` blank-separated, the first one first."""

    ref: str
    matricule: str
    birth_name: str
    given_names: str
    first_given_name: str
    birth_date: str
    sex: str
    used_name: str = ""
    ins_status: str = "qualified"
    address: tuple[str, str, str] = ("", "", "")

    @property
    def birth_place_code(self) -> str:
        return self.matricule[5:10]

    @property
    def french_birth_date(self) -> str:
        year, month, day = self.birth_date.split("-")
        return f"{day}/{month}/{year}"

    def age(self, day: dt.date) -> int:
        born = dt.date.fromisoformat(self.birth_date)
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    @property
    def spoken_name(self) -> str:
        """As a letter says it: used or birth name, and the first given name."""
        return f"{self.used_name or self.birth_name} {self.first_given_name.title()}"


PRACTICE = Operator(
    name="Maison de santé des Tilleuls",
    domain="tilleuls.demo.example",
    town="Kerloc'h",
    mailboxes=(
        Mailbox("camille.arzur@tilleuls.demo.example", "PER", "Dr Camille ARZUR", rpps="99999000013"),
        Mailbox("secretariat@tilleuls.demo.example", "ORG", "Secrétariat de la maison de santé des Tilleuls", structure="1990000010"),
    ),
)

HOSPITAL = Operator(
    name="Centre hospitalier de Valmorin",
    domain="ch-valmorin.demo.example",
    town="Valmorin",
    mailboxes=(
        Mailbox("laboratoire@ch-valmorin.demo.example", "ORG", "Laboratoire de biologie médicale", structure="1990000028"),
        Mailbox("cardiologie@ch-valmorin.demo.example", "ORG", "Service de cardiologie", structure="1990000028"),
        Mailbox("orthopedie@ch-valmorin.demo.example", "ORG", "Chirurgie orthopédique", structure="1990000028"),
        Mailbox("urgences.pediatriques@ch-valmorin.demo.example", "ORG", "Urgences pédiatriques", structure="1990000028"),
        Mailbox("pneumologie@ch-valmorin.demo.example", "ORG", "Service de pneumologie", structure="1990000028"),
    ),
)

DOCTOR, SECRETARIAT = (box.address for box in PRACTICE.mailboxes)
LABORATORY, CARDIOLOGY, ORTHOPAEDICS, PAEDIATRICS, PNEUMOLOGY = HOSPITAL.mailboxes

KNOWN_SENDERS = tuple(box.address for box in HOSPITAL.mailboxes if not box.address.startswith("pneumologie@"))
"""The services that the practice already knows; a first letter from the other one waits for a person (formats.md 6.5)."""

ACCOUNTS = (
    Account("dr.arzur", "doctor", tuple(box.address for box in PRACTICE.mailboxes), "médecin"),
    Account("secretariat", "secretary", tuple(box.address for box in PRACTICE.mailboxes), "secrétaire"),
    Account("admin", "admin", (), "administration, sans accès aux dossiers"),
)

PATIENTS = (
    Person(
        "T-0101",
        "238032299001281",
        "ABGRALL",
        "YVONNE MARIE",
        "YVONNE",
        "1938-03-14",
        "F",
        address=("4 venelle du Puits", "", "22990 KERLOC'H"),
    ),
    Person(
        "T-0102", "109062999104191", "GUENNOC", "MAËL YANN", "MAËL", "2009-06-21", "M", address=("17 rue des Embruns", "", "22990 KERLOC'H")
    ),
    Person(
        "T-0103",
        "109062999104290",
        "GUENNOC",
        "MALO ERWAN",
        "MALO",
        "2009-06-21",
        "M",
        address=("17 rue des Embruns", "", "22990 KERLOC'H"),
    ),
    Person(
        "T-0104",
        "256113599201775",
        "MARTEL",
        "JEANNE LOUISE",
        "JEANNE",
        "1956-11-02",
        "F",
        address=("2 place du Four", "", "22990 KERLOC'H"),
    ),
    Person(
        "T-0105",
        "256115699300869",
        "MARTEL",
        "JEANNE ODILE",
        "JEANNE",
        "1956-11-02",
        "F",
        address=("31 route de la Grève", "", "22991 PLOUMEZEC"),
    ),
    Person(
        "T-0106",
        "271092299402378",
        "LE BIHAN",
        "SOPHIE ANNE",
        "SOPHIE",
        "1971-09-08",
        "F",
        used_name="KERVELLA",
        address=("9 allée des Ajoncs", "", "22990 KERLOC'H"),
    ),
    Person("T-0107", "221023599503187", "NAOURI", "INÈS", "INÈS", "2021-02-17", "F", address=("12 rue du Lavoir", "", "22990 KERLOC'H")),
    Person("T-0108", "187059399601428", "NAOURI", "KARIM", "KARIM", "1987-05-30", "M", address=("12 rue du Lavoir", "", "22990 KERLOC'H")),
    Person(
        "T-0109",
        "149121799700655",
        "DE LA ROCHE-VERNET",
        "JEAN-BAPTISTE HENRI",
        "JEAN-BAPTISTE",
        "1949-12-25",
        "M",
        address=("Manoir de Troguéry", "", "22991 PLOUMEZEC"),
    ),
    Person(
        "T-0110",
        "290042B99001975",
        "LECA-CASANOVA",
        "GHJULIA",
        "GHJULIA",
        "1990-04-11",
        "F",
        address=("5 quai aux Vivres", "", "22990 KERLOC'H"),
    ),
    Person(
        "T-0111",
        "283109999801135",
        "N'DIAYE-LŒUILLET",
        "AMINATA",
        "AMINATA",
        "1983-10-19",
        "F",
        ins_status="validated",
        address=("22 rue de l'Écluse", "", "22990 KERLOC'H"),
    ),
    Person(
        "T-0112", "144072299102750", "PETITJEAN", "ROBERT", "ROBERT", "1944-07-03", "M", address=("Kerguen Vihan", "", "22991 PLOUMEZEC")
    ),
)

STRANGER = Person(
    "", "278012999605208", "QUÉMENEUR", "SOLANGE", "SOLANGE", "1978-01-29", "F", address=("8 rue du Moulin", "", "22992 TRÉVENEUC")
)
"""A patient of the hospital of whom the practice has no chart."""


def patient(ref: str) -> Person:
    return next(person for person in PATIENTS if person.ref == ref)


def patients_csv() -> str:
    """The practice's patient list, as `vaguemestre patients import` takes it."""
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, tuple(COLUMNS), lineterminator="\n", restval="")
    writer.writeheader()
    for person in PATIENTS:
        writer.writerow(
            {
                "ref": person.ref,
                "ins": person.matricule,
                "ins_oid": INS_DEMO,
                "ins_status": person.ins_status,
                "nir": person.matricule,
                "birth_name": person.birth_name,
                "used_name": person.used_name,
                "given_names": person.given_names,
                "first_given_name": person.first_given_name,
                "birth_date": person.birth_date,
                "sex": person.sex,
                "birth_place_code": person.birth_place_code,
            }
        )
    return sheet.getvalue()
