"""Knows by which steps a clock comes to its due instant; must not know how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from servflow.calendars import OpenTime
from servflow.errors import TimeError
from servflow.model import ClockRun, FrozenMap
from servflow.sla._clock import Clock
from servflow.sla._course import Course, Turn
from servflow.sla._days import special_days
from servflow.sla._parts import own_calendar
from servflow.sla._questions import due_if_resumed
from servflow.sla._reasons import reason_in
from servflow.sla._rows import Row
from servflow.sla._time import ZERO, after, between
from servflow.sla._timeline import Step

_MOST = 8  # of pauses, changes and amendments each: the newest; the rows hold all of them


@frozen(kw_only=True)
class Case:
    """What the answer is worked out from: a clock of one cycle at an instant, its rows and what befell it."""

    clock: Clock
    run: ClockRun
    at: datetime
    cal: OpenTime | None
    counted: timedelta
    rows: tuple[Row, ...]
    course: Course
    zone: str
    counting: Callable[[str | None], OpenTime | None] = field(repr=False)


def step(code: str, /, **facts: Any) -> Step:
    """One step; facts that are None are left out."""
    return Step(f"sla.why_{code}", FrozenMap({name: value for name, value in facts.items() if value is not None}))


def promised(within: timedelta, calendar: str | None, cal: OpenTime | None, zone: str, *, clock: str) -> Step:
    """How much is promised, and what counts."""
    if cal is None:
        return step("promised_elapsed", within=within)
    return step("promised", within=within, calendar=calendar_name(calendar, cal, clock), zone=zone)


def calendar_name(calendar: str | None, cal: OpenTime | None, clock: str) -> str | None:
    """What a calendar is called, in the definition or by its own label; one that is written in a clock goes by the clock."""
    if calendar is not None:
        return own_calendar(calendar, clock)
    if cal is None:
        return None
    own = getattr(cal, "name", None)
    return own if isinstance(own, str) else cal.days_zone


def steps(case: Case) -> Iterator[Step]:
    """From the promise over what befell the clock to the due instant, and how the clock stands to it."""
    yield from _began(case)
    yield from _changed(case)
    yield from _paused(case)
    yield from _late(case)
    yield from _arrived(case)
    yield from _stands(case)


def _last(turns: list[Turn]) -> list[Turn]:
    return turns[-_MOST:]


def _began(case: Case) -> Iterator[Step]:
    run = case.run
    begun = next((turn for turn in case.course.turns if turn.kind == "started"), None)
    started = run.started_at if begun is None else begun.instant
    by = "" if begun is None or begun.by == "open" else begun.by
    yield step("started_by" if by else "started", started=started, cycle=run.cycle, by=by or None)
    resets = [turn for turn in case.course.turns if turn.kind == "reset"]
    if resets:
        yield step("reset", at=resets[-1].instant)
    if case.rows and case.rows[0].phase == "folded":
        yield step("folded", at=case.rows[0].end, counted=case.rows[0].counted)


def _changed(case: Case) -> Iterator[Step]:
    before: ClockRun | None = None
    found: list[list[Step]] = []
    for turn in case.course.turns:
        if turn.kind == "retargeted" and before is not None:
            found.append(list(_change(case, before, turn)))
        before = turn.run
    for several in found[-_MOST:]:
        yield from several


def _change(case: Case, before: ClockRun, turn: Turn) -> Iterator[Step]:
    now = turn.run
    if now.within != before.within:
        yield step("target_changed", at=turn.instant, within=now.within, before=before.within)
    if now.calendar != before.calendar:
        one, other = (_ELAPSED if name is None else name for name in (now.calendar, before.calendar))
        yield step("calendar_changed", at=turn.instant, calendar=one, before=other)
    if turn.reason.startswith(("calendar changed", "calendars changed")):
        yield step("calendar_edited", at=turn.instant, calendar=now.calendar or _ELAPSED)
    elif (now.within, now.calendar) != (before.within, before.calendar) and case.clock.on_retarget in _KEPT:
        yield step(case.clock.on_retarget)


def _reason(reason: str) -> FrozenMap[str, str] | None:
    return FrozenMap({lang: reason_in(reason, lang) for lang in ("en", "zh")}) if reason not in ("", "paused") else None


_ELAPSED = FrozenMap({"en": "time as it passes", "zh": "自然时间"})


_KEPT = ("carry", "restart", "recount")


def _paused(case: Case) -> Iterator[Step]:
    """One step for each reason; rows of one pause lie side by side, cut where the state changed."""
    pauses: list[list[Row]] = []
    for row in case.rows:
        if row.phase != "paused":
            continue
        if pauses and pauses[-1][-1].end == row.start:
            pauses[-1].append(row)
        else:
            pauses.append([row])
    groups: dict[str, list[list[Row]]] = {}
    for pause in pauses:
        groups.setdefault(pause[0].reason, []).append(pause)
    for reason, held in list(groups.items())[:_MOST]:
        said = _reason(reason)
        elapsed = sum((row.elapsed for pause in held for row in pause), ZERO)
        opened = sum((row.open for pause in held for row in pause), ZERO)
        if len(held) == 1:
            start, end = held[0][0].start, held[0][-1].end
            yield step("paused_once", start=start, end=end, elapsed=elapsed, open=opened, reason=said)
        else:
            yield step("paused", times=len(held), elapsed=elapsed, open=opened, reason=said)
    rest = [pause for held in list(groups.values())[_MOST:] for pause in held]
    if rest:
        yield step("paused_more", times=len(rest), elapsed=sum((row.elapsed for pause in rest for row in pause), ZERO))


def _late(case: Case) -> Iterator[Step]:
    moving = ("started", "paused", "resumed", "stopped", "reset")
    late = [turn for turn in case.course.turns if turn.kind in moving and turn.late]
    seen: set[tuple[datetime, datetime]] = set()
    for turn in _last(late):
        if (turn.instant, turn.told) not in seen:
            seen.add((turn.instant, turn.told))
            yield step("late", told=turn.told, instant=turn.instant)
    for turn in _last([turn for turn in case.course.turns if turn.kind == "amended"]):
        yield step("amended", mark=turn.mark, was=turn.was, instant=turn.instant)


# the due instant -------------------------------------------------------------------------------------------------


def _arrived(case: Case) -> Iterator[Step]:
    """How what was left was used up, and what else a due instant heeds."""
    run, cal = _basis(case)
    if run.due is None:
        if run.phase == "running":
            yield from _left(run, run.since or run.started_at, run.counted)
            yield step("never")
        return
    since, counted = _stretch(run, run.due, cal)
    left = run.within - counted
    found = after(cal, since, left)
    yield from _left(run, since, counted)
    if found is None:
        yield step("earlier", found="-")
        return
    if left > ZERO:
        yield from _way(cal, since, found)
    if cal is not None and _waits_for_more(case.clock, cal, found, run.due):
        yield step("over_only", due=run.due)
        return
    if left > ZERO and cal is not None and not cal.is_open(found):
        yield _closing(cal, found)
    if found < run.due:
        changed = run.retargeted_at is not None and run.due == run.retargeted_at
        yield step("floor_change" if changed else "floor_resume", floor=run.due)
    elif found > run.due:
        cap = getattr(run, "cap", None)
        if cap is not None and cap <= run.due:
            parent = getattr(case.clock, "parent", None)
            yield step("cap" if parent else "cap_alone", parent=parent, cap=cap)
        else:
            yield step("earlier", found=found)


def _basis(case: Case) -> tuple[ClockRun, OpenTime | None]:
    """The clock as it was when the due instant in question was worked out: for a breach, at the breach."""
    run = case.run
    if run.breached_at is not None:
        for turn in reversed(case.course.turns):
            if turn.kind == "breached" and turn.instant == run.breached_at:
                try:
                    return turn.run, case.counting(turn.run.calendar)
                except KeyError:
                    break
    return run, case.cal


def _stretch(run: ClockRun, due: datetime, cal: OpenTime | None) -> tuple[datetime, timedelta]:
    """Where the clock last began to run before an instant, and what it had counted until then."""
    counted, since = run.folded, run.segments[0].start if run.segments else run.started_at
    for place, segment in enumerate(run.segments):
        since = segment.start
        last = place + 1 == len(run.segments) or run.segments[place + 1].start > due
        if last or segment.end is None or segment.end >= due:
            break
        counted += between(cal, segment.start, segment.end)
    return since, counted


def _left(run: ClockRun, since: datetime, counted: timedelta) -> Iterator[Step]:
    left = run.within - counted
    if left <= ZERO:
        yield step("none_left", counted=counted, since=since, within=run.within)
    elif counted > ZERO:
        yield step("left", counted=counted, since=since, left=left)
    else:
        yield step("all_left", since=since, left=left)


def _waits_for_more(clock: Clock, cal: OpenTime, found: datetime, due: datetime) -> bool:
    """Whether it is due only where more than the target begins to count (``breached_by: over``)."""
    return clock.breached_by == "over" and found < due and cal.between(found, due) == ZERO and cal.is_open(due)


def _closing(cal: OpenTime, found: datetime) -> Step:
    try:
        return step("left_limit", opening=cal.next_opening(found))
    except TimeError:  # the calendar ends there
        return step("last_closing")


def _way(cal: OpenTime | None, since: datetime, found: datetime) -> Iterator[Step]:
    if cal is None:
        yield step("passed", found=found)
        return
    holidays, shifts, breaks = special_days(cal, since, found)
    for code, days in (("holidays", holidays), ("shifts", shifts), ("breaks", breaks)):
        if days:
            yield step(code, days=days)
    elapsed = found - since
    closed = elapsed - cal.between(since, found)
    yield step("used_up", found=found, elapsed=elapsed, closed=closed) if closed else step("passed", found=found)


# how it stands ---------------------------------------------------------------------------------------------------


def _stands(case: Case) -> Iterator[Step]:
    run, breached = case.run, case.run.breached_at
    if run.phase == "paused" and breached is None:
        due = due_if_resumed(run, case.at, case.cal, case.clock)
        left = run.within - run.counted
        yield step("resting_never", left=left) if due is None else step("resting", due=due, left=left)
    elif run.due is not None and run.phase == "running" and breached is None:
        yield step("due", due=run.due, left=run.due - case.at)
    elif run.due is not None:
        yield step("due_ended", due=run.due)
    yield from _uncertain(case)
    if breached is not None and run.phase in ("running", "paused"):
        yield step("breached", due=breached)
    if run.phase == "met":
        yield step("met" if breached is None else "met_late", stopped=run.stopped_at)
    if run.phase == "cancelled":
        ended = next((turn.reason for turn in reversed(case.course.turns) if turn.kind == "stopped"), "")
        yield step("cancelled", stopped=run.stopped_at, reason=_reason(ended))
    over = case.counted > run.within
    if breached is not None and not over:
        yield step("not_over", counted=case.counted, within=run.within)
    if over and breached is None:
        yield step("not_breached", counted=case.counted, within=run.within)
    if run.waived is not None:
        yield step("waived", reason=run.waived)


def _uncertain(case: Case) -> Iterator[Step]:
    run, cal = case.run, case.cal
    if run.due is None or cal is None:
        return
    if run.breached_at is None and run.phase == "running" and cal.provisional(run.due):
        known = getattr(cal, "known_until", None)
        yield step("provisional_now") if known is None else step("provisional", known_until=known.isoformat())
    if case.clock.display == "next_opening" and not cal.is_open(run.due):
        try:
            yield step("shown", display=cal.next_opening(run.due))
        except TimeError:  # the calendar ends there
            return
