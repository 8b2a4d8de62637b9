"""`muster rollcall …`: who is inside, ticked off by hand; F9 in the app."""

from typing import TYPE_CHECKING, Any

from monitor.cli.groups import command_group
from monitor.cli.options import Run, shared
from monitor.cli.people.options import Who
from monitor.text import local_time, plural

if TYPE_CHECKING:
    from monitor.desk.programs.roll_call import Missing, RollCallView

app = command_group("Who is inside, ticked off by hand: has everybody got out?")


@app.command()
@shared
def start(run: Run) -> None:
    """Begin a roll call of everybody inside, or go on with the one that is on, and list it."""
    from monitor.desk.programs import roll_call

    settings = run.settings()
    engine, _ = run.open_store(settings)
    _show(run, roll_call.start(engine, settings, **run.stamp))


@app.command()
@shared
def show(run: Run) -> None:
    """Who is still missing, and who was found; without a roll call, who is inside now."""
    from monitor.desk.programs import roll_call

    settings = run.settings()
    _show(run, roll_call.roll_call_view(run.database(settings), settings, run.at))


@app.command()
@shared
def tick(run: Run, who: Who) -> None:
    """Tick somebody off: they were found."""
    _tick(run, who, found=True)


@app.command()
@shared
def untick(run: Run, who: Who) -> None:
    """Take a tick back."""
    _tick(run, who, found=False)


@app.command()
@shared
def end(run: Run) -> None:
    """End the roll call, and say how many people are missing."""
    from monitor.desk.programs import roll_call

    engine, _ = run.open_store()
    missing = roll_call.end(engine, **run.stamp)
    said = "Nobody is missing." if not missing else f"{plural(missing, 'person is', 'people are')} missing."
    run.say(f"The roll call is over. {said}", {"missing": missing})


def _tick(run: Run, who: str, *, found: bool) -> None:
    from monitor.desk.people.finding import find_person
    from monitor.desk.programs import roll_call

    engine, _ = run.open_store()
    person = find_person(engine, who)
    roll_call.tick(engine, person.id, found=found, **run.stamp)
    run.say(f"{person.name} {'was found' if found else 'is missing again'}.", {"person": person.name, "found": found})


def _show(run: Run, view: "RollCallView") -> None:
    from monitor.cli.table import show_list

    zone = run.settings().zone
    inside, call = len(view.people), view.roll_call

    def record(one: "Missing") -> dict[str, Any]:
        return {"person": one.name, "id": one.person, "since": one.since, "found_at": one.found_at}

    def cells(one: "Missing") -> list[str]:
        found = local_time(one.found_at, zone) if one.found_at else "MISSING" if call else ""
        return [one.name, one.group or "", local_time(one.since, zone) if one.since else "", found]

    end = f"{plural(inside, 'person is', 'people are')} inside. No roll call goes on."
    if call:
        missing = plural(view.missing, "person is", "people are")
        end = f"{missing} missing of {inside:,} who were inside at {local_time(call.started_at, zone)}."
    show_list(
        run, view.people, record, ("Name", "Group", "In since", "Found"), cells, end, least={"Name": 12, "Group": 5}
    )
