"""Knows what a ticket's records and snapshot say about why it is where it is; must not know how that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from servflow.cli._output import stamp
from servflow.embedding import Form, forms
from servflow.engine import Explanation, Workflow
from servflow.engine._slot_stories import SlotStory
from servflow.errors import InputError, nearest
from servflow.escalation import RunStory, cause_text
from servflow.model import (
    Actor,
    Assigned,
    Decided,
    Migrated,
    Moved,
    Offered,
    OfferEnded,
    Opened,
    Received,
    Record,
    SlotChanged,
    Ticket,
    TimerFired,
    Voted,
)
from servflow.rules import Explained
from servflow.sla import breaches

LAST_MOVES = 12
"""How many of the latest moves are told."""

LAST_DECISIONS = 6
"""How many of the latest decisions of tables and rules are told as text; as JSON all are."""

LAST_STEPS = 20
"""How many of the latest steps of dispatch are told as text; as JSON all of the latest search are."""


_ORDER = ("ready", "needs", "refused")
"""What the best answer to several people comes first by."""


def explained(workflow: Workflow, ticket: Ticket, records: Sequence[Record], at: datetime, lang: str = "en") -> dict[str, Any]:
    """
    Why a ticket is in its state, with its engineer, under its due instants; and what comes next.

    Args:
        workflow: the version it runs under.
        ticket: the snapshot.
        records: all its records, in order.
        at: aware instant to explain it at, not before the ticket's own.
        lang: the language of what is said of the options; names stay names.

    Returns:
        JSON-ready data; instants as RFC 3339 in UTC, lengths of time in seconds.
    """
    view = workflow.explain(ticket, at=at, records=records)
    titles = [title for name in ticket.configuration if (title := _state_title(workflow, name))]
    seen = view.as_data()
    return {
        "ticket": ticket.id,
        "workflow": ticket.workflow,
        "version": ticket.version,
        "at": stamp(at),
        "state": ticket.state,
        "title": ", ".join(titles),
        "titles": titles,
        "since": stamp(ticket.entered_at),
        "opened_at": stamp(ticket.opened_at),
        "closed_at": stamp(ticket.closed_at),
        "closed": ticket.closed,
        "reopened": ticket.reopened,
        "priority": ticket.priority,
        "customer": ticket.customer,
        "outlet": ticket.outlet,
        "assignee": ticket.assignee,
        "owner": ticket.owner,
        "moves": moves(records)[-LAST_MOVES:],
        "decisions": _decisions(workflow, records),
        "slots": [_slot(policy.name, policy.slot, ticket, records, view.dispatch) for policy in workflow.dispatch],
        "checklists": seen["checklists"],
        "approvals": [_approval(approval, records) for approval in seen["approvals"]],
        "children": {"open": list(ticket.children), "total": ticket.children_total},
        "helpers": seen["helpers"],
        "watchers": seen["watchers"],
        "appointment": seen["appointment"],
        "parts": seen["parts"],
        "clocks": [_clock(clock, workflow, ticket, records, at) for clock in seen["clocks"]],
        "breaches": [breach.to_data() for breach in breaches(records)],
        "escalations": _escalations(view.history),
        "runs": seen["history"],
        "options": _options(workflow, ticket, at, lang),
        "next": _next(workflow, ticket, view),
    }


def moves(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Every change of state in order: when, by what event, by whom, the reason they gave, from where to where."""
    found: list[dict[str, Any]] = []
    actor: str | None = None
    reason, state = "", ""

    def moved(record: Record, event: str | None, to: str) -> None:
        facts = {"at": stamp(record.at), "event": event, "by": actor, "reason": reason, "from": state or None, "to": to}
        found.append(facts)

    for record in records:
        if isinstance(record, Opened):
            actor, reason, state = record.actor, "", ""
            moved(record, "open", "+".join(record.configuration))
            state = "+".join(record.configuration)
        elif isinstance(record, Received):
            said = record.payload.get("reason")
            actor, reason = record.actor, said if isinstance(said, str) else ""
        elif isinstance(record, TimerFired):
            actor, reason = "system", ""
        elif isinstance(record, (Migrated, Moved)):
            to = "+".join(record.configuration)
            if isinstance(record, Migrated):
                actor, reason = "system", ""
            if isinstance(record, Moved) or to != state:
                moved(record, record.event if isinstance(record, Moved) else "migration", to)
            state = to
    return found


def _state_title(workflow: Workflow, name: str) -> str:
    return workflow.compiled.states[name].title if name in workflow.compiled.states else ""


def _approval(approval: dict[str, Any], records: Sequence[Record]) -> dict[str, Any]:
    """An approval with what each voter said: only the records keep that."""
    said = {(record.state, record.by, stamp(record.at)): record.comment for record in records if isinstance(record, Voted)}
    votes = [{**vote, "comment": said.get((approval["state"], vote["by"], vote["at"]), "")} for vote in approval["votes"]]
    return {**approval, "votes": votes}


def _decisions(workflow: Workflow, records: Sequence[Record]) -> list[dict[str, Any]]:
    """What tables and rules decided, in order: on which values, what came out, and the rows behind it."""
    found: list[dict[str, Any]] = []
    for record in records:
        if not isinstance(record, Decided) or record.maker not in ("table", "rule"):
            continue
        why: Any = record.why if isinstance(record.why, Mapping) else {}
        table = workflow.tables.get(record.name) if record.maker == "table" else None
        rows = [row for row in why.get("matched", ()) if isinstance(row, int)]
        ids = [table.rows[row].id if table is not None and row < len(table.rows) else None for row in rows]
        told = {"rows": rows, "ids": ids, "values": {name: _plain(value) for name, value in record.values.items()}}
        found.append(
            {"at": stamp(record.at), "maker": record.maker, "name": record.name, "result": _plain(record.result), **told}
        )
    return found


def _plain(value: Any) -> Any:
    """A recorded value as JSON-ready data; exact numbers, instants and lengths of time as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return stamp(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def reasons(workflow: Workflow, records: Sequence[Record], name: str, lang: str) -> tuple[Explained, datetime, bool]:
    """
    Why every row of a table did or did not decide when it last decided, asked again on the values recorded then.

    Args:
        workflow: the version the ticket runs under.
        records: all its records, in order.
        name: the table.
        lang: ``en`` or ``zh``.

    Returns:
        The explanation, when it was decided, and whether the table says the same today.

    Raises:
        InputError: no such table, or no decision of it is recorded.
    """
    made = [record for record in records if isinstance(record, Decided) and record.maker == "table"]
    latest = next((record for record in reversed(made) if record.name == name), None)
    table = workflow.tables.get(name)
    if latest is None or table is None:
        known = sorted({record.name for record in made})
        close = nearest(name, known)
        hint = f"did you mean {close!r}?" if close else f"decided so far: {', '.join(known) or 'none'}"
        facts = {"said": "no_decision", "table": name, "known": ", ".join(known) or "-", "nearest": close}
        raise InputError(f"no decision of a table {name!r} is recorded for this ticket; {hint}", **facts)
    told = table.explain(latest.values, lang, latest.at if table.timed else None)
    why: Any = latest.why if isinstance(latest.why, Mapping) else {}
    same = told.decision is not None and list(told.decision.matched) == list(why.get("matched", ()))
    return told, latest.at, same


def _slot(policy: str, slot: str, ticket: Ticket, records: Sequence[Record], stories: Sequence[SlotStory]) -> dict[str, Any]:
    """How the present holder of a slot came to be: the decisions and offers since the latest search began."""
    decisions: list[dict[str, Any]] = []
    offers: dict[str, dict[str, Any]] = {}
    filled: dict[str, Any] | None = None
    for record in records:
        if isinstance(record, SlotChanged) and record.policy == policy and record.reason == "searching":
            decisions, offers = [], {}
        elif isinstance(record, Decided) and record.maker == "dispatch" and record.name == policy:
            decisions.append(_decision(record))
        elif isinstance(record, Offered) and record.offer.policy == policy:
            offer = record.offer
            offers[offer.id] = {"to": offer.to, "at": stamp(record.at), "pool": offer.pool, "outcome": "open", "reason": ""}
            offers[offer.id]["answered_at"] = None
        elif isinstance(record, OfferEnded) and record.offer.id in offers:
            ended = {"outcome": record.outcome, "answered_at": stamp(record.at), "reason": record.reason}
            offers[record.offer.id].update(ended)
        elif isinstance(record, Assigned) and record.slot == slot:
            filled = {"to": record.to, "at": stamp(record.at), "source": record.source}
    return {
        "policy": policy,
        "slot": slot,
        "to": getattr(ticket, slot, None),
        "filled": filled,
        "decisions": decisions,
        "offers": list(offers.values()),
        "story": [step.as_data() for story in stories if story.policy == policy for step in story.latest],
    }


def _decision(record: Decided) -> dict[str, Any]:
    why: Any = record.why if isinstance(record.why, Mapping) else {}
    result: Any = record.result if isinstance(record.result, Mapping) else {}
    ranked = [
        {"id": item["id"], "points": list(item["points"]), "terms": dict(item["terms"])} for item in why.get("ranked", ())
    ]
    return {
        "at": stamp(record.at),
        "action": result.get("action"),
        "to": list(result.get("to", ())),
        "summary": why.get("summary", ""),
        "considered": why.get("considered", 0),
        "counts": dict(why.get("counts", {})),
        "ranked": ranked,
        "values": {name: str(value) for name, value in record.values.items()},
        "world": record.world,
    }


def _clock(
    clock: dict[str, Any], workflow: Workflow, ticket: Ticket, records: Sequence[Record], at: datetime
) -> dict[str, Any]:
    """A clock with what only the records tell: the states and reasons of its rows, and so the steps to its due instant."""
    run = ticket.clocks[clock["name"]]
    line = workflow.explain_clock(ticket, clock["name"], at=at, records=records)
    told = {"timeline": [row.to_data() for row in line], "why": [step.to_data(line.zone) for step in line.why]}
    return {**clock, **told, "started_at": stamp(run.started_at), "stopped_at": stamp(run.stopped_at), "marks": list(run.marks)}


def _escalations(runs: Sequence[RunStory]) -> list[dict[str, Any]]:
    """Everything that happened to the runs of chains, in order, also to those that left the ticket."""
    found = sorted(((run, step) for run in runs for step in run.steps), key=lambda item: item[1].sequence)
    return [
        {
            "at": stamp(step.at),
            "chain": run.chain,
            "cause": run.cause if step.kind == "started" else None,
            "level": step.name,
            "kind": step.kind,
            "outcome": step.outcome if step.kind == "level" or step.outcome not in ("", "fired") else step.kind,
            "to": list(step.to) or ([step.by] if step.by else []),
            "why": [*step.did, *step.why, *([cause_text(run.cause, run.definition)] if step.kind == "started" else [])],
        }
        for run, step in found
    ]


def _next(workflow: Workflow, ticket: Ticket, view: Explanation) -> dict[str, Any]:
    here = set(ticket.entered)
    doors = [
        {
            "event": move.event,
            "to": list(move.target) or [ticket.state],
            "allow": [_who(entry) for entry in move.allow] or _nobody_else(workflow, move.event),
            "when": move.when,
        }
        for move in workflow.compiled.transitions
        if "*" in move.source or here.intersection(move.source)
    ]
    return {"by_time": [item.as_data() for item in view.coming], "by_people": doors}


def _options(workflow: Workflow, ticket: Ticket, at: datetime, lang: str) -> list[dict[str, Any]]:
    """What could be done now, each as whoever may do it finds it: who asks is nobody, so all who may be are asked for."""
    known = dict.fromkeys((ticket.assignee, ticket.owner, ticket.requester, "somebody else"))
    people = [Actor("system"), *(Actor(who, roles=workflow.roles) for who in known if who is not None)]
    found: dict[str, list[Form]] = {}
    for form in (form for who in people for form in forms(workflow, ticket, at=at, actor=who, lang=lang)):
        found.setdefault(form.id, []).append(form)
    best = [min(each, key=lambda form: (_ORDER.index(form.status), form.code == "not_permitted")) for each in found.values()]
    return [
        {
            "event": form.event,
            "title": form.title,
            "status": form.status,
            "code": form.code,
            "why": form.why,
            "allow": _may(workflow, form.event),
            "targets": [] if form.stays else [target.state for target in form.targets],
        }
        for form in best
    ]


def _may(workflow: Workflow, event: str) -> list[str]:
    return [_who(entry) for entry in workflow.events[event].allow] if event in workflow.events else []


def _nobody_else(workflow: Workflow, event: str | None) -> list[str]:
    """What the workflow raises itself, and what needs no event, only the system does."""
    raised = workflow.compiled.raised
    return ["system"] if event is None or any(raised.internal(word) for word in event.split()) else []


def _who(entry: Any) -> str:
    if isinstance(entry, Mapping):
        return ", ".join(f"{key} {value}" for key, value in entry.items())
    return str(entry)
