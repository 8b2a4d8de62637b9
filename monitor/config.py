"""Every setting, with its default, its limits and its sentence."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
import tzlocal
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from monitor.config_outbound import Hours, Mqtt, Opener, Webhook
from monitor.keys import Keys
from monitor.labels import Encoders
from monitor.language import Language

DATA_FOLDER = platformdirs.user_data_path("muster", appauthor=False)
CONFIG_FILE = platformdirs.user_config_path("muster", appauthor=False) / "muster.toml"
LOG_FILE = platformdirs.user_log_path("muster", appauthor=False) / "muster.log"

Days: TypeAlias = Annotated[int, Field(ge=0, le=36_500)]


def _whole_number(value: object) -> object:
    """A variable or an option gives a number as text."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


WHOLE: Final = BeforeValidator(_whole_number)


class QualityLimits(BaseModel):
    """Limits that an image must meet to be enrolled: the table `[quality]`, or `MUSTER_QUALITY_*` variables."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    inter_eye_distance: float = Field(default=14, ge=8, description="Pixels between the eyes, at least.")
    sharpness: float = Field(default=0.063, ge=0, description="Fine detail in proportion to contrast, at least.")
    darkest_mean: float = Field(default=18, ge=0, le=255, description="Mean luminance of the face, at least.")
    brightest_mean: float = Field(default=240, ge=0, le=255, description="Mean luminance of the face, at most.")
    dynamic_range: float = Field(default=20, ge=0, le=255, description="Luminance levels on the face, at least.")
    over_exposure: float = Field(default=0.5, gt=0, le=1, description="Share of the face burnt out, at most.")
    under_exposure: float = Field(default=0.85, gt=0, le=1, description="Share of the face in black, at most.")
    yaw: float = Field(default=35, gt=0, le=90, description="Degrees that the head is turned aside, at most.")
    pitch: float = Field(default=35, gt=0, le=90, description="Degrees that the head looks up or down, at most.")
    roll: float = Field(default=35, gt=0, le=180, description="Degrees that the head is tilted, at most.")
    cropped: float = Field(default=0.25, ge=0, le=1, description="Share of the face outside the picture, at most.")


class Settings(BaseSettings):
    """All settings. The description of each field is the sentence that the app shows beside it."""

    model_config = SettingsConfigDict(
        env_prefix="MUSTER_", env_nested_delimiter="_", env_nested_max_split=1, extra="forbid", frozen=True
    )

    db: str = Field(
        default_factory=lambda: f"sqlite:///{DATA_FOLDER / 'muster.sqlite3'}",
        description="Where people, attendance and moods are kept: a database URL.",
    )
    site: str = Field(default="main", description="The name of the place, for reports.")
    kiosk: str = Field(default="door", description="The name of this kiosk; each door has its own.")
    role: Literal["in", "out", "auto"] = Field(
        default="auto",
        description="What passing this door means: in, out, or auto for the opposite of the person's last passage.",
    )
    time_zone: str = Field(
        default_factory=tzlocal.get_localzone_name,
        description="The site's time zone, by its IANA name; days begin and end in it.",
    )
    source: str = Field(default="0", description="The camera number, a file, a folder of images or a stream's URL.")
    rotate: Annotated[Literal[0, 90, 180, 270], WHOLE] = Field(
        default=0, description="By how many degrees clockwise the camera's picture is turned: 0, 90, 180 or 270."
    )

    target_fpir: float = Field(
        default=0.01, gt=0, lt=1, description="The share of strangers that may be given a name by mistake."
    )
    match_margin: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="How much more similar than the runner-up the best match must be, for dlib's network; 2.2 times as "
        "much with both encoders, 3.5 times with sface alone.",
    )
    detector: Literal["blazeface", "hog"] = Field(default="blazeface", description="Which face detector runs.")
    encoder: Encoders = Field(
        default="both",
        description="Which face encoders decide on a name: dlib's network, sface, or both, whose answers are joined.",
    )
    grow_templates: bool = Field(
        default=False,
        description="Whether the door captures sure, new views of people who agreed, for a review before they join a "
        "template; needs the blazeface detector.",
    )
    ask_for_views: bool = Field(
        default=False,
        description="Whether the door asks whom it recognises worst to look into the camera once more, for a view that "
        "waits for a review; until nobody is missed at more than 5 % of passages. Needs grow_templates and the nightly "
        "examination.",
    )
    quality: QualityLimits = Field(
        default=QualityLimits(), description="Limits that an image must meet to be enrolled; a table."
    )
    min_face: int = Field(default=36, ge=20, description="Faces narrower than this many pixels are not identified.")

    liveness: Literal["off", "ask", "always"] | None = Field(
        default=None,
        description="Whether a face must show that it is no photograph before it checks in: off, ask (who is in doubt "
        "turns the head), or always (everybody does). Not set: ask for cameras and streams, off for files and folders. "
        "A film on a screen that stands still is not recognised as one.",
    )
    cool_down_minutes: float = Field(
        default=2.0, ge=0, description="Minutes after somebody was last seen in which they make no new entry."
    )
    between_doors_minutes: float = Field(
        default=5.0,
        ge=0,
        description="Minutes in which a passage at another door of role auto is the same arrival or departure.",
    )
    max_stay_hours: int = Field(
        default=16, ge=1, le=36, description="Hours after which a stay without a check-out counts as forgotten."
    )
    reach_hours: int = Field(
        default=6, ge=0, le=12, description="How many hours before a shift an arrival belongs to it, at most."
    )
    close: Literal["never", "shift_end", "after_hours"] = Field(
        default="never",
        description="Where a forgotten check-out is set: never (the day is incomplete), at the shift's end, or some "
        "hours after the check-in.",
    )
    close_after_hours: int = Field(
        default=10, ge=1, le=36, description="With close = after_hours: hours from the check-in to the check-out."
    )
    rounding_minutes: Annotated[Literal[0, 5, 15], WHOLE] = Field(
        default=0, description="Minutes to which the first check-in and the last check-out are rounded; 0 for none."
    )
    rounding_favour: Literal["nearest", "person", "site"] = Field(
        default="nearest", description="Rounding to the nearest step, or in favour of the person or of the site."
    )
    break_mode: Literal["rule", "punches"] = Field(
        default="rule",
        description="Whether a shift's break is taken off by rule, or only what people check out and in for.",
    )
    break_after_hours: int = Field(
        default=6, ge=0, le=24, description="Presence in a shift of more than so many hours has its break taken off."
    )
    count_from: Literal["arrival", "shift_start"] = Field(
        default="arrival", description="Whether hours count from the arrival, or not before the shift's start."
    )
    overtime_tolerance_minutes: int = Field(
        default=0, ge=0, le=240, description="A day's difference to its expected hours up to this counts as none."
    )
    early_grace_minutes: int = Field(
        default=0, ge=0, le=240, description="Leaving up to so many minutes before a shift's end is not early."
    )
    mood: Literal["individual", "aggregate", "off"] = Field(
        default="individual",
        description="Whether moods are kept per person, without a person, or not at all.",
    )
    consent: Literal["required", "assumed"] = Field(
        default="required",
        description="What it means that somebody was not asked: required keeps no mood of them, assumed is for demos.",
    )
    door_moods: bool = Field(
        default=False, description="Whether the door shows people's moods, which everybody there can read."
    )
    door_scores: bool = Field(
        default=False,
        description="Whether the greeting says how sure it is: the face's similarity, and what a name needs.",
    )
    mood_confidence: float = Field(
        default=0.45, ge=0, le=1, description="A mood less likely than this is shown as unsure."
    )
    mood_every_seconds: float = Field(
        default=5.0, gt=0, description="How often the mood of someone who stays in view is written down."
    )
    keep_visitors_days: Days = Field(
        default=30, description="How many days the faces and moods of unknown people are kept."
    )
    keep_sightings_days: Days = Field(
        default=365, description="How many days sightings of enrolled people are kept; attendance stays."
    )
    keep_views_days: Days = Field(
        default=7,
        description="How many days the pictures are kept on which the door named people who agreed; 0 keeps none.",
    )
    keep_moods_days: Days = Field(default=365, description="How many days moods are kept.")
    examine_hour: int = Field(
        default=3,
        ge=-1,
        le=23,
        description="From which hour of the day the gallery examines itself once: who will soon not be recognised; -1 "
        "for never.",
    )
    backup_every_hours: float = Field(
        default=24.0, ge=0, description="Hours between two backups that Muster makes by itself; 0 makes none."
    )
    backup_folder: str = Field(
        default="", description="Where those backups go; empty for the folder backups beside the database."
    )
    backup_keep: int = Field(default=3, ge=1, description="How many of those backups are kept; older ones are deleted.")
    pin_digits: int = Field(default=6, ge=4, le=32, description="How many digits a new PIN has at least.")
    admin_pin_hash: str = Field(default="", description="The hash of the admin PIN, which opens the desk's screens.")
    language: Language = Field(
        default="en", description="The language of the door's screen: en or de; the desk's screens are in English."
    )
    sounds: bool = Field(
        default=False,
        description="Whether the terminal's bell rings at the door: once for in, twice for out, three times for "
        "somebody unknown, four times for who did not turn the head.",
    )
    theme: str = Field(default="muster-dark", description="The colours of the app.")
    pictures: Literal["auto", "blocks"] = Field(
        default="auto",
        description="Whether pictures are drawn as Kitty or Sixel graphics where the terminal has them, or as blocks.",
    )

    forward: str = Field(
        default="",
        repr=False,
        description="The database that the doors of a site share (postgresql+psycopg://...); a kiosk follows it while "
        "it runs, as 'muster db follow' does. Empty for none.",
    )
    assembly_point: bool = Field(
        default=False, description="Whether this kiosk's camera ticks people off while a roll call goes on."
    )
    badges: bool = Field(
        default=False,
        description="Whether a badge reader that types a number and Enter at the door opens the entry of its PIN.",
    )
    face_and_pin: Hours = Field(
        default="",
        description="Hours on the site's clock in which nobody checks in by face or PIN alone: the PIN has to follow "
        "the face within two minutes (22:00-06:00); empty for never.",
    )
    webhooks: tuple[Webhook, ...] = Field(
        default=(), description="Who is told what happens; see 'muster webhooks', which writes these tables."
    )
    keys: Keys = Field(default=Keys(), description="The keys of the app; a table.")
    opener: Opener = Field(default=Opener(), description="What opens the door for whoever checks in; a table.")
    mqtt: Mqtt = Field(default=Mqtt(), description="The MQTT broker that hears of this kiosk; a table.")

    @field_validator("webhooks")
    @classmethod
    def _names_differ(cls, value: tuple[Webhook, ...]) -> tuple[Webhook, ...]:
        names = [one.name for one in value]
        if len(set(names)) < len(names):
            raise ValueError("two receivers have one name; give each its own")
        return value

    @field_validator("quality", "keys", mode="before")
    @classmethod
    def _table(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, Mapping | QualityLimits | Keys):
            raise ValueError(f"this is a table; write [{info.field_name}] and its values on lines of their own")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone; use a name such as Europe/Berlin") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def liveness_of(self, *, live: bool) -> Literal["off", "ask", "always"]:
        """The liveness in force at a source. Args: live: somebody is before it now, and can be asked."""
        return self.liveness or ("ask" if live else "off")
