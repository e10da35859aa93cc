"""Knows what a survey of a workflow is and what it comes down to; must not know how customers are asked, nor how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from servflow.engine._actions import Update, compile_updates
from servflow.engine._building import build, refuse_shapes
from servflow.engine._definition import Timer
from servflow.engine._reopen import Derived
from servflow.errors import DefinitionError, Finding, TimeError, nearest, shown
from servflow.expressions import Expression
from servflow.model import Action, Span, actions, titled

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled
    from servflow.engine._definition import State
    from servflow.engine._workflow import Workflow

SCALES: Mapping[str, tuple[int, int]] = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7)}
"""Scale -> its lowest and highest score; both belong to it."""

ABOUT = ("ticket", "visit", "relation")
"""What a rating can be about; the first unless said."""

CALL = "survey"
"""The name of the call by which a host is told to ask."""

DUE = "survey.due"
"""First words of the event by which a workflow raises that a survey is due; its name follows."""

ASKED, SKIPPED = "survey.asked", "survey.skipped"

OUTSIDE = ("notify", "call", "open", "send")
"""What may follow from a low rating: it changes nothing of the ticket that was rated."""

CALL_BACK: Mapping[str, Any] = {
    "workflow": "call_back",
    "relation": "call_back",
    "fields": {
        "rated": "payload.ticket",
        "customer": "customer",
        "scale": "payload.scale",
        "score": "payload.score",
        "comment": "payload.comment",
    },
}
"""The ticket that a low rating opens where ``do`` says nothing."""

LOW_PAYLOAD: Mapping[str, Any] = {
    "ticket": "string",
    "survey": "string",
    "scale": "string",
    "score": "int",
    "comment": "string",
    "about": "string",
    "visit": "string",
    "rater": "string",
}
"""What the actions after a low rating read as ``payload.x``."""


def _length(name: str, value: Any) -> Span:
    try:
        return Span.of(value)
    except TimeError as error:
        raise DefinitionError.of([Finding("definition.span", name, {"value": value, "why": error.message})]) from None


def _after(value: Any) -> Span:
    return _length("after", value)


def _elapsed(name: str, value: Any) -> Span | None:
    if value is None:
        return None
    span = _length(name, value)
    if span.business_days or not span.exact:
        why = {
            "en": f"it is a length of elapsed time such as 7d, not {shown(value)}",
            "zh": f"它是一段自然时间，例如 7d，而不是 {shown(value)}",  # noqa: RUF001 - Chinese text uses full-width punctuation
        }
        raise DefinitionError.of([Finding("definition.value", name, {"why": why})])
    return span


def _expires(value: Any) -> Span | None:
    return _elapsed("expires", value)


def _fatigue(value: Any) -> Span | None:
    return _elapsed("fatigue", value)


def _do(value: Any) -> tuple[Action, ...]:
    return actions({"open": CALL_BACK} if value is None else value)


@frozen(kw_only=True)
class Low:
    """
    What follows from a low rating: ``do``, once for one rater's opinion of one thing, however often it is amended.

    ``at_most`` is the highest score that counts as low. Unless ``do`` says otherwise a ``call_back`` ticket is opened.
    """

    at_most: int
    do: tuple[Action, ...] = field(default=None, converter=_do)


def _low(value: Any) -> Low | None:
    if value is None or isinstance(value, Low):
        return value
    try:
        made: Low = build(Low, value if isinstance(value, Mapping) else {"at_most": value})
    except DefinitionError as error:
        raise DefinitionError.of([attrs.evolve(one, path=f"low.{one.path}".rstrip(".")) for one in error.findings]) from None
    return made


@frozen(kw_only=True)
class Survey:
    """
    Ask somebody for a rating once a state was active for a while.

    ``after`` passes, or counts in ``calendar``, as the time of a timer of ``state`` does; with a calendar and no ``after`` it
    is due a second into the time that counts. Leaving the state first means that nobody is asked. ``to`` is an expression
    that gives whom (the customer unless said), ``template`` the host's text, ``visit`` an expression that gives which
    visit, where it is ``about`` one. ``when`` says which tickets. ``expires`` is how long after ``after`` anybody is asked
    at all, and how long after the asking an answer is in time. Nobody is asked twice within ``fatigue``, whatever the
    ticket and the survey. ``low`` says what follows from a low rating. ``title`` is what people call it.
    """

    name: str
    state: str
    scale: str = "csat"
    about: str = ABOUT[0]
    after: Span = field(default=Span.of("0m"), converter=_after)
    calendar: str | None = None
    when: Any = None
    to: Any = "customer"
    visit: Any = None
    template: str = "rate_us"
    expires: Span | None = field(default=Span.of("14d"), converter=_expires)
    fatigue: Span | None = field(default=Span.of("30d"), converter=_fatigue)
    low: Low | None = field(default=None, converter=_low)
    title: str = field(default="", converter=titled)

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, texts=("calendar", "title"), words=("name", "state", "scale", "about", "template"))
        found = []
        for key, known in (("scale", tuple(SCALES)), ("about", ABOUT)):
            word = getattr(self, key)
            if word not in known:
                facts = {"kind": key, "name": word, "known": known, "nearest": nearest(word, known)}
                found.append(Finding("name.unknown", key, facts))
        if not self.name or "." in self.name or " " in self.name:
            found.append(Finding("definition.key", "name", {"key": self.name}))
        if self.low is not None and self.scale in SCALES:
            lowest, highest = SCALES[self.scale]
            most: object = self.low.at_most
            if isinstance(most, bool) or not isinstance(most, int) or not lowest <= most < highest:
                facts = {"value": most, "scale": self.scale, "lowest": lowest, "highest": highest}
                found.append(Finding("survey.low", "low.at_most", facts))
        if found:
            raise DefinitionError.of(found)

    @property
    def event(self) -> str:
        """What the workflow raises when it is due."""
        return f"{DUE}.{self.name}"

    def data(self) -> dict[str, str]:
        """What the host is told with the call, as expressions."""
        told = {"survey": self.name, "scale": self.scale, "about": self.about, "state": self.state, "template": self.template}
        out = {key: literal(value) for key, value in told.items()}
        out["to"] = self.to
        if self.visit is not None:
            out["visit"] = self.visit
        for key in ("expires", "fatigue"):
            span: Span | None = getattr(self, key)
            out[key] = "0" if span is None else str(int(span.exact.total_seconds()))
        return out


def literal(text: str) -> str:
    """The expression that gives just this text."""
    return Expression.from_tree({"const": text}).text


@frozen(kw_only=True)
class LowPlan:
    """What follows from a low rating, ready to run."""

    survey: str
    at_most: int
    updates: tuple[Update, ...]


# what they come down to ------------------------------------------------------------------------------------------


def with_timers(workflow: Workflow, name: str, state: State) -> State:
    """The state with a timer for every survey that is due in it."""
    first = {survey.name: survey for survey in reversed(workflow.surveys)}  # of a name that is there twice, as it is told
    mine = [survey for survey in workflow.surveys if survey.state == name and first[survey.name] is survey]
    return attrs.evolve(state, timers=(*state.timers, *(_timer(workflow, survey) for survey in mine))) if mine else state


def _timer(workflow: Workflow, survey: Survey) -> Timer:
    # What is wrong with its time is said of the survey, so the timer that nobody wrote has none of it.
    calendar = survey.calendar if survey.calendar in workflow.named_calendars else None
    after = "1h" if calendar is None and survey.after.business_days else survey.after
    if calendar is not None and not survey.after.exact and not survey.after.business_days:
        after = "1s"  # nothing counted has passed at once, in the middle of the night too: people are asked when time counts
    return Timer(after=after, calendar=calendar, event=survey.event)


def asking(compiled: Compiled) -> tuple[Derived, ...]:
    """The transitions that surveys are short for: stay, and call the host."""
    made, names, problems = [], set(), compiled.problems
    for index, survey in enumerate(compiled.workflow.surveys):
        path = f"surveys[{index}]"
        if survey.name in names:
            problems.add("name.twice", f"{path}.name", name=survey.name, kind="surveys")
            continue
        names.add(survey.name)
        _check_time(compiled, survey, path)
        if not problems.known("state", survey.state, compiled.states, f"{path}.state"):
            continue
        data = survey.data()
        for key in (one for one in ("to", "visit") if one in data):  # said where they were written, not of the call
            if problems.expression(data[key], compiled.types, f"{path}.{key}", functions=compiled.functions) is None:
                data[key] = literal("")
        call = Action("call", {"name": CALL, "data": data})
        parts = {"event": survey.event, "source": survey.state, "internal": True, "when": survey.when, "do": (call,)}
        made.append(Derived({**parts, "allow": "system"}, path))
    return tuple(made)


def _check_time(compiled: Compiled, survey: Survey, path: str) -> None:
    problems = compiled.problems
    if survey.calendar is not None:
        problems.known("calendar", survey.calendar, compiled.calendars, f"{path}.calendar")
        if survey.after.elapsed and survey.after.exact:
            problems.add("survey.calendar", f"{path}.after", "warning", after=survey.after.text, calendar=survey.calendar)
    elif survey.after.business_days:
        problems.add("timer.needs_calendar", f"{path}.after", event=survey.event, after=survey.after.text)
    if survey.visit is not None and survey.about != "visit":
        problems.add("survey.visit", f"{path}.visit", about=survey.about)


def compile_low(compiled: Compiled) -> Mapping[tuple[str, str], LowPlan]:
    """By scale and what was rated: what follows from a low rating. Who could give one is checked with it."""
    surveys = compiled.workflow.surveys
    found: dict[tuple[str, str], LowPlan] = {}
    types = {**compiled.types, "payload": dict(LOW_PAYLOAD)}
    for index, survey in enumerate(surveys):
        path = f"surveys[{index}]"
        if survey.low is None:
            continue
        key = (survey.scale, survey.about)
        if key in found:
            facts = {"name": survey.name, "other": found[key].survey, "scale": survey.scale, "about": survey.about}
            compiled.problems.add("survey.low_twice", f"{path}.low", **facts)
            continue
        updates = compile_updates(compiled, survey.low.do, types, f"{path}.low.do")
        for number, update in enumerate(updates):
            child = update.kind == "open" and update.parts.get("relation") == "child"
            if update.kind not in OUTSIDE or child:
                word = "open (relation: child)" if child else update.kind
                compiled.problems.add("survey.low_action", f"{path}.low.do[{number}]", action=word, known=OUTSIDE)
        found[key] = LowPlan(survey=survey.name, at_most=survey.low.at_most, updates=updates)
    if surveys:
        _check_caught(compiled)
    if surveys and compiled.workflow.roles and not _may_rate(compiled):
        compiled.problems.add("survey.nobody_rates", "surveys", "warning")
    return found


def _check_caught(compiled: Compiled) -> None:
    """Note every survey whose event a transition for whatever event takes before the workflow can ask."""
    for index, survey in enumerate(compiled.workflow.surveys):
        here = {"*", *compiled.around.get(survey.state, ())}
        for taken in compiled.takers.of(survey.event):
            move = compiled.transitions[taken]
            if taken < len(compiled.workflow.transitions) and not here.isdisjoint(move.source):
                facts = {"event": move.event, "survey": survey.name, "state": survey.state}
                compiled.problems.add("survey.caught", f"surveys[{index}]", "warning", **facts)
                break


def _may_rate(compiled: Compiled) -> bool:
    spec = compiled.workflow.events.get("rating.add")
    return bool(spec is not None and spec.allow) or any(
        compiled.links[index].allow for index in compiled.takers.of("rating.add")
    )


__all__ = [
    "ABOUT",
    "ASKED",
    "CALL",
    "DUE",
    "SCALES",
    "SKIPPED",
    "Low",
    "LowPlan",
    "Survey",
    "asking",
    "compile_low",
    "literal",
    "with_timers",
]
