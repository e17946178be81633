"""`backup` and `restore`: what is refused and why, what a damaged copy is told to be, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.cli.conftest import Run, script
from tests.cli.test_looking import WORLD
from vaguemestre.cli.restore import with_database
from vaguemestre.domain.fault import Refused


@pytest.fixture(scope="module")
def lived(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with rows of every kind; no test writes to it but for the traces of its copies."""
    path = tmp_path_factory.mktemp("backup") / "lived in"
    databases.copy(template, path, lasting=True)
    script(WORLD, path)
    return path


@pytest.fixture(scope="module")
def made(lived: Path) -> Path:
    from tests.cli.conftest import command

    dest = lived.parent / "made"
    done = command("backup", lived, dest)
    assert done.returncode == 0, done.stderr
    return dest


@pytest.fixture
def source(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(made, tmp_path / "source"))


def rows(directory: Path, table: str) -> list[str]:
    with databases.opened(directory) as base:
        return [str(row) for row in base.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()]


def test_what_is_restored_is_what_was_copied(run: Run, lived: Path, source: Path, tmp_path: Path) -> None:
    done = run("restore", source, tmp_path / "new", *databases.arguments())
    assert done.returncode == 0, done.stderr
    found = json.loads(run("verify", tmp_path / "new", "--json").stdout)
    assert found == {"ok": True, "faults": [], "notes": [], "messages": 7, "objects": 7}
    for table in ("records_message", "records_delivery", "records_document", "records_result", "records_filing", "records_patient"):
        assert rows(tmp_path / "new", table) == rows(lived, table)
    for name in ("keys/web", "keys/trace", "pki/ca.pem", "pki/server.key"):
        assert (tmp_path / "new" / name).read_bytes() == (lived / name).read_bytes()
    assert run("filings", tmp_path / "new", "--json").stdout == run("filings", lived, "--json").stdout


def test_the_acts_are_traced_and_mail_programs_begin_anew(run: Run, lived: Path, source: Path, tmp_path: Path) -> None:
    assert run("restore", source, tmp_path / "new", *databases.arguments()).returncode == 0
    events = "SELECT event, object, result FROM records_traceevent ORDER BY sequence DESC LIMIT 1"
    with databases.opened(lived) as base:
        assert tuple(base.execute(events).fetchone()) == ("directory-copied", "directory:1", "7 objects, 0 damaged")
    with databases.opened(tmp_path / "new") as base:
        assert tuple(base.execute(events).fetchone()) == ("directory-restored", "directory:1", "verified")
        after = [row[0] for row in base.execute("SELECT uid_validity FROM records_folder ORDER BY id").fetchall()]
    with databases.opened(lived) as base:
        before = [row[0] for row in base.execute("SELECT uid_validity FROM records_folder ORDER BY id").fetchall()]
    assert before
    assert all(new > old for new, old in zip(after, before, strict=True))


def test_nobody_else_may_read_a_copy_or_what_is_restored(run: Run, source: Path, made: Path, tmp_path: Path) -> None:
    assert run("restore", source, tmp_path / "new", *databases.arguments()).returncode == 0
    for top in (made, tmp_path / "new"):
        found = [top, *top.rglob("*")]
        assert len(found) > 20
        assert [path for path in found if stat.S_IMODE(path.lstat().st_mode) & 0o077] == []


def test_a_copy_of_a_copy_that_goes_nowhere(run: Run, lived: Path, made: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_bytes(b"x")
    (tmp_path / "strange.unfinished").mkdir()
    (tmp_path / "strange.unfinished" / "mine").write_bytes(b"x")
    for dest, said in (
        (lived / "copy", "in the data directory itself"),
        (lived, "in the data directory itself"),
        (tmp_path / "file", "not empty"),
        (tmp_path / "full", "not empty"),
        (made, "not empty"),
        (tmp_path / "file" / "below", "cannot be made"),
        (tmp_path / "strange", "not what a backup left"),
    ):
        done = run("backup", lived, dest)
        assert (done.returncode, said in done.stderr) == (2, True), (dest, done.stderr)
    assert (tmp_path / "strange.unfinished" / "mine").read_bytes() == b"x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full", "strange.unfinished"]
    assert run("backup", tmp_path / "nowhere", tmp_path / "copy").returncode == 2
    assert run("backup", made, tmp_path / "copy").returncode == 2


def test_an_empty_folder_and_what_a_cut_backup_left_are_taken(run: Run, lived: Path, tmp_path: Path) -> None:
    (tmp_path / "dest").mkdir()
    left = tmp_path / "dest.unfinished"
    (left / "vault").mkdir(parents=True)
    (left / "backup.lock").write_bytes(b"")
    (left / "objects").write_bytes(b"half")
    assert run("backup", lived, tmp_path / "dest").returncode == 0
    assert not left.exists()
    assert sorted(path.name for path in (tmp_path / "dest").iterdir())[:2] == ["files", "manifest.json"]


def test_two_backups_to_one_place(run: Run, lived: Path, tmp_path: Path) -> None:
    import fcntl

    left = tmp_path / "dest.unfinished"
    left.mkdir()
    with (left / "backup.lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run("backup", lived, tmp_path / "dest")
    assert (done.returncode, "being made already" in done.stderr) == (2, True)


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refused(run: Run, source: Path, directory: Path, said: str, code: int = 1) -> None:
    """Asserts that the copy is refused with this sentence, and that the directory is as it was."""
    before = everything(directory) if directory.exists() else set()
    done = run("restore", source, directory, *databases.arguments())
    assert done.returncode == code, (done.returncode, done.stderr)
    assert said in done.stderr, done.stderr
    assert (everything(directory) if directory.exists() else set()) == before


def altered(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)


def records(source: Path) -> Path:
    return source / ("records.dump" if databases.on_postgresql() else "records.sqlite3")


def some_object(source: Path) -> Path:
    return sorted(path for path in (source / "vault").glob("??/*") if path.is_file())[0]


def test_each_change_of_a_copy_is_refused(run: Run, made: Path, tmp_path: Path) -> None:
    for number, (name, code, said) in enumerate(
        (
            ("files/keys/trace", 1, "digest differs"),
            ("files/trace.head", 1, "digest differs"),
            ("objects", 1, "digest differs"),
            ("records", 1, "digest differs"),
            ("manifest.json", 2, "is damaged"),
            ("vault", 1, "1 vault objects of 7"),
        )
    ):
        source = Path(shutil.copytree(made, tmp_path / f"source {number}"))
        altered(records(source) if name == "records" else some_object(source) if name == "vault" else source / name)
        refused(run, source, tmp_path / "new", said, code)


def test_each_part_that_is_absent_is_refused(run: Run, made: Path, tmp_path: Path) -> None:
    for number, (name, code, said) in enumerate(
        (
            ("files/keys/trace", 1, "cannot be read"),
            ("objects", 1, "cannot be read"),
            ("records", 1, "cannot be read"),
            ("manifest.json", 2, "no whole copy"),
            ("vault", 1, "1 vault objects of 7"),
        )
    ):
        source = Path(shutil.copytree(made, tmp_path / f"source {number}"))
        (records(source) if name == "records" else some_object(source) if name == "vault" else source / name).unlink()
        refused(run, source, tmp_path / "new", said, code)
    shutil.rmtree(source / "vault")
    refused(run, tmp_path / "absent", tmp_path / "new", "no whole copy", 2)
    refused(run, tmp_path, tmp_path / "new", "no whole copy", 2)


def rewritten(source: Path, **changed: Any) -> None:
    """A manifest that says something else and is whole."""
    from vaguemestre.cli import copies

    path = source / "manifest.json"
    told = json.loads(path.read_text()) | changed
    told["sum"] = copies._sum(told)
    path.write_text(json.dumps(told))


def test_a_newer_copy_is_refused_by_name(run: Run, source: Path, tmp_path: Path) -> None:
    told = json.loads((source / "manifest.json").read_text())
    rewritten(source, version="9.1", migrations=[*told["migrations"], ["records", "9001_of_tomorrow"]])
    refused(run, source, tmp_path / "new", "newer version of Vaguemestre (9.1)", 2)
    rewritten(source, format=2)
    refused(run, source, tmp_path / "new", "newer version", 2)


def test_a_manifest_that_leads_out_of_the_directory(run: Run, source: Path, tmp_path: Path) -> None:
    told = json.loads((source / "manifest.json").read_text())
    for path in ("files/../../stolen", "/etc/passwd", "files//stolen", "files/./x"):
        rewritten(source, files=[*told["files"], {"path": path, "size": 1, "sha256": "0" * 64, "mode": 384}])
        refused(run, source, tmp_path / "new", "is damaged")
    assert not (tmp_path / "stolen").exists()
    rewritten(source, files=[one for one in told["files"] if one["path"] != "files/keys/trace"])
    refused(run, source, tmp_path / "new", "lacks a part")


def test_a_chain_that_was_changed_before_the_copy_is_refused(run: Run, lived: Path, tmp_path: Path) -> None:
    """The digests of the copy are right: it is the chain itself that does not verify."""
    changed = tmp_path / "changed"
    databases.copy(lived, changed)
    with databases.opened(changed) as base:
        base.execute("UPDATE records_traceevent SET result = 'nothing' WHERE sequence = 4")
    assert run("backup", changed, tmp_path / "copy").returncode == 0
    new = tmp_path / "new"
    refused(run, tmp_path / "copy", new, "event 4 does not follow")
    done = run("restore", tmp_path / "copy", new, "--damaged", *databases.arguments())
    assert (done.returncode, "event 4" in done.stdout) == (1, True)
    assert run("verify", new).returncode == 1


def test_a_damaged_directory_is_copied_and_says_so(run: Run, lived: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    databases.copy(lived, damaged)
    some_object(damaged).unlink()
    lost = sorted(path for path in (damaged / "vault").glob("??/*") if path.is_file())[-1]
    altered(lost)
    done = run("backup", damaged, tmp_path / "copy")
    assert done.returncode == 1
    assert "2 faults" in done.stderr
    assert lost.name in done.stdout
    assert len(json.loads((tmp_path / "copy" / "manifest.json").read_text())["damaged"]) == 2
    new = tmp_path / "new"
    refused(run, tmp_path / "copy", new, "was damaged (2 faults")
    done = run("restore", tmp_path / "copy", new, "--damaged", *databases.arguments())
    assert done.returncode == 1
    assert done.stdout.count("fault: vault: ") == 2
    assert len([path for path in (new / "vault").glob("??/*") if path.is_file()]) == 5
    assert run("filings", new, "--json").stdout == run("filings", lived, "--json").stdout


def test_where_a_restore_never_goes(run: Run, lived: Path, source: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "restore.unfinished").write_bytes(b"")
    for directory, said in ((lived, "holds a data directory"), ("full", "not empty"), ("file", "not a directory"), ("cut", "was cut")):
        refused(run, source, tmp_path / directory, said, 2)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "lost+found").mkdir()
    assert run("restore", source, tmp_path / "new", *databases.arguments()).returncode == 0


def test_what_lies_beside_is_copied_and_links_are_followed(run: Run, template: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    databases.copy(template, data)
    (tmp_path / "elsewhere.pem").write_bytes(b"a certificate")
    (data / "pki" / "linked.pem").symlink_to(tmp_path / "elsewhere.pem")
    (data / "notes" / "deep").mkdir(parents=True)
    (data / "notes" / "deep" / os.fsdecode(b"\xe9t\xe9.txt")).write_bytes(b"ete")
    (data / "cache" / "page.png").write_bytes(b"clinical")
    (data / ".vaguemestre.toml.123").write_bytes(b"being written")
    assert run("backup", data, tmp_path / "copy").returncode == 0
    assert run("restore", tmp_path / "copy", tmp_path / "new", *databases.arguments()).returncode == 0
    new = tmp_path / "new"
    assert not (new / "pki" / "linked.pem").is_symlink()
    assert (new / "pki" / "linked.pem").read_bytes() == b"a certificate"
    assert (new / "notes" / "deep" / os.fsdecode(b"\xe9t\xe9.txt")).read_bytes() == b"ete"
    assert list((new / "cache").iterdir()) == []
    assert not (new / ".vaguemestre.toml.123").exists()
    os.mkfifo(data / "pki" / "pipe")
    done = run("backup", data, tmp_path / "second")
    assert (done.returncode, "neither a file nor a folder" in done.stderr) == (2, True)
    assert not (tmp_path / "second").exists()
    assert not (tmp_path / "second.unfinished").exists()


@pytest.mark.sqlite
def test_records_that_lie_outside_the_directory_never_go_over_those_of_the_original(run: Run, tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "records"
    outside.mkdir()
    assert run("init", data, "--domain", "cabinet.demo.example", "--database", f"sqlite:{outside}/own.sqlite3").returncode == 0
    assert run("backup", data, tmp_path / "copy").returncode == 0
    refused(run, tmp_path / "copy", tmp_path / "new", "outside its directory", 2)
    done = run("restore", tmp_path / "copy", tmp_path / "new", "--database", f"sqlite:{outside}/own.sqlite3")
    assert (done.returncode, "is there already" in done.stderr) == (2, True)
    done = run("restore", tmp_path / "copy", tmp_path / "new", "--database", "sqlite:deep/records.sqlite3")
    assert done.returncode == 0, done.stderr
    assert run("verify", tmp_path / "new").returncode == 0
    # A file deeper in the directory is copied as the records, and not once more as a file.
    assert run("backup", tmp_path / "new", tmp_path / "again").returncode == 0
    assert not (tmp_path / "again" / "files" / "deep").exists()


@pytest.mark.sqlite
def test_a_copy_on_sqlite_is_not_put_on_a_server(run: Run, source: Path, tmp_path: Path) -> None:
    for url, said in (("postgresql://a@b/c", "cannot be put on a server"), ("mysql://x", "--database must be")):
        done = run("restore", source, tmp_path / "new", "--database", url)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    "before",
    [
        "",
        "[server]\ndomain = 'a.example'\n",
        "[database]\n",
        "[database]\nurl = 'sqlite:a'\n",
        " [ database ] # of the practice\n  url = 'sqlite:a' # here\n[web]\nidle_minutes = 5\n",
        "[server]\ndomain = 'a.example' # url = no\n[web]\nidle_minutes = 5",
        "[[database]]\nurl = 'x'\n",
        "database = { url = 'sqlite:a' }\n[web]\nidle_minutes = 5",
        "database.url = 'sqlite:a'\n",
        "[database]\nurl = '''\nsqlite:a'''\n",
    ],
)
def test_the_url_alone_is_changed_in_the_settings(before: str) -> None:
    import tomllib

    url = 'postgresql://u:"\\@h/n'
    try:
        after = with_database(before, url)
    except Refused:
        assert before.startswith(("[[", "database", "[database]\nurl = '''"))
        return
    wanted = tomllib.loads(before)
    wanted.setdefault("database", {})["url"] = url
    assert tomllib.loads(after) == wanted
    assert before.count("#") == after.count("#") or "# here" in before
