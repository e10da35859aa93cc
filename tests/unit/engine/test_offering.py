"""Knows how offers, proposals and a host's answers end well or are refused; must not know who is best."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import Refused
from servflow.model import (
    Call,
    Decided,
    Engineer,
    OfferEnded,
    Received,
    Release,
    Take,
    Withdraw,
    World,
    dump,
    load_ticket,
)
from tests.unit.engine.flows import Case, after, move, of
from tests.unit.engine.test_dispatch import ANN, BOB, CAT, WAYS, WORLD, asked, offered, placing

ABSENT = {"absences": [(after(-60), after(600))]}


def people(*engineers: Engineer, **more: Any) -> World:
    """A world of these engineers."""
    return World(engineers=engineers, **more)


# who let an offer run out --------------------------------------------------------------------------------------


def test_who_did_not_answer_is_left_alone_for_a_while() -> None:
    """With a cool-off silence is no for good: after it the same person may be asked again, at the very instant it ends."""
    case = offered(offer={"timeout": "10m", "cool_off": "30m"})
    world = people(ANN)
    case.until(11, world=world)

    assert ([], {"ann": after(40)}, "waiting") == (asked(case), dict(progress(case).silent), progress(case).phase)
    assert after(40) == progress(case).change_at
    outcome = case.until(41, world=world)

    assert (["ann"], after(40)) == (asked(case), outcome.ticket.offers[0].made_at)
    assert case.ticket == case.workflow.fold(case.records) == load_ticket(dump(case.ticket))


def test_a_cool_off_holds_across_tickets_where_the_world_says_it() -> None:
    """Whoever let an offer of another ticket run out is not asked by a policy with a cool-off, and is after it."""
    world = people(ANN, silent={"ann": after(20)})

    assert ["ann"] == asked(offered(world=world)), "without a cool-off nobody asks what happened elsewhere"
    case = placing(world, mode="offer", offer={"timeout": "5m", "cool_off": "1h"})
    assert [] == asked(case)
    case.until(21, world=world)
    assert ["ann"] == asked(case)


def progress(case: Case, slot: str = "assignee") -> Any:
    """How far the search has come."""
    return case.ticket.slots[slot]


def test_a_no_is_a_no_whatever_the_cool_off() -> None:
    """Who rejected is not asked again in this search."""
    case = offered(offer={"timeout": "10m", "cool_off": "5m"}, world=people(ANN))
    case.fire("offer.reject", actor="ann", world=people(ANN))
    case.until(300, world=people(ANN))

    assert ([], ("ann",)) == (asked(case), progress(case).declined)


def test_so_many_attempts_and_no_more() -> None:
    """After so many offers nobody is asked until less is asked for; the machine hears of it."""
    case = offered(
        offer={"timeout": "10m", "attempts": 2}, relax=[{"after": "50m", "drop": "skill"}], require=[{"skill": "null"}]
    )
    case.until(25, world=WORLD)

    assert ([], "waiting", ("nobody",)) == (asked(case), progress(case).phase, case.ticket.tags)
    case.until(51, world=WORLD)
    assert ["cat"] == asked(case)


# pools ----------------------------------------------------------------------------------------------------------


def test_a_pool_may_go_to_the_best_few() -> None:
    """With broadcast so many of the best are asked; who says no is replaced by the next."""
    case = placing(mode="pool", offer={"broadcast": 2})
    assert ["ann", "bob"] == asked(case)

    case.fire("offer.reject", actor="ann", world=WORLD)

    assert ["bob", "cat"] == asked(case)


def test_a_pool_grows_when_less_is_asked() -> None:
    """Whoever a relaxation lets in is asked as well while the offers to the others stay open."""
    world = people(Engineer(id="ned", areas=["north"]), Engineer(id="sue", areas=["south"]))
    case = placing(world, mode="pool", require=[{"area": "'south'"}], relax=[{"after": "30m", "drop": "area"}])
    assert ["sue"] == asked(case)

    case.until(31, world=world)

    assert ["sue", "ned"] == asked(case)


def test_when_everybody_in_the_pool_said_no_it_waits() -> None:
    """A pool of which nobody is left is exhausted on record."""
    case = placing(mode="pool")
    for who in ("ann", "bob", "cat"):
        case.fire("offer.reject", actor=who, world=WORLD)

    assert ("waiting", ("nobody",), ()) == (progress(case).phase, case.ticket.tags, case.ticket.offers)


# who may not have it any more -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "rule"),
    [
        (people(Engineer(id="ann", **ABSENT)), "absence"),
        (people(ANN, presence={"ann": "offline"}), "presence"),
        (
            people(
                Engineer(id="ann", shift="night"), calendars={"night": Calendar(zone="UTC", week={"mon-sun": ["20:00-22:00"]})}
            ),
            "open",
        ),
        (people(Engineer(id="ann", capacity=2), loads={"ann": 3}), "below"),
        (people(BOB), None),
    ],
)
@pytest.mark.parametrize("mode", ["offer", "pool"])
def test_somebody_no_longer_there_cannot_accept(world: World, rule: str | None, mode: str) -> None:
    """Absent, offline, off shift, full or gone meanwhile: refused with the rule and nothing changes; the offer stands."""
    case = placing(mode=mode, require=[{"open": "shift"}, {"below": "capacity"}])
    before = case.ticket

    with pytest.raises(Refused) as caught:
        case.fire("offer.accept", minutes=3, actor="ann", world=world)

    assert ("guard", "ann") == (caught.value.code, caught.value.facts["candidate"])
    assert ([] if rule is None else [rule]) == [verdict["rule"] for verdict in caught.value.facts["verdicts"]]
    assert before is case.ticket


def test_a_withdrawn_offer_cannot_be_taken() -> None:
    """Who lost is refused and hears who has it."""
    case = offered(offer={"parallel": 2})
    case.fire("offer.accept", actor="bob", world=WORLD)

    with pytest.raises(Refused, match="bob has it") as caught:
        case.fire("offer.accept", actor="ann", world=WORLD)

    assert "not_permitted" == caught.value.code


def test_who_accepted_cannot_say_no_unless_the_definition_lets_them() -> None:
    """Without redispatch on rejection an acceptance stands."""
    case = offered()
    case.fire("offer.accept", actor="ann", world=WORLD)

    with pytest.raises(Refused, match="you have it"):
        case.fire("offer.reject", actor="ann", world=WORLD)


@pytest.mark.parametrize("event", ["end", "ticket.cancel"])
@pytest.mark.parametrize("policy", [{}, {"state": [], "event": "seek"}])
def test_a_ticket_that_ends_is_offered_to_nobody(event: str, policy: dict[str, Any]) -> None:
    """Closed or cancelled, open offers are withdrawn, capacity is free and nobody can accept; reopened it is sought anew."""
    ways = [*WAYS, move("ticket.cancel", "a", "z"), move("ticket.reopen", "z", "a")]
    case = placing(mode="offer", parts={"transitions": ways}, **policy)
    if policy:
        case.fire("seek", world=WORLD)
    assert ["ann"] == asked(case)

    outcome = case.fire(event, world=WORLD)

    assert ((), (), {}) == (outcome.ticket.offers, outcome.ticket.held, dict(outcome.ticket.slots))
    assert ["ann"] == [effect.to for effect in of(Withdraw, outcome.effects)]
    with pytest.raises(Refused):
        case.fire("offer.accept", actor="ann", world=WORLD)
    case.fire("ticket.reopen", world=WORLD)
    assert ([] if policy else ["ann"]) == asked(case)


def test_emptied_by_hand_the_search_goes_on_without_them() -> None:
    """Where the slot is to be filled, taking the ticket from somebody by hand looks for another; nothing is lost."""
    case = placing(parts={"transitions": []})
    assert "ann" == case.ticket.assignee

    outcome = case.fire("ticket.assign", {"to": None}, world=WORLD)

    assert ("bob", ("ann",)) == (outcome.ticket.assignee, progress(case).declined)


def test_a_limit_that_was_relaxed_is_not_asked_of_the_store() -> None:
    """Once the capacity requirement is dropped, somebody who is full gets the ticket, counted but without a limit."""
    world = people(Engineer(id="ann", capacity=1), loads={"ann": 1})
    case = placing(world, require=[{"below": "capacity"}], relax=[{"after": "5m", "drop": "below"}])

    assert (Take(key="engineer:ann"),) == case.until(6, world=world).reservations


def test_the_limit_is_what_the_policy_asked_and_in_its_units() -> None:
    """What is taken is what the policy takes, below the limit it asks for, and of the channel as well."""
    world = people(Engineer(id="ann", capacity=480, per_channel={"chat": 240}))
    workflow = placing(world, takes="90", require=[{"below": "capacity"}]).workflow
    case = Case(workflow, {"channel": "chat"}, world=world)

    assert (
        Take(key="engineer:ann", units=90, limit=480),
        Take(key="engineer:ann/chat", units=90, limit=240),
    ) == case.last.reservations
    assert {Release(key="engineer:ann", units=90), Release(key="engineer:ann/chat", units=90)} == set(
        case.fire("back", world=people(BOB)).reservations[:2]
    )


# proposals ------------------------------------------------------------------------------------------------------


def proposed(world: World = WORLD, **policy: Any) -> Case:
    """A ticket for which dispatch proposes somebody."""
    ways = [*WAYS, move("proposed.d", "a", None, do=[{"tag": "asked"}])]
    return placing(world, mode="approve", parts={"transitions": ways}, **policy)


def test_the_best_is_proposed_and_held() -> None:
    """With mode approve nobody has the ticket yet: the best is proposed, their place is held, and the machine hears of it."""
    case = proposed(require=[{"below": "capacity"}])

    assert ("proposed", "ann", None) == (progress(case).phase, progress(case).proposed, case.ticket.assignee)
    assert ((Take(key="engineer:ann", limit=2),), ("asked",)) == (case.last.reservations, case.ticket.tags)
    assert case.ticket == case.workflow.fold(case.records) == load_ticket(dump(case.ticket))


def test_a_dispatcher_confirms() -> None:
    """Confirmed, whoever was proposed has the ticket, and the machine moves on."""
    outcome = proposed().fire("dispatch.approve", world=WORLD)

    assert ("ann", "b", ()) == (outcome.ticket.assignee, outcome.ticket.state, outcome.reservations)


def test_a_dispatcher_names_another_and_what_they_lack_is_on_record() -> None:
    """Named by the dispatcher, somebody gets it although a rule keeps them out; the record says which."""
    world = people(ANN, BOB, loads={"bob": 2})
    case = proposed(world, require=[{"below": "capacity"}])

    outcome = case.fire("dispatch.approve", {"to": "bob"}, world=world)

    assert ("bob", ["engineer:bob"]) == (outcome.ticket.assignee, [held.key for held in outcome.ticket.held])
    assert (Release(key="engineer:ann"), Take(key="engineer:bob")) == outcome.reservations
    assert any("bob was named instead of ann, who does not meet below" in str(record) for record in outcome.records)


@pytest.mark.parametrize(
    ("to", "world", "code"),
    [
        ("eve", WORLD, "payload"),
        ("bob", people(ANN, Engineer(id="bob", **ABSENT)), "guard"),
        ("bob", people(ANN, BOB, forbidden={"c": ["bob"]}), "guard"),
        (None, people(Engineer(id="ann", **ABSENT), BOB), "guard"),
    ],
)
def test_nobody_unavailable_is_approved(to: str | None, world: World, code: str) -> None:
    """Neither whoever was proposed nor somebody named may be absent, forbidden or unknown."""
    case = Case(proposed().workflow, {"customer": "c"}, world=WORLD)

    with pytest.raises(Refused) as caught:
        case.fire("dispatch.approve", {} if to is None else {"to": to}, world=world)

    assert (code, "ann") == (caught.value.code, progress(case).proposed)


def test_who_was_declined_is_not_proposed_again() -> None:
    """Declined, the next is proposed, until nobody is left and the search is exhausted."""
    case = proposed()
    outcome = case.fire("dispatch.decline", {"reason": "knows nothing of gas"}, world=WORLD)

    assert ("bob", (Release(key="engineer:ann"), Take(key="engineer:bob"))) == (progress(case).proposed, outcome.reservations)
    case.fire("dispatch.decline", world=WORLD)
    case.fire("dispatch.decline", world=WORLD)
    assert ("waiting", None, ()) == (progress(case).phase, progress(case).proposed, case.ticket.held)
    with pytest.raises(Refused) as caught:
        case.fire("dispatch.decline", world=WORLD)
    assert "not_here" == caught.value.code


def test_a_proposal_that_does_not_hold_any_more_is_replaced() -> None:
    """In another world somebody else is proposed only where whoever was no longer fits."""
    case = proposed()
    case.until(1, world=people(Engineer(id="aaa"), ANN, BOB))
    assert "ann" == progress(case).proposed

    outcome = case.until(2, world=people(Engineer(id="ann", **ABSENT), BOB))

    assert "bob" == progress(case).proposed
    assert (Release(key="engineer:ann"), Take(key="engineer:bob")) == outcome.reservations


def test_a_proposal_that_nobody_follows_holds_nothing() -> None:
    """Whoever was proposed does not fit any more, and nobody else does: the ticket waits and their place is free."""
    case = proposed(people(ANN))
    outcome = case.until(1, world=people(Engineer(id="ann", **ABSENT)))

    assert ("waiting", None, ()) == (progress(case).phase, progress(case).proposed, case.ticket.held)
    assert ((Release(key="engineer:ann"),), ("asked", "nobody")) == (outcome.reservations, outcome.ticket.tags)


def test_a_proposal_ends_with_its_search() -> None:
    """Moved on, assigned by hand, or dispatched another way after a while, what was held for a proposal is free."""
    assert ((), {}) == (proposed().fire("end", world=WORLD).ticket.held, dict(proposed().fire("end", world=WORLD).ticket.slots))
    by_hand = proposed().fire("ticket.assign", {"to": "cat"}, world=WORLD).ticket
    assert ("cat", ["engineer:cat"]) == (by_hand.assignee, [held.key for held in by_hand.held])
    later = proposed(relax=[{"after": "30m", "mode": "assign"}])
    assert "ann" == later.until(31, world=WORLD).ticket.assignee


# a host that answers itself ----------------------------------------------------------------------------------------


def test_a_host_without_a_world_answers_by_an_event() -> None:
    """The call asks for its answer as dispatch.answer; whom it names gets the ticket, within the limit it tells."""
    case = placing(None)
    [call] = of(Call, case.effects)
    assert "dispatch.answer" == call.reply

    outcome = case.fire("dispatch.answer", {"to": "zoe", "limits": {"zoe": 4}}, minutes=1)

    assert ("zoe", "b", (Take(key="engineer:zoe", limit=4),)) == (
        outcome.ticket.assignee,
        outcome.ticket.state,
        outcome.reservations,
    )


def test_an_answer_makes_offers_and_who_declined_is_told_with_the_next_request() -> None:
    """With mode offer the best of the answer is asked; when they say no the host is asked again, with who declined."""
    case = placing(None, mode="offer", offer={"timeout": "10m"})
    case.fire("dispatch.answer", {"to": ["zoe", "yan"]})
    assert ["zoe"] == asked(case)

    outcome = case.fire("offer.reject", actor="zoe")

    assert [("zoe",)] == [call.data["declined"] for call in of(Call, outcome.effects)]
    case.fire("dispatch.answer", {"to": ["zoe", "yan"]})
    assert ["yan"] == asked(case)
    assert "yan" == case.fire("offer.accept", actor="yan").ticket.assignee
    assert case.ticket == case.workflow.fold(case.records)


def test_an_answer_of_nobody_is_exhausted_and_asked_again_later() -> None:
    """Nobody is told once, and the host is asked again when it said so, or when less is asked for."""
    case = placing(None, relax=[{"after": "60m", "mode": "pool"}])

    outcome = case.fire("dispatch.answer", {"to": None, "again_at": after(30).isoformat()})

    assert (("nobody",), []) == (outcome.ticket.tags, of(Call, outcome.effects))
    assert 1 == len(of(Call, case.until(31).effects))
    case.fire("dispatch.answer", {"to": []})
    assert [1] == [call.data["stage"] for call in of(Call, case.until(61).effects)]
    case.fire("dispatch.answer", {"to": ["zoe", "yan"]})
    assert ["zoe", "yan"] == asked(case)
    assert 1 == len([record for record in of(Received, case.records) if record.event == "exhausted.d"])


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({}, "to names who"),
        ({"to": 3}, "to is a name or a list"),
        ({"to": ["ann", ""]}, "is no name"),
        ({"to": "ann", "limits": {"ann": -1}}, "limit of ann"),
        ({"to": None, "again_at": "soon"}, "again_at is an instant"),
        ({"to": "ann", "slott": "assignee"}, "did you mean 'slot'"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(payload: dict[str, Any], said: str) -> None:
    """A wrong answer says what it takes; the request stays open."""
    case = placing(None)

    with pytest.raises(Refused, match=said) as caught:
        case.fire("dispatch.answer", payload)

    assert ("payload", "waiting") == (caught.value.code, progress(case).phase)


def test_an_answer_of_nobody_to_what_was_asked_before_less_was_asked() -> None:
    """A host that takes long to say nobody is asked once more for what is asked by now, and then it is exhausted."""
    case = placing(None, relax=[{"after": "5m", "drop": "below"}], require=[{"below": "capacity"}])
    case.until(6)
    first = case.fire("dispatch.answer", {"to": None}, 7, actor="system")

    assert [("d", 1)] == [(effect.data["policy"], effect.data["stage"]) for effect in of(Call, first.effects)]
    assert ("waiting", False) == (progress(case).phase, progress(case).exhausted)
    second = case.fire("dispatch.answer", {"to": None}, 8, actor="system")
    assert ([], True) == (of(Call, second.effects), progress(case).exhausted)
    assert case.ticket == case.workflow.fold(case.records) == load_ticket(dump(case.ticket))


def test_an_answer_too_late_is_refused() -> None:
    """Once somebody has the ticket, no request waits for an answer."""
    case = placing(None)
    case.fire("ticket.assign", {"to": "cat"})

    with pytest.raises(Refused, match="no request for dispatch waits"):
        case.fire("dispatch.answer", {"to": "ann"})


def test_decisions_keep_their_reasons_in_every_mode() -> None:
    """Offers, pools and proposals come of a recorded choice."""
    for mode in ("assign", "offer", "pool", "approve"):
        [decided] = of(Decided, placing(mode=mode).records)
        assert mode == decided.result["action"]


def test_an_expired_offer_is_no_answer_to_the_next_one() -> None:
    """Of two who are asked in turn, the first cannot answer in place of the second."""
    case = offered()
    case.until(11, world=WORLD)

    with pytest.raises(Refused):
        case.fire("offer.accept", actor="ann", world=WORLD)
    assert ["expired"] == [ended.outcome for ended in of(OfferEnded, case.records)]
    assert CAT.id not in asked(case)


# what a screen shows --------------------------------------------------------------------------------------------


def shown(case: Case, event: str, world: World = WORLD, actor: str | None = None) -> str | None:
    """How an event stands for an actor now; None where it is not shown."""
    options = case.workflow.available(case.ticket, at=case.ticket.at, actor=actor, world=world)
    return next((option.status for option in options if option.event == event), None)


def test_buttons_come_from_the_same_rules() -> None:
    """Whoever may answer sees it ready, whoever no longer may sees why not, and what waits for nobody is not shown."""
    case = offered(redispatch=["rejection"], parts={"transitions": []})

    assert ("ready", "refused") == (shown(case, "offer.accept", actor="ann"), shown(case, "offer.accept", actor="bob"))
    assert "refused" == shown(case, "offer.accept", people(Engineer(id="ann", **ABSENT)), actor="ann")
    assert (None, None, None) == (
        shown(case, "dispatch.approve"),
        shown(case, "dispatch.decline"),
        shown(case, "dispatch.answer"),
    )
    case.fire("offer.accept", actor="ann", world=WORLD)
    assert (None, "ready", None) == (
        shown(case, "offer.accept", actor="ann"),
        shown(case, "offer.reject", actor="ann"),
        shown(case, "offer.reject", actor="bob"),
    )
    assert ("ready", "ready") == (shown(proposed(), "dispatch.approve"), shown(proposed(), "dispatch.decline"))
    assert ("refused", "ready") == (
        shown(proposed(), "dispatch.approve", people(BOB)),
        shown(proposed(), "dispatch.decline", people(BOB)),
    )
    assert "needs" == shown(case, "ticket.assign")
