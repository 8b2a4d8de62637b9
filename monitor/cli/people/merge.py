"""`muster people merge`: shows what would become one, asks, and does it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import Run, YesOption, confirmed, err, shared, tell
from monitor.cli.people.options import Who, open_person
from monitor.errors import UsageError
from monitor.text import plural, printable

if TYPE_CHECKING:
    from monitor.desk.people.merging import MergePreview, MergeSide


@shared
def merge(
    run: Run,
    source: Who,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The person who stays.")],
    force: Annotated[bool, typer.Option("--force", help="Also when their faces differ.")] = False,
    number: Annotated[
        str | None, typer.Option(help="Which number stays, with its PIN, where both have one; else INTO's.")
    ] = None,
    yes: YesOption = False,
) -> None:
    """Make two people one: images, attendance and moods of the first become the second's.

    'muster people undo' takes it back.
    """
    from monitor.desk.people import merging
    from monitor.desk.people.finding import find_person

    engine, cipher, first = open_person(run, source)
    second = find_person(engine, into)
    seen = merging.preview(engine, cipher, first.id, second.id)
    if seen.unlike and not force:
        told = str(seen.unlike).removesuffix(".")
        raise UsageError(f"{told}; add --force if they are.", code=seen.unlike.code)
    if not yes and sys.stdin.isatty():
        _show(seen)
        if seen.two_numbers and number is None:
            number = typer.prompt("Which number stays", default=second.number, err=True)
        if not confirmed(f"Make {printable(first.name)} and {printable(second.name)} one person?"):
            raise UsageError("Nothing was merged.")
    merging.merge(engine, cipher, first.id, second.id, number=number, force=force, **run.stamp)
    run.say(
        f"{first.name} was merged into {second.name}; 'muster people undo' takes it back.",
        {"merged": first.name, "into": second.name},
    )


def _show(seen: "MergePreview") -> None:
    for title, side in (("Goes", seen.source), ("Stays", seen.into)):
        tell(printable(f"{title}: {side.person.name}{_details(side)}", 300), err)
    if seen.similarity is not None:
        tell(f"Similarity of their faces: {seen.similarity:.3f}", err)


def _details(side: "MergeSide") -> str:
    number = f", number {side.person.number}" if side.person.number else ""
    passages = plural(side.passages, "entry", "entries")
    return f"{number}, {plural(side.images, 'image')}, {passages} of attendance"
