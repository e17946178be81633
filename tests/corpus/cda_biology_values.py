"""Laboratory reports as CDA level 3: the data types of values (formats.md 2.5 and 9, cases 13 and 14)."""

from __future__ import annotations

from tests.corpus import Case, other
from tests.corpus.cda_biology_build import between, bound, coded, flag, observation, pq, reference, refers, value
from tests.corpus.cda_biology_expected import GLUCOSE, POTASSIUM, SODIUM, biology, found, one

VALUES: dict[str, Case] = dict(
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
    ]
)
