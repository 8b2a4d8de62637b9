"""Settings of the programs around Muster: who is told what happened at the door."""

import re
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

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


class Webhook(BaseModel):
    """A receiver of events: a table `[[webhooks]]`, which 'muster webhooks add' writes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="How this receiver is called here.")
    url: str = Field(description="Where events are sent to, and nowhere else.")
    secret: str = Field(default="", repr=False, description="Signs each message; whsec_ and 24 bytes or more, base64.")
    form: Literal["json", "chat"] = Field(default="json", description="The whole event, or a sentence for a chat room.")
    kinds: tuple[EventName, ...] = Field(default=("check_in", "check_out"), description="What is told.")
    groups: tuple[str, ...] = Field(default=(), description="Only of people of these groups; empty for everybody.")
    doors: tuple[str, ...] = Field(default=(), description="Only from these doors; empty for all.")
    timeout: float = Field(default=10.0, gt=0, le=60, description="Seconds that the receiver has for its answer.")

    _url = field_validator("url")(checked_url)

    @field_validator("secret")
    @classmethod
    def _is_secret(cls, value: str) -> str:
        if value and not _SECRET.fullmatch(value):
            raise ValueError("this is not a secret; let 'muster webhooks add' make one")
        return value
