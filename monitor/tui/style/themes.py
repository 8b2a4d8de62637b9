"""The colours of the app: dark, light, and one for colour-blind eyes (Okabe and Ito's palette)."""

from textual.color import Color, ColorParseError
from textual.theme import Theme

from monitor.tui.style.palette import Palette

DARK_MOODS = {
    "mood-angry": "#e5645e", "mood-disgust": "#8fae5d", "mood-fear": "#a68be0", "mood-happy": "#f2c14e",
    "mood-sad": "#5b8fd6", "mood-surprise": "#f08fb8", "mood-neutral": "#9aa7b5", "mood-unsure": "#5d6875",
}  # fmt: skip
LIGHT_MOODS = {
    "mood-angry": "#b3261e", "mood-disgust": "#56752a", "mood-fear": "#6b4bb8", "mood-happy": "#8c6300",
    "mood-sad": "#1f5fb0", "mood-surprise": "#b8326e", "mood-neutral": "#5c6773", "mood-unsure": "#98a2ad",
}  # fmt: skip
OKABE_ITO_MOODS = {
    "mood-angry": "#d55e00", "mood-disgust": "#009e73", "mood-fear": "#cc79a7", "mood-happy": "#f0e442",
    "mood-sad": "#0072b2", "mood-surprise": "#e69f00", "mood-neutral": "#bbbbbb", "mood-unsure": "#666666",
}  # fmt: skip
SIXTEEN_MOODS = {
    "mood-angry": "#ff5555", "mood-disgust": "#00aa00", "mood-fear": "#aa00aa", "mood-happy": "#ffff55",
    "mood-sad": "#5555ff", "mood-surprise": "#ff55ff", "mood-neutral": "#aaaaaa", "mood-unsure": "#555555",
}  # fmt: skip

THEMES = (
    Theme(
        name="muster-dark", dark=True,
        primary="#5aa9e6", secondary="#7fb8a4", accent="#f2c14e", success="#6fcf97",
        warning="#f2c14e", error="#ef7a75", foreground="#e6ebf1", background="#0e1217", surface="#141a21",
        panel="#222c37", variables=DARK_MOODS | {"border": "#33414f", "footer-key-foreground": "#5aa9e6"},
    ),
    Theme(
        name="muster-light", dark=False,
        primary="#155d9e", secondary="#2f7d67", accent="#a86f00", success="#1c7c46",
        warning="#946200", error="#b3261e", foreground="#1b2229", background="#eef1f4", surface="#fbfcfd",
        panel="#dde4ea", variables=LIGHT_MOODS | {"border": "#b4c0cb", "footer-key-foreground": "#155d9e"},
    ),
    Theme(
        name="muster-colour-blind", dark=True, primary="#56b4e9", secondary="#0072b2", accent="#f0e442",
        success="#56b4e9", warning="#e69f00", error="#d55e00", foreground="#f2f2f2", background="#0c0c0f",
        surface="#15151a", panel="#2a2a33",
        variables=OKABE_ITO_MOODS | {"border": "#44444f", "footer-key-foreground": "#56b4e9"},
    ),
)  # fmt: skip


SIXTEEN = Theme(
    name="muster-16-colours", dark=True, primary="#55ffff", secondary="#00aaaa", accent="#ffff55", success="#55ff55",
    warning="#ffff55", error="#ff5555", foreground="#ffffff", background="#000000", surface="#000000",
    panel="#0000aa", variables=SIXTEEN_MOODS | {"border": "#aaaaaa", "footer-key-foreground": "#55ffff"},
)  # fmt: skip
"""What a terminal with 16 colours shows instead, in Rich's values of them: the nearest to a theme's shades are grey."""


def palette_of(theme: Theme, *, greys: bool) -> Palette:
    """The colours of the boxes on the picture, and whether the picture is drawn in greys."""
    return Palette(_rgb(theme.success), _rgb(theme.warning), _rgb(theme.primary), greys)


def _rgb(colour: str | None) -> tuple[int, int, int]:
    try:
        return Color.parse(colour or "gray").rgb
    except ColorParseError:
        return 128, 128, 128
