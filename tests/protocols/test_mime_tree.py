"""The skeleton against the standard library's parser, over the corpus, over hand-made defects and over generated mails; and against
hostile ones."""

from __future__ import annotations

import email
import email.message
import email.policy
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.mail_cases import CASES, HPRIM, PNG, mail, multipart, part
from vaguemestre.protocols import mime
from vaguemestre.protocols.mime import Part

MAILS = {name: case.data for name, case in CASES.items() if case.file.endswith(".eml")}


def ours(part: Part) -> list[tuple[str, bytes]]:
    """(media type, content) of every leaf, in order; a mail inside another is opened."""
    found = []
    for one in part.walk():
        if not one.children:
            found.append((one.media_type, one.content()[0]))
    return found


def theirs(data: bytes) -> list[tuple[str, bytes]]:
    found = []
    for one in email.message_from_bytes(data, policy=email.policy.compat32).walk():
        if not one.is_multipart():
            content = one.get_payload(decode=True)
            found.append((one.get_content_type(), content if isinstance(content, bytes) else b""))
    return found


def unended(leaves: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The standard library leaves the line end before a boundary to a part in a few broken cases: not what is compared here."""
    return [(kind, content.rstrip(b"\r\n")) for kind, content in leaves]


@pytest.mark.parametrize("name", sorted(MAILS.keys() - {"mdn"}))  # it takes a disposition notification for a mail
def test_same_leaves_as_the_standard_library(name: str) -> None:
    assert unended(ours(mime.parse(MAILS[name]))) == unended(theirs(MAILS[name]))


@pytest.mark.parametrize("name", MAILS)
def test_same_fields_as_the_standard_library(name: str) -> None:
    parsed = email.message_from_bytes(MAILS[name], policy=email.policy.compat32)
    root = mime.parse(MAILS[name])
    told = [(n.lower().encode(), str(v).encode("utf-8", "surrogateescape")) for n, v in parsed.raw_items()]
    assert [(n, root.data[a:b].rstrip()) for n, a, b in root.fields] == [(n, v.rstrip()) for n, v in told]


def test_octets_are_as_they_came() -> None:
    inner = b"Content-Type: text/plain\r\n\r\nligne 1 \r\n\tligne 2\r\n"
    data = mail(multipart(inner, part("application/pkcs7-signature", b"x"), kind="signed"))
    first = mime.parse(data).children[0]
    # RFC 1847 2.1: what is signed is the part with its header, without the line end that belongs to the boundary
    assert data[first.start : first.end] == inner
    assert mime.parse(data).children[1].number == "2"


def _hypothesis_mail() -> st.SearchStrategy[bytes]:
    text = st.text(alphabet="abé -=\n\r.", max_size=60).map(lambda s: s.encode())
    leaf = st.builds(
        lambda body, encode, kind: part(kind, body, encode=encode),
        st.one_of(text, st.binary(max_size=200), st.just(HPRIM), st.just(PNG)),
        st.just(True),
        st.sampled_from(["text/plain", "text/html; charset=utf-8", "application/pdf", "application/octet-stream; name=a"]),
    )
    return st.recursive(
        leaf,
        lambda inner: st.builds(
            lambda parts, n, kind: multipart(*parts, kind=kind, boundary=f"b{n}"),
            st.lists(inner, min_size=1, max_size=4),
            st.integers(0, 1_000_000),
            st.sampled_from(["mixed", "alternative", "related"]),
        ),
        max_leaves=8,
    ).map(mail)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_hypothesis_mail())
def test_generated_mails(data: bytes) -> None:
    boundaries = re.findall(rb'boundary="(b\d+)"', data)
    if len(set(boundaries)) != len(boundaries):
        return  # one boundary used at two depths has no meaning (RFC 2046 5.1.2)
    assert unended(ours(mime.parse(data))) == unended(theirs(data))
    assert mime.parse(data).all_defects() == []


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(MAILS)), st.data())
def test_damaged_mails(name: str, data: st.DataObject) -> None:
    octets = bytearray(MAILS[name])
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(octets) - 1))
        how = data.draw(st.sampled_from(["set", "cut", "insert"]))
        if how == "set":
            octets[place] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del octets[place : place + data.draw(st.integers(1, 40))]
        else:
            octets[place:place] = data.draw(
                st.sampled_from(
                    [b"\r\n", b"\n\n", b"--=_essai\r\n", b"--=_essai--\r\n", b"Content-Type: multipart/mixed\r\n", b"\0", b"=", b";"]
                )
            )
        if not octets:
            return
    root = mime.parse(bytes(octets))
    for one in root.walk():
        assert 0 <= one.start <= one.header_end <= one.body <= one.end <= len(octets)
        one.content()
        for child in one.children:
            assert one.body <= child.start <= child.end <= one.end


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_cut_is_always_seen(cut: int) -> None:
    """However much of the end is lost, from the closing boundary up to the last attachment's middle."""
    whole = MAILS["hprim-attached"]
    lost = whole[: len(whole) - 8 - cut]
    root = mime.parse(lost)
    assert mime.UNCLOSED in root.all_defects()


@pytest.mark.parametrize(
    ("encoded", "content", "defects"),
    [
        (b"Ym9uam91cg==", b"bonjour", ()),
        (b"Ym9u\r\nam91\r\ncg==\r\n", b"bonjour", ()),
        (b"Ym9uam91cg", b"bonjour", (mime.CUT_BASE64,)),
        (b"Ym9uam91c", b"bonjou", (mime.CUT_BASE64,)),
        (b"Ym9u*am91cg==", b"bonjour", (mime.BAD_BASE64,)),
        (b"Ym9uam91cg==\r\nYm9uam91cg==\r\n", b"bonjourbonjour", (mime.BAD_BASE64,)),
        (b"Ym9uam91cg==\r\n-- \r\nv\xe9rifi\xe9 sans virus\r\n", b"bonjour", (mime.BAD_BASE64,)),
        (b"", b"", ()),
        (b"====", b"", ()),
    ],
)
def test_base64(encoded: bytes, content: bytes, defects: tuple[str, ...]) -> None:
    assert mime.decode_body(encoded, "base64") == (content, defects)


def test_other_encodings() -> None:
    assert mime.decode_body(b"=C3=A9t=\r\n=C3=A9 =3D", "quoted-printable") == ("été =".encode(), ())
    assert mime.decode_body(b"x", "x-inconnu") == (b"x", (mime.UNKNOWN_ENCODING,))


@pytest.mark.parametrize(
    ("boundary", "line"),
    [('"a b"', b"a b"), ("a=b", b"a=b"), ('"a\\"b"', b'a"b'), ("'a'", b"'a'"), ('"a"; x=y', b"a"), ("a; x=y", b"a"), ('"a" (dit)', b"a")],
)
def test_boundary_forms(boundary: str, line: bytes) -> None:
    data = f"Content-Type: multipart/mixed;\r\n\tboundary={boundary}\r\n\r\n".encode() + b"--" + line + b" \r\n\r\nx\r\n--" + line + b"--"
    root = mime.parse(data)
    assert [c.octets() for c in root.children] == [b"x"]
    assert root.defects == []


def test_a_boundary_that_begins_as_another() -> None:
    inner = multipart(part("text/plain", b"x", encode=False), boundary="ab-1")
    root = mime.parse(mail(multipart(inner, boundary="ab")))
    assert [c.media_type for c in root.walk()] == ["multipart/mixed", "multipart/mixed", "text/plain"]


def test_line_ends_and_forms_of_old_files() -> None:
    data = MAILS["hprim-attached"]
    for changed in (data.replace(b"\r\n", b"\n"), data.replace(b"\r\n", b"\r"), b"From x Mon Jan  1 00:00:00 2024\n" + data):
        root = mime.parse(changed)
        assert [c.media_type for c in root.children] == ["text/plain", "application/octet-stream"]
        assert root.children[1].content()[0] == HPRIM


@pytest.mark.parametrize(
    ("hostile", "defect"),
    [
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 1_000_000, mime.TOO_MANY_PARTS),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bb\r\n" * 1_000_000, mime.TOO_MANY_PARTS),
        (b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5_000)), mime.TOO_DEEP),
        (b"Content-Type: message/rfc822\r\n\r\n" * 50_000, mime.TOO_DEEP),
        (b"Subject: " + b"x" * 20_000_000, mime.HEADER_TOO_LONG),
        (b"X: y\r\n" * 3_000_000, mime.HEADER_TOO_LONG),
        (b"Subject: a\r\n" + b" \r\n" * 5_000_000, mime.HEADER_TOO_LONG),
        (b"\r\n" * 5_000_000, None),
        (b"Content-Type: multipart/mixed; boundary=" + b'"' * 500_000 + b"\r\n\r\nx", mime.NO_BOUNDARY),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b" * 3_000_000, None),
        (b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 5_000_000, None),
        (b"Content-Transfer-Encoding: base64\r\n\r\n" + b"A=" * 1_000_000, None),
        (b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 5_000_000, None),
    ],
    ids=range(13),
)
def test_hostile_mails_cost_bounded_time(hostile: bytes, defect: str | None) -> None:
    begun = time.process_time()
    root = mime.parse(hostile)
    count = 0
    for one in root.walk():
        count += 1
        one.content()
    assert time.process_time() - begun < 5
    assert count <= mime.MAX_PARTS + 1
    if defect is not None:
        assert defect in root.all_defects()


def test_it_is_quick() -> None:
    """A tenth of the standard library's time at least; figures in bench/."""
    data = MAILS["hprim-attached"]

    def spent(what: object) -> float:
        begun = time.process_time()
        for _ in range(200):
            what(data)  # type: ignore[operator]
        return time.process_time() - begun

    own = min(spent(lambda d: ours(mime.parse(d))) for _ in range(3))
    assert own < min(spent(theirs) for _ in range(3))


@pytest.mark.parametrize(
    ("head", "types"),
    [
        (b": rien\r\n", ["text/plain", "application/octet-stream"]),
        (b" pli de rien\r\n", ["text/plain", "application/octet-stream"]),
        (b"X: y\r\n: rien\r\n pli\r\n", ["text/plain", "application/octet-stream"]),
        (b"X: y\r\nFrom a@b.example Mon\r\n", ["text/plain", "application/octet-stream"]),
    ],
)
def test_a_line_that_is_no_field_hides_no_part(head: bytes, types: list[str]) -> None:
    root = mime.parse(head + MAILS["hprim-attached"])
    assert [one.media_type for one in root.children] == types
    assert mime.BROKEN_HEADER in root.defects


def test_the_same_boundary_line_twice_opens_one_part() -> None:
    data = MAILS["hprim-attached"].replace(b"--=_essai\r\n", b"--=_essai\r\n--=_essai\r\n", 1)
    assert [one.media_type for one in mime.parse(data).children] == ["text/plain", "application/octet-stream"]


@pytest.mark.parametrize(
    ("encoded", "content", "defects"),
    [
        (b"begin 644 a.hpr\n#86)C\n`\nend\n", b"abc", ()),
        (b"Bonjour\r\nbegin 644 a b.hpr\r\n#86)C\r\n`\r\nend\r\nfin", b"abc", ()),
        (b"begin 644 a\n#86)C\n", b"abc", (mime.CUT_UUENCODE,)),
        (b"begin 644 a\n#86)C    \n \nend\n", b"abc", ()),
        (b"begin 644 a\n\xff\xfe\n", b"", (mime.CUT_UUENCODE,)),
        (b"sans debut", b"sans debut", (mime.UNKNOWN_ENCODING,)),
    ],
)
def test_uuencode(encoded: bytes, content: bytes, defects: tuple[str, ...]) -> None:
    assert mime.decode_body(encoded, "x-uuencode") == (content, defects)


@pytest.mark.parametrize(
    ("end", "cut"), [(b"=", False), (b"=\r\n", False), (b"=C", True), (b"=C3", False), (b"=C3=", False), (b"x=a", True), (b"==", False)]
)
def test_a_cut_in_quoted_printable(end: bytes, cut: bool) -> None:
    assert mime.decode_body(b"texte" + end, "quoted-printable")[1] == ((mime.CUT_QUOTED,) if cut else ())
