"""A document's narrative as it is put into a page.

The readers write it from closed lists of tags (`formats.cda_narrative`, `formats.html_clean`); it came out of a process that had read
hostile bytes, so it is cleaned once more here, each time it is shown: no address, no picture, no script, no style survives. The lists are
written again rather than imported: the screens' processes have no use for the readers.

What a CDA shows in the midst of its words is a mark with the name of a file that the document holds. Only after the cleaning does a mark
become the image, drawn by us and fetched from us, or a link to the file: no address ever comes from the narrative.
"""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Mapping

import nh3
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from vaguemestre.web.pictures import Picture

MOST = 1_000_000
"""Characters shown of one narrative; the rest is in the original."""
MOST_PLACED = 100
"""Images and links put into one narrative: it may name the same file any number of times."""

TAGS = frozenset(
    {"h2", "h3", "h4", "h5", "p", "br", "hr", "div", "span", "ul", "ol", "li", "dl", "dt", "dd", "pre", "blockquote"}
    | {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "b", "strong", "i", "em", "u", "sub", "sup"}
)
ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
CLASSES = {"span": {"media", "caption", "footnote", "link"}}
_GONE_WHOLE = {"script", "style", "title", "template", "svg", "math", "iframe", "object", "select", "textarea"}
_MARK = re.compile(r'(?:<span class="caption">([^<>]{1,500})</span>\s{0,20})?<span class="media">([^<>]{1,200})</span>')


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """`placed`: the names of the files that stand in it, as images or links. `cut`: it is longer than what is shown of it."""

    html: SafeString
    placed: frozenset[str] = frozenset()
    cut: bool = False


def clean(markup: str) -> SafeString:
    """The narrative with only the tags, attributes and classes of the lists above, well-formed, cut at MOST characters."""
    kept = nh3.clean(
        markup[:MOST],
        tags=set(TAGS),
        clean_content_tags=_GONE_WHOLE,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=set(),
        link_rel=None,
    )
    # nh3 gave it back as markup of the closed list: there is nothing left to escape.
    return mark_safe(kept)  # noqa: S308


def told(markup: str, pictures: Mapping[str, Picture], links: Mapping[str, str]) -> Story:
    """The narrative cleaned, with each mark of an image in `pictures` (by file name) replaced by it, and that of another file in `links`
    by a link to its address."""
    placed: list[str] = []

    def shown(mark: re.Match[str]) -> str:
        caption, name = (html.unescape(part or "").strip() for part in mark.groups())
        if len(placed) >= MOST_PLACED:
            return mark.group(0)
        picture = pictures.get(name)
        if picture is not None:
            placed.append(name)
            before = format_html('<span class="caption">{}</span> ', caption) if caption else ""
            return before + get_template("_picture.html").render({"picture": picture, "words": caption or name})
        if name not in links:
            return mark.group(0)
        placed.append(name)
        start = mark.group(0).rpartition('<span class="media">')[0]
        # A download, or a place in this page.
        attribute = "" if links[name].startswith("#") else mark_safe(" download")
        return start + format_html('<a class="media" href="{}"{}>{}</a>', links[name], attribute, name)

    filled = _MARK.sub(shown, clean(markup))
    # What was put in was escaped as it was made; the rest is of the closed list.
    return Story(mark_safe(filled), frozenset(placed), len(markup) > MOST)  # noqa: S308
