"""Knows every operation on a clock, its marks too, by walking minute after minute; must not know segments or bisection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Open = Callable[[int], bool]

EARLY = {"50%": lambda within: within // 2, "30m before": lambda within: max(0, within - 30)}
LATE = {"1h after": 60, "2h after": 120}


class Course:
    """
    One clock over whole minutes, of even targets; everything happens on minutes.

    The minutes it ran in this cycle are kept one by one, so that another calendar can judge them again.
    """

    def __init__(self, within: int, is_open: Open, *, follows: bool = False, again: bool = False) -> None:
        self.within, self.is_open = within, is_open
        self.follows, self.again = follows, again
        self.phase, self.cycle = "idle", 0
        self.ran: list[int] = []
        self.before = 0  # counted by a calendar that is gone
        self.marks: list[str] = []
        self.reached: list[int] = []
        self.breached_at: int | None = None
        self.due_at_end: int | None = None
        self.at_breach: int | None = None  # counted until the breach, worked out anew after every operation

    @property
    def live(self) -> bool:
        return self.phase in {"running", "paused"}

    def counted(self, until: int) -> int:
        return self.before + sum(map(self.is_open, (minute for minute in self.ran if minute < until)))

    # time ---------------------------------------------------------------------------------------------------------

    def pass_minute(self, minute: int, total: int) -> int:
        """What happens as soon as time is past this minute, then the minute itself; what is counted after it."""
        if self.phase != "running":
            return total
        self.look(minute, total)
        self.ran.append(minute)
        return total + self.is_open(minute)

    def look(self, minute: int, total: int) -> None:
        if self.breached_at is None:
            waiting = [(amount(self.within), name) for name, amount in EARLY.items() if name not in self.marks]
            waiting.sort(key=lambda pair: pair[0])  # at one instant in document order
            for amount, name in waiting:
                if total >= amount:
                    self.tell(name, minute)
            if total >= self.within:
                self.tell("breach", minute)
                self.breached_at = minute
        if self.breached_at is not None:
            if self.at_breach is None:
                self.at_breach = self.counted(self.breached_at)
            for name, beyond in LATE.items():
                if name not in self.marks and total >= self.at_breach + beyond:
                    self.tell(name, minute)

    def tell(self, mark: str, minute: int) -> None:
        self.marks.append(mark)
        self.reached.append(minute)

    def due(self, minute: int, horizon: int = 40 * 1440) -> int | None:
        """When it would breach, were nothing to happen any more; None while paused and unbreached."""
        if self.breached_at is not None:
            return self.breached_at
        if self.phase != "running":
            return self.due_at_end
        total = self.counted(minute)
        while total < self.within:
            total += self.is_open(minute)
            minute += 1
            horizon -= 1
            assert horizon, "the calendars here open every day"
        return minute

    # operations ---------------------------------------------------------------------------------------------------

    def apply(self, operation: str, minute: int, given: tuple[int, Open] | None = None) -> None:
        getattr(self, operation)(minute, *(given or ()))
        self.at_breach = None

    def start(self, minute: int) -> None:
        if not self.live:
            self.phase, self.cycle = "running", self.cycle + 1
            self.anew()

    def anew(self) -> None:
        self.ran, self.before, self.marks, self.reached = [], 0, [], []
        self.breached_at = self.due_at_end = None

    def pause(self, minute: int) -> None:
        if self.phase == "running":
            self.phase = "paused"

    def resume(self, minute: int) -> None:
        if self.phase == "paused":
            self.phase = "running"

    def stop(self, minute: int) -> None:
        if self.live:
            self.due_at_end = self.due(minute)
            self.phase = "met"

    def cancel(self, minute: int) -> None:
        if self.live:
            self.phase, self.due_at_end = "cancelled", None

    def reset(self, minute: int) -> None:
        if self.live:
            self.anew()

    def reopen(self, minute: int) -> None:
        if self.phase == "met":
            self.phase, self.due_at_end = "running", None

    def carry(self, minute: int, within: int, is_open: Open) -> None:
        if self.differs(within, is_open):
            if is_open is not self.is_open:
                self.before, self.ran = self.counted(minute), []
            self.take(minute, within, is_open)

    def restart(self, minute: int, within: int, is_open: Open) -> None:
        if self.differs(within, is_open):
            self.before, self.ran = 0, []
            self.take(minute, within, is_open)

    def recount(self, minute: int, within: int, is_open: Open) -> None:
        if self.differs(within, is_open):
            self.take(minute, within, is_open)

    def differs(self, within: int, is_open: Open) -> bool:
        return self.live and (within != self.within or is_open is not self.is_open)

    def take(self, minute: int, within: int, is_open: Open) -> None:
        """The new target and calendar; what they put ahead again is still to come where the options say so."""
        self.within, self.is_open = within, is_open
        total = self.counted(minute)
        gone: set[str] = set()
        if self.follows and self.breached_at is not None and total < within:
            gone, self.breached_at = {"breach", *LATE}, None
        if self.again:
            gone |= {name for name, amount in EARLY.items() if amount(within) > total}
        kept = [pair for pair in zip(self.marks, self.reached, strict=True) if pair[0] not in gone]
        self.marks, self.reached = [name for name, _ in kept], [at for _, at in kept]

    def keep(self, minute: int, within: int, is_open: Open) -> None:
        pass

    def recompute(self, minute: int, within: int, is_open: Open) -> None:
        self.recount(minute, self.within, is_open)

    def prospective(self, minute: int, within: int, is_open: Open) -> None:
        self.carry(minute, self.within, is_open)


def walk(course: Course, history: Sequence[tuple[int, str, tuple[int, Open] | None]], at: int) -> None:
    """Let a history, in the order given, happen to a clock up to a minute."""
    left = list(history)
    minute = min([at, *(when for when, _, _ in left)])
    total = course.counted(minute)
    while minute <= at:
        while left and left[0][0] <= minute:
            _, operation, given = left.pop(0)
            course.apply(operation, minute, given)
            total = course.counted(minute)
        if minute < at:
            total = course.pass_minute(minute, total)
        minute += 1
