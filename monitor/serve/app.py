"""The HTTP interface, which only reads: each question needs a key with the right for it. OpenAPI: /openapi.json."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from db.errors import DatabaseError
from db.records.people import PersonSummary
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.desk.days import attendance as desk_attendance
from monitor.desk.days.moods import mood_report
from monitor.desk.people.listing import people_between
from monitor.desk.programs import event_feed, health, keys
from monitor.outbound.messages import event_json
from monitor.reports import lines, mood_lines
from monitor.reports.export import json_record
from monitor.serve import metrics
from monitor.serve.replies import (
    AttendanceReply,
    DayReply,
    EventReply,
    EventsReply,
    HealthReply,
    LineReply,
    PeopleReply,
    PersonReply,
    Problem,
)

_MOST_DAYS: Final = 366
_BEARER: Final = HTTPBearer(auto_error=False, description="A key of 'muster keys add'.")
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)
_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problem, "description": "The question makes no sense."},
    401: {"model": Problem, "description": "There is no key, or it is wrong, revoked or past its time."},
    403: {"model": Problem, "description": "The key does not have the right."},
    503: {"model": Problem, "description": "The database does not answer."},
}
_GONE: Final[dict[int | str, dict[str, Any]]] = {
    410: {"model": Problem, "description": "The ledger was restored from a backup since; begin again at 0."},
}

Clock = Callable[[], datetime]
Day = Annotated[date | None, Query(description="YYYY-MM-DD on the site's clock; today if not given.")]


def make_app(engine: Engine, settings: Settings, clock: Clock, version: str) -> FastAPI:
    """The interface on a database.

    Args:
        clock: gives the time now, in UTC.
        version: Muster's own.
    """
    app = FastAPI(
        title="Muster", version=version, description="Who is there, who came when, and in what mood; reads only.",
        docs_url=None, redoc_url=None,
    )  # fmt: skip

    @app.exception_handler(DatabaseError)
    def _unavailable(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503)

    @app.exception_handler(event_feed.LedgerRestored)
    def _restored(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 410)

    @app.get("/v1/health", responses={503: _PROBLEMS[503]})
    def is_well() -> HealthReply:
        """Whether the database answers; the only question that needs no key."""
        health.answers(engine)
        return HealthReply(status="ok", version=version, at=clock())

    _add_people(app, engine, clock)
    _add_reports(app, engine, settings, clock)
    _add_events(app, engine, settings, clock, version)
    return app


def _needs(engine: Engine, right: str, clock: Clock) -> Any:
    """A dependency that lets a question through whose key has this right."""

    def check(shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> None:
        key = keys.find(engine, shown.credentials) if shown else None
        if key is None or not key.holds(clock()):
            said = "Send a key of 'muster keys add' as 'Authorization: Bearer KEY'; this one is missing, wrong or over."
            raise HTTPException(401, said, {"WWW-Authenticate": "Bearer"})
        if right not in key.rights:
            raise HTTPException(403, f"This key does not have the right {right!r}.")

    return Depends(check)


def _add_people(app: FastAPI, engine: Engine, clock: Clock) -> None:
    @app.get("/v1/people", responses=_PROBLEMS, dependencies=[_needs(engine, "people", clock)])
    def people(
        search: Annotated[str, Query(max_length=200, description="Part of a name, number or group.")] = "",
        group: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
        offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    ) -> PeopleReply:
        """Everybody enrolled, by name."""
        found, total = people_between(engine, _storable(search), group and _storable(group), limit=limit, offset=offset)
        return PeopleReply(people=[_person(one) for one in found], total=total)


def _add_reports(app: FastAPI, engine: Engine, settings: Settings, clock: Clock) -> None:
    @app.get("/v1/attendance", responses=_PROBLEMS, dependencies=[_needs(engine, "attendance", clock)])
    def attendance(
        first: Annotated[Day, Query(alias="from")] = None,
        last: Annotated[Day, Query(alias="to")] = None,
        group: Annotated[str | None, Query(max_length=200)] = None,
        since: Annotated[int, Query(ge=0, le=2**53, description="'next' of the answer before; 0 to begin.")] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    ) -> AttendanceReply:
        """One line per person and day, as 'muster attendance --json' prints them, by day and name, behind a cursor."""
        now = clock()
        period = _period(first, last, now.astimezone(settings.zone).date())
        found, after = desk_attendance.page(
            engine, settings, period, now, since=since, limit=limit, group=group and _storable(group)
        )
        told = [DayReply.model_validate(json_record(one)) for one in lines.days(found, settings.zone)]
        return AttendanceReply(days=told, next=after)

    @app.get("/v1/moods", responses=_PROBLEMS, dependencies=[_needs(engine, "moods", clock)])
    def moods(
        first: Annotated[Day, Query(alias="from")] = None,
        last: Annotated[Day, Query(alias="to")] = None,
        by: Literal["hour", "day", "person", "group"] = "day",
        group: Annotated[str | None, Query(max_length=200)] = None,
    ) -> list[LineReply]:
        """Moods by hour, day, person or group, as 'muster mood --json' prints them."""
        if by == "person" and settings.mood != "individual":
            raise HTTPException(400, f"Moods are not shown per person (mood = {settings.mood}).")
        period = _period(first, last, clock().astimezone(settings.zone).date())
        cells, names, changes = mood_report(engine, settings, period, by, group=group and _storable(group))
        told = mood_lines.moods(cells, by, names, changes, settings.mood_confidence)
        return [LineReply.model_validate(json_record(one)) for one in told]


def _add_events(app: FastAPI, engine: Engine, settings: Settings, clock: Clock, version: str) -> None:
    @app.get("/v1/events", responses=_PROBLEMS | _GONE, dependencies=[_needs(engine, "events", clock)])
    def events(
        since: Annotated[int, Query(ge=0, le=2**53, description="'next' of the answer before; 0 to begin.")] = 0,
        limit: Annotated[int, Query(ge=1, le=5000)] = 500,
        head: Annotated[str, Query(max_length=64, description="'head' of the answer before.")] = "",
    ) -> EventsReply:
        """The ledger behind a cursor: whoever goes on with 'next' and 'head' misses nothing and sees nothing twice."""
        page = event_feed.events_after(engine, min(since, 2**31 - 1), limit, head)
        told = [EventReply.model_validate(event_json(one)) for one in page.events]
        return EventsReply(events=told, next=page.next, head=page.head)

    @app.get(
        "/metrics",
        response_class=PlainTextResponse,
        responses=_PROBLEMS,
        dependencies=[_needs(engine, "metrics", clock)],
    )
    def numbers() -> PlainTextResponse:
        """Numbers for Prometheus."""
        now = clock()
        text = metrics.metrics(health.health(engine, settings, now), now, version)
        return PlainTextResponse(text, media_type=metrics.CONTENT_TYPE)


def _person(one: PersonSummary) -> PersonReply:
    who = one.person
    return PersonReply(
        id=who.id, name=who.name, number=who.number, group=who.group, active=who.active, images=one.templates,
        face_consent=one.face_consent, mood_consent=one.mood_consent,
    )  # fmt: skip


def _period(first: date | None, last: date | None, today: date) -> Period:
    end = last or today
    start = first or end
    if not _FIRST <= start <= end <= _LAST:
        raise HTTPException(400, "'from' is after 'to', or one of them is out of range.")
    if end - start >= timedelta(days=_MOST_DAYS):
        raise HTTPException(400, f"Ask for {_MOST_DAYS} days at most.")
    return Period(start, end)


def _storable(text: str) -> str:
    """A text that a database can look for. Raises: HTTPException."""
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise HTTPException(400, "A text has a letter that no database keeps.")
    return text
