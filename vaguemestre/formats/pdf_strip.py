"""A PDF without what acts: scripts, launches, forms that send, files and media it holds (ISO 32000-1, 12.6 and 7.11.4; pikepdf).

Its pages, links within it and to web addresses, and the words typed into its forms stay. A signature in it no longer holds: the file as it
came is kept and can be downloaded as well. Bounds: octets, objects, depth.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

from vaguemestre.domain.fault import Fault, TooLarge, Unreadable, Unsupported

MAX_BYTES = 100_000_000
MAX_OBJECTS = 300_000
MAX_DEPTH = 40

_ACTS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/RichMediaExecute", "/Rendition", "/Movie", "/Sound"}
)
"""Kinds of actions that reach beyond the pages."""
_MEDIA = frozenset({"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"})
"""Annotations that are nothing but a file or a medium."""
_KEYS_OF_ACTIONS = ("/A", "/OpenAction", "/Next", "/PA")
_GONE = ("/AA", "/JS", "/XFA", "/EF", "/RichMediaContent", "/RichMediaSettings", "/AF")
_GONE_NAMES = ("/JavaScript", "/EmbeddedFiles")


def stripped(data: bytes) -> bytes:
    """The same pages in a file where nothing acts. Raises `Unreadable`, `TooLarge`, or `Unsupported` for a password."""
    import pikepdf

    if len(data) > MAX_BYTES:
        raise TooLarge(f"The PDF is longer than {MAX_BYTES} octets.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as document:
                if len(document.objects) > MAX_OBJECTS:
                    raise TooLarge(f"The PDF has more than {MAX_OBJECTS} objects.")
                _clean(document)
                out = io.BytesIO()
                document.save(out, static_id=True)
                return out.getvalue()
        except Fault:
            raise
        except pikepdf.PasswordError:
            raise Unsupported("The PDF is protected by a password.") from None
        except Exception:  # noqa: BLE001 - on damaged bytes pikepdf raises of every kind; none of its words is told (promise 5)
            raise Unreadable("The PDF is damaged: it cannot be written anew.") from None


def _clean(document: Any) -> None:
    root = document.Root
    names = root.get("/Names")
    for key in _GONE_NAMES:
        if names is not None and key in names:
            del names[key]
    if "/Collection" in root:
        del root["/Collection"]
    for one in document.objects:
        _strip(one, 0)


def _is_dictionary(value: Any) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Dictionary | pikepdf.Stream)


def _strip(value: Any, depth: int) -> None:
    """Takes what acts out of one object and the direct ones in it; those that it refers to are seen to by themselves."""
    import pikepdf

    if depth > MAX_DEPTH:
        raise TooLarge("The objects of the PDF are nested too deep.")
    if isinstance(value, pikepdf.Array):
        for one in list(value):
            if isinstance(one, pikepdf.Object) and not one.is_indirect:
                _strip(one, depth + 1)
        return
    if not _is_dictionary(value):
        return
    for key in _GONE:
        if key in value:
            del value[key]
    for key in _KEYS_OF_ACTIONS:
        if key in value and _acts(value[key]):
            del value[key]
    if "/Annots" in value:
        value["/Annots"] = _harmless(value["/Annots"])
    for key in list(value.keys()):
        one = value[key]
        if isinstance(one, pikepdf.Object) and not one.is_indirect:
            _strip(one, depth + 1)


def _acts(action: Any) -> bool:
    return _is_dictionary(action) and str(action.get("/S", "")) in _ACTS


def _harmless(annotations: Any) -> Any:
    import pikepdf

    if not isinstance(annotations, pikepdf.Array):
        return annotations
    return pikepdf.Array([one for one in annotations if not (_is_dictionary(one) and str(one.get("/Subtype", "")) in _MEDIA)])
