"""The demo's fifteen messages, in the order they are sent, each with what the practice's patient list makes of it (formats.md 6.5).

Encodings, ends of line and layouts vary as they do between real senders. Dates count back from the day the demo is made.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from vaguemestre.cli import demo_biology as biology
from vaguemestre.cli import demo_hprim as hprim
from vaguemestre.cli import demo_letters as letters
from vaguemestre.cli import demo_pdf
from vaguemestre.cli.demo_people import HOSPITAL, PRACTICE, STRANGER, Person, patient

DOCTOR, SECRETARIAT = (box.address for box in PRACTICE.mailboxes)
LABORATORY, CARDIOLOGY, ORTHOPAEDICS, PAEDIATRICS, PNEUMOLOGY = HOSPITAL.mailboxes

WINDOWS = hprim.Layout()
UNIX = hprim.Layout(newline="\n", fields=9, spaced_nir=True)
OLD_MAC = hprim.Layout(newline="\r")
MAKER = hprim.Layout(maker_line=True, fields=14)

_RECIPIENT = ("ARZUR", "DR CAMILLE ARZUR")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Expected:
    """What becomes of one document: the decision, the chart it goes or is proposed to, and the charts between which a person chooses."""

    decision: str
    ref: str | None = None
    candidates: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Post:
    """One message. `attached`: name, media type and bytes. `text`: the body, an HPRIM record or a covering note. `repeats`: the place
    in the list of the message that carries the same document."""

    what: str
    sender: str
    to: str
    subject: str
    text: str
    expected: tuple[Expected, ...]
    people: tuple[Person, ...]
    at: dt.datetime
    attached: tuple[tuple[str, str, bytes], ...] = ()
    repeats: int | None = None

    def message(self, number: int) -> EmailMessage:
        """The mail as the hospital's server hands it over."""
        mail = EmailMessage(policy=SMTP)
        box = next(box for box in HOSPITAL.mailboxes if box.address == self.sender)
        mail["Message-ID"] = self.message_id(number)
        mail["Date"] = format_datetime(self.at)
        mail["From"] = f'"{box.name}" <{self.sender}>'
        mail["To"] = self.to
        mail["Subject"] = self.subject
        mail.set_content(self.text, charset="utf-8", cte="quoted-printable")
        for name, media_type, data in self.attached:
            main, _, sub = media_type.partition("/")
            mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
        return mail

    def message_id(self, number: int) -> str:
        return f"<demo-{self.at:%Y%m%d}-{number:02d}@{HOSPITAL.domain}>"


def posts(now: dt.datetime) -> list[Post]:
    """The fifteen messages, of the last days before `now` (aware)."""

    def day(back: int) -> dt.date:
        return now.date() - dt.timedelta(days=back)

    def moment(number: int) -> dt.datetime:
        return (now - dt.timedelta(minutes=11 * (16 - number))).replace(microsecond=0)

    def head(person: Person, back: int, number: str, layout: hprim.Layout, sender: tuple[str, str], nir: str | None = None) -> list[str]:
        code = f"V{person.matricule[5:13]}"
        return hprim.header(
            person, code=code, file_number=number, date=day(back), sender=sender, recipient=_RECIPIENT, layout=layout, nir=nir
        )

    laboratory = ("LBMVALM", "LABORATOIRE CH VALMORIN")

    def report(person: Person, back: int, number: str, lines: tuple[hprim.Line, ...], layout: hprim.Layout) -> list[str]:
        text = f"Prélèvement du {day(back):%d/%m/%Y} à 07 h 45\nDemande de : DR CAMILLE ARZUR\nDossier : {number}"
        return hprim.record(head(person, back, number, layout, laboratory), text, lines, layout)

    def letter(person: Person, back: int, text: str, service: tuple[str, str], layout: hprim.Layout, nir: str | None = None) -> list[str]:
        spoken = text.replace("{age}", str(person.age(day(back))))
        return hprim.record(head(person, back, "", layout, service, nir), spoken, (), layout)

    def file(records: list[list[str]], layout: hprim.Layout, encoding: str) -> bytes:
        return hprim.whole_file(records, layout).encode(encoding)

    yvonne, mael, kervella, ines = (patient(ref) for ref in ("T-0101", "T-0102", "T-0106", "T-0107"))
    karim, vernet, ghjulia, aminata, robert = (patient(ref) for ref in ("T-0108", "T-0109", "T-0110", "T-0111", "T-0112"))
    jeanne = patient("T-0104")
    cardiology = ("CARDIO", "DR HELENE TANGUIVEL")
    first = file([report(yvonne, 1, "B26-11874", biology.HEART_FAILURE, WINDOWS)], WINDOWS, "cp1252")

    return [
        Post(
            "Biologie, insuffisance cardiaque",
            LABORATORY.address,
            DOCTOR,
            "Résultats de biologie médicale",
            letters.LABORATORY_COVER,
            (Expected("filed", "T-0101"),),
            (yvonne,),
            moment(1),
            (("B2611874.hpr", "application/octet-stream", first),),
        ),
        Post(
            "Lettre de cardiologie",
            CARDIOLOGY.address,
            DOCTOR,
            "Courrier de consultation",
            hprim.whole_file([letter(kervella, 2, letters.CARDIOLOGY_BODY, cardiology, UNIX)], UNIX),
            (Expected("filed", "T-0106"),),
            (kervella,),
            moment(2),
        ),
        Post(
            "Lettre d'orthopédie",
            ORTHOPAEDICS.address,
            DOCTOR,
            "Compte rendu de consultation",
            letters.SERVICE_COVER,
            (Expected("filed", "T-0109"),),
            (vernet,),
            moment(3),
            (
                (
                    "COURRIER.TXT",
                    "text/plain",
                    file([letter(vernet, 3, letters.ORTHOPAEDICS, ("ORTHO", "DR GAEL PENNANECH"), WINDOWS)], WINDOWS, "cp850"),
                ),
            ),
        ),
        Post(
            "Biologie de deux patients",
            LABORATORY.address,
            SECRETARIAT,
            "Résultats de biologie médicale",
            letters.LABORATORY_COVER,
            (Expected("filed", "T-0110"), Expected("filed", "T-0112")),
            (ghjulia, robert),
            moment(4),
            (
                (
                    "LOT0412.HPR",
                    "application/octet-stream",
                    file(
                        [
                            report(ghjulia, 8, "B26-11402", biology.PREGNANCY, WINDOWS),
                            report(robert, 8, "B26-11405", biology.ANTICOAGULANT_BEFORE, WINDOWS),
                        ],
                        WINDOWS,
                        "utf-8",
                    ),
                ),
            ),
        ),
        Post(
            "Lettre de sortie (PDF)",
            CARDIOLOGY.address,
            DOCTOR,
            "Lettre de liaison",
            letters.SERVICE_COVER,
            (Expected("proposed", "T-0101"),),
            (yvonne,),
            moment(5),
            (("lettre_de_liaison.pdf", "application/pdf", demo_pdf.write(letters.discharge(yvonne, day(4)))),),
        ),
        Post(
            "Biologie d'un jumeau",
            LABORATORY.address,
            DOCTOR,
            "Résultats de biologie médicale",
            letters.LABORATORY_COVER,
            (Expected("proposed", "T-0102", ("T-0102", "T-0103")),),
            (mael,),
            moment(6),
            (
                (
                    "B2611890.hpr",
                    "application/octet-stream",
                    file([report(mael, 1, "B26-11890", biology.MONONUCLEOSIS, UNIX)], UNIX, "utf-8-sig"),
                ),
            ),
        ),
        Post(
            "Échographie, deux homonymes",
            CARDIOLOGY.address,
            DOCTOR,
            "Compte rendu d'examen",
            letters.SERVICE_COVER,
            (Expected("review", None, ("T-0104", "T-0105")),),
            (jeanne,),
            moment(7),
            (
                (
                    "echo.hpr",
                    "application/octet-stream",
                    file([letter(jeanne, 2, letters.HOMONYM, cardiology, WINDOWS, nir="")], WINDOWS, "cp1252"),
                ),
            ),
        ),
        Post(
            "Urgences, au numéro du père",
            PAEDIATRICS.address,
            DOCTOR,
            "Passage aux urgences",
            letters.SERVICE_COVER,
            (Expected("filed", "T-0107"),),
            (ines,),
            moment(8),
            (
                (
                    "passage.hprim",
                    "text/plain",
                    file([letter(ines, 1, letters.CHILD, ("URGPED", "DR ANOUK LE STRAET"), UNIX, nir=karim.matricule)], UNIX, "utf-8"),
                ),
            ),
        ),
        Post(
            "La première biologie, en copie",
            LABORATORY.address,
            SECRETARIAT,
            "Résultats de biologie médicale",
            letters.LABORATORY_COVER,
            (Expected("filed", "T-0101"),),
            (yvonne,),
            moment(9),
            (("B2611874.hpr", "application/octet-stream", first),),
            repeats=1,
        ),
        Post(
            "Lettre d'un service inconnu",
            PNEUMOLOGY.address,
            DOCTOR,
            "Compte rendu de consultation",
            letters.SERVICE_COVER,
            (Expected("proposed", "T-0110"),),
            (ghjulia,),
            moment(10),
            (
                (
                    "consultation.hpr",
                    "application/octet-stream",
                    file([letter(ghjulia, 5, letters.PNEUMOLOGY, ("PNEUMO", "DR ISIDORE KERAMBRUN"), WINDOWS)], WINDOWS, "cp1252"),
                ),
            ),
        ),
        Post(
            "Biologie d'une inconnue",
            LABORATORY.address,
            SECRETARIAT,
            "Résultats de biologie médicale",
            letters.LABORATORY_COVER,
            (Expected("review"),),
            (STRANGER,),
            moment(11),
            (
                (
                    "B2611901.hpr",
                    "application/octet-stream",
                    file([report(STRANGER, 1, "B26-11901", biology.STRANGER, WINDOWS)], WINDOWS, "utf-8"),
                ),
            ),
        ),
        Post(
            "Consultation de la main (PDF)",
            ORTHOPAEDICS.address,
            DOCTOR,
            "Compte rendu de consultation",
            letters.SERVICE_COVER,
            (Expected("proposed", "T-0111"),),
            (aminata,),
            moment(12),
            (("consultation.pdf", "application/pdf", demo_pdf.write(letters.hand_clinic(aminata, day(6)))),),
        ),
        Post(
            "Bilan en deux systèmes d'unités",
            LABORATORY.address,
            DOCTOR,
            "Résultats de biologie médicale",
            letters.LABORATORY_COVER,
            (Expected("filed", "T-0108"),),
            (karim,),
            moment(13),
            (
                (
                    "B2611877.hpm",
                    "application/octet-stream",
                    file([report(karim, 1, "B26-11877", biology.METABOLIC, MAKER)], MAKER, "cp1252"),
                ),
            ),
        ),
        Post(
            "Contrôle de stimulateur",
            CARDIOLOGY.address,
            DOCTOR,
            "Compte rendu d'examen",
            letters.SERVICE_COVER,
            (Expected("filed", "T-0112"),),
            (robert,),
            moment(14),
            (
                (
                    "controle.txt",
                    "text/plain",
                    file([letter(robert, 15, letters.PACEMAKER, cardiology, OLD_MAC)], OLD_MAC, "mac_roman"),
                ),
            ),
        ),
        Post(
            "Biologie URGENTE",
            LABORATORY.address,
            DOCTOR,
            "URGENT - Résultats de biologie médicale",
            letters.URGENT_COVER,
            (Expected("filed", "T-0112"),),
            (robert,),
            moment(15),
            (
                (
                    "B2611931.hpr",
                    "application/octet-stream",
                    file([report(robert, 0, "B26-11931", biology.ANTICOAGULANT_ALARM, WINDOWS)], WINDOWS, "cp1252"),
                ),
            ),
        ),
    ]
