"""Holds definitions to the order of their names where it says something: hash, diff, future, and what a store keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from servflow import Desk
from servflow.engine import Workflow, diff, plan_migration
from servflow.model import canonical
from servflow.stores import MemoryStore, SqliteStore

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
REGIONS: dict[str, Any] = {"r2": {"states": {"y": {}, "x": {}}}, "r1": {"states": {"n": {}, "m": {}}}}
MOVES: list[dict[str, Any]] = [{"event": "go", "source": "z", "target": "p"}, {"event": "on", "source": "y", "target": "x"}]


def chart(*regions: str, version: int = 1, first: str = "z", **more: Any) -> Workflow:
    """A workflow that begins in its first state, which has a name late in the alphabet, and goes on in two regions."""
    states: dict[str, Any] = {"z": {}, "p": {"parallel": True, "states": {name: REGIONS[name] for name in regions}}}
    ordered = {first: states[first], **states}
    return Workflow(workflow="w", version=version, states=ordered, transitions=MOVES, **more)


def table(*outputs: str) -> Workflow:
    """A workflow with a table of two outputs."""
    made = {"inputs": ["k"], "outputs": dict.fromkeys(outputs, "int"), "rows": [["-", "1", "2"]]}
    return Workflow(workflow="w", fields={"k": "string"}, states={"a": {}}, tables={"t": made})


PAIRS = [
    (chart("r2", "r1"), chart("r1", "r2"), "states.p.states"),
    (chart("r2", "r1"), chart("r2", "r1", first="p"), "initial"),
    (table("u", "b"), table("b", "u"), "tables.t.outputs"),
]


@pytest.mark.parametrize(("one", "other", "path"), PAIRS)
def test_an_order_that_says_something_is_part_of_the_content(one: Workflow, other: Workflow, path: str) -> None:
    """Two definitions that run differently have different hashes, and the diff says why."""
    assert one.hash != other.hash
    assert [path] == [change.path for change in diff(one, other)]
    assert path in diff(one, other).text("zh")
    assert not diff(one, Workflow(**one.to_data()))


def test_an_order_that_says_nothing_is_not() -> None:
    """Fields, and states where the initial one is named, may stand in any order."""
    one = Workflow(workflow="w", fields={"a": "string", "b": "int"}, states={"x": {}, "y": {}}, initial="x")
    other = Workflow(workflow="w", fields={"b": "int", "a": "string"}, states={"y": {}, "x": {}}, initial="x")
    assert one.hash == other.hash
    assert not diff(one, other)


def test_another_order_of_regions_is_another_future() -> None:
    """Regions are entered in their order, so nothing that comes to them has the same future."""
    plan = plan_migration(chart("r2", "r1"), chart("r1", "r2", version=2))
    assert {part.status for part in plan.states.values()} == {"kept"}


def test_what_listens_elsewhere_for_a_step_is_part_of_its_future() -> None:
    """A step raises an event, which is recorded, only where something listens for it."""
    states = {"a": {"checklist": ["s"]}, "b": {"checklist": ["s"]}, "c": {}}
    moves: list[dict[str, Any]] = [{"event": "go", "source": "a", "target": "c"}]
    more = [{"event": "checked.a.s", "source": "c", "target": "b"}]
    old = Workflow(workflow="w", states=states, transitions=moves, initial="a")
    new = Workflow(workflow="w", version=2, states=states, transitions=[*moves, *more], initial="a")
    plan = plan_migration(old, new)
    assert plan.states["a"].status == "kept"
    assert plan.states["b"].status == "identical"


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_desk_reads_an_old_version_as_it_was(kind: str, tmp_path: Path) -> None:
    """A version found in the store runs as the one that was put there."""
    store: Any = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "t.db")
    first = Desk(chart("r2", "r1"), store, now=lambda: AT)
    first.open("T")
    assert first.fire("T", "go").ticket.configuration == ("y", "n")

    if kind != "memory":
        store.close()
        store = SqliteStore(tmp_path / "t.db")
    later = Desk(chart("r2", "r1", version=2, fields={"q": "string"}), store, now=lambda: AT)
    assert later.fire("T", "on").ticket.configuration == ("x", "n")
    store.close()


def test_a_definition_whose_order_was_lost_is_not_taken_for_the_one_it_was() -> None:
    """Sorted names are another definition, which its hash tells."""
    made = chart("r2", "r1")
    assert Workflow(**json.loads(canonical(made.to_data()))).hash != made.hash


def test_workflows_are_equal_only_where_their_orders_are() -> None:
    """Two definitions that begin elsewhere are not equal, although their mappings are."""
    one = Workflow(workflow="w", states={"a": {}, "b": {}})
    other = Workflow(workflow="w", states={"b": {}, "a": {}})

    assert (True, False, 2) == (one.to_data() == other.to_data(), one == other, len({one, other}))
