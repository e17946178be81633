"""Mailboxes, accounts, senders, the trust list and the demo CA, by the real commands."""

from __future__ import annotations

import json
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from tests import databases
from tests.cli.conftest import BOX, DOMAIN, Inside, Run, command, script

NAMESPACE = "https://listeblanche.mssante.fr/schema"


def rows(data: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    with databases.opened(data) as base:
        found: list[tuple[object, ...]] = base.execute(query, values).fetchall()
    return found


def events(data: Path) -> list[str]:
    return [str(row[0]) for row in rows(data, "SELECT event FROM records_traceevent ORDER BY sequence")]


class TestMailbox:
    def test_its_folders_and_the_practice(self, run: Run, data: Path) -> None:
        done = run("mailbox", "add", data, f"Accueil@{DOMAIN.upper()}", "--type", "ORG", "--name", "Accueil", "--practice", "Les Deux")
        assert done.returncode == 0
        found = rows(
            data,
            "SELECT m.address, m.type, p.name, f.name, f.uid_validity, f.uid_next FROM records_mailbox m"
            " JOIN records_practice p ON p.id = m.practice_id JOIN records_folder f ON f.mailbox_id = m.id WHERE m.type = 'ORG'",
        )
        assert {row[0] for row in found} == {f"accueil@{DOMAIN}"}
        assert {row[2] for row in found} == {"Les Deux"}
        assert {row[3] for row in found} == {"INBOX", "Sent", "Trash", "Archive"}
        assert all(0 < int(str(row[4])) < 2**32 and row[5] == 1 for row in found)
        assert events(data).count("mailbox-made") == 2
        assert run("verify", data).returncode == 0

    def test_without_practice_the_domains_own(self, run: Run, data: Path) -> None:
        run("mailbox", "add", data, f"b@{DOMAIN}", "--type", "PER", "--name", "B")
        assert len(rows(data, "SELECT DISTINCT practice_id FROM records_mailbox")) == 1
        assert rows(data, "SELECT name FROM records_practice") == [(DOMAIN,)]

    @pytest.mark.parametrize(
        "address", [f"b@not.{DOMAIN}", "b@other.example", DOMAIN, "", f"a b@{DOMAIN}", f"a@{DOMAIN}\r\nx", BOX, BOX.upper()]
    )
    def test_refused_and_nothing_written(self, inside: Inside, data_directory: Path, address: str) -> None:
        before = (rows(data_directory, "SELECT * FROM records_mailbox"), events(data_directory))
        assert inside("mailbox", "add", data_directory, address, "--type", "PER", "--name", "B")[0] == 2
        assert (rows(data_directory, "SELECT * FROM records_mailbox"), events(data_directory)) == before

    @pytest.mark.parametrize(
        "more",
        [
            ["--rpps", "123"],
            ["--rpps", "1234567890x"],
            ["--practice", "\x07"],
            ["--structure", "x" * 33],
            ["--name", "  "],
        ],
    )
    def test_wrong_particulars(self, inside: Inside, data_directory: Path, more: list[str]) -> None:
        assert inside("mailbox", "add", data_directory, f"c@{DOMAIN}", "--type", "PER", "--name", "C", *more)[0] == 2

    def test_a_wrong_rpps_key_warns_and_keeps(self, inside: Inside, data_directory: Path) -> None:
        code, _, err = inside("mailbox", "add", data_directory, f"c@{DOMAIN}", "--type", "PER", "--name", "C", "--rpps", "10000000011")
        assert code == 0
        assert "Warning" in err
        assert rows(data_directory, "SELECT rpps FROM records_mailbox WHERE name = 'C'") == [("10000000011",)]

    def test_two_at_once_make_one(self, data: Path) -> None:
        codes: list[int] = []
        arguments = ("mailbox", "add", data, f"d@{DOMAIN}", "--type", "PER", "--name", "D")
        threads = [threading.Thread(target=lambda: codes.append(command(*arguments).returncode)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [0, 2, 2]
        assert command("verify", data).returncode == 0


_CHECK = """
import sys
from vaguemestre.cli.assemble import open_data
open_data(sys.argv[1])
from vaguemestre.records.models import Account
account = Account.objects.get(login=sys.argv[2])
print(account.check_password(sys.argv[3]), account.role, account.mailboxes.count(), account.is_active)
"""


class TestAccount:
    def test_its_password_is_printed_once_and_works(self, run: Run, data: Path) -> None:
        done = run("account", "add", data, "Zeste", "--role", "doctor", "--mailbox", BOX)
        assert done.returncode == 0
        password = done.stdout.strip()
        assert len(password.replace("-", "")) >= 20
        assert script(_CHECK, data, "Zeste", password).stdout.split() == ["True", "doctor", "1", "True"]
        for path in data.rglob("*"):
            if path.is_file():
                assert password.encode() not in path.read_bytes()

    def test_no_two_passwords_alike(self, inside: Inside, data_directory: Path) -> None:
        made = {inside("account", "add", data_directory, f"a{k}", "--role", "admin")[1] for k in range(3)}
        assert len(made) == 3

    @pytest.mark.parametrize(
        "arguments",
        [
            ["x", "--role", "admin", "--mailbox", BOX],
            ["x", "--role", "doctor"],
            ["x", "--role", "secretary"],
            ["x", "--role", "substitute"],
            ["x", "--role", "doctor", "--mailbox", f"nobody@{DOMAIN}"],
            ["x", "--role", "doctor", "--mailbox", BOX, "--mailbox", f"nobody@{DOMAIN}"],
            ["", "--role", "admin"],
            ["a b", "--role", "admin"],
            ["x" * 101, "--role", "admin"],
            ["Ève", "--role", "admin"],
        ],
    )
    def test_refused_and_nothing_written(self, inside: Inside, data_directory: Path, arguments: list[str]) -> None:
        code, out, _ = inside("account", "add", data_directory, *arguments)
        assert (code, out) == (2, "")
        assert rows(data_directory, "SELECT * FROM records_account") == []

    def test_the_same_login_twice(self, inside: Inside, data_directory: Path) -> None:
        assert inside("account", "add", data_directory, "x", "--role", "admin")[0] == 0
        code, out, _ = inside("account", "add", data_directory, "X", "--role", "admin")
        assert (code, out) == (2, "")


class TestSenders:
    def test_added_listed_and_matched_again(self, run: Run, data: Path) -> None:
        before = rows(data, "SELECT revision FROM records_practice")
        done = run("senders", "add", data, "--mailbox", BOX, "Labo@Hopital.Demo.Example", "x@y.example", "labo@hopital.demo.example")
        assert done.returncode == 0
        listed = [json.loads(line) for line in run("senders", "list", data, "--mailbox", BOX, "--json").stdout.splitlines()]
        assert [one["address"] for one in listed] == ["labo@hopital.demo.example", "x@y.example"]
        assert {one["source"] for one in listed} == {"added"}
        assert rows(data, "SELECT revision FROM records_practice") != before
        assert "senders-added" in events(data)

    def test_again_changes_nothing(self, run: Run, data: Path) -> None:
        run("senders", "add", data, "--mailbox", BOX, "x@y.example")
        before = rows(data, "SELECT revision FROM records_practice"), events(data)
        assert run("senders", "add", data, "--mailbox", BOX, "X@y.example").returncode == 0
        assert (rows(data, "SELECT revision FROM records_practice"), events(data)) == before

    def test_one_bad_address_and_none_is_added(self, run: Run, data: Path) -> None:
        done = run("senders", "add", data, "--mailbox", BOX, "x@y.example", "not an address")
        assert done.returncode == 2
        assert "number 2" in done.stderr
        assert run("senders", "list", data, "--mailbox", BOX).stdout == ""

    def test_an_unknown_mailbox(self, run: Run, data: Path) -> None:
        assert run("senders", "list", data, "--mailbox", f"nobody@{DOMAIN}").returncode == 2


def white_list(*entries: tuple[str, str], end: str = "</ListeBlancheMSSante>") -> bytes:
    domains = "".join(
        f"<Domaine><Nom>{domain}</Nom><Description>Hôpital</Description><DNCertificatOperateur>{dn}</DNCertificatOperateur>"
        "<ResponsableContact>-</ResponsableContact><SupportContact>-</SupportContact><DateMAJ>2026-01-01T00:00:00Z</DateMAJ></Domaine>"
        for domain, dn in entries
    )
    head = f'<ListeBlancheMSSante xmlns="{NAMESPACE}"><DateDeGeneration>2026-01-01T00:00:00Z</DateDeGeneration>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}<ListeDomaines>{domains}</ListeDomaines>{end}'.encode()


ENTRIES = [(f"h{k}.demo.example", f"CN=mta{k % 3}.demo.example,O=Opérateur,C=FR") for k in range(10)]


class TestTrustList:
    def test_loaded_whole_and_put_in_force(self, run: Run, data: Path, tmp_path: Path) -> None:
        (tmp_path / "list.xml").write_bytes(white_list(*ENTRIES, ENTRIES[0]))
        assert run("trustlist", "load", data, tmp_path / "list.xml").returncode == 0
        assert rows(data, "SELECT COUNT(*), COUNT(DISTINCT dn_key) FROM records_trustentry") == [(10, 3)]
        assert rows(data, "SELECT entries, revision FROM records_trustlist") == [(10, 1)]
        assert "trust-list-loaded" in events(data)

    @pytest.mark.parametrize(
        "bad",
        [
            white_list(*ENTRIES, end=""),
            white_list(*ENTRIES)[:-400],
            white_list(),
            white_list(*ENTRIES[:7]),
            b"",
            b"\0" * 100,
            b"<html/>",
            white_list(*ENTRIES).replace(b"<ListeBlanche", b'<!DOCTYPE x [<!ENTITY e "e">]><ListeBlanche', 1),
        ],
        ids=["no end", "cut", "empty list", "shrunken", "nothing", "zeros", "html", "entities"],
    )
    def test_refused_and_the_last_good_one_stays(self, inside: Inside, data_directory: Path, tmp_path: Path, bad: bytes) -> None:
        def in_force() -> list[list[tuple[object, ...]]]:
            return [rows(data_directory, f"SELECT * FROM records_{table}") for table in ("trustentry", "trustlist")]

        (tmp_path / "good.xml").write_bytes(white_list(*ENTRIES))
        (tmp_path / "bad.xml").write_bytes(bad)
        inside("trustlist", "load", data_directory, tmp_path / "good.xml")
        before = in_force()
        code, _, err = inside("trustlist", "load", data_directory, tmp_path / "bad.xml")
        assert code == 1
        assert "stays in force" in err
        assert in_force() == before

    def test_a_shrunken_one_may_be_allowed(self, inside: Inside, data_directory: Path, tmp_path: Path) -> None:
        for entries, more, code in ((ENTRIES, (), 0), (ENTRIES[:2], (), 1), (ENTRIES[:2], ("--allow-shrunken",), 0)):
            (tmp_path / "list.xml").write_bytes(white_list(*entries))
            assert inside("trustlist", "load", data_directory, tmp_path / "list.xml", *more)[0] == code

    def test_an_absent_file(self, inside: Inside, data_directory: Path, tmp_path: Path) -> None:
        assert inside("trustlist", "load", data_directory, tmp_path / "none.xml")[0] == 2
        assert inside("trustlist", "load", data_directory, tmp_path)[0] == 2


class TestPki:
    PEER = "hopital.demo.example"

    def issue(self, run: Run, data: Path, out: Path, peer: str = PEER) -> x509.Certificate:
        done = run("pki", "issue", data, "--domain", peer, "--out", out)
        assert done.returncode == 0, done.stderr
        return x509.load_pem_x509_certificate((out / "cert.pem").read_bytes())

    def crl(self, data: Path) -> x509.CertificateRevocationList:
        return x509.load_pem_x509_crl((data / "pki" / "crl.pem").read_bytes())

    def test_issued_and_listed(self, run: Run, data: Path, tmp_path: Path) -> None:
        out = tmp_path / "a peer"
        certificate = self.issue(run, data, out)
        assert (out / "key.pem").stat().st_mode & 0o777 == 0o600
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(out / "ca.pem")
        context.load_cert_chain(out / "cert.pem", out / "key.pem")
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate((data / "pki" / "ca.pem").read_bytes()))
        from vaguemestre.crypto.certificates import dn_key

        assert rows(data, "SELECT domain, dn_key FROM records_trustentry") == [(self.PEER, dn_key(certificate.subject.rfc4514_string()))]
        assert rows(data, "SELECT entries, revision FROM records_trustlist") == [(1, 1)]
        assert "peer-issued" in events(data)

    def test_peers_of_two_domains_never_share_a_subject(self, run: Run, data: Path, tmp_path: Path) -> None:
        long = "a-hospital-with-a-very-long-name-indeed.demo.example"
        self.issue(run, data, tmp_path / "1", f"x.{long}")
        self.issue(run, data, tmp_path / "2", f"y.{long}")
        assert rows(data, "SELECT COUNT(DISTINCT dn_key) FROM records_trustentry") == [(2,)]
        done = run("pki", "issue", data, "--domain", f"much-too-long.{long}", "--out", tmp_path / "3")
        assert done.returncode == 2
        assert rows(data, "SELECT COUNT(*) FROM records_trustentry") == [(2,)]

    def test_renewed_in_the_same_folder(self, run: Run, data: Path, tmp_path: Path) -> None:
        first, second = self.issue(run, data, tmp_path / "out"), self.issue(run, data, tmp_path / "out")
        assert first.serial_number != second.serial_number
        assert rows(data, "SELECT COUNT(*) FROM records_trustentry") == [(1,)]

    def test_a_foreign_key_is_never_written_over(self, run: Run, data: Path, tmp_path: Path) -> None:
        (tmp_path / "key.pem").write_text("precious")
        assert run("pki", "issue", data, "--domain", self.PEER, "--out", tmp_path).returncode == 2
        assert (tmp_path / "key.pem").read_text() == "precious"
        assert rows(data, "SELECT * FROM records_trustentry") == []

    def test_revoked_in_the_list_whichever_was_issued(self, run: Run, data: Path, tmp_path: Path) -> None:
        serials = {self.issue(run, data, tmp_path / name).serial_number for name in ("1", "2")}
        other = self.issue(run, data, tmp_path / "3", "clinique.demo.example").serial_number
        assert list(self.crl(data)) == []
        assert run("pki", "revoke", data, "--domain", self.PEER.upper()).returncode == 0
        assert {one.serial_number for one in self.crl(data)} == serials
        assert run("pki", "revoke", data, "--domain", self.PEER).returncode == 0
        assert run("pki", "revoke", data, "--domain", "clinique.demo.example").returncode == 0
        assert {one.serial_number for one in self.crl(data)} == serials | {other}
        assert events(data).count("peer-revoked") == 3
        assert run("verify", data).returncode == 0

    def test_several_at_once_are_all_registered(self, data: Path, tmp_path: Path) -> None:
        codes: list[int] = []

        def issue(k: int) -> None:
            codes.append(command("pki", "issue", data, "--domain", f"h{k}.demo.example", "--out", tmp_path / str(k)).returncode)

        threads = [threading.Thread(target=issue, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert codes == [0] * 4
        register = json.loads((data / "pki" / "register.json").read_text())
        assert {one["domain"] for one in register if one["use"] == "peer"} == {f"h{k}.demo.example" for k in range(4)}
        assert rows(data, "SELECT entries, revision FROM records_trustlist") == [(4, 4)]
        assert command("verify", data).returncode == 0

    def test_a_domain_never_certified(self, run: Run, data: Path) -> None:
        assert run("pki", "revoke", data, "--domain", "nobody.example").returncode == 2

    def test_the_server_never_is_revoked_by_its_own_domain(self, run: Run, data: Path) -> None:
        assert run("pki", "revoke", data, "--domain", DOMAIN).returncode == 2
        assert list(self.crl(data)) == []

    def test_a_lost_list_comes_back_with_all_it_said(self, run: Run, data: Path, tmp_path: Path) -> None:
        serial = self.issue(run, data, tmp_path / "1").serial_number
        run("pki", "revoke", data, "--domain", self.PEER)
        (data / "pki" / "crl.pem").unlink()
        assert run("pki", "refresh", data).returncode == 0
        assert {one.serial_number for one in self.crl(data)} == {serial}

    def test_a_lost_register_is_no_reason_to_forgive(self, run: Run, data: Path, tmp_path: Path) -> None:
        self.issue(run, data, tmp_path / "1")
        run("pki", "revoke", data, "--domain", self.PEER)
        before = (data / "pki" / "crl.pem").read_bytes()
        (data / "pki" / "register.json").unlink()
        for arguments in (("refresh", data), ("issue", data, "--domain", "z.example", "--out", tmp_path / "2")):
            assert run("pki", *arguments).returncode == 2
        assert (data / "pki" / "crl.pem").read_bytes() == before


class TestRefresh:
    """What `serve` does with the CRL when it starts."""

    def crl(self, data: Path, days: float) -> bytes:
        import datetime as dt

        from vaguemestre.crypto import demo_pki

        ca = demo_pki.Issued((data / "pki" / "ca.pem").read_bytes(), (data / "pki" / "ca.key").read_bytes())
        now = dt.datetime.now(dt.UTC)
        ends = now + dt.timedelta(days=days)
        made = demo_pki.make_crl(ca, now, [7], next_update=ends, this_update=min(now, ends) - dt.timedelta(days=1))
        (data / "pki" / "crl.pem").write_bytes(made)
        return made

    def test_one_that_nears_its_end_is_published_again(self, data: Path) -> None:
        from vaguemestre.cli import pki

        before = self.crl(data, 5)
        assert pki.refresh_crl(data)
        assert (data / "pki" / "crl.pem").read_bytes() != before
        assert not pki.refresh_crl(data)

    @pytest.mark.parametrize("days", [-1, 300])
    def test_one_that_is_past_or_far_from_its_end_stays(self, data: Path, days: float) -> None:
        from vaguemestre.cli import pki

        before = self.crl(data, days)
        assert not pki.refresh_crl(data)
        assert (data / "pki" / "crl.pem").read_bytes() == before

    def test_one_that_is_absent_or_damaged_stays_so(self, data: Path) -> None:
        from vaguemestre.cli import pki

        crl = data / "pki" / "crl.pem"
        crl.write_bytes(b"nonsense")
        assert not pki.refresh_crl(data)
        crl.unlink()
        assert not pki.refresh_crl(data)
        assert not crl.exists()
