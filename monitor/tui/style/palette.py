"""What is known about a face on the picture, and in which colour it is drawn."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What is known about a face; each has its colour and its own way of drawing the box."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    DECIDING = "deciding"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of the marks, each (red, green, blue) in 0 to 255."""

    known: tuple[int, int, int]
    unknown: tuple[int, int, int]
    deciding: tuple[int, int, int]
    greys: bool = False
    """The terminal has 16 colours: the picture is drawn in its four greys, which its other colours would blur."""

    def of(self, tone: Tone) -> tuple[int, int, int]:
        return {Tone.KNOWN: self.known, Tone.UNKNOWN: self.unknown, Tone.DECIDING: self.deciding}[tone]
