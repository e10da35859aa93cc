"""Holds the layout of drawings to what a reader needs: boxes and labels apart, lines that lead where they should."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.statemachine._layout import Box, Line, arrange

BOX, LABEL = Box(150, 50), Box(80, 17)


def lines_of(text: str) -> list[Line]:
    """``a>b c>d`` as lines."""
    return [Line(*pair.split(">"), LABEL) for pair in text.split()]


def overlaps(one: tuple[float, float, Box], other: tuple[float, float, Box]) -> bool:
    """Whether two boxes, given by their centres, share more than an edge."""
    (x, y, box), (u, v, next_) = one, other
    return abs(x - u) < (box.width + next_.width) / 2 - 0.01 and abs(y - v) < (box.height + next_.height) / 2 - 0.01


def test_a_chain_is_a_straight_column() -> None:
    """Three states in a row lie exactly below each other, and so do the lines and labels between them."""
    drawn = arrange(dict.fromkeys("abc", BOX), lines_of("a>b b>c"))

    assert 1 == len({round(x, 3) for x, _ in drawn.places.values()})
    assert 1 == len({round(x, 3) for points in drawn.lines.values() for x, _ in points})
    assert sorted(y for _, y in drawn.places.values()) == [drawn.places[name][1] for name in "abc"]


def test_a_line_that_leads_back_is_drawn_upwards() -> None:
    """A reopened ticket's line begins at the lower box and ends at the upper one."""
    drawn = arrange(dict.fromkeys("ab", BOX), lines_of("a>b b>a"))

    assert drawn.lines[0][0][1] < drawn.lines[0][-1][1]
    assert drawn.lines[1][0][1] > drawn.lines[1][-1][1]
    assert drawn.labels[0] != drawn.labels[1]


def test_a_line_to_itself_gets_room_and_no_points() -> None:
    """A loop is drawn beside its box, which keeps its neighbours away."""
    drawn = arrange(dict.fromkeys("ab", BOX), [*lines_of("a>a"), *lines_of("a>b")])

    assert {1} == set(drawn.lines)
    assert drawn.width >= BOX.width + LABEL.width


def test_lines_end_at_their_box_and_not_beside_it() -> None:
    """Also where a loop takes room beside the box, and where many lines meet it."""
    names = "abcdefghijkl"
    lines = [Line("a", "a", LABEL), *lines_of(" ".join(f"a>{name} {name}>a" for name in names[1:]))]
    drawn = arrange(dict.fromkeys(names, BOX), lines, "a")

    for index, points in drawn.lines.items():
        for name, (x, _) in ((lines[index].source, points[0]), (lines[index].target, points[-1])):
            assert abs(x - drawn.places[name][0]) <= BOX.width / 2, (index, name)


def test_nothing_gives_nothing() -> None:
    """Without boxes there is a drawing of no size."""
    assert (0, 0, {}) == ((found := arrange({}, [])).width, found.height, found.places)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=18, unique=True))
def test_boxes_and_labels_never_lie_on_each_other(pairs: list[tuple[int, int]]) -> None:
    """Whatever leads where, every box and every label has room of its own inside the drawing."""
    boxes = {str(place): BOX for place in range(9)}
    drawn = arrange(boxes, [Line(str(source), str(target), LABEL) for source, target in pairs])
    placed = [(x, y, BOX) for x, y in drawn.places.values()] + [(x, y, LABEL) for x, y in drawn.labels.values()]

    assert not [pair for pair in combinations(placed, 2) if overlaps(*pair)]
    assert all(box.width / 2 - 0.01 <= x <= drawn.width - box.width / 2 + 0.01 for x, _, box in placed)
    assert set(drawn.lines) | {place for place, (source, target) in enumerate(pairs) if source == target} == set(
        range(len(pairs))
    )
