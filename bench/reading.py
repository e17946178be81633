"""What reading costs by itself: an HPRIM file, a biology report, a mail with an archive, a very large document, a thousand documents of
every kind in one `read`, the start of `read`."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import population, population_xdm
from vaguemestre.cli import demo_cda
from vaguemestre.cli.demo_people import patient

_LARGE = """
import resource, sys, time
from pathlib import Path
from vaguemestre.inbound.read import read
data = Path(sys.argv[1]).read_bytes()
began = time.perf_counter()
found = read(data, "large.xml")
assert found.understood, found
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def biology_report(size: int = 130_000) -> bytes:
    """A CR-BIO of about `size` bytes, without a copy in PDF."""
    author = demo_cda.Author("BENCH ALIX", "99999000062", "Laboratoire de mesure", "990000028")
    root = "1.2.250.1.999.9.4.1"
    heading = demo_cda.Heading(
        demo_cda.BIOLOGY, "CR d'examens biologiques", patient("T-0101"), author, dt.date(2026, 5, 4), root, f"{root}.0"
    )

    def chapter(number: int) -> demo_cda.Chapter:
        measures = tuple(
            demo_cda.Measure("14682-9", f"Créatinine {number}.{k}", f"{60 + k}.{k}", "umol/L", "59", "104", "H" if k == 3 else "N")
            for k in range(10)
        )
        return demo_cda.Chapter("18719-5", f"Biochimie {number}", (demo_cda.Battery(f"Bilan {number}", measures),))

    chapters: list[demo_cda.Chapter] = []
    report = b""
    while len(report) < size:
        chapters.append(chapter(len(chapters)))
        report = demo_cda.biology(heading, chapters, None)
    return report


def large_document() -> bytes:
    """A CDA of level 1 with 11 MB of base64 in one text node."""
    author = demo_cda.Author("BENCH ALIX", "99999000062", "Laboratoire de mesure", "990000028")
    root = "1.2.250.1.999.9.4.2"
    heading = demo_cda.Heading(demo_cda.CONSULTATION, "Compte rendu", patient("T-0101"), author, dt.date(2026, 5, 4), root, f"{root}.0")
    return demo_cda.pages(heading, population_xdm.pdf(random.Random(3), 8_250_000))


def milliseconds(act: Callable[[], object], times: int = 30) -> float:
    """The median of `times`, after one for warmth."""
    act()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        spent.append(1000 * (time.perf_counter() - began))
    return statistics.median(spent)


def starting() -> float:
    """Seconds from `vaguemestre read` to its end, on a small file: the median of five."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.xml"
        file.write_bytes(biology_report(8_000))
        command = [sys.executable, "-m", "vaguemestre.cli", "read", "--json", str(file)]
        return milliseconds(lambda: subprocess.run(command, check=True, capture_output=True), 5) / 1000


def many(least: int = 1_000) -> tuple[int, float]:
    """(documents, seconds) of one `read --json` of at least so many documents, in the mix of the tests' corpus."""
    from tests.corpus.test_golden import CASES

    with tempfile.TemporaryDirectory() as folder:
        files: list[str] = []
        expected = 0
        for number, case in enumerate(itertools.cycle(CASES.values())):
            if expected >= least:
                break
            file = Path(folder) / f"{number:05d}" / case.file
            file.parent.mkdir()
            file.write_bytes(case.data)
            files.append(str(file))
            expected += len(case.expected["documents"])
        command = [sys.executable, "-m", "vaguemestre.cli", "read", "--json", *files]
        began = time.perf_counter()
        # exit 1: the corpus has files that nobody could understand
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        spent = time.perf_counter() - began
    found = sum(len(json.loads(line)["documents"]) for line in done.stdout.splitlines())
    if done.returncode not in {0, 1} or found != expected:
        raise RuntimeError(f"read gave {found} documents of {expected}, exit {done.returncode}")
    return found, spent


def large() -> tuple[float, float]:
    """(seconds, MB at the most) of reading the large document, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.xml"
        file.write_bytes(large_document())
        done = subprocess.run([sys.executable, "-c", _LARGE, str(file)], check=True, capture_output=True, text=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def main() -> int:
    """Prints the figures, each with its floor."""
    from vaguemestre.inbound.read import read

    report = biology_report()
    rng = random.Random(2)
    letters = [population.hprim(one, size=10_000) for one in population.people(20, seed=3)]
    size = sum(map(len, letters)) / len(letters) / 1000
    each = milliseconds(lambda: [read(one, "report.hpr") for one in letters]) / len(letters)
    print(f"HPRIM of {size:.0f} kB, the mean of {len(letters)} layouts and encodings: {each:.2f} ms (at most 1)")
    person = next(one for one in population.people(200, seed=1) if one.ins)
    mail = population_xdm.xdm_mail(person, sender="labo@hopital.demo.example", recipient="dr@cabinet.demo.example", rng=rng)
    results = len(read(report, "report.xml").documents[0].results)
    print(
        f"CR-BIO of {len(report) / 1000:.0f} kB, {results} results: {milliseconds(lambda: read(report, 'report.xml')):.1f} ms (at most 12)"
    )
    print(f"mail with an XDM, {len(mail) / 1000:.0f} kB: {milliseconds(lambda: read(mail, 'mail.eml')):.1f} ms (at most 8)")
    seconds, peak = large()
    print(f"CDA with 11 MB of base64: {seconds:.2f} s (at most 0.6), {peak:.0f} MB (at most 250)")
    documents, spent = many()
    rate = documents / spent
    print(f"{documents} documents in the mix of the tests' corpus by one `read`: {spent:.1f} s, {rate:.0f} a second (at least 200)")
    print(f"`read` of one file, from its start to its end: {starting():.2f} s (starts in at most 0.4)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
