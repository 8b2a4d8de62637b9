"""The door: camera picture, greeting, who is in, what happened, today's mood."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import ClassVar
from uuid import UUID

from rich.cells import cell_len
from rich.text import Text
from textual import events, getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static

from monitor.desk.days.door_board import Attendee, Board, BoardEvent, Greeting, Welcome
from monitor.desk.days.today import Shares
from monitor.domain import EventKind, KioskEvent, RgbImage, Scene
from monitor.language import Say
from monitor.tui.picture.camera import CameraPicture
from monitor.tui.picture.turned_head import turned_head
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.runtime.textual_internals import keep_style_sheets
from monitor.tui.screens.desk import BREAKPOINTS, TINY
from monitor.tui.screens.door.greeting import NOT_ME_WINDOW, SHOWN_FOR, GreetingPanel, words_for
from monitor.tui.screens.door.pin_entry import PinEntry
from monitor.tui.style.text import at_clock, clean, event_sign
from monitor.tui.widgets.header import MoodBar, TopBar, put
from monitor.tui.widgets.key_bar import KeyBar
from monitor.tui.widgets.painting import paint
from monitor.tui.widgets.preview import look_for
from monitor.tui.widgets.table import Column, Row, Table

LEFT_ALONE = 30.0
"""Seconds without a key or a move of the mouse after which the lists show their top again."""


def present_columns(say: Say, *, moods: bool) -> tuple[Column, ...]:
    """Those of who is in, in the language of the door; with moods only where they stand beside names."""
    columns = (
        Column("sign", "", 1),
        Column("name", say("Name"), least=20),
        Column("in", say("In"), 5),
        Column("out", say("Out"), 5, rank=2),
    )
    return (*columns, Column("mood", say("Mood"), 8, rank=1)) if moods else columns


def event_columns(say: Say) -> tuple[Column, ...]:
    return Column("at", say("At"), 5), Column("sign", "", 1), Column("what", say("What"))


class DoorScreen(Screen[None]):
    """What someone at the door sees."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    AUTO_FOCUS = ""
    HELP = """\
# Door

Look at the camera. When Muster has recorded that you came in or left, it greets you by name.

Who is in doubt is asked to turn the head to one side, which a photograph cannot do; only then they are checked in.

Number and PIN are offered when faces were not recognised twice, or there is no picture. An entry that was not you
becomes void for 10 seconds after the greeting.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("door")]
    app = getters.app(DeskApp)

    def __init__(self) -> None:
        super().__init__()
        app = self.app
        self.camera = CameraPicture(
            id="camera", send=app.to_terminal, is_behind=app.terminal_is_behind, paint=partial(paint, app)
        )
        self._pin_entry = PinEntry(app)
        keep_style_sheets(self)
        self._keys: tuple[bool | None, ...] = ()
        self._grown = False
        """Whether the greeting takes room from the lists."""
        self._rows: dict[UUID, tuple[Attendee, Row]] = {}
        """The row of each person who came today. An event changes one of them; a busy day has thousands."""

    def compose(self) -> ComposeResult:
        say = self.app.say
        yield TopBar("door")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                with Container(id="camera-frame", classes="frame"):
                    yield self.camera
                with Container(id="mood-frame", classes="frame"):
                    yield MoodBar(empty=self.no_mood, say=say)
            with Vertical(id="right"):
                yield GreetingPanel()
                with Container(id="present-frame", classes="frame"):
                    columns = present_columns(say, moods=self.names_moods)
                    yield Table(columns, empty=say("Nobody yet today."), id="present")
                with Container(id="events-frame", classes="frame"):
                    yield Table(event_columns(say), empty=say("Nothing yet today."), id="events")
        yield Static(id="status", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_class(not self.app.controller.has_camera, "-no-camera")
        settings, dot, say = self.app.settings, self.app.signs.dot, self.app.say
        role = {"in": say("in"), "out": say("out"), "auto": say("in and out")}[settings.role]
        title = say("Door: {kiosk} {dot} {role}", kiosk=clean(settings.kiosk, 30), dot=dot, role=role)
        self.query_one("#camera-frame").border_title = Text(title)
        mood_frame = self.query_one("#mood-frame")
        mood_frame.border_title = say("Mood of the day")
        mood_frame.display = self.app.settings.door_moods
        self.query_one("#events-frame").border_title = say("Last events")
        self.camera.notice(say("Starting the camera"))
        self.set_interval(1.0, self.tick)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.set_look())
        self.show_board(self.app.controller.board)
        self.show_mood(self.app.controller.moods)
        self.tick()

    # The picture

    def on_camera_picture_resized(self) -> None:
        self.set_look()

    def on_resize(self) -> None:
        self.set_class(self.size.width < TINY, "-tiny")

    def on_screen_resume(self) -> None:
        self.set_look()

    def on_screen_suspend(self) -> None:
        self.app.feed.look(None)

    def set_look(self) -> None:
        """Tell the feed how large and in which colours to draw."""
        app = self.app
        look = look_for(app, self.camera)
        app.feed.look(replace(look, moods=self.names_moods, graphics=app.graphics, say=app.say))

    def on_camera_picture_arrived(self) -> None:
        if not self.app.controller.wrong:
            self.camera.notice("")

    # Facts

    def show_board(self, board: Board) -> None:
        """Show who is in, what happened and the mood."""
        zone, signs = self.app.settings.zone, self.app.signs
        before, self._rows = self._rows, {}
        for one in board.newest_first():
            known = before.get(one.person)
            same = known is not None and (known[0] is one or known[0] == one)
            self._rows[one.person] = known if known and same else (one, self._present_row(one))
        self.query_one("#present", Table).show([row for _, row in self._rows.values()])
        now, today = f"{board.inside:,}", f"{len(board.attendees):,}"
        title = self.app.say("In now {now} {dash} came today {today}", now=now, dash=signs.dash, today=today)
        self.query_one("#present-frame").border_title = title
        lines = enumerate(board.events)
        rows = [Row(f"{one.at}-{index}", (at_clock(one.at, zone), *self._what(one))) for index, one in lines]
        self.query_one("#events", Table).show(rows)

    def show_mood(self, shares: Shares | None) -> None:
        """Show the day's moods; None: hidden, because too few people were seen."""
        empty = self.app.say("Too few people yet to show moods.") if shares is None else self.no_mood
        self.query_one(MoodBar).show(shares or (), empty)

    @property
    def names_moods(self) -> bool:
        """Whether a mood stands beside a name."""
        return self.app.settings.door_moods and self.app.settings.mood == "individual"

    @property
    def no_mood(self) -> str:
        say = self.app.say
        return say("Moods are switched off.") if self.app.settings.mood == "off" else say("No mood yet today.")

    def _present_row(self, one: Attendee) -> Row:
        zone, signs = self.app.settings.zone, self.app.signs
        out = "" if one.inside else at_clock(one.last_out, zone)
        sign = signs.inside if one.inside else signs.outside
        mood = self.app.say(one.mood) if one.mood and self.names_moods else ""
        cells = (sign, clean(one.name), at_clock(one.last_in, zone), out, mood)
        tone = "good" if one.inside else "faint"
        return Row(str(one.person), cells, (tone, None if one.inside else "faint", None, None, None))

    def _what(self, one: BoardEvent) -> tuple[str, str]:
        told = clean(one.text, 80) if one.text and one.kind is not EventKind.NOT_LIVE else None
        text = told or what_happened(one.kind, clean(one.name, 32), self.app.say)
        return event_sign(one.kind, self.app.signs), text

    def greet(self, event: KioskEvent) -> None:
        """Show the portrait of whoever the event is about, if they are in the picture."""
        scene = self.app.controller.scene
        self.query_one(GreetingPanel).show_portrait(None if scene is None else portrait(scene, event.track))
        self.tick()

    def tick(self) -> None:
        """Once a second: show what depends on the time."""
        now = self.app.clock()
        greeting = self.shown_greeting(now)
        panel = self.query_one(GreetingPanel)
        kiosk = self.app.controller
        pin = kiosk.offers_pin()
        zone, signs = self.app.settings.zone, self.app.signs
        lost = bool(kiosk.problem)
        words = words_for(
            greeting, now, zone, signs, kiosk.people,
            pin=pin, camera=kiosk.has_camera, lost=lost, entry=kiosk.board.entry, moods=self.names_moods,
            scores=self.app.settings.door_scores, asked=kiosk.asked, keys=self.app.settings.keys,
            say=self.app.say,
        )  # fmt: skip
        welcome = greeting.welcome if greeting else Welcome.UNKNOWN if pin or lost else None
        panel.show(words, Welcome.ASKED if kiosk.asked else welcome)
        if kiosk.wrong:
            self.camera.notice(clean(self.app.say(kiosk.wrong), 240))
        if kiosk.asked is not None:
            panel.show_portrait(turned_head(kiosk.asked.question))
        elif greeting is None or panel.asks:
            panel.show_portrait(None)
        panel.asks = kiosk.asked is not None
        put(self.query_one("#status", Static), self._status())
        if self.app.idle > LEFT_ALONE:
            self._show_newest()
        if panel.has_class("-way") is not self._grown:  # the lists had, or have, room for a line or two only
            self._grown = not self._grown
            self.call_after_refresh(self._show_newest)
        keys = tuple(self.check_action(action, ()) for action in ("not_me", "pin", "why", "events"))
        if keys != self._keys:  # the footer composes itself anew each time it is told
            self._keys = keys
            self.refresh_bindings()

    def _show_newest(self) -> None:
        """The newest are on top, and nobody is there to scroll back to them."""
        for table in self.query(Table):
            table.scroll_home(animate=False)

    def shown_greeting(self, now: datetime) -> Greeting | None:
        greeting = self.app.controller.board.greeting
        return greeting if greeting and now - greeting.shown < SHOWN_FOR else None

    def _status(self) -> Text:
        app, scene = self.app, self.app.controller.scene
        if not app.controller.has_camera:
            return Text(app.say("No camera in this view."))
        if app.controller.wrong:
            return Text(
                clean(f"{app.signs.lost} {app.say(app.controller.wrong)}", 240), no_wrap=True, overflow="ellipsis"
            )
        parts = [f"{app.signs.live} {app.source_name}"]
        if scene is not None:
            say, fps = app.say, f"{scene.fps:.0f}"
            parts += [say("{fps} frames/s", fps=fps), say("{count} dropped", count=scene.dropped)]
            several = say("{count} people enrolled", count=f"{scene.people:,}")
            parts.append(say("1 person enrolled") if scene.people == 1 else several)
        while len(parts) > 1 and cell_len(" · ".join(parts)) > self.size.width - 2:
            parts.pop()
        return Text(" · ".join(parts), no_wrap=True, overflow="ellipsis")

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "events":
            return self.has_class("-narrow")
        kiosk = self.app.controller
        if action == "pin":
            return (kiosk.offers_pin() or None) if kiosk.pins and kiosk.has_camera else False
        if action == "why":
            return (True if self._asked_about else None) if kiosk.has_camera else False
        if action == "not_me":
            entry = kiosk.board.entry
            possible = bool(entry and entry.event.attendance and self.app.clock() - entry.shown < NOT_ME_WINDOW)
            return (possible or None) if kiosk.has_camera else False
        return True

    @property
    def _asked_about(self) -> UUID | None:
        """What y explains: the event under the cursor of the list, where it has the focus, else the newest."""
        events, table = self.app.controller.board.events, self.query_one("#events", Table)
        chosen = table.selected_key if self.focused is table else None
        found = [one.about for index, one in enumerate(events) if chosen in (None, f"{one.at}-{index}")]
        return next((about for about in found if about is not None), None)

    async def action_why(self) -> None:
        if self._asked_about is not None:
            await self.run_action(f"app.why('{self._asked_about}')")

    def action_events(self) -> None:
        self.toggle_class("-events")

    def on_key(self, event: events.Key) -> None:
        kiosk = self.app.controller
        badges = self.app.settings.badges and kiosk.pins and kiosk.has_camera
        if badges and self._pin_entry.take_key(event.key, event.character):
            event.stop()

    def action_pin(self) -> None:
        self._pin_entry.ask()

    def action_not_me(self) -> None:
        entry = self.app.controller.board.entry
        if entry is not None:
            self.app.controller.not_me(entry.event)


def what_happened(kind: EventKind, name: str, say: Say) -> str:
    """An event in the list of events."""
    match kind:
        case EventKind.CHECK_IN:
            return say("{name} came in", name=name)
        case EventKind.CHECK_OUT:
            return say("{name} left", name=name)
        case EventKind.UNKNOWN:
            return say("somebody unknown")
        case EventKind.NOT_LIVE:
            return say("{name} did not turn the head", name=name)
        case _:
            return kind.value


def portrait(scene: Scene, track: int | None) -> RgbImage | None:
    """The face of a track cut out of the frame with some room around it; None when it is not there."""
    boxes = [one.track.face.box for one in scene.observations if one.track.id == track]
    if not boxes:
        return None
    rgb = scene.frame.rgb
    (x, y), half = boxes[0].centre, 0.8 * max(boxes[0].width, boxes[0].height)
    top, bottom = max(0, int(y - half)), min(rgb.shape[0], int(y + half))
    left, right = max(0, int(x - half)), min(rgb.shape[1], int(x + half))
    return rgb[top:bottom, left:right] if bottom - top > 4 and right - left > 4 else None
