"""The lines of the report of moods."""

from uuid import UUID

from monitor.domain import EMOTIONS
from monitor.moods.cells import MoodCell, MoodChange
from monitor.reports.mood_lines import columns, moods

ADA, BOB = UUID(int=1), UUID(int=2)
HAPPY = tuple(float(name == "happy") for name in EMOTIONS)
NEUTRAL = tuple(float(name == "neutral") for name in EMOTIONS)


def test_people_are_beside_what_is_usual_for_them_where_that_is_known() -> None:
    cells = [MoodCell(who, 20, 1, HAPPY, (*HAPPY, 0.0)) for who in (ADA, BOB)]
    lines = moods(cells, "person", {ADA: "Ada", BOB: "Bob"}, {ADA: MoodChange(NEUTRAL, HAPPY, 50, 20)}, 0.5)
    assert [(line["person"], line["against_usual"]) for line in lines] == [("Ada", "more happy"), ("Bob", None)]
    assert "against_usual" in columns("person")
    assert "against_usual" not in columns("day")
