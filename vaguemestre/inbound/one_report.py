"""Whether two documents of different formats are one report: what a laboratory sends as HPRIM, HL7 v2 and CDA (formats.md 9, case 19).

No format names the other's identifiers, so that only what they say can tell: the same person, of one week, the same figures. Pure. Both
uses hold it against hiding anything: a form folded behind another in one message (`folds`), a repeat that comes by another way
(`figures_key`, `repeats`), whose results the chart's histories hold once.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from vaguemestre.domain import units
from vaguemestre.domain.person import known_birth_date, solid
from vaguemestre.domain.reading import NO_VALUE, TAKEN_BACK, Document, Result, StatedPatient
from vaguemestre.inbound.notify import gravest
from vaguemestre.inbound.read_identities import same_given_name, same_person

FAMILIES = {
    "cda-n3": "cda",
    "cda-n1": "cda",
    "hprim-medecin": "hprim-medecin",
    "hprim-sante": "hprim-sante",
    "hl7v2": "hl7v2",
    "fhir": "fhir",
}
"""Formats of reports; two of one family that differ are two editions, which no figures make one."""
FEW_FIGURES = 3
"""Different numbers with their units that two reports must share to be one, where their days are not told."""
KEY_FIGURES = 4
"""The same, across messages."""
DAYS = 7
"""Between the day of a file and that of the report in it."""
MOST_FIGURES = 2_000
_LETTER = 30
"""Words that a letter without figures must have to be known again by them."""
_SAME_LETTER, _SAME_REPORT = 0.75, 0.5
_WORD = re.compile(r"[^\W_]{4,40}|[0-9]{2,3}")
_NUMBER = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,8})?")
_SIMPLE = re.compile(r"(?:0|[1-9][0-9]{0,20})(?:\.[0-9]{1,20})?", re.ASCII)
_ADJUSTED = 200
_FEW_WORDS = 12
_REACH = 200_000

_IN_WORDS = "words"

Figure = tuple[str, str, str]
"""Comparator, number and unit, as compared; of a result in words `_IN_WORDS`, these, and ""."""


def family(document: Document) -> str:
    """The family of formats of a report, "" where the document is none."""
    return FAMILIES.get(document.format, "") if document.understood else ""


def _plain(number: str, power: int = 0) -> str:
    """A decimal times a power of ten, without the zeros that only writing adds: 4.50 and 4,5 are one."""
    if not power and _SIMPLE.fullmatch(number):
        return number.rstrip("0").rstrip(".") if "." in number else number
    try:
        told = Decimal(number.replace(",", "."))
    except InvalidOperation:
        return number
    return format(told.scaleb(power).normalize(), "f") if told.is_finite() and abs(told.adjusted()) < _ADJUSTED else number


@functools.lru_cache(maxsize=1024)
def _base(unit: str) -> tuple[int, str]:
    """The power of ten to the base of a unit's dimension, and that dimension, where the unit is sure; else the unit as written."""
    sure = units.read(unit) if unit else None
    return (sure.power, repr(sure.dimension)) if sure is not None else (0, unit.strip())


def _measure(number: str, unit: str) -> tuple[str, str]:
    power, base = _base(unit)
    return _plain(number, power), base


def _standing(document: Document) -> list[Result]:
    """The results that say something, those taken back or not done left out."""
    return [one for one in document.results[:MOST_FIGURES] if one.status not in NO_VALUE and (one.value or one.number)]


def _figure(result: Result) -> Figure:
    if result.number is None:
        return _IN_WORDS, solid(result.value or ""), ""
    return (result.comparator or "", *_measure(result.number, result.unit or ""))


def _figures(result: Result) -> set[Figure]:
    """A result in its unit, and in the second one that its document gives."""
    second = result.alternative
    if second is None or not second.number or not second.unit:
        return {_figure(result)}
    return {_figure(result), (result.comparator or "", *_measure(second.number, second.unit))}


def _near(one: Document, other: Document) -> bool | None:
    """Whether two documents are of one week; None where a day is not told."""
    days = []
    for document in (one, other):
        try:
            days.append(dt.date.fromisoformat((document.date or "")[:10]))
        except ValueError:
            return None
    return abs((days[0] - days[1]).days) <= DAYS


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text[:_REACH].casefold())}


def _numbers(texts: Iterable[str]) -> set[str]:
    return {_plain(number) for text in texts for number in _NUMBER.findall(text[:_REACH])}


def _of_one_person(one: Document, other: Document) -> bool:
    mine, its = one.patient, other.patient
    return same_person(mine, its) and same_given_name(mine, its)


def _hides_a_mark(form: Document, main: Document) -> bool:
    """Whether the form calls a value graver, or takes one back, where the main document does not."""
    flags = [one.flag for one in main.results]
    if gravest([*flags, *(one.flag for one in form.results)]) != gravest(flags):
        return True
    return any(one.status in TAKEN_BACK for one in form.results) != any(one.status in TAKEN_BACK for one in main.results)


def folds(form: Document, main: Document, pages_of_form: Iterable[str], pages_shown: Iterable[str]) -> bool:
    """Whether a report is another form of `main` and says nothing that this one, or pages shown with it, does not say.

    `main` is the one of the two that bears results, if any does. `pages_of_form`: the text of the pages that came within the form;
    `pages_shown`: of all the pages that are shown with both."""
    near = _near(form, main)
    if family(form) == family(main) or near is False or not _of_one_person(form, main) or _hides_a_mark(form, main):
        return False
    shown = _words([main.text, *pages_shown, *(f"{one.label} {one.value} {one.comment or ''}" for one in main.results)])
    words = _words([form.text])
    if len(words) >= _FEW_WORDS and len(words & shown) < _SAME_REPORT * len(words):
        return False
    mine, its = _standing(form), _standing(main)
    if mine:
        return bool(its) and _says_no_more(mine, its, [main.text, *pages_shown], near)
    if its:
        numbers = {_plain(one.number) for one in its if one.number is not None}
        return len(numbers) >= FEW_FIGURES and numbers <= _numbers([form.text, *pages_of_form])
    letter, other = _words([form.text, *pages_of_form]), _words([main.text, *pages_shown])
    least = min(len(letter), len(other))
    return least >= _LETTER and len(letter & other) >= _SAME_LETTER * least


def _says_no_more(mine: list[Result], its: list[Result], texts: Iterable[str], near: bool | None) -> bool:
    """Whether all results of the one are among the other's, in words perhaps, and enough of them to know it is the same report."""
    known = set().union(*map(_figures, its))
    told = solid(" ".join(texts)[:_REACH])
    for one in mine:
        in_words = one.number is None and solid(one.value or "") in told
        if not in_words and known.isdisjoint(_figures(one)):
            return False
    shared = {_figure(one) for one in mine if one.number is not None}
    if len(shared) >= FEW_FIGURES:
        return True
    return near is True and bool(shared) and sorted(map(_figure, mine)) == sorted(map(_figure, its))


def bears_all(pages: Document, report: Document) -> bool:
    """Whether a document of pages says all that a report says: its numbers, and its words as far as two layouts share them."""
    numbers = {_plain(one.number) for one in _standing(report) if one.number is not None}
    if not numbers <= _numbers([pages.text]):
        return False
    words, its = _words([report.text]), _words([pages.text])
    if len(words) >= _FEW_WORDS and len(words & its) < _SAME_LETTER * len(words):
        return False
    return len(numbers) >= FEW_FIGURES or len(words & its) >= _LETTER


def repeats(document: Document, form: str, day: str, stated: StatedPatient | None) -> bool:
    """Whether a report of the same `figures_key` is the one that came before, of this format and day, in another format; what disagrees
    with it, or is of another week, is not."""
    its = FAMILIES.get(form, "")
    other = Document(form, (), "", date=day, patient=stated)
    return bool(its) and its != family(document) and _near(document, other) is True and _of_one_person(document, other)


def figures_key(document: Document) -> str:
    """The digest of all that a report's results say and of its patient's birth date, by which the same report is looked for among those
    that came by other ways in other formats; "" where it says too little to be known by."""
    patient = document.patient
    if not family(document) or patient is None or not patient.from_fields:
        return ""
    born = known_birth_date(patient.birth_date or "")
    figures = sorted(map(_figure, _standing(document)))
    if not born or len({one for one in figures if one[0] != _IN_WORDS}) < KEY_FIGURES:
        return ""
    told = "\n".join([born, *("\t".join(one) for one in figures)])
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()
