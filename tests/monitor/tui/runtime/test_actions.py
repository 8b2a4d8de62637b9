"""The table of actions: every key of every screen is in it, and each key means one thing."""

from collections import defaultdict
from typing import Any

import pytest
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from monitor.keys import RESERVED, Keys
from monitor.tui.app import MusterApp
from monitor.tui.runtime.actions import ACTIONS, SCREENS, actions_of
from monitor.tui.runtime.key_bindings import bindings, keymap
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.door.door import DoorScreen
from monitor.tui.screens.mood.mood import MoodScreen
from monitor.tui.screens.people.capture import CaptureScreen
from monitor.tui.screens.people.people import PeopleScreen
from monitor.tui.screens.people.template_review import TemplateReview
from monitor.tui.screens.people.visitors import VisitorsScreen
from monitor.tui.screens.person_sheet import PersonSheet
from monitor.tui.screens.rollcall.rollcall import RollCallScreen
from monitor.tui.screens.shifts.shifts import ShiftsScreen
from monitor.tui.screens.system.desk_users import DeskUsers
from monitor.tui.screens.system.settings_list import SettingsList
from monitor.tui.screens.system.system import SystemScreen
from monitor.tui.screens.today.month import MonthScreen
from monitor.tui.screens.today.needs_you import NeedsYouScreen
from monitor.tui.screens.today.time_machine import TimeMachine
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.screens.today.wall import Wall
from monitor.tui.screens.why import WhyScreen

PLACES: dict[str, type[DOMNode]] = {
    "app": MusterApp,
    "door": DoorScreen,
    "today": TodayScreen,
    "repair": NeedsYouScreen,
    "month": MonthScreen,
    "day": DaySheet,
    "sheet": PersonSheet,
    "machine": TimeMachine,
    "wall": Wall,
    "mood": MoodScreen,
    "people": PeopleScreen,
    "review": TemplateReview,
    "capture": CaptureScreen,
    "visitors": VisitorsScreen,
    "shifts": ShiftsScreen,
    "rollcall": RollCallScreen,
    "system": SystemScreen,
    "why": WhyScreen,
    "settings": SettingsList,
    "users": DeskUsers,
}


def keys_of(bound: BindingType) -> list[str]:
    return [key.strip() for key in (bound.key if isinstance(bound, Binding) else bound[0]).split(",")]


def every_screen() -> set[type[Any]]:
    """All classes of the app with keys of their own."""
    found: set[type[Any]] = set()

    def below(one: type[Any]) -> None:
        for child in one.__subclasses__():
            if child.__module__.startswith("monitor.tui"):
                found.add(child)
            below(child)

    below(DOMNode)
    return found


def test_every_key_of_every_screen_is_in_the_table_or_means_the_same_everywhere() -> None:
    strange = [
        (one.__name__, bound.key)
        for one in every_screen()
        for bound in one.__dict__.get("BINDINGS", ())
        if isinstance(bound, Binding) and bound.id not in ACTIONS and not RESERVED.issuperset(keys_of(bound))
        if not all(key.isdigit() for key in keys_of(bound)) and set(keys_of(bound)) - {"left", "right"}
    ]
    assert strange == [], "each of these needs a line in monitor/tui/runtime/actions.py"


@pytest.mark.parametrize("place", PLACES)
def test_a_screen_has_the_actions_of_the_table(place: str) -> None:
    own = (one.id for one in PLACES[place].__dict__["BINDINGS"] if isinstance(one, Binding) and one.id)
    bound = {name for name in own if place == "app" or ACTIONS[name].place not in ("app", "desk")}
    assert bound == {action.name for action in actions_of(place)}
    for action in actions_of(place):
        method = action.does.partition("(")[0]
        owner = MusterApp if method.startswith("app.") else PLACES[place]
        assert hasattr(owner, f"action_{method.removeprefix('app.')}"), f"{action.name} does nothing"


def test_no_action_is_of_a_place_that_does_not_exist() -> None:
    assert {action.place for action in ACTIONS.values()} == {*PLACES, "desk"}
    assert [one.key for one in SCREENS] == [mode for mode in MusterApp.MODES if mode not in {"month", "locked"}]


def test_no_screen_has_two_actions_on_one_key_and_no_key_means_two_things() -> None:
    meanings = defaultdict(set)
    for place in PLACES:
        used = [
            key for bound in (*bindings("app"), *bindings(place if place != "app" else "")) for key in keys_of(bound)
        ]
        assert len(used) == len(set(used)), place
    for action in ACTIONS.values():
        meanings[getattr(Keys(), action.key)].add(action.key)
    assert {key: what for key, what in meanings.items() if len(what) > 1} == {}


def test_every_key_that_is_a_setting_does_something() -> None:
    assert {action.key for action in ACTIONS.values()} == set(Keys.model_fields)


def test_only_keys_that_differ_are_mapped_anew() -> None:
    assert keymap(Keys()) == {}
    mapped = keymap(Keys(take_away="delete"))
    assert mapped["people.erase"] == mapped["visitors.discard"] == "delete"
    assert "people.merge" not in mapped
    assert keymap(Keys(view="Z"))["shifts.next"] == "Z,tab"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"add": "c"}, "c is the key of add and of change"),
        ({"add": "enter"}, "means something in every list"),
        ({"add": "a,b"}, "is one key"),
        ({"add": ""}, "is one key"),
        ({"add": "ctrl+nosuch"}, "not a key that a keyboard has"),
        ({"add": "hold+a"}, "not a key that a keyboard has"),
    ],
)
def test_a_key_that_would_mean_two_things_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Keys(**given)


def test_keys_can_be_swapped() -> None:
    assert Keys(add="c", change="a").add == "c"


@pytest.mark.parametrize(
    ("name", "shown"), [("help", "?"), ("quit", "Ctrl+Q"), ("merge", "u"), ("reverse", "S"), ("people", "F4")]
)
def test_a_key_is_shown_as_it_is_typed(name: str, shown: str) -> None:
    assert Keys().shown(name) == shown
