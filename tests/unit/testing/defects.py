"""Knows one sound workflow and twenty ways in which its author could have got it wrong; must not know how they are found."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from typing import Any

from attrs import frozen

import servflow
from servflow import World
from servflow.model import Notify, Received, Record, Ticket

Data = dict[str, Any]

SOUND: Data = {
    "workflow": "repair",
    "fields": {
        "category": {"type": "string", "one_of": ["washer", "fridge", "ac"], "default": "washer"},
        "safety": {"type": "bool", "default": False},
        "amount": {"type": "decimal", "default": "0"},
        "approved": {"type": "bool", "default": False},
        "fee": {"type": "decimal", "default": "0"},
        "fuses": {"type": "int", "default": 2},
        "note": {"type": "string", "default": ""},
    },
    "roles": ["clerk", "engineer", "supervisor"],
    "queues": ["desk"],
    "events": {"ticket.message": {"allow": ["clerk"]}},
    "initial": "new",
    "states": {
        "new": {},
        "dispatched": {},
        "on_site": {},
        "waiting": {"timers": [{"after": "7d", "event": "resume"}]},
        "settling": {"timers": [{"after": "14d", "event": "close"}]},
        "review": {},
        "closed": {"closed": True},
    },
    "transitions": [
        {"event": "assigned.engineer", "source": "new", "target": "dispatched", "allow": ["system"]},
        {"event": "arrive", "source": "dispatched", "target": "on_site", "allow": ["engineer"]},
        {"event": "wait", "source": "on_site", "target": "waiting", "allow": ["engineer"]},
        {"event": "resume", "source": "waiting", "target": "on_site", "allow": ["engineer", "system"]},
        {
            "event": "use_fuse",
            "source": "on_site",
            "allow": ["engineer"],
            "when": "fuses > 0",
            "do": [{"set": {"fuses": "fuses - 1"}}],
        },
        {
            "event": "finish",
            "source": "on_site",
            "target": "settling",
            "allow": ["engineer"],
            "do": [
                {"set": {"fee": "table.fee.total", "amount": "0", "approved": "false"}},
                {"notify": {"to": {"role": "clerk"}, "template": "finished"}},
            ],
        },
        {
            "event": "ask_refund",
            "source": "settling",
            "target": "review",
            "allow": ["clerk", "supervisor"],
            "payload": {"amount": "decimal"},
            "when": "payload.amount > decimal('0') && (payload.amount <= decimal('200') || 'supervisor' in actor.roles)",
            "do": [{"set": {"amount": "payload.amount"}}],
        },
        {
            "event": "approve",
            "source": "review",
            "target": "settling",
            "allow": ["supervisor"],
            "not_by": "ask_refund",
            "do": [{"set": {"approved": "true"}}],
        },
        {
            "event": "decline",
            "source": "review",
            "target": "settling",
            "allow": ["supervisor"],
            "do": [{"set": {"amount": "0"}}],
        },
        {"event": "close", "source": "settling", "target": "closed", "allow": ["clerk", "system"]},
        {"event": "complain", "source": ["new", "dispatched", "on_site", "waiting"], "allow": ["clerk"]},
        {
            "event": "ticket.reopen",
            "source": "closed",
            "target": "new",
            "allow": ["clerk"],
            "do": [{"set": {"approved": "false", "amount": "0"}}],
        },
    ],
    "tables": {
        "fee": {
            "hit": "first",
            "inputs": ["category"],
            "outputs": {"total": "decimal"},
            "rows": [['"washer"', '"80"'], ['"fridge"', '"120"'], ['"ac"', '"150"']],
        }
    },
    "rules": [
        {"name": "safety first", "when": "safety", "then": [{"set": {"priority": "1"}}], "overwrite": True},
    ],
    "dispatch": [{"name": "engineer", "state": "new", "require": [{"skill": "category"}]}],
    "clocks": [
        {"name": "repair", "within": "8h", "until": ["settling", "closed"], "paused_in": "waiting", "on_reopen": "new_cycle"},
    ],
    "escalations": [
        {
            "name": "late",
            "start": [{"clock": "repair", "mark": "breach"}, {"event": "complain"}],
            "until": [{"state": "settling"}, {"state": "closed"}],
            "levels": [
                {"name": "first", "do": [{"notify": {"to": {"role": "supervisor"}, "template": "late"}}]},
                {"name": "again", "after": "4h", "do": [{"notify": {"to": {"role": "supervisor"}, "template": "very late"}}]},
            ],
        }
    ],
    "laws": [
        {"name": "no refund unseen", "never": "closed && amount > decimal('0') && !approved"},
        {"name": "no endless wait", "when": "in_state('waiting')", "leads_to": "!in_state('waiting')", "within": "8d"},
    ],
}

PEOPLE = {
    "ann": ["engineer"],
    "eve": ["clerk"],
    "sue": ["supervisor"],
    "pia": ["clerk", "supervisor"],
}

WORLD = World(
    engineers=[
        {"id": "ann", "roles": ["engineer"], "skills": ["washer", "ac"]},
        {"id": "bo", "roles": ["engineer"], "skills": ["fridge"]},
    ],
    people=[
        {"id": "eve", "roles": ["clerk"]},
        {"id": "pia", "roles": ["clerk", "supervisor"]},
        {"id": "sue", "roles": ["supervisor"]},
    ],
)


def move(data: Data, event: str) -> Data:
    """The transition of an event."""
    return next(found for found in data["transitions"] if found["event"] == event)


def received(records: tuple[Record, ...], event: str) -> list[Received]:
    """What came in of one event."""
    return [record for record in records if isinstance(record, Received) and record.event == event]


# what a user would write, a few lines each ---------------------------------------------------------------------------


def finished_once(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """Work is finished once, and once more after each reopening."""
    return len(received(records, "finish")) <= 1 + len(received(records, "ticket.reopen"))


def clerks_refund_little(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """Only supervisors ask for more than 200."""
    asked = received(records, "ask_refund")
    return all(record.payload["amount"] <= 200 or "supervisor" in record.roles for record in asked)


def four_eyes(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """Nobody approves what they asked for."""
    steps = [record for record in records if isinstance(record, Received) and record.event in ("ask_refund", "approve")]
    pairs = [(one, two) for one, two in pairwise(steps) if two.event == "approve"]
    return all(one.actor != two.actor for one, two in pairs)


def clock_is_met(ticket: Ticket) -> bool:
    """Once the work is done, its clock counts no more."""
    return ticket.state != "settling" or ticket.clocks["repair"].phase != "running"


def clock_waits(ticket: Ticket) -> bool:
    """While the customer is waited for, the clock does not count."""
    return ticket.state != "waiting" or ticket.clocks["repair"].phase != "running"


def clock_runs_again(ticket: Ticket) -> bool:
    """Whoever waits for an engineer has a promise, also the second time."""
    return ticket.state not in ("new", "dispatched", "on_site") or ticket.clocks["repair"].phase == "running"


def approval_is_fresh(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """A reopened ticket has no approval left over."""
    again = bool(received(records, "ticket.reopen")) and ticket.state in ("new", "dispatched")
    return not again or not ticket.fields["approved"]


def stock_is_there(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """Nobody uses a fuse that is not there."""
    return len(received(records, "use_fuse")) <= max(0, records[0].fields.get("fuses", 2))


def engineer_can(run: Any) -> bool:
    """Whoever dispatch chose knows the sort of machine."""
    chosen = run.world.by_id.get(run.ticket.assignee)
    return run.ticket.state != "dispatched" or chosen is None or run.ticket.fields["category"] in chosen.skills


def safety_first(ticket: Ticket) -> bool:
    """What is dangerous is of the highest priority."""
    return not ticket.fields["safety"] or ticket.priority == 1


def told_once(run: Any) -> bool:
    """Clerks hear once of each finish."""
    told = [one for one in run.effects if isinstance(one, Notify) and one.template == "finished" and one.to == "eve"]
    return len(told) <= len(received(tuple(run.records), "finish"))


def forced_by_supervisors(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """Only supervisors force a state."""
    return all("supervisor" in record.roles for record in received(records, "ticket.force"))


def fee_is_there(ticket: Ticket) -> bool:
    """What is settled has a fee."""
    return ticket.state != "settling" or ticket.fields["fee"] is not None


@frozen(kw_only=True)
class Defect:
    """One thing wrong with the sound workflow, the sentence that the machine finds, and the author's own invariant, if any."""

    name: str
    spoil: Callable[[Data], object]
    says: str
    invariant: Callable[..., bool] | None = None
    later: Callable[[Data], object] | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def spoilt(self) -> servflow.Workflow:
        data = deepcopy(SOUND)
        self.spoil(data)
        return servflow.load(data)

    @property
    def versions(self) -> list[servflow.Workflow]:
        """The later version that tickets are taken to, if the defect is in it."""
        if self.later is None:
            return []
        data = deepcopy(SOUND)
        data["version"] = 2
        self.later(data)
        return [servflow.load(data)]


def _twice(data: Data) -> None:
    data["transitions"].append({"event": "finish", "source": "closed", "target": "settling", "allow": ["engineer"]})


def _no_table_row(data: Data) -> None:
    data["tables"]["fee"]["rows"].pop()


def _second_notice(data: Data) -> None:
    data["rules"].append(
        {"name": "tell", "when": "fee > decimal('0')", "then": [{"notify": {"to": {"role": "clerk"}, "template": "finished"}}]}
    )


def _without_waiting(data: Data) -> None:
    del data["states"]["waiting"]
    data["laws"].pop()
    data["clocks"][0].pop("paused_in")
    data["transitions"] = [one for one in data["transitions"] if one["event"] not in ("wait", "resume")]
    move(data, "complain")["source"].remove("waiting")


def _no_note(data: Data) -> None:
    del data["fields"]["note"]


def nothing(data: Data) -> None:
    """The definition as it is."""


DEFECTS = (
    Defect(name="closed tickets are finished again", spoil=_twice, says="finished_once", invariant=finished_once),
    Defect(
        name="clerks refund over the limit",
        spoil=lambda data: move(data, "ask_refund").update(when="payload.amount > decimal('0')"),
        says="clerks_refund_little",
        invariant=clerks_refund_little,
    ),
    Defect(
        name="the same person asks and approves",
        spoil=lambda data: move(data, "approve").pop("not_by"),
        says="four_eyes",
        invariant=four_eyes,
    ),
    Defect(
        name="the clock is not stopped",
        spoil=lambda data: data["clocks"][0].update(until="closed"),
        says="clock_is_met",
        invariant=clock_is_met,
    ),
    Defect(
        name="the clock is not paused",
        spoil=lambda data: data["clocks"][0].pop("paused_in"),
        says="clock_waits",
        invariant=clock_waits,
    ),
    Defect(
        name="a chain climbs on a closed ticket",
        spoil=lambda data: move(data, "complain")["source"].append("closed"),
        says="the ticket is closed (closed) and these go on: chain late",
    ),
    Defect(
        name="nothing takes a timer's event",
        spoil=lambda data: data["states"]["on_site"].update(timers=[{"after": "1h", "event": "use_fuse"}]),
        says="ran out and nothing takes its event",
    ),
    Defect(
        name="nobody has the role",
        spoil=lambda data: (
            data["roles"].append("auditor"),
            move(data, "approve").update(allow=["auditor"]),
            move(data, "decline").update(allow=["auditor"]),
        ),
        says="in review nobody can do anything",
    ),
    Defect(
        name="no way leads out",
        spoil=lambda data: (
            data["states"].update(archive={}),
            move(data, "decline").update(target="archive"),
        ),
        says="in archive nobody can do anything",
    ),
    Defect(
        name="reopening does not start the clock",
        spoil=lambda data: data["clocks"][0].update(on_reopen="ignore"),
        says="clock_runs_again",
        invariant=clock_runs_again,
    ),
    Defect(
        name="an approval is left over",
        spoil=lambda data: move(data, "ticket.reopen").pop("do"),
        says="approval_is_fresh",
        invariant=approval_is_fresh,
    ),
    Defect(
        name="the stock becomes negative",
        spoil=lambda data: move(data, "use_fuse").pop("when"),
        says="stock_is_there",
        invariant=stock_is_there,
    ),
    Defect(name="a change of version loses values", spoil=nothing, later=_no_note, says="note"),
    Defect(name="a change of version strands tickets", spoil=nothing, later=_without_waiting, says="stranded"),
    Defect(
        name="whoever cannot do it is sent",
        spoil=lambda data: data["dispatch"][0].update(require=[]),
        says="engineer_can",
        invariant=engineer_can,
    ),
    Defect(
        name="a clerk's priority wins over safety",
        spoil=lambda data: data["rules"][0].pop("overwrite"),
        says="safety_first",
        invariant=safety_first,
    ),
    Defect(name="clerks hear of it twice", spoil=_second_notice, says="told_once", invariant=told_once),
    Defect(
        name="a refund is closed unseen",
        spoil=lambda data: move(data, "close").update(source=["settling", "review"]),
        says="law 'no refund unseen'",
    ),
    Defect(
        name="the customer is waited for too long",
        spoil=lambda data: data["states"]["waiting"].update(timers=[{"after": "30d", "event": "resume"}]),
        says="law 'no endless wait'",
    ),
    Defect(
        name="anybody may force a state",
        spoil=lambda data: data["events"].update({"ticket.force": {"allow": ["clerk", "engineer", "supervisor"]}}),
        says="forced_by_supervisors",
        invariant=forced_by_supervisors,
    ),
    Defect(name="a table has no row", spoil=_no_table_row, says="fee_is_there", invariant=fee_is_there),
    Defect(
        name="nobody is there to be told",
        spoil=lambda data: (
            data["roles"].append("director"),
            data["escalations"][0]["levels"][1].update(do=[{"notify": {"to": {"role": "director"}, "template": "late"}}]),
        ),
        says="reaches nobody",
    ),
)

INVARIANTS = tuple(defect.invariant for defect in DEFECTS if defect.invariant is not None)
"""All that the author of the sound workflow would ask of it."""
