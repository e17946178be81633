"""HL7 v2: results, documents inside messages, identities, encodings and batches (formats.md 4.1; HL7 v2.5, chapters 2, 3, 7 and 9)."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, patient, reading, result, sha
from tests.corpus.cda_build import document as cda
from tests.corpus.cda_build import encoded, target
from tests.corpus.cda_cases import ANNE, FACTS, JEAN
from tests.corpus.cda_cases import LUCIE as LUCIE_OF_CDA
from tests.corpus.hl7v2_build import LUCIE, PAUL, RECIPIENT, SENDER, file, flagged, msh, obx, packed
from tests.corpus.pdfs import text_pdf

LOINC = "2.16.840.1.113883.6.1"
WHOLE = dict(LUCIE_OF_CDA)
PAUL_TOLD = patient(
    birth_name="AUTREMONT",
    given_names=["PAUL"],
    first_given_name="PAUL",
    birth_date="1970-02-01",
    sex="M",
    local_ids=[{"value": "IPP-0077", "oid": "1.2.250.1.999.1.1"}],
)
PARTY: Json = {"name": None, "id": None, "organization": None, "organization_id": None, "specialty": None}
AUTHOR = JEAN | {"specialty": None}
READER = ANNE | {"organization": None, "organization_id": None}
CLINIC = PARTY | {"organization": "CLINIQUE"}
SENT = "2024-03-12T11:30:00+01:00"
TAKEN, TOLD = "2024-03-11T08:15:00+01:00", "2024-03-12T10:00:00+01:00"
ORC = "ORC|RE|777^CABINET|L-24-1^LABO"
OBR = "OBR|1|777^CABINET|L-24-1^LABO|NFS^Numération^L|||20240311081500+0100|||||||||||||||20240312100000+0100||HM|F"
ORDER = "LABO^L-24-1"
GLUCOSE = {"code": "2339-0", "system": LOINC, "label": "Glucose [Masse/Volume] Sang"}


def local(code: str, label: str) -> Json:
    return {"code": code, "system": None, "label": label}


def told(label: str, code: Json | None, value: str | None, **facts: Any) -> Json:
    usual = {"code": code, "chapter": "Numération", "status": "F", "date": TAKEN}
    return result(label, None, value) | usual | facts


def results(name: str, data: bytes, lines: list[Json], *warnings: str, **facts: Any) -> tuple[str, Case]:
    """An ORU of one order about LUCIE."""
    usual = {"title": "Numération", "date": TOLD, "id": ORDER, "patient": WHOLE, "author": CLINIC, "results": lines}
    one = document("hl7v2", [f"{name}.hl7"], data, warnings, **(usual | facts))
    return name, Case(f"{name}.hl7", data, reading(f"{name}.hl7", "hl7v2", [one]))


GLUCOSE_LINE = obx(1, "NM", "GLY^Glycémie^L^2339-0^Glucose [Masse/Volume] Sang^LN", "0.95", "g/L", "0.70-1.10", "N")
GLUCOSE_TOLD = told(
    "Glycémie", GLUCOSE, "0.95", number="0.95", unit="g/L", low="0.70", high="1.10", flag="N", translations=[local("GLY", "Glycémie")]
)
SIMPLE = file(msh(), LUCIE, ORC, OBR, GLUCOSE_LINE)

VALUES = file(
    msh(),
    LUCIE,
    ORC,
    OBR,
    GLUCOSE_LINE,
    "NTE|1|L|Prélevé à jeun.",
    "NTE|2|L|Contrôlé.",
    obx(2, "SN", "CRP^CRP^L", "<^3", "mg/L", "<5"),
    obx(3, "SN", "DIL^Dilution^L", "^1^:^128"),
    obx(4, "SN", "INT^Intervalle^L", "^10^-^20", "/mL"),
    obx(5, "ST", "ASP^Aspect^L", "Limpide"),
    obx(6, "CE", "GRP^Groupe^L", "A^A positif^99GS"),
    obx(7, "NM", "K^Potassium^L", "6,9", "mmol/L", "3.5-5.1", "HH~A", "C"),
    obx(8, "NM", "NA^Sodium^L", "", "mmol/L", "", "", "X"),
    obx(9, "NM", "CA^Calcium^L", "2.41", "mmol/L", "", "", "D"),
    obx(10, "TS", "DDR^Dernières règles^L", "20240228"),
    obx(11, "NM", "FER^Fer^L", "12", "umol/L", "", "", "P", "|||20240311090000+0100|||FERRO^Ferrozine^L"),
    "SPM|1|||SER^Sérum^HL70487",
)
VALUES_TOLD = [
    GLUCOSE_TOLD | {"comment": "Prélevé à jeun.\nContrôlé."},
    told("CRP", local("CRP", "CRP"), "<3", comparator="<", number="3", unit="mg/L", high="5"),
    told("Dilution", local("DIL", "Dilution"), "1:128"),
    told("Intervalle", local("INT", "Intervalle"), "10-20", unit="/mL"),
    told("Aspect", local("ASP", "Aspect"), "Limpide"),
    told("Groupe", local("GRP", "Groupe"), "A positif"),
    told("Potassium", local("K", "Potassium"), "6,9", number="6.9", unit="mmol/L", low="3.5", high="5.1", flag="HH A", status="C"),
    told("Sodium", local("NA", "Sodium"), None, unit="mmol/L", status="X"),
    told("Calcium", local("CA", "Calcium"), "2.41", number="2.41", unit="mmol/L", status="D"),
    told("Dernières règles", local("DDR", "Dernières règles"), "2024-02-28"),
    told("Fer", local("FER", "Fer"), "12", number="12", unit="umol/L", status="P", date="2024-03-11T09:00:00+01:00", method="Ferrozine"),
]
VALUES_TOLD = [one | {"specimen": "Sérum"} for one in VALUES_TOLD]

SUSCEPTIBILITY = file(
    msh(),
    LUCIE,
    ORC,
    "OBR|1|777^CABINET|L-24-1^LABO|ECBU^Examen des urines^L|||20240311081500+0100|||||||||||||||20240312100000+0100||MB|F",
    "OBX|1|CE|GERME^Germe^L|1|ECOL^Escherichia coli^L||||||F",
    "OBR|2|777^CABINET|L-24-1^LABO|ATB^Antibiogramme^L|||20240311081500+0100|||||||||||||||20240312100000+0100||MB|F"
    "|GERME&Germe&L^1^Escherichia coli",
    obx(1, "ST", "AMX^Amoxicilline^L", "16", "mg/L", "", "R"),
)
SUSCEPTIBILITY_TOLD = [
    told("Germe", local("GERME", "Germe"), "Escherichia coli", chapter="Examen des urines"),
    told(
        "Amoxicilline",
        local("AMX", "Amoxicilline"),
        "16",
        number="16",
        unit="mg/L",
        flag="R",
        chapter="Antibiogramme",
        group=["Escherichia coli"],
    ),
]

WORDS = file(
    msh(),
    LUCIE,
    "NTE|1||Résultats transmis par téléphone.",
    ORC,
    "OBR|1|777^CABINET|L-24-1^LABO|RX^Radiographie du thorax^L|||20240311081500+0100|||||||||||||||20240312100000+0100||RAD|F",
    r"OBX|1|FT|CR^Compte rendu^L||Pas d'opacité.\.br\Cœur de taille normale \T\ régulier.\.sp1\Signé\X2E\ \H\Urgent\N\||||||F",
    "OBX|2|TX|CCL^Conclusion^L||Examen normal.||||||F",
    "OBX|3|TX|CCL^Conclusion^L||À revoir dans un an.||||||F",
)
WORDS_TOLD = (
    "Résultats transmis par téléphone.\n\nCompte rendu\nPas d'opacité.\nCœur de taille normale & régulier.\nSigné. Urgent\n\n"
    "Conclusion\nExamen normal.\nÀ revoir dans un an."
)

MARKED = "!$%#@"
OTHER_MARKS = file(*(line.translate(str.maketrans("|^~\\&", MARKED)) for line in (msh(), LUCIE, ORC, OBR)))
OTHER_MARKS += file(
    obx(1, "ST", "ASP^Aspect^L", "Trouble").translate(str.maketrans("|^~\\&", MARKED)).replace("Trouble", "a | b #S# c^d"),
)

FIRST = (msh(number="M-1"), LUCIE, ORC, OBR, GLUCOSE_LINE)
SECOND = (
    msh(number="M-2"),
    LUCIE,
    "ORC|RE|778^CABINET|L-24-2^LABO",
    OBR.replace("777", "778").replace("L-24-1", "L-24-2"),
    obx(1, "NM", "K^Potassium^L", "4.1", "mmol/L"),
)
OF_PAUL = (SECOND[0], PAUL, *SECOND[2:])
POTASSIUM = told("Potassium", local("K", "Potassium"), "4.1", number="4.1", unit="mmol/L")
HEADS = ("FHS|^~\\&|LABO|CLINIQUE", "BHS|^~\\&|LABO|CLINIQUE")


def batch(name: str, data: bytes, second: Json, *warnings: str) -> tuple[str, Case]:
    """A file of two messages."""
    path = f"{name}.hl7"
    usual = {"title": "Numération", "date": TOLD, "author": CLINIC}
    one = document("hl7v2", [path, "#1"], data, warnings, **usual, id=ORDER, patient=WHOLE, results=[GLUCOSE_TOLD])
    two = document("hl7v2", [path, "#2"], data, warnings, **usual, id="LABO^L-24-2", patient=second, results=[POTASSIUM])
    return name, Case(path, data, reading(path, "hl7v2", [one, two]), "truncated" not in warnings)


TXA = "TXA|1|11490-0^Lettre de liaison^LN|TEXT|20240312093000+0100||||||||1.2.250.1.999.2.1001^CLINIQUE|||||AU|||||899900000017"
TYPE = {"code": "11490-0", "system": LOINC, "label": "Lettre de liaison"}
ED = "OBX|1|ED|11490-0^Lettre de liaison^LN||{}||||||F"
MDM = "MDM^T02^MDM_T02"
PAGES = text_pdf(["Lettre d'essai.", "Revue en consultation."])
LETTER = encoded(cda())
OF_ANOTHER = encoded(
    cda(
        patient=target(
            ids='<id root="1.2.250.1.999.1.1" extension="IPP-0077"/>',
            name='<family qualifier="BR">AUTREMONT</family><given>PAUL</given><given qualifier="BR">PAUL</given>',
            sex='<administrativeGenderCode code="M" codeSystem="2.16.840.1.113883.5.1"/>',
            birth='<birthTime value="19700201"/>',
            place="",
        )
    )
)
HELD = {"type": TYPE, "title": "Lettre de liaison", "date": "2024-03-12T09:30:00+01:00", "id": "1.2.250.1.999.2.1001", "patient": WHOLE}


def held(name: str, data: bytes, media_type: str) -> Json:
    return {"name": name, "media_type": media_type, "size": len(data), "sha256": sha(data)}


def letter(name: str, data: bytes, inner: bytes, *warnings: str, outer: Json | None = None, **facts: Any) -> tuple[str, Case]:
    """An MDM whose CDA is the main form."""
    path = f"{name}.hl7"
    envelope = document(
        "hl7v2",
        [path],
        data,
        warnings,
        attachments=[held("OBX-1.xml", inner, "application/xml")],
        duplicate_of=1,
        **(HELD | {"author": CLINIC} | (outer or {})),
    )
    said = document("cda-n3", [path, "OBX-1.xml"], inner, warnings, **(FACTS | facts))
    return name, Case(path, data, reading(path, "hl7v2", [envelope, said]))


def paged(name: str, data: bytes, *warnings: str, metadata: Json | None = None, **facts: Any) -> tuple[str, Case]:
    """An MDM that holds PAGES."""
    path = f"{name}.hl7"
    more = {} if metadata is None else {"metadata": metadata}
    told_of = HELD | {"author": CLINIC, "attachments": [held("OBX-1.pdf", PAGES, "application/pdf")]} | facts | more
    envelope = document("hl7v2", [path], data, warnings, **told_of)
    pages = document(
        "pdf",
        [path, "OBX-1.pdf"],
        PAGES,
        warnings,
        patient=told_of["patient"],
        text="Lettre d'essai.\nRevue en consultation.",
        duplicate_of=0,
        **more,
    )
    return name, Case(path, data, reading(path, "hl7v2", [envelope, pages]))


WITH_PAGES = ED.format(packed(PAGES, "APPLICATION", "PDF"))
PAGED = file(msh(MDM), LUCIE, TXA, WITH_PAGES)
WITH_LETTER = ED.format(packed(LETTER))
REPLACING = TXA.replace("|||||AU", "|1.2.250.1.999.2.1000^CLINIQUE||||AU")


def fields(name: str, data: bytes, who: Json | None, kind: tuple[str, str], title: str, text: str) -> tuple[str, Case]:
    """A message that is no report. `kind`: its type as written and in words."""
    path = f"{name}.hl7"
    type_ = {"code": kind[0], "system": None, "label": kind[1]}
    one = document("hl7v2", [path], data, type=type_, title=title, patient=who, text=text, date=SENT, author=CLINIC)
    return name, Case(path, data, reading(path, "hl7v2", [one]))


ACK = file(msh("ACK^R01^ACK"), "MSA|AA|M-0")
ADMISSION = file(msh("ADT^A01^ADT_A01"), "EVN||20240312113000", LUCIE, "PV1|1|I|CHIR")
SAID = (
    "Message\nÉvénement : {}\nÉmetteur : CLINIQUE · LABO\nDestinataire : VILLE · CABINET\nDate du message : 12/03/2024 11:30\n"
    "Numéro du message : M-1"
)
LUCIE_SAID = (
    "Patient\nIdentifiants : IPP-0042 (PI CLINIQUE)\n261059999012394 (INS)\nNom : ZORBEC LUCIE ANNE-MARIE (légal)\nBARZOU LULU (d'usage)\n"
    "Date de naissance : 04/05/1961\nSexe : féminin\nAdresse : 1 RUE DE L'ESSAI 99000 ESSAI\n99990 (lieu de naissance)\n"
    "Fiabilité : identité validée"
)
READ_BY = file(
    msh("ZAM^Z03^ZAM_Z01"),
    "OBX|1|CWE|ACK_LECTURE_MSS^Accusé de lecture^AckMetierZAM|M-0|N^^expandedYes-NoIndicator||||||F",
    "OBX|2|XTN|LECTEUR_MSS^Lecteur du courriel MSSanté^AckMetierZAM||^^X.400^anne.modele@medecin.example||||||F",
    "ERR|||207^Application error^messageErrorCondition|E|902^Patient^applicationErrorCondition",
)
TWO_INS = LUCIE.replace("~261059", "~191079999205572^^^X&1.2.250.1.213.1.4.8&ISO^INS~261059")
MASKS = [flagged(2, "MASQUE_PS"), flagged(3, "INVISIBLE_PATIENT"), flagged(4, "INVISIBLE_REP_LEGAUX"), flagged(5, "DESTDMP")]
MASKED = ["MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"]
TEST_INS = LUCIE.replace("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.10")
OLD = (
    "MSH|^~\\&|LABO|CLINIQUE|CABINET|VILLE|20240312113000+0100||ORU^R01|M-1|P|2.3",
    LUCIE.replace("LUCIE ANNE-MARIE", "LUCIE HÉLÈNE"),
    ORC,
    OBR,
)
ACCENTED = WHOLE | {"given_names": ["LUCIE", "HÉLÈNE"]}

CASES: dict[str, Case] = dict(
    [
        results("hl7-one-result", SIMPLE, [GLUCOSE_TOLD]),
        results("hl7-values", VALUES, VALUES_TOLD),
        results("hl7-susceptibility", SUSCEPTIBILITY, SUSCEPTIBILITY_TOLD, title=None),
        results("hl7-words", WORDS, [], title="Radiographie du thorax", text=WORDS_TOLD),
        results("hl7-other-marks", OTHER_MARKS, [told("Aspect", local("ASP", "Aspect"), "a | b $ c^d")]),
        results("hl7-lf", file(*FIRST, end="\n"), [GLUCOSE_TOLD]),
        results("hl7-framed", b"\x0b" + file(*FIRST) + b"\x1c\r", [GLUCOSE_TOLD]),
        results("hl7-frame-open", b"\x0b" + file(*FIRST), [GLUCOSE_TOLD], "missing-end-mark"),
        results(
            "hl7-latin-9",
            file(msh(charset="8859/15"), LUCIE.replace("LUCIE ANNE-MARIE", "LUCIE HÉLÈNE"), ORC, OBR, GLUCOSE_LINE, encoding="iso8859-15"),
            [GLUCOSE_TOLD],
            patient=ACCENTED,
        ),
        results("hl7-no-charset", file(*OLD, GLUCOSE_LINE), [GLUCOSE_TOLD], patient=ACCENTED),
        results("hl7-guessed", file(*OLD, GLUCOSE_LINE, encoding="cp1252"), [GLUCOSE_TOLD], "encoding-guessed", patient=ACCENTED),
        results("hl7-unknown-charset", file(msh(charset="KLINGON"), *FIRST[1:]), [GLUCOSE_TOLD], "unknown-charset"),
        results("hl7-utf-16", b"\xff\xfe" + "\r".join((msh(charset="UNICODE UTF-16"), *FIRST[1:])).encode("utf-16-le"), [GLUCOSE_TOLD]),
        results("hl7-repeated-charset", file(msh(charset="8859/1~UNICODE UTF-8"), *FIRST[1:]), [GLUCOSE_TOLD]),
        results(
            "hl7-bad-key",
            SIMPLE.replace(b"261059999012394", b"261059999012395"),
            [GLUCOSE_TOLD],
            "bad-ins-key",
            patient=WHOLE | {"ins": {"value": "261059999012395", "oid": "1.2.250.1.213.1.4.8"}},
        ),
        results(
            "hl7-ins-without-oid",
            SIMPLE.replace(b"&1.2.250.1.213.1.4.8&ISO", b""),
            [GLUCOSE_TOLD],
            patient=WHOLE | {"ins": None, "nir": "261059999012394"},
        ),
        results(
            "hl7-two-ins",
            file(msh(), TWO_INS, ORC, OBR, GLUCOSE_LINE),
            [GLUCOSE_TOLD],
            "several-patients",
            patient=WHOLE | {"ins": {"value": "191079999205572", "oid": "1.2.250.1.213.1.4.8"}},
        ),
        results(
            "hl7-test-ins",
            file(msh(), TEST_INS, ORC, OBR, GLUCOSE_LINE),
            [GLUCOSE_TOLD],
            "test-identity",
            patient=WHOLE | {"ins": {"value": "261059999012394", "oid": "1.2.250.1.213.1.4.10"}},
        ),
        results("hl7-partial-birth", SIMPLE.replace(b"19610504", b"196105"), [GLUCOSE_TOLD], patient=WHOLE | {"birth_date": "1961-05"}),
        results("hl7-nobody", file(msh(), ORC, OBR, GLUCOSE_LINE), [GLUCOSE_TOLD], patient=None),
        results(
            "hl7-parties", file(msh(), LUCIE, ORC, OBR, GLUCOSE_LINE, SENDER, RECIPIENT), [GLUCOSE_TOLD], author=AUTHOR, recipients=[READER]
        ),
        results("hl7-masked", file(msh(), LUCIE, ORC, OBR, GLUCOSE_LINE, *MASKS), [GLUCOSE_TOLD], confidentiality=MASKED),
        results(
            "hl7-replaces-unnamed",
            file(msh(), LUCIE, ORC.replace("RE", "RO"), OBR, GLUCOSE_LINE),
            [GLUCOSE_TOLD],
            metadata={"withdraws": [ORDER]},
        ),
        batch("hl7-batch", file(*HEADS, *FIRST, *SECOND, "BTS|2", "FTS|1"), WHOLE),
        batch("hl7-two-messages", file(*FIRST, *SECOND), WHOLE),
        batch("hl7-batch-cut", file(*HEADS, *FIRST, *SECOND, "BTS|3", "FTS|1"), WHOLE, "truncated"),
        batch("hl7-batch-open", file(*HEADS, *FIRST, *SECOND), WHOLE, "missing-end-mark"),
        batch("hl7-two-patients", file(*FIRST, *OF_PAUL), PAUL_TOLD, "several-patients", "patient-mismatch"),
        batch("hl7-two-pid", file(*FIRST, *OF_PAUL[1:]), PAUL_TOLD, "several-patients", "patient-mismatch"),
        paged("hl7-pdf", PAGED),
        paged("hl7-pdf-replaces", file(msh("MDM^T10^MDM_T02"), LUCIE, REPLACING, WITH_PAGES), replaces="1.2.250.1.999.2.1000"),
        paged("hl7-pdf-deleted", file(msh("MDM^T04^MDM_T02"), LUCIE, TXA, WITH_PAGES), metadata={"availabilityStatus": "Deleted"}),
        paged(
            "hl7-pdf-cancelled",
            file(msh(MDM), LUCIE, "ORC|CA|777^CABINET|L-24-1^LABO", TXA, WITH_PAGES),
            metadata={"availabilityStatus": "Deleted"},
        ),
        paged(
            "hl7-pdf-corrected-unnamed",
            file(msh(MDM), LUCIE, TXA, WITH_PAGES.replace("||||||F", "||||||C")),
            metadata={"withdraws": ["1.2.250.1.999.2.1001"]},
        ),
        paged(
            "hl7-pdf-obsolete",
            file(msh(MDM), LUCIE, TXA.replace("|AU|||||8", "|AU||OB|||8"), WITH_PAGES),
            metadata={"availabilityStatus": "Deprecated"},
        ),
        letter("hl7-cda", file(msh(MDM), LUCIE, TXA, WITH_LETTER, end="\n"), LETTER),
        letter(
            "hl7-cda-of-another",
            file(msh(MDM), LUCIE, TXA, ED.format(packed(OF_ANOTHER))),
            OF_ANOTHER,
            "patient-mismatch",
            patient=PAUL_TOLD,
        ),
        letter(
            "hl7-cda-masked",
            file(msh(MDM), LUCIE, TXA, WITH_LETTER, *MASKS),
            LETTER,
            outer={"confidentiality": MASKED},
            metadata={"confidentialityCode": MASKED},
        ),
        fields(
            "hl7-acknowledgement",
            ACK,
            None,
            ("ACK", "Accusé de réception"),
            "Accusé de réception : accepté",
            "Réponse\nRéponse : Accepté (AA)\nAu message : M-0\n\n" + SAID.format("Accusé de réception (ACK R01)"),
        ),
        fields(
            "hl7-admission",
            ADMISSION,
            WHOLE,
            ("ADT", "Mouvement de patient"),
            "Admission",
            "Événement\nEnregistré le : 12/03/2024 11:30\n\n"
            + LUCIE_SAID
            + "\n\nVenue\nNature : hospitalisation\nLocalisation : CHIR\n\n"
            + SAID.format("Admission (ADT A01)"),
        ),
        fields(
            "hl7-not-taken-in",
            READ_BY,
            None,
            ("ZAM", "Accusé métier"),
            "Accusé de lecture MSSanté : non pris en charge",
            "Réponse\nLecture ou prise en charge : non pris en charge\nAu message : M-0\nLu par : anne.modele@medecin.example\n\n"
            "Pourquoi\nErreur de message : erreur du logiciel\nGravité : erreur\nErreur : patient inconnu du destinataire (code 902)\n\n"
            + SAID.format("Accusé de lecture MSSanté (ZAM Z03)"),
        ),
    ]
)
