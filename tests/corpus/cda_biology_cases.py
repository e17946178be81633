"""Laboratory reports as CDA level 3: labels, headings, references, dates and comments of formats.md 2.5 and 9 (13, 14, 18, 20)."""

from __future__ import annotations

from tests.corpus import Case
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
from tests.corpus.cda_biology_expected import GERMS, LOCAL, MATERIALS, POTASSIUM, SODIUM, biology, found, one, system
from tests.corpus.cda_biology_values import VALUES

CASES: dict[str, Case] = VALUES | dict(
    [
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
