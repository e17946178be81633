"""Filters and tags of the templates: thin, each a call to `web.present`, `web.wording` or `web.assets`."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.messages.storage.base import Message as Note

from vaguemestre.domain.reading import NO_VALUE, TAKEN_BACK
from vaguemestre.records.documents import Result
from vaguemestre.records.patients import Patient
from vaguemestre.records.queries.histories import Value
from vaguemestre.web import assets, explained, present, report, unit_words, wording
from vaguemestre.web.wording import Words

register = template.Library()

register.simple_tag(assets.address, name="asset")
register.filter("address", present.address)
register.filter("day", present.day)
register.filter("moment", present.moment)
register.filter("full_moment", present.full_moment)
register.filter("age", present.age)
register.filter("patient_name", present.patient_name)
register.filter("other_name", present.other_name)
register.filter("stated_name", present.stated_name)
register.filter("sender", present.sender)
register.filter("mail_label", present.mail_label)
register.filter("from_usager", present.from_usager)
register.filter("subject", present.subject)
register.filter("document_title", report.title)
register.filter("state", present.state)
register.filter("urgent", present.urgent)
register.filter("dated", present.dated)
register.filter("confidentiality", present.confidentiality)
register.filter("sayings", present.sayings)
register.filter("event_date", present.event_date)
register.filter("reason_words", report.reason)
register.filter("mark_of_unread", explained.mark)
register.filter("kind_of_file", explained.kind)
register.filter("flags", wording.flags)
register.filter("rule_words", wording.rule)


@register.filter
def decision_words(key: str) -> Words:
    return wording.DECISIONS.get(key, key)


@register.filter
def warning_words(code: str) -> Words:
    return wording.WARNINGS.get(code, wording.OTHER_WARNING)


@register.filter
def confidentiality_words(code: str) -> Words:
    return wording.CONFIDENTIALITY.get(code, wording.OTHER_CONFIDENTIALITY)


@register.filter
def role_of_form(role: str) -> Words:
    """What a form is to its document."""
    return wording.FORM_ROLES.get(role, wording.FORM_ROLES["other"])


@register.filter
def format_words(format_: str) -> Words:
    return wording.FORMATS.get(format_, wording.FORMATS["unknown"])


@register.filter
def unit_shown(unit: str) -> str:
    """A unit as it is read."""
    return unit_words.shown(unit)


@register.filter
def trait_words(name: str) -> Words:
    return wording.TRAITS.get(name, name)


@register.filter
def verdict_words(verdict: str) -> Words:
    return wording.VERDICTS.get(verdict, verdict)


@register.filter
def verdict_mark(verdict: str) -> str:
    return wording.MARKS.get(verdict, "")


@register.filter
def sex_words(sex: str) -> Words:
    return wording.SEXES.get(sex, "")


@register.filter
def ins_words(status: str) -> Words:
    return wording.INS_STATUSES.get(status, status)


@register.filter
def role_words(role: str) -> Words:
    return wording.ROLES.get(role, role)


@register.filter
def flag_words(patient: Patient) -> list[Words]:
    """What a chart's flags mean."""
    return [wording.PATIENT_FLAGS.get(flag, flag) for flag in patient.flags.split()]


@register.filter
def shown_trait(value: str, name: str) -> Any:
    """A trait's value as people read it."""
    if name == "birth_date":
        return present.day(value)
    if name == "sex":
        return wording.SEXES.get(value, value)
    return value


@register.filter
def interval(result: Result | Value) -> str:
    """The reference interval in one short text."""
    if result.low and result.high:
        return f"{result.low} – {result.high}"
    if result.low:
        return result.low if any(c in result.low for c in "-–<>") else f"> {result.low}"
    return f"< {result.high}" if result.high and result.high[0] not in "<>" else result.high


@register.filter
def saying_words(key: str) -> Words:
    return wording.SAYINGS.get(key, "")


@register.filter
def status_words(result: Result) -> Words:
    """What a result's status says of it, "" where it is complete."""
    return wording.STATUSES.get(result.status, "")


@register.filter
def is_void(result: Result) -> bool:
    """Whether it is no result that stands."""
    return result.status in NO_VALUE


@register.filter
def is_taken_back(result: Result) -> bool:
    """Whether it was withdrawn; what was not done may say so in words ("non réalisé"), which stand."""
    return result.status in TAKEN_BACK


@register.filter
def shown_value(result: Result) -> str:
    """The value as written in the document."""
    return result.value or f"{result.comparator} {result.number}".strip()


@register.filter
def result_day(result: Result) -> str:
    """The result's own date, else its document's, else its reception's."""
    date = result.date or result.document.date
    return present.day(date[:10]) if date else present.full_moment(result.document.received_at)[:10]


@register.filter
def spaced(ins: str) -> str:
    """An INS in the groups in which people read it."""
    return " ".join(filter(None, (ins[:1], ins[1:3], ins[3:5], ins[5:7], ins[7:10], ins[10:13], ins[13:])))


@register.filter
def document_of(note: Note) -> int | None:
    """The document that a banner is about."""
    number = (note.extra_tags or "").removeprefix("document-")
    return int(number) if number.isdigit() else None


@register.filter
def capped(count: int) -> str:
    """A count, or "99+"."""
    return "99+" if count > 99 else str(count)
