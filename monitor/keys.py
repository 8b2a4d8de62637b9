"""The keys of the app: one key for one kind of action, over all screens. They are settings, in the table `[keys]`."""

import unicodedata
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

RESERVED = frozenset({"enter", "escape", "up", "down", "home", "end", "pageup", "pagedown", "shift+tab", "j", "k"})
"""Keys that mean the same in every list and dialog, and are no settings."""
SIGNS = {
    "question_mark": "?",
    "slash": "/",
    "left": "←",
    "right": "→",
    "exclamation_mark": "!",
    "comma": ",",
    "full_stop": ".",
    "escape": "Esc",
}


_NAMED: Final = frozenset(
    {
        "space", "tab", "enter", "escape", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown", "up",
        "down", "left", "right", "slash", "backslash", "at", "minus", "plus", "underscore",
        *(f"f{number}" for number in range(1, 25)),
    }
)  # fmt: skip
"""Keys whose name is not the Unicode name of their sign."""
_HELD: Final = frozenset({"ctrl", "shift", "alt", "super", "hyper", "meta"})


def _is_key(key: str) -> bool:
    """Whether a key has this name, with others held down before it: a, f2, comma, ctrl+r."""
    *held, last = [key] if len(key) == 1 else key.split("+")
    if not set(held) <= _HELD:
        return False
    if len(last) == 1 or last in _NAMED:
        return True
    try:
        return last.islower() and bool(unicodedata.lookup(last.replace("_", " ").upper()))
    except KeyError:
        return False


def key_text(key: str) -> str:
    """A key as it is typed, in all texts of the app: u, S for Shift and s, F2, ?, Esc, Ctrl+P."""
    if len(key) == 1 or key in SIGNS:
        return SIGNS.get(key, key)
    return "+".join(part.capitalize() for part in key.split("+"))


class Keys(BaseModel):
    """The key of each kind of action: the table `[keys]`, or `MUSTER_KEYS_*` variables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    door: str = Field(default="f1", description="The screen Door.")
    today: str = Field(default="f2", description="The screen Today.")
    mood: str = Field(default="f3", description="The screen Mood.")
    people: str = Field(default="f4", description="The screen People.")
    visitors: str = Field(default="f5", description="The screen Visitors.")
    system: str = Field(default="f6", description="The screen System.")
    shifts: str = Field(default="f7", description="The screen Shifts.")
    rollcall: str = Field(default="f9", description="The roll call of everybody inside.")
    needs_you: str = Field(default="exclamation_mark", description="The days that somebody is to look at.")
    help: str = Field(default="question_mark", description="What the keys do here.")
    palette: str = Field(default="ctrl+p", description="Everything by name.")
    jump: str = Field(default="ctrl+o", description="Letters on panes and rows; the next key goes there.")
    undo: str = Field(default="ctrl+z", description="Take back what was done last at the desk.")
    quit: str = Field(default="ctrl+q", description="Leave Muster.")
    filter: str = Field(default="slash", description="Show only what contains a text.")
    sort: str = Field(default="s", description="Sort by the next column.")
    reverse: str = Field(default="S", description="Reverse the order.")
    view: str = Field(default="v", description="The other view of a screen.")
    earlier: str = Field(default="left", description="One step back in time.")
    later: str = Field(default="right", description="One step on in time.")
    leap_back: str = Field(default="comma", description="One leap back in time: a week or a month.")
    leap_on: str = Field(default="full_stop", description="One leap on in time: a week or a month.")
    now: str = Field(default="t", description="Back to today.")
    go: str = Field(default="g", description="Go to a date.")
    day: str = Field(default="d", description="A day.")
    week: str = Field(default="w", description="A week.")
    month: str = Field(default="m", description="A month.")
    quarter: str = Field(default="q", description="A quarter.")
    tick: str = Field(default="space", description="Tick a row.")
    tick_all: str = Field(default="A", description="Tick all rows that the filter finds, or none.")
    add: str = Field(default="a", description="Add an entry, a shift, a person, or a visitor's name.")
    change: str = Field(default="c", description="Change an entry, a person, a shift, or a setting.")
    merge: str = Field(default="u", description="Merge two entries of the same person.")
    take_away: str = Field(default="x", description="Take away, after a question: void, end, erase, discard.")
    accept: str = Field(default="f", description="Do what is proposed.")
    look_again: str = Field(default="r", description="Look again: checks, shots, captures from the door.")
    consent: str = Field(default="o", description="What a person agreed to.")
    leave: str = Field(default="l", description="Enter leave for a person.")
    export: str = Field(default="e", description="Write what is shown to a file.")
    file_import: str = Field(default="i", description="Import from files.")
    back_up: str = Field(default="b", description="Copy the database to a file.")
    verify: str = Field(default="V", description="Verify the ledger and the database file.")
    next_mood: str = Field(default="h", description="The next mood in the heat map.")
    not_me: str = Field(default="n", description="Take back the entry just made at the door.")
    why: str = Field(default="y", description="Why somebody was named, or nobody was.")
    time_machine: str = Field(default="z", description="The board as it was at any minute of the day.")
    pin: str = Field(default="p", description="Check in or out with number and PIN.")

    @model_validator(mode="after")
    def _each_is_a_key_of_its_own(self) -> Self:
        used: dict[str, str] = {}
        for name in type(self).model_fields:
            key = getattr(self, name)
            if not key.strip() or " " in key or "," in key:
                raise ValueError(f"the key of {name} is one key, such as a, S, f2 or ctrl+r; not {key!r}")
            if not _is_key(key):
                raise ValueError(
                    f"{key} is not a key that a keyboard has; the key of {name} is such as a, S, f2 or ctrl+r"
                )
            if key in RESERVED:
                raise ValueError(f"{key} cannot be the key of {name}, for it means something in every list")
            if key in used:
                raise ValueError(f"{key} is the key of {used[key]} and of {name}; choose another one for either")
            used[key] = name
        return self

    def shown(self, name: str) -> str:
        """The key of an action as people read it."""
        return key_text(getattr(self, name))
