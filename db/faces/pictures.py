"""The picture of each person that lists and dialogs show."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.batches import batches
from db.crypto import TemplateCipher
from db.faces.templates import chip_owner, portrait_owner
from db.schema.faces import PortraitRow, TemplateRow


def pictures(session: Session, cipher: TemplateCipher, people: Sequence[UUID]) -> dict[UUID, bytes]:
    """The thumbnail of each of these people as JPEG, else the face of their oldest image that has one.

    Who has neither is left out.

    Raises: WrongKey, DatabaseDamaged.
    """
    found: dict[UUID, bytes] = {}
    for some in batches(people):
        kept = select(PortraitRow.person_id, PortraitRow.jpeg).where(PortraitRow.person_id.in_(some))
        found |= {person: cipher.open(jpeg, portrait_owner(person)) for person, jpeg in session.execute(kept)}
    oldest: dict[UUID, UUID] = {}
    for some in batches([one for one in people if one not in found]):
        images = select(TemplateRow.person_id, TemplateRow.id).where(
            TemplateRow.person_id.in_(some), TemplateRow.chip.is_not(None)
        )
        oldest |= dict(session.execute(images.order_by(TemplateRow.id.desc())).all())  # of each person the last one
    for some in batches(list(oldest.values())):
        chips = select(TemplateRow.person_id, TemplateRow.id, TemplateRow.chip).where(TemplateRow.id.in_(some))
        for person, image, chip in session.execute(chips):
            if chip is not None:
                found[person] = cipher.open(chip, chip_owner(person, image))
    return found
