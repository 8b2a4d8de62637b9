"""An import batch: people and their pictures, before any picture is read."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Final, TypeAlias

from db.schema.folding import folded
from enroll.faces.acceptance import Rejection
from enroll.imports.file_names import name_from_file, names_nobody
from enroll.people.store import Identity
from monitor.errors import ImageError, UsageError
from monitor.text import natural_order
from monitor.vision.images import READ, SIGNATURE, UNREAD_SUFFIXES, begins_as_image, is_image

MOST_PICTURES: Final = 1_000_000
"""A batch with more pictures is refused: somebody gave the wrong folder."""

_A_DATE: Final = re.compile(r"(19|20)\d\d([-_. ]?\d\d){0,2}")
"""Folders with such names hold somebody's pictures by year, month or day."""


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
    side_by_side: "SideBySide | None" = None
    """Where all pictures lie in one folder or archive: they may be one person's."""

    @property
    def pictures(self) -> int:
        return sum(len(person.pictures) for person in self.people)


Entry: TypeAlias = tuple[PurePath, Picture | Rejection]
"""A picture, or why there is none, with its path in the folder or archive."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """All that lies in one folder or archive without folders in it."""

    called: str
    """The name of the folder or archive."""
    found: tuple[Picture | Rejection, ...]


def side_by_side(entries: Iterable[Entry], called: str) -> SideBySide | None:
    """The pictures of a folder or archive, in order; None where some lie in folders inside it."""
    listed = in_order(entries)
    if any(len(path.parts) > 1 for path, _ in listed):
        return None
    return SideBySide(called, tuple(found for _, found in listed))


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By their paths, as people count and spell."""
    return sorted(entries, key=lambda entry: (natural_order(folded(str(entry[0]))), str(entry[0])))


def readable(path: str) -> str:
    """A path as text; bytes that are not UTF-8 are read as Windows-1252."""
    return re.sub("[\udc80-\udcff]+", lambda stray: os.fsencode(stray[0]).decode("cp1252", errors="replace"), path)


def is_hidden(path: PurePath) -> bool:
    """Files that systems put beside pictures, and that nobody means to enrol."""
    return any(part.startswith((".", "__MACOSX", "@eaDir")) for part in path.parts) or path.name.lower() in (
        "thumbs.db",
        "desktop.ini",
    )


def examine_file(path: PurePath, open_file: Callable[[], IO[bytes]]) -> bool:
    """Whether a file is a picture: by its name, else by how it begins.

    Raises:
        ImageError: it is a picture of a kind that is not read.
    """
    if is_image(path):
        return True
    suffix = path.suffix.strip().lower()
    if suffix in UNREAD_SUFFIXES:
        raise ImageError(f"Pictures of the kind {suffix} are not read; save this one as {READ}.")
    with open_file() as file:
        return begins_as_image(file.read(SIGNATURE))


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
    listed = in_order(entries)
    depth = _depth_of_person([path for path, _ in listed], around)
    people: dict[str, list[Picture | Rejection]] = {}
    for path, found in listed:
        parts = path.parts[depth:]
        while len(parts) > 1 and names_nobody(parts[0]):
            parts = parts[1:]
        name = only or (parts[0] if len(parts) > 1 else name_from_file(_stem(parts[0])))
        if name is None:
            reason = (
                "The file is not named after a person; rename it, put it into a folder with the person's name inside "
                "the folder to import, or say with --person who it is."
            )
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


def _stem(file: str) -> str:
    """The file's name without its ending; "Dr. Pohl" has none."""
    path = PurePath(file)
    return path.stem if re.fullmatch(r"\.[\w-]+\s*", path.suffix) else file


def require_some(batch: ImportBatch, path: Path) -> ImportBatch:
    """Raises: UsageError when there is nothing to enrol."""
    if not batch.pictures and not any(person.problems for person in batch.people):
        advice = "give a list a row for each picture, or a folder one sub-folder a person"
        raise UsageError(f"There are no pictures in {path}; {advice}.")
    if batch.pictures > MOST_PICTURES:
        raise UsageError(f"{path} holds {batch.pictures} pictures, more than {MOST_PICTURES}; import it in parts.")
    return batch


def _depth_of_person(paths: list[PurePath], around: str | None) -> int:
    """How many folders lie around everything without naming anybody."""
    if not paths or any(len(path.parts) < 2 for path in paths) or len({path.parts[0] for path in paths}) > 1:
        return 0
    below = {path.parts[1] if len(path.parts) > 2 else name_from_file(_stem(path.name)) for path in paths}
    packed_whole = paths[0].parts[0] == around and None not in below
    inner = [path.relative_to(path.parts[0]) for path in paths]
    if all(len(path.parts) > 1 for path in inner):
        several_people = len(below) > 1 and not all(_A_DATE.fullmatch(name or "") for name in below)
        deeper = _depth_of_person(inner, None)
        if several_people or deeper:
            return 1 + deeper
    return 1 if packed_whole else 0
