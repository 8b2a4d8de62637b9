"""The picture of a person in lists."""

from uuid import uuid4

import numpy as np
from sqlalchemy import Engine

from db.engine import reading, writing
from db.faces import templates
from db.faces.pictures import pictures
from db.people import people
from tests.db.doors import AT, CIPHER
from tests.db.rows import enrol_image


def test_everybody_is_shown_by_their_portrait_or_the_oldest_image_that_has_a_face(engine: Engine) -> None:
    faces: dict[str, list[bytes | None]] = {"Ada": [b"first", b"second"], "Bob": [None, b"second", b"third"], "Cy": []}
    with writing(engine) as session:
        ids = {name: people.add_person(session, name, at=AT, actor="test").id for name in faces}
        for name, chips in faces.items():
            for number, chip in enumerate(chips):
                face = np.eye(3, 128, dtype=np.float32)[number]
                enrol_image(session, CIPHER, ids[name], face, AT, image=f"{number:064}", chip=chip)
        templates.set_portrait(session, CIPHER, ids["Ada"], b"portrait", at=AT)
    with reading(engine) as session:
        found = pictures(session, CIPHER, [*ids.values(), uuid4()])
    assert found == {ids["Ada"]: b"portrait", ids["Bob"]: b"second"}
