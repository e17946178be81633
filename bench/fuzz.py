"""`make fuzz`: a reader on damaged files for as long as one likes, led by coverage where atheris is installed, else at random.

    make fuzz TARGET=rtf SECONDS=600
    python -m bench.fuzz --plain --count 1000        every target, without atheris

Runs in an address space that leaves a reader 512 MB, with a clock on each file. The file that fails is kept (`--keep`, by default under
the temporary folder) and named: it goes into `tests/fuzz/test_found.py`. What is measured: faults that nobody declared, crashes, hangs,
memory; not what is read wrongly, which golden pairs tell.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import importlib.util
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

MEMORY = 512 << 20
"""Octets that reading may take beyond what the program has already."""
SLOWEST_S = 10
_LIBFUZZER_KEPT = "crash-"


def _limit_memory() -> None:
    """No more than MEMORY above what is mapped now: an allocation past it raises MemoryError, which no target may let escape."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, hard))


def _keep(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{_LIBFUZZER_KEPT}{name}-{hashlib.sha256(data).hexdigest()[:16]}"
    kept.write_bytes(data)
    return kept


def at_random(names: Sequence[str], seconds: float, count: int, seed: int, keep: Path) -> int:
    """Each target on `count` damaged files, or for `seconds`; gives back how many files failed."""
    from tests.fuzz.damage import at_random as damages
    from tests.fuzz.damage import damaged
    from tests.fuzz.targets import TARGETS

    for name in names:
        assert TARGETS[name].seeds, name
    _limit_memory()
    failed = 0
    for name in names:
        target, rng = TARGETS[name], random.Random(f"{name} {seed}")
        seeds = target.seeds
        began, done, slowest, wrong = time.monotonic(), 0, 0.0, 0
        while done < count or time.monotonic() - began < seconds:
            data = damaged(rng.choice(seeds), damages(rng), rng.choice(seeds))
            # a reader that hangs in C hears no signal: a thread of the runtime ends it
            faulthandler.dump_traceback_later(6 * SLOWEST_S, exit=True)
            at = time.process_time()
            try:
                target(data)
                told = ""
            except BaseException as error:  # whatever it is, it is what is looked for
                if isinstance(error, KeyboardInterrupt):
                    raise
                told = f"{type(error).__name__} at {_where(error)}"
            spent = time.process_time() - at
            faulthandler.cancel_dump_traceback_later()
            slowest, done = max(slowest, spent), done + 1
            if spent > SLOWEST_S:
                told = told or f"{spent:.1f} s"
            if told:
                wrong += 1
                print(f"{name} FAILED: {told}: {_keep(keep, name, data)}", file=sys.stderr, flush=True)
                if wrong >= 20:
                    break
        failed += wrong
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{name} {done} files, {wrong} failed, slowest {slowest:.2f} s, {peak} MB at the most", flush=True)
    return failed


def _where(error: BaseException) -> str:
    """File and line of the innermost frame, without any word of the content."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "?"


def led_by_coverage(name: str, seconds: int, keep: Path) -> NoReturn:
    """One target under atheris, from its seeds and with the same ways of damage. Ends the process: 0, or what libFuzzer says."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    # nothing of the package may be imported before: what is imported already is not led by
    with atheris.instrument_imports(include=["vaguemestre"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.damage import at_random as damages
    from tests.fuzz.damage import damaged

    if name not in TARGETS:
        raise SystemExit(_unknown(name, TARGETS))
    target = TARGETS[name]
    seeds = target.seeds
    keep.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, data in enumerate(seeds):
        (folder / f"seed-{number:04d}").write_bytes(data)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.4:
            return bytes(atheris.Mutate(data, most))
        return damaged(data, damages(rng, 2), rng.choice(seeds))[:most]

    options = [
        sys.argv[0],
        f"-max_total_time={seconds}",
        f"-timeout={SLOWEST_S}",
        "-rss_limit_mb=0",
        "-max_len=300000",
        "-len_control=0",
        "-print_final_stats=1",
        f"-artifact_prefix={keep}/{_LIBFUZZER_KEPT}{name}-",
        str(folder),
    ]
    atheris.Setup(options, target, custom_mutator=mutated)
    _limit_memory()
    atheris.Fuzz()
    raise SystemExit(0)


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"fuzz: no reader is called {name}; known: {', '.join(sorted(known))}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", action="append", metavar="READER", help="of these readers alone; all of them by default")
    parser.add_argument("--seconds", type=int, default=0, help="for so long each")
    parser.add_argument("--count", type=int, default=0, help="at least so many files each, without atheris")
    parser.add_argument("--seed", type=int, default=None, help="the same files for the same number, without atheris")
    parser.add_argument("--plain", action="store_true", help="at random, even where atheris is installed")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "vaguemestre-fuzz", help="where failing files are kept")
    args = parser.parse_args()
    led = not args.plain and importlib.util.find_spec("atheris") is not None
    if led and args.target and len(args.target) == 1:
        led_by_coverage(args.target[0], args.seconds or 60, args.keep)
    from tests.fuzz.targets import TARGETS

    names = args.target or list(TARGETS)
    for name in names:
        if name not in TARGETS:
            raise SystemExit(_unknown(name, TARGETS))
    if led:
        return max(_one(name, args.seconds or 60, args.keep) for name in names)
    if not args.plain:
        print("fuzz: at random; led by coverage where atheris is installed (.venv/bin/pip install atheris)", file=sys.stderr)
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
    return min(1, at_random(names, args.seconds, args.count, seed, args.keep))


def _one(name: str, seconds: int, keep: Path) -> int:
    command = [sys.executable, "-m", "bench.fuzz", "--target", name, "--seconds", str(seconds), "--keep", str(keep)]
    return 1 if subprocess.run(command, check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
