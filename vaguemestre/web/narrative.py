"""A document's narrative as it is put into a page.

The readers write it from closed lists of tags (`formats.cda_narrative`, `formats.html_clean`); it came out of a process that had read
hostile bytes, so it is cleaned once more here, each time it is shown: no address, no picture, no script, no style survives. The lists are
written again rather than imported: the screens' processes have no use for the readers.
"""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString, mark_safe

MOST = 1_000_000
"""Characters shown of one narrative; the rest is in the original."""

TAGS = frozenset(
    {"h2", "h3", "h4", "h5", "p", "br", "hr", "div", "span", "ul", "ol", "li", "dl", "dt", "dd", "pre", "blockquote"}
    | {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "b", "strong", "i", "em", "u", "sub", "sup"}
)
ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
CLASSES = {"span": {"media", "caption", "footnote", "link"}}
_GONE_WHOLE = {"script", "style", "title", "template", "svg", "math", "iframe", "object", "select", "textarea"}


def clean(html: str) -> SafeString:
    """The narrative with only the tags, attributes and classes of the lists above, well-formed, cut at MOST characters."""
    kept = nh3.clean(
        html[:MOST],
        tags=set(TAGS),
        clean_content_tags=_GONE_WHOLE,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=set(),
        link_rel=None,
    )
    # nh3 gave it back as markup of the closed list: there is nothing left to escape.
    return mark_safe(kept)  # noqa: S308


def cut(html: str) -> str:
    """ "yes" where the narrative is longer than what is shown of it, else ""."""
    return "yes" if len(html) > MOST else ""
