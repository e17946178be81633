"""Every address of the screens. None holds a name, a number of a person or anything clinical: row numbers only (promise 5)."""

from __future__ import annotations

from allauth.account import views as allauth
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, path, register_converter
from django.views.i18n import set_language

from vaguemestre.web import (
    administration,
    assets,
    decide,
    directory,
    document,
    errors,
    health,
    inbox,
    mailboxes,
    originals,
    outgoing,
    patient,
    receipt,
    result,
    search,
    trust,
)


class RowNumber:
    """A row's number, within what a database holds."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(RowNumber, "row")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox.show, name="inbox"),
    path("documents/<row:number>/", document.show, name="document"),
    path("documents/<row:number>/a-lire", document.keep_unread, name="document-unread"),
    path("documents/<row:number>/classer", decide.settle, name="settle"),
    path("documents/<row:number>/annuler", decide.undo, name="undo"),
    path("documents/<row:number>/sans-dossier", decide.set_aside, name="set-aside"),
    path("documents/<row:number>/reprendre", decide.take_back, name="take-back"),
    path("documents/<row:number>/patients", decide.choose, name="choose"),
    path("documents/<row:number>/pages/<row:page>.png", originals.page, name="page-image"),
    path("documents/<row:number>/images/<row:place>/<row:page>.png", originals.held_image, name="held-image"),
    path("documents/<row:number>/fichiers/<row:place>", originals.file, name="file"),
    path("documents/<row:number>/original", originals.original, name="original"),
    path("documents/<row:number>/sans-contenu-actif", originals.stripped, name="stripped"),
    path("documents/<row:number>/accuser", receipt.acknowledge, name="acknowledge"),
    path("documents/<row:number>/message", originals.message, name="message"),
    path("patients/<row:number>/", patient.show, name="patient"),
    path("resultats/<row:number>/", result.show, name="result"),
    path("recherche", search.show, name="search"),
    path("annuaire", directory.show, name="directory"),
    path("administration", administration.show, name="administration"),
    path("administration/envois", outgoing.show, name="outgoing"),
    path("boites/", mailboxes.show, name="mailboxes"),
    path("boites/<row:number>/", mailboxes.one, name="mailbox"),
    path("administration/liste-blanche", trust.show, name="trust-list"),
    path("sante", health.alive, name="alive"),
    path("pret", health.ready, name="ready"),
    path("metriques", health.metrics, name="metrics"),
    path("connexion", allauth.login, name="account_login"),
    path("deconnexion", allauth.logout, name="account_logout"),
    path("langue", login_not_required(set_language), name="language"),
    path("static/<str:digest>/<path:name>", assets.serve, name="asset"),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
