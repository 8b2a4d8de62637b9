"""The line of keys at the bottom of a screen."""

from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widgets import Footer

from monitor.tui.runtime.textual_internals import FooterKey, disable_key


class KeyBar(Footer):
    """The footer, which stays as it is while its keys do: one that has nothing to do at the moment is only dimmed.

    Textual composes the footer anew for that, and every time it lays the whole screen out again, several times over:
    100 ms of the event loop at 160x45, with each greeting at the door.
    """

    def __init__(self) -> None:
        super().__init__(compact=True)

    def bindings_changed(self, screen: Screen[object]) -> None:
        there, wanted = list(self.query(FooterKey)), self._wanted()
        if not there or [(key.key, key.description, key.action) for key in there] != [
            (one.binding.key, one.binding.description, one.binding.action) for one in wanted
        ]:
            super().bindings_changed(screen)
            return
        for key, one in zip(there, wanted, strict=True):
            disable_key(key, not one.enabled)

    def _wanted(self) -> list[ActiveBinding]:
        """The keys in the order in which the footer composes them: each action once, the command palette last."""
        bindings = self.screen.active_bindings
        shown: dict[str, ActiveBinding] = {}
        for one in bindings.values():
            if one.binding.show:
                shown.setdefault(one.binding.action, one)
        palette = bindings.get(self.app.COMMAND_PALETTE_BINDING)
        return [*shown.values(), *([palette] if palette else [])]
