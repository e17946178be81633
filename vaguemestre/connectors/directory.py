"""The national directory's API, read only: which mailboxes one person or one structure has now (mssante.md 4.2).

GET alone, the key in the header `ESANTE-API-KEY`; at most PAGES_MOST pages of PAGE_BYTES and ANSWER_S each. The next page is asked of the
same host under the same path, or not at all: the key goes nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode, urlsplit

from vaguemestre.connectors.bounded_get import Unfetched, get
from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import directory_fhir
from vaguemestre.formats.directory_fhir import Told

ANSWER_S = 30.0
PAGE_BYTES = 8_000_000
PAGES_MOST = 40
PEOPLE = ("Practitioner", "PractitionerRole")


class Directory:
    """The API at `base` (…/fhir/v2). `ca`: the authorities that its host is checked against, None over plain http, which only a loopback
    address may be."""

    def __init__(self, base: str, key: str, ca: Path | None) -> None:
        self._base, self._key, self._ca = base.rstrip("/"), key, ca
        parts = urlsplit(self._base)
        if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise Unfetched("The directory's API is asked over https; the key must not be sent in clear.", "bad-address")

    def of_person(self, rpps: str) -> list[Told]:
        """The mailboxes of an RPPS, red-listed ones too (their flag tells). Raises `Unfetched`, `TooLarge` or `Unreadable`."""
        wanted = f"{directory_fhir.RPPS}|{rpps}"
        found = self._all("Practitioner", {"identifier": wanted})
        found += self._all("PractitionerRole", {"practitioner.identifier": wanted})
        return [one for one in found if one.entry.rpps in {rpps, ""}]

    def of_structure(self, finess: str) -> list[Told]:
        """The mailboxes of a structure by its FINESS. Raises as `of_person`."""
        return self._all("Organization", {"identifier": f"{directory_fhir.FINESS}|{finess}"})

    def _all(self, resource: str, query: dict[str, str]) -> list[Told]:
        found: list[Told] = []
        url = f"{self._base}/{resource}?{urlencode(query)}"
        for _ in range(PAGES_MOST):
            answer = get(url, self._ca, PAGE_BYTES, ANSWER_S, {"ESANTE-API-KEY": self._key, "Accept": "application/fhir+json"})
            page = directory_fhir.page(answer.data or b"")
            found += page.told
            if not page.following:
                return found
            if not page.following.startswith(self._base + "/") and not page.following.startswith(self._base + "?"):
                raise Unreadable("The directory's next page is at another host; it is not followed.")
            url = page.following
        raise Unreadable(f"The directory's answer has more than {PAGES_MOST} pages.")
