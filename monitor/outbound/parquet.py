"""Events of the ledger as a Parquet file, for pandas, Polars, DuckDB and Spark. Needs the extra `parquet`."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from db.programs.event_feed import FeedEvent

_AT_ONCE: Final = 50_000
"""Rows of a row group, which are in memory together."""
_TIMES: Final = ("at", "recorded_at")
_TEXTS: Final = (
    "id", "event", "time_zone", "person_id", "name", "number", "group", "door", "site", "method", "target",
    "corrected_kind",
)  # fmt: skip


def write(events: Iterable[FeedEvent], file: Path) -> int:
    """Writes the events in their order, with a column for each field; gives how many.

    Raises:
        ModuleNotFoundError: the extra is not installed.
        OSError: the file cannot be written.
    """
    import pyarrow
    from pyarrow import parquet

    times = [(name, pyarrow.timestamp("us", tz="UTC")) for name in _TIMES]
    schema = pyarrow.schema([("seq", pyarrow.int64()), *times, *((name, pyarrow.string()) for name in _TEXTS)])
    rows, count = (_row(one) for one in events), 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while some := list(islice(rows, _AT_ONCE)):
            writer.write_table(pyarrow.Table.from_pylist(some, schema=schema))
            count += len(some)
    return count


def _row(event: FeedEvent) -> dict[str, Any]:
    texts = {name: getattr(event, name) for name in _TEXTS if hasattr(event, name)}
    named = {"id": str(event.id), "event": event.kind, "person_id": event.person and str(event.person)}
    target = {"target": event.target and str(event.target)}
    return texts | named | target | {"seq": event.seq, "at": event.at, "recorded_at": event.recorded_at}
