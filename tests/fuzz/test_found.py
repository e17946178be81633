"""Files that a reader once failed on, as small as they can be. `make fuzz` keeps and names the file that fails; it comes here."""

from __future__ import annotations

import pytest

from tests.fuzz.targets import TARGETS
from vaguemestre.protocols import originator

FOUND: dict[str, tuple[str, bytes]] = {
    "a-charset-past-ascii-in-an-encoded-word": ("originator", "From: =?utf-8é?q?a?= <a@b.example>\r\n\r\n".encode()),
    "the-same-in-latin-1": ("originator", "From: =?utf-8é?q?a?= <a@b.example>\r\n\r\n".encode("latin-1")),
}
"""By name: the reader, and the octets."""


@pytest.mark.parametrize(("reader", "data"), FOUND.values(), ids=FOUND.keys())
def test_it_is_read_or_refused_as_declared(reader: str, data: bytes) -> None:
    TARGETS[reader](data)


def test_a_name_of_no_charset_is_refused_as_malformed() -> None:
    """It was an error of the door, which put the message off each time it came."""
    with pytest.raises(originator.Malformed, match="from-malformed"):
        originator.read("From: =?utf-8é?q?b=40c.example?= <a@d.example>\r\n\r\n".encode())
