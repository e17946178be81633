"""A `serve` whose trust list refreshes itself: a cut list while mail flows, a peer that is taken off, a list that is too old."""

from __future__ import annotations

import datetime as dt
import json
import smtplib
import threading
import time
from pathlib import Path
from typing import Any

from tests.connectors.web_host import Host, answer, host
from tests.crypto.test_trust_list import document, entry
from tests.scenes.operators import DOCTOR, LABORATORY, PEER, Practice, command, letter, octets
from vaguemestre.crypto import demo_pki

NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)
OTHERS = [f"d{k}.example" for k in range(10)]


def shown(practice: Practice) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(command("trustlist", "show", str(practice.directory), "--json").stdout)
    return found


def listing(practice: Practice, hours: float, *, peer: bool = True) -> bytes:
    """The list generated so many hours ago."""
    dn = demo_pki.subject_of((practice.peer / "cert.pem").read_bytes())
    entries = [*([entry(PEER, dn)] if peer else []), *map(entry, OTHERS)]
    return document(*entries, generated=(NOW - hours * HOUR).isoformat())


def write(practice: Practice, section: str, *lines: str) -> None:
    with (practice.directory / "vaguemestre.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[{section}]\n" + "\n".join(lines) + "\n")


def settle(practice: Practice, web: Host, **more: int) -> None:
    write(practice, "trust", f'url = "{web.url}"', f'ca = "{web.ca}"', *(f"{name} = {value}" for name, value in more.items()))


def test_requirement_03_and_04_a_cut_list_while_mail_flows(tmp_path: Path) -> None:
    """Every mail of the time is answered 250; the list that takes the peer off refuses it at its next MAIL; one too old defers it (451)."""
    practice = Practice(tmp_path)
    with host(tmp_path / "web") as web:
        web.says = answer(listing(practice, 3))
        settle(practice, web, max_age_hours=24)
        with practice.served() as served:
            until = time.monotonic() + 20
            while shown(practice)["origin"] != "url":
                assert time.monotonic() < until, "the refresher of serve asks by itself"
                time.sleep(0.1)
            assert shown(practice)["entries"] == 11
            web.says = answer(listing(practice, 2)[:-40])
            sent: list[int] = []
            stop = threading.Event()

            def flow() -> None:
                with served.client() as client:
                    while not stop.is_set():
                        sent.append(len(client.sendmail(LABORATORY, [DOCTOR], octets(letter("x", attached=False)))))

            thread = threading.Thread(target=flow)
            thread.start()
            refused = command("trustlist", "refresh", str(practice.directory), check=False)
            count = len(sent)
            until = time.monotonic() + 20
            while len(sent) <= count + 5 and time.monotonic() < until:
                time.sleep(0.02)
            stop.set()
            thread.join(30)
            assert refused.returncode == 1
            assert "(trust-list-cut)" in refused.stderr
            assert len(sent) > count + 5, "mail flows on"
            assert not any(sent)
            found = shown(practice)
            assert (found["entries"], found["alarms"][0]["reason"]) == (11, "trust-list-cut")
            with served.client() as client:
                assert client.mail(LABORATORY)[0] == 250
                client.rset()
                web.says = answer(listing(practice, 1, peer=False))
                command("trustlist", "refresh", str(practice.directory))
                assert client.mail(LABORATORY) == (550, b"5.7.1 The subject of the certificate is not in the trust list")
                (tmp_path / "old.xml").write_bytes(listing(practice, 25))
                command("trustlist", "load", str(practice.directory), str(tmp_path / "old.xml"))
                assert client.mail(LABORATORY) == (451, b"4.7.0 The trust list is too old, try again later")
                assert client.rcpt(DOCTOR)[0] == 503
            assert shown(practice)["state"] == "trust-list-stale"
        changes = practice.lines("trustlist", "changes", str(practice.directory))
        assert [(one["change"], one["domain"]) for one in changes if one["domain"] == PEER][:2] == [("added", PEER), ("removed", PEER)]
        assert practice.status()["accepted"] == len(sent)
        command("verify", str(practice.directory))


def test_a_refresher_that_waits_for_a_slow_host_ends_with_serve(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    with host(tmp_path / "web") as web:
        web.says, web.drip = answer(b"x" * 10_000), 0.05
        settle(practice, web)
        with practice.served() as served:
            until = time.monotonic() + 20
            while not web.asked:
                assert time.monotonic() < until
                time.sleep(0.05)
            with served.client() as client:
                client.sendmail(LABORATORY, [DOCTOR], octets(letter("x", attached=False)))
            began = time.monotonic()
            assert served.stop() == 0
            assert time.monotonic() - began < 9


def test_an_unsent_mail_is_not_lost_by_a_stale_list(tmp_path: Path) -> None:
    """What was deferred is accepted once the list is young again: the sender kept it."""
    practice = Practice(tmp_path)
    with host(tmp_path / "web") as web:
        web.says = answer(listing(practice, 30))
        settle(practice, web, max_age_hours=24)
        with practice.served() as served, served.client() as client:
            until = time.monotonic() + 20
            while shown(practice)["origin"] != "url":
                assert time.monotonic() < until
                time.sleep(0.1)
            try:
                client.sendmail(LABORATORY, [DOCTOR], octets(letter("x", attached=False)))
            except smtplib.SMTPSenderRefused as refused:
                assert refused.smtp_code == 451
            else:
                raise AssertionError("a stale list delivers nothing")
            assert practice.status()["accepted"] == 0
            web.says = answer(listing(practice, 1))
            command("trustlist", "refresh", str(practice.directory))
            assert client.sendmail(LABORATORY, [DOCTOR], octets(letter("x", attached=False))) == {}
            assert practice.status()["accepted"] == 1


def test_requirement_12_a_crl_host_that_goes_away(tmp_path: Path) -> None:
    """`serve` fetches the list by itself; its host goes; mail is accepted until the list ends and deferred from then on; the host is back
    with a new list, and mail is accepted in the same connection."""
    practice = Practice(tmp_path)
    pki = practice.directory / "pki"
    (pki / "crl.pem").unlink()
    ca = demo_pki.Issued((pki / "ca.pem").read_bytes(), (pki / "ca.key").read_bytes())

    def published(seconds: float) -> bytes:
        now = dt.datetime.now(dt.UTC)
        return answer(demo_pki.make_crl(ca, now, next_update=now + dt.timedelta(seconds=seconds)))

    with host(tmp_path / "web", tls=False) as web:
        write(practice, "revocation", f'urls = "{web.url}"')
        ends = time.monotonic() + 35
        web.says = published(35)
        with practice.served() as served:
            until = time.monotonic() + 15
            while not list(pki.glob("crl.d/*.crl")):
                assert time.monotonic() < until, "the refresher of serve asks by itself"
                time.sleep(0.05)
            web.says = answer(b"", "503 Service Unavailable")
            refused = command("trustlist", "refresh", str(practice.directory), check=False)
            assert refused.returncode == 1
            assert "(http-503)" in refused.stderr
            with served.client() as client:
                assert client.sendmail(LABORATORY, [DOCTOR], octets(letter("x", attached=False))) == {}
                assert time.monotonic() < ends, "too slow a machine to see the end of the list"
                assert [one["reason"] for one in shown(practice)["alarms"] if one["about"] == web.url] == ["http-503"]
                time.sleep(max(0.0, ends + 1 - time.monotonic()))
                assert client.mail(LABORATORY)[0] == 454
                web.says = published(3600)
                command("trustlist", "refresh", str(practice.directory))
                assert client.sendmail(LABORATORY, [DOCTOR], octets(letter("x", attached=False))) == {}
            assert practice.status()["accepted"] == 2
        command("verify", str(practice.directory))
