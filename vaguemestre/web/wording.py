"""Every code of the records put into words: decisions, rules, reasons, warnings, traits, flags, formats.

The sentences for a reason are whole and say what was seen, so that a person can decide; none holds clinical content.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vaguemestre.records.documents import Document

Words = str | Promise

DECISIONS: Mapping[str, Words] = {
    "filed": _("Classé"),
    "proposed": _("À confirmer"),
    "review": _("À vérifier"),
    "blocked": _("Alerte identité"),
    "aside": _("Laissé sans dossier"),
}

RULES: Mapping[str, Words] = {
    "A": _("INS qualifiée identique à celle du dossier, avec la date de naissance, le sexe et les noms."),
    "B": _("INS identique, mais un nom diffère légèrement."),
    "C": _("INS identique à celle d'un dossier, mais l'identité ne concorde pas."),
    "G": _("Mêmes traits qu'un dossier, mais une autre INS."),
    "E": _("Nom, prénom et date de naissance identiques à ceux d'un seul dossier, et expéditeur connu du cabinet."),
    "P": _("Un dossier ressemble nettement, sans certitude."),
    "F": _("Plusieurs dossiers peuvent convenir."),
    "N": _("Aucun dossier ne correspond."),
    "hand": _("Choisi par une personne."),
}

REASONS: Mapping[str, Words] = {
    # why a document was filed
    "same-ins-and-traits": _("INS qualifiée du dossier, avec sa date de naissance, son sexe, son nom de naissance et son premier prénom."),
    "same-traits": _("Nom, premier prénom et date de naissance d'un seul dossier, et expéditeur connu du cabinet."),
    "filed-by-hand": _("Une personne a choisi ce dossier."),
    # why a person must look
    "identity-alert": _(
        "L'INS est celle d'un dossier, mais la date de naissance, le sexe ou les noms n'y sont pas : un jumeau, ou une erreur d'identité."
    ),
    "two-persons": _("Les traits sont ceux d'un dossier, mais l'INS en est une autre : peut-être deux personnes."),
    "same-ins-near-names": _("L'INS est celle d'un dossier ; ses noms aussi, à une faute, un ordre ou un nom d'usage près."),
    "near-traits": _("Un seul dossier ressemble nettement, sans certitude."),
    "several-charts": _("Plusieurs dossiers peuvent convenir."),
    "only-fuzzy": _("Des dossiers ressemblent, aucun n'est sûr."),
    "nobody": _("Aucun dossier ne correspond."),
    "no-identity": _("Le document ne dit pas de quel patient il parle."),
    "unknown-sender": _("Les traits sont ceux d'un seul dossier, mais le cabinet ne connaît pas encore cet expéditeur."),
    "running-text": _("L'identité a été trouvée dans le texte du document, et non dans des champs prévus pour elle."),
    "tightened": _("Le cabinet a choisi de confirmer à la main ce que cette règle aurait classé."),
    "withdrawn": _("L'expéditeur dit que ce document, ou un autre envoyé auparavant, n'est plus en vigueur : à vous d'en décider."),
    "returned": _("Ce qui revient avec un avis a été envoyé d'ici : rien n'en est classé sans vous."),
    "undone": _("Ce document avait été classé, puis le classement a été annulé : à vous de choisir le dossier."),
    # doubts
    "twin": _("Un autre dossier a la même date de naissance et presque les mêmes noms : jumeaux ?"),
    "nir": _("Le NIR écrit est celui d'une personne née ce jour-là, et ce n'est pas celui du dossier."),
    "local-code": _("Cet expéditeur a déjà employé ce code patient pour un autre dossier."),
    "names-guessed": _("Les lettres accentuées des noms ont été décodées par déduction."),
    "ins-key": _("La clé de l'INS écrite dans le document est fausse."),
    "ins-differs": _("L'INS écrite n'est pas celle du dossier, ou vient d'un autre registre."),
    "ins-other-chart": _("L'INS écrite figure dans un autre dossier."),
    "ins-of-another": _("L'INS écrite est celle d'une personne d'une autre date de naissance ou d'un autre sexe."),
    "nir-other-chart": _("Le NIR du patient figure dans un autre dossier."),
    "nir-sex": _("Le NIR du patient n'est pas du même sexe que le dossier."),
    "birth-name": _("Le nom de naissance écrit n'est pas celui du dossier."),
    "given-names": _("Le premier prénom est celui du dossier, les autres non."),
    "birth-place": _("Le lieu de naissance écrit n'est pas celui du dossier."),
    "placeholder-name": _("Un des noms ne fait que remplacer un nom inconnu (bébé, X, inconnu)."),
    # vetoes
    "several-patients": _("Le fichier parle de plusieurs patients."),
    "patient-mismatch": _("Les parties du message ne parlent pas du même patient."),
    "hash-mismatch": _("L'empreinte annoncée ne correspond pas au contenu reçu : le fichier a pu être altéré."),
    "size-mismatch": _("La taille annoncée ne correspond pas au contenu reçu."),
    "truncated": _("Le message est coupé : une partie du contenu manque."),
    "missing-end-mark": _("La marque de fin du document manque : il est peut-être incomplet."),
    "too-large": _("Le fichier dépasse les limites de lecture : il n'a pas été lu en entier."),
    "duplicate-name": _("Deux fichiers du message portent le même nom."),
    "unsafe-archive": _("L'archive jointe est anormale : son contenu n'a pas été ouvert."),
    "unreadable": _("Le contenu de ce fichier n'a pas pu être lu."),
    "image": _("Une image ne dit pas en toutes lettres de quel patient elle parle."),
    "image-unshown": _("Cette image ne se montre pas ici : elle se télécharge."),
    "locked": _("Ce document est chiffré ou protégé par un mot de passe."),
    "empty": _("Ce fichier est vide : demandez à l'expéditeur de le renvoyer."),
    "unknown-format": _("Le type de ce fichier n'est pas reconnu : il se télécharge."),
    "office-unread": _("Ce fichier bureautique ne se lit pas ici : il se télécharge."),
    "acknowledgement": _("Un accusé ne parle pas d'un patient : lisez-le, puis laissez-le sans dossier."),
    "appointment": _("Ce rendez-vous ne dit pas de quel patient il s'agit."),
    "unforeseen-warning": _("La lecture du document a signalé une anomalie."),
    "test-identity": _("L'identité écrite dans le document est une identité de test."),
    "birth-date": _("La date de naissance manque, est incomplète ou impossible."),
    "chart-homonym": _("Le dossier est signalé comme ayant un homonyme."),
    "chart-doubtful": _("L'identité du dossier est signalée comme douteuse."),
    "chart-fictitious": _("Le dossier est signalé comme fictif."),
    "chart-deceased": _("Le dossier est celui d'un patient signalé comme décédé."),
}
"""One sentence for each reason of `domain.matching.REASONS`, and for those of `pipeline.decisions`."""

WARNINGS: Mapping[str, Words] = {
    "hash-mismatch": _("L'empreinte annoncée ne correspond pas au contenu reçu : le fichier a pu être altéré."),
    "size-mismatch": _("La taille annoncée ne correspond pas au contenu reçu."),
    "missing-end-mark": _("La marque de fin du document manque : il est peut-être incomplet."),
    "encoding-guessed": _("Le document ne dit pas son jeu de caractères : ses accents ont été décodés par déduction."),
    "truncated": _("Le message est coupé : une partie du contenu manque."),
    "duplicate-name": _("Deux fichiers du message portent le même nom."),
    "unsafe-archive": _("L'archive jointe est anormale : son contenu n'a pas été ouvert."),
    "several-patients": _("Le fichier parle de plusieurs patients."),
    "patient-mismatch": _("Les parties du message ne parlent pas du même patient."),
    "bad-ins-key": _("La clé de l'INS écrite dans le document est fausse."),
    "test-identity": _("L'identité écrite dans le document est une identité de test."),
    "unknown-charset": _("Le message annonce un jeu de caractères inconnu : certains caractères peuvent être faux."),
    "active-content-removed": _("Le fichier contient du contenu actif (script, fichier incorporé) : il n'est pas exécuté."),
    "unsupported": _("Ce type de contenu ne se lit pas encore ici : téléchargez l'original pour l'ouvrir."),
    "malformed": _("Le fichier est mal formé : sa lecture a échoué ou reste partielle."),
    "too-large": _("Le fichier dépasse les limites de lecture : il est gardé entier, mais montré en partie."),
    "partly-shown": _("Un dessin du document ne peut pas être montré ici : téléchargez l'original pour le voir."),
    "locked-apicrypt": _(
        "Ce contenu est chiffré par Apicrypt v1 : ouvrez-le avec l'outil d'Apicem, ou demandez à l'expéditeur un renvoi par MSSanté."
    ),
    "locked-pgp": _("Ce contenu est chiffré par OpenPGP : demandez à l'expéditeur de le renvoyer en clair par MSSanté."),
    "locked-smime": _("Ce contenu est chiffré par S/MIME : demandez à l'expéditeur de le renvoyer en clair par MSSanté."),
    "locked-smime-signed": _(
        "Ce contenu est enfermé dans une signature S/MIME : demandez à l'expéditeur de le renvoyer sans elle, ou la signature détachée."
    ),
    "locked-zip": _("Cette archive est protégée par un mot de passe : demandez à l'expéditeur de renvoyer le document sans mot de passe."),
    "locked-office": _(
        "Ce fichier bureautique est protégé par un mot de passe : demandez à l'expéditeur de le renvoyer sans mot de passe."
    ),
    "locked-pdf": _("Ce PDF est protégé par un mot de passe : téléchargez-le pour l'ouvrir, ou demandez un renvoi sans mot de passe."),
    "locked-other": _("Ce contenu est chiffré : demandez à l'expéditeur de le renvoyer en clair par MSSanté."),
    "empty-file": _("Ce fichier est vide : demandez à l'expéditeur de le renvoyer."),
    "unknown-format": _("Le type de ce fichier n'est pas reconnu : téléchargez-le, ou demandez à l'expéditeur de l'envoyer en PDF."),
    "old-office": _("Ce fichier vient d'un Word ou d'un Excel d'avant 2007 : téléchargez-le pour l'ouvrir, ou demandez un PDF."),
    "other-office": _("Ce fichier bureautique ne se lit pas ici : téléchargez-le pour l'ouvrir, ou demandez un PDF."),
    "outlook-mail": _(
        "Ce fichier est un message enregistré par Outlook : ouvrez-le avec Outlook, ou demandez un transfert du message lui-même."
    ),
    "hl7-file": _("Un fichier joint à ce message n'est pas ouvert ici : téléchargez l'original."),
    "pointed-file": _("Le message renvoie à un fichier qu'il ne contient pas : demandez-le à l'expéditeur."),
    "image-heic": _(
        "Cette photo est au format HEIC, celui de certains téléphones : téléchargez-la pour l'ouvrir, ou demandez un JPEG ou un PDF."
    ),
    "image-avif": _("Cette image est au format AVIF : téléchargez-la pour l'ouvrir, ou demandez un JPEG ou un PDF."),
    "image-dicom": _("Cette image d'examen est au format DICOM : téléchargez-la et ouvrez-la avec votre visionneuse d'imagerie."),
    "image-svg": _(
        "Ce dessin est au format SVG, qui peut contenir un programme : il n'est pas montré ici. Téléchargez-le, ou demandez un PDF."
    ),
    "image-other": _("Ce format d'image n'est pas montré ici : téléchargez l'original, ou demandez un JPEG ou un PDF."),
    "image-only": _("Les pages sont des images : leurs mots ne sont pas lus, et la recherche ne les trouve pas."),
}
OTHER_WARNING = _("La lecture de ce document appelle une vérification.")

TRAITS: Mapping[str, Words] = {
    "family_name": _("Nom"),
    "birth_name": _("Nom de naissance"),
    "used_name": _("Nom utilisé"),
    "given_names": _("Prénoms"),
    "first_given_name": _("Premier prénom"),
    "birth_date": _("Naissance"),
    "sex": _("Sexe"),
    "ins": _("INS"),
    "nir": _("NIR"),
    "birth_place": _("Lieu"),
    "local_code": _("Code chez l'expéditeur"),
}

VERDICTS: Mapping[str, Words] = {
    "equal": _("identique"),
    "near": _("proche"),
    "differs": _("différent"),
    "absent": _("non renseigné"),
}
MARKS: Mapping[str, str] = {"equal": "=", "near": "≈", "differs": "≠", "absent": "·"}

SEXES: Mapping[str, Words] = {
    "M": pgettext_lazy("sexe", "masculin"),
    "F": pgettext_lazy("sexe", "féminin"),
    "U": pgettext_lazy("sexe", "indéterminé"),
}

INS_STATUSES: Mapping[str, Words] = {
    "qualified": _("INS qualifiée"),
    "validated": _("Identité validée"),
    "recovered": _("INS récupérée"),
    "provisional": _("Identité provisoire"),
}

PATIENT_FLAGS: Mapping[str, Words] = {
    "homonym": _("Homonyme connu"),
    "doubtful": _("Identité douteuse"),
    "fictitious": _("Identité fictive"),
    "deceased": _("Patient décédé"),
}

ROLES: Mapping[str, Words] = {
    "doctor": _("médecin"),
    "secretary": _("secrétariat"),
    "substitute": _("remplaçant"),
    "admin": _("administration"),
}

FORMATS: Mapping[str, Words] = {
    "hprim-medecin": _("Compte rendu (HPRIM)"),
    "hprim-sante": _("Résultats (HPRIM Santé)"),
    "hprim-xml": _("Document HPRIM XML"),
    "cda-n1": _("Document CDA"),
    "cda-n3": _("Document CDA structuré"),
    "hl7v2": _("Message HL7"),
    "fhir": _("Document FHIR"),
    "pdf": _("Document PDF"),
    "rtf": _("Document RTF"),
    "image": _("Image"),
    "text": _("Message"),
    "html": _("Message"),
    "calendar": _("Rendez-vous"),
    "office": _("Document bureautique"),
    "encrypted": _("Document chiffré"),
    "unknown": _("Fichier non reconnu"),
}
BIOLOGY = _("Résultats de biologie")

KINDS_OF_FILE: Mapping[str, Words] = {
    "pdf": _("PDF"),
    "rtf": _("RTF"),
    "image": _("image"),
    "office": _("bureautique"),
    "calendar": _("rendez-vous"),
    "html": _("message"),
    "text": _("message"),
}
"""Said after a title that is only the subject of the mail."""
MARKS_OF_UNREAD: Mapping[str, Words] = {
    "locked": _("chiffré"),
    "download": _("à télécharger"),
    "unknown-format": _("non reconnu"),
    "empty-file": _("vide"),
    "other": _("illisible"),
}
"""By what is known of a document of which nothing can be shown."""

CONFIDENTIALITY: Mapping[str, Words] = {
    "M": _("Confidentialité modérée"),
    "R": _("Confidentiel : accès restreint"),
    "V": _("Très confidentiel"),
    "INVISIBLE_PATIENT": _("Caché au patient : ne le lui montrez pas avant une consultation d'annonce."),
    "INVISIBLE_REPRESENTANTS_LEGAUX": _("Caché aux représentants légaux"),
    "MASQUE_PS": _("Masqué aux autres professionnels"),
}
OTHER_CONFIDENTIALITY = _("Confidentialité particulière")

FORM_ROLES: Mapping[str, Words] = {"pages": _("Le document en pages"), "annex": _("Pièce jointe"), "other": _("Autre forme")}

REFUSALS: Mapping[str, Words] = {
    "not-yours": _("Ce document n'est pas dans vos boîtes aux lettres."),
    "already-filed": _("Trop tard : ce document vient d'être classé par une autre personne. Voici où."),
    "already-set-aside": _("Trop tard : une autre personne vient de laisser ce document sans dossier."),
    "not-set-aside": _("Ce document est déjà revenu dans la liste à vérifier."),
    "not-filed": _("Ce classement a déjà été annulé."),
    "other-practice": _("Ce dossier n'appartient pas au cabinet qui a reçu le document."),
    "confirmation-needed": _("Ce choix demande une confirmation."),
}
OTHER_REFUSAL = _("Cette action n'est plus possible : l'état du document a changé.")


@dataclasses.dataclass(frozen=True, slots=True)
class Flag:
    """How a result's flag is shown: a shape and a word, never color alone. `level`: 0 normal, 1 abnormal, 2 grave; "" kind is text."""

    mark: str
    words: Words
    level: int


FLAGS: Mapping[str, Flag] = {
    "N": Flag("", _("normal"), 0),
    "H": Flag("▲", _("haut"), 1),
    "L": Flag("▼", _("bas"), 1),
    "A": Flag("◆", _("anormal"), 1),
    "HH": Flag("▲▲", _("très haut"), 2),
    "LL": Flag("▼▼", _("très bas"), 2),
    "AA": Flag("◆◆", _("très anormal"), 2),
    "S": Flag("○", _("sensible"), 0),
    "I": Flag("◐", _("intermédiaire"), 1),
    "R": Flag("●", _("résistant"), 1),
}


STATUSES: Mapping[str, Words] = {
    "nullified": _("annulé"),
    "cancelled": _("annulé"),
    "aborted": _("interrompu"),
    "held": _("suspendu"),
    "suspended": _("suspendu"),
    "new": _("pas encore fait"),
    "obsolete": _("périmé"),
    "active": _("en cours"),
    "D": _("supprimé"),
    "W": _("erroné"),
    "X": _("non rendu"),
    "C": _("corrigé"),
    "P": _("provisoire"),
    "R": _("non validé"),
    "I": _("en attente"),
    "S": _("partiel"),
    "entered-in-error": _("erroné"),
    "registered": _("pas encore fait"),
    "preliminary": _("provisoire"),
    "corrected": _("corrigé"),
    "amended": _("corrigé"),
}
"""Of a result: ActStatus of a CDA, HPRIM's letters (HL7 v2, table 0085), ObservationStatus of FHIR. A complete one is not said."""

SAYINGS: Mapping[str, Words] = {
    "not-current": _("L'expéditeur dit que ce document n'est plus en vigueur."),
    "withdraws": _("Avec ce document, l'expéditeur dit qu'un autre, envoyé auparavant, n'est plus en vigueur."),
    "appends": _("L'expéditeur dit que ce document en complète un autre, envoyé auparavant."),
    "transforms": _("L'expéditeur dit que ce document est tiré d'un autre, sous une autre forme."),
    "signs": _("L'expéditeur dit que ce document porte la signature d'un autre."),
}
"""What the metadata of an archive say of a document beside others."""


def flags(text: str) -> list[Flag]:
    """The flags of a result, several being joined by a blank; an unknown one is shown as written."""
    return [FLAGS.get(word.upper(), Flag("", word, 1)) for word in text.split()]


def rule(text: str) -> Words:
    """What the rule of a filing says; its letter, with a doubt or veto after a colon."""
    return RULES.get(text.partition(":")[0], text)


def word_of(document: Document) -> str:
    """The reason of a document as `reason` takes it: of an image nothing is read, and that is no fault of it."""
    return "image" if document.format == "image" and document.reason in {"unreadable", "no-identity"} else document.reason


def reason(word: str, rule_text: str = "") -> Words:
    """The whole sentence for a reason; for one unknown to this table, what its rule says."""
    return REASONS.get(word) or rule(rule_text)
