"""The administrator's page of what leaves: see, try again, return, each with its reason in words. No subject, no content, and no patient's
address (`records.queries.outgoing.masked`); the recipients' numbers are in forms, never in an address."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from vaguemestre.outbound import reasons
from vaguemestre.pipeline import outgoing as acts
from vaguemestre.records import queue
from vaguemestre.records.outgoing import Recipient
from vaguemestre.records.queries import outgoing
from vaguemestre.records.queries.outgoing import Line
from vaguemestre.vault.files import Vault
from vaguemestre.web.access import account_of, administrator, form_number
from vaguemestre.web.wording import Words

MOST = 200
LISTS: Mapping[str, tuple[Words, tuple[str, ...]]] = {
    "attente": (gettext_lazy("À envoyer"), ("waiting",)),
    "echecs": (gettext_lazy("Non remis"), ("bounced", "returned")),
    "envoyes": (gettext_lazy("Envoyés"), ("sent",)),
}
TOLD: Mapping[str, Words] = {
    "delivered": gettext_lazy("remis au destinataire"),
    "relayed": gettext_lazy("transmis plus loin"),
    "integrated": gettext_lazy("intégré par le logiciel du destinataire"),
    "refused": gettext_lazy("refusé par le logiciel du destinataire"),
    "deleted": gettext_lazy("supprimé par le destinataire"),
    "read": gettext_lazy("lu par le destinataire"),
    "failed": gettext_lazy("signalé non remis ensuite"),
    "delayed": gettext_lazy("retardé chez l'opérateur du destinataire"),
}


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Row:
    """A line and its words in the language of the page."""

    line: Line
    why: str
    told: Words

    def __repr__(self) -> str:
        return "<Row>"


def _row(line: Line) -> Row:
    french, english = reasons.words(line.reason, line.code)
    return Row(line, english if translation.get_language() == "en" else french, TOLD.get(line.told, ""))


@require_http_methods(["GET", "HEAD", "POST"])
@administrator
def show(request: HttpRequest) -> HttpResponse:
    """The page of one list; by POST an act on one recipient, then the page again."""
    if request.method == "POST":
        return _act(request)
    chosen = request.GET.get("liste", "attente")
    if chosen not in LISTS:
        raise Http404
    rows = [_row(line) for line in outgoing.lines(LISTS[chosen][1], timezone.now(), MOST)]
    lists = [(key, words, key == chosen) for key, (words, _states) in LISTS.items()]
    context = {"rows": rows, "lists": lists, "chosen": chosen, "counts": outgoing.counts(), "most": MOST, "here": "administration"}
    return render(request, "outgoing.html", context)


def _act(request: HttpRequest) -> HttpResponse:
    recipient = outgoing.recipient(form_number(request.POST.get("recipient")))
    if recipient is None:
        raise Http404
    actor, act = f"account:{account_of(request).pk}", request.POST.get("act")
    if act == "retry":
        done, said = acts.try_again(recipient, actor, timezone.now().timestamp()), _("Un nouvel essai va être fait.")
    elif act == "return":
        done, said = _give_back(recipient, actor), _("Rendu à son expéditeur, qui en est averti s'il n'a pas demandé le contraire.")
    else:
        raise Http404
    if done:
        ringer = queue.ringer(_directory() / "run" / "outgoing")
        ringer.ring()
        ringer.close()
        messages.success(request, said)
    else:
        messages.warning(request, _("Ce message n'attend plus, ou il est en train de partir : rien n'a changé."))
    return redirect(reverse("outgoing"))


def _give_back(recipient: Recipient, actor: str) -> bool:
    return acts.Post(settings.VAGUEMESTRE, Vault(_directory() / "vault")).give_back(recipient, actor)


def _directory() -> Path:
    directory: Path | None = settings.DATA_DIR
    assert directory is not None, "the screens serve a data directory"
    return directory
