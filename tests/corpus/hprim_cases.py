"""HPRIM Médecin files: the header forms, encodings, records and result lines of formats.md 1.1 and 9 (cases 1 to 7)."""

from __future__ import annotations

from tests.corpus import local, other, party, result
from tests.corpus.hprim_build import (
    END,
    HEADER,
    LUCIE_FACTS,
    MARC_FACTS,
    POTASSIUM,
    POTASSIUM_RESULT,
    SECOND,
    SODIUM,
    SODIUM_RESULT,
    build,
    changed,
    head,
    lab,
    one,
    two,
)

LETTER = ("Chère consœur, cher confrère,", "", "Tension 12/8, état général conservé à ce jour.")
LETTER_TEXT = "Chère consœur, cher confrère,\n\nTension 12/8, état général conservé à ce jour."
# cp850 and Mac Roman have no œ or have it elsewhere: a letter without it
OLD_LETTER = ("Monsieur a été opéré. Très bon état, à revoir.", "Hémoglobine contrôlée, déjà notée élevée.")
OLD_TEXT = "\n".join(OLD_LETTER)
ACCENTED = head(l2="LEFÈVRE", l3="Hélène")
ACCENTED_FACTS = changed(names_unqualified=["LEFÈVRE"], given_names=["Hélène"], first_given_name="Hélène")
OLD_ACCENTED = head(l2="ZÉRON", l3="Hélène")
OLD_FACTS = changed(names_unqualified=["ZÉRON"], given_names=["Hélène"], first_given_name="Hélène")
_SOLABIO = "SOLABIO 4.2".ljust(40) + "DOC0000001".ljust(40) + "DR ESSAI".ljust(40) + "S01 0001 0001"

CASES = dict(
    [
        one("letter-crlf-utf8", build(HEADER, LETTER, END, encoding="utf-8"), text=LETTER_TEXT),
        one("letter-bom-utf8", b"\xef\xbb\xbf" + build(HEADER, LETTER, END, encoding="utf-8"), text=LETTER_TEXT),
        one("letter-bom-utf16", b"\xff\xfe" + build(HEADER, LETTER, END, encoding="utf-16-le"), text=LETTER_TEXT),
        one("thirteen-lines-lf", build(HEADER, (" ", "Texte."), END, end="\n"), text="Texte."),
        one("letter-cp1252", build(ACCENTED, LETTER, END, encoding="cp1252"), ("encoding-guessed",), text=LETTER_TEXT, **ACCENTED_FACTS),
        one("letter-cp850", build(OLD_ACCENTED, OLD_LETTER, END, encoding="cp850"), ("encoding-guessed",), text=OLD_TEXT, **OLD_FACTS),
        one(
            "letter-mac-roman-cr",
            build(OLD_ACCENTED, OLD_LETTER, END, end="\r", encoding="mac_roman"),
            ("encoding-guessed",),
            text=OLD_TEXT,
            **OLD_FACTS,
        ),
        one(
            "solabio-extra-line",
            build((_SOLABIO,), HEADER, ("Expediteur LABORATOIRE DES ESSAIS  Tel:0199000000", "Médecin ESSAI"), END, encoding="utf-8"),
            text="Expediteur LABORATOIRE DES ESSAIS  Tel:0199000000\nMédecin ESSAI",
        ),
        one("no-end-mark", build(HEADER, ("****LAB****", SODIUM, "")), ("missing-end-mark",), results=[SODIUM_RESULT]),
        one("no-lab-no-end", build(HEADER, ("", SODIUM, POTASSIUM)), ("missing-end-mark",), results=[SODIUM_RESULT, POTASSIUM_RESULT]),
        two(
            "two-patients",
            build(HEADER, ("****LAB****", SODIUM, "****FIN****"), SECOND, ("****LAB****", POTASSIUM), END),
            LUCIE_FACTS | {"results": [SODIUM_RESULT]},
            MARC_FACTS | {"results": [POTASSIUM_RESULT]},
            ((), ()),
        ),
        two(
            "two-patients-no-mark-between",
            build(HEADER, ("****LAB****", SODIUM), SECOND, ("****LAB****", POTASSIUM), END),
            LUCIE_FACTS | {"results": [SODIUM_RESULT]},
            MARC_FACTS | {"results": [POTASSIUM_RESULT]},
            (("several-patients", "missing-end-mark"), ("several-patients",)),
        ),
        two(
            "results-after-the-end",
            build(HEADER, ("****LAB****", SODIUM, "****FIN****"), ("****LAB****", POTASSIUM), END),
            LUCIE_FACTS | {"results": [SODIUM_RESULT]},
            {"results": [POTASSIUM_RESULT]},
            (("several-patients",), ("several-patients", "malformed")),
        ),
        one(
            "words-after-the-file",
            build(HEADER, ("Texte.",), ("****FIN****", "****FINFICHIER****", "Transmis par un logiciel d'essai", "")),
            text="Texte.",
        ),
        one(
            "field-counts",
            lab(
                "RES||IGET 005|A",
                "RES|Aspect|ASP|A|Limpide|||||",
                SODIUM,
                "RES|CREATININE|C33|N|8.3|mg/l|6.0|11.0|N|F|73.5|umol/l|53.1|97.4",
                "RES|UREE|UR33|N|0.24|g/l|0.15|0.42|N|F|4.01|mmol/l|2.51|7.01|",
            ),
            results=[
                result(None, "IGET 005", None),
                result("Aspect", "ASP", "Limpide"),
                SODIUM_RESULT,
                result(
                    "CREATININE",
                    "C33",
                    "8.3",
                    number="8.3",
                    unit="mg/l",
                    low="6.0",
                    high="11.0",
                    flag="N",
                    status="F",
                    alternative=other("73.5", "umol/l", "53.1", "97.4"),
                ),
                result(
                    "UREE",
                    "UR33",
                    "0.24",
                    number="0.24",
                    unit="g/l",
                    low="0.15",
                    high="0.42",
                    flag="N",
                    status="F",
                    alternative=other("4.01", "mmol/l", "2.51", "7.01"),
                ),
            ],
        ),
        one(
            "soit",
            lab("RES|GLYCEMIE|GLY|N|0.91|g/l|0.74|1.06|N|F", "RES|soit|GLY|N|5.05|mmol/l|4.11|5.88|N|F", SODIUM),
            results=[
                result(
                    "GLYCEMIE",
                    "GLY",
                    "0.91",
                    number="0.91",
                    unit="g/l",
                    low="0.74",
                    high="1.06",
                    flag="N",
                    status="F",
                    alternative=other("5.05", "mmol/l", "4.11", "5.88"),
                ),
                SODIUM_RESULT,
            ],
        ),
        one(
            "intervals",
            build(
                HEADER,
                (
                    "****LAB****",
                    "RES|A|A|N|2,40|g|2.20-2.60||N|F",
                    "RES|B|B|N|-1|u|-2 - 2||N|F",
                    "RES|C|C|N|4|u|-5--1||H|F",
                    "RES|D|D|N|3|u|< 5||N|F",
                    "RES|E|E|N|0,63|g/l|sup. à 0,40||N|F",
                    "RES|F|F|N|3|u||34|N|F",
                    "RES|G|G|A|Absence|||Négatif|N|F",
                ),
                END,
                encoding="utf-8",
            ),
            results=[
                result("A", "A", "2,40", number="2.40", unit="g", low="2.20", high="2.60", flag="N", status="F"),
                result("B", "B", "-1", number="-1", unit="u", low="-2", high="2", flag="N", status="F"),
                result("C", "C", "4", number="4", unit="u", low="-5", high="-1", flag="H", status="F"),
                result("D", "D", "3", number="3", unit="u", high="5", flag="N", status="F"),
                result("E", "E", "0,63", number="0.63", unit="g/l", low="0.40", flag="N", status="F"),
                result("F", "F", "3", number="3", unit="u", high="34", flag="N", status="F"),
                result("G", "G", "Absence", high="Négatif", flag="N", status="F"),
            ],
        ),
        one(
            "second-unit-ambiguous",
            lab("RES|X|X|N|54.0|%|||N|F|1577|1500|7500|", "RES|Y|Y|N|3.0|%|||N|F|88|/mm3||400"),
            results=[
                result("X", "X", "54.0", number="54.0", unit="%", flag="N", status="F", alternative=other("1577", None, "1500", "7500")),
                result("Y", "Y", "3.0", number="3.0", unit="%", flag="N", status="F", alternative=other("88", "/mm3", None, "400")),
            ],
        ),
        one(
            "values-as-written",
            build(
                HEADER,
                (
                    "****LAB****",
                    "RES|CRP|CRP|N|<0.12|mg/l||5|N|F",
                    "RES|DFG|DFG|N|> 90|ml/mn|||N|F",
                    "RES|TP|TP|N|85*|%|70|100||F",
                    "RES|Motif|MOT|N|Diabète||||",
                    "RES|Leucocytes|LEU|N|2.920|/mm3|4.000|10.000|L|F",
                    "RES|Titre|TIT|A|1/80||||A|P",
                    "RES|Germes|GER|N|1 000||||HH|C",
                ),
                END,
                encoding="utf-8",
            ),
            results=[
                result("CRP", "CRP", "<0.12", comparator="<", number="0.12", unit="mg/l", high="5", flag="N", status="F"),
                result("DFG", "DFG", "> 90", comparator=">", number="90", unit="ml/mn", flag="N", status="F"),
                result("TP", "TP", "85*", number="85", unit="%", low="70", high="100", status="F"),
                result("Motif", "MOT", "Diabète"),
                result("Leucocytes", "LEU", "2.920", number="2.920", unit="/mm3", low="4.000", high="10.000", flag="L", status="F"),
                result("Titre", "TIT", "1/80", flag="A", status="P"),
                result("Germes", "GER", "1 000", flag="HH", status="C"),
            ],
        ),
        one(
            "chapters-and-comments",
            lab(
                "TEX",
                "TEX|              B I O C H I M I E",
                "TEX|IONOGRAMME",
                "TEX|SODIUM                   143  mEq/l     132 a 146",
                SODIUM,
                "TEX|Tube controle le jour meme.",
                "TEX|POTASSIUM                5,0 *mEq/l     3,5 a 4,8",
                POTASSIUM,
                "TEX|",
                "TEX|*** IMMUNOLOGIE ***",
                "RES|CRP|CRP|N|3|mg/l||5|N|F",
                "TEX|Interpretation :",
                "TEX|valeur normale",
            ),
            text=(
                "              B I O C H I M I E\nIONOGRAMME\nSODIUM                   143  mEq/l     132 a 146\n"
                "Tube controle le jour meme.\nPOTASSIUM                5,0 *mEq/l     3,5 a 4,8\n\n*** IMMUNOLOGIE ***\n"
                "Interpretation :\nvaleur normale"
            ),
            results=[
                SODIUM_RESULT | {"chapter": "BIOCHIMIE", "group": ["IONOGRAMME"], "comment": "Tube controle le jour meme."},
                POTASSIUM_RESULT | {"chapter": "BIOCHIMIE", "group": ["IONOGRAMME"]},
                result("CRP", "CRP", "3", number="3", unit="mg/l", high="5", flag="N", status="F")
                | {"chapter": "IMMUNOLOGIE", "comment": "Interpretation :\nvaleur normale"},
            ],
        ),
        one(
            "free-text-and-its-copy",
            build(HEADER, ("Sodium normal.", "", "****LAB****", "TEX|Sodium normal.", SODIUM), END),
            text="Sodium normal.",
            results=[SODIUM_RESULT],
        ),
        one(
            "indentation",
            lab("RES|Leucocytes|LEU|N|5.1|G/l|4|10|N|F", "RES|- Neutrophiles|PN|N|60|%|||N|F", "RES|   Segmentes|SG|N|58|%|||N|F", SODIUM),
            results=[
                result("Leucocytes", "LEU", "5.1", number="5.1", unit="G/l", low="4", high="10", flag="N", status="F"),
                result("Neutrophiles", "PN", "60", number="60", unit="%", flag="N", status="F", group=["Leucocytes"]),
                result("Segmentes", "SG", "58", number="58", unit="%", flag="N", status="F", group=["Leucocytes", "Neutrophiles"]),
                SODIUM_RESULT,
            ],
        ),
        one(
            "second-unit-loses-its-sign",
            lab("RES|X|X|N|<5|g/l|||N|F|<50|mmol/l", "RES|Y|Y|N|<5|g/l|||N|F|50|mmol/l"),
            results=[
                result(
                    "X",
                    "X",
                    "<5",
                    comparator="<",
                    number="5",
                    unit="g/l",
                    flag="N",
                    status="F",
                    alternative=other("50", "mmol/l", None, None),
                ),
                # the second value has no place for a sign of its own: "50" would say that it is known
                result(
                    "Y",
                    "Y",
                    "<5",
                    comparator="<",
                    number="5",
                    unit="g/l",
                    flag="N",
                    status="F",
                    alternative=other(None, "mmol/l", None, None),
                ),
            ],
        ),
        one(
            "a-title-ends-the-indentation",
            lab("RES|Leucocytes|LEU|N|5|G/l|||N|F", "TEX|*** FORMULE ***", "RES|  Neutrophiles|PN|N|60|%|||N|F"),
            text="*** FORMULE ***",
            results=[
                result("Leucocytes", "LEU", "5", number="5", unit="G/l", flag="N", status="F"),
                result("Neutrophiles", "PN", "60", number="60", unit="%", flag="N", status="F", chapter="FORMULE"),
            ],
        ),
        one(
            "entities-once",
            build(
                head(l3="L&eacute;a"),
                ("R&eacute;sultat &lt; seuil<br />&amp;lt;", "****LAB****", "RES|Prot&eacute;ine|P|N|&lt;0.12|mg/l|||N|F"),
                END,
            ),
            text="Résultat < seuil\n&lt;",
            results=[result("Protéine", "P", "<0.12", comparator="<", number="0.12", unit="mg/l", flag="N", status="F")],
            **changed(given_names=["Léa"], first_given_name="Léa"),
        ),
        one("nir-with-blanks", build(head(l8="2 61 05 99 990 123 52"), ("Texte.",), END), text="Texte."),
        one("nir-without-key", build(head(l8="2610599990123"), ("Texte.",), END), text="Texte.", **changed(nir="2610599990123")),
        one("nir-corsica", build(head(l8="261052A990123 52"), ("Texte.",), END), text="Texte.", **changed(nir="261052A99012352")),
        one("nir-absent", build(head(l8=""), ("Texte.",), END), text="Texte.", **changed(nir=None)),
        one(
            "dots-are-absent",
            build(head(l1=".", l9="", l11=".         LABORATOIRE DES ESSAIS", l12=".          prenom.nom"), ("Texte.",), END),
            text="Texte.",
            **changed(local_ids=[]),
            author=party("LABORATOIRE DES ESSAIS", None),
            recipients=[party("prenom.nom", None)],
        ),
        one(
            "parties-in-columns",
            build(head(l11="         C LabEssai                  ", l12="     FAKFAK ESSAI.NOM        "), ("Texte.",), END),
            text="Texte.",
            author=party("LabEssai", "C"),
            recipients=[party("ESSAI.NOM", "FAKFAK")],
        ),
        one("birth-two-digits", build(head(l7="04/05/61"), ("Texte.",), END), ("malformed",), text="Texte.", **changed(birth_date=None)),
        one("birth-impossible", build(head(l7="31/02/1961"), ("Texte.",), END), ("malformed",), text="Texte.", **changed(birth_date=None)),
        one(
            "birth-without-slashes", build(head(l7="04051961"), ("Texte.",), END), ("malformed",), text="Texte.", **changed(birth_date=None)
        ),
        one("end-of-file-mark-of-dos", build(HEADER, ("Texte.",), ("****FIN****", "\x1a")), text="Texte."),
        one(
            "letter-that-repeats-the-identity",
            build(
                HEADER,
                ("", "ZORBEC", "LUCIE", "3 RUE DES ESSAIS", "", "99990 VILLE-ESSAI", "04/05/1961", "", "", "", "", "", "Texte."),
                END,
            ),
            text="ZORBEC\nLUCIE\n3 RUE DES ESSAIS\n\n99990 VILLE-ESSAI\n04/05/1961\n\n\n\n\n\nTexte.",
        ),
        one("birth-year-alone", build(head(l7="00/00/1961"), ("Texte.",), END), text="Texte.", **changed(birth_date="1961")),
        one("birth-absent", build(head(l7=""), ("Texte.",), END), text="Texte.", **changed(birth_date=None)),
        one("iso-dates", build(head(l7="1961-05-04", l10="2024-03-12"), ("Texte.",), END), text="Texte."),
        one("file-date-absent", build(head(l10=""), ("Texte.",), END), text="Texte.", date=None),
        one(
            "title-in-first-line",
            build(head(l1="BIOLOGIE"), ("Texte.",), END),
            text="Texte.",
            title="BIOLOGIE",
            **changed(local_ids=local("BIOLOGIE")),
        ),
        one(
            "code-of-letters",
            build(head(l1="LCX"), ("Texte.",), END),
            text="Texte.",
            title="LCX",
            **changed(local_ids=local("LCX")),
        ),
        one(
            "words-between-the-ends",
            build(HEADER, ("Texte.",), ("****FIN****", "Transmis par un logiciel", "", "d'essai", "****FINFICHIER****", "")),
            ("malformed",),
            text="Texte.",
        ),
        one("upper-case-name.HPR", build(HEADER, ("Texte.",), END), file="RESULTAT.HPR", text="Texte."),
    ]
)
