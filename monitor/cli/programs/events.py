"""`muster events`: the ledger as JSON lines or Parquet, from where another program left off."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import ForceOption, Run, emit, err, may_replace, shared, tell, written
from monitor.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo


@shared
def events(
    run: Run,
    since: Annotated[
        str,
        typer.Option(
            metavar="SEQ|DAY",
            help="Only events behind this row of the ledger (the last 'seq' you have), or written since this day.",
        ),
    ] = "0",
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write to this file; .parquet for Parquet (extra 'parquet')."),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Every check-in, check-out, void and correction, in the ledger's order: a JSON object per line, or Parquet."""
    from monitor.desk.programs import event_feed
    from monitor.files import unfinished
    from monitor.outbound.messages import event_json

    settings, replace = run.settings(), may_replace(output, force=force)
    begin = _since(since, settings.zone)
    found = event_feed.all_events(run.database(settings), begin)
    if output is None:
        for one in found:
            emit(event_json(one))
        return
    with unfinished(output, private=True, replace=replace) as part:
        if output.suffix.lower() == ".parquet":
            from monitor.outbound import parquet

            count = parquet.write(found, part)
        else:
            count = _write_lines(map(event_json, found), part)
    tell(written(output, plural(count, "event")), err)


def _write_lines(records: "Iterator[dict[str, object]]", file: Path) -> int:
    count = 0
    with file.open("w", encoding="utf-8") as lines:
        for one in records:
            lines.write(json.dumps(one, ensure_ascii=False) + "\n")
            count += 1
    return count


def _since(text: str, zone: "ZoneInfo") -> int | datetime:
    """A row of the ledger, or the beginning of a day on the site's clock. Raises: UsageError."""
    from monitor.errors import UsageError

    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    try:
        return datetime.combine(date.fromisoformat(text), time(), tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is neither a row of the ledger nor a day; use 120 or 2026-11-01.") from None
