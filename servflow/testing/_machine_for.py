"""Knows what a machine for one workflow is made of; must not know what its runs do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from servflow.desk._editions import with_chains
from servflow.engine import MigrationPlan, Workflow, plan_migration
from servflow.errors import InputError, shown
from servflow.model import World
from servflow.testing._calls import Calls
from servflow.testing._machine import WorkflowMachine
from servflow.testing._machine_draws import Setting
from servflow.testing._machine_promises import read_allow, read_invariants
from servflow.testing._worlds import worlds_for


def machine_for(
    workflow: Workflow,
    *,
    world: World | st.SearchStrategy[World | None] | None = None,
    people: Mapping[str, Iterable[str]] | None = None,
    versions: Iterable[Workflow | MigrationPlan] = (),
    invariants: Iterable[Callable[..., Any]] = (),
    allow: Iterable[str] = (),
    coverage: Any = None,
) -> type[WorkflowMachine]:
    """
    A Hypothesis state machine that does to a ticket of a workflow what can happen to it, and looks at every step.

    Its ``TestCase`` is what a test module takes in::

        TestRepair = machine_for(workflow).TestCase

    People with every role, those that the ticket names, the system and strangers do what they may and try what they may
    not; time passes in moments, weekends and weeks, and to the microsecond at which something is set; messages arrive
    twice or late, pages are stale, the world changes, and so does the definition. What must hold: the laws of the kernel,
    the ``laws`` of the definition, and what every author means: a closed ticket rests (``after_closing``), no timer runs out
    for nobody (``refused_timer``), an open ticket can go on (``stuck``), everybody who is to be told is there
    (``unreachable``, where *world* is given), and a change of version strands no ticket (``migration``) and loses
    no value (``field_lost``). A failure carries its run as Python to paste.

    Args:
        world: what lies outside, or a strategy of worlds; ``worlds_for(workflow)`` where left out.
        people: who may act: ids and their roles. Whoever is not named does not exist. Left out, a few people have every role.
        versions: later versions that the ticket is taken to, in this order, or plans that lead there.
        invariants: functions of ``(ticket)``, ``(ticket, records)`` or ``(run)``, called after every step; False fails.
        allow: names of promises that are not made, of those above.
        coverage: a ``Coverage`` of the workflow, which is told every step.

    Raises:
        InputError: something is none of these; the versions are of different workflows.
    """
    given: object = workflow
    if not isinstance(given, Workflow):
        raise InputError(f"machine_for takes a servflow.Workflow, not {shown(given)}; servflow.load reads one", name="workflow")
    named = {name: tuple(roles) for name, roles in people.items()} if isinstance(people, Mapping) else people
    plans = _plans(workflow, versions)
    first = plans[0].old if plans else workflow
    if isinstance(world, st.SearchStrategy):
        worlds: st.SearchStrategy[World | None] = world
    else:
        worlds = worlds_for(workflow) if world is None else st.just(World.of(world))
    setting = Setting(
        worlds=worlds,
        judged=world is not None,
        changing=world is None or isinstance(world, st.SearchStrategy),
        calls=Calls(first, named),
        later=tuple((plan, Calls(plan.new, named)) for plan in plans),
        invariants=read_invariants(invariants),
        allow=read_allow(allow),
        coverage=coverage,
    )
    return type("Machine", (WorkflowMachine,), {"setting": setting, "__doc__": f"Runs of {workflow!r}."})


def _plans(workflow: Workflow, versions: Iterable[Workflow | MigrationPlan]) -> tuple[MigrationPlan, ...]:
    """One plan from each version to the next, whose definitions know every edition of chains, as a desk's do."""
    last = workflow
    plans = []
    for item in versions:
        plan = item if isinstance(item, MigrationPlan) else plan_migration(last, item)
        plans.append(plan)
        last = plan.new
    kept = {
        chain.hash: {"chain": chain.to_data()}
        for flow in (workflow, *(plan.new for plan in plans))
        for chain in flow.escalations
    }
    return tuple(
        evolve(plan, old=with_chains(plan.old, kept, kept.get), new=with_chains(plan.new, kept, kept.get)) for plan in plans
    )
