"""Knows the commands that give many tickets out at once and audit such plans; must not know how plans are found or judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from servflow.cli._commands_definition import File
from servflow.cli._commands_dispatch import dispatch_group
from servflow.cli._commands_routes import current_of, pins_of, tickets_of
from servflow.cli._output import FINDINGS, FINE, Instant, Say, command
from servflow.cli._progress import progress
from servflow.dispatch import Plan, Policy, Violation, plan, verify
from servflow.documents import load, load_world
from servflow.engine import Workflow
from servflow.engine._who import policy_for
from servflow.errors import InputError
from servflow.model import Ticket, World

SOLVERS = ("exact", "library", "greedy")

batched = (
    click.argument("file", type=File),
    click.option("--world", type=File, required=True, help="who there is, as JSON or YAML"),
    click.option("--tickets", type=File, required=True, help="what to give out: a JSON list of tickets, or of {id, fields}"),
    click.option("--at", type=Instant(), required=True, help="when it is decided"),
    click.option("--slot", help="a slot or a dispatch entry; by default the one that runs or would begin"),
    click.option("--pin", multiple=True, help="TICKET=WHO: a ticket that stays with whom it has; may be given often"),
    click.option("--current", type=File, help="who has which ticket so far, as a JSON mapping: as few as can be are moved"),
    click.option("--stability", type=int, help="among which levels that counts, 0 before all; by default after the last"),
)


def of_batch(call: Any) -> Any:
    """The options that both commands have."""
    for option in reversed(batched):
        call = option(call)
    return call


@frozen
class _Batch:
    workflow: Workflow
    policy: Policy
    tickets: list[Ticket]
    world: World | None
    asked: Mapping[str, Any]

    @classmethod
    def of(cls, say: Say, file: Path, asked: Mapping[str, Any]) -> _Batch:
        workflow = load(file, lang=say.lang)
        world, tickets = load_world(asked["world"], lang=say.lang), tickets_of(workflow, asked["tickets"], asked["at"])
        if not tickets:
            raise InputError(f"{asked['tickets'].name!r} holds no tickets", code="usage")
        return cls(workflow, policy_for(workflow, tickets[0], asked["slot"]), tickets, world, asked)

    @property
    def options(self) -> dict[str, Any]:
        """What plans and audits are told alike."""
        return {
            "hooks": self.workflow.extensions.hooks,
            "pinned": pins_of(self.asked["pin"]),
            "current": current_of(self.asked["current"]),
            "stability": self.asked["stability"],
        }


def _read(path: Path) -> dict[str, Any]:
    try:
        given: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InputError(f"{path.name!r} is no JSON mapping", code="usage")
    return given


def _problems(wrong: tuple[Violation, ...]) -> list[dict[str, Any]]:
    return [{"kind": one.kind, "ticket": one.ticket, "candidate": one.candidate, "detail": one.detail} for one in wrong]


@dispatch_group.command("plan")
@of_batch
@click.option("--solver", type=click.Choice(SOLVERS), default="exact", show_default=True, help="what finds the plan")
@command
def plan_command(say: Say, file: Path, *, solver: str, **asked: Any) -> int:
    """Give many tickets out at once, as many as can be and the best way; nothing is done or kept.

    The plan is audited before it is told. The status is 1 where a ticket is left out.
    """
    batch = _Batch.of(say, file, asked)
    with progress(say, "progress.solve"):
        found = plan(batch.policy, batch.tickets, batch.world, asked["at"], solver, **batch.options)
        wrong = verify(found, batch.policy, batch.tickets, batch.world, asked["at"], **batch.options)
    if say.json:
        say.data({**found.as_data(), "solver": found.solver, "violations": _problems(wrong)})
    else:
        _tell(say, found)
        _audited(say, wrong)
    return FINDINGS if found.unassigned or wrong else FINE


@dispatch_group.command("verify")
@of_batch
@click.option("--plan", "told", type=File, required=True, help="the plan: JSON as `dispatch plan --format json` tells it")
@command
def verify_command(say: Say, file: Path, *, told: Path, **asked: Any) -> int:
    """Everything that is wrong with a plan, whoever made it.

    The status is 1 where something is.
    """
    batch = _Batch.of(say, file, asked)
    data = {name: value for name, value in _read(told).items() if name not in ("solver", "violations")}
    wrong = verify(Plan.read(data), batch.policy, batch.tickets, batch.world, asked["at"], **batch.options)
    if say.json:
        say.data({"violations": _problems(wrong)})
    else:
        _audited(say, wrong)
    return FINDINGS if wrong else FINE


def _tell(say: Say, found: Plan) -> None:
    words = say.words
    objective = "/".join(str(value) for value in found.objective)
    counts = {"given": len(found.assignments), "left": len(found.unassigned)}
    say.line(words("plans.sum", **counts, objective=objective, solver=found.solver), style="bold")
    if found.assignments:
        say.table([words("plans.ticket"), words("dispatch.candidate")], found.assignments)
    if found.unassigned:
        say.table([words("plans.ticket"), words("plans.reason")], found.unassigned)
    for ticket, before, now in found.moved:
        say.line(words("plans.moved", ticket=ticket, before=before, now=now or "-"))


def _audited(say: Say, wrong: tuple[Violation, ...]) -> None:
    for one in wrong:
        facts = {"kind": one.kind, "ticket": one.ticket or "-", "who": one.candidate or "-", "detail": one.detail}
        say.line(say.words("routes.wrong", **facts))
    if not wrong:
        say.line(say.words("plans.sound"))
