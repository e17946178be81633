"""What an archive holds beside documents: what systems add to every archive, READMEs, and what a page needs to be seen (formats.md 3.1
and 9, case 21). Names are paths with slashes, as `safe_zip.key` compares them.
"""

from __future__ import annotations

READMES = frozenset({"readme", "readme.txt", "readme.md", "readme.htm", "readme.html"})
INDEXES = frozenset({"index.htm", "index.html"})
SHEETS = (".xsl", ".xslt")
ORNAMENTS = (".css", ".js", ".dtd", ".xsd", ".ico")
_SYSTEM = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_FORKS = (b"\x00\x05\x16\x07", b"\x00\x05\x16\x00")


def of_system(name: str, data: bytes) -> bool:
    """What a system adds to every archive: macOS's forks, in `__MACOSX` or beside their file, and indexes of pictures. A fork is told by
    what it holds: no file passes unseen by its name alone."""
    parts = name.split("/")
    forked = "__macosx" in parts or parts[-1].startswith("._")
    return parts[-1] in _SYSTEM or (forked and (not data or data.startswith(_FORKS)))
