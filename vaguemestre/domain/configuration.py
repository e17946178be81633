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


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    """An address of the web: a scheme of these, a host, no name or password of an account, nothing after #, no blank."""
    scheme, there, rest = text.partition("://")
    place = rest.partition("/")[0]
    bare = place if place.endswith("]") or not place.rpartition(":")[1] else place.rpartition(":")[0]
    port = place[len(bare) + 1 :]
    named = place == bare or (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= MAX_PORT)
    plain = len(text) <= 500 and text.isascii() and text.isprintable() and not set(' #\\"<>') & set(text)
    return bool(there) and scheme in schemes and plain and named and _is_host(bare)


def _is_route(text: str) -> bool:
    domain, _, place = text.partition("=")
    return (domain == "*" or _is_domain(domain)) and place != "off" and _is_door(place) and place.rpartition(":")[2] != "0"


def _is_database(text: str) -> bool:
    return sqlite_file(text) is not None or postgresql(text) is not None


DOMAIN = Form(lambda text: not text or _is_domain(text), "empty or a mail domain, such as cabinet.demo.example")
HOSTNAME = Form(lambda text: text in {"", "localhost"} or _is_domain(text), "empty or a host name, such as mail.cabinet.demo.example")
DOOR = Form(_is_door, f"off or HOST:PORT with a port from 0 to {MAX_PORT}, such as 127.0.0.1:2525")
DATABASE = Form(
    _is_database, "sqlite:FILE, such as sqlite:records.sqlite3, or postgresql://USER@HOST/NAME, such as postgresql://vm@db.demo.example/vm"
)
_HERE = frozenset({"127.0.0.1", "localhost"})
API = Form(
    lambda text: not text or _is_url(text, ("https",)) or (_is_url(text, ("http",)) and re.split("[:/]", text[7:])[0] in _HERE),
    "empty or an address that begins with https:// (http:// on this machine only)",
)
HTTPS = Form(lambda text: not text or _is_url(text, ("https",)), "empty or an address that begins with https://")
WEB_ADDRESSES = Form(
    lambda text: all(_is_url(one, ("http", "https")) for one in text.split()),
    "blank-separated addresses that begin with http:// or https://",
)
FILE = Form(lambda text: 0 < len(text) <= 1_000 and text.isprintable() and not text.endswith("/"), "the path of a file, such as pki/ca.pem")
KEY = Form(
    lambda text: len(text) <= 500 and text.isascii() and all(33 <= ord(one) <= 126 for one in text), "empty or letters without blanks"
)
MINUTES = Form(
    lambda text: (
        bool(text.split()) and all(one.isascii() and one.isdigit() and len(one) <= 4 and 0 < int(one) <= 1_440 for one in text.split())
    ),
    "blank-separated whole minutes from 1 to 1440, such as 1 5 15 30 60",
)
ROUTES = Form(
    lambda text: all(map(_is_route, text.split())), "blank-separated DOMAIN=HOST:PORT, * for every other domain, such as *=relay.example:25"
)
HOSTS = Form(lambda text: bool(text.split()) and all(map(_is_host, text.split())), "blank-separated host names, without port")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


NETWORKS = Form(lambda text: all(map(_is_network, text.split())), "blank-separated addresses or networks, such as 127.0.0.1 10.0.0.0/8")


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
    "metrics": {
        "allow": Setting(str, "127.0.0.1 ::1", "addresses and networks that may read /pret and /metriques; empty = nobody", form=NETWORKS),
    },
    "trust": {
        "url": Setting(str, "", "where the trust list is fetched (https); empty = loaded by hand only", form=HTTPS),
        "ca": Setting(
            str, "pki/ca.pem", "the authorities (PEM) that the list's host is checked against, relative to the data directory", form=FILE
        ),
        "refresh_hours": Setting(int, 6, "the list is fetched again within this", 1, 24),
        "max_age_hours": Setting(int, 0, "a trust list older than this defers all mail; 0 = 168 in mssante, never in demo", 0, 8_760),
        "alarm_hours": Setting(int, 0, "a trust list older than this raises the alarm; 0 = half of max_age_hours", 0, 8_760),
    },
    "revocation": {
        "urls": Setting(str, "", "where revocation lists are fetched, blank-separated; http will do, they are signed", form=WEB_ADDRESSES),
        "distribution_points": Setting(bool, False, "fetch also the lists that our own and the peers' certificates name"),
        "refresh_hours": Setting(int, 6, "each revocation list is fetched again within this", 1, 24),
        "alarm_hours": Setting(int, 24, "a revocation list that ends within this raises the alarm", 1, 720),
    },
    "pipeline": {
        "workers": Setting(int, 2, "reading and filing processes", 1, 64),
        "batch": Setting(int, 32, "deliveries claimed at once", 1, 256),
        "tries": Setting(int, 3, "faults before a delivery is given to a person", 1, 20),
        "lease_s": Setting(int, 60, "a claim older than this is taken over", 15, 3_600),
        "document_seconds": Setting(int, 10, "longest time to read one document", 1, 60),
        "document_bytes": Setting(int, 1_073_741_824, "address space of the reading child", 134_217_728, 1 << 36),
    },
    "mailboxes": {
        "quota_bytes": Setting(int, 0, "what a mailbox may hold where it has no quota of its own; 0 = no bound", 0, 1 << 50),
        "export_days": Setting(int, 90, "days that a closed mailbox's mail is kept for its export before it may be erased", 30, 3_650),
    },
    "patients": {
        "domain": Setting(str, "patient.mssante.fr", "the mail domain of patients: never hosted here, its people only answer", form=DOMAIN),
    },
    "outgoing": {
        "routes": Setting(
            str, "", "where the mail of a domain goes instead of its MX: domain=host:port ..., * for all others", form=ROUTES
        ),
        "port": Setting(int, 25, "port of the servers that MX records name", 1, MAX_PORT),
        "connections_per_host": Setting(int, 20, "connections at once to one server", 1, 200),
        "timeout_s": Setting(int, 300, "what RFC 5321 4.5.3.2 calls five minutes; the others keep their share of it", 5, 3_600),
        "expire_hours": Setting(int, 48, "a message that could not be delivered after this is returned", 1, 240),
        "delay_notice_hours": Setting(int, 4, "a sender is told once of a message that waits longer than this", 1, 240),
        "retry_minutes": Setting(
            str, "1 5 15 30 60 120 240", "minutes before each next try, each 20 % more or less; the last one repeats", form=MINUTES
        ),
        "at_once": Setting(int, 128, "messages on their way at once", 1, 2_000),
        "per_domain": Setting(int, 32, "of these, for one domain", 1, 2_000),
        "lease_s": Setting(int, 60, "a claim older than this is taken over", 15, 3_600),
    },
    "directory": {
        "shrink_percent": Setting(int, 20, "an extraction that is shorter than the last good one by more than this is refused", 1, 99),
        "bad_percent": Setting(int, 1, "an extraction with more bad lines than this is refused", 0, 50),
        "api": Setting(
            str, "", "the national directory's API, such as https://gateway.api.esante.gouv.fr/fhir/v2; empty = not asked", form=API
        ),
        "api_key": Setting(str, "", "the key that the API is asked with", form=KEY),
        "api_ca": Setting(
            str, "/etc/ssl/certs/ca-certificates.crt", "the authorities (PEM) that the API's host is checked against", form=FILE
        ),
    },
    "retention": {
        "messages_days": Setting(int, 0, "mail of which nothing is filed in a chart is erased after this; 0 = never", 0, 36_500),
        "sent_days": Setting(int, 0, "mail that left, or was given up, is erased after this; 0 = never", 0, 36_500),
        "closed_mailboxes": Setting(bool, False, "the same of closed mailboxes, once their mailboxes.export_days have ended"),
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
