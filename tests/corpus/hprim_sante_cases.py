"""HPRIM Santé files: separators, continuations, comments, values, references, statuses, records (formats.md 1.2)."""

from __future__ import annotations

from tests.corpus import local, other, party, result
from tests.corpus.hprim_sante_build import (
    FACTS,
    LUCIE,
    MARC,
    OBR,
    POTASSIUM,
    POTASSIUM_RESULT,
    SECOND,
    SODIUM,
    SODIUM_RESULT,
    H,
    L,
    P,
    build,
    message,
    observed,
    one,
    two,
)

BOTH = [SODIUM_RESULT, POTASSIUM_RESULT]
_LOINC = "2.16.840.1.113883.6.1"
_ACCENTS = P.replace("ZORBEC~LUCIE~ANNE", "LEFÈVRE~Hélène")
_HELENE = LUCIE | {"names_unqualified": ["LEFÈVRE"], "given_names": ["Hélène"], "first_given_name": "Hélène"}
_SWAPPED = str.maketrans({"~": "\\", "^": "^", "\\": "&", "&": "~"})
_REPORT = (
    r"OBX|1|TX|CR~Radiographie du thorax~L||Incidence de face.||||||F",
    r"OBX|2|TX|CR~Radiographie du thorax~L||Pas de foyer.||||||F",
    r"OBX|3|TX|CCL~Conclusion~L||Examen normal.^Pas de contr\XF4\le.||||||F",
)
_ADMISSION = (
    r"H|~^\&|ADM00001.HPR||HOP01~HOPITAL DES ESSAIS||ADM|||CAB07~CABINET DES ESSAIS||P|H2.4~C|20240312153045",
    r"P|1|P000123|||ZORBEC~LUCIE|BARZOU|19610504|F||3 RUE DES ESSAIS~~VILLE-ESSAI~~99990|||||||||||||202403121200^|MA|204~B~MED",
    "L|1",
)

CASES = dict(
    [
        one("two-results", message(SODIUM, POTASSIUM), results=BOTH),
        one("line-feeds", message(SODIUM, POTASSIUM, end="\n"), results=BOTH),
        one("carriage-returns", message(SODIUM, POTASSIUM, end="\r"), results=BOTH),
        one("framed", b"\x0b" + message(SODIUM, POTASSIUM) + b"\x1c\r", results=BOTH),
        one("words-above-the-header", b"Transmis par un logiciel d'essai\r\n\r\n" + message(SODIUM, POTASSIUM), results=BOTH),
        one(
            "separators-of-another-order",
            message(
                SODIUM.translate(_SWAPPED),
                POTASSIUM.translate(_SWAPPED),
                h=H.translate(_SWAPPED),
                p=P.translate(_SWAPPED),
                obr=OBR.translate(_SWAPPED),
            ),
            results=BOTH,
        ),
        one(
            "separators-of-hl7",
            message(
                *(s.replace("~", "^") for s in (SODIUM, POTASSIUM)),
                h=H.replace("~^\\&", "^~\\&").replace("LAB01~", "LAB01^").replace("CAB07~", "CAB07^").replace("H2.3~", "H2.3^"),
                p=P.replace("~", "^"),
                obr=OBR.replace("~", "^"),
            ),
            results=BOTH,
        ),
        one(
            "other-field-separator",
            build(*(s.replace("|", "!") for s in (H, P, OBR, SODIUM, POTASSIUM, L))),
            results=BOTH,
        ),
        one(
            "continuations",
            build(
                H[:40],
                "A|" + H[40:],
                P[:31],
                "A|" + P[31:60],
                "A|" + P[60:],
                OBR[:31],
                "A|" + OBR[31:],
                SODIUM[:11],
                "A|" + SODIUM[11:],
                POTASSIUM,
                L,
            ),
            results=BOTH,
        ),
        one(
            "comments",
            message(
                "C|1|L|Patient non à jeun",
                SODIUM,
                "C|1|L|Contrôlé^ce jour",
                "C|2|L|par une seconde métho",
                "A|de",
                POTASSIUM,
                encoding="utf-8",
            ),
            text="Patient non à jeun",
            results=[SODIUM_RESULT | {"comment": "Contrôlé\nce jour\npar une seconde méthode"}, POTASSIUM_RESULT],
        ),
        one(
            "values-as-written",
            message(
                "OBX|1|NM|CRP~CRP~L||<0.12|mg/l|< 5|N|||F||||BIOCH",
                "OBX|2|NM|DFG~DFG~L||> 90|ml/mn|> 60|N|||F||||BIOCH",
                "OBX|3|ST|GRS~Hématies~L||4.51|million/mm3|4.10-5.70|N|||F||||BIOCH",
                "OBX|4|NM|LEU~Leucocytes~L||5,9|10^9/l|VR : 4 a 10|N|||F||||BIOCH",
                "OBX|5|ST|TIT~Titre~L||1/80|||A|||P||||BIOCH",
                "OBX|6|CE|GER~Germe~L||ECOL~Escherichia coli~L|||A|||F||||BIOCH",
                "OBX|7|NM|TP~TP~L||85*|%|[70 - 100]||||F||||BIOCH",
                "OBX|8|NM|FER~Ferritine~L||30|µg/l|[15 - 150 µg/l]|N^A|||C||||BIOCH",
                "OBX|9|ST|ASP~Aspect~L||Limpide||Limpide||||F||||BIOCH",
                "OBX|10|NM|PSA~PSA~L||3|ng/ml|4||||F||||BIOCH",
                encoding="utf-8",
            ),
            results=[
                observed("CRP", "CRP", "<0.12", comparator="<", number="0.12", unit="mg/l", high="5", flag="N"),
                observed("DFG", "DFG", "> 90", comparator=">", number="90", unit="ml/mn", low="60", flag="N"),
                observed("Hématies", "GRS", "4.51", number="4.51", unit="million/mm3", low="4.10", high="5.70", flag="N"),
                observed("Leucocytes", "LEU", "5,9", number="5.9", unit="10^9/l", low="4", high="10", flag="N"),
                observed("Titre", "TIT", "1/80", flag="A", status="P"),
                observed("Germe", "GER", "Escherichia coli", flag="A"),
                observed("TP", "TP", "85*", number="85", unit="%", low="70", high="100"),
                observed("Ferritine", "FER", "30", number="30", unit="µg/l", low="15", high="150", flag="N A", status="C"),
                observed("Aspect", "ASP", "Limpide", low="Limpide"),
                # which bound a lone number is, is not told
                observed("PSA", "PSA", "3", number="3", unit="ng/ml", comment="4"),
            ],
        ),
        one(
            "two-units",
            message("OBX|1|NM|GLY~Glycémie~L||0.91^5.05|g/l^mmol/l|0.74 - 1.06^4.11 - 5.88|N|||F||||BIOCH", encoding="utf-8"),
            results=[
                observed(
                    "Glycémie",
                    "GLY",
                    "0.91",
                    number="0.91",
                    unit="g/l",
                    low="0.74",
                    high="1.06",
                    flag="N",
                    alternative=other("5.05", "mmol/l", "4.11", "5.88"),
                )
            ],
        ),
        one(
            "loinc-beside-local",
            message("OBX|1|NM|NA~Sodium~L~2951-2~Sodium [Moles/Volume]~LN||143|mmol/l|132 - 146|N|||F||||BIOCH"),
            results=[
                SODIUM_RESULT
                | {
                    "code": {"code": "2951-2", "system": _LOINC, "label": "Sodium [Moles/Volume]"},
                    "translations": [{"code": "NA", "system": None, "label": "Sodium"}],
                }
            ],
        ),
        one(
            "cancelled",
            message(SODIUM.replace("|F|", "|X|").replace("|143|", "||"), POTASSIUM.replace("|F|", "|D|")),
            results=[SODIUM_RESULT | {"status": "X", "value": None, "number": None}, POTASSIUM_RESULT | {"status": "D"}],
        ),
        one(
            "request-cancelled",
            message(SODIUM, POTASSIUM.replace("|F|", "|D|"), obr=OBR.removesuffix("F") + "X"),
            results=[SODIUM_RESULT | {"status": "X"}, POTASSIUM_RESULT | {"status": "D"}],
        ),
        one(
            "status-of-the-request",
            message(SODIUM.replace("|F|", "||"), obr=OBR.removesuffix("F") + "P"),
            results=[SODIUM_RESULT | {"status": "P"}],
        ),
        one(
            "escapes",
            message(
                r"OBX|1|ST|RMQ~A\S\B \T\ C~L||un\F\deux \R\ trois \E\ quatre \H\fin\N\.br||||||F||||BIOCH",
                r"C|1|L|ligne\.br\suite \X41\ \inconnu\ 5",
            ),
            results=[
                observed("A~B & C", "RMQ", r"un|deux ^ trois \ quatre fin.br")
                | {"code": {"code": "RMQ", "system": None, "label": "A~B & C"}, "comment": "ligne\nsuite A \\inconnu\\ 5"},
            ],
        ),
        one(
            "headings-and-several-requests",
            build(
                H,
                P,
                OBR,
                SODIUM,
                "OBR|2||E-9~240312077|NFS~NUMERATION~L^PLA~PLAQUETTES~L|||202403120806",
                "OBX|1|TX|N 010~N U M E R A T I O N||.||||||||",
                "OBX|2|NM|HB~Hémoglobine~L||13.1|g/dl|12 - 16|N|||F||||HEMAT",
                "OBX|3|NM|NEU~Neutrophiles~L|2|60|%||N|||F||||HEMAT",
                L,
                encoding="utf-8",
            ),
            title=None,
            results=[
                SODIUM_RESULT,
                observed("Hémoglobine", "HB", "13.1", number="13.1", unit="g/dl", low="12", high="16", flag="N")
                | {
                    "chapter": "HEMAT",
                    "group": ["NUMERATION, PLAQUETTES", "N U M E R A T I O N"],
                    "specimen": None,
                    "date": "2024-03-12T08:06",
                },
                observed("Neutrophiles", "NEU", "60", number="60", unit="%", flag="N")
                | {
                    "chapter": "HEMAT",
                    "group": ["NUMERATION, PLAQUETTES", "N U M E R A T I O N", "2"],
                    "specimen": None,
                    "date": "2024-03-12T08:06",
                },
            ],
        ),
        one(
            "a-report-in-lines",
            message(*_REPORT),
            text="Radiographie du thorax\nIncidence de face.\nPas de foyer.\n\nConclusion\nExamen normal.\nPas de contrôle.",
        ),
        one(
            "files-named",
            message(SODIUM, "OBX|2|FIC|TEXTE~Compte rendu~L||SERVEUR~CR240312.PDF~PDF", "OBX|3|FIC|CR||14545486.pdf~PDF"),
            results=[SODIUM_RESULT],
            warnings=("malformed",),
            text="Compte rendu : CR240312.PDF (PDF)\nCR : 14545486.pdf (PDF)",
        ),
        one(
            "birth-name",
            message(SODIUM, p=P.replace("~~MME||", "~~MME|BARZOU|")),
            results=[SODIUM_RESULT],
            patient=LUCIE | {"birth_name": "BARZOU", "used_name": "ZORBEC", "names_unqualified": []},
        ),
        one(
            "ins-with-its-oid",
            message(SODIUM, p=P.replace("~99990||", "~99990|261059999012394~1.2.250.1.213.1.4.8~20230101|")),
            results=[SODIUM_RESULT],
            patient=LUCIE | {"ins": {"value": "261059999012394", "oid": "1.2.250.1.213.1.4.8"}},
        ),
        one(
            "ins-with-a-wrong-key",
            message(SODIUM, p=P.replace("~99990||", "~99990|261059999012353~1.2.250.1.213.1.4.8|")),
            ("bad-ins-key",),
            results=[SODIUM_RESULT],
            patient=LUCIE | {"ins": {"value": "261059999012353", "oid": "1.2.250.1.213.1.4.8"}},
        ),
        one(
            "ins-of-tests",
            message(SODIUM, p=P.replace("~99990||", "~99990|261059999012394~1.2.250.1.213.1.4.10|")),
            ("test-identity",),
            results=[SODIUM_RESULT],
            patient=LUCIE | {"ins": {"value": "261059999012394", "oid": "1.2.250.1.213.1.4.10"}},
        ),
        one(
            "ins-computed",
            message(SODIUM, p=P.replace("~99990||", "~99990|0123456789012345678901~INS-C~20110101|")),
            results=[SODIUM_RESULT],
        ),
        one(
            "ins-without-oid",
            message(SODIUM, p=P.replace("~99990||", "~99990|261059999012394~INS-NIR|")),
            results=[SODIUM_RESULT],
            patient=LUCIE | {"nir": "261059999012394"},
        ),
        one(
            "birth-month-alone",
            message(SODIUM, p=P.replace("19610504", "19610500")),
            results=[SODIUM_RESULT],
            patient=LUCIE | {"birth_date": "1961-05"},
        ),
        one(
            "birth-impossible",
            message(SODIUM, p=P.replace("19610504", "19610231")),
            ("malformed",),
            results=[SODIUM_RESULT],
            patient=LUCIE | {"birth_date": None},
        ),
        one(
            "accents-cp1252",
            message(SODIUM, p=_ACCENTS, encoding="cp1252"),
            ("encoding-guessed",),
            results=[SODIUM_RESULT],
            patient=_HELENE,
        ),
        one(
            "accents-cp850", message(SODIUM, p=_ACCENTS, encoding="cp850"), ("encoding-guessed",), results=[SODIUM_RESULT], patient=_HELENE
        ),
        one("a-test", message(SODIUM, h=H.replace("||P|H2", "||T|H2")), ("test-identity",), results=[SODIUM_RESULT]),
        one("no-end", build(H, P, OBR, SODIUM), ("missing-end-mark",), results=[SODIUM_RESULT]),
        one("fewer-patients-than-announced", message(SODIUM, last="L|1||2|9"), ("truncated",), False, results=[SODIUM_RESULT]),
        one(
            "a-line-break-in-a-value",
            message("OBX|1|ST|RMQ~Remarque~L||Prélèvement", "hémolysé||||||F||||BIOCH", encoding="utf-8"),
            ("malformed",),
            results=[observed("Remarque", "RMQ", "Prélèvement\nhémolysé")],
        ),
        one(
            "a-broken-patient",
            message(SODIUM, p=P[:20] + "\r\n" + P[20:]),
            ("malformed", "truncated"),
            False,
            results=[SODIUM_RESULT],
        ),
        one(
            "no-patient",
            build(H, OBR, SODIUM, L),
            ("truncated", "malformed"),
            False,
            patient=None,
            results=[SODIUM_RESULT],
        ),
        two(
            "two-patients",
            build(H, P, OBR, SODIUM, SECOND, OBR, POTASSIUM, "L|1||2|8"),
            {"results": [SODIUM_RESULT]},
            {"patient": MARC, "results": [POTASSIUM_RESULT]},
            (("several-patients",), ("several-patients",)),
        ),
        two(
            "one-patient-twice",
            build(H, P, OBR, SODIUM, P, OBR, POTASSIUM, "L|1||2|8"),
            {"results": [SODIUM_RESULT]},
            {"results": [POTASSIUM_RESULT]},
            ((), ()),
        ),
        two(
            "two-messages",
            build(H, P, OBR, SODIUM, L, H, SECOND, OBR, POTASSIUM, L),
            {"results": [SODIUM_RESULT]},
            {"patient": MARC, "results": [POTASSIUM_RESULT]},
            (("several-patients",), ("several-patients",)),
        ),
        two(
            "results-after-the-end",
            build(H, P, OBR, SODIUM, L, OBR, POTASSIUM),
            {"results": [SODIUM_RESULT]},
            {"patient": None, "results": [POTASSIUM_RESULT]},
            (("malformed", "several-patients"), ("malformed", "malformed", "several-patients")),
        ),
        one(
            "an-admission",
            build(*_ADMISSION),
            type={"code": "ADM", "system": None, "label": "Admission"},
            title="Admission",
            date="2024-03-12T15:30:45",
            id=None,
            author=party("HOPITAL DES ESSAIS", "HOP01"),
            patient=LUCIE
            | {
                "birth_name": "BARZOU",
                "used_name": "ZORBEC",
                "names_unqualified": [],
                "given_names": ["LUCIE"],
            },
            text=(
                "Patient\nNuméro chez l'émetteur : P000123\nNom : ZORBEC LUCIE\nNom de naissance : BARZOU\n"
                "Date de naissance : 04/05/1961\nSexe : F\nAdresse : 3 RUE DES ESSAIS VILLE-ESSAI 99990\n"
                "Mouvements : 12/03/2024 12:00\nStatut de l'admission : MA\nLocalisation : 204 B MED"
            ),
        ),
        one(
            "an-error-report",
            build(H.replace("|ORU|", "|ERR|"), "ERR|1|LAB00011.HPR|P.7~Date attendue", "L|1"),
            type={"code": "ERR", "system": None, "label": "Compte rendu d'erreurs"},
            title="Compte rendu d'erreurs",
            id=None,
            patient=None,
            text="ERR\nERR.2 : LAB00011.HPR\nERR.3 : P.7 Date attendue",
        ),
        one(
            "minimal",
            build(
                r"H|~^\&|||MEDIESSAI||ORU|||CABESSAI||P|H2.3|20240312", "P|1|1234|||ZORBEC~LUCIE||19610504", "OBX|1|NM|NA||143", "L|||1|4"
            ),
            title=None,
            date="2024-03-12",
            id=None,
            author=party("MEDIESSAI", "MEDIESSAI"),
            recipients=[party("CABESSAI", "CABESSAI")],
            patient=LUCIE | {"given_names": ["LUCIE"], "sex": None, "local_ids": local("1234")},
            results=[result("NA", None, "143", number="143") | {"code": {"code": "NA", "system": None, "label": None}}],
        ),
        one(
            "other-recipients",
            message(SODIUM, obr=OBR + "|||DOC2~DR COPIE^DOC3~DR AUTRE"),
            results=[SODIUM_RESULT],
            recipients=[*FACTS["recipients"], party("DR COPIE", "DOC2"), party("DR AUTRE", "DOC3")],
        ),
    ]
)
