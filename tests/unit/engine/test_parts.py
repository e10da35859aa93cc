"""Knows how spare parts of a ticket are needed, waited for, used and given back; must not know who keeps a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import Workflow, World, dump, load_ticket
from servflow.errors import DefinitionError, InputError, Refused
from servflow.model import MAX_PARTS, Actor, Outcome, PartChanged, PartLine, Release, Take, Ticket, part_key

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = Actor("ann", ["engineer"])


def flow(**more: Any) -> Workflow:
    """A repair that waits where a part is short and goes on when nothing is waited for any more."""
    given: dict[str, Any] = {
        "workflow": "repair",
        "initial": "repairing",
        "states": {"repairing": {}, "waiting_parts": {}, "closed": {"closed": True}},
        "transitions": [
            {"event": "parts.short", "source": "repairing", "target": "waiting_parts"},
            {"event": "parts.ready", "source": "waiting_parts", "target": "repairing"},
            {"event": "finish", "source": "repairing", "target": "closed", "when": "parts.ready && parts.open == 0"},
            {"event": "ticket.cancel", "source": "*", "target": "closed"},
        ],
    }
    return Workflow(**{**given, **more})


REPAIR = flow()


def opened(stock: Any = None, **given: Any) -> tuple[Ticket, World]:
    """A ticket, and a world with this stock."""
    world = World(stock=stock, **given)
    return REPAIR.open("R-1", {}, at=T0, world=world).ticket, world


def fire(
    ticket: Ticket, event: str, payload: dict[str, Any] | None = None, world: World | None = None, late: int = 0
) -> Outcome:
    """One event, so many minutes after nine."""
    return REPAIR.fire(ticket, event, payload, at=T0 + timedelta(minutes=late), world=world, actor=ANN)


def lines(ticket: Ticket) -> list[tuple[str, int, str]]:
    """Part, quantity and state of every line."""
    return [(line.part, line.quantity, line.state) for line in ticket.parts]


def test_what_is_there_is_put_aside_at_once() -> None:
    """A part in stock is reserved with the stock as the limit, and the ticket goes on."""
    ticket, world = opened({"pump": 2})
    outcome = fire(ticket, "part.need", {"part": "pump"}, world)

    assert (Take(key="part:pump", units=1, limit=2),) == outcome.reservations
    assert [("pump", 1, "reserved")] == lines(outcome.ticket)
    assert ("repairing", ()) == (outcome.ticket.state, outcome.ticket.waits)


def test_what_others_hold_is_not_free() -> None:
    """What tickets have put aside is not there, whatever lies on the shelf: the line waits for its key."""
    ticket, world = opened({"pump": 2}, set_aside={"part:pump": 2})
    outcome = fire(ticket, "part.need", {"part": "pump"}, world)

    assert ("waiting_parts", ("part:pump",), ()) == (outcome.ticket.state, outcome.ticket.waits, outcome.reservations)


def test_a_line_is_put_aside_as_a_whole() -> None:
    """Half a need holds nothing, so that two tickets never each keep what the other one lacks."""
    ticket, world = opened({"pump": 1})
    short = fire(ticket, "part.need", {"part": "pump", "quantity": 2}, world).ticket
    same = REPAIR.advance(short, at=T0, world=world)
    more = REPAIR.advance(short, at=T0 + timedelta(hours=1), world=world.with_stock({"pump": 2}))

    assert same.ticket is short
    assert ("repairing", (Take(key="part:pump", units=2, limit=2),)) == (more.ticket.state, more.reservations)
    assert {T0 + timedelta(hours=1)} == {record.at for record in more.records}


def test_the_van_goes_before_the_outlet_and_the_outlet_before_the_central_stock() -> None:
    """Where no place is asked for, what is nearest to whoever has the ticket is taken first."""
    people = {
        "engineers": [{"id": "ann", "outlet": "north", "parts": {"fuse": 1}}],
        "outlets": [{"id": "north", "parts": {"fuse": 1}}],
    }
    ticket, world = opened({"fuse": 1}, **people)
    ticket = REPAIR.fire(ticket, "ticket.assign", {"to": "ann"}, at=T0, world=world).ticket
    ticket = REPAIR.fire(ticket, "ticket.assign", {"to": "north", "slot": "outlet"}, at=T0, world=world).ticket
    keys, held = [], {}
    for _ in range(3):
        outcome = fire(ticket, "part.need", {"part": "fuse"}, world.with_set_aside(held))
        ticket = outcome.ticket
        keys += [one.key for one in outcome.reservations]
        held = dict.fromkeys(keys, 1)

    assert ["part:fuse@ann", "part:fuse@north", "part:fuse"] == keys


def test_a_place_that_is_asked_for_is_the_only_one() -> None:
    """A need that names a place waits for that place, though the part lies elsewhere."""
    ticket, world = opened({"north": {"pump": 0}, "pump": 5})
    outcome = fire(ticket, "part.need", {"part": "pump", "place": "north"}, world)

    assert ("part:pump@north",) == outcome.ticket.waits


def test_a_ticket_that_comes_to_somebody_else_looks_where_they_are() -> None:
    """A waiting line is filled from the van of whoever gets the ticket."""
    ticket, world = opened({"pump": 0}, engineers=[{"id": "bob", "parts": {"pump": 1}}])
    short = fire(ticket, "part.need", {"part": "pump"}, world).ticket
    given = REPAIR.fire(short, "ticket.assign", {"to": "bob"}, at=T0, world=world)

    assert [("pump", 1, "reserved")] == lines(given.ticket)
    assert "part:pump@bob" in [one.key for one in given.reservations]


def test_some_units_are_used_and_the_others_stay() -> None:
    """Using splits a line; what is used again of the same part joins what was used before."""
    ticket, world = opened({"fuse": 4})
    ticket = fire(ticket, "part.need", {"part": "fuse", "quantity": 3}, world).ticket
    ticket = fire(ticket, "part.use", {"serials": ["A"]}).ticket
    ticket = fire(ticket, "part.use", {"serials": "B"}).ticket

    assert [("fuse", 1, "reserved"), ("fuse", 2, "used")] == lines(ticket)
    assert [(), ("A", "B")] == [line.serials for line in ticket.parts]


def test_a_used_unit_stays_taken_until_it_is_booked_out() -> None:
    """While the host still counts it in its stock, nobody else may have it; then the reservation goes."""
    ticket, world = opened({"pump": 1})
    ticket = fire(ticket, "part.need", {"part": "pump"}, world).ticket
    used = fire(ticket, "part.use")
    booked = fire(used.ticket, "part.booked")

    assert ((), True) == (used.reservations, used.ticket.parts[0].held)
    assert ((Release(key="part:pump"),), False) == (booked.reservations, booked.ticket.parts[0].held)
    with pytest.raises(Refused, match="no part of this ticket is to be booked out"):
        fire(booked.ticket, "part.booked")


@pytest.mark.parametrize(("condition", "given"), [("good", (Release(key="part:pump"),)), ("defective", ())])
def test_a_good_part_lies_on_the_shelf_again(condition: str, given: tuple[Release, ...]) -> None:
    """The wrong part goes back for others; a defective one does not until the host has written it off."""
    ticket, world = opened({"pump": 1})
    ticket = fire(fire(ticket, "part.need", {"part": "pump"}, world).ticket, "part.use").ticket
    back = fire(ticket, "part.return", {"part": "pump", "condition": condition, "reason": "wrong type"})

    assert given == back.reservations
    assert ("returned", condition, not given) == tuple(
        getattr(back.ticket.parts[0], name) for name in ("state", "condition", "held")
    )


def test_serial_numbers_go_back_with_their_unit() -> None:
    """Of several serials it must be said which one comes back; it leaves the used line."""
    ticket, world = opened({"pump": 2})
    ticket = fire(ticket, "part.need", {"part": "pump", "quantity": 2}, world).ticket
    ticket = fire(ticket, "part.use", {"quantity": 2, "serials": ["A", "B"]}).ticket
    with pytest.raises(Refused, match="say with serials which of pump come back: A, B"):
        fire(ticket, "part.return", {"part": "pump"})
    with pytest.raises(Refused, match="no line has all of these serials"):
        fire(ticket, "part.return", {"part": "pump", "serials": ["C"]})
    back = fire(ticket, "part.return", {"part": "pump", "serials": ["B"], "condition": "defective"}).ticket

    assert [("used", ("A",)), ("returned", ("B",))] == [(line.state, line.serials) for line in back.parts]


def test_closing_gives_back_what_was_not_used() -> None:
    """A cancelled ticket holds nothing but what was built in, and waits for nothing."""
    ticket, world = opened({"pump": 2, "fuse": 0})
    ticket = fire(ticket, "part.need", {"part": "pump", "quantity": 2}, world).ticket
    ticket = fire(ticket, "part.use").ticket
    ticket = fire(ticket, "part.need", {"part": "fuse"}, world).ticket
    cancelled = fire(ticket, "ticket.cancel")

    assert (Release(key="part:pump", units=1),) == cancelled.reservations
    assert ([("pump", 1, "used")], ()) == (lines(cancelled.ticket), cancelled.ticket.waits)
    with pytest.raises(Refused, match="the ticket is closed"):
        fire(cancelled.ticket, "part.need", {"part": "pump"}, world)


def test_what_is_not_wanted_any_more_is_let_go() -> None:
    """Letting go of the only thing that is waited for means that nothing is waited for: the ticket goes on."""
    ticket, world = opened({"pump": 0})
    short = fire(ticket, "part.need", {"part": "pump", "quantity": 3}, world).ticket
    less = fire(short, "part.release", {"quantity": 2}, world).ticket
    gone = fire(less, "part.release", {"part": "pump", "reason": "not the pump"}, world).ticket

    assert [("pump", 1, "needed")] == lines(less)
    assert ("repairing", []) == (gone.state, lines(gone))


def test_without_a_stock_people_say_when_a_part_is_put_aside() -> None:
    """Where nobody counts, a need waits for the warehouse to say that it is ready."""
    ticket, _ = opened()
    short = fire(ticket, "part.need", {"part": "pump"}).ticket
    ready = fire(short, "part.reserve", {"place": "north"})

    assert ("waiting_parts", ()) == (short.state, short.waits)
    assert ("repairing", (Take(key="part:pump@north"),)) == (ready.ticket.state, ready.reservations)


@pytest.mark.parametrize(
    ("event", "payload", "said"),
    [
        ("part.need", {}, "part takes string, which is missing"),
        ("part.need", {"part": "pump", "quantity": 0}, "quantity is a whole number from 1"),
        ("part.need", {"part": "pump", "quantity": True}, "quantity is a whole number from 1"),
        ("part.need", {"part": "pump", "quantity": "2"}, "quantity is a whole number from 1"),
        ("part.need", {"part": "pump", "qty": 2}, "there is no 'qty' in its payload"),
        ("part.need", {"part": "x" * 201}, "part is a text of at most 200 characters"),
        ("part.use", {"part": "pomp"}, "did you mean 'pump'"),
        ("part.use", {"part": "pump", "quantity": 3}, "2 of pump are put aside, not 3"),
        ("part.use", {"line": 99}, "line 99 is not put aside: there is none"),
        ("part.use", {"line": "1"}, "line is the number of a line"),
        ("part.use", {}, "say which part: pump, fuse are put aside"),
        ("part.use", {"part": "pump", "serials": ["A", "A"]}, "serials are different texts"),
        ("part.use", {"part": "pump", "serials": ["A", "B"]}, "2 serials for 1 of pump"),
        ("part.return", {"part": "pump"}, "what was put aside and not used goes back by part.release"),
        ("part.release", {"part": "belt"}, "no 'belt' is needed or put aside"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(event: str, payload: dict[str, Any], said: str) -> None:
    """Every refusal says what would do; the ticket is as it was."""
    ticket, world = opened({"pump": 2, "fuse": 1})
    ticket = fire(ticket, "part.need", {"part": "pump", "quantity": 2}, world).ticket
    ticket = fire(ticket, "part.need", {"part": "fuse"}, world).ticket
    before = dump(ticket)
    with pytest.raises(Refused, match=said) as caught:
        fire(ticket, event, payload, world)

    assert caught.value.code == ("guard" if event == "part.return" else "payload"), "no payload would do where nothing was used"
    assert before == dump(ticket)


def test_a_return_in_no_known_condition_is_refused() -> None:
    """A part comes back good or defective, and nothing else."""
    ticket, world = opened({"pump": 1})
    ticket = fire(fire(ticket, "part.need", {"part": "pump"}, world).ticket, "part.use").ticket
    with pytest.raises(Refused, match="condition is one of good, defective"):
        fire(ticket, "part.return", {"condition": "so-so"})


def test_a_ticket_keeps_a_bounded_number_of_lines() -> None:
    """The line beyond the last is refused, and room is made by letting one go."""
    ticket, world = opened({"fuse": 1_000})
    for _ in range(MAX_PARTS):
        ticket = fire(ticket, "part.need", {"part": "fuse"}, world).ticket
    with pytest.raises(Refused, match="64 are the most") as caught:
        fire(ticket, "part.need", {"part": "fuse"}, world)
    ticket = fire(ticket, "part.release", {"line": ticket.parts[0].line}).ticket

    assert "guard" == caught.value.code
    assert MAX_PARTS == len(fire(ticket, "part.need", {"part": "fuse"}, world).ticket.parts)


def test_a_guard_reads_parts_in_types() -> None:
    """What conditions read of parts is checked when the definition is loaded."""
    with pytest.raises(DefinitionError, match="open"):
        flow(transitions=[{"event": "finish", "source": "repairing", "target": "closed", "when": "parts.opened == 0"}])
    ticket, world = opened({"pump": 1})
    ticket = fire(ticket, "part.need", {"part": "pump"}, world).ticket
    with pytest.raises(Refused, match=r"parts\.open"):
        fire(ticket, "finish")

    assert "closed" == fire(fire(ticket, "part.use").ticket, "finish").ticket.state


def test_a_field_named_parts_is_the_field() -> None:
    """Definitions that had such a field before keep their meaning."""
    own = flow(
        fields={"parts": {"type": "int", "default": 2}},
        transitions=[{"event": "finish", "source": "repairing", "target": "closed", "when": "parts == 2"}],
    )

    assert "closed" == own.fire(own.open("R-2", at=T0).ticket, "finish", at=T0).ticket.state


def test_a_price_is_added_where_a_part_is_used() -> None:
    """A transition of a built-in event says what else happens with it."""
    priced = flow(
        fields={"material": {"type": "decimal", "default": "0"}, "part": {"type": "string", "default": ""}},
        tables={
            "price": {
                "hit": "first",
                "inputs": ["part"],
                "outputs": {"each": "decimal"},
                "rows": [['"pump"', '"80.50"'], ["-", '"0"']],
            }
        },
        transitions=[
            {
                "event": "part.use",
                "source": "repairing",
                "payload": {"part": "string", "quantity": {"type": "int", "default": 1}},
                "do": [
                    {"set": {"part": "payload.part"}},
                    {"set": {"material": "material + table.price.each * decimal(payload.quantity)"}},
                ],
            }
        ],
    )
    world = World(stock={"pump": 5})
    ticket = priced.open("R-3", at=T0, world=world).ticket
    ticket = priced.fire(ticket, "part.need", {"part": "pump", "quantity": 3}, at=T0, world=world).ticket
    ticket = priced.fire(ticket, "part.use", {"part": "pump", "quantity": 2}, at=T0).ticket

    assert "161.00" == str(ticket.fields["material"])


def test_parts_are_offered_where_they_can_be_done() -> None:
    """Buttons are shown only for what there is, and ask for the part where there are several."""
    ticket, world = opened({"pump": 2, "fuse": 1})

    def offered(now: Ticket) -> dict[str, str]:
        found = REPAIR.available(now, at=T0, world=world)
        return {one.event: dict(one.payload).get("part", "") for one in found if one.event.startswith("part.")}

    before = offered(ticket)
    ticket = fire(ticket, "part.need", {"part": "pump", "quantity": 2}, world).ticket
    one_kind = offered(ticket)
    ticket = fire(ticket, "part.need", {"part": "fuse"}, world).ticket

    assert {} == before
    assert {"part.need": "string", "part.use": "string?", "part.release": "string?"} == one_kind
    assert {"part.need": "string", "part.use": "string", "part.release": "string"} == offered(ticket)


def test_roles_keep_people_from_parts() -> None:
    """Once roles are declared, an event of parts is denied until it is granted."""
    strict = flow(roles=["engineer", "keeper"], events={"part.need": {"allow": ["engineer"]}})
    ticket = strict.open("R-4", at=T0).ticket
    strict.fire(ticket, "part.need", {"part": "pump"}, at=T0, actor=ANN)
    with pytest.raises(Refused, match="not permitted"):
        strict.fire(ticket, "part.need", {"part": "pump"}, at=T0, actor=Actor("kit", ["keeper"]))


def test_explain_says_what_is_waited_for() -> None:
    """Both languages say how much is free where, and what may have been meant by a part that nobody keeps."""
    ticket, world = opened({"north": {"pump": 1}, "pump": 3}, set_aside={"part:pump": 2})
    ticket = fire(ticket, "part.need", {"part": "pump", "quantity": 2}, world).ticket
    ticket = fire(ticket, "part.need", {"part": "pmup"}, world).ticket
    told = REPAIR.explain(ticket, at=T0, world=world)

    assert "waits for 2 of pump: 1 of 3 free in the central stock" == told.parts[0]["why"]
    assert "等待备件 pump 2 件：总库共 3 件，其中 1 件可用" == told.parts[0]["why_zh"]
    assert "did you mean pump?" in told.parts[1]["why"]
    assert told.as_data()["parts"][0]["waits"] == ["part:pump"]


def test_the_records_tell_what_became_of_every_unit() -> None:
    """Folding the records gives the ticket; a snapshot with parts comes back equal."""
    ticket, world = opened({"pump": 3})
    records = list(REPAIR.open("R-1", {}, at=T0, world=world).records)
    for event, payload in (
        ("part.need", {"part": "pump", "quantity": 3}),
        ("part.use", {"quantity": 2, "serials": ["A"]}),
        ("part.return", {"serials": ["A"], "reason": "wrong"}),
        ("part.release", {}),
        ("part.booked", {}),
    ):
        outcome = fire(ticket, event, payload, world)
        ticket = outcome.ticket
        records += outcome.records

    assert ticket == REPAIR.fold(records)
    assert ticket == load_ticket(dump(ticket))
    assert "wrong" in [one.reason for one in records if isinstance(one, PartChanged)]


def test_what_is_no_part_leaves_nothing_behind() -> None:
    """A snapshot without parts says nothing of them, as before there were any."""
    assert "parts" not in str(dump(opened()[0]))


@pytest.mark.parametrize(
    ("stock", "said"),
    [({"pump": "many"}, "stock"), ({"pump": 1.5}, "stock"), (["pump"], "stock"), ({"north": {"pump": None}}, "stock")],
)
def test_a_stock_of_a_wrong_shape_is_refused(stock: Any, said: str) -> None:
    """What the host says of its stock is read, with where it is wrong."""
    with pytest.raises(InputError, match=said):
        World.of({"stock": stock})


def test_parts_of_any_name_have_keys_of_their_own() -> None:
    """A part and a place are told apart, whatever characters they are made of."""
    pairs = [("a", ""), ("a@b", ""), ("a", "b"), ("a%40b", ""), ("a", "@b"), ("a@", "b")]

    assert len(pairs) == len({part_key(part, place) for part, place in pairs})


def test_the_version_of_a_world_without_stock_is_as_before() -> None:
    """Worlds that say nothing of parts are the worlds they were; one that counts is another."""
    assert World().version == World(stock=None, set_aside={}).version
    assert World().version != World(stock={}).version


def test_prove_knows_that_parts_come_and_go() -> None:
    """The machine may be waiting and go on: a state that only a part leads to can be reached, with a story of it."""
    assert () == REPAIR.check()
    line = PartLine(line=1, part="pump", since=T0)

    assert ("needed", "part:pump") == (line.state, line.key)


def test_a_story_of_a_proof_asks_for_a_part_and_puts_it_aside() -> None:
    """Where only a part leads on, the way there is played on a real ticket: the engineer asks, the storekeeper answers."""
    strict = flow(
        roles=["engineer", "keeper"],
        events={"part.need": {"allow": ["engineer"]}, "part.reserve": {"allow": ["keeper"]}},
        states={"repairing": {}, "waiting_parts": {}, "ready": {}, "closed": {"closed": True}},
        transitions=[
            {"event": "parts.short", "source": "repairing", "target": "waiting_parts"},
            {"event": "parts.ready", "source": "waiting_parts", "target": "ready"},
            {"event": "close", "source": ["ready", "repairing"], "target": "closed", "allow": ["engineer"]},
        ],
        laws=[{"name": "no part ever comes", "never": "state == 'ready'"}],
    )
    (proof,) = strict.prove()

    assert ("refuted", ["part.need", "part.reserve"]) == (proof.verdict, [step["event"] for step in proof.witness["path"]])  # type: ignore[index]  # it is refuted
    assert "ready" == strict.replay_witness(proof)[-1].ticket.state


def test_a_refusal_speaks_chinese() -> None:
    """That there is nothing to use is said in both languages."""
    ticket, world = opened({"pump": 1})
    with pytest.raises(Refused) as caught:
        fire(ticket, "part.use", {}, world)

    assert "现在不能执行 part.use：本单没有相应状态的备件（已预留）" == caught.value.text("zh")
    assert caught.value.message == caught.value.text("en") == "part.use is not allowed now: no part of this ticket is put aside"


def test_what_is_booked_out_of_several_is_said() -> None:
    """The stock is less of one part: the other one stays taken, for it still counts as being there."""
    ticket, world = opened({"pump": 1, "fuse": 1})
    for part in ("pump", "fuse"):
        ticket = fire(ticket, "part.need", {"part": part}, world).ticket
        ticket = fire(ticket, "part.use", {"part": part}).ticket
    with pytest.raises(Refused, match="say which part: pump, fuse are to be booked out"):
        fire(ticket, "part.booked")
    booked = fire(ticket, "part.booked", {"part": "fuse"})

    assert (Release(key="part:fuse"),) == booked.reservations


def test_what_is_booked_out_of_a_place_is_taken_there() -> None:
    """One pump from the van and one from the central stock: each is booked out where it lay."""
    ticket, world = opened({"pump": 1, "north": {"pump": 1}})
    for place in ("north", None):
        said = {} if place is None else {"place": place}
        ticket = fire(ticket, "part.need", {"part": "pump", **said}, world).ticket
    with pytest.raises(Refused, match="say with line which, once for each") as caught:
        fire(ticket, "part.use", {"quantity": 2})
    for line in caught.value.facts["lines"]:
        ticket = fire(ticket, "part.use", {"line": line}).ticket
    with pytest.raises(Refused, match="no pump of 'south' is to be booked out; that are those of 'north', ''"):
        fire(ticket, "part.booked", {"place": "south"})

    assert (Release(key="part:pump"),) == fire(ticket, "part.booked", {"part": "pump", "quantity": 1, "place": ""}).reservations
    assert (Release(key="part:pump@north"),) == fire(ticket, "part.booked", {"place": "north"}).reservations


def test_a_transition_tells_the_host_where_a_part_was_taken() -> None:
    """What is used, and what comes back, names the place it came from, which is whose stock changes."""
    told = {"call": {"name": "stock", "data": {"place": "parts.origin"}}}
    moves = [{"event": event, "source": "repairing", "do": [told]} for event in ("part.use", "part.return")]
    one = flow(transitions=moves)
    world = World(stock={"pump": 0, "north": {"pump": 1}})
    ticket = one.open("R-5", at=T0, world=world).ticket
    ticket = one.fire(ticket, "part.need", {"part": "pump", "place": "north"}, at=T0, world=world).ticket
    places = []
    for event in ("part.use", "part.return"):
        outcome = one.fire(ticket, event, {"part": "pump"}, at=T0)
        ticket = outcome.ticket
        places += [effect.data["place"] for effect in outcome.effects]  # type: ignore[attr-defined]  # it is a call

    assert ["north", "north"] == places


@pytest.mark.parametrize(
    ("roles", "granted", "found"),
    [([], None, True), (["engineer"], None, False), (["engineer"], ["engineer"], True)],
)
def test_a_part_that_may_be_used_without_its_price_is_found(roles: list[str], granted: Any, found: bool) -> None:
    """What is granted beside its transition, or to everybody, passes by what the transition does."""
    move = {
        "event": "part.use",
        "source": "repairing",
        "do": [{"call": {"name": "book_out"}}],
        "allow": ["engineer"] if roles else [],
    }
    events = {"part.use": {"allow": granted}} if granted else {}
    one = flow(roles=roles, events=events, transitions=[move])
    told = [finding for finding in one.check() if finding.code == "part.passed_by"]

    assert found == bool(told)
    assert all("part.use" in finding.message("zh") and finding.hint("en") for finding in told)


def used(quantity: int, *told: str) -> Ticket:
    """A ticket on which so many pumps were used, with these serial numbers."""
    ticket, world = opened({"pump": quantity})
    ticket = fire(ticket, "part.need", {"part": "pump", "quantity": quantity}, world).ticket
    return fire(ticket, "part.use", {"quantity": quantity, "serials": list(told)}).ticket


@pytest.mark.parametrize("condition", ["good", "defective"])
def test_a_unit_that_came_back_good_may_be_used_after_all(condition: str) -> None:
    """One that is still in the machine, or came back defective, cannot be used a second time."""
    ticket = used(1, "A")
    with pytest.raises(Refused, match="no part of this ticket is put aside"):
        fire(ticket, "part.use", {"serials": ["A"]})
    ticket = fire(ticket, "part.need", {"part": "pump"}, World(stock={"pump": 5})).ticket
    with pytest.raises(Refused, match="serial 'A' was used on this ticket before"):
        fire(ticket, "part.use", {"serials": ["A"]})

    ticket = fire(ticket, "part.return", {"condition": condition}).ticket

    if condition == "good":
        assert ("A",) == fire(ticket, "part.use", {"serials": ["A"]}).ticket.parts[1].serials
    else:
        with pytest.raises(Refused, match="serial 'A' was used on this ticket before"):
            fire(ticket, "part.use", {"serials": ["A"]})


def test_some_of_what_was_used_is_booked_out() -> None:
    """The first serials go with those units; the others stay taken until they are booked out as well."""
    outcome = fire(used(3, "A", "B"), "part.booked", {"quantity": 1})

    assert (Release(key="part:pump", units=1),) == outcome.reservations
    assert [(2, ("B",), True), (1, ("A",), False)] == [(one.quantity, one.serials, one.held) for one in outcome.ticket.parts]


def test_some_of_what_was_put_aside_is_given_back() -> None:
    """What is given back is free at once, and of what is waited for only less is waited for."""
    ticket, world = opened({"pump": 3})
    ticket = fire(ticket, "part.need", {"part": "pump", "quantity": 3}, world).ticket
    back = fire(ticket, "part.release", {"quantity": 2})
    short = fire(opened({"pump": 1})[0], "part.need", {"part": "pump", "quantity": 3}, World(stock={"pump": 1})).ticket
    less = fire(short, "part.release", {"quantity": 1})

    assert ((Release(key="part:pump", units=2),), [("pump", 1, "reserved")]) == (back.reservations, lines(back.ticket))
    assert ((), [("pump", 2, "needed")]) == (less.reservations, lines(less.ticket))
    enough = fire(short, "part.release", {"quantity": 2}, World(stock={"pump": 1})).ticket
    assert [("pump", 1, "reserved")] == lines(enough)
