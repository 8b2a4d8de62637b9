"""People as JSON."""

from typing import TYPE_CHECKING, Any

from db.records.people import PersonSummary

if TYPE_CHECKING:
    from monitor.desk.people.people import PersonRecord


def person_json(record: "PersonRecord") -> dict[str, Any]:
    """Everything that `muster people show` says."""
    person = record.person
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
                "both_encoders": one.both,
                "quality": dict(one.template.quality),
            }
            for one in record.images
        ],
        "consents": [
            {
                "kind": one.kind,
                "given": one.given,
                "at": one.at.isoformat(timespec="seconds"),
                "recorded_by": one.recorded_by,
            }
            for one in record.consents
        ],
        "look_alikes": [{"person": name, "similarity": similarity} for name, similarity in record.look_alikes],
    }


def summary_json(one: PersonSummary) -> dict[str, Any]:
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
