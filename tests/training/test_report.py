"""Names in figures."""

from training.report import label


def test_a_label_is_one_short_line_without_mathematics() -> None:
    assert label("a\nb$c$\x1b") == "a b\\$c\\$"
    assert len(label("x" * 500)) == 24
