"""The administrator's page of the trust space: the list in force, its age, the alarms, what came and went (mssante.md 1.4). Operators and
their domains only, nothing of a person.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from vaguemestre.pipeline import refresh, trust_state
from vaguemestre.pipeline.trust_state import Alarm
from vaguemestre.records.revocation_files import RevocationFiles
from vaguemestre.records.trust_lists import LIST
from vaguemestre.web.access import administrator

CHANGES_MOST = 200
AGES = frozenset({refresh.ABSENT, refresh.AGEING, refresh.STALE})
"""Reasons that say how the list in force stands, and not how its address answered."""

REASONS: Mapping[str, Promise] = {
    # the age of the list, the ends of revocation lists
    "trust-list-absent": gettext_lazy("Aucune liste blanche n'est en vigueur : tout le courrier est différé."),
    "trust-list-ageing": gettext_lazy("La liste blanche vieillit : passé l'âge permis, tout le courrier sera différé."),
    "trust-list-stale": gettext_lazy("La liste blanche est trop ancienne : tout le courrier est différé, rien n'est refusé ni perdu."),
    "crl-absent": gettext_lazy("Aucune liste de révocation n'est en vigueur : tout le courrier est différé."),
    "crl-ending": gettext_lazy(
        "Une liste de révocation prend fin bientôt : le courrier des certificats qu'elle couvre sera alors différé."
    ),
    "crl-ended": gettext_lazy("Une liste de révocation a pris fin : le courrier des certificats qu'elle couvre est différé."),
    # what was fetched
    "trust-list-cut": gettext_lazy("La liste reçue est tronquée ou n'est pas du XML correct."),
    "trust-list-empty": gettext_lazy("La liste reçue est vide."),
    "trust-list-foreign": gettext_lazy("Ce qui a été reçu n'est pas une liste blanche."),
    "trust-list-shrunken": gettext_lazy("La liste reçue a perdu trop d'entrées d'un coup."),
    "trust-list-older": gettext_lazy("La liste reçue est plus ancienne que celle en vigueur, ou ne dit pas sa date."),
    "trust-list-of-tomorrow": gettext_lazy("La liste reçue est datée du futur."),
    "crl-unreadable": gettext_lazy("Ce qui a été reçu n'est pas une liste de révocation lisible."),
    "crl-undated": gettext_lazy("La liste de révocation ne dit pas jusqu'à quand elle vaut."),
    "crl-issuer-unknown": gettext_lazy("La liste de révocation vient d'une autorité inconnue ici."),
    "crl-badly-signed": gettext_lazy("La signature de la liste de révocation n'est pas valable."),
    "crl-delta": gettext_lazy("La liste de révocation est une liste de différences, qui n'est pas utilisée."),
    "crl-partial": gettext_lazy("La liste de révocation est partielle ou indirecte, elle n'est pas utilisée."),
    "crl-not-understood": gettext_lazy("La liste de révocation porte une extension critique inconnue."),
    "crl-of-tomorrow": gettext_lazy("La liste de révocation est datée du futur."),
    "crl-older": gettext_lazy("La liste de révocation reçue est plus ancienne que celle qui est gardée."),
    "malformed": gettext_lazy("La liste reçue n'a pas la forme attendue."),
    "too-large": gettext_lazy("Ce qui a été reçu dépasse la taille permise."),
    # the way there
    "unreachable": gettext_lazy("Le serveur ne peut pas être joint."),
    "too-slow": gettext_lazy("Le serveur n'a pas répondu entièrement dans le temps permis."),
    "certificate-untrusted": gettext_lazy("Le certificat du serveur ne vient pas d'une autorité permise."),
    "tls-failed": gettext_lazy("La connexion TLS au serveur a échoué."),
    "ca-unreadable": gettext_lazy("Le fichier des autorités du serveur (trust.ca) ne peut pas être lu."),
    "redirected": gettext_lazy("Le serveur renvoie ailleurs, ce qui n'est pas suivi."),
    "encoded": gettext_lazy("Le serveur a répondu sous une forme compressée, qui n'était pas demandée."),
    "cut": gettext_lazy("La réponse a été coupée avant la fin."),
    "not-http": gettext_lazy("Le serveur ne parle pas HTTP correctement."),
    "unasked-304": gettext_lazy("Le serveur dit que rien n'a changé, sans que cela lui ait été demandé."),
    "not-written": gettext_lazy("Ce qui a été reçu n'a pas pu être écrit sur le disque."),
}

ORIGINS: Mapping[str, Promise] = {
    "file": gettext_lazy("fichier chargé par une personne"),
    "url": gettext_lazy("téléchargement"),
    "pki": gettext_lazy("autorité de démonstration"),
}


def words(reason: str) -> str:
    """The sentence for a reason; a status of HTTP says its number, one unknown here stands as it is."""
    if reason.startswith("http-"):
        return _("Le serveur a répondu par l'erreur %(status)s.") % {"status": reason.removeprefix("http-")}
    found = REASONS.get(reason)
    return str(found) if found is not None else reason


def span(age: dt.timedelta | None) -> str:
    """An age in hours below two days, else in days; "" where there is none."""
    if age is None:
        return ""
    hours = int(age.total_seconds()) // 3600
    return _("%(count)s h") % {"count": hours} if hours < 48 else _("%(count)s jours") % {"count": hours // 24}


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """An alarm in words. `about`: the address that was asked, "" where the alarm is of what is in force."""

    about: str
    sentence: str
    since: dt.datetime | None


def _asked(alarm: Alarm, url: str) -> str:
    if alarm.about == LIST:
        return "" if alarm.reason in AGES else url
    return "" if alarm.about == "revocation" else alarm.about


@require_safe
@administrator
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    configuration = settings.VAGUEMESTRE
    directory: Path | None = settings.DATA_DIR
    assert directory is not None
    alarm = dt.timedelta(hours=configuration.number("revocation", "alarm_hours"))
    found = trust_state.state(refresh.ages(configuration), RevocationFiles(directory / "pki"), alarm, timezone.now())
    changes, url = trust_state.changes(CHANGES_MOST), configuration.text("trust", "url")
    context = {
        "found": found,
        "age": span(found.age),
        "most": span(found.allowed.most),
        "origin": ORIGINS.get(found.origin, ""),
        "url": url,
        "alarms": [Told(_asked(one, url), words(one.reason), one.since) for one in found.alarms],
        "loads": [(load, ORIGINS.get(load.origin, "")) for load in trust_state.loads(20)],
        "changes": changes,
        "here": "administration",
    }
    return render(request, "trust.html", context)
