"""Knows how many questions are answered at once, with numpy where it is there; must not know what they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from itertools import pairwise, repeat
from typing import TYPE_CHECKING, Any

from attrs import define

from servflow.calendars._zones import BLOCK, EARLIEST, FIRST_BLOCK, LAST_BLOCK, LATEST, generation
from servflow.errors import TimeError, shown
from servflow.model._instants import EPOCH

if TYPE_CHECKING:
    from servflow.calendars._counting import Counting
    from servflow.calendars._open import OpenTime

_WORTH = 200  # from so many questions on, handing them to numpy costs less than asking one by one
_PER_BLOCK = 4  # so many of them on average make it worth it to spread a block out for numpy
_GAP = 16  # blocks without questions that are not worth adding up what is open in them
_ALL = LATEST - EARLIEST
_ONE = (datetime, timedelta)


def many(open_time: OpenTime, verb: str, left: object, right: object) -> list[Any]:
    """
    The answers to one question about datetimes for each pair, in order.

    Args:
        verb: ``after``, ``before`` or ``between``.
        left, right: lists, or one value that stands beside each of the other side.

    Raises:
        TimeError: a side is no list, the two differ in length, or a question is refused; then ``index`` is its place.
    """
    left, right, count = _paired(left, right, _ONE)
    numpy = _numpy() if count >= _WORTH else None
    if numpy is not None:
        rows = [None if each is None else _row(numpy, each) for each in (_micros(left), _micros(right))]
        if all(row is not None for row in rows):
            found = _ROWS[verb](numpy, open_time, *numpy.broadcast_arrays(*rows)).astype("m8[us]").tolist()
            return found if verb == "between" else [EPOCH + value for value in found]
    return _one_by_one(getattr(open_time, verb), left, right, _ONE)


def many_us(open_time: Counting, verb: str, left: Any, right: Any) -> Any:
    """The same in whole microseconds: an array of numpy where one was given, else a list."""
    left, right, count = _paired(left, right, (int,))
    arrays = hasattr(left, "dtype") or hasattr(right, "dtype")
    numpy = _numpy() if arrays or count >= _WORTH else None
    if numpy is not None:
        rows = [_row(numpy, left), _row(numpy, right)]
        if all(row is not None for row in rows):
            found = _ROWS[verb](numpy, open_time, *numpy.broadcast_arrays(*rows))
            return found if arrays else found.tolist()
    left, right = (side.tolist() if hasattr(side, "dtype") else side for side in (left, right))
    one = _one_by_one(getattr(open_time, f"{verb}_us"), left, right, (int,))
    return one if numpy is None or not arrays else numpy.array(one, "int64")


# What was given


def _numpy() -> Any:
    try:
        return import_module("numpy")
    except ImportError:
        return None


def _paired(left: object, right: object, one: tuple[type, ...]) -> tuple[Any, Any, int]:
    sides = [_side(side, one) for side in (left, right)]
    counts = [len(side) for side in sides if not isinstance(side, one)]
    if not counts:
        raise TimeError("a batch takes a list on one side at least; ask for one instant without _many", code="batch")
    if counts[0] != counts[-1]:
        said = f"a batch of {counts[0]} does not fit one of {counts[1]}; give as many, or one value for all"
        raise TimeError(said, code="batch", counts=tuple(counts))
    return sides[0], sides[1], counts[0]


def _side(side: Any, one: tuple[type, ...]) -> Any:
    if isinstance(side, one):
        return side
    if hasattr(side, "dtype") and int in one:
        if side.dtype.kind not in "iu" or side.ndim > 1:
            said = f"an array of instants or amounts is one row of whole microseconds, not {side.ndim} of {side.dtype}"
            raise TimeError(said, code="batch")
        return side if side.ndim else int(side)
    if isinstance(side, (str, bytes)) or not isinstance(side, Iterable):
        raise TimeError(f"a batch takes a list, not {shown(side)}", code="batch")
    return side if isinstance(side, list) else list(side)


def _micros(values: Any) -> list[int] | int | None:
    """Datetimes or timedeltas of the plain kind in microseconds; None where one has to be looked at closely."""
    if isinstance(values, _ONE):
        found = _micros([values])
        return found[0] if isinstance(found, list) else None
    kinds = set(map(type, values))
    if kinds == {datetime}:
        try:
            values = [value - EPOCH for value in values]
        except Exception:
            return None
    elif kinds != {timedelta}:
        return None
    found = [(value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds for value in values]
    if kinds == {datetime} and not EARLIEST <= min(found) <= max(found) <= LATEST:
        return None
    return found


def _row(numpy: Any, values: Any) -> Any:
    """Whole numbers as numpy holds them; None where they are of another kind or too large."""
    if hasattr(values, "dtype"):
        if values.dtype.kind == "u" and values.size and int(values.max()) > LATEST:
            return None
        return values.astype("int64")
    if not {type(values)} | set(map(type, values if isinstance(values, list) else ())) <= {list, int}:
        return None
    try:
        return numpy.array(values, "int64")
    except OverflowError:
        return None


def _one_by_one(ask: Callable[[Any, Any], Any], left: Any, right: Any, one: tuple[type, ...]) -> list[Any]:
    found: list[Any] = []
    lefts = repeat(left) if isinstance(left, one) else left
    rights = repeat(right) if isinstance(right, one) else right
    try:
        for first, second in zip(lefts, rights, strict=False):
            found.append(ask(first, second))
    except TimeError as error:
        raise _at(error, len(found)) from None
    return found


def _at(error: TimeError, index: int) -> TimeError:
    return TimeError(f"item {index}: {error.message}", **{**error.facts, "index": index})


# Rows of whole microseconds, answered together


def _distinct(numpy: Any, values: Any) -> Any:
    """The values without repetition, in order; they lie close together, so counting them is quicker than sorting."""
    if not values.size:
        return values
    low = values.min()
    return numpy.flatnonzero(numpy.bincount(values - low)) + low


@define
class _Batch:
    """
    The open time around a batch, spread out block by block: a question to all of it is a few searches in sorted rows.

    ``order`` holds the blocks that may be open from the first to the last that is asked about, ``bases`` the open
    time before each of them, counted from the first that was asked about, and at its end what follows the last.
    """

    numpy: Any
    open_time: Counting
    first: int
    last: int
    order: Any
    bases: Any

    @classmethod
    def over(cls, numpy: Any, open_time: Counting, *rows: Any) -> _Batch | None:
        """The batch that holds these instants; None where they lie too far apart, or are too few, for it to be worth it."""
        blocks = _distinct(numpy, numpy.concatenate(rows) // BLOCK)
        if not 0 < len(blocks) * _PER_BLOCK <= len(rows[0]) * len(rows):
            return None
        first, last = int(blocks[0]), int(blocks[-1])
        order = list(open_time._inside(first, last))
        sums = numpy.cumsum([0, *(open_time._total(index) for index in order)], dtype="int64")
        return cls(numpy, open_time, first, last, numpy.array(order, "int64"), sums)

    def before(self, ats: Any) -> Any:
        """The open time before each instant."""
        indexes = _distinct(self.numpy, ats // BLOCK)
        starts, closings, shifts, _ = self._rows(indexes, self.bases[self.order.searchsorted(indexes)], 0)
        places = starts.searchsorted(ats, "right") - 1
        return self.numpy.minimum(ats, closings[places]) + shifts[places]

    def extend(self, more: Iterator[int], amount: int) -> tuple[Any, Any]:
        """Blocks that hold that much open time together, or all there are, and the sums of it."""
        order: list[int] = []
        sums = [0]
        while sums[-1] < amount and (index := next(more, None)) is not None:
            order.append(index)
            sums.append(sums[-1] + self.open_time._total(index))
        return self.numpy.array(order, "int64"), self.numpy.array(sums, "int64")

    def ahead(self, wanted: int) -> None:
        """Take on the later blocks until that much open time lies before their end, or there are none."""
        order, sums = self.extend(self.open_time._ahead(self.last), wanted - int(self.bases[-1]))
        self.order = self.numpy.concatenate((self.order, order))
        self.bases = self.numpy.concatenate((self.bases, self.bases[-1] + sums[1:]))

    def behind(self, wanted: int) -> None:
        """Take on the earlier blocks until no more open time than that lies before their start, or there are none."""
        order, sums = self.extend(self.open_time._behind(self.first), int(self.bases[0]) - wanted)
        self.order = self.numpy.concatenate((order[::-1], self.order))
        self.bases = self.numpy.concatenate((self.bases[0] - sums[:0:-1], self.bases))

    def earliest(self, wanted: Any) -> Any:
        """The first instant before which there is that much open time; it must lie in the blocks."""
        places = _distinct(self.numpy, self.bases.searchsorted(wanted) - 1)
        _, _, shifts, sums = self._rows(self.order[places], self.bases[places], 1)
        return wanted - shifts[sums.searchsorted(wanted)]

    def latest(self, wanted: Any) -> Any:
        """The last instant before which there is that much open time; it must lie in the blocks."""
        places = _distinct(self.numpy, self.bases.searchsorted(wanted, "right") - 1)
        starts, _, shifts, _ = self._rows(self.order[places], self.bases[places], 1)
        return wanted - shifts[(starts + shifts).searchsorted(wanted, "right") - 1]

    def _rows(self, indexes: Any, bases: Any, first: int) -> list[Any]:
        """The lists of these blocks, one behind the other, from their place *first* on."""
        tables, array = self.open_time._known(), self.numpy.array
        rows: list[list[Any]] = [[], [], [], []]
        for index, base in zip(indexes.tolist(), bases.tolist(), strict=True):
            held = tables.rows.get(index)
            if held is None:
                since = generation()
                starts, closings, shifts, sums = self.open_time._block(index)
                held = [array(each, "int64") for each in ([index * BLOCK, *starts], closings, shifts, sums)]
                tables.keep_rows(index, held, since)
            for row, each, add in zip(rows, held, (0, 0, base, base), strict=True):
                row.append(each[first:] + add)
        return [self.numpy.concatenate(row) for row in rows]


def _after(numpy: Any, open_time: Counting, ats: Any, counted: Any) -> Any:
    row, strange = ats.copy(), counted != 0
    for places in _near(numpy, ats, counted):
        batch = _Batch.over(numpy, open_time, ats[places])
        if batch is not None:
            wanted = batch.before(ats[places]) + counted[places]
            batch.ahead(int(wanted.max()))
            reached = wanted <= batch.bases[-1]
            if reached.any():
                row[places[reached]] = batch.earliest(wanted[reached])
                strange[places[reached]] = False
    return _strange(row, strange, open_time.after_us, ats, counted)


def _before(numpy: Any, open_time: Counting, ats: Any, counted: Any) -> Any:
    row, strange = ats.copy(), counted != 0
    for places in _near(numpy, ats, counted):
        batch = _Batch.over(numpy, open_time, ats[places])
        if batch is not None:
            wanted = batch.before(ats[places]) - counted[places]
            batch.behind(int(wanted.min()))
            reached = wanted >= batch.bases[0]
            if reached.any():
                row[places[reached]] = batch.latest(wanted[reached])
                strange[places[reached]] = False
    return _strange(row, strange, open_time.before_us, ats, counted)


def _near(numpy: Any, ats: Any, counted: Any) -> Iterator[Any]:
    """Where the instants are of each stretch of time that holds some without a long gap; strange questions left out."""
    fine = (ats >= EARLIEST) & (ats <= LATEST) & (counted > 0) & (counted <= _ALL)
    places = fine.nonzero()[0]
    indexes = ats[places] // BLOCK
    blocks = _distinct(numpy, indexes)
    cuts = [*blocks[1:][numpy.diff(blocks) > _GAP].tolist()]
    if not cuts:
        yield places
        return
    for low, high in pairwise([FIRST_BLOCK, *cuts, LAST_BLOCK + 1]):
        yield places[(indexes >= low) & (indexes < high)]


def _between(numpy: Any, open_time: Counting, starts: Any, ends: Any) -> Any:
    fine = (starts >= EARLIEST) & (starts <= LATEST) & (ends >= EARLIEST) & (ends <= LATEST)
    batch = _Batch.over(numpy, open_time, starts[fine], ends[fine])
    row, strange = starts.copy(), ~fine
    if batch is None:
        strange[:] = True
    else:
        row[fine] = batch.before(ends[fine]) - batch.before(starts[fine])
    return _strange(row, strange, open_time.between_us, starts, ends)


def _strange(row: Any, strange: Any, ask: Callable[[int, int], int], left: Any, right: Any) -> Any:
    """The row with every strange question asked on its own, in order, so that the first that is refused is told."""
    for index in strange.nonzero()[0].tolist():
        try:
            row[index] = ask(int(left[index]), int(right[index]))
        except TimeError as error:
            raise _at(error, index) from None
    return row


_ROWS: dict[str, Callable[..., Any]] = {"after": _after, "before": _before, "between": _between}
