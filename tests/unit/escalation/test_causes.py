"""Knows how causes of runs are named and told; must not know when they come about."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.escalation import Chain, cause_text
from servflow.escalation._causes import cause_kind, side_of, starts_of, state_of, with_states
from servflow.escalation._trigger import SIDES
from servflow.sla import SIDES as CLOCK_SIDES

LEVELS = [{"name": "one"}, {"name": "two"}]


def heads(*start: dict[str, Any]) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.head, one.places) for one in starts_of(Chain(name="c", start=start, levels=LEVELS))]


def test_triggers_that_wait_for_the_same_stand_together() -> None:
    """One happening is one cause, whatever narrows it and wherever it enters."""
    found = heads({"event": "x", "when": "n > 1", "level": "two"}, {"state": "b"}, {"event": "x"}, {"clock": "k"})

    assert [("event:x", (0, 2)), ("state:b", (1,)), ("clock:k", (3,))] == found


def test_triggers_that_wait_differently_have_causes_of_their_own() -> None:
    """The number says which of them; what waits for nothing has none."""
    found = heads(
        {"state": "b"},
        {"state": "b", "after": "4h"},
        {"state": "c", "after": "4h"},
        {"age": "1d"},
        {"age": "2d"},
        {"silent": "agent", "after": "1h"},
        {"silent": "agent", "after": "1h", "public": True},
    )

    expected = ["state:b", "state.2:b", "state:c", "age:", "age.2:", "silent:agent", "silent.2:agent"]
    assert expected == [head for head, _ in found]


def test_conditions_are_told_apart_by_what_they_say() -> None:
    """Another trigger before it makes a condition no other one; the same one twice is one."""
    (alone, _), *_ = heads({"when": "n > 1"})

    assert [("event:x", (0,)), (alone, (1, 2))] == heads({"event": "x"}, {"when": "n > 1"}, {"when": "n > 1", "level": "two"})
    assert alone != heads({"when": "n > 2"})[0][0]


@pytest.mark.parametrize(
    ("cause", "kind", "state", "side", "english", "chinese"),
    [
        ("state:a:b", "state", "a:b", None, "the ticket came into state a:b", "工单进入状态“a:b”"),
        ("state.2:b", "state", "b", None, "the ticket came into state b", "工单进入状态“b”"),
        ("age.2:0", "age", None, None, "the ticket came of age", "工单存在已久"),
        ("silent.2:agent:2", "silent", None, "agent", "no message of agent for too long", "客服 一方长时间没有消息"),
        ("event:x", "event", None, None, "event x happened", "发生事件 x"),
        ("event:chain.start", "event", None, None, "somebody asked for it", "有人要求启动"),
        ("correlator:r", "correlator", None, None, "correlator r fired", "关联器“r”触发"),
        ("clock:a:b:12~2:80%", "clock", None, None, "clock a:b reached 80% (cycle 12)", "时钟“a:b”到达 80%（第 12 周期）"),
        ("clock:a:1:breach", "clock", None, None, "clock a reached breach (cycle 1)", "时钟“a”到达 违约（第 1 周期）"),
        ("when:0123456789ab", "when", None, None, "its condition became true", "条件成立"),
        ("odd", "odd", None, None, "odd", "odd"),
    ],
)
def test_a_cause_is_read_back(cause: str, kind: str, state: Any, side: Any, english: str, chinese: str) -> None:
    """Its kind, its state and its side are told apart, and it has words in both languages."""
    assert (kind, state, side) == (cause_kind(cause), state_of(cause), side_of(cause))
    assert (english, chinese) == (cause_text(cause), cause_text(cause, lang="zh"))


def test_a_chain_tells_which_condition_became_true() -> None:
    """With its chain at hand a cause is told by the condition itself."""
    chain = Chain(name="c", start={"when": "n > 1"}, levels=LEVELS)

    assert "n > 1 became true" == cause_text(starts_of(chain)[0].head, chain)


def test_a_renamed_state_renames_its_causes_only() -> None:
    """Other causes keep theirs, also where an event is called like a state."""
    names = {"b": "waiting"}

    assert ["state:waiting", "state.2:waiting", "state:c", "event:b"] == [
        with_states(cause, names) for cause in ("state:b", "state.2:b", "state:c", "event:b")
    ]


def test_chains_and_clocks_know_the_same_sides() -> None:
    """Who writes is one list, though neither part knows the other."""
    assert CLOCK_SIDES == SIDES
