"""What is remembered of a transaction, the engine's words as an envelope: RFC 5321 section 2.3.1, RFC 3461 section 4, RFC 6531."""

from __future__ import annotations

import dataclasses
import datetime as dt

from vaguemestre.domain.envelope import Envelope, Notices, Peer
from vaguemestre.protocols.smtp import Engine


def envelope(engine: Engine, now: dt.datetime, peer: Peer) -> Envelope:
    """Of the transaction under way; `peer` gets the name of the last EHLO."""
    sender, named = engine.sender, engine.recipients
    assert sender is not None, "no content without an accepted sender"
    if peer.helo != engine.helo:
        peer = dataclasses.replace(peer, helo=engine.helo)
    notices = {who: Notices(asked.notify, asked.orcpt) for who, asked in named.items() if asked.notify or asked.orcpt}
    return Envelope(sender.address, tuple(named), now, peer, ret=sender.ret, envid=sender.envid, notices=notices, utf8=sender.utf8)
