"""`send`, `queue` and the counts of `status`, by the real commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import BOX, Inside, Run
from tests.pipeline.leaving import NOW

PEER = "hopital.demo.example"
LABORATORY = f"labo@{PEER}"
INS = "279019999023456@patient.mssante.fr"
MAIL = f"From: {BOX}\nSubject: Confidentiel\nMessage-ID: <a@b.example>\n\nbonjour\n"


@pytest.fixture
def listed(inside: Inside, data_directory: Path, tmp_path: Path) -> Path:
    """A mail in a file; two domains are in the trust list."""
    from vaguemestre.records import trust_lists

    trust_lists.list_peer(PEER, "CN=peer", "ab" * 32, 1, NOW)
    trust_lists.list_peer("patient.mssante.fr", "CN=patients", "cd" * 32, 2, NOW)
    path = tmp_path / "lettre.eml"
    path.write_text(MAIL, encoding="utf-8")
    return path


def queued(inside: Inside, directory: Path, *more: str) -> list[dict[str, object]]:
    code, out, _ = inside("queue", directory, *more, "--json")
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def test_one_id_a_recipient_and_the_queue_shows_them(inside: Inside, data_directory: Path, listed: Path) -> None:
    code, out, _ = inside("send", data_directory, listed, "--from", BOX, "--to", LABORATORY, f"b@{PEER}", "--to", INS)
    assert code == 0
    ids = out.split()
    assert len(ids) == 3
    lines = queued(inside, data_directory)
    assert [line["id"] for line in lines] == ids[::-1]
    assert {line["state"] for line in lines} == {"waiting"}
    assert lines[-1]["to"] == LABORATORY
    assert lines[-1]["sender"] == BOX
    assert set(lines[0]["words"]) == {"fr", "en"}  # type: ignore[call-overload]
    one = queued(inside, data_directory, "show", ids[0])
    assert one == [lines[-1]]


def test_no_subject_and_no_patients_address_is_shown(inside: Inside, data_directory: Path, listed: Path) -> None:
    inside("send", data_directory, listed, "--from", BOX, "--to", INS)
    for more in ((), ("--json",), ("list", "--all")):
        _, out, _ = inside("queue", data_directory, *more)
        assert "@patient.mssante.fr" in out
        assert INS.partition("@")[0] not in out
        assert "Confidentiel" not in out


def test_status_counts_recipients(inside: Inside, data_directory: Path, listed: Path) -> None:
    from vaguemestre.records.models import Recipient

    def counts() -> list[int]:
        told = json.loads(inside("status", data_directory, "--json")[1])
        return [told[name] for name in ("queued_out", "deferred", "sent", "bounced")]

    inside("send", data_directory, listed, "--from", BOX, "--to", LABORATORY, f"b@{PEER}", f"c@{PEER}", f"d@{PEER}")
    assert counts() == [4, 0, 0, 0]
    keys = list(Recipient.objects.order_by("pk").values_list("pk", flat=True))
    Recipient.objects.filter(pk=keys[0]).update(first_failed_at=1.0)
    Recipient.objects.filter(pk=keys[1]).update(state="sent")
    assert counts() == [2, 1, 1, 0]
    assert inside("queue", data_directory, "return", f"R{keys[0]}")[0] == 0
    Recipient.objects.filter(pk=keys[2]).update(state="bounced")
    assert counts() == [1, 0, 1, 2], "the notice to the sender is not counted"
    assert len(queued(inside, data_directory)) == 4, "but it is in the queue"
    assert len(queued(inside, data_directory, "list", "--all")) == 5


def test_retry_and_return(inside: Inside, data_directory: Path, listed: Path) -> None:
    from vaguemestre.records.models import Recipient, TraceEvent

    (number,) = inside("send", data_directory, listed, "--from", BOX, "--to", LABORATORY)[1].split()
    Recipient.objects.update(not_before=9e12, tries=3, reason="connect-failed", first_failed_at=1.0)
    code, out, _ = inside("queue", data_directory, "retry", number)
    assert code == 0
    assert "ne répond pas" in out
    assert Recipient.objects.get().not_before == 0
    code, out, _ = inside("queue", data_directory, "return", number, "--json")
    assert (code, json.loads(out)["state"]) == (0, "returned")
    for verb in ("retry", "return"):
        code, _, err = inside("queue", data_directory, verb, number)
        assert (code, "does not wait any more" in err) == (2, True)
    assert TraceEvent.objects.filter(event="returned", actor="cli").count() == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("list", "R1"), 2), (("show",), 2), (("show", "x"), 2), (("show", "R999"), 1), (("return", "R999"), 1), (("eat", "R1"), 2)],
)
def test_used_wrongly(inside: Inside, data_directory: Path, arguments: tuple[str, ...], code: int) -> None:
    assert inside("queue", data_directory, *arguments)[0] == code


@pytest.mark.parametrize(
    ("sender", "to", "code", "said"),
    [
        (f"nobody@{PEER}", LABORATORY, 2, "no mailbox of this operator"),
        (BOX, "x@ailleurs.example", 2, "not in the trust list"),
        (BOX, "personne@cabinet.demo.example", 2, "no such mailbox"),
        (BOX, "rien", 2, "no mail address"),
    ],
)
def test_what_is_refused_says_why(inside: Inside, data_directory: Path, listed: Path, sender: str, to: str, code: int, said: str) -> None:
    found, out, err = inside("send", data_directory, listed, "--from", sender, "--to", to)
    assert (found, out) == (code, "")
    assert said in err
    assert to not in err


def test_a_file_that_is_not_there(run: Run, data: Path) -> None:
    done = run("send", data, data / "rien.eml", "--from", BOX, "--to", BOX)
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
