"""The button *Accuser réception* of a document's page: the read receipt that its sender asked for, sent by a person's act alone."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vaguemestre.domain.fault import Fault
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.pipeline import receipts, send
from vaguemestre.records import queue
from vaguemestre.records.documents import Document
from vaguemestre.records.queries.visible import Visible
from vaguemestre.vault.files import Vault
from vaguemestre.web.access import account_of, clinical, document_or_404


def _directory() -> Path:
    directory: Path | None = settings.DATA_DIR
    assert directory is not None, "the screens serve a data directory"
    return directory


def _vault() -> Vault:
    return Vault(_directory() / "vault")


def wanted(seen: Visible, document: Document) -> bool:
    """Whether the page offers it: the mail is of a mailbox that this account opens, asked for a receipt, and none was sent."""
    try:
        return document.mailbox_id in seen.mailbox_ids and receipts.wanted(_vault(), document.delivery)
    except (Fault, OSError):
        return False


@require_POST
@clinical
def acknowledge(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """Sends it."""
    document = document_or_404(request, seen, number)
    if document.mailbox_id not in seen.mailbox_ids:
        messages.warning(request, _("L'accusé n'a pas été envoyé : ce message est d'une autre boîte."))
        return redirect("document", number)
    actor, rules = f"account:{account_of(request).pk}", send.Rules.of(settings.VAGUEMESTRE)
    answer: Proceed[int] | Reject | Defer
    try:
        answer = receipts.acknowledge(_vault(), document.delivery, rules, actor, timezone.now())
    except Fault:  # the mail's octets cannot be read: nothing says that a receipt was asked for
        answer = Reject("receipt-not-asked")
    if isinstance(answer, Proceed):
        ringer = queue.ringer(_directory() / "run" / "outgoing")
        ringer.ring()
        ringer.close()
        messages.success(request, _("L'accusé de lecture est envoyé."))
    else:
        messages.warning(request, _("L'accusé n'a pas été envoyé : il l'est déjà, ou il n'est pas demandé, ou son adresse n'est pas sûre."))
    return redirect("document", number)
