"""Guesses what the columns of a list mean: by their headings, else by what stands in them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from monitor.errors import UsageError
from monitor.vision.images import is_image

# fmt: off
_HEADINGS: Final = {
    "file": (
        "file", "filename", "image", "picture", "photo", "path", "filepath", "imagefile", "imagepath", "photofile",
        "portrait", "datei", "dateiname", "bild", "foto", "pfad", "fichier", "fichero", "archivo",
    ),
    "name": (
        "name", "fullname", "displayname", "person", "employee", "student", "pupil", "member", "visitor",
        "nom", "nombre", "nome", "naam", "mitarbeiter",
    ),
    "first": ("first", "firstname", "givenname", "forename", "vorname", "prenom", "voornaam"),
    "last": (
        "last", "lastname", "surname", "familyname", "nachname", "familienname", "nomdefamille", "apellido",
        "apellidos", "cognome", "sobrenome", "achternaam",
    ),
    "number": (
        "number", "no", "nr", "num", "id", "personid", "employeeid", "studentid", "memberid", "staffid",
        "personnelnumber", "employeenumber", "badge", "nummer", "personalnummer", "matrikelnummer", "numero",
    ),
    "group": (
        "group", "class", "department", "dept", "team", "unit", "division", "course",
        "gruppe", "klasse", "abteilung", "groupe", "equipe", "grupo",
    ),
}
# fmt: on
"""Headings without case, accents, spaces and digits; the earlier word wins."""
_CONSENT: Final = re.compile("consent|einwilligung|agree|gdpr|dsgvo|rgpd")
"""What is in the heading of a column with people's consents."""


_MOST_ABOVE: Final = 20
"""Rows with a title and the like that may stand above the headings."""

_BARE: Final = ("name", "nom", "nombre", "nome", "naam")
"""Headings of a whole name, or of one part of it where the other part has a column of its own."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; None for none."""

    file: int
    name: int | None
    first: int | None
    last: int | None
    number: int | None
    group: int | None
    more_files: tuple[int, ...] = ()
    """Columns with further pictures of the row's person."""
    heading: tuple[str, ...] = ()
    """The first row, where it holds headings."""

    def described(self) -> str:
        """One line that shows the user what was guessed."""
        chosen = [(name, place) for name in _HEADINGS if (place := getattr(self, name)) is not None]
        chosen += [("file", place) for place in self.more_files]
        shown = [
            f"{name} = {self.heading[place] if place < len(self.heading) else f'column {place + 1}'}"
            for name, place in chosen
        ]
        told = "Columns: " + ", ".join(shown) + "."
        if consent := next((one for one in self.heading if _CONSENT.search(plain(one))), None):
            told += (
                f" The column {consent} is not read: say with --consent what all of them agreed to, or write each "
                "answer down with 'muster people consent'."
            )
        return told


def find_columns(rows: Sequence[Sequence[str]]) -> tuple[int, Columns]:
    """How many rows, such as a title, stand above the list, and what its columns mean.

    Args:
        rows: the first rows that are not empty.

    Raises:
        UsageError: no column names pictures, or none names people.
    """
    try:
        return 0, guess_columns(rows)
    except UsageError:
        for above in range(1, min(_MOST_ABOVE, len(rows) - 1) + 1):
            if any(is_image(PurePosixPath(cell)) for cell in rows[above - 1]):
                break
            found = _by_heading(rows[above])
            if "file" in found and found.keys() & {"name", "first", "last"}:
                return above, guess_columns(rows[above:])
        raise


def guess_columns(rows: Sequence[Sequence[str]]) -> Columns:
    """The meaning of the columns, from the first rows of a list.

    Raises:
        UsageError: no column names pictures, or none names people.
    """
    has_heading = bool(rows) and not any(is_image(PurePosixPath(cell)) for cell in rows[0])
    by_heading = _by_heading(rows[0]) if has_heading else {}
    body = rows[1:] if has_heading else rows
    pictures = _file_columns(body)
    if "file" not in by_heading and pictures:
        by_heading["file"] = max(pictures, key=pictures.__getitem__)
    _complete_names(by_heading, rows[0] if has_heading else (), body)
    named = by_heading.keys() & {"name", "first", "last"}
    if not named and not has_heading and (name := _name_column(body, by_heading.get("file"))) is not None:
        by_heading["name"] = name
        named = {"name"}
    if "file" not in by_heading:
        raise UsageError("No column of the list names pictures; give one the heading 'file'.")
    if not named:
        raise UsageError("No column of the list names people; give one the heading 'name'.")
    return Columns(
        file=by_heading["file"],
        name=by_heading.get("name"),
        first=by_heading.get("first"),
        last=by_heading.get("last"),
        number=by_heading.get("number"),
        group=by_heading.get("group"),
        more_files=tuple(place for place in pictures if place not in by_heading.values()),
        heading=tuple(rows[0]) if has_heading else (),
    )


def plain(heading: str) -> str:
    """Letters only, without case and accents: "Prénom " and "prenom" are one."""
    decomposed = unicodedata.normalize("NFKD", heading).casefold()
    return re.sub(r"[^a-z]", "", decomposed)


def _by_heading(heading: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    headings = [plain(cell) for cell in heading]
    for field, words in _HEADINGS.items():
        for word in words:
            if field not in found and word in headings and headings.index(word) not in found.values():
                found[field] = headings.index(word)
    return found


def _complete_names(found: dict[str, int], heading: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    """A bare "name" beside only one of first and last name is the other one: "Nom, Prénom" and "Nombre, Apellidos".

    Unless the whole name stands in it, the part included.
    """
    name, parts = found.get("name"), found.keys() & {"first", "last"}
    if name is None or len(parts) != 1 or plain(heading[name]) not in _BARE:
        return
    (part,) = parts
    rows = [row for row in body if max(name, found[part]) < len(row) and row[found[part]]]
    if sum(row[found[part]].casefold() in row[name].casefold() for row in rows) * 2 < len(rows):
        found["last" if part == "first" else "first"] = found.pop("name")


def _file_columns(rows: Sequence[Sequence[str]]) -> dict[int, int]:
    """The columns that name pictures, with how many."""
    width = max(map(len, rows), default=0)
    counts = {
        place: sum(is_image(PurePosixPath(row[place])) for row in rows if place < len(row)) for place in range(width)
    }
    return {place: count for place, count in counts.items() if count}


def _name_column(rows: Sequence[Sequence[str]], file: int | None) -> int | None:
    for place in range(max(map(len, rows), default=0)):
        cells = [row[place] for row in rows if place < len(row) and row[place]]
        if place != file and cells and sum(any(letter.isalpha() for letter in cell) for cell in cells) > len(cells) / 2:
            return place
    return None
