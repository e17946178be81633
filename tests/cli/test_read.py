"""`vaguemestre read`, as the contract says it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.corpus.cda_biology_cases import CASES as BIOLOGY
from tests.corpus.cda_cases import CASES as CDA
from tests.corpus.hprim_cases import CASES as HPRIM
from tests.corpus.letter_cases import CASES as LETTERS
from tests.corpus.mail_cases import CASES as MAILS
from tests.corpus.mail_cases import HPRIM as HPRIM_FILE
from tests.corpus.mail_cases import LETTER, attached, mail, multipart
from tests.corpus.xdm_cases import CASES as XDM
from vaguemestre.cli import read as command
from vaguemestre.cli.read_shown import shown
from vaguemestre.domain.reading import Reading
from vaguemestre.inbound.read import read

COMMAND = [sys.executable, "-m", "vaguemestre.cli.__main__", "read"]


def run(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        env=os.environ | (environment or {}),
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("two-patients", "chapters-and-comments"):
        (tmp_path / HPRIM[name].file).write_bytes(HPRIM[name].data)
    for name in ("hprim-attached", "cut-no-closing-boundary"):
        (tmp_path / MAILS[name].file).write_bytes(MAILS[name].data)
    (tmp_path / "image.png").write_bytes(MAILS["image.png"].data)
    return tmp_path


def test_json_is_one_object_a_line_in_order(folder: Path) -> None:
    names = [str(folder / n) for n in ("hprim-attached.eml", "two-patients.hpm", "chapters-and-comments.hpr")]
    done = run("--json", *names)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == names
    assert [d["path"][-1] for d in lines[1]["documents"]] == ["#1", "#2"]
    assert lines[0]["documents"][0]["patient"]["names_unqualified"] == ["ZORBEC"]


def test_what_is_not_understood_exits_1_and_the_rest_is_read(folder: Path) -> None:
    done = run("--json", str(folder / "image.png"), str(folder / "absent.hpr"), str(folder), str(folder / "two-patients.hpm"))
    assert done.returncode == 1
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["image", "unknown", "unknown", "hprim-medecin"]
    assert len(done.stderr.splitlines()) == 3
    assert "Traceback" not in done.stderr
    cut = run(str(folder / "cut-no-closing-boundary.eml"))
    assert cut.returncode == 1
    assert "SODIUM" in cut.stdout


def test_used_wrongly_exits_2() -> None:
    assert run().returncode == 2
    assert run("--inconnu", "x").returncode == 2


def test_a_person_reads_french(folder: Path) -> None:
    told = run(str(folder / "chapters-and-comments.hpr")).stdout
    for words in ("ZORBEC LUCIE", "né(e) le 04/05/1961", "BIOCHIMIE", "SODIUM", "143", "[132 à 146]", "◄ H", "LABORATOIRE DES ESSAIS"):
        assert words in told, words
    assert "malformed" not in told


def test_it_writes_utf8_whatever_the_locale(folder: Path) -> None:
    done = run("--json", str(folder / "hprim-attached.eml"), environment={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
    assert json.loads(done.stdout)["message"]["subject"] == "Résultats du jour"


def test_nothing_in_a_file_drives_the_terminal() -> None:
    text = b"Un texte assez long pour en etre un. " * 5 + b"\x1b]0;titre\x07 \x1b[2J \xe2\x80\xae\xc2\x9b31m fin"
    told = shown(read(text, "a\x1b[1mb.txt"))
    assert not any(c in told for c in "\x1b\x07\x9b\u202e")
    assert "fin" in told


def test_every_case_can_be_shown() -> None:
    for case in (HPRIM | MAILS | LETTERS | CDA | BIOLOGY | XDM).values():
        assert shown(read(case.data, case.file)).endswith("\n")


def test_a_letter_of_an_archive_is_shown_whole(tmp_path: Path) -> None:
    path = tmp_path / "m.eml"
    path.write_bytes(LETTERS["letter-level-1-and-its-pdf"].data)
    told = run(str(path)).stdout
    for words in (
        "Document 1 — document CDA (niveau 1) — IHE_XDM.zip > IHE_XDM/SUBSET01/DOC00001.XML",
        "ZORBEC LUCIE, né(e) le 04/05/1961, sexe féminin",
        "Métadonnées",
        "Document à corps non structuré (urn:ihe:iti:xds-sd:pdf:2008)",
        "Document 3 — PDF — 20240312_consultation_ZORBEC_LUCIE.pdf",
        "Forme       autre forme du document 1",
    ):
        assert words in told, words
    assert told.count("Sans particularité.") == 1


def test_two_documents_are_told_apart() -> None:
    told = shown(read(mail(multipart(attached("a.hpr", HPRIM_FILE), attached("b.pdf", LETTER))), "m.eml"))
    assert "Document 1 — HPRIM Médecin — a.hpr" in told
    assert "Document 2 — PDF — b.pdf" in told


def test_it_starts_quickly_without_django(folder: Path) -> None:
    path = str(folder / "two-patients.hpm")
    probe = (
        "import sys; from vaguemestre.cli.__main__ import main; code = main(['read', '--json', sys.argv[1]]);"
        "bad = [m for m in sys.modules if m.split('.')[0] in {'django', 'pypdfium2', 'lxml', 'nh3', 'rich'}]; assert not bad, bad;"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", probe, path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    spent = []
    for _ in range(3):
        begun = time.monotonic()
        run("--json", path)
        spent.append(time.monotonic() - begun)
    assert min(spent) < 1.0  # 0.3 s on a quiet machine


def test_a_hostile_file_is_told_in_time(tmp_path: Path) -> None:
    path = tmp_path / "x.eml"
    path.write_bytes(mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 1_000_000))
    done = run("--json", str(path))
    assert json.loads(done.stdout)["kind"] == "email"
    assert "Traceback" not in done.stderr


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "link"
    link.symlink_to(pipe)
    done = run("--json", str(pipe), str(link), "/dev/zero", "/dev/tty", str(tmp_path))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [(line["kind"], [w["code"] for w in line["warnings"]]) for line in lines]) == (
        1,
        [("unknown", ["malformed"])] * 5,
    )
    assert len(done.stderr.splitlines()) == 5
    assert "Traceback" not in done.stderr


def test_a_file_is_read_to_the_limit_and_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MAX_BYTES", 1_000)
    path = tmp_path / "a.txt"
    for size, kind in ((1_000, "text"), (1_001, "unknown")):
        path.write_bytes(b"a" * size)
        assert command._one(str(path), read).kind == kind
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    assert [w.code for w in command._one(str(sparse), read).warnings] == ["too-large"]


def test_a_file_that_grows_is_read_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is told as 0 while it is read: what its directory says must not be believed."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"a" * 5_000_000)
    real = os.fstat

    def told_empty(number: int) -> os.stat_result:
        told = list(real(number))
        told[6] = 0
        return os.stat_result(told)

    monkeypatch.setattr(command.os, "fstat", told_empty)
    monkeypatch.setattr(command, "MAX_BYTES", 3_000_000)

    def never(data: bytes, name: str) -> Reading:
        raise AssertionError(len(data))

    assert [w.code for w in command._one(str(path), never).warnings] == ["too-large"]
    monkeypatch.setattr(command, "MAX_BYTES", 5_000_000)
    assert command._one(str(path), read).kind == "text"
