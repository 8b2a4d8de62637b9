"""`muster webhooks …`: who is told what happens, what waits to be told, and trying again."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias
from uuid import UUID

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, shared
from monitor.errors import UsageError
from monitor.text import local_time, plural, printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from monitor.config_outbound import Webhook
    from monitor.desk.programs.webhooks import Delivery, WebhookState

    Found: TypeAlias = tuple[Webhook | None, WebhookState]

app = command_group("Tell a chat room or another program what happens at the door.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of a webhook in the settings.")]
MaybeName = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only of this webhook.")]


@app.command("list")
@shared
def list_(
    run: Run,
    name: MaybeName = None,
    dead: Annotated[bool, typer.Option("--dead", help="List the messages that nobody tries any more.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="List each message that waits, dead or not.")] = False,
) -> None:
    """Each webhook and how it is doing; with --dead or --waiting, the messages."""
    from db.errors import NoDatabase
    from monitor.cli.table import show_list
    from monitor.desk.programs import webhooks

    settings = run.settings()
    if dead or waiting:
        _list_messages(run, webhooks.waiting(_database(run), name, dead=dead))
        return
    try:
        engine = _database(run)
    except NoDatabase:  # before the first start of a kiosk
        engine = None
    found = [one for one in webhooks.states(engine, settings) if name in (None, one[1].webhook)]

    def record(one: "Found") -> dict[str, Any]:
        hook, state = one
        kept = {"url": hook.url, "form": hook.form, "kinds": hook.kinds} if hook else {"url": None}
        counts = {"sent": state.sent, "waiting": state.waiting, "dead": state.dead, "behind": state.behind}
        return {"name": state.webhook, **kept, **counts, "sent_at": state.sent_at, "error": state.error}

    def cells(one: "Found") -> list[str]:
        hook, state = one
        elsewhere = "the MQTT broker" if state.webhook.startswith("mqtt:") else "not in the settings"
        counts = (f"{count:,}" for count in (state.sent, state.waiting + state.behind, state.dead))
        told = [hook.url, ", ".join(hook.kinds)] if hook else [elsewhere, ""]
        return [state.webhook, *told, *counts, printable(state.error or "", 200)]

    numbers = ("Sent", "Waiting", "Dead")
    heads, fold = ("Name", "Address", "Tells", *numbers, "Last error"), ("Address", "Tells", "Last error")
    end = "" if found else "There is no webhook yet; add one with 'muster webhooks add'."
    show_list(run, found, record, heads, cells, end, fold=fold, right=numbers)


@app.command()
@shared
def add(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, - and _.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where messages are sent to.")],
    form: Annotated[Literal["json", "chat"], typer.Option(help="The whole event, or a sentence for a chat.")] = "json",
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="What is told; may be repeated. By default who comes and leaves.")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Only people of this group; may be repeated.")
    ] = None,
    door: Annotated[list[str] | None, typer.Option("--door", help="Only from this door; may be repeated.")] = None,
) -> None:
    """Write a webhook into the settings and print the secret with which its messages are signed."""
    from pydantic import ValidationError

    from monitor.config_outbound import Webhook
    from monitor.config_sources import problem_of
    from monitor.desk.programs import webhooks

    run.settings()
    values = {"kinds": kind, "groups": group, "doors": door}
    try:
        given = {of: tuple(value) for of, value in values.items() if value}
        webhook = Webhook.model_validate({"name": name, "url": url, "form": form, **given})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"The webhook's {first['loc'][0]}: {problem_of(error)}.") from None
    secret = webhooks.add(run.config_file, webhook)
    run.say(
        f"The webhook {name} is in {run.config_file}. Its messages are signed with {secret} . "
        f"Kiosks send from their next start; try it with 'muster webhooks test {name}'.",
        {"name": name, "url": url, "secret": secret, "file": str(run.config_file)},
    )


@app.command()
@shared
def remove(run: Run, name: Name) -> None:
    """Take a webhook out of the settings, with the messages that wait for it."""
    from monitor.desk.programs import webhooks

    gone = webhooks.remove(_database(run), run.config_file, name)
    run.say(f"The webhook {name} is gone, with {plural(gone, 'message')}.", {"name": name, "messages": gone})


@app.command()
@shared
def test(run: Run, name: Name) -> None:
    """Send a test message now, and say what the receiver answered."""
    from monitor.desk.programs import webhooks
    from monitor.errors import MusterError

    answer = webhooks.test(run.settings(), name, run.at)
    if answer.error is not None:
        raise MusterError(f"The webhook {name} did not take the test message. {answer.error}")
    run.say(f"The webhook {name} took the test message.", {"name": name, "taken": True})


@app.command()
@shared
def retry(
    run: Run,
    name: MaybeName = None,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", metavar="ID", help="Only this message, by its id or the end of it; may be repeated."),
    ] = None,
) -> None:
    """Have what waits tried at once, dead letters too. A running kiosk sends it, or 'muster webhooks send'."""
    from monitor.desk.programs import webhooks

    engine = _database(run)
    count = webhooks.retry(engine, run.at, name, [_message(engine, one) for one in message or ()])
    run.say(f"{plural(count, 'message')} will be tried at once.", {"messages": count})


@app.command()
@shared
def send(
    run: Run,
    name: MaybeName = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until stopped, as a running kiosk does.")] = False,
) -> None:
    """Send what waits: for a desk or a server without a kiosk."""
    import threading

    from monitor.config_outbound import Mqtt, Opener
    from monitor.desk.programs import webhooks
    from monitor.desk.programs.around import programs_around
    from monitor.errors import MusterError

    settings, engine = run.settings(), _database(run)
    chosen = settings.webhooks if name is None else (webhooks.named(settings, name),)
    if not chosen:
        raise UsageError("There is no webhook in the settings; add one with 'muster webhooks add'.")
    if follow:
        only = settings.model_copy(update={"webhooks": chosen, "opener": Opener(), "mqtt": Mqtt()})
        with programs_around(engine, only):
            threading.Event().wait()
    errors = []
    for one in chosen:
        done = webhooks.send_waiting(engine, settings, one, lambda: run.at)
        run.say(f"{one.name}: {plural(done.sent, 'message')} sent.", {"name": one.name, "sent": done.sent})
        errors += [f"The webhook {one.name} waits. {done.error}"] if done.error else []
    if errors:
        raise MusterError(" ".join(errors))


def _message(engine: "Engine", text: str) -> UUID:
    """The id of a message that a user typed, or the end of it. Raises: UsageError."""
    from monitor.desk.by_id import with_id
    from monitor.desk.programs import webhooks

    try:
        return UUID(text)
    except ValueError:
        by_id = {str(one.id): one.id for one in webhooks.waiting(engine)}
        return with_id(by_id, text, "message", "muster webhooks list --waiting")


def _database(run: Run) -> "Engine":
    from db.engine import open_database

    return open_database(run.settings().db, create=False)


def _list_messages(run: Run, found: "list[Delivery]") -> None:
    from monitor.cli.table import show_list

    zone = run.settings().zone

    def record(one: "Delivery") -> dict[str, Any]:
        what = {"id": one.id, "webhook": one.webhook, "event": one.kind, "at": one.at, "attendance": one.event}
        return {**what, "attempts": one.attempts, "next_try": one.due_at, "dead": one.dead, "error": one.error}

    def cells(one: "Delivery") -> list[str]:
        due = "never" if one.dead else local_time(one.due_at, zone)
        what = str(one.id)[-8:], one.webhook, one.kind, local_time(one.at, zone), str(one.attempts), due
        return [*what, printable(one.error or "", 200)]

    heads, end = ("Message", "Webhook", "Event", "At", "Tries", "Next try", "Last error"), "No message waits."
    show_list(run, found, record, heads, cells, "" if found else end, fold=("Last error",), right=("Tries",))
