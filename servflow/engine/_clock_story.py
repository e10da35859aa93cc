"""Knows what a clock that waits for events was told, and puts a late one in its place; must not know which time counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from servflow import sla
from servflow.engine._clock_conditions import MOVED, MOVES, Wait, came_in, matches, places, starts
from servflow.engine._clock_late import cause_of, causes, did
from servflow.engine._clock_records import take_back, taken_back
from servflow.engine._clock_targets import LIVE, choose, chosen
from servflow.model import (
    MAX_TOLD,
    Amended,
    Breached,
    ClockPaused,
    ClockReset,
    ClockResumed,
    ClockRetargeted,
    ClockRun,
    ClockStarted,
    ClockStopped,
    ClockStory,
    ClockTold,
    Told,
    Warned,
    replace,
)
from servflow.sla import BREACH

if TYPE_CHECKING:
    from servflow.engine._call import Happening, OneCall
    from servflow.engine._clock_plans import ClockPlan

_VERBS: Mapping[str, Any] = {
    "pause": sla.pause,
    "rest": sla.pause,
    "resume": sla.resume,
    "go_on": sla.resume,
    "stop": sla.stop,
    "cancel": sla.cancel,
}
_RECORDS: Mapping[str, Any] = {
    "start": (ClockStarted, ""),
    "reopen": (ClockResumed, "reopened"),
    "reset": (ClockReset, "reset by its condition"),
    "retarget": (ClockRetargeted, "target changed"),
    "pause": (ClockPaused, "paused by its condition"),
    "rest": (ClockPaused, "rests where the ticket was"),
    "resume": (ClockResumed, ""),
    "go_on": (ClockResumed, ""),
    "stop": (ClockStopped, "reached"),
    "cancel": (ClockStopped, "cancelled by its condition"),
}
_PLACES, _ON, _BEGINS = ("rest", "go_on"), ("resume", "go_on"), ("start", "reopen")
_AGAIN, _FOUND = "told before, after what occurred earlier", "found by what occurred earlier"


class Step(NamedTuple):
    """One thing a clock was told, with the clock before and after it."""

    told: Told
    before: ClockRun | None
    after: ClockRun | None


class MarkAt(NamedTuple):
    """A mark of a cycle that was reached, when, and before which step."""

    cycle: int
    mark: str
    at: datetime
    step: int


class Played(NamedTuple):
    """A story from its base to the present."""

    steps: list[Step]
    marks: list[MarkAt]
    run: ClockRun | None
    taken: frozenset[tuple[str, datetime]]
    """The marks of it that another target took back, each with its instant."""


# what a clock is told -----------------------------------------------------------------------------------------------


def asked(call: OneCall, plan: ClockPlan, happening: Happening) -> tuple[Told, ...]:
    """Everything that what happened tells a clock, in the order in which it applies, whether or not it changes the clock."""
    draft, at = call.draft, max(call.effective, call.draft.opened_at)
    out: list[Told] = []

    def tell(operation: str, waits: tuple[Wait, ...]) -> bool:
        found = _heard(call, waits, happening)
        if found is not None:
            out.append(Told(at=at, operation=operation, after=found.after, moved=MOVED.get(found.kind)))
        return found is not None

    if plan.cancel:  # most clocks have few conditions, and this runs at every event
        tell("cancel", plan.cancel)
    if not plan.stop_states.isdisjoint(happening.entered):
        out.append(Told(at=at, operation="stop", moved="state"))
    else:
        if plan.stop_else:
            tell("stop", plan.stop_else)
        if _gives_up(call, plan, happening):  # also where it was stopped: told late, that may come before it began
            out.append(Told(at=at, operation="cancel", moved="state"))
    if plan.reset:
        tell("reset", plan.reset)
    if plan.pauses:
        out.extend(_resting(call, plan, happening, at))
    start = plan.start
    if happening.closed and draft.closed:
        start = tuple(one for one in start if one.kind not in MOVES or one.value in draft.entered)
    holds = plan.stop_states and any(draft.entered[state] <= at for state in plan.stop_states if state in draft.entered)
    if not holds and not (start and tell("start", start)) and (happening.reopened or not plan.start):
        run = draft.clocks.get(plan.clock.name)
        if starts(call, plan, run, happening):
            again = happening.reopened and plan.clock.on_reopen == "resume" and run is not None and run.phase == "met"
            out.append(Told(at=at, operation="reopen" if again else "start", moved="state"))
    return tuple(out)


def _gives_up(call: OneCall, plan: ClockPlan, happening: Happening) -> bool:
    """Whether there is nothing to promise any more where the ticket has come to."""
    return (happening.closed and call.draft.closed) or (plan.step is None and plan.only_in in happening.exited)


def _heard(call: OneCall, waits: tuple[Wait, ...], happening: Happening) -> Wait | None:
    found = None
    for wait in waits:  # what waits for no other clock goes first
        if (found is None or wait.after is None) and matches(call, wait, happening):
            if wait.after is None:
                return wait
            found = wait
    return found


def _resting(call: OneCall, plan: ClockPlan, happening: Happening, at: datetime) -> Iterable[Told]:
    pause, resume = _heard(call, plan.pause, happening), _heard(call, plan.resume, happening)
    if pause is not None and resume is not None:  # one event for both: it turns the clock over
        run = call.draft.clocks.get(plan.clock.name)
        pause, resume = (None, resume) if run is not None and run.phase == "paused" else (pause, None)
    if pause is not None:
        yield Told(at=at, operation="pause", after=pause.after, moved=MOVED.get(pause.kind))
    for place, rests, left in places(call, plan, happening):
        if rests or (left and (pause is None or came_in(plan, happening, place))):
            yield Told(at=at, operation="rest" if rests else "go_on", moved=place)
    if resume is not None:
        yield Told(at=at, operation="resume", after=resume.after, moved=MOVED.get(resume.kind))


def retargeted(call: OneCall, plan: ClockPlan) -> tuple[tuple[Told, ...], str]:
    """What a clock is told where the ticket has another target for it now, and why; nothing where it has the same."""
    run = call.draft.clocks.get(plan.clock.name)
    if run is None or run.phase not in LIVE:
        return (), ""
    found = chosen(call, plan, run.started_at)
    if found.within is None or (found.within, found.calendar) == (run.within, run.calendar):
        return (), ""
    at = max(call.effective, call.draft.opened_at)
    told = Told(at=at, operation="retarget", within=found.within, calendar=found.calendar)
    return (told,), found.reason(call, _RECORDS["retarget"][1])


def note(call: OneCall, plan: ClockPlan, told: tuple[Told, ...], was: ClockRun | None) -> None:
    """Keep what a clock has been told on time, with the target it got by that; ``was`` is the clock before."""
    name = plan.clock.name
    run = call.draft.clocks.get(name)
    if run is not None and told and plan.fixed is None:
        target: dict[str, Any] = {"within": run.within, "calendar": run.calendar}
        told = tuple(attrs.evolve(one, **target) if one.operation in ("start", "reset") else one for one in told)
    if plan.reads and was is not None and run is not None and _other_target(was, run) and not _begins(told):
        told = (*told, Told(at=call.at, operation="retarget", within=run.within, calendar=run.calendar))
    if not told:
        return
    story = call.draft.told.get(name)
    if story is None and was is not None:
        call.record(ClockTold, clock=name, instant=told[0].at, story=ClockStory(base=was, told=told))
    elif story is not None and len(story.told) + len(told) > MAX_TOLD:
        call.record(ClockTold, clock=name, instant=told[0].at, story=_shorter(call, plan, story, told))
    else:
        call.record(ClockTold, clock=name, instant=told[0].at, told=told)


def _other_target(was: ClockRun, run: ClockRun) -> bool:
    live = was.phase in LIVE and run.cycle == was.cycle
    return live and (run.within, run.calendar) != (was.within, was.calendar)


def _begins(told: tuple[Told, ...]) -> bool:
    return any(one.operation in ("start", "reset") for one in told)


def _shorter(call: OneCall, plan: ClockPlan, story: ClockStory, told: tuple[Told, ...]) -> ClockStory:
    """The story with its older half made one clock, so that a ticket stays bounded."""
    half = len(story.told) // 2
    played = play(call, plan, story.base, story.told[:half])
    base = played.steps[-1].after if played.steps else story.base
    rests = {one.moved: one for one in story.told[:half] if one.operation in _PLACES}  # the clock itself does not tell
    return ClockStory(base=base, told=(*rests.values(), *story.told[half:], *told))


# playing it ---------------------------------------------------------------------------------------------------------


def play(
    call: OneCall, plan: ClockPlan, base: ClockRun | None, told: Sequence[Told], known: Set[tuple[str, datetime]] = frozenset()
) -> Played:
    """
    What a clock comes to by all it was told.

    After the last thing told, marks are reached that are ``known`` to have been. Any other happens by time, as any mark.
    """
    run, steps, marks, taken = base, list[Step](), list[MarkAt](), set[tuple[str, datetime]]()
    if base is not None:
        marks += [MarkAt(base.cycle, mark, at, -1) for mark, at in zip(base.marks, base.reached, strict=True)]
    rests: dict[str | None, bool] = {}  # where the ticket is: by its states, by its queue
    for number, one in enumerate(told):
        while run is not None and run.next_at is not None and run.next_at < one.at:
            run = _reach(call, plan, run, marks, number)
        if one.operation in _PLACES:
            rests[one.moved] = one.operation == "rest"
        still = any(rests.values())
        if (one.after is not None and not _stopped_by(call, one.after, one.at)) or (still and one.operation in _ON):
            after = run
        else:
            after = _apply(call, plan, run, one)
        if still and one.operation in _BEGINS and after is not None and after is not run:
            after = sla.pause(plan.clock, after, one.at, call.compiled.counting(after.calendar))
        steps.append(Step(one, run, after))
        if one.operation == "retarget" and run is not None and after is not None:
            taken.update(taken_back(plan.clock, run, after))
        run = after
    while run is not None and run.next_at is not None and (run.next_mark or BREACH, run.next_at) in known:
        run = _reach(call, plan, run, marks, len(steps))
    return Played(steps, marks, run, frozenset(taken))


def _reach(call: OneCall, plan: ClockPlan, run: ClockRun, marks: list[MarkAt], step: int) -> ClockRun:
    marks.append(MarkAt(run.cycle, run.next_mark or BREACH, run.next_at or call.at, step))
    return sla.reach(plan.clock, run, call.compiled.counting(run.calendar, run.name))


def _apply(call: OneCall, plan: ClockPlan, run: ClockRun | None, one: Told) -> ClockRun | None:
    clock, at, operation = plan.clock, one.at, one.operation
    live = run is not None and run.phase in LIVE
    if operation == "start":
        if live:
            return run
        within, name, cal = _target(call, plan, one)
        return run if within is None else sla.begin(clock, at, within, name, cal, run)
    if run is None:
        return None
    cal = call.compiled.counting(run.calendar, run.name)
    if operation == "reopen":
        return sla.reopen(clock, run, at, cal)
    if operation in _VERBS:
        done: ClockRun = _VERBS[operation](clock, run, at, cal)
        return done
    if not live:
        return run
    within, name, new = _target(call, plan, one)
    if within is None:
        return run
    if operation == "reset":
        return sla.reset(clock, run, at, within, name, new)
    return sla.retarget(clock, run, at, within, name, new, old_cal=cal)


def _target(call: OneCall, plan: ClockPlan, one: Told) -> tuple[Any, str | None, Any]:
    if one.within is None:
        return choose(call, plan, one.at)
    return one.within, one.calendar, call.compiled.counting(one.calendar, plan.clock.name)


def _stopped_by(call: OneCall, clock: str, at: datetime) -> bool:
    """Whether a clock of the ticket had been stopped by an instant, as far as is known."""
    run, story = call.draft.clocks.get(clock), call.draft.told.get(clock)
    if run is None:
        return False
    if story is not None and story.base is None:
        plan = next(plan for plan in call.compiled.clocks if plan.clock.name == clock)  # load has looked that it is there
        ends = (step.after for step in play(call, plan, None, story.told).steps if step.after is not step.before)
        return any(after is not None and after.phase == "met" and (after.stopped_at or at) <= at for after in ends)
    if run.phase == "met" and run.stopped_at is not None and run.stopped_at <= at:
        return True
    return run.summary.cycles > run.summary.cancelled and at >= run.started_at


# a late event -------------------------------------------------------------------------------------------------------


Standing = tuple[ClockStory, Played]


def waiting(call: OneCall) -> dict[str, Standing]:
    """How the stories stand of clocks that ask for another: what occurred earlier may change what they are told."""
    return {plan.clock.name: _as_told(call, plan) for plan in call.compiled.clocks if plan.hears and plan.afters}


def _as_told(call: OneCall, plan: ClockPlan) -> Standing:
    """The story of a clock that comes to the clock as it is; where another definition has changed that, it begins here."""
    now, story = call.draft.clocks.get(plan.clock.name), call.draft.told.get(plan.clock.name)
    reached = set() if now is None else set(zip(now.marks, now.reached, strict=True))
    if story is not None and _calendars(story) <= call.compiled.calendars.keys():
        played = play(call, plan, story.base, story.told, reached)
        waived = None if now is None else now.waived
        if (played.run if played.run is None else replace(played.run, waived=waived)) == now:
            return story, played
    story = ClockStory(base=now)
    return story, play(call, plan, now, ())


def _calendars(story: ClockStory) -> set[str]:
    named = {one.calendar for one in (*story.told, *(() if story.base is None else (story.base,)))}
    return {name for name in named if name is not None}


def place(call: OneCall, plan: ClockPlan, told: tuple[Told, ...], before: Standing | None = None, why: str = "") -> None:
    """
    Put what an event that occurred earlier tells a clock in its place, and play again what was told since.

    ``before`` is how its story stood, where another clock it asks for has changed meanwhile; ``why`` is why it has
    another target. A clock that keeps no story is played again as far as its stretches tell it.

    What the ticket is now follows the telling: a late move takes the place of the moves that were told before it and
    occurred after it. Marks that have not happened after all are amended.
    """
    clock, now = plan.clock, call.draft.clocks.get(plan.clock.name)
    story, old = before or _as_told(call, plan)
    known = {(mark.mark, mark.at) for mark in old.marks}
    base, gone, items = _with(call, plan, story, told)
    new = play(call, plan, base, items, known)
    if new.run is None and now is not None:  # what started it is not to be undone, so the late one comes after that
        base, gone, items = _with(call, plan, story, told, next((one.told.at for one in old.steps if one.after), None))
        new = play(call, plan, base, items, known)
        if new.run is None:
            return
    if now is not None and now.waived is not None and new.run is not None and new.run.breached_at == now.breached_at:
        new = new._replace(run=replace(new.run, waived=now.waived))
    undone = _undone([*gone, *old.marks], new, old.taken)
    fresh = _missing(new.marks, old.marks, old.taken - new.taken)
    kept = [one.after for one in new.steps if one.told not in told]
    if undone or fresh or new.run != now or [one.after for one in old.steps] != kept:
        first = _first(old.steps, new.steps)
        _amend(call, plan, undone, new, first)
        _tell_again(call, plan, new._replace(taken=new.taken - old.taken), fresh, first, told, why=why)
    if told and plan.hears:
        all_told = tuple(_with_target(step) for step in new.steps)
        call.record(ClockTold, clock=clock.name, instant=told[0].at, story=ClockStory(base=base, told=all_told))


def _with_target(step: Step) -> Told:
    """What was told, with the target that it gave the clock: other fields may give another one later."""
    one, run = step.told, step.after
    if one.within is not None or run is None or run is step.before or one.operation not in ("start", "reset"):
        return one
    return attrs.evolve(one, within=run.within, calendar=run.calendar)


def _with(
    call: OneCall, plan: ClockPlan, story: ClockStory, told: tuple[Told, ...], since: datetime | None = None
) -> tuple[ClockRun | None, list[MarkAt], list[Told]]:
    """The story with what is told late in its place: its base, the marks of that which are undone, all that was told."""
    base, items, gone = story.base, list(story.told), list[MarkAt]()
    if not told:
        return base, gone, items
    at = max(told[0].at, since or told[0].at)
    if base is not None:
        at = sla.clamp(base, at)
        back, undone = sla.rewind(plan.clock, base, at, call.compiled.counting(base.calendar, base.name))
        gone = [MarkAt(base.cycle, mark, was, -1) for mark, was in undone]
        items[:0] = did(plan, base, at)  # what it had done since then, it has still done
        at, base = max(at, _changed(back)), back
    moved = {one.moved for one in told if one.moved is not None}
    ends = any(one.moved is not None and one.operation in ("stop", "cancel") for one in told)
    over = {"start"} if ends else {"retarget"} if any(one.operation == "retarget" for one in told) else set[str]()
    items = [one for one in items if one.at <= at or not (one.moved in moved or one.operation in over)]
    where = next((number for number, one in enumerate(items) if one.at > at), len(items))
    told = (*_left(items[:where], told), *told)
    items[where:where] = [attrs.evolve(one, at=at) for one in told]
    return base, gone, items


def _left(before: list[Told], told: tuple[Told, ...]) -> list[Told]:
    """
    Where the ticket rested before a late move, which says nothing of rest, it does not any more.

    The move that took it from there may be one of those whose place the late one has taken.
    """
    said = {one.moved for one in told if one.operation in _PLACES}
    last = {one.moved: one for one in before if one.operation in _PLACES}
    left = {one.moved for one in told if one.moved is not None} - said
    return [attrs.evolve(one, operation="go_on") for place, one in last.items() if place in left and one.operation == "rest"]


def _changed(run: ClockRun) -> datetime:
    """The latest instant at which a clock changed: before that it takes nothing."""
    return max(filter(None, (run.started_at, run.since, run.paused_at, run.stopped_at)))


def _missing(old: list[MarkAt], new: list[MarkAt], taken: frozenset[tuple[str, datetime]] = frozenset()) -> list[MarkAt]:
    """The marks of one story that are not in another, or were taken back there, in order."""
    there = {(mark.mark, mark.at) for mark in new} - taken
    return sorted((mark for mark in old if (mark.mark, mark.at) not in there), key=lambda mark: mark.at)


def _undone(old: list[MarkAt], new: Played, taken: frozenset[tuple[str, datetime]]) -> list[MarkAt]:
    """The marks of a story that are not in another, each once, but for those taken back before."""
    there = {(mark.mark, mark.at) for mark in new.marks} | taken
    gone = {(mark.mark, mark.at): mark for mark in old if (mark.mark, mark.at) not in there}
    return sorted(gone.values(), key=lambda mark: mark.at)


def _first(old: list[Step], new: list[Step]) -> int:
    """The first step that is not as it was."""
    pairs = zip(old, new, strict=False)
    return next((number for number, (one, two) in enumerate(pairs) if one != two), min(len(old), len(new)))


def _amend(call: OneCall, plan: ClockPlan, undone: list[MarkAt], new: Played, first: int) -> None:
    name = plan.clock.name
    step = new.steps[first] if first < len(new.steps) else None
    back = new.run if step is None else step.before or step.after
    if back is None:  # several things at once, and the first of them does nothing to a clock that has not begun
        back = next((one.after for one in new.steps[first:] if one.after is not None), new.run)
    for mark in undone:
        facts = {"clock": name, "run": back, "mark": mark.mark, "was": mark.at, "reason": "occurred earlier"}
        call.record(Amended, instant=mark.at if step is None else step.told.at, **facts)
        call.amended += causes(call, name, mark.cycle, mark.mark, mark.at)


def _tell_again(  # noqa: PLR0917 - the story, what is new in it, and from where it is told
    call: OneCall, plan: ClockPlan, new: Played, fresh: list[MarkAt], first: int, told: tuple[Told, ...], *, why: str
) -> None:
    """Record the clock's story from the first step that is not as it was; marks that are new in it have passed already."""
    at = min((step.told.at for step in new.steps[first:]), default=call.effective)
    changes = [number for number in range(first, len(new.steps)) if new.steps[number].after is not new.steps[number].before]
    for mark in fresh:
        if mark.step < first:  # taken back by what does not come after it any more
            _tell_mark(call, plan, mark, new.steps[first].before if first < len(new.steps) else new.run)
    for number in range(first, len(new.steps)):
        step = new.steps[number]
        for mark in fresh:
            if mark.step == number:  # after the last change the clock is as it is now, with the marks that stay
                _tell_mark(call, plan, mark, new.run if changes and number > changes[-1] else step.before)
        if number not in changes:
            continue
        kind, reason = _RECORDS[step.told.operation]
        reason = why if why and step.told.operation == "retarget" else reason
        again = not any(step.told.operation == one.operation for one in told) or step.told.at != at
        run = new.run if number == changes[-1] else step.after
        facts = {"clock": plan.clock.name, "instant": step.told.at, "run": run}
        reason = _AGAIN if again else reason
        call.record(kind, **facts, reason=reason)
        if step.told.operation == "retarget" and step.before is not None and run is not None and step.after is not None:
            marks = [item for item in taken_back(plan.clock, step.before, step.after) if item in new.taken]
            take_back(call, plan.clock, marks, run, step.told.at, reason=reason)
    if not changes and new.run is not None and call.draft.clocks.get(plan.clock.name) != new.run:
        call.record(ClockRetargeted, clock=plan.clock.name, instant=call.effective, run=new.run, reason=_AGAIN)
    for mark in fresh:
        if mark.step >= len(new.steps):
            _tell_mark(call, plan, mark, new.run)


def _tell_mark(call: OneCall, plan: ClockPlan, mark: MarkAt, run: ClockRun | None) -> None:
    facts: dict[str, Any] = {} if mark.mark == BREACH else {"mark": mark.mark}
    call.record(Warned if facts else Breached, clock=plan.clock.name, instant=mark.at, run=run, reason=_FOUND, **facts)


def cause(call: OneCall, plan: ClockPlan, run: ClockRun, mark: str) -> str:
    """
    The cause of a chain that a mark of a clock starts.

    Where something told late has made one of several cycles, the chain of a later one may live on under the number that
    the present cycle has now: then the cause says that this is another of that number.
    """
    clock = plan.clock.name
    named, story = cause_of(clock, run.cycle, mark), call.draft.told.get(clock)
    earlier = {held.cause: held.started_at for held in call.draft.chains if held.started_at < run.started_at}
    if story is None or named not in earlier:
        return named
    steps = play(call, plan, story.base, story.told).steps
    began = next((step.after.started_at for step in steps if step.after is not None and step.after.cycle == run.cycle), None)
    if began is None or (story.base is not None and story.base.cycle == run.cycle):
        return named
    count = 2
    while named in earlier and earlier[named] < began:
        named = f"clock:{clock}:{run.cycle}~{count}:{mark}"
        count += 1
    return named


__all__ = ["asked", "cause", "note", "place", "play", "retargeted", "waiting"]
