"""FHIR bundles and resources, each in JSON and, where it says nothing else there, in XML (formats.md 4.2)."""

from __future__ import annotations

from tests.corpus import patient
from tests.corpus.fhir_build import (
    INS,
    Digits,
    as_json,
    bundle,
    concept,
    div,
    lucie,
    observation,
    paul,
    quantity,
    report,
)
from tests.corpus.fhir_document_cases import CASES as DOCUMENTS
from tests.corpus.fhir_expected import (
    ANTI_HBS,
    ANTI_HBS_FOUND,
    CRP,
    CRP_FOUND,
    GLUCOSE,
    GLUCOSE_FOUND,
    LUCIE,
    PAUL,
    REPORT,
    alone,
    around,
    both,
    found,
    here,
)

GROUP = observation("abo", concept("883-9", "Groupe ABO"), valueCodeableConcept=concept("LA19710-5", "Groupe A"))
TITRE = observation(
    "titre", concept("8061-4", "ANA"), valueRatio={"numerator": {"value": Digits("1")}, "denominator": {"value": Digits("80")}}
)
CELLS = observation("cell", concept("5821-4", "Leucocytes"), valueRange={"low": quantity("5", "/champ"), "high": quantity("10", "/champ")})
BLOOD_PRESSURE = observation(
    "ta",
    concept("85354-9", "Pression artérielle"),
    component=[
        {"code": concept("8480-6", "Systolique"), "valueQuantity": quantity("128", "mmHg", "mm[Hg]")},
        {"code": concept("8462-4", "Diastolique"), "valueQuantity": quantity("79", "mmHg", "mm[Hg]")},
    ],
)
PANEL = observation("nfs", concept("58410-2", "NFS"), hasMember=[{"reference": "Observation/hb"}, {"reference": "Observation/plq"}])
HAEMOGLOBIN = observation("hb", concept("718-7", "Hémoglobine"), valueQuantity=quantity("10.0", "g/dL", "g/dL"))
PLATELETS = observation("plq", concept("777-3", "Plaquettes"), status="cancelled", dataAbsentReason=concept(None, None, text="Caillot"))
_IN_PANEL = {"group": ["NFS"]}

_TWO = bundle(
    lucie(),
    paul(),
    report("glu", performer=None),
    GLUCOSE,
    report("de-paul", id="cr-2", identifier=None, subject={"reference": "Patient/paul"}, performer=None),
    observation("de-paul", concept("1988-5", "CRP"), valueQuantity=quantity("5", "mg/L", "mg/L", comparator="<"), subject=None),
)
_OF_LUCIE = REPORT | {"author": None}
_ABSENT = {"chapter": None, "date": None}

CASES = dict(
    [
        *both("un-resultat", around(report("glu"), GLUCOSE), **REPORT, results=[GLUCOSE_FOUND]),
        *both(
            "valeurs-de-toute-sorte",
            around(report("crp", "hbs", "abo", "titre", "cell", "ta"), CRP, ANTI_HBS, GROUP, TITRE, CELLS, BLOOD_PRESSURE),
            **REPORT,
            results=[
                CRP_FOUND,
                ANTI_HBS_FOUND,
                found("Groupe ABO", "883-9", "Groupe A"),
                found("ANA", "8061-4", "1/80"),
                found("Leucocytes", "5821-4", "5 - 10", unit="/champ"),
                found("Systolique", "8480-6", "128", number="128", unit="mm[Hg]", group=["Pression artérielle"]),
                found("Diastolique", "8462-4", "79", number="79", unit="mm[Hg]", group=["Pression artérielle"]),
            ],
        ),
        *both(
            "ensemble-et-annulation",
            around(report("hb", "nfs", "plq"), HAEMOGLOBIN, PANEL, PLATELETS),
            **REPORT,
            results=[
                found("Hémoglobine", "718-7", "10.0", number="10.0", unit="g/dL", **_IN_PANEL),
                found("Plaquettes", "777-3", None, status="cancelled", comment="Caillot", **_IN_PANEL),
            ],
        ),
        *both(
            "saisi-par-erreur",
            around(report("glu", status="entered-in-error"), GLUCOSE),
            **REPORT,
            metadata={"availabilityStatus": "entered-in-error"},
            results=[GLUCOSE_FOUND | {"status": "entered-in-error"}],
        ),
        *both(
            "conclusion",
            around(report(conclusion="Bilan normal.\nÀ contrôler.", result=None)),
            **REPORT,
            text="Conclusion\nBilan normal.\nÀ contrôler.",
        ),
        *both(
            "patient-ailleurs",
            bundle(report("glu", subject={"reference": "Patient/9"}, performer=None), GLUCOSE | {"subject": {"reference": "Patient/9"}}),
            **(_OF_LUCIE | {"patient": None}),
            results=[GLUCOSE_FOUND],
        ),
        *both(
            "patient-par-identifiant",
            bundle(
                report("glu", subject={"identifier": {"system": INS, "value": "261059999012394"}}, performer=None),
                GLUCOSE | {"subject": {}},
            ),
            **(_OF_LUCIE | {"patient": patient(ins={"value": "261059999012394", "oid": "1.2.250.1.213.1.4.8"})}),
            results=[GLUCOSE_FOUND],
        ),
        *alone(
            "resultat-d-un-autre",
            as_json(around(paul(), report("glu", "crp"), GLUCOSE, CRP | {"subject": {"reference": "Patient/paul"}})),
            here(("several-patients", "several-patients", "patient-mismatch"), "#1", **REPORT, results=[GLUCOSE_FOUND]),
            here(
                ("several-patients", "patient-mismatch"),
                "#2",
                date="2024-03-12T10:00:00+00:00",
                patient=PAUL,
                results=[CRP_FOUND | _ABSENT],
            ),
        ),
        *both(
            "resultat-seul",
            CRP | {"subject": {"reference": "#lucie"}, "contained": [lucie()], "identifier": [{"system": "urn:oid:1.2.3", "value": "O-1"}]},
            date="2024-03-12T10:00:00+00:00",
            id="1.2.3^O-1",
            patient=LUCIE,
            results=[CRP_FOUND | _ABSENT],
        ),
        *both(
            "cle-fausse",
            around(report("glu"), GLUCOSE, lucie(id="x"))
            | {
                "entry": [
                    {"resource": lucie(identifier=[{"system": INS, "value": "261059999012395"}])},
                    {"resource": report("glu", performer=None)},
                    {"resource": GLUCOSE},
                ]
            },
            "bad-ins-key",
            **(_OF_LUCIE | {"patient": LUCIE | {"ins": {"value": "261059999012395", "oid": "1.2.250.1.213.1.4.8"}, "local_ids": []}}),
            results=[GLUCOSE_FOUND],
        ),
        *both(
            "autre-ressource",
            {
                "resourceType": "MedicationRequest",
                "status": "active",
                "text": div("<p>ESSAIVAL 10 mg, 1 le soir.</p>"),
                "contained": [lucie()],
                "subject": {"reference": "#lucie"},
                "authoredOn": "2024-03-12",
            },
            "unsupported",
            title="MedicationRequest",
            date="2024-03-12",
            patient=LUCIE,
            text="ESSAIVAL 10 mg, 1 le soir.",
        ),
        *alone(
            "deux-patients",
            as_json(_TWO),
            here(("several-patients", "patient-mismatch"), "#1", **_OF_LUCIE, results=[GLUCOSE_FOUND]),
            here(
                ("several-patients", "patient-mismatch"),
                "#2",
                **(_OF_LUCIE | {"patient": PAUL, "id": None}),
                results=[CRP_FOUND],
            ),
        ),
        *alone("coupe", as_json(around(report("glu"), GLUCOSE))[:-40], here(("truncated",)), understood=False),
        *alone(
            "membre-double",
            b'{"resourceType": "DiagnosticReport", "status": "final", "conclusion": "A", "conclusion": "B"}',
            here(("duplicate-name",), text="Conclusion\nA"),
        ),
        *alone("pas-un-nombre", b'{"resourceType": "Observation", "valueDecimal": NaN}', here(("malformed",)), understood=False),
    ]
)
CASES |= DOCUMENTS
