"""The HTML of a mail, as it may be shown: nothing in it can act, lead away or fetch (nh3, the Rust `ammonia` of the HTML5 rules).

The list is closed and holds no attribute that bears an address or a style: links keep their words, images and styles go. The words alone
are the work of `html_text`.
"""

from __future__ import annotations

MAX_MARKUP = 1_000_000
"""Characters of HTML that are cleaned; the words of the rest are still in the text."""

TAGS = (
    frozenset({"h2", "h3", "h4", "h5", "p", "br", "hr", "div", "span", "pre", "blockquote", "ul", "ol", "li", "dl", "dt", "dd"})
    | {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
    | {"b", "strong", "i", "em", "u", "sub", "sup"}
)
ATTRIBUTES = {"td": frozenset({"colspan", "rowspan"}), "th": frozenset({"colspan", "rowspan"})}
_GONE_WHOLE = (
    frozenset({"script", "style", "head", "title", "template", "noscript"})
    | {"object", "svg", "math", "iframe", "audio", "video", "canvas"}
    | {"select", "textarea"}
)


def clean(markup: str) -> str:
    """Well-formed HTML of `TAGS` and `ATTRIBUTES` alone. Never raises."""
    import nh3

    return nh3.clean(
        markup[:MAX_MARKUP],
        tags=set(TAGS),
        clean_content_tags=set(_GONE_WHOLE),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(),
        link_rel=None,
        strip_comments=True,
    ).strip()
