"""What holds for the repository as a whole: nothing secret in it, locks without addresses, documentation that names what exists."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import stat
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from vaguemestre.cli.__main__ import MODULES
from vaguemestre.domain.configuration import TABLE

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "vaguemestre"
LOCKS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
MOST_LINES = 400
"""Of a Python file, tests and their tables of cases included: a longer one wants two rooms."""
NOT_OURS = {
    ".git",
    ".venv",
    "__pycache__",
    "build",
    "demo-data",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
}


def files() -> list[Path]:
    """The files of the repository: what git tracks or would track, or where there is no git, what no tool made."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        found = [ROOT / os.fsdecode(name) for name in listed.split(b"\0") if name]
    else:
        found = [
            path
            for path in ROOT.rglob("*")
            if not NOT_OURS & set(path.relative_to(ROOT).parts) and path.suffix != ".mo" and "egg-info" not in str(path)
        ]
    return [path for path in found if path.is_file()]


def texts() -> Iterator[tuple[str, str]]:
    """(path in the repository, content) of every text file but the licences and what is vendored."""
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if "/vendor/" in name or path.name.startswith("LICENSE"):
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if "/migrations/" not in name:
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def test_no_secret_key_or_certificate_is_kept() -> None:
    armour = re.compile(r"-----BEGIN [A-Z0-9 ]+-----(?:\\n|\s)+[A-Za-z0-9+/]{40}")
    suffixes = {".pem", ".key", ".crt", ".cer", ".der", ".p12", ".pfx", ".jks", ".sqlite3"}
    assert [path for path in files() if path.suffix.lower() in suffixes] == []
    assert [name for name, text in texts() if armour.search(text)] == []
    assert [path.name for path in files() if path.name in {".env", ".netrc", ".pypirc", "pip.conf", ".npmrc"}] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_everything_by_hash_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(?:extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE)
    entries = re.findall(r"^(\S+==\S+)((?: \\\n\s+--hash=sha256:[0-9a-f]{64})*)", text, re.MULTILINE)
    assert len(entries) > 20
    assert [name for name, hashes in entries if not hashes] == []
    kept = [line for line in text.splitlines() if line and not line.startswith(("#", " ")) and "==" not in line]
    assert kept == []


def test_the_dev_lock_holds_the_runtime_lock() -> None:
    runtime, dev = (set(re.findall(r"^(\S+==\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE)) for lock in LOCKS)
    assert runtime <= dev
    assert any(pin.startswith("setuptools==") for pin in runtime), "the project is built with the locked setuptools, without isolation"


def test_the_licence_is_there_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"


def test_no_path_of_the_machine_it_was_written_on() -> None:
    foreign = [re.compile(pattern) for pattern in (r"(?<![\w.])/" + "work/", r"/" + "home/[a-z]", r"/" + "root/", r"/tmp" + r"/brief")]
    for name, text in texts():
        assert not [pattern.pattern for pattern in foreign if pattern.search(text)], name


def test_no_room_for_odds_and_ends() -> None:
    odd = {"utils", "helpers", "common", "manager", "base", "misc"}
    assert [path for path in files() if path.suffix == ".py" and (path.stem in odd or odd & set(path.parts))] == []


def _past(text: str) -> int:
    """How many lines a text has past the most."""
    return max(0, len(text.splitlines()) - MOST_LINES)


def test_no_file_past_four_hundred_lines() -> None:
    rooms = ("vaguemestre/", "bench/", "tests/")
    lengths = {name: _past(text) for name, text in texts() if name.endswith(".py") and name.startswith(rooms)}
    assert all(any(name.startswith(room) for name in lengths) for room in rooms)
    assert {name: past for name, past in lengths.items() if past} == {}


def _key(number: str) -> int:
    return 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97


def test_every_matricule_is_nobodys() -> None:
    """A number that reads as a NIR with its right key has a commune that does not exist: 990 to 998."""
    blank = r"[ \u00a0.]?"
    nir = re.compile(
        rf"(?<![0-9A-Za-z.])([1-478]){blank}(\d\d){blank}(\d\d){blank}(\d\d|2[AB]){blank}(\d{{3}}){blank}(\d{{3}}){blank}(\d\d)(?![0-9A-Za-z])"
    )
    found = 0
    for name, text in texts():
        if name.startswith("requirements"):
            continue
        for match in nir.finditer(text):
            *parts, key = match.groups()
            if int(key) != _key("".join(parts)):
                continue
            found += 1
            line = text.count("\n", 0, match.start()) + 1
            assert 990 <= int(parts[4]) <= 998, f"{name}:{line} holds a number that could be somebody's"
    assert found > 12


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("## Settings")[2].partition("## Commands")[0]
    rows = dict(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| ([^|]*) \|", table, re.MULTILINE))
    settings = {f"{section}.{key}": setting for section, keys in TABLE.items() for key, setting in keys.items()}
    assert set(rows) == set(settings)
    for name, setting in settings.items():
        shown = {True: "true", False: "false"}.get(setting.default, setting.default) if setting.kind is bool else setting.default
        assert rows[name].strip().strip("`").replace(" ", "") == str(shown).replace(" ", ""), name


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^### `vaguemestre ([a-z]+)", text, re.MULTILINE))
    built = set()
    for command, module in MODULES.items():
        try:
            importlib.import_module(f"vaguemestre.cli.{module}")
        except ModuleNotFoundError as error:
            assert error.name == f"vaguemestre.cli.{module}"
            continue
        built.add(command)
    assert built <= named <= set(MODULES)
    for later in set(MODULES) - named:
        assert f"`{later}`" in text, f"docs/operations.md must say that {later} is not built"


def test_the_readme_names_the_two_commands_and_the_packages() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for words in ("make demo", "make test", "python3", "python3-venv", "make`", "docs/inbox.png", "Apache-2.0"):
        assert words in text, words


def test_every_relative_link_of_the_documentation_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]
    assert len(pages) >= 7
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name, tree in modules() if not ast.get_docstring(tree) and tree.body] == []


def test_templates_hold_no_inline_script_or_style() -> None:
    forbidden = {
        "an inline script": r"<script(?![^>]*\ssrc=)",
        "an inline style": r"<style|\sstyle\s*=",
        "an event attribute": r"\son[a-z]+\s*=",
        "a script address": r"javascript:",
        "something from outside": r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""",
        "unescaped content": r"\|\s*safe\b|autoescape\s+off",
    }
    templates = sorted((PACKAGE / "web" / "templates").rglob("*.html"))
    assert templates
    for path in templates:
        text = path.read_text(encoding="utf-8")
        for what, pattern in forbidden.items():
            assert not re.search(pattern, text, re.IGNORECASE), f"{path.name} holds {what}"


def _quoted_exceptions(tree: ast.Module) -> Iterator[int]:
    """Lines where a caught exception's text goes into another text: it may quote what was read. The module's own classes may."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for handler in ast.walk(tree):
        if not isinstance(handler, ast.ExceptHandler) or not handler.name:
            continue
        if isinstance(handler.type, ast.Name) and handler.type.id in own:
            continue
        for node in ast.walk(handler):
            inner: ast.expr | None = None
            if isinstance(node, ast.FormattedValue):
                inner = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"str", "repr", "print"} and node.args:
                inner = node.args[0]
            if isinstance(inner, ast.Name) and inner.id == handler.name:
                yield node.lineno


def test_no_text_of_an_exception_reaches_a_log_or_a_sentence() -> None:
    """Promise 5, its static part: only an exception's class, or a `detail` of ours, may be shown."""
    for name, tree in modules():
        assert list(_quoted_exceptions(tree)) == [], name


def _safe_to_log(value: ast.expr) -> bool:
    """A literal, a count, a class's name, a `detail` of ours, or a place in our code."""
    if isinstance(value, ast.Constant):
        return True
    if isinstance(value, ast.Attribute):
        return value.attr in {"__name__", "detail", "strerror"}
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "len"
    return isinstance(value, ast.Name) and value.id == "where"


def _loose_voices(tree: ast.Module) -> Iterator[int]:
    """Lines that print, or log what could be content."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno
        logged = (
            isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"logger", "logging", "log"}
        )
        if not logged or not isinstance(node.func, ast.Attribute) or node.func.attr == "getLogger":
            continue
        if node.func.attr == "exception" or node.keywords or not all(_safe_to_log(value) for value in node.args):
            yield node.lineno


def test_below_the_command_line_nothing_prints_and_logs_hold_no_content() -> None:
    """Promise 5, its static part."""
    for name, tree in modules():
        if not name.startswith("vaguemestre/cli/"):
            assert list(_loose_voices(tree)) == [], name


def test_the_checks_see_what_they_look_for() -> None:
    assert [_past("x\n" * lines) for lines in (1, 400, 401, 450)] == [0, 0, 1, 50]
    bad = ast.parse("try:\n    pass\nexcept OSError as error:\n    raise ValueError(f'{error}') from None\n")
    good = ast.parse("try:\n    pass\nexcept OSError as error:\n    raise ValueError(f'{error.strerror}') from None\n")
    assert list(_quoted_exceptions(bad)) == [4]
    assert list(_quoted_exceptions(good)) == []
    assert list(_loose_voices(ast.parse("logger.info('%s', subject)"))) == [1]
    assert list(_loose_voices(ast.parse("logger.exception('failed')"))) == [1]
    assert list(_loose_voices(ast.parse("logger.error('%d kept: %s', len(batch), type(error).__name__)"))) == []


@pytest.mark.parametrize("name", ["tools/setup", ".ci/run"])
def test_the_scripts_can_be_run(name: str) -> None:
    path = ROOT / name
    assert path.stat().st_mode & stat.S_IXUSR
    shell = "bash" if "bash" in path.read_text(encoding="utf-8").splitlines()[0] else "sh"
    subprocess.run([shell, "-n", str(path)], check=True)


def set_up(tmp_path: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Runs tools/setup of a copy in a path with a space, with this interpreter."""
    copy = tmp_path / "a folder"
    (copy / "tools").mkdir(parents=True)
    shutil.copy2(ROOT / "tools" / "setup", copy / "tools" / "setup")
    for name in ("requirements.txt", "requirements.in", "pyproject.toml"):
        shutil.copy2(ROOT / name, copy / name)
    environment = {"PATH": os.environ["PATH"], "PYTHON": python}
    return subprocess.run([str(copy / "tools" / "setup"), "runtime"], env=environment, capture_output=True, text=True, check=False)


def fake(tmp_path: Path, body: str) -> str:
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    python.chmod(0o755)
    return str(python)


def test_setup_says_in_one_sentence_that_python_is_absent(tmp_path: Path) -> None:
    done = set_up(tmp_path, "python-that-is-absent")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "not installed" in done.stderr
    assert "3.11" in done.stderr


def test_setup_says_in_one_sentence_that_python_is_too_old(tmp_path: Path) -> None:
    done = set_up(tmp_path, fake(tmp_path, 'case "$2" in *"%d.%d"*) echo 3.9 ;; *version_info*) exit 1 ;; esac'))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "Python 3.9" in done.stderr
    assert "3.11 or later" in done.stderr


def test_setup_says_in_one_sentence_that_venv_is_absent(tmp_path: Path) -> None:
    done = set_up(tmp_path, fake(tmp_path, 'case "$2" in *"%d.%d"*) echo 3.12 ;; *ensurepip*) exit 1 ;; esac'))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "python3-venv" in done.stderr
