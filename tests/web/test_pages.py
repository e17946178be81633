"""What every page keeps: its policy, nothing inline, POST alone changes, downloads never shown in place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.web.test_access import addresses, patterns, state
from tests.web.world import World, document, stated

Browser = Callable[..., Any]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        self.faults += [f"<{tag} {name}>" for name in names if name.startswith(("on", "hx-on")) or name == "style"]
        self.faults += [f"{name}=javascript:" for name, value in attrs if (value or "").strip().lower().startswith("javascript:")]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.faults.append(f"inline <{tag}>")
        if tag in {"script", "img", "link"}:
            address = dict(attrs).get("src") or dict(attrs).get("href") or ""
            if not address.startswith("/") or address.startswith("//"):
                self.faults.append(f"{tag} from {address}")


def pages(world: World, browser: Browser) -> Iterator[tuple[str, Any]]:
    """Every page that is HTML, as its rightful reader sees it, the errors among them."""
    for login in (None, "accueil", "admin"):
        client = browser(login)
        for _, address, _, _ in addresses(world):
            response = client.get(address)
            if response.headers["Content-Type"].startswith("text/html"):
                yield address, response


def test_every_page_has_its_policy_and_nothing_inline(world: World, browser: Browser) -> None:
    seen = 0
    for address, response in pages(world, browser):
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["Cache-Control"] == "no-store, private" or response.status_code in {200, 302}, address
        if response.status_code != 302:
            assert "no-store" in response.headers["Cache-Control"], address
        tags = _Tags()
        tags.feed(response.content.decode())
        assert tags.faults == [], address
        seen += 1
    assert seen > 60


def test_style_sheet_and_scripts_are_kept_for_ever_under_changing_names(world: World, browser: Browser) -> None:
    page = browser().get("/connexion").content.decode()
    found = re.findall(r'"(/static/[^"]+)"', page)
    assert {address.rpartition("/")[2] for address in found} == {"style.css", "keys.js", "htmx.min.js", "icon.svg"}
    for address in found:
        response = browser().get(address)
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
        digest = address.split("/")[2]
        assert hashlib.sha256(response.content).hexdigest().startswith(digest)
        assert browser().get(address.replace(digest, "000000000000")).headers["Cache-Control"] == "no-cache"
    for name in ("../urls.py", "vendor/../../urls.py", "%2e%2e/urls.py", "nothing.css", ""):
        assert browser().get(f"/static/0/{name}").status_code in {404, 302}


def test_htmx_is_bridled(world: World, browser: Browser) -> None:
    page = browser().get("/connexion").content.decode()
    settings = page.split("htmx-config\" content='")[1].split("'")[0]
    import json

    assert json.loads(settings) == {"allowEval": False, "includeIndicatorStyles": False, "selfRequestsOnly": True, "historyCacheSize": 0}


def test_only_post_changes(world: World, browser: Browser) -> None:
    """GET of every address, as the one who may everything, changes nothing but what was read."""
    before = state()
    client = browser("accueil")
    for _, address, _, _ in addresses(world):
        client.get(address)
        client.head(address)
    after = state()
    assert after[0:2] == before[0:2]
    assert after[2][:4] == before[2][:4]


def test_a_form_without_its_token_is_refused(world: World, browser: Browser) -> None:
    before = state()
    client = browser("accueil", enforce_csrf_checks=True)
    for name, address, _, number in addresses(world):
        if number != 999_999 and name != "asset":
            response = client.post(address, {"patient": world.patients["P5"].pk, "confirmed": "yes"})
            assert response.status_code in {403, 405}, address
    assert state() == before
    expired = client.post(f"/documents/{world.documents['homonyms'].pk}/classer")
    assert "Page expirée" in expired.content.decode() or expired.status_code == 403


def test_no_address_holds_anything_clinical(world: World) -> None:
    """Row numbers, list words, numbers of files and pages and asset names are all that an address may hold (promise 5)."""
    known = {("row", "number"), ("row", "place"), ("row", "page"), ("str", "digest"), ("path", "name")}
    for _, route in patterns():
        assert set(re.findall(r"<(\w+):(\w+)>", route)) <= known, route


def test_nothing_that_a_document_says_becomes_markup(world: World, browser: Browser) -> None:
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    columns = {"title": attack, "author": attack, "text": attack, "subject": attack, "cover": attack}
    line = ({"label": attack, "value": attack, "unit": attack, "low": attack, "high": attack, "flag": attack[:32], "chapter": attack,
             "comment": attack, "code": "X", "group": [attack], "alternative": {"number": attack, "unit": attack}},)  # fmt: skip
    for of in ("P1", None):
        label = f'"{attack}" <a@b.example>'
        said = stated(attack, attack, "1971-03-14")
        paper = document(world, f"attack-{of}", "roche", of=of, stated=said, label=label, results=line, **columns)
        client = browser("roche")
        for address in (f"/documents/{paper.pk}/", "/?liste=tous", f"/patients/{world.patients['P1'].pk}/"):
            page = client.get(address).content.decode()
            assert "<script>alert" not in page, address
            assert "<img src=x" not in page, address
        page = client.post("/recherche", {"q": attack[:100]}).content.decode()
        assert "<script>alert" not in page


def test_an_original_is_a_download_and_nothing_else(world: World, browser: Browser, data_directory: Path) -> None:
    hostile = b"From: a@b.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>"
    paper = document(world, "html", "roche", data=hostile, own=b"<script>alert(1)</script>", vault=data_directory / "vault", format="html")
    client = browser("roche")
    for word in ("original", "message"):
        response = client.get(f"/documents/{paper.pk}/{word}")
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment; ")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert "no-store" in response.headers["Cache-Control"]
    assert client.get(f"/documents/{paper.pk}/message").content == hostile
    from vaguemestre.records.models import TraceEvent

    assert TraceEvent.objects.filter(event="document-downloaded", object=f"document:{paper.pk}").count() == 3


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("bilan.pdf", "bilan.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "a__Set-Cookie_ x_1.pdf"),
        ('a"; filename="b.exe', "a__ filename__b.exe"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("", "document"),
        ("...", "document"),
        ("é" * 300, "document"),
    ],
)
def test_the_name_of_a_download_is_harmless(data_directory: Path, name: str, plain: str) -> None:
    from vaguemestre.web.originals import _attachment

    disposition = _attachment(b"x", "text/html", name)["Content-Disposition"]
    assert f'filename="{plain}"' in disposition
    assert "\r" not in disposition
    assert "\n" not in disposition


def test_a_vault_object_that_is_gone_is_a_calm_404(world: World, browser: Browser, data_directory: Path) -> None:
    paper = document(world, "gone", "roche", data=b"never kept", format="pdf", stated=stated("A", "B", None))
    client = browser("roche")
    assert client.get(f"/documents/{paper.pk}/").status_code == 200
    assert client.get(f"/documents/{paper.pk}/original").status_code == 404
    assert client.get(f"/documents/{paper.pk}/pages/1.png").status_code == 404


def test_looking_at_the_list_writes_nothing(world: World, browser: Browser) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = browser("roche")
    client.get("/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/")
    assert [q["sql"] for q in asked if not q["sql"].startswith(("SELECT", "BEGIN", "COMMIT"))] == []


# --- decisions as a browser makes them -------------------------------------------------------------------------------------------


def test_one_click_files_and_the_next_document_comes_up(world: World, browser: Browser) -> None:
    client = browser("accueil")
    twins, stranger = world.documents["twins"], world.documents["stranger"]
    response = client.post(f"/documents/{twins.pk}/classer", {"patient": world.patients["P2"].pk})
    assert response["Location"] == f"/documents/{stranger.pk}/?liste=a-verifier"
    page = client.get(response["Location"]).content.decode()
    assert "Classé dans le dossier de OSTERMANN Leo." in page
    assert f'href="/documents/{twins.pk}/">Revoir ou annuler' in page
    page = client.get(f"/documents/{twins.pk}/").content.decode()
    assert "Dossier choisi par accueil" in page


def test_a_filing_by_hand_is_never_told_as_that_of_a_rule(world: World, browser: Browser) -> None:
    from vaguemestre.records.models import Filing

    client, twins = browser("accueil"), world.documents["twins"]
    client.post(f"/documents/{twins.pk}/classer", {"patient": world.patients["P2"].pk})
    rule = type(twins).objects.get(pk=twins.pk).rule
    assert rule == twins.rule
    page = client.get(f"/documents/{twins.pk}/").content.decode()
    assert "Dossier choisi par accueil" in page
    assert f"Règle {rule}" not in page
    # The account that chose was removed since.
    Filing.objects.filter(document=twins).update(by=None)
    page = client.get(f"/documents/{twins.pk}/").content.decode()
    assert "Une personne a choisi ce dossier." in page
    assert f"Règle {rule}" not in page


def test_the_second_of_two_people_reads_one_clear_sentence(world: World, browser: Browser) -> None:
    twins = world.documents["twins"]
    browser("accueil").post(f"/documents/{twins.pk}/classer", {"patient": world.patients["P2"].pk})
    late = browser("roche")
    response = late.post(f"/documents/{twins.pk}/classer", {"patient": world.patients["P3"].pk, "confirmed": "yes"}, follow=True)
    page = response.content.decode()
    assert "Trop tard : ce document vient d&#x27;être classé par une autre personne." in page
    assert "Dossier choisi par accueil" in page
    late.post(f"/documents/{twins.pk}/annuler")
    assert "Ce classement a déjà été annulé." in late.post(f"/documents/{twins.pk}/annuler", follow=True).content.decode()


def test_a_blocked_document_asks_twice(world: World, browser: Browser) -> None:
    client, blocked = browser("accueil"), world.documents["blocked"]
    address = f"/documents/{blocked.pk}/classer"
    assert "alerte identité" in client.get(f"/documents/{blocked.pk}/").content.decode().lower()
    asked = client.post(address, {"patient": world.patients["P1"].pk})
    assert asked.status_code == 200
    assert 'name="confirmed"' in asked.content.decode()
    unticked = client.post(address, {"patient": world.patients["P1"].pk, "confirming": "yes"})
    assert "Cochez la case pour confirmer." in unticked.content.decode()
    assert type(blocked).objects.get(pk=blocked.pk).decision == "blocked"
    assert client.post(address, {"patient": world.patients["P1"].pk, "confirmed": "yes"}).status_code == 302
    assert type(blocked).objects.get(pk=blocked.pk).decision == "filed"


def test_undo_puts_back_and_says_so(world: World, browser: Browser) -> None:
    client, urgent = browser("roche"), world.documents["urgent"]
    response = client.post(f"/documents/{urgent.pk}/annuler", follow=True)
    page = response.content.decode()
    assert "Classement annulé" in page
    assert "Classement chez VIGNERON Amandine annulé le" in page
    assert "6.4" not in client.get(f"/patients/{world.patients['P1'].pk}/").content.decode()


def test_charts_are_found_for_a_document(world: World, browser: Browser) -> None:
    client, stranger = browser("accueil"), world.documents["stranger"]
    address = f"/documents/{stranger.pk}/patients"
    part = client.post(address, {"q": "breteuil"}, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part
    assert part.count("data-choice") == 2
    assert "<html" in client.post(address, {"q": "breteuil"}).content.decode()
    assert "data-choice" not in client.post(address, {"q": "kerguelen"}, headers={"hx-request": "true"}).content.decode()


def test_an_error_inside_shows_and_logs_nothing_clinical(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from vaguemestre.web import inbox

    def broken(*_: object) -> None:
        raise ValueError("DELCOURT AMANDINE 1971-03-14")

    monkeypatch.setattr(inbox.inbox, "page", broken)
    client = browser("roche")
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Rien n'est perdu" in response.content.decode().replace("&#x27;", "'")
    output = capfd.readouterr()
    assert "DELCOURT" not in response.content.decode() + output.out + output.err
    assert "500 ValueError access.py:" in output.err, "the log says what failed and where"
    client.get("/documents/DELCOURT")
    assert "DELCOURT" not in capfd.readouterr().err


def test_error_pages_need_neither_database_nor_sign_in(data_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.backends.utils import CursorWrapper
    from django.test import RequestFactory

    from vaguemestre.web import errors

    def gone(*_: object) -> None:
        raise AssertionError("an error page asked the database")

    monkeypatch.setattr(CursorWrapper, "execute", gone)
    request = RequestFactory().get("/")
    for status, answer in (
        (400, errors.bad_request(request)),
        (403, errors.forbidden(request)),
        (403, errors.csrf_failure(request)),
        (404, errors.not_found(request)),
        (500, errors.server_error(request)),
    ):
        assert answer.status_code == status
        assert "Retour à l'accueil" in answer.content.decode()


def test_another_host_name_is_refused_calmly(world: World, browser: Browser) -> None:
    response = browser().get("/connexion", headers={"host": "elsewhere.example"})
    assert response.status_code == 400
    assert "Demande incomprise" in response.content.decode()


def test_head_reads_nothing(world: World, browser: Browser) -> None:
    from vaguemestre.records.models import ReadMark

    assert browser("roche").head(f"/documents/{world.documents['urgent'].pk}/").status_code == 200
    assert not ReadMark.objects.exists()
