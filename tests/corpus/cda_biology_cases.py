"""Laboratory reports as CDA level 3: the data types, headings, references, dates and comments of formats.md 2.5 and 9 (13, 14, 18, 20)."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, other, patient, reading, result
from tests.corpus.cda_biology_build import (
    LOINC,
    battery,
    between,
    bound,
    chapter,
    coded,
    collection,
    comment,
    entry,
    flag,
    isolate,
    observation,
    plain_section,
    pq,
    quoted,
    reference,
    refers,
    report,
    sub_section,
    value,
    when,
)

GERMS, LOCAL, MATERIALS = "1.3.6.1.4.1.99990.1", "1.3.6.1.4.1.99990.2", "2.16.840.1.113883.18.311"
FACTS: Json = {
    "type": {"code": "11502-2", "system": LOINC, "label": "CR d'examens biologiques"},
    "title": "Compte rendu de biologie",
    "date": "2024-03-12T11:30:00+01:00",
    "id": "2.25.990000000000000000000000000001",
    "set_id": "2.25.990000000000000000000000000002",
    "version": 1,
    "confidentiality": ["N"],
    "patient": patient(
        ins={"value": "261059999012394", "oid": "1.2.250.1.213.1.4.8"},
        birth_name="ZORBEC",
        given_names=["LUCIE", "ANNE"],
        first_given_name="LUCIE",
        birth_date="1961-05-04",
        sex="F",
        birth_place_code="99990",
    ),
    "author": {
        "name": "BIOLOG",
        "id": "99900000017",
        "organization": "LABORATOIRE DES ESSAIS",
        "organization_id": "999900001",
        "specialty": None,
    },
}
SODIUM = coded("code", "2951-2", "Sodium")
POTASSIUM = coded("code", "2823-3", "Potassium")
GLUCOSE = coded("code", "14749-6", "Glucose")


def system(code: str | None, oid: str | None, label: str | None) -> Json:
    return {"code": code, "system": oid, "label": label}


def found(label: str | None, loinc: str | None, told: str | None, number: str | None = None, unit: str | None = None, **facts: Any) -> Json:
    """A result of 12 March 2024 in the chapter Biochimie, final, with a LOINC code of that label."""
    usual: Json = {
        "chapter": "Biochimie",
        "code": None if loinc is None else system(loinc, LOINC, label),
        "number": number,
        "unit": unit,
        "status": "completed",
        "date": "2024-03-12T08:30:00+01:00",
    }
    return result(label, None, told) | usual | facts


def one(name: str, data: bytes, text: str, *results: Json) -> tuple[str, Case]:
    file = f"{name}.xml"
    found = document("cda-n3", [file], data, **(FACTS | {"results": list(results), "text": text}))
    return name, Case(file, data, reading(file, "cda", [found]))


def biology(*observations: str, **words: str) -> bytes:
    """One chapter, one act."""
    return report(chapter("Biochimie", entry(*observations), **words))


CASES: dict[str, Case] = dict(
    [
        one(
            "bio-quantities",
            biology(
                observation(SODIUM, pq("143", "mmol/L"), flag("N"), between("136", "145", "mmol/L")),
                # zeros are kept, a sign too; the prefix of the type says nothing
                observation(POTASSIUM, value("c:PQ", value="4.10", unit="mmol/L"), flag("N"), between("3.50", "5.000", "mmol/L")),
                observation(coded("code", "1925-7", "Excès de base"), pq("-2.0", "mmol/L")),
                observation(coded("code", "2744-1", "pH"), value("REAL", value="7.40")),
                observation(coded("code", "30313-1", "Cigarettes"), value("INT", value="0"), flag("L")),
                observation(coded("code", "44429-9", "Rapport albumine/globulines"), pq("1.50", "{ratio}"), between("1", "2", "1")),
                observation(coded("code", "6301-6", "INR"), pq("2.0", "1"), flag("H"), flag("HH")),
            ),
            "Biochimie",
            found("Sodium", "2951-2", "143", "143", "mmol/L", low="136", high="145", flag="N"),
            found("Potassium", "2823-3", "4.10", "4.10", "mmol/L", low="3.50", high="5.000", flag="N"),
            found("Excès de base", "1925-7", "-2.0", "-2.0", "mmol/L"),
            found("pH", "2744-1", "7.40", "7.40"),
            found("Cigarettes", "30313-1", "0", "0", flag="L"),
            found("Rapport albumine/globulines", "44429-9", "1.50", "1.50", "{ratio}", low="1", high="2"),
            found("INR", "6301-6", "2.0", "2.0", "1", flag="H HH"),
        ),
        one(
            "bio-one-bound",
            biology(
                observation(SODIUM, value("IVL_PQ", bound("high", "0.10", "ng/mL", inclusive="false")), flag("N")),
                observation(SODIUM, value("IVL_PQ", bound("high", "0.10", "ng/mL", inclusive="true"))),
                # a bound belongs to its interval unless it says no
                observation(SODIUM, value("IVL_PQ", bound("high", "0.10", "ng/mL"))),
                observation(SODIUM, value("c:IVL_PQ", bound("low", "90", "mL/min", inclusive="false"))),
                observation(SODIUM, value("IVL_PQ", '<low value="90" unit="mL/min"/><high nullFlavor="PINF"/>')),
                observation(SODIUM, value("IVL_PQ", '<low nullFlavor="NINF"/><high value="5" inclusive="false"/>')),
                observation(SODIUM, value("IVL_INT", '<low value="100" inclusive="false"/>')),
            ),
            "Biochimie",
            found("Sodium", "2951-2", "<0.10", "0.10", "ng/mL", comparator="<", flag="N"),
            found("Sodium", "2951-2", "<=0.10", "0.10", "ng/mL", comparator="<="),
            found("Sodium", "2951-2", "<=0.10", "0.10", "ng/mL", comparator="<="),
            found("Sodium", "2951-2", ">90", "90", "mL/min", comparator=">"),
            found("Sodium", "2951-2", ">=90", "90", "mL/min", comparator=">="),
            found("Sodium", "2951-2", "<5", "5", comparator="<"),
            found("Sodium", "2951-2", ">100", "100", comparator=">"),
        ),
        one(
            "bio-two-bounds",
            biology(
                observation(SODIUM, value("IVL_PQ", bound("low", "5", "/uL") + bound("high", "10", "/uL"))),
                observation(SODIUM, value("IVL_PQ", bound("low", "500", "mg/L") + bound("high", "1", "g/L"))),
                observation(SODIUM, value("IVL_PQ", '<low nullFlavor="NI"/><high nullFlavor="NI"/>')),
                observation(SODIUM, value("IVL_PQ", bound("center", "7.5", "g/L"))),
            ),
            "Biochimie",
            found("Sodium", "2951-2", "5 - 10", None, "/uL"),
            found("Sodium", "2951-2", "500 mg/L - 1 g/L"),
            found("Sodium", "2951-2", None),
            found("Sodium", "2951-2", "7.5", "7.5", "g/L"),
        ),
        one(
            "bio-second-unit",
            biology(
                # the second unit as a translation, its reference as translations of the bounds
                observation(
                    GLUCOSE,
                    pq("5.00", "mmol/L", '<translation value="0.90" code="g/L" codeSystem="2.16.840.1.113883.6.8"/>'),
                    reference(
                        value(
                            "IVL_PQ",
                            bound("low", "3.9", "mmol/L", '<translation value="0.70" code="g/L"/>')
                            + bound("high", "6.1", "mmol/L", '<translation value="1.10" code="g/L"/>'),
                        )
                    ),
                ),
                # its reference as a second range
                observation(
                    GLUCOSE,
                    pq("5.00", "mmol/L", '<translation value="0.90" unit="g/L"/>'),
                    between("3.9", "6.1", "mmol/L"),
                    between("0.70", "1.10", "g/L"),
                ),
                # a bound in two units; two values in two units
                observation(GLUCOSE, value("IVL_PQ", bound("high", "0.5", "mmol/L", '<translation value="0.09" code="g/L"/>'))),
                observation(GLUCOSE, pq("5.00", "mmol/L"), pq("0.90", "g/L"), between("0.70", "1.10", "g/L")),
            ),
            "Biochimie",
            found("Glucose", "14749-6", "5.00", "5.00", "mmol/L", low="3.9", high="6.1", alternative=other("0.90", "g/L", "0.70", "1.10")),
            found("Glucose", "14749-6", "5.00", "5.00", "mmol/L", low="3.9", high="6.1", alternative=other("0.90", "g/L", "0.70", "1.10")),
            found("Glucose", "14749-6", "<=0.5", "0.5", "mmol/L", comparator="<=", alternative=other("0.09", "g/L", None, None)),
            found("Glucose", "14749-6", "5.00", "5.00", "mmol/L", alternative=other("0.90", "g/L", "0.70", "1.10")),
        ),
        one(
            "bio-coded-values",
            biology(
                observation(SODIUM, value("CD", code="260385009", displayName="négatif", codeSystem="2.16.840.1.113883.6.96")),
                observation(SODIUM, value("CE", refers("aspect"))),
                observation(SODIUM, value("c:CD", "<originalText>jaune  paille</originalText>", nullFlavor="OTH")),
                # the name comes first, then the original text, then a translation, then the bare code
                observation(SODIUM, value("CD", refers("aspect"), code="1", displayName="limpide")),
                observation(SODIUM, value("CD", '<translation code="2" displayName="trouble"/>', nullFlavor="UNK")),
                observation(SODIUM, value("CO", code="3+", codeSystem="1.3.6.1.4.1.99990.3")),
                observation(SODIUM, value("CD", nullFlavor="UNK")),
                observation(SODIUM, value("CD", refers("nowhere"))),
                aspect="clair",
            ),
            "Biochimie\nclair",
            found("Sodium", "2951-2", "négatif"),
            found("Sodium", "2951-2", "clair"),
            found("Sodium", "2951-2", "jaune paille"),
            found("Sodium", "2951-2", "limpide"),
            found("Sodium", "2951-2", "trouble"),
            found("Sodium", "2951-2", "3+"),
            found("Sodium", "2951-2", None),
            found("Sodium", "2951-2", None),
        ),
        one(
            "bio-other-types",
            biology(
                observation(SODIUM, value("ST", "absence de\n      cristaux")),
                # words stay words: who writes them says that they are no measure
                observation(SODIUM, value("ST", "1324")),
                observation(SODIUM, value("ED", "Première ligne.\n  Seconde ligne.\n", mediaType="text/plain")),
                observation(SODIUM, value("ED", '<reference value="#conclusion"/>')),
                observation(SODIUM, value("ED", "QUJD", mediaType="image/png", representation="B64")),
                observation(SODIUM, value("BL", value="true")),
                observation(SODIUM, value("TS", value="20240311")),
                observation(SODIUM, value("IVL_TS", '<low value="202403110800"/><high value="20240312"/>')),
                observation(SODIUM, value("RTO_INT_INT", '<numerator value="1"/><denominator value="40"/>')),
                observation(SODIUM, value("RTO_PQ_PQ", '<numerator value="150" unit="mg"/><denominator value="24" unit="h"/>'), flag("H")),
                conclusion="Profil normal.",
            ),
            "Biochimie\nProfil normal.",
            found("Sodium", "2951-2", "absence de cristaux"),
            found("Sodium", "2951-2", "1324"),
            found("Sodium", "2951-2", "Première ligne.\nSeconde ligne."),
            found("Sodium", "2951-2", "Profil normal."),
            found("Sodium", "2951-2", None),
            found("Sodium", "2951-2", "true"),
            found("Sodium", "2951-2", "2024-03-11"),
            found("Sodium", "2951-2", "2024-03-11T08:00 - 2024-03-12"),
            found("Sodium", "2951-2", "1/40"),
            found("Sodium", "2951-2", "150 mg/24 h", flag="H"),
        ),
        one(
            "bio-no-type",
            biology(
                observation(SODIUM, value(None, value="143", unit="mmol/L")),
                observation(SODIUM, value(None, bound("high", "5", "mg/L", inclusive="false"))),
                observation(SODIUM, value(None, code="1", displayName="positif")),
                observation(SODIUM, value(None, "rares")),
                observation(SODIUM, value("PQ", "143", unit="mmol/L")),
                observation(SODIUM, value("BANANA", value="143")),
            ),
            "Biochimie",
            found("Sodium", "2951-2", "143", "143", "mmol/L"),
            found("Sodium", "2951-2", "<5", "5", "mg/L", comparator="<"),
            found("Sodium", "2951-2", "positif"),
            found("Sodium", "2951-2", "rares"),
            found("Sodium", "2951-2", "143", "143", "mmol/L"),
            found("Sodium", "2951-2", "143"),
        ),
        one(
            "bio-strange-numbers",
            biology(
                observation(SODIUM, pq("NaN", "mmol/L")),
                observation(SODIUM, pq("1e999999", "mmol/L")),
                observation(SODIUM, pq("1.2E+5", "/mL")),
                observation(SODIUM, pq("5,2", "mmol/L")),
                observation(SODIUM, pq("< 5", "mg/L")),
                observation(SODIUM, pq("  ", "mmol/L")),
                observation(SODIUM, pq("12 34", "mmol/L")),
                observation(SODIUM, pq(" 7.0 ", " ")),
                observation(SODIUM, value("PQ", nullFlavor="TRC", unit="g/L")),
                observation(SODIUM, value("PQ", nullFlavor="NASK")),
            ),
            "Biochimie",
            found("Sodium", "2951-2", "NaN", None, "mmol/L"),
            found("Sodium", "2951-2", "1e999999", None, "mmol/L"),
            found("Sodium", "2951-2", "1.2E+5", "120000", "/mL"),
            found("Sodium", "2951-2", "5,2", "5.2", "mmol/L"),
            found("Sodium", "2951-2", "< 5", "5", "mg/L", comparator="<"),
            found("Sodium", "2951-2", None, None, "mmol/L"),
            found("Sodium", "2951-2", "12 34", None, "mmol/L"),
            found("Sodium", "2951-2", "7.0", "7.0"),
            found("Sodium", "2951-2", "traces", None, "g/L"),
            found("Sodium", "2951-2", None),
        ),
        one(
            "bio-labels-and-codes",
            biology(
                observation(coded("code", "1988-5", "CRP", inside=refers("crp")), pq("3", "mg/L")),
                observation(coded("code", "1988-5", inside=refers("crp")), pq("3", "mg/L")),
                # a test that has no national code: its words are in the narrative, its own code is a translation
                observation(
                    coded("code", flavor="OTH", inside=refers("crp") + coded("translation", "CRPU", "CRP ultra", LOCAL)), pq("3", "mg/L")
                ),
                observation(coded("code", flavor="UNK", inside=coded("translation", "CRPU", "CRP ultra", LOCAL)), pq("3", "mg/L")),
                observation(coded("code", "CRPU", "CRP ultra", LOCAL, coded("translation", "1988-5", "CRP")), pq("3", "mg/L")),
                observation(coded("code", inside="<originalText>Protéine C réactive</originalText>"), pq("3", "mg/L")),
                observation(coded("code"), pq("3", "mg/L")),
                observation("", pq("3", "mg/L"), status=""),
                crp="Protéine C réactive (CRP)",
            ),
            "Biochimie\nProtéine C réactive (CRP)",
            found("CRP", "1988-5", "3", "3", "mg/L"),
            found("Protéine C réactive (CRP)", None, "3", "3", "mg/L", code=system("1988-5", LOINC, None)),
            found("Protéine C réactive (CRP)", None, "3", "3", "mg/L", translations=[system("CRPU", LOCAL, "CRP ultra")]),
            found("CRP ultra", None, "3", "3", "mg/L", translations=[system("CRPU", LOCAL, "CRP ultra")]),
            found(
                "CRP ultra",
                None,
                "3",
                "3",
                "mg/L",
                code=system("CRPU", LOCAL, "CRP ultra"),
                translations=[system("1988-5", LOINC, "CRP")],
            ),
            found("Protéine C réactive", None, "3", "3", "mg/L"),
            found(None, None, "3", "3", "mg/L"),
            found(None, None, "3", "3", "mg/L", status=None),
        ),
        one(
            "bio-headings",
            report(
                chapter(
                    "Hématologie",
                    sub_section(
                        "Hémogramme :",
                        entry(
                            battery(
                                coded("code", "58410-2", "Numération"),
                                observation(SODIUM, pq("1", "g/L")),
                                battery(coded("code", inside=refers("formule")), observation(POTASSIUM, pq("2", "g/L"))),
                                observation(SODIUM, pq("3", "g/L")),
                            ),
                            battery("", observation(SODIUM, pq("4", "g/L"))),
                            observation(SODIUM, pq("5", "g/L")),
                        ),
                        formule="Formule sanguine",
                    ),
                    sub_section("Hémostase", entry(observation(SODIUM, pq("6", "g/L")))),
                ),
                # no title: the code's name; a sub-section of the same name is no heading
                chapter(
                    None,
                    sub_section(None, entry(observation(SODIUM, pq("7", "g/L"))), code=coded("code", "18719-5", "Biochimie générale")),
                    sub_section(None, entry(observation(SODIUM, pq("8", "g/L"))), code=coded("code", "1", "Lipides")),
                    code=coded("code", "18719-5", "BIOCHIMIE GÉNÉRALE"),
                ),
                chapter(None, entry(observation(SODIUM, pq("9", "g/L")))),
            ),
            "Hématologie\n\nHémogramme :\nFormule sanguine\n\nHémostase",
            found("Sodium", "2951-2", "1", "1", "g/L", chapter="Hématologie", group=["Hémogramme :", "Numération"]),
            found("Potassium", "2823-3", "2", "2", "g/L", chapter="Hématologie", group=["Hémogramme :", "Numération", "Formule sanguine"]),
            found("Sodium", "2951-2", "3", "3", "g/L", chapter="Hématologie", group=["Hémogramme :", "Numération"]),
            found("Sodium", "2951-2", "4", "4", "g/L", chapter="Hématologie", group=["Hémogramme :"]),
            found("Sodium", "2951-2", "5", "5", "g/L", chapter="Hématologie", group=["Hémogramme :"]),
            found("Sodium", "2951-2", "6", "6", "g/L", chapter="Hématologie", group=["Hémostase"]),
            found("Sodium", "2951-2", "7", "7", "g/L", chapter="BIOCHIMIE GÉNÉRALE"),
            found("Sodium", "2951-2", "8", "8", "g/L", chapter="BIOCHIMIE GÉNÉRALE", group=["Lipides"]),
            found("Sodium", "2951-2", "9", "9", "g/L", chapter=None),
        ),
        one(
            "bio-antibiogram",
            report(
                chapter(
                    "Examen cytobactériologique des urines",
                    entry(
                        collection(coded("code", "UR", "Urine", MATERIALS), when(high="202403120700+0100")),
                        battery(coded("code", inside=refers("direct")), observation(SODIUM, value("CD", refers("trouble")))),
                        isolate(
                            coded("code", "G1", "Bacillus essayensis", GERMS),
                            observation(POTASSIUM, pq("120000", "/mL")),
                            battery(
                                coded("code", "18769-0", "Antibiogramme"),
                                observation(
                                    coded("code", "28-1", "Ampicilline"),
                                    value("IVL_PQ", bound("low", "8", "ug/mL", inclusive="false")),
                                    flag("R"),
                                    coded("methodCode", "BDB", "Bandelette", LOCAL),
                                ),
                                observation(coded("code", "18928-2", "Gentamicine"), flag("S")),
                            ),
                        ),
                        isolate(
                            coded("code", inside=refers("second")),
                            battery(
                                coded("code", "18769-0", "Antibiogramme"),
                                observation(
                                    coded("code", "28-1", "Ampicilline"), value("CD", code="I", displayName="Intermédiaire"), flag("I")
                                ),
                            ),
                        ),
                    ),
                    direct="Examen direct",
                    trouble="trouble",
                    second="Coccus probatus",
                )
            ),
            "Examen cytobactériologique des urines\nExamen direct\ntrouble\nCoccus probatus",
            *(
                found(*said, chapter="Examen cytobactériologique des urines", specimen="Urine", **more)
                for said, more in (
                    (("Sodium", "2951-2", "trouble"), {"group": ["Examen direct"]}),
                    (("Potassium", "2823-3", "120000", "120000", "/mL"), {"group": ["Bacillus essayensis"]}),
                    (
                        ("Ampicilline", "28-1", ">8", "8", "ug/mL"),
                        {"comparator": ">", "flag": "R", "method": "Bandelette", "group": ["Bacillus essayensis", "Antibiogramme"]},
                    ),
                    (("Gentamicine", "18928-2", None), {"flag": "S", "group": ["Bacillus essayensis", "Antibiogramme"]}),
                    (("Ampicilline", "28-1", "Intermédiaire"), {"flag": "I", "group": ["Coccus probatus", "Antibiogramme"]}),
                )
            ),
        ),
        one(
            "bio-references",
            biology(
                observation(SODIUM, pq("5", "g/L"), reference(value("IVL_PQ", bound("high", "10", "g/L")))),
                observation(SODIUM, pq("5", "g/L"), reference(value("IVL_PQ", bound("low", "3", "g/L")), kind="")),
                # words alone stay words; words that say the interval again are not repeated
                observation(SODIUM, pq("5", "g/L"), reference("<text>Femme : 4 à 6 g/L</text>")),
                observation(SODIUM, pq("5", "g/L"), between("4.0", "6.0", "g/L", text="4,0 à 6,0 g/L")),
                observation(SODIUM, pq("5", "g/L"), between("4.0", "6.0", "g/L", text="à jeun")),
                # the interval of what is too high, or of another unit, is not the reference
                observation(SODIUM, pq("5", "g/L"), between("8", "20", "g/L", "HH"), between("4", "6", "g/L")),
                observation(SODIUM, pq("5", "g/L"), between("40", "60", "mmol/L")),
                observation(SODIUM, pq("5", "g/L"), between("4", "6", "g/L"), between("4", "6", "g/L", kind="")),
                # two that differ: nothing tells which is the patient's
                observation(SODIUM, pq("5", "g/L"), between("4", "6", "g/L", text="femme"), between("3", "7", "g/L", text="homme")),
                observation(SODIUM, pq("5", "mmol/l"), between("4", "6", "mmol/L")),
                observation(SODIUM, value("CD", code="1", displayName="positif"), reference(value("CD", code="2", displayName="négatif"))),
                observation(SODIUM, pq("5", "g/L"), reference(value("IVL_PQ", nullFlavor="NI"))),
            ),
            "Biochimie",
            found("Sodium", "2951-2", "5", "5", "g/L", high="10"),
            found("Sodium", "2951-2", "5", "5", "g/L", low="3"),
            found("Sodium", "2951-2", "5", "5", "g/L", comment="Femme : 4 à 6 g/L"),
            found("Sodium", "2951-2", "5", "5", "g/L", low="4.0", high="6.0"),
            found("Sodium", "2951-2", "5", "5", "g/L", low="4.0", high="6.0", comment="à jeun"),
            found("Sodium", "2951-2", "5", "5", "g/L", low="4", high="6", comment="Référence (HH) : 8 - 20 g/L"),
            found("Sodium", "2951-2", "5", "5", "g/L", comment="Référence : 40 - 60 mmol/L"),
            found("Sodium", "2951-2", "5", "5", "g/L", low="4", high="6"),
            found("Sodium", "2951-2", "5", "5", "g/L", comment="Référence : 4 - 6 g/L, femme\nRéférence : 3 - 7 g/L, homme"),
            found("Sodium", "2951-2", "5", "5", "mmol/l", low="4", high="6"),
            found("Sodium", "2951-2", "positif", comment="Référence : négatif"),
            found("Sodium", "2951-2", "5", "5", "g/L"),
        ),
        one(
            "bio-comments",
            biology(
                observation(SODIUM, pq("5", "g/L"), comment("Contrôlé.")),
                observation(SODIUM, pq("5", "g/L"), comment('<reference value="#remarque"/>'), comment("Hémolyse.", "COMP")),
                # a comment under a quoted result is its own
                observation(SODIUM, pq("5", "g/L"), quoted(observation(SODIUM, pq("4", "g/L"), comment("Ancien."), laboratory=False))),
                observation(SODIUM, "<text>Deux lignes\n   de remarque</text>", pq("5", "g/L")),
                observation(SODIUM, '<text><reference value="#remarque"/></text>', pq("5", "g/L")),
                remarque="À recontrôler dans un mois.",
            ),
            "Biochimie\nÀ recontrôler dans un mois.",
            found("Sodium", "2951-2", "5", "5", "g/L", comment="Contrôlé."),
            found("Sodium", "2951-2", "5", "5", "g/L", comment="À recontrôler dans un mois.\nHémolyse."),
            found("Sodium", "2951-2", "5", "5", "g/L"),
            found("Sodium", "2951-2", "5", "5", "g/L", comment="Deux lignes\nde remarque"),
            found("Sodium", "2951-2", "5", "5", "g/L"),
        ),
        one(
            "bio-dates",
            report(
                chapter(
                    "Biochimie",
                    entry(
                        observation(SODIUM, pq("1", "g/L"), time=when("20240312")),
                        observation(SODIUM, pq("2", "g/L"), time=when("202403120830")),
                        observation(SODIUM, pq("3", "g/L"), time=when("20240312083000.250-0430")),
                        observation(SODIUM, pq("4", "g/L"), time=when(low="202403120800+0100", high="202403120900+0100")),
                        observation(SODIUM, pq("5", "g/L"), time=when(high="202403")),
                        observation(SODIUM, pq("6", "g/L"), time=when("20240000")),
                        # none of its own: that of its battery, else of its act, else of the specimen
                        battery("", observation(SODIUM, pq("7", "g/L"), time=""), time=when("20240310")),
                        battery("", observation(SODIUM, pq("8", "g/L"), time='<effectiveTime nullFlavor="NA"/>')),
                        observation(SODIUM, pq("9", "g/L"), time=when("20241345")),
                        time=when("20240309"),
                    ),
                    entry(
                        collection(coded("code", "BLD", "Sang", MATERIALS), when(high="202403080715+0100")),
                        observation(SODIUM, pq("10", "g/L"), time=""),
                    ),
                    entry(
                        # two specimens: nothing tells which
                        collection(coded("code", "BLD", "Sang", MATERIALS), when("20240308")),
                        collection(coded("code", "UR", "Urine", MATERIALS), when("20240307")),
                        observation(SODIUM, pq("11", "g/L"), time=""),
                    ),
                )
            ),
            "Biochimie",
            found("Sodium", "2951-2", "1", "1", "g/L", date="2024-03-12"),
            found("Sodium", "2951-2", "2", "2", "g/L", date="2024-03-12T08:30"),
            found("Sodium", "2951-2", "3", "3", "g/L", date="2024-03-12T08:30:00.250-04:30"),
            found("Sodium", "2951-2", "4", "4", "g/L", date="2024-03-12T08:00+01:00"),
            found("Sodium", "2951-2", "5", "5", "g/L", date="2024-03"),
            found("Sodium", "2951-2", "6", "6", "g/L", date="2024"),
            found("Sodium", "2951-2", "7", "7", "g/L", date="2024-03-10"),
            found("Sodium", "2951-2", "8", "8", "g/L", date="2024-03-09"),
            found("Sodium", "2951-2", "9", "9", "g/L", date="2024-03-09"),
            found("Sodium", "2951-2", "10", "10", "g/L", date="2024-03-08T07:15+01:00", specimen="Sang"),
            found("Sodium", "2951-2", "11", "11", "g/L", date=None),
        ),
        one(
            "bio-earlier-results",
            biology(
                # quoted earlier results are not results of this document
                observation(
                    SODIUM,
                    pq("143", "mmol/L"),
                    flag("N"),
                    quoted(
                        observation(SODIUM, pq("139", "mmol/L"), time=when("20230110"), laboratory=False),
                        observation(SODIUM, pq("141", "mmol/L"), time=when("20220110"), laboratory=False),
                    ),
                    between("136", "145", "mmol/L"),
                ),
                # unless they bear the template: then under the one that quotes them, and never with its date
                observation(POTASSIUM, pq("4.1", "mmol/L"), quoted(observation(POTASSIUM, pq("3.9", "mmol/L"), time="", status=""))),
            ),
            "Biochimie",
            found("Sodium", "2951-2", "143", "143", "mmol/L", low="136", high="145", flag="N"),
            found("Potassium", "2823-3", "4.1", "4.1", "mmol/L"),
            found("Potassium", "2823-3", "3.9", "3.9", "mmol/L", group=["Potassium"], date=None, status=None),
        ),
        one(
            "bio-outside-chapters",
            report(
                plain_section("Bilan d'entrée", plain_section("Résultats d'examens", entry(observation(SODIUM, pq("143", "mmol/L"))))),
                plain_section("Biologie du séjour", chapter("Biochimie", entry(observation(POTASSIUM, pq("4.1", "mmol/L"))))),
            ),
            "Bilan d'entrée\n\nRésultats d'examens\n\nBiologie du séjour\n\nBiochimie",
            found("Sodium", "2951-2", "143", "143", "mmol/L", chapter="Bilan d'entrée", group=["Résultats d'examens"]),
            found("Potassium", "2823-3", "4.1", "4.1", "mmol/L"),
        ),
        one(
            "bio-several-values",
            biology(
                observation(SODIUM, value("CD", code="1", displayName="cocci"), value("CD", code="2", displayName="bacilles")),
                observation(SODIUM, pq("5", "g/L"), pq("6", "g/L")),
                observation(SODIUM, pq("5", "g/L"), value("PQ", nullFlavor="NI")),
                observation(SODIUM, status="aborted"),
                observation(SODIUM, value("ST", "absent"), status="active"),
                # what the document denies reads so
                observation(SODIUM, value("CD", code="1", displayName="cocci")).replace(
                    ' moodCode="EVN">', ' moodCode="EVN" negationInd="true">', 1
                ),
            ),
            "Biochimie",
            found("Sodium", "2951-2", "cocci ; bacilles"),
            found("Sodium", "2951-2", "5 g/L ; 6 g/L"),
            found("Sodium", "2951-2", "5", "5", "g/L"),
            found("Sodium", "2951-2", None, status="aborted"),
            found("Sodium", "2951-2", "absent", status="active"),
            found("Sodium", "2951-2", "non : cocci"),
        ),
        one(
            "bio-specimens-and-methods",
            biology(
                collection(coded("code", "BLD", "Sang", MATERIALS)),
                observation(
                    SODIUM,
                    pq("5", "g/L"),
                    coded("methodCode", "VA", "Électrophorèse", LOCAL),
                    '<specimen><specimenRole><specimenPlayingEntity><code code="UR" displayName="Urine"/></specimenPlayingEntity>'
                    "</specimenRole></specimen>",
                ),
                observation(SODIUM, pq("5", "g/L"), coded("methodCode", inside=refers("m1")), coded("methodCode", "X", "Calcul", LOCAL)),
                observation(SODIUM, pq("5", "g/L"), coded("interpretationCode", inside="<originalText>à surveiller</originalText>")),
                m1="(ECL, essai)",
            ),
            "Biochimie\n(ECL, essai)",
            found("Sodium", "2951-2", "5", "5", "g/L", specimen="Urine", method="Électrophorèse"),
            found("Sodium", "2951-2", "5", "5", "g/L", specimen="Sang", method="(ECL, essai), Calcul"),
            found("Sodium", "2951-2", "5", "5", "g/L", specimen="Sang", flag="à surveiller"),
        ),
    ]
)
