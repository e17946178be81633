"""HPRIM XML messages: a patient's event, results, several patients, nobody, other prefixes and encodings (formats.md 1.3)."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, local, party, patient, reading

NAMESPACE = "http://www.hprim.org/hprimXML"
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'
HEADER = (
    "<enteteMessage><identifiantMessage>ES000123</identifiantMessage>"
    "<dateHeureProduction>2024-03-12T15:30:45</dateHeureProduction>"
    '<emetteur><agents><agent categorie="application"><code>LOGICIEL</code><libelle>Logiciel d\'essai</libelle></agent>'
    '<agent categorie="système"><code>HOP01</code><libelle>Hôpital des essais</libelle></agent></agents></emetteur>'
    '<destinataire><agents><agent categorie="application"><code>CAB07</code><libelle>Cabinet des essais</libelle></agent></agents>'
    "</destinataire></enteteMessage>"
)
PATIENT = (
    '<patient><identifiant><emetteur etat="permanent"><valeur>IPP4567</valeur></emetteur></identifiant>'
    '<personnePhysique sexe="F"><nomUsuel>ZORBEC</nomUsuel><nomNaissance>BARZOU</nomNaissance>'
    "<prenoms><prenom>LUCIE</prenom><prenom>ANNE</prenom></prenoms>"
    "<dateNaissance><date>1961-05-04</date></dateNaissance></personnePhysique></patient>"
)
EVENT = f'<evenementPatient><enregistrementPatient action="création">{PATIENT}</enregistrementPatient></evenementPatient>'
LUCIE = patient(
    birth_name="BARZOU",
    used_name="ZORBEC",
    given_names=["LUCIE", "ANNE"],
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
    local_ids=local("IPP4567"),
)
HEADER_TEXT = (
    "Entete message\n"
    "Identifiant message : ES000123\n"
    "Date heure production : 2024-03-12T15:30:45\n"
    "Emetteur › Agents › Agent\n"
    "Categorie : application\n"
    "Code : LOGICIEL\n"
    "Libelle : Logiciel d'essai\n"
    "Categorie : système\n"
    "Code : HOP01\n"
    "Libelle : Hôpital des essais\n"
    "Destinataire › Agents › Agent\n"
    "Categorie : application\n"
    "Code : CAB07\n"
    "Libelle : Cabinet des essais"
)


def person(above: str, number: str = "IPP4567", given: str = "LUCIE") -> str:
    """What is shown of the patient in the elements `above`."""
    return (
        f"{above}Patient › Identifiant › Emetteur\nEtat : permanent\nValeur : {number}\n"
        f"{above}Patient › Personne physique\nSexe : F\nNom usuel : ZORBEC\nNom naissance : BARZOU\n"
        f"{above}Patient › Personne physique › Prenoms\nPrenom : {given}\nPrenom : ANNE\n"
        f"{above}Patient › Personne physique › Date naissance\nDate : 1961-05-04"
    )


EVENT_TEXT = f"Evenement patient\nEnregistrement patient\nAction : création\n{person('Enregistrement patient › ')}"
FACTS: Json = {
    "title": "Événements patient",
    "date": "2024-03-12T15:30:45",
    "id": "ES000123",
    "patient": LUCIE,
    "author": party("Hôpital des essais", "HOP01"),
    "recipients": [party("Cabinet des essais", "CAB07")],
    "text": f"{EVENT_TEXT}\n\n{HEADER_TEXT}",
}


def build(root: str, *parts: str, prologue: str = _PROLOGUE, encoding: str = "utf-8") -> bytes:
    return f'{prologue}<{root} xmlns="{NAMESPACE}" version="1.05">{"".join(parts)}</{root}>'.encode(encoding)


def one(name: str, data: bytes, warnings: tuple[str, ...] = (), **facts: Any) -> tuple[str, Case]:
    file = f"{name}.xml"
    told = document("hprim-xml", [file], data, warnings, **(FACTS | facts))
    return f"hprim-xml-{name}", Case(file, data, reading(file, "hprim-xml", [told]))


RESULTS = (
    f"<resultatExamen>{PATIENT}<compteRendu><examen><code>NA</code><libelle>Sodium</libelle>"
    "<resultat><numerique><valeur>143</valeur><unite>mmol/l</unite></numerique></resultat></examen></compteRendu></resultatExamen>"
)
_RESULTS_TEXT = (
    f"Resultat examen\n{person('')}\n"
    "Compte rendu › Examen\nCode : NA\nLibelle : Sodium\n"
    "Compte rendu › Examen › Resultat › Numerique\nValeur : 143\nUnite : mmol/l"
)
_OTHER = PATIENT.replace("LUCIE", "JEANNE").replace("IPP4567", "IPP4568")

CASES = dict(
    [
        one("an-event", build("evenementsPatients", HEADER, EVENT)),
        one(
            "results",
            build("resultatsExamens", HEADER, RESULTS),
            title="Résultats d'examens",
            text=f"{_RESULTS_TEXT}\n\n{HEADER_TEXT}",
        ),
        one(
            "latin-1",
            build("evenementsPatients", HEADER, EVENT, prologue='<?xml version="1.0" encoding="ISO-8859-1"?>\n', encoding="latin-1"),
        ),
        one(
            "prefixed",
            build("evenementsPatients", HEADER, EVENT)
            .replace(b"xmlns=", b"xmlns:h=")
            .replace(b"</", b"</h:")
            .replace(b"<", b"<h:")
            .replace(b"<h:?", b"<?")
            .replace(b"<h:/h:", b"</h:"),
        ),
        one(
            "two-patients",
            build("evenementsPatients", HEADER, f"<evenementPatient>{PATIENT}{_OTHER}</evenementPatient>"),
            ("several-patients",),
            patient=None,
            text=f"Evenement patient\n{person('')}\n{person('', 'IPP4568', 'JEANNE')}\n\n{HEADER_TEXT}",
        ),
        one(
            "nobody",
            build("acquittementsPatients", HEADER.replace("enteteMessage", "enteteMessageAcquittement")),
            title="Acquittements patients",
            patient=None,
            text=HEADER_TEXT.replace("Entete message", "Entete message acquittement"),
        ),
        one(
            "impossible-dates",
            build("evenementsPatients", HEADER.replace("2024-03-12T", "2024-02-31T"), EVENT.replace("1961-05-04", "1961-13-04")),
            ("malformed", "malformed"),
            date=None,
            patient=LUCIE | {"birth_date": None},
            text=f"{EVENT_TEXT}\n\n{HEADER_TEXT}".replace("2024-03-12T", "2024-02-31T").replace("1961-05-04", "1961-13-04"),
        ),
        one(
            "no-birth-name",
            build("evenementsPatients", HEADER, EVENT.replace("<nomNaissance>BARZOU</nomNaissance>", "").replace('sexe="F"', 'sexe="I"')),
            patient=LUCIE | {"birth_name": None, "sex": "U"},
            text=f"{EVENT_TEXT}\n\n{HEADER_TEXT}".replace("Nom naissance : BARZOU\n", "").replace("Sexe : F", "Sexe : I"),
        ),
    ]
)
