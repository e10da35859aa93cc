"""Knows how it is asked why a clock of a ticket is due when it is; must not know how the answer is worked out or shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from servflow import sla
from servflow.engine import _clock_tables
from servflow.engine._as_of import as_of
from servflow.engine._clock_tables import Told
from servflow.engine._clock_targets import choose
from servflow.engine._given import Given
from servflow.engine._verbs import fold
from servflow.errors import InputError, Refused, nearest, shown
from servflow.expressions import Expression
from servflow.model import FrozenMap, Record, Span, Ticket
from servflow.sla import Relative, Step, TableOutput, Timeline
from servflow.sla._parts import own_calendar

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan
    from servflow.engine._workflow import Workflow


class Asked(NamedTuple):
    """How a clock is to be explained: by which records, which cycle of it, and in which zone instants are told."""

    records: Iterable[Record] = ()
    cycle: int | None = None
    zone: str | None = None


def explain_clock(workflow: Workflow, ticket: Ticket, clock: Any, given: Given, asked: Asked) -> Timeline:
    """
    The course of a clock of a ticket and why it is due when it is.

    Raises:
        InputError: no such clock, with a did-you-mean; no such cycle or zone; or what is given is no list of records.
        Refused: the instant lies behind the ticket and no records are given (``past``).
    """
    names = workflow.compiled.clock_names
    if clock not in names:
        close = nearest(clock, names) if isinstance(clock, str) else None
        hint = f"did you mean {close!r}?" if close else f"it has {', '.join(names) or 'none'}"
        facts = {"clock": shown(clock), "known": ", ".join(names) or "-", "nearest": close}
        raise InputError(f"{workflow.workflow} has no clock {shown(clock)}; {hint}", code="clock", **facts)
    plan = next(plan for plan in workflow.compiled.clocks if plan.clock.name == clock)
    records = _known(asked.records, ticket)
    if records and given.at < ticket.at:  # as it was then, which the records up to there amount to
        records = [record for record in records if record.at <= given.at]
        ticket = fold(workflow, records) if records else ticket
    call = as_of(workflow, ticket, given)
    told = [*records, *call.records] if records else []
    run = call.draft.clocks.get(clock)
    if run is None and asked.cycle is None:
        within, name, cal = _would(call, plan)
        source = tuple(_source(call, plan, within))
        idle = sla.explain_idle(plan.clock, call.at, within, cal, calendar=name, zone=asked.zone, source=source)
        return attrs.evolve(idle, called=_Names(workflow))
    if run is None:
        said = f"clock {clock} has not started, so it has no cycle {shown(asked.cycle)}"
        raise InputError(said, code="cycle", clock=clock, cycle=shown(asked.cycle))
    latest = asked.cycle is None or asked.cycle == run.cycle
    line = sla.explain(
        plan.clock,
        run,
        call.at,
        call.compiled.counting(run.calendar),
        records=told,
        calendars=call.compiled.calendars,
        cycle=asked.cycle,
        zone=asked.zone,
        state=(call.draft.entered_at, call.draft.state),
        source=tuple(_source(call, plan, run.within)) if latest else (),
    )
    return attrs.evolve(line, called=_Names(workflow))


@attrs.frozen
class _Names:
    """What the parts of a workflow are called, for a timeline that knows none."""

    workflow: Workflow

    def __call__(self, kind: str, name: str, lang: str) -> str:
        return self.workflow.called(kind, name, lang=lang)


def _known(records: Any, ticket: Ticket) -> list[Record]:
    if not isinstance(records, Iterable) or isinstance(records, (str, bytes, Mapping)):
        records = (records,)
    found = list(records)
    wrong = next((one for one in found if not isinstance(one, Record)), None)
    if wrong is not None:
        said = f"records are what outcomes and desk.history() give, in order, not {shown(wrong)}"
        raise InputError(said, code="records", value=shown(wrong))
    # A store may have gone on since the ticket was read from it.
    return [one for one in found if one.sequence <= ticket.sequence]


def _would(call: OneCall, plan: ClockPlan) -> tuple[timedelta | None, str | None, Any]:
    """What a clock would promise if it started now; nothing where that cannot be said."""
    try:
        return choose(call, plan, call.at)
    except Refused:
        return None, None, None


def _source(call: OneCall, plan: ClockPlan, within: timedelta | None) -> Iterator[Step]:
    """Where target and calendar came from, where the ticket still says so: fields may have changed since the end."""
    run = call.draft.clocks.get(plan.clock.name)
    if within is None:
        return
    try:
        found, calendar, _ = choose(call, plan, call.at if run is None else run.started_at)
        if found != within or (run is not None and calendar != run.calendar):
            return
        yield from _chosen(call, plan, within)
    except Refused:
        return


def _chosen(call: OneCall, plan: ClockPlan, within: timedelta) -> Iterator[Step]:
    where = f"clock {plan.clock.name}"
    number, (when, take) = next((place, pair) for place, pair in enumerate(plan.targets, start=1) if call.holds(pair[0], where))
    if len(plan.targets) > 1:
        facts: dict[str, Any] = {"number": number, "count": len(plan.targets)}
        yield _step("choice_last", **facts) if when is None else _step("choice", **facts, **_condition(call, when))
    told = Told({})
    if isinstance(take, TableOutput):
        found, table = _clock_tables.take(call, take, told, where), take.table
        yield _step("table", table=table, row=told.row(table))
        take = None if found is None else sla.span_of(found)
    if isinstance(take, Relative) or (isinstance(take, Span) and take.business_days):
        written = take.text if isinstance(take, Span) else ", ".join(f"{key}: {said}" for key, said in take.to_data().items())
        yield _step("written", written=written, within=within)
    when, name = next(pair for pair in plan.calendars if call.holds(pair[0], where))
    if isinstance(name, TableOutput):
        _clock_tables.take(call, name, told, where)
        yield _step("calendar_table", table=name.table, row=told.row(name.table))
    elif len(plan.calendars) > 1 and when is not None and name is not None:
        yield _step("calendar", calendar=own_calendar(name, plan.clock.name), **_condition(call, when))


def _condition(call: OneCall, when: Expression) -> dict[str, str]:
    read = call.scope()
    values = [f"{name} = {read.get(name)}" for name in sorted(call.compiled.depends_on(when))]
    return {"when": when.text, "values": ", ".join(values) or "-"}


def _step(code: str, **facts: Any) -> Step:
    return Step(f"sla.why_{code}", FrozenMap(facts))
