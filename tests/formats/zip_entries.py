"""Two small members, and what the guarded door says of a zip."""

from __future__ import annotations

import pytest

from tests.corpus.xdm_build import Member
from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import safe_zip

A, B = Member(b"a.txt", b"one"), Member(b"b.txt", b"two two two two")


def code(data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        safe_zip.entries(data)
    return caught.value.code


def names(data: bytes) -> list[str]:
    return [entry.name for entry in safe_zip.entries(data).entries]


def contents(data: bytes) -> dict[str, bytes]:
    return {entry.name: entry.data for entry in safe_zip.entries(data).entries}
