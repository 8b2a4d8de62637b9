"""How long a kiosk takes to load its gallery, how much memory that needs, and what a change costs afterwards.

    PYTHONPATH=. python tests/bench/gallery_load.py --people 10000 100000 1000000

Everybody has templates of both encoders and agreed to both questions. Each size is a database of its own, which is
loaded in a process of its own; `--url` measures on an empty PostgreSQL database instead of SQLite. A million people
need 2 GB of disk.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Engine, Table, insert

from db.crypto import TemplateCipher, owner
from db.engine import open_database, writing
from db.faces import templates
from db.ids import new_id
from db.people import people
from db.schema.faces import MeanTemplateRow, TemplateKeyRow
from db.schema.people import ConsentRow, PersonRow
from monitor.config_sources import load_settings
from monitor.pipeline.gallery_loader import PeopleLoader
from monitor.vision.encoder import ENCODER_NAME

AT = datetime(2026, 3, 9, 12, tzinfo=UTC)
CIPHER = TemplateCipher(bytes(range(32)))
ROWS = 10_000
"""People who are written at once."""


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a kiosk takes to load its gallery.")
    parser.add_argument("--people", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--url", help="an empty PostgreSQL database, for one size")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    for count in given.people:
        with tempfile.TemporaryDirectory(prefix="muster-gallery-") as folder:
            url = given.url or f"sqlite:///{Path(folder) / 'gallery.sqlite3'}"
            fill(url, count)
            told = subprocess.run([sys.executable, __file__, "--measure", url], check=True, capture_output=True).stdout
            print(
                f"{count:,} people:", *(f"{name} {value:,.3g}" for name, value in json.loads(told).items()), sep="\n  "
            )


def fill(url: str, count: int) -> None:
    """Write so many people. Raises: DatabaseError."""
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(insert(TemplateKeyRow).values(key_id=CIPHER.key_id, since=AT))
    for start in range(0, count, ROWS):
        numbers = range(start, min(start + ROWS, count))
        made = [list(rows) for rows in zip(*(person(number) for number in numbers), strict=True)]
        with engine.begin() as connection:
            for row, values in zip((PersonRow, MeanTemplateRow, ConsentRow, ConsentRow), made, strict=True):
                table = row.__table__
                assert isinstance(table, Table)
                connection.execute(table.insert(), values)
    engine.dispose()


def person(number: int) -> Iterator[dict[str, Any]]:
    """Rows of somebody: of the person, the template and two consents."""
    one = new_id()
    embedding = np.random.default_rng(number).standard_normal(256, np.float32)
    sealed, second = CIPHER.seal_embedding(
        embedding / np.linalg.norm(embedding), owner(MeanTemplateRow.embedding, one, ENCODER_NAME)
    )
    yield {
        "id": one, "name": f"Person {number}", "active": True, "notes": "", "created_at": AT,
        "search_text": f"person {number}", "sort_group": "",
    }  # fmt: skip
    yield {
        "person_id": one, "encoder": ENCODER_NAME, "embedding": sealed, "second": second, "members": 3,
        "updated_at": AT,
    }  # fmt: skip
    for kind in ("face", "mood"):
        yield {"id": new_id(), "person_id": one, "kind": kind, "given": True, "at": AT, "recorded_by": "bench"}


def measure(url: str) -> dict[str, float]:
    """Seconds and megabytes; the growth of this process since before the load."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "muster.toml").touch()
        settings = load_settings(Path(folder) / "muster.toml", db=url, time_zone="UTC")
    engine = open_database(url)
    loader, before = PeopleLoader(engine, CIPHER, settings), memory("VmRSS")
    began, busy = time.perf_counter(), time.process_time()
    gallery = loader.load().gallery
    found = {"load, s": time.perf_counter() - began, "load, processor s": time.process_time() - busy}
    found |= {"peak growth, MB": memory("VmHWM") - before}
    someone = gallery.roll.person(len(gallery) // 2)
    for name, change in (("a name", rename), ("a template", enrol_again), ("nothing", None)):
        if change is not None:
            change(engine, someone)
        began = time.perf_counter()
        assert len(loader.load().gallery) == len(gallery)
        found[f"{name} changed, s"] = time.perf_counter() - began
    return found | {"peak growth after all, MB": memory("VmHWM") - before}


def rename(engine: Engine, one: UUID) -> None:
    with writing(engine) as session:
        people.rename(session, one, "Zoe", at=AT, actor="bench")


def enrol_again(engine: Engine, one: UUID) -> None:
    embedding = np.full(256, 1 / 16, np.float32)
    with writing(engine) as session:
        templates.set_mean_template(session, CIPHER, one, encoder=ENCODER_NAME, embedding=embedding, members=4, at=AT)


def memory(kind: str) -> float:
    """Megabytes of resident memory of this process on Linux, now (VmRSS) or at most until now (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(kind))


if __name__ == "__main__":
    main()
