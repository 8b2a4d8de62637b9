"""The running kiosk and what the app knows of today; the door's screen shows it."""

import logging
import threading
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from uuid import UUID

from monitor.config import LOG_FILE, Settings
from monitor.desk.change_feed import News
from monitor.desk.days.door_board import Asked, Attendee, Board, asked_of, fold, renewed, take_back
from monitor.desk.days.today import Shares, Today, mood_of_day, today_of
from monitor.desk.people.enrolment_session import DoorFrames
from monitor.desk.pin_entry import in_use
from monitor.desk.store import Store
from monitor.domain import EventKind, KioskEvent, Scene
from monitor.errors import KioskHangs, MusterError
from monitor.tui.runtime.running_kiosk import KioskFactory, RunningKiosk, Viewer
from monitor.tui.runtime.work import WorkApp

log = logging.getLogger(__name__)

ENDED = "The video or folder has ended."
POLL = 0.5
"""Seconds between checks whether the kiosk still runs."""
MOOD_EVERY = 1.0
"""Seconds that mood samples may gather before the bar is drawn again."""
RINGS = {EventKind.CHECK_IN: 1, EventKind.CHECK_OUT: 2, EventKind.UNKNOWN: 3, EventKind.NOT_LIVE: 4}
"""How often the bell rings for an event, with `sounds`."""
RING_EVERY = 0.3
"""Seconds between two rings, so that a terminal does not take them for one."""
_TAKEN_BACK = 50
"""Latest entries of which it is known how the person was before."""

PIN_MAY_HELP = {EventKind.UNKNOWN, EventKind.NOT_LIVE, EventKind.SOURCE_LOST}


class KioskController:
    """Starts, watches and stops the kiosk; folds its events into the board. On the loop, but for the callbacks."""

    def __init__(
        self,
        app: WorkApp,
        viewer: Viewer,
        settings: Settings,
        store: Store,
        factory: KioskFactory | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._viewer = viewer
        self._settings = settings
        self._store = store
        self._factory = factory
        self._clock = clock
        self._kiosk: RunningKiosk | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._before: dict[UUID, Attendee | None] = {}
        """How each person was before their latest entries, by entry: "Not me" puts them back there."""
        self._mood_waits = False
        self._day: date | None = None
        self._folded = 0
        """Number of events until now."""
        self._own: set[UUID] = set()
        """Attendance events of this kiosk that are on the board but not yet in a change feed of the database."""
        self._renewing = False
        self._loaded: Today | None = None
        """The day as it was loaded last."""
        self.board = Board()
        self.moods: Shares | None = ()
        """Shares of the day's moods; None: hidden, because too few people were seen."""
        self.scene: Scene | None = None
        self.asked: Asked | None = None
        """What is asked of somebody in view."""
        self.people: int | None = None
        """People enrolled; None until it is known."""
        self.pins = False
        """Whether anybody has a PIN."""
        self.hangs = False
        """Whether a thread of the kiosk hangs, so that the process has to end without waiting for it."""
        self.problem = ""
        """What is wrong with the source; empty when nothing is."""

    @property
    def has_camera(self) -> bool:
        return self._factory is not None

    @property
    def has_picture(self) -> bool:
        """Whether there is a camera, and it works."""
        return self.has_camera and not self.problem

    def frames(self, name: str) -> DoorFrames:
        """A source of this name that gives the door's own frames; usable while the door `has_picture`."""
        return DoorFrames(lambda: self.scene, name)

    @property
    def wrong(self) -> str:
        """What is wrong at the door; empty when nothing is."""
        return (self._kiosk.trouble if self._kiosk is not None else None) or self.problem

    def open(self) -> None:
        """Load the day, then start the kiosk."""
        self._load_day(self._start, self._day_failed)
        self.refresh_moods()
        self._load_pins()

    def close(self) -> None:
        """Stop the kiosk; every fact is written when this returns. It blocks; may be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if self._kiosk is not None:
            self._kiosk.stop()

    def tick(self) -> None:
        """Now and then: at midnight a new board begins."""
        if self._day is not None and self._today() != self._day:
            self._load_day(lambda: None, self._app.toast_problem)
            self.refresh_moods()

    def hear(self, news: News) -> None:
        """Something was written, by this kiosk, at the desk or by another program."""
        if news.people:
            self.people_changed()
        if news.people or not self._own.issuperset(news.attendance):
            self._renew()
        self._own.difference_update(news.attendance)
        self._moods_soon()
        self._viewer.facts_changed()

    def not_me(self, event: KioskEvent) -> None:
        """Take an entry back: void in the ledger first, then on the board."""
        if self._kiosk is not None:
            self._app.in_background(partial(self._kiosk.not_me, event), lambda _: self._taken_back(event))

    def people_changed(self) -> None:
        """Somebody was enrolled, changed or erased: identify against the new gallery."""
        if self._kiosk is not None:
            self._app.in_background(self._kiosk.renew_people, lambda _: None)
        self._load_pins()

    def record_pin(self, person: UUID) -> None:
        """Somebody gave number and PIN."""
        if self._kiosk is not None:
            self._kiosk.record_pin(person)

    def offers_pin(self) -> bool:
        """Whether number and PIN are offered: to faces that are not recognised, and to all when there is no picture."""
        waits = bool(self.problem) or self.board.offers_pin(self._clock())
        return waits and self.pins and self._kiosk is not None

    def _load_pins(self) -> None:
        self._app.in_background(partial(in_use, self._store.engine), self._pins_loaded)

    def _pins_loaded(self, in_use: bool) -> None:
        before, self.pins = self.pins, in_use
        if before != in_use:
            self._viewer.show_today()

    def _today(self) -> date:
        return self._clock().astimezone(self._settings.zone).date()

    # The day

    def _load_day(self, then: Callable[[], None], failed: Callable[[str], None]) -> None:
        self._day = self._today()

        def loaded(today: Today) -> None:
            self._loaded = today
            self.board, self.people = today.board, today.people
            self._viewer.show_today()
            then()

        self._app.in_background(partial(today_of, self._store.engine, self._settings, self._clock()), loaded, failed)

    def _renew(self) -> None:
        """Load the day again and keep what only the door knows; load once more when an event came meanwhile."""
        if self._renewing:
            self._folded += 1  # what is being loaded may be from before these news
            return
        self._renewing, folded = True, self._folded

        def loaded(today: Today) -> None:
            self._renewing, self._loaded = False, today
            if folded != self._folded:
                self._renew()
                return
            self.board, self.people = renewed(self.board, today.board), today.people
            self._viewer.show_today()

        job = partial(today_of, self._store.engine, self._settings, self._clock(), self._loaded)
        self._app.in_background(job, loaded, self._not_renewed)

    def _not_renewed(self, sentence: str) -> None:
        """The next change loads again; the screen in front says itself that it could not load."""
        self._renewing = False

    def _day_failed(self, sentence: str) -> None:
        self._app.toast_problem(sentence)
        self._start()

    def refresh_moods(self) -> None:
        """Load the day's moods anew."""
        self._mood_waits = False

        def loaded(moods: Shares | None) -> None:
            self.moods = moods
            self._viewer.show_mood()

        self._app.in_background(partial(mood_of_day, self._store.engine, self._settings, self._clock()), loaded)

    # The kiosk

    def _start(self) -> None:
        if self._factory is not None:
            self._app.run_worker(partial(self._run, self._factory), thread=True, group="kiosk")

    def _run(self, factory: KioskFactory) -> None:
        """In a worker: start, and wait for the end."""
        try:
            with self._lock:
                if self._closed:
                    return
                kiosk = self._kiosk = factory(self._take_scene, self._take_event)
                kiosk.start()
            while not kiosk.wait(POLL):
                continue
            problem = ENDED
        except KioskHangs as error:
            log.critical("%s", error)
            self.hangs = True
            self._app.show_later(partial(self._app.exit, return_code=error.exit_code))
            return
        except MusterError as error:
            problem = str(error)
        except Exception:
            # The kiosk passes on whatever its models and its camera's driver raise. The app must go on: it is where
            # the sentence can be read, and what was seen until now is still being written.
            log.exception("The kiosk failed")
            problem = f"The kiosk stopped because of an error. Details: {LOG_FILE}"
        self._app.show_later(partial(self._source_is, problem))

    def _take_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.people = scene.people
        self._viewer.take_scene(scene)
        before, self.asked = self.asked, asked_of(scene, self.asked)
        if self.asked != before:
            self._app.show_later(self._viewer.show_state)

    def _take_event(self, event: KioskEvent) -> None:
        self._app.show_later(partial(self._happened, event))

    def _happened(self, event: KioskEvent) -> None:
        if event.kind is EventKind.SOURCE_LOST:
            self._source_is(event.text or "The camera is lost; trying again.")
        elif event.kind is EventKind.SOURCE_BACK:
            self._source_is("")
        if event.kind in PIN_MAY_HELP:
            self._load_pins()  # somebody may have set the first one since, with the command line
        if event.attendance is not None:
            self._note_before(event.attendance, event.person)
        greeted = self.board.greeting
        self._folded += 1
        self.board = fold(self.board, event, self._clock())
        self._viewer.show_today()
        if self.board.greeting is not greeted:
            self._viewer.greet(event)
        if self._settings.sounds and event.kind in RINGS:
            self._app.bell()
            for ring in range(1, RINGS[event.kind]):
                self._app.set_timer(ring * RING_EVERY, self._app.bell)
        if event.mood is not None:
            self._moods_soon()
        self._viewer.facts_changed()

    def _note_before(self, attendance: UUID, person: UUID | None) -> None:
        """Keeps how the person is before the board has their entry."""
        self._own.add(attendance)
        if person is not None:
            self._before[attendance] = self.board.attendees.get(person)
        for old in list(self._before)[:-_TAKEN_BACK]:
            del self._before[old]

    def _moods_soon(self) -> None:
        if not self._mood_waits:
            self._mood_waits = True
            self._app.set_timer(MOOD_EVERY, self.refresh_moods)

    def _source_is(self, problem: str) -> None:
        self.problem = problem
        self._viewer.show_state()

    def _taken_back(self, event: KioskEvent) -> None:
        before = self._before.get(event.attendance) if event.attendance else None
        self.board = take_back(self.board, event, self._clock(), before)
        self._viewer.show_today()
        self._viewer.greet(event)
