"""Brings down what the other doors of a site did, and sends up what they lack: after it, both sides know the same.

First who was erased, so that nobody comes back from an old backup; then what happened here goes up (`send.forward`);
then people, consents, merges, names, faces and calendars come down, and the other doors' recent events. Everything is
found by comparing, so a round that was cut off anywhere needs no repair.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db import audit
from db.attendance import ledger
from db.crypto import TemplateCipher, bound_key
from db.engine import reading, writing
from db.errors import DatabaseBusy, WrongKey
from db.forwarding import day_secrets, exchange, site_events, site_key
from db.forwarding.changes import adopt_ids, send_changes, send_erasures, send_merges
from db.forwarding.exchange import ACTOR, Ciphers
from db.forwarding.observations import Sent
from db.forwarding.people import People, send_people
from db.forwarding.send import BATCH, Forwarded, forward, send_consents, send_news
from db.proof import entries, images
from db.schema.attendance import EventRow
from db.schema.audit import AuditRow
from db.schema.faces import TemplateKeyRow, TemplateRow
from db.schema.people import ConsentRow, PersonRow, SubjectRow
from db.schema.proof import ProofRow

_HEAD: Final = select(
    select(func.max(EventRow.seq)).scalar_subquery(), select(func.max(ProofRow.seq)).scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Heads:
    """How far a database was; it grows with everything that a round looks at."""

    here: tuple[int, ...] = ()
    there: tuple[int, ...] = ()
    """The first number counts the ledger's events, the others what else there is."""
    people: People | None = None
    """Who was who then."""

    def same_people(self, other: "Heads") -> tuple[bool, bool]:
        """Whether nothing but events was written in between, here and there."""
        return self.here[1:] == other.here[1:], self.there[1:] == other.there[1:]

    def grown(self, here: int, there: int, events: int) -> "Heads":
        """With what a round appended itself: so many entries, and events there; nobody need look at those again."""
        return replace(self, here=_grown(self.here, 0, here), there=_grown(self.there, events, there))


@dataclass(frozen=True, slots=True)
class Followed:
    """What a round did."""

    sent: Forwarded = field(default_factory=Forwarded)
    people: int = 0
    """People who are new here."""
    changed: int = 0
    """People whose name, number, group, notes or state was changed elsewhere."""
    merged: int = 0
    erased: int = 0
    consents: int = 0
    down: Mapping[str, int] = field(default_factory=dict)
    """Shared rows that came or went here, by kind (`shared.KINDS`)."""
    up: Mapping[str, int] = field(default_factory=dict)
    events: int = 0
    """Events of other doors."""
    faces_of: tuple[UUID, ...] = ()
    """People here whose templates are others now."""
    heads: Heads = field(default_factory=Heads)
    """To be given to the next round."""

    @property
    def brought(self) -> int:
        came = self.people + self.changed + self.merged + self.erased + self.consents + self.events
        return came + sum(self.down.values())


def follow(
    kiosk: Engine,
    centre: Engine,
    cipher: TemplateCipher,
    site: TemplateCipher,
    *,
    now: datetime,
    since: datetime | None = None,
    before: Heads | None = None,
    sent: Sent | None = None,
    heads: Heads | None = None,
) -> Followed:
    """One round between a door and the centre.

    Args:
        cipher: of the door's faces.
        site: of the faces at the centre.
        since, sent: as in `forward`.
        before: what the round before gave; where nothing was written since on both sides, nothing is compared.
        heads: how far both are now; None where they are to be asked.

    Raises:
        WrongKey: the centre's faces are sealed with another key.
        DatabaseError: as `forward`.
    """
    heads = heads or heads_of(kiosk, centre)
    mine: list[int] = []
    theirs: list[int] = []
    kiosk, centre = entries.counted(kiosk, mine), entries.counted(centre, theirs)
    day_secrets.share(kiosk, centre, cipher, site, now)
    ciphers = Ciphers(cipher, site)
    try:
        if before is None or before.people is None or sent is None or since != sent.since:
            done = _whole(kiosk, centre, ciphers, heads, before, since, sent, now)
        else:
            try:
                done = _narrow(kiosk, centre, ciphers, heads, before, sent, now)
            except IntegrityError:  # it speaks of what the centre does not have yet, as of a new kiosk
                mine.clear()
                theirs.clear()
                done = _whole(kiosk, centre, ciphers, heads, None, since, sent, now)
    except IntegrityError:
        raise DatabaseBusy("People changed while their rows were sent or brought down; try again.") from None
    if done.erased or done.merged or done.sent.erased or done.sent.merged:
        return done  # the next round looks whether something follows from it
    return replace(done, heads=done.heads.grown(sum(mine), sum(theirs), done.sent.events))


def _narrow(
    kiosk: Engine, centre: Engine, ciphers: Ciphers, heads: Heads, before: Heads, sent: Sent, now: datetime
) -> Followed:
    """A round after another one: asks only of the side on which something was written since."""
    here_same, there_same = before.same_people(heads)
    events = heads.here[0] != before.here[0]
    if not here_same and not there_same:
        return _whole(kiosk, centre, ciphers, heads, before, sent.since, sent, now)
    if not there_same:
        erased, _ = send_erasures(centre, kiosk, now=now, wholly=True, actor=ACTOR)
        done = _bring(kiosk, centre, ciphers, Followed(erased=erased, heads=heads), now)
        known = done.heads.people or People({})
        return replace(done, sent=send_news(kiosk, centre, known, sent, events=events))
    if not here_same:
        forwarded = forward(kiosk, centre, now=now, since=sent.since, cipher=ciphers.there, sent=sent)
        known = forwarded.known or People({})
        done = _share(kiosk, centre, ciphers, known, Followed(sent=forwarded, heads=heads), now)
    else:
        known = before.people or People({})
        forwarded = send_news(kiosk, centre, known, sent, events=events)
        done = Followed(sent=forwarded, heads=replace(heads, people=known))
    if heads.there[0] == before.there[0]:
        return done
    return replace(done, events=site_events.copy(kiosk, centre, heads.there[0], now))


def _whole(
    kiosk: Engine,
    centre: Engine,
    ciphers: Ciphers,
    heads: Heads,
    before: Heads | None,
    since: datetime | None,
    sent: Sent | None,
    now: datetime,
) -> Followed:
    """A round that compares both sides, as far as something but events was written since the one before."""
    require_site_key(centre, ciphers.there, now)
    with reading(centre) as there:
        plain = images.is_plain(there)
    if plain:
        with writing(centre) as there, writing(kiosk) as here:
            images.key_all(there, images.known_secret(here, ciphers.here))
    here_same, there_same = before.same_people(heads) if before else (False, False)
    known = before.people if before and here_same and there_same else None
    erased = 0 if there_same else send_erasures(centre, kiosk, now=now, wholly=True, actor=ACTOR)[0]
    forwarded = forward(kiosk, centre, now=now, since=since, cipher=ciphers.there, known=known, sent=sent)
    done = Followed(sent=forwarded, erased=erased, heads=replace(heads, people=known))
    if known is None:
        return _bring(kiosk, centre, ciphers, done, now)
    if before is not None and heads.there == before.there:
        return done
    return replace(done, events=site_events.copy(kiosk, centre, heads.there[0], now))


def require_site_key(centre: Engine, site: TemplateCipher, now: datetime) -> None:
    """Notes the site key's id, and the centre's own, where none is there. Raises: WrongKey."""
    with reading(centre) as there:
        known = bound_key(there)
    if known is None:
        with writing(centre) as there:
            ledger.lock(there)
            if bound_key(there) is None:
                there.add(TemplateKeyRow(key_id=site.key_id, since=now))
            entries.own_chain(there)  # by which a door knows this centre again
    elif known != site.key_id:
        raise WrongKey(site_key.WRONG)


def _bring(kiosk: Engine, centre: Engine, ciphers: Ciphers, done: Followed, now: datetime) -> Followed:
    merged, _ = send_merges(centre, kiosk, now=now, cipher=ciphers.here, actor=ACTOR)
    merged += adopt_ids(centre, kiosk, ciphers.here, now=now, actor=ACTOR)
    changed, _ = send_changes(centre, kiosk, wins=True)  # first, so that a number is free for who has it now
    people, added, _ = send_people(centre, kiosk, BATCH, wins=True)
    changed += send_changes(centre, kiosk, wins=True)[0] if added else 0  # of who came just now
    consents = send_consents(centre, kiosk, people, BATCH)
    known = People({own: theirs for theirs, own in people.there.items()})
    done = replace(done, people=added, changed=changed, merged=merged, consents=consents)
    done = _share(kiosk, centre, ciphers, known, done, now)
    return replace(done, events=site_events.copy(kiosk, centre, done.heads.there[0], now))


def _share(kiosk: Engine, centre: Engine, ciphers: Ciphers, people: People, done: Followed, now: datetime) -> Followed:
    """Has both sides know the same of the shared rows, and notes what was brought.

    Args:
        people: who is who at the centre.
        done: what the round did before.
    """
    found = exchange.exchange(kiosk, centre, ciphers, people.there, now)
    faces_of, heads = tuple(sorted(found.faces_of)), replace(done.heads, people=people)
    done = replace(done, down=found.down, up=found.up, faces_of=faces_of, heads=heads)
    if done.brought:
        came = {"people": done.people, "changed": done.changed, "merged": done.merged, "consents": done.consents}
        with writing(kiosk) as here:  # by which the gallery and the screens learn of it
            audit.note(here, "follow", at=now, actor=ACTOR, detail={**came, **found.down})
    return done


def heads_of(kiosk: Engine, centre: Engine) -> Heads:
    """How far both are. Raises: DatabaseError."""
    with reading(kiosk) as here, reading(centre) as there:
        return Heads(head(here), head(there))


def _grown(head: tuple[int, ...], events: int, entries: int) -> tuple[int, ...]:
    """Without a proof, what was appended is not known: the next round looks at everything."""
    return (head[0] + events, head[1] + entries) if len(head) == 2 else head


def head(session: Session) -> tuple[int, ...]:
    """How far a database is. With a proof it has an entry for all that changes, else rows are counted."""
    events, proved = session.execute(_HEAD).one()
    if proved is not None:
        return events or 0, proved
    tables = (AuditRow, ConsentRow, PersonRow, SubjectRow, TemplateRow)
    return events or 0, *(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
