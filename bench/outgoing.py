"""What the carrier costs: messages of 10 kB to one peer over mutual TLS with kept connections, to our own server in its own process.

    python -m bench.outgoing [--messages N] [--bytes N] [--connections N] [--dir FOLDER]

The peer keeps each message durably before it says 250, with no worker to read it; both share the machine. Printed: the rate, and the
CPU time a message on this side. The floor is 300 a second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import datetime as dt
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

import uvloop

from bench import population
from bench.__main__ import DOMAIN, PEER, Site, on_a_real_disk
from vaguemestre.connectors.smtp_out import SmtpCarrier
from vaguemestre.crypto import certificates, revocation
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.configuration import check
from vaguemestre.outbound.deliver import Destined, Parcel

FLOOR = 300


@dataclasses.dataclass(frozen=True)
class Known:
    """The peer's own certificate and list, as the carrier's facts."""

    snapshot: TrustSnapshot
    crl: Revocation

    def trust(self) -> TrustSnapshot:
        return self.snapshot

    def revocation(self) -> Revocation:
        return self.crl

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


def ours(root: Path, site: Site) -> Known:
    """Lays the peer's certificate out as a data directory's `pki`, and reads what it must know."""
    pki = root / "ours" / "pki"
    pki.mkdir(parents=True)
    for name, here in {"cert.pem": "server.pem", "key.pem": "server.key", "ca.pem": "ca.pem"}.items():
        shutil.copy(site.peer / name, pki / here)
    authorities = certificates.read_pem((pki / "ca.pem").read_bytes())
    [theirs, *_] = certificates.read_pem((site.directory / "pki" / "server.pem").read_bytes())
    return Known(TrustSnapshot.of([(DOMAIN, theirs.key)]), revocation.read((site.directory / "pki" / "crl.pem").read_bytes(), authorities))


def parcels(site: Site, count: int, size: int) -> list[Parcel]:
    filler = (b"x" * 76 + b"\r\n") * (size // 78)
    made = []
    for number in range(count):
        who = site.mailboxes[number % len(site.mailboxes)]
        head = f"From: {site.sender}\r\nTo: {who}\r\nMessage-ID: <{number}.{time.time_ns()}@{PEER}>\r\nSubject: charge\r\n\r\n"
        made.append(Parcel(head.encode("ascii") + filler, site.sender, (Destined(who),)))
    return made


async def send(carrier: SmtpCarrier, batch: list[Parcel], at_once: int) -> Counter[str]:
    """How many for each reason."""
    jobs = iter(batch)
    told: Counter[str] = Counter()

    async def one() -> None:
        for parcel in jobs:
            told.update(report.reason for report in await carrier.carry(DOMAIN, parcel))

    await asyncio.gather(*(one() for _ in range(at_once)))
    return told


def measure(root: Path, site: Site, door: str, count: int, size: int, connections: int) -> float:
    """Messages a second, printed with their cost."""
    known = ours(root, site)
    settings = {"routes": f"*={door}", "connections_per_host": connections}
    configuration = check({"server": {"domain": PEER}, "outgoing": settings}, {})

    async def main() -> float:
        carrier = SmtpCarrier(configuration, known, root / "ours")
        await send(carrier, parcels(site, connections * 2, size), connections)
        batch = parcels(site, count, size)
        began, spent = time.perf_counter(), time.process_time()
        done = await send(carrier, batch, connections * 2)
        took, spent = time.perf_counter() - began, time.process_time() - spent
        await carrier.close()
        if done["delivered"] != count:
            raise SystemExit(f"bench: not all of {count} messages were delivered: {dict(done)}")
        print(
            f"outgoing {size / 1000:.1f} kB, {connections} kept connections: {count / took:.0f}/s (floor {FLOOR}), "
            f"CPU {1000 * spent / count:.2f} ms a message on this side",
            flush=True,
        )
        return count / took

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(main(), 300))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=3_000)
    parser.add_argument("--bytes", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dir", default=None, help="a folder on a real disk (default: beside the project)")
    args = parser.parse_args()
    parent = Path(args.dir) if args.dir else Path(__file__).parent.parent
    on_a_real_disk(parent)
    rates = []
    with contextlib.ExitStack() as made:
        root = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
        made.callback(shutil.rmtree, root, ignore_errors=True)
        site = Site(root, population.people(10, seed=1))
        with site.served("--workers", "0") as doors:
            for turn in range(args.runs):
                folder = root / str(turn)
                folder.mkdir()
                rates.append(measure(folder, site, doors["smtp"], args.messages, args.bytes, args.connections))
    median = sorted(rates)[len(rates) // 2]
    print(f"outgoing: {median:.0f}/s, median of {len(rates)} (floor {FLOOR})", flush=True)
    return 0 if median >= FLOOR else 1


if __name__ == "__main__":
    raise SystemExit(main())
