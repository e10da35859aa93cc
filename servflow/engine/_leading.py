"""Knows when one condition must lead to another: what may rest, go round or take too long; must not know other laws."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cached_property, partial, reduce
from itertools import count
from math import gcd
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._abstract_player import Player, search
from servflow.engine._abstract_search import Found, components
from servflow.engine._abstract_steps import Run
from servflow.engine._abstract_triggers import first_timers
from servflow.engine._law import LawPlan
from servflow.engine._longest import longest
from servflow.engine._witnesses import Story, holds, length
from servflow.model import RESOLUTION, FrozenMap

if TYPE_CHECKING:
    from servflow.engine._abstract import Abstract

Dues = tuple[timedelta, ...]
Key = tuple[str, int]
FOR_EVER = timedelta(days=3_650)
"""How long a ticket is watched at rest before it counts as resting for ever."""

MAX_WAKES = 200
MAX_MOMENTS = 50_000
"""How many moments (a place and how much its timers have left) are looked at for one law with a time."""

MAX_UNITS = 400
"""How many units of time two timers that were armed apart may be long."""

_NOTHING: FrozenMap[str, str] = FrozenMap({"en": "", "zh": ""})


@attrs.frozen
class Moment:
    """A place with how much its timers have left, and how much time has passed since the beginning."""

    number: int
    dues: Dues
    passed: timedelta


@attrs.frozen
class Leg:
    """How one moment became the next: after which wait, by which run; None at the beginning."""

    before: Moment | None
    wait: timedelta
    run: Run | None


class Leads:
    """One law of the form leads_to, looked at on the places a machine can be in."""

    def __init__(self, machine: Abstract, found: Found, plan: LawPlan, within: timedelta | None) -> None:
        self.machine = machine
        self.found = found
        self.plan = plan
        self.within = within
        self.workflow = machine.workflow
        wanted = [machine.answer(machine.watched[0], place) for place in found.places]
        begins = [True if plan.when is None else machine.answer(machine.watched[1], place) for place in found.places]
        self.open = {number for number, answer in enumerate(wanted) if answer is not True}
        self._late: list[Moment] = []
        self._legs: dict[Moment, Leg] = {}
        self._longest: dict[Key, timedelta | None] = {}
        self._looked: tuple[Mapping[str, str] | None] | None = None
        self.starts = [number for number in sorted(self.open) if begins[number] is not False]

    # what might go wrong ----------------------------------------------------------------------------------------

    @cached_property
    def pending(self) -> set[int]:
        """Places in which a ticket may still wait for what it should come to."""
        seen = set(self.starts)
        waiting = list(self.starts)
        while waiting:
            for after in self.found.after[waiting.pop()]:
                if after in self.open and after not in seen:
                    seen.add(after)
                    waiting.append(after)
        return seen

    @cached_property
    def resting(self) -> list[int]:
        """Pending places in which no timer forces anything."""
        return [number for number in sorted(self.pending) if not self.found.places[number].timers]

    @cached_property
    def loops(self) -> list[list[int]]:
        """Pending places a ticket may go round in without any timer ever running out by force."""
        found = []
        for part in components(self.pending, lambda number: [n for n in self.found.after[number] if n in self.pending]):
            inside = set(part)
            goes = len(part) > 1 or part[0] in self.found.after[part[0]]
            if goes and all(self._broken(key, inside) for key in self._timers(inside)):
                found.append(sorted(part))
        return found

    def _timers(self, inside: Iterable[int]) -> set[Key]:
        return {(state, index) for number in inside for _, state, index in self.found.places[number].timers}

    def _broken(self, key: Key, inside: set[int]) -> bool:
        """Whether a timer stops or begins anew somewhere in a loop."""
        for number in inside:
            if key not in {(state, index) for _, state, index in self.found.places[number].timers}:
                return True
            for run in self.found.steps(number):
                if self.found.numbers.get(run.target, -1) in inside and key not in run.kept:  # type: ignore[arg-type]  # steps lead somewhere
                    return True
        return False

    # refuting ---------------------------------------------------------------------------------------------------

    def refute(self) -> tuple[Story | None, Mapping[str, str]]:
        """A real ticket that breaks the law, and what is wrong with it; None where none was found."""
        if self.resting:
            told = self._search(self.resting, self._rests)
            if told is not None:
                return told, self._ends("nothing makes it go on", "没有任何力量使其继续")
        if self.within is not None:
            told = self._too_long()
            if told is not None:
                return told, self._ends(f"that is more than {length(self.within)}", f"已超过 {length(self.within, 'zh')}")
            return None, _NOTHING
        for part in self.loops:
            told = self._search(part, partial(self._goes_round, inside=set(part)))
            if told is not None:
                return told, self._ends("and so on for ever", "如此循环不止")
        return None, _NOTHING

    def _ends(self, en: str, zh: str) -> Mapping[str, str]:
        text = self.plan.wanted.text
        return FrozenMap({"en": f"{text} has not come to hold: {en}", "zh": f"{text} 仍未成立：{zh}"})

    def _search(self, goals: list[int], last: Any) -> Story | None:
        """First to where the law begins, then on without what it asks for to a goal."""
        onward = self.found.distances(goals, within=self.pending.__contains__)
        starts = [number for number in self.starts if number in onward]

        def begun(story: Story, number: int) -> Story | None:
            if not self._begins(story):
                return None
            return self._onward(story, number, onward, last)

        found: Story | None = search(self.machine, self.found, starts, begun) if starts else None
        return found

    def _begins(self, story: Story) -> bool:
        when = self.plan.when
        started = when is None or holds(self.workflow, when, story.ticket)
        return started and not holds(self.workflow, self.plan.wanted, story.ticket)

    def _onward(self, story: Story, number: int, ahead: Mapping[int, int], last: Any) -> Story | None:
        player = Player(self.machine, self.found)
        order = count()
        waiting = [(ahead[number], next(order), story, number, 0)]
        visits: dict[int, int] = {}
        while waiting and player.calls < 200:
            _, _, now, here, far = heapq.heappop(waiting)
            visits[here] = visits.get(here, 0) + 1
            if ahead[here] == 0:
                told: Story | None = last(now, here)
                if told is not None:
                    return told
            if visits[here] > 2:
                continue
            for run in self.found.steps(here):
                target = self.found.numbers.get(run.target, -1)  # type: ignore[arg-type]  # steps lead somewhere
                if ahead.get(target, ahead[here]) >= ahead[here]:
                    continue
                for told in player.after(now, run):
                    if holds(self.workflow, self.plan.wanted, told.ticket):
                        continue
                    for place in player.place(told.ticket):
                        if place in ahead:
                            heapq.heappush(waiting, (far + 1 + ahead[place], next(order), told, place, far + 1))
        return None

    def _rests(self, story: Story, _: int) -> Story | None:
        """The story with the time in which nothing happened; None where something does."""
        if story.ticket.timers:
            return None
        until = story.ticket.at + (self.within + RESOLUTION if self.within is not None else FOR_EVER)
        return self._waits(story, until)

    def _waits(self, story: Story, until: Any) -> Story | None:
        player = Player(self.machine, self.found)
        now, wakes = story.ticket, 0
        while now.wake is not None and now.wake < until and wakes < MAX_WAKES:
            wakes += 1
            try:
                now = self.workflow.advance(now, at=now.wake, world=story.world).ticket
            except Exception:
                return None
            if holds(self.workflow, self.plan.wanted, now):
                return None
        told = player.passed(story, until)
        return told if told is not None and not holds(self.workflow, self.plan.wanted, told.ticket) else None

    def _goes_round(self, story: Story, number: int, inside: set[int]) -> Story | None:
        """The story with one round of the loop, back to where it stood."""
        player = Player(self.machine, self.found)
        here, told = number, story
        for goal in [*self._breaks(number, inside), number]:
            ahead = self.found.distances([goal], within=inside.__contains__)
            first = True
            while here != goal or (goal == number and first and told is story):
                first = False
                step = self._step_round(player, told, here, ahead, inside)
                if step is None or player.calls > 200:
                    return None
                told, here = step
        return told if told is not story else None

    def _breaks(self, start: int, inside: set[int]) -> list[int]:
        """Places to come by so that no timer stays armed all the way round."""
        found: dict[int, None] = {}
        for key in sorted(self._timers(inside)):
            for number in sorted(inside):
                if key not in {(state, index) for _, state, index in self.found.places[number].timers}:
                    found[number] = None
                    break
        return [number for number in found if number != start]

    def _step_round(
        self, player: Player, story: Story, here: int, ahead: Mapping[int, int], inside: set[int]
    ) -> tuple[Story, int] | None:
        options = [run for run in self.found.steps(here) if self.found.numbers.get(run.target, -1) in ahead]  # type: ignore[arg-type]  # steps lead somewhere
        options.sort(key=lambda run: (ahead[self.found.numbers[run.target]], run.trigger.kind != "timer"))  # type: ignore[index]  # as above
        for run in options[:30]:
            waited = story
            if run.trigger.kind != "timer" and story.ticket.timers:
                soonest = min(timer.due for timer in story.ticket.timers)
                # Some time must pass in a round, or it would be over in no time at all.
                waited = attrs.evolve(story, passing=min(timedelta(minutes=1), max(timedelta(), soonest - story.ticket.at)))
            for told in player.after(waited, run):
                if holds(self.workflow, self.plan.wanted, told.ticket):
                    continue
                for place in player.place(told.ticket):
                    if place in inside:
                        return told, place
        return None

    # too long ---------------------------------------------------------------------------------------------------

    def _too_long(self) -> Story | None:
        """A real ticket that takes longer than the law allows."""
        for way in self._ways():
            told = search(
                self.machine,
                self.found,
                [way[0].number],
                partial(self._along, way=way),
                calls=120,
            )
            if told is not None:
                late: Story = told
                return late
        return None

    def _along(self, story: Story, number: int, way: list[Any]) -> Story | None:
        if not self._begins(story):
            return None
        assert self.within is not None
        began = story.ticket.at
        player = Player(self.machine, self.found)
        told = story
        for leg in way[1:]:
            waited = told if leg.run.trigger.kind == "timer" else attrs.evolve(told, passing=leg.wait)
            step = next(
                (
                    made
                    for made in player.after(waited, leg.run)
                    if self.found.numbers.get(leg.run.target, -1) in player.place(made.ticket)
                    and not holds(self.workflow, self.plan.wanted, made.ticket)
                ),
                None,
            )
            if step is None:
                return None
            told = step
        until = began + self.within + RESOLUTION
        return told if told.ticket.at >= until else self._waits(told, until)

    def _ways(self) -> Iterator[list[Any]]:
        """Ways that take too long in the abstract machine, a few of them."""
        self._timed(MAX_MOMENTS)
        for late in self._late[:5]:
            legs: list[Any] = []
            moment: Moment | None = late
            while moment is not None:
                leg = self._legs[moment]
                legs.append(leg if leg.before is not None else moment)
                moment = leg.before
            yield list(reversed(legs))

    def doubt(self, budget: int) -> Mapping[str, str] | None:
        """Why the law is not proved though no ticket breaks it; None where it is proved."""
        if self.resting:
            where = "+".join(self.found.places[self.resting[0]].configuration)
            return FrozenMap({"en": f"a ticket may rest in {where}", "zh": f"工单可能停留在 {where}"})
        if self.within is None:
            if self.loops:
                where = ", ".join("+".join(self.found.places[number].configuration) for number in self.loops[0][:4])
                return FrozenMap({"en": f"a ticket may go round in {where}", "zh": f"工单可能在 {where} 中循环"})
            return None
        return self._timed(min(budget, MAX_MOMENTS))

    def _timed(self, budget: int) -> Mapping[str, str] | None:
        """Follow the longest runs; None where all are short enough."""
        if self._looked is None:
            doubt = self._follow(budget)
            late = FrozenMap({"en": "a run may take longer", "zh": "某些进程可能更久"}) if self._late else None
            self._looked = (doubt or late,)
        return self._looked[0]

    def _follow(self, budget: int) -> Mapping[str, str] | None:
        assert self.within is not None
        best: dict[tuple[int, Dues], timedelta] = {}
        waiting: list[Moment] = []

        def meet(moment: Moment, leg: Leg) -> None:
            key = (moment.number, moment.dues)
            if key not in best or best[key] < moment.passed:
                best[key] = moment.passed
                self._legs[moment] = leg
                waiting.append(moment)

        if any(self._counts(number) for number in self.pending):
            return self._counted()
        for number in self.starts:
            dues = self._full(number)
            if dues is None:
                return self._counted()
            meet(Moment(number, dues, timedelta()), Leg(None, timedelta(), None))
        looked = 0
        while waiting:
            moment = waiting.pop(0)
            if best[(moment.number, moment.dues)] > moment.passed:
                continue
            looked += 1
            if looked > budget:
                text = f"not decided within {budget:,} moments"
                return FrozenMap({"en": text, "zh": f"在 {budget:,} 个时刻内未能判定"})
            if not moment.dues or moment.passed + min(moment.dues) > self.within:
                self._late.append(moment)
                if len(self._late) >= 5:
                    return None
                continue
            waits = self._delays(moment)
            if waits is None:
                return FrozenMap({"en": "timers of several states interleave too finely", "zh": "多个状态的定时器交错过细"})
            runs = list(self.found.steps(moment.number))
            for wait in waits:
                for run in runs:
                    after = self._later(moment, wait, run)
                    if after is None:
                        continue
                    if after.dues == (timedelta(-1),):
                        return self._counted()
                    meet(after, Leg(moment, wait, run))
        return None

    def _counted(self) -> Mapping[str, str]:
        return FrozenMap({"en": "a timer counts by a calendar", "zh": "有定时器按日历计时"})

    def _full(self, number: int) -> Dues | None:
        spans = [self._span(state, index) for _, state, index in self.found.places[number].timers]
        return None if any(span is None for span in spans) else tuple(span for span in spans if span is not None)

    def _span(self, state: str, index: int) -> timedelta | None:
        key = (state, index)
        if key not in self._longest:
            timer = self.machine.compiled.timed_states[state][index]
            self._longest[key] = longest(timer, self.machine.compiled.calendar(timer.calendar))
        return self._longest[key]

    def _counts(self, number: int) -> bool:
        """Whether several timers run in a place of which one counts by a calendar, so that either may be first."""
        timed, timers = self.machine.compiled.timed_states, self.found.places[number].timers
        return len(timers) > 1 and any(timed[state][index].calendar is not None for _, state, index in timers)

    def _delays(self, moment: Moment) -> list[timedelta] | None:
        """The waits that matter before the next thing: none, all there is, and where timers could change places, between."""
        longest = min(moment.dues)
        groups = {group for group, _, _ in self.found.places[moment.number].timers}
        if len(groups) < 2 and not self._mixes(moment.number):
            return sorted({timedelta(), longest})
        unit = reduce(gcd, (_micros(span) for span in self._all_spans), 0) or 1
        steps = _micros(longest) // unit
        if steps > MAX_UNITS:
            return None
        return [timedelta(microseconds=unit * step) for step in range(steps + 1)]

    def _mixes(self, number: int) -> bool:
        """Whether timers may run on here beside new ones."""
        return any(
            run.kept and len(run.target.timers) > len(run.kept)  # type: ignore[union-attr]  # steps lead somewhere
            for run in self.found.steps(number)
        )

    @cached_property
    def _all_spans(self) -> list[timedelta]:
        timed = self.machine.compiled.timed_states
        return [timer.after.exact for timers in timed.values() for timer in timers if timer.calendar is None]

    def _later(self, moment: Moment, wait: timedelta, run: Run) -> Moment | None:
        place = self.found.places[moment.number]
        left = {entry[1:]: due - wait for entry, due in zip(place.timers, moment.dues, strict=True)}
        target = self.found.numbers.get(run.target, -1)  # type: ignore[arg-type]  # steps lead somewhere
        if target not in self.open:
            return None
        if run.trigger.kind == "timer":
            key = (run.trigger.name, run.trigger.index)
            if left.get(key) != timedelta() or not any(entry[1:] == key for entry in first_timers(self.machine, place)):
                return None
        dues = []
        for _, state, index in self.found.places[target].timers:
            key = (state, index)
            span = left[key] if key in run.kept and key in left else self._span(state, index)
            if span is None:
                return Moment(target, (timedelta(-1),), moment.passed)
            dues.append(span)
        return Moment(target, tuple(dues), moment.passed + wait)


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


__all__ = ["Leads"]
