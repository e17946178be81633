"""Calm pages for what went wrong. They never show a cause from inside, and need no database."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token


def _page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "sentence": sentence, "bare": True}, status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400, _("Demande incomprise"), _("Cette demande n'est pas valable. Revenez à la page précédente et recommencez."))


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403, _("Accès réservé"), _("Votre compte n'a pas accès à cette page. Cette tentative a été notée."))


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = _("La page était ouverte depuis trop longtemps. Revenez en arrière, rechargez-la, puis recommencez : rien n'a été changé.")
    return _page(request, 403, _("Page expirée"), sentence)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404, _("Page introuvable"), _("Cette page n'existe pas, ou n'est pas à vous."))


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    sentence = _("Une erreur est survenue de notre côté. Rien n'est perdu : réessayez dans un instant.")
    return _page(request, 500, _("Erreur du serveur"), sentence)
