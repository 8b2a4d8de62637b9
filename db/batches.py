"""SQLite takes a limited number of values in one statement; these restrict a statement to any number of them."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, cast, false, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_AT_ONCE: Final = 10_000
_Value = TypeVar("_Value")


def batches(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """Ids or other values in parts that fit into one `IN (…)`."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def among(column: InstrumentedAttribute[Any], values: Collection[UUID | str | int]) -> ColumnElement[bool]:
    """Whether the column is one of these values, which are one parameter: thousands of parameters are read slowly.

    A statement that is made for each arrival at a door takes `IN (…)`: for a single value it costs 0.1 ms less.
    """
    if not values:
        return false()
    listed = _JsonTexts(json.dumps([one.hex if isinstance(one, UUID) else one for one in values])).table_valued("value")
    return column.in_(select(cast(listed.c.value, column.type)))


class _JsonTexts(FunctionElement[str]):
    """The texts of a JSON list, as rows."""

    inherit_cache = True


@compiles(_JsonTexts, "sqlite")
def _in_sqlite(element: _JsonTexts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_JsonTexts, "postgresql")
def _in_postgresql(element: _JsonTexts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS JSON))"
