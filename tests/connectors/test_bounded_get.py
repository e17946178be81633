"""One GET against a host that answers what it likes: whole and in time, or a fault by its name."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.web_host import NOW, Host, answer, host
from vaguemestre.connectors.bounded_get import get
from vaguemestre.connectors.trust_list import ListSource
from vaguemestre.crypto import demo_pki
from vaguemestre.domain.fault import Fault

MOST = 100_000


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Host]:
    with host(tmp_path / "web") as one:
        yield one


def refused(url: str, ca: Path | None, seconds: float = 10.0) -> str:
    with pytest.raises(Fault) as caught:
        get(url, ca, MOST, seconds)
    return caught.value.code


def test_what_is_there(web: Host) -> None:
    web.says = answer(b"x" * MOST, ETag='"a"', Last_Modified="Sun, 22 Nov 2026 09:00:00 GMT")
    found = get(web.url, web.ca, MOST, 10)
    assert (found.data, found.etag, found.modified) == (b"x" * MOST, '"a"', "Sun, 22 Nov 2026 09:00:00 GMT")
    asked = web.asked[0].decode()
    assert asked.startswith("GET /liste.xml HTTP/1.1\r\n")
    assert "Accept-Encoding: identity\r\n" in asked
    assert "Authorization" not in asked
    assert "Cookie" not in asked


def test_nothing_new(web: Host) -> None:
    web.says = answer(b"", "304 Not Modified", ETag='"a"')
    source = ListSource(web.url, web.ca)
    assert source.get('"a"', "yesterday").data is None
    assert b'If-None-Match: "a"\r\n' in web.asked[0]
    assert b"If-Modified-Since" not in web.asked[0]
    assert source.get("", "yesterday").data is None
    assert b"If-Modified-Since: yesterday\r\n" in web.asked[1]
    with pytest.raises(Fault) as caught:
        source.get("", "")
    assert caught.value.code == "redirected", "304 to a question that set no condition"


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (answer(b"oops", "500 Internal Server Error"), "http-500"),
        (answer(b"none", "404 Not Found"), "http-404"),
        (answer(b"", "204 No Content"), "http-204"),
        (answer(b"part", "206 Partial Content"), "http-206"),
        (answer(b"", "301 Moved Permanently", Location="https://ailleurs.example/"), "redirected"),
        (answer(b"", "302 Found", Location="http://127.0.0.1:1/"), "redirected"),
        (answer(b"x" * 10, Content_Length="20"), "cut"),
        (answer(b"x" * (MOST + 1)), "too-large"),
        (answer(b"x" * (MOST + 1), Content_Length=""), "too-large"),
        (answer(b"x", Content_Length="99999999999"), "too-large"),
        (answer(gzip.compress(b"x" * 10_000_000, mtime=0), Content_Encoding="gzip"), "encoded"),
        (answer(b"20\r\nshort", Content_Length="", Transfer_Encoding="chunked"), "cut"),
        (answer(b"zz\r\n", Content_Length="", Transfer_Encoding="chunked"), "cut"),
        (b"220 mail.example ESMTP\r\n", "not-http"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n", "not-http"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n", "not-http"),
        (b"", "not-http"),
    ],
)
def test_refused_by_name(web: Host, says: bytes, code: str) -> None:
    web.says = says
    assert refused(web.url, web.ca) in {code, "unreachable"} if says == b"" else refused(web.url, web.ca) == code


def test_a_body_without_length_ends_with_its_connection(web: Host) -> None:
    web.says = answer(b"whole", Content_Length="")
    assert get(web.url, web.ca, MOST, 10).data == b"whole"


def test_another_authority_and_no_file_of_it(web: Host, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(demo_pki.make_ca(NOW).certificate)
    assert refused(web.url, tmp_path / "other.pem") == "certificate-untrusted"
    assert refused(web.url, tmp_path / "absent.pem") == "ca-unreadable"
    assert refused(web.url, None) == "ca-absent"
    assert refused(web.url.replace("127.0.0.1", "127.0.0.2"), web.ca) in {"certificate-untrusted", "unreachable"}
    assert web.asked == []


def test_a_name_that_the_certificate_does_not_bear(web: Host) -> None:
    assert refused(web.url.replace("127.0.0.1", "ip6-localhost"), web.ca) in {"certificate-untrusted", "unreachable"}


def test_nobody_there_and_no_tls(web: Host, tmp_path: Path) -> None:
    with host(tmp_path / "clear", tls=False) as clear:
        assert refused(clear.url.replace("http:", "https:"), web.ca) in {"tls-failed", "too-slow", "unreachable"}
        gone = clear.url
    assert refused(gone, None) == "unreachable"
    assert refused("file:///etc/hostname", web.ca) == "bad-address"
    with pytest.raises(Fault) as caught:
        ListSource(gone, web.ca).get("", "")
    assert caught.value.code == "bad-address", "never in clear"


def test_a_host_that_drips_is_cut_in_time(web: Host) -> None:
    web.says, web.drip = answer(b"x" * 1000), 0.05
    began = time.monotonic()
    assert refused(web.url, web.ca, seconds=0.5) == "too-slow"
    assert time.monotonic() - began < 3


def test_a_proxy_of_the_environment_is_not_asked(web: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    web.says = answer(b"x")
    assert get(web.url, web.ca, MOST, 10).data == b"x"
