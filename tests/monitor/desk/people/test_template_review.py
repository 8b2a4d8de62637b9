"""The review of captures from the door: what is accepted helps, what is not changes nothing, and all can be undone."""

import errno
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from db.attendance import kiosks
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.faces import candidates, templates
from db.faces.candidates import NewCandidate
from db.ids import new_id
from db.observations import sightings
from db.people import consents, look_alikes, people
from db.people.gallery import load_gallery
from db.records.faces import GalleryPerson, WaitingCandidate
from db.records.observations import SightingRecord
from db.records.people import Person
from enroll.faces.acceptance import accept_images
from enroll.faces.examine import Examiner
from enroll.faces.similarity_limits import Limits
from enroll.people.gallery_index import load_index
from enroll.people.store import Enrolment, Identity, add_members, mark_alike, renew
from monitor.cli.people.people import app
from monitor.config import Settings
from monitor.desk.people import template_review as review
from monitor.domain import Match
from monitor.errors import MusterError, UsageError
from monitor.pipeline.gallery_loader import load_people
from monitor.recording.candidate_store import take
from monitor.recording.candidates import MOST_GROWN, TemplateCandidate, is_sure
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.images import read_image
from monitor.vision.matching.gallery import Gallery
from tests.db.rows import newest_entries
from tests.enroll.conftest import MadeUp, Who

SUBJECTS = 10
ENROLLED, SEEN, PROBES = (1,), (2, 3, 4, 5, 6, 7), (8, 9, 10)
Enrol: TypeAlias = Callable[..., Person]
Wait: TypeAlias = Callable[..., WaitingCandidate]
Accept: TypeAlias = Callable[[WaitingCandidate], review.Accepted]


@pytest.fixture
def who(details: Enrolment) -> Who:
    return {"at": details.at, "actor": "desk"}


@pytest.fixture
def enrol(engine: Engine, cipher: TemplateCipher, details: Enrolment, made_up: MadeUp) -> Enrol:
    """Enrols a consenting person with two made-up images."""

    def enrol(name: str, images: int = 2, face: Any = None, consent: bool = True) -> Person:
        pictures = [made_up.examination(f"{name}-{number}.jpg", face or name) for number in range(images)]
        with writing(engine) as session:
            known = add_members(session, cipher, Identity(name), None, accept_images(pictures).accepted, details)
            assert known is not None
            mark_alike(session, load_index(session, cipher), known, at=details.at)
            if consent:
                consents.set_consent(session, known.person, "face", True, at=details.at, actor="desk")
            return people.get_person(session, known.person)

    return enrol


@pytest.fixture
def wait(engine: Engine, cipher: TemplateCipher, details: Enrolment, made_up: MadeUp) -> Wait:
    """Puts a face into quarantine as a capture of this person: theirs, or that of another name."""

    def wait(person: Person, face: str | None = None, encoder: str = ENCODER_NAME) -> WaitingCandidate:
        embedding, chip = made_up.embedding(face or person.name), f"{new_id()}".encode()
        capture = NewCandidate(person.id, new_id(), details.at, encoder, embedding, chip, {}, 0.98, 0.03, 0.9)
        with writing(engine) as session:
            return candidates.add(session, cipher, capture)

    return wait


@pytest.fixture
def accept(engine: Engine, cipher: TemplateCipher, who: Who) -> Accept:
    return lambda capture: review.accept(engine, cipher, capture.id, **who)


def _mean(engine: Engine, cipher: TemplateCipher, person: Person) -> GalleryPerson:
    with reading(engine) as session:
        return next(one for one in load_gallery(session, cipher, ENCODER_NAME) if one.person == person.id)


class Door:
    """Real faces of the AT&T/ORL set: some are enrolled, some pass the door, some are probes."""

    def __init__(
        self, engine: Engine, cipher: TemplateCipher, details: Enrolment, examiner: Examiner, orl: Path
    ) -> None:
        self.engine, self.cipher, self.at = engine, cipher, details.at
        self.faces = {}
        for subject in range(1, SUBJECTS + 1):
            for image in (*ENROLLED, *SEEN, *PROBES):
                self.faces[subject, image] = examiner.examine(read_image(orl / f"s{subject}" / f"{image}.pgm"))[0]
        self.people = {subject: self._enrol(subject) for subject in range(1, SUBJECTS + 1)}
        self.settings = Settings(db="unused")

    def _enrol(self, subject: int) -> Person:
        with writing(self.engine) as session:
            person = people.add_person(session, f"s{subject}", at=self.at, actor="test")
            consents.set_consent(session, person.id, "face", True, at=self.at, actor="test")
            for image in ENROLLED:
                self._add(session, person, self.faces[subject, image], f"{image}")
            renew(session, self.cipher, [person], at=self.at)
            return person

    def _add(self, session: Session, person: Person, face: Any, name: str) -> None:
        templates.add_template(
            session,
            self.cipher,
            person.id,
            content_hash=name,
            encoder=ENCODER_NAME,
            embedding=face.embedding,
            quality={},
            source=name,
            at=self.at,
            chip_jpeg=face.chip_jpeg,
        )

    def gallery(self) -> Gallery:
        return load_people(self.engine, self.cipher, self.settings).gallery

    def pass_by(self) -> int:
        """Everybody comes once with each of their other images; who is sure is offered. Gives how many wait."""
        gallery = self.gallery()
        kept = 0
        for subject, person in self.people.items():
            for image in SEEN:
                face = self.faces[subject, image]
                match = gallery.identify(face.embedding)
                if is_sure(match, person.id) and face.quality.passed:
                    kept += self._offer(person, face, match)
        return kept

    def _offer(self, person: Person, face: Any, match: Match) -> bool:
        chip = np.zeros((150, 150, 3), np.uint8)
        with writing(self.engine) as session:
            kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=self.at).id
            seen = SightingRecord(new_id(), kiosk, 1, self.at, self.at, 9, person.id, person.id, 0.97, None, None, 0.9)
            sightings.add(session, self.cipher, seen)
            assert match.best is not None
            lead = match.best.similarity - match.threshold
            candidate = TemplateCandidate(
                seen.id, person.id, self.at, ENCODER_NAME, face.embedding, chip, {}, 0.98, lead
            )
            return take(session, self.cipher, candidate)

    def leads(self) -> dict[int, list[float]]:
        """How far above the threshold each probe is for its own person; below zero it is not named."""
        gallery = self.gallery()
        found = {}
        for subject, person in self.people.items():
            matches = [gallery.identify(self.faces[subject, image].embedding) for image in PROBES]
            found[subject] = [
                one.best.similarity - one.threshold
                if one.accepted and one.best and one.best.person == person.id
                else -1.0
                for one in matches
            ]
        return found


def test_what_grew_helps_and_what_waits_changes_nothing(
    engine: Engine, cipher: TemplateCipher, details: Enrolment, examiner: Examiner, orl: Path, who: Who
) -> None:
    door = Door(engine, cipher, details, examiner, orl)
    before = door.leads()
    kept = door.pass_by()
    assert kept >= 8
    assert door.leads() == before
    grew = {one.name for one in review.waiting(engine)}
    for one in review.waiting(engine):
        review.accept(engine, cipher, one.id, **who)
    after = door.leads()
    missed = [sum(lead < 0 for leads in found.values() for lead in leads) for found in (before, after)]
    assert missed[1] <= missed[0]
    gained = [np.mean(after[subject]) - np.mean(before[subject]) for subject in before if f"s{subject}" in grew]
    assert np.mean(gained) > 0.002
    others = [subject for subject in before if f"s{subject}" not in grew]
    # The threshold of everybody depends a little on how crowded the gallery is.
    assert all(np.allclose(after[subject], before[subject], atol=0.012) for subject in others)
    for person in door.people.values():
        review.roll_back_all(engine, cipher, person, **who)
    assert door.leads() == before


def test_accepting_and_rolling_back_recompute_the_mean(
    engine: Engine, cipher: TemplateCipher, enrol: Enrol, wait: Wait, accept: Accept, who: Who
) -> None:
    anna = enrol("Anna")
    before = _mean(engine, cipher, anna)
    done = accept(wait(anna))
    assert (done.name, done.members, done.alike) == ("Anna", 3, ())
    assert _mean(engine, cipher, anna).members == 3
    assert [one.voided for one in review.grown(engine, anna)] == [False]
    assert review.roll_back(engine, cipher, done.template.id, **who) == anna
    after = _mean(engine, cipher, anna)
    assert (after.members, after.embedding.tobytes()) == (2, before.embedding.tobytes())


def test_look_alikes_are_looked_for_again(
    engine: Engine,
    cipher: TemplateCipher,
    enrol: Enrol,
    wait: Wait,
    accept: Accept,
    who: Who,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anna, ben = enrol("Anna"), enrol("Ben")
    with reading(engine) as session:
        assert look_alikes.by_person(session) == {}
    monkeypatch.setattr(Limits, "alike_from", lambda limits, members: 0.80)
    done = accept(wait(anna))
    assert [one.name for one in done.alike] == ["Ben"]
    with reading(engine) as session:
        assert look_alikes.by_person(session) == {anna.id: [ben.id], ben.id: [anna.id]}
    monkeypatch.undo()
    review.roll_back(engine, cipher, done.template.id, **who)
    with reading(engine) as session:
        assert look_alikes.by_person(session) == {}


def test_a_face_that_fits_somebody_enrolled_since_is_refused(
    engine: Engine, enrol: Enrol, wait: Wait, accept: Accept
) -> None:
    anna = enrol("Anna")
    other, close = wait(anna, "Zoe"), wait(anna)
    with pytest.raises(UsageError, match="like Anna"):
        accept(other)
    enrol("Twin", face="Anna")
    with pytest.raises(UsageError, match="like Twin; reject it"):
        accept(close)
    assert len(review.waiting(engine)) == 2


def test_nothing_is_accepted_without_consent(enrol: Enrol, wait: Wait, accept: Accept) -> None:
    waits = wait(enrol("Anna", consent=False))
    with pytest.raises(UsageError, match="has not agreed"):
        accept(waits)


def test_a_template_grows_only_so_far(
    engine: Engine, cipher: TemplateCipher, enrol: Enrol, wait: Wait, accept: Accept, who: Who
) -> None:
    anna = enrol("Anna")
    for _ in range(MOST_GROWN):
        accept(wait(anna))
    more = wait(anna)
    with pytest.raises(UsageError, match="roll one back first"):
        accept(more)
    assert review.roll_back_all(engine, cipher, anna, **who) == MOST_GROWN
    assert _mean(engine, cipher, anna).members == 2


def test_a_capture_of_another_encoder_is_refused(enrol: Enrol, wait: Wait, accept: Accept) -> None:
    waits = wait(enrol("Anna"), encoder="older")
    with pytest.raises(UsageError, match="templates that are gone"):
        accept(waits)


@pytest.fixture
def muster(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs `muster people review-growth`."""
    monkeypatch.setattr("monitor.cli.options.Run.open_store", lambda *_, **__: (engine, cipher))
    monkeypatch.setattr("monitor.cli.options.Run.audited", lambda _: nullcontext(engine))

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["review-growth", *words])

    return run


def test_the_command_lists_accepts_rejects_and_rolls_back(
    engine: Engine, enrol: Enrol, wait: Wait, muster: Callable[..., Result], tmp_path: Path
) -> None:
    anna = enrol("Anna [red]")
    one, other = wait(anna), wait(anna)
    listed = [json.loads(line) for line in muster("--json").stdout.splitlines()]
    assert [(each["id"], each["person"], each["state"]) for each in listed] == [
        (str(one.id), "Anna [red]", "waiting"),
        (str(other.id), "Anna [red]", "waiting"),
    ]
    assert "Anna [red]" in muster("Anna [red]").stdout
    (tmp_path / "faces").mkdir(mode=0o755)
    assert json.loads(muster("--pictures", str(tmp_path / "faces"), "--json").stdout)["pictures"] == 2
    assert {file.stat().st_mode & 0o077 for file in (tmp_path / "faces").iterdir()} == {0}
    assert (tmp_path / "faces" / f"{one.id}.jpg").is_file()
    with reading(engine) as session:
        (noted,) = (entry for entry in newest_entries(session) if entry.action == "export report")
        assert (noted.detail["report"], noted.detail["file"]) == ("pictures of captures", str(tmp_path / "faces"))
    accepted = json.loads(muster("--accept", str(one.id), "--json").stdout)
    assert (accepted["person"], accepted["images"]) == ("Anna [red]", 3)
    assert json.loads(muster("--reject", str(other.id), "--json").stdout)["rejected"] == str(other.id)
    (left,) = (json.loads(line) for line in muster("--json").stdout.splitlines())
    assert (left["id"], left["state"], left["voided"]) == (accepted["accepted"], "grown", False)
    assert muster("--roll-back", accepted["accepted"]).exit_code == 0
    assert "No capture waits" in muster().stdout


def test_the_command_says_in_one_sentence_what_is_wrong(
    engine: Engine, enrol: Enrol, wait: Wait, muster: Callable[..., Result]
) -> None:
    assert "is not the id of a capture" in str(muster("--accept", "seven").exception)
    assert "needs the PERSON" in str(muster("--roll-back", "all").exception)
    bela = wait(enrol("Bela"))
    enrol("Anna")
    for option in ("--accept", "--reject"):
        assert "That is Bela's, not Anna's" in str(muster("Anna", option, str(bela.id)).exception)
    assert muster("Bela", "--accept", str(bela.id)).exit_code == 0
    (grown,) = review.grown(engine)
    assert "That is Bela's, not Anna's" in str(muster("Anna", "--roll-back", str(grown.template.id)).exception)
    assert len(review.grown(engine)) == 1
    unknown = muster("--reject", str(new_id())).exception
    assert isinstance(unknown, InvalidRecord)
    assert muster("Nobody").exit_code == 1


def test_a_full_disk_leaves_no_half_folder_of_pictures(
    engine: Engine,
    cipher: TemplateCipher,
    enrol: Enrol,
    wait: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anna = enrol("Anna")
    wait(anna)
    wait(anna)
    write = Path.write_bytes
    written: list[Path] = []

    def full(file: Path, data: bytes) -> int:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(file)
        return write(file, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MusterError, match="No space left on device"):
        review.write_pictures(engine, cipher, review.waiting(engine), tmp_path / "faces")
    assert list(tmp_path.glob("faces*")) == []
