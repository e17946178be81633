"""What each screen costs in a large base: 100,000 documents in one mailbox, 300,000 results, 5,000 charts, one of 1,000 documents.

The rows are written straight into the records, as reading would leave them; the pages are asked for through the whole of the web layer
(access, traces and templates included), each time for another chart or document where there are several. Everybody here is invented.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import hashlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import population

if TYPE_CHECKING:
    from django.test import Client

LIMIT_MS = 100
DOCUMENTS, RESULTS, PATIENTS = 100_000, 300_000, 5_000
BIG_DOCUMENTS, BIG_RESULTS = 1_000, 3_000
A_REPORT = 15
WAITING_ONE_IN, UNREAD_LAST, WITH_INS = 50, 500, 0.7
END = dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)
LOINC = "2.16.840.1.113883.6.1"
ANALYSES = (
    ("Sodium", "2951-2", "mmol/L", 138.0), ("Potassium", "2823-3", "mmol/L", 4.2), ("Chlorures", "2075-0", "mmol/L", 102.0),
    ("Créatinine", "14682-9", "umol/L", 74.0), ("Urée", "22664-7", "mmol/L", 5.4), ("Glucose", "14749-6", "mmol/L", 5.1),
    ("Calcium", "2000-8", "mmol/L", 2.35), ("Protéine C réactive", "1988-5", "mg/L", 4.0), ("Ferritine", "2276-4", "ug/L", 110.0),
    ("TSH", "11580-8", "mUI/L", 2.1), ("Hémoglobine", "718-7", "g/dL", 13.6), ("Leucocytes", "6690-2", "10*9/L", 6.7),
    ("Plaquettes", "777-3", "10*9/L", 245.0), ("Cholestérol total", "14647-2", "mmol/L", 5.0), ("Triglycérides", "14927-8", "mmol/L", 1.3),
)  # fmt: skip
WORDS = ("Le patient est revu ce jour pour le suivi habituel, sans plainte nouvelle ni modification du traitement en cours. " * 26).strip()
BATCH = 5_000


@dataclasses.dataclass(frozen=True, slots=True)
class Filled:
    """Row numbers to ask for. `reports`: biology reports of usual charts; `results`: results in them."""

    account: int
    usual: Sequence[int]
    big: int
    reports: Sequence[int]
    big_reports: Sequence[int]
    results: Sequence[int]
    big_results: Sequence[int]
    waiting: Sequence[int]
    names: Sequence[str]


def _patients(practice: int, size: int) -> list[str]:
    """Writes the charts; returns their family names."""
    from vaguemestre.domain.person import comparison, solid
    from vaguemestre.records import rows
    from vaguemestre.records.models import Patient

    people = population.people(size, seed=4)
    made = []
    for one in people:
        row = one.row()
        for field in ("birth_name", "used_name"):
            row |= {f"{field}_key": comparison(row[field]), f"{field}_solid": solid(row[field])}
        row |= {f"{field}_key": comparison(row[field]) for field in ("given_names", "first_given_name")}
        made.append({**row, "practice_id": practice})
    rows.insert_many(Patient, made)
    return [one.family_name for one in people]


def _owners(size: int, patients: int, big: int) -> list[int]:
    """For each document the row number of its chart, the large one's spread among the others'."""
    owners = [2 + k % (patients - 1) for k in range(size - big)] + [1] * big
    random.Random(5).shuffle(owners)
    return owners


def _document(number: int, owner: int, at: dt.datetime, results: int, waits: bool, name: str) -> dict[str, Any]:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    biology = results > 0
    stated = {
        "ins": None, "nir": None, "birth_name": name, "used_name": None, "names_unqualified": [], "given_names": ["ALIX"],
        "first_given_name": "ALIX", "birth_date": "1970-01-01", "sex": "F", "birth_place_code": None, "local_ids": [],
        "from_fields": True, "names_guessed": False,
    }  # fmt: skip
    return {
        "delivery_id": number, "mailbox_id": 1, "practice_id": 1, "position": 0, "sha256": sha256, "content_key": sha256,
        "format": "cda-n3", "type_system": LOINC, "type_code": "11502-2" if biology else "11488-4",
        "type_label": "CR d'examens biologiques" if biology else "CR ou fiche de consultation ou de visite",
        "title": "Compte rendu de biologie" if biology else "Lettre de consultation", "date": at.date().isoformat(),
        "author": "Laboratoire de mesure" if biology else f"Dr MESURE {number % 40}", "results_count": results,
        "decision": "review" if waits else "filed", "rule": "F" if waits else "A",
        "reason": "several-charts" if waits else "same-ins-and-traits",
        "candidates": [{"patient": owner, "ref": f"T{owner}", "evidence": [["birth_name", "equal"], ["birth_date", "near"]]}],
        "patient_id": None if waits else owner, "own_id": f"1.2.250.1.999.{number}", "set_id": f"1.2.250.1.999.0.{number}", "version": 1,
        "received_at": at, "filed_at": None if waits else at, "stated": stated, "text": WORDS,
        "content": {"path": ["IHE_XDM.zip", "IHE_XDM/SUBSET01/DOC00001.XML"], "warnings": [], "confidentiality": ["N"], "attachments": []},
        "html": f"<h2>Compte rendu</h2><p>{WORDS}</p>",
    }  # fmt: skip


def _results(document: int, owner: int | None, at: dt.datetime, count: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    for position in range(count):
        label, code, unit, usual = ANALYSES[position % len(ANALYSES)]
        number = f"{usual * rng.uniform(0.8, 1.25):.2f}"
        yield {
            "document_id": document, "patient_id": owner, "position": position, "chapter": "Biochimie" if position < 10 else "Hématologie",
            "group": ["Bilan"], "label": label, "code": code, "code_system": LOINC, "value": number, "number": number,
            "sort_value": float(number), "unit": unit, "low": f"{usual * 0.85:.2f}", "high": f"{usual * 1.15:.2f}",
            "flag": "H" if float(number) > usual * 1.15 else "N", "status": "completed",
            "specimen": "Sang veineux", "date": at.isoformat(timespec="seconds"),
        }  # fmt: skip


def fill(documents: int = DOCUMENTS, results: int = RESULTS, patients: int = PATIENTS, big: int = BIG_DOCUMENTS) -> Filled:
    """Fills an empty data directory, whose rows are numbered from 1."""
    from django.db import connection, transaction

    from vaguemestre.records import administration, rows
    from vaguemestre.records.models import Account, Delivery, Document, Filing, Message, ReadMark, Result

    box = administration.make_mailbox("dr.mesure@cabinet.demo.example", "PER", "Dr MESURE", "Cabinet de mesure", "", "", END)
    account = Account.objects.create(login="mesure", role="doctor", created_at=END)
    account.mailboxes.set([box])
    rng = random.Random(6)
    names = _patients(box.practice_id, patients)
    owners = _owners(documents, patients, big)
    every = max(1, round(documents * A_REPORT / results))
    step = dt.timedelta(days=3650) / documents
    counts: dict[int, int] = {}
    reports: dict[bool, list[int]] = {True: [], False: []}
    waiting: list[int] = []
    for begin in range(0, documents, BATCH):
        numbers = range(begin + 1, min(begin + BATCH, documents) + 1)
        written: dict[Any, list[dict[str, Any]]] = {Message: [], Delivery: [], Document: [], Filing: [], ReadMark: [], Result: []}
        for number in numbers:
            owner, at = owners[number - 1], END - (documents - number) * step
            counts[owner] = counts.get(owner, 0) + 1
            of_results = A_REPORT if (counts[owner] + owner) % every == 0 else 0
            waits = number % WAITING_ONE_IN == 0 and owner != 1
            subject = "XDM/1.0/DDM+Compte rendu"
            written[Message].append(
                {
                    "sha256": f"{number:064x}",
                    "size": 20_000,
                    "message_id": f"<{number}@mesure.example>",
                    "channel": "smtp",
                    "mail_from": "labo@mesure.example",
                    "header_from": "Laboratoire <labo@mesure.example>",
                    "subject": subject,
                    "text": "Veuillez trouver ci-joint le compte rendu.",
                    "received_at": at,
                    "read_at": at,
                }
            )
            written[Delivery].append({"message_id": number, "mailbox_id": box.pk, "state": "done", "done_at": at})
            written[Document].append(_document(number, owner, at, of_results, waits, names[owner - 1]))
            written[Result] += _results(number, None if waits else owner, at, of_results, rng)
            if waits:
                waiting.append(number)
            else:
                written[Filing].append({"document_id": number, "patient_id": owner, "rule": "A", "evidence": [], "at": at})
                if of_results:
                    reports[owner == 1].append(number)
            if number <= documents - UNREAD_LAST:
                written[ReadMark].append({"account_id": account.pk, "mailbox_id": box.pk, "document_id": number, "at": at})
        with transaction.atomic():
            for model, made in written.items():
                rows.insert_many(model, made)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # As its autovacuum does; nothing gathers the statistics of SQLite, which plans by the indexes alone.
            cursor.execute("ANALYZE")
    late = {kind: numbers[-200:] for kind, numbers in reports.items()}
    third = Result.objects.filter(position=3).order_by("pk")
    of = {kind: list(third.filter(document__in=numbers).values_list("pk", flat=True)) for kind, numbers in late.items()}
    print(f"screens: {Document.objects.count()} documents, {Result.objects.count()} results, {patients} charts", flush=True)
    return Filled(account.pk, range(2, patients), 1, late[False], late[True], of[False], of[True], waiting[-200:], names)


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """`ask(k)` asks for it the k-th time."""

    name: str
    ask: Callable[[int], Any]


def pages(filled: Filled, client: Client) -> list[Page]:
    """What is measured, in order."""

    def turn(of: Sequence[int], address: str) -> Callable[[int], Any]:
        return lambda k: client.get(address.format(of[(7 * k) % len(of)]))

    return [
        Page("inbox, first page (to read)", lambda _: client.get("/")),
        Page("inbox, first page (all)", lambda _: client.get("/?liste=tous")),
        Page("À vérifier, first page", lambda _: client.get("/?liste=a-verifier")),
        Page("a document that waits", turn(filled.waiting, "/documents/{}/")),
        Page("a usual chart", turn(filled.usual, "/patients/{}/")),
        Page("the large chart", lambda _: client.get(f"/patients/{filled.big}/")),
        Page("the large chart, fifth page", lambda _: client.get(f"/patients/{filled.big}/?page=5")),
        Page("a report of a usual chart, with what changed", turn(filled.reports, "/documents/{}/")),
        Page("a report of the large chart, with what changed", turn(filled.big_reports, "/documents/{}/")),
        Page("a result's history in a usual chart", turn(filled.results, "/resultats/{}/")),
        Page("a result's history in the large chart", turn(filled.big_results, "/resultats/{}/")),
        Page("search by a name", lambda k: client.post("/recherche", {"q": filled.names[(11 * k) % len(filled.names)]})),
        Page("search by a few letters", lambda k: client.post("/recherche", {"q": filled.names[(11 * k) % len(filled.names)][:3]})),
    ]


def measure(page: Page, times: int) -> tuple[float, float]:
    """The medians in milliseconds, of the clock and of this process's CPU, which tells what others on the machine take."""
    spent, worked = [], []
    for k in range(times + 1):
        began, before = time.perf_counter(), time.process_time()
        answer = page.ask(k)
        spent.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - before))
        if answer.status_code != 200:
            raise SystemExit(f"bench: {page.name} answered {answer.status_code}")
    # The first is left out: it loads templates and catalogues.
    return statistics.median(spent[1:]), statistics.median(worked[1:])


def main() -> int:
    """Prints the median of each page; 1 where one is over the limit."""
    parser = argparse.ArgumentParser(prog="bench.screens", description=__doc__)
    parser.add_argument("--dir", default=None, help="a folder on a real disk (default: beside the project)")
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--times", type=int, default=15)
    args = parser.parse_args()
    from vaguemestre.cli import assemble, init

    share = args.documents / DOCUMENTS
    with tempfile.TemporaryDirectory(prefix="bench-screens-", dir=args.dir or Path(__file__).parent.parent) as folder:
        assemble.open_data(init.make(Path(folder) / "practice", "cabinet.demo.example"))
        from django.contrib.auth import get_user_model
        from django.test import Client

        filled = fill(args.documents, int(RESULTS * share), max(50, int(PATIENTS * share)), BIG_DOCUMENTS)
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(get_user_model().objects.get(pk=filled.account))
        slow = 0
        for page in pages(filled, client):
            median, worked = measure(page, args.times)
            slow += median >= LIMIT_MS
            print(f"{page.name}: {median:.0f} ms, {worked:.0f} of CPU (under {LIMIT_MS})", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
