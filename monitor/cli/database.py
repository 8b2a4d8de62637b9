"""`muster db …`: upgrade, describe, back up, verify, purge and forward the database; change the template key."""

from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import ForceOption, Run, emit, err, output_to, shared, tell
from monitor.cli.progress import working
from monitor.text import plural

if TYPE_CHECKING:
    from db.forwarding.follow import Followed
    from db.forwarding.send import Forwarded
    from db.verification.verdict import Verdict

app = command_group("Upgrade, back up, verify and purge the database.")


@app.command()
@shared
def upgrade(run: Run) -> None:
    """Bring the tables to this version of Muster."""
    from db import migrate
    from db.engine import open_database

    with working("Upgrading the tables"):
        engine = open_database(run.settings().db)
    where = migrate.where(engine)
    run.say(f"{where} is up to date (tables {migrate.HEAD}).", {"database": where, "revision": migrate.HEAD})


@app.command()
@shared
def current(run: Run) -> None:
    """Show where the database is, its version and how much is in it."""
    from db import backup, migrate
    from db.attendance import ledger
    from db.engine import open_database, reading
    from db.observations import moods, sightings
    from db.people import people

    engine = open_database(run.settings().db, read_only=True)
    with reading(engine) as session:
        found = {
            "database": migrate.where(engine),
            "revision": migrate.HEAD,
            "bytes": backup.size(engine),
            "people": people.count_people(session),
            "attendance_events": ledger.count(session),
            "mood_samples": moods.count(session),
            "unknown_faces": sightings.count_visitors(session),
        }
    if run.as_json:
        emit(found)
        return
    for name, value in found.items():
        tell(f"{name.replace('_', ' ')}: {value}")


@app.command()
@shared
def backup(
    run: Run,
    file: Annotated[Path, typer.Argument(help="A new file, in a folder that exists.")],
) -> None:
    """Copy the database to FILE, also while a kiosk is running. The template key is not in the copy."""
    from contextlib import suppress

    from db.backup import back_up
    from db.engine import open_database
    from db.errors import DatabaseError
    from monitor.desk.maintenance.upkeep import note_backup

    with working("Copying the database"):
        size = back_up(open_database(run.settings().db, read_only=True), file)
    with suppress(DatabaseError):  # a copy is made without the key too, and of a database that cannot be written
        note_backup(run.open_store()[0], file, **run.stamp)
    record = {"file": str(file), "bytes": size}
    run.say(f"{file}: {size:,} bytes. Keep a copy of the template key too, but in another place.", record)


@app.command()
@shared
def restore(
    run: Run,
    file: Annotated[Path, typer.Argument(help="A backup: 'muster db backup' and Muster itself make them.")],
) -> None:
    """Put a backup in the place of the database, once it is proved whole. The database is kept beside it."""
    from db.crypto import load_cipher
    from monitor.desk.maintenance.restore import restore as put_back
    from monitor.desk.maintenance.upkeep import ASIDE_DAYS

    settings = run.settings()
    folder = run.config_file.parent
    with working("Proving the backup and putting it back"):
        done = put_back(settings, load_cipher(folder), file, folder, **run.stamp)
    if run.as_json:
        emit({**asdict(done), "aside": str(done.aside) if done.aside else None})
        return
    tell(f"Restored {plural(done.people, 'person', 'people')} and {plural(done.events, 'attendance event')}.")
    if done.aside:
        newer = f" It has {plural(done.newer_events, 'event')} more than the backup." if done.newer_events else ""
        tell(f"The database as it was before is {done.aside}.{newer} It is deleted after {ASIDE_DAYS} days.")
    if done.erased_again:
        tell(f"{plural(done.erased_again, 'person', 'people')} erased since the backup was made: erased again.")
    if done.taken_over:
        what = plural(
            done.taken_over, "refusal, deactivation, PIN or revoked key", "refusals, deactivations, PINs or keys"
        )
        tell(f"Taken over from the database as it was: {what}.")


@app.command()
@shared
def verify(
    run: Run,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="HASH",
            help="The head that an earlier check printed; it must still be in the ledger.",
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read every event from the first, and its code, and the file's indexes and references: about 90 "
            "seconds a gigabyte.",
        ),
    ] = False,
) -> None:
    """Prove that no event, person, consent or audit entry was changed; and that the file is whole.

    The events are read from where the last check ended that found all whole. Those before are counted, and 100,000 of
    them are read again, others with each check.
    """

    from db.crypto import existing_cipher
    from db.engine import open_database
    from db.errors import DatabaseDamaged
    from db.proof.heads import HEADS_FILE
    from monitor.desk.maintenance import system

    folder = run.config_file.parent
    engine = open_database(run.settings().db, read_only=True)
    with working("Verifying the ledger, the entries and the file"):
        found = system.verify(
            engine, existing_cipher(folder), folder / HEADS_FILE, known_head=head, full=full, now=run.at
        )
    own = found.ledger
    if run.as_json:
        others = [
            {"origin": str(chain), "events": one.events, "head": one.head} for chain, one in found.forwarded.items()
        ]
        counts = {"entries": found.entries.entries, "heads": found.heads, "sealed": found.sealed, "key": found.proved}
        broken = {"broken_row": own.broken_seq, "problems": list(found.problems)}
        whole = {"whole": not found.problems, "events": own.events, "head": own.head}
        again = {"first": own.again.start, "last": own.again.stop - 1} if own.again else None
        since = found.since.isoformat() if found.since else None
        earlier = {"since": since, "only_counted": own.before - len(own.again), "read_again": again}
        emit(whole | earlier | counts | broken | {"forwarded": others})
        if found.problems:
            raise typer.Exit(1)
        return
    if found.problems:
        raise DatabaseDamaged(f"The database is not whole: {'; '.join(found.problems)}; restore it from a backup.")
    _tell_whole(found, system.how_far(found, run.settings().zone))


def _tell_whole(found: "Verdict", how_far: str | None) -> None:
    own, entries = found.ledger, found.entries
    tell(f"The ledger is whole: {plural(own.events, 'event')}, head {own.head}")
    if how_far is not None:
        tell(how_far)
    for one in found.forwarded.values():
        tell(f"  {plural(one.events, 'event')} of another kiosk, whose head is {one.head}")
    if not found.proved:
        tell("The key is not here, so who wrote the rows was not verified; run this where the key is.")
        return
    tell(
        f"People, consents and the audit log are as Muster wrote them: {plural(entries.entries, 'entry', 'entries')}. "
        f"{plural(found.sealed, 'sealed value')} opened; {plural(found.heads, 'noted head')} found again."
    )
    foreign = own.foreign + entries.foreign
    if foreign:
        tell(f"{plural(foreign, 'row')} of other installations: verify these with their keys.")


@app.command()
@shared
def head(
    run: Run,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write it to a new file instead of printing it.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Note where the ledger ends now, and print it: keep it elsewhere, so that no row can be cut off unseen."""
    import json

    from db.proof import heads
    from db.proof.key import proof_key

    target = output_to(export, force=force)
    engine, cipher = run.open_store()
    noted = heads.note(engine, run.at) or heads.current(engine, run.at)
    line = json.dumps(heads.signed(noted, proof_key(cipher)), ensure_ascii=False)
    target.write(f"{line}\n".encode())
    if export is not None:
        run.say(f"Head of {plural(noted.events, 'event')}. Keep it away from this machine.", {"file": str(export)})


@app.command()
@shared
def purge(
    run: Run,
    older_than: Annotated[
        int | None, typer.Option("--older-than", min=0, metavar="DAYS", help="Days for all four options below.")
    ] = None,
    visitors_days: Annotated[
        int | None, typer.Option(min=0, help="Keep sightings and faces of visitors (unknown people) this many days.")
    ] = None,
    sightings_days: Annotated[
        int | None, typer.Option(min=0, help="Keep sightings of enrolled people this many days.")
    ] = None,
    moods_days: Annotated[int | None, typer.Option(min=0, help="Keep moods this many days.")] = None,
    views_days: Annotated[
        int | None, typer.Option(min=0, help="Keep the pictures on which the door named people this many days.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
) -> None:
    """Delete sightings, faces and moods that are older than the settings say, for good. The ledger stays."""
    from monitor.desk.maintenance import upkeep

    settings = run.settings(
        keep_visitors_days=older_than if visitors_days is None else visitors_days,
        keep_sightings_days=older_than if sightings_days is None else sightings_days,
        keep_moods_days=older_than if moods_days is None else moods_days,
        keep_views_days=older_than if views_days is None else views_days,
    )
    engine, _ = run.open_store(settings, read_only=dry_run)
    with working("Counting what is past its time" if dry_run else "Deleting rows") as advance:
        found, scrubbed = upkeep.expired(engine, settings, run.at), False
        if not dry_run:
            rows = found.rows
            found, scrubbed = upkeep.purge(engine, settings, lambda done: advance(done, max(done, rows)), **run.stamp)
    if run.as_json:
        counts = {kind: getattr(found, kind) for kind in ("visitors", "sightings", "moods", "captures", "views")}
        emit({**counts, "dry_run": dry_run, "scrubbed": scrubbed})
        return
    verb = "Would delete" if dry_run else "Deleted"
    tell(
        f"{verb} {plural(found.visitors, 'sighting')} of visitors, {found.sightings:,} of enrolled people, "
        f"{plural(found.moods, 'mood sample')}, {plural(found.captures, 'capture')} that nobody reviewed, "
        f"and {plural(found.views, 'picture')} of why somebody was named."
    )
    if not scrubbed and not dry_run:
        tell("Another program uses the database; run this again later to erase its free pages too.")


@app.command("roll-up")
@shared
def roll_up(run: Run) -> None:
    """Count the moods of all days before today anew; then months and quarters open at once.

    A kiosk and the app do so by themselves for days that are over. Whoever changes a mood deletes its day's roll-up.
    """
    from monitor.desk.days.moods import roll_up_moods

    engine, _ = run.open_store()
    days = roll_up_moods(engine, run.settings(), run.at, anew=True)
    run.say(f"The moods of {plural(days, 'day')} are rolled up.", {"days": days})


@app.command("rotate-key")
@shared
def rotate_key(run: Run) -> None:
    """Encrypt all face templates with a new key, in one transaction. Close running kiosks first.

    Backups made before, and other databases with the old key, can be read with the old key only; it is kept in a file.
    """
    from db.engine import open_database, scrub
    from db.privacy.rotation import rotate

    engine = open_database(run.settings().db, create=False)
    with working("Encrypting with a new key"):
        rotated = rotate(engine, run.config_file.parent, **run.stamp)
        scrub(engine)
    sentence = f"{plural(rotated.sealed, 'value')} encrypted with the new key, which is in {rotated.place}."
    if rotated.before:
        sentence += f" Older backups and other databases need the old key, kept in {rotated.before}; delete it last."
    before = str(rotated.before) if rotated.before else None
    record = {"sealed": rotated.sealed, "key_id": rotated.key_id, "key_in": rotated.place, "old_key_in": before}
    run.say(sentence, record)


@app.command()
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


@app.command()
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


@app.command("site-key")
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


@app.command("new-chain")
@shared
def new_chain(run: Run) -> None:
    """Give a copied database a chain of its own; then it can be sent to the database that several doors share.

    What it has in common with the original is counted once there. The ledger and its proof stay as they are.
    """
    from monitor.desk.doors import new_chain as renew

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
    erased = [str(one) for one in done.erased_here]
    pairs = [[str(one) for one in pair] for pair in done.merged_here]
    taken = [str(one) for one in done.numbers_taken]
    if as_json:
        counts = ("people", "consents", "events", "sightings", "changed", "moods", "merged", "updated", "erased")
        by_hand = {"erased_here": erased, "merged_here": pairs, "numbers_taken": taken}
        emit({name: getattr(done, name) for name in counts} | by_hand)
        return
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
        tell(f"Erased here. Other kiosks still hold these people; erase them there too: {', '.join(erased)}")
    if taken:
        tell(
            "In the shared database somebody else has the number of these people, so they have none there; give them "
            f"another number, here or there: {', '.join(taken)}"
        )
    for one, other in pairs:
        tell(
            f"Merged here. In the shared database both have faces; merge them there: muster people merge {one} {other}"
        )
