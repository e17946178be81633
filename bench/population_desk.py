"""A desk that writes documents of one world: which people are at hand, and a file of any format that tells what it is given."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable

from bench import population_fhir as fhir
from bench import population_hl7v2 as hl7v2
from bench import population_sante as sante
from bench.population import Person
from bench.population_cda import BODIES, DOCUMENTS, HABITS, MISDECLARED, SPARING, Habit, cda
from bench.population_envelopes import ENVELOPES, archive, forwarded, mail, pdf, words
from bench.population_hprim import LAYOUTS, Layout, hprim, several
from bench.population_letters import LETTERS, letter
from bench.population_told import Told, told
from bench.population_world import World
from vaguemestre.domain import person as rules

GUESSED = (Layout(accents=True), Layout(encoding="cp850", accents=True), Layout(encoding="mac_roman", accents=True))
"""Layouts in which accented names can only be guessed."""
NUMBERED = tuple(layout for layout in LAYOUTS if layout.nir != "none")


FORMS = ("hprim", "cda", "sante", "oru", "mdm", "fhir")
"""What a desk writes in fields: HPRIM Médecin, CDA, HPRIM Santé, HL7 v2 of results and of a CDA, FHIR."""
WITH_INS = FORMS[1:]
"""Those that have a place for an INS."""
_SENT_AS = {
    "sante": ("resultats.hpr", "application/octet-stream"),
    "oru": ("resultats.hl7", "application/octet-stream"),
    "mdm": ("document.hl7", "x-application/hl7-v2+er7"),
    "fhir-json": ("resultats.json", "application/fhir+json"),
    "fhir-xml": ("resultats.xml", "application/fhir+xml"),
}


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Paper:
    """The bytes of one file and its name. `form`: "hprim", "sante", "oru", "mdm", "fhir" (results), "fhir-pages", a body of BODIES, one of
    LETTERS, "words" or "pdf"; `envelope`: one of ENVELOPES; `record`: which record of a file of several is meant, from 1, else 0."""

    data: bytes
    name: str
    form: str
    envelope: str
    record: int = 0

    def __repr__(self) -> str:
        return f"<Paper {self.form} by {self.envelope}>"

    @property
    def structured(self) -> bool:
        """Whether it is a CDA, and no other format around it."""
        return self.form in BODIES

    @property
    def family(self) -> str:
        """The format, as the figures are told by: one of FORMS but for "mdm", which is of "hl7v2" as "oru" is, or "prose"."""
        told = {"oru": "hl7v2", "mdm": "hl7v2", "fhir-pages": "fhir"}.get(self.form, self.form)
        return "cda" if self.structured else told if told in {"hprim", "sante", "hl7v2", "fhir"} else "prose"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Written:
    """One document of known truth.

    `kind` names what makes it easy or hard; `owner`: the row reference of the only chart into which it may be filed, "" for none; `owed`:
    "filed" (by itself), "person", or "" where formats.md 6.5 leaves it open; `known`: the practice knows the sender; `code_of`: the chart
    for which the sender used the document's patient code before; `group`: "A" (qualified INS), "clean" (known sender, nothing amiss),
    "hard" or "stranger"."""

    group: str
    kind: str
    owner: str
    owed: str
    paper: Paper
    known: bool = True
    profile: str = "demo"
    code_of: str = ""

    def __repr__(self) -> str:
        return f"<Written {self.group} {self.kind} {self.paper!r}>"


class Desk:
    """Writes documents of one world, the same ones for a seed. `size`: about how many bytes an HPRIM file has."""

    def __init__(self, of: World, seed: int, size: int = 1_500) -> None:
        self.world = of
        self.rng = random.Random(seed)
        self.size = size
        self.by_ref = {p.ref: p for p in of.charts}
        self._pools: dict[str, list[Person]] = {}

    def some(self, pool: str, among: Callable[[], list[Person]]) -> Person:
        """One of those at hand, gathered once under the name of the pool."""
        if pool not in self._pools:
            self._pools[pool] = among()
        return self.rng.choice(self._pools[pool])

    def alone(self) -> Person:
        """Somebody whom nobody else in the practice resembles."""
        return self.some("alone", lambda: self.world.alone)

    def alone_with(self, trait: str, has: Callable[[Person], object]) -> Person:
        return self.some(f"alone {trait}", lambda: [p for p in self.world.alone if has(p)])

    def chart(self) -> Person:
        return self.some("charts", lambda: list(self.world.charts))

    def of_kind(self, *kinds: str) -> Person:
        return self.some(" ".join(kinds), lambda: [p for p in self.world.of(*kinds) if not p.flags])

    def stranger(self) -> Person:
        """Nobody's, and told from every chart by a given name or a birth date."""
        return self.some("strangers", lambda: [p for p in self.world.strangers if p.kind != "stranger-homonym"])

    def guarded(self, p: Person, says: Told) -> Told:
        """With the parent beside the child, who has a chart too."""
        parent = self.by_ref.get(p.kin) if p.kind == "child" else None
        return says.changed(guardian=(parent.birth_name, parent.first_given_name)) if parent is not None else says

    # What it is written as.

    def write(self, form: str, says: Told, *, apart: bool = False, guessed: bool = False, cut: bool = False) -> Paper:
        """A document without INS, as one of FORMS. `apart`: with what tells two people of one name, given name and birth date apart where
        it is known, the NIR in HPRIM, the birth place elsewhere; `guessed`: in an encoding that it does not tell; `cut`: its end mark, or
        its message's, never came."""
        if form == "hprim":
            layouts = GUESSED if guessed else NUMBERED if apart else ()
            layout = LAYOUTS[0] if cut else self.rng.choice(layouts) if layouts else None
            return self.hprim(says, layout, cut)
        if form == "cda":
            habits = [habit for habit in (*HABITS, *SPARING) if habit.place or not apart]
            habit = MISDECLARED if guessed else self.rng.choice(habits)
            return self.cda(says, habit, envelope="mail" if cut else "", cut=cut)
        return self.message(form, (says,), sparing=True, apart=apart, guessed=guessed, cut=cut)

    def message(
        self,
        form: str,
        patients: tuple[Told, ...],
        *,
        sparing: bool = False,
        apart: bool = False,
        guessed: bool = False,
        cut: bool = False,
        around: Told | None = None,
        pages: Told | None = None,
        wrong: str = "",
    ) -> Paper:
        """As "sante", "oru", "mdm" or "fhir". `patients`: of whom it is, several where nothing tells who is meant; `sparing`: it may leave
        out what rule E does not ask for; `around`: whom the PID of an MDM names, `pages`: whom the words of the PDF in it name, where it is
        somebody else; `wrong`: what it lies about ("hash", "size")."""
        rng, says = self.rng, patients[0]
        if form == "sante":
            writing = sante.GUESSED if guessed else rng.choice(sante.WRITINGS if sparing else sante.NUMBERED)
            return self._sent(sante.sante(patients, rng, writing, cut=cut), form, "sante", cut and "file")
        if form == "fhir":
            makings = fhir.TELLING if apart else (*fhir.MAKINGS, *fhir.SPARING) if sparing else fhir.MAKINGS
            making = fhir.MISDECLARED if guessed else rng.choice(makings)
            kind = "fhir-xml" if making.xml else "fhir-json"
            if len(patients) == 1 and (pages is not None or wrong or rng.random() < 0.5):
                named = pages or (says if rng.random() < 0.7 else None)
                data = fhir.reference(says, pdf(words(named, rng)), rng, making, wrong)
                return self._sent(data, "fhir-pages", kind, cut and "mail")
            return self._sent(fhir.results(patients, rng, making), form, kind, cut and "mail")
        sendings = hl7v2.TELLING if apart else (*hl7v2.SENDINGS, *hl7v2.SPARING) if sparing else hl7v2.SENDINGS
        sending = hl7v2.MISDECLARED if guessed else rng.choice(sendings)
        if form == "oru":
            copy = pdf(words(pages or (says if rng.random() < 0.7 else None), rng)) if pages is not None or rng.random() < 0.3 else b""
            return self._sent(hl7v2.oru(patients, rng, sending, copy), form, form, cut and "mail")
        number = rng.randrange(10**15)
        inner = [habit for habit in HABITS if habit.place or not apart]
        body = "pages" if pages is not None else rng.choice(BODIES)
        copy = pdf(words(pages or says, rng)) if body == "pages" else b""
        content = cda(patients, MISDECLARED if guessed else rng.choice(inner), body, number, rng, copy)
        data = hl7v2.mdm(around or says, content, f"{DOCUMENTS}.{number}", rng, sending)
        return self._sent(data, form, form, cut and "mail")

    def _sent(self, data: bytes, form: str, kind: str, envelope: str | bool = "") -> Paper:
        """As a file, attached to a mail, or in a mail sent on. A mail that must be one (`envelope`) is cut."""
        name, media_type = _SENT_AS[kind]
        way = envelope or self.rng.choices(("file", "mail", "forwarded"), (11, 6, 1))[0]
        if way == "file":
            return Paper(data, name, form, "file")
        message = mail([(name, media_type, data)], self.rng, "Resultats", cut=envelope == "mail")
        return Paper(forwarded(message, self.rng) if way == "forwarded" else message, "message.eml", form, str(way))

    def bearing(self, says: Told, habit: Habit | None = None, *, guessed: bool = False) -> Paper:
        """A document that states an INS, in any of the formats that have a place for one; `habit`: as a CDA, written so."""
        form = "cda" if habit is not None else self.rng.choices(WITH_INS, (5, 1, 1, 1, 1))[0]
        if form == "cda":
            return self.cda(says, MISDECLARED if guessed else habit)
        return self.message(form, (says,), guessed=guessed)

    def records(self, says: Told, others: tuple[Told, ...]) -> Paper:
        """An HPRIM Médecin file of several people, each record closed by its own mark."""
        rank = self.rng.randrange(len(others) + 1)
        told = [*others[:rank], says, *others[rank:]]
        layout = self.rng.choice((LAYOUTS[0], LAYOUTS[1], LAYOUTS[9]))
        made = [hprim(_Subject(one), 900, self.rng, layout, one.first_given_name, one.local_code) for one in told]
        return dataclasses.replace(self._sent(several(made), "hprim", "sante"), record=rank + 1)

    def hprim(self, says: Told, layout: Layout | None = None, cut: bool = False) -> Paper:
        data = hprim(_Subject(says), self.size, self.rng, layout, says.first_given_name or " ".join(says.given_names), says.local_code)
        if cut:
            data = data.split(b"****")[0]
        elif self.rng.random() < 0.1:
            return Paper(mail([("resultats.hpr", "application/octet-stream", data)], self.rng), "message.eml", "hprim", "mail")
        return Paper(data, "resultats.hpr", "hprim", "file")

    def cda(
        self,
        says: Told,
        habit: Habit | None = None,
        *,
        envelope: str = "",
        beside: tuple[Told, ...] = (),
        metadata: Told | None = None,
        pages: Told | None = None,
        wrong: str = "",
        cut: bool = False,
    ) -> Paper:
        """A CDA. `beside`: other patients that it names; `metadata`, `pages`: whom the archive's metadata or the words of the PDF name,
        where it is somebody else; `wrong`: what the metadata lie about."""
        rng = self.rng
        envelope = envelope or rng.choices(ENVELOPES, (11, 4, 3, 2, 1))[0]
        body = rng.choices(BODIES, (6, 3, 6, 5))[0] if pages is None else rng.choice(("pages", "biology"))
        number = rng.randrange(10**15)
        copy = b""
        if body == "pages" or pages is not None or (body == "biology" and rng.random() < 0.3):
            named = pages or (says if rng.random() < 0.7 else None)
            copy = pdf(words(named, rng))
        habit = habit or rng.choice(HABITS)
        data = cda((says, *beside), habit, body, number, rng, copy)
        if envelope == "file":
            return Paper(data, "lettre.xml", body, envelope)
        attached = [("lettre.xml", "text/xml", data)]
        subject = "Compte rendu"
        if envelope in {"xdm", "mail-xdm"}:
            packed = archive(data, f"{DOCUMENTS}^{number}", metadata or _as_written(says, habit), rng, wrong)
            if envelope == "xdm":
                return Paper(packed, "IHE_XDM.ZIP", body, envelope)
            attached = [("IHE_XDM.ZIP", "application/zip", packed)]
            attached += [(_copy_name(says), "application/pdf", copy)] if copy else []
            subject = "XDM/1.0/DDM+Compte rendu"
        message = mail(attached, rng, subject, cut)
        return Paper(forwarded(message, rng) if envelope == "forwarded" else message, "message.eml", body, envelope)

    def prose(self, says: Told) -> Paper:
        """A letter that names its patient in running text only: a PDF, a text file, office software's, alone or in a mail."""
        lines = words(says, self.rng)
        shape = self.rng.randrange(6)
        if shape >= 3:
            form = self.rng.choice(LETTERS)
            name, media_type, data = letter(form, lines, self.rng)
            if shape == 3:
                return Paper(data, name, form, "file")
            return Paper(mail([(name, media_type, data)], self.rng), "message.eml", form, "mail")
        if shape == 0:
            return Paper(pdf(lines), "lettre.pdf", "pdf", "file")
        text = "\r\n".join(lines).encode()
        if shape == 1:
            return Paper(text, "lettre.txt", "words", "file")
        return Paper(mail([("lettre.pdf", "application/pdf", pdf(lines))], self.rng), "message.eml", "pdf", "mail")

    # What its truth is.

    def owed(self, group: str, kind: str, p: Person, paper: Paper, owed: str = "", **more: object) -> Written:
        """Of somebody who has a chart; by default, filed where the group says so, and left to a person otherwise."""
        owed = owed or ("filed" if group in {"A", "clean"} else "person")
        return Written(group, kind, p.ref, "" if owed == "open" else owed, paper, **more)  # type: ignore[arg-type]

    def nobodys(self, kind: str, paper: Paper, **more: object) -> Written:
        """Any filing is a wrong one."""
        return Written("stranger", kind, "", "person", paper, **more)  # type: ignore[arg-type]

    def says(self, p: Person, **changed: object) -> Told:
        """What a document without INS may tell of them: all, or not the used name, or the first given name alone."""
        full = told(p, **changed)
        shape = self.rng.randrange(4)
        if shape == 0 and p.used_name:
            full = full.changed(used_name="")
        elif shape == 1:
            full = full.changed(given_names=full.given_names[:1])
        return self.guarded(p, full)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Subject:
    """`population_hprim.Subject`, of what is told."""

    says: Told

    @property
    def family_name(self) -> str:
        return self.says.family_name

    @property
    def first_given_name(self) -> str:
        return self.says.first_given_name

    @property
    def birth_date(self) -> str:
        return self.says.birth_date

    @property
    def nir(self) -> str:
        return self.says.nir

    @property
    def local_code(self) -> str:
        return self.says.local_code


def _as_written(says: Told, habit: Habit) -> Told:
    """What a piece of software that leaves a kind of name out of its header can put into its metadata."""
    if habit.families == "plain":
        says = says.changed(family=says.family_name, birth_name="", used_name="")
    return says if habit.sex else says.changed(sex="")


def _copy_name(says: Told) -> str:
    """AAAAMMJJ_<libellé>_<NOM>_<PRENOM>.pdf"""
    plain = [rules.comparison(name).replace(" ", "-") for name in (says.birth_name or says.family_name, says.first_given_name)]
    return f"{dt.date(2026, 5, 4):%Y%m%d}_CR_{'_'.join(plain)}.pdf"
