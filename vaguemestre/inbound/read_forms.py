"""One document, once: which of the documents found in a message are forms of another (formats.md 3.2 and 9, case 19).

The PDF in the mail, the CDA and the PDF in it, level 1 with level 3 are one document; its main form is the one that says most, the others
point to it. Pure: it looks at what was read, and only ever joins; what is left alone is a document of its own.

A form is shown behind its main one, so a join may hide nothing: two CDA are joined when one of them has nothing but pages or both say the
same, and a PDF beside a CDA when the message says that it is its copy and neither names nor words of it say otherwise. A report in
several formats is one where its figures are (`one_report`). Joins are made in the order of the functions in `forms`, the surest first.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from vaguemestre.domain.person import solid
from vaguemestre.domain.reading import Document, StatedPatient
from vaguemestre.inbound import one_report
from vaguemestre.inbound.read_identities import disagree, same_given_name, same_person

_CDA = ("cda-n3", "cda-n1")
_RANKS = {"cda-n3": 0, "cda-n1": 1, "hprim-medecin": 2, "pdf": 4, "image": 5, "text": 6, "html": 6}
_OTHER_RANK = 3
_RECORD = re.compile(r"#[0-9]{1,6}\Z")
_DATED_NAME = re.compile(r"[0-9]{8}_.+\.pdf\Z", re.IGNORECASE | re.DOTALL)
"""AAAAMMJJ_<libellé>_<NOM>_<PRENOM>.pdf, the name of the copy in the MSSanté envelope."""
_NAMED_PARTS = 4
_ENVELOPE = re.compile(r"(?:\[[^\]]{0,200}\]\s{0,5}){0,4}XDM/1\.0/DDM\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]{4,40}|[0-9]{2,3}")
_FEW_WORDS = 12
_REACH = 100_000
_MOST_REPORTS = 40
"""Reports of one message that are held against each other."""
_SAME_PAGES, _SAME_NARRATIVE = 0.75, 0.5
"""Of the words of the shorter text, the share that both must have: of two PDF of one letter, of a PDF and a narrative."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """One document and where it stood. `mail`: the number of the mail that holds it, a forwarded one having its own; `subject`: that
    mail's; `inside`: the index of the CDA in whose bytes it is; `archived`: from an archive; `patient`: whom its metadata name; `kind`: as
    recognised."""

    document: Document
    mail: int = 0
    subject: str = ""
    inside: int | None = None
    archived: bool = False
    patient: StatedPatient | None = None
    kind: str = ""

    def __repr__(self) -> str:
        return f"Piece({self.document!r})"

    @property
    def is_cda(self) -> bool:
        return self.document.format in _CDA and self.document.understood

    @property
    def beside(self) -> bool:
        """Whether it is an attachment by itself."""
        return self.inside is None and not self.archived

    @property
    def record(self) -> str:
        """The mark of one record of several in a file, or ""."""
        path = self.document.path
        return path[-1] if path and _RECORD.match(path[-1]) else ""


def forms(pieces: Sequence[Piece]) -> tuple[int | None, ...]:
    """For each document the index of the main form of which it is another form, None for a main form."""
    if len(pieces) < 2:
        return (None,) * len(pieces)
    groups = _Groups(pieces)
    for place, piece in enumerate(pieces):
        if piece.inside is not None:
            groups.join(piece.inside, place)
    _cda_of_one_document(groups)
    _same_bytes(groups)
    _copies_of_the_envelope(groups)
    _reports_in_several_formats(groups)
    _pages_of_reports(groups)
    return groups.mains()


class _Groups:
    """The documents in groups, each known by one member."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self._above = list(range(len(pieces)))
        self._members = [[place] for place in range(len(pieces))]
        self.pages: list[frozenset[str]] = [frozenset()] * len(pieces)
        """Of each CDA, the digests of its renderings."""
        for piece in pieces:
            if piece.inside is not None and piece.document.rendering:
                self.pages[piece.inside] |= {piece.document.sha256}

    def of(self, place: int) -> int:
        while self._above[place] != place:
            place = self._above[place]
        return place

    def members(self, place: int) -> list[int]:
        return self._members[self.of(place)]

    def join(self, one: int, other: int) -> None:
        """Makes one group of two, unless a CDA of one and a CDA of the other are two documents."""
        mine, its = self.of(one), self.of(other)
        if mine == its:
            return
        pairs = ((a, b) for a in self._cda(mine) for b in self._cda(its))
        if all(_one_document(self, a, b) for a, b in pairs):
            self._above[its] = mine
            self._members[mine] += self._members[its]

    def _cda(self, place: int) -> list[int]:
        return [member for member in self.members(place) if self.pieces[member].is_cda]

    def mains(self) -> tuple[int | None, ...]:
        main = {root: self.main(root) for root in self.roots()}
        found = [main[self.of(place)] for place in range(len(self.pieces))]
        return tuple(None if at == place else at for place, at in enumerate(found))

    def roots(self) -> list[int]:
        """One member of each group."""
        return sorted({self.of(place) for place in range(len(self.pieces))})

    def main(self, place: int) -> int:
        """The member that says most."""
        return min(self.members(place), key=self.order)

    def order(self, place: int) -> tuple[bool, bool, int, bool, int]:
        """Results as data stand before pages, those that came with them included."""
        piece = self.pieces[place]
        document = piece.document
        says_little = not document.results and document.format != "cda-n3"
        rank = _RANKS.get(document.format, _OTHER_RANK)
        return not document.understood, says_little, rank, piece.inside is not None, place


def _one_document(groups: _Groups, one: int, other: int) -> bool:
    """Whether two CDA are one document: the same bytes; or one person, one id, edition or pages, and nothing that only one of them says
    but for the pages of a level 1."""
    mine, its = groups.pieces[one].document, groups.pieces[other].document
    if mine.sha256 == its.sha256:
        return True
    of_one_set = bool(mine.set_id) and mine.set_id == its.set_id
    if (of_one_set and mine.version != its.version) or not same_person(mine.patient, its.patient):
        return False
    if not same_given_name(mine.patient, its.patient):
        return False
    same_id = bool(mine.id) and mine.id == its.id
    same_edition = of_one_set and mine.version is not None
    if not same_id and not same_edition and groups.pages[one].isdisjoint(groups.pages[other]):
        return False
    same_words = (mine.results, mine.text) == (its.results, its.text) and groups.pages[one] == groups.pages[other]
    return mine.format != its.format or same_words


def _cda_of_one_document(groups: _Groups) -> None:
    found = [place for place, piece in enumerate(groups.pieces) if piece.is_cda]
    for rank, one in enumerate(found):
        for other in found[:rank]:
            if _one_document(groups, other, one):
                groups.join(other, one)


def _same_bytes(groups: _Groups) -> None:
    """The same bytes are the same document, but a leaflet that two CDA embed makes no one document of them, and is then nobody's copy."""
    same: dict[tuple[str, str], list[int]] = {}
    for place, piece in enumerate(groups.pieces):
        same.setdefault((piece.document.sha256, piece.record), []).append(place)
    for places in same.values():
        free = [place for place in places if groups.pieces[place].inside is None]
        held = [place for place in places if groups.pieces[place].inside is not None]
        for place in free[1:]:
            groups.join(free[0], place)
        pages = [place for place in held if groups.pieces[place].document.rendering]
        if free and len({groups.of(place) for place in pages or held}) == 1:
            groups.join((pages or held)[0], free[0])


def _copies_of_the_envelope(groups: _Groups) -> None:
    """A mail of MSSanté holds an XDM archive and the PDF of its document (formats.md 3.2)."""
    pieces = groups.pieces
    for mail in {piece.mail for piece in pieces}:
        here = [place for place, piece in enumerate(pieces) if piece.mail == mail]
        sent = {groups.of(place) for place in here if pieces[place].is_cda or pieces[place].archived}
        beside = [place for place in here if pieces[place].beside and pieces[place].document.format == "pdf"]
        if len(sent) != 1 or not beside:
            continue
        (document,) = sent
        if any(groups.of(place) == document for place in beside):
            continue  # the copy is there, any other PDF is another letter
        dated = [place for place in beside if _DATED_NAME.match(pieces[place].document.path[-1])]
        announced = _ENVELOPE.match(pieces[here[0]].subject.strip()) is not None
        copies = dated or (beside if announced else [])
        if len(copies) == 1 and _may_be_a_copy(groups, copies[0], document):
            groups.join(document, copies[0])


def _reports_in_several_formats(groups: _Groups) -> None:
    """What a laboratory sends as HPRIM, as HL7 v2 and as CDA. One that could be two of a format is nobody's form."""
    families = {root: one_report.family(groups.pieces[groups.main(root)].document) for root in groups.roots()}
    reports = [root for root, family in families.items() if family]
    if len(reports) > _MOST_REPORTS:
        return
    pairs = [(one, other) for rank, one in enumerate(reports) for other in reports[:rank] if _one_report(groups, one, other)]
    partners = Counter((mine, families[its]) for pair in pairs for mine, its in (pair, pair[::-1]))
    for one, other in pairs:
        if partners[one, families[other]] == 1 == partners[other, families[one]]:
            groups.join(one, other)


def _one_report(groups: _Groups, one: int, other: int) -> bool:
    main, form = sorted((groups.main(one), groups.main(other)), key=groups.order)
    pages = {
        place: [p.document.text for p in map(groups.pieces.__getitem__, groups.members(place)) if _is_pages(p)] for place in (main, form)
    }
    return one_report.folds(groups.pieces[form].document, groups.pieces[main].document, pages[form], [*pages[main], *pages[form]])


def _is_pages(piece: Piece) -> bool:
    return piece.document.format == "pdf" and piece.document.understood


def _pages_of_reports(groups: _Groups) -> None:
    """The PDF that a laboratory sends beside its HPRIM or HL7 v2 file, known by its words and figures alone: nothing announces it."""
    pieces = groups.pieces
    loose = [place for place, piece in enumerate(pieces) if piece.beside and _is_pages(piece) and len(groups.members(place)) == 1]
    if not loose or len(loose) > _MOST_REPORTS:
        return
    reports = [root for root in groups.roots() if _lacks_pages(groups, root)]
    fits = [(pdf, report) for report in reports[:_MOST_REPORTS] for pdf in loose if _bears_report(groups, pdf, report)]
    for pdf, report in fits:
        if sum(pdf == one for one, _ in fits) == 1 == sum(report == one for _, one in fits):
            groups.join(report, pdf)


def _lacks_pages(groups: _Groups, root: int) -> bool:
    """Whether it is a report in which no CDA and no pages are."""
    members = [groups.pieces[place] for place in groups.members(root)]
    families = {one_report.family(one.document) for one in members}
    return families != {""} and "cda" not in families and not any(map(_is_pages, members))


def _bears_report(groups: _Groups, pdf: int, report: int) -> bool:
    main = groups.pieces[groups.main(report)]
    copy = groups.pieces[pdf]
    if copy.mail != main.mail or main.document.patient is None or disagree(copy.document.patient, main.document.patient):
        return False
    stated = [main.document.patient]
    if _names_another(copy.document.path[-1], stated) or not _bears_a_name(copy.document.text, stated):
        return False
    return one_report.bears_all(copy.document, main.document)


def _may_be_a_copy(groups: _Groups, copy: int, document: int) -> bool:
    """Whether nothing says that a PDF is of another person, or other words, than the document."""
    pdf = groups.pieces[copy].document
    members = [groups.pieces[place] for place in groups.members(document)]
    stated = [patient for member in members for patient in (member.document.patient, member.patient) if patient is not None]
    if not pdf.understood or any(disagree(pdf.patient, one) for one in stated) or _names_another(pdf.path[-1], stated):
        return False
    pages = [member.document.text for member in members if member.document.rendering]
    if pages:
        # it has pages of its own, and these are others: only their words can tell that they are the same
        return any(_alike(pdf.text, text, _SAME_PAGES) for text in pages)
    narratives = [member.document.text for member in members if len(_words(member.document.text)) >= _FEW_WORDS]
    if len(_words(pdf.text)) < _FEW_WORDS:
        return True
    if not narratives:
        # a whole letter beside a document of few words: no words can tell that it is the same, its patient's name must
        return _bears_a_name(pdf.text, stated)
    return any(_alike(pdf.text, text, _SAME_NARRATIVE) for text in narratives)


def _names_another(name: str, stated: Iterable[StatedPatient]) -> bool:
    """Whether a file name that bears a patient's names bears none of this patient's."""
    names = {solid(n) for one in stated for n in (one.birth_name, one.used_name, *one.names_unqualified) if n} - {""}
    if not names or not _DATED_NAME.match(name) or name.count("_") < _NAMED_PARTS - 1:
        return False
    told = solid(name.replace("_", " "))
    return not any(one in told for one in names)


def _bears_a_name(text: str, stated: Iterable[StatedPatient]) -> bool:
    """Whether a text holds a family name of the patient, however it is cut into lines; with no name to look for it might."""
    names = {solid(n) for one in stated for n in (one.birth_name, one.used_name, *one.names_unqualified) if n} - {""}
    told = solid(text[:_REACH])
    return not names or any(one in told for one in names)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text[:100_000].casefold()))


def _alike(one: str, other: str, share: float) -> bool:
    mine, its = _words(one), _words(other)
    least = min(len(mine), len(its))
    return least >= _FEW_WORDS and len(mine & its) >= share * least
