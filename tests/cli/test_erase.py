"""`erase`: what is refused and why, and what goes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Inside
from tests.pipeline.given import PAUL, Given
from tests.pipeline.test_retention import LATER, sound, through
from tests.scenes.operators import DOCTOR


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def test_the_command(inside: Inside, given: Given, data_directory: Path) -> None:
    from vaguemestre.records.models import Message

    filed, stranger = given.receive(given.report(), given.report(("INCONNU", "ANNE", "01/01/1970", "")))
    through(given)
    names = dict(Message.objects.values_list("pk", "message_id"))
    for arguments, said in (
        (("--message", "<nobody@x>"), "No mailbox has a message"),
        (("--message", ""), "No mailbox has a message"),
        (("--message", names[filed]), "add --filed"),
        (("--mailbox", "nobody@cabinet.demo.example"), "no mailbox"),
        (("--mailbox", "no address"), "no mail address"),
        (("--mailbox", DOCTOR), "not closed"),
        (("--overdue", "--filed"), "by itself"),
        (("--patient", "P1"), "needs --practice"),
        (("--patient", "P9", "--practice", "cabinet"), "no chart"),
        (("--patient", "P1", "--practice", "another"), "no chart"),
        (("--overdue", "--practice", "cabinet"), "goes with --patient"),
        ((), "required"),
        (("--overdue", "--mailbox", DOCTOR), "not allowed"),
    ):
        code, _, err = inside("erase", data_directory, *arguments)
        assert (code, said in err) == (2, True), (arguments, err)
    assert Message.objects.count() == 2
    code, out, _ = inside("erase", data_directory, "--message", names[stranger].strip("<>"))
    assert (code, "1 messages, 1 vault objects" in out) == (0, True)
    type(given.doctor).objects.filter(pk=given.doctor.pk).update(state="closed", erase_after=LATER)
    code, out, _ = inside("erase", data_directory, "--mailbox", DOCTOR)
    assert (code, "0 deliveries" in out) == (0, True)
    code, out, _ = inside("erase", data_directory, "--mailbox", DOCTOR, "--filed")
    assert (code, "1 messages, 1 vault objects" in out) == (0, True)
    assert Message.objects.count() == 0
    assert inside("erase", data_directory, "--overdue")[0] == 0
    sound(given)


def test_a_chart(inside: Inside, given: Given, data_directory: Path) -> None:
    from vaguemestre.records.models import Message, Patient

    own, other = given.receive(given.report(), given.report(PAUL))
    through(given)
    code, out, _ = inside("erase", data_directory, "--patient", "P1", "--practice", "cabinet")
    assert (code, "1 messages, 1 vault objects" in out) == (0, True)
    assert [one.pk for one in Message.objects.all()] == [other]
    assert list(Patient.objects.values_list("ref", flat=True)) == ["P2"]
    assert inside("verify", data_directory)[0] == 0
    assert own != other


def test_two_messages_of_one_name_are_not_guessed_between(inside: Inside, given: Given, data_directory: Path) -> None:
    from vaguemestre.records.models import Message

    named = re.compile(rb"(?m)^Message-ID:.*$")
    given.receive(*(named.sub(b"Message-ID: <same@hopital.demo.example>\r", given.report(value=value)) for value in ("0.95", "9.95")))
    through(given)
    (name,) = set(Message.objects.values_list("message_id", flat=True))
    code, _, err = inside("erase", data_directory, "--message", name, "--filed")
    assert (code, "Several different messages" in err) == (2, True)
    assert Message.objects.count() == 2
