"""What the demo's CDA documents say: measures with their LOINC codes, sections of letters. All of it is invented."""

from __future__ import annotations

from vaguemestre.cli.demo_cda import Battery, Chapter, Measure, Section

BLOOD, CHEMISTRY, CLOTTING, GERMS = (
    ("18723-7", "Hématologie"),
    ("18719-5", "Biochimie sanguine"),
    ("18720-3", "Hémostase"),
    ("18725-2", "Microbiologie"),
)


def kidney(creatinine: str, rate: str, potassium: str, flags: tuple[str, str, str] = ("", "", "")) -> tuple[Chapter, ...]:
    """The kidney of an old man: µmol/L, mL/min/1,73 m², mmol/L."""
    return (
        Chapter(
            *CHEMISTRY,
            (
                Battery(
                    "Fonction rénale",
                    (
                        Measure("14682-9", "Créatinine", creatinine, "umol/L", "59", "104", flags[0]),
                        Measure("62238-1", "DFG estimé (CKD-EPI)", rate, "mL/min/{1.73_m2}", "60", "", flags[1]),
                    ),
                ),
                Battery("Ionogramme", (Measure("2823-3", "Potassium", potassium, "mmol/L", "3.5", "5.1", flags[2]),)),
            ),
        ),
    )


def heart(peptide: str, sodium: str, haemoglobin: str, flags: tuple[str, str, str]) -> tuple[Chapter, ...]:
    """The follow-up of a failing heart: ng/L, mmol/L, g/dL."""
    return (
        Chapter(
            *BLOOD,
            (
                Battery(
                    "Numération",
                    (
                        Measure("718-7", "Hémoglobine", haemoglobin, "g/dL", "11.5", "16.0", flags[2]),
                        Measure("6690-2", "Leucocytes", "6.40", "10*9/L", "4.00", "10.00", "N"),
                        Measure("777-3", "Plaquettes", "221", "10*9/L", "150", "400", "N"),
                    ),
                ),
            ),
        ),
        Chapter(
            *CHEMISTRY,
            (
                Battery("Ionogramme", (Measure("2951-2", "Sodium", sodium, "mmol/L", "135", "145", flags[1]),)),
                Battery(
                    "Marqueurs cardiaques",
                    (
                        Measure(
                            "33762-6", "NT-proBNP", peptide, "ng/L", "", "450", flags[0], "À interpréter selon l'âge et la fonction rénale."
                        ),
                        Measure("1988-5", "Protéine C réactive", "<4.0", "mg/L", "", "5.0", "N"),
                    ),
                ),
            ),
        ),
    )


def thyroid(value: str, flag: str) -> tuple[Chapter, ...]:
    return (Chapter(*CHEMISTRY, (Battery("Thyroïde", (Measure("3016-3", "TSH", value, "m[IU]/L", "0.40", "4.00", flag),)),)),)


def sugar(glucose: str, haemoglobin: str, flags: tuple[str, str], comment: str = "") -> tuple[Chapter, ...]:
    """mmol/L, %."""
    return (
        Chapter(
            *CHEMISTRY,
            (
                Battery(
                    "Glycémie",
                    (
                        Measure("14771-0", "Glucose à jeun", glucose, "mmol/L", "3.9", "5.8", flags[0], comment),
                        Measure("4548-4", "Hémoglobine glyquée (HbA1c)", haemoglobin, "%", "4.0", "6.0", flags[1]),
                    ),
                ),
            ),
        ),
    )


URINE = (
    Chapter(
        *GERMS,
        (
            Battery(
                "Examen cytobactériologique des urines",
                (
                    Measure("30405-5", "Leucocytes", "185", "/uL", "", "10", "H"),
                    Measure("630-4", "Culture", "Escherichia coli, 10^6 UFC/mL"),
                ),
            ),
            Battery(
                "Antibiogramme : Escherichia coli",
                (
                    Measure("18864-9", "Amoxicilline", "Résistant", flag="R"),
                    Measure("18862-3", "Amoxicilline + acide clavulanique", "Intermédiaire", flag="I"),
                    Measure("18955-5", "Nitrofurantoïne", "Sensible", flag="S"),
                    Measure("25596-8", "Fosfomycine", "Sensible", flag="S"),
                ),
            ),
        ),
    ),
)

DISCHARGE_SECTIONS = (
    Section(
        "42349-1",
        "Motif d'hospitalisation",
        ("Décompensation cardiaque globale sur poussée hypertensive, adressée par le médecin traitant.",),
    ),
    Section(
        "42545-4",
        "Synthèse du séjour",
        (
            "Évolution favorable sous diurétiques par voie veineuse : poids de sortie 71,2 kg (moins 5 kg), tension 128/72 mmHg.",
            "L'échographie retrouve une fraction d'éjection à 45 %, sans valvulopathie serrée.",
        ),
    ),
    Section(
        "10183-2",
        "Traitements à la sortie",
        table=(
            ("Médicament", "Dose", "Rythme", "Durée"),
            ("Furosémide", "40 mg", "matin", "à poursuivre"),
            ("Bisoprolol", "2,5 mg", "matin", "à augmenter selon la tolérance"),
            ("Ramipril", "2,5 mg", "soir", "à poursuivre"),
        ),
    ),
    Section(
        "18776-5",
        "Suites",
        items=(
            "Pesée quotidienne ; appeler au-delà de 2 kg en trois jours.",
            "Ionogramme et créatinine dans huit jours.",
            "Consultation de cardiologie dans un mois.",
        ),
    ),
)


def imaging(slice_: bytes) -> tuple[Section, ...]:
    """A scanner of a knee, with one of its slices as a JPEG."""
    seen = "Pincement fémoro-tibial interne. Ostéophytose marginale. Pas de fracture. Petit épanchement."
    return (
        Section("55111-9", "Examen", ("Scanner du genou droit sans injection.",)),
        Section("18782-3", "Résultats", (seen,), image=slice_, caption="Coupe axiale passant par les condyles"),
        Section("19005-8", "Conclusion", ("Gonarthrose interne droite, sans lésion osseuse suspecte.",)),
    )


CONSULTATION_SECTIONS = (
    Section("10164-2", "Histoire", ("Revue à trois mois. Plus de palpitations depuis l'arrêt du café.",)),
    Section("51847-2", "Conclusion", ("Examen normal. Pas de traitement à visée cardiaque. Prochaine consultation dans un an.",)),
)

FORWARDED = "Bonjour,\n\nJe vous transfère le résultat reçu ce matin pour cette enfant.\n\nLe secrétariat des urgences pédiatriques\n"

WEB_PAGE = """<html><body>
<p>Chère consœur,</p>
<p><b>Patient : NAOURI Karim<br>Né le 30/05/1987</b></p>
<p>J'ai vu ce jour votre patient pour le suivi de sa tension.</p>
<ul><li>Tension artérielle : 132/84 mmHg</li><li>Poids : 88 kg</li></ul>
<p>Le bilan lipidique est à refaire dans <i>trois mois</i>, à jeun.</p>
<img src="https://images.pub.example/ouvert.gif" alt="">
<p>Bien confraternellement,<br>Dr Hélène Tanguivel</p>
</body></html>
"""
