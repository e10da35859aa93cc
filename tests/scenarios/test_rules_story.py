"""Knows a shop whose rules route, score and advertise, as the documentation shows it; must not know how the engine works."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import servflow
from servflow.engine import Workflow
from servflow.model import SYSTEM, Actor, Decided
from servflow.rules import RuleSet
from tests.surface.layout import ROOT

PAGE = ROOT / "docs" / "how-to" / "write-rules.md"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEN = datetime(2026, 11, 10, 2, tzinfo=UTC)
SINGLES_DAY = datetime(2026, 11, 11, 2, tzinfo=UTC)
ANN = Actor("ann", ["clerk"])


def shop() -> Workflow:
    """The workflow of the page."""
    found = BLOCK.search(PAGE.read_text("utf-8"))
    assert found is not None
    return servflow.load(found[1])


def queue_of(at: datetime = TEN, **fields: Any) -> str | None:
    """Where a new ticket goes."""
    return shop().open("T", fields, at=at, actor=SYSTEM).ticket.queue


def test_every_ticket_goes_to_one_queue() -> None:
    """The first of the route that holds decides; a score that is asked before it has its say."""
    assert "safety" == queue_of(safety=True, tier="gold", claims=5, amount="2000")
    assert "fraud" == queue_of(claims=5, amount="2000")
    assert "vip" == queue_of(tier="gold", claims=5, amount="100")
    assert "front_desk" == queue_of()


def test_a_score_that_grows_routes_the_ticket_anew() -> None:
    """What a rule sets another rule reads; a ticket that is suspicious by now leaves the front desk."""
    workflow = shop()
    ticket = workflow.open("T", {"amount": "1500"}, at=TEN, actor=SYSTEM).ticket
    assert ("front_desk", 0) == (ticket.queue, ticket.fields["risk"])

    outcome = workflow.fire(ticket, "ticket.update", {"claims": 3}, at=TEN, actor=SYSTEM)

    assert ("fraud", 70) == (outcome.ticket.queue, outcome.ticket.fields["risk"])
    assert ["fraud score", "checked"] == [record.name for record in outcome.records if isinstance(record, Decided)]


def test_what_a_clerk_decided_stays() -> None:
    """Nobody's queue is changed behind their back."""
    workflow = shop()
    ticket = workflow.open("T", {}, at=TEN, actor=SYSTEM).ticket
    ticket = workflow.fire(ticket, "ticket.update", {"queue": "vip"}, at=TEN, actor=ANN).ticket

    assert "vip" == workflow.fire(ticket, "ticket.update", {"safety": True}, at=TEN, actor=SYSTEM).ticket.queue


def test_a_campaign_reaches_the_tickets_of_its_day() -> None:
    """And none that nobody touches on that day."""
    workflow = shop()
    early = workflow.open("T", {"amount": "600", "tier": "gold"}, at=TEN, actor=SYSTEM).ticket
    touched = workflow.fire(early, "ticket.update", {"amount": "700"}, at=SINGLES_DAY, actor=SYSTEM).ticket

    assert (None, None) == (early.wake, early.fields.get("voucher"))
    assert early == workflow.advance(early, at=SINGLES_DAY).ticket
    assert "ELEVEN" == touched.fields["voucher"]


def test_a_host_without_tickets_decides_alike() -> None:
    """The rules alone say what a new ticket would have said."""
    workflow = shop()
    rules = RuleSet(workflow.rules, workflow.tables)
    for fields in ({"safety": True}, {"claims": 4, "amount": 1500}, {"tier": "gold", "amount": 900}, {"tier": "standard"}):
        for at in (TEN, SINGLES_DAY):
            outcome = workflow.open("T", fields, at=at, actor=SYSTEM)
            given = {**{name: spec.default for name, spec in workflow.fields.items()}, "amount": 0, **fields}

            decision = rules.decide(given, at)

            acted = [record.name for record in outcome.records if isinstance(record, Decided)]
            assert acted == list(decision.fired)
            assert [outcome.ticket.queue] == [action.value for action in decision.actions if action.kind == "queue"]
            assert outcome.ticket.fields["risk"] == {**given, **decision.outputs}["risk"]


def test_nothing_is_wrong_with_the_rules_of_the_page() -> None:
    """What the documentation shows is what `check` has nothing to say about."""
    assert [] == [finding for finding in shop().check() if finding.code.startswith("rules.")]


def test_reasons_survive_being_kept() -> None:
    """A record goes through JSON and back with its score, and the records give the ticket."""
    workflow = shop()
    outcome = workflow.open("T", {"claims": 4, "amount": "1500"}, at=TEN, actor=SYSTEM)
    [decided] = [record for record in outcome.records if isinstance(record, Decided) and record.name == "fraud score"]

    kept = json.loads(json.dumps(servflow.dump(decided)))

    assert (70, 50) == (kept["why"]["score"], kept["why"]["threshold"])
    assert outcome.ticket == workflow.fold(outcome.records)
