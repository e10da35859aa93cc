"""Knows what a plan and a warning of an end say, as they are written; must not know assets nor tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve, field, frozen

from servflow.calendars import OpenTime
from servflow.calendars._recurrence import Rule
from servflow.errors import shown
from servflow.expressions import Expression
from servflow.model import EMPTY, FrozenMap
from servflow.recurring._every import Period, ever, read_rule
from servflow.recurring._reading import Parts

FIRST = ("every", "start")
COUNTED_FROM = ("schedule", "completion")
MOVES = ("next", "previous", "nearest")
MISSED = ("last", "all")
WHILE_OPEN = ("each", "wait")

_COMMON = ("name", "workflow", "title", "when", "zone", "at", "calendar", "move", "ahead", "fields")
PLAN_KEYS = (
    *_COMMON,
    *("every", "rule", "start", "first", "counted_from", "begins", "until", "times", "apart", "meter", "missed", "while_open"),
)
EXPIRY_KEYS = (*_COMMON, "date", "grace")
METER_KEYS = ("counter", "every", "ahead", "start", "within")
MOST_AHEAD = 20
_RULES_ZH = "只读取以天为单位的 RFC 5545 规则，FREQ 为 DAILY 至 YEARLY，钟点写在 at"  # noqa: RUF001 - Chinese text uses full-width punctuation
_NEVER = Expression.parse("null")


@frozen(kw_only=True)
class Meter:
    """
    A counter of an asset, and how many units lie between two services; ``ahead`` is how many before it is told.

    A reading is no date: the work is due ``within`` so long after its ticket opened, None for as long as the plan's ``ahead``.
    """

    counter: str
    every: Decimal
    ahead: Decimal = Decimal()
    start: Decimal = Decimal()
    within: timedelta | None = None


@frozen(kw_only=True)
class Common:
    """What a plan and a warning of an end have in common."""

    name: str
    workflow: str
    title: str = ""
    when: Expression | None = None
    zone: str = "UTC"
    at: time = time()
    calendar: OpenTime | None = field(default=None, eq=False)
    calendar_name: str | None = None
    move: str = "next"
    fields: FrozenMap[str, Expression] = EMPTY


@frozen(kw_only=True)
class Plan(Common):
    """Work that comes round by time, by a counter, or by whichever is first."""

    every: Period | None = None
    rule: Rule | None = None
    rule_text: str = ""
    start: date | None = None
    start_of: Expression | None = None
    first: int = 0
    completion: bool = False
    ahead: timedelta = timedelta()
    begins: date | None = None
    until: date | None = None
    times: int | None = None
    apart: timedelta = timedelta()
    meter: Meter | None = None
    all_missed: bool = False
    waits: bool = False
    known: dict[Any, Any] = field(factory=dict, init=False, eq=False, repr=False)
    """Which slots were found for which questions; it is emptied when it is full, and changes no answer."""

    @property
    def timed(self) -> bool:
        """Whether time alone makes it due."""
        return self.every is not None or self.rule is not None


@frozen(kw_only=True)
class Expiry(Common):
    """A date of each asset that is told so long ahead; several lengths make several tickets, the longest first."""

    date: Expression
    ahead: tuple[tuple[str, timedelta], ...]
    grace: timedelta = timedelta(days=7)


def _common(parts: Parts, given: Mapping[str, Any], path: str, zone: str, calendars: Mapping[str, OpenTime]) -> dict[str, Any]:
    calendar, move = given.get("calendar"), given.get("move")
    if calendar is not None and (not isinstance(calendar, str) or calendar not in calendars):
        parts.add("calendar", f"{path}.calendar", name=shown(calendar), known=tuple(calendars))
    if move is not None and calendar is None:
        parts.add("move", f"{path}.move")
    if not isinstance(given.get("workflow"), str) or not given["workflow"]:
        parts.add("needs", f"{path}.workflow" if "workflow" in given else path, key="workflow")
    title = given.get("title")
    return {
        "name": parts.name(given.get("name"), f"{path}.name"),
        "workflow": str(given.get("workflow")),
        "title": title if isinstance(title, str) else "",
        "when": parts.expression(given.get("when"), f"{path}.when", bool_wanted=True),
        "zone": zone if given.get("zone") is None else parts.zone(given["zone"], f"{path}.zone"),
        "at": parts.wall(given.get("at"), f"{path}.at"),
        "calendar": calendars.get(calendar) if isinstance(calendar, str) else None,
        "calendar_name": calendar,
        "move": parts.option(move, MOVES, f"{path}.move"),
        "fields": parts.fields(given.get("fields"), f"{path}.fields"),
    }


def read_plan(parts: Parts, given: Any, path: str, zone: str, calendars: Mapping[str, OpenTime]) -> Plan | None:
    """The plan of its mapping; None where it is no mapping."""
    if not isinstance(given, Mapping):
        parts.add("mapping", path, value=shown(given))
        return None
    parts.keys(given, PLAN_KEYS, path)
    common = _common(parts, given, path, zone, calendars)
    every = Period.read(given.get("every"))
    if given.get("every") is not None and every is None:
        parts.add("every", f"{path}.every", value=shown(given["every"]))
    times = parts.count(given.get("times"), f"{path}.times")
    until = parts.day(given.get("until"), f"{path}.until")
    rule, ends = _rule(parts, given, path, common)
    if rule is not None and times is not None:
        if rule.count is not None:
            parts.add("twice", f"{path}.times", one="times", other="COUNT")
        rule = evolve(rule, count=times)
    meter = _meter(parts, given.get("meter"), f"{path}.meter")
    start, start_of = _start(parts, given.get("start"), f"{path}.start")
    first = parts.option(given.get("first"), FIRST, f"{path}.first") if given.get("first") is not None else None
    completion = parts.option(given.get("counted_from"), COUNTED_FROM, f"{path}.counted_from") == "completion"
    _together(parts, given, path)
    apart = parts.span(given.get("apart"), f"{path}.apart")
    if given.get("apart") is None and every is not None:
        apart = timedelta(days=every.days) / 2
    return Plan(
        **common,
        every=every,
        rule=rule,
        rule_text=str(given.get("rule") or ""),
        start=start,
        start_of=start_of,
        # A date that is written is the first one; what is read of an asset, such as when it was installed, is none itself.
        first=(0 if start is not None else 1) if first is None else int(first == "every"),
        completion=completion,
        ahead=parts.span(given.get("ahead"), f"{path}.ahead"),
        begins=parts.day(given.get("begins"), f"{path}.begins"),
        until=min((one for one in (until, ends) if one is not None), default=None),
        times=times,
        apart=apart,
        meter=meter,
        all_missed=parts.option(given.get("missed"), MISSED, f"{path}.missed") == "all",
        waits=completion or parts.option(given.get("while_open"), WHILE_OPEN, f"{path}.while_open") == "wait",
    )


def _together(parts: Parts, given: Mapping[str, Any], path: str) -> None:
    """What goes with what, and what does not."""
    written = {key for key, value in given.items() if value is not None}
    if not written & {"every", "rule", "meter"}:
        parts.add("never", path)
    for one, other in (("every", "rule"), ("rule", "first")):
        if {one, other} <= written:
            parts.add("twice", f"{path}.{other}", one=one, other=other)
    if written & {"every", "rule"} and "start" not in written:
        parts.add("needs", path, key="start")
    if "rule" in written and given.get("counted_from") == "completion":
        parts.add("floating_rule", f"{path}.counted_from")


def _rule(parts: Parts, given: Mapping[str, Any], path: str, common: Mapping[str, Any]) -> tuple[Rule | None, date | None]:
    if given.get("rule") is None:
        return None, None
    try:
        rule, ends = read_rule(given["rule"], common["zone"], common["at"])
    except ValueError as error:
        parts.add("rule", f"{path}.rule", value=shown(given["rule"]), problem={"en": str(error), "zh": _RULES_ZH})
        return None, None
    if not ever(rule):
        parts.add("no_date", f"{path}.rule", value=shown(given["rule"]))
    return rule, ends


def _start(parts: Parts, value: Any, path: str) -> tuple[date | None, Expression | None]:
    if value is None:
        return None, None
    if isinstance(value, (date, str)) and not (isinstance(value, str) and not value[:4].isdigit()):
        return parts.day(value, path), None
    return None, parts.expression(value, path)


def _meter(parts: Parts, given: Any, path: str) -> Meter | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        parts.add("mapping", path, value=shown(given))
        return None
    parts.keys(given, METER_KEYS, path)
    for key in ("counter", "every"):
        if given.get(key) is None:
            parts.add("needs", path, key=key)
    every = parts.number(given.get("every", 1), f"{path}.every")
    ahead = parts.number(given.get("ahead", 0), f"{path}.ahead", zero=True)
    if ahead >= every:
        parts.add("ahead", f"{path}.ahead", ahead=str(ahead), every=str(every))
    start = parts.number(given.get("start", 0), f"{path}.start", zero=True)
    within = None if given.get("within") is None else parts.span(given["within"], f"{path}.within")
    return Meter(counter=str(given.get("counter")), every=every, ahead=ahead, start=start, within=within)


def read_expiry(parts: Parts, given: Any, path: str, zone: str, calendars: Mapping[str, OpenTime]) -> Expiry | None:
    """The warning of an end of its mapping; None where it is no mapping."""
    if not isinstance(given, Mapping):
        parts.add("mapping", path, value=shown(given))
        return None
    parts.keys(given, EXPIRY_KEYS, path)
    common = _common(parts, given, path, zone, calendars)
    if given.get("date") is None:
        parts.add("needs", path, key="date")
    when = parts.expression(given.get("date"), f"{path}.date")
    ahead = _lengths(parts, given.get("ahead"), f"{path}.ahead")
    grace = timedelta(days=7) if given.get("grace") is None else parts.span(given["grace"], f"{path}.grace")
    return Expiry(**common, date=when or _NEVER, ahead=ahead, grace=grace)


def _lengths(parts: Parts, value: Any, path: str) -> tuple[tuple[str, timedelta], ...]:
    written: Iterable[Any] = value if isinstance(value, (list, tuple)) else ["0d" if value is None else value]
    items = list(written)
    if not 1 <= len(items) <= MOST_AHEAD:
        parts.add("lengths", path, limit=MOST_AHEAD)
        return (("0d", timedelta()),)
    read = [parts.span(item, f"{path}[{index}]") for index, item in enumerate(items)]
    if len(set(read)) != len(read):
        parts.add("same_ahead", path)
    ordered = sorted(set(read), reverse=True)
    return tuple((_short(each), each) for each in ordered)


def _short(length: timedelta) -> str:
    """A length as it stands in ids of tickets, the same however it was written."""
    seconds = int(length.total_seconds())
    return f"{seconds // 86_400}d" if seconds % 86_400 == 0 else f"{seconds}s"
