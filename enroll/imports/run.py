"""Imports a batch of pictures: several threads examine them, and each person is written in one transaction."""

import hashlib
import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading
from db.errors import InvalidRecord
from db.faces.templates import list_templates
from db.proof import images
from enroll.faces.examine import Examination, Examiner, ExaminerMaker
from enroll.imports.archive import read_archive
from enroll.imports.batch import (
    Entry,
    ImportBatch,
    PersonPictures,
    Picture,
    group_by_person,
    person_pictures,
    require_some,
)
from enroll.imports.folder import file_picture, read_folder
from enroll.imports.spreadsheet import SUFFIXES as LIST_SUFFIXES
from enroll.imports.spreadsheet import read_list
from enroll.people.enrol import enrol_person
from enroll.people.gallery_index import load_index
from enroll.people.report import PersonReport, with_problems
from enroll.people.store import Enrolment, Identity, find_person
from monitor.config import QualityLimits
from monitor.errors import ImageError, UsageError
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.images import is_image, read_image

_AHEAD: Final = 8
"""Pictures that each worker may examine ahead; more would cost memory and gain nothing."""

Tools = TypeVar("Tools")
Result = TypeVar("Result")

Progress = Callable[[int, int], None]
"""Called with the pictures done and all pictures."""


@contextmanager
def open_batch(path: Path, *, group: str | None = None, only: str | None = None) -> Iterator[ImportBatch]:
    """What there is to import at a path: a folder, a ZIP archive, a CSV or XLSX list, or one picture.

    Args:
        group: the group that people get.
        only: all pictures show this person.

    Raises:
        UsageError: nothing can be imported from there.
    """
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; give a folder, a ZIP archive, a list or a picture.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    with ExitStack() as stack:
        suffix = path.suffix.lower()
        if stat.S_ISDIR(kind):
            batch = read_folder(path, group=group, only=only)
        elif not stat.S_ISREG(kind):
            raise UsageError(f"{path} is a pipe or a device, not a file; give a folder, a ZIP archive or a list.")
        elif suffix == ".zip":
            batch = read_archive(path, stack, group=group, only=only)
        elif suffix in LIST_SUFFIXES:
            batch = read_list(path, group=group)
        elif is_image(path):
            entries: list[Entry] = [(Path(path.name), file_picture(path))]
            batch = ImportBatch(group_by_person(entries, group, only))
        else:
            raise UsageError(f"{path} cannot be imported; give a folder, a ZIP archive, a list or a picture.")
        yield require_some(batch, path)


def import_batch(
    batch: ImportBatch,
    engine: Engine,
    cipher: TemplateCipher,
    details: Enrolment,
    *,
    dry_run: bool = False,
    limits: QualityLimits | None = None,
    make_examiner: ExaminerMaker | None = None,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> Iterator[PersonReport]:
    """Enrol everyone in a batch; closing the iterator stops after the last whole person.

    Args:
        dry_run: say what would happen, and write nothing.
        limits: of the quality gate, from the settings; None for the defaults.
        make_examiner: called once in each worker thread, in place of one with these limits.
        workers: None for one a core.

    Yields:
        Each person's report, as soon as they are written.

    Raises:
        MusterError: a model is missing, or the database cannot be read or written.
    """
    with reading(engine) as session:
        index = load_index(session, cipher)
        batch = _of_enrolled(session, batch)
    make = make_examiner or partial(Examiner, limits)
    with closing(worked_ahead(_jobs(batch, engine, cipher), make, workers or os.cpu_count() or 1)) as examined:
        for person, examinations in _by_person(batch, examined, on_progress):
            report = enrol_person(engine, cipher, index, person.identity, examinations, details, dry_run=dry_run)
            yield with_problems(report, person.problems)


def _of_enrolled(session: Session, batch: ImportBatch) -> ImportBatch:
    """The batch; but pictures side by side in a folder that has the name or number of somebody enrolled are that
    person's, whatever the files are called."""
    if batch.side_by_side is None:
        return batch
    called = batch.side_by_side.called
    try:
        person = find_person(session, Identity(called, called)) or find_person(session, Identity(called))
    except InvalidRecord:
        return batch
    if person is None:
        _require_names(batch, called)
        return batch
    identity = Identity(person.name, person.number, next((one.identity.group for one in batch.people), None))
    return replace(batch, people=(person_pictures(identity, batch.side_by_side.found),))


def _require_names(batch: ImportBatch, called: str) -> None:
    """Refuses pictures side by side that are only counted: 0.jpg, 1.jpg, 2.jpg are more likely one person's.

    Raises:
        UsageError: they are.
    """
    names = [one.identity.name or "" for one in batch.people]
    if len(names) < 2 or not all(name.isascii() and name.isdigit() for name in names):
        return
    numbers = sorted(map(int, names))
    if numbers[0] in (0, 1) and numbers[-1] - numbers[0] + 1 == len(numbers):
        raise UsageError(
            f"The pictures in {called} are numbered from {numbers[0]} to {numbers[-1]} and name nobody. If they show "
            f"one person, say who (--person NAME), or import the folder around {called}; else call each file by its "
            "person."
        )


def _by_person(
    batch: ImportBatch, examined: Iterator[Examination], on_progress: Progress | None
) -> Iterator[tuple[PersonPictures, list[Examination]]]:
    """Everyone in the batch with the results of their pictures, which arrive in the batch's order."""
    done = count(1)
    for person in batch.people:
        examinations: list[Examination] = []
        for examination in islice(examined, len(person.pictures)):
            examinations.append(examination)
            if on_progress is not None:
                on_progress(next(done), batch.pictures)
        yield person, examinations


def _jobs(batch: ImportBatch, engine: Engine, cipher: TemplateCipher) -> Iterator[Callable[[Examiner], Examination]]:
    for person in batch.people:
        try:
            with reading(engine) as session:
                existing = find_person(session, person.identity)
                enrolled = list_templates(session, existing.id) if existing else []
                secret = images.secret(session, cipher)
        except InvalidRecord:
            # enrol_person says so when it is this person's turn.
            enrolled, secret = [], None
        known = frozenset(one.content_hash for one in enrolled if one.encoder == ENCODER_NAME)
        for picture in person.pictures:
            yield partial(examine_picture, picture=picture, known=known, secret=secret)


def worked_ahead(
    jobs: Iterator[Callable[[Tools], Result]], make_tools: Callable[[], Tools], workers: int
) -> Generator[Result, None, None]:
    """Do jobs in threads, each with tools of its own; gives the results in order, at most `_AHEAD` a worker ahead."""
    local = threading.local()

    def work(job: Callable[[Tools], Result]) -> Result:
        if not hasattr(local, "tools"):
            local.tools = make_tools()
        return job(local.tools)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="examine")
    waiting: deque[Future[Result]] = deque()
    try:
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) >= workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def examine_picture(examiner: Examiner, picture: Picture, known: frozenset[str], secret: bytes | None) -> Examination:
    """Read and examine one picture; the result says why where it cannot be read.

    Args:
        known: keyed hashes of the pictures that the person is enrolled with, which are not examined again.
        secret: what they are keyed with.
    """
    try:
        with picture.at_hand() as path:
            content_hash = _hash(path)
            if secret is not None and images.keyed(secret, content_hash) in known:
                return Examination(picture.label, content_hash, known=True)
            try:
                rgb = read_image(path)
            except ImageError as error:
                return Examination(picture.label, content_hash, error=str(error).replace(str(path), "The file"))
        return Examination(picture.label, content_hash, examiner.examine(rgb))
    except ImageError as error:
        return Examination(picture.label, "", error=str(error))


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageError(f"The file cannot be read: {error.strerror}.") from None
