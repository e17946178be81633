"""The transport between reading child and parent: exact for every reading, and closed to whatever a compromised child may write."""

from __future__ import annotations

import json
import random
import struct
from typing import Any

import pytest

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import (
    Alternative,
    Attachment,
    Coded,
    Document,
    Ins,
    LocalId,
    MessageFacts,
    Party,
    Reading,
    Result,
    StatedPatient,
    Warning,
)
from vaguemestre.domain.reading_json import pack, unpack

CODED = Coded("718-7", "2.16.840.1.113883.6.1", None)
FULL = Document(
    "cda",
    ("a.zip", "b.xml"),
    "0" * 64,
    CODED,
    "titre é",
    "2026",
    "id",
    "set",
    3,
    "old",
    ("N",),
    StatedPatient(Ins("1", "2"), None, "B", "U", ("X", "Y"), ("G",), "G", "1961", "F", "99", (LocalId("4", None),), False, True),
    Party("n", "i", "o", "oi", CODED),
    (Party(), Party(specialty=CODED)),
    (
        Result(
            "c", "l", CODED, "1", "<", "1", "g/l", "0", "2", "H", "F", "2026", "k", Alternative("1", "u"), ("g", "h"), "s", "m", (CODED,)
        ),
        Result(label="only"),
        Result(),
    ),
    "texte\u20ac\ud800\0",
    (Attachment(None, "text/plain", 4, "1" * 64),),
    0,
    (Warning("w", "d."),),
    {"a": ["b", None, 1]},
    12,
    False,
)
WHOLE = Reading(
    "f\udcff", "email", MessageFacts("m", "f", ("t",), "s", "d", {"h": "v"}, "x", {"r": [1]}), (FULL, Document("text", (), "")), (), False
)


def test_every_field_comes_back() -> None:
    found = unpack(pack(WHOLE))
    assert found == WHOLE
    assert [type(r) for r in found.documents[0].results] == [Result] * 3
    assert hash(found.documents[0].results) == hash(FULL.results)
    assert unpack(pack(Reading("f", "unknown"))) == Reading("f", "unknown")


def test_what_comes_back_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        unpack(pack(WHOLE)).documents[0].results[0].value = "2"  # type: ignore[misc]


def packed(head: Any, texts: bytes = b"") -> bytes:
    data = json.dumps(head).encode()
    return struct.pack("!I", len(data)) + data + texts


def head_of(data: bytes) -> tuple[Any, bytes]:
    end = 4 + int(struct.unpack_from("!I", data)[0])
    return json.loads(data[4:end]), data[end:]


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (holder, place) of a value in the JSON, but inside the two free mappings."""
    found = []
    for place, value in enumerate(node):
        found.append((node, place))
        if isinstance(value, list):
            found += places(value)
    return found


WRONG = ([], {}, 1.5, True, None, -1, 1 << 70, "s", [[]], [None], [1])


def test_a_wrong_type_anywhere_is_refused_or_leaves_a_reading_of_right_types() -> None:
    """Nothing but strings, numbers and tuples of the declared types is let through: what is let through packs to the very same."""
    count = len(places(head_of(pack(WHOLE))[0]))
    refused = 0
    for number in range(count):
        for wrong in WRONG:
            head, texts = head_of(pack(WHOLE))
            holder, place = places(head)[number]
            holder[place] = wrong
            try:
                found = unpack(packed(head, texts))
            except Unreadable:
                refused += 1
                continue
            assert unpack(pack(found)) == found
            hash(found.documents[0].results)
            assert all(type(value) in (str, type(None)) for r in found.documents[0].results for value in (r.chapter, r.number, r.date))
    assert refused > count * len(WRONG) * 0.6


def test_damaged_bytes_raise_only_unreadable() -> None:
    rng = random.Random(7)
    whole = pack(WHOLE)
    for _ in range(4_000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(data))
            if rng.random() < 0.3:
                del data[place : place + rng.randint(1, 40)]
            else:
                data[place] = rng.choice(b'[]{},:"0123456789nul\\\xff\x00')
            if not data:
                break
        try:
            unpack(bytes(data))
        except Unreadable:
            continue


@pytest.mark.parametrize("sizes", [[1 << 60, 0], [-1, 0], [0], [0, 0, 0], [True, 0], ["1", 0], None, {}])
def test_sizes_of_texts_that_are_not_there_are_refused(sizes: Any) -> None:
    head, texts = head_of(pack(WHOLE))
    head[-1] = sizes
    with pytest.raises(Unreadable):
        unpack(packed(head, texts))


def test_a_column_of_another_length_is_refused() -> None:
    for change in (lambda c: c.append(None), lambda c: c.pop()):
        head, texts = head_of(pack(WHOLE))
        change(head[3][0][14][5])
        with pytest.raises(Unreadable):
            unpack(packed(head, texts))


def test_results_without_end_cannot_be_asked_for_by_absences() -> None:
    head, texts = head_of(pack(WHOLE))
    head[3][0][14] = [None] * 18
    with pytest.raises(Unreadable):
        unpack(packed(head, texts))
