"""Where everything is kept: what each use case of the desk is given."""

from dataclasses import dataclass

from sqlalchemy import Engine

from db.crypto import TemplateCipher


@dataclass(frozen=True, slots=True)
class Store:
    """A database, and the cipher of the face templates in it."""

    engine: Engine
    cipher: TemplateCipher
