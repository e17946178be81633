"""Two practices with their people, mailboxes, accounts and documents, written straight into the records. Everybody here is invented."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
from pathlib import Path
from typing import Any

PASSWORD = "girouette-lanterne-27-boussole"
NOW = dt.datetime(2026, 11, 21, 17, 42, tzinfo=dt.UTC)

LETTER = """\
Cher confrère,

J'ai revu ce jour votre patiente pour le suivi de son hypothyroïdie. L'état général est
conservé, le poids stable à 61 kg. La TSH est revenue dans l'intervalle de référence sous
lévothyroxine 75 µg.

Je propose de poursuivre le traitement sans changement et de contrôler la TSH dans six mois.

Bien confraternellement,
Dr Hortense VALMORIN
"""


@dataclasses.dataclass
class World:
    """Row objects by a short name."""

    practices: dict[str, Any] = dataclasses.field(default_factory=dict)
    mailboxes: dict[str, Any] = dataclasses.field(default_factory=dict)
    accounts: dict[str, Any] = dataclasses.field(default_factory=dict)
    patients: dict[str, Any] = dataclasses.field(default_factory=dict)
    documents: dict[str, Any] = dataclasses.field(default_factory=dict)


def practice(world: World, name: str) -> Any:
    from vaguemestre.records.models import Practice

    world.practices[name] = Practice.objects.create(name=name)
    return world.practices[name]


def mailbox(world: World, name: str, of: str, address: str, label: str, kind: str = "PER") -> Any:
    from vaguemestre.records.models import Folder, Mailbox

    box = Mailbox.objects.create(practice=world.practices[of], address=address, type=kind, name=label, created_at=NOW)
    for folder in ("INBOX", "Sent", "Trash", "Archive"):
        Folder.objects.create(mailbox=box, name=folder, uid_validity=1)
    world.mailboxes[name] = box
    return box


@functools.cache
def _hashed() -> str:
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD)


def account(world: World, login: str, role: str, *boxes: str) -> Any:
    from vaguemestre.records.models import Account

    one = Account.objects.create(login=login, role=role, created_at=NOW, password=_hashed())
    one.mailboxes.set([world.mailboxes[box] for box in boxes])
    world.accounts[login] = one
    return one


def patient(world: World, ref: str, of: str, birth_name: str, given: str, birth_date: str, sex: str = "", **more: str) -> Any:
    from vaguemestre.domain.person import comparison, solid
    from vaguemestre.records.models import Patient

    used, first = more.get("used_name", ""), given.split(maxsplit=1)[0] if given else ""
    world.patients[ref] = Patient.objects.create(
        practice=world.practices[of],
        ref=ref,
        birth_name=birth_name,
        given_names=given,
        first_given_name=first,
        birth_date=birth_date,
        sex=sex,
        birth_name_key=comparison(birth_name),
        used_name_key=comparison(used),
        birth_name_solid=solid(birth_name),
        used_name_solid=solid(used),
        given_names_key=comparison(given),
        first_given_name_key=comparison(first),
        **more,
    )
    return world.patients[ref]


def stated(family: str, given: str, birth_date: str | None, **more: Any) -> dict[str, Any]:
    """The identity of an HPRIM header."""
    empty = {"ins": None, "nir": None, "birth_name": None, "used_name": None, "sex": None, "birth_place_code": None, "local_ids": []}
    named = {"names_unqualified": [family], "given_names": given.split(), "first_given_name": given, "birth_date": birth_date}
    return {**empty, **named, "from_fields": True, "names_guessed": False, **more}


def _evidence(stated: dict[str, Any] | None, chart: Any) -> list[list[str]]:
    """A candidate's evidence as the policy gives it."""
    from vaguemestre.domain.matching import Circumstances
    from vaguemestre.domain.matching_comparison import Comparison, Identity
    from vaguemestre.inbound.settle import _chart, stated_patient

    held = Comparison(Identity.stated(stated_patient(stated)), _chart(chart))
    return [[one.trait, one.verdict] for one in held.evidence(Circumstances())]


def document(
    world: World,
    name: str,
    box: str,
    *,
    minutes: int = 0,
    decision: str = "review",
    rule: str = "N",
    reason: str = "nobody",
    of: str | None = None,
    candidates: tuple[str, ...] = (),
    results: tuple[dict[str, Any], ...] = (),
    sender: str = "labo@tilleuls.example",
    label: str = "Laboratoire des Tilleuls <labo@tilleuls.example>",
    data: bytes | None = None,
    vault: Path | None = None,
    own: bytes | None = None,
    **columns: Any,
) -> Any:
    """One message with one document in it, `minutes` before NOW; `of` files it in that chart."""
    from vaguemestre.inbound.notify import gravest
    from vaguemestre.records.models import Delivery, Document, Filing, Message, Result

    at = NOW - dt.timedelta(minutes=minutes)
    data = data if data is not None else f"message of {name}".encode()
    own = own if own is not None else data
    if vault is not None:
        from vaguemestre.vault.files import Vault

        Vault(vault).keep([(hashlib.sha256(data).hexdigest(), data)])
    message = Message.objects.create(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        message_id=f"<{name}@tilleuls.example>",
        channel="smtp",
        mail_from=sender,
        header_from=label,
        subject=columns.pop("subject", ""),
        text=columns.pop("cover", ""),
        received_at=at,
        read_at=at,
    )
    where = world.mailboxes[box]
    delivery = Delivery.objects.create(message=message, mailbox=where, state="done", done_at=at)
    chart = world.patients[of] if of else None
    stated_ = columns.get("stated")
    sha256 = hashlib.sha256(own).hexdigest()
    row = {
        "format": "hprim-medecin",
        "sha256": sha256,
        "content_key": sha256,
        "author": "Laboratoire des Tilleuls",
        "content": {"path": [f"{name}.hpr"], "warnings": []},
        "text": LETTER,
        "abnormal": gravest(one.get("flag") for one in results),
        "results_count": len(results),
        "candidates": [
            {"patient": world.patients[ref].pk, "ref": ref, "evidence": _evidence(stated_, world.patients[ref])} for ref in candidates
        ],
        "date": at.date().isoformat(),
        **columns,
    }
    created = Document.objects.create(
        delivery=delivery,
        mailbox=where,
        practice=where.practice,
        position=0,
        decision="filed" if of else decision,
        rule=rule,
        reason=reason,
        patient=chart,
        received_at=at,
        filed_at=at if of else None,
        **row,
    )
    for position, one in enumerate(results):
        Result.objects.create(document=created, patient=chart, position=position, **one)
    if chart is not None:
        Filing.objects.create(document=created, patient=chart, rule=rule, evidence=[["birth_date", "equal"]], at=at)
    world.documents[name] = created
    return created


def blood(
    label: str, code: str, value: str, unit: str, low: str, high: str, flag: str = "", chapter: str = "BIOCHIMIE", **more: Any
) -> dict[str, Any]:
    told = {"label": label, "code": code, "value": value, "number": value, "unit": unit, "low": low, "high": high, "flag": flag}
    return {**told, "chapter": chapter, "status": "F", **more}


def build(vault: Path | None = None) -> World:
    """The usual world: a practice of two doctors and a secretary, another practice, an administrator."""
    world = World()
    practice(world, "Cabinet du Moulin")
    practice(world, "Cabinet de la Digue")
    mailbox(world, "roche", "Cabinet du Moulin", "camille.roche@cabinet.demo.example", "Dr Camille Roche")
    mailbox(world, "secretariat", "Cabinet du Moulin", "secretariat@cabinet.demo.example", "Secrétariat du Moulin", "ORG")
    mailbox(world, "autre", "Cabinet de la Digue", "noe.fabre@cabinet.demo.example", "Dr Noé Fabre")
    account(world, "roche", "doctor", "roche")
    account(world, "accueil", "secretary", "roche", "secretariat")
    account(world, "fabre", "doctor", "autre")
    account(world, "admin", "admin")
    patient(
        world,
        "P1",
        "Cabinet du Moulin",
        "DELCOURT",
        "AMANDINE ROSE",
        "1971-03-14",
        "F",
        used_name="VIGNERON",
        ins="271039999000182",
        ins_oid="1.2.250.1.213.1.4.10",
        ins_status="qualified",
        birth_place_code="99990",
    )
    patient(world, "P2", "Cabinet du Moulin", "OSTERMANN", "LEO", "2012-06-02", "M")
    patient(world, "P3", "Cabinet du Moulin", "OSTERMANN", "LEA", "2012-06-02", "F")
    patient(world, "P4", "Cabinet du Moulin", "BRETEUIL", "GASTON", "1948-11-30", "M", flags="homonym")
    patient(world, "P5", "Cabinet du Moulin", "BRETEUIL", "GASTON", "1952-01-09", "M")
    patient(world, "S1", "Cabinet de la Digue", "KERGUELEN", "YANN", "1980-08-08", "M")
    first = (
        blood("Glycémie à jeun", "GLYC 000", "0.98", "g/L", "0.70", "1.10"),
        blood("Potassium", "K    000", "4.9", "mmol/L", "3.5", "5.1"),
        blood("Créatinine", "CREA 000", "9.1", "mg/L", "5.0", "10.0"),
    )
    urgent = (
        blood("Glycémie à jeun", "GLYC 000", "1.31", "g/L", "0.70", "1.10", "H"),
        blood("Potassium", "K    000", "6.4", "mmol/L", "3.5", "5.1", "HH", comment="Contrôlé deux fois. Résultat téléphoné au cabinet."),
        blood(
            "Créatinine",
            "CREA 000",
            "11.2",
            "mg/L",
            "5.0",
            "10.0",
            "H",
            alternative={"number": "99", "unit": "µmol/L", "low": "44", "high": "88"},
        ),
        blood("Hémoglobine", "HB   000", "12.4", "g/dL", "11.5", "16.0", "N", chapter="HÉMATOLOGIE"),
        blood("Plaquettes", "PLAQ 000", "138", "10*9/L", "150", "400", "L", chapter="HÉMATOLOGIE"),
    )
    amandine = stated("VIGNERON", "AMANDINE", "1971-03-14")
    document(
        world, "older", "roche", minutes=60 * 24 * 90, of="P1", rule="E", reason="same-traits", results=first, stated=amandine, vault=vault
    )
    document(
        world, "urgent", "roche", minutes=12, of="P1", rule="E", reason="same-traits", results=urgent, stated=amandine, vault=vault, text=""
    )
    document(
        world,
        "letter",
        "roche",
        minutes=60 * 5,
        of="P1",
        rule="A",
        reason="same-ins-and-traits",
        stated={**amandine, "sex": "F"},
        title="Lettre de consultation",
        author="Dr Hortense Valmorin · Centre des Embruns",
        sender="valmorin@embruns.example",
        vault=vault,
        cover="Bonjour, voici le courrier de notre patiente.",
    )
    document(
        world,
        "twins",
        "roche",
        minutes=40,
        decision="proposed",
        rule="E:twin",
        reason="twin",
        candidates=("P2", "P3"),
        stated=stated("OSTERMANN", "LEO", "2012-06-02", nir="2120699990001"),
        vault=vault,
    )
    document(world, "stranger", "secretariat", minutes=55, stated=stated("MIRABELLE", "ODETTE", "1939-02-27"), vault=vault)
    document(
        world,
        "blocked",
        "secretariat",
        minutes=60 * 30,
        decision="blocked",
        rule="C",
        reason="identity-alert",
        candidates=("P1",),
        stated=stated("VIGNERON", "AMANDA", "1991-03-14", sex="F", ins={"value": "271039999000182", "oid": "1.2.250.1.213.1.4.10"}),
        vault=vault,
    )
    document(
        world,
        "homonyms",
        "roche",
        minutes=60 * 50,
        rule="F",
        reason="several-charts",
        candidates=("P4", "P5"),
        stated=stated("BRETEUIL", "GASTON", None, local_ids=[{"value": "B4471", "oid": None}]),
        vault=vault,
    )
    document(
        world,
        "other",
        "autre",
        minutes=7,
        of="S1",
        rule="E",
        reason="same-traits",
        results=first[:1],
        stated=stated("KERGUELEN", "YANN", "1980-08-08"),
        vault=vault,
    )
    document(world, "other-waiting", "autre", minutes=9, stated=stated("KERGUELEN", "MAEL", "2001-01-02"), vault=vault)
    return world


def paper_pdf(lines: tuple[str, ...], pages: int = 1) -> bytes:
    """A plain letter on A4, in Helvetica."""
    import io

    import pikepdf

    pdf = pikepdf.new()
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica, Encoding=pikepdf.Name.WinAnsiEncoding
    )
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        shown = [*lines, f"Page {number + 1}"]
        drawn = b"BT /F1 12 Tf 16 TL 70 760 Td\n"
        for line in shown:
            text = line.encode("cp1252").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
            drawn += b"(" + text + b") Tj T*\n"
        page.Contents = pdf.make_stream(drawn + b"ET")
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()


def pdf_letter(world: World, vault: Path, pages: int = 2) -> Any:
    """A letter as a PDF attached to a mail, kept in the vault as it would have been received."""
    from email.message import EmailMessage

    own = paper_pdf(
        (
            "Centre des Embruns",
            "",
            "Chère consœur, cher confrère,",
            "",
            "L'échographie du 18 novembre est normale.",
            "",
            "Dr Hortense Valmorin",
        ),
        pages,
    )
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "valmorin@embruns.example", "camille.roche@cabinet.demo.example", "Échographie"
    mail["Message-ID"] = "<pdf@embruns.example>"
    mail.set_content("Veuillez trouver ci-joint le compte rendu.")
    mail.add_attachment(own, maintype="application", subtype="pdf", filename="échographie.pdf")
    return document(
        world,
        "pdf",
        "roche",
        minutes=3,
        of="P5",
        rule="E",
        reason="same-traits",
        format="pdf",
        title="Échographie abdominale",
        text="L'échographie du 18 novembre est normale.",
        cover="Veuillez trouver ci-joint le compte rendu.",
        sender="valmorin@embruns.example",
        label="Dr_Hortense_VALMORIN <valmorin@embruns.example>",
        author="",
        stated=stated("BRETEUIL", "GASTON", "1952-01-09"),
        data=mail.as_bytes(),
        own=own,
        vault=vault,
    )
