"""Knows whether work of some length would still keep a promise, and when it must start; must not know who does the work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from servflow.calendars import OpenTime
from servflow.calendars._local import language
from servflow.errors import DefinitionError, InputError, TimeError, shown
from servflow.model import ClockRun, Span, instant, write_instant
from servflow.sla._clock import Clock
from servflow.sla._history import ClockState
from servflow.sla._questions import due_if_resumed
from servflow.sla._standing import SECOND, length, told
from servflow.sla._time import ZERO, after, between, opening, target

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation
_WORDS: Mapping[str, tuple[str, str]] = {
    "idle": ("the clock has not started, so nothing is promised", "该计时尚未开始，没有承诺"),
    "met": ("the clock has stopped: nothing is promised any more", "该计时已停止，没有承诺"),
    "cancelled": ("the clock was cancelled: nothing is promised any more", "该计时已取消，没有承诺"),
    "never_due": ("the calendar never opens for long enough, so the clock is never due", "日历开放时间不足，永不到期"),
    "breached": ("too late: it was breached at {due}", "已晚：{due} 已违约"),
    "feasible": (
        "work of {estimate} started now is done by {finish}, due {due}",
        "现在开始，{estimate} 的工作在 {finish} 完成，到期 {due}",
    ),
    "slack": ("{slack} to spare, start by {latest}", "余量 {slack}，最晚 {latest} 开始"),
    "short": ("{slack} short, it had to start by {latest}", "不足 {slack}，本应最晚 {latest} 开始"),
    "paused": ("paused: {slack} to spare whenever it goes on", "已暂停：恢复时余量 {slack}"),
    "provisional": ("provisional", "暂定"),
}


@frozen(kw_only=True)
class Forecast:
    """
    Whether work that starts at ``at`` is done before a clock is due.

    ``estimate`` is the work as counted time, ``finish`` when it is done. ``slack`` is the open time to spare, negative where
    some is missing. ``latest_start`` is the last instant from which the work is done by ``due``: it may lie in the past, and
    is None while the clock is paused, for then it moves on. ``feasible`` says that ``finish`` is not after ``due``; None where
    nothing is promised. ``reason`` is None for a running clock, else ``paused`` (``due`` is that of a clock that goes
    on at ``at``), ``breached``, ``idle``, ``met``, ``cancelled`` or ``never_due``. ``provisional``: an answer lies beyond what
    the calendar knows.
    """

    clock: str
    at: datetime
    estimate: timedelta
    finish: datetime | None = None
    due: datetime | None = None
    slack: timedelta | None = None
    latest_start: datetime | None = None
    feasible: bool | None = None
    reason: str | None = None
    provisional: bool = False

    def as_data(self) -> dict[str, Any]:
        """JSON-ready: instants as RFC 3339 in UTC, lengths in seconds."""
        return {
            "clock": self.clock,
            "at": write_instant(self.at),
            "estimate": self.estimate / SECOND,
            "finish": _written(self.finish),
            "due": _written(self.due),
            "slack": None if self.slack is None else self.slack / SECOND,
            "latest_start": _written(self.latest_start),
            "feasible": self.feasible,
            "reason": self.reason,
            "provisional": self.provisional,
        }

    def text(self, lang: str = "en", zone: str = "UTC") -> str:
        """
        One line for people; instants as a wall clock of the zone shows them.

        Raises:
            InputError: no such zone, or another language.
        """
        zh = language(lang) == "zh"
        facts = {name: told(getattr(self, name), zone, lang) for name in ("finish", "due")}
        latest = told(self.latest_start, zone, lang)
        if self.slack is None or self.reason == "breached":
            said = [_WORDS[self.reason or "never_due"][zh].format(**facts)]
        else:
            said = [_WORDS["feasible"][zh].format(estimate=length(self.estimate), **facts)]
            key = "paused" if self.reason == "paused" else "slack" if self.feasible else "short"
            slack = self.slack if key != "short" else -self.slack
            said.append(_WORDS[key][zh].format(slack=length(slack), latest=latest))
        if self.provisional:
            said.append(_WORDS["provisional"][zh])
        return f"{self.clock}: {('；' if zh else '; ').join(said)}"


def _written(at: datetime | None) -> str | None:
    return None if at is None else write_instant(at)


def estimated(estimate: Span | timedelta | str, at: datetime, cal: OpenTime | None) -> timedelta:
    """
    Work as counted time.

    Args:
        estimate: a ``timedelta`` or text such as ``4h``; ``2 business days`` are those from *at* on.
        at: when the work starts.
        cal: the calendar that counts.

    Raises:
        InputError: it is no length of work: it passes (``3d``) though a calendar counts, or asks for business days
            without one.
        TimeError: it is no length of time.
    """
    span = Span.of(estimate)
    if span.elapsed and cal is not None:
        raise InputError(
            f"an estimate is work, and {shown(estimate)} passes whether anybody works or not; write hours or business days",
            code="estimate",
            value=shown(estimate),
        )
    try:
        return target(span, cal, at)
    except DefinitionError as error:
        said = f"{shown(estimate)} needs a calendar, and this clock counts time as it passes; write it in hours"
        raise InputError(said, code="estimate", value=shown(estimate)) from error


def forecast(
    held: ClockRun | ClockState | None,
    estimate: Span | timedelta | str,
    at: datetime,
    cal: OpenTime | None,
    *,
    clock: Clock | str = "",
) -> Forecast:
    """
    Whether work that starts at an instant is done before a clock is due, and the last instant at which it may start.

    Args:
        held: the clock as of *at*: what ``fold`` or ``run`` gave, or a run the host keeps; None is a clock before any start.
        estimate: counted time of work: a ``timedelta``, ``4h`` or ``2 business days``.
        at: aware instant at which the work would start.
        cal: the calendar that counts, None for time as it passes.
        clock: its definition, or what it is called; the definition matters to a paused one with ``breached_by: over`` only.

    Raises:
        TimeError: *at* is naive, or the estimate is no length of time.
        InputError: the estimate is no length of work.
    """
    now = instant(at)
    given: object = held
    if not isinstance(given, ClockRun | ClockState | None):
        raise InputError(f"a clock's run or state was expected, not {shown(given)}", code="argument", value=shown(given))
    defined = clock if isinstance(clock, Clock) else None
    name = held.name if isinstance(held, ClockRun) else defined.name if defined is not None else str(clock)
    work = estimated(estimate, now, cal)
    if held is None or held.phase not in ("running", "paused"):
        due = None if held is None else held.due
        return Forecast(clock=name, at=now, estimate=work, due=due, reason="idle" if held is None else held.phase)
    finish = after(cal, now, work)
    due, reason = _due(held, now, cal, defined)
    if due is None:
        return Forecast(clock=name, at=now, estimate=work, finish=finish, reason="never_due", provisional=True)
    return Forecast(
        clock=name,
        at=now,
        estimate=work,
        finish=finish,
        due=due,
        slack=between(cal, now, due) - work,
        latest_start=None if reason == "paused" else _latest(cal, due, work),
        feasible=finish is not None and finish <= due,
        reason=reason,
        provisional=finish is None or (cal is not None and cal.provisional(max(finish, due))),
    )


def _due(
    held: ClockRun | ClockState, at: datetime, cal: OpenTime | None, clock: Clock | None
) -> tuple[datetime | None, str | None]:
    """The due instant the work is measured by, and what is to be said of the clock."""
    if held.breached_at is not None:
        return held.breached_at, "breached"
    if held.phase == "running":
        return held.due, "breached" if held.due is not None and held.due < at else None
    if isinstance(held, ClockRun):
        return due_if_resumed(held, at, cal, clock), "paused"
    due = after(cal, at, held.remaining)
    if due is not None and clock is not None and clock.breached_by == "over" and held.remaining >= ZERO:
        due = opening(cal, due)
    return due, "paused"


def _latest(cal: OpenTime | None, due: datetime, work: timedelta) -> datetime | None:
    try:
        return due - work if cal is None else cal.before(due, work)
    except (TimeError, OverflowError):  # there was never that much time before it
        return None


__all__ = ["Forecast", "estimated", "forecast"]
