"""Settings of the programs around Muster: who is told what happened at the door."""

import re
import shlex
from datetime import time
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from monitor.calendar_text import WEEKDAYS

EventName: TypeAlias = Literal[
    "check_in", "check_out", "void", "correction", "unknown", "not_live", "source_lost", "source_back"
]
_SECRET: Final = re.compile(r"whsec_[A-Za-z0-9+/]{32,86}={0,2}")


def checked_url(url: str) -> str:
    """The address, once it is one of a web server without user or password. Raises: ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not parts.netloc.isprintable():
        raise ValueError(f"{url!r} is not an address of a web server; begin it with https:// or http://")
    if parts.username or parts.password:
        raise ValueError("the address has a user or a password in it; receivers are told by the signature instead")
    return url


def hours_of(text: str) -> tuple[time, time] | None:
    """From when to when, from "22:00-06:00"; None for always. Raises: ValueError."""
    if not text:
        return None
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise ValueError(f"{text!r} are no hours; write them as 07:00-19:30") from None
    return first, last


def is_within(hours: tuple[time, time], clock: time) -> bool:
    """Whether the clock shows one of these hours, which may go over midnight."""
    first, last = hours
    return first <= clock < last if first <= last else clock >= first or clock < last


def _checked_hours(text: str) -> str:
    hours_of(text)
    return text


Hours: TypeAlias = Annotated[str, AfterValidator(_checked_hours)]
"""Hours as `hours_of` reads them."""


class Webhook(BaseModel):
    """A receiver of events: a table `[[webhooks]]`, which 'muster webhooks add' writes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(description="How this receiver is called here.")
    url: str = Field(repr=False, description="Where events are sent to, and nowhere else.")
    secret: str = Field(default="", repr=False, description="Signs each message; whsec_ and 24 bytes or more, base64.")
    form: Literal["json", "chat"] = Field(default="json", description="The whole event, or a sentence for a chat room.")
    kinds: tuple[EventName, ...] = Field(default=("check_in", "check_out"), description="What is told.")
    groups: tuple[str, ...] = Field(default=(), description="Only of people of these groups; empty for everybody.")
    doors: tuple[str, ...] = Field(default=(), description="Only from these doors; empty for all.")
    timeout: float = Field(default=10.0, gt=0, le=60, description="Seconds that the receiver has for its answer.")

    _url = field_validator("url")(checked_url)

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if not re.fullmatch("[A-Za-z0-9_-]{1,40}", value):
            raise ValueError("it has letters, digits, - and _ only, 1 to 40 of them")
        return value

    @field_validator("secret")
    @classmethod
    def _is_secret(cls, value: str) -> str:
        if value and not _SECRET.fullmatch(value):
            raise ValueError("this is not a secret; let 'muster webhooks add' make one")
        return value


class Opener(BaseModel):
    """What opens the door for whoever checks in: the table `[opener]`, or `MUSTER_OPENER_*` variables."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    command: str = Field(default="", description="A program with its arguments that opens the door; no shell reads it.")
    url: str = Field(default="", repr=False, description="An address that opens the door when it is called (POST).")
    secret: str = Field(default="", repr=False, description="Signs that call as a webhook's; empty for none.")
    timeout: float = Field(default=5.0, gt=0, le=60, description="Seconds after which the opener is given up.")
    on: Literal["check_in", "check_out", "both"] = Field(default="check_in", description="What opens the door.")
    groups: tuple[str, ...] = Field(default=(), description="Only for people of these groups; empty for everybody.")
    hours: Hours = Field(default="", description="When it opens, on the site's clock: 07:00-19:30; empty for always.")
    days: str = Field(default="", description="Weekdays on which it opens: mon,tue,wed; empty for all.")

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return checked_url(value) if value else value

    @field_validator("command")
    @classmethod
    def _is_command(cls, value: str) -> str:
        shlex.split(value)
        return value

    @field_validator("days")
    @classmethod
    def _are_days(cls, value: str) -> str:
        if any(day not in WEEKDAYS for day in value.split(",") if value):
            raise ValueError(f"{value!r} are no weekdays; write some of {','.join(WEEKDAYS)}")
        return value

    @property
    def opens(self) -> bool:
        """Whether there is anything to open."""
        return bool(self.command or self.url)


class Mqtt(BaseModel):
    """The broker that hears of this kiosk: the table `[mqtt]`, or `MUSTER_MQTT_*` variables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(default="", description="The broker that hears who came and how many are in; empty for none.")
    port: int = Field(default=1883, ge=1, le=65535, description="The broker's port; 8883 is usual with TLS.")
    username: str = Field(default="", description="The name with which the kiosk comes to the broker; empty for none.")
    password: str = Field(default="", repr=False, description="The password that goes with it.")
    tls: bool = Field(default=False, description="Whether the way to the broker is encrypted.")
    prefix: str = Field(default="muster", description="How topics of Muster begin.")
    discovery: str = Field(default="homeassistant", description="Where Home Assistant looks for devices.")

    @field_validator("prefix", "discovery")
    @classmethod
    def _is_topic(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_/-]+", value):
            raise ValueError("it has letters, digits, -, _ and / only")
        return value
