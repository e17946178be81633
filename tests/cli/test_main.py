"""The command line's own promises: exit codes, one sentence, nothing imported that was not asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases
from tests.cli.conftest import DOMAIN, Run, environment, script
from vaguemestre import __version__
from vaguemestre.cli import __main__ as program
from vaguemestre.domain.fault import Refused, Unreadable

CONTRACT = {
    "demo", "init", "pki", "mailbox", "account", "senders", "patients", "directory", "trustlist", "serve", "import", "read", "status",
    "filings", "verify", "backup", "restore", "trace",
}  # fmt: skip


def test_every_command_of_the_contract_is_there() -> None:
    assert set(program.MODULES) >= CONTRACT


def test_help_lists_all_with_their_meaning(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    listed = {line.split()[0]: line.split(maxsplit=1)[1] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert set(listed) == set(program.MODULES)
    assert listed["init"] == "makes a data directory"


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"vaguemestre {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("statu",),
        ("status",),
        ("status", "a", "b"),
        ("status", "--jsn", "a"),
        ("mailbox",),
        ("mailbox", "ad"),
        ("mailbox", "add", "d", "a@b.example", "--type", "XXX", "--name", "n"),
        ("account", "add", "d", "l", "--role", "king"),
        ("status", "/nowhere/at/all"),
        ("status", "/dev/null"),
        ("status", "/"),
        ("directory", "import", "d", "f"),
        ("backup", "a", "b"),
        ("restore", "a", "b"),
        ("mailbox", "password", "d", "a@b.example"),
    ],
)
def test_used_wrongly_is_one_sentence_and_exit_2(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.strip().endswith(".")


@pytest.mark.parametrize(
    "arguments",
    [("mailbox", "password", "d", "a")],
)
def test_what_is_not_built_says_so(run: Run, arguments: tuple[str, ...]) -> None:
    assert "not built yet" in run(*arguments).stderr


def test_the_nearest_command_is_named(run: Run) -> None:
    assert "vaguemestre verify" in run("verifi").stderr


_LIST = """
import sys
from vaguemestre.cli.__main__ import main
main(sys.argv[1:])
print(*sys.modules)
"""


def imported_by(*arguments: str) -> set[str]:
    return set(script(_LIST, *arguments).stdout.splitlines()[-1].split())


def test_only_the_chosen_command_is_imported() -> None:
    modules = imported_by("status", "/nowhere")
    assert "vaguemestre.cli.status" in modules
    assert not [name for name in modules if name.startswith(("django", "lxml", "cryptography"))]
    others = {f"vaguemestre.cli.{name}" for name in program.MODULES.values()} - {"vaguemestre.cli.status"}
    assert not modules & others


def test_read_never_imports_django() -> None:
    assert not [name for name in imported_by("read", "/nowhere") if name.split(".")[0] == "django"]


class Broken:
    SUMMARY = "breaks"

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def arguments(self, parser: object) -> None:
        pass

    def run(self, args: object) -> int:
        raise self._error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Refused("No."), 2, "No."),
        (Unreadable("Cut\nin two."), 1, "Cut in two."),
        (ValueError("DUPONT Jean 1980"), 2, "ValueError"),
        (KeyError("DUPONT"), 2, "KeyError"),
        (PermissionError(13, "Permission denied", "/home/DUPONT.hpr"), 2, "Permission denied"),
        (MemoryError(), 2, "MemoryError"),
        (RecursionError("DUPONT"), 2, "RecursionError"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_no_error_ends_in_a_traceback_or_quotes_what_was_read(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda name: Broken(error))
    assert program.main(["status"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "DUPONT" not in err
    assert len(err.splitlines()) == (1 if said else 0)


def test_a_missing_module_inside_a_command_is_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(name: str) -> object:
        raise ModuleNotFoundError("No module named 'lost'", name="lost")

    monkeypatch.setattr(importlib, "import_module", fail)
    assert program.main(["status", "d"]) == 2
    assert "not built" not in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_fault(data: Path) -> None:
    for command in (["--help"], ["status", str(data)]):
        child = subprocess.Popen(
            [sys.executable, "-m", "vaguemestre.cli", *command], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        errors = child.stderr.read()
        child.stderr.close()
        assert child.wait(60) == 0
        assert errors == b""


def test_output_is_utf_8_whatever_the_locale(run: Run, data: Path) -> None:
    done = run("status", data, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert "Messages reçus" in done.stdout


class TestTheDirectory:
    def test_a_wrong_setting_is_refused_by_its_name(self, run: Run, data: Path) -> None:
        with (data / "vaguemestre.toml").open("a") as file:
            file.write("\n[smpt]\nlisten = 'x'\n")
        done = run("status", data)
        assert done.returncode == 2
        assert "smpt" in done.stderr
        assert "smtp" in done.stderr

    def test_a_wrong_environment_is_refused_by_its_name(self, run: Run, data: Path) -> None:
        done = run("status", data, VAGUEMESTRE_SMTP_LISTN="x")
        assert done.returncode == 2
        assert "VAGUEMESTRE_SMTP_LISTEN" in done.stderr

    @pytest.mark.parametrize(
        "content", [b"[server", b"\xff\xfe", b"server = 3\n", b"[server]\nprofile = 'prod'\n", b"[smtp]\nmax_errors = 0\n"]
    )
    def test_a_toml_that_is_none(self, run: Run, data: Path, content: bytes) -> None:
        (data / "vaguemestre.toml").write_bytes(content)
        assert run("status", data).returncode == 2

    def test_an_empty_directory_is_none(self, run: Run, tmp_path: Path) -> None:
        done = run("status", tmp_path)
        assert done.returncode == 2
        assert "vaguemestre init" in done.stderr

    @pytest.mark.parametrize("key", ["web", "trace"])
    def test_a_lost_key(self, run: Run, data: Path, key: str) -> None:
        (data / "keys" / key).unlink()
        done = run("status", data)
        assert done.returncode == 2
        assert f"keys/{key}" in done.stderr

    @pytest.mark.sqlite
    def test_a_lost_database_is_not_replaced_by_an_empty_one(self, run: Run, data: Path) -> None:
        (data / "records.sqlite3").unlink()
        done = run("status", data)
        assert done.returncode == 2
        assert "records.sqlite3" in done.stderr
        assert not (data / "records.sqlite3").exists()

    @pytest.mark.sqlite
    def test_a_damaged_database(self, run: Run, data: Path) -> None:
        (data / "records.sqlite3").write_bytes(b"no database at all" * 1000)
        done = run("status", data)
        assert done.returncode == 2
        assert "verify" in done.stderr

    def test_a_newer_schema_asks_for_the_newer_version(self, run: Run, data: Path) -> None:
        with databases.opened(data) as base:
            base.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('records', '9999_to_come', '2030-01-01')")
        done = run("status", data)
        assert done.returncode == 2
        assert "newer version" in done.stderr

    def test_an_older_schema_asks_for_upgrade_and_upgrade_answers(self, run: Run, data: Path) -> None:
        # The tables of one of Django's applications have not been made yet.
        with databases.opened(data) as base:
            base.execute("DELETE FROM django_migrations WHERE app = 'account'")
            for table in ("account_emailconfirmation", "account_emailaddress"):
                base.execute(f"DROP TABLE {table}")
        done = run("status", data)
        assert done.returncode == 2
        assert "vaguemestre upgrade" in done.stderr
        assert run("upgrade", data).returncode == 0
        assert run("status", data).returncode == 0
        assert run("verify", data).returncode == 0
        assert run("upgrade", data).returncode == 0

    def test_a_relative_path(self, data: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "vaguemestre.cli", "status", "the data/../the data/", "--json"],
            env=environment(),
            cwd=data.parent,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0


class TestInit:
    def test_what_it_makes(self, template: Path) -> None:
        names = {entry.name for entry in template.iterdir()}
        file = set() if databases.on_postgresql() else {"records.sqlite3"}
        assert {"vaguemestre.toml", *file, "keys", "vault", "run", "cache", "pki", "trace.head"} <= names
        assert ("records.sqlite3" in names) is bool(file)
        assert "init.unfinished" not in names
        assert template.stat().st_mode & 0o777 == 0o700
        for name in ("keys/web", "keys/trace", "pki/ca.key", "pki/server.key", "vaguemestre.toml", *file):
            assert (template / name).stat().st_mode & 0o077 == 0, name
        assert len((template / "keys" / "trace").read_bytes().strip()) >= 32

    def test_refuses_what_is_there(self, run: Run, data: Path) -> None:
        before = (data / "vaguemestre.toml").read_bytes()
        done = run("init", data, "--domain", DOMAIN)
        assert done.returncode == 2
        assert "already" in done.stderr
        assert (data / "vaguemestre.toml").read_bytes() == before

    def test_refuses_a_folder_with_something_in_it(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("x")
        assert run("init", tmp_path, "--domain", DOMAIN).returncode == 2
        assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]

    def test_refuses_a_file_and_a_place_below_one(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        assert run("init", tmp_path / "file", "--domain", DOMAIN).returncode == 2
        assert run("init", tmp_path / "file" / "below", "--domain", DOMAIN).returncode == 2

    @pytest.mark.parametrize("domain", ["", "no domain", "a@b.example", 'x"\nprofile = "mssante', "-a.example", "a..example", "é" * 300])
    def test_refuses_what_is_no_domain(self, run: Run, tmp_path: Path, domain: str) -> None:
        assert run("init", tmp_path / "d", "--domain", domain).returncode == 2
        assert not (tmp_path / "d").exists()

    def test_one_that_was_cut_is_seen_and_says_what_to_do(self, run: Run, data: Path) -> None:
        (data / "init.unfinished").write_text("x")
        for arguments in (("status", data), ("init", data, "--domain", DOMAIN)):
            done = run(*arguments)
            assert done.returncode == 2
            assert "remove that directory" in done.stderr

    def test_a_database_that_cannot_be_made_leaves_the_mark(self, run: Run, tmp_path: Path) -> None:
        done = run("init", tmp_path / "d", "--domain", DOMAIN, VAGUEMESTRE_DATABASE_URL="sqlite:no/such/folder/x")
        assert done.returncode == 2
        assert (tmp_path / "d" / "init.unfinished").exists()

    def test_profile_mssante_has_no_ca(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "real"
        assert run("init", path, "--domain", "cabinet.mssante.example", "--profile", "mssante").returncode == 0
        assert list((path / "pki").iterdir()) == []
        for arguments in (
            ("pki", "issue", path, "--domain", "x.example", "--out", tmp_path / "out"),
            ("account", "add", path, "someone", "--role", "admin"),
        ):
            done = run(*arguments)
            assert done.returncode == 2
            assert "profile demo" in done.stderr
        assert run("verify", path).returncode == 0


@pytest.mark.sqlite
def test_upgrade_of_an_empty_database_is_refused_and_leaves_it(run: Run, data: Path) -> None:
    (data / "records.sqlite3").write_bytes(b"")
    done = run("upgrade", data)
    assert done.returncode == 2
    assert "copy" in done.stderr
    assert (data / "records.sqlite3").read_bytes() == b""


def test_upgrade_waits_for_no_one_and_disturbs_no_one(run: Run, data: Path) -> None:
    import fcntl

    with (data / "run" / "serve.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run("upgrade", data)
    assert done.returncode == 2
    assert "stop" in done.stderr
