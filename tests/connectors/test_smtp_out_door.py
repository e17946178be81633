"""The carrier against our own operators' door, both real: what one offers the other uses (CHUNKING, DSN, SMTPUTF8, 8BITMIME, SIZE)."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from tests.servers.door import DOCTOR, HERE, PEER_DOMAIN, Running, message, running
from vaguemestre.connectors.smtp_out import SmtpCarrier
from vaguemestre.crypto import certificates
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.configuration import check
from vaguemestre.outbound.deliver import Destined, Parcel, Report, Told


def carried(door: Running, folder: Path, parcel: Parcel) -> list[Report]:
    """As the operator of `hopital.example`, which the door knows."""
    pki = folder / "ours" / "pki"
    pki.mkdir(parents=True, exist_ok=True)
    for name, here in {"mx.hopital.example.pem": "server.pem", "mx.hopital.example.key": "server.key", "ca.pem": "ca.pem"}.items():
        shutil.copy(door.pki.directory / name, pki / here)
    [theirs] = certificates.read_pem(door.pki.server.certificate)
    facts = Known(door, TrustSnapshot.of([(HERE, theirs.key)]))
    settings = {"server": {"domain": PEER_DOMAIN}, "outgoing": {"routes": f"{HERE}={door.host}:{door.port}"}}

    async def scene() -> list[Report]:
        carrier = SmtpCarrier(check(settings, {}), facts, folder / "ours")
        found = list(await carrier.carry(HERE, parcel))
        await carrier.close()
        return found

    return asyncio.run(asyncio.wait_for(scene(), 30))


class Known:
    def __init__(self, door: Running, snapshot: TrustSnapshot) -> None:
        self._snapshot = snapshot
        self.revocation = door.facts.revocation
        self.now = door.facts.now

    def trust(self) -> TrustSnapshot:
        return self._snapshot


def test_our_own_door_keeps_what_our_carrier_brings(tmp_path: Path) -> None:
    data = message(body="Élévation\r\n.point\r\n..\r\n.\r\n").encode()
    sender = f"labo@{PEER_DOMAIN}"
    asked = (Destined(DOCTOR, "SUCCESS,FAILURE", f"rfc822;{DOCTOR}"), Destined(f"personne@{HERE}"))
    with running(tmp_path) as door:
        reports = carried(door, tmp_path, Parcel(data, sender, asked, "HDRS", "envoi=1+1", eight_bit=True))
        assert [(one.told, one.code, one.enhanced, one.relayed) for one in reports] == [
            (Told.DELIVERED, 250, "2.0.0", True),
            (Told.NEVER, 550, "5.1.1", True),
        ]
        [(envelope, kept, _)] = door.keeper.kept
        assert kept == data
        assert (envelope.mail_from, envelope.recipients, envelope.ret, envelope.envid) == (sender, (DOCTOR,), "HDRS", "envoi=1+1")
        assert (envelope.notices[DOCTOR].notify, envelope.notices[DOCTOR].orcpt) == ("SUCCESS,FAILURE", f"rfc822;{DOCTOR}")


def test_our_own_door_refuses_a_sender_of_another_domain(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        [report] = carried(door, tmp_path, Parcel(message().encode(), "labo@autre.example", (Destined(DOCTOR),)))
        assert (report.told, report.reason, report.code, report.enhanced) == (Told.NEVER, "sender-refused", 550, "5.7.1")
        assert door.keeper.kept == []
