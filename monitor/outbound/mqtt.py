"""What a kiosk says over MQTT, and how Home Assistant finds it by itself (MQTT discovery)."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.config import Settings
from monitor.text import printable

_SENSORS: Final = (
    ("last_person", "sensor", "Last person", {"icon": "mdi:account-check"}),
    ("last_event", "sensor", "Last event", {"icon": "mdi:door"}),
    ("inside", "sensor", "People inside", {"icon": "mdi:account-group", "state_class": "measurement"}),
    ("mood", "sensor", "Mood of the day", {"icon": "mdi:emoticon-outline"}),
    ("unknown", "binary_sensor", "Unknown at the door", {"device_class": "motion", "off_delay": 30}),
    ("camera", "binary_sensor", "Camera", {"device_class": "connectivity"}),
)
"""Name of the topic, kind, name for people, and what Home Assistant has to know more."""


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: str
    retain: bool = True


def base(settings: Settings) -> str:
    """The topic under which this kiosk's are."""
    return f"{settings.mqtt.prefix}/{part(settings.site)}/{part(settings.kiosk)}"


def part(name: str) -> str:
    """A name as one level of a topic; two names that differ stay different."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:40]
    return plain if plain == name else f"{plain}_{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def availability(settings: Settings) -> str:
    """The topic that says "online", and "offline" once the broker misses the kiosk."""
    return f"{base(settings)}/availability"


def discovery(settings: Settings, version: str) -> list[Message]:
    """What makes Home Assistant show one device with all its sensors."""
    id = f"muster_{part(settings.site)}_{part(settings.kiosk)}"
    device = {
        "identifiers": [id],
        "name": f"Muster {printable(settings.kiosk, 60)}",
        "manufacturer": "Muster",
        "sw_version": version,
        "suggested_area": printable(settings.site, 60),
    }
    return [
        Message(
            f"{settings.mqtt.discovery}/{kind}/{id}/{name}/config",
            json.dumps(
                {
                    "name": title,
                    "unique_id": f"{id}_{name}",
                    "state_topic": f"{base(settings)}/{name}",
                    "availability_topic": availability(settings),
                    "device": device,
                    **more,
                }
            ),
        )
        for name, kind, title, more in _SENSORS
    ]


def states(settings: Settings, values: Mapping[str, object]) -> list[Message]:
    """One message for each of these values. "unknown" passes, so it is not kept for who subscribes later."""
    return [
        Message(f"{base(settings)}/{name}", printable(str(value), 200), retain=name != "unknown")
        for name, value in values.items()
    ]
