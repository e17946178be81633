"""HTML that is cut, nested, endless, or would act."""

from __future__ import annotations

import pytest

from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import html_clean, html_text

WHOLE = b"<html><body><p>Lettre d'essai.</p><table><tr><td>a</td></tr></table></body></html>"

ATTACKS = {
    "nested": b"<div>" * 200_000,
    "nested tables": b"<table><tr><td>" * 50_000,
    "nested in lists": b"<ul><li>" * 100_000 + b"a",
    "misnested": b"<b><i></b></i>" * 100_000,
    "open tags": b"<" * 2_000_000,
    "an attribute without end": b'<p a="' + b"b" * 3_000_000,
    "as many attributes": b"<p " + b" ".join(b"a%d=1" % n for n in range(10_000)) + b">a",
    "a hundred thousand attributes": b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">a",
    "attributes between slashes": b"<p/" + b"/".join(b"a%d" % n for n in range(100_000)) + b">a",
    "attributes without blanks": b"<p " + b"".join(b'a%d="1"' % n for n in range(100_000)) + b">a",
    "attributes that hold the end of a tag": b"<p " + b" ".join(b'a%d="<>"' % n for n in range(50_000)) + b">a",
    "attributes to the end": b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)),
    "entities": b"&amp" * 700_000,
    "numbers past Unicode": b"&#99999999999;&#xD800;&#0;" * 50_000,
    "comments never closed": b"<!--" * 700_000,
    "CDATA": b"<![CDATA[" * 300_000,
    "formatting without end": b"<a>" * 30_000 + b"<p>" * 3_000,
    "NUL": b"<p>\0" * 800_000,
}
ACTING = {
    "a script": b"<script>alert(1)</script>",
    "a script in a tag": b"<scr<script>ipt>alert(1)</script>",
    "an event": b"<p onclick=alert(1)>a</p>",
    "an address that acts": b'<a href="java&#10;script:alert(1)">a</a>',
    "a remote image": b'<img src="https://essai.example/a.png"><p style="background:url(https://essai.example/b)">a',
    "a frame": b'<iframe src="https://essai.example"></iframe><object data="x"></object><embed src="x">',
    "a drawing": b"<svg><script>alert(1)</script><a xlink:href='javascript:alert(1)'><text>a</text></a></svg>",
    "mathematics": b"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "a noscript": b'<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "a base": b'<base href="https://essai.example/"><meta http-equiv=refresh content="0;url=https://essai.example">',
    "a form": b'<form action="https://essai.example"><input name=a><button formaction="javascript:alert(1)">a</button></form>',
}


def shown(data: bytes) -> tuple[str, str]:
    text, html, _ = html_text.shown(data, None, html_clean.clean)
    return text, html


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(shown, data)
    if isinstance(found, tuple):
        assert len(found[0]) <= 4_000_000


def test_a_crowded_tag_loses_its_attributes_and_nothing_else() -> None:
    crowd = " ".join(f"a{n}=1" for n in range(501))
    image = f'<img src="data:image/png;base64,{"A" * 90_000}">'
    text, html, warnings = html_text.shown(f"<p>avant</p><td {crowd}>dedans</td>{image}<p>après</p>".encode(), "utf-8", html_clean.clean)
    assert [line for line in text.split("\n") if line] == ["avant", "dedans", "après"] and "dedans" in html
    assert [one.code for one in warnings] == ["too-large"]
    assert html_text.shown(f"<p>a</p>{image}".encode(), "utf-8")[2] == ()


@pytest.mark.parametrize("data", ACTING.values(), ids=ACTING.keys())
def test_nothing_of_it_acts(data: bytes) -> None:
    _, html = shown(b"<html><body>" + data + b"</body></html>")
    low = html.lower()
    for told in ("<script", "javascript:", "onclick", "onerror", "<img", "<iframe", "<object", "<embed", "<svg", "<form", "<base", "<meta"):
        assert told not in low.replace("&lt;", ""), told
    assert "url(" not in low and "style=" not in low


def test_cut_anywhere() -> None:
    cut_everywhere(shown, WHOLE)
