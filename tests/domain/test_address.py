"""Mail addresses: what is one, and which two are the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.domain.address import Address, comparison, domain_of
from vaguemestre.domain.fault import Unreadable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("labo@hopital.example", "labo@hopital.example"),
        ("Labo.Central@Hopital.EXAMPLE", "labo.central@hopital.example"),
        ("o'neil+x_y=z@a.example", "o'neil+x_y=z@a.example"),
        ('"labo"@hopital.example', "labo@hopital.example"),
        ('"la\\bo"@hopital.example', "labo@hopital.example"),
        ('"le labo"@hopital.example', '"le labo"@hopital.example'),
        ('"a@b"@hopital.example', '"a@b"@hopital.example'),
        ('"a\\"b"@hopital.example', '"a\\"b"@hopital.example'),
        ('""@hopital.example', '""@hopital.example'),
        ("a@Clinique-Été.example", "a@xn--clinique-t-j7ab.example"),
        ("a@clinique-e\u0301te\u0301.example", "a@xn--clinique-t-j7ab.example"),
        ("a@XN--clinique-t-j7ab.example", "a@xn--clinique-t-j7ab.example"),
        ("a@clinique-été\u3002example", "a@xn--clinique-t-j7ab.example"),
        ("Hélène.Été@hopital.example", "hélène.été@hopital.example"),
        ("He\u0301le\u0300ne@hopital.example", "hélène@hopital.example"),
        ('"É"@hopital.example', "é@hopital.example"),
        ('"é e"@hopital.example', '"é e"@hopital.example'),
        ("δοκιμή@hopital.example", "δοκιμή@hopital.example"),
        (f"{'é' * 32}@b.example", f"{'é' * 32}@b.example"),
        (f"{'a' * 64}@b.example", f"{'a' * 64}@b.example"),
    ],
)
def test_comparison(text: str, expected: str) -> None:
    assert comparison(text) == expected
    assert comparison(expected) == expected
    assert domain_of(text) == expected.rpartition("@")[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "labo",
        "@hopital.example",
        "labo@",
        "labo@hopital",
        "labo@.example",
        "labo@hopital..example",
        "labo@hopital.example.",
        "labo@-hopital.example",
        "labo@hopital-.example",
        "labo@ho_pital.example",
        "labo@[192.0.2.1]",
        "labo@192.0.2.1",
        ".labo@hopital.example",
        "labo.@hopital.example",
        "la..bo@hopital.example",
        "la bo@hopital.example",
        '"labo@hopital.example',
        'la"b"o@hopital.example',
        "<labo@hopital.example>",
        "Labo <labo@hopital.example>",
        "labo@hopital.example\r\n",
        "labo@hopital.example\n",
        "la\rbo@hopital.example",
        '"la\nbo"@hopital.example',
        '"la\\\nbo"@hopital.example',
        '"la\0bo"@hopital.example',
        "labo\0@hopital.example",
        "labo@hopital.example\0",
        "labo@hopital.exa\u0000mple",
        "la\u200db\u00e9@hopital.example",
        "l\u00e9\u00a0o@hopital.example",
        "l\u00e9\u202eo@hopital.example",
        "l\u00e9\u0085@hopital.example",
        "l\u00e9..o@hopital.example",
        "l\ud800@hopital.example",
        f"{'é' * 33}@b.example",
        f"{'İ' * 30}@b.example",
        "labo@stra\u00dfe.example",
        "labo@a\u200db.example",
        f"{'a' * 65}@b.example",
        f"a@{'b' * 64}.example",
        f"a@{'é' * 63}.example",
        f"a@{'.'.join(['b' * 60] * 5)}.example",
        "a@" + "é." * 100 + "example",
        "a" * 100_000 + "@b.example",
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(Unreadable):
        comparison(text)


def test_254_octets_are_the_most() -> None:
    domain = ".".join(["b" * 60] * 3) + "." + "c" * (254 - 2 - 184)
    with pytest.raises(Unreadable):
        Address.parse("a@" + domain)
    domain = ".".join(["b" * 60] * 3) + "." + "c" * 59 + ".example"
    assert len("a@" + domain) == 252
    assert Address.parse("a@" + domain).domain == domain
    assert Address.parse("aaa@" + domain)
    with pytest.raises(Unreadable):
        Address.parse("aaaa@" + domain)


def test_repr_and_errors_tell_no_address() -> None:
    assert "labo" not in repr(Address.parse("labo@hopital.example"))
    with pytest.raises(Unreadable) as caught:
        comparison("secret@@@")
    assert "secret" not in f"{caught.value} {caught.value!r} {caught.value.detail}"


@given(st.text(max_size=300))
@settings(derandomize=True, deadline=None, max_examples=400)
def test_any_text_is_an_address_or_a_declared_fault(text: str) -> None:
    try:
        key = comparison(text)
    except Unreadable:
        return
    assert key == comparison(key)
    assert key.rpartition("@")[2].isascii()
    assert key.isprintable()
    assert unicodedata.is_normalized("NFC", key)
    assert len(key.encode()) <= 254


@given(
    st.from_regex(
        r'\A("([ !#-\[\]-~]|\\[ -~]){0,20}"|[A-Za-z0-9.!#+-]{1,20}|[A-Za-zéÉİıſßσςΣ\u0301\u0307.ﬁ가-힣]{1,20})@[a-zé-]{1,12}\.example\Z'
    ),
)
@settings(derandomize=True, deadline=None, max_examples=400)
def test_comparison_is_its_own_comparison(text: str) -> None:
    try:
        key = comparison(text)
    except Unreadable:
        return
    assert comparison(key) == key
