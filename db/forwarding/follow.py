"""Brings down what the other doors of a site did, and sends up what they lack: after it, both sides know the same.

First who was erased, so that nobody comes back from an old backup; then what happened here goes up (`send.forward`);
then people, consents, merges, names, faces and calendars come down, and the other doors' recent events. Everything is
found by comparing, so a round that was cut off anywhere needs no repair.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError

from db import audit
from db.attendance import ledger
from db.crypto import TemplateCipher, bound_key
from db.engine import reading, writing
from db.errors import DatabaseBusy, WrongKey
from db.forwarding import day_secrets, exchange, site_events, site_key, written
from db.forwarding.changes import adopt_ids, send_erasures, send_merges, send_people_and_changes
from db.forwarding.exchange import ACTOR, Pair
from db.forwarding.observations import Sent
from db.forwarding.people import People
from db.forwarding.send import Forwarded, forward, send_consents, send_news, send_who
from db.forwarding.written import EVERYTHING, Written
from db.proof import entries, images
from db.schema.audit import AuditRow
from db.schema.faces import TemplateKeyRow, TemplateRow
from db.schema.people import ConsentRow, PersonRow, SubjectRow

_HEAD: Final = text("SELECT (SELECT max(seq) FROM attendance_event), (SELECT max(seq) FROM proof_entry)")
"""As text, which SQLAlchemy prepares in a fifth of the time."""


@dataclass(frozen=True, slots=True)
class Heads:
    """How far a database was; it grows with everything that a round looks at."""

    here: tuple[int, ...] = ()
    there: tuple[int, ...] = ()
    """The first number counts the ledger's events, the others what else there is."""
    people: People | None = None
    """Who was who then."""
    state: str = ""
    """Of the database here (`db.changes.state`), which changes with sightings and moods, too; empty for one that has to
    be looked at."""
    copied: int | None = None
    """The centre's row up to which the other doors' events are here; None where that is to be looked up."""

    def is_same_here(self, other: "Heads") -> bool:
        """Whether nobody else wrote anything here between the two."""
        return bool(self.state) and self.state == other.state

    def grown(self, here: Sequence[range], there: Sequence[range], events: int) -> "Heads":
        """With what a round appended itself: these entries, and so many events there; nobody need look at those again,
        up to the first entry that somebody else appended meanwhile."""
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
    """To be given to the next round; without a state where more may follow from what this round did."""

    @property
    def known(self) -> People:
        """Who is who at the centre."""
        return self.heads.people or People({})

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
    mine: list[range] = []
    theirs: list[range] = []
    pair = Pair(entries.noted(kiosk, mine), entries.noted(centre, theirs), cipher, site, now)
    if before is None or not heads.is_same_here(before):
        day_secrets.share(pair.kiosk, pair.centre, cipher, site, now)
    try:
        if before is None or before.people is None or sent is None or since != sent.since:
            done = _whole(pair, heads, before, since, sent)
        else:
            try:
                done = _narrow(pair, heads, before, sent)
            except IntegrityError:  # it speaks of what the centre does not have yet, as of a new kiosk
                mine.clear()
                theirs.clear()
                done = _whole(pair, heads, None, since, sent)
    except IntegrityError:
        raise DatabaseBusy("People changed while their rows were sent or brought down; try again.") from None
    if done.erased or done.merged or done.sent.erased or done.sent.merged:
        return replace(done, heads=replace(done.heads, state=""))  # the next round looks what follows from it
    return replace(done, heads=done.heads.grown(mine, theirs, done.sent.events))


def _narrow(pair: Pair, heads: Heads, before: Heads, sent: Sent) -> Followed:
    """A round after another one: looks at the people of whom something was written since, and at what is new."""
    with reading(pair.kiosk) as session:
        here = written.between(session, before.here, heads.here)
    with reading(pair.centre) as session:
        there = written.between(session, before.there, heads.there)
    if EVERYTHING in (here, there):
        return _whole(pair, heads, before, sent.since, sent)
    done = Followed(heads=replace(heads, people=before.people, copied=before.copied))
    if here or there:
        done = _send_and_bring(pair, here, there, done)
    if here or there or not heads.is_same_here(before):
        news = send_news(pair.kiosk, pair.centre, done.known, sent, events=heads.here[0] != before.here[0])
        done = replace(done, sent=done.sent.plus(news.news))
    if here or there:
        done = _share(pair, here.kinds | there.kinds, done, _whose_faces(here, there, done.known))
    if heads.there[0] == before.there[0]:
        return done
    return _copy_events(pair, before.copied, done)


def _whose_faces(here: Written, there: Written, people: People) -> frozenset[UUID] | None:
    """Whose faces and PINs are to be looked at, by their ids at the centre; None for everybody's."""
    if here.faces is None or there.faces is None:
        return None
    return there.faces | {known for one in here.faces if (known := people.known(one)) is not None}


def _send_and_bring(pair: Pair, here: Written, there: Written, done: Followed) -> Followed:
    """Has both sides know the same of the people of whom something was written."""
    erased, _ = send_erasures(pair.centre, pair.kiosk, now=pair.now, wholly=True, actor=ACTOR, gone=there.erased)
    sent, known = Forwarded(), done.known.there
    if here.people or here.erased or here.merged:
        sent = send_who(pair.kiosk, pair.centre, here, now=pair.now, cipher=pair.there)
        known = known | (sent.known or People({})).there
    done = replace(done, erased=erased, sent=sent, heads=replace(done.heads, people=People(known)))
    if there.people or there.merged or here.merged:
        done = _bring(pair, there, done, adopt=here.merged)
    if here.erased or there.erased or here.merged or there.merged:
        with reading(pair.kiosk) as session:
            left = done.known.among(set(session.scalars(select(PersonRow.id))))
        done = replace(done, heads=replace(done.heads, people=left))
    return done


def _whole(pair: Pair, heads: Heads, before: Heads | None, since: datetime | None, sent: Sent | None) -> Followed:
    """A round that compares both sides, as far as something but events was written since the one before."""
    kiosk, centre, now = pair.kiosk, pair.centre, pair.now
    require_site_key(centre, pair.there, now)
    with reading(centre) as there:
        plain = images.is_plain(there)
    if plain:
        with writing(centre) as there, writing(kiosk) as here:
            images.key_all(there, images.known_secret(here, pair.here))
    there_same = before is not None and before.there[1:] == heads.there[1:]
    known = before.people if before and there_same and before.here[1:] == heads.here[1:] else None
    erased = 0 if there_same else send_erasures(centre, kiosk, now=now, wholly=True, actor=ACTOR)[0]
    forwarded = forward(kiosk, centre, now=now, since=since, cipher=pair.there, known=known, sent=sent)
    done = Followed(sent=forwarded, erased=erased, heads=replace(heads, people=known))
    if known is None:
        done = _share(pair, exchange.ALL, _bring(pair, EVERYTHING, done))
    elif before is not None and heads.there == before.there:
        return replace(done, heads=replace(done.heads, copied=before.copied))
    return _copy_events(pair, None, done)


def _copy_events(pair: Pair, after: int | None, done: Followed) -> Followed:
    taken, copied = site_events.copy(pair.kiosk, pair.centre, after, done.heads.there[0], pair.now)
    return replace(done, events=taken, heads=replace(done.heads, copied=copied))


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


def _bring(pair: Pair, there: Written, done: Followed, *, adopt: bool = True) -> Followed:
    """Brings down who was merged, added and changed at the centre, and consents.

    Args:
        there: of whom anything was written there.
        adopt: whether somebody was merged here.
    """
    kiosk, centre, whose, merged = pair.kiosk, pair.centre, there.people, 0
    if there.merged:
        merged += send_merges(centre, kiosk, now=pair.now, cipher=pair.here, actor=ACTOR, whose=whose)[0]
    if there.merged or adopt:
        merged += adopt_ids(centre, kiosk, pair.here, now=pair.now, actor=ACTOR)
    people, added, changed, _ = send_people_and_changes(centre, kiosk, wins=True, whose=whose)
    consents = send_consents(centre, kiosk, people, whose)
    known = People({**done.known.there, **{own: theirs for theirs, own in people.there.items()}})
    heads = replace(done.heads, people=known)
    return replace(done, people=added, changed=changed, merged=merged, consents=consents, heads=heads)


def _share(pair: Pair, kinds: Set[str], done: Followed, whose: frozenset[UUID] | None = None) -> Followed:
    """Has both sides know the same of the shared rows, and notes what was brought.

    Args:
        kinds, whose: as in `exchange`.
        done: what the round did before.
    """
    if kinds:
        found = exchange.exchange(pair, done.known.there, kinds, whose)
        done = replace(done, down=found.down, up=found.up, faces_of=tuple(sorted(found.faces_of)))
    if done.brought:
        came = {"people": done.people, "changed": done.changed, "merged": done.merged, "consents": done.consents}
        with writing(pair.kiosk) as here:  # by which the gallery and the screens learn of it
            audit.note(here, "follow", at=pair.now, actor=ACTOR, detail={**came, **done.down})
    return done


def heads_of(kiosk: Engine, centre: Engine) -> Heads:
    """How far both are. Raises: DatabaseError."""
    return Heads(head_of(kiosk), head_of(centre))


def _grown(head: tuple[int, ...], events: int, appended: Sequence[range]) -> tuple[int, ...]:
    """Without a proof, what was appended is not known: the next round looks at everything."""
    if len(head) != 2:
        return head
    last = head[1]
    for some in appended:
        last = some.stop - 1 if some.start == last + 1 else last
    return head[0] + events, last


def head_of(engine: Engine) -> tuple[int, ...]:
    """How far a database is. With a proof it has an entry for all that changes, else rows are counted.

    Raises: DatabaseError.
    """
    with reading(engine) as session:
        events, proved = session.execute(_HEAD).one()
        if proved is not None:
            return events or 0, proved
        tables = (AuditRow, ConsentRow, PersonRow, SubjectRow, TemplateRow)
        return events or 0, *(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
