"""The database and its key, as the app passes them to the desk."""

from dataclasses import dataclass

from sqlalchemy import Engine

from db.crypto import TemplateCipher


@dataclass(frozen=True, slots=True)
class Store:
    """A database, and the cipher of the face templates in it."""

    engine: Engine
    cipher: TemplateCipher
