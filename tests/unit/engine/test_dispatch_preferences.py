"""Knows what preferences, turns and functions of the host come to on tickets; must not know how they are measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.desk import Desk
from servflow.engine import Extensions
from servflow.errors import DefinitionError, InputError
from servflow.model import Assigned, Decided, Next, OfferEnded, Take, TurnTaken, World
from servflow.stores import SqliteStore
from tests.unit.engine.flows import START, Case, flow, move, of

STAFF = [{"id": name, "capacity": share} for name, share in (("ann", 2), ("bob", 1), ("cat", 1))]
TURN = 1_441_440


def going_round(mode: str = "assign", **policy: Any) -> dict[str, Any]:
    """The parts of a workflow that gives tickets out in turn."""
    entry = {"name": "d", "state": "a", "mode": mode, "prefer": ["round_robin"], **policy}
    if mode == "offer":
        entry["offer"] = {"timeout": "10m"}
    return {"transitions": [move("assigned.d", "a", "b"), move("again", "b", "a")], "dispatch": [entry]}


def people(**changes: Any) -> World:
    """Three who take turns, which are counted."""
    return World(engineers=STAFF, **{"turns": {}, **changes})


# turns ----------------------------------------------------------------------------------------------------------


def test_a_turn_is_reserved_and_on_record() -> None:
    """Who is given a ticket has their mark moved, and the policy's count is held at what the world said."""
    turns = {"dispatch:d": 2, "dispatch:d/ann": TURN, "dispatch:d/bob": TURN}
    case = Case(flow(**going_round()), world=people(turns=turns))

    assert "cat" == case.ticket.assignee
    asked = [one for one in case.last.reservations if not (isinstance(one, Take) and one.key.startswith("engineer:"))]
    assert [Next(counter="turn:dispatch:d", expected=2), Take(key="turn:dispatch:d/cat", units=TURN)] == asked
    assert [("dispatch:d", 2)] == [(record.queue, record.turn) for record in of(TurnTaken, case.records)]
    assert {"dispatch:d": 3} == dict(case.ticket.turns)
    assert case.ticket == case.workflow.fold(case.records)


def test_nothing_is_reserved_where_nobody_counts() -> None:
    """A world that counts no turns has a draw by ticket; other policies take no turns at all."""
    drawn = Case(flow(**going_round()), world=people(turns=None))
    plain = Case(flow(**going_round(prefer=["load"])), world=people())

    for case in (drawn, plain):
        assert case.ticket.assignee is not None
        assert [] == of(TurnTaken, case.records)
        assert [] == [one for one in case.last.reservations if isinstance(one, Next)]


def test_whoever_is_offered_a_ticket_has_had_their_turn() -> None:
    """An offer takes a turn, whatever is answered; in one call the count is reserved once, however many are asked."""
    world = people()
    case = Case(flow(**going_round("offer")), world=world)
    first = case.ticket.offers[0].to
    outcome = case.until(15, world=world)
    second = case.ticket.offers[0].to

    assert first != second
    assert ["expired"] == [record.outcome for record in of(OfferEnded, outcome.records)]
    assert [f"turn:dispatch:d/{second}"] == [
        one.key for one in outcome.reservations if isinstance(one, Take) and one.key.startswith("turn:")
    ]
    late = case.until(60, world=world)
    assert 1 == len([one for one in late.reservations if isinstance(one, Next)])


def test_catching_up_in_one_call_or_in_two_comes_to_the_same() -> None:
    """For a fixed world, where turns go does not depend on how often a ticket is looked at."""
    world = people()
    once, twice = (Case(flow(**going_round("offer")), world=world) for _ in range(2))
    once.until(25, world=world)
    twice.until(15, world=world)
    twice.until(25, world=world)

    assert once.ticket == twice.ticket


def test_a_pool_takes_nobodys_turn() -> None:
    """Where all are asked at once nobody is passed over."""
    case = Case(flow(**going_round("pool")), world=people())

    assert ({"ann", "bob", "cat"}, []) == ({offer.to for offer in case.ticket.offers}, of(TurnTaken, case.records))


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Two desks with stores of their own on one file."""
    stores = [SqliteStore(tmp_path / "desk.db") for _ in range(2)]
    parts = going_round(prefer=[{"term": "round_robin", "share": "candidate.capacity"}])
    parts["transitions"] = []
    world = {"engineers": STAFF, "turns": {}}
    yield tuple(Desk([flow(**parts)], store, now=lambda: START, world=world) for store in stores)  # type: ignore[misc]  # two of them
    for store in stores:
        store.close()


def test_two_desks_on_one_file_give_every_turn_once(desks: tuple[Desk, Desk]) -> None:
    """Whichever desk decides, the shares come out exactly, and no turn is given twice."""
    for number in range(24):
        desks[number % 2].open(f"T{number}", {}, workflow="small")

    got = [desks[0].get(f"T{number}").assignee for number in range(24)]
    turns = [record.turn for number in range(24) for record in desks[1].history(f"T{number}") if isinstance(record, TurnTaken)]
    assert {"ann": 12, "bob": 6, "cat": 6} == dict(Counter(got))
    assert [{"ann": 2, "bob": 1, "cat": 1}] * 6 == [dict(Counter(got[start : start + 4])) for start in range(0, 24, 4)]
    assert list(range(24)) == sorted(turns)


def test_a_desk_that_decided_by_an_old_count_decides_again(tmp_path: Path) -> None:
    """Between the reading of the count and the commit another desk gives a turn: nobody is given the same one."""
    stores = [SqliteStore(tmp_path / "desk.db") for _ in range(2)]
    world = {"engineers": STAFF, "turns": {}}
    workflow = flow(**{**going_round(), "transitions": []})
    other = Desk([workflow], stores[1], now=lambda: START, world=world)
    asked: list[int] = []

    def now() -> Any:
        asked.append(len(asked))
        if len(asked) <= 2:  # the count was read already
            other.open(f"other{len(asked)}", {}, workflow="small")
        return START

    desk = Desk([workflow], stores[0], now=now, world=world)
    desk.open("T", {}, workflow="small")
    got = {name: desk.get(name).assignee for name in ("other1", "other2", "T")}
    usage = dict(stores[0].usage("turn:"))
    for store in stores:
        store.close()

    assert {"ann", "bob", "cat"} == set(got.values())
    assert (3, 3 * [TURN]) == (usage.pop("turn:dispatch:d"), list(usage.values()))
    assert 3 == len(asked), "decided once more for each turn that was given meanwhile"


# stability ------------------------------------------------------------------------------------------------------


def test_dispatched_again_whoever_had_it_may_be_preferred() -> None:
    """The search empties the slot, but knows who had it."""
    entry = {"name": "d", "state": "a", "prefer": [["stability"], [{"term": "load", "weight": -1}]]}
    case = Case(flow(**{**going_round(), "dispatch": [entry]}), world=people(loads={"ann": 1, "bob": 1}))
    assert "cat" == case.ticket.assignee

    case.fire("again", world=people(loads={"cat": 9}))

    assert ["cat", None, "cat"] == [record.to for record in of(Assigned, case.records)]


# functions of the host ------------------------------------------------------------------------------------------


def asking(terms: Any = None, requirements: Any = None) -> dict[str, Any]:
    """A workflow whose dispatch asks the host."""
    entry = {"name": "d", "state": "a", "require": [{"host": "van"}], "prefer": [{"host": "score"}]}
    extensions = Extensions(requirements=requirements or {"van": lambda *_: True}, terms=terms or {"score": lambda *_: 1})
    return {**going_round(), "dispatch": [entry], "extensions": extensions}


def test_what_functions_answered_is_in_the_record() -> None:
    """The decision can be read later with the very answers it was made by."""
    case = Case(flow(**asking({"score": lambda who, ticket: len(ticket.id) + (who.id == "bob")})), world=people())

    [decided] = of(Decided, case.records)
    assert "bob" == case.ticket.assignee
    assert {"ann": 2, "bob": 3, "cat": 2} == dict(decided.why["answers"]["score"])
    assert dict.fromkeys(("ann", "bob", "cat"), True) == dict(decided.why["answers"]["van"])
    assert servflow.load_ticket(servflow.dump(case.ticket)) == case.ticket


def test_a_record_keeps_a_bounded_number_of_answers() -> None:
    """Of very many candidates the best are kept with what was answered of them."""
    crowd = World(engineers=[{"id": f"e{number:03}"} for number in range(300)])
    case = Case(flow(**asking({"score": lambda who, _: int(who.id[1:])})), world=crowd)

    [decided] = of(Decided, case.records)
    assert {f"e{number:03}": number for number in range(280, 300)} == dict(decided.why["answers"]["score"])


def broken(*_: Any) -> Any:
    """A function that fails."""
    raise ZeroDivisionError("of customer c1")


@pytest.mark.parametrize(
    ("wrong", "told"), [(broken, "raised ZeroDivisionError"), (lambda *_: "7", "gave str, not a whole number")]
)
def test_a_term_that_fails_never_stops_a_ticket(wrong: Any, told: str) -> None:
    """Somebody gets it all the same, and the record says that the function gave nothing."""
    case = Case(flow(**asking({"score": wrong})), world=people())

    assert case.ticket.assignee in {"ann", "bob", "cat"}
    assert dict.fromkeys(("ann", "bob", "cat"), told) == dict(of(Decided, case.records)[0].why["answers"]["score"])


def test_a_requirement_that_fails_lets_the_ticket_wait() -> None:
    """Nobody gets a ticket by an answer that is none; it waits, and is decided again when the world is another."""
    answers = iter([broken] * 3 + [lambda: True] * 3)
    case = Case(flow(**asking(requirements={"van": lambda *_: next(answers)()})), world=people())
    assert ("waiting", None) == (case.ticket.slots["assignee"].phase, case.ticket.assignee)

    case.until(5, world=people(facts={"new": 1}))

    assert case.ticket.assignee in {"ann", "bob", "cat"}


def test_a_function_nobody_registered_is_refused_at_load_with_what_was_meant() -> None:
    """The finding names those there are, and the nearest."""
    parts = asking()
    parts["dispatch"][0]["prefer"] = [{"host": "scroe"}]
    definition = {
        "servflow": 1,
        "workflow": "small",
        "initial": "a",
        "states": {"a": {}, "b": {}},
        "transitions": [move("assigned.d", "a", "b")],
        "dispatch": parts["dispatch"],
    }
    with pytest.raises(DefinitionError) as refused:
        servflow.load(definition, extensions=parts["extensions"])

    [finding] = refused.value.findings
    assert ("dispatch.host_unknown", "dispatch[0].prefer[0][0].host") == (finding.code, finding.path)
    assert "did you mean 'score'" in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "wrong", "said"),
    [
        ("terms", {"score": 3}, "maps names to functions"),
        ("terms", ["score"], "mapping from names"),
        ("terms", {1: lambda *_: 1}, "maps names to functions"),
        ("terms", {"score": lambda who: 1}, r"\(candidate, ticket\)"),
        ("requirements", {"van": lambda: True}, r"\(candidate, needed value\)"),
    ],
)
def test_what_cannot_be_asked_is_refused_when_it_is_registered(kind: str, wrong: Any, said: str) -> None:
    """A function is looked at before any ticket depends on it."""
    with pytest.raises(InputError, match=said) as refused:
        Extensions(**{kind: wrong})

    assert f"extensions.{kind}" == refused.value.code


async def later(*_: Any) -> int:
    """A coroutine, which answers too late."""
    return 1


def test_a_coroutine_is_refused() -> None:
    """Nobody waits in the middle of a decision."""
    with pytest.raises(InputError, match="coroutine"):
        Extensions(terms={"score": later})


def test_functions_of_c_are_taken() -> None:
    """What has no signature to look at is registered; classes and partial functions are fine as well."""
    assert {"a": max, "b": dict} == dict(Extensions(terms={"a": max, "b": dict}).terms)


# documents ------------------------------------------------------------------------------------------------------

DOCUMENT = """
servflow: 1
workflow: small
initial: a
fields: {category: {type: string, default: ac}}
states: {a: {}, b: {}}
transitions:
  - {event: assigned.d, source: a, target: b}
dispatch:
  - name: d
    state: a
    seed: spring
    prefer:
      - [{term: round_robin, share: candidate.capacity}, {term: urgency, weight: 2}]
      - [lateness, {value: "minutes_left < 60 ? candidate.load : 0", weight: -1}]
      - [{term: price, weight: -1}]
"""


def test_a_document_says_all_of_it_and_is_written_again() -> None:
    """Shares, seeds and every term are keys of a document; written and read again it is the same workflow."""
    workflow = servflow.load(DOCUMENT)
    [policy] = workflow.dispatch

    assert ("spring", ["candidate.capacity"]) == (policy.seed, [text.text for text in policy.prefer[0][0].expressions.values()])
    assert () == tuple(item for item in workflow.check() if item.path.startswith("dispatch"))
    assert workflow == servflow.load(servflow.dump(workflow))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("share: candidate.capacity", "share: candidate.kapacity", "dispatch.expression"),
        ("share: candidate.capacity", "share: candidate.name", "dispatch.not_a_number"),
        ("term: urgency", "term: urgensy", None),
        ("minutes_left <", "minutes_lost <", "dispatch.expression"),
    ],
)
def test_what_a_document_cannot_mean_is_refused_at_load(before: str, after: str, code: str | None) -> None:
    """Misspelt names and types that do not fit are found before any ticket is opened."""
    with pytest.raises(DefinitionError) as refused:
        servflow.load(DOCUMENT.replace(before, after))

    assert code is None or code in {item.code for item in refused.value.findings}
    assert all(item.path.startswith("dispatch[0].prefer[") for item in refused.value.findings)
    assert all(item.text(lang="zh") for item in refused.value.findings)
