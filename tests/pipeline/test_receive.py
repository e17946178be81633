"""What becomes of a batch at the door: one delivery for what is sent again, every reception counted."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.given import Given
from tests.scenes.operators import letter, octets


def test_the_same_message_twice_in_one_batch_is_one_delivery_and_two_receptions(data_directory: Path) -> None:
    from vaguemestre.records.models import Delivery, Message

    given = Given(data_directory)
    one, other = octets(letter("a")), octets(letter("b"))
    given.receive(one, other, one)
    assert Message.objects.count() == 3
    assert Delivery.objects.count() == 2
    given.receive(one, sender="autre@hopital.demo.example")
    assert Delivery.objects.count() == 3
