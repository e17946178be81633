"""The results of the demo's laboratory reports: labels, local codes, values, units and bounds as a hospital laboratory writes them."""

from __future__ import annotations

from vaguemestre.cli.demo_hprim import Line

HEART_FAILURE = (
    Line("HEMATOLOGIE"),
    Line("Hémoglobine", "HB   010", "11.4", "g/dl", "11.5", "16.0", "L"),
    Line("Hématocrite", "HT   020", "34.8", "%", "34.0", "46.0", "N"),
    Line("VGM", "VGM  030", "91", "fl", "80", "100", "N"),
    Line("Leucocytes", "GB   040", "6.9", "Giga/l", "4.0", "10.0", "N"),
    Line("Plaquettes", "PLAQ 050", "214", "Giga/l", "150", "400", "N"),
    Line("BIOCHIMIE SANGUINE"),
    Line("Sodium", "NA   110", "137", "mmol/l", "135", "145", "N"),
    Line("Potassium", "K    120", "4.6", "mmol/l", "3.5", "5.1", "N"),
    Line("Urée", "UREE 130", "9.8", "mmol/l", "2.8", "8.1", "H"),
    Line("Créatinine", "CREA 140", "112", "µmol/l", "45", "84", "H"),
    Line(
        "DFG estimé (CKD-EPI)",
        "DFG  150",
        "41",
        "ml/min/1,73",
        "60",
        "",
        "L",
        comment="Insuffisance rénale modérée, stade 3b, à confronter aux antérieurs.",
    ),
    Line("NT-proBNP", "BNP  160", "2870", "ng/l", "", "450", "H", comment="À interpréter selon l'âge et la fonction rénale."),
    Line("CRP", "CRP  170", "<4.0", "mg/l", "", "5.0", "N"),
)

ANTICOAGULANT_ALARM = (
    Line("HEMOSTASE"),
    Line(
        "INR",
        "INR  210",
        "6.8",
        "",
        "2.0",
        "3.0",
        "HH",
        comment="Résultat contrôlé. Appel du laboratoire au cabinet à 18 h 10, sans réponse.",
    ),
    Line("Taux de prothrombine", "TP   220", "11", "%", "70", "", "LL"),
    Line("BIOCHIMIE SANGUINE"),
    Line("Sodium", "NA   110", "134", "mmol/l", "135", "145", "L"),
    Line("Potassium", "K    120", "6.4", "mmol/l", "3.5", "5.1", "HH", comment="Absence d'hémolyse. Contrôle immédiat et ECG conseillés."),
    Line("Créatinine", "CREA 140", "168", "µmol/l", "59", "104", "H"),
    Line("DFG estimé (CKD-EPI)", "DFG  150", "33", "ml/min/1,73", "60", "", "L"),
    Line("HEMATOLOGIE"),
    Line("Hémoglobine", "HB   010", "12.9", "g/dl", "13.0", "17.0", "L"),
    Line("Plaquettes", "PLAQ 050", "187", "Giga/l", "150", "400", "N"),
)

MONONUCLEOSIS = (
    Line("HEMATOLOGIE"),
    Line("Hémoglobine", "HB   010", "14.1", "g/dl", "13.0", "16.6", "N"),
    Line("Leucocytes", "GB   040", "12.7", "Giga/l", "4.0", "10.5", "H"),
    Line("Lymphocytes", "LYMP 044", "8.3", "Giga/l", "1.2", "5.2", "H", comment="Présence de grands lymphocytes hyperbasophiles."),
    Line("Plaquettes", "PLAQ 050", "162", "Giga/l", "150", "400", "N"),
    Line("BIOCHIMIE SANGUINE"),
    Line("ASAT", "ASAT 180", "96", "UI/l", "", "40", "H"),
    Line("ALAT", "ALAT 181", "131", "UI/l", "", "41", "H"),
    Line("SEROLOGIE"),
    Line("EBV, IgM anti-VCA", "EBVM 310", "Positif", kind="A"),
    Line("EBV, IgG anti-EBNA", "EBNA 311", "Négatif", kind="A"),
)

METABOLIC = (
    Line("BIOCHIMIE SANGUINE"),
    Line("Glycémie à jeun", "GLY  101", "1.18", "g/l", "0.70", "1.10", "H", second=("6.55", "mmol/l", "3.89", "6.11")),
    Line("Hémoglobine glyquée (HbA1c)", "A1C  105", "6.3", "%", "4.0", "6.0", "H"),
    Line("Créatinine", "CREA 140", "79", "µmol/l", "59", "104", "N"),
    Line("EXPLORATION D'UNE ANOMALIE LIPIDIQUE"),
    Line("Cholestérol total", "CHOL 190", "2.31", "g/l", "", "2.00", "H", second=("5.97", "mmol/l", "", "5.17")),
    Line("- Cholestérol HDL", "HDL  191", "0.42", "g/l", "0.40", "", "N", second=("1.09", "mmol/l", "1.03", "")),
    Line("- Cholestérol LDL calculé", "LDL  192", "1.54", "g/l", "", "1.60", "N", second=("3.98", "mmol/l", "", "4.14")),
    Line("Triglycérides", "TRIG 193", "1.76", "g/l", "", "1.50", "H", second=("2.01", "mmol/l", "", "1.71")),
    Line("ENZYMOLOGIE"),
    Line("Gamma-GT", "GGT  182", "58", "UI/l", "", "60", "N"),
    Line("ALAT", "ALAT 181", "44", "UI/l", "", "41", "H"),
)

PREGNANCY = (
    Line("SEROLOGIE"),
    Line(
        "Toxoplasmose, IgG",
        "TOXG 320",
        "<0.50",
        "UI/ml",
        "",
        "1.60",
        "N",
        comment="Absence d'immunité : contrôle mensuel jusqu'à l'accouchement.",
    ),
    Line("Toxoplasmose, IgM", "TOXM 321", "Négatif", kind="A"),
    Line("Rubéole, IgG", "RUBG 322", "84", "UI/ml", "10", "", "N"),
    Line("BIOCHIMIE SANGUINE"),
    Line("Glycémie à jeun", "GLY  101", "0.84", "g/l", "0.70", "0.92", "N"),
    Line("Ferritine", "FERR 106", "14", "µg/l", "15", "150", "L"),
    Line("HEMATOLOGIE"),
    Line("Hémoglobine", "HB   010", "11.9", "g/dl", "11.0", "15.0", "N"),
)

ANTICOAGULANT_BEFORE = (
    Line("HEMOSTASE"),
    Line("INR", "INR  210", "2.7", "", "2.0", "3.0", "N"),
    Line("Taux de prothrombine", "TP   220", "30", "%", "70", "", "L"),
    Line("BIOCHIMIE SANGUINE"),
    Line("Potassium", "K    120", "4.9", "mmol/l", "3.5", "5.1", "N"),
    Line("Créatinine", "CREA 140", "124", "µmol/l", "59", "104", "H"),
)

STRANGER = (
    Line("ENDOCRINOLOGIE"),
    Line("TSH", "TSH  401", "5.92", "mUI/l", "0.27", "4.20", "H"),
    Line("T4 libre", "T4L  402", "12.1", "pmol/l", "11.9", "21.6", "N"),
    Line("Anticorps anti-TPO", "TPO  403", "184", "UI/ml", "", "34", "H"),
)
