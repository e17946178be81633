"""What identifies a person: comparison copies of names, INS and NIR, professional numbers, birth dates (formats.md 6.1, 6.2, 6.5).

A name is kept as received; only its comparison copy is normalised. Numbers of professionals and structures are checked to warn, never to
refuse: the public samples bear wrong ones.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

INS_NIR, INS_NIA = "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9"
INS_TEST, INS_DEMO = "1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11"
INS_OIDS = {INS_NIR: "INS-NIR", INS_NIA: "INS-NIA", INS_TEST: "INS-NIR de test", INS_DEMO: "INS-NIR de démonstration"}
"""OID -> name (formats.md 2.3). An INS is a matricule and its OID; the same digits under another OID are another identity."""

TEST_OIDS = frozenset({INS_TEST, INS_DEMO})
INS_STATUSES = ("qualified", "validated", "recovered", "provisional")
CHART_FLAGS = ("homonym", "doubtful", "fictitious", "deceased")
SEXES = ("M", "F", "U")

PLACEHOLDER_BIRTH_DATE = "1900-01-01"
"""What software writes where it knows no birth date."""

_LIGATURES = str.maketrans({"Œ": "OE", "œ": "OE", "Æ": "AE", "æ": "AE", "ß": "SS", "ẞ": "SS"})
_TO_BLANK = re.compile(r"[\s'’‘‛ʼʹ`´′.·\-‐‑‒–—―−\u00ad]+")
_MATRICULE = re.compile(r"[1-478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{6}")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T.*)?", re.DOTALL)
_EARLIEST_YEAR = 1850


def comparison(text: str) -> str:
    """The comparison copy: NFKD, combining marks dropped, ligatures spelt, upper case, apostrophes, hyphens and dots to one blank."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
        text = "".join(c for c in text if not unicodedata.combining(c)).translate(_LIGATURES)
    return _TO_BLANK.sub(" ", text.upper()).strip()


def solid(text: str) -> str:
    """The comparison copy without blanks. Two names are equal when their solid copies are, and are not empty."""
    return comparison(text).replace(" ", "")


def matricule(text: str) -> str:
    """An INS or NIR without blanks, in capitals: 13 characters, or 15 with the key. "" for what has not that form."""
    if len(text) > 40:
        return ""
    plain = "".join(text.split()).upper()
    key = plain[13:]
    if not _MATRICULE.fullmatch(plain[:13]) or (key and not (len(key) == 2 and key.isascii() and key.isdigit())):
        return ""
    return plain


def matricule_key(thirteen: str) -> str:
    """The two digits that follow 13 characters: 97 - N mod 97, departments 2A and 2B counted as 19 and 18. "" for a wrong form."""
    plain = matricule(thirteen)
    if len(plain) != 13:
        return ""
    number = plain[:5] + plain[5:7].replace("2A", "19").replace("2B", "18") + plain[7:]
    return f"{97 - int(number) % 97:02d}"


def ins_key_valid(value: str) -> bool:
    """Whether these are 15 characters of the form of an INS or NIR, with their right key."""
    plain = matricule(value)
    return len(plain) == 15 and matricule_key(plain[:13]) == plain[13:]


def nir_sex(nir: str) -> str:
    """ "M" or "F" by the first digit (1 3 7, 2 4 8), "" for a wrong form."""
    plain = matricule(nir)
    return ("M" if plain[0] in "137" else "F") if plain else ""


def nir_is_of_birth_date(nir: str, birth_date: str) -> bool:
    """Whether a NIR may be of somebody born that day: its year agrees, and its month where it is a calendar month.

    Months 20 to 42 and from 50 stand for a month that the civil status does not know: only the year then says something.
    False where the NIR has not the form of one or the date is not whole: such a NIR says nothing (formats.md 6.5)."""
    plain, day = matricule(nir), whole_date(birth_date)
    if not plain or not day:
        return False
    month = int(plain[3:5])
    return plain[1:3] == day[2:4] and (not 1 <= month <= 12 or plain[3:5] == day[5:7])


def whole_date(text: str) -> str:
    """YYYY-MM-DD of a whole, possible date, a time of day and its zone left out and never converted; "" for any other text."""
    found = _DATE.fullmatch(text) if len(text) <= 40 else None
    if found is None:
        return ""
    try:
        day = dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return ""
    return day.isoformat() if day.year >= _EARLIEST_YEAR else ""


def is_whole_date(text: str) -> bool:
    """Whether a date has its day, month and year, and exists."""
    return bool(whole_date(text))


def known_birth_date(text: str) -> str:
    """The whole date of a birth, "" where it is missing, partial, impossible or the 1900-01-01 of software that knows none."""
    day = whole_date(text)
    return "" if day == PLACEHOLDER_BIRTH_DATE else day


def birth_date_precision(compact: str) -> str:
    """ISO text of a birth date in digits, with the precision it has: 19800512, 19800500 and 198005, 19800000 and 1980. "" for others."""
    if not re.fullmatch(r"[0-9]{4}(?:[0-9]{2}){0,2}", compact):
        return ""
    year, month, day = compact[:4], compact[4:6] or "00", compact[6:8] or "00"
    if month == "00":
        return year if day == "00" and year != "0000" else ""
    if day == "00":
        return f"{year}-{month}" if month <= "12" and year != "0000" else ""
    return whole_date(f"{year}-{month}-{day}")


def luhn_valid(digits: str) -> bool:
    """Whether the last of these digits is the Luhn key of the others."""
    doubled = [int(c) * (2 if place % 2 else 1) for place, c in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def rpps(text: str) -> str:
    """The 11 digits of an RPPS, the type digit 8 of national identifiers stripped; "" for what has not that form."""
    plain = "".join(text.split())
    if len(plain) == 12 and plain[0] == "8":
        plain = plain[1:]
    return plain if len(plain) == 11 and plain.isascii() and plain.isdigit() else ""


def rpps_key_valid(text: str) -> bool:
    """Whether the Luhn digit of an RPPS is right. A wrong one is worth a warning, never a refusal (formats.md 6.2)."""
    plain = rpps(text)
    return bool(plain) and luhn_valid(plain)


def finess_key_valid(text: str) -> bool:
    """Whether 9 characters are a FINESS with its right Luhn digit; the key of a Corsican one (2A, 2B) is not judged. To warn only."""
    plain = "".join(text.split()).upper()
    if not re.fullmatch(r"[0-9]{9}|2[AB][0-9]{7}", plain):
        return False
    return not plain.isdigit() or luhn_valid(plain)
