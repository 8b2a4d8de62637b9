"""`muster people consent`, and the option --consent of commands that enrol people."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from monitor.cli.options import Run, emit, err, out, shared, tell
from monitor.errors import UsageError
from monitor.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.records.people import ConsentKind

ConsentOption = Annotated[
    list[str] | None,
    typer.Option("--consent", metavar="WHAT", help="What they agreed to: face, mood or face,mood; may be repeated."),
]


def consents_of(given: "Iterable[str] | None") -> "tuple[ConsentKind, ...]":
    """What the options say together: no word of it twice. Raises: UsageError."""
    kinds: dict[str, ConsentKind] = {"face": "face", "mood": "mood"}
    words = [part.strip().lower() for text in given or () for part in text.split(",") if part.strip()]
    for word in words:
        if word not in kinds:
            raise UsageError(f"Unknown consent {word!r}; use face, mood or face,mood.")
    return tuple(dict.fromkeys(kinds[word] for word in words))


@shared
def consent(
    run: Run,
    *,
    who: Annotated[
        list[str] | None, typer.Argument(metavar="PERSON", help="Names, numbers or ids; or use --group.")
    ] = None,
    kind: Annotated[Literal["face", "mood"], typer.Argument(metavar="face|mood", help="What the consent is about.")],
    answer: Annotated[Literal["yes", "no"], typer.Argument(metavar="yes|no", help="What they said.")],
    group: Annotated[str | None, typer.Option(help="Everybody in this group.")] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Of the group, or of all, only those whom nobody asked.")
    ] = False,
) -> None:
    """Write down what people agree to or refuse; who refuses "face" is not recognised.

    Of several people at once, who refused stays refused. 'muster people undo' takes it back.
    """
    from monitor.desk.calendar.whom import known_group
    from monitor.desk.people import changes
    from monitor.desk.people.finding import find_person
    from monitor.desk.people.listing import list_people

    if bool(who) == (group is not None or missing):
        raise UsageError("Say who it is: people by their names, or else --group or --missing.")
    engine, _ = run.open_store()
    if who:
        people = list({one.id: one for one in (find_person(engine, name) for name in who)}.values())
    else:
        group = known_group(engine, group) if group is not None else None
        listed = list_people(engine, group=group, consent_missing=missing)
        people = [one.person for one in listed if not missing or getattr(one, f"{kind}_consent") is None]
    if not people:
        tell("Nobody is meant; nothing was written down.", err if run.as_json else out)
        return
    given = answer == "yes"
    stay = changes.set_consents(engine, [one.id for one in people], {kind: given}, **run.stamp)
    for one in people if run.as_json else ():
        emit({"person": one.name, "kind": kind, "given": given and one.id not in stay})
    if not run.as_json:
        does = ("agrees to", "agree to") if given else ("refuses", "refuse")
        others = len(people) - len(stay)
        told = people[0].name if len(people) == 1 else plural(others, "person", "people")
        kept = f" {plural(len(stay), 'person', 'people')} refused before, and that stays." if stay else ""
        tell(printable(f"{told} {does[others != 1]} {kind}.{kept}", 300))
