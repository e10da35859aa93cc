"""Knows how a run goes on under another edition of its chain; must not know tickets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.errors import InputError
from servflow.escalation import ELAPSED, Chain, acknowledge, begin, climb, migrate, wake_up
from servflow.model import Sent, replace

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def chain(*names: str, remind: tuple[str, ...] = (), after: str = "1h") -> Chain:
    levels: list[dict[str, Any]] = [
        {"name": name, "after": after, **({"remind": {"every": "30m", "times": 2}} if name in remind else {})} for name in names
    ]
    return Chain(name="c", start={"event": "x"}, levels=levels)


def calendar(_: Any) -> Any:
    return ELAPSED


OLD = chain("one", "two", "three", remind=("one",))
RUN = climb(OLD, begin(OLD, "c", START, calendar), calendar)
"""Level one has fired at ten; two is due at eleven, a reminder of one at half past ten."""


def test_a_run_goes_on_at_the_level_of_the_same_name() -> None:
    """What comes next is found by its name and keeps its instant; what comes after counts by the new edition."""
    new = chain("zero", "one", "two", "three", remind=("one",), after="3h")
    moved = migrate(RUN, new, old=OLD)

    assert (new.hash, 2, START + 2 * HOUR, 2) == (moved.hash, moved.level, moved.due, moved.reached)
    assert [(1, START + 1.5 * HOUR)] == [(one.level, one.due) for one in moved.reminders]
    assert START + 5 * HOUR == climb(new, moved, calendar).due


def test_what_was_sent_is_of_the_level_of_the_same_name() -> None:
    """What becomes of it is told of that level, or of none where it is gone."""
    sent = (Sent(effect="e", to="ann", level=0), Sent(effect="f", to="bob", level=2), Sent(effect="g", to="x"))
    run = replace(RUN, sent=sent)

    assert [1, None, None] == [one.level for one in migrate(run, chain("zero", "one", "two"), old=OLD).sent]


def test_a_frozen_run_keeps_what_was_left() -> None:
    """An acknowledged run moves as it is and goes on with what was left of its delay."""
    frozen = acknowledge(OLD, RUN, START + 1.25 * HOUR, "ann", calendar)
    new = chain("two", "three")
    moved = migrate(frozen, new, old=OLD)

    assert ("acknowledged", 0, 0.75 * HOUR, "ann") == (moved.phase, moved.level, moved.left, moved.by)
    assert START + 5.75 * HOUR == wake_up(new, moved, START + 5 * HOUR, calendar).due


def test_a_level_may_be_named() -> None:
    """Where the names do not tell, the caller says by name or place which level comes next."""
    new = chain("one", "manager")
    by_name, by_place = migrate(RUN, new, "manager", old=OLD), migrate(RUN, new, 1)

    assert (1, 1, START + 2 * HOUR) == (by_name.level, by_place.level, by_name.due)
    assert () == by_place.reminders


def test_a_climb_of_which_nothing_is_left_is_over() -> None:
    """A run that only reminded, of a level that is gone or reminds no more, has nothing to wait for."""
    old = chain("one", remind=("one",))
    over = climb(old, begin(old, "c", START, calendar), calendar)

    assert ["done", "done"] == [migrate(over, new, old=old).phase for new in (chain("one"), chain("two", remind=("two",)))]


def test_the_same_edition_gives_the_same_run() -> None:
    """Nothing changes for a run that is pinned to the chain already; it may be sent to another level of it."""
    assert RUN is migrate(RUN, OLD)
    assert 2 == migrate(RUN, OLD, "three").level


def test_a_climb_that_is_over_stays_over() -> None:
    """A run past its last level with reminders to come goes on with those, whatever was put after its last level."""
    old, new = chain("one", remind=("one",)), chain("one", "two", remind=("one",))
    over = climb(old, begin(old, "c", START, calendar), calendar)
    moved = migrate(over, new, old=old)

    assert (2, None, 1) == (moved.level, moved.due, len(moved.reminders))
    with pytest.raises(InputError, match="no level to come"):
        migrate(over, new, "two", old=old)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ((chain("one", "three"), None), "no_level", "at_level="),
        ((chain("one", "too"), None), "no_level", "did you mean 'too'"),
        ((chain("one"), "nine"), "no_level", "it has 'one'"),
        ((chain("one"), True), "no_level", "it has 'one'"),
    ],
)
def test_a_level_that_is_gone_is_told_with_those_there_are(given: tuple[Chain, Any], code: str, said: str) -> None:
    """A level nobody finds is an error that names the levels of the new edition and the way out."""
    with pytest.raises(InputError, match=said) as caught:
        migrate(RUN, *given, old=OLD)

    assert code == caught.value.code


def test_names_are_needed() -> None:
    """A run knows its next level by place only, so its own edition or the level is needed, and it must be its own."""
    with pytest.raises(InputError, match="old="):
        migrate(RUN, chain("one", "two"))
    with pytest.raises(InputError, match="pinned to edition"):
        migrate(RUN, chain("one", "two"), old=chain("two"))
