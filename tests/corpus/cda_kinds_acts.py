"""CDA documents of the kinds that report or ask for acts and products: imaging, prescription, dispensation, vaccines, rapid tests; and
sections whose only words are in their entries (formats.md 2.4). People, products and sentences are invented."""

from __future__ import annotations

from tests.corpus.cda_build import section, structured
from tests.corpus.cda_kinds_build import DOCTOR, DOCTOR_TOLD, Kind, act, kind, participant, person, signed, stay, table

_RADIOLOGIST = person("Zoé", "IMAGE", "Médecin - Radio-diagnostic (SM)", "Imagerie des Essais", "0199000030")
_DICOM = "1.2.840.10008.2.16.4"
_SCAN = (
    '<code code="24727-0" codeSystem="2.16.840.1.113883.6.1" displayName="CT Head W contrast IV">'
    '<translation code="ACQH004" codeSystem="1.2.250.1.213.2.5" displayName="Scanner du crâne avec injection"/>'
    f'<translation code="CT" codeSystem="{_DICOM}" displayName="Tomodensitométrie"/></code>'
)
_ORDER = (
    '<inFulfillmentOf><order><id root="1.2.250.1.999.3" extension="DEM-77"/>'
    '<n:accessionNumber xmlns:n="urn:dicom-org:ps3-20" root="1.2.250.1.999.4" extension="ACC-12"/></order></inFulfillmentOf>'
)
_CONSENT = '<authorization><consent><code code="GEN" displayName="Consentement au test signé"/></consent></authorization>'
_IMAGING = structured(
    section("Indication", "<paragraph>Céphalées inhabituelles.</paragraph>"),
    section("Technique", "<paragraph>Acquisition hélicoïdale, 80 mL d'ESSAICONTRASTE.</paragraph>"),
    section("Résultat", "<paragraph>Pas de lésion expansive.</paragraph>", section("Fosse postérieure", "<paragraph>Normale.</paragraph>")),
    section("Conclusion", "<paragraph>Scanner sans anomalie.</paragraph>"),
)
_PRESCRIPTION = structured(
    section(
        "Prescription de médicaments",
        table(
            "Médicament | Posologie | Durée | Substitution",
            "ESSAICILLINE 500 mg, gélule | 1 matin, midi et soir | 6 jours | Autorisée",
            "MODELOX 20 mg, comprimé | 1 au coucher | 3 mois | Non substituable (MTE)",
        ),
    ),
    section("Prescription de dispositifs", "<list><item>Bas de contention, classe 2, une paire</item></list>"),
)
_VACCINES = table("Vaccin | Date | Dose | Lot | Voie", "ESSAIVAX dTP | 03/02/2014 | Rappel | LOT-A1 | Intramusculaire")

# Nothing but entries: what they say is written as lines.
_VITALS = """<entry><organizer classCode="CLUSTER" moodCode="EVN"><templateId root="1.2.250.1.999.9.1"/>
<code code="X" displayName="Constantes à l'arrivée"/><statusCode code="completed"/><effectiveTime value="20240312"/>
<component><observation classCode="OBS" moodCode="EVN"><code code="8867-4" displayName="Fréquence cardiaque"/>
<value xsi:type="PQ" value="72" unit="/min"/></observation></component>
<component><observation classCode="OBS" moodCode="EVN" negationInd="true"><code code="ASSERTION" codeSystem="2.16.840.1.113883.5.4"/>
<value xsi:type="CD" code="R50" displayName="Fièvre"/></observation></component></organizer></entry>"""
_TREATMENT = """<entry><substanceAdministration classCode="SBADM" moodCode="INT"><templateId root="1.2.250.1.999.9.2"/>
<text><reference value="#nulle-part"/></text><statusCode code="active"/>
<effectiveTime xsi:type="IVL_TS"><low value="20240312"/><width value="10" unit="d"/></effectiveTime>
<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="8" unit="h"/></effectiveTime>
<routeCode code="20053000" displayName="Voie orale"/><doseQuantity value="2" unit="{comprimé}"/>
<consumable><manufacturedProduct><manufacturedMaterial><code code="1" displayName="ESSAIDOL 500 mg"/><lotNumberText>L-9</lotNumberText>
</manufacturedMaterial></manufacturedProduct></consumable>
<entryRelationship typeCode="COMP"><act classCode="ACT" moodCode="EVN"><code code="48767-8" displayName="Annotation Comment"/>
<text>Si douleur seulement.</text></act></entryRelationship></substanceAdministration></entry>"""
_SURGERY = """<entry><procedure classCode="PROC" moodCode="EVN"><code code="Z" displayName="Pose d'une prothèse"><qualifier>
<name code="L"/><value code="G" displayName="côté gauche"/></qualifier></code><statusCode code="aborted"/>
<effectiveTime value="20100630"/><x:room xmlns:x="urn:essai"><x:label value="Salle 4"/></x:room></procedure></entry>
<entry><observation classCode="OBS" moodCode="EVN"><code code="72166-2" displayName="Tabagisme"/><value xsi:type="CD" nullFlavor="MSK"/>
</observation></entry>"""
_BARE = structured(
    section(None, None, code='<code code="8716-3" displayName="Signes vitaux"/>', entries=_VITALS),
    section("Traitement", "<paragraph/>", entries=_TREATMENT),
    section("Antécédents", '<content ID="vide"> - </content>', entries=_SURGERY),
    section(
        "Accouchement",
        table("Acte | Réalisé", "Déclenchement | Oui", "Transfusion | Non"),
        section(
            "Détail",
            "",
            entries='<entry><procedure><code displayName="Déclenchement"/></procedure></entry><entry><procedure negationInd="true">'
            '<code displayName="Transfusion"/></procedure></entry><entry><observation><code displayName="Terme"/>'
            '<value xsi:type="PQ" value="39" unit="wk"/></observation></entry>',
        ),
    ),
    section("Conclusion", "<paragraph>Retour à domicile.</paragraph>", entries=_VITALS.replace("72", "180")),
)
_DOSE = "en cours ; à partir du 12/03/2024, pendant 10 jours ; toutes les 8 heures ; voie : Voie orale ; dose : 2 comprimé ; lot : L-9"
_BARE_TEXT = f"""Signes vitaux
- Constantes à l'arrivée (le 12/03/2024)
- Fréquence cardiaque : 72 /min
- non : Fièvre

Traitement
- ESSAIDOL 500 mg ({_DOSE})
- Commentaire : Si douleur seulement.

Antécédents
-
- Pose d'une prothèse (côté gauche ; interrompu ; le 30/06/2010 ; Salle 4)
- Tabagisme : masqué

Accouchement
Acte | Réalisé
Déclenchement | Oui
Transfusion | Non

Détail
- Terme : 39 semaines

Conclusion
Retour à domicile."""

KINDS: dict[str, Kind] = dict(
    [
        kind(
            "imagerie",
            "Scanner cérébral",
            ("18748-4", "CR d'imagerie"),
            "45",
            _IMAGING,
            "Indication\nCéphalées inhabituelles.\n\nTechnique\nAcquisition hélicoïdale, 80 mL d'ESSAICONTRASTE.\n\n"
            "Résultat\nPas de lésion expansive.\n\nFosse postérieure\nNormale.\n\nConclusion\nScanner sans anomalie.",
            ("Scanner sans anomalie", "Scanner à refaire", ("text", "Scanner sans anomalie", "Scanner à refaire")),
            ("ACC-12", "ACC-13", ("about", "ACC-12", "ACC-13")),
            ('root="1.2.250.1.999.27"', 'root="1.2.250.1.999.28"', ("about", "999.27", "999.28")),
            ("Scanner du crâne avec", "Scanner du crâne sans", ("opening", "crâne avec", "crâne sans")),
            around=DOCTOR
            + _ORDER
            + act(_SCAN, "202403111025+0100", "202403111040+0100", _RADIOLOGIST, '<id root="1.2.250.1.999.27"/>')
            + stay("202403111025+0100", "202403111040+0100", "Imagerie des Essais", '<code code="AMB" displayName="Ambulatoire"/>'),
            opening=[
                (
                    "Acte",
                    "Scanner du crâne avec injection (CT Head W contrast IV, Tomodensitométrie), le 11/03/2024 de 10 h 25 à 10 h 40, "
                    "par Zoé IMAGE, Médecin - Radio-diagnostic (SM), Imagerie des Essais, tél. 01 99 00 00 30",
                )
            ],
            about=[
                ("Prise en charge", "Ambulatoire, le 11/03/2024 de 10 h 25 à 10 h 40, Imagerie des Essais"),
                DOCTOR_TOLD,
                ("Numéro de la demande", "DEM-77"),
                ("Numéro de l'examen (accession)", "ACC-12"),
                ("Étude DICOM", "1.2.250.1.999.27"),
            ],
        ),
        kind(
            "demande-imagerie",
            "Demande d'imagerie",
            ("55115-0", "Demande d'acte d'imagerie"),
            "47",
            structured(
                section("Acte demandé", "<paragraph>IRM du genou droit.</paragraph>"),
                section("Contre-indications", "<paragraph>Aucun matériel ferromagnétique.</paragraph>"),
            ),
            "Acte demandé\nIRM du genou droit.\n\nContre-indications\nAucun matériel ferromagnétique.",
            ("genou droit", "genou gauche", ("text", "genou droit", "genou gauche")),
            around=signed("20240312", person("Jean", "ESSAI")),
            about=[("Signé par", "Jean ESSAI, le 12/03/2024")],
        ),
        kind(
            "prescription",
            "Ordonnance",
            ("57833-6", "Prescription de produits de santé"),
            "39",
            _PRESCRIPTION,
            "Prescription de médicaments\nMédicament | Posologie | Durée | Substitution\n"
            "ESSAICILLINE 500 mg, gélule | 1 matin, midi et soir | 6 jours | Autorisée\n"
            "MODELOX 20 mg, comprimé | 1 au coucher | 3 mois | Non substituable (MTE)\n\n"
            "Prescription de dispositifs\n- Bas de contention, classe 2, une paire",
            ("6 jours", "8 jours", ("text", "| 6 jours", "| 8 jours")),
            ("Exécution à domicile", "Exécution en urgence", ("opening", "à domicile", "en urgence")),
            around=act('<code code="MED-1094" displayName="Exécution à domicile"/>', "", attributes=' classCode="INFO"')
            + act('<code code="57833-6" displayName="Prescription de produits de santé"/>', "20240312", "20240612"),
            opening=[
                ("Mention", "Exécution à domicile"),
                ("Acte", "Prescription de produits de santé, du 12/03/2024 au 12/06/2024"),
            ],
        ),
        kind(
            "dispensation",
            "Dispensation",
            ("60593-1", "Dispensation médicamenteuse"),
            "54",
            structured(
                section(
                    "Médicaments délivrés",
                    table("Prescrit | Délivré | Quantité", "MODELOX 20 mg | MODELOX générique 20 mg | 3 boîtes de 28"),
                )
            ),
            "Médicaments délivrés\nPrescrit | Délivré | Quantité\nMODELOX 20 mg | MODELOX générique 20 mg | 3 boîtes de 28",
            ("3 boîtes", "1 boîte", ("text", "3 boîtes", "1 boîte")),
            around=participant(
                "REF", person("Anne", "MODELE", holder="associated"), "353", "Équipe de soins", '<time><high value="20240311"/></time>'
            ),
            about=[("Prescripteur", "Anne MODELE, le 11/03/2024")],
        ),
        kind(
            "vaccinations",
            "Historique des vaccinations",
            ("11369-6", "Historique des vaccinations"),
            "37",
            structured(section("Vaccinations", _VACCINES)),
            "Vaccinations\nVaccin | Date | Dose | Lot | Voie\nESSAIVAX dTP | 03/02/2014 | Rappel | LOT-A1 | Intramusculaire",
            ("LOT-A1", "LOT-A2", ("text", "LOT-A1", "LOT-A2")),
        ),
        kind(
            "note-de-vaccination",
            "Note de vaccination",
            ("87273-9", "Note de vaccination"),
            "46",
            structured(section("Vaccination", _VACCINES), section("Réaction", "<paragraph>Aucune.</paragraph>")),
            "Vaccination\nVaccin | Date | Dose | Lot | Voie\nESSAIVAX dTP | 03/02/2014 | Rappel | LOT-A1 | Intramusculaire\n\n"
            "Réaction\nAucune.",
            ("03/02/2014", "04/02/2014", ("text", "03/02/2014", "04/02/2014")),
            around=participant("PRF", person("Ida", "PIQUE", "Infirmier", holder="associated"), "X", "Vaccinateur"),
            about=[("Vaccinateur", "Ida PIQUE, Infirmier")],
        ),
        kind(
            "trod",
            "Test rapide",
            ("96173-0", "Test rapide d'orientation diagnostique"),
            "59",
            structured(section("Résultat", table("Test | Résultat", "Angine à streptocoque A | Négatif"))),
            "Résultat\nTest | Résultat\nAngine à streptocoque A | Négatif",
            ("| Négatif", "| Positif", ("text", "| Négatif", "| Positif")),
            ("test signé", "test oral", ("about", "test signé", "test oral")),
            around=_CONSENT,
            about=[("Consentement", "Consentement au test signé")],
        ),
        kind(
            "sans-narratif",
            "Fiche d'un modèle inconnu",
            ("34133-9", "Fiche"),
            "9999",
            _BARE,
            _BARE_TEXT,
            ('value="72"', 'value="75"', ("text", ": 72 /min", ": 75 /min")),
            ("côté gauche", "côté droit", ("text", "côté gauche", "côté droit")),
            ("Si douleur", "Si fièvre", ("text", "Si douleur", "Si fièvre")),
            ('period value="8"', 'period value="6"', ("text", "toutes les 8 heures", "toutes les 6 heures")),
            ('value="39"', 'value="38"', ("text", "39 semaines", "38 semaines")),
            ("Salle 4", "Salle 5", ("text", "Salle 4", "Salle 5")),
            ('value="180"', 'value="181"', ("nothing", "", "")),
        ),
    ]
)
CASES = {name: one.case for name, one in KINDS.items()}
