"""The picture of a person in lists."""

from datetime import datetime
from uuid import uuid4

import numpy as np
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.faces.pictures import pictures
from db.people import people


def test_everybody_is_shown_by_their_portrait_or_the_oldest_image_that_has_a_face(
    engine: Engine, cipher: TemplateCipher, at: datetime
) -> None:
    faces: dict[str, list[bytes | None]] = {"Ada": [b"first", b"second"], "Bob": [None, b"second", b"third"], "Cy": []}
    with writing(engine) as session:
        ids = {name: people.add_person(session, name, at=at, actor="test").id for name in faces}
        for name, chips in faces.items():
            for number, chip in enumerate(chips):
                templates.add_template(
                    session, cipher, ids[name], content_hash=f"{number:064}", encoder="test-1",
                    embedding=np.eye(3, 128, dtype=np.float32)[number], quality={}, source="a.jpg", at=at,
                    chip_jpeg=chip,
                )  # fmt: skip
        templates.set_portrait(session, cipher, ids["Ada"], b"portrait", at=at)
    with reading(engine) as session:
        found = pictures(session, cipher, [*ids.values(), uuid4()])
    assert found == {ids["Ada"]: b"portrait", ids["Bob"]: b"second"}
