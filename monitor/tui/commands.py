"""What the command palette offers: every action of the screen before the user, of the other screens, and of the app."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import ModalScreen, Screen

from monitor.tui.runtime.actions import ACTIONS, SCREENS, Action, actions_of
from monitor.tui.runtime.desk_app import DeskApp


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the palette."""

    title: str
    told: str
    words: str
    """Further words by which it is found."""
    run: Callable[[], Any]

    def found_by(self, query: str) -> bool:
        """Whether each word of the query begins a word of the title, the sentence or the further words."""
        there = f" {self.title} {self.words} {self.told}".casefold().replace("(", " ").replace(",", " ")
        return all(f" {word}" in there for word in query.casefold().split())


class ByName(Provider):
    """Everything by name."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(command.title, command.run, help=command.told)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for at, command in enumerate(self._commands()):
            likely = 2.0 if command.found_by(query) else matcher.match(command.title)
            if likely > 0:
                yield Hit(likely - at / 1e4, matcher.highlight(command.title), command.run, help=command.told)

    def _commands(self) -> Iterator[Command]:
        app = self.app
        return commands(app, self.screen) if isinstance(app, DeskApp) else iter(())


def commands(app: DeskApp, screen: Screen[Any]) -> Iterator[Command]:
    """All commands: what acts on the screen first, then the app's, then what the other screens can do.

    Args:
        screen: the screen behind the palette.
    """
    keys = app.settings.keys

    def command(action: Action, title: str, run: Callable[[], Any]) -> Command:
        return Command(title, f"{action.sentence} ({keys.shown(action.key)})", action.words, run)

    here = [
        ACTIONS[str(one.binding.id)] for one in screen.active_bindings.values() if one.enabled and _is_own(one, screen)
    ]
    here = [action for action in here if action.place != "app"]
    for action in dict.fromkeys(sorted(here, key=lambda one: not one.row)):
        yield command(action, action.title, partial(screen.run_action, action.does))
    for action in (one for one in actions_of("app") if one.key != "palette"):
        yield command(action, action.title, partial(app.run_action, action.does))
    told = "Set up: people, shifts, moods, consent, admin PIN"
    yield Command("First steps", told, "setup, begin, wizard, start", partial(app.run_action, "first_steps"))
    yield Command("Theme", "Choose the colours", "dark, light, appearance", app.action_change_theme)
    picture = partial(app.deliver_screenshot, path=str(Path.home()))
    told = "Save the screen as an SVG picture in your home folder"
    yield Command("Screenshot", told, "picture, image, print", lambda: app.set_timer(0.1, picture))
    if app.settings.admin_pin_hash:
        yield Command("Lock", "Ask for the PIN again", "log out, desk", partial(app.run_action, "lock"))
    if isinstance(screen, ModalScreen):
        return
    mine = {action.place for action in here}
    for where in SCREENS:
        if where.key not in mine and where.key != "door":
            for action in actions_of(where.key):
                yield command(action, f"{action.title}: {where.title}", partial(_elsewhere, app, where, action))


def _is_own(active: Any, screen: Screen[Any]) -> bool:
    return active.node is screen and active.binding.id in ACTIONS


async def _elsewhere(app: DeskApp, where: Action, action: Action) -> None:
    """Go to the screen of an action, and do it there, if it is about none of its rows."""
    await app.run_action(where.does)
    if action.row:
        key = app.settings.keys.shown(action.key)
        app.notify(f"Choose the row, then press {key}: {action.sentence}.")
    elif getattr(app.screen, "mode", "") == where.key:  # else it asks for the PIN first
        await app.screen.run_action(action.does)
