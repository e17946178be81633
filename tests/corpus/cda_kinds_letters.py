"""CDA documents of the kinds that are letters: medical summary, letters of admission and discharge, multidisciplinary meeting, care plan,
telemedicine, summaries for other structures (formats.md 2.4). People, places and sentences are invented."""

from __future__ import annotations

from tests.corpus.cda_build import plain, section, structured
from tests.corpus.cda_cases import text_body
from tests.corpus.cda_kinds_build import DOCTOR, DOCTOR_TOLD, Kind, act, kind, participant, person, relative, signed, stay, table

_COMPLEMENTARY = "1.2.250.1.213.1.1.4.12"
_JEAN = person("Jean", "ESSAI")
_SURGEON = person("Odile", "PATRON", "Médecin - Chirurgie générale (SM)", "Service de chirurgie des Essais", "0199000020")
_HOSPITAL = '<code code="IMP" codeSystem="2.16.840.1.113883.5.4" displayName="Hospitalisation"/>'

_VSM = structured(
    section("Pathologies en cours", table("Pathologie | Depuis", "Asthme persistant modéré | 2011", "Hypertension artérielle | 03/2019")),
    section(
        "Antécédents médicaux et chirurgicaux", "<list><item>Appendicectomie (1979)</item><item>Fracture du radius gauche</item></list>"
    ),
    section("Facteurs de risque", None, section("Habitus", "<paragraph>Tabac : 12 paquets-années, sevrée.</paragraph>")),
    section("Allergies et intolérances", table("Agent | Réaction | Gravité", "Pénicilline | Urticaire | Modérée")),
    section("Traitements", table("Médicament | Posologie", "ESSAIVAL 10 mg, comprimé | 1 le matin", "MODELINE spray | 2 bouffées si gêne")),
    section("Résultats", table("Date | Examen | Résultat", "12/01/2024 | HbA1c | 6,1 %")),
    section("Points de vigilance", "<paragraph>Observance à surveiller.</paragraph>"),
    section("Plan de soins", "<paragraph>Spirométrie en septembre.</paragraph>"),
)
_VSM_TEXT = """Pathologies en cours
Pathologie | Depuis
Asthme persistant modéré | 2011
Hypertension artérielle | 03/2019

Antécédents médicaux et chirurgicaux
- Appendicectomie (1979)
- Fracture du radius gauche

Facteurs de risque

Habitus
Tabac : 12 paquets-années, sevrée.

Allergies et intolérances
Agent | Réaction | Gravité
Pénicilline | Urticaire | Modérée

Traitements
Médicament | Posologie
ESSAIVAL 10 mg, comprimé | 1 le matin
MODELINE spray | 2 bouffées si gêne

Résultats
Date | Examen | Résultat
12/01/2024 | HbA1c | 6,1 %

Points de vigilance
Observance à surveiller.

Plan de soins
Spirométrie en septembre."""

_DISCHARGE = structured(
    section("Statut", "<paragraph>Document validé.</paragraph>"),
    section("Motif d'hospitalisation", "<paragraph>Douleur de la fosse iliaque droite.</paragraph>"),
    section("Synthèse médicale", "<paragraph>Suites simples.<br/>Apyrexie dès le lendemain.</paragraph>"),
    section("Traitements à la sortie", table("Médicament | Posologie | Durée", "ESSAICILLINE 1 g | 1 matin et soir | 5 jours")),
)
_DISCHARGE_TEXT = """Statut
Document validé.

Motif d'hospitalisation
Douleur de la fosse iliaque droite.

Synthèse médicale
Suites simples.
Apyrexie dès le lendemain.

Traitements à la sortie
Médicament | Posologie | Durée
ESSAICILLINE 1 g | 1 matin et soir | 5 jours"""

_ADMISSION = structured(
    section("Motif", "<paragraph>Bilan de chutes répétées.</paragraph>"),
    section("Traitements à l'admission", "<list><item>ESSAIVAL 10 mg le matin</item></list>"),
    section("Allergies", "<paragraph>Aucune connue.</paragraph>"),
    section("Commentaire", "<paragraph>Vit seule, escalier.</paragraph>"),
)
_MEETING = structured(
    section("Motif de la présentation", "<paragraph>Lésion du sein droit, cT1N0.</paragraph>"),
    section("Proposition", "<list><item>Chirurgie conservatrice</item><item>Radiothérapie</item></list>"),
)
_PLAN = structured(
    section("Étapes du parcours", table("Étape | Date | Lieu", "Consultation d'annonce | 14/03/2024 | Clinique des Essais")),
    section("Soins de support", "<paragraph>Diététique, psychologue.</paragraph>"),
)
_SUMMARY = structured(
    section("Problèmes actifs", table("Problème | Début", "Diabète de type 2 | 2015")),
    section("Dispositifs médicaux", "<paragraph>Aucun dispositif.</paragraph>"),
)
_LIAISON = structured(
    section("Autonomie", table("Acte | Aide", "Toilette | Partielle", "Repas | Aucune")),
    section("Pansements", "<paragraph>Talon droit, tous les deux jours.</paragraph>"),
)
_REQUEST = structured(
    section("Question posée", "<paragraph>Lésion pigmentée : faut-il l'exciser ?</paragraph>"),
    section("Contexte", "<paragraph>Apparue il y a six mois.</paragraph>"),
)
_REPLY = "Avis de télé-expertise.\n\nExérèse conseillée sous un mois."

KINDS: dict[str, Kind] = dict(
    [
        kind(
            "vsm",
            "Synthèse médicale",
            ("SYNTH", "Synthèse"),
            "13",
            _VSM,
            _VSM_TEXT,
            ("Pénicilline", "Céfalosporine", ("text", "Pénicilline |", "Céfalosporine |")),
            ("Lise", "Rose", ("about", "Lise", "Rose")),
            system=_COMPLEMENTARY,
            around=DOCTOR
            + relative("NOK", "Soeur", "Lise", "ZORBEC", "0699000001")
            + relative("ECON", "Soeur", "Lise", "ZORBEC", "0699000001"),
            about=[DOCTOR_TOLD, ("Personne de confiance, personne à prévenir", "Lise ZORBEC (Soeur), tél. 06 99 00 00 01")],
        ),
        kind(
            "liaison-sortie",
            "Lettre de liaison à la sortie",
            ("11490-0", "Lettre de liaison à la sortie"),
            "29",
            _DISCHARGE,
            _DISCHARGE_TEXT,
            ("5 jours", "7 jours", ("text", "| 5 jours", "| 7 jours")),
            ('high value="20240312', 'high value="20240311', ("opening", "au 12/03/2024 à 10 h 00", "au 11/03/2024 à 10 h 00")),
            ("Chirurgie B", "Médecine C", ("opening", "Chirurgie B", "Médecine C")),
            ('time value="202403121140', 'time value="202403131140', ("about", "le 12/03/2024 à 11 h 40", "le 13/03/2024 à 11 h 40")),
            around=DOCTOR
            + signed("202403121140+0100", _SURGEON)
            + act(
                '<code code="HHFA001" codeSystem="1.2.250.1.213.2.5" displayName="Appendicectomie"/>',
                "202403090800",
                "202403090845",
                _SURGEON,
            )
            + stay("202403081530+0100", "202403121000+0100", "Chirurgie B", _HOSPITAL, "Etablissement privé", _SURGEON),
            opening=[
                (
                    "Acte",
                    "Appendicectomie, le 09/03/2024 de 8 h 00 à 8 h 45, par Odile PATRON, Médecin - Chirurgie générale (SM), "
                    "Service de chirurgie des Essais, tél. 01 99 00 00 20",
                ),
                ("Séjour", "Hospitalisation, du 08/03/2024 à 15 h 30 au 12/03/2024 à 10 h 00, Chirurgie B, Etablissement privé"),
            ],
            about=[
                DOCTOR_TOLD,
                ("Responsable de la prise en charge", "Odile PATRON"),
                ("Signé par", "Odile PATRON, le 12/03/2024 à 11 h 40"),
            ],
        ),
        kind(
            "liaison-entree",
            "Lettre de liaison à l'entrée",
            ("18761-7", "Lettre de liaison à l'entrée"),
            "21",
            _ADMISSION,
            "Motif\nBilan de chutes répétées.\n\nTraitements à l'admission\n- ESSAIVAL 10 mg le matin\n\nAllergies\nAucune connue.\n\n"
            "Commentaire\nVit seule, escalier.",
            ("Aucune connue", "Iode", ("text", "Aucune connue", "Iode")),
            # the act is the document itself, of its day, by its author: nothing to say
            around=act('<code code="18761-7" displayName="Lettre de liaison à l\'entrée"/>', "20240312", who=_JEAN),
        ),
        kind(
            "rcp",
            "Fiche de réunion de concertation pluridisciplinaire",
            ("34794-8", "Note pluridisciplinaire"),
            "8",
            _MEETING,
            "Motif de la présentation\nLésion du sein droit, cT1N0.\n\nProposition\n- Chirurgie conservatrice\n- Radiothérapie",
            ("Radiothérapie", "Curiethérapie", ("text", "- Radiothérapie", "- Curiethérapie")),
            ("Virtuelle", "Ambulatoire", ("about", "Virtuelle", "Ambulatoire")),
            around=participant("REFB", person("Rémi", "COORDON", "Médecin - Oncologie", holder="associated"))
            + participant("PRF", person("Lou", "QUORUM", holder="associated"), "353", "Membre de l'équipe de soins")
            + act('<code code="39" displayName="Réunion de concertation"/>', "20240310")
            + stay("", "20240310", code='<code code="VR" displayName="Virtuelle"/>'),
            opening=[("Acte", "Réunion de concertation, le 10/03/2024")],
            about=[
                ("Prise en charge", "Virtuelle, le 10/03/2024"),
                ("Demandeur", "Rémi COORDON, Médecin - Oncologie"),
                ("Membre de l'équipe de soins", "Lou QUORUM"),
            ],
        ),
        kind(
            "pps",
            "Programme personnalisé de soins",
            ("18776-5", "Plan de soins"),
            "26",
            _PLAN,
            "Étapes du parcours\nÉtape | Date | Lieu\nConsultation d'annonce | 14/03/2024 | Clinique des Essais\n\n"
            "Soins de support\nDiététique, psychologue.",
            ("14/03/2024", "21/03/2024", ("text", "| 14/03/2024", "| 21/03/2024")),
            ("+33699000002", "+33699000009", ("about", "+33699000002", "+33699000009")),
            around=relative("CAREGIVER", "Époux", "Paul", "BARZOU", "+33699000002"),
            about=[("Aidant", "Paul BARZOU (Époux), tél. +33699000002")],
        ),
        kind(
            "ips",
            "Résumé patient international",
            ("60591-5", "Résumé patient"),
            "51",
            _SUMMARY,
            "Problèmes actifs\nProblème | Début\nDiabète de type 2 | 2015\n\nDispositifs médicaux\nAucun dispositif.",
            ("Diabète de type 2", "Diabète de type 1", ("text", "de type 2", "de type 1")),
            around=relative("NOK", "Fils", "Max", "BARZOU", "0699000003"),
            about=[("Personne de confiance", "Max BARZOU (Fils), tél. 06 99 00 00 03")],
        ),
        kind(
            "dlu",
            "Dossier de liaison d'urgence",
            ("74207-2", "Dossier de liaison d'urgence"),
            "51",
            _LIAISON,
            "Autonomie\nActe | Aide\nToilette | Partielle\nRepas | Aucune\n\nPansements\nTalon droit, tous les deux jours.",
            ("Talon droit", "Talon gauche", ("text", "Talon droit", "Talon gauche")),
            around=stay("", "20240312", "EHPAD des Mimosas", sort="Etablissement pour personnes âgées"),
            about=[("Prise en charge", "le 12/03/2024, EHPAD des Mimosas, Etablissement pour personnes âgées")],
        ),
        kind(
            "telemedecine-demande",
            "Demande d'acte de télémédecine",
            ("75496-0", "Demande de télémédecine"),
            "38",
            _REQUEST,
            "Question posée\nLésion pigmentée : faut-il l'exciser ?\n\nContexte\nApparue il y a six mois.",
            ("six mois", "trois ans", ("text", "six mois", "trois ans")),
            ("TE2", "TE1", ("opening", "Télé-expertise TE2", "Télé-expertise TE1")),
            around=act('<code code="X" displayName="Télé-expertise TE2"/>', ""),
            opening=[("Acte", "Télé-expertise TE2")],
        ),
        kind(
            "telemedecine-reponse",
            "Compte rendu de télémédecine",
            ("85208-7", "Compte rendu de télémédecine"),
            "99",
            plain(_REPLY),
            _REPLY,
            ('low value="20240301"', 'low value="20240302"', ("opening", "01/03/2024", "02/03/2024")),
            around=act('<code code="X" displayName="Télé-expertise"/>', "20240301"),
            opening=[("Acte", "Télé-expertise, le 01/03/2024")],
            **{name: value for name, value in text_body(_REPLY).items() if name != "text"},
        ),
    ]
)
CASES = {name: one.case for name, one in KINDS.items()}
