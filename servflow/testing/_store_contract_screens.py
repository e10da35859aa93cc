"""Knows what every store must find for screens; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from servflow.errors import ServflowError
from servflow.model import FrozenMap, Take, Ticket
from servflow.stores import Change, Store
from servflow.testing._store_values import MINUTE, NOON, clock, keep, new_ticket, next_step, opened

TICK = timedelta(microseconds=1)


def found(store: Store, **asked: Any) -> list[str]:
    """The ids of the tickets that are found."""
    return [ticket.id for ticket in store.find(**asked)]


def paged(store: Store, **asked: Any) -> list[str]:
    """The same, one by one."""
    names: list[str] = []
    while page := store.find(limit=1, after=names[-1] if names else None, **asked):
        names.append(page[0].id)
        assert len(names) == len(set(names)), f"a page begins with what the one before ended with: {names}"
    return names


def due(store: Store, name: str, *instants: datetime | None, **more: Any) -> Ticket:
    """A ticket that was just kept with a clock for each instant."""
    runs = {f"c{number}": clock(f"c{number}", at) for number, at in enumerate(instants)}
    return opened(store, name, clocks=FrozenMap(runs), **more)


def indexed(store: Store, name: str, **values: Any) -> Change:
    """A ticket that was just kept with what it is found by."""
    change = evolve(new_ticket(name), index=FrozenMap(values))
    assert keep(store, change).status == "applied"
    return change


class ScreensContract:
    """Tickets found by their queue, by when they are due, and by the values of fields."""

    def test_find_by_queue(self, store: Store) -> None:
        """Tickets of a queue, and only as long as they are in it."""
        for name, queue in (("A", "维修"), ("B", None), ("C", "维修"), ("D", "repair")):
            opened(store, name, queue=queue)
        keep(store, next_step(store.find()[0], queue="repair"))

        assert ["C"] == found(store, queue="维修")
        assert ["A", "D"] == found(store, queue="repair")
        assert ["D"] == found(store, queue="repair", after="A")
        assert [] == found(store, queue="other")

    def test_find_what_is_due(self, store: Store) -> None:
        """Before an instant, to the microsecond and in any zone; what has no running clock never is."""
        due(store, "A", NOON, NOON + 9 * MINUTE)
        due(store, "B", NOON + MINUTE + TICK)
        due(store, "C", NOON + MINUTE)
        due(store, "D")
        opened(store, "E", clocks=FrozenMap(c=clock("c", NOON, "met")))

        assert [] == found(store, due_before=NOON)
        assert ["A"] == found(store, due_before=NOON + MINUTE)
        assert ["A", "C"] == found(store, due_before=(NOON + MINUTE + TICK).astimezone(ZoneInfo("Asia/Shanghai")))
        assert ["A", "B", "C"] == found(store, due_before=datetime(9999, 12, 31, tzinfo=UTC))

    def test_a_step_sets_what_is_due_anew(self, store: Store) -> None:
        """A ticket is due when its latest snapshot says."""
        ticket = due(store, "A", NOON)
        step = next_step(ticket, clocks=FrozenMap(c=clock("c", NOON + 2 * MINUTE)))
        keep(store, step)

        assert [] == found(store, due_before=NOON + MINUTE)
        assert ["A"] == found(store, due_before=NOON + 3 * MINUTE)
        keep(store, next_step(step.ticket, clocks=FrozenMap(c=clock("c", None, "paused"))))
        assert [] == found(store, due_before=datetime(9999, 12, 31, tzinfo=UTC))

    def test_find_in_the_order_they_are_due(self, store: Store) -> None:
        """The most urgent first, those due together by id, those never due last, page by page; or all by id."""
        for name, at in (("F", NOON), ("E", None), ("D", NOON + TICK), ("C", NOON), ("B", NOON + MINUTE), ("A", None)):
            due(store, name, at, assignee=None if name == "C" else "ann")
        order = ["C", "F", "D", "B", "A", "E"]

        assert order == found(store, order="due") == paged(store, order="due")
        assert order[:4] == paged(store, order="due", due_before=NOON + 9 * MINUTE)
        assert order[1:] == paged(store, order="due", assignee="ann")
        assert ["F", "D"] == found(store, order="due", limit=2, after="C")
        assert sorted(order) == found(store, order="id") == paged(store)

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param("上海 's \"%_\\", id="text"),
            pytest.param("", id="empty text"),
            pytest.param(1, id="whole number"),
            pytest.param(1.0, id="fraction"),
            pytest.param("1", id="text of a number"),
            pytest.param(True, id="yes or no"),
            pytest.param(2**64 - 1, id="large number"),
            pytest.param(Decimal("1.0"), id="decimal"),
            pytest.param(Decimal("1.00"), id="decimal with more digits"),
            pytest.param(NOON, id="instant"),
            pytest.param(MINUTE, id="span"),
            pytest.param((1, "二", FrozenMap(deep=None)), id="list"),
            pytest.param(None, id="nothing"),
        ],
    )
    def test_find_by_a_value(self, store: Store, value: Any) -> None:
        """A value of a field is found by the same value as it is written, and by no other that only looks like it."""
        others = ("上海", 1, 1.0, "1", True, 2**64 - 1, Decimal("1.0"), Decimal("1.00"), NOON + TICK, -MINUTE, (1,), "null")
        for number, other in enumerate(others):
            if (type(other), str(other)) != (type(value), str(value)):
                indexed(store, f"other{number}", field=other)
        indexed(store, "wanted", field=value)
        indexed(store, "elsewhere", another=value)

        assert ["wanted"] == found(store, where={"field": value})

    def test_find_by_several_values(self, store: Store) -> None:
        """All that is asked for must be so, of fields, state and the rest; asking for nothing finds all."""
        for name, city, tier in (("A", "上海", 1), ("B", "上海", 2), ("C", "北京", 1), ("D", "上海", 1)):
            indexed(store, name, city=city, tier=tier)
        keep(store, next_step(store.find()[3], configuration=("done",)))

        assert ["A", "D"] == found(store, where={"city": "上海", "tier": 1}) == paged(store, where={"tier": 1, "city": "上海"})
        assert ["D"] == found(store, where={"city": "上海", "tier": 1}, state="done")
        assert ["D"] == found(store, where={"tier": 1}, after="C")
        assert [] == found(store, where={"city": "上海", "street": "上海"})
        assert ["A", "B", "C", "D"] == found(store, where={}) == found(store, where=None)

    def test_what_a_ticket_is_found_by_is_set_whole(self, store: Store) -> None:
        """A change sets all of it anew, also one without records; one that says nothing leaves it; an empty one clears it."""
        change = indexed(store, "A", city="上海", tier=1)
        step = next_step(change.ticket)
        keep(store, step)
        assert ["A"] == found(store, where={"city": "上海", "tier": 1})
        keep(store, next_step(step.ticket, 0), index=FrozenMap(tier=2))

        assert ["A"] == found(store, where={"tier": 2})
        assert [] == found(store, where={"tier": 1}) + found(store, where={"city": "上海"})
        keep(store, next_step(step.ticket), index=FrozenMap())
        assert [] == found(store, where={"tier": 2})
        assert ["A"] == found(store)

    def test_changes_of_one_call_set_it_in_their_order(self, store: Store) -> None:
        """A ticket opened and changed in one call, beside others, is found by what the last of its changes says."""
        made, other = evolve(new_ticket("A"), index=FrozenMap(city="上海", tier=1)), new_ticket("B")
        step = evolve(next_step(made.ticket), index=FrozenMap(city="北京"))
        last = next_step(step.ticket)
        store.commit([made, evolve(other, index=FrozenMap(city="上海")), step, last])
        assert (["B"], ["A"], []) == tuple(found(store, where=one) for one in ({"city": "上海"}, {"city": "北京"}, {"tier": 1}))
        both = [evolve(next_step(ticket), index=FrozenMap(tier=3)) for ticket in (last.ticket, other.ticket)]
        store.commit([*both, evolve(next_step(both[0].ticket), index=FrozenMap())])

        assert ["B"] == found(store, where={"tier": 3})
        assert [] == found(store, where={"city": "上海"}) + found(store, where={"city": "北京"})

    def test_a_change_that_is_turned_away_sets_nothing(self, store: Store) -> None:
        """A stale, refused, repeated or undone change leaves what its ticket is found by."""
        ticket = indexed(store, "A", city="上海").ticket
        step = next_step(ticket)
        keep(store, step, keys=("k",))
        index = FrozenMap(city="北京")
        assert "conflict" == keep(store, next_step(ticket), index=index).status
        assert "duplicate" == keep(store, next_step(step.ticket), index=index, keys=("k",)).status
        refused = keep(store, next_step(step.ticket), index=index, reservations=(Take(key="c", limit=0),))
        assert "refused" == refused.status
        try:
            with store.batch():
                assert "applied" == keep(store, next_step(step.ticket), index=index).status
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass

        assert ["A"] == found(store, where={"city": "上海"})
        assert [] == found(store, where={"city": "北京"})

    def test_what_cannot_be_found_by_is_refused(self, store: Store) -> None:
        """A value that cannot be written keeps nothing of the whole call."""
        with pytest.raises(ServflowError):
            store.commit([new_ticket("B"), evolve(new_ticket("A"), index=FrozenMap(x=object()))])
        with pytest.raises(ServflowError):
            store.find(where={"x": object()})

        assert () == store.find()

    def test_tenants_find_their_own(self, store: Store) -> None:
        """The same values, queues and clocks of another tenant are never found, and never changed."""
        other = store.for_tenant("other")
        for one, name in ((store, "A"), (other, "B")):
            change = new_ticket(name, queue="q", clocks=FrozenMap(c=clock("c", NOON)))
            keep(one, change, index=FrozenMap(city="上海"))
        keep(other, new_ticket("A"), index=FrozenMap())

        asked: tuple[dict[str, Any], ...] = ({"where": {"city": "上海"}}, {"queue": "q"}, {"due_before": NOON + MINUTE})
        assert [["A"]] * 3 == [found(store, **one) for one in asked]
        assert [["B"]] * 3 == [found(other, **one) for one in asked]
        assert ["B", "A"] == found(other, order="due")

    def test_another_handle_finds_the_same(self, pair: tuple[Store, Store]) -> None:
        """What one handle keeps is found by the other at once."""
        one, two = pair
        change = indexed(one, "A", city="上海")
        assert ["A"] == found(two, where={"city": "上海"})
        keep(one, next_step(change.ticket, queue="q"), index=FrozenMap(city="北京"))

        assert [] == found(two, where={"city": "上海"})
        assert ["A"] == found(two, where={"city": "北京"}, queue="q", order="due")
