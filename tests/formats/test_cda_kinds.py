"""Each kind of CDA that a practice receives: its golden pair, what surrounds it, and one changed fact that changes that fact alone."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from tests.corpus.cda_build import encoded
from tests.corpus.cda_kinds_acts import KINDS as ACTS
from tests.corpus.cda_kinds_build import Facts, Kind
from tests.corpus.cda_kinds_letters import KINDS as LETTERS
from tests.formats.test_cda import facts
from tests.formats.test_cda_golden import shown
from tests.formats.test_cda_narrative import assert_clean
from vaguemestre.formats import cda

KINDS = LETTERS | ACTS
LISTS = re.compile(r'\A(<dl class="opening">.*?</dl>)?(<dl class="about">.*?</dl>)?(.*)\Z', re.DOTALL)


def around(found: cda.Read) -> tuple[Facts, Facts, str]:
    """(what it opens with, what is about it, its narrative), the lists well formed and of terms and facts alone."""
    match = LISTS.match(found.html)
    assert match is not None
    lists: list[Facts] = []
    for html in match.groups()[:2]:
        pairs: Facts = []
        term = ""
        for element in etree.fromstring(html) if html else ():
            assert element.tag in {"dt", "dd"} and not element.attrib and not len(element)
            if element.tag == "dt":
                term = element.text or ""
            else:
                # an hour and a telephone number are not cut at the end of a line
                pairs.append((term, (element.text or "").replace("\u00a0", " ")))
        lists.append(pairs)
    return lists[0], lists[1], match[3]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_kind(kind: Kind) -> None:
    found = cda.read(kind.case.data)
    assert shown(found) == kind.case.expected["documents"][0] | {"path": [], "sha256": ""}
    opening, about, narrative = around(found)
    assert (opening, about) == (kind.opening, kind.about)
    assert_clean(narrative)


CHANGES = [(name, *change) for name, kind in KINDS.items() for change in kind.changes]


@pytest.mark.parametrize(("name", "old", "new", "changed"), CHANGES, ids=[f"{row[0]}: {row[1][:30]}" for row in CHANGES])
def test_one_changed_fact_changes_that_fact_alone(name: str, old: str, new: str, changed: tuple[str, str, str]) -> None:
    xml, (part, before, after) = KINDS[name].xml, changed
    # a cell's bar is the text's, not the file's
    old, new = (text.removeprefix("| ") for text in (old, new))
    assert old in xml
    first, second = cda.read(encoded(xml)), cda.read(encoded(xml.replace(old, new)))
    was, is_ = facts(first), facts(second)
    differing = {key for key in was | is_ if was.get(key) != is_.get(key)} - {"html", "attachments[0].sha256", "attachments[0].size"}
    assert differing == ({"text"} if part == "text" else set())
    lists = {"opening": 0, "about": 1}
    for called, place in lists.items():
        told = [(term, words.replace(before, after) if called == part else words) for term, words in around(first)[place]]
        assert around(second)[place] == told
        assert (told != around(first)[place]) == (called == part)
    if part == "text":
        assert second.text == first.text.replace(before, after) != first.text


def test_there_is_one_of_each() -> None:
    codes = {"SYNTH", "11490-0", "18761-7", "18748-4", "55115-0", "57833-6", "60593-1", "11369-6", "87273-9", "96173-0"}
    codes |= {"60591-5", "74207-2", "75496-0", "85208-7", "34794-8", "18776-5"}
    assert codes <= {kind.case.expected["documents"][0]["type"]["code"] for kind in KINDS.values()}
