"""Names in figures."""

from training.report import label


def test_a_label_is_one_short_line_without_mathematics() -> None:
    assert label("a\nb$c$\x1b") == "a b\\$c\\$"
    assert len(label("x" * 500)) == 24


def test_a_long_label_is_broken_at_spaces_before_it_is_shortened() -> None:
    assert label("Maximiliane von Trostburg", 16, lines=2) == "Maximiliane von\nTrostburg"
    assert label("Maximiliane von Trostburg zu Rodenegg", 16, lines=2).endswith("…")


def test_a_label_in_letters_that_the_font_lacks_is_replaced() -> None:
    assert label("山田太郎", otherwise="person 3") == "person 3"
    assert label("") == "?"
