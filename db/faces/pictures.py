"""The picture of each person that lists and dialogs show."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.batches import among
from db.crypto import TemplateCipher, owner
from db.schema.faces import PortraitRow, TemplateRow


def pictures(session: Session, cipher: TemplateCipher, people: Sequence[UUID]) -> dict[UUID, bytes]:
    """The thumbnail of each of these people as JPEG, else the face of their oldest image that has one.

    Who has neither is left out.

    Raises: WrongKey, DatabaseDamaged.
    """
    kept = select(PortraitRow.person_id, PortraitRow.jpeg).where(among(PortraitRow.person_id, people))
    found = {person: cipher.open(jpeg, owner(PortraitRow.jpeg, person)) for person, jpeg in session.execute(kept)}
    others = among(TemplateRow.person_id, set(people) - found.keys())
    images = select(TemplateRow.person_id, TemplateRow.id).where(others, TemplateRow.chip.is_not(None))
    oldest = dict(session.execute(images.order_by(TemplateRow.id.desc())).all())  # of each person the last one
    chips = select(TemplateRow.person_id, TemplateRow.id, TemplateRow.chip)
    for person, image, chip in session.execute(chips.where(among(TemplateRow.id, oldest.values()))):
        if chip is not None:
            found[person] = cipher.open(chip, owner(TemplateRow.chip, person, image))
    return found
