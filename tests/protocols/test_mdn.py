"""Message disposition notifications of RFC 8098, and the French form of a failed integration."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.protocols import mdn
from vaguemestre.protocols.mdn import Disposition

NOTICE = (
    b"Reporting-UA: poste.cabinet.example; Logiciel 1.0\r\nOriginal-Recipient: rfc822;dr.essai@cabinet.example\r\n"
    b"Final-Recipient: rfc822;dr.essai@cabinet.example\r\nOriginal-Message-ID: <parti@hopital.example>\r\n"
    b"Disposition: manual-action/MDN-sent-manually; displayed\r\n"
)
FACTS = {"original_message_id": "<parti@hopital.example>", "recipient": "dr.essai@cabinet.example"}


def test_a_notice() -> None:
    assert mdn.read(NOTICE) == Disposition(**FACTS, type="displayed")


@pytest.mark.parametrize(
    ("was", "now", "changed"),
    [
        (b"Final-Recipient: rfc822;dr.essai@", b"Final-Recipient: rfc822;accueil@", {"recipient": "accueil@cabinet.example"}),
        (b"<parti@", b"<autre@", {"original_message_id": "<autre@hopital.example>"}),
        (b"displayed", b"deleted", {"type": "deleted"}),
    ],
)
def test_one_fact_changes_alone(was: bytes, now: bytes, changed: dict[str, str]) -> None:
    assert mdn.read(NOTICE.replace(was, now)) == Disposition(**(FACTS | {"type": "displayed"} | changed))


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        ("automatic-action/MDN-sent-automatically; processed", {"type": "processed"}),
        ("automatic-action/MDN-sent-automatically;processed/Error: 902^Patient inconnu",
         {"type": "processed", "failed": True, "code": "902", "label": "Patient inconnu"}),
        ("automatic-action/MDN-sent-automatically; processed/error: 902^Nom, pr=C3=A9nom; autre",
         {"type": "processed", "failed": True, "code": "902", "label": "Nom, pr=C3=A9nom; autre"}),
        ("automatic-action/MDN-sent-automatically; processed/Error: E-12^", {"type": "processed", "failed": True, "code": "E-12"}),
        ("automatic-action/MDN-sent-automatically; processed/Error: patient inconnu",
         {"type": "processed", "failed": True, "label": "patient inconnu"}),
        ("automatic-action/MDN-sent-automatically; displayed/error", {"type": "displayed", "failed": True}),
        ("automatic-action/MDN-sent-automatically; processed/warning", {"type": "processed"}),
        ("automatic-action/MDN-sent-automatically; failed/failure", {"type": "failed", "failed": True}),
        ("processed", {"type": "processed"}),
        ("manual-action/MDN-sent-manually ;\r\n DISPLAYED", {"type": "displayed"}),
        ("", {"type": None}),
        (";;;", {"type": None}),
    ],
)  # fmt: skip
def test_dispositions(told: str, facts: dict[str, object]) -> None:
    data = NOTICE.replace(b"manual-action/MDN-sent-manually; displayed", told.encode())
    assert mdn.read(data) == Disposition(**(FACTS | facts))  # type: ignore[arg-type]


def test_the_field_error_tells_where_the_modifier_does_not() -> None:
    data = NOTICE.replace(b"displayed", b"processed/error") + b"Error: 310^Archive illisible\r\n"
    assert mdn.read(data) == Disposition(**FACTS, type="processed", failed=True, code="310", label="Archive illisible")
    assert mdn.read(NOTICE + b"Error: 310^Archive illisible\r\n") == Disposition(**FACTS, type="displayed")


def test_blank_lines_part_nothing() -> None:
    assert mdn.read(NOTICE.replace(b"\r\n", b"\r\n\r\n")) == mdn.read(NOTICE)
    assert mdn.read(b"") == Disposition(None, None, None)


def test_what_does_not_say_its_type() -> None:
    assert mdn.looks(NOTICE)
    assert not mdn.looks(b"Disposition: attachment\r\n")


def test_no_repr_tells_a_person() -> None:
    assert "essai" not in repr(mdn.read(NOTICE))


@pytest.mark.parametrize(
    "hostile",
    [b"Disposition: " + b";" * 900_000, b"Disposition: x/" + b"error " * 150_000, b"Disposition:" + b"\n " * 400_000, NOTICE * 4_000],
    ids=range(4),
)
def test_hostile_notices_cost_bounded_time(hostile: bytes) -> None:
    begun = time.process_time()
    mdn.read(hostile)
    mdn.looks(hostile)
    assert time.process_time() - begun < 3


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.binary(max_size=40))
def test_nothing_escapes(octets: bytes, more: bytes) -> None:
    for data in (octets, b"Disposition: " + octets + b"\r\nFinal-Recipient: " + more, b"Disposition: a; processed/error: " + octets):
        found = mdn.read(data)
        ((found.label or "") + (found.recipient or "")).encode()
