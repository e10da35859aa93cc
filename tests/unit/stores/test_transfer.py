"""Knows that a ticket which leaves one store is the same in another, proved; must not know how stores keep it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.errors import FormatError, InputError, NotFound, StoreError
from servflow.model import Actor
from servflow.stores import Answer, MemoryStore, SqliteStore, Store, export, import_ticket, verify
from servflow.testing._store_values import NOON
from tests.formats import old_store

FLOW = Workflow(
    workflow="repair",
    version=1,
    fields={"note": {"type": "string", "default": ""}},
    initial="new",
    states={"new": {}, "doing": {"timers": [{"after": "2h", "event": "finish"}]}, "done": {"closed": True}},
    transitions=[
        {"event": "start", "source": "new", "target": "doing", "do": [{"notify": {"to": "customer", "template": "t"}}]},
        {"event": "wait", "source": "doing"},
        {"event": "finish", "source": "doing", "target": "done"},
    ],
)


def desk(store: Store) -> Desk:
    """A desk at noon."""
    return Desk(FLOW, store, now=lambda: NOON)


@pytest.fixture
def source() -> Store:
    """A store with one ticket under way and one beside it."""
    store = MemoryStore()
    for name in ("A", "B"):
        desk(store).open(name, {"note": "call 王"})
        desk(store).fire(name, "start", key="k1")
        desk(store).fire(name, "wait")
    desk(store).fire("A", "wait", key="k2")
    store.post("B", "wait", {"n": 1}, key="m", at=NOON)
    store.post(
        "A", "wait", {"n": Decimal("1.50"), "who": "王"}, key="m", at=NOON + timedelta(days=900), actor=Actor("ann", ["c"])
    )
    store.post("A", "finish", key="m2", at=NOON + timedelta(minutes=1))
    return store


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def target(request: pytest.FixtureRequest) -> Any:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


def travelled(source: Store) -> Any:
    """Ticket A after it went through JSON."""
    return json.loads(json.dumps(export(source, "A")))


def test_the_same_in_another_store(source: Store, target: Store) -> None:
    """Ticket, records, chain, effects, mail, keys, wake and definition are those of the store it came from."""
    ticket = import_ticket(target.for_tenant("north"), travelled(source))
    north = target.for_tenant("north")

    assert ticket == source.load("A") == north.load("A")
    assert source.history("A") == north.history("A")
    assert source.chain("A") == north.chain("A")
    assert source.head("A") == north.head("A")
    assert [one for one in source.effects() if one.ticket == "A"] == list(north.effects())
    assert [evolve(one, id=0) for one in source.mail("A")] == [evolve(one, id=0) for one in north.mail("A")]
    assert 2 == len(north.mail("A"))
    assert [source.answered("A", key) for key in ("k1", "k2")] == [north.answered("A", key) for key in ("k1", "k2")]
    assert isinstance(north.answered("A", "k1"), Answer)
    assert [(claim.ticket, claim.wake) for claim in source.claim(ticket.wake or NOON) if claim.ticket == "A"] == [
        (claim.ticket, claim.wake) for claim in north.claim(ticket.wake or NOON)
    ]
    assert verify(north, noted=verify(source, "A").heads)
    assert () == target.find()


def test_goes_on(source: Store, target: Store) -> None:
    """The ticket goes on where it was, its chain too, and a key it had is answered once more with the first result."""
    import_ticket(target, travelled(source))
    again = desk(target).fire("A", "start", key="k1")
    desk(target).fire("A", "finish")

    assert () == again.effects
    assert "done" == getattr(target.load("A"), "state", None)
    assert verify(target)


def test_whole_week(tmp_path: Path) -> None:
    """Tickets with offers, clocks, chains and held capacity travel as they are, what they hold is counted."""
    with SqliteStore(old_store("0.1.0", tmp_path / "old.db")) as store, SqliteStore(tmp_path / "new.db") as other:
        for name in store.ids():
            assert store.load(name) == import_ticket(other, json.loads(json.dumps(export(store, name))))
        assert verify(other, noted=verify(store).heads)
        held = [(one.key, one.units) for ticket in store.find() for one in ticket.held]
        assert {key: sum(units for name, units in held if name == key) for key, _ in held} == dict(other.usage())


def test_mail_is_read_where_the_ticket_came_to(source: Store, target: Store) -> None:
    """What had not been read yet happens there, once, also where the same is posted again."""
    import_ticket(target, travelled(source))
    assert not target.post("A", "finish", key="m2", at=NOON)
    there = Desk(FLOW, target, now=lambda: NOON + timedelta(minutes=1))

    assert 2 == there.tick().fired
    assert ("done", ()) == (there.get("A").state, target.mail("A"))


def test_an_export_of_the_first_form(source: Store, target: Store) -> None:
    """Without mail, and without seals, as it was written once, it is taken in."""
    data = {**travelled(source), "format": 1}
    del data["mail"]

    assert source.load("A") == import_ticket(target, data)
    assert () == target.mail("A")


def test_a_booked_visit_and_parts_are_held_where_it_comes_to(target: Store) -> None:
    """The engineer's hour and the pump on the shelf are taken in the other store too, and nobody is promised them there."""
    visits = Workflow(
        workflow="visit",
        calendars={"day": {"zone": "UTC", "week": {"mon-sun": ["08:00-20:00"]}}},
        initial="booking",
        states={"booking": {}, "agreed": {}, "done": {"closed": True}},
        transitions=[
            {"event": "assigned.visit", "source": "booking", "target": "agreed"},
            {"event": "ticket.cancel", "source": "*", "target": "done"},
        ],
        dispatch=[
            {
                "name": "visit",
                "slot": "assignee",
                "state": "booking",
                "until": "done",
                "mode": "appointment",
                "appointment": {"calendar": "day", "step": 60, "minutes": 60, "days": 3},
            }
        ],
    )
    world = {"engineers": [{"id": "ann"}], "stock": {"pump": 1}}

    def at(store: Store) -> Desk:
        return Desk(visits, store, now=lambda: NOON, world=lambda: world, handlers={"*": lambda effect: None})

    start = NOON + timedelta(hours=2)
    source = MemoryStore()
    here = at(source)
    here.open("A")
    here.fire("A", "part.need", {"part": "pump"})
    here.fire("A", "appointment.book", {"start": start})
    import_ticket(target, travelled(source))
    assert dict(source.usage()) == dict(target.usage()) != {}

    there = at(target)
    there.open("B")
    assert "needed" == there.fire("B", "part.need", {"part": "pump"}).ticket.parts[0].state
    assert start not in [window.start for window in there.slots("B")]
    there.fire("A", "ticket.cancel")
    there.look_again()

    assert "reserved" == there.get("B").parts[0].state
    assert start in [window.start for window in there.slots("B")]


def test_only_once(source: Store, target: Store) -> None:
    """A ticket that is there already is not replaced."""
    import_ticket(target, travelled(source))
    with pytest.raises(StoreError, match="already"):
        import_ticket(target, travelled(source))


def _record(data: Any) -> None:
    data["records"][0]["record"]["fields"]["note"] = "other"


def _removed(data: Any) -> None:
    del data["records"][2]


def _cut(data: Any) -> None:
    del data["records"][-1]


def _ticket(data: Any) -> None:
    data["ticket"]["fields"]["note"] = "other"


def _definition(data: Any) -> None:
    (body,) = data["definitions"].values()
    body["transitions"][0]["target"] = "done"


def _no_definition(data: Any) -> None:
    data["definitions"] = {}


def _salt(data: Any) -> None:
    data["records"][1]["salt"] = "0" * 32


def _chain(data: Any) -> None:
    data["chain"] = "0" * 64


def _more(data: Any) -> None:
    data["records"][1]["record"]["extra"] = 1


def _effect(data: Any) -> None:
    data["effects"][0]["ticket"] = "B"


def _key(data: Any) -> None:
    data["keys"]["k1"] = [1, 10_000]


def _id(data: Any) -> None:
    data["id"] = "B"


def _swapped(data: Any) -> None:
    data["ticket"] = data["records"][0]["record"]


def _mail(data: Any) -> None:
    data["mail"][0]["payload"] = "other"


def _mail_at(data: Any) -> None:
    data["mail"][1]["at"] = "noon"


CHANGES = [
    _record,
    _removed,
    _cut,
    _ticket,
    _definition,
    _no_definition,
    _salt,
    _chain,
    _more,
    _effect,
    _key,
    _id,
    _swapped,
    _mail,
    _mail_at,
]


@pytest.mark.parametrize("change", CHANGES)
def test_tampered_on_the_way(source: Store, target: Store, change: Callable[[Any], None]) -> None:
    """Whatever was changed on the way is found, and nothing is kept."""
    data = travelled(source)
    change(data)
    with pytest.raises(InputError):
        import_ticket(target, data)

    assert () == target.ids()
    assert () == target.effects()


def test_no_part_may_be_missing_or_else(source: Store, target: Store) -> None:
    """Every part that is missing, or something else, is refused in words."""
    whole = travelled(source)
    for name in whole.keys() - {"format"}:
        for value in (None, 1, [1], {"a": 1}, "x"):
            data = copy.deepcopy(whole)
            data[name] = value
            with pytest.raises(InputError):
                import_ticket(target, data)
    for none in (None, [], 7, "x", {}):
        with pytest.raises(InputError, match="no exported ticket"):
            import_ticket(target, none)  # type: ignore[arg-type]  # what a file may hold


def test_newer(source: Store, target: Store) -> None:
    """An export of a newer version says to upgrade."""
    with pytest.raises(FormatError, match="upgrade servflow"):
        import_ticket(target, {**travelled(source), "format": 3})


def test_not_exported(source: Store, tmp_path: Path) -> None:
    """What is not there, or proved wrong, does not leave."""
    with pytest.raises(NotFound):
        export(source, "Z")
    with SqliteStore(tmp_path / "t.db") as store:
        import_ticket(store, travelled(source))
        store._db.run("UPDATE record SET body = body || ' ' WHERE sequence = 2")
        with pytest.raises(StoreError, match="record 2"):
            export(store, "A")
