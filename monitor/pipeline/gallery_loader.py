"""Loads the gallery: everyone in the database who can be identified."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading
from db.people import expected_misses, look_alikes
from db.people import gallery as rows
from monitor.config import Settings
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.matching.gallery import Enrolled, Gallery, extra_margin
from monitor.vision.matching.roll import Ids, Roll, Some, ids_of
from monitor.vision.matching.templates import Means, Templates

_MOST_ASKED = 100
"""Most people whom the door asks for a view at one time: the worst served."""


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    gallery: Gallery
    stamps: NDArray[np.uint64]


class PeopleLoader:
    """Loads everyone who can be named; after the first time, only the templates that changed are read and opened.

    May be used by several threads.
    """

    def __init__(self, engine: Engine, cipher: TemplateCipher, settings: Settings) -> None:
        self._engine, self._cipher, self._settings = engine, cipher, settings
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    def load(self) -> Enrolled:
        """Everyone active, with a template of this encoder.

        Raises:
            DatabaseError: the database cannot be read, or its templates belong to another key.
        """
        with self._lock, reading(self._engine) as session:
            return self._all(session) if self._loaded is None else self._changed(session, self._loaded)

    def _all(self, session: Session) -> Enrolled:
        listing = rows.Listing()

        def parts() -> Iterator[Means]:
            for part in rows.opened(session, self._cipher, ENCODER_NAME):
                listing.add(part.listed)
                yield Means(part.first, part.second, part.has_second)

        templates = Templates(parts(), self._settings.encoder)
        return self._enrolled(session, listing.all(), templates)

    def _changed(self, session: Session, loaded: _Loaded) -> Enrolled:
        now, gallery = rows.joined(rows.listed(session, ENCODER_NAME)), loaded.gallery
        kept = _places(now, loaded)
        new = list(Some(_ids(now)[kept < 0]))
        fresh = list(rows.opened(session, self._cipher, ENCODER_NAME, new)) if new else []
        opened = rows.joined(part.listed for part in fresh)
        whole = (kept >= 0) | np.isin(_ids(now), _ids(opened))  # the others are damaged
        now, kept = _only(now, whole), kept[whole]
        templates = gallery.templates
        if fresh or not np.array_equal(kept, np.arange(len(gallery))):
            templates = templates.changed(kept, [Means(part.first, part.second, part.has_second) for part in fresh])
        return self._enrolled(session, now, templates)

    def _enrolled(self, session: Session, people: rows.Listed, templates: Templates) -> Enrolled:
        settings, roll = self._settings, Roll(_ids(people), people.names, people.name_lengths)
        gallery = Gallery.of_columns(
            roll,
            templates,
            _margins(session, roll),
            target_fpir=settings.target_fpir,
            margin=settings.match_margin,
        )
        self._loaded = _Loaded(gallery, people.stamps)
        agreed = people.mood_consent != 0 if settings.consent == "assumed" else people.mood_consent == 1
        asks = settings.grow_templates and settings.ask_for_views
        ask = expected_misses.to_ask(session, _MOST_ASKED) if asks else frozenset[UUID]()
        return Enrolled(gallery, Some(roll.ids[~agreed]), ask)


def _ids(people: rows.Listed) -> Ids:
    return np.frombuffer(people.ids, "S16")


def _places(now: rows.Listed, loaded: _Loaded) -> NDArray[np.int64]:
    """For each person the number that they had, where they have the same template as then, else -1."""
    before = loaded.gallery.roll.ids
    places = np.searchsorted(before, _ids(now))
    places[places == len(before)] = 0
    if not len(before):
        return np.full(len(places), -1)
    same = (before[places] == _ids(now)) & (loaded.stamps[places] == now.stamps)
    return np.where(same, places, -1)


def _only(people: rows.Listed, chosen: NDArray[np.bool_]) -> rows.Listed:
    if chosen.all():
        return people
    letters = np.frombuffer(people.names, np.uint8)[np.repeat(chosen, people.name_lengths)]
    return rows.Listed(
        _ids(people)[chosen].tobytes(), people.stamps[chosen], letters.tobytes(), people.name_lengths[chosen],
        people.mood_consent[chosen],
    )  # fmt: skip


def _margins(session: Session, roll: Roll) -> NDArray[np.float32]:
    """Everyone's extra margin, (n,); `roll` is in the order of its ids."""
    margins = np.zeros(len(roll), np.float32)
    alike, wrong = look_alikes.by_person(session), look_alikes.wrongly_named(session)
    for person in alike.keys() | wrong.keys():
        wanted = ids_of([person])
        place = int(np.searchsorted(roll.ids, wanted)[0])
        if roll.ids[place : place + 1] == wanted:
            margins[place] = extra_margin(len(alike.get(person, ())), wrong.get(person, 0))
    return margins


def load_people(engine: Engine, cipher: TemplateCipher, settings: Settings) -> Enrolled:
    """Everyone who can be named, once. Raises: DatabaseError, as `PeopleLoader.load`."""
    return PeopleLoader(engine, cipher, settings).load()
