"""The checks of `muster doctor`, beside what the database says (`connections.py`, `monitor.desk.maintenance`)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from monitor.config import Settings
from monitor.doctor import machine, storage, vision
from monitor.doctor.check import Check, fail


def run_checks(
    settings: Settings,
    config: Path | None = None,
    *,
    ask_terminal: bool = False,
    use_camera: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Check]:
    """Run all checks, one after the other; some take a second, and none raises.

    Args:
        config: the configuration file; None for the user's own. The template key lies beside it.
        ask_terminal: ask the terminal which graphics it shows; not while an app runs in it.
        use_camera: look at pictures of the source; not while a door may use it.
        clock: the time now, in UTC.
    """
    checks: dict[str, Callable[[], Iterator[Check]]] = {
        "python": machine.check_python,
        "camera": partial(machine.check_cameras, settings),
        "picture": partial(machine.check_picture, settings) if use_camera else lambda: iter(()),
        "terminal": partial(machine.check_terminal, ask=ask_terminal),
        "template key": partial(storage.check_key, settings, config),
        "database": partial(storage.check_database, settings),
        "templates": partial(storage.check_templates, settings),
        "disk": partial(machine.check_disk, settings),
        "clock": lambda: machine.check_clock(settings, clock()),
        "models": vision.check_models,
        "emotion model": vision.check_emotion,
        "model cache": vision.check_cache,
        "vision": vision.check_trial,
    }
    for name, check in checks.items():
        yield from _guarded(name, check)


def check_window() -> Iterator[Check]:
    """The part of `run_checks` that depends on the size of the window; for an app that runs in it."""
    return machine.check_terminal(ask=False)


def _guarded(name: str, check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - a broken check must not hide the others
        sentence = f"This could not be checked ({type(error).__name__}: {error})."
        yield fail(name, sentence, "Report this sentence to the maintainers; the other checks are not affected.")
