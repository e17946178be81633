"""Every sentence goes through gettext, its msgid is French, and the English catalogue is complete."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.web.extract import WEB, catalogue, used
from tests.web.world import World


def test_the_english_catalogue_is_complete(data_directory: Path) -> None:
    known = {(message.context, str(message.id)): message for message in catalogue() if message.id}
    said = set(used())
    assert said - set(known) == set(), "sentences that the catalogue lacks: python -m tests.web.extract lists them"
    assert set(known) - said == set(), "sentences that nothing says any more"
    assert [key for key, message in known.items() if not message.string or message.fuzzy] == []


def test_placeholders_survive_translation(data_directory: Path) -> None:
    holder = re.compile(r"%\(\w+\)s")
    for message in catalogue():
        assert sorted(holder.findall(str(message.id))) == sorted(holder.findall(str(message.string))), message.id


def test_no_french_sentence_escapes_gettext() -> None:
    """Words between tags of a template are a tag's or a variable's output, never bare letters."""
    for path in (WEB / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{%.*?%}|{{.*?}}|{#.*?#}", "\0", text, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", "\0", text)
        bare = [words.strip() for words in text.split("\0") if re.search(r"[^\W\d_]{2}", words)]
        assert set(bare) <= {"Vaguemestre", "· Vaguemestre", "Français", "English"}, path.name


def test_the_screens_speak_english_when_asked(world: World, browser: Callable[..., object]) -> None:
    client = browser("accueil")
    french = client.get("/?liste=a-verifier", headers={"accept-language": "en"}).content.decode()  # type: ignore[attr-defined]
    assert 'lang="fr"' in french
    assert "Alerte identité" in french, "a browser's own wish is not asked"
    client.post("/langue", {"language": "en", "next": "/"})  # type: ignore[attr-defined]
    blocked, chart = world.documents["blocked"].pk, world.patients["P1"].pk
    for address in ("/?liste=a-verifier", f"/documents/{blocked}/", f"/patients/{chart}/", "/recherche"):
        english = client.get(address).content.decode()  # type: ignore[attr-defined]
        assert 'lang="en"' in english
        for word in ("À vérifier", "Alerte", "Naissance", "Dossier", "Résultats", "Recherche", "Se déconnecter", "Patient non"):
            assert word not in english, (address, word)
