"""The command line: one table from a command to its module, imported only when that command is called.

Exit codes (the public contract): 0 done; 1 the work was done and the answer is bad; 2 the command was used wrongly or the data
directory is unusable. One sentence on standard error says why and what to do; never a traceback.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from vaguemestre import __version__
from vaguemestre.domain.fault import Fault, Refused

PROGRAM = "vaguemestre"
MODULES = {
    "demo": "demo",
    "init": "init",
    "upgrade": "upgrade",
    "pki": "pki",
    "mailbox": "mailbox",
    "alias": "alias",
    "domain": "domain",
    "account": "account",
    "senders": "senders",
    "patients": "patients",
    "directory": "directory",
    "trustlist": "trustlist",
    "serve": "serve",
    "send": "send",
    "queue": "queue",
    "import": "import_",
    "read": "read",
    "status": "status",
    "filings": "filings",
    "verify": "verify",
    "backup": "backup",
    "restore": "restore",
    "erase": "erase",
    "trace": "trace",
}
"""Command -> module of this package. Each has SUMMARY, `arguments(parser)` and `run(args) -> int`."""

DONE, BAD, MISUSED, INTERRUPTED = 0, 1, 2, 130


class Parser(argparse.ArgumentParser):
    """argparse with our one sentence instead of its usage lines. Its sub-parsers are of this class too."""

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{self.prog}: {message}; see {self.prog} --help.")


def _say(sentence: str) -> None:
    one_line = " ".join(sentence.split())
    print(one_line, file=sys.stderr)


def _module(command: str) -> ModuleType | None:
    """The module of a command; None when this version does not have it yet."""
    name = f"vaguemestre.cli.{MODULES[command]}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return None
        raise


def _help() -> None:
    lines = [f"usage: {PROGRAM} COMMAND ...", "", "An operator of secure health mail in one program.", "", "commands:"]
    for command in MODULES:
        module = _module(command)
        summary = "(not built yet)" if module is None else module.SUMMARY
        lines.append(f"  {command:<10} {summary}")
    lines += ["", f"{PROGRAM} COMMAND --help tells the arguments of one. Exit codes: 0 done, 1 the answer is bad, 2 used wrongly."]
    print("\n".join(lines))


def dispatch(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code. Raises `Fault`."""
    if not arguments:
        raise Refused(f"A command is missing; {PROGRAM} --help lists them.")
    command, *rest = arguments
    if command in {"-h", "--help", "help"}:
        _help()
        return DONE
    if command in {"-V", "--version"}:
        print(f"{PROGRAM} {__version__}")
        return DONE
    if command not in MODULES:
        nearest = difflib.get_close_matches(command, MODULES, n=1, cutoff=0.0)[0]
        raise Refused(f"There is no command of that name; the nearest is {PROGRAM} {nearest}, and {PROGRAM} --help lists all.")
    module = _module(command)
    if module is None:
        raise Refused(f"{PROGRAM} {command} is not built yet in version {__version__}.")
    parser = Parser(prog=f"{PROGRAM} {command}", description=module.SUMMARY, allow_abbrev=False)
    module.arguments(parser)
    code = module.run(parser.parse_args(rest))
    return int(code)


def _unforeseen(error: Exception) -> str:
    """The sentence of an exception that nobody foresaw: its class alone, since its text may quote what was read (promise 5)."""
    name = type(error).__name__
    if type(error).__module__.startswith(("django.db", "sqlite3", "psycopg")):
        return f"The database cannot be used as asked ({name}); vaguemestre verify DIR says more, nothing was half-written."
    if isinstance(error, OSError):
        return f"The system refused what the command needs: {error.strerror or name} ({name})."
    return f"The command stopped on an unforeseen fault ({name}); please report it with the command's name."


def _quiet_pipe() -> None:
    """The reader of our output went away (`| head`): nothing more can be said, not even at interpreter exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Output is UTF-8 whatever the locale says: JSON must be, and French needs it.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        try:
            code = dispatch(sys.argv[1:] if arguments is None else arguments)
        except SystemExit as stop:  # argparse's --help
            code = stop.code if isinstance(stop.code, int) else DONE
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _quiet_pipe()
        return DONE
    except Refused as refused:
        _say(refused.detail)
        return MISUSED
    except Fault as fault:
        _say(fault.detail)
        return BAD
    except Exception as error:  # the last resort: a traceback is a defect
        if sys.flags.dev_mode:
            raise
        _say(_unforeseen(error))
        return MISUSED
    return code


if __name__ == "__main__":
    sys.exit(main())
