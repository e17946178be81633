"""The demo's forty messages in the order they are sent, the HPRIM and PDF ones written here, each with what the practice's patient list
makes of it (formats.md 6.5).

Encodings, ends of line and layouts vary as they do between real senders. Dates count back from the day the demo is made.
"""

from __future__ import annotations

import datetime as dt

from vaguemestre.cli import demo_biology as biology
from vaguemestre.cli import demo_cda_messages, demo_pdf
from vaguemestre.cli import demo_hprim as hprim
from vaguemestre.cli import demo_letters as letters
from vaguemestre.cli.demo_mail import Expected, Post
from vaguemestre.cli.demo_people import (
    CARDIOLOGY,
    DOCTOR,
    LABORATORY,
    ORTHOPAEDICS,
    PAEDIATRICS,
    PNEUMOLOGY,
    SECRETARIAT,
    STRANGER,
    Person,
    patient,
)

WINDOWS = hprim.Layout()
UNIX = hprim.Layout(newline="\n", fields=9, spaced_nir=True)
OLD_MAC = hprim.Layout(newline="\r")
MAKER = hprim.Layout(maker_line=True, fields=14)

COUNT = 40
_RECIPIENT = ("ARZUR", "DR CAMILLE ARZUR")


def posts(now: dt.datetime) -> list[Post]:
    """The forty messages, of the last months before `now` (aware)."""

    def day(back: int) -> dt.date:
        return now.date() - dt.timedelta(days=back)

    def moment(number: int) -> dt.datetime:
        return (now - dt.timedelta(minutes=11 * (COUNT + 1 - number))).replace(microsecond=0)

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

    first_ones = [
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
    return [*first_ones, *demo_cda_messages.posts(now, len(first_ones) + 1, moment)]
