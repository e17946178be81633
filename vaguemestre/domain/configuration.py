"""The settings of a data directory: one table of sections and keys, checked whole before anything starts.

`DIR/vaguemestre.toml` holds them; `VAGUEMESTRE_<SECTION>_<KEY>` in the environment overrides one. What is unknown is refused
by name, with the nearest valid one.
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from vaguemestre.domain.address import domain_of
from vaguemestre.domain.database_url import postgresql, sqlite_file
from vaguemestre.domain.fault import Refused, Unreadable

PREFIX = "VAGUEMESTRE_"


MAX_PORT = 65_535
MAX_HOST = 253

_HOST_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMERIC = re.compile(r"[0-9A-Fa-f:.]{1,45}(?:%[0-9A-Za-z._-]{1,32})?")


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """What a text must look like: `fits` judges it, `wanted` ends the sentence "... must be"."""

    fits: Callable[[str], bool]
    wanted: str


def _is_domain(text: str) -> bool:
    try:
        # The shortest local part there is: the domain is judged as that of an address, and by nothing else.
        domain_of(f"a@{text}")
    except Unreadable:
        return False
    return True


def _is_address(host: str) -> bool:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        # The form first: ipaddress takes anything behind the % of a zone.
        return bool(_NUMERIC.fullmatch(bare)) and (ipaddress.ip_address(bare).version == 6 or bare == host)
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    """A name of one label or more, or an IP address; an IPv6 one between brackets or bare."""
    labels = host.split(".")
    named = len(host) <= MAX_HOST and all(_HOST_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return named or _is_address(host)


def _is_door(text: str) -> bool:
    if text == "off":
        return True
    host, _, port = text.rpartition(":")
    # The length first: int() of thousands of digits is slow, then an error of its own.
    return _is_host(host) and port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= MAX_PORT


def _is_database(text: str) -> bool:
    return sqlite_file(text) is not None or postgresql(text) is not None


DOMAIN = Form(lambda text: not text or _is_domain(text), "empty or a mail domain, such as cabinet.demo.example")
HOSTNAME = Form(lambda text: text in {"", "localhost"} or _is_domain(text), "empty or a host name, such as mail.cabinet.demo.example")
DOOR = Form(_is_door, f"off or HOST:PORT with a port from 0 to {MAX_PORT}, such as 127.0.0.1:2525")
DATABASE = Form(
    _is_database, "sqlite:FILE, such as sqlite:records.sqlite3, or postgresql://USER@HOST/NAME, such as postgresql://vm@db.demo.example/vm"
)
HOSTS = Form(lambda text: bool(text.split()) and all(map(_is_host, text.split())), "blank-separated host names, without port")


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """One key: its type, default, bounds (inclusive, for whole numbers) or choices, form (for texts), and what it is for."""

    kind: type
    default: Any
    help: str
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    form: Form | None = None


TABLE: Mapping[str, Mapping[str, Setting]] = {
    "server": {
        "domain": Setting(str, "", "the mail domain that this operator hosts", form=DOMAIN),
        "profile": Setting(str, "demo", "demo (own CA, local sign-in) or mssante", choices=("demo", "mssante")),
        "hostname": Setting(str, "", "name in the SMTP greeting; empty = mail.<domain>", form=HOSTNAME),
    },
    "database": {
        "url": Setting(
            str,
            "sqlite:records.sqlite3",
            "sqlite:<file>, relative to the data directory, or postgresql://<user>@<host>/<name>",
            form=DATABASE,
        ),
    },
    "smtp": {
        "listen": Setting(str, "127.0.0.1:2525", "host:port of the operators' door, or off", form=DOOR),
        "max_message_bytes": Setting(int, 26_214_400, "largest message, advertised as SIZE", 10_000, 1_073_741_824),
        "max_recipients": Setting(int, 100, "recipients of one transaction (RFC 5321 4.5.3.1.8 asks for 100)", 100, 10_000),
        "max_sessions": Setting(int, 200, "sessions at once", 1, 10_000),
        "max_sessions_per_peer": Setting(int, 50, "sessions at once from one address", 1, 10_000),
        "max_transactions": Setting(int, 10_000, "transactions of one session", 1, 1_000_000),
        "max_errors": Setting(int, 20, "bad commands of one session before it is closed", 1, 1_000),
        "timeout_s": Setting(int, 300, "silence before a session is closed (RFC 5321 4.5.3.2.7)", 1, 3_600),
        "max_in_memory_bytes": Setting(int, 268_435_456, "bytes of unfinished messages held at once by all sessions", 30_000_000, 1 << 40),
    },
    "web": {
        "listen": Setting(str, "127.0.0.1:8080", "host:port of the screens, or off", form=DOOR),
        "hosts": Setting(str, "localhost 127.0.0.1 [::1]", "host names under which the screens are served, blank-separated", form=HOSTS),
        "secure_cookies": Setting(bool, False, "true behind HTTPS"),
        "idle_minutes": Setting(int, 120, "an idle sign-in ends after this", 5, 720),
    },
    "trust": {
        "max_age_hours": Setting(int, 0, "a trust list older than this defers all mail; 0 = 168 in mssante, never in demo", 0, 8_760),
    },
    "pipeline": {
        "workers": Setting(int, 2, "reading and filing processes", 1, 64),
        "batch": Setting(int, 32, "deliveries claimed at once", 1, 256),
        "tries": Setting(int, 3, "faults before a delivery is given to a person", 1, 20),
        "lease_s": Setting(int, 60, "a claim older than this is taken over", 15, 3_600),
        "document_seconds": Setting(int, 10, "longest time to read one document", 1, 60),
        "document_bytes": Setting(int, 1_073_741_824, "address space of the reading child", 134_217_728, 1 << 36),
    },
    "filing": {
        "automatic": Setting(str, "AE", "rules that may file by themselves: AE, A, E or none", choices=("AE", "A", "E", "none")),
    },
}


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Configuration:
    """Checked settings: `get("smtp", "listen")`. Never shown: the database's URL may hold a password."""

    values: Mapping[str, Mapping[str, Any]]

    def get(self, section: str, key: str) -> Any:
        return self.values[section][key]

    def text(self, section: str, key: str) -> str:
        return str(self.values[section][key])

    def number(self, section: str, key: str) -> int:
        return int(self.values[section][key])

    def __repr__(self) -> str:
        return "<Configuration>"


def _nearest(word: str, among: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(word, list(among), n=1, cutoff=0.0)
    return close[0]


def _checked(section: str, key: str, value: Any, setting: Setting, where: str) -> Any:
    name = f"{section}.{key}"
    if isinstance(value, str) and setting.kind is int:
        try:
            value = int(value)
        except ValueError:
            raise Refused(f"{where}: {name} must be a whole number.") from None
    if isinstance(value, str) and setting.kind is bool and value.lower() in {"true", "false"}:
        value = value.lower() == "true"
    if type(value) is not setting.kind:
        kind = {int: "a whole number", str: "a text", bool: "true or false"}[setting.kind]
        raise Refused(f"{where}: {name} must be {kind}.")
    if setting.choices and value not in setting.choices:
        nearest = _nearest(str(value), dict.fromkeys(setting.choices))
        raise Refused(f"{where}: {name} must be one of {', '.join(setting.choices)}; the nearest is {nearest}.")
    if setting.form is not None and not setting.form.fits(str(value)):
        raise Refused(f"{where}: {name} must be {setting.form.wanted}.")
    if isinstance(value, int):
        if setting.least is not None and value < setting.least:
            raise Refused(f"{where}: {name} must be at least {setting.least}.")
        if setting.most is not None and value > setting.most:
            raise Refused(f"{where}: {name} must be at most {setting.most}.")
    return value


def check(written: Mapping[str, Any], environment: Mapping[str, str], where: str = "vaguemestre.toml") -> Configuration:
    """Checked settings from what the file says and the environment overrides. Raises `Refused` naming the first wrong one."""
    values: dict[str, dict[str, Any]] = {s: {k: v.default for k, v in keys.items()} for s, keys in TABLE.items()}
    for section, keys in written.items():
        if section not in TABLE:
            raise Refused(f"{where}: there is no section [{section}]; the nearest is [{_nearest(section, TABLE)}].")
        if not isinstance(keys, Mapping):
            raise Refused(f"{where}: [{section}] must be a section of keys.")
        for key, value in keys.items():
            if key not in TABLE[section]:
                raise Refused(f"{where}: there is no setting {section}.{key}; the nearest is {section}.{_nearest(key, TABLE[section])}.")
            values[section][key] = _checked(section, key, value, TABLE[section][key], where)
    names = {f"{PREFIX}{s}_{k}".upper(): (s, k) for s, keys in TABLE.items() for k in keys}
    for name, raw in environment.items():
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        if name not in names:
            raise Refused(f"environment: there is no setting {name}; the nearest is {_nearest(name, names)}.")
        section, key = names[name]
        values[section][key] = _checked(section, key, raw, TABLE[section][key], name)
    return Configuration(values)


RESERVED = frozenset({f"{PREFIX}DATA"})
"""Names that are ours in the environment and no setting: the data directory handed to child processes."""
