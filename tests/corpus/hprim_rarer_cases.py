"""HPRIM Médecin files: rarer header lines, names of files, types and statuses of results (formats.md 1.1)."""

from __future__ import annotations

from tests.corpus import Case, document, local, other, party, patient, reading, result
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

_MAKER = "SOLABIO 4.2".ljust(40) + "DOC0000001".ljust(40) + "DR ESSAI".ljust(40) + "S01 0002 0002"
_PADDED = head(
    l1="P000123   ", l2="ZORBEC".ljust(50), l3="LUCIE".ljust(50), l9="        77", l11="LABO000001 LABORATOIRE DES ESSAIS".ljust(60)
)
_REMARK = "Serum trop hemolyse pour que le dosage demande puisse etre rendu ce jour"
_THIRD = head(l1="P000888", l2="PASSEPARTOUT", l3="NOE", l7="29/02/2020", l8="", l9="", l10="14/03/2024")
_NOE = {
    "patient": patient(
        names_unqualified=["PASSEPARTOUT"],
        given_names=["NOE"],
        first_given_name="NOE",
        birth_date="2020-02-29",
        local_ids=local("P000888"),
    ),
    "date": "2024-03-14",
    "author": LUCIE_FACTS["author"],
    "recipients": LUCIE_FACTS["recipients"],
}
_THREE = build(
    HEADER, ("****LAB****", SODIUM, "****FIN****"), SECOND, ("****LAB****", POTASSIUM, "****FIN****"), _THIRD, ("Rien à signaler.",), END,
    encoding="utf-8",
)  # fmt: skip

CASES = dict(
    [
        one(
            "apicrypt-login-longer-than-its-columns",
            build(head(l12="prenom.nomlong DR ESSAI"), ("Texte.",), END),
            text="Texte.",
            recipients=[party("DR ESSAI", "prenom.nomlong")],
        ),
        one(
            "apicrypt-login-alone",
            build(head(l12="prenom.nomlong"), ("Texte.",), END),
            text="Texte.",
            recipients=[party(None, "prenom.nomlong")],
        ),
        one(
            "code-of-fewer-columns",
            build(head(l11="LAB1       LABORATOIRE DES ESSAIS", l12="7          DR ESSAI"), ("Texte.",), END),
            text="Texte.",
            author=party("LABORATOIRE DES ESSAIS", "LAB1"),
            recipients=[party("DR ESSAI", "7")],
        ),
        one("parties-absent", build(head(l11="", l12=" "), ("Texte.",), END), text="Texte.", author=None, recipients=[]),
        one("address-of-one-blank", build(head(l4=" ", l5=" ", l6=" "), ("Texte.",), END), text="Texte."),
        one("town-without-postcode", build(head(l6="VILLE-ESSAI"), ("Texte.",), END), text="Texte."),
        one("padded-lines", build(_PADDED, ("Texte.",), END), text="Texte."),
        one("empty-first-line", build(head(l1=""), ("Texte.",), END), text="Texte.", **changed(local_ids=[])),
        one("file-date-two-digits", build(head(l10="12/03/24"), ("Texte.",), END), ("malformed",), text="Texte.", date=None),
        one("nir-too-short", build(head(l8="26105999901"), ("Texte.",), END), ("malformed",), text="Texte.", **changed(nir=None)),
        one("letter-bom-utf16-be", b"\xfe\xff" + build(HEADER, ("Opéré.",), END, encoding="utf-16-be"), text="Opéré."),
        one("extension-hpm1", build(HEADER, ("Texte.",), END), file="resultat.hpm1", text="Texte."),
        one("extension-hpm3-in-capitals", build(HEADER, ("Texte.",), END), file="RESULTAT.HPM3", text="Texte."),
        one("extension-hprim", build(HEADER, ("Texte.",), END), file="resultat.hprim", text="Texte."),
        one("extension-txt", build(HEADER, ("Texte.",), END), file="resultat.txt", text="Texte."),
        one("no-extension", build(HEADER, ("Texte.",), END), file="resultat", text="Texte."),
        two(
            "solabio-of-two-patients",
            build((_MAKER,), HEADER, ("****LAB****", SODIUM, "****FIN****"), SECOND, ("****LAB****", POTASSIUM), END),
            LUCIE_FACTS | {"results": [SODIUM_RESULT]},
            MARC_FACTS | {"results": [POTASSIUM_RESULT]},
            ((), ()),
        ),
        (
            "three-patients",
            Case(
                "trois.hpr",
                _THREE,
                reading(
                    "trois.hpr",
                    "hprim-medecin",
                    [
                        document("hprim-medecin", ["trois.hpr", "#1"], _THREE, **(LUCIE_FACTS | {"results": [SODIUM_RESULT]})),
                        document("hprim-medecin", ["trois.hpr", "#2"], _THREE, **(MARC_FACTS | {"results": [POTASSIUM_RESULT]})),
                        document("hprim-medecin", ["trois.hpr", "#3"], _THREE, **(_NOE | {"text": "Rien à signaler."})),
                    ],
                ),
            ),
        ),
        one(
            "padded-mnemonics",
            lab("RES|Neutrophiles|NF   030|N|60|%|||N|F", "RES||IGET 000|N|0.35|kU/l||0.35|N|F"),
            results=[
                result("Neutrophiles", "NF   030", "60", number="60", unit="%", flag="N", status="F"),
                result(None, "IGET 000", "0.35", number="0.35", unit="kU/l", high="0.35", flag="N", status="F"),
            ],
        ),
        one(
            "every-type",
            lab(
                "RES|Aspect|ASP|A|Limpide||||N|F",
                "RES|Remarque|REM|T|Voir au verso||||N|F",
                "RES|Germe|GER|C|ECOLI||||A|F",
                "RES|Preleve le|PRE|D|12/03/2024||||N|F",
                f"RES|Potassium|K33|N|{_REMARK}|||||F",
                "RES|Sodium|NA33||143|mEq/l|||N|F",
            ),
            results=[
                result("Aspect", "ASP", "Limpide", flag="N", status="F"),
                result("Remarque", "REM", "Voir au verso", flag="N", status="F"),
                result("Germe", "GER", "ECOLI", flag="A", status="F"),
                result("Preleve le", "PRE", "12/03/2024", flag="N", status="F"),
                result("Potassium", "K33", _REMARK, status="F"),
                result("Sodium", "NA33", "143", number="143", unit="mEq/l", flag="N", status="F"),
            ],
        ),
        one(
            "fields-that-end-early",
            lab("RES|Sodium|NA33|N|143|mEq/l|132", "RES|Potassium|K33|N|4", "RES|Proteines", "RES|", "RES"),
            text="RES",
            results=[
                result("Sodium", "NA33", "143", number="143", unit="mEq/l", low="132"),
                result("Potassium", "K33", "4", number="4"),
                result("Proteines", None, None),
            ],
        ),
        one(
            "cancelled-and-corrected",
            lab(
                "RES|Sodium|NA33|N|143|mEq/l|132|146|HH|D",
                "RES|Potassium|K33|N|9.9|mEq/l|3.5|4.8|HH|W",
                "RES|Chlore|CL|N||mEq/l|98|107||X",
                "RES|Calcium|CA|N|2.30|mmol/l|2.20|2.60|N|C",
                "RES|Fer|FE|N|12|umol/l|||N|P",
                "RES|Zinc|ZN|N|99|umol/l|||HH|d",
            ),
            results=[
                result("Sodium", "NA33", "143", number="143", unit="mEq/l", low="132", high="146", flag="HH", status="D"),
                result("Potassium", "K33", "9.9", number="9.9", unit="mEq/l", low="3.5", high="4.8", flag="HH", status="W"),
                result("Chlore", "CL", None, unit="mEq/l", low="98", high="107", status="X"),
                result("Calcium", "CA", "2.30", number="2.30", unit="mmol/l", low="2.20", high="2.60", flag="N", status="C"),
                result("Fer", "FE", "12", number="12", unit="umol/l", flag="N", status="P"),
                # a letter typed small takes back as much as a capital one
                result("Zinc", "ZN", "99", number="99", unit="umol/l", flag="HH", status="D"),
            ],
        ),
        one(
            "second-value-without-a-second-unit",
            lab("RES|Neutrophiles|NF|N|60|%|||N|F|3060|/mm3", "RES|Eosinophiles|EO|N|2|%|||N|F|102"),
            results=[
                result(
                    "Neutrophiles", "NF", "60", number="60", unit="%", flag="N", status="F", alternative=other("3060", "/mm3", None, None)
                ),
                result("Eosinophiles", "EO", "2", number="2", unit="%", flag="N", status="F", alternative=other("102", None, None, None)),
            ],
        ),
        one(
            "titles-of-every-look",
            lab(
                "TEX|--- HEMATOLOGIE ---", "RES|Leucocytes|LEU|N|5|G/l|||N|F", "TEX|*** Hormones (sang) ***", "RES|TSH|TSH|N|2|mUI/l|||N|F"
            ),
            text="--- HEMATOLOGIE ---\n*** Hormones (sang) ***",
            results=[
                result("Leucocytes", "LEU", "5", number="5", unit="G/l", flag="N", status="F", chapter="HEMATOLOGIE"),
                result("TSH", "TSH", "2", number="2", unit="mUI/l", flag="N", status="F", chapter="Hormones (sang)"),
            ],
        ),
        one(
            "titles-with-brackets",
            lab("TEX|*** SANG ***", "TEX|--- Numeration (NFS)", "RES|Leucocytes|LEU|N|5|G/l|||N|F"),
            text="*** SANG ***\n--- Numeration (NFS)",
            results=[
                result("Leucocytes", "LEU", "5", number="5", unit="G/l", flag="N", status="F", chapter="SANG", group=["Numeration (NFS)"])
            ],
        ),
    ]
)
