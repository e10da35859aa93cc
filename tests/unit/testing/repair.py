"""Knows a small workflow with one of everything, and a story of it; must not know what is tested."""

from __future__ import annotations

from typing import Any

import servflow

WORKFLOW = """
workflow: repair
fields:
  tier: {type: string, one_of: [gold, standard], default: standard}
  amount: {type: decimal, default: "0"}
roles: [clerk, engineer]
queues: [desk]
initial: new
states:
  new: {timers: [{after: 3d, event: forget}]}
  on_site: {checklist: [look]}
  done: {closed: true}
transitions:
  - {event: arrive, source: new, target: on_site, allow: [engineer]}
  - {event: finish, source: on_site, target: done, allow: [engineer], payload: {amount: decimal}, when: "payload.amount < 500",
     do: [{set: {amount: "table.fee.total"}}]}
  - {event: forget, source: new, target: done, allow: [system, clerk], payload: {why: {type: string, optional: true}}}
tables:
  fee:
    hit: first
    inputs: [tier]
    outputs: {total: {type: decimal, default: "1"}}
    rows:
      - ['"gold"', '"0"']
      - ['"standard"', '"80"']
rules:
  - {name: first, when: "tier == 'gold'", then: [{set: {priority: "1"}}, {queue: desk}]}
clocks:
  - {name: fix, within: 4h, until: done, warn: [50%]}
escalations:
  - name: late
    start: {clock: fix, mark: breach}
    levels:
      - {name: boss, do: [{notify: {to: {user: bea}, template: late}}, {call: {name: page, reply: forget}}]}
      - {name: chief, after: 2h, do: [{notify: {to: {user: cy}, template: late}}, {open: {workflow: care}}]}
"""

STORIES: dict[str, Any] = {
    "stories": "repair",
    "start": "2026-03-02 09:00",
    "zone": "Europe/Berlin",
    "people": {"ann": ["engineer"], "eve": ["clerk"], "bea": [], "cy": []},
    "cases": [],
}


def workflow() -> servflow.Workflow:
    """The workflow, made anew."""
    return servflow.load(WORKFLOW)


def stories(*steps: dict[str, Any], given: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A document with one story of these steps."""
    case = {"story": "one", "given": {"actor": "eve", **(given or {})}, "steps": list(steps)}
    return {**STORIES, "cases": [case], **more}
