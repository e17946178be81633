"""Letters of today over the usual world: a CDA letter with its pages, biology with its history, a corrected report, a copy, an antibiogram.

Written straight into the records, as the reading of such files would leave them. Everybody here is invented.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from tests.web.world import World, document, paper_pdf, stated

LOINC = "2.16.840.1.113883.6.1"
CRBIO = {"format": "cda-n3", "type_code": "11502-2", "type_system": LOINC, "type_label": "CR d'examens biologiques", "text": "Compte rendu"}

NARRATIVE = """\
<h2>Motif</h2><p>Douleur thoracique <b>atypique</b> à l'effort, depuis 3 semaines.</p>
<h2>Examens</h2><h3>Électrocardiogramme</h3><p>Rythme sinusal, 64/min. Onde T plate en V<sub>5</sub>.</p>
<table><caption>Constantes</caption><thead><tr><th>Heure</th><th>Tension</th><th>Pouls</th></tr></thead>
<tbody><tr><td>9 h 10</td><td>142/86 mmHg</td><td>64/min</td></tr>
<tr><td>9 h 40</td><td colspan="2">refusée par la patiente</td></tr></tbody></table>
<h2>Conclusion</h2><ul><li>Épreuve d'effort à programmer sous 15 jours.</li><li>Aspirine 75 mg par jour d'ici là.</li></ul>"""


def loinc(label: str, code: str, value: str, unit: str, low: str = "", high: str = "", flag: str = "", **more: Any) -> dict[str, Any]:
    """A result with a LOINC code; "<" or ">" before the value is its comparator."""
    comparator = value[0] if value[:1] in {"<", ">"} else ""
    number = value.lstrip("<> ") if any(c.isdigit() for c in value) and not any(c.isalpha() for c in value) else ""
    told = {"label": label, "code": code, "code_system": LOINC, "value": value, "comparator": comparator, "number": number, "unit": unit}
    return {"chapter": "Biochimie", "status": "completed", **told, "low": low, "high": high, "flag": flag, **more}


def form(main: Any, name: str, own: bytes, format_: str = "pdf", **columns: Any) -> Any:
    """Another form of a document of the same message."""
    from vaguemestre.records.models import Document

    sha256 = hashlib.sha256(own).hexdigest()
    fields = ("delivery", "mailbox", "practice", "decision", "rule", "reason", "patient", "received_at", "filed_at", "stated")
    row = {field: getattr(main, field) for field in fields}
    row |= {"position": 1, "format": format_, "sha256": sha256, "content_key": sha256, "text": "", "content": {"path": [name]}}
    return Document.objects.create(form_of=main, **(row | columns))


def mail(*files: tuple[str, bytes]) -> bytes:
    """A mail with files attached."""
    from email.message import EmailMessage

    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "valmorin@embruns.example", "camille.roche@cabinet.demo.example", "XDM/1.0/DDM+Courrier"
    made.set_content("Veuillez trouver ci-joint le courrier.")
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return made.as_bytes()


def cda_letter(world: World, vault: Path) -> Any:
    """A level 3 letter of a cardiologist with its PDF as pages, an annex, and the same words as a text beside."""
    pages = paper_pdf(("Centre des Embruns", "Consultation de cardiologie", "", "Épreuve d'effort à programmer."), 2)
    annex = paper_pdf(("Tracé de l'électrocardiogramme", "25 mm/s"))
    path = ["IHE_XDM.zip", "IHE_XDM/SUBSET01/DOC00001.XML"]
    main = document(
        world,
        "cda-letter",
        "roche",
        minutes=33,
        of="P1",
        rule="A",
        reason="same-ins-and-traits",
        format="cda-n3",
        type_code="11488-4",
        type_system=LOINC,
        type_label="CR ou fiche de consultation ou de visite",
        title="Consultation de cardiologie",
        author="Dr Hortense Valmorin · Centre des Embruns",
        text="Motif. Douleur thoracique atypique.",
        html=NARRATIVE,
        subject="XDM/1.0/DDM+Consultation VIGNERON Amandine 14/03/1971",
        data=mail(("lettre.pdf", pages), ("trace.pdf", annex)),
        own=b"<ClinicalDocument/>",
        vault=vault,
        stated={**stated("VIGNERON", "AMANDINE", "1971-03-14"), "birth_name": "DELCOURT", "sex": "F"},
        own_id="1.2.250.1.999.7^1",
        set_id="1.2.250.1.999.7",
        version=1,
        content={
            "path": path,
            "warnings": [],
            "confidentiality": ["N"],
            "attachments": [{"name": "media-1.png", "media_type": "image/png", "size": 4, "sha256": "0" * 64}],
            "metadata": {
                "serviceStartTime": "202611180910",
                "confidentialityCode": [{"code": "INVISIBLE_PATIENT", "system": "x", "label": "x"}],
            },
        },
    )
    form(main, "nonXMLBody.pdf", pages, rendering=True, content={"path": [*path, "nonXMLBody.pdf"]})
    form(main, "trace.pdf", annex, position=2, content={"path": [*path, "trace.pdf"]})
    form(main, "resume.txt", b"resume", "text", position=3, text="Bonjour,\nvoici le courrier de Madame.", content={"path": ["resume.txt"]})
    world.documents["cda-letter"] = main
    return main


def biology(world: World, vault: Path) -> None:
    """A year of one patient's blood, by two laboratories that write LOINC, with every kind of change."""
    days = (400, 300, 190, 95, 30, 2)
    potassium = (("4.1", "N"), ("4.4", "N"), ("5.6", "H"), ("4.9", "N"), ("3.2", "L"), ("6.1", "HH"))
    psa = ("<0.10", "0.12", "0.14", "0.14", "<0.10", "0.31")
    creatinine = (("8.1", ""), ("8.6", ""), ("9.9", ""), ("10.4", "H"), ("11.1", "H"), ("9.2", ""))
    tsh = (("3.1", "N"), ("4.6", "H"), ("6.2", "H"), ("2.4", "N"), ("2.6", "N"), ("2.6", "N"))
    for rank, ago in enumerate(days):
        two = rank % 2
        when = (dt.datetime(2026, 11, 21, 8, 15) - dt.timedelta(days=ago)).isoformat()  # noqa: DTZ001 - as a document tells it
        number, flag = creatinine[rank]
        results = [
            loinc("Potassium", "2823-3", potassium[rank][0], "mmol/L", "3.5", "5.1", potassium[rank][1], date=when),
            loinc("Créatinine", "14682-9" if two else "2160-0", number, "mg/L", "5.0", "10.0", flag, date=when,
                  alternative={"number": str(round(float(number) * 8.84)), "unit": "µmol/L", "low": "44", "high": "88"}),
            loinc("TSH", "3016-3", tsh[rank][0], "mUI/L", "0.4", "4.0", tsh[rank][1], date=when, chapter="Hormonologie",
                  group=["Bilan thyroïdien"]),
            loinc("PSA total", "2857-1", psa[rank], "µg/L", "", "4.0", "", date=when, chapter="Marqueurs", group=["Prostate", "Sérum"]),
            loinc("Aspect du sérum", "33511-7", "limpide" if rank < 5 else "légèrement lactescent", "", date=when, chapter="Marqueurs",
                  group=["Prostate", "Sérum"]),
        ]  # fmt: skip
        if rank == len(days) - 1:
            results[0]["comment"] = "Contrôlé sur un second tube. Résultat téléphoné à 9 h 40."
        document(
            world,
            f"bio-{rank}",
            "roche",
            minutes=ago * 1440 + 200,
            of="P4",
            rule="A",
            reason="same-ins-and-traits",
            results=tuple(results),
            sender="labo@tilleuls.example" if two else "bio@rivage.example",
            author="Laboratoire des Tilleuls" if two else "Biologie du Rivage",
            title="Compte rendu de biologie",
            date=when[:10],
            stated=stated("BRETEUIL", "GASTON", "1948-11-30"),
            vault=vault,
            html="<h2>Conclusion</h2><p>Hyperkaliémie à contrôler.</p>" if rank == len(days) - 1 else "",
            own=f"bio {rank}".encode(),
            **CRBIO,
        )


def antibiogram(world: World, vault: Path) -> Any:
    """One urine, two germs, the same antibiotics for each."""
    lines = []
    for germ, marks in (("Escherichia coli 10^6 UFC/mL", "SRI"), ("Klebsiella pneumoniae 10^5 UFC/mL", "RSS")):
        for (drug, code), mark in zip(
            (("Amoxicilline", "18862-3"), ("Ofloxacine", "18959-7"), ("Fosfomycine", "25596-8")), marks, strict=True
        ):
            lines.append(loinc(drug, code, {"S": "Sensible", "R": "Résistant", "I": "Intermédiaire"}[mark], "", flag=mark,
                               chapter="Microbiologie", group=["Examen des urines", germ, "Antibiogramme"]))  # fmt: skip
    return document(world, "urine", "roche", minutes=90, of="P4", rule="A", reason="same-ins-and-traits", results=tuple(lines),
                    title="Examen cytobactériologique des urines", author="Laboratoire des Tilleuls", vault=vault, own=b"urine",
                    stated=stated("BRETEUIL", "GASTON", "1948-11-30"), **CRBIO)  # fmt: skip


def corrected(world: World, vault: Path) -> tuple[Any, Any]:
    """A report and the version that replaced it; the older one's results left the histories."""
    from vaguemestre.records.models import Result

    def report(name: str, minutes: int, version: int, value: str, flag: str) -> Any:
        line = (loinc("Ferritine", "2276-4", value, "µg/L", "15", "150", flag, chapter="Fer"),)
        return document(world, name, "roche", minutes=minutes, of="P5", rule="A", reason="same-ins-and-traits", results=line,
                        title="Bilan martial", author="Biologie du Rivage", set_id="1.2.250.1.999.9", version=version,
                        own_id=f"1.2.250.1.999.9^{version}", replaces="1.2.250.1.999.9^1" if version > 1 else "", vault=vault,
                        own=name.encode(), stated=stated("BRETEUIL", "GASTON", "1952-01-09"), **CRBIO)  # fmt: skip

    old, new = report("report-1", 60 * 50, 1, "480", "H"), report("report-2", 60 * 20, 2, "48", "N")
    old.superseded_by = new
    old.save()
    Result.objects.filter(document=old).update(patient=None)
    return old, new


def copied(world: World, vault: Path) -> tuple[Any, Any]:
    """The same letter by two channels."""
    told = {"rule": "E", "reason": "same-traits", "title": "Compte rendu opératoire", "type_code": "34874-8", "type_system": LOINC,
            "type_label": "CR opératoire", "author": "Dr Anselme Corvaisier · Clinique du Phare", "own": b"the same letter",
            "stated": stated("OSTERMANN", "LEA", "2012-06-02"), "vault": vault}  # fmt: skip
    first = document(world, "letter-first", "roche", minutes=60 * 26, of="P3", **told)
    copy = document(world, "letter-copy", "roche", minutes=60 * 4, of="P3", **told)
    copy.duplicate_of = first
    copy.save()
    return first, copy


def build_letters(world: World, vault: Path) -> World:
    """All of them."""
    cda_letter(world, vault)
    biology(world, vault)
    antibiogram(world, vault)
    corrected(world, vault)
    copied(world, vault)
    return world
