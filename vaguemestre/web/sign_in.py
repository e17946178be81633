"""Sign-in by login and password (django-allauth), traced; nobody signs up by themselves, and no mail is ever sent.

Failures are limited by allauth's rate limits, per address and per login. What was typed is never traced: people type passwords there.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.forms import LoginForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vaguemestre.domain.event import Event
from vaguemestre.records import chain, mailbox_life
from vaguemestre.records.accounts import Account

LONGEST = 200


def _trace(event: str, account: int | None, result: str, *, proven: bool) -> None:
    """`proven` is False where somebody only said that they are this account."""
    one = f"account:{account}" if account else "account:unknown"
    with transaction.atomic():
        chain.append([Event(timezone.now(), event, one, one if proven else "anonymous", result)])


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What this program does otherwise than allauth."""

    error_messages = {  # noqa: RUF012 - the name and the kind are allauth's
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("Identifiant ou mot de passe incorrect."),
        "too_many_login_attempts": _("Trop d'essais. Attendez quelques minutes, puis réessayez."),
        "rate_limited": _("Trop d'essais. Attendez quelques minutes, puis réessayez."),
        "account_inactive": _("Ce compte est fermé. Adressez-vous à l'administrateur."),
        "mailboxes_suspended": _("Les boîtes de ce compte sont suspendues ou closes. Adressez-vous à l'administrateur."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """No mail leaves by allauth."""

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Signing in or out needs no banner."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        account = request.user
        if isinstance(account, Account) and not account.clinical:
            return resolve_url("administration")
        return str(super().get_login_redirect_url(request))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        login = str(credentials.get("username", ""))[:LONGEST]
        known = Account.objects.filter(login=login).values_list("pk", flat=True).first()
        _trace("sign-in-failed", known, "refused", proven=False)

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        Session.objects.filter(expire_date__lt=timezone.now()).delete()
        if isinstance(user, Account):
            mailbox_life.signed_in(user, timezone.now())
        _trace("signed-in", user.pk, "done", proven=True)

    def logout(self, request: HttpRequest) -> None:
        account = request.user.pk
        super().logout(request)
        _trace("signed-out", account, "done", proven=True)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Login and password, in words of ours and bounded before they are hashed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, password.label = _("Identifiant"), _("Mot de passe")
        login.max_length = password.max_length = LONGEST
        bounds = {"maxlength": LONGEST, "required": True}
        login.widget.attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", **bounds}
        password.widget.attrs = {"autocomplete": "current-password", **bounds}
        password.help_text = ""

    def clean(self) -> Any:
        """Whoever opens no active mailbox does not sign in (mssante.md 1.8); said only to who gave the right password."""
        cleaned = super().clean()
        if isinstance(self.user, Account) and self.user.is_active and not mailbox_life.may_sign_in(self.user):
            _trace("sign-in-failed", self.user.pk, "mailboxes-suspended", proven=False)
            raise get_adapter().validation_error("mailboxes_suspended")
        return cleaned
