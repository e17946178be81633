"""What `database.url` may say: a file of SQLite, or a database of a PostgreSQL server in libpq's own form of URL.

    sqlite:FILE
    postgresql://[USER[:PASSWORD]@][HOST[:PORT][,HOST[:PORT]...]]/NAME[?PARAMETER=VALUE[&...]]

Source: PostgreSQL documentation, "Connection URIs" (34.1.1.2). Of libpq's parameters only PARAMETERS are taken: the others would change
what the program relies on (the client's encoding, the options of a session).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]{2,45}\]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

MOST = 2_000
MOST_NAME_BYTES = 63
"""Of a role or a database (NAMEDATALEN - 1)."""
MAX_PORT = 65_535

PARAMETERS = frozenset(
    {
        "host", "port", "user", "password", "passfile", "connect_timeout",
        "application_name", "target_session_attrs", "sslmode", "sslrootcert", "sslcert", "sslkey",
        "sslcrl", "channel_binding", "gssencmode", "keepalives", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout",
    }
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class PostgreSQL:
    """A database of a server. `hosts` and `ports` as libpq takes them: names or folders of sockets, and numbers, comma-separated, ""
    where not said; `options`: the other parameters. Never shown: it may hold a password."""

    name: str
    user: str
    password: str
    hosts: str
    ports: str
    options: Mapping[str, str]

    def __repr__(self) -> str:
        return "<PostgreSQL>"


def sqlite_file(url: str) -> str | None:
    """The file of a `sqlite:` URL, None for any other text."""
    scheme, colon, name = url.partition(":")
    if scheme != "sqlite" or not colon or name != name.strip() or _CONTROL.search(name):
        return None
    return None if name.rpartition("/")[2] in {"", ".", ".."} else name


def postgresql(url: str) -> PostgreSQL | None:
    """The database of a `postgresql:` URL, None for any other text and for one that is not well formed."""
    scheme, separator, rest = url.partition("://")
    if scheme != "postgresql" or not separator or len(url) > MOST or "#" in rest or _BAD_ESCAPE.search(rest):
        return None
    place, _, asked = rest.partition("?")
    authority, slash, name = place.partition("/")
    account, _, at = authority.rpartition("@")
    user, _, password = account.partition(":")
    hosts = _hosts(at)
    options = _options(asked)
    if hosts is None or options is None or not slash or "/" in name:
        return None
    found = PostgreSQL(
        name=unquote(name),
        user=unquote(user) or options.pop("user", ""),
        password=unquote(password) or options.pop("password", ""),
        hosts=hosts[0] or options.pop("host", ""),
        ports=hosts[1] or options.pop("port", ""),
        options=options,
    )
    texts = (found.name, found.user, found.password, found.hosts, found.ports, *options.values())
    if not found.name or any(_CONTROL.search(text) for text in texts) or not set(options).isdisjoint({"user", "password", "host", "port"}):
        return None
    if any(len(text.encode("utf-8", "replace")) > MOST_NAME_BYTES for text in (found.name, found.user)):
        return None
    return found if all(map(_is_port, found.ports.split(","))) else None


def _is_port(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= MAX_PORT)


def _hosts(at: str) -> tuple[str, str] | None:
    """(hosts, ports) of what stands behind the account; None where one is neither a host name nor an address."""
    hosts, ports = [], []
    for one in at.split(",") if at else ():
        host, colon, port = one.rpartition(":") if not one.endswith("]") else (one, "", "")
        if not colon:
            host, port = one, ""
        if not _HOST.fullmatch(host) or not _is_port(port):
            return None
        hosts.append(host.strip("[]"))
        ports.append(port)
    return ",".join(hosts), ",".join(ports) if any(ports) else ""


def _options(asked: str) -> dict[str, str] | None:
    """Each parameter once; None where one is unknown, repeated or empty."""
    try:
        pairs = parse_qsl(asked, keep_blank_values=True, strict_parsing=bool(asked), errors="strict")
    except ValueError:
        return None
    found = dict(pairs)
    if len(found) < len(pairs) or not PARAMETERS.issuperset(found) or not all(found.values()):
        return None
    return found
