"""Header values: names, dates, addresses, and the quick facts of the SMTP door."""

from __future__ import annotations

import email.header
import email.utils
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.domain.fault import Fault
from vaguemestre.protocols import mime


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"simple", "simple"),
        (b"=?utf-8?q?R=C3=A9sultat?=", "Résultat"),
        (b"=?UTF-8?B?UsOpc3VsdGF0?= du jour", "Résultat du jour"),
        (b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        (b"=?utf-8?q?a?=\r\n =?iso-8859-1?q?=E9?=", "aé"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        (b"=?utf-8?q?deux_mots?=", "deux mots"),
        (b"=?x-unknown?q?=E9t=E9?=", "été"),
        (b"=?utf-8*fr?q?=C3=A9?=", "é"),
        (b"r\xe9sultat", "résultat"),
        ("résultat".encode(), "résultat"),
        (b"plie\r\n en deux", "plie en deux"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
        (b"a\x00b\x1b[31m", "a b [31m"),
        (b"=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x"),
    ],
)
def test_encoded_words(value: bytes, text: str) -> None:
    assert mime.decoded(value) == text


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (b'text/plain; name="a b.txt"', "name", "a b.txt"),
        (b"text/plain; name=a.txt; x=y", "name", "a.txt"),
        (b"attachment; filename*=utf-8''r%C3%A9s.hpr", "filename", "rés.hpr"),
        (b"attachment; filename*=iso-8859-1'fr'r%E9s.hpr", "filename", "rés.hpr"),
        (b"attachment; filename*0*=utf-8''r%C3%A9; filename*1=s.hpr", "filename", "rés.hpr"),
        (b"attachment; filename*1=b; filename*0=a", "filename", "ab"),
        (b'attachment; filename="=?utf-8?q?r=C3=A9s?="', "filename", "rés"),
        (b'attachment; filename="r\xe9s.hpr"', "filename", "rés.hpr"),
        (b'attachment; filename="a\\"b"', "filename", 'a"b'),
        (b"attachment;\r\n\tfilename=a", "filename", "a"),
        (b"attachment; filename=x.hpr\r\n", "filename", "x.hpr"),
        (b"attachment; FileName=x", "filename", "x"),
        (b"attachment; filename*=x-unknown''%E9", "filename", "é"),
        (b"attachment; filename=compte rendu.pdf", "filename", "compte rendu.pdf"),
    ],
)
def test_parameters(value: bytes, name: str, text: str) -> None:
    assert mime.parameters(value)[name] == text


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        (b"Tue, 12 Mar 2024 08:30:00 +0100", "2024-03-12T08:30:00+01:00"),
        (b"12 Mar 2024 08:30 -0000", "2024-03-12T08:30:00+00:00"),
        (b"Wed, 20 Feb 2024 00:19:00 (EDT) -0400", "2024-02-20T00:19:00-04:00"),
        (b"Wed, 20 Feb 2024 00:19:00 +0100 (CET)", "2024-02-20T00:19:00+01:00"),
        (b"Wed, 20 Feb 2024 00:19:00 GMT", "2024-02-20T00:19:00+00:00"),
        (b"Wed, 20 Feb 24 00:19:00 EST", "2024-02-20T00:19:00-05:00"),
        (b"Wed, 20 Feb 2024 00:19:00", "2024-02-20T00:19:00"),
        (b"Wed, 20 Feb 2024 00:19:60 +0000", "2024-02-20T00:19:59+00:00"),
        (b"31 Feb 2024 00:19:00 +0000", None),
        (b"20 Foo 2024 00:19:00 +0000", None),
        (b"20 Feb 2024 25:19:00 +0000", None),
        (b"20 Feb 2024 00:19:00 +9900", None),
        (b"hier", None),
        (b"", None),
    ],
)
def test_dates(value: bytes, iso: str | None) -> None:
    assert mime.date(value) == iso


CERTAIN = [
    (b"a@b.example", ["a@b.example"]),
    (b"Nom <a@b.example>", ["a@b.example"]),
    (b'"x, y@z.example" <a@b.example>', ["a@b.example"]),
    (b"=?utf-8?q?a=40evil=2Eexample?= <a@b.example>", ["a@b.example"]),
    (b"a@b.example, Nom <c@d.example>", ["a@b.example", "c@d.example"]),
    (b"a@b.example (c@d.example)", ["a@b.example"]),
    (b"groupe: a@b.example, N <c@d.example>;", ["a@b.example", "c@d.example"]),
    (b"undisclosed-recipients:;", []),
    (b'"a b"@c.example', ['"a b"@c.example']),
    (b"A.B+c@D.Example", ["A.B+c@D.Example"]),
    (b"a (x) @ (y) b.example", ["a@b.example"]),
    (b"Nom\r\n <a@b.example>", ["a@b.example"]),
    (b"a@[192.0.2.1]", ["a@[192.0.2.1]"]),
    (b"", []),
    (b"J. Essai <a@b.example>", ["a@b.example"]),
    ("Médecin <a@b.example>".encode("latin-1"), ["a@b.example"]),
]
UNCERTAIN = [
    b"a@b.example <c@d.example>",
    b"<a@b.example> <c@d.example>",
    b"a@b.example c@d.example",
    b"a@b@c.example",
    b"a@b.example;",
    b"groupe: a@b.example",
    b"<a@b.example",
    b"a@b.example>",
    b'"a <c@d.example>',
    b"a@b.example (",
    b"a@b.example )",
    b"a@",
    b"@b.example",
    b"a..b@c.example",
    b"a.@c.example",
    b"a@b..example",
    b"a@-b.example",
    b"<@x.example:a@b.example>",
    b"=?utf-8?q?a=40b=2Eexample?=",
    b"=?utf-8?q?a?=@b.example",
    "é@b.example".encode(),
    "a@é.example".encode(),
    "a@b\u3002example".encode(),
    b"a\x00@b.example",
    b"a@b.example\x00",
    b"a@b.example\r\nFrom: c@d.example",
    b"nom seul",
    b"groupe: autre: a@b.example;;",
    b"a@b.example\\, c@d.example",
]


@pytest.mark.parametrize(("value", "found"), CERTAIN)
def test_certain_addresses(value: bytes, found: list[str]) -> None:
    assert mime.addresses(value) == found


@pytest.mark.parametrize("value", UNCERTAIN)
def test_uncertain_addresses_are_a_fault(value: bytes) -> None:
    with pytest.raises(Fault):
        mime.addresses(value)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(["a", "@", "<", ">", "b.example", ",", ";", ":", '"', "(", ")", " ", "\\", ".", "é", "=?utf-8?q?x?=", "\r\n "]),
        max_size=12,
    )
)
def test_an_accepted_list_hides_no_address(pieces: list[str]) -> None:
    """What the standard library's strict reading finds is in ours, whenever ours is sure."""
    value = "".join(pieces)
    try:
        found = mime.addresses(value.encode())
    except Fault:
        return
    told = [address for _, address in email.utils.getaddresses([value]) if address]
    if told and all(address.count("@") == 1 and '"' not in address for address in told):
        assert {a.replace(" ", "") for a in told} <= {a.replace(" ", "") for a in found}


def test_shown_addresses_never_raise() -> None:
    assert mime.shown(b'"Dr Essai" <a@b.example>, =?utf-8?q?=C3=89t=C3=A9?= <c@d.example>, "x, y" <e@f.example>') == (
        "Dr Essai <a@b.example>",
        "Été <c@d.example>",
        "x, y <e@f.example>",
    )
    for value in UNCERTAIN:
        mime.shown(value)


def test_header_facts() -> None:
    data = (
        b"Return-Path: <r@b.example>\r\nFROM : a@b.example\r\nfrom: c@d.example\r\n\te\r\n"
        b"Message-Id:\r\n <x@y>\r\n\r\nFrom: dedans@z.example\r\n"
    )
    facts = mime.header_facts(data)
    assert facts.from_ == [b"a@b.example", b"c@d.example\r\n\te"]
    assert (facts.message_id, facts.return_path, facts.complete) == ("<x@y>", [b"<r@b.example>"], True)
    assert data[facts.body :].startswith(b"From: dedans")


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"Subject: x\r\nceci n'est pas un champ\r\nFrom: a@b.example\r\n\r\n", 1),
        (b"\r\nFrom: a@b.example\r\n\r\n", 0),
        (b"From: a@b.example", 1),
        (b"X-From: a\r\nSubject: x\r\n From: pli@b.example\r\n\r\n", 0),
        (b"", 0),
    ],
)
def test_no_from_escapes(data: bytes, count: int) -> None:
    assert len(mime.header_facts(data).from_) == count


def test_header_facts_are_bounded() -> None:
    begun = time.process_time()
    for hostile in (b"From: x\r\n" * 500_000, b"From:" + b" \r\n" * 1_000_000, b"a" * 5_000_000, b"From:\n" * 1_000_000):
        assert not mime.header_facts(hostile, 100_000).complete
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "hostile", [b"(" * 60_000, b'"' * 60_000, b"a," * 30_000, b"a@b.example," * 5_000, b"<" * 60_000, b":" * 60_000, b"\\" * 60_000]
)
def test_hostile_addresses_cost_bounded_time(hostile: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(Fault):
        mime.addresses(hostile)
    mime.shown(hostile)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "hostile", [b"=?" * 9_000, b"=?utf-8?q?" * 2_000, b"=?utf-8?q?a?= " * 1_400, b" \r\n" * 6_000, b"; a*0*=" * 2_800, b';a="' * 5_000]
)
def test_hostile_values_cost_bounded_time(hostile: bytes) -> None:
    begun = time.process_time()
    mime.decoded(hostile)
    mime.parameters(b"text/plain" + hostile)
    mime.date(hostile)
    assert time.process_time() - begun < 2


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=120))
def test_nothing_escapes(octets: bytes) -> None:
    for value in (octets, b"=?utf-8?b?" + octets + b"?=", b"; name*0*=utf-8'" + octets):
        mime.decoded(value).encode()
        for text in mime.parameters(value).values():
            text.encode()
        mime.date(value)
        mime.shown(value)
        mime.header_facts(value)
        try:
            mime.addresses(value)
        except Fault:
            pass


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?utf-8?q?facture=E2=80=AEfdp.exe?=", "facturefdp.exe"),
        (b"=?utf-8?q?a=E2=81=A6b=E2=80=8Fc=E2=80=8Bd=EF=BB=BFe?=", "abcde"),
        ("a\u202eb\u2028c\u0085d".encode(), "ab c d"),
        (b"a\xc2\x9bb", "a b"),
        (b"=?utf-8?q?a=00b?=", "a b"),
        ("famille \U0001f468\u200d\U0001f469 e\u0301".encode(), "famille \U0001f468\u200d\U0001f469 e\u0301"),
        (b"=?utf-7?q?+2AA-?=", "+2AA-"),
        (b"=?unicode_escape?q?=5Cud800?=", "\\ud800"),
        (b"=?rot13?q?abc?=", "abc"),
        (b"=?idna?q?xn--a?=", "xn--a"),
        (b"=?utf-16?b?/v8A6Q==?=", "é"),
        (b"=?iso-2022-jp?b?GyRCJUYbKEI=?=", "テ"),
    ],
)
def test_no_header_hides_or_turns_what_is_shown(value: bytes, text: str) -> None:
    assert mime.decoded(value) == text
    mime.decoded(value).encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b'attachment; filename="a.pdf', "a.pdf"),
        (b'attachment; filename=a"b', 'a"b'),
        (b"attachment; filename*1=b.pdf", "b.pdf"),
        (b"attachment; filename*0=a; filename*2=.pdf", "a.pdf"),
        (b"attachment; filename=a.pdf; filename*1=", "a.pdf"),
        (b"attachment; filename=a.pdf; filename*=utf-8''r%C3%A9s.pdf", "rés.pdf"),
        (b"attachment; filename*=utf-8''r%C3%A9s.pdf; filename=a.pdf", "rés.pdf"),
        (b"attachment; filename*=utf-8''%ZZ%4", "%ZZ%4"),
        (b"attachment; filename*=utf-8''%00a%1B%2E%2E%2Fb", "a ../b"),
        (b"attachment; filename*0*=utf-8''%C3; filename*1*=%A9.pdf", "é.pdf"),
        (b"attachment; filename*0*=iso-8859-1''%E9; filename*1=%E9.pdf", "é%E9.pdf"),
        (b"attachment; filename*==?utf-8?b?w6kucGRm?=", "é.pdf"),
        (b'attachment; filename*0="=?utf-8?q?r=C3=A9?="; filename*1="=?utf-8?q?s.pdf?="', "rés.pdf"),
        (b"attachment; filename*=unicode-escape''%5Cud800", "\\ud800"),
        (b"attachment; filename*=punycode''" + b"a" * 3_000, "a" * 991),
    ],
)
def test_abuses_of_file_names(value: bytes, text: str) -> None:
    found = mime.parameters(value)["filename"]
    assert found == text
    found.encode()
