"""An import batch: people and their pictures, before any picture is read."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final, TypeAlias

from db.names import folded
from enroll.faces.acceptance import Rejection
from enroll.people.store import Identity
from monitor.errors import UsageError
from monitor.text import natural_order
from monitor.vision.images import SUFFIXES

MOST_PICTURES: Final = 1_000_000
"""A batch with more pictures is refused: somebody gave the wrong folder."""

_CAMERA_NAMES: Final = re.compile(
    r"(img|dsc[fn]?|dscn|pxl|p|mvc|image|imagen|bild|photo|foto|picture|scan|screenshot|whatsapp image|signal|face)",
    re.IGNORECASE,
)
_A_DATE: Final = re.compile(r"(19|20)\d\d([-_. ]?\d\d){0,2}")
"""Folders with such names hold somebody's pictures by year, month or day."""
_NUMBERING: Final = re.compile(r"([\s_.\-]*\(\d+\)|[\s_.\-]+\d+|[\s_.\-]+(copy|kopie))\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is a file on the disk while it is needed."""

    label: str
    """What the user calls it."""
    at_hand: Callable[[], AbstractContextManager[Path]]
    """Its file, for as long as the context lasts; raises ImageError."""


@dataclass(frozen=True, slots=True)
class PersonPictures:
    """One person's pictures."""

    identity: Identity
    pictures: tuple[Picture, ...]
    problems: tuple[Rejection, ...] = ()
    """Pictures that were named for this person but cannot be used."""


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """Everybody who is to be enrolled."""

    people: tuple[PersonPictures, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
    """How many files were skipped: "hidden", "foreign" (not pictures) and "links"."""
    notes: tuple[str, ...] = ()
    """How the batch was understood, for people: columns, encoding, separator."""

    @property
    def pictures(self) -> int:
        return sum(len(person.pictures) for person in self.people)


Entry: TypeAlias = tuple[PurePath, Picture | Rejection]
"""A picture, or why there is none, with its path in the folder or archive."""


def readable(path: str) -> str:
    """A path as text; bytes that are not UTF-8 are read as Windows-1252."""
    return re.sub("[\udc80-\udcff]+", lambda stray: os.fsencode(stray[0]).decode("cp1252", errors="replace"), path)


def is_hidden(path: PurePath) -> bool:
    """Files that systems put beside pictures, and that nobody means to enrol."""
    return any(part.startswith((".", "__MACOSX", "@eaDir")) for part in path.parts) or path.name.lower() in (
        "thumbs.db",
        "desktop.ini",
    )


def is_picture(path: PurePath) -> bool:
    return path.suffix.lower() in SUFFIXES


def group_by_person(
    entries: Iterable[Entry], group: str | None, only: str | None = None, around: str | None = None
) -> tuple[PersonPictures, ...]:
    """People from paths: the first folder is the person, or the file's name where there is no folder.

    A folder around several others ("people/Anna/1.jpg" where "people" is all there is) is looked through.

    Args:
        group: the group that all of them get.
        only: one name for all pictures.
        around: a folder of this name may lie around everything; archives are packed so.
    """
    listed = sorted(entries, key=lambda entry: (natural_order(folded(str(entry[0]))), str(entry[0])))
    depth = _depth_of_person([path for path, _ in listed], around)
    people: dict[str, list[Picture | Rejection]] = {}
    for path, found in listed:
        parts = path.parts[depth:]
        name = only or (parts[0] if len(parts) > 1 else name_from_file(PurePath(parts[0]).stem))
        if name is None:
            reason = "The file is not named after a person; rename it, or put it into a folder with the person's name."
            found = Rejection(found.label if isinstance(found, Picture) else found.image, reason)
        people.setdefault(readable(name or "?"), []).append(found)
    return tuple(person_pictures(Identity(name, group=group), found) for name, found in people.items())


def person_pictures(identity: Identity, found: Iterable[Picture | Rejection]) -> PersonPictures:
    listed = list(found)
    return PersonPictures(
        identity,
        tuple(one for one in listed if isinstance(one, Picture)),
        tuple(one for one in listed if isinstance(one, Rejection)),
    )


def name_from_file(stem: str) -> str | None:
    """The person whom a file is named after; None for names that cameras give.

    "Anna_Schmidt_2", "Anna Schmidt (2)", "Anna Schmidt-02" and "Anna Schmidt" all name Anna Schmidt; a number
    without a separator ("s1") belongs to the name.
    """
    name = stem
    while (shorter := _NUMBERING.sub("", name)) not in ("", name):
        name = shorter
    spaced = " ".join(name.replace("_", " ").split())
    numbered = spaced != stem
    if not spaced or (numbered and (_CAMERA_NAMES.fullmatch(spaced) or not any(map(str.isalpha, spaced)))):
        return None
    return spaced


def require_some(batch: ImportBatch, path: Path) -> ImportBatch:
    """Raises: UsageError when there is nothing to enrol."""
    if not batch.pictures and not any(person.problems for person in batch.people):
        raise UsageError(f"There are no pictures in {path}; give a folder with one sub-folder a person.")
    if batch.pictures > MOST_PICTURES:
        raise UsageError(f"{path} holds {batch.pictures} pictures, more than {MOST_PICTURES}; import it in parts.")
    return batch


def _depth_of_person(paths: list[PurePath], around: str | None) -> int:
    """How many folders lie around everything without naming anybody."""
    if not paths or any(len(path.parts) < 2 for path in paths) or len({path.parts[0] for path in paths}) > 1:
        return 0
    below = {path.parts[1] if len(path.parts) > 2 else name_from_file(path.stem) for path in paths}
    packed_whole = paths[0].parts[0] == around and None not in below
    inner = [path.relative_to(path.parts[0]) for path in paths]
    if all(len(path.parts) > 1 for path in inner):
        several_people = len(below) > 1 and not all(_A_DATE.fullmatch(name or "") for name in below)
        deeper = _depth_of_person(inner, None)
        if several_people or deeper:
            return 1 + deeper
    return 1 if packed_whole else 0
