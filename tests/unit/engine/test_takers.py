"""The index that finds which transitions take an event, and what it saves on a large definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from servflow import Workflow
from servflow.engine._building import takes
from servflow.engine._takers import Takers
from tests.work import lines_run

WORDS = st.sampled_from(["a", "b", "a.b", "a.b.c", "ab", "*", "a.*", "a.b.*", "a.", "b.a"])
LISTS = st.none() | st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@given(st.lists(LISTS, max_size=8), st.sampled_from(["a", "b", "a.b", "a.b.c", "a.b.c.d", "ab", "abc", "b.a.c", "a."]))
def test_the_index_answers_as_each_transition_would(listed: list[str | None], event: str) -> None:
    """Looking up words and asking every transition give the same transitions, in the same order."""
    takers = Takers(listed)
    asked = [index for index, one in enumerate(listed) if one is not None and takes(one, event)]

    assert asked == takers.of(event)
    assert bool(asked) == takers.some(event)


def test_a_large_definition_with_timers_is_read_and_drawn_in_proportion() -> None:
    """Twice the timers and transitions are twice the work; asking all transitions for each timer was four times."""
    _read_and_drawn(1)  # what is made once, whatever the size
    few, many = (lines_run(lambda count=count: _read_and_drawn(count)) for count in (60, 120))

    assert many < 2.3 * few


def _read_and_drawn(count: int) -> None:
    names = [f"s{index}" for index in range(count)]
    workflow = Workflow(
        workflow="big",
        initial="s0",
        states={name: {"timers": [{"after": "4h", "event": f"e{index}"}]} for index, name in enumerate(names)},
        transitions=[
            {"event": f"e{index}" if not way else f"x{way}", "source": name, "target": names[(index * 7 + way) % count]}
            for index, name in enumerate(names)
            for way in range(5)
        ],
    )
    drawn = [workflow.graph(kind, detail=True) for kind in ("mermaid", "dot", "table", "html")]
    assert all(text.count("after 4h") >= count for text in drawn)
