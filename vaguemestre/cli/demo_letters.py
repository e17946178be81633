"""The prose of the demo's letters: what hospital services write to a family doctor. All of it is invented."""

from __future__ import annotations

import datetime as dt

from vaguemestre.cli.demo_pdf import Letter
from vaguemestre.cli.demo_people import HOSPITAL, Person

CARDIOLOGY_BODY = """
Cher confrère, chère consœur,

J'ai revu ce jour en consultation Madame Sophie KERVELLA, {age} ans, adressée
pour des palpitations survenant au repos depuis plusieurs mois.

Antécédents : dysthyroïdie substituée, migraine. Pas de tabac.
Traitement actuel : lévothyroxine 75 µg par jour.

L'examen est normal, la tension artérielle à 124/76 mmHg. L'ECG est
sinusal à 68/min, sans trouble de conduction ni de repolarisation.
Le Holter de 48 heures retrouve 412 extrasystoles auriculaires isolées,
sans accès soutenu. L'échographie cardiaque est normale, la fraction
d'éjection à 64 %.

Conclusion : extrasystolie auriculaire bénigne. Je n'introduis pas de
traitement. Un contrôle de la TSH me paraît utile.
Je la reverrai dans un an, plus tôt en cas de malaise.

Bien confraternellement,
Dr Hélène TANGUIVEL
"""

ORTHOPAEDICS = """
COMPTE RENDU DE CONSULTATION

Chère collègue,

Monsieur DE LA ROCHE-VERNET est revu à six semaines de la prothèse totale
de hanche droite, posée par voie antérieure.

La cicatrice est propre et sèche. La marche se fait avec une canne simple,
sans boiterie notable. Flexion 105°, rotation interne 15°, indolores.
La radiographie de contrôle montre un matériel en place, sans liseré.

Conduite proposée : arrêt de l'anticoagulation préventive ce jour, poursuite
de la rééducation deux fois par semaine pendant un mois, conduite
automobile possible. Paracétamol à la demande.

Prochain contrôle radiologique dans dix mois.

Dr Gaël PENNANEC'H
Chirurgie orthopédique et traumatologique
"""

HOMONYM = """
COMPTE RENDU D'ÉCHOGRAPHIE CARDIAQUE

Indication : souffle systolique éjectionnel découvert à l'auscultation.

Ventricule gauche de taille normale, non hypertrophié. Fraction d'éjection
à 61 %. Pas d'anomalie de la cinétique segmentaire.
Valve aortique remaniée, gradient moyen 14 mmHg, surface 1,7 cm².
Oreillette gauche discrètement dilatée. Péricarde sec.

Conclusion : rétrécissement aortique peu serré. Contrôle dans deux ans.

Dr Hélène TANGUIVEL
"""

CHILD = """
PASSAGE AUX URGENCES PÉDIATRIQUES

Madame, Monsieur, cher confrère,

L'enfant Inès NAOURI, {age} ans, a été amenée par son père pour une fièvre à
39,4 °C depuis 36 heures et une otalgie gauche.

À l'examen : bon état général, nuque souple, tympan gauche bombant et
congestif, auscultation libre, pas d'éruption. Poids 18,6 kg.

Diagnostic : otite moyenne aiguë gauche purulente.
Traitement : amoxicilline 80 mg/kg/jour en deux prises pendant 5 jours,
paracétamol 15 mg/kg toutes les 6 heures si fièvre ou douleur.

À revoir au cabinet en l'absence d'amélioration sous 48 heures.
Consignes de surveillance remises par écrit au père.

Dr Anouk LE STRAËT
"""

PNEUMOLOGY = """
COMPTE RENDU DE CONSULTATION DE PNEUMOLOGIE

Chère consœur,

Je vous remercie de m'avoir adressé Madame LECA-CASANOVA, {age} ans, enceinte
de cinq mois, pour une toux sèche évoluant depuis sept semaines.

L'examen est normal, la saturation à 99 % en air ambiant. Le souffle est
normal (VEMS 101 % de la théorique), avec une réversibilité de 13 %.

Ces éléments font évoquer un asthme débutant. Je propose du budésonide
inhalé, 200 µg matin et soir, compatible avec la grossesse, et une
réévaluation dans six semaines. Pas de radiographie.

Dr Isidore KERAMBRUN
Service de pneumologie
"""

PACEMAKER = """
CONTRÔLE DE STIMULATEUR CARDIAQUE

Monsieur PETITJEAN, {age} ans, porteur d'un stimulateur double chambre pour
bloc auriculo-ventriculaire depuis quatre ans.

Pile : 6 ans estimés. Seuils, détection et impédances stables.
Stimulation ventriculaire 97 %, charge en fibrillation 4 %, connue et
anticoagulée. Pas d'épisode ventriculaire enregistré.

Traitement inchangé. Télésurveillance active, contrôle sur site dans un an.

Dr Hélène TANGUIVEL
"""

LABORATORY_COVER = """Bonjour,

Vous trouverez ci-joint un compte rendu d'examens de biologie médicale.

Le laboratoire de biologie médicale
Centre hospitalier de Valmorin
"""

URGENT_COVER = """Bonjour,

Ce compte rendu comporte des résultats critiques. Le biologiste de garde
reste joignable au poste 4417.

Le laboratoire de biologie médicale
Centre hospitalier de Valmorin
"""

SERVICE_COVER = """Bonjour,

Veuillez trouver ci-joint un courrier médical concernant l'un de vos patients.

Centre hospitalier de Valmorin
"""


def french_date(day: dt.date) -> str:
    months = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"]
    return f"{'1er' if day.day == 1 else day.day} {months[day.month - 1]} {day.year}"


_ADDRESSEE = ("Docteur Camille ARZUR", "Maison de santé des Tilleuls", "22990 Kerloc'h")


def _lines(person: Person) -> tuple[str, ...]:
    born = "Née" if person.sex == "F" else "Né"
    return (
        f"Patient : {person.used_name or person.birth_name} {person.first_given_name.title()}",
        f"{born} le {person.french_birth_date}",
    )


def discharge(person: Person, day: dt.date) -> Letter:
    return Letter(
        institution=HOSPITAL.name,
        service="Service de cardiologie - Unité d'hospitalisation B",
        recipient=_ADDRESSEE,
        place=f"{HOSPITAL.town}, le {french_date(day)}",
        patient_lines=_lines(person),
        subject="Lettre de liaison à la sortie d'hospitalisation",
        paragraphs=(
            "Chère consœur,",
            f"Votre patiente a été hospitalisée du {french_date(day - dt.timedelta(days=6))} au {french_date(day)} pour une décompensation "
            "cardiaque globale, favorisée par un écart de régime et l'arrêt du diurétique.",
            "À l'entrée : dyspnée de stade III, œdèmes des membres inférieurs jusqu'aux genoux, prise de poids de 5 kg. "
            "L'échographie montre une fonction ventriculaire gauche conservée (fraction d'éjection 55 %) et des pressions de "
            "remplissage élevées. L'évolution est favorable sous furosémide intraveineux, relayé par voie orale le troisième jour.",
            "Traitement de sortie : furosémide 40 mg matin, bisoprolol 2,5 mg matin, dapagliflozine 10 mg matin, apixaban 2,5 mg "
            "matin et soir. Spironolactone arrêtée (kaliémie à 5,4 mmol/l).",
            "Poids de sortie : 61,2 kg. Nous vous serions reconnaissants de contrôler le poids chaque semaine, et l'ionogramme avec "
            "la créatinine dans dix jours. Une consultation de cardiologie est prévue dans un mois ; l'infirmière de coordination "
            "passera au domicile le surlendemain de la sortie.",
            "Avec nos salutations confraternelles.",
        ),
        signature=("Dr Hélène TANGUIVEL", "Praticien hospitalier"),
    )


def hand_clinic(person: Person, day: dt.date) -> Letter:
    return Letter(
        institution=HOSPITAL.name,
        service="Chirurgie orthopédique et traumatologique - Consultation de la main",
        recipient=_ADDRESSEE,
        place=f"{HOSPITAL.town}, le {french_date(day)}",
        patient_lines=_lines(person),
        subject="Compte rendu de consultation",
        paragraphs=(
            "Chère consœur,",
            "J'ai vu votre patiente pour des paresthésies nocturnes des trois premiers doigts de la main droite, évoluant depuis huit "
            "mois, avec maladresse au travail depuis trois mois.",
            "Le signe de Tinel et la manœuvre de Phalen sont positifs à droite. La force de la pince est conservée, il n'y a pas "
            "d'amyotrophie thénarienne. L'électromyogramme confirme une atteinte sensitive du nerf médian au canal carpien, de "
            "gravité modérée, sans dénervation.",
            "Je propose une attelle nocturne pendant six semaines et une infiltration si la gêne persiste. La chirurgie serait "
            "à discuter en cas d'échec. Un aménagement du poste de travail me paraît souhaitable.",
            "Je la reverrai dans deux mois.",
            "Bien confraternellement.",
        ),
        signature=("Dr Gaël PENNANEC'H", "Chirurgien de la main"),
    )
