"""Knows which targets of clocks contradict each other or their calendars, by tickets that have them; must not know paths."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import attrs

from servflow.calendars import OpenTime
from servflow.engine._abstract import GIVEN, Abstract
from servflow.engine._check_clocks import Paths
from servflow.engine._clock_plans import ClockPlan
from servflow.engine._clock_targets import choose
from servflow.engine._given import Given
from servflow.engine._regions import Mentions, domain, question
from servflow.engine._verbs import begin
from servflow.engine._witnesses import START, filler, length, literal, plain
from servflow.errors import Finding, ServflowError, TimeError
from servflow.model import FrozenMap, Ticket, freeze, write_instant
from servflow.sla import Condition, TableOutput, mark_name
from servflow.sla._parts import own_calendar

if TYPE_CHECKING:
    from servflow.engine._abstract_search import Found

MAX_TICKETS = 128
"""With how many combinations of values the targets of one clock, or of two, are looked at."""

MAX_ROWS = 512
"""How many tickets are opened for the rows of tables that targets of one clock, or of two, come from."""

MAX_PAIRS = 60
"""How many pairs of clocks are compared in one definition."""

MAX_ASKED = 20_000
"""How often the targets of tickets are asked for in one definition."""

STARTS = tuple(timedelta(hours=hour) for hour in range(0, 24 * 7, 3))
"""When within a week two targets are compared that are not counted alike."""

_WORDS, _NUMBERS = re.compile(r'"([^"]{0,200})"'), re.compile(r"\b\d{1,9}\b")

_ALIKE = 3
"""For how many rows that give the same a ticket is made: one that an earlier row hides may be reached by the next."""

_LONG_AFTER = datetime(2400, 1, 1, tzinfo=UTC)
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_LAST = datetime(9998, 1, 1, tzinfo=UTC)


class Counts(NamedTuple):
    """The target a ticket has for a clock, and what counts it."""

    within: timedelta
    name: str | None
    cal: OpenTime | None

    def due(self, at: datetime) -> datetime | None:
        """When it ends; None where the calendar has not so much open time left."""
        try:
            return at + self.within if self.cal is None else self.cal.after(at, self.within)
        except (TimeError, OverflowError):
            return None


@attrs.define(eq=False)
class Targets:
    """The targets that tickets come to have, asked of the kernel."""

    machine: Abstract
    at: datetime | None
    left: int = MAX_ASKED
    mentions: dict[str, Mentions] = attrs.field(init=False, factory=dict)
    _opened: dict[Any, list[tuple[Mapping[str, Any], Ticket]]] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        for plan in self.machine.compiled.clocks:
            for when, _ in (*plan.targets, *plan.calendars):
                if when is not None:
                    question(when, self.machine.functions, self.mentions)
            for _, take in (*plan.targets, *plan.calendars):
                if isinstance(take, TableOutput):
                    self._cells(take.table)

    def _cells(self, name: str) -> None:
        """What the cells of a table name is tried too, so that each of its rows has a ticket."""
        table = self.machine.workflow.tables[name]
        for index, column in enumerate(table.inputs):
            known = self.mentions.setdefault(column.name if column.expr is None else column.expr, Mentions())
            for row in table.rows:
                cell = row.when[index]
                known.constants += [*_WORDS.findall(cell), *map(int, _NUMBERS.findall(_WORDS.sub("", cell)))]

    def tickets(self, *plans: ClockPlan) -> list[tuple[Mapping[str, Any], Ticket]]:
        """Tickets just opened, one for each combination of what the targets of these clocks hang on, with those values."""
        names = tuple(sorted(frozenset[str]().union(*(plan.reads for plan in plans))))
        taken = [take for plan in plans for _, take in (*plan.targets, *plan.calendars) if isinstance(take, TableOutput)]
        key = names, tuple(dict.fromkeys((take.table, take.take) for take in taken))
        if key not in self._opened:
            sets = [(name, values) for name in names if (values := self._values(name))]
            combined = (
                {name: value for (name, _), value in zip(sets, row, strict=True) if value is not None}
                for row in islice(product(*(values for _, values in sets)), MAX_TICKETS)
            )
            self._opened[key] = list(self._open([*combined, *islice(self._rows(key[1], frozenset(names)), MAX_ROWS)]))
        return self._opened[key]

    def _rows(self, taken: Iterable[tuple[str, str]], names: frozenset[str]) -> Iterator[dict[str, Any]]:
        """Values for each row of tables that gives something else than the rows before, by what its cells name."""
        outputs: dict[str, list[str]] = {}
        for source, take in taken:
            outputs.setdefault(source, []).append(take)
        for source, takes in outputs.items():
            table = self.machine.workflow.tables[source]
            places = [list(table.outputs).index(take) for take in takes if take in table.outputs]
            seen: Counter[tuple[str, ...]] = Counter()
            for row in table.rows:
                given = tuple(str(row.then[place]) for place in places)
                seen[given] += 1
                if seen[given] <= _ALIKE:
                    named = {
                        column.name: cell for column, cell in zip(table.inputs, row.when, strict=True) if column.expr is None
                    }
                    yield {
                        key: met for key, cell in named.items() if key in names and (met := self._meets(key, cell)) is not None
                    }

    def _meets(self, name: str, cell: str) -> Any:
        """A value that a cell may take, as far as it can be read off; None where it cannot."""
        spec = self.machine.spec(name)
        words, numbers = _WORDS.findall(cell), _NUMBERS.findall(_WORDS.sub("", cell))
        if spec is None or "not" in cell or not (words or numbers):
            return None
        if words:
            return words[0] if spec.type == "string" and (not spec.one_of or words[0] in spec.allowed) else None
        beyond = {">": 1, "<": -1}.get(cell.strip()[:1], 0) if "=" not in cell else 0
        number = int(numbers[0]) + beyond
        if spec.type not in ("int", "uint") or (spec.one_of and number not in spec.allowed):
            return None
        return number if name != "priority" or 1 <= number <= 9 else None

    def _open(self, combined: Iterable[dict[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Ticket]]:
        workflow = self.machine.workflow
        needed = {name: filler(spec) for name, spec in workflow.fields.items() if spec.required and spec.default is None}
        for given in combined:
            try:
                yield given, workflow.open("witness", {**needed, **given}, at=self.at or START).ticket
            except ServflowError as error:
                if "clock" in error.facts:  # a calendar without such a day refuses it, which is what is to be told
                    yield given, self._unopened({**needed, **given})
                # else no ticket can be opened so

    def _unopened(self, given: Mapping[str, Any]) -> Ticket:
        """A ticket as it would be opened, before any clock starts."""
        workflow, at = self.machine.workflow, self.at or START
        fields = {name: spec.initial for name, spec in workflow.fields.items()}
        kept = {name: value for name, value in given.items() if name not in fields}
        first = self.machine.chart.initial_move().configuration
        return Ticket(
            id="witness",
            workflow=workflow.workflow,
            at=at,
            opened_at=at,
            configuration=first,
            fields=FrozenMap({**fields, **{name: value for name, value in given.items() if name in fields}}),
            pins=workflow.pins,
            **kept,
        )

    def _values(self, name: str) -> list[Any]:
        """A value for each answer that conditions may give; null where a ticket may lack it."""
        fields = self.machine.workflow.fields
        spec = self.machine.spec(name)
        if spec is None or (name not in fields and name not in GIVEN):
            return []
        if name == "priority":
            return list(range(1, 10))
        made = domain(name, spec, self.mentions.get(name, Mentions()))
        values = [] if made is None else [plain(region.value) for region in made.regions]
        return [value for value in values if value is not None or not spec.required]

    def of(self, plan: ClockPlan, ticket: Ticket, at: datetime) -> Counts | None:
        """
        The target a ticket has when a clock starts at an instant; None for none.

        Raises:
            ServflowError: its calendar has no such day.
        """
        self.left -= 1
        call = begin(self.machine.workflow, ticket, Given(ticket.at, None, None, None))
        within, name, cal = choose(call, plan, at)[:3]
        return None if within is None else Counts(within, name, cal)


def clock_targets(seen: Found, at: datetime | None) -> Iterator[Finding]:
    """Targets that a calendar does not hold, that end after what they are part of, and marks before the start."""
    compiled = seen.machine.compiled
    if not compiled.clocks:
        return
    targets = Targets(seen.machine, at)
    for plan in compiled.clocks:
        yield from _calendars(targets, plan)
        yield from _marks(targets, plan)
        yield from _after_the_breach(targets, plan)
    yield from _children(targets)
    yield from _responses(targets, seen)


def _path(targets: Targets, plan: ClockPlan, key: str) -> str:
    return f"{targets.machine.compiled.promises[plan.order].path}.{key}"


def _length(amount: timedelta) -> dict[str, str]:
    return {"en": length(amount), "zh": length(amount, "zh")}


def _where(values: Mapping[str, Any]) -> dict[str, str]:
    """The values a finding is about, as its sentence adds them; nothing where there are none."""
    told = ", ".join(f"{name} = {literal(value)}" for name, value in values.items())
    return {"en": f" with {told}", "zh": f"（{told}）"} if told else {"en": "", "zh": " "}


def _witness(values: Mapping[str, Any], ticket: Ticket, at: datetime) -> Any:
    fields = {**{name: plain(value) for name, value in ticket.fields.items() if value is not None}, **values}
    return freeze({"at": write_instant(at), "fields": fields, "path": []})


# calendars ----------------------------------------------------------------------------------------------------


def _calendars(targets: Targets, plan: ClockPlan) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for values, ticket in targets.tickets(plan) if targets.left > 0 else ():
        names = dict.fromkeys(name for _, name in plan.calendars if isinstance(name, str))
        if len(names) < len(plan.calendars):  # what a table gives is known of a ticket only
            names |= _named(targets, plan, ticket)
        for name in names:
            found = _of_calendar(targets, plan, values, ticket, name)
            if found is not None and (found.code, name) not in told:
                told.add((found.code, name))
                yield found


def _named(targets: Targets, plan: ClockPlan, ticket: Ticket) -> dict[str, None]:
    try:
        counts = targets.of(plan, ticket, ticket.at)
    except ServflowError:
        return {}
    return {} if counts is None or counts.name is None else {counts.name: None}


def _of_calendar(targets: Targets, plan: ClockPlan, values: Mapping[str, Any], ticket: Ticket, name: str) -> Finding | None:
    cal = targets.machine.compiled.calendars.get(name)
    at = None if cal is None else targets.at or _reference(cal)
    if cal is None or at is None:
        return None
    facts = {
        "clock": plan.clock.name,
        "calendar": own_calendar(name, plan.clock.name),
        "at": write_instant(at),
        "where": _where(values),
    }
    path = _path(targets, plan, "within")
    witness = _witness(values, ticket, at)
    try:
        counts = targets.of(plan, ticket, at)
    except ServflowError:
        return Finding("clock.never_due", path, facts, "warning", witness=witness)
    if counts is None or counts.name != name:
        return None
    due = counts.due(at)
    if due is None:
        return Finding("clock.never_due", path, facts, "warning", witness=witness)
    if not cal.provisional(due):
        return None
    until = min(until for until, _ in _known(cal)) if _known(cal) else None
    told = {**facts, "due": write_instant(due), "known_until": None if until is None else until.isoformat()}
    return Finding("clock.beyond_known", path, told, "warning", witness=witness)


def _known(cal: OpenTime) -> list[tuple[date, datetime]]:
    """Of each part that says until when it is known: that date, and from when on its dates are written down."""
    found: list[tuple[date, datetime]] = []
    waiting = [cal]
    while waiting:
        part = waiting.pop()
        waiting.extend(getattr(part, "parts", ()))
        until = getattr(part, "known_until", None)
        if until is None:
            continue
        listed = (getattr(part, "holidays", ()), getattr(part, "shifts", ()), getattr(part, "breaks", ()))
        texts = [getattr(item, "date", None) or item[0] for items in listed for item in items]
        dates = [date.fromisoformat(text) for text in texts if len(text) == len("2026-01-01")]
        first = min([*dates, date(until.year, 1, 1)])
        found.append((until, datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(part.days_zone)).astimezone(UTC)))
    return found


def _reference(cal: OpenTime) -> datetime | None:
    """
    From when a target is counted where nobody says from when: the most that the calendar ever had to offer.

    It is the first date of a list that is known for some time only, or the first opening of a calendar that ends.
    """
    known = _known(cal)
    if known:
        return min(known)[1]
    try:
        cal.next_opening(_LONG_AFTER)
    except TimeError:
        try:
            return cal.next_opening(_FIRST)
        except TimeError:
            return None
    return None


# marks --------------------------------------------------------------------------------------------------------


def _marks(targets: Targets, plan: ClockPlan) -> Iterator[Finding]:
    marks = [mark for mark in plan.clock.early_marks if mark.ahead is not None]
    if not marks:
        return
    held: list[tuple[Mapping[str, Any], Ticket, timedelta]] = []
    for values, ticket in targets.tickets(plan):
        try:
            counts = targets.of(plan, ticket, ticket.at)
        except ServflowError:
            continue
        if counts is not None:
            held.append((values, ticket, counts.within))
    for mark in marks:
        early = [item for item in held if mark.ahead is not None and mark.ahead >= item[2]]
        if not early:
            continue
        values, ticket, within = early[0]
        facts = {"clock": plan.clock.name, "mark": mark.name, "within": _length(within), "where": _where(values)}
        path = f"{_path(targets, plan, 'warn')}[{plan.clock.warn.index(mark.name)}]"
        severity = "warning" if len(early) == len(held) else "info"
        yield Finding("clock.mark_at_start", path, facts, severity, witness=_witness(values, ticket, ticket.at))


def _after_the_breach(targets: Targets, plan: ClockPlan) -> Iterator[Finding]:
    """Percentages beyond the end that start nothing: whoever wrote one may have meant to be warned before."""
    chains = targets.machine.workflow.escalations
    heard = {(one.clock, mark_name(one.mark)) for chain in chains for one in chain.start if one.mark is not None}
    for mark in plan.clock.late_marks:
        if mark.thousandths is not None and (plan.clock.name, mark.name) not in heard:
            path = f"{_path(targets, plan, 'warn')}[{[mark_name(one) for one in plan.clock.warn].index(mark.name)}]"
            yield Finding("clock.mark_late", path, {"clock": plan.clock.name, "mark": mark.name}, "info")


# one against the other ----------------------------------------------------------------------------------------


class Later(NamedTuple):
    """That a target ends after another: for which ticket, when opened, and whether whenever it is opened."""

    values: Mapping[str, Any]
    ticket: Ticket
    at: datetime
    first: Counts
    second: Counts
    always: bool


def _compare(targets: Targets, one: ClockPlan, other: ClockPlan) -> Later | None:
    """Whether the first clock's target ends after the second's when both start at once; rather always than at times."""
    looked: set[tuple[Any, ...]] = set()
    best: Later | None = None
    for values, ticket in targets.tickets(one, other):
        try:
            found = _compare_one(targets, (one, other), (values, ticket), looked)
        except ServflowError:
            continue
        if found is not None and (best is None or (found.always and not best.always)):
            best = found
        if targets.left <= 0 or (best is not None and best.always):
            return best
    return best


def _compare_one(
    targets: Targets,
    plans: tuple[ClockPlan, ClockPlan],
    opened: tuple[Mapping[str, Any], Ticket],
    looked: set[tuple[Any, ...]],
) -> Later | None:
    values, ticket = opened
    at = targets.at or START
    first, second = (targets.of(plan, ticket, at) for plan in plans)
    if first is None or second is None:
        return None
    key = (first.within, first.name, second.within, second.name)
    if key in looked:
        return None
    looked.add(key)
    if first.name == second.name and not any(plan.clock.counts_days for plan in plans):
        longer = first.within > second.within
        return Later(values, ticket, at, first, second, always=True) if longer else None
    late: list[tuple[datetime, Counts, Counts]] = []
    for apart in STARTS:
        start = at + apart
        one, other = (targets.of(plan, ticket, start) for plan in plans)
        if one is None or other is None:
            return None
        ends = one.due(start), other.due(start)
        if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
            late.append((start, one, other))
    return Later(values, ticket, *late[0], always=len(late) == len(STARTS)) if late else None


def _told(code: str, path: str, plans: tuple[ClockPlan, ClockPlan], found: Later) -> Finding:
    facts = {
        "clock": plans[0].clock.name,
        "other": plans[1].clock.name,
        "at": write_instant(found.at),
        "due": write_instant(found.first.due(found.at) or found.at),
        "other_due": write_instant(found.second.due(found.at) or found.at),
        "where": _where(found.values),
    }
    witness = _witness(found.values, found.ticket, found.at)
    return Finding(code, path, facts, "warning" if found.always else "info", witness=witness)


def _children(targets: Targets) -> Iterator[Finding]:
    plans = {plan.clock.name: plan for plan in targets.machine.compiled.clocks}
    for plan in plans.values():
        parent = plans.get(plan.clock.parent or "")
        if parent is None or parent is plan:
            continue
        found = _compare(targets, plan, parent)
        if found is not None and found.always:
            yield _told("clock.child_longer", _path(targets, plan, "within"), (plan, parent), found)


def _responses(targets: Targets, seen: Found) -> Iterator[Finding]:
    compiled = seen.machine.compiled
    plans = [plan for plan in compiled.clocks if plan.only_in is None and plan.step is None and plan.clock.stop]
    paths = Paths(seen)
    pairs = ((one, other) for one in plans for other in plans if one is not other and _before(paths, one, other))
    for one, other in islice(pairs, MAX_PAIRS):
        found = _compare(targets, one, other)
        if found is not None:
            yield _told("clock.response_longer", _path(targets, one, "within"), (one, other), found)


def _before(paths: Paths, one: ClockPlan, other: ClockPlan) -> bool:
    """
    Whether a clock is to be met before another that starts with it.

    It is the first answer to the one who waits, where the other is about a state; or its end comes before that of the
    other, on every way or at least never after it, and the other does not rest before.
    """
    first, second = one.clock, other.clock
    alike = (first.start, first.counts_in, first.counts_in_queue) == (second.start, second.counts_in, second.counts_in_queue)
    if not alike or second.reset:
        return False
    if _answers(first.stop) and all(condition.kind == "state" for condition in second.stop):
        return True
    if not paths.seen.complete:
        return False
    stops, ends = paths.of(first.stop), paths.of(second.stop)
    if not stops or not ends or ends <= stops or stops <= ends:  # what ends the one ends the other at once
        return False
    certain, sure = (all(_certain(paths, condition) for condition in clock.stop) for clock in (first, second))
    before = paths.onward(paths.began(one), stops if certain else frozenset())
    # A place that ends both at once says nothing of which comes first.
    if not (certain and ends.isdisjoint(before)) and not (sure and _leads(paths, stops - ends, ends - stops)):
        return False
    waits = before.intersection(paths.seen.distances(stops))  # where the earlier one may still be to come
    rests = paths.standing(second.paused_in) - paths.standing(first.paused_in)
    return rests.isdisjoint(waits) and second.pause == first.pause


def _leads(paths: Paths, stops: frozenset[int], ends: frozenset[int]) -> bool:
    """Whether what ends one clock leads to what ends the other, and no way back but for a ticket opened again."""
    closed = paths.standing(paths.seen.machine.compiled.closed_states)
    return not ends.isdisjoint(paths.onward(stops, closed - ends)) and stops.isdisjoint(paths.onward(ends, closed))


def _answers(stop: Iterable[Condition]) -> bool:
    """Whether a message to the requester ends a clock."""
    return any(one.kind == "message" and one.value.get("side", "agent") == "agent" for one in stop)


def _certain(paths: Paths, condition: Condition) -> bool:
    return condition.kind == "state" and condition.plain and condition.value not in paths.passing


__all__ = ["clock_targets"]
