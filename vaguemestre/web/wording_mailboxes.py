"""States and refusals of mailboxes put into words; none tells anything of a patient."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vaguemestre.domain.mailbox import ACTIVE, CLOSED, SUSPENDED

Words = str | Promise

STATES: Mapping[str, Words] = {
    ACTIVE: pgettext_lazy("boîte", "active"),
    SUSPENDED: pgettext_lazy("boîte", "suspendue"),
    CLOSED: pgettext_lazy("boîte", "close"),
}

TYPES: Mapping[str, Words] = {
    "PER": _("PER : une personne"),
    "ORG": _("ORG : un service ou une équipe"),
    "APP": _("APP : un logiciel"),
    "CAB": _("CAB : un cabinet"),
}

REFUSALS: Mapping[str, Words] = {
    "malformed": _("Ce n'est pas une adresse de messagerie."),
    "address-taken": _("Cette adresse existe déjà : rien n'a changé."),
    "alias-absent": _("Cet alias n'existe plus."),
    "domain-elsewhere": _("Cette adresse n'est pas dans un domaine que vous administrez."),
    "domain-of-patients": _("Les boîtes des patients sont celles de Mon espace santé : on n'en crée pas ici."),
    "domain-suspended": _("Ce domaine est suspendu : rien n'a changé."),
    "mailbox-active": _("Cette boîte est déjà active."),
    "mailbox-closed": _("Cette boîte est close : rien n'y change plus."),
    "mailbox-suspended": _("Cette boîte est déjà suspendue."),
    "name-form": _("Le nom est obligatoire : 200 caractères au plus."),
    "description-form": _("La description a 500 caractères au plus."),
    "service-form": _("Le service a 200 caractères au plus."),
    "responsible-form": _("Le responsable a 200 caractères au plus."),
    "number-lacks": _(
        "Un numéro manque : PER demande un RPPS, ou la structure qui répond de la personne ; ORG et APP une structure ; "
        "CAB l'un ou l'autre."
    ),
    "quota-form": _("Le quota est un nombre entier de mégaoctets ; 0 pour celui du service."),
    "rpps-form": _("Un RPPS a 11 chiffres."),
    "structure-form": _("Une structure se désigne par un numéro : FINESS (9 caractères), SIREN (9 chiffres) ou SIRET (14 chiffres)."),
    "unchanging": _("L'adresse et le type d'une boîte ne changent jamais."),
    "confirm": _("Cochez la case pour confirmer."),
}
OTHER_REFUSAL = _("Cela n'a pas pu être fait : rien n'a changé.")
