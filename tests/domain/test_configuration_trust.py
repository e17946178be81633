"""The addresses that the trust space is fetched from: judged before anything is asked."""

from __future__ import annotations

import pytest

from vaguemestre.domain.configuration import check
from vaguemestre.domain.fault import Refused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trust.url", "http://liste.example/"),
        ("trust.url", "https://"),
        ("trust.url", "https:///liste.xml"),
        ("trust.url", "https://a b.example/"),
        ("trust.url", "https://user:word@liste.example/"),
        ("trust.url", "https://liste.example:0/"),
        ("trust.url", "https://liste.example:99999/"),
        ("trust.url", "https://liste.example:https/"),
        ("trust.url", "https://liste.example/#part"),
        ("trust.url", "https://liste.example/\r\nHost: x"),
        ("trust.url", "https://liste.example/" + "x" * 500),
        ("trust.url", "file:///etc/hostname"),
        ("trust.ca", ""),
        ("trust.ca", "pki/"),
        ("trust.ca", "pki/\0ca.pem"),
        ("revocation.urls", "http://crl.example/1.crl ldap://crl.example/2"),
        ("revocation.urls", "crl.example/1.crl"),
    ],
)
def test_wrong(name: str, value: str) -> None:
    section, key = name.split(".")
    with pytest.raises(Refused, match=name):
        check({section: {key: value}}, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trust.url", ""),
        ("trust.url", "https://espacedeconfiance.mssante.fr/listeblanchemssante.xml"),
        ("trust.url", "https://127.0.0.1:8443/liste.xml?a=b"),
        ("trust.url", "https://[::1]:8443/"),
        ("trust.url", "https://[::1]/"),
        ("trust.ca", "/etc/vaguemestre/igc santé.pem"),
        ("revocation.urls", ""),
        ("revocation.urls", "http://igc-sante.esante.gouv.fr/CRL/ACI-EL-ORG.crl\n https://crl.example/2.crl"),
    ],
)
def test_right(name: str, value: str) -> None:
    section, key = name.split(".")
    assert check({section: {key: value}}, {}).text(section, key) == value
