"""Knows what of a workflow and of one ticket is put into a drawing; must not know how a drawing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow import escalation, sla
from servflow.engine._as_of import as_of
from servflow.engine._chain_plans import plan_of
from servflow.engine._given import Given
from servflow.errors import InputError, nearest, shown
from servflow.model import ChainRun, ClockRun, Ticket, in_language
from servflow.sla import BREACH
from servflow.statemachine import FORMATS, Look, Section, draw

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled, Link
    from servflow.engine._workflow import Workflow

_TABLES = ("table", "html")
_CHINESE = {
    "States": "状态",
    "state": "状态",
    "kind": "类型",
    "timers": "定时",
    "told": "名称与步骤",
    "Ticket": "工单",
    "fact": "项目",
    "value": "值",
    "since": "自",
    "as of": "截至",
    "assignee": "处理人",
    "nobody": "无人",
    "closed": "已关闭",
    "yes": "是",
    "no": "否",
    "Clocks": "时钟",
    "clock": "时钟",
    "risk": "风险",
    "standing": "情况",
    "Escalations": "升级",
    "chain": "升级链",
    "reached": "已达级别",
    "phase": "阶段",
    "next": "下一步",
    "Timers": "定时器",
    "event": "事件",
    "at": "时刻",
}
"""Titles and heads of the tables -> the same in Chinese."""

_LIVE = ("running", "paused")
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def graph(workflow: Workflow, format: str, ticket: Ticket | None, given: Given | None, *, detail: bool, lang: str) -> str:  # noqa: A002 - the word of the domain
    """
    A drawing of the machine with guards and timers on its edges, and of where a ticket stands at an instant.

    Raises:
        InputError: no such format, an instant without a ticket, or a ticket of another workflow.
        Refused: the instant lies behind the ticket.
    """
    if format not in FORMATS:
        close = nearest(str(format), FORMATS)
        hint = f"; did you mean {close!r}?" if close else ""
        raise InputError(
            f"unknown format {str(format)[:50]!r}; known are {', '.join(FORMATS)}{hint}", format=format, nearest=close
        )
    compiled = workflow.compiled
    timed = _timed(compiled)
    tables = format in _TABLES

    def label(index: int) -> str:
        return _label(compiled.links[index], timed.get(index, ()), guard=not tables, detail=detail)

    def guard(index: int) -> str:
        found = compiled.links[index].guard
        return "" if found is None else found.text

    captions = dict(_captions(compiled, lang)) if detail else {}
    if ticket is None:
        if given is not None:
            raise InputError("at and world say how to look at a ticket; pass the ticket too", code="graph.ticket")
        sections = list(_state_section(compiled, lang)) if tables and detail else []
        look = Look(doubled=compiled.closed_states, captions=captions, sections=sections, guards=guard, lang=_ours(lang))
        return draw(compiled.chart, format, labels=label, look=look)
    if given is None:
        raise InputError(f"pass a Ticket, not {shown(ticket)}; load_ticket(row) reads a stored one", code="graph.ticket")
    call = as_of(workflow, ticket, given)
    standing = _Standing(call)
    look = Look(
        doubled=compiled.closed_states,
        captions=captions,
        guards=guard,
        lang=_ours(lang),
        tones=dict.fromkeys(call.draft.configuration, standing.tone()),
        notes={} if tables else standing.notes(),
        sections=[*(_state_section(compiled, lang) if detail else ()), *standing.sections(lang)] if tables else (),
    )
    return draw(compiled.chart, format, labels=label, look=look)


# the definition -----------------------------------------------------------------------------------------------


def _label(link: Link, timed: tuple[str, ...], *, guard: bool, detail: bool) -> str:
    spec = link.spec
    parts = [spec.event or ""]
    if timed:
        parts.append(f"({', '.join(timed)})")
    if guard and link.guard is not None:
        parts.append(f"[{link.guard.text}]")
    if detail and spec.payload:
        parts.append(f"needs {', '.join(f'{name}: {kind.type}' for name, kind in spec.payload.items())}")
    if detail and spec.allow:
        parts.append(f"by {', '.join(map(_who, spec.allow))}")
    if detail and spec.not_by:
        parts.append(f"not by who did {spec.not_by}")
    return " ".join(part for part in parts if part)


def _who(allowed: Any) -> str:
    if isinstance(allowed, Mapping):
        return ", ".join(f"{name}({of})" for name, of in allowed.items())
    return str(allowed)


def _timed(compiled: Compiled) -> dict[int, tuple[str, ...]]:
    """Transition -> after how long which timers take it."""
    found: dict[int, tuple[str, ...]] = {}
    for state, timers in compiled.timed_states.items():
        around = {state, "*", *compiled.chart.ancestors(state)}
        for timer in timers:
            text = f"after {timer.after.text}" + (f" of {timer.calendar}" if timer.calendar else "")
            for index in compiled.takers.of(timer.event):
                link = compiled.links[index]
                if around.isdisjoint(link.spec.source):
                    continue
                told = text if link.spec.source == (state,) else f"{text} in {state}"
                found[link.index] = (*found.get(link.index, ()), told)
    return found


def _captions(compiled: Compiled, lang: str) -> Iterator[tuple[str, str]]:
    for name, state in compiled.states.items():
        steps = ", ".join(str(getattr(step, "step", step)) for step in state.checklist or ())
        parts = [in_language(state.title, lang), f"steps: {steps}" if steps else ""]
        if any(parts):
            yield name, "; ".join(part for part in parts if part)


def _state_section(compiled: Compiled, lang: str) -> Iterator[Section]:
    captions, nodes = dict(_captions(compiled, lang)), compiled.chart.states
    rows = []
    for name in compiled.states:
        timers = compiled.timed_states.get(name, ())
        fires = ", ".join(f"{timer.event} after {timer.after.text}" for timer in timers)
        kind = "closed" if name in compiled.closed_states else nodes[name].kind
        rows.append((name, kind, fires, captions.get(name, "")))
    yield _section("States", ("state", "kind", "timers", "told"), rows, lang)


def _ours(lang: str) -> str:
    """The language of our own words: Chinese where it is asked for, else English."""
    return "zh" if str(lang).lower().partition("-")[0] == "zh" else "en"


def _section(title: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]], lang: str) -> Section:
    words = _CHINESE if _ours(lang) == "zh" else {}
    return Section(words.get(title, title), tuple(words.get(name, name) for name in columns), tuple(rows))


# the ticket ---------------------------------------------------------------------------------------------------


@frozen
class _Standing:
    """How one ticket stands at the instant of a call, in the words of a drawing."""

    call: OneCall

    def tone(self) -> str:
        """The worst that any clock that still counts has come to."""
        risks = [_risk(run) for run in self.call.draft.clocks.values()]
        return next((tone for tone in ("breached", "warned") if tone in risks), "marked")

    def notes(self) -> dict[str, list[str]]:
        """What stands beside the active states: clocks, levels and timers of the ticket."""
        draft, chart = self.call.draft, self.call.compiled.chart
        first = draft.configuration[0]
        found: dict[str, list[str]] = {leaf: [] for leaf in draft.configuration}
        clocks = [run for run in draft.clocks.values() if run.phase in _LIVE or run.breached_at is not None]
        found[first] += [f"{run.name}: {self._clock(run)}" for run in clocks]
        for row in self._levels():
            found[first].append(", ".join((f"{row[0]}: {row[1]}", *(part for part in row[2:] if part))))
        for timer in draft.timers:
            inside = (leaf for leaf in draft.configuration if leaf == timer.state or timer.state in chart.ancestors(leaf))
            found[next(inside, first)].append(f"{timer.event} at {_instant(timer.due)}")
        return {leaf: lines for leaf, lines in found.items() if lines}

    def sections(self, lang: str) -> Iterator[Section]:
        """The same as tables, with every clock the ticket ever had."""
        draft = self.call.draft
        words = _CHINESE if _ours(lang) == "zh" else {}
        facts = [("state", draft.state), ("since", _instant(draft.entered_at)), ("as of", _instant(self.call.at))]
        facts += [("assignee", draft.assignee or "nobody"), ("closed", "yes" if draft.closed else "no")]
        told = [(words.get(name, name), words.get(value, value) if name != "state" else value) for name, value in facts]
        yield _section(f"{words.get('Ticket', 'Ticket')} {draft.id}", ("fact", "value"), told, lang)
        if draft.clocks:
            rows = tuple((run.name, _risk(run) or "-", self._clock(run)) for run in draft.clocks.values())
            yield _section("Clocks", ("clock", "risk", "standing"), rows, lang)
        if levels := tuple(self._levels()):
            yield _section("Escalations", ("chain", "reached", "phase", "next"), levels, lang)
        if draft.timers:
            rows = tuple((timer.state, timer.event, _instant(timer.due)) for timer in draft.timers)
            yield _section("Timers", ("state", "event", "at"), rows, lang)

    def _clock(self, run: ClockRun) -> str:
        call = self.call
        left = run.within - sla.counted(run, call.at, call.compiled.counting(run.calendar))
        parts = [run.phase] if run.phase != "running" else []
        if run.waived is not None:
            parts.append("breach waived")
        elif run.breached_at is not None:
            parts.append(f"breached, due {_instant(run.breached_at)}")
        elif warned := [mark for mark in run.marks if mark != BREACH]:
            parts.append(f"warned {warned[-1]}")
        if run.phase in _LIVE or run.breached_at is not None:
            parts.append(f"{_length(left)} left" if left >= timedelta() else f"over by {_length(-left)}")
        if run.due is not None and run.breached_at is None and run.phase in _LIVE:
            parts.append(f"due {_instant(run.due)}")
        return ", ".join(parts)

    def _levels(self) -> Iterator[tuple[str, str, str, str]]:
        draft, plans = self.call.draft, self.call.compiled.chain_plans
        running = set()
        for run in draft.chains:
            running.add(run.chain)
            yield (run.chain, *self._run(run, plan_of(self.call.compiled, run).chain))
        for name, reached in draft.levels.items():
            if name not in running and name in plans:
                yield name, _reached(plans[name].chain, reached), "ended", ""

    def _run(self, run: ChainRun, chain: escalation.Chain) -> tuple[str, str, str]:
        due: tuple[datetime, str] | None = escalation.next_due(run)
        coming = ""
        if due is not None:
            named = chain.levels[run.level].name if due[1] == "level" and run.level < len(chain.levels) else due[1]
            coming = f"{named} at {_instant(due[0])}"
        by = f" by {run.by}" if run.by and run.phase in ("acknowledged", "snoozed") else ""
        return _reached(chain, run.reached), f"{run.phase}{by}", coming


def _reached(chain: escalation.Chain, reached: int) -> str:
    most = len(chain.levels)
    if reached <= 0:
        return f"level 0 of {most}"
    return f"level {min(reached, most)} of {most}: {chain.levels[min(reached, most) - 1].name}"


def _risk(run: ClockRun) -> str:
    """``breached``, ``warned`` or nothing, for a clock whose promise is still open."""
    if run.phase not in _LIVE or run.waived is not None:
        return ""
    if run.breached_at is not None:
        return "breached"
    return "warned" if any(mark != BREACH for mark in run.marks) else ""


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC".replace(":00 UTC", " UTC")


def _length(length: timedelta) -> str:
    seconds = length // timedelta(seconds=1)
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


__all__ = ["graph"]
