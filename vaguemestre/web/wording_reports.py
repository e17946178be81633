"""Reports on what was sent from here put into words: what became of a mail, of whom, why (RFC 3464, RFC 8098, RFC 3463)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclasses.dataclass(frozen=True, slots=True)
class Happening:
    """What a report says of one recipient. `words` hold %(what)s, the mail, and %(who)s; `level` is the class of a note."""

    words: Words
    level: str


DELIVERIES: Mapping[str, Happening] = {
    "failed": Happening(_("%(what)s n'a pas été remis à %(who)s"), "warning"),
    "delayed": Happening(_("%(what)s n'a pas encore pu être remis à %(who)s ; les essais continuent"), "warning"),
    "delivered": Happening(_("%(what)s a été remis à %(who)s"), "success"),
    "relayed": Happening(_("%(what)s a été transmis vers %(who)s, dont le serveur ne confirme pas la remise"), ""),
    "expanded": Happening(_("%(what)s a été remis à la liste %(who)s"), "success"),
}
"""By action of RFC 3464 2.3.3."""

DISPOSITIONS: Mapping[str, Happening] = {
    "displayed": Happening(_("%(what)s a été ouvert par %(who)s"), "success"),
    "processed": Happening(_("%(what)s a été pris en charge par le logiciel de %(who)s"), "success"),
    "dispatched": Happening(_("%(what)s a été transféré par %(who)s"), ""),
    "deleted": Happening(_("%(what)s a été supprimé par %(who)s, peut-être sans être lu"), "warning"),
    "denied": Happening(_("%(who)s ne souhaite pas dire ce qu'est devenu votre envoi. %(what)s lui est parvenu"), ""),
    "failed": Happening(_("%(what)s est arrivé chez %(who)s, mais son logiciel ne dit pas ce qu'il en a fait"), "warning"),
    "processed/error": Happening(_("%(what)s n'a pas pu être intégré par le logiciel de %(who)s"), "warning"),
    "displayed/error": Happening(_("%(what)s n'a pas pu être affiché chez %(who)s"), "warning"),
}
"""By disposition of RFC 8098 3.2.6, with "/error" where its modifier says one."""
OTHER_HAPPENING = Happening(_("%(what)s : un avis est revenu de %(who)s"), "")

HEADINGS: Mapping[str, Words] = {
    "failed": _("Non remis"),
    "processed/error": _("Non intégré"),
    "displayed/error": _("Non affiché"),
    "deleted": _("Supprimé"),
    "delayed": _("Remise retardée"),
    "denied": _("Suite non communiquée"),
    "relayed": _("Transmis"),
    "dispatched": _("Transféré"),
    "expanded": _("Remis"),
    "delivered": _("Remis"),
    "processed": _("Pris en charge"),
    "displayed": _("Lu"),
}
"""What a report comes to, by action or disposition, the gravest first: the title of the notice that brings it."""
OTHER_HEADING = _("Avis sur un envoi")

CAUSES: Mapping[str, Words] = {
    "1.0": _("adresse inconnue"),
    "1.1": _("adresse inconnue"),
    "1.2": _("domaine inconnu"),
    "1.3": _("adresse mal écrite"),
    "1.6": _("boîte fermée, le destinataire a déménagé"),
    "1.10": _("domaine sans messagerie"),
    "2.1": _("boîte fermée"),
    "2.2": _("boîte pleine"),
    "2.3": _("message trop volumineux"),
    "3.4": _("message trop volumineux"),
    "4": _("serveur du destinataire injoignable"),
    "6": _("contenu refusé par le serveur du destinataire"),
    "7": _("envoi refusé par le serveur du destinataire"),
}
"""By subject and detail of a status (RFC 3463), else by its subject alone."""


def cause(status: str) -> Words:
    """Why a mail was not delivered; "" where the status does not tell, or tells no more than that."""
    _class, _dot, detail = status.partition(".")
    return CAUSES.get(detail) or CAUSES.get(detail.partition(".")[0], "")
