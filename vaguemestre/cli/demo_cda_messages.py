"""The demo's other twenty-five messages: CDA in XDM archives, corrections, copies, forwarded and HTML mail, and what must not be filed.

They come after the fifteen of `demo_messages`, whose numbers they go on from.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP

from vaguemestre.cli import demo_cda as cda
from vaguemestre.cli import demo_hprim as hprim
from vaguemestre.cli import demo_letters as letters
from vaguemestre.cli import demo_pdf, demo_picture
from vaguemestre.cli import demo_reports as reports
from vaguemestre.cli import demo_xdm as xdm
from vaguemestre.cli.demo_mail import Expected, Post
from vaguemestre.cli.demo_people import (
    CARDIOLOGY,
    DOCTOR,
    HOSPITAL,
    LABORATORY,
    ORTHOPAEDICS,
    PAEDIATRICS,
    PNEUMOLOGY,
    PRACTICE,
    SECRETARIAT,
    STRANGER,
    Person,
    patient,
)

FINESS = HOSPITAL.mailboxes[0].structure[1:]
BIOLOGIST = cda.Author("KERSAUDY MAUD", "99999000021", "Laboratoire du centre hospitalier de Valmorin", FINESS)
CARDIOLOGIST = cda.Author("TANGUIVEL HELENE", "99999000039", "Centre hospitalier de Valmorin", FINESS)
SURGEON = cda.Author("PENNANEC'H GAEL", "99999000047", "Centre hospitalier de Valmorin", FINESS)
LUNGS = cda.Author("KERAMBRUN ISIDORE", "99999000054", "Centre hospitalier de Valmorin", FINESS)
SERIES = "1.2.250.1.999.9.2"
"""The hospital's invented documents: .n for a series, .n.v for its version v."""

OTHER_JEANNE = "256113599301844"
"""A right matricule that no chart bears, for a person with the names, birth date and sex of T-0104."""

_XDM_COVER = "Bonjour,\n\nVeuillez trouver ci-joint un document de santé concernant votre patient.\n\n{organization}\n"


@dataclasses.dataclass(frozen=True, slots=True)
class _Calendar:
    now: dt.datetime

    def day(self, back: int) -> dt.date:
        return self.now.date() - dt.timedelta(days=back)


def _pages(heading: cda.Heading, words: tuple[str, ...]) -> bytes:
    """The document's pages, as the hospital prints them."""
    return demo_pdf.write(
        demo_pdf.Letter(
            institution=HOSPITAL.name,
            service=heading.author.organization,
            place=f"{HOSPITAL.town}, le {letters.french_date(heading.day)}",
            recipient=("Docteur Camille ARZUR", PRACTICE.name),
            patient_lines=(
                f"Patient : {heading.person.used_name or heading.person.birth_name} {heading.person.first_given_name.title()}",
                f"{'Née' if heading.person.sex == 'F' else 'Né'} le {heading.person.french_birth_date}",
            ),
            subject=heading.title,
            paragraphs=words,
            signature=(f"Dr {heading.author.name.title()}",),
        )
    )


def _report_words(chapters: tuple[cda.Chapter, ...]) -> tuple[str, ...]:
    lines = []
    for chapter in chapters:
        lines.append(chapter.title)
        for battery in chapter.batteries:
            for one in battery.measures:
                bounds = " à ".join(filter(None, (one.low, one.high)))
                reference = f" (référence : {bounds})" if bounds else ""
                lines.append(f"{one.label} : {one.value} {one.unit}{reference}".replace(".", ","))
    return tuple(lines)


def _subject(heading: cda.Heading) -> str:
    person = heading.person
    return f"XDM/1.0/DDM+{heading.title} {person.birth_name} {person.first_given_name} {person.french_birth_date}"


def _pdf_name(heading: cda.Heading) -> str:
    person = heading.person
    return f"{heading.day:%Y%m%d}_{heading.title.replace(' ', '-')}_{person.birth_name}_{person.first_given_name}.pdf".replace("'", "")


class _Sheet:
    """Collects the messages, in order."""

    def __init__(self, now: dt.datetime, first: int, moment: Callable[[int], dt.datetime]) -> None:
        self.posts: list[Post] = []
        self.calendar = _Calendar(now)
        self._first = first
        self._moment = moment

    def number(self) -> int:
        """Of the next message."""
        return self._first + len(self.posts)

    def add(
        self,
        what: str,
        sender: str,
        subject: str,
        person: Person,
        expected: Expected,
        attached: tuple[tuple[str, str, bytes], ...],
        to: str = DOCTOR,
        text: str = "",
        html: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        repeats: int | None = None,
        replaces: int | None = None,
    ) -> int:
        number = self.number()
        words = text or _XDM_COVER.format(organization=HOSPITAL.name)
        self.posts.append(
            Post(what, sender, to, subject, words, (expected,), (person,), self._moment(number), attached, repeats, replaces, html, headers)
        )
        return number

    def archive(
        self,
        what: str,
        heading: cda.Heading,
        document: bytes,
        expected: Expected,
        *,
        pdf: bytes | None = None,
        data: bytes | None = None,
        sender: str = LABORATORY.address,
        to: str = DOCTOR,
        repeats: int | None = None,
        replaces: int | None = None,
    ) -> int:
        """An XDM archive, with the same document in PDF beside it where it is given; `data`: another archive than the right one."""
        attached = [("IHE_XDM.zip", "application/zip", xdm.archive(heading, document) if data is None else data)]
        if pdf is not None:
            attached.append((_pdf_name(heading), "application/pdf", pdf))
        return self.add(
            what, sender, _subject(heading), heading.person, expected, tuple(attached), to=to, repeats=repeats, replaces=replaces
        )

    def heading(
        self, number: int, kind: cda.Kind, title: str, person: Person, author: cda.Author, back: int, **more: object
    ) -> cda.Heading:
        version = int(str(more.get("version", 1)))
        root = f"{SERIES}.{number}.{version}"
        return cda.Heading(kind, title, person, author, self.calendar.day(back), root, f"{SERIES}.{number}", **more)  # type: ignore[arg-type]

    def biology(
        self,
        what: str,
        number: int,
        person: Person,
        back: int,
        chapters: tuple[cda.Chapter, ...],
        expected: Expected,
        *,
        beside: bool = False,
        to: str = DOCTOR,
        replaces_message: int | None = None,
        **more: object,
    ) -> int:
        heading = self.heading(number, cda.BIOLOGY, "CR d'examens biologiques", person, BIOLOGIST, back, **more)
        pdf = _pages(heading, _report_words(chapters))
        document = cda.biology(heading, chapters, pdf)
        return self.archive(what, heading, document, expected, pdf=pdf if beside else None, to=to, replaces=replaces_message)


def posts(now: dt.datetime, first: int, moment: Callable[[int], dt.datetime]) -> list[Post]:
    """The messages from number `first` on; `moment` gives when the message of a number was written."""
    sheet = _Sheet(now, first, moment)
    _reports(sheet)
    _letters(sheet)
    _corrections(sheet)
    _doubts(sheet)
    _mails(sheet)
    return sheet.posts


def _reports(sheet: _Sheet) -> None:
    yvonne, robert, karim = patient("T-0101"), patient("T-0112"), patient("T-0108")
    sheet.biology(
        "Biologie en CDA et PDF",
        1,
        yvonne,
        40,
        reports.heart("3410", "133", "10.9", ("H", "L", "L")),
        Expected("filed", "T-0101"),
        beside=True,
    )
    sheet.biology("Contrôle en CDA", 2, yvonne, 9, reports.heart("2150", "138", "11.7", ("H", "N", "N")), Expected("filed", "T-0101"))
    sheet.biology("Fonction rénale", 3, robert, 190, reports.kidney("121", "50", "4.4", ("H", "L", "N")), Expected("filed", "T-0112"))
    sheet.biology("Fonction rénale", 4, robert, 95, reports.kidney("134", "44", "4.8", ("H", "L", "N")), Expected("filed", "T-0112"))
    sheet.biology("Fonction rénale", 5, robert, 31, reports.kidney("149", "39", "5.3", ("H", "L", "H")), Expected("filed", "T-0112"))
    sheet.biology("Urines et antibiogramme", 6, yvonne, 3, reports.URINE, Expected("filed", "T-0101"), to=SECRETARIAT)
    sheet.biology("Glycémie", 7, karim, 120, reports.sugar("7.4", "7.1", ("H", "H")), Expected("filed", "T-0108"))


def _letters(sheet: _Sheet) -> None:
    robert, sophie, jean, ghjulia = patient("T-0112"), patient("T-0106"), patient("T-0109"), patient("T-0110")
    discharge = sheet.heading(20, cda.DISCHARGE, "Lettre de liaison à la sortie", robert, CARDIOLOGIST, 12)
    written = cda.letter(discharge, reports.DISCHARGE_SECTIONS)
    words = tuple(words for section in reports.DISCHARGE_SECTIONS for words in (section.title, *section.paragraphs, *section.items))
    sheet.archive(
        "Lettre de liaison en CDA", discharge, written, Expected("filed", "T-0112"), pdf=_pages(discharge, words), sender=CARDIOLOGY.address
    )
    scan = sheet.heading(21, cda.IMAGING, "Scanner du genou droit", jean, SURGEON, 5)
    sheet.archive(
        "Scanner en CDA",
        scan,
        cda.letter(scan, reports.imaging(demo_picture.knee())),
        Expected("filed", "T-0109"),
        sender=ORTHOPAEDICS.address,
    )
    seen = sheet.heading(22, cda.CONSULTATION, "Consultation de cardiologie", sophie, CARDIOLOGIST, 4)
    pdf = _pages(seen, tuple(words for section in reports.CONSULTATION_SECTIONS for words in (section.title, *section.paragraphs)))
    consulted = sheet.archive(
        "Consultation, pages en CDA", seen, cda.pages(seen, pdf), Expected("filed", "T-0106"), pdf=pdf, sender=CARDIOLOGY.address
    )
    sheet.add(
        "Les mêmes pages, par une autre boîte",
        CARDIOLOGY.address,
        "Compte rendu",
        sophie,
        Expected("proposed", "T-0106"),
        (("compte_rendu.pdf", "application/pdf", pdf),),
        to=SECRETARIAT,
        text=letters.SERVICE_COVER,
        repeats=consulted,
    )
    ordered = sheet.heading(23, cda.PRESCRIPTION, "Ordonnance de sortie", ghjulia, LUNGS, 6)
    paper = _pages(ordered, ("Salbutamol 100 µg : deux bouffées en cas de gêne, quatre fois par jour au plus.", "Pour trois mois."))
    sheet.archive(
        "Ordonnance d'un service inconnu", ordered, cda.pages(ordered, paper), Expected("filed", "T-0110"), sender=PNEUMOLOGY.address
    )


def _corrections(sheet: _Sheet) -> None:
    karim, sophie = patient("T-0108"), patient("T-0106")
    wrong = sheet.biology("Bilan à corriger", 30, karim, 2, reports.sugar("17.8", "7.0", ("HH", "H")), Expected("filed", "T-0108"))
    sheet.biology(
        "Bilan corrigé",
        30,
        karim,
        2,
        reports.sugar("7.8", "7.0", ("H", "H"), "Annule et remplace le compte rendu précédent : erreur de saisie sur la glycémie."),
        Expected("filed", "T-0108"),
        version=2,
        replaces=f"{SERIES}.30.1",
        replaces_message=wrong,
    )
    newer = sheet.number()
    sheet.biology("TSH corrigée, arrivée avant", 31, sophie, 7, reports.thyroid("2.10", "N"), Expected("filed", "T-0106"), version=2,
                  replaces=f"{SERIES}.31.1", replaces_message=newer + 1)  # fmt: skip
    sheet.biology("TSH à corriger, arrivée après", 31, sophie, 7, reports.thyroid("21.0", "H"), Expected("filed", "T-0106"))


def _doubts(sheet: _Sheet) -> None:
    louise, robert = patient("T-0104"), patient("T-0112")
    thyroid = reports.thyroid("1.35", "N")
    sheet.biology("Une des deux homonymes, par son INS", 40, louise, 4, thyroid, Expected("filed", "T-0104"))
    sheet.biology("Mêmes traits, autre INS", 41, louise, 4, thyroid, Expected("blocked"), matricule=OTHER_JEANNE)
    sheet.biology("Homonyme sans INS", 42, louise, 3, thyroid, Expected("review", None, ("T-0104", "T-0105")), ins=False)
    malo = dataclasses.replace(patient("T-0103"), matricule=patient("T-0102").matricule)
    sheet.biology("L'INS du jumeau", 43, malo, 2, reports.thyroid("2.40", "N"), Expected("blocked"))
    sheet.biology("Une inconnue, en CDA", 44, STRANGER, 2, reports.sugar("5.1", "5.4", ("N", "N")), Expected("review"))
    heading = sheet.heading(45, cda.BIOLOGY, "CR d'examens biologiques", robert, BIOLOGIST, 1)
    document = cda.biology(heading, reports.kidney("150", "38", "5.0", ("H", "L", "N")), None)
    whole = xdm.archive(heading, document)
    sheet.archive("Archive coupée", heading, document, Expected("review"), data=whole[: len(whole) * 2 // 3])
    spoilt = xdm.archive(heading, document, sha1="0" * 40)
    sheet.archive("Empreinte fausse", heading, document, Expected("review"), data=spoilt)


def _mails(sheet: _Sheet) -> None:
    ines, karim = patient("T-0107"), patient("T-0108")
    lines = hprim.header(
        ines,
        code=f"V{ines.matricule[5:13]}",
        file_number="B26-11799",
        date=sheet.calendar.day(6),
        sender=("LBMVALM", "LABORATOIRE CH VALMORIN"),
        recipient=("ARZUR", "DR CAMILLE ARZUR"),
        layout=hprim.Layout(),
        nir="",
    )
    record = hprim.record(lines, "Streptocoque A, test rapide : négatif.", (), hprim.Layout())
    inner = EmailMessage(policy=SMTP)
    inner["From"] = f'"{LABORATORY.name}" <{LABORATORY.address}>'
    inner["To"] = PAEDIATRICS.address
    inner["Subject"] = "Résultats de biologie médicale"
    inner["Message-ID"] = f"<transfert-{sheet.calendar.day(6):%Y%m%d}@{HOSPITAL.domain}>"
    inner.set_content(letters.LABORATORY_COVER, charset="utf-8", cte="quoted-printable")
    inner.add_attachment(
        hprim.whole_file([record], hprim.Layout()).encode(), maintype="application", subtype="octet-stream", filename="B2611799.hpr"
    )
    inner.set_boundary("=_transfert")
    sheet.add(
        "Résultat transféré",
        PAEDIATRICS.address,
        "TR : Résultats de biologie médicale",
        ines,
        Expected("filed", "T-0107"),
        (("transfert.eml", "message/rfc822", inner.as_bytes()),),
        text=reports.FORWARDED,
    )
    sheet.add(
        "Lettre en HTML",
        CARDIOLOGY.address,
        "Consultation du jour",
        karim,
        Expected("proposed", "T-0108"),
        (),
        html=reports.WEB_PAGE,
    )
