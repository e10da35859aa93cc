"""Knows how a chiller is inspected, what a defect leads to and who hears of a late one; must not know how plans are counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import servflow
import servflow.documents
from servflow import Desk
from servflow.model import Actor
from servflow.stores import MemoryStore
from tests.scenarios.story import Story

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
INSPECTION = servflow.load(TEMPLATES / "equipment_inspection.yaml")
REPAIR = servflow.load(TEMPLATES / "equipment_repair.yaml")
SHANGHAI = ZoneInfo("Asia/Shanghai")

PIA = Actor("pia", ["planner"])
INA = Actor("ina", ["inspector"])
MO = Actor("mo", ["manager"])
EMIL = Actor("emil", ["engineer"])

PROOFS: dict[str, dict[str, Any]] = {
    "lock_out": {"photo": "lock.jpg"},
    "counter": {"reading": 4120.5},
    "visual": {"found": "a little oil at the shaft"},
    "measure": {"pressure": 7.2, "temperature": 4.5},
    "service": {"used": "filter F-20, 12 l oil"},
    "test_run": {"minutes": 20},
    "sign": {"signature": "li.png"},
}


def at(day: int, hour: float, month: int = 3) -> datetime:
    """A wall time in Shanghai in spring 2026; the 2nd of March is a Monday."""
    return datetime(2026, month, day, tzinfo=SHANGHAI) + timedelta(hours=hour)


def planned(**fields: Any) -> Story:
    """The plan opened it on Monday, two weeks before it is due."""
    given = {"asset": "CH-7", "customer": "kim", "plan": "quarterly maintenance", "due": at(16, 8), **fields}
    return Story(INSPECTION, at(2, 8)).opened(given)


def begun(**fields: Any) -> Story:
    """Pia and the customer agreed on the 10th, and Ina is there."""
    story = planned(**fields).does(PIA, "schedule", {"day": at(10, 9), "inspector": "ina"})
    return story.later(days=8, hours=1).does(INA, "begin")


def step(story: Story, name: str) -> Story:
    return story.later(minutes=10).does(INA, "step.check", {"step": name, "evidence": PROOFS[name]})


def worked_through(story: Story) -> Story:
    for name in PROOFS:
        step(story, name)
    return story


def test_all_is_well() -> None:
    """Planned, agreed, done step by step with a proof each, finished with the reading; nobody had to be told anything."""
    story = worked_through(begun())

    story.does(INA, "finish", {"reading": 4120.5})

    assert ("closed", "passed", 4120.5) == (story.ticket.state, story.ticket.fields["result"], story.ticket.fields["reading"])
    assert [("kim", "inspection_day")] == story.notices()
    assert "met" == story.ticket.clocks["inspection"].phase
    assert story.adds_up()


def test_a_step_without_its_proof_is_no_step() -> None:
    """'All well' without the values is refused, steps keep their order, and before the last one nobody finishes."""
    story = step(begun(), "lock_out")

    assert "payload" == story.cannot(INA, "step.check", {"step": "counter"}).code
    assert "counter" in story.cannot(INA, "step.check", {"step": "sign", "evidence": PROOFS["sign"]}).message
    assert "guard" == story.cannot(INA, "finish").code
    assert "not_permitted" == story.cannot(EMIL, "step.check", {"step": "counter", "evidence": PROOFS["counter"]}).code


def test_nobody_finds_a_day() -> None:
    """Within three working days a day is agreed; if not, the planner hears, and two working days later the manager."""
    story = planned().later(days=7)

    assert [("role:planner", "needs_a_day"), ("role:manager", "needs_a_day")] == story.notices()


def test_an_inspection_that_is_late_is_told_upwards() -> None:
    """Three days before it is due the planner hears, on the day the manager, a week later safety, where the law asks for it."""
    for statutory, late in ((False, []), (True, [("role:safety", "overdue_by_law")])):
        story = planned(statutory=statutory).does(PIA, "schedule", {"day": at(13, 9), "inspector": "ina"}).later(days=30)

        assert [("kim", "inspection_day"), ("role:planner", "due_soon"), ("role:manager", "overdue"), *late] == story.notices()


def test_a_day_that_comes_to_nothing_is_agreed_anew() -> None:
    """The machine cannot be stopped: it waits for another day, what was promised stays promised, and done steps stay done."""
    story = step(begun(), "lock_out").does(INA, "postpone", {"reason": "a batch is running"})

    assert ("planned", "a batch is running") == (story.ticket.state, story.ticket.fields["remark"])
    assert at(16, 8) == story.ticket.clocks["inspection"].due


class Firm:
    """A desk with inspections and repairs, whose clock the story moves."""

    def __init__(self) -> None:
        self.now, self.told = at(2, 8), []
        tell = {"notify": lambda effect: self.told.append((effect.to, effect.template)), "*": lambda effect: None}
        self.desk = Desk([INSPECTION, REPAIR], MemoryStore(), handlers=tell, now=lambda: self.now)
        self.desk.open("I-1", {"asset": "CH-7", "due": at(16, 8)}, workflow="equipment_inspection")
        self.desk.fire("I-1", "schedule", {"day": at(10, 9), "inspector": "ina"}, actor=PIA)
        self.now = at(10, 9)
        self.desk.fire("I-1", "begin", actor=INA)
        for name, proof in PROOFS.items():
            self.desk.fire("I-1", "step.check", {"step": name, "evidence": proof}, actor=INA)

    def go_on(self) -> None:
        self.desk.tick()
        self.desk.deliver()
        self.desk.tick()

    def repairs(self) -> list[str]:
        return [one.id for one in self.desk.find(workflow="equipment_repair")]

    def repair(self, id_: str) -> None:
        self.desk.fire(id_, "ticket.assign", {"to": "emil"}, actor=PIA)
        self.desk.fire(id_, "step.check", {"step": "repair", "evidence": {"done": "seal replaced"}}, actor=EMIL)
        self.desk.fire(id_, "step.check", {"step": "photo", "evidence": {"photo": "seal.jpg"}}, actor=EMIL)


def test_every_defect_is_repaired_on_a_ticket_of_its_own() -> None:
    """Two defects are two repairs; the inspection waits for both, is checked again, and passes after repair."""
    firm = Firm()
    firm.desk.fire("I-1", "report_defect", {"defect": "seal leaks", "severity": "minor"}, actor=INA)
    firm.desk.fire("I-1", "report_defect", {"defect": "fan rattles", "severity": "major"}, actor=INA)
    firm.go_on()
    first, second = firm.repairs()
    assert {"CH-7"} == {firm.desk.get(one).asset for one in (first, second)}

    firm.desk.fire("I-1", "finish", actor=INA)
    assert "waiting_for_repair" == firm.desk.get("I-1").state
    firm.repair(first)
    firm.go_on()
    assert "waiting_for_repair" == firm.desk.get("I-1").state, "one of two is not all"

    firm.repair(second)
    firm.go_on()
    assert "checking_again" == firm.desk.get("I-1").state
    closed = firm.desk.fire("I-1", "pass", actor=INA).ticket
    assert ("closed", "passed_after_repair", 2) == (closed.state, closed.fields["result"], closed.fields["defects"])


def test_an_unsafe_machine_stands_still_at_once() -> None:
    """Safety hears in the same minute, the repair is the first in line, and only a check afterwards lets the machine run."""
    firm = Firm()
    firm.desk.fire("I-1", "report_defect", {"defect": "safety valve stuck", "severity": "unsafe"}, actor=INA)
    firm.go_on()

    assert ("role:safety", "out_of_use") in firm.told
    assert (1, True) == (firm.desk.get("I-1").priority, firm.desk.get("I-1").fields["out_of_use"])
    (repair,) = firm.repairs()
    assert 1 == firm.desk.get(repair).priority

    firm.desk.fire("I-1", "finish", actor=INA)
    firm.repair(repair)
    firm.go_on()
    failed = firm.desk.fire("I-1", "fail", {"remark": "still sticks"}, actor=INA).ticket
    assert ("failed", True) == (failed.fields["result"], failed.fields["out_of_use"])
