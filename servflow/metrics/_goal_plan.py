"""Knows what goals are and how a document becomes checked ones; must not know figures of any period."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from servflow.documents._load import in_order
from servflow.documents._prune import prune, without_echoes
from servflow.documents._source import Document, read_document
from servflow.errors import DefinitionError, Finding, InputError, ServflowError, TimeError, nearest, shown
from servflow.metrics._cases import Case
from servflow.metrics._measure import MEASURES, Measure
from servflow.metrics._periods import PERIODS, zone_named
from servflow.metrics._targets import Target
from servflow.model import EMPTY, FrozenMap, frozen_map
from servflow.model._spans import Span

MOST_GOALS = 500
"""How many goals one document may have."""

_LONGEST_NAME = 100
_LONGEST_GRACE = timedelta(days=366)
_MOST_CASES = 10**9
_COUNTS = ("denominator", "count", "people", "peak", "last", "promoters", "passives", "detractors")
_INTERVAL = ("value", "low", "high", "numerator", "denominator")
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "share": _INTERVAL,
    "responses": _INTERVAL,
    "times": ("value", "mean", "median", "p90", "total", "count"),
    "ages": ("value", "mean", "median", "p90", "total", "count"),
    "total": ("value", "denominator"),
    "mean": ("value", "numerator", "denominator"),
    "net": (*_INTERVAL, "promoters", "passives", "detractors"),
    "ratio": ("value", "numerator", "denominator"),
    "used": ("value", "numerator", "denominator", "concurrency", "people"),
    "loaded": ("value", "peak", "last", "over_normal", "over_most"),
}
"""Kind of figure -> its numbers that a target may be set for; of other kinds any may."""

_TIMES: Mapping[str, tuple[str, ...]] = {"used": ("numerator", "denominator"), "loaded": ("over_normal", "over_most")}


@frozen(kw_only=True)
class Goal:
    """
    What one measure is to come to in every period, for everybody or for each group that ``by`` makes.

    ``part`` names a part of the measure (such as a clock), ``number`` which number of the figure counts (``value``, or such as
    ``median``). ``only`` limits the groups, ``workflows`` the tickets. A period with fewer than ``min_cases`` cases is not
    judged, nor one that begins before ``since``, a day of the goals' zone. ``grace`` is its own where it is given.
    ``review`` is the workflow of the ticket that a miss opens, ``fields`` what that ticket is given besides.
    """

    name: str
    metric: str
    target: Target
    title: str = ""
    settings: FrozenMap[str, Any] = field(default=EMPTY, converter=frozen_map)
    part: str = "all"
    number: str = "value"
    period: str = "month"
    by: str | None = None
    only: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    min_cases: int = 1
    grace: timedelta | None = None
    since: date | None = None
    review: str | None = None
    fields: FrozenMap[str, Any] = field(default=EMPTY, converter=frozen_map)

    @property
    def measure(self) -> Measure[Any]:
        """The measure it is about."""
        return MEASURES[self.metric]

    @property
    def unit(self) -> str:
        """What the number it is about is counted in: ``share``, ``seconds`` or another word; nothing for a count."""
        return self.measure.unit if self.number in ("value", "low", "high") else ""

    @property
    def aim(self) -> str:
        """The target for people: of a share in per cent, such as ``>= 90 %``."""
        return self.target.told(self.unit)


@frozen(kw_only=True)
class GoalPlan:
    """
    Goals that go together: the zone of their periods, and how long after a period they are judged.

    ``grace`` is elapsed time: what is recorded until then still counts, and nothing that is recorded later. ``done`` are the
    states on whose entry work counts as done, as for ``read_case``.
    """

    name: str
    goals: tuple[Goal, ...]
    version: int = 1
    title: str = ""
    description: str = ""
    zone: str = "UTC"
    grace: timedelta = timedelta()
    since: date | None = None
    done: tuple[str, ...] = ()
    review: str = "goal_review"

    @property
    def reviews(self) -> frozenset[str]:
        """The workflows of the tickets that misses open."""
        return frozenset({self.review, *(goal.review for goal in self.goals if goal.review)})

    def judged_at(self, goal: Goal, end: datetime) -> datetime:
        """As of which instant a period of a goal that ends then is judged."""
        return end + (self.grace if goal.grace is None else goal.grace)

    def first(self, goal: Goal) -> datetime | None:
        """The instant from which periods of a goal are judged; None where nothing is said."""
        days = [day for day in (self.since, goal.since) if day is not None]
        if not days:
            return None
        day = max(days)
        return datetime(day.year, day.month, day.day, tzinfo=zone_named(self.zone)).astimezone(UTC)


def load_goals(source: Path | str | Mapping[str, Any], *, lang: str = "en") -> GoalPlan:
    """
    Read and check goals.

    Args:
        source: a path; YAML 1.2 or JSON text; or the mapping such a text stands for.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem of shape and meaning at once, each with code, path, hint and, where the
            source is a text, line and column; in the order of the lines.
    """
    try:
        return _plan(read_document(source))
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def _plan(document: Document) -> GoalPlan:
    # Imported here so that importing servflow.metrics loads no pydantic.
    from servflow.documents._models_goals import GoalsModel
    from servflow.documents._schema import FORMAT
    from servflow.documents._shape import check_shape

    data = document.data
    shape = check_shape(data, GoalsModel)
    told = [*document.findings, *(finding for _, finding in shape)]
    written = data.get("servflow", FORMAT)
    if isinstance(written, int) and written != FORMAT:
        told.append(Finding("definition.format", "servflow", {"value": written, "known": FORMAT}))
    wrong = {steps[1] for steps, _ in shape if len(steps) > 1 and steps[0] == "targets"}
    targets = data.get("targets")
    prune(data, shape)
    if isinstance(targets, list):  # whole, with the goals of wrong shape among them, so that every index keeps its meaning
        data["targets"] = targets
    found: list[Finding] = []
    made = _read(data, wrong, found)
    told += without_echoes(told, found)
    if told:
        raise DefinitionError.of(in_order(told, document))
    return made


def _read(data: Mapping[str, Any], wrong: Container[str | int], found: list[Finding]) -> GoalPlan:
    name = data.get("goals", "?")
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        found.append(Finding("goals.name", "goals", {"value": shown(name), "limit": _LONGEST_NAME}))
    targets = data.get("targets") or []
    if data.get("targets") == []:
        found.append(Finding("goals.none", "targets", {}))
    if len(targets) > MOST_GOALS:
        found.append(Finding("goals.many", "targets", {"count": len(targets), "limit": MOST_GOALS}))
    # What has a wrong shape is told with the shape; the other goals can still be judged.
    sound = [index for index in range(min(len(targets), MOST_GOALS)) if index not in wrong]
    goals = [_goal(targets[index], f"targets[{index}]", found) for index in sound]
    names: set[str] = set()
    for index, goal in zip(sound, goals, strict=True):
        if goal.name in names:
            found.append(Finding("goals.twice", f"targets[{index}].name", {"name": goal.name}))
        names.add(goal.name)
    zone = data.get("zone", "UTC")
    try:
        zone_named(zone)
    except TimeError:
        found.append(Finding("goals.zone", "zone", {"value": shown(zone)}))
    return GoalPlan(
        name=name,
        goals=tuple(goals),
        version=_number(data.get("version", 1), "version", 1, found),
        title=data.get("title", ""),
        description=data.get("description", ""),
        zone=zone,
        grace=_grace(data.get("grace", "0h"), "grace", found),
        since=_day(data.get("since"), "since", found),
        done=_names(data.get("done", ())),
        review=data.get("review", "goal_review"),
    )


_PASSES = Target(low=None)


def _goal(data: Mapping[str, Any], path: str, found: list[Finding]) -> Goal:
    name, period = data["name"], data.get("period", "month")
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        found.append(Finding("goals.name", f"{path}.name", {"value": shown(name), "limit": _LONGEST_NAME}))
    if period not in PERIODS:
        found.append(Finding("goals.period", f"{path}.period", {"value": shown(period), "known": PERIODS}))
    only = _names(data.get("only", ()))
    if only and data.get("by") is None:
        found.append(Finding("goals.only", f"{path}.only", {}))
    goal = Goal(
        name=name,
        metric=data["metric"],
        target=_target(data, path, found),
        title=data.get("title", ""),
        settings=data.get("settings") or {},
        part=data.get("part", "all"),
        number=data.get("number", "value"),
        period=period,
        by=data.get("by"),
        only=only,
        workflows=_names(data.get("workflows", ())),
        min_cases=_number(data.get("min_cases", 1), f"{path}.min_cases", _MOST_CASES, found),
        grace=None if data.get("grace") is None else _grace(data["grace"], f"{path}.grace", found),
        since=_day(data.get("since"), f"{path}.since", found),
        review=data.get("review"),
        fields=data.get("fields") or {},
    )
    found.extend(evolve(one, path=f"{path}.{one.path}") for one in _measured(goal))
    return goal


def _target(data: Mapping[str, Any], path: str, found: list[Finding]) -> Target:
    try:
        return Target.of(data["target"])
    except InputError as error:
        facts: dict[str, Any] = {name: error.facts[name] for name in ("value", "low", "high") if name in error.facts}
        found.append(Finding(f"goals.{error.code}", f"{path}.target", facts))
        return _PASSES


def _measured(goal: Goal) -> Iterator[Finding]:
    """What does not fit the measure that a goal is about."""
    measure = MEASURES.get(goal.metric)
    if measure is None:
        near = nearest(goal.metric, MEASURES)
        yield Finding("goals.metric", "metric", {"value": goal.metric, "known": tuple(MEASURES), "nearest": near})
        return
    for name in goal.settings:
        if name not in measure.settings:
            known = tuple(measure.settings)
            facts = {"metric": goal.metric, "value": name, "known": known, "nearest": nearest(name, known)}
            yield Finding("goals.option", f"settings.{name}", facts)
            return
    try:
        probe = Case(id="?", began=datetime(2000, 1, 1, tzinfo=UTC))
        tuple(measure.seen(probe, **goal.settings))
        measure.start(goal.settings)
    except (ServflowError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        why = error.message if isinstance(error, ServflowError) else f"{type(error).__name__}: {error}"
        yield Finding("goals.refused", "settings", {"metric": goal.metric, "why": why[:200]})
    kind = measure.kind.name
    numbers = _NUMBERS.get(kind)
    if numbers is not None and goal.number not in numbers:
        facts = {"metric": goal.metric, "value": goal.number, "known": numbers, "nearest": nearest(goal.number, numbers)}
        yield Finding("goals.part", "number", facts)
    elif numbers is not None and goal.target != _PASSES:
        timed = goal.number in _TIMES.get(kind, ()) or (kind in ("times", "ages") and goal.number not in _COUNTS)
        if timed != goal.target.of_time:
            kinds = "a length of time" if goal.target.of_time else "a number"
            yield Finding("goals.kind", "target", {"metric": goal.metric, "unit": measure.unit, "kind": kinds})


def _names(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _number(value: Any, path: str, most: int, found: list[Finding]) -> int:
    if path == "version":
        most = _MOST_CASES
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        found.append(Finding("goals.number", path, {"value": shown(value), "least": 1, "most": most}))
        return 1
    return value


def _grace(value: Any, path: str, found: list[Finding]) -> timedelta:
    problem = ""
    try:
        span = Span.of(value)
        if span.business_days:
            problem = "business days need a calendar"
        elif span.exact > _LONGEST_GRACE:
            problem = "it is too long"
    except TimeError as error:
        problem = error.message
    if problem:
        found.append(Finding("goals.span", path, {"value": shown(value), "problem": problem, "limit": "366d"}))
        return timedelta()
    return span.exact


def _day(value: Any, path: str, found: list[Finding]) -> date | None:
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
        if len(value) == 10 and 1900 <= day.year < 9000:  # far from both ends of what a datetime holds
            return day
    except (TypeError, ValueError):
        pass
    found.append(Finding("goals.since", path, {"value": shown(value)}))
    return None
