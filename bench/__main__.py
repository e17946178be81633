"""`make bench`: what the architecture's budgets are measured with, under its conditions.

Two cores shared with the load client, durable, mutual TLS, 5,000 patients, 20 mailboxes, every message different, a real disk. The rate is
messages / time from the first MAIL to the last one shown by `filings`, at least 90 % filed by themselves. Everything runs on loopback, is
bounded in count and time, and is removed at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import population, population_xdm, reading, smtp_load

DOMAIN, PEER = "cabinet.demo.example", "hopital.demo.example"
MAILBOXES = 20
PATIENTS = 5_000
LONGEST_S = 300.0
FIGURES = (("HPRIM", True, 300, 1.0), ("HPRIM", False, 0, 0.5), ("XDM", True, 130, 0.25), ("XDM", False, 0, 0.15))
"""What is sent, by kept connections or one each, the floor a second, and how many of `--messages`."""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "vaguemestre.cli", *arguments]


def run(*arguments: str) -> str:
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: vaguemestre {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def on_a_real_disk(path: Path) -> None:
    """Durability measured on a file system in memory would be a lie."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", str(path)], capture_output=True, text=True, check=True).stdout.strip()
    if kind in {"tmpfs", "ramfs"}:
        raise SystemExit(f"bench: {path} is on {kind}; give --dir a folder on a real disk.")


class Site:
    """A data directory with its patients, mailboxes and peer, and a `serve` on it."""

    def __init__(self, root: Path, people: Sequence[population.Person], database: str | None = None) -> None:
        self.directory = root / "practice"
        self.supervisor = 0
        self.peer = root / "peer"
        self.mailboxes = [f"dr.{k:02d}@{DOMAIN}" for k in range(MAILBOXES)]
        self.sender = f"labo@{PEER}"
        self.database = database
        run("init", str(self.directory), "--domain", DOMAIN, *(["--database", database] if database else []))
        run("pki", "issue", str(self.directory), "--domain", PEER, "--out", str(self.peer))
        for address in self.mailboxes:
            run("mailbox", "add", str(self.directory), address, "--type", "PER", "--name", address)
        run("senders", "add", str(self.directory), "--mailbox", self.mailboxes[0], self.sender)
        rows = root / "patients.csv"
        population.write_csv(people, rows)
        run("patients", "import", str(self.directory), str(rows), "--mailbox", self.mailboxes[0])

    def spent(self) -> dict[str, float]:
        """CPU seconds by part of the program so far: door, workers, readers (the workers' children), screens."""
        parts = {"door": 0.0, "workers": 0.0, "readers": 0.0, "screens": 0.0}
        children = _children(self.supervisor)
        screens = [pid for pid in children if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        # A worker is what was forked and holds a child of its own, its reader.
        workers = [pid for pid in children if pid not in screens and _children(pid)]
        for pid in children:
            part = "screens" if pid in screens else "workers" if pid in workers else "door"
            parts[part] += _cpu(pid)
            for grandchild in _children(pid):
                parts["readers" if pid in workers else part] += _cpu(grandchild)
        return parts

    @contextlib.contextmanager
    def served(self, *more: str) -> Iterator[dict[str, str]]:
        """`serve` while inside, with these arguments more; gives its doors."""
        doors = ["--smtp", "127.0.0.1:0", "--web", "127.0.0.1:0", "--submission", "off", "--imap", "off"]
        process = subprocess.Popen(
            command("serve", str(self.directory), *doors, *more),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        self.supervisor = process.pid
        try:
            line = process.stdout.readline()
            if not line.startswith("ready "):
                raise SystemExit("bench: serve did not become ready")
            yield dict(door.split("=", 1) for door in line.split()[1:])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=15)

    def documents(self) -> int:
        """Documents written so far, looked up on the side so that the measuring costs little."""
        if self.database:
            import psycopg

            with psycopg.connect(self.database) as there:
                row = there.execute("SELECT count(*) FROM records_document").fetchone()
                return int(row[0]) if row else 0
        with contextlib.closing(sqlite3.connect(f"file:{self.directory}/records.sqlite3?mode=ro", uri=True, timeout=20)) as base:
            return int(base.execute("SELECT count(*) FROM records_document").fetchone()[0])


@contextlib.contextmanager
def new_database(server: str | None) -> Iterator[str | None]:
    """The URL of a database of the bench's own on the server that a URL of any of its databases names; None where none is named."""
    if server is None:
        yield None
        return
    import psycopg

    place, _, parameters = server.partition("?")
    name = f"vaguemestre_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as there:
        there.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        try:
            yield place.rpartition("/")[0] + "/" + name + (f"?{parameters}" if parameters else "")
        finally:
            there.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def messages(kind: str, people: Sequence[population.Person], site: Site, count: int, seed: int) -> list[smtp_load.Message]:
    rng = random.Random(seed)
    made = []
    for number in range(count):
        person = people[rng.randrange(len(people))]
        recipient = site.mailboxes[number % MAILBOXES]
        if kind == "XDM":
            data = population_xdm.xdm_mail(person, sender=site.sender, recipient=recipient, rng=rng)
        else:
            data = population.mail(population.hprim(person, rng=rng), sender=site.sender, recipient=recipient, rng=rng)
        made.append(smtp_load.Message(site.sender, site.mailboxes[number % MAILBOXES], data))
    return made


def measure(site: Site, door: str, batch: Sequence[smtp_load.Message], sessions: int, kept: bool) -> tuple[float, float]:
    """(accepted, filed) messages per second."""
    before = site.documents()
    host, port = door.rsplit(":", 1)
    began = time.perf_counter()
    load = smtp_load.Load(host, int(port), site.peer, sessions=sessions, kept=kept)
    sent = asyncio.run(load.send(batch))
    accepted = time.perf_counter() - began
    if sent != len(batch):
        raise SystemExit(f"bench: {len(batch) - sent} of {len(batch)} messages were not accepted")
    while site.documents() - before < len(batch):
        if time.perf_counter() - began > LONGEST_S:
            raise SystemExit("bench: not everything was filed in time")
        time.sleep(0.02)
    return len(batch) / accepted, len(batch) / (time.perf_counter() - began)


def idle_mb(site: Site) -> float:
    """PSS of all the processes of `serve`, in MB, a moment after its doors opened."""
    time.sleep(2)
    family = [site.supervisor]
    for pid in family:
        family.extend(_children(pid))
    return sum(int(re.findall(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[0]) for pid in family) / 1024


def machine_ms() -> float:
    """CPU milliseconds of a fixed piece of Python work: what the machine gives just now. Where other tenants share it, it swings by
    half within minutes, and the rates with it."""
    best = 1e9
    for _ in range(5):
        began = time.process_time()
        counts: dict[str, int] = {}
        for number in range(100_000):
            word = str(number % 997)
            counts[word] = counts.get(word, 0) + len(word.upper())
        best = min(best, time.process_time() - began)
    return 1000 * best


def automatic(site: Site) -> float:
    """The share of the lines of `filings` that were filed by themselves."""
    lines = [json.loads(line) for line in run("filings", str(site.directory), "--json").splitlines()]
    return sum(line["decision"] == "filed" for line in lines) / len(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--dir", default=None, help="a folder on a real disk (default: beside the project)")
    parser.add_argument("--messages", type=int, default=3_000)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", action="append", choices=["HPRIM", "XDM"], help="send only these; without it, reading is measured too")
    parser.add_argument("--database", metavar="URL", help="postgresql://…, any database of a server: the records are in a new one on it")
    parser.add_argument("--keep", action="store_true", help="leave the data directory there")
    args = parser.parse_args()
    parent = Path(args.dir) if args.dir else Path(__file__).parent.parent
    on_a_real_disk(parent)
    root = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    made = contextlib.ExitStack()
    try:
        if not args.only:
            reading.main()
            # In a process of its own, which Django and that data directory are set up in.
            subprocess.run([sys.executable, "-m", "bench.screens", "--dir", str(root)], check=False)
            subprocess.run([sys.executable, "-m", "bench.outgoing", "--dir", str(root)], check=False)
        people = population.people(PATIENTS, seed=1)
        site = Site(root, people, made.enter_context(new_database(args.database)))
        size = 0
        with site.served() as doors:
            print(f"idle: {idle_mb(site):.0f} MB of PSS (at most 250)", flush=True)
            for kind, kept, floor, share_of in FIGURES:
                if args.only and kind not in args.only:
                    continue
                count = int(args.messages * share_of)
                rates = []
                for turn in range(args.runs):
                    batch = messages(kind, people, site, count, seed=1000 * turn + kept)
                    size = sum(len(m.data) for m in batch) // len(batch)
                    reference = machine_ms()
                    before = site.spent()
                    accepted, filed = measure(site, doors["smtp"], batch, args.sessions, kept)
                    cost = {part: 1000 * (now - before[part]) / count for part, now in site.spent().items()}
                    rates.append(filed)
                    shown = ", ".join(f"{part} {ms:.2f}" for part, ms in cost.items())
                    rate = f"accepted {accepted:.0f}/s, filed {filed:.0f}/s"
                    print(f"  run {turn + 1}: {rate}; CPU ms a message: {shown}; reference {reference:.0f} ms", flush=True)
                median = sorted(rates)[len(rates) // 2]
                how = "kept connections" if kept else "one connection each"
                print(f"{kind} {size / 1000:.1f} kB, {how}: {median:.0f}/s accepted and filed (floor {floor or '-'})", flush=True)
            share = automatic(site)
            print(f"filed by themselves: {share:.1%} (at least 90 %), {os.cpu_count()} cores, {PATIENTS} patients")
        return 0 if share >= 0.9 else 1
    finally:
        made.close()
        if not args.keep:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
