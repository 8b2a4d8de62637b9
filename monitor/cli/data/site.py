"""`muster db forward`, `follow`, `site-key` and `new-chain`: a door and the site that it belongs to."""

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import Run, YesOption, confirmed, emit, err, shared, tell
from monitor.text import plural

if TYPE_CHECKING:
    from db.forwarding.follow import Followed
    from db.forwarding.send import Forwarded


@shared
def forward(
    run: Run,
    url: Annotated[
        str, typer.Argument(metavar="URL", envvar="MUSTER_FORWARD_URL", help="The database that several doors share.")
    ],
    follow: Annotated[bool, typer.Option("--follow", help="Keep sending until stopped.")] = False,
    every: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Seconds between two rounds of --follow.")
    ] = 30.0,
) -> None:
    """Send attendance, sightings, moods and people to a shared database; each once. Faces and PINs stay here."""
    from db.forwarding.send import forward as send
    from monitor.recording.forwarding import forward_for_ever, open_shared

    source, _ = run.open_store()
    if follow:
        forward_for_ever(
            source,
            url,
            every=every,
            clock=lambda: run.at,
            wait=lambda seconds: not Event().wait(seconds),
            sent=lambda done: _tell_sent(done, as_json=run.as_json),
            trouble=lambda sentence: tell(sentence, err),
        )
        return
    _tell_sent(send(source, open_shared(source, url), now=run.at), as_json=run.as_json)


@shared
def follow(
    run: Run,
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="URL",
            envvar="MUSTER_FORWARD_URL",
            help="The database that several doors share; without it the setting 'forward'.",
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="One round, instead of one after the other until stopped.")
    ] = False,
    every: Annotated[
        float,
        typer.Option(min=0.2, metavar="SECONDS", help="Seconds between two looks at a database that is a file."),
    ] = 0.25,
) -> None:
    """Keep this door and its site the same: send as 'forward' does, and bring down what the other doors did.

    People, consents, names, merges, erasures, faces, PINs, shifts, holidays, leave and the passages of the last 40 days
    come down. Faces and PINs are sealed with the site key (muster db site-key), which the shared database does not
    have. A kiosk with the setting 'forward' does this by itself.
    """
    from db.forwarding import site_key
    from monitor.desk import site
    from monitor.desk.store import Store
    from monitor.recording.forwarding import open_shared

    url = _address(run, url)
    key = site_key.load(run.config_file.parent)
    engine, cipher = run.open_store(create=True)
    store = Store(engine, cipher)
    if once:
        _tell_followed(site.follow_once(store, open_shared(engine, url), key, run.at), as_json=run.as_json)
        return
    site.follow_for_ever(
        store,
        url,
        key,
        clock=lambda: run.at,
        pause=lambda seconds: not Event().wait(seconds),
        tell=lambda done: _tell_followed(done, as_json=run.as_json),
        trouble=lambda sentence: tell(sentence, err),
        every=every,
    )


def _address(run: Run, url: str | None) -> str:
    from monitor.errors import UsageError

    found = url or run.settings().forward
    if not found:
        raise UsageError("Give the URL of the database that several doors share, or set forward in the settings.")
    return found


@shared
def make_site_key(
    run: Run,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The key file of another door, to be this door's too.")
    ] = None,
) -> None:
    """Make the key that seals faces between the doors of a site, or take another door's. The centre never gets it."""
    from db.forwarding import site_key

    folder = run.config_file.parent
    kept = site_key.make(folder) if file is None else site_key.take(folder, file)
    key_id = site_key.load(folder).key_id
    sentence = f"The site key is in {kept} (id {key_id}). Take this file to each door of the site, and nowhere else."
    run.say(sentence, {"file": str(kept), "key_id": key_id})


@shared
def new_chain(run: Run, yes: YesOption = False) -> None:
    """Give a copied database a chain of its own; then it can be sent to the database that several doors share.

    What it has in common with the original is counted once there. The ledger and its proof stay as they are.
    """
    from monitor.desk.doors import new_chain as renew
    from monitor.errors import UsageError

    asked = (
        "This is for a copy only: the shared database takes a database with a new chain for another kiosk, and the "
        "chain of before cannot be had back. Give this database a new chain?"
    )
    if not yes and not confirmed(asked):
        raise UsageError("The chain is as it was; answer y, or give --yes.")
    engine, _ = run.open_store()
    chain = renew(engine, **run.stamp)
    sentence = "This database sends under a chain of its own now. If it is another kiosk than the original's, name it: "
    run.say(sentence + "'muster config set kiosk NAME'.", {"chain": chain})


def _tell_followed(done: "Followed", *, as_json: bool) -> None:
    brought = {name: getattr(done, name) for name in ("people", "changed", "merged", "erased", "consents", "events")}
    if as_json:
        emit({"brought": brought | {"rows": dict(done.down)}, "sent": done.sent.rows, "sent_rows": dict(done.up)})
        return
    rows = ", ".join(f"{count:,} of {kind}" for kind, count in done.down.items())
    tell(
        f"Brought {plural(done.people, 'person', 'people')}, {plural(done.consents, 'consent')} and "
        f"{plural(done.events, 'passage')} of other doors; {done.changed:,} changed, {done.merged:,} merged, "
        f"{done.erased:,} erased." + (f" Shared rows: {rows}." if rows else "")
    )
    tell(f"Sent {plural(done.sent.rows + sum(done.up.values()), 'row')}.")


def _tell_sent(done: "Forwarded", *, as_json: bool) -> None:
    if as_json:
        counts = ("people", "consents", "events", "sightings", "changed", "moods", "merged", "updated", "erased")
        by_hand = ("erased_here", "merged_here", "numbers_taken")
        emit({name: getattr(done, name) for name in (*counts, *by_hand)})
        return
    erased, taken = (", ".join(map(str, ids)) for ids in (done.erased_here, done.numbers_taken))
    tell(
        f"Sent {plural(done.events, 'attendance event')}, {plural(done.sightings, 'sighting')}, "
        f"{plural(done.moods, 'mood sample')}, {plural(done.people, 'person', 'people')} and "
        f"{plural(done.consents, 'consent')}; updated {plural(done.changed, 'sighting')}."
    )
    if done.merged or done.updated or done.erased:
        tell(
            f"People changed in the shared database as they were here: {done.updated:,} with another name, "
            f"number, group, note or state, {done.merged:,} merged, {done.erased:,} erased."
        )
    if erased:
        tell(f"Erased here. Other kiosks still hold these people; erase them there too: {erased}")
    if taken:
        tell(
            "In the shared database somebody else has the number of these people, so they have none there; give them "
            f"another number, here or there: {taken}"
        )
    for one, other in done.merged_here:
        tell(
            f"Merged here. In the shared database both have faces; merge them there: muster people merge {one} {other}"
        )
