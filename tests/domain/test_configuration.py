"""The settings: what is wrong is refused at start, by its name, where it was written, with what is wanted."""

from __future__ import annotations

import re

import pytest

from vaguemestre.domain.configuration import TABLE, check
from vaguemestre.domain.fault import Refused

WRONG = [
    ("server.domain", "pas un domaine", "mail domain"),
    ("server.domain", "cabinet", "mail domain"),
    ("server.domain", "cabinet..example", "mail domain"),
    ("server.domain", "x@cabinet.example", "mail domain"),
    ("server.domain", "[192.0.2.1]", "mail domain"),
    ("server.domain", "cabinet.example\n", "mail domain"),
    ("server.domain", "a" * 64 + ".example", "mail domain"),
    ("server.hostname", "mail.example\r\n250 all is well", "host name"),
    ("server.hostname", "mail .example", "host name"),
    ("server.hostname", "mail\x00.example", "host name"),
    ("server.hostname", "mail\u00a0.example", "host name"),
    ("server.hostname", " ", "host name"),
    ("smtp.listen", "", "HOST:PORT"),
    ("smtp.listen", "2525", "HOST:PORT"),
    ("smtp.listen", ":2525", "HOST:PORT"),
    ("smtp.listen", "127.0.0.1:", "HOST:PORT"),
    ("smtp.listen", "127.0.0.1:65536", "65535"),
    ("smtp.listen", "127.0.0.1:-1", "HOST:PORT"),
    ("smtp.listen", "127.0.0.1:" + "1" * 10_000, "HOST:PORT"),
    ("smtp.listen", "127.0.0.1:\u0661", "HOST:PORT"),
    ("smtp.listen", "127.0.0:25", "HOST:PORT"),
    ("smtp.listen", "[::1:25", "HOST:PORT"),
    ("smtp.listen", "[127.0.0.1]:25", "HOST:PORT"),
    ("smtp.listen", "fe80::1%\r\n:25", "HOST:PORT"),
    ("smtp.listen", "Off", "off"),
    ("web.listen", "local host:80", "HOST:PORT"),
    ("web.listen", "http://localhost:80", "HOST:PORT"),
    ("database.url", "postgresql://here", "postgresql://USER@HOST/NAME"),
    ("database.url", "mysql://here/records", "sqlite:FILE"),
    ("database.url", "records.sqlite3", "sqlite:FILE"),
    ("database.url", "sqlite:", "sqlite:FILE"),
    ("database.url", "sqlite: ", "sqlite:FILE"),
    ("database.url", "sqlite:folder/", "sqlite:FILE"),
    ("database.url", "sqlite:..", "sqlite:FILE"),
    ("database.url", "sqlite:a\x00b", "sqlite:FILE"),
    ("web.hosts", "", "host names"),
    ("web.hosts", "localhost,127.0.0.1", "host names"),
    ("web.hosts", "localhost:8080", "host names"),
    ("web.hosts", "https://cabinet.example", "host names"),
    ("web.hosts", "*", "host names"),
]

RIGHT = [
    ("server.domain", ["", "cabinet.demo.example", "Cabinet.Example", "h\u00f4pital.example"]),
    ("server.hostname", ["", "localhost", "mail.cabinet.demo.example"]),
    ("smtp.listen", ["off", "127.0.0.1:0", "0.0.0.0:65535", "[::1]:25", "[::]:25", "localhost:2525", "mail_1.example:2525"]),
    ("web.listen", ["off", "127.0.0.1:8080", "[fe80::1%eth0]:80"]),
    ("database.url", ["sqlite:records.sqlite3", "sqlite:/srv/a b/records.sqlite3", "postgresql://here/records"]),
    ("web.hosts", ["localhost 127.0.0.1 [::1]", "  cabinet.demo.example\tecrans ", "localhost ::1"]),
]


@pytest.mark.parametrize(("name", "value", "wanted"), WRONG)
def test_a_wrong_value_is_refused_where_it_was_written(name: str, value: str, wanted: str) -> None:
    section, key = name.split(".")
    with pytest.raises(Refused, match=rf"^vaguemestre\.toml: {re.escape(name)} must be .*{wanted}"):
        check({section: {key: value}}, {})
    variable = f"VAGUEMESTRE_{section}_{key}".upper()
    with pytest.raises(Refused, match=rf"^{variable}: {re.escape(name)} must be .*{wanted}") as refused:
        check({}, {variable: value})
    assert "toml" not in refused.value.detail


@pytest.mark.parametrize(("name", "values"), RIGHT)
def test_a_right_value_is_taken_as_written(name: str, values: list[str]) -> None:
    section, key = name.split(".")
    for value in values:
        assert check({section: {key: value}}, {}).text(section, key) == value
        assert check({}, {f"VAGUEMESTRE_{section}_{key}".upper(): value}).text(section, key) == value


def test_the_defaults_are_right() -> None:
    written = {section: {key: one.default for key, one in keys.items()} for section, keys in TABLE.items()}
    assert check(written, {}).values == check({}, {}).values


def test_every_free_text_has_a_form() -> None:
    """A text that nothing judges would be taken whatever it says."""
    free = [f"{s}.{k}" for s, keys in TABLE.items() for k, one in keys.items() if one.kind is str and not one.choices and not one.form]
    assert free == []
