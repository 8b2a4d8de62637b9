"""Completes a path while it is typed; the right arrow key takes what is proposed."""

import asyncio
from pathlib import Path

from textual.suggester import Suggester


class PathSuggester(Suggester):
    """Proposes the first folder or file that goes on as typed, hidden ones only after a dot."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(completed, value)


def completed(typed: str) -> str | None:
    """The path that goes on as typed, the first by its name; None where there is none. It reads the folder."""
    folder, slash, begun = typed.rpartition("/")
    if not typed:
        return None
    try:
        found = sorted(
            (entry for entry in Path(f"{folder}{slash}" or ".").expanduser().iterdir() if _goes_on(entry.name, begun)),
            key=lambda entry: entry.name,
        )
        return f"{folder}{slash}{found[0].name}{'/' if found[0].is_dir() else ''}" if found else None
    except (OSError, RuntimeError, ValueError):  # no such folder, no such user, a NUL in the name
        return None


def _goes_on(name: str, begun: str) -> bool:
    return name.startswith(begun) and (begun.startswith(".") or not name.startswith("."))
