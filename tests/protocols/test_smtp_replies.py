"""Every reason has its reply, and no reply says anything of the inside."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import pytest

import vaguemestre
from vaguemestre.protocols import replies
from vaguemestre.protocols.smtp_states import REFUSED

ROOT = Path(vaguemestre.__file__).parent
SOURCES = [
    *(ROOT / "protocols").glob("smtp*.py"),
    ROOT / "protocols" / "originator.py",
    ROOT / "inbound" / "accept.py",
    ROOT / "inbound" / "verify.py",
    ROOT / "inbound" / "store.py",
    *(ROOT / "servers").glob("smtp*.py"),
]


def reasons() -> set[str]:
    """Every literal given to Reject, Defer, Trouble, Wrong, Malformed, close, abandon, _error, _say or _failed in the sources."""
    found: set[str] = set(REFUSED.values())
    callers = {"Reject", "Defer", "Trouble", "Wrong", "Malformed", "HandshakeFailed", "close", "abandon", "_error", "_say", "_failed"}
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in callers:
                    found |= {
                        a.value for arg in node.args for a in ast.walk(arg) if isinstance(a, ast.Constant) and isinstance(a.value, str)
                    }
    return found


def test_every_reason_is_in_the_table() -> None:
    assert len(reasons()) > 40
    assert reasons() - set(replies.TABLE) == set()


def test_every_finding_is_in_the_table() -> None:
    from vaguemestre.crypto.certificates import Finding

    assert {finding.value for finding in Finding if finding is not Finding.SOUND} <= set(replies.TABLE)


@pytest.mark.parametrize("reason", sorted(replies.TABLE))
def test_a_reply_is_well_formed(reason: str) -> None:
    reply = replies.TABLE[reason]
    line = reply.encoded()
    assert re.fullmatch(rb"[2-5]\d\d( [245]\.\d{1,3}\.\d{1,3})? [\x20-\x7e]+\r\n", line)
    assert len(line) <= 512
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", reason)
    if reply.enhanced:
        assert reply.enhanced[0] == str(reply.code)[0]
    else:
        assert reply.code == 354


def test_no_word_of_python_in_a_reply() -> None:
    words = {name.lower() for name in dir(builtins) if name[0].isupper()} | {
        "python",
        "traceback",
        "exception",
        "none",
        "true",
        "false",
        "asyncio",
        "ssl",
        "django",
    }
    for reply in replies.TABLE.values():
        assert not words & set(re.findall(r"[a-z_]+", reply.text.lower()))
        assert not re.search(r"[A-Z][a-z]+(Error|Exception)|0x[0-9a-f]|\.py\b|__", reply.text)


def test_an_inner_failure_is_temporary() -> None:
    assert replies.reply("what nobody foresaw").encoded().startswith(b"451 4.3.0 ")
    assert replies.deferral("sender-domain").code == 451
    assert replies.deferral("kept").code == 451
    assert replies.deferral("revocation-unknown").code == 454
    assert replies.rejection("nobody-foresaw").code == 451
    assert replies.rejection("kept").code == 451
    assert replies.rejection("no-such-mailbox").code == 550
