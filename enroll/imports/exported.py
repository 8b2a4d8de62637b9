"""What `muster people export` wrote about a person: whose faces they are, and which of its pictures are faces."""

import json
from collections.abc import Iterable
from typing import Final

from enroll.imports.batch import Entry, ImportBatch, person_pictures
from enroll.people.store import Identity

ABOUT: Final = "person.json"
"""The file at the top of an export that tells whose it is."""
LARGEST: Final = 64 * 2**20
"""Bytes of that file that are read."""


def exported_identity(about: bytes) -> Identity | None:
    """Whose export it is, by what `ABOUT` holds; None where the file is not one of Muster's."""
    try:
        person = json.loads(about)["person"]
        name, number, group = person["name"], person.get("number"), person.get("group_name")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    if not isinstance(name, str) or not all(isinstance(one, str | None) for one in (number, group)):
        return None
    return Identity(name, number, group)


def exported_batch(identity: Identity, entries: Iterable[Entry]) -> ImportBatch:
    """The faces that the person was enrolled with; their portrait is one of them, and others wait for a review."""
    faces = [found for path, found in entries if len(path.parts) == 2 and path.match("images/face-*")]
    note = f"This is Muster's export of {identity.name}; the faces that were enrolled are taken from it."
    return ImportBatch((person_pictures(identity, faces),), notes=(note,))
