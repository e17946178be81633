"""The administrator's mailboxes on the screens: requirements 13 to 15 of mssante.md, and who administers what.

Mutations tried, each of which fails a test here: `mailbox_or_404` looking among all mailboxes; `administrator` not asking for bounds;
`_address` not asking for them; the tick of closing not asked; the sign-in not looking at the state of mailboxes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.world import NOW, PASSWORD, World

if TYPE_CHECKING:
    from django.test import Client

Browser = Callable[..., "Client"]
DOMAIN, OTHER = "cabinet.demo.example", "clinique.demo.example"
RPPS, FINESS = "10000000019", "540002698"


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def fresh(world: World, name: str) -> Any:
    from vaguemestre.records.models import Mailbox

    return Mailbox.objects.get(pk=world.mailboxes[name].pk)


def act(client: Client, world: World, box: str, /, **data: str) -> str:
    """Posts an act and returns the page that follows."""
    address = f"/boites/{world.mailboxes[box].pk}/"
    response = client.post(address, data)
    assert (response.status_code, response["Location"]) == (302, address)
    return page(client, address)


def changes(world: World, which: str, /, **more: str) -> dict[str, str]:
    box = fresh(world, which)
    return {"act": "change", "name": box.name, "structure": box.structure, "quota": "0", **more}


class TestMaking:
    def test_made_and_traced(self, world: World, browser: Browser) -> None:
        from vaguemestre.records.models import Mailbox, TraceEvent

        client = browser("admin")
        given = {"address": f"Dr.Neuf@{DOMAIN}", "type": "PER", "name": "Dr Neuf", "rpps": RPPS}
        made = client.post("/boites/", given)
        box = Mailbox.objects.get(address=f"dr.neuf@{DOMAIN}")
        assert made["Location"] == f"/boites/{box.pk}/"
        assert (box.type, box.rpps, box.invented, box.practice.name) == ("PER", RPPS, False, DOMAIN)
        assert "La boîte dr.neuf@cabinet.demo.example est prête." in page(client, made["Location"])
        actor = f"account:{world.accounts['admin'].pk}"
        assert TraceEvent.objects.filter(object=f"mailbox:{box.pk}", actor=actor).exists()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({}, "Un numéro manque"),
            ({"type": "ORG", "rpps": RPPS}, "Un numéro manque"),
            ({"rpps": "12"}, "Un RPPS a 11 chiffres."),
            ({"structure": "douze"}, "Une structure se désigne"),
            ({"rpps": RPPS, "address": f"camille.roche@{DOMAIN}"}, "Cela n&#x27;a pas pu être fait"),
            ({"rpps": RPPS, "address": "a@ailleurs.example"}, "pas dans un domaine que vous administrez"),
            ({"rpps": RPPS, "address": "279035199018922@patient.mssante.fr"}, "Mon espace santé"),
            ({"rpps": RPPS, "address": "nulle"}, "pas une adresse"),
            ({"rpps": RPPS, "name": " "}, "Le nom est obligatoire"),
            ({"rpps": RPPS, "type": "XXX"}, "Cela n&#x27;a pas pu être fait"),
        ],
    )
    def test_requirement_13_refused_with_its_reason_and_what_was_typed(
        self, world: World, browser: Browser, given: dict[str, str], said: str
    ) -> None:
        from vaguemestre.records.models import Mailbox

        before = Mailbox.objects.count()
        typed = {"address": f"neuf@{DOMAIN}", "type": "PER", "name": "Dr Neuf"} | given
        response = browser("admin").post("/boites/", typed)
        assert response.status_code == 422
        assert said in response.content.decode()
        assert f'value="{typed["address"]}"' in response.content.decode()
        assert Mailbox.objects.count() == before


class TestOne:
    def test_changed(self, world: World, browser: Browser) -> None:
        text = act(browser("admin"), world, "roche", **changes(world, "roche", service="Accueil", quota="12", red_listed="yes"))
        box = fresh(world, "roche")
        assert (box.service, box.quota, box.red_listed) == ("Accueil", 12_000_000, True)
        assert "Modifications enregistrées." in text
        assert "liste rouge" in text

    @pytest.mark.parametrize(("name", "value"), [("address", f"x@{DOMAIN}"), ("type", "ORG")])
    def test_requirement_14_what_never_changes_is_refused_and_has_no_field(
        self, world: World, browser: Browser, name: str, value: str
    ) -> None:
        client = browser("admin")
        before = fresh(world, "roche")
        text = act(client, world, "roche", **changes(world, "roche", service="Autre", **{name: value}))
        assert "L&#x27;adresse et le type d&#x27;une boîte ne changent jamais." in text
        after = fresh(world, "roche")
        assert (after.address, after.type, after.service) == (before.address, before.type, "")
        assert f'name="{name}"' not in text

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"quota": "x"}, "Le quota est un nombre entier"),
            ({"structure": "douze"}, "Une structure se désigne"),
            ({"name": ""}, "Le nom est obligatoire"),
            ({"act": "nothing"}, "Cela n&#x27;a pas pu être fait"),
            ({"act": "resume"}, "déjà active"),
            ({"act": "close"}, "Cochez la case"),
            ({"act": "add-alias", "alias": f"secretariat@{DOMAIN}"}, "existe déjà"),
            ({"act": "remove-alias", "alias": f"secretariat@{DOMAIN}"}, "plus"),
        ],
    )
    def test_refused_with_its_reason(self, world: World, browser: Browser, given: dict[str, str], said: str) -> None:
        from vaguemestre.records.models import Mailbox

        before = list(Mailbox.objects.order_by("pk").values())
        assert said in act(browser("admin"), world, "roche", **(changes(world, "roche") | given))
        assert list(Mailbox.objects.order_by("pk").values()) == before

    def test_suspended_and_closed_bar_the_sign_in(self, world: World, browser: Browser) -> None:
        client = browser("admin")
        holder = browser("roche")
        assert "suspendue" in act(client, world, "roche", act="suspend")
        assert holder.get(f"/documents/{world.documents['letter'].pk}/").status_code == 404, "a session that goes on sees nothing"
        door = browser()
        answer = door.post("/connexion", {"login": "roche", "password": PASSWORD})
        assert "suspendues ou closes" in answer.content.decode()
        assert "_auth_user_id" not in door.session
        wrong = door.post("/connexion", {"login": "roche", "password": "x" * 20}).content.decode()
        assert "suspendues" not in wrong, "said only to who gave the right password"
        assert "active" in act(client, world, "roche", act="resume")
        assert door.post("/connexion", {"login": "roche", "password": PASSWORD}).status_code == 302
        assert fresh(world, "roche").last_sign_in is not None
        assert fresh(world, "autre").last_sign_in is None
        assert "close" in act(client, world, "roche", act="close", confirmed="yes")
        text = page(client, f"/boites/{world.mailboxes['roche'].pk}/")
        assert "Contenu gardé pour l'export jusqu'au" in text
        assert 'name="act"' not in text

    def test_aliases(self, world: World, browser: Browser) -> None:
        from vaguemestre.records.models import MailboxAlias

        client = browser("admin")
        assert f"medecin@{DOMAIN}" in act(client, world, "roche", act="add-alias", alias=f"Medecin@{DOMAIN}")
        assert "plus" in act(client, world, "autre", act="remove-alias", alias=f"medecin@{DOMAIN}"), "it is another mailbox's"
        assert MailboxAlias.objects.get().mailbox_id == world.mailboxes["roche"].pk
        assert "Alias retiré." in act(client, world, "roche", act="remove-alias", alias=f"medecin@{DOMAIN}")


class TestBound:
    @pytest.fixture
    def bound(self, world: World) -> World:
        """`clinique` administers one domain, which has one mailbox."""
        from vaguemestre.domain.mailbox import Holder
        from vaguemestre.records import administration, domains, mailbox_life

        domains.add(OTHER, NOW, "cli")
        holder = Holder(rpps=RPPS)
        world.mailboxes["there"] = mailbox_life.make(f"dr@{OTHER}", "PER", "Dr Là", "Clinique", holder, NOW, "cli", invented=False)
        world.accounts["clinique"], _ = administration.make_account("clinique", "admin", [], NOW, [OTHER])
        return world

    def test_sees_and_changes_its_domain_only(self, bound: World, browser: Browser) -> None:
        client = browser("clinique")
        assert client.get("/administration")["Location"] == "/boites/"
        text = page(client, "/boites/")
        assert f"dr@{OTHER}" in text
        assert DOMAIN not in text
        for response in (client.get(f"/boites/{bound.mailboxes['roche'].pk}/"), client.post(f"/boites/{bound.mailboxes['roche'].pk}/")):
            assert response.status_code == 404
        assert "suspendue" in act(client, bound, "there", act="suspend")
        assert "pas dans un domaine" in act(client, bound, "there", act="add-alias", alias=f"x@{DOMAIN}")
        given = {"address": f"x@{DOMAIN}", "type": "PER", "name": "X", "rpps": RPPS}
        assert "pas dans un domaine" in client.post("/boites/", given).content.decode()
        assert client.post("/boites/", given | {"address": f"x@{OTHER}"}).status_code == 302

    def test_opens_no_page_of_the_whole_operator(self, bound: World, browser: Browser) -> None:
        from django.core.exceptions import PermissionDenied
        from django.http import HttpResponse
        from django.test import RequestFactory

        from vaguemestre.records.models import TraceEvent
        from vaguemestre.web.access import administrator

        request = RequestFactory().get("/")
        request.user = bound.accounts["clinique"]
        with pytest.raises(PermissionDenied):
            administrator(lambda request: HttpResponse())(request)
        assert TraceEvent.objects.filter(event="access-refused", result="bound-to-domains").exists()
        request.user = bound.accounts["admin"]
        assert administrator(lambda request: HttpResponse())(request).status_code == 200

    def test_the_whole_operators_sees_all(self, bound: World, browser: Browser) -> None:
        text = page(browser("admin"), "/boites/")
        assert f"dr@{OTHER}" in text
        assert f"camille.roche@{DOMAIN}" in text


def test_a_long_list_comes_by_pages(world: World, browser: Browser) -> None:
    from vaguemestre.records.models import Mailbox, Practice

    practice = Practice.objects.get(name="Cabinet du Moulin")
    Mailbox.objects.bulk_create(
        [Mailbox(practice=practice, address=f"z{k:03d}@{DOMAIN}", type="PER", name="Z", created_at=NOW) for k in range(150)]
    )
    client = browser("admin")
    first, second = page(client, "/boites/"), page(client, "/boites/?page=2")
    assert f"z050@{DOMAIN}" in first
    assert f"z149@{DOMAIN}" not in first
    assert f"z149@{DOMAIN}" in second
    for odd in ("0", "-1", "x", "9" * 30, "²"):
        assert client.get("/boites/", {"page": odd}).status_code == 200
