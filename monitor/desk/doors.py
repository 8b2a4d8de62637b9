"""The doors of a site: who is how far behind, and the keys with which they come. It blocks: call it in workers only."""

from typing import Unpack

from sqlalchemy import Engine, make_url

from db.engine import reading, writing
from db.forwarding import doors
from db.forwarding.doors import Door
from db.proof import chains
from monitor.desk.actor import Actor


def all_doors(engine: Engine) -> list[Door]:
    """Every kiosk of the site and every key, at the centre. Raises: DatabaseError."""
    with reading(engine) as session:
        return doors.all_doors(session)


def add_key(engine: Engine, url: str, name: str, **by: Unpack[Actor]) -> str:
    """Makes a key for a kiosk; gives the address with which it comes, which is shown once and kept nowhere.

    Args:
        url: of the centre, as its administrator comes to it.

    Raises:
        InvalidRecord: the name is taken, or the database is a file.
        DatabaseError: the administrator may not make users of the server.
    """
    with writing(engine) as session:
        login, password = doors.add(session, name, **by)
    address = make_url(url).set(drivername="postgresql+psycopg", username=login, password=password)
    return address.render_as_string(hide_password=False)


def revoke_key(engine: Engine, name: str, **by: Unpack[Actor]) -> None:
    """Ends a kiosk's key, and its open connections, at once. Raises: DatabaseError."""
    with writing(engine) as session:
        doors.revoke(session, name, **by)


def new_chain(engine: Engine, **by: Unpack[Actor]) -> str:
    """Gives a copied database a chain of its own. Raises: DatabaseError."""
    with writing(engine) as session:
        return str(chains.renew(session, **by))
