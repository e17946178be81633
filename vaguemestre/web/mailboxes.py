"""The administrator's mailboxes: made, changed, suspended, closed, their aliases (mssante.md 1.5). No clinical content (promise 9).

An admin who is bound to domains sees and changes the mailboxes of those alone. The address and the type have no field to change them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vaguemestre.domain import address as addresses
from vaguemestre.domain import mailbox as rules
from vaguemestre.domain import person
from vaguemestre.domain.fault import Fault, Refused
from vaguemestre.domain.mailbox import Holder
from vaguemestre.records import domains, mailbox_life
from vaguemestre.records.accounts import Account
from vaguemestre.records.mailboxes import Mailbox
from vaguemestre.records.queries import service
from vaguemestre.web import wording_mailboxes as words
from vaguemestre.web.access import any_administrator, mailbox_or_404

PAGE = 100
MEGABYTE = 1_000_000
TEXT_MOST = 600


def _field(request: HttpRequest, name: str) -> str:
    return str(request.POST.get(name, ""))[:TEXT_MOST].strip()


def _actor(account: Account) -> str:
    return f"account:{account.pk}"


def _address(account: Account, text: str) -> str:
    """An address in a domain that the account administers, in comparison form. Raises `Fault`."""
    found = addresses.comparison(text)
    bound = domains.bounds(account)
    if bound and addresses.domain_of(found) not in bound:
        raise Refused("That domain is another administrator's.", "domain-elsewhere")
    return found


def _number(text: str, form: Callable[[str], str], code: str) -> str:
    if text and not form(text):
        raise Refused("That number has not its form.", code)
    return form(text)


def _warn(request: HttpRequest, *sound: bool) -> None:
    """Published samples have wrong keys: a number is kept, and said."""
    if not all(sound):
        messages.warning(request, _("La clé d'un des numéros est fausse : il a été gardé tel quel, vérifiez-le."))


def _make(request: HttpRequest, account: Account) -> Mailbox:
    rpps = _number(_field(request, "rpps"), person.rpps, "rpps-form")
    structure = _number(_field(request, "structure"), rules.structure_number, "structure-form")
    answerable = _number(_field(request, "answerable"), rules.structure_number, "structure-form")
    found = _address(account, _field(request, "address"))
    name = " ".join(_field(request, "name").split())
    if not name or len(name) > mailbox_life.TEXTS["name"] or not name.isprintable():
        raise Refused("A mailbox has a name.", "name-form")
    practice = " ".join(_field(request, "practice").split())[:200] or addresses.domain_of(found)
    holder = Holder(rpps, structure, answerable)
    made = mailbox_life.make(found, _field(request, "type"), name, practice, holder, timezone.now(), _actor(account), invented=False)
    keys = [rules.structure_key_valid(one) for one in (structure, answerable) if one]
    _warn(request, *keys, not rpps or person.rpps_key_valid(rpps))
    return made


@require_http_methods(["GET", "HEAD", "POST"])
@any_administrator
def show(request: HttpRequest, account: Account) -> HttpResponse:
    """The list, a page at a time, and the form that makes one."""
    if request.method == "POST":
        try:
            made = _make(request, account)
        except Fault as fault:
            messages.warning(request, str(words.REFUSALS.get(fault.code, words.OTHER_REFUSAL)))
            return _list(request, account, {name: _field(request, name) for name in request.POST}, 422)
        messages.success(request, _("La boîte %(address)s est prête.") % {"address": made.address})
        return redirect("mailbox", made.pk)
    return _list(request, account, {}, 200)


def _list(request: HttpRequest, account: Account, given: Mapping[str, str], status: int) -> HttpResponse:
    text = str(request.GET.get("page", "1"))
    page = int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 else 1
    among = domains.administered(account).order_by("address")
    keys = list(among.values_list("pk", flat=True)[(max(page, 1) - 1) * PAGE : max(page, 1) * PAGE + 1])
    boxes = sorted(service.mailboxes(among.filter(pk__in=keys[:PAGE])), key=lambda box: str(box.address))
    for box in boxes:
        box.state_words = words.STATES.get(box.state, box.state)
    bound = domains.bounds(account)
    hosted = [one for one in domains.hosted() if not bound or one.name in bound]
    context = {
        "mailboxes": boxes, "hosted": hosted, "types": words.TYPES.items(), "given": given, "bound": bool(bound),
        "before": page - 1, "after": page + 1 if len(keys) > PAGE else 0, "here": "administration",
    }  # fmt: skip
    return render(request, "mailboxes.html", context, status=status)


def _quota(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused("The quota is a whole number of megabytes.", "quota-form")
    return int(text) * MEGABYTE


def _change(request: HttpRequest, account: Account, box: Mailbox) -> str:
    wanted: dict[str, Any] = {name: _field(request, name) for name in ("name", "description", "service", "responsible", "structure")}
    # A quota set by a command may be no whole number of megabytes: one that is shown and left as it is stays.
    quota = _quota(_field(request, "quota") or "0")
    wanted |= {
        "quota": box.quota if quota == box.quota // MEGABYTE * MEGABYTE else quota,
        "red_listed": _field(request, "red_listed") == "yes",
    }
    # A form that names what never changes is answered by name, whoever made it.
    wanted |= {name: _field(request, name) for name in rules.UNCHANGING if name in request.POST}
    changed = mailbox_life.change(box, wanted, timezone.now(), _actor(account))
    if "structure" in changed:
        _warn(request, not wanted["structure"] or rules.structure_key_valid(wanted["structure"]))
    return _("Modifications enregistrées.") if changed else _("Rien n'a changé.")


def _suspend(request: HttpRequest, account: Account, box: Mailbox) -> str:
    mailbox_life.suspend(box, timezone.now(), _actor(account))
    return _("Boîte suspendue : les expéditeurs réessaieront, personne ne peut l'ouvrir.")


def _resume(request: HttpRequest, account: Account, box: Mailbox) -> str:
    mailbox_life.resume(box, timezone.now(), _actor(account))
    return _("Boîte de nouveau active.")


def _close(request: HttpRequest, account: Account, box: Mailbox) -> str:
    if _field(request, "confirmed") != "yes":
        raise Refused("A mailbox is closed for good: it must be confirmed.", "confirm")
    mailbox_life.close(box, timezone.now(), _actor(account))
    return _("Boîte close. Son contenu peut être exporté par l'exploitant jusqu'à la date indiquée.")


def _add_alias(request: HttpRequest, account: Account, box: Mailbox) -> str:
    mailbox_life.add_alias(box, _address(account, _field(request, "alias")), timezone.now(), _actor(account))
    return _("Alias ajouté.")


def _remove_alias(request: HttpRequest, account: Account, box: Mailbox) -> str:
    alias = _field(request, "alias")
    if not box.aliases.filter(address=alias).exists():
        raise Refused("That alias is not this mailbox's.", "alias-absent")
    mailbox_life.remove_alias(alias, timezone.now(), _actor(account))
    return _("Alias retiré.")


ACTS: Mapping[str, Callable[[HttpRequest, Account, Mailbox], str]] = {
    "change": _change,
    "suspend": _suspend,
    "resume": _resume,
    "close": _close,
    "add-alias": _add_alias,
    "remove-alias": _remove_alias,
}


@require_http_methods(["GET", "HEAD", "POST"])
@any_administrator
def one(request: HttpRequest, account: Account, number: int) -> HttpResponse:
    """A mailbox; a POST does one of `ACTS` and shows it again."""
    box = mailbox_or_404(request, account, number)
    if request.method == "POST":
        act = ACTS.get(_field(request, "act"))
        try:
            if act is None:
                raise Refused("No such act.")
            messages.success(request, act(request, account, box))
        except Fault as fault:
            messages.warning(request, str(words.REFUSALS.get(fault.code, words.OTHER_REFUSAL)))
        return redirect("mailbox", box.pk)
    [shown] = service.mailboxes(domains.administered(account).filter(pk=box.pk))
    shown.state_words = words.STATES.get(shown.state, shown.state)
    context = {
        "box": shown, "type_words": words.TYPES.get(shown.type, shown.type), "quota_mb": shown.quota // MEGABYTE,
        "closed": shown.state == rules.CLOSED, "here": "administration",
    }  # fmt: skip
    return render(request, "mailbox.html", context)
