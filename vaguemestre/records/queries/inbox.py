"""The list of received documents, newest first, paged by key so that its cost does not grow with the mailbox.

Each mailbox is asked for its own first rows, by its index, and the answers are merged: one query over several mailboxes would sort all of
their documents. Forms of a document (the PDF inside its CDA) are not listed by themselves.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import heapq
from collections.abc import Sequence

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from vaguemestre.records.documents import Document, ReadMark
from vaguemestre.records.queries.visible import Visible

PAGE = 50
MANY = 99
"""Counts stop here: "99+"."""
UNREAD, WAITING, ALL = "unread", "waiting", "all"
LISTS = (UNREAD, WAITING, ALL)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LIST_COLUMNS = (
    "id", "sha256", "format", "type_code", "type_label", "title", "date", "author", "stated", "unreadable", "abnormal", "results_count",
    "decision", "rule", "reason", "received_at", "filed_at", "set_aside_at", "duplicate_of_id", "superseded_by_id", "mailbox_id",
    "practice_id",
    "patient__birth_name", "patient__used_name", "patient__first_given_name", "patient__given_names", "patient__birth_date", "patient__sex",
    "delivery__message__header_from", "delivery__message__mail_from", "delivery__message__subject", "mailbox__name",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Key:
    """Where a page begins: strictly older than this. Written `<microseconds>-<id>` in addresses."""

    received_at: dt.datetime
    id: int

    @classmethod
    def parse(cls, text: str) -> Key | None:
        """None for anything that is no key."""
        micro, _, number = text.partition("-")
        if not (micro.isascii() and micro.isdigit() and number.isascii() and number.isdigit()) or len(micro) > 17 or len(number) > 18:
            return None
        try:
            return cls(_EPOCH + dt.timedelta(microseconds=int(micro)), int(number))
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{(self.received_at - _EPOCH) // dt.timedelta(microseconds=1)}-{self.id}"


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """`documents` bear `is_read` for the account, `notice`: the report that one came back with, and `first_warning`: why nothing of one
    can be shown, each None of any other; `following` is the key of the next page, None at the end."""

    documents: Sequence[Document]
    following: Key | None


def listed(visible: Visible, which: str, mailbox: int) -> QuerySet[Document]:
    rows = Document.objects.filter(mailbox=mailbox, form_of=None)
    if which == WAITING:
        rows = rows.filter(~Q(decision="filed"), set_aside_at=None)
    elif which == UNREAD:
        rows = rows.filter(~Exists(ReadMark.objects.filter(account=visible.account, document=OuterRef("pk"))))
    return rows


def _keys(visible: Visible, which: str, before: Key | None, count: int, *, ascending: bool = False) -> list[Key]:
    streams = []
    for mailbox in visible.mailbox_ids:
        rows = listed(visible, which, mailbox)
        if before is not None and ascending:
            rows = rows.filter(Q(received_at__gt=before.received_at) | Q(received_at=before.received_at, pk__gt=before.id))
        elif before is not None:
            # The first term lets the index begin at the key; the second settles equal instants.
            rows = rows.filter(Q(received_at__lte=before.received_at), Q(received_at__lt=before.received_at) | Q(pk__lt=before.id))
        order = ("received_at", "pk") if ascending else ("-received_at", "-pk")
        streams.append([Key(at, pk) for at, pk in rows.order_by(*order).values_list("received_at", "pk")[:count]])
    merged = heapq.merge(*streams, reverse=not ascending)
    return [key for key, _ in zip(merged, range(count), strict=False)]


def page(visible: Visible, which: str, before: Key | None = None, size: int = PAGE) -> Page:
    """One page of a list: `unread`, `waiting` or `all`."""
    most = size + 1
    if which == UNREAD and before is None:
        # Knowing that three are left spares looking for a fourth through the whole mailbox.
        most = min(most, counts(visible).unread)
    keys = _keys(visible, which, before, most)
    wanted = [key.id for key in keys[:size]]
    mark = ReadMark.objects.filter(account=visible.account, document=OuterRef("pk"))
    notice = Case(When(reason="returned", then=KeyTransform("report", "content")), default=None)
    warning = Case(
        When(unreadable=True, then=KeyTextTransform("detail", KeyTransform(0, KeyTransform("warnings", "content")))), default=None
    )
    rows = Document.objects.filter(pk__in=wanted).annotate(is_read=Exists(mark), notice=notice, first_warning=warning)
    found = {row.pk: row for row in rows.select_related("patient", "delivery__message", "mailbox").only(*_LIST_COLUMNS)}
    return Page([found[pk] for pk in wanted if pk in found], keys[size - 1] if len(keys) > size else None)


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """Each at most MANY + 1, which means "more than MANY"."""

    unread: int
    waiting: int


def counts(visible: Visible) -> Counts:
    """How many documents are to be read, and to be checked, by this account. Forms are never opened by themselves, so what is unread
    is what is listed less what bears a mark: two counts on indexes, no look at each document."""
    listing = sum(listed(visible, ALL, mailbox).count() for mailbox in visible.mailbox_ids)
    marks = ReadMark.objects.filter(account=visible.account, mailbox__in=visible.mailbox_ids).count()
    waiting = 0
    for mailbox in visible.mailbox_ids:
        waiting += listed(visible, WAITING, mailbox).order_by()[: MANY + 1].count()
    return Counts(min(max(listing - marks, 0), MANY + 1), min(waiting, MANY + 1))


def older(visible: Visible, which: str, than: Document) -> int | None:
    """The next document of a list below this one, None at its end."""
    keys = _keys(visible, which, Key(than.received_at, than.pk), 1)
    return keys[0].id if keys else None


def newer(visible: Visible, which: str, than: Document) -> int | None:
    """The document of a list just above this one, None at its beginning."""
    keys = _keys(visible, which, Key(than.received_at, than.pk), 1, ascending=True)
    return keys[0].id if keys else None


def next_waiting(visible: Visible, after: Document) -> int | None:
    """What comes up once this document is decided: the next older one to check, else the newest."""
    below = older(visible, WAITING, after)
    if below is not None:
        return below
    keys = _keys(visible, WAITING, None, 1)
    return keys[0].id if keys and keys[0].id != after.pk else None
