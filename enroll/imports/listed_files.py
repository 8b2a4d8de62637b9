"""Finds the picture files that a list names: beside the list, and nowhere outside its folder."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from enroll.faces.acceptance import Rejection
from enroll.imports.batch import Picture
from enroll.imports.folder import file_picture, leads_outside
from monitor.vision.images import READ, is_image

_MISSING: Final = "The list names a file that is missing; correct its name or add it."
_BETWEEN: Final = re.compile(r"\s*[,;|\n]\s*")


class ListedFiles:
    """The files below a list's folder, found by the names that the list has for them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = lru_cache(maxsize=1000)(_names)
        self.read_as: dict[str, str] = {}
        """Names in the list for which another one was read: other capitals, another ending, a path of another
        computer."""

    def find_all(self, cell: str) -> Iterator[Picture | Rejection]:
        """The pictures that one cell names: a file, or several with commas, semicolons or line breaks between them."""
        parts = [part for part in _BETWEEN.split(cell) if part]
        several = len(parts) > 1 and all(is_image(PurePosixPath(part)) for part in parts)
        for name in parts if several and not self._exists(cell) else [cell]:
            yield self.find(name)

    def find(self, name: str) -> Picture | Rejection:
        """The picture of this name, or why there is none."""
        if "\0" in name:
            return Rejection(name.replace("\0", "?"), "The list names a file that cannot exist; correct it.")
        if re.match(r"(https?|ftp)://", name, re.IGNORECASE):
            return Rejection(name, "The list names a web address; download the picture and name its file.")
        try:
            path = self._meant(name)
            if leads_outside(path, self._folder):
                return Rejection(name, "The path leads out of the list's folder; put the picture beside the list.")
            if not path.exists():
                return Rejection(name, _MISSING)
            if not path.is_file():
                return Rejection(name, "The list names a folder or a device, not a file; correct the name.")
        except OSError as error:
            return Rejection(name, f"The file cannot be read: {error.strerror}.")
        if not is_image(path):
            return Rejection(name, f"The file is not a picture; give a {READ}.")
        return file_picture(path)

    def _exists(self, name: str) -> bool:
        try:
            return "\0" not in name and (self._folder / name).exists()
        except OSError:
            return False

    def _meant(self, name: str) -> Path:
        """The file of this name; else the one whose name differs in capitals, accents' form or ending only; and of an
        absolute path, the file of its last name beside the list."""
        inside = PurePosixPath(name.replace("\\", "/"))
        path = self._folder / inside
        if inside.is_absolute() or PureWindowsPath(name).drive:
            beside = self._folder / inside.name
            path = self._near(beside) or (beside if beside.exists() else path)
        elif ".." not in inside.parts and not path.exists():
            path = self._near(path) or path
        if path != self._folder / inside and path.exists():
            self.read_as[name] = str(path.relative_to(self._folder))
        return path

    def _near(self, path: Path) -> Path | None:
        """The only file that the path may mean, where it does not exist itself."""
        if path.exists():
            return path
        here = self._folder
        for part in path.relative_to(self._folder).parts:
            names = self._names(here)
            same = names.get(_folded(part), ())
            if not same and part == path.name:
                stem = PurePosixPath(part).stem if is_image(PurePosixPath(part)) else part
                same = [
                    name
                    for found in names.values()
                    for name in found
                    if is_image(PurePosixPath(name)) and _folded(PurePosixPath(name).stem) == _folded(stem)
                ]
            if len(same) != 1:
                return None
            here /= same[0]
        return here


def _names(folder: Path) -> dict[str, list[str]]:
    """What a folder holds: the names as they are by their folded form."""
    found: dict[str, list[str]] = {}
    try:
        for entry in folder.iterdir():
            found.setdefault(_folded(entry.name), []).append(entry.name)
    except OSError:
        return {}
    return found


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
