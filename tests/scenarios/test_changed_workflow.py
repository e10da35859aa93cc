"""Knows one shop that changes its repair workflow while five tickets are under way; must not know how tickets move."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import servflow
from servflow import Desk, Engineer, Workflow, World
from servflow.model import Migrated
from servflow.stores import SqliteStore

MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)  # nine o'clock in Shanghai
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FILE = Path(__file__).with_name("appliance_repair.yaml")
CLERK = {"id": "kit", "roles": ["clerk"]}
ANN = {"id": "ann", "roles": ["engineer"]}
MONEY = {"id": "fay", "roles": ["finance"]}
WORLD = World(engineers=[Engineer(id="ann", roles=["engineer"], skills=["washer", "ac"], areas=["north"], capacity=9)])


def newer(old: Workflow) -> Workflow:
    """
    What the shop changes.

    Parts are waited for under a clearer name; a repair now takes 8 office hours and warns at half of them; whether a
    visit was confirmed is noted; customers may complain for 30 days instead of 7.
    """
    data: dict[str, Any] = copy.deepcopy(old.to_data())
    data["version"] = 4
    data["states"]["parts_ordered"] = data["states"].pop("waiting_parts")
    for move in data["transitions"]:
        for key in ("source", "target"):
            if key in move:
                move[key] = ["parts_ordered" if name == "waiting_parts" else name for name in move[key]]
        if move.get("event") == "ticket.reopen":
            move["when"] = "at - closed_at < duration('720h')"
    repair = next(clock for clock in data["clocks"] if clock["name"] == "repair")
    repair |= {"within": "8h", "paused_in": ["parts_ordered"], "warn": ["50%"]}
    data["fields"]["confirmed"] = {"type": "bool", "default": False}
    return Workflow(**data)


def test_a_shop_changes_its_workflow(tmp_path: Path) -> None:
    """Five tickets in five places: planned, looked at, moved after a restart, and finished under the new version."""
    old = servflow.load(FILE)
    new = newer(old)
    clock = [MONDAY]
    path = tmp_path / "shop.db"
    store = SqliteStore(path)
    desk = Desk(old, store, now=lambda: clock[0], world=WORLD)

    def passes(length: timedelta) -> None:
        clock[0] += length
        while desk.tick().worked:
            pass

    for number in range(1, 6):
        desk.open(f"R-{number}", {"category": "washer", "region": "north"}, actor=CLERK)
    for number in range(2, 6):
        desk.fire(f"R-{number}", "offer.accept", actor=ANN)
        desk.fire(f"R-{number}", "arrive", actor=ANN)
    desk.fire("R-3", "wait_for_parts", actor=ANN)
    for number in (4, 5):
        for step in ("check_in", "photo_before", "repair", "photo_after"):
            desk.fire(f"R-{number}", "step.check", {"step": step}, actor=ANN)
        desk.fire(f"R-{number}", "finish", {"signature": "ok"}, actor=ANN)
        desk.fire(f"R-{number}", "settle", actor=MONEY)
    desk.fire("R-5", "close", actor=CLERK)
    assert ["new", "on_site", "waiting_parts", "evaluating", "closed"] == [ticket.state for ticket in store.find()]
    desk.fire("R-2", "step.check", {"step": "check_in"}, actor=ANN)
    passes(DAY + 2 * HOUR)

    # What differs, and what it means for the five
    plan = servflow.plan_migration(old, new, store.find(), at=clock[0])
    assert {"waiting_parts": "parts_ordered"} == {
        name: part.suggested for name, part in plan.states.items() if part.suggested is not None
    }
    assert ["migration.state_renamed"] == [finding.code for finding in plan.blocked]
    assert {"R-3": "blocked"} == {ticket.id: ticket.status for ticket in plan.tickets if ticket.status != "moves"}
    assert ["R-1", "R-2"] == [ticket for ticket, _ in plan.breaches]
    assert [("repair", 2 * HOUR)] == [(breach.clock, breach.over) for ticket, breach in plan.breaches if ticket == "R-2"]

    # The shop confirms the name and moves the first two; then the machine is switched off
    plan = servflow.plan_migration(old, new, store.find(), at=clock[0], states={"waiting_parts": "parts_ordered"})
    assert () == plan.blocked
    before = {ticket.id: ticket for ticket in store.find()}
    assert (2, True) == ((report := desk.migrate(plan, limit=2)).moved, report.more)
    store.close()

    # A new process that was given the new version only
    clock[0] += 10 * MINUTE
    store = SqliteStore(path)
    desk = Desk(new, store, now=lambda: clock[0], world=WORLD)
    assert (3, 2) == ((report := desk.migrate(plan)).moved, report.done)
    after = {ticket.id: ticket for ticket in store.find()}
    assert {4} == {ticket.version for ticket in after.values()}
    assert ["new", "on_site", "parts_ordered", "evaluating", "closed"] == [ticket.state for ticket in after.values()]
    for id_, ticket in after.items():
        records = store.history(id_)
        assert ticket == new.fold(records)
        assert 1 == sum(isinstance(record, Migrated) for record in records)
        assert list(ticket.entered.values()) == list(before[id_].entered.values())
        assert ticket.fields["confirmed"] is False
    assert before["R-2"].checklist == after["R-2"].checklist
    assert before["R-3"].clocks["repair"].counted == after["R-3"].clocks["repair"].counted
    assert before["R-4"].timers[0].due == after["R-4"].timers[0].due
    assert "paused" == after["R-3"].clocks["repair"].phase

    # They go on under the new version: promises, timers, rights
    passes(MINUTE)
    assert clock[0] - 11 * MINUTE == desk.get("R-2").clocks["repair"].breached_at
    assert ["supervisor"] == [chain.levels[0].name for chain in new.escalations if desk.get("R-2").levels.get(chain.name)]
    assert "on_site" == desk.fire("R-3", "resume", actor=ANN).ticket.state
    passes(14 * DAY)
    assert "closed" == desk.get("R-4").state
    assert "new" == desk.fire("R-5", "ticket.reopen", actor=CLERK).ticket.state  # a week was the limit before
    store.close()
