"""The table of marks that textual_image keeps under a private name."""

from monitor.tui.picture.kitty_marks import placeholder_marks


def test_textual_image_still_has_kittys_table_of_marks() -> None:
    missing = "textual_image.renderable.tgp has no _NUMBER_TO_DIACRITIC any more: no picture in Kitty and Ghostty."
    try:
        marks = placeholder_marks()
    except AttributeError as error:
        raise AssertionError(missing) from error
    assert (len(marks), marks[0], marks[1]) == (297, 0x305, 0x30D), missing
