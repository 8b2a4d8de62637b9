"""What the figures say besides their data: names, colours, cut axes."""

import numpy as np

from training.eigenfaces.drawing import canvas, name_axes, people_legend, percent_axis, person_labels, sheet


def test_people_are_named_in_letters_of_the_font_or_numbered() -> None:
    assert person_labels(("Zoë", "山田", "a$b"), 16) == ["Zoë", "person 1", "a\\$b"]
    assert person_labels(("person 7",), short=True) == ["7"]


def test_a_percent_axis_that_begins_later_says_so_and_a_whole_one_does_not() -> None:
    _, (cut, whole) = canvas(8, 3, 2)
    percent_axis(cut, 0.5)
    percent_axis(whole)
    name_axes(cut, "Accuracy")
    assert cut.get_title(loc="right") == "vertical axis cut: begins at 50 %"
    assert cut.get_title(loc="left") == "Accuracy"
    assert whole.get_title(loc="right") == ""


def test_the_legend_says_which_colour_is_who() -> None:
    figure, _ = canvas(4, 3)
    people_legend(figure, ("person 0", "_Ada"))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["0", "_Ada"]
    first, second = (line.get_color() for line in legend.get_lines())
    assert first != second


def test_titles_of_two_lines_get_their_room() -> None:
    images = np.zeros((2, 8, 8))
    one, two = (sheet(images, ["x", title], 2).get_size_inches()[1] for title in ("x", "x\ny"))
    assert two > one
