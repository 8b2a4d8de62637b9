"""Which columns are sealed, and what each of their values is bound to."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from sqlalchemy.orm import InstrumentedAttribute

from db.crypto import owner
from db.proof.key import site_pepper_owner
from db.schema.doors import SitePepperRow
from db.schema.faces import CandidateRow, MeanTemplateRow, PortraitRow, TemplateRow
from db.schema.observations import KeptViewRow, SightingRow

_Column: TypeAlias = InstrumentedAttribute[Any]

_FACES: Final[tuple[tuple[tuple[_Column, ...], tuple[str, ...]], ...]] = (
    ((TemplateRow.embedding, TemplateRow.second, TemplateRow.chip), ("person_id", "id")),
    ((CandidateRow.embedding, CandidateRow.second, CandidateRow.chip), ("person_id", "id")),
    ((MeanTemplateRow.embedding, MeanTemplateRow.second), ("person_id", "encoder")),
    ((PortraitRow.jpeg,), ("person_id",)),
    ((SightingRow.embedding, SightingRow.second, SightingRow.portrait), ("id",)),
    ((KeptViewRow.embedding, KeptViewRow.second, KeptViewRow.chip), ("sighting_id", "id")),
)
"""The sealed columns of a table, and the columns to whose values theirs are bound."""


def sealed_columns() -> list[tuple[_Column, Callable[[Any], str]]]:
    """Each sealed column, with a function that gives for a row what its value is bound to."""
    faces = [(column, partial(_bound_to, column, key)) for columns, key in _FACES for column in columns]
    return [*faces, (SitePepperRow.sealed, lambda row: site_pepper_owner(row.key_id))]


def _bound_to(column: _Column, key: tuple[str, ...], row: Any) -> str:
    return owner(column, *(getattr(row, name) for name in key))
