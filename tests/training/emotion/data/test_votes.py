"""FER+'s votes and the rows that they belong to."""

from pathlib import Path

import numpy as np
import pytest

from monitor.domain import EMOTIONS
from monitor.errors import DataError
from training.emotion.data.fer2013 import Fer2013, Split, load_fer2013
from training.emotion.data.votes import (
    AS_EMOTION,
    CLASSES,
    NO_FACE,
    as_emotions,
    emotion_votes,
    load_votes,
    majorities,
    votes_by_row,
)

FER_PLUS = {emotion: number for number, emotion in enumerate(AS_EMOTION) if emotion >= 0}


def study(count: int, faceless: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and votes that agree with two thirds of them; a vote for nothing where there is no face."""
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 7, count)
    heard = np.where(rng.random(count) < 2 / 3, labels, rng.integers(0, 7, count))
    votes = np.zeros((count, CLASSES), np.float32)
    votes[np.arange(count), [FER_PLUS[int(each)] for each in heard]] = 8
    votes[np.arange(count), 8] = 2
    votes[list(faceless)] = 0
    votes[list(faceless), NO_FACE] = 10
    return labels, votes


def data_of(labels: np.ndarray, rows: np.ndarray) -> Fer2013:
    return Fer2013({"Training": Split("Training", np.zeros((len(labels), 48, 48), np.uint8), labels, rows)})


def test_votes_of_a_whole_file_stay_in_their_rows() -> None:
    labels, votes = study(300, faceless=(40, 200))
    found = votes_by_row(votes, data_of(labels, np.arange(300)))
    assert np.allclose(found, votes / 10)


def test_pictures_without_a_face_may_be_missing_or_at_the_end() -> None:
    labels, votes = study(300, faceless=(40, 120, 200))
    moved = [row for row in range(300) if row not in (40, 200)] + [40, 200]
    found = votes_by_row(votes, data_of(labels[moved], np.arange(300)))
    assert np.allclose(found[:298], votes[moved][:298] / 10)
    assert not found[298:].any()


def test_rows_that_were_skipped_shift_nothing() -> None:
    labels, votes = study(300, faceless=(40,))
    kept = np.delete(np.arange(300), [7, 90])
    found = votes_by_row(votes, data_of(labels[kept], kept))
    assert np.allclose(found[kept], votes[kept] / 10)


def test_votes_for_no_emotion_and_faces_that_most_cannot_name_do_not_count() -> None:
    votes = np.zeros((3, CLASSES), np.float32)
    votes[0, [0, 7, 8]] = 0.5, 0.3, 0.2
    votes[1, [1, 8]] = 0.4, 0.6
    found = emotion_votes(votes)
    assert found[0] == pytest.approx([0.625, 0, 0, 0, 0, 0, 0, 0.375])
    assert not found[1:].any()


def test_a_majority_is_more_than_half_of_the_votes_that_are_not_single() -> None:
    votes = np.zeros((5, CLASSES), np.float32)
    votes[0, [1, 0, 2, 3, 8]] = 4, 3, 1, 1, 1  # of seven that count four are for happiness
    votes[1, [1, 0, 3]] = 5, 3, 2  # half is not enough
    votes[2, [7, 0]] = 6, 4
    votes[3, [8, 0]] = 7, 3  # most cannot name it
    assert majorities(votes).tolist() == majorities(votes / np.float32(10)).tolist() == [1, -1, 7, -1, -1]


def test_contempt_counts_as_neutral_and_the_rest_keeps_its_name() -> None:
    eight = np.eye(8, dtype=np.float32)
    names = [EMOTIONS[number] for number in as_emotions(eight).argmax(axis=1)]
    assert names == ["neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "neutral"]
    assert as_emotions(eight).sum(axis=1) == pytest.approx(1)


def test_votes_of_another_file_are_refused() -> None:
    labels, votes = study(300, faceless=())
    with pytest.raises(DataError, match="belong to another FER2013 file"):
        votes_by_row(votes, data_of((labels + 3) % 7, np.arange(300)))


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"FER\+ votes"):
        load_votes(tmp_path / "none.csv")
    (tmp_path / "votes.csv").write_text("Usage,Image name,a\nTraining,x,1\n")
    with pytest.raises(DataError, match="cannot be read"):
        load_votes(tmp_path / "votes.csv")


def test_the_real_files_belong_together(shared_data: Path) -> None:
    data = load_fer2013(shared_data / "fer2013_faces.jpg")
    found = votes_by_row(load_votes(shared_data / "fer2013plus_votes.csv"), data)
    for name in ("Training", "PublicTest"):
        split = data.split(name)
        happy = found[split.rows[split.labels == 3]]
        assert happy[happy.any(axis=1), 1].mean() > 0.8
