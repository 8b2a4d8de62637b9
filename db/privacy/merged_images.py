"""The images of two people who become one, and two again: each is sealed anew for whose it is."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from db.batches import among
from db.crypto import TemplateCipher, owner
from db.faces import templates
from db.ids import new_id
from db.schema.faces import LookAlikeRow, MeanTemplateRow, PortraitRow, TemplateRow


def move(session: Session, cipher: TemplateCipher, source: UUID, into: UUID, content: dict[str, Any]) -> None:
    """Seals the images of `source` anew for `into`, and notes in `content` which they are."""
    content |= {"templates": [], "twins": [], "portrait": False}
    there = set(session.scalars(select(TemplateRow.content_hash).where(TemplateRow.person_id == into)))
    for row in session.scalars(select(TemplateRow).where(TemplateRow.person_id == source)).all():
        if row.content_hash in there:
            content["twins"].append(row.content_hash)
            session.delete(row)
            continue
        content["templates"].append(str(row.id))
        _reseal(cipher, row, into)
    session.execute(delete(MeanTemplateRow).where(MeanTemplateRow.person_id == source))
    session.execute(delete(LookAlikeRow).where(or_(LookAlikeRow.person_id == source, LookAlikeRow.other_id == source)))
    portrait = templates.load_portrait(session, cipher, source)
    if portrait is not None and session.get(PortraitRow, into) is None:
        content["portrait"] = True
        session.add(PortraitRow(person_id=into, jpeg=cipher.seal(portrait, owner(PortraitRow.jpeg, into))))
    session.flush()


def give_back(session: Session, cipher: TemplateCipher, content: Mapping[str, Any], source: UUID, into: UUID) -> None:
    """Seals the images that came from `source` for them again, and copies those that both had."""
    theirs = select(TemplateRow).where(TemplateRow.person_id == into)
    for row in session.scalars(theirs.where(among(TemplateRow.id, list(map(UUID, content["templates"]))))).all():
        _reseal(cipher, row, source)
    for row in session.scalars(theirs.where(TemplateRow.content_hash.in_(content["twins"]))).all():
        copy = TemplateRow(**{column.key: getattr(row, column.key) for column in TemplateRow.__table__.columns})
        copy.id = new_id()
        _reseal(cipher, copy, source, was=row.id)
        session.add(copy)
    portrait = templates.load_portrait(session, cipher, into) if content["portrait"] else None
    if portrait is not None:
        templates.delete_portrait(session, into)
        session.add(PortraitRow(person_id=source, jpeg=cipher.seal(portrait, owner(PortraitRow.jpeg, source))))
    session.flush()


def _reseal(cipher: TemplateCipher, row: TemplateRow, person: UUID, *, was: UUID | None = None) -> None:
    """Makes a template another person's. `was`: the id under which it is sealed, if that is another."""
    old = was or row.id
    face = cipher.open_embedding(row.embedding, row.second, owner(TemplateRow.embedding, row.person_id, old))
    row.embedding, row.second = cipher.seal_embedding(face, owner(TemplateRow.embedding, person, row.id))
    if row.chip is not None:
        chip = cipher.open(row.chip, owner(TemplateRow.chip, row.person_id, old))
        row.chip = cipher.seal(chip, owner(TemplateRow.chip, person, row.id))
    row.person_id = person
