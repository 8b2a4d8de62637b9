"""Sends one signed message to a webhook's receiver.

Signatures follow Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, which is `v1,` and the
base64 of HMAC-SHA256 over `id.timestamp.body` with the bytes behind `whsec_`.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from monitor.config_outbound import Webhook
from monitor.text import printable

if TYPE_CHECKING:
    from aiohttp import ClientSession

_AWAY: Final = frozenset({408, 425, 429})
"""Answers beside 5xx that promise a later success."""
_READ: Final = 1024
"""Bytes of an answer that are read at most."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try."""

    error: str | None = None
    """One sentence; None where the receiver took the message."""
    away: bool = False
    """Whether the receiver, and not this message, is the trouble."""


def new_secret() -> str:
    """A secret of 256 random bits."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`.

    Args:
        timestamp: seconds since 1970, of the try.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = secret.encode()
    signed = hmac.digest(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def message(webhook: Webhook, data: Mapping[str, object], text: str) -> bytes:
    """The body that this receiver wants."""
    if webhook.form == "chat":
        return json.dumps({"text": text}, ensure_ascii=False).encode()
    body = {"type": data["event"], "timestamp": data["at"], "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


async def post(session: "ClientSession", webhook: Webhook, id: UUID, body: bytes, now: datetime) -> Answer:
    """Sends a message once. Redirections are not followed, since only the settings say who is told."""
    import aiohttp

    seconds = int(now.timestamp())
    headers = {"content-type": "application/json", "webhook-id": str(id), "webhook-timestamp": str(seconds)}
    if webhook.secret:
        headers["webhook-signature"] = signature(webhook.secret, str(id), seconds, body)
    limit = aiohttp.ClientTimeout(total=webhook.timeout)
    try:
        async with session.post(
            webhook.url, data=body, headers=headers, timeout=limit, allow_redirects=False
        ) as response:
            await response.content.read(_READ)
            if 200 <= response.status < 300:
                return Answer()
            away = response.status in _AWAY or response.status >= 500
            return Answer(f"It answered {response.status} {response.reason or ''}".rstrip() + ".", away)
    except TimeoutError:
        return Answer(f"It did not answer within {webhook.timeout:g} seconds.", True)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(f"It cannot be reached ({_reason(error)}).", True)


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None) or 0
    return os.strerror(number) if number > 0 else printable(str(error) or type(error).__name__, 200)
