"""The white list: the public one, and every way for a list to be wrong."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.needs import samples
from vaguemestre.crypto import trust_list
from vaguemestre.crypto.certificates import dn_key
from vaguemestre.crypto.trust_list import Shrunken, TrustSnapshot, domain_key
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DN = "CN=mx.hopital.example,OU=399990000000000,O=CH (EXEMPLE),ST=Haute-Garonne (31),C=FR"
HOUR = dt.timedelta(hours=1)


def entry(domain: str, dn: str = DN, extra: str = "") -> str:
    return (
        f"<Domaine><Nom>{domain}</Nom><Description>d</Description><DNCertificatOperateur>{dn}</DNCertificatOperateur>"
        f"<ResponsableContact>r</ResponsableContact><SupportContact>s</SupportContact><DateMAJ>2026-01-01T00:00:00Z</DateMAJ>{extra}</Domaine>"
    )


def document(*entries: str, generated: str = "2026-02-01T10:00:00Z", namespace: str = trust_list.NAMESPACE, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<ListeBlancheMSSante xmlns="{namespace}">'
        f"<DateDeGeneration>{generated}</DateDeGeneration><ListeDomaines>{''.join(entries)}</ListeDomaines></ListeBlancheMSSante>"
    ).encode()


def test_the_public_list() -> None:
    data = (samples() / "trustlist" / "listeblanchemssante.xml").read_bytes()
    with pytest.raises(Unreadable):
        trust_list.parse(data)
    read = trust_list.parse(data + b"</ListeBlancheMSSante>")
    assert len(read.entries) == 619
    assert len({one.domain for one in read.entries}) == 516
    assert len(read.pairs()) == 614
    assert len({one.dn_key for one in read.entries}) == 35
    assert len({one.dn_key for one in read.entries if one.domain == "15-20.mssante.fr"}) == 5
    assert read.left_out == ()
    assert read.generated_at == dt.datetime(2025, 3, 13, 14, 54, 10, tzinfo=dt.UTC)
    assert all(one.dn and one.description and one.responsible and one.support and one.updated_at for one in read.entries)
    snapshot = TrustSnapshot.of((one.domain, one.dn_key) for one in read.entries)
    for one in read.entries:
        assert one.domain in snapshot.domains(one.dn_key)


def test_fields_as_written() -> None:
    [one] = trust_list.parse(document(entry(" Hopital.Example "))).entries
    assert (one.domain, one.dn, one.dn_key) == ("hopital.example", DN, dn_key(DN))
    assert (one.description, one.responsible, one.support, one.updated_at) == ("d", "r", "s", "2026-01-01T00:00:00Z")


def test_several_certificates_a_domain_and_exact_repeats() -> None:
    read = trust_list.parse(
        document(entry("a.example"), entry("a.example"), entry("a.example", DN.replace("mx", "mx2")), entry("b.example"))
    )
    assert len(read.entries) == 4
    assert len(read.pairs()) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"not xml",
        document(),
        document(entry("a.example"))[:-1],
        document(entry("a.example"))[:-30],
        document(entry("a.example"), namespace="https://autre.example/schema"),
        document(entry("a.example")).replace(b"ListeBlancheMSSante", b"AutreListe"),
        document(entry("a.example")).replace(b"ListeDomaines", b"Autre"),
        document(entry("a.example"), "<Autre/>"),
        document("<Domaine><Nom>a.example</Nom></Domaine>"),
        document(f"<Domaine><DNCertificatOperateur>{DN}</DNCertificatOperateur></Domaine>"),
        document(entry("a.example", extra="<Nom>b.example</Nom>")),
        document(entry("<b>a.example</b>")),
        document(entry("a.example"), generated="yesterday"),
        document(entry("no domain")),
        document(entry("a.example", "no subject")),
        document(entry("a.example"), head="<!DOCTYPE ListeBlancheMSSante>"),
        document(entry("a.example"), head='<!DOCTYPE ListeBlancheMSSante [<!ENTITY x "y">]>'),
        document(entry("&x;.example"), head='<!DOCTYPE ListeBlancheMSSante [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
        document(entry("a.example"), head='<!DOCTYPE ListeBlancheMSSante SYSTEM "http://127.0.0.1:1/x.dtd">'),
        document(entry("a.example")) + document(entry("a.example")),
        b"<a>" * 100_000,
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        trust_list.parse(data)


def test_entities_do_not_grow() -> None:
    head = "<!DOCTYPE x [<!ENTITY a0 'xxxxxxxxxx'>" + "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 12)) + "]>"
    began = time.perf_counter()
    with pytest.raises(Unreadable):
        trust_list.parse(document(entry("a.example", extra="<Description2>&a11;</Description2>"), head=head))
    assert time.perf_counter() - began < 2


def test_too_large() -> None:
    with pytest.raises(TooLarge):
        trust_list.parse(b" " * (trust_list.BYTES_MOST + 1))
    with pytest.raises(TooLarge):
        trust_list.parse(document(entry("a.example", extra="").replace("<Description>d", "<Description>" + "d" * 5000)))


def test_shrunken() -> None:
    entries = [entry(f"d{i}.example") for i in range(80)]
    assert len(trust_list.parse(document(*entries), in_force=100).entries) == 80
    with pytest.raises(Shrunken):
        trust_list.parse(document(*entries[:79]), in_force=100)
    assert len(trust_list.parse(document(*entries[:79]), in_force=100, forced=True).entries) == 79
    assert len(trust_list.parse(document(*entries), in_force=10).entries) == 80


def test_a_few_unreadable_entries_do_not_stop_the_others() -> None:
    good = [entry(f"d{i}.example") for i in range(150)]
    read = trust_list.parse(document(*good, entry("no domain")))
    assert (len(read.entries), read.left_out) == (150, (151,))
    with pytest.raises(Unreadable):
        trust_list.parse(document(*good, entry("no domain"), entry("a.example", "no subject")))


def test_unknown_children_are_passed_over() -> None:
    assert len(trust_list.parse(document(entry("a.example", extra="<Nouveau>x</Nouveau><!-- c -->"))).entries) == 1


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Hopital.EXAMPLE", "hopital.example"),
        (" hopital.example. ", "hopital.example"),
        ("hôpital.example", "xn--hpital-ixa.example"),
        ("HÔPITAL.example", "xn--hpital-ixa.example"),
        ("ho\u0302pital.example", "xn--hpital-ixa.example"),
        ("XN--HPITAL-IXA.example", "xn--hpital-ixa.example"),
        ("example", None),
        ("", None),
        ("a..example", None),
        ("-a.example", None),
        ("a b.example", None),
        ("[192.0.2.1]", None),
        ("straße.example", None),
        ("a\u200db.example", None),
        ("a" * 64 + ".example", None),
        ("a." * 130 + "example", None),
        ("a@b.example", None),
        ("é" * 300 + ".example", None),
    ],
)
def test_domains(written: str, key: str | None) -> None:
    assert domain_key(written) == key


def test_snapshot() -> None:
    one = TrustSnapshot.of([("A.example", "k"), ("b.example", "k"), ("c.example", "l"), ("no domain", "k")], NOW - 2 * HOUR, HOUR)
    assert one.domains("k") == {"a.example", "b.example"}
    assert one.domains("unknown") == frozenset()
    assert one.listed == {"a.example", "b.example", "c.example"}
    assert one.stale(NOW)
    assert not one.stale(NOW - HOUR)
    assert not one.absent()
    assert TrustSnapshot.of([]).absent()
    assert not TrustSnapshot.of([], NOW - 1000 * HOUR).stale(NOW)
    assert TrustSnapshot.of([], None, HOUR).stale(NOW)


def test_ten_thousand_entries_are_quick() -> None:
    data = document(*(entry(f"d{i}.example", DN.replace("mx", f"mx{i % 400}")) for i in range(10_000)))
    began = time.perf_counter()
    read = trust_list.parse(data)
    snapshot = TrustSnapshot.of((one.domain, one.dn_key) for one in read.entries)
    assert time.perf_counter() - began < 2
    assert len(snapshot.listed) == 10_000
    began = time.perf_counter()
    TrustSnapshot.of((one.domain, one.dn_key) for one in read.entries)
    assert time.perf_counter() - began < 1


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.integers(0, 2000), st.binary(max_size=6), st.integers(0, 40))
def test_only_faults_escape(place: int, put: bytes, taken: int) -> None:
    data = document(entry("a.example"), entry("b.example"))
    at = place % len(data)
    try:
        trust_list.parse(data[:at] + put + data[at + taken :])
    except Fault:
        pass


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=60))
def test_any_domain_gives_a_key_or_none(text: str) -> None:
    key = domain_key(text)
    assert key is None or domain_key(key) == key
