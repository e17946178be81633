"""The segments and fields of HL7 v2 messages that are no reports, by name (HL7 v2.5, chapters 2, 3, 4, 6 and 10; IHE PAM, French extension
2.11, for ZBE and ZF*). A field that has no name here bears its place.
"""

from __future__ import annotations

from collections.abc import Mapping

Field = tuple[str, str]
"""The name of a field and its kind: a key of `hl7v2_codes.TABLES` or of the writers in `hl7v2_shown`; "" for its words as they stand."""

SEGMENTS: Mapping[str, tuple[str, Mapping[int, Field]]] = {
    "MSA": ("Réponse", {1: ("Réponse", "answer"), 2: ("Au message", ""), 3: ("Précision", ""), 6: ("Pourquoi", "coded")}),
    "ERR": (
        "Pourquoi",
        {
            1: ("Endroit", ""),
            2: ("Endroit", ""),
            3: ("Erreur de message", "hl7"),
            4: ("Gravité", "severity"),
            5: ("Erreur", "error"),
            7: ("Diagnostic", ""),
            8: ("Précision", ""),
        },
    ),
    "EVN": (
        "Événement",
        {
            2: ("Enregistré le", "time"),
            3: ("Prévu le", "time"),
            4: ("Motif", "coded"),
            5: ("Saisi par", "person"),
            6: ("Survenu le", "time"),
            7: ("Établissement", ""),
        },
    ),
    "PID": (
        "Patient",
        {
            2: ("Identifiant", "id"),
            3: ("Identifiants", "id"),
            4: ("Autre identifiant", "id"),
            5: ("Nom", "name"),
            7: ("Date de naissance", "time"),
            8: ("Sexe", "sex"),
            11: ("Adresse", "address"),
            13: ("Téléphone", "phone"),
            14: ("Téléphone professionnel", "phone"),
            16: ("Situation de famille", "married"),
            18: ("Numéro de dossier", "id"),
            19: ("NIR", ""),
            21: ("Identifiant de la mère", "id"),
            23: ("Lieu de naissance", ""),
            24: ("Naissance multiple", "yes"),
            25: ("Rang de naissance", ""),
            29: ("Décès le", "time"),
            30: ("Décédé", "yes"),
            31: ("Identité inconnue", "yes"),
            32: ("Fiabilité", "identity"),
            33: ("Mis à jour le", "time"),
        },
    ),
    "PD1": (
        "Patient (suite)",
        {2: ("Mode de vie", "coded"), 3: ("Établissement habituel", ""), 4: ("Médecin habituel", "person"), 12: ("Confidentialité", "yes")},
    ),
    "MRG": (
        "Identité remplacée",
        {
            1: ("Identifiants remplacés", "id"),
            3: ("Dossier remplacé", "id"),
            4: ("Identifiant", "id"),
            5: ("Venue remplacée", "id"),
            7: ("Nom", "name"),
        },
    ),
    "NK1": (
        "Proche",
        {
            2: ("Nom du proche", "name"),
            3: ("Lien", "kin"),
            4: ("Adresse", "address"),
            5: ("Téléphone", "phone"),
            6: ("Téléphone professionnel", "phone"),
            7: ("Rôle", "coded"),
        },
    ),
    "ROL": (
        "Intervenant",
        {
            3: ("Rôle", "role"),
            4: ("Professionnel", "person"),
            5: ("Début", "time"),
            6: ("Fin", "time"),
            11: ("Adresse", "address"),
            12: ("Téléphone", "phone"),
        },
    ),
    "PV1": (
        "Venue",
        {
            2: ("Nature", "class"),
            3: ("Localisation", "place"),
            4: ("Type d'admission", "admission"),
            5: ("Numéro de préadmission", "id"),
            6: ("Localisation précédente", "place"),
            7: ("Médecin responsable", "person"),
            8: ("Médecin qui adresse", "person"),
            9: ("Médecin consulté", "person"),
            10: ("Discipline", "coded"),
            14: ("Provenance", "coded"),
            17: ("Médecin qui admet", "person"),
            19: ("Numéro de venue", "id"),
            36: ("Mode de sortie", "coded"),
            37: ("Destination", "coded"),
            42: ("Localisation provisoire", "place"),
            44: ("Entrée le", "time"),
            45: ("Sortie le", "time"),
        },
    ),
    "PV2": (
        "Venue (suite)",
        {
            2: ("Hébergement", "coded"),
            3: ("Motif d'admission", "coded"),
            4: ("Motif de mutation", "coded"),
            7: ("Type de venue", "coded"),
            8: ("Entrée prévue le", "time"),
            9: ("Sortie prévue le", "time"),
            12: ("Description", ""),
            47: ("Retour prévu le", "time"),
        },
    ),
    "ZBE": (
        "Mouvement",
        {
            1: ("Numéro", "id"),
            2: ("Début", "time"),
            3: ("Fin", "time"),
            4: ("Action", "action"),
            5: ("Mouvement antérieur", "yes"),
            6: ("Événement d'origine", "event"),
            7: ("Unité médicale", "unit"),
            8: ("Unité de soins", "unit"),
            9: ("Responsabilités", "duties"),
        },
    ),
    "ZFA": ("Dossier médical partagé", {1: ("Statut", ""), 2: ("Recueilli le", "time"), 3: ("Fermé le", "time")}),
    "ZFM": (
        "Entrée et sortie",
        {1: ("Mode d'entrée", "entry"), 2: ("Mode de sortie", "entry"), 3: ("Provenance", ""), 4: ("Destination", "")},
    ),
    "ZFD": (
        "Identité (suite)",
        {
            1: ("Date de naissance lunaire", ""),
            2: ("Semaines de gestation", ""),
            3: ("Accepte les SMS", "yes"),
            4: ("Date de naissance corrigée", "yes"),
            5: ("Mode d'obtention", ""),
            6: ("INSi interrogé le", "time"),
        },
    ),
    "IN1": (
        "Assurance",
        {
            2: ("Régime ou contrat", "coded"),
            3: ("Numéro d'organisme", "id"),
            4: ("Organisme", ""),
            5: ("Adresse", "address"),
            8: ("Groupe", ""),
            12: ("Droits du", "time"),
            13: ("Droits au", "time"),
            15: ("Type", "coded"),
            16: ("Assuré", "name"),
            17: ("Lien avec l'assuré", "kin"),
            18: ("Naissance de l'assuré", "time"),
            35: ("Type de couverture", "coded"),
            36: ("Numéro de contrat", ""),
            49: ("Numéro de l'assuré", "id"),
        },
    ),
    "IN2": ("Assurance (suite)", {2: ("NIR de l'assuré", ""), 61: ("Numéro du bénéficiaire", "id")}),
    "ACC": ("Accident", {1: ("Date", "time"), 2: ("Nature", "coded"), 3: ("Lieu", "")}),
    "AL1": (
        "Allergie",
        {2: ("Type", "coded"), 3: ("Allergène", "coded"), 4: ("Gravité", "coded"), 5: ("Réaction", ""), 6: ("Depuis le", "time")},
    ),
    "DG1": ("Diagnostic", {3: ("Code", "coded"), 4: ("Diagnostic", ""), 5: ("Date", "time"), 6: ("Type", ""), 16: ("Médecin", "person")}),
    "PR1": ("Acte", {3: ("Code", "coded"), 4: ("Acte", ""), 5: ("Date", "time"), 11: ("Opérateur", "person")}),
    "OBX": (
        "Observation",
        {
            2: ("Type", ""),
            3: ("Nature", "coded"),
            5: ("Valeur", "answered"),
            6: ("Unité", "coded"),
            7: ("Référence", ""),
            8: ("Anomalie", ""),
            14: ("Date", "time"),
        },
    ),
    "NTE": ("Commentaire", {3: ("Commentaire", "")}),
    "ORC": (
        "Demande",
        {
            1: ("Action", "order"),
            2: ("Numéro du demandeur", "id"),
            3: ("Numéro de l'exécutant", "id"),
            9: ("Date", "time"),
            10: ("Saisie par", "person"),
            12: ("Demandeur", "person"),
        },
    ),
    "OBR": (
        "Examen",
        {
            2: ("Numéro du demandeur", "id"),
            3: ("Numéro de l'exécutant", "id"),
            4: ("Examen", "coded"),
            5: ("Priorité", ""),
            7: ("Date", "time"),
            13: ("Renseignements cliniques", ""),
            16: ("Prescripteur", "person"),
            27: ("Prévu le", "timing"),
            31: ("Motif", "coded"),
        },
    ),
    "SCH": (
        "Rendez-vous",
        {
            1: ("Numéro du demandeur", "id"),
            2: ("Numéro du rendez-vous", "id"),
            6: ("Événement", "coded"),
            7: ("Motif", "coded"),
            8: ("Type", "coded"),
            9: ("Durée", ""),
            10: ("Unité de durée", "coded"),
            11: ("Date", "timing"),
            16: ("Pris par", "person"),
            25: ("État", "coded"),
        },
    ),
    "AIS": ("Prestation", {3: ("Prestation", "coded"), 4: ("Début", "time"), 7: ("Durée", ""), 10: ("État", "coded")}),
    "AIG": ("Ressource", {3: ("Ressource", "coded"), 4: ("Type", "coded"), 8: ("Début", "time"), 14: ("État", "coded")}),
    "AIL": ("Lieu", {3: ("Lieu", "place"), 4: ("Type", "coded"), 6: ("Début", "time"), 12: ("État", "coded")}),
    "AIP": ("Professionnel", {3: ("Professionnel", "person"), 4: ("Rôle", "coded"), 6: ("Début", "time"), 12: ("État", "coded")}),
}
"""By name of a segment: its title and its fields by number, from 1."""

HIDDEN: Mapping[str, frozenset[int]] = {
    name: frozenset({1}) for name in ("PID", "NK1", "PV1", "IN1", "AL1", "DG1", "PR1", "OBX", "NTE", "OBR", "AIS", "AIG", "AIL", "AIP")
} | {"ROL": frozenset({1, 2}), "EVN": frozenset({1}), "RGS": frozenset({1, 2}), "TQ1": frozenset({1})}
"""Ranks and codes of the exchange itself, which say nothing of the patient."""
