"""Knows how laws are proved over the abstract machine and refuted by tickets; must not know how a step is made."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._abstract import Abstract, Place, Trigger
from servflow.engine._abstract_player import search
from servflow.engine._abstract_search import MAX_WORK, Found, explore
from servflow.engine._abstract_standing import Choice
from servflow.engine._abstract_steps import Run, runs
from servflow.engine._abstract_triggers import first_timers, triggers
from servflow.engine._law import LawPlan
from servflow.engine._leading import Leads
from servflow.engine._witnesses import Story, holds
from servflow.model import EMPTY, FrozenMap, World, freeze

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

BUDGET = 100_000
"""How many abstract states are looked at for one law."""


@attrs.frozen(kw_only=True)
class Proof:
    """
    What came of proving one law.

    ``verdict`` is ``proved`` (no ticket can break it), ``refuted`` (here is one that does) or ``undecided``.
    ``states`` counts the abstract states looked at. For a refuted law ``witness`` is the ticket that breaks it, as
    ``Workflow.replay_witness`` takes it, and ``story`` the same in words; ``why`` says what decided, and
    ``assumes`` what was taken for granted. The last three are texts by language, ``en`` and ``zh``.
    """

    name: str
    path: str
    form: str
    verdict: str
    states: int = 0
    witness: FrozenMap[str, Any] | None = None
    story: Mapping[str, str] = EMPTY
    why: Mapping[str, str] = EMPTY
    assumes: Mapping[str, str] = EMPTY


def said(en: str, zh: str) -> FrozenMap[str, str]:
    """One sentence in both languages."""
    return FrozenMap({"en": en, "zh": zh})


UNFOLLOWED = said(
    "a way was found that the law forbids, but no real ticket that goes it",
    "抽象机中存在违反规律的路径，但未能用真实工单重放",
)


def prove(workflow: Workflow, budget: int = BUDGET, world: World | None = None) -> tuple[Proof, ...]:
    """What comes of every law, in the order of the definition."""
    return tuple(_prove(workflow, plan, max(1, budget), world) for plan in workflow.compiled.laws)


def _prove(workflow: Workflow, plan: LawPlan, budget: int, world: World | None) -> Proof:
    watch = [plan.wanted, *([plan.when] if plan.when is not None else [])]
    machine = Abstract(workflow, watch, world=world)
    made: Callable[[Abstract, LawPlan, int], Proof] = {
        "never": _never,
        "always_possible": _possible,
        "leads_to": _leads,
    }[plan.law.form]
    found = made(machine, plan, budget)
    return attrs.evolve(found, assumes=_assumes(machine)) if found.verdict == "proved" else found


def _assumes(machine: Abstract) -> FrozenMap[str, str]:
    spec = machine.workflow
    unnamed = [event for event in ("ticket.update", "ticket.force") if event not in spec.events]
    if spec.roles or not unnamed:
        return EMPTY
    listed = ", ".join(unnamed)
    return said(
        f"nobody uses {listed}: no roles are declared and events does not name it",
        f"无人使用 {listed}：未声明角色，且 events 中没有列出",
    )


def _unfinished(found: Found, budget: int) -> FrozenMap[str, str]:
    if found.machine.incomplete:
        return said(found.machine.incomplete, "单步的可能性过多")
    if len(found.places) < budget:
        return said(f"not decided within {MAX_WORK:,} abstract steps", f"在 {MAX_WORK:,} 个抽象步骤内未能判定")
    return said(f"not decided within {budget:,} abstract states", f"在 {budget:,} 个抽象状态内未能判定")


def proof(plan: LawPlan, verdict: str, states: int, **more: Any) -> Proof:
    """The outcome for one law."""
    return Proof(name=plan.law.name, path=plan.path, form=plan.law.form, verdict=verdict, states=states, **more)


def refuted(plan: LawPlan, states: int, story: Story, why: Mapping[str, str]) -> Proof:
    """The outcome with a ticket that breaks the law."""
    told = story.told()
    ends = said(f"{told['en']}; {why['en']}", f"{told['zh']}；{why['zh']}")
    return proof(plan, "refuted", states, witness=freeze(story.witness()), story=ends, why=why)


# never --------------------------------------------------------------------------------------------------------


def _never(machine: Abstract, plan: LawPlan, budget: int) -> Proof:
    asked, workflow = machine.watched[0], machine.workflow

    def bad(place: Any) -> bool:
        return machine.answer(asked, place) is not False

    def breaks(story: Story, _: int) -> Story | None:
        return story if holds(workflow, plan.wanted, story.ticket) else None

    found = explore(machine, budget, stop=bad)
    for _ in range(2):
        goals = [number for number, place in enumerate(found.places) if bad(place)]
        if not goals:
            if found.complete:
                return proof(plan, "proved", len(found.places), why=said("no ticket gets there", "没有工单能到达"))
            return proof(plan, "undecided", len(found.places), why=_unfinished(found, budget))
        story = search(machine, found, goals, breaks)
        if story is not None:
            why = said(f"now {plan.wanted.text} holds", f"此时 {plan.wanted.text} 成立")
            return refuted(plan, len(found.places), story, why)
        if found.complete:
            break
        found = explore(machine, budget)
    return proof(plan, "undecided", len(found.places), why=UNFOLLOWED)


# always possible ----------------------------------------------------------------------------------------------


def _possible(machine: Abstract, plan: LawPlan, budget: int) -> Proof:
    asked = machine.watched[0]
    machine.careful = True
    found = explore(machine, budget)
    states = len(found.places)
    if not found.complete:
        return proof(plan, "undecided", states, why=_unfinished(found, budget))
    answers = [machine.answer(asked, place) for place in found.places]
    maybe = found.distances(number for number, answer in enumerate(answers) if answer is not False)
    lost = [number for number in range(states) if number not in maybe]
    if lost:
        story = search(machine, found, lost, lambda story, _: story)
        if story is not None:
            why = said(f"from here no way leads to {plan.wanted.text}", f"此后再无路径使 {plan.wanted.text} 成立")
            return refuted(plan, states, story, why)
    sure = _surely(found, [number for number, answer in enumerate(answers) if answer is True])
    doubtful = next((number for number in range(states) if number not in sure), None)
    if doubtful is None:
        return proof(plan, "proved", states, why=said("from everywhere a way leads there", "从任何状况都有路径可达"))
    if lost:
        return proof(plan, "undecided", states, why=UNFOLLOWED)
    return proof(plan, "undecided", states, why=_hangs(found, doubtful))


def _hangs(found: Found, number: int) -> FrozenMap[str, str]:
    where = "+".join(found.places[number].configuration)
    texts = sorted({str(c.name) for run in found.steps(number) for c in run.choices if c.what == "unknown"})
    if not texts:
        return said(f"no way out of {where} is certain", f"离开 {where} 的路径均不确定")
    listed = ", ".join(texts[:3])
    return said(f"in {where} it hangs on {listed}", f"在 {where} 中取决于 {listed}")


def _surely(found: Found, goals: list[int]) -> set[int]:
    """The places from which the host, dispatch or time can bring a ticket to a goal, whatever else happens."""
    sure = set(goals)
    # Each place waits once at a time: looking at one takes all runs of all its steps.
    waiting = deque(dict.fromkeys(earlier for number in goals for earlier in found.before[number]))
    queued = set(waiting)
    while waiting:
        number = waiting.popleft()
        queued.discard(number)
        if number not in sure and _leads_surely(found, number, sure):
            sure.add(number)
            again = [earlier for earlier in found.before[number] if earlier not in sure and earlier not in queued]
            waiting.extend(dict.fromkeys(again))
            queued.update(again)
    return sure


def _leads_surely(found: Found, number: int, sure: set[int]) -> bool:
    machine, place = found.machine, found.places[number]

    def good(run: Run) -> bool:
        return run.target is not None and found.numbers.get(run.target, -1) in sure

    for trigger in triggers(machine, place):
        if trigger.kind in ("timer", "retry", "level") or not _can_be_made(machine, place, trigger):
            continue
        if outcome(list(runs(machine, place, trigger)), good):
            return True
    # Waiting is a way too, wherever it leads to: whichever timer may be the first must be a good one.
    timers = [trigger for trigger in triggers(machine, place) if trigger.kind == "timer"]
    return (
        bool(timers)
        and bool(first_timers(machine, place))
        and all(outcome(list(runs(machine, place, trigger)), good) for trigger in timers)
    )


def _can_be_made(machine: Abstract, place: Place, trigger: Trigger) -> bool:
    """Whether somebody, or dispatch that finds somebody, can bring about what happens there."""
    first, _, name = trigger.name.partition(".")
    if trigger.kind != "internal" or first in ("assigned", "children"):
        return True
    states = [state for state in (*machine.compiled.checklists, *machine.compiled.approvals) if state in name.split(".")]
    return first != "exhausted" and any(machine.chart.contains(place.configuration, state) for state in states)


def outcome(made: list[Run], good: Callable[[Run], bool], depth: int = 0) -> bool:
    """Whether those who act can choose so that a step ends well, whatever is not theirs to choose."""
    first = made[0]
    if len(first.choices) <= depth:
        return good(first)
    choice: Choice = first.choices[depth]
    parts: dict[int, list[Run]] = {}
    for run in made:
        parts.setdefault(run.choices[depth].taken, []).append(run)
    answers = (outcome(part, good, depth + 1) for part in parts.values())
    # Where the number of ways was cut short, what is missing counts as bad.
    return any(answers) if choice.free else len(parts) == choice.options and all(answers)


# leads to -----------------------------------------------------------------------------------------------------


def _leads(machine: Abstract, plan: LawPlan, budget: int) -> Proof:
    machine.joint = True  # one update of several values passes over what several updates would meet
    found = explore(machine, budget)
    states = len(found.places)
    within: timedelta | None = plan.law.within.exact if plan.law.within is not None else None
    leads = Leads(machine, found, plan, within)
    story, why = leads.refute()
    if story is not None:
        return refuted(plan, states, story, why)
    if not found.complete:
        return proof(plan, "undecided", states, why=_unfinished(found, budget))
    doubt = leads.doubt(budget)
    if doubt is not None:
        return proof(plan, "undecided", states, why=doubt)
    return proof(plan, "proved", states, why=said("every run comes there", "每种进程都会到达"))


__all__ = ["BUDGET", "Proof", "prove"]
