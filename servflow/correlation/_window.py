"""Knows what is remembered of one key and how time and facts change it; must not know expressions or tickets."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from attrs import field, frozen

from servflow.correlation._fact import Fact, Position
from servflow.correlation._search import MATCH, SPARE
from servflow.model import EMPTY, RESOLUTION, FrozenMap, replace

MAX_WAITING = 1_000
"""How many facts may wait for their grace to be over; with more the oldest are worked off at once."""

LAST = datetime.max.replace(tzinfo=UTC)
"""Later than everything."""
_FIRST = datetime.min.replace(tzinfo=UTC)
_NONE = timedelta()

Search = Callable[[str, tuple[Fact, ...], Fact], tuple[Fact, ...] | None]

position_of: Callable[[Fact], Position] = attrgetter("position")


@frozen(kw_only=True)
class Rule:
    """What is looked for, without names or expressions: the numbers of a correlator."""

    find: str
    within: timedelta
    count: int = 1
    steps: int = 0
    after: str = "restart"
    quiet: timedelta | None = None
    grace: timedelta = _NONE
    drop_late: bool = False
    keep: int = 32


@frozen(kw_only=True)
class Found:
    """Something was found: when in the time of the facts, when in that of the calls, and the facts behind it."""

    at: datetime
    due: datetime
    facts: tuple[Fact, ...]
    by: Fact


@frozen(kw_only=True, slots=False)  # kept in a dict, which copies faster than slots: see replace()
class KeyState:
    """
    What is remembered of one key; bounded, whatever came in.

    ``live`` facts still count and ``spent`` positions do not any more, but are known, so that one that comes again is not
    counted again: at most ``keep`` of each, none more than the span older than ``newest``, the latest one worked off.
    Whatever stands at or before ``floor`` is forgotten, so it is too late for it. ``waiting`` facts are not worked off yet.
    ``start`` is the fact since which an absence is waited for, ``live`` are then those after it that would have begun the
    wait, and ``ended`` is where the latest such wait was over. ``hush`` is how long an alarm lasts that is told once.
    ``fired`` counts what was found, the latest at ``fired_at`` because of the facts ``behind`` it; ``late`` counts facts that
    came too late, ``dropped`` those for which there was no room.
    """

    live: tuple[Fact, ...] = ()
    spent: tuple[Position, ...] = ()
    waiting: tuple[Fact, ...] = ()
    newest: Position | None = None
    floor: Position | None = None
    start: Fact | None = None
    ended: Position | None = None
    hush: datetime | None = None
    fired: int = 0
    fired_at: datetime | None = None
    behind: tuple[Position, ...] = ()
    late: int = 0
    dropped: int = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is remembered but how far it has come."""
        return not (self.live or self.spent or self.waiting or self.start)


NEW = KeyState()


def later(at: datetime, span: timedelta) -> datetime:
    """An instant a span later, or the last there is."""
    try:
        return at + span
    except OverflowError:
        return LAST


def earlier(at: datetime, span: timedelta) -> datetime:
    """An instant a span earlier, or the first there is."""
    try:
        return at - span
    except OverflowError:
        return _FIRST


# one operation -----------------------------------------------------------------------------------------------


def put(state: KeyState, fact: Fact) -> KeyState:
    """The state with one more fact waiting to be worked off; the same state where it is known already."""
    place = fact.position
    if state.newest is not None and place <= state.newest and _known(state.live, state.spent, place):
        return state
    if not state.waiting:
        made: KeyState = replace(state, waiting=(fact,))
        return made
    if any(place == known.position for known in state.waiting):
        return state
    waiting = [*state.waiting]
    insort(waiting, fact, key=position_of)
    return replace(state, waiting=tuple(waiting))


def _known(live: tuple[Fact, ...], spent: tuple[Position, ...], place: Position) -> bool:
    return place in spent or any(place == fact.position for fact in live)


def ready(rule: Rule, fact: Fact, at: datetime) -> bool:
    """Whether a fact is worked off at an instant: at once where there is no grace, else once time is past it."""
    return later(fact.at, rule.grace) < at or (not rule.grace and fact.at <= at)


def deadline(rule: Rule, state: KeyState) -> datetime | None:
    """Until when what is waited for may still come."""
    return None if state.start is None else later(state.start.at, rule.within)


def next_operation(rule: Rule, state: KeyState, at: datetime) -> str | None:
    """What comes next in the time of the facts and is ready: ``fact``, ``deadline`` or None."""
    due = deadline(rule, state)
    if state.waiting and (due is None or state.waiting[0].at <= due):
        return "fact" if len(state.waiting) > MAX_WAITING or ready(rule, state.waiting[0], at) else None
    return "deadline" if due is not None and later(due, rule.grace) < at else None


def operate(rule: Rule, state: KeyState, operation: str, search: Search | None = None) -> tuple[KeyState, Found | None]:
    """The state after the next operation, and what it found; *search* is who looks among the facts that count."""
    if operation == "deadline":
        return _run_out(rule, state)
    fact = state.waiting[0]
    rest: KeyState = replace(state, waiting=state.waiting[1:])
    return _work(rule, rest, fact, search)


def forgets_at(rule: Rule, state: KeyState) -> datetime | None:
    """The instant after which nothing that is remembered can matter, in the time of the facts; None: nothing is."""
    if state.waiting or state.start is not None or state.newest is None or state.idle:
        return None
    until = later(state.newest[0], rule.within)
    if rule.quiet is not None and state.fired_at is not None:
        until = max(until, later(state.fired_at, rule.quiet))
    return until


def forget(state: KeyState) -> KeyState:
    """The state when its time is over."""
    made: KeyState = replace(state, live=(), spent=(), hush=None, floor=state.newest)
    return made


def wake_of(rule: Rule, state: KeyState) -> datetime | None:
    """The first instant at which time alone finds something, or has nothing left to remember; None: never."""
    while True:
        operation = next_operation(rule, state, LAST)
        if operation is None:
            until = forgets_at(rule, state)
            return None if until is None else after(later(until, rule.grace))
        due = _due(rule, state, operation)
        state, found = operate(rule, state, operation)
        if found is not None:
            return after(due)


def _due(rule: Rule, state: KeyState, operation: str) -> datetime:
    at = state.waiting[0].at if operation == "fact" else deadline(rule, state) or LAST
    return later(at, rule.grace)


def after(at: datetime) -> datetime | None:
    """The first instant that is past another one; None: there is none."""
    return None if at >= LAST else at + RESOLUTION


def _run_out(rule: Rule, state: KeyState) -> tuple[KeyState, Found | None]:
    """What was waited for did not come."""
    due = deadline(rule, state)
    assert due is not None and state.start is not None  # noqa: PT018 - the caller saw the deadline
    found = Found(at=due, due=later(due, rule.grace), facts=(state.start,), by=state.start)
    over: Position = (later(due, RESOLUTION), "", 0)
    made = replace(state, start=None, live=(), ended=max(over, state.ended or over))
    return _fired(made, found), found


def _work(rule: Rule, state: KeyState, fact: Fact, search: Search | None) -> tuple[KeyState, Found | None]:
    """One fact takes effect at its own place in time."""
    place, newest = fact.position, state.newest
    in_order = newest is None or place > newest
    if not in_order and newest is not None and _too_late(rule, state, place, newest):
        return replace(state, late=state.late + 1), None
    if in_order:
        newest = place
    state = _aged(rule, replace(state, newest=newest))
    if rule.find == "absence":
        return _bounded(rule, _waited(rule, replace(state, spent=_with(state.spent, place)), fact)), None
    if state.hush is not None and fact.at <= state.hush:
        # It is told already, for as long as facts keep coming.
        hush = max(state.hush, later(fact.at, rule.within))
        return _bounded(rule, replace(state, hush=hush, spent=_with(state.spent, place))), None
    state = replace(state, live=_placed(state.live, fact, in_order), hush=None)
    if len(state.live) > rule.keep and rule.find != "sequence":  # all that are left are behind a firing; of a sequence few are
        state = _bounded(rule, state)
        if all(place != one.position for one in state.live):
            return state, None
    behind = MATCH[rule.find](rule, state.live, fact) if search is None else search(fact.key, state.live, fact)
    if behind is None:
        return _bounded(rule, state), None
    at = behind[-1].at
    if rule.quiet is not None and state.fired_at is not None and at <= later(state.fired_at, rule.quiet):
        return _bounded(rule, state), None
    found = Found(at=at, due=later(fact.at, rule.grace), facts=behind, by=fact)
    state = _fired(state, found)
    if rule.after != "slide":
        spent = tuple(sorted({*state.spent, *(one.position for one in state.live)}))
        state = replace(state, live=(), spent=spent)
        if rule.after == "once":
            state = replace(state, hush=later(at, rule.within))
    return _bounded(rule, state), found


def _fired(state: KeyState, found: Found) -> KeyState:
    behind = tuple(fact.position for fact in found.facts)
    made: KeyState = replace(state, fired=state.fired + 1, fired_at=max(found.at, state.fired_at or found.at), behind=behind)
    return made


def _too_late(rule: Rule, state: KeyState, place: Position, newest: Position) -> bool:
    if rule.drop_late or (state.floor is not None and place <= state.floor):
        return True
    return place[0] < earlier(newest[0], rule.within)


def _waited(rule: Rule, state: KeyState, fact: Fact) -> KeyState:
    """An absence: a fact may end the wait, and begin one; what would have begun it stays, for an end that comes late."""
    place, ended = fact.position, state.ended
    starts = state.live if state.start is None else (state.start, *state.live)
    if fact.starts:
        starts = _placed(starts, fact, not starts or place > starts[-1].position)
    if fact.ends and (ended is None or place > ended):
        ended = place
    if ended is not None:
        starts = starts[bisect_left(starts, ended, key=position_of) :]
    start = starts[0] if starts else None
    made: KeyState = replace(state, start=start, live=starts[1:][-rule.keep :], ended=ended)
    return made


def _placed(facts: tuple[Fact, ...], fact: Fact, last: bool) -> tuple[Fact, ...]:
    if last:
        return (*facts, fact)
    made = [*facts]
    insort(made, fact, key=position_of)
    return tuple(made)


def _with(places: tuple[Position, ...], place: Position) -> tuple[Position, ...]:
    if not places or place > places[-1]:
        return (*places, place)
    made = [*places]
    insort(made, place)
    return tuple(made)


def _aged(rule: Rule, state: KeyState) -> KeyState:
    """Without what is more than the span older than the newest; what is exactly that much older still belongs."""
    if state.newest is None:
        return state
    since = (earlier(state.newest[0], rule.within), "", 0)
    live, spent = state.live, state.spent
    if live and live[0].position < since:
        state = replace(state, live=live[bisect_left(live, since, key=position_of) :])
    if spent and spent[0] < since:
        state = replace(state, spent=spent[bisect_left(spent, since) :])
    return state


def _bounded(rule: Rule, state: KeyState) -> KeyState:
    """At most so many facts and positions as are to be kept; what is given up is counted."""
    if len(state.live) > rule.keep:
        live, spent, dropped = [*state.live], state.spent, state.dropped
        while len(live) > rule.keep:
            spent = _with(spent, live.pop(SPARE[rule.find](rule, live)).position)
            dropped += 1
        state = replace(state, live=tuple(live), spent=spent, dropped=dropped)
    over = len(state.spent) - rule.keep
    if over > 0:
        state = replace(state, spent=state.spent[over:], floor=max(state.spent[over - 1], state.floor or state.spent[0]))
    return state


def spend(rule: Rule, state: KeyState) -> KeyState:
    """The state when something else is looked for: what came is known, and counts no more."""
    places = {one.position for one in (*state.live, *state.waiting)} | set(state.spent)
    made = KeyState(
        spent=tuple(sorted(places)),
        newest=max([*places, *([state.newest] if state.newest else [])], default=None),
        floor=state.floor,
        fired=state.fired,
        fired_at=state.fired_at,
        behind=state.behind,
        late=state.late,
        dropped=state.dropped,
    )
    return _bounded(rule, made)


def settle(rule: Rule, state: KeyState, at: datetime) -> KeyState:
    """The state once all that is ready took effect, up to what finds something, which is left."""
    while (operation := next_operation(rule, state, at)) is not None:
        further, found = operate(rule, state, operation)
        if found is not None:
            return state
        state = further
    return state


# kept on a ticket ----------------------------------------------------------------------------------------------


@frozen
class _Kept:
    """How one attribute of a state is written on a ticket and read back."""

    write: Callable[[Any], Any] = field()
    read: Callable[[Any, str], Any] = field()


def _place(value: Any) -> Position:
    at, ticket, sequence = value
    return at, str(ticket), int(sequence)


_AS_IS = _Kept(lambda value: value, lambda value, _: value)
_PLACE = _Kept(lambda value: value, lambda value, _: _place(value))
_FACT = _Kept(lambda fact: fact.kept, Fact.of)
_FACTS = _Kept(lambda facts: tuple(fact.kept for fact in facts), lambda value, key: tuple(Fact.of(fact, key) for fact in value))
_PLACES = _Kept(lambda places: places, lambda value, _: tuple(_place(place) for place in value))

_WRITTEN: Mapping[str, _Kept] = {
    "live": _FACTS,
    "spent": _PLACES,
    "waiting": _FACTS,
    "newest": _PLACE,
    "floor": _PLACE,
    "start": _FACT,
    "ended": _PLACE,
    "hush": _AS_IS,
    "fired": _AS_IS,
    "fired_at": _AS_IS,
    "behind": _PLACES,
    "late": _AS_IS,
    "dropped": _AS_IS,
}


def written(state: KeyState, key: str) -> FrozenMap[str, Any]:
    """The state as the fields of its ticket; what stands at its default is left out."""
    said: dict[str, Any] = {"key": key}
    for name, kept in _WRITTEN.items():
        value = getattr(state, name)
        if value not in ((), None) and value != getattr(NEW, name):
            said[name] = kept.write(value)
    return FrozenMap(said)


def read(fields: Mapping[str, Any] = EMPTY) -> KeyState:
    """The state that the fields of a ticket hold."""
    key = str(fields.get("key", ""))
    return KeyState(**{name: _WRITTEN[name].read(value, key) for name, value in fields.items() if name in _WRITTEN})
