"""The keys of the actions, as Textual binds them."""

from dataclasses import replace

from textual.binding import Binding

from monitor.keys import Keys, key_text
from monitor.tui.runtime.actions import ACTIONS, Action, actions_of


def bindings(place: str) -> list[Binding]:
    """The bindings of a screen or dialog, with the keys that hold without a setting."""
    return [_binding(action, Keys()) for action in actions_of(place)]


def of_the_app(*names: str) -> list[Binding]:
    """Bindings of the app for a screen that lies over others: it hides the app's own."""
    each = (ACTIONS[f"app.{name}"] for name in names)
    return [_binding(replace(action, does=f"app.{action.does}"), Keys()) for action in each]


def keymap(keys: Keys) -> dict[str, str]:
    """The keys of all actions that are not the usual ones, by the name of the action, as Textual wants them."""
    usual = Keys()
    return {
        action.name: _pressed(action, keys)
        for action in ACTIONS.values()
        if getattr(keys, action.key) != getattr(usual, action.key)
    }


def _binding(action: Action, keys: Keys) -> Binding:
    return Binding(
        _pressed(action, keys),
        action.does,
        action.title,
        show=action.footer,
        key_display=key_text(action.also) if action.also else None,
        priority=action.key in {"quit", "palette"},
        tooltip=action.sentence,
        id=action.name,
    )


def _pressed(action: Action, keys: Keys) -> str:
    also = "ctrl+c" if action.key == "quit" else action.also
    key: str = getattr(keys, action.key)
    return f"{key},{also}" if also else key
