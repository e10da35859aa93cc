"""Knows how a plan to move tickets to another version is made from two definitions; must not know how a ticket moves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._bisimulation import Futures, same_futures
from servflow.engine._carrying import CHANGED, GONE
from servflow.engine._diff import checked, diff
from servflow.engine._fitting import fitted
from servflow.engine._likeness import alike_fields, alike_states
from servflow.engine._migrating import made_by_move, migrate, over, runs_under
from servflow.engine._migration import CHAIN_MOVES, CLOCK_STARTS, Answers, AtOnce, MigrationPlan, Part, TicketMove
from servflow.errors import Finding, InputError, ServflowError, nearest, shown
from servflow.model import Breached, FrozenMap, Outcome, Ticket, instant
from servflow.sla import OPTIONS

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

Parts = FrozenMap[str, Part]


def plan_migration(
    old: Workflow,
    new: Workflow,
    tickets: Iterable[Ticket] = (),
    *,
    at: datetime | None = None,
    states: Mapping[str, str] | None = None,
    fields: Mapping[str, str | None] | None = None,
    values: Mapping[str, Any] | None = None,
    clocks: Mapping[str, str] | None = None,
    chains: str = "keep",
) -> MigrationPlan:
    """
    Work out what moving tickets from one version of a definition to another comes to; nothing is changed.

    Args:
        old: the definition the tickets run under.
        new: the definition they shall run under.
        tickets: those to look at one by one, by the very code that would move them.
        at: aware instant of the move; each ticket's own where left out.
        states: what each state is called now, or where its tickets go: ``{"old": "new"}``. A name that only the new
            definition has is the same state under a new name; else the ticket leaves one state and enters the other.
        fields: what each field is called now; None lets its values go.
        values: for fields, what tickets get that have no value that fits.
        clocks: from when a new clock counts for a ticket that is under way: ``since`` (where it would have started,
            unless said), ``now`` or ``never``.
        chains: live runs ``keep`` the edition of a changed chain that they are pinned to, where *new* has it in
            ``past_chains`` (a desk sees to that), or ``move`` to the level of the same name.

    Raises:
        InputError: the definitions are of different workflows, or an answer names what does not exist.
        TimeError: the instant is naive.
    """
    checked(old, "old")
    checked(new, "new")
    if old.workflow != new.workflow:
        raise InputError(
            f"a plan leads from one version of a workflow to another, not from {old.workflow!r} to {new.workflow!r}",
            code="migration",
        )
    answers = _answers(old, new, {"states": states, "fields": fields, "values": values, "clocks": clocks}, chains)
    before, after = _named(old.to_data(), _same_states(old, new, answers), answers), new.to_data()
    futures = same_futures(before, after, extensions=old.extensions == new.extensions)
    state_parts, state_findings = _states(old, new, answers, futures)
    field_parts, field_findings = _fields(old, new, answers)
    plan = MigrationPlan(
        old=old,
        new=new,
        at=None if at is None else instant(at),
        diff=diff(old, new),
        answers=answers,
        states=state_parts,
        fields=field_parts,
        clocks=FrozenMap({**_parts("clocks", old.to_data(), after, futures), **_made(old, new, state_parts)}),
        timers=_timers(old, new, state_parts),
        chains=_parts("escalations", old.to_data(), after, futures),
        dispatch=_parts("dispatch", old.to_data(), after, futures),
        blocked=(*state_findings, *field_findings),
    )
    return attrs.evolve(plan, tickets=tuple(_ticket(ticket, plan, at) for ticket in tickets))


# answers --------------------------------------------------------------------------------------------------------


def _answers(old: Workflow, new: Workflow, said: Mapping[str, Any], chains: str) -> Answers:
    if chains not in CHAIN_MOVES:
        raise InputError(f"chains is one of {', '.join(CHAIN_MOVES)}, not {shown(chains)}", code="migration", known=CHAIN_MOVES)
    given: dict[str, Any] = {name: {} if answer is None else answer for name, answer in said.items()}
    for name, answer in given.items():
        if not isinstance(answer, Mapping):
            raise InputError(f"{name} is a mapping, not a {type(answer).__name__}", code="migration")
    known_old, known_new = old.compiled.states, new.compiled.states
    for name, target in given["states"].items():
        _known("states", name, known_old, "old")
        _known("states", target, known_new, "new")
    for name, target in given["fields"].items():
        _known("fields", name, old.fields, "old")
        if target is not None:
            _known("fields", target, new.fields, "new")
            if target != name and target in old.fields and given["fields"].get(target, target) == target:
                raise InputError(f"fields maps {name!r} to {target!r}, which has values of its own", code="migration")
    fitting = {}
    for name, value in given["values"].items():
        _known("values", name, new.fields, "new")
        fitting[name] = fitted(new.fields[name], value, name)
    fresh = set(new.compiled.clock_names) - set(old.compiled.clock_names)
    for name, start in given["clocks"].items():
        _known("clocks", name, fresh, "new")
        if start not in CLOCK_STARTS:
            facts = {"section": "clocks", "name": name, "value": start, "known": CLOCK_STARTS}
            raise InputError(Finding("migration.answer", "", facts).message(), code="migration")
    return Answers(
        states=FrozenMap(given["states"]),
        fields=FrozenMap(given["fields"]),
        values=FrozenMap(fitting),
        clocks=FrozenMap(given["clocks"]),
        chains=chains,
    )


def _known(section: str, name: Any, names: Iterable[str], side: str) -> None:
    listed = tuple(sorted(names))
    if name not in listed:
        close = nearest(str(name), listed)
        sides = {"en": side, "zh": "旧" if side == "old" else "新"}
        facts = {"section": section, "name": name, "side": sides, "known": listed, "nearest": close}
        finding = Finding("migration.name_unknown", "", facts)
        raise InputError(f"{finding.message()}; {finding.hint()}", code="migration", name=name, nearest=close)


_ASKED = re.compile(r"""(\bin_state\(\s*["'])(.*?)(["']\s*\))""")
_PLACES = ("source", "target", "initial", "default", "state", "until", "paused_in", "counts_in", "left")


def _same_states(old: Workflow, new: Workflow, answers: Answers) -> dict[str, str]:
    """The states that have another name now; of the others that are answered the ticket leaves one and enters another."""
    before, known = old.compiled.states, new.compiled.states
    count = Counter(answers.states.values())
    return {name: now for name, now in answers.states.items() if name not in known and now not in before and count[now] == 1}


def _named(data: Mapping[str, Any], states: Mapping[str, str], answers: Answers) -> dict[str, Any]:
    """The old definition with the names that states and fields have now, wherever they are named as such."""
    fields = {name: now for name, now in answers.fields.items() if now is not None}
    out = dict(data)
    if states:
        for section in ("states", "transitions", "rules", "dispatch", "clocks", "escalations", "initial"):
            if section in out:
                out[section] = _renamed(section, out[section], states)
    if fields and "fields" in out:
        out["fields"] = {fields.get(name, name): spec for name, spec in out["fields"].items()}
    return out


def _renamed(key: str, value: Any, names: Mapping[str, str]) -> Any:
    # As deep as a definition, which load bounds.
    if isinstance(value, Mapping):
        return {
            (names.get(name, name) if key == "states" else name): _renamed(name if key != "states" else "", item, names)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_renamed(key, item, names) for item in value]
    if not isinstance(value, str):
        return value
    if key in _PLACES:
        return names.get(value, value)
    return _ASKED.sub(lambda found: f"{found[1]}{names.get(found[2], found[2])}{found[3]}", value)


# parts ----------------------------------------------------------------------------------------------------------


def _states(old: Workflow, new: Workflow, answers: Answers, futures: Futures) -> tuple[Parts, list[Finding]]:
    known, leaves = new.compiled.states, set(old.compiled.chart.leaves)
    before = old.compiled.states
    gone = [name for name in before if name not in known and name not in answers.states]
    taken, same_states = set(answers.states.values()), _same_states(old, new, answers)
    fresh = [name for name in known if name not in before and name not in taken]
    suggested = alike_states(old.to_data(), new.to_data(), gone, fresh)
    parts: dict[str, Part] = {}
    findings: list[Finding] = []
    for name in before:
        target = answers.states.get(name, name)
        if target not in known:
            close = suggested.get(name)
            parts[name] = Part(name=name, status="renamed" if close else "removed", suggested=close, differs=())
            if name in leaves:
                code = "migration.state_renamed" if close else "migration.state_removed"
                facts = {"name": name, "suggested": close, "known": tuple(new.compiled.chart.leaves)}
                findings.append(Finding(code, f"states.{name}", facts))
        elif target == name:
            same = name in futures.same and name not in taken
            parts[name] = Part(
                name=name, status="identical" if same else "kept", target=name, differs=futures.differs.get(name, ())
            )
        else:
            status = "renamed" if name in same_states else "removed" if name not in known else "kept"
            parts[name] = Part(name=name, status=status, target=target, differs=futures.differs.get(target, ()))
    for name in known:
        if name not in before and name not in taken:
            parts[name] = Part(name=name, status="added", target=name)
    return FrozenMap(parts), findings


def _fields(old: Workflow, new: Workflow, answers: Answers) -> tuple[Parts, list[Finding]]:
    gone = [name for name in old.fields if name not in new.fields and name not in answers.fields]
    taken = {target for target in answers.fields.values() if target is not None}
    fresh = [name for name in new.fields if name not in old.fields and name not in taken]
    suggested = alike_fields(old.to_data(), new.to_data(), gone, fresh)
    parts: dict[str, Part] = {}
    findings: list[Finding] = []
    for name, spec in old.fields.items():
        target = answers.fields.get(name, name)
        if target is None:
            parts[name] = Part(name=name, status="removed")
        elif target not in new.fields:
            close = suggested.get(name)
            parts[name] = Part(name=name, status="renamed" if close else "removed", suggested=close)
            code = "migration.field_renamed" if close else "migration.field_removed"
            findings.append(Finding(code, f"fields.{name}", {"name": name, "suggested": close}))
        else:
            other = new.fields[target]
            differs = tuple(key for key in attrs.fields_dict(type(spec)) if getattr(spec, key) != getattr(other, key))
            status = "retyped" if "type" in differs else "kept" if differs else "identical"
            parts[name] = Part(name=name, status=status if target == name else "renamed", target=target, differs=differs)
    for name in fresh:
        parts[name] = Part(name=name, status="added", target=name)
    return FrozenMap(parts), findings


def _parts(section: str, old: Mapping[str, Any], new: Mapping[str, Any], futures: Futures) -> Parts:
    before = {item["name"]: item for item in old.get(section, ())}
    after = {item["name"]: item for item in new.get(section, ())}
    parts: dict[str, Part] = {}
    for name, item in before.items():
        if name not in after:
            parts[name] = Part(name=name, status="removed")
            continue
        other = after[name]
        keys = tuple(sorted(key for key in item.keys() | other.keys() if item.get(key) != other.get(key)))
        if futures.parts.get((section, name)):
            parts[name] = Part(name=name, status="identical", target=name)
        else:
            parts[name] = Part(name=name, status="kept", target=name, differs=keys or ("what it reads",))
    for name in after:
        if name not in before:
            parts[name] = Part(name=name, status="added", target=name)
    return FrozenMap(parts)


def _made(old: Workflow, new: Workflow, states: Parts) -> dict[str, Part]:
    """The clocks that parts of a state make: they go along with their state."""
    after = {promise.clock.name: promise for promise in new.compiled.promises if promise.state is not None}
    parts: dict[str, Part] = {}
    for promise in old.compiled.promises:
        if promise.state is None:
            continue
        name, now = promise.clock.name, states[promise.state].target
        kind, rest = name.split(".", 1)
        target = f"{kind}.{now}{rest.removeprefix(promise.state)}"
        if now is None or target not in after:
            parts[name] = Part(name=name, status="removed")
            continue
        one, other = promise.clock, after[target].clock
        keys = ("within", "calendar", "warn", *OPTIONS)
        differs = tuple(key for key in keys if getattr(one, key) != getattr(other, key))
        same = "identical" if target == name else "renamed"
        parts[name] = Part(name=name, status="kept" if differs else same, target=target, differs=differs)
    covered = {part.target for part in parts.values()}
    return parts | {name: Part(name=name, status="added", target=name) for name in after if name not in covered}


def _timers(old: Workflow, new: Workflow, states: Parts) -> Parts:
    parts: dict[str, Part] = {}
    for name, timers in old.compiled.timed_states.items():
        target = states[name].target
        after = new.compiled.timed_states.get(target or "", ())
        for timer in timers:
            key = f"{name}.{timer.event}"
            match = next((other for other in after if other.event == timer.event), None)
            if timer in after:
                parts[key] = Part(name=key, status="identical", target=f"{target}.{timer.event}")
            elif match is None:
                parts[key] = Part(name=key, status="removed")
            else:
                differs = tuple(item for item in attrs.fields_dict(type(timer)) if getattr(timer, item) != getattr(match, item))
                parts[key] = Part(name=key, status="kept", target=f"{target}.{timer.event}", differs=differs)
    covered = {part.target for part in parts.values()}
    for name, timers in new.compiled.timed_states.items():
        for timer in timers:
            key = f"{name}.{timer.event}"
            if key not in covered:
                parts[key] = Part(name=key, status="added", target=key)
    return FrozenMap(parts)


# tickets --------------------------------------------------------------------------------------------------------


def _ticket(ticket: Ticket, plan: MigrationPlan, at: datetime | None) -> TicketMove:
    identical = all(leaf in plan.states and plan.states[leaf].status == "identical" for leaf in ticket.configuration)
    try:
        outcome = migrate(ticket, plan, at=at)
    except ServflowError as error:
        problems = error.facts.get("findings") or ()
        if error.code == "migration.other_version":
            problems = (Finding(error.code, "", {"hash": ticket.pins.get("workflow", "")[:12]}),)
        status = "other" if error.code == "migration.other_version" else "blocked"
        found = tuple(problems) or (Finding("migration.failed", "", {"why": error.message}),)
        return TicketMove(id=ticket.id, state=ticket.state, target=None, status=status, problems=found)
    if not outcome.records and runs_under(ticket, plan.new):
        return TicketMove(id=ticket.id, state=ticket.state, target=ticket.state, status="done")
    earlier, made = made_by_move(outcome.records)
    ended = [record for record in earlier if str(getattr(record, "reason", "")).startswith((GONE, CHANGED))]
    return TicketMove(
        id=ticket.id,
        state=ticket.state,
        target=outcome.ticket.state,
        status="identical" if identical else "moves",
        breaches=_breaches(ticket, outcome, plan, at),
        steps=tuple(_step(record) for record in (*ended, *made[1:])),
    )


def _step(record: Any) -> str:
    about = next((getattr(record, name) for name in ("clock", "slot") if hasattr(record, name)), None)
    if about is None and hasattr(record, "run"):
        about = record.run.chain
    if about is None and hasattr(record, "timer"):
        about = f"{record.timer.state}.{record.timer.event}"
    return type(record).__name__ if about is None else f"{type(record).__name__} {about}"


def _breaches(ticket: Ticket, outcome: Outcome, plan: MigrationPlan, at: datetime | None) -> tuple[AtOnce, ...]:
    earlier, _ = made_by_move(outcome.records)
    known = {name for name, run in ticket.clocks.items() if run.breached_at is not None}
    known |= {record.clock for record in earlier if isinstance(record, Breached)}
    when = outcome.ticket.at if at is None else max(instant(at), outcome.ticket.at)
    found = []
    for name, run in outcome.ticket.clocks.items():
        if name in known or run.phase not in ("running", "paused"):
            continue
        at_once = run.breached_at is not None or (run.phase == "running" and run.due is not None and run.due <= when)
        if at_once or (run.phase == "paused" and run.counted > run.within):  # broken as soon as it is resumed
            found.append(AtOnce(clock=name, due=run.due, over=over(outcome.ticket, name, plan, when)))
    return tuple(found)


__all__ = ["plan_migration"]
