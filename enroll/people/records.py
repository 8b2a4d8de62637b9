"""People as JSON."""

from typing import Any

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.people import consents, look_alikes
from db.people.people import get_person
from db.records import Person, PersonSummary
from enroll.people.manage import images_of


def person_details(engine: Engine, cipher: TemplateCipher, person: Person) -> dict[str, Any]:
    """Everything that `muster people show` says. Raises: WrongKey, DatabaseDamaged."""
    with reading(engine) as session:
        images = images_of(session, cipher, person.id)
        decisions = consents.history(session, person.id)
        pairs = [pair for pair in look_alikes.pairs(session) if person.id in (pair.person, pair.other)]
        others = [get_person(session, pair.other if pair.person == person.id else pair.person) for pair in pairs]
    return {
        "person": person.name,
        "id": str(person.id),
        "number": person.number,
        "group": person.group,
        "active": person.active,
        "notes": person.notes,
        "images": [
            {
                "id": str(one.template.id),
                "source": one.template.source,
                "fit": one.fit,
                "encoder": one.template.encoder,
                "quality": dict(one.template.quality),
            }
            for one in images
        ],
        "consents": [
            {
                "kind": one.kind,
                "given": one.given,
                "at": one.at.isoformat(timespec="seconds"),
                "recorded_by": one.recorded_by,
            }
            for one in decisions
        ],
        "look_alikes": [
            {"person": other.name, "similarity": pair.similarity} for pair, other in zip(pairs, others, strict=True)
        ],
    }


def summary_record(one: PersonSummary) -> dict[str, Any]:
    """One line of `muster people list`."""
    person = one.person
    return {
        "id": str(person.id),
        "person": person.name,
        "number": person.number,
        "group": person.group,
        "active": person.active,
        "images": one.templates,
        "consent": {"face": one.face_consent, "mood": one.mood_consent},
        "look_alikes": one.look_alikes,
    }
