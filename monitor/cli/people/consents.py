"""The option --consent of commands that enrol people."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.records.people import ConsentKind

ConsentOption = Annotated[
    list[str] | None,
    typer.Option("--consent", metavar="WHAT", help="What they agreed to: face, mood or face,mood; may be repeated."),
]


def consents_of(given: "Iterable[str] | None") -> "tuple[ConsentKind, ...]":
    """What the options say together: no word of it twice. Raises: UsageError."""
    from monitor.errors import UsageError

    kinds: dict[str, ConsentKind] = {"face": "face", "mood": "mood"}
    words = [part.strip().lower() for text in given or () for part in text.split(",") if part.strip()]
    for word in words:
        if word not in kinds:
            raise UsageError(f"Unknown consent {word!r}; use face, mood or face,mood.")
    return tuple(dict.fromkeys(kinds[word] for word in words))
