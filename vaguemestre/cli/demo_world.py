"""Makes the demo's two operators, each in its own data directory, with the commands that anybody would use.

    DIR             the practice, which receives: every command works on it
    DIR/demo        the rest: hospital (an operator with its mailboxes), peer (the certificate that the practice's CA gave it),
                    demo.json (what was made, with the sign-ins, 0600), patients.csv, serve.log

One process serves one data directory, so each operator is made by a child: `python -m vaguemestre.cli.demo_world NAME DIR`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from vaguemestre.cli.demo_people import ACCOUNTS, HOSPITAL, KNOWN_SENDERS, PRACTICE, Operator, patients_csv
from vaguemestre.domain.fault import Fault, Refused

BESIDE = "demo"
STATE = "demo.json"
OURS = (
    *(f"{BESIDE}/{name}" for name in ("hospital", "peer", "patients.csv", "serve.log")),
    *("init.unfinished", "vaguemestre.toml", "keys", "vault", "run", "cache", "pki", "trace.head"),
    *("records.sqlite3", "records.sqlite3-wal", "records.sqlite3-shm"),
)
"""What a cut preparation may have left; nothing else is ever removed."""


@dataclasses.dataclass
class World:
    """A prepared demo: when it was made, its sign-ins (`login`, `password`, `words`) and the Message-IDs that were acknowledged."""

    directory: Path
    made_at: dt.datetime
    accounts: list[dict[str, str]]
    sent: list[str]

    @property
    def practice(self) -> Path:
        return self.directory

    @property
    def peer(self) -> Path:
        return self.directory / BESIDE / "peer"

    def save(self, *, ready: bool = True) -> None:
        from vaguemestre.cli.init import write

        said = {"ready": ready, "made_at": self.made_at.isoformat(), "accounts": self.accounts, "sent": self.sent}
        write(self.directory / BESIDE / STATE, (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode())


def _state(directory: Path) -> dict[str, Any] | None:
    """What STATE says; None where nothing was begun. Raises `Refused`."""
    try:
        found = json.loads((directory / BESIDE / STATE).read_text(encoding="utf-8"))
        if isinstance(found, dict) and isinstance(found["ready"], bool):
            return found
    except FileNotFoundError:
        if directory.is_dir() and any(entry.name != BESIDE or any(entry.iterdir()) for entry in directory.iterdir()):
            raise Refused(f"{directory} is not empty and holds no demo; name another directory with --data.") from None
        return None
    except NotADirectoryError:
        raise Refused(f"{directory} is not a directory.") from None
    except OSError as error:
        raise Refused(f"{directory} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError):
        pass
    raise Refused(f"{directory / BESIDE / STATE} is damaged; remove {directory} to begin a new demo.")


def open_world(directory: Path) -> World | None:
    """The demo that `directory` holds, or None where there is none yet. A preparation that was cut is cleared away. Raises `Refused`."""
    found = _state(directory)
    if found is None:
        return None
    if not found["ready"]:
        for name in OURS:
            left = directory / name
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)
        return None
    return World(directory, dt.datetime.fromisoformat(found["made_at"]), found["accounts"], found["sent"])


def make_world(directory: Path, now: dt.datetime) -> World:
    """Prepares both operators at once. Raises `Refused` with what went wrong."""
    try:
        (directory / BESIDE).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{directory} cannot be made: {error.strerror}.") from None
    world = World(directory, now, [], [])
    world.save(ready=False)
    (directory / BESIDE / "patients.csv").write_text(patients_csv(), encoding="utf-8")
    from vaguemestre.cli.init import child_environment

    command = [sys.executable, "-m", "vaguemestre.cli.demo_world"]
    children = [
        subprocess.Popen(  # noqa: S603 - our own module
            [*command, name, str(directory)],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        for name in ("practice", "hospital")
    ]
    try:
        ends = [(*child.communicate(), child.returncode) for child in children]
    finally:
        # Interrupted: what goes on writing would be in the way of the next attempt.
        for child in children:
            if child.poll() is None:
                child.kill()
                child.wait()
    for _, complaint, code in ends:
        if code != 0:
            raise Refused(complaint.strip().rpartition("\n")[2] or "The demo could not be prepared: a child process died.")
    world.accounts = json.loads(ends[0][0])
    world.save()
    return world


def _command(*words: str) -> str:
    """Runs one command of ours in this process and returns what it printed. Raises `Fault`."""
    from vaguemestre.cli.__main__ import dispatch

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        code = dispatch(words)
    if code != 0:
        raise Refused(f"vaguemestre {words[0]} failed with exit code {code} while the demo was prepared.")
    return said.getvalue()


def _mailboxes(home: str, operator: Operator) -> None:
    _command("init", home, "--domain", operator.domain)
    for box in operator.mailboxes:
        _command("mailbox", "add", home, box.address, *box.flags(), "--practice", operator.name)


def _furnish_practice(directory: Path) -> list[dict[str, str]]:
    home, any_box = str(directory), PRACTICE.mailboxes[0].address
    _mailboxes(home, PRACTICE)
    _command("patients", "import", home, str(directory / BESIDE / "patients.csv"), "--mailbox", any_box)
    _command("senders", "add", home, "--mailbox", any_box, *KNOWN_SENDERS)
    _command("pki", "issue", home, "--domain", HOSPITAL.domain, "--out", str(directory / BESIDE / "peer"))
    accounts = []
    for account in ACCOUNTS:
        boxes = [word for address in account.mailboxes for word in ("--mailbox", address)]
        password = _command("account", "add", home, account.login, "--role", account.role, *boxes).strip()
        accounts.append({"login": account.login, "password": password, "words": account.words})
    return accounts


def main(name: str, directory: Path) -> int:
    """The child's part. Prints the practice's accounts as JSON."""
    try:
        if name == "practice":
            print(json.dumps(_furnish_practice(directory), ensure_ascii=False))
        else:
            _mailboxes(str(directory / BESIDE / "hospital"), HOSPITAL)
    except Fault as fault:
        print(fault.detail, file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001 - the parent says one sentence
        print(f"The demo could not be prepared ({type(error).__name__}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
