"""The national directory at its size, all invented: 1,000,000 mailboxes, 875,000 professionals; import, import again, search.

`python -m bench.directory [--rows N] [--database URL] [--dir DIR]`. Targets: the import of the mailboxes under 90 s and 1.5 GB, a second
one of a file with one line in a hundred changed much under that, a search under 50 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MAILBOX_HEADER = (
    "Type de BAL|Adresse BAL|Type d'identifiant PP|Identifiant PP|Identification nationale PP|Type identifiant structure|"
    "Identification Structure|Service de rattachement|Libellé civilité d'exercice|Nom d'exercice|Prénom d'exercice|"
    "Libellé profession|Libellé savoir-faire|Raison Sociale structure BAL|L4NUMEROVOIE structure BAL|NL4TYPEVOIE structure BAL|"
    "L4LIBELLEVOIE structure BAL|L6LIGNEACHEMINEMENT structure BAL|Code postal structure BAL|Département structure BAL|Dématérialisation|"
)
PROFESSIONAL_HEADER = (
    "Type d'identifiant PP|Identifiant PP|Identification nationale PP|Libellé civilité d'exercice|Nom d'exercice|Prénom d'exercice|"
    "Libellé profession|Libellé catégorie professionnelle|Libellé type savoir-faire|Libellé savoir-faire|"
)
PROFESSIONS = (("Médecin", 30), ("Infirmier", 28), ("Masseur-Kinésithérapeute", 12), ("Pharmacien", 9), ("Chirurgien-Dentiste", 7),
               ("Sage-Femme", 4), ("Orthophoniste", 4), ("Pédicure-Podologue", 3), ("Psychologue", 3))  # fmt: skip
SPECIALITIES = (("Médecine Générale", 50), ("Cardiologie et maladies vasculaires", 4), ("Pédiatrie", 4), ("Psychiatrie", 6),
                ("Radio-diagnostic et imagerie médicale", 4), ("Anesthésie-réanimation", 5), ("Gynécologie-obstétrique", 3),
                ("Dermatologie et vénéréologie", 2), ("Ophtalmologie", 3), ("Rhumatologie", 2), ("Gastro-entérologie et hépatologie", 2),
                ("O.R.L et chirurgie cervico faciale", 2), ("Pneumologie", 2), ("Neurologie", 2), ("Chirurgie générale", 2),
                ("Néphrologie", 1), ("Endocrinologie et métabolisme", 1), ("Biologie médicale", 2), ("Gériatrie", 2))  # fmt: skip
GIVEN = ("Marie", "Jean", "Camille", "Paul", "Sophie", "Pierre", "Julie", "Nicolas", "Claire", "Thomas", "Anne", "Julien", "Hélène",
         "François", "Céline", "Antoine", "Inès", "Hugo", "Léa", "Louis", "Nathalie", "Philippe", "Isabelle", "Michel", "Sandrine", "Alain",
         "Chloé", "Lucas", "Manon", "Mathieu", "Élodie", "Benoît", "Aurélie", "Guillaume", "Émilie", "Jean-Pierre", "Anne-Sophie",
         "Rémi", "Zoé",
         "Agnès", "Bruno", "Fanny", "Gaël", "Irène", "Karim", "Leïla", "Mehdi", "Nadia", "Olivier", "Pascale")  # fmt: skip
HEADS = ("Bar", "Del", "Mar", "Dup", "Ler", "Gir", "Fon", "Per", "Rou", "Val", "Cha", "Bou", "Ler", "Gau", "Mor", "Lam", "Bel", "Cor",
         "Dav", "Fer", "Gal", "Hub", "Jac", "Kel", "Lau", "Men", "Nav", "Oli", "Pic", "Ren", "Sau", "Tes", "Vas", "Wal", "Zel",
         "Bri", "Cle", "Dro")  # fmt: skip
MIDDLES = ("an", "ou", "er", "ti", "el", "in", "ar", "on", "ig", "ur", "ess", "al", "ill", "ob", "ev", "ach", "enn", "ost", "im", "arc")
TAILS = (
    "t",
    "et",
    "ier",
    "eau",
    "on",
    "ard",
    "in",
    "ol",
    "y",
    "ault",
    "ez",
    "ois",
    "et",
    "ot",
    "elle",
    "as",
    "ieu",
    "ac",
    "ont",
    "and",
    "au",
    "ère",
)
TOWN_HEADS = ("Saint-", "Mont", "Ville", "Beau", "Clair", "Font", "Haute", "Roche", "Neu", "Bois", "Val", "Pont-", "Champ", "Grand-", "Puy")
STRUCTURES = (
    "Cabinet médical",
    "Centre hospitalier",
    "Pharmacie",
    "Clinique",
    "Maison de santé",
    "Laboratoire de biologie",
    "EHPAD",
    "Cabinet",
)
SERVICES = ("Secrétariat", "Urgences", "Cardiologie", "Imagerie", "Pharmacie", "Chirurgie", "Pédiatrie", "Maternité")


def _shuffled(words: list[str], rng: random.Random) -> list[str]:
    rng.shuffle(words)
    return words


class Invented:
    """A country's names: families and towns, the first ones frequent and the last ones rare."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        families = dict.fromkeys(
            [f"{a}{b}{c}" for a, b, c in itertools.product(HEADS, MIDDLES, TAILS)]
            + [f"{a}{b}{m}{c}" for a, b, m, c in itertools.product(HEADS, MIDDLES, MIDDLES[:8], TAILS[:14])]
        )
        self.families = _shuffled(list(families), rng)
        towns = dict.fromkeys(f"{a}{b}{c}{d}" for a, b, c, d in itertools.product(TOWN_HEADS, HEADS[:22], MIDDLES[:6], TAILS[:4]))
        self.towns = [(f"{rng.randrange(1, 96):02d}{rng.randrange(0, 990):03d}", town) for town in _shuffled(list(towns), rng)]
        self.rng = rng

    def rare(self, words: list, power: float = 3.0):
        """One of them, the first ones far more often than the last ones."""
        return words[int(len(words) * self.rng.random() ** power)]


def _weighted(pairs: tuple, rng: random.Random) -> str:
    return rng.choices([word for word, _ in pairs], [weight for _, weight in pairs])[0]


def write(mailboxes: Path, professionals: Path, rows: int, seed: int = 1) -> None:
    """Two extractions of so many rows each."""
    world = Invented(seed)
    rng = world.rng
    professions = rng.choices([word for word, _ in PROFESSIONS], [weight for _, weight in PROFESSIONS], k=rows)
    specialities = rng.choices([word for word, _ in SPECIALITIES], [weight for _, weight in SPECIALITIES], k=rows)
    with mailboxes.open("w", encoding="utf-8") as boxes, professionals.open("w", encoding="utf-8") as people:
        boxes.write(MAILBOX_HEADER + "\n")
        people.write(PROFESSIONAL_HEADER + "\n")
        for number in range(rows):
            postcode, town = world.rare(world.towns, 2.0)
            if number % 8:
                family, given = world.rare(world.families, 2.0), world.rare(GIVEN, 1.5)
                rpps = f"{10_000_000_000 + number}"
                profession = professions[number]
                speciality = specialities[number] if profession == "Médecin" else ""
                local = f"{given}.{family}.{number}".lower().replace(" ", "")
                who = f"8|{rpps}|8{rpps}|0|{postcode}{number % 9999:04d}||Docteur|{family.upper()}|{given}|{profession}||"
                where = f"Cabinet {family}" if number % 3 else f"{STRUCTURES[number % 8]} de {town}"
                kind = "PER"
                people.write(f"8|{rpps}|8{rpps}|Docteur|{family.upper()}|{given}|{profession}|Civil|S|{speciality}|\n")
            else:
                local, kind = f"contact.{number}", "ORG"
                who = f"||||{postcode}{number % 9999:04d}|{SERVICES[number % 7]}||||||"
                where = f"{STRUCTURES[number % 8]} {world.rare(world.families, 2.0)} de {town}"
            address = f"{local}@{'medecin' if number % 2 else 'sante'}.demo.example"
            street = f"{number % 150}|rue|des Tilleuls|{postcode} {town.upper()}|{postcode}|{postcode[:2]}|N|"
            boxes.write(f"{kind}|{address}|{who}{where}|{street}\n")


def change(source: Path, target: Path) -> None:
    """The same file, one line in a hundred changed, left out or new."""
    with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            if number and number % 300 == 1:
                continue
            if number and number % 300 == 2:
                line = line.replace("|rue|", "|avenue|")
            if number and number % 300 == 3:
                out.write(line.replace("@", ".bis@", 1))
            out.write(line)


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    return rng.choice((word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + "x" + word[at + 1 :]))


def searches(mailboxes: Path, count: int, seed: int = 9) -> Iterator[tuple[str, str]]:
    """(kind, text) as people type, of entries that are there."""
    rng = random.Random(seed)
    size = mailboxes.stat().st_size
    with mailboxes.open("rb") as file:
        number = 0
        while number < count:
            file.seek(rng.randrange(size - 2_000))
            file.readline()
            fields = file.readline().decode().split("|")
            if fields[0] != "PER":
                continue
            address, rpps, family, given, structure = fields[1], fields[3], fields[9], fields[10], fields[13]
            town, postcode = fields[17][6:], fields[18]
            speciality = rng.choice(
                ("cardiologue", "cardio", "pédiatre", "généraliste", "kiné", "orl", "dermato", "psychiatre", "radiologue")
            )
            kinds = {
                "name": f"{family} {given}",
                "given family town": f"{given} {family.lower()} {town}",
                "family": family,
                "family begun": family[: max(3, len(family) - 2)],
                "three letters": family[:3],
                "speciality town": f"{speciality} {town}",
                "profession department": f"{rng.choice(('médecin', 'infirmier', 'pharmacien'))} {postcode[:2]}",
                "name postcode": f"{family} {postcode}",
                "begun twice": f"{family[:4]} {given[:2]}",
                "slip given": f"{_slip(family, rng)} {given}",
                "slip town": f"{_slip(family, rng)} {town}",
                "structure": f"{structure} {town}",
                "rpps": rpps,
                "address": address,
                "address begun": address[:8] + "@",
                "broad": rng.choice(("médecine générale", "marie", "infirmier", "cabinet", "saint", "docteur martin", "médecin paris")),
            }
            name = list(kinds)[number % len(kinds)]
            yield name, kinds[name]
            number += 1


def _timed_import(directory: Path, *files: Path) -> tuple[float, float, str]:
    """Seconds, MB at most, and what it said, in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    began = time.perf_counter()
    command = [sys.executable, "-m", "vaguemestre.cli", "directory", "import", str(directory), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"bench: the import failed: {done.stderr.strip()[:400]}")
    return seconds, max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024, done.stdout.strip()


def _searched(directory: Path, mailboxes: Path, count: int) -> None:
    from vaguemestre.cli.assemble import open_data

    open_data(directory)
    from vaguemestre.records.queries.directory import find

    times: dict[str, list[float]] = {}
    empty: dict[str, int] = {}
    for kind, text in [*searches(mailboxes, 64), *searches(mailboxes, count, seed=10)]:
        began = time.perf_counter()
        found = find(text)
        times.setdefault(kind, []).append(1000 * (time.perf_counter() - began))
        empty[kind] = empty.get(kind, 0) + (not found)
    every = sorted(one for some in times.values() for one in some)
    for kind, some in times.items():
        some.sort()
        print(f"  {kind:<22} median {some[len(some) // 2]:6.1f} ms, p95 {some[int(len(some) * 0.95)]:6.1f}, {empty[kind]} empty")
    print(f"search: median {every[len(every) // 2]:.1f} ms, p95 {every[int(len(every) * 0.95)]:.1f} ms (at most 50), worst {every[-1]:.1f}")


def main() -> int:
    from bench.__main__ import new_database, on_a_real_disk, run

    parser = argparse.ArgumentParser(prog="bench.directory", description=__doc__)
    parser.add_argument("--dir", default=None, help="a folder on a real disk (default: beside the project)")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--searches", type=int, default=1_600)
    parser.add_argument("--database", metavar="URL", help="postgresql://…, any database of a server: the records are in a new one on it")
    args = parser.parse_args()
    parent = Path(args.dir) if args.dir else Path(__file__).parent.parent
    on_a_real_disk(parent)
    root = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    try:
        with contextlib.ExitStack() as made:
            database = made.enter_context(new_database(args.database))
            data, boxes, again, people = root / "data", root / "mailboxes.txt", root / "again.txt", root / "professionals.txt"
            run("init", str(data), "--domain", "cabinet.demo.example", *(["--database", database] if database else []))
            write(boxes, people, args.rows)
            change(boxes, again)
            for what, files in (("both", (people, boxes)), ("again, 1 % changed", (again,)), ("again, the same", (again,))):
                seconds, size, said = _timed_import(data, *files)
                print(f"import of {what}: {seconds:.1f} s (at most 90), {size:.0f} MB at most (1,536); {said}", flush=True)
            _searched(data, again, args.searches)
            from django.db import connections

            connections.close_all()
        return 0
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
