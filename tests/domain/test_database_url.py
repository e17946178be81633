"""The grammar of `database.url`: what it names, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.domain.configuration import check
from vaguemestre.domain.database_url import PostgreSQL, postgresql, sqlite_file

SOCKET = "/var/run/postgresql"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://vm@db.demo.example/records", PostgreSQL("records", "vm", "", "db.demo.example", "", {})),
        ("postgresql://vm:s%3Ac%40ret@db.demo.example:5433/r", PostgreSQL("r", "vm", "s:c@ret", "db.demo.example", "5433", {})),
        (f"postgresql:///records?host={SOCKET}", PostgreSQL("records", "", "", SOCKET, "", {})),
        (f"postgresql:///r?host={SOCKET}&port=5433&user=vm", PostgreSQL("r", "vm", "", SOCKET, "5433", {})),
        ("postgresql://[2001:db8::1]:5432/r", PostgreSQL("r", "", "", "2001:db8::1", "5432", {})),
        (
            "postgresql://vm@a.example:5432,b.example/r?target_session_attrs=read-write&sslmode=verify-full",
            PostgreSQL("r", "vm", "", "a.example,b.example", "5432,", {"target_session_attrs": "read-write", "sslmode": "verify-full"}),
        ),
        ("postgresql://vm@127.0.0.1/r%C3%A9cits", PostgreSQL("récits", "vm", "", "127.0.0.1", "", {})),
    ],
)
def test_what_a_server_s_url_names(url: str, expected: PostgreSQL) -> None:
    assert postgresql(url) == expected
    assert sqlite_file(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:records",
        "postgresql://",
        "postgresql:///",
        "postgresql://vm@db.demo.example",
        "postgresql://vm@db.demo.example/",
        "postgresql://vm@db.demo.example/a/b",
        "postgresql://vm@db demo/r",
        "postgresql://vm@db.demo.example:0/r",
        "postgresql://vm@db.demo.example:65536/r",
        "postgresql://vm@db.demo.example:/r?port=x",
        "postgresql://db.demo.example/r?options=-cfsync%3Doff",
        "postgresql://db.demo.example/r?client_encoding=latin1",
        "postgresql://db.demo.example/r?sslmode=",
        "postgresql://db.demo.example/r?sslmode",
        "postgresql://db.demo.example/r?sslmode=require&sslmode=disable",
        "postgresql://vm@db.demo.example/r?user=other",
        "postgresql://db.demo.example/r%00",
        "postgresql://db.demo.example/r%zz",
        "postgresql://db.demo.example/r#part",
        "postgresql://db.demo.example/" + "r" * 64,
        "postgres://db.demo.example/r",
        "mysql://db.demo.example/r",
        "postgresql://db.demo.example/r\n",
    ],
)
def test_what_is_refused(url: str) -> None:
    assert postgresql(url) is None


def test_nothing_of_it_is_ever_shown() -> None:
    url = "postgresql://vm:tres-secret@db.demo.example/records"
    assert "secret" not in repr(postgresql(url))
    assert "secret" not in repr(check({"database": {"url": url}}, {}))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text(alphabet="postgresql:/@?&=%0a[].,-é\x00", max_size=60))
def test_any_text_is_a_url_or_is_none(text: str) -> None:
    for one in (text, "postgresql://" + text, "postgresql:///r?" + text):
        found = postgresql(one)
        assert found is None or found.name
