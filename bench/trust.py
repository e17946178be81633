"""What a trust list of the whole country costs: 10,000 entries read, put in force, changed a little, and taken into the door's memory;
and a revocation list of 50,000 numbers read. Each on a data directory of its own, removed at the end.

    python -m bench.trust [--entries N] [--dir FOLDER]
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
NOW = dt.datetime.now(dt.UTC)
OPERATORS = 321
"""As many as the space has (mssante.md 1.4)."""


def document(count: int, generated: dt.datetime, first: int = 0) -> bytes:
    """A list in the form of the public one."""
    entries = "".join(
        f"<Domaine><Nom>etablissement-{k}.example</Nom><Description>Établissement {k}</Description>"
        f"<DNCertificatOperateur>CN=mx{k % OPERATORS}.operateur.example,OU=399990000{k % OPERATORS:06d},O=OPÉRATEUR {k % OPERATORS},"
        f"ST=Département (99),C=FR</DNCertificatOperateur><ResponsableContact>r@operateur.example</ResponsableContact>"
        f"<SupportContact>s@operateur.example</SupportContact><DateMAJ>2026-11-01T00:00:00Z</DateMAJ></Domaine>"
        for k in range(first, first + count)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ListeBlancheMSSante xmlns="https://listeblanche.mssante.fr/schema"><DateDeGeneration>'
        f"{generated.isoformat()}</DateDeGeneration><ListeDomaines>{entries}</ListeDomaines></ListeBlancheMSSante>"
    ).encode()


def timed(what: str, act: Callable[[], T]) -> T:
    began, spent = time.perf_counter(), time.process_time()
    found = act()
    told(what, began, spent)
    return found


def told(what: str, began: float, spent: float) -> None:
    """What went by since, and how much of it was ours: other programs share the cores."""
    print(f"{what:<58} {1000 * (time.perf_counter() - began):6.0f} ms, {1000 * (time.process_time() - spent):6.0f} ms of CPU")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.trust")
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--dir", default=None, help="on a real disk")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.dir) as folder:
        measure(Path(folder) / "practice", given.entries)


def measure(directory: Path, count: int) -> None:
    """Prints each figure. The process serves this directory from now on."""
    from vaguemestre.cli import assemble, init

    init.make(directory, "cabinet.demo.example")
    configuration = assemble.open_data(directory)
    from vaguemestre.crypto import certificates, demo_pki, revocation, trust_list
    from vaguemestre.pipeline.refresh import put_in_force
    from vaguemestre.servers.facts import RecordsFacts

    data = document(count, NOW)
    began, spent = time.perf_counter(), time.process_time()
    read = timed(f"{count} entries read from {len(data) / 1e6:.1f} MB of XML", lambda: trust_list.parse(data))
    timed("  put in force, the first time", lambda: put_in_force(read, NOW, origin="file"))
    facts = RecordsFacts(configuration, directory)
    timed("  taken into the door's memory", facts.trust)
    told("loaded, from the file to the door", began, spent)
    changed = trust_list.parse(document(count, NOW + dt.timedelta(seconds=1), first=count // 200), in_force=count)
    timed("  the next day's, one entry in 200 come and gone", lambda: put_in_force(changed, NOW, origin="url"))
    timed("  taken into the door's memory again", facts.trust)
    looks = 10_000
    began = time.perf_counter()
    for _ in range(looks):
        facts.trust()
    print(f"{'  a look at the list in force':<58} {1e6 * (time.perf_counter() - began) / looks:8.1f} us")
    began = time.perf_counter()
    for _ in range(looks):
        facts.revocation()
    print(f"{'  a look at the revocation lists in force':<58} {1e6 * (time.perf_counter() - began) / looks:8.1f} us")
    ca = demo_pki.make_ca(NOW)
    crl, authorities = demo_pki.make_crl(ca, NOW, range(1, 50_001)), certificates.read_pem(ca.certificate)
    timed("a revocation list of 50,000 numbers read", lambda: revocation.read(crl, authorities))


if __name__ == "__main__":
    main()
