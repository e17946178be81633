"""What the letters of a symbol font are seen as: in "Symbol" the letter m is a micro sign, so that "5 mg" may be 5 µg (Adobe's encoding of
the Symbol font; the code points F000 to F0FF that Word writes for such fonts).
"""

from __future__ import annotations

_SYMBOL = {
    **dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)),
    **dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλµνοπθρστυϖωξψζ", strict=True)),
    0x22: "∀",
    0x24: "∃",
    0x27: "∋",
    0x2A: "∗",
    0x2D: "−",
    0x40: "≅",
    0x5C: "∴",
    0x5E: "⊥",
    0x7E: "∼",
    0xA0: "€",
    0xA2: "′",
    0xA3: "≤",
    0xA4: "⁄",
    0xA5: "∞",
    0xAB: "↔",
    0xAC: "←",
    0xAD: "↑",
    0xAE: "→",
    0xAF: "↓",
    0xB0: "°",
    0xB1: "±",
    0xB2: "″",
    0xB3: "≥",
    0xB4: "×",
    0xB5: "∝",
    0xB6: "∂",
    0xB7: "•",
    0xB8: "÷",
    0xB9: "≠",
    0xBA: "≡",
    0xBB: "≈",
    0xBC: "…",
    0xC6: "∅",
    0xC7: "∩",
    0xC8: "∪",
    0xD2: "®",
    0xD3: "©",
    0xD4: "™",
    0xD5: "∏",
    0xD6: "√",
    0xD7: "⋅",
    0xD8: "¬",
    0xDB: "⇔",
    0xDC: "⇐",
    0xDD: "⇑",
    0xDE: "⇒",
    0xDF: "⇓",
    0xE5: "∑",
    0xF2: "∫",
}
_WINGDINGS = {
    0x28: "☎",
    0x2A: "✉",
    0x6C: "●",
    0x6E: "■",
    0x6F: "☐",
    0x71: "☐",
    0x72: "☐",
    0xA7: "▪",
    0xA8: "☐",
    0xDF: "←",
    0xE0: "→",
    0xE8: "→",
    0xF0: "⇨",
    0xFB: "☒",
    0xFC: "✓",
    0xFD: "☒",
    0xFE: "☑",
    0x78: "☒",
}
UNKNOWN = "\ufffd"
"""A sign that is not in the tables: it is seen that something is there."""


def shown(code: int, font: str) -> str:
    """The character seen for an octet (or its code point F000 to F0FF) of the symbol font with that name."""
    code &= 0xFF
    if "wingdings" in font.lower():
        return _WINGDINGS.get(code, UNKNOWN if code > 0x20 else " ")
    if code in _SYMBOL:
        return _SYMBOL[code]
    # digits and most signs of the lower half are themselves
    return chr(code) if 0x20 <= code < 0x7F else UNKNOWN


def is_symbolic(font: str) -> bool:
    """Whether the name is that of a font whose letters are signs."""
    name = font.lower().strip(" ;")
    return name in {"symbol", "symbolps", "symbol mt"} or "wingdings" in name
