"""`muster db …`: upgrade, look at, back up, verify, clean and forward the database; change the template key."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, emit, err, out, shared
from monitor.text import plural

if TYPE_CHECKING:
    from db.forwarding.send import Forwarded

app = command_group("Upgrade, check, back up and clean the database.")


@app.command()
@shared
def upgrade(run: Run) -> None:
    """Bring the tables to this version of Muster."""
    from db import migrate
    from db.engine import open_database

    engine = open_database(run.settings().db)
    if run.as_json:
        emit({"database": migrate.where(engine), "revision": migrate.HEAD})
        return
    out.print(f"{migrate.where(engine)} is up to date (tables {migrate.HEAD}).", markup=False)


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
        out.print(f"{name.replace('_', ' ')}: {value}", markup=False, soft_wrap=True)


@app.command()
@shared
def backup(
    run: Run,
    file: Annotated[Path, typer.Argument(help="A new file, in a folder that is there.")],
) -> None:
    """Copy the database to FILE, also while a kiosk is running. The template key is not in the copy."""
    from db.backup import back_up
    from db.engine import open_database

    size = back_up(open_database(run.settings().db, read_only=True), file)
    if run.as_json:
        emit({"file": str(file), "bytes": size})
        return
    out.print(f"{file}: {size:,} bytes. Keep the template key too, but elsewhere.", markup=False, soft_wrap=True)


@app.command()
@shared
def verify(
    run: Run,
    head: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="A head noted earlier, 64 hexadecimal digits, which must still be there."),
    ] = None,
) -> None:
    """Prove that nothing was changed in the ledger, and that the file is whole."""
    from db import backup
    from db.attendance import ledger
    from db.engine import open_database, reading
    from db.errors import DatabaseDamaged
    from db.forwarding import received
    from monitor.errors import UsageError

    if head is not None and not re.fullmatch("[0-9a-f]{64}", head):
        raise UsageError(
            f"{head!r} is no head of a ledger; give the 64 hexadecimal digits that 'muster db verify' says."
        )
    engine = open_database(run.settings().db, read_only=True)
    with reading(engine) as session:
        check = ledger.verify(session, known_head=head)
        chains = {chain: received.verify(session, chain) for chain in received.origins(session)}
    problems = [one.problem for one in (check, *chains.values()) if one.problem] + backup.problems(engine)
    if run.as_json:
        broken = {"broken_row": check.broken_seq, "problems": problems}
        others = [{"origin": str(chain), "events": one.events, "head": one.head} for chain, one in chains.items()]
        emit({"whole": not problems, "events": check.events, "head": check.head, **broken, "forwarded": others})
        if problems:
            raise typer.Exit(1)
        return
    if problems:
        raise DatabaseDamaged(f"The database is not whole: {'; '.join(problems)}; restore it from a backup.")
    out.print(
        f"The ledger is whole: {plural(check.events, 'event')}, head {check.head}",
        markup=False,
        soft_wrap=True,
    )
    for one in chains.values():
        out.print(f"  of it {one.events:,} events of a kiosk whose head is {one.head}", markup=False, soft_wrap=True)


@app.command()
@shared
def purge(
    run: Run,
    older_than: Annotated[
        int | None, typer.Option("--older-than", min=0, metavar="DAYS", help="The same number of days for all three.")
    ] = None,
    visitors_days: Annotated[
        int | None, typer.Option(min=0, help="Keep sightings and faces of unknown people this many days.")
    ] = None,
    sightings_days: Annotated[int | None, typer.Option(min=0, help="Keep sightings of enrolled people.")] = None,
    moods_days: Annotated[int | None, typer.Option(min=0, help="Keep moods this many days.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
) -> None:
    """Delete sightings, faces and moods that are older than the settings say, for good. The ledger stays."""
    from db.engine import open_database
    from monitor.desk import system

    settings = run.settings(
        keep_visitors_days=older_than if visitors_days is None else visitors_days,
        keep_sightings_days=older_than if sightings_days is None else sightings_days,
        keep_moods_days=older_than if moods_days is None else moods_days,
    )
    engine = open_database(settings.db, create=False, read_only=dry_run)
    now = run.at
    if dry_run:
        found, scrubbed = system.expired(engine, settings, now), False
    else:
        found, scrubbed = system.purge(engine, settings, at=now, actor="command line")
    if run.as_json:
        counts = {kind: getattr(found, kind) for kind in ("visitors", "sightings", "moods", "captures")}
        emit({**counts, "dry_run": dry_run, "scrubbed": scrubbed})
        return
    verb = "Would delete" if dry_run else "Deleted"
    out.print(
        f"{verb} {found.visitors:,} sightings of unknown people, {found.sightings:,} of enrolled people, "
        f"{found.moods:,} mood samples and {found.captures:,} faces that nobody reviewed.",
        soft_wrap=True,
    )
    if not scrubbed and not dry_run:
        out.print("Another program uses the database; run this again later to empty its free pages too.")


@app.command("rotate-key")
@shared
def rotate_key(run: Run) -> None:
    """Encrypt all face templates with a new key, in one transaction. Close running kiosks first.

    Backups made before, and other databases with the old key, can be read with the old key only; it is kept in a file.
    """
    from db.engine import open_database, scrub
    from db.privacy.rotation import rotate
    from monitor.config import CONFIG_FILE

    engine = open_database(run.settings().db, create=False)
    rotated = rotate(engine, (run.config or CONFIG_FILE).parent, at=run.at, actor="command line")
    scrub(engine)
    if run.as_json:
        before = str(rotated.before) if rotated.before else None
        emit({"sealed": rotated.sealed, "key_id": rotated.key_id, "key_in": rotated.place, "old_key_in": before})
        return
    told = f"{rotated.sealed:,} values are encrypted with the new key, which is in {rotated.place}."
    if rotated.before:
        told += (
            f" Older backups and other databases need the old one, kept in {rotated.before}; delete it when none does."
        )
    out.print(told, markup=False, soft_wrap=True)


@app.command()
@shared
def forward(
    run: Run,
    url: Annotated[
        str, typer.Argument(metavar="URL", envvar="MUSTER_FORWARD_URL", help="The database that many doors share.")
    ],
    follow: Annotated[bool, typer.Option("--follow", help="Go on sending until stopped.")] = False,
    every: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Between rounds of --follow.")] = 30.0,
) -> None:
    """Send attendance, sightings, moods and people to a shared database, each once. Faces and PINs stay here."""
    from db.engine import open_database
    from db.forwarding.send import forward as send
    from monitor.recording.forwarding import forward_for_ever, open_shared

    source = open_database(run.settings().db, create=False)
    if follow:
        forward_for_ever(
            source,
            url,
            every=every,
            clock=lambda: run.at,
            wait=_wait,
            sent=lambda done: _tell_sent(done, as_json=run.as_json),
            trouble=lambda sentence: err.print(sentence, markup=False, soft_wrap=True),
        )
        return
    _tell_sent(send(source, open_shared(source, url), now=run.at), as_json=run.as_json)


def _wait(seconds: float) -> bool:
    import time

    time.sleep(seconds)
    return True


def _tell_sent(done: "Forwarded", *, as_json: bool) -> None:
    erased = [str(one) for one in done.erased_here]
    pairs = [[str(one) for one in pair] for pair in done.merged_here]
    if as_json:
        counts = ("people", "consents", "events", "sightings", "changed", "moods", "merged", "updated", "erased")
        emit({name: getattr(done, name) for name in counts} | {"erased_here": erased, "merged_here": pairs})
        return
    told = [
        f"Sent {plural(done.events, 'attendance event')}, "
        f"{plural(done.sightings, 'sighting')}, {plural(done.moods, 'mood')}, "
        f"{plural(done.people, 'person', 'people')} and {plural(done.consents, 'consent')}; "
        f"brought up to date: {plural(done.changed, 'sighting')}."
    ]
    if done.merged or done.updated or done.erased:
        told.append(
            f"As here, people were changed there: {done.updated:,} renamed, regrouped or (de)activated, "
            f"{done.merged:,} merged, {done.erased:,} erased."
        )
    if erased:
        told.append(
            f"Erased here, but another kiosk sent them too, so erase them there, and at that kiosk: {', '.join(erased)}"
        )
    for one, other in pairs:
        told.append(f"Merged here, but there both have faces, so merge them there: muster people merge {one} {other}")
    for sentence in told:
        out.print(sentence, markup=False, soft_wrap=True)
