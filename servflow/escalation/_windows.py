"""Knows when weekly windows of local time are open; must not know turns nor who takes them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from attrs import field, frozen

from servflow.calendars._zones import DAY, generation, resolve, segments_between, wall_of

_THURSDAY = 3  # 1970-01-01
_PIECE_DAYS = 28
_PIECES_KEPT = 256
_PIECES_LOOKED_AT = 4

Pair = tuple[int, int]
Piece = tuple[list[int], list[int]]


def weekday(day: int) -> int:
    """The weekday (0 is Monday) of a date given as days since 1970-01-01."""
    return (day + _THURSDAY) % 7


def last_shown(zone: str, local: int) -> int:
    """
    The instant at which a zone last shows a wall time, both in microseconds.

    A wall time shown twice is its second occurrence; one that is skipped is the first instant after the gap.
    """
    for start, end, offset in reversed(tuple(segments_between(zone, local - 2 * DAY, local + 2 * DAY))):
        if start + offset <= local:
            return min(end, local - offset)
    raise AssertionError("no zone is two days away from UTC")


@frozen
class Windows:
    """
    Weekly windows of local time: each from the first occurrence of its start to the last occurrence of its end.

    So a window that meets the hour shown twice is open for both, and windows that touch on the wall
    clock never leave a gap between them. Windows that touch or overlap are one stretch.
    """

    zone: str
    week: tuple[tuple[Pair, ...], ...]  # seven days from Monday; microseconds after midnight
    # Four weeks at a time are worked out and found again by bisection.
    _known: dict[tuple[int, int], Piece] = field(factory=dict, init=False, repr=False, eq=False)

    @property
    def always(self) -> bool:
        """Whether the windows leave nothing of a week."""
        spans = sorted((day * DAY + start, day * DAY + end) for day, pairs in enumerate(self.week) for start, end in pairs)
        # What runs over the end of Sunday begins the week.
        spans = sorted([*spans, *((start - 7 * DAY, end - 7 * DAY) for start, end in spans if end > 7 * DAY)])
        covered = 0
        for start, end in spans:
            if start > covered:
                return False
            covered = max(covered, end)
        return covered >= 7 * DAY

    def _piece(self, number: int) -> Piece:
        key = (generation(), number)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _PIECES_KEPT:
                self._known.clear()
            found = self._known[key] = self._worked_out(number)
        return found

    def _worked_out(self, number: int) -> Piece:
        """Openings and closings of the windows that start on the local dates of a piece."""
        pairs = sorted(
            (resolve(self.zone, day, start), last_shown(self.zone, day * DAY + end))
            for day in range(number * _PIECE_DAYS, (number + 1) * _PIECE_DAYS)
            for start, end in self.week[weekday(day)]
        )
        openings: list[int] = []
        closings: list[int] = []
        for opens, closes in pairs:
            if opens >= closes:
                continue
            if closings and opens <= closings[-1]:
                closings[-1] = max(closings[-1], closes)
            else:
                openings.append(opens)
                closings.append(closes)
        return openings, closings

    def _near(self, at: int, days: int) -> int:
        return (wall_of(self.zone, at)[0] + days) // _PIECE_DAYS

    def is_open(self, at: int) -> bool:
        """Whether an instant lies in a window."""
        # Overnight windows start the day before; a change of offset can move the date by one more.
        for number in range(self._near(at, -2), self._near(at, 1) + 1):
            openings, closings = self._piece(number)
            place = bisect_right(openings, at) - 1
            if place >= 0 and at < closings[place]:
                return True
        return False

    def first(self, at: int) -> Pair | None:
        """The first open stretch that ends after an instant, whole; None where no window ever opens."""
        number = self._near(at, -2)
        for piece in range(number, number + _PIECES_LOOKED_AT):
            place = bisect_right(self._piece(piece)[1], at)
            if place < len(self._piece(piece)[1]):
                return self._whole(piece, place)
        return None

    def last(self, at: int) -> Pair | None:
        """The last open stretch that starts before an instant, whole; None where no window ever opens."""
        number = self._near(at, 1)
        for piece in range(number, number - _PIECES_LOOKED_AT, -1):
            place = bisect_left(self._piece(piece)[0], at) - 1
            if place >= 0:
                return self._whole(piece, place)
        return None

    def _whole(self, number: int, place: int) -> Pair:
        """A stretch with those it touches in the pieces beside its own; inside one they are joined already."""
        openings, closings = self._piece(number)
        opens, closes = openings[place], closings[place]
        first, last = place == 0, place == len(openings) - 1
        # Only windows that are always open would touch without end, and nobody needs to ask those.
        for step in range(1, _PIECES_LOOKED_AT):
            before = self._piece(number - step) if first else None
            if before is None or not before[1] or before[1][-1] < opens:
                break
            opens, closes, first = before[0][-1], max(closes, before[1][-1]), len(before[0]) == 1
        for step in range(1, _PIECES_LOOKED_AT):
            after = self._piece(number + step) if last else None
            if after is None or not after[0] or after[0][0] > closes:
                break
            closes, last = max(closes, after[1][0]), len(after[0]) == 1
        return opens, closes
