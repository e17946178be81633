"""`mailbox`, `alias` and `domain` as an administrator types them: requirements 13, 14 and 15 of mssante.md in both profiles."""

from __future__ import annotations

import csv
import io
import json
import mailbox
import stat
import zipfile
from pathlib import Path

import pytest

from tests import databases
from tests.cli.conftest import BOX, DOMAIN, Inside, Run
from vaguemestre.domain.mailbox import structure_key_valid
from vaguemestre.domain.person import rpps_key_valid

OTHER = "clinique.demo.example"
RPPS, FINESS = "10000000019", "540002698"


def listed(inside: Inside, directory: Path, *more: str) -> dict[str, dict[str, object]]:
    code, out, _ = inside("mailbox", "list", directory, "--json", *more)
    assert code == 0
    return {line["address"]: line for line in map(json.loads, out.splitlines())}


class TestNumbers:
    """Requirement 13."""

    @pytest.mark.parametrize(("kind", "field"), [("PER", "rpps"), ("ORG", "structure"), ("APP", "structure"), ("CAB", "structure")])
    def test_requirement_13_demo_gives_an_invented_number_marked_as_such(
        self, inside: Inside, data_directory: Path, kind: str, field: str
    ) -> None:
        for name in ("c", "d"):
            assert inside("mailbox", "add", data_directory, f"{name}@{DOMAIN}", "--type", kind, "--name", "C")[0] == 0
        found = listed(inside, data_directory)
        first, second = (str(found[f"{name}@{DOMAIN}"][field]) for name in ("c", "d"))
        assert first != second
        assert found[f"c@{DOMAIN}"]["invented"] is True
        assert first.startswith("999")
        assert rpps_key_valid(first) if field == "rpps" else structure_key_valid(first)

    def test_a_number_that_is_given_is_kept_and_no_invented_one(self, inside: Inside, data_directory: Path) -> None:
        inside("mailbox", "add", data_directory, f"c@{DOMAIN}", "--type", "PER", "--name", "C", "--rpps", RPPS)
        inside("mailbox", "add", data_directory, f"d@{DOMAIN}", "--type", "PER", "--name", "D", "--answerable", FINESS)
        found = listed(inside, data_directory)
        assert (found[f"c@{DOMAIN}"]["rpps"], found[f"c@{DOMAIN}"]["invented"]) == (RPPS, False)
        assert [found[f"d@{DOMAIN}"][name] for name in ("rpps", "answerable", "invented")] == ["", FINESS, False]

    def test_a_damaged_register_is_refused_and_never_begun_again(self, inside: Inside, data_directory: Path) -> None:
        register = data_directory / "pki" / "numbers.json"
        kept = register.read_bytes()
        register.write_bytes(b"{")
        try:
            code, _, err = inside("mailbox", "add", data_directory, f"c@{DOMAIN}", "--type", "PER", "--name", "C")
            assert code == 2
            assert "numbers.json" in err
            assert register.read_bytes() == b"{"
        finally:
            register.write_bytes(kept)

    @pytest.mark.database
    def test_requirement_13_mssante_refuses_by_name(self, run: Run, tmp_path: Path) -> None:
        data = tmp_path / "mssante"
        assert run("init", data, "--domain", DOMAIN, "--profile", "mssante", *databases.arguments()).returncode == 0
        add = ("mailbox", "add", data, f"c@{DOMAIN}", "--name", "C", "--type")
        for kind, more, said in [
            ("PER", ["--structure", FINESS], "RPPS"),
            ("ORG", [], "structure"),
            ("APP", ["--rpps", RPPS], "structure"),
            ("CAB", [], "structure"),
        ]:
            done = run(*add, kind, *more)
            assert done.returncode == 2
            assert f"A mailbox {kind} needs" in done.stderr
            assert said in done.stderr
        assert run("mailbox", "list", data).stdout == ""
        assert run(*add, "PER", "--rpps", RPPS).returncode == 0
        assert not (data / "pki" / "numbers.json").exists()


class TestChanges:
    @pytest.mark.parametrize(("option", "value", "name"), [("--address", f"x@{DOMAIN}", "address"), ("--type", "ORG", "type")])
    def test_requirement_14_refused_by_name(self, inside: Inside, data_directory: Path, option: str, value: str, name: str) -> None:
        before = listed(inside, data_directory)
        code, _, err = inside("mailbox", "set", data_directory, BOX, "--name", "Autre", option, value)
        assert code == 2
        assert f"The {name} of a mailbox never changes" in err
        assert listed(inside, data_directory) == before

    def test_requirement_15_red_list(self, inside: Inside, data_directory: Path) -> None:
        assert BOX in listed(inside, data_directory, "--published")
        assert inside("mailbox", "set", data_directory, BOX, "--red-list", "yes")[0] == 0
        assert listed(inside, data_directory, "--published") == {}
        assert listed(inside, data_directory)[BOX]["red_listed"] is True
        assert inside("mailbox", "set", data_directory, BOX, "--red-list", "no")[0] == 0
        assert BOX in listed(inside, data_directory, "--published")

    def test_the_rest(self, inside: Inside, data_directory: Path) -> None:
        more = ["--name", "Dr Z", "--service", "Cardiologie", "--responsible", "Dr Ève Zeste", "--description", "Avis", "--quota", "9000"]
        assert inside("mailbox", "set", data_directory, BOX, *more, "--structure", FINESS)[0] == 0
        box = listed(inside, data_directory)[BOX]
        assert [box[name] for name in ("name", "service", "responsible", "description", "quota", "structure")] == [
            "Dr Z", "Cardiologie", "Dr Ève Zeste", "Avis", 9000, FINESS,
        ]  # fmt: skip
        for wrong in ([], ["--quota", "-1"], ["--structure", "nulle"], ["--name", " "]):
            assert inside("mailbox", "set", data_directory, BOX, *wrong)[0] == 2
        assert inside("mailbox", "set", data_directory, f"personne@{DOMAIN}", "--name", "X")[0] == 2


class TestLife:
    def test_suspended_resumed_closed(self, inside: Inside, data_directory: Path) -> None:
        for verb, code, state in [
            ("resume", 2, "active"), ("suspend", 0, "suspended"), ("suspend", 2, "suspended"), ("resume", 0, "active"),
            ("close", 0, "closed"), ("resume", 2, "closed"), ("close", 2, "closed"),
        ]:  # fmt: skip
            assert inside("mailbox", verb, data_directory, BOX)[0] == code, verb
            assert listed(inside, data_directory)[BOX]["state"] == state
        assert inside("mailbox", "add", data_directory, BOX, "--type", "PER", "--name", "Autre")[0] == 2

    def test_all_its_mail_and_filings_leave_with_it(self, run: Run, data: Path, tmp_path: Path) -> None:
        raw = b"From: Labo <labo@hopital.example>\r\nTo: x\r\nMessage-ID: <7@hopital.example>\r\nSubject: s\r\n\r\nBonjour \xe9\r\n.\r\n"
        other = f"b@{DOMAIN}"
        run("mailbox", "add", data, other, "--type", "ORG", "--name", "B")
        for name, content, box in [("a.eml", raw, BOX), ("b.eml", raw.replace(b"<7@", b"<8@"), other)]:
            (tmp_path / name).write_bytes(content)
            assert run("import", data, tmp_path / name, "--mailbox", box).returncode == 0
        assert run("mailbox", "close", data, BOX).returncode == 0
        out = tmp_path / "tout.zip"
        done = run("mailbox", "export", data, BOX, "--out", out)
        assert (done.returncode, done.stdout.split()[0]) == (0, "1")
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        with zipfile.ZipFile(out) as archive:
            assert archive.testzip() is None
            archive.extractall(tmp_path / "out")
        for folder in ("new", "tmp"):
            (tmp_path / "out" / "maildir" / "INBOX" / folder).mkdir()
        box = mailbox.Maildir(tmp_path / "out" / "maildir" / "INBOX", create=False)
        assert [box.get_bytes(key) for key in box.iterkeys()] == [raw]
        text = (tmp_path / "out" / "filings.csv").read_text(encoding="utf-8")
        [line] = csv.DictReader(io.StringIO(text, newline=""))
        assert (line["message_id"], line["mailbox"]) == ("<7@hopital.example>", BOX)
        assert run("mailbox", "export", data, BOX, "--out", out).returncode == 2
        assert run("mailbox", "export", data, BOX, "--out", tmp_path / "no" / "x.zip").returncode == 2
        assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".zip") == ["tout.zip"]
        assert run("verify", data).returncode == 0

    def test_a_damaged_original_is_said_and_no_file_is_left(self, run: Run, data: Path, tmp_path: Path) -> None:
        (tmp_path / "a.eml").write_bytes(b"From: a@b.example\r\n\r\nx\r\n")
        assert run("import", data, tmp_path / "a.eml", "--mailbox", BOX).returncode == 0
        for path in (data / "vault").rglob("*"):
            if path.is_file() and path.stat().st_size:
                path.chmod(0o600)
                path.write_bytes(b"other")
        assert run("mailbox", "export", data, BOX, "--out", tmp_path / "x.zip").returncode == 1
        assert not list(tmp_path.glob("*.zip*"))
        assert not list(tmp_path.glob(".x.zip*"))


class TestAlias:
    def test_added_listed_removed(self, inside: Inside, data_directory: Path) -> None:
        assert inside("domain", "add", data_directory, OTHER)[0] == 0
        assert inside("alias", "add", data_directory, f"Accueil@{OTHER}", "--mailbox", BOX)[0] == 0
        _, out, _ = inside("alias", "list", data_directory, "--json")
        [line] = map(json.loads, out.splitlines())
        assert (line["alias"], line["mailbox"]) == (f"accueil@{OTHER}", BOX)
        assert listed(inside, data_directory)[BOX]["aliases"] == [f"accueil@{OTHER}"]
        for wrong in (BOX, f"accueil@{OTHER}", "x@ailleurs.example", "x", "279035199018922@patient.mssante.fr"):
            assert inside("alias", "add", data_directory, wrong, "--mailbox", BOX)[0] == 2, wrong
        assert inside("alias", "remove", data_directory, f"accueil@{OTHER}")[0] == 0
        assert inside("alias", "remove", data_directory, f"accueil@{OTHER}")[0] == 2


class TestDomain:
    def test_added_listed_with_its_own_pair_suspended_resumed(self, inside: Inside, data_directory: Path) -> None:
        assert inside("domain", "add", data_directory, OTHER.upper())[0] == 0
        assert inside("mailbox", "add", data_directory, f"dr@{OTHER}", "--type", "PER", "--name", "D")[0] == 0
        _, out, _ = inside("domain", "list", data_directory, "--json")
        first, second = map(json.loads, out.splitlines())
        assert first == {"domain": DOMAIN, "state": "active", "first": True, "listed": False, "mailboxes": 1}
        assert second == {"domain": OTHER, "state": "active", "first": False, "listed": True, "mailboxes": 1}
        for wrong in (OTHER, DOMAIN, "patient.mssante.fr", "x", ""):
            assert inside("domain", "add", data_directory, wrong)[0] == 2, wrong
        for name in (OTHER, DOMAIN):
            for verb, code in [("resume", 2), ("suspend", 0), ("suspend", 2), ("resume", 0)]:
                assert inside("domain", verb, data_directory, name)[0] == code
        assert inside("domain", "suspend", data_directory, "ailleurs.example")[0] == 2

    def test_an_administrator_is_bound_to_it(self, inside: Inside, data_directory: Path) -> None:
        assert inside("domain", "add", data_directory, OTHER)[0] == 0
        assert inside("account", "add", data_directory, "clinique", "--role", "admin", "--domain", OTHER)[0] == 0
        assert inside("account", "add", data_directory, "premier", "--role", "admin", "--domain", DOMAIN)[0] == 0
        for wrong in (["--role", "admin", "--domain", "ailleurs.example"], ["--role", "doctor", "--mailbox", BOX, "--domain", OTHER]):
            assert inside("account", "add", data_directory, "x", *wrong)[0] == 2
