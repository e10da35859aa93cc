"""Knows two weeks at a service desk that is made of templates; must not know how any of it works."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

from attrs import evolve

import servflow
from servflow import Actor, Desk
from servflow.documents import copy_template, load_correlator, load_world
from servflow.evaluation import Surveys
from servflow.intake import load as load_intake
from servflow.metrics import Answers, Goals, load_goals, measure_table
from servflow.report import write
from servflow.stores import SqliteStore

HERE = Path(__file__).parent
FLOWS = (
    "consultation",
    "complaint",
    "problem",
    "field_service",
    "return_exchange",
    "it_incident",
    "call_back",
    "goal_review",
)
CORRELATORS = ("complaint_again", "shared_cause", "problem_grows", "problem_news")
AGNES, CLEO = Actor("agnes", ["agent", "clerk"]), Actor("cleo", ["care"])
FIN = Actor("fin", ["finance"])
EVIDENCE = {
    "check_in": {"place": "31.2, 121.5"},
    "photo_before": {"photo": "p1.jpg"},
    "diagnose": {"found": "the pump is stuck"},
    "repair": {"done": "pump cleaned"},
    "photo_after": {"photo": "p2.jpg"},
    "sign_off": {"signature": "Kim"},
}


def customer(name: str) -> Actor:
    """Somebody who wrote to us."""
    return Actor(name, ["customer"])


class Service:
    """A service desk over one file: what comes in, who works on it, what is asked afterwards and what it all comes to."""

    def __init__(self, folder: Path) -> None:
        own = folder / "definitions"
        if not own.exists():
            for name in ("intake", *FLOWS):
                copy_template(name, own)
        self.now = datetime.fromisoformat("2026-03-02T08:00:00+08:00")
        self.flows = [servflow.load(own / f"{name}.yaml") for name in FLOWS]
        correlators = [load_correlator(own / f"{name}.yaml") for name in CORRELATORS]
        town, office = load_world(own / "field_service_world.yaml"), load_world(HERE / "people.yaml")
        self.world = evolve(town, people=(*town.people, *office.people), queues=office.queues)
        self.store = SqliteStore(folder / "desk.db")
        self.told: list[tuple[str, str]] = []
        surveys = Surveys(now=lambda: self.now)
        self.desk = Desk(
            [*self.flows, *correlators],
            self.store,
            now=lambda: self.now,
            world=self.world,
            handlers={
                "notify": lambda effect: self.told.append((effect.to, effect.template)),
                "call:survey": surveys,
                "call:metric": Answers(store=self.store),
                "*": lambda effect: None,
            },
            sources=[Goals(load_goals(HERE / "goals.yaml"), self.store)],
        )
        surveys.join(self.desk)
        self.door = load_intake(own / "intake.yaml")

    def until(self, when: str) -> Service:
        """Time goes on, and whatever is due on the way is done."""
        end = datetime.fromisoformat(f"2026-03-{when}:00+08:00")
        while self.now < end:
            self.now = min(end, self.now + timedelta(minutes=30))
            while self.desk.tick().worked or self.desk.deliver().worked:
                pass
        return self

    def does(self, who: Actor, ticket: str, event: str, **payload: object) -> None:
        """Somebody does something now."""
        self.desk.fire(ticket, event, payload or None, actor=who)
        while self.desk.deliver().worked:
            pass

    def comes_in(self, message: dict[str, object]) -> str:
        """A message comes in by some channel; what became of it, in a line."""
        self.now = datetime.fromisoformat(str(message.pop("at")))
        while self.desk.tick().worked or self.desk.deliver().worked:
            pass
        try:
            receipt = self.door.submit(self.desk, message)
        except servflow.InputError as refused:
            return f"{message['channel']:13} refused: {refused.message.split(';')[0]}"
        ticket = self.desk.get(receipt.ticket)
        return f"{message['channel']:13} {receipt.status:9} {ticket.workflow:13} {ticket.state:12} priority {ticket.priority}"

    def of(self, name: str) -> str:
        """The ticket of a customer."""
        return next(
            ticket.id for ticket in self.desk.find(limit=500) if ticket.customer == name and ticket.workflow != "call_back"
        )

    def visit(self, ticket: str) -> None:
        """The engineer comes, works through the list, and reports."""
        engineer = Actor(str(self.desk.get(ticket).assignee), ["engineer"])
        self.does(engineer, ticket, "arrive")
        for step, evidence in EVIDENCE.items():
            self.now += timedelta(minutes=10)
            self.does(engineer, ticket, "step.check", step=step, evidence=evidence)
        self.does(engineer, ticket, "finish")
        self.does(engineer, ticket, "report", result="repaired", cause="wear")


def monday(desk: Service) -> None:
    """A small refund is settled by the front line at once; a washer is repaired in the afternoon."""
    li, kim = desk.of("li"), desk.of("kim")
    desk.does(AGNES, li, "take")
    desk.does(AGNES, li, "ticket.message", text="I look into it")
    desk.does(AGNES, li, "diagnose", root_cause="billing", finding="charged twice")
    desk.does(AGNES, li, "compensate", solution="money back", amount="80")
    desk.does(AGNES, kim, "ticket.message", text="somebody calls you about a time")
    desk.does(AGNES, kim, "accept")
    desk.does(Actor(desk.desk.get(kim).offers[0].to, ["engineer"]), kim, "offer.accept")
    desk.does(customer("kim"), kim, "appointment.book", start="2026-03-02T14:00:00+08:00")
    desk.does(AGNES, desk.of("chen"), "ticket.message", text="the door was not shut; it cools again")
    desk.does(AGNES, desk.of("chen"), "solved")
    desk.until("02T14:00")
    desk.does(customer("wang"), desk.of("wang"), "solved")
    desk.visit(kim)
    desk.does(customer("li"), li, "accept")
    desk.does(AGNES, li, "close")
    desk.does(FIN, kim, "pay", amount=str(desk.desk.get(kim).fields["due_from_customer"]))
    desk.does(FIN, kim, "clear")


def tuesday(desk: Service) -> None:
    """A lawyer's letter is answered by an executive; Kim, who was asked how it was, gives two of five."""
    zhao, ella = desk.of("zhao"), Actor("ella", ["executive"])
    desk.does(ella, zhao, "chain.acknowledge", chain="grave")
    desk.does(ella, zhao, "ticket.message", text="this is mine; an expert comes today")
    desk.does(customer("zoe"), desk.of("zoe"), "not_solved")
    desk.until("03T16:00")
    desk.does(AGNES, desk.of("zoe"), "solved")
    desk.does(ella, zhao, "diagnose", root_cause="installation", finding="a wrong fuse")
    desk.does(ella, zhao, "answer", solution="a new socket, and our apology")
    desk.does(customer("zhao"), zhao, "accept")
    desk.does(ella, zhao, "close")
    desk.does(customer("kim"), desk.of("kim"), "rating.add", score=2, comment="it smells still")


def friday(desk: Service) -> None:
    """Nobody had answered Wu since Wednesday: by now the supervisor and the manager know."""
    wu, owner = desk.of("wu"), Actor("cleo", ["care"])
    desk.does(owner, wu, "ticket.message", text="I am sorry that nobody called")
    desk.does(AGNES, wu, "take")
    desk.does(AGNES, wu, "diagnose", root_cause="staff_conduct")
    desk.does(AGNES, wu, "answer", solution="the engineer's lead calls you")
    desk.does(customer("wu"), wu, "accept")
    desk.does(AGNES, wu, "close")


def main(folder: Path) -> None:
    """Two weeks, and what they come to."""
    desk = Service(folder)
    messages = json.loads((HERE / "messages.json").read_text(encoding="utf-8"))
    work = {"02": monday, "03": tuesday, "04": lambda service: service.until("06T15:00") and friday(service)}
    for day, at_work in work.items():
        print(f"March {day}")
        for message in messages:
            if str(message["at"])[8:10] == day:
                print(f"  {desk.comes_in(dict(message))}")
        at_work(desk)
    desk.until("16T09:00")
    print("Told, beyond receipts:")
    for who, what in desk.told:
        if who in ("sue", "max", "ella", "cleo"):
            print(f"  {who:5} {what}")
    print("What it came to:")
    records = [desk.store.history(ticket.id) for ticket in desk.desk.find(limit=500)]
    for row in measure_table(records, ["opened", "first_response", "csat"], at=desk.now).rows:
        if row.part == "all":
            left = dict(row.excluded) or "none"
            print(f"  {row.measure:15} {row.value:g} {row.unit}; counted {row.denominator}, left out {left}")
    for review in desk.desk.find(workflow="goal_review"):
        print(f"  missed: {review.fields['goal']} in {review.fields['period']}: {review.fields['value']}, {review.state}")
    with (folder / "report.html").open("w", encoding="utf-8") as file:
        print(f"report.html tells of {write(file, records, desk.flows, at=desk.now, zone='Asia/Shanghai').tickets} tickets")
    desk.store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
