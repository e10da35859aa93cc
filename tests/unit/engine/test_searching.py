"""Knows how a search for somebody waits, is looked at again and begins afresh; must not know who is best."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.model import Engineer, OfferEnded, Received, SlotProgress, Withdraw, World
from tests.unit.engine.flows import Case, after, kinds, move, of
from tests.unit.engine.test_dispatch import ANN, BOB, CAT, WAYS, WORLD, asked, placing

FULL = [{"below": "capacity"}]


def people(*engineers: Engineer, **more: Any) -> World:
    """A world of these engineers."""
    return World(engineers=engineers, **more)


def busy(*engineers: Engineer, version: str) -> World:
    """A world in which they have no room."""
    return people(*engineers, loads={known.id: 2 for known in engineers}, version=version)


def search(case: Case) -> SlotProgress:
    """How far the search has come."""
    return case.ticket.slots["assignee"]


def test_what_waits_as_before_leaves_no_record() -> None:
    """Another world in which the same people have no room changes nothing; one in which others have none is on record."""
    case = placing(busy(ANN, version="1"), require=FULL)
    assert ("waiting", True, ("engineer:ann",), "1") == (*seen(case), search(case).world)

    assert [] == kinds(case.until(5, world=busy(ANN, version="2")))
    assert ["Decided", "SlotChanged"] == kinds(case.until(10, world=busy(ANN, BOB, version="3")))
    assert ("waiting", True, ("engineer:ann", "engineer:bob"), "3") == (*seen(case), search(case).world)


def seen(case: Case) -> tuple[str, bool, tuple[str, ...]]:
    """The phase of the search, whether nobody was found, and for what it waits."""
    found = search(case)
    return found.phase, found.exhausted, found.waits


def test_the_first_look_after_no_world_is_on_record() -> None:
    """A search that had no world has decided nothing: the first one that comes is recorded, though nobody fits in it."""
    case = placing(None, require=FULL)

    assert {"Decided", "SlotChanged"} <= set(kinds(case.until(5, world=busy(ANN, version="1"))))
    assert ["exhausted.d"] == [record.event for record in of(Received, case.records)]


def test_an_instant_that_has_passed_is_looked_at_anew() -> None:
    """Where the shift begins and she has no room after all, that is on record, and time wakes the ticket for it no more."""
    shift = Calendar(zone="UTC", week={"mon-fri": ["12:00-13:00"]})
    ann = Engineer(id="ann", capacity=2, shift="noon")
    world = people(ann, loads={"ann": 2}, calendars={"noon": shift})
    case = placing(world, require=[{"open": "shift"}, *FULL])
    assert after(hours=3) == search(case).change_at

    case.until(181, world=world)

    assert (None, None) == (search(case).change_at, case.ticket.wake)


def test_taken_back_the_search_relaxes_from_then() -> None:
    """Less is asked for so long after the ticket was taken back, and who declined or was silent is left alone still."""
    gone = people(Engineer(id="ann", skills=["x"], capacity=2, absences=[(after(60), after(900))]), BOB)
    policy: dict[str, Any] = {
        "require": [{"skill": "'x'"}],
        "relax": [{"after": "30m", "drop": "skill"}],
        "redispatch": {"absence": True},
    }
    case = placing(gone, **policy)
    assert "ann" == case.ticket.assignee

    case.until(61, world=gone)
    assert (None, "waiting", after(90)) == (case.ticket.assignee, search(case).phase, search(case).relax_at)
    case.until(91, world=gone)

    assert "bob" == case.ticket.assignee


def test_nobody_left_after_an_offer_is_told_again() -> None:
    """The machine hears that nobody was found each time it comes to that, also where no world was at hand in between."""
    case = placing(people(), mode="offer", offer={"timeout": "10m"})
    case.until(5, world=people(ANN))
    case.until(16)
    case.until(20, world=people(ANN, version="later"))

    assert ["exhausted.d", "exhausted.d"] == [record.event for record in of(Received, case.records)]
    assert search(case).exhausted


def test_who_is_told_that_an_offer_is_over() -> None:
    """The effect names the very offer, its policy and why; two offers have two of them."""
    case = placing(WORLD, mode="offer", offer={"timeout": "10m", "parallel": 2})
    made = {offer.to: offer.id for offer in case.ticket.offers}

    case.fire("ticket.assign", {"to": "cat"}, 3, actor="carl", world=WORLD)

    told = of(Withdraw, case.effects)
    assert [("ann", made["ann"], "d"), ("bob", made["bob"], "d")] == [(one.to, one.offer, one.policy) for one in told]
    assert len({one.id for one in told}) == len({*made.values()}) == 2
    assert {"filled by somebody"} == {one.reason for one in told} == {one.reason for one in of(OfferEnded, case.records)}


def test_a_pool_in_which_nobody_has_room_any_more_stays_open() -> None:
    """Whoever was asked may still take it once they have; that nobody new was found is on record, and nothing is taken back."""
    case = placing(people(ANN, BOB), mode="pool", require=FULL)

    case.until(5, world=busy(ANN, BOB, version="2"))

    assert (["ann", "bob"], "pool", "2") == (asked(case), search(case).phase, search(case).world)
    case.until(10, world=people(ANN, BOB, CAT, version="3"))
    assert ["ann", "bob", "cat"] == asked(case)


@pytest.mark.parametrize(("mode", "when"), [("pool", 60), ("offer", None)])
def test_who_comes_later_joins_a_pool_and_no_offer(mode: str, when: float | None) -> None:
    """Time adds to a pool whoever may have it from then on; an offer waits for its answer."""
    early = Calendar(zone="UTC", week={"mon-fri": ["09:00-18:00"]})
    late = Calendar(zone="UTC", week={"mon-fri": ["10:00-18:00"]})
    crew = (Engineer(id="ann", shift="early"), Engineer(id="bob", shift="late"))
    case = placing(people(*crew, calendars={"early": early, "late": late}), mode=mode, require=[{"open": "shift"}])

    assert (["ann"], None if when is None else after(when)) == (asked(case), search(case).change_at)
    case.until(61, world=people(*crew, calendars={"early": early, "late": late}))
    assert (["ann"] if when is None else ["ann", "bob"]) == asked(case)


def test_a_proposal_ends_with_a_change_of_mode() -> None:
    """Nobody is proposed any more where the ticket is offered instead, and their capacity is held for the offer alone."""
    case = placing(people(ANN), mode="approve", relax=[{"after": "30m", "mode": "offer"}])
    case.until(31, world=people(ANN))

    assert (None, "offered", ["ann"]) == (search(case).proposed, search(case).phase, asked(case))
    assert ["engineer:ann"] == [held.key for held in case.ticket.held]


def test_the_work_that_is_done_is_not_taken_back() -> None:
    """Where the work is done in a state of the search, neither leave nor time nor another world takes the ticket back."""
    inside = {"p": {"states": {"a": {}, "b": {}, "c": {}}}, "z": {"closed": True}}
    parts = {"initial": "p", "states": inside, "transitions": [*WAYS, move("finish", "b", "c")]}
    causes = {"absence": True, "overrun": "1h", "presence": True}
    case = placing(people(ANN, BOB), parts, state="p", until="c", redispatch=causes)
    assert ("ann", after(60)) == (case.ticket.assignee, search(case).overrun_at)

    case.fire("finish", minutes=5, world=people(ANN, BOB))
    case.until(120, world=people(BOB))

    assert ("ann", "filled", None, True) == (
        case.ticket.assignee,
        search(case).phase,
        search(case).overrun_at,
        search(case).manual,
    )
    assert ([], None) == (list(case.ticket.held), case.ticket.wake)
