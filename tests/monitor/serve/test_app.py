"""The HTTP interface, asked over loopback by programs that are not ours: `requests` and Schemathesis."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from db.attendance import kiosks, ledger
from db.engine import writing
from db.ids import new_id
from db.privacy import erasure
from db.records.attendance import NewEvent
from monitor.desk.programs import event_feed, keys
from monitor.serve.app import make_app
from tests.monitor.world import NOW, World

STAMP = {"at": NOW, "actor": "test"}


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with serving(world) as address:
        yield address


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The address of a server that runs until the block ends."""
    config = uvicorn.Config(
        make_app(world.engine, world.settings, lambda: world.now, "1"), port=0, log_level="error", access_log=False
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def key(world: World, *rights: str, days: int | None = None, name: str = "program") -> dict[str, str]:
    secret, _ = keys.add(world.engine, name, rights, days, at=NOW, actor="test")
    return {"Authorization": f"Bearer {secret}"}


def test_health_needs_no_key_and_names_nobody(url: str) -> None:
    answer = requests.get(f"{url}/v1/health", timeout=60)
    assert answer.json() == {"status": "ok", "version": "1", "at": NOW.isoformat().replace("+00:00", "Z")}


@pytest.mark.parametrize("path", ["/v1/people", "/v1/attendance", "/v1/moods", "/v1/events", "/metrics"])
def test_nothing_else_is_answered_without_a_key_with_the_right_for_it(world: World, url: str, path: str) -> None:
    other = next(right for right in keys.RIGHTS if right not in path)
    wrong = {"Authorization": "Bearer muster_" + "x" * 43}
    ended = key(world, *keys.RIGHTS, name="ended")
    keys.revoke(world.engine, "ended", at=NOW, actor="test")
    over = key(world, *keys.RIGHTS, days=1, name="over")
    world.now = NOW + timedelta(days=1)
    for headers in ({}, wrong, ended, over):
        answer = requests.get(url + path, headers=headers, timeout=60)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    answer = requests.get(url + path, headers=key(world, other), timeout=60)
    assert answer.status_code == 403
    assert requests.get(url + path, headers=key(world, *keys.RIGHTS, name="whole"), timeout=60).status_code == 200


def test_people_attendance_and_moods_are_those_of_the_reports(world: World, url: str) -> None:
    headers = key(world, "people", "attendance", "moods")
    people = requests.get(f"{url}/v1/people", {"search": "lovelace"}, headers=headers, timeout=60).json()
    assert (people["total"], people["people"][0]["name"]) == (1, "Ada Lovelace")
    asked = {"from": "2026-03-06", "to": "2026-03-06", "group": "Orbits"}
    lines = requests.get(f"{url}/v1/attendance", asked, headers=headers, timeout=60).json()["days"]
    assert {line["person"]: line["hours"] for line in lines} == {"Katherine Johnson": 8.0, "Margaret Hamilton": 8.0}
    moods = requests.get(f"{url}/v1/moods", asked | {"by": "group"}, headers=headers, timeout=60).json()
    assert [line["group"] for line in moods] == ["Orbits"]
    backwards = asked | {"to": "2026-03-01"}
    assert requests.get(f"{url}/v1/attendance", backwards, headers=headers, timeout=60).status_code == 400


def test_people_come_in_pages(world: World, url: str) -> None:
    headers = key(world, "people")
    whole = requests.get(f"{url}/v1/people", headers=headers, timeout=60).json()
    asked: list[dict[str, Any]] = [{"limit": 3, "offset": offset} for offset in range(0, whole["total"] + 3, 3)]
    pages = [requests.get(f"{url}/v1/people", one, headers=headers, timeout=60).json() for one in asked]
    assert [one for page in pages for one in page["people"]] == whole["people"]
    assert {page["total"] for page in pages} == {len(whole["people"])}


def test_attendance_comes_in_pages_that_may_end_within_a_day(world: World, url: str) -> None:
    headers, period = key(world, "attendance"), {"from": "2026-02-20", "to": "2026-03-06"}
    whole = requests.get(f"{url}/v1/attendance", period, headers=headers, timeout=60).json()
    assert whole["next"] is None
    pages: list[dict[str, Any]] = [{"days": [], "next": 0}]
    while pages[-1]["next"] is not None:
        asked = period | {"since": pages[-1]["next"], "limit": 7}
        pages.append(requests.get(f"{url}/v1/attendance", asked, headers=headers, timeout=60).json())
    assert [day for page in pages for day in page["days"]] == whole["days"]
    assert {len(page["days"]) for page in pages[1:-1]} == {7}


def test_a_cursor_gives_each_event_once_and_erased_people_no_name(world: World, url: str) -> None:
    headers = key(world, "events")
    with writing(world.engine) as session:
        erasure.erase(session, world.ids["Alan Turing"], at=NOW, actor="test")
    seen: list[dict[str, object]] = []
    since = 0
    while True:
        answer = requests.get(f"{url}/v1/events", {"since": since, "limit": 7}, headers=headers, timeout=60).json()
        if not answer["events"]:
            break
        seen, since = seen + answer["events"], answer["next"]
    assert [one["seq"] for one in seen] == list(range(1, len(seen) + 1))
    assert len(seen) == len(list(event_feed.all_events(world.engine)))
    assert b"Turing" not in requests.get(f"{url}/v1/events", headers=headers, timeout=60).content
    with writing(world.engine) as session:
        door = kiosks.all_kiosks(session)[0].id
        who = world.ids["Ada Lovelace"]
        event = ledger.append(session, NewEvent(new_id(), "check_out", who, NOW, "UTC", door, "pin", "door", NOW))
    answer = requests.get(f"{url}/v1/events", {"since": since}, headers=headers, timeout=60).json()
    assert [(one["id"], one["person"]["name"]) for one in answer["events"]] == [(str(event.id), "Ada Lovelace")]


def test_a_cursor_of_before_a_restore_is_gone(world: World, url: str) -> None:
    headers = key(world, "events")

    def asked(**given: object) -> requests.Response:
        return requests.get(f"{url}/v1/events", given, headers=headers, timeout=60)  # type: ignore[arg-type]

    end = asked().json()
    assert asked(since=end["next"], head=end["head"]).json() == {"events": [], "next": end["next"], "head": end["head"]}
    beyond, other = asked(since=end["next"] + 1), asked(since=end["next"], head="0" * 16)
    assert (beyond.status_code, other.status_code) == (410, 410)
    assert beyond.json() == {"detail": "The ledger was restored from a backup since; begin again at 0."}


def test_a_client_gets_a_thousand_events_across_restarts_of_both_sides(world: World) -> None:
    headers, seen, since = key(world, "events"), list[str](), event_feed.events_after(world.engine, 0, 5000).next
    who, written = world.ids["Ada Lovelace"], list[str]()
    while len(seen) < 1000:
        with serving(world) as address, requests.Session() as client:
            with writing(world.engine) as session:
                door = kiosks.all_kiosks(session)[0].id
                for _ in range(250):
                    event = NewEvent(new_id(), "check_in", who, NOW, "UTC", door, "pin", "door", NOW)
                    written.append(str(ledger.append(session, event).id))
            for _ in range(3):
                asked = {"since": since, "limit": 90}
                answer = client.get(f"{address}/v1/events", params=asked, headers=headers, timeout=60).json()
                seen, since = [*seen, *(one["id"] for one in answer["events"])], answer["next"]
    assert seen == written


def test_metrics_are_numbers_that_prometheus_reads(world: World, url: str) -> None:
    text = requests.get(f"{url}/metrics", headers=key(world, "metrics"), timeout=60).text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert (values["muster_people"], values["muster_inside"]) == ("10", "5")
    silent = timedelta(seconds=float(values['muster_kiosk_silent_seconds{door="door",site="main"}']))
    assert silent == timedelta(days=14)
    assert "Lovelace" not in text


def test_every_answer_is_what_the_description_says(world: World, url: str) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    headers = key(world, *keys.RIGHTS)
    broken: list[str] = []
    asked = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        strategy = found.ok().as_strategy()
        asked += 1

        @hypothesis_settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
        def ask(case: Any) -> None:
            # A description cannot say that 'to' is not before 'from'.
            case.call_and_validate(headers=headers, timeout=60, excluded_checks=[positive_data_acceptance])

        try:
            given(case=strategy)(ask)()
        except FailureGroup as failures:
            broken += [str(one) for one in failures.exceptions]
    assert (asked, broken) == (6, [])
