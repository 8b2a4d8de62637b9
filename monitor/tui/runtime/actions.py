"""Every action of the screens: its key, its name, a sentence, and further words by which the palette finds it.

Bindings, footer, help, palette and the reference read this one table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does on a screen."""

    name: str
    """Of the action in code, after its place: people.merge."""
    key: str
    """The field of `Keys` that holds its key."""
    does: str
    """The Textual action."""
    title: str
    """In the footer and the palette."""
    sentence: str
    words: str = ""
    """What else people call it."""
    footer: bool = True
    row: bool = False
    """Whether it is about the row under the cursor."""
    also: str = ""
    """Another key that always does it."""
    pair: str = ""
    """What two keys side by side in the footer do, one back and the other on."""

    @property
    def place(self) -> str:
        return self.name.partition(".")[0]


TABS: Final = tuple(
    Action(f"app.{mode}", mode, f"open('{mode}')", mode.title(), f"Go to the screen {mode.title()}", words, False)
    for mode, words in (
        ("door", "camera, check in, entrance, kiosk"),
        ("today", "day, attendance, board, who is here, present"),
        ("mood", "moods, emotions, chart, heat map"),
        ("people", "persons, enrolled, staff, students, employees"),
        ("visitors", "unknown faces, strangers, guests"),
        ("system", "settings, checks, audit log, backup, health"),
        ("shifts", "plan, rota, schedule, holidays, leave"),
    )
)
"""What opens each screen of the bar on top; the key of a screen is called as its mode."""

SCREENS: Final = (
    *TABS,
    Action(
        "app.needs_you", "needs_you", "open('needs_you')", "Needs you", "The days that somebody is to look at",
        "repair, incomplete, forgotten, missing, wrong, fix, to do", False,
    ),
    Action(
        "app.rollcall", "rollcall", "open('rollcall')", "Roll call", "Who is inside, ticked off by hand",
        "emergency, fire, alarm, drill, evacuation, missing", False,
    ),
)  # fmt: skip
"""What opens each screen."""

_ALL = (
    *SCREENS,
    Action("app.help", "help", "toggle_help", "Help", "What the keys do here", "keys, manual, shortcuts", False),
    Action("app.jump", "jump", "jump", "Jump", "Go to a pane or row by its letter", "focus, row, pane, hop", False),
    Action(
        "app.undo", "undo", "undo", "Undo", "Take back what was done last at the desk",
        "revert, back, mistake, take back", False,
    ),
    Action("app.quit", "quit", "quit", "Quit", "Close the camera and quit", "exit, leave, close, end, stop", False),
    Action("desk.filter", "filter", "filter", "Filter", "Show only what contains this", "find, search, look for"),
    Action("door.not_me", "not_me", "not_me", "Not me", "Take back the entry just made", "wrong person, mistake"),
    Action("door.pin", "pin", "pin", "PIN", "Check in or out with number and PIN", "number, code, not recognised"),
    Action("door.why", "why", "why", "Why", "Why somebody was named, or not", "evidence, threshold, reason"),
    Action(
        "door.time_machine", "time_machine", "app.time_machine", "Time machine", "The board as it was at a minute",
        "past, replay, history, slider", False,
    ),
    Action("door.events", "view", "events", "Events", "Show the last events instead of who is in", "history, list"),
    Action(
        "today.month", "month", "app.open('month')", "Month", "The week and the month, people by days",
        "grid, timesheet, week, payroll",
    ),
    Action(
        "today.leave", "leave", "leave", "Leave", "Enter leave for this person, a sick day",
        "ill, sick, vacation, holiday, absence, away, half day", row=True,
    ),
    Action(
        "today.before", "earlier", "day(-1)", "Day before", "The board of the day before",
        "yesterday, back", pair="Day",
    ),
    Action(
        "today.after", "later", "day(1)", "Day after", "The board of the day after",
        "tomorrow, next, forward", pair="Day",
    ),
    Action("today.date", "go", "date", "Date", "Any day, by its date", "go to, calendar, day"),
    Action("today.today", "now", "today", "Today", "Back to today", "now, present"),
    Action("today.why", "why", "why", "Why", "Why the person's last entry was made", "evidence, reason", row=True),
    Action(
        "today.export", "export", "export", "Export", "Write this day to a CSV, XLSX or JSON file",
        "save, print, Excel, report, download, table",
    ),
    Action(
        "today.time_machine", "time_machine", "time_machine", "Time machine", "The board as it was at a minute",
        "past, replay, history, slider, as of",
    ),
    Action("today.sort", "sort", "sort", "Sort", "Sort by the next column", "order"),
    Action("today.reverse", "reverse", "reverse", "Reverse", "Reverse the order", "sort, descending", False),
    Action("today.wall", "view", "wall", "Who is in", "A wall of faces: who is in now", "portraits, inside", False),
    Action("wall.back", "view", "back", "Back", "Back to the board", "close", False),
    Action("machine.earlier", "earlier", "minutes(-1)", "5 min back", "Five minutes earlier", "back", pair="5 min"),
    Action("machine.later", "later", "minutes(1)", "5 min on", "Five minutes later", "on", pair="5 min"),
    Action(
        "machine.before", "leap_back", "entry(-1)", "Entry before", "The entry before this minute",
        "passage", pair="Entry",
    ),
    Action(
        "machine.after", "leap_on", "entry(1)", "Entry after", "The entry after this minute",
        "passage", pair="Entry",
    ),
    Action("machine.clock", "go", "clock", "Time", "A time of the day", "go to, minute"),
    Action("machine.play", "tick", "play", "Play", "Play the day, or stop", "stop, pause, run"),
    Action(
        "machine.what_if", "change", "what_if", "What if", "What other shifts or another threshold would have said",
        "late, grace, strangers, target, fpir, other settings",
    ),
    Action("machine.now", "now", "latest", "Latest", "The last minute of the day, of today now", "end"),
    Action("machine.leave", "time_machine", "back", "Leave", "Back to the board of now", "close, leave", False),
    Action("day.correct", "change", "correct", "Correct", "Replace the entry by what happened", "edit, fix", row=True),
    Action(
        "day.void", "take_away", "void", "Void", "The entry is wrong and no longer counts", "delete, remove", row=True
    ),
    Action("day.why", "why", "why", "Why", "Why the entry was made", "evidence, pictures, threshold, reason", row=True),
    Action(
        "why.stricter", "earlier", "what_if(-1)", "Stricter", "What a stricter threshold would have said",
        "higher", pair="Threshold",
    ),
    Action(
        "why.laxer", "later", "what_if(1)", "Laxer", "What a laxer threshold would have said",
        "lower", pair="Threshold",
    ),
    Action("why.not_them", "not_me", "not_me", "Not them", "The face was another person's: void the entry", "wrong"),
    Action("why.export", "export", "export", "Export", "Write the evidence to a JSON file", "save, file"),
    Action("day.add", "add", "add", "Add", "Add an entry that no camera saw", "by hand, missing, forgot, check in"),
    Action("day.sheet", "month", "sheet", "Sheet", "The person's month, or other days", "timesheet, balance, print"),
    Action(
        "sheet.before", "leap_back", "leap(-1)", "Before", "The month before, or as many days",
        "earlier", pair="Back, on",
    ),
    Action("sheet.after", "leap_on", "leap(1)", "After", "The month after, or as many days", "later", pair="Back, on"),
    Action("sheet.range", "go", "range", "Days", "Any first and last day", "from, to, range, period, quarter, year"),
    Action("sheet.today", "now", "today", "This month", "Back to this month", "now, present"),
    Action("sheet.export", "export", "export", "Print", "A sheet to print and to sign", "html, payroll, xlsx, csv"),
    Action("repair.month", "month", "app.open('month')", "Month", "The month, people by days", "grid", False),
    Action("repair.do", "accept", "repair", "Repair", "Do what is proposed", "mend, fix, accept", row=True),
    Action("repair.change", "change", "change", "Other time", "Another time, or another reason", "edit", row=True),
    Action("repair.leave", "leave", "leave", "Leave", "Enter leave for this day", "sick, holiday", row=True),
    Action("repair.aside", "take_away", "aside", "Set aside", "It is right as it is; or put it back", "keep", row=True),
    Action("repair.tick", "tick", "tick", "Tick", "Several days at once", "select, mark", row=True),
    Action("repair.view", "view", "view", "Set aside days", "What was set aside", "hidden"),
    Action("repair.before", "leap_back", "month(1)", "Month before", "The month before", "earlier", pair="Month"),
    Action("repair.after", "leap_on", "month(-1)", "Month after", "The month after", "later", pair="Month"),
    Action("month.day_before", "earlier", "day(-1)", "Day before", "The day before", "left", False),
    Action("month.day_after", "later", "day(1)", "Day after", "The day after", "right", False),
    Action("month.before", "leap_back", "leap(-1)", "Before", "The week or month before", "earlier", pair="Back, on"),
    Action("month.after", "leap_on", "leap(1)", "After", "The week or month after", "later", pair="Back, on"),
    Action("month.today", "now", "today", "Today", "Back to today", "now", False),
    Action("month.board", "day", "board", "Day", "The board of the day", "today"),
    Action("month.week", "week", "span('week')", "Week", "One week, people by days", "grid"),
    Action("month.month", "month", "span('month')", "Month", "One month, people by days", "grid"),
    Action("month.leave", "leave", "leave", "Leave", "Enter leave from this day on", "sick, holiday", row=True),
    Action(
        "month.export", "export", "export", "Export", "HTML to sign, XLSX, CSV or JSON",
        "save, print, Excel, payroll, timesheet, sheet",
    ),
    Action("mood.day", "day", "range('day')", "Day", "The moods of today", "period"),
    Action("mood.week", "week", "range('week')", "Week", "The moods of the last week", "period"),
    Action("mood.month", "month", "range('month')", "Month", "The moods of the last month", "period"),
    Action("mood.quarter", "quarter", "range('quarter')", "Quarter", "The moods of three months", "period"),
    Action(
        "mood.before", "earlier", "step(-1)", "Before", "The day, week, month or quarter before",
        "back, past", pair="Back, on",
    ),
    Action(
        "mood.after", "later", "step(1)", "After", "The day, week, month or quarter after",
        "on, next", pair="Back, on",
    ),
    Action("mood.today", "now", "today", "Today", "Back to the days that end today", "now", False),
    Action(
        "mood.filter", "filter", "filter", "Group or person", "The moods of one group or person alone",
        "filter, search, find, line, weeks",
    ),
    Action(
        "mood.highlight", "next_mood", "highlight", "Next mood", "Show the next mood in the heat map",
        "happy, sad, emotion, colour",
    ),
    Action("people.capture", "add", "capture", "Add", "Enrol somebody before the camera", "new, register, camera"),
    Action(
        "people.enrol", "file_import", "enrol", "Import", "Enrol people from a folder, a ZIP or a list",
        "add, photos, images, files, csv",
    ),
    Action(
        "people.change", "change", "change('edit')", "Change", "Name, number, group, notes, door PIN, active",
        "rename, edit, deactivate, activate, PIN, personnel number, group, notes, department", row=True,
    ),
    Action(
        "people.consent", "consent", "change('consent')", "Consent", "What the person agreed to",
        "agree, permission, privacy, GDPR, mood", row=True,
    ),
    Action("people.tick", "tick", "tick", "Tick", "Several people at once, for their consents", "mark, select", False),
    Action(
        "people.tick_all", "tick_all", "tick_all", "Tick all", "Tick everybody who is listed, or nobody",
        "mark, select, everybody, many, consents, group", False,
    ),
    Action(
        "people.merge", "merge", "merge", "Merge", "Make one person of two entries",
        "unite, same person, join, double, duplicate", False, row=True,
    ),
    Action(
        "people.leave", "leave", "leave", "Leave", "Enter leave for this person",
        "ill, sick, vacation, holiday, absence, away, half day", False, row=True,
    ),
    Action(
        "people.sheet", "month", "sheet", "Sheet", "The person's month, or any other days",
        "timesheet, hours, balance, print, sign", row=True,
    ),
    Action(
        "people.export", "export", "change('export')", "Export", "Write all data about the person to a ZIP",
        "data, archive, save, GDPR, access, download", False, row=True,
    ),
    Action(
        "people.missing", "view", "consent_missing", "Consent missing", "List only whom nobody asked, or everybody",
        "view, unasked, who has not agreed", False,
    ),
    Action(
        "people.review", "look_again", "review", "Review", "Take or discard captures from the door",
        "captures, grow, template, images", row=True,
    ),
    Action(
        "people.erase", "take_away", "change('erase')", "Erase", "Delete the person for good",
        "delete, remove, forget, GDPR", row=True,
    ),
    Action(
        "review.take", "accept", "take", "Take", "Add the capture to the person's template", "accept, yes", row=True
    ),
    Action(
        "review.discard", "take_away", "discard", "Remove", "Delete the capture; one taken leaves the template",
        "delete, no, reject, roll back", row=True,
    ),
    Action("capture.again", "look_again", "again", "Again", "Begin from the first shot", "restart, retry"),
    Action(
        "visitors.name", "add", "name", "Name", "Enrol the visitor from the best shots",
        "add, new person, who is this, register", row=True,
    ),
    Action(
        "visitors.merge", "merge", "merge", "Merge", "The visitor is enrolled already",
        "unite, same person, join, known, it is somebody", row=True,
    ),
    Action(
        "visitors.why", "why", "why", "Why", "Why nobody was named at the last visit",
        "evidence, threshold, most alike, reason", row=True,
    ),
    Action(
        "visitors.discard", "take_away", "discard", "Discard", "Delete the visitor's faces",
        "delete, remove, erase, forget", row=True,
    ),
    Action("shifts.next", "view", "list(1)", "Next list", "Shifts, holidays, leave, without a shift", also="tab"),
    Action("shifts.add", "add", "add", "Add", "Add to this list", "new, shift, holiday, leave"),
    Action("shifts.change", "change", "change", "Change", "Change from a day on", "edit, hours", row=True),
    Action(
        "shifts.end", "take_away", "end", "End or remove", "End a shift; remove a holiday or a leave",
        "delete, stop", row=True,
    ),
    Action(
        "shifts.import", "file_import", "import", "Import", "A list, a calendar file, or a country's holidays",
        "public holidays, ics, csv, file",
    ),
    Action("rollcall.start", "accept", "start", "Start", "Begin a roll call of everybody inside", "alarm, drill"),
    Action("rollcall.tick", "tick", "tick", "Found", "Tick the person off, or take it back", "here, seen", row=True),
    Action("rollcall.end", "take_away", "end", "End", "End the roll call", "stop, close"),
    Action(
        "system.change", "change", "settings", "Settings", "See and change the settings, the camera and the admin PIN",
        "configuration, options, preferences, camera, PIN, theme",
    ),
    Action(
        "system.users", "add", "users", "Desk users", "Who works at the desk, with a PIN of their own",
        "who did it, names, staff, user, PIN, add, remove",
    ),
    Action("users.add", "add", "add", "Add", "Let somebody open the desk with a PIN of their own", "new, name, user"),
    Action(
        "users.remove", "take_away", "remove", "Remove", "Take the desk's PIN from somebody", "delete, user", row=True
    ),
    Action("settings.change", "change", "change", "Change", "Write another value into the file", "edit, set", row=True),
    Action(
        "settings.reset", "take_away", "reset", "Default", "Take it out of the file: its default holds again",
        "undo, unset", row=True,
    ),
    Action(
        "system.do", "accept", "do", "Do it", "Do what is proposed for the finding under the cursor",
        "fix, mend, repair, accept, backup, consent", row=True,
    ),
    Action(
        "system.check", "look_again", "check", "Check", "Run the checks again", "doctor, health, refresh, test"
    ),
    Action(
        "system.verify", "verify", "verify", "Verify", "Verify the ledger and the database file",
        "proof, hash, chain, integrity, tampered",
    ),
    Action(
        "system.back_up", "back_up", "back_up", "Back up", "Copy the database to a file", "backup, save, copy, snapshot"
    ),
    Action(
        "system.purge", "take_away", "purge", "Purge", "Delete expired data", "delete, retention, clean up, old"
    ),
    Action("app.palette", "palette", "command_palette", "Commands", "Everything by name", "palette, search, find"),
)  # fmt: skip

ACTIONS: Final[Mapping[str, Action]] = MappingProxyType({action.name: action for action in _ALL})
"""All actions by name, in the order of the screens."""


def actions_of(place: str) -> Iterator[Action]:
    """The actions of a screen or dialog, in the order of its footer."""
    return (action for action in _ALL if action.place == place)
