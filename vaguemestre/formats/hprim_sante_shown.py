"""An HPRIM Santé message that is no report of results, field by field, with the standard's own names (formats.md 1.2, "Segments").

The names are French because the format is: they are its vocabulary, not words of the screens. A field without a name here bears its place.
"""

from __future__ import annotations

import re
from html import escape

from vaguemestre.formats.hprim_medecin_results import readable
from vaguemestre.formats.hprim_sante_segments import Segment

MAX_ROWS = 2_000
_MOST = 2_000
"""Characters of one value."""
_FIRST_SHOWN = 2
"""Field 1 is a rank."""
_NAMES = {
    "P": {
        2: "Numéro chez l'émetteur",
        3: "Numéro chez le destinataire",
        4: "Numéro de séjour",
        5: "Nom",
        6: "Nom de naissance",
        7: "Date de naissance",
        8: "Sexe",
        10: "Adresse",
        11: "INS",
        12: "Téléphone",
        13: "Médecins",
        16: "Taille",
        17: "Poids",
        18: "Diagnostics",
        19: "Traitement",
        20: "Régime",
        21: "Commentaire",
        22: "Commentaire",
        23: "Mouvements",
        24: "Statut de l'admission",
        25: "Localisation",
        28: "Situation de famille",
        32: "Mise à jour",
        33: "Décès",
    },
    "OBR": {
        2: "Demande (demandeur)",
        3: "Demande (exécutant)",
        4: "Examens demandés",
        5: "Priorité",
        7: "Prélèvement",
        13: "Renseignements cliniques",
        14: "Réception",
        15: "Échantillon",
        16: "Prescripteur",
        22: "Résultats du",
        25: "Statut",
        28: "Copies",
        31: "Motif",
    },
    "OBX": {2: "Type", 3: "Examen", 5: "Valeur", 6: "Unité", 7: "Normale", 8: "Anomalie", 11: "Statut", 14: "Obtenu le"},
    "C": {3: "Commentaire"},
}
_TITLES = {"P": "Patient", "OBR": "Demande", "OBX": "Observation", "C": "Commentaire", "REG": "Règlement", "FAC": "Facture", "ACT": "Acte"}
_TIMES = {("P", 7), ("P", 23), ("P", 32), ("P", 33), ("OBR", 7), ("OBR", 14), ("OBR", 22), ("OBX", 14)}
_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})(?:[0-9]{2})?)?", re.ASCII)


def shown(segments: list[Segment]) -> tuple[str, str, bool]:
    """(plain text, HTML of the narratives' closed list, whether there is more) of the segments, at most MAX_ROWS fields."""
    lines: list[str] = []
    parts: list[str] = []
    left, more = MAX_ROWS, False
    for segment in segments:
        title = _TITLES.get(segment.name, segment.name)
        found = _rows(segment)
        rows = found[:left]
        more |= len(rows) < len(found)
        if not rows:
            continue
        left -= len(rows)
        lines += [*([""] if lines else []), title, *(f"{name} : {value}" for name, value in rows)]
        cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value).replace(chr(10), '<br>')}</td></tr>" for name, value in rows)
        parts.append(f"<h3>{escape(title)}</h3><table><tbody>{cells}</tbody></table>")
    return "\n".join(lines), "".join(parts), more


def _rows(segment: Segment) -> list[tuple[str, str]]:
    names = _NAMES.get(segment.name, {})
    found = []
    for number in range(_FIRST_SHOWN, len(segment.fields)):
        told = [_said(segment, number, one) for one in segment.repetitions(number)]
        value = "\n".join(filter(None, told))[:_MOST]
        if value:
            found.append((names.get(number, f"{segment.name}.{number}"), value))
    return found


def _said(segment: Segment, number: int, repetition: str) -> str:
    parts = segment.components(repetition)
    if (segment.name, number) in _TIMES:
        parts = [_time(part) for part in parts]
    return readable(" ".join(filter(None, parts)))


def _time(part: str) -> str:
    match = _TIME.fullmatch(part)
    if match is None:
        return part
    year, month, day, hour, minute = match.groups()
    return f"{day}/{month}/{year}" + (f" {hour}:{minute}" if hour else "")
