"""Knows the machine that callers hold: definition, questions and macrosteps; must not know tickets, time or actions."""

from __future__ import annotations

from collections import ChainMap, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import define

from servflow.errors import InputError, LimitError, nearest, shown
from servflow.statemachine._chart import LEAVES, ROOT, Chart, Kind
from servflow.statemachine._definition import read
from servflow.statemachine._moves import Configuration, HistoryKey, Moves
from servflow.statemachine._reach import check_endless, dead_ends, unreachable
from servflow.statemachine._values import NOTHING, Move, Node, Remembered, Step
from servflow.statemachine._written import to_data

Test = Callable[[Mapping[str, Any]], bool]

# More microsteps than this without coming to rest is a loop, or a chart nobody can follow.
MICROSTEPS_LIMIT = 1_000
QUEUE_LIMIT = 10_000
_EMPTY: Mapping[str, Any] = {}


@define
class _Option:
    """One transition a single lane may take: its guard, and the finished step once that is known to be at rest."""

    test: Test | None
    chosen: tuple[int, ...]
    step: Step | None = None


@define
class _Quick:
    """
    What an event does in one place, as far as it is known.

    With one lane, ``options`` are asked in turn. With several, ``lanes`` holds (arm, guard) pairs where lanes share
    nothing, and ``steps`` the finished steps by what was enabled. ``ignored`` is the step when nothing is.
    """

    ignored: Step
    options: list[_Option] | None
    lanes: tuple[tuple[tuple[int, Test | None], ...], ...] | None
    steps: dict[tuple[int, ...], Step]


class Machine:
    """
    A statechart over plain data, with the step semantics of the W3C SCXML Recommendation.

    Equal definitions make equal machines. A machine never changes; it only remembers, in bounded tables, answers
    it has worked out, so it may be shared between threads.

    >>> machine = Machine(
    ...     initial="open",
    ...     states={"open": {}, "closed": {}},
    ...     transitions=[{"event": "close", "source": "open", "target": "closed"}],
    ... )
    >>> machine.step(machine.start().state, "close").configuration
    ('closed',)

    Args:
        initial: where the machine starts: a state id, or several in different regions; the first state if None.
        states: state id to what it is: ``states`` and ``initial`` (compound), ``parallel``, ``final``,
            ``history`` (``shallow`` or ``deep``) with ``default``. Their order is document order. Ids are unique in the
            whole machine. A parallel state may give ``initial`` too: one or more states in its regions.
        transitions: mappings with ``event`` (names separated by blanks, each matching what it is a prefix of by
            whole words; ``*`` matches all; None for an eventless one), ``source`` (an id, a list, or ``*`` for any state
            at the lowest priority), ``target`` (None stays, without leaving), ``internal`` and ``when`` (a condition,
            in which ``in_state('x')`` asks whether a state is active before the microstep).
        table_size: how many answers are remembered before the tables are emptied.

    Raises:
        DefinitionError: with every problem found at once.
    """

    __slots__ = ("__weakref__", "_asking", "_chart", "_moves", "_quick", "_resting", "_tests", "_top_finals", "table_size")

    table_size: int
    _chart: Chart
    _moves: Moves
    _resting: Step | None
    _tests: tuple[Test | None, ...]
    _asking: frozenset[int]
    _quick: dict[tuple[Any, ...], _Quick]
    _top_finals: frozenset[str]

    def __init__(
        self,
        *,
        states: Mapping[str, Any],
        transitions: Sequence[Mapping[str, Any]] = (),
        initial: str | Sequence[str] | None = None,
        table_size: int = 4096,
    ) -> None:
        if type(table_size) is not int or table_size < 1:
            raise InputError(
                f"table_size counts entries and is a whole number from 1, not {shown(table_size)}", code="machine.table_size"
            )
        chart = read(initial, states, transitions)
        check_endless(chart)
        self._set_up(chart, table_size)

    def _set_up(self, chart: Chart, table_size: int) -> None:
        moves = Moves(chart, table_size)
        tops = frozenset(chart.ids[node] for node in chart.children[ROOT] if chart.kind[node] is Kind.FINAL)
        held: dict[str, Any] = {
            "table_size": table_size,
            "_chart": chart,
            "_moves": moves,
            "_tests": tuple(None if row.guard is None else row.guard.compiled_test for row in chart.rows),
            # Conditions that ask where the machine is; all others cost nothing for it.
            "_asking": frozenset(index for index, row in enumerate(chart.rows) if row.guard is not None and row.guard.asks),
            "_quick": moves.bound.watch({}),
            "_top_finals": tops,
        }
        for name, value in held.items():
            object.__setattr__(self, name, value)
        first = moves.first
        resting = Step(first.configuration, first.history, first.entered) if self._rests(first) else None
        object.__setattr__(self, "_resting", resting)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a machine never changes; make a new one instead of setting {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a machine never changes; {name!r} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        return self._chart == other._chart if isinstance(other, Machine) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._chart)

    def __repr__(self) -> str:
        return f"Machine({len(self._chart.ids) - 1} states, {len(self._chart.rows)} transitions)"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._chart, self.table_size)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What a notebook shows: a Mermaid drawing, or a table where it cannot draw; all forms, whatever is asked for."""
        from servflow.statemachine._draw import draw, mime_bundle  # steps need no drawing

        return mime_bundle(repr(self), lambda form: draw(self, form))

    # macrosteps -------------------------------------------------------------------------------------------------

    def start(self, data: Mapping[str, Any] | None = None) -> Step:
        """
        Enter the machine and follow what needs no event until it rests.

        Args:
            data: what guards read, by name.

        Raises:
            LimitError: eventless transitions go round without end; ``cycle`` holds their indexes.
            ExpressionError: a guard cannot be evaluated on this data.
        """
        return self._resting or self._run(self._moves.first, _EMPTY if data is None else data)

    def step(self, state: Mapping[str, Any], event: str, data: Mapping[str, Any] | None = None) -> Step:
        """
        Take one event and follow what needs no event until the machine rests.

        An event that nothing handles changes nothing and is no error. Entering a final state at the top ends the
        step at once, as it ends an SCXML session; the machine takes further events if transitions lead out of it.
        A name that is not there makes the guard false: it reads as null, and no comparison with null holds (see
        ``Expression.test``).

        Args:
            state: ``state`` of the step before, possibly through JSON.
            event: what happened.
            data: what guards read, by name.

        Raises:
            InputError: the state is not one this machine can be in, or the event is not a name.
            LimitError: eventless transitions go round without end; ``cycle`` holds their indexes.
            ExpressionError: a guard cannot be evaluated on this data.
        """
        try:
            active = tuple(state["active"])
            remembered = state["history"]
            key = (active, event) if not remembered else (active, event, self._history_key(remembered))
            quick = self._quick.get(key)
        except (TypeError, KeyError, AttributeError):
            raise InputError(
                'a state is {"active": [leaf ids], "history": {id: [state ids]}}, as a step returned it; an event is a name',
                code="machine.state",
            ) from None
        if quick is None:
            quick = self._look_up(key, active, event)
        if data is None:
            data = _EMPTY
        if quick.options is None:
            return self._across(quick, event, data)
        for option in quick.options:
            test = option.test
            if test is None or test(data):
                return option.step or self._take(option, quick.ignored, data)
        return quick.ignored

    def _history_key(self, remembered: Mapping[str, Sequence[str]]) -> HistoryKey:
        if not all(isinstance(kept, (list, tuple)) for kept in remembered.values()):
            raise TypeError
        return self._moves.history_key({name: tuple(kept) for name, kept in remembered.items()})

    def _look_up(self, key: tuple[Any, ...], active: Configuration, event: str) -> _Quick:
        if not isinstance(event, str):
            raise InputError(f"an event is a name, not {type(event).__name__}", code="machine.event")
        moves = self._moves
        plan = moves.plan(active, event)
        test_of = self._tests.__getitem__ if not self._asking else partial(self._test_in, moves.active(active))
        history = NOTHING
        if len(key) > 2:
            moves.history_numbers(key[2])
            kept = zip(moves.history_ids, key[2], strict=True)
            history = Remembered({name: names for name, names in kept if names is not None})
        options, lanes = None, None
        if plan.singles is not None:
            options = [_Option(test_of(row), alone) for row, alone in plan.singles]
        elif plan.apart is not None:
            lanes = tuple(tuple((arm, test_of(row)) for arm, row in pairs) for pairs in plan.apart)
        return moves.bound.keep(self._quick, key, _Quick(Step(active, history), options, lanes, {}))

    def _take(self, option: _Option, here: Step, data: Mapping[str, Any]) -> Step:
        move = self._moves.apply(here.configuration, here.history, option.chosen)
        step = self._run(move, data)
        if self._rests(move):
            option.step = step
        return step

    def _across(self, quick: _Quick, event: str, data: Mapping[str, Any]) -> Step:
        here, moves = quick.ignored, self._moves
        if quick.lanes is None:
            chosen = moves.select(here.configuration, event, self._decide(data, here.configuration), here.history)
            return self._run(moves.apply(here.configuration, here.history, chosen), data) if chosen else here
        taken: list[int] = []
        for lane in quick.lanes:
            for arm, test in lane:
                if test is None or test(data):
                    taken.append(arm)
                    break
        enabled = tuple(taken)
        step = quick.steps.get(enabled)
        if step is None:
            if not enabled:
                return here
            move = moves.apply(here.configuration, here.history, moves.settle(enabled, here.history))
            step = self._run(move, data)
            if self._rests(move):
                moves.bound.keep(quick.steps, enabled, step)
        return step

    def _test_in(self, active: frozenset[str], row: int) -> Test | None:
        """A guard that knows which states are active, for it is only asked there."""
        test = self._tests[row]
        if test is None or row not in self._asking:
            return test
        return lambda data: test(_within(active, data))

    def _decide(self, data: Mapping[str, Any], configuration: Configuration) -> Callable[[int], bool]:
        tests = self._tests
        if self._asking:
            data = _within(self._moves.active(configuration), data)

        def decide(row: int) -> bool:
            test = tests[row]
            return test is None or bool(test(data))

        return decide

    def _ended(self, move: Move) -> bool:
        return bool(move.entered) and move.configuration[0] in self._top_finals

    def _rests(self, move: Move) -> bool:
        """Whether nothing can follow a move without a new event, whatever guards say."""
        if self._ended(move):
            return True
        configuration = move.configuration
        plan = self._moves.plan
        return not plan(configuration, None).rows and not any(plan(configuration, name).rows for name in move.done)

    def _run(self, move: Move, data: Mapping[str, Any]) -> Step:
        moves, decide = self._moves, self._decide(data, move.configuration)
        entered, exited, taken = list(move.entered), list(move.exited), list(move.order)
        waiting = deque(move.done)
        trail: list[tuple[Move, tuple[str, ...], tuple[int, ...]]] = []
        while not self._ended(move):
            chosen = moves.select(move.configuration, None, decide, move.history)
            if not chosen:
                if not waiting:
                    break
                chosen = moves.select(move.configuration, waiting.popleft(), decide, move.history)
                if not chosen:
                    continue
            trail.append((move, tuple(waiting)[:8], chosen))
            if len(trail) > MICROSTEPS_LIMIT + len(self._chart.ids) or len(waiting) > QUEUE_LIMIT:
                raise _endless(trail)
            move = moves.apply(move.configuration, move.history, chosen)
            if self._asking:
                decide = self._decide(data, move.configuration)
            entered += move.entered
            exited += move.exited
            taken += move.order
            waiting.extend(move.done)
        return Step(move.configuration, move.history, tuple(entered), tuple(exited), tuple(taken))

    # microsteps, for an engine that decides and acts itself -----------------------------------------------------

    def initial_move(self) -> Move:
        """The entry into the initial configuration, before anything follows from it."""
        return self._moves.first

    def candidates(self, configuration: Configuration, event: str | None) -> tuple[int, ...]:
        """
        Transitions an event could take here, in the order they are considered, guards aside.

        Args:
            configuration: active leaves in document order.
            event: None asks for eventless ones.

        Raises:
            InputError: not a configuration of this machine, or not an event name.
        """
        return self._moves.plan(configuration, event).rows

    def select(
        self,
        configuration: Configuration,
        event: str | None,
        decide: Callable[[int], bool],
        *,
        history: Mapping[str, tuple[str, ...]] = NOTHING,
    ) -> tuple[int, ...]:
        """
        The transitions an event takes here together; empty when nothing handles it.

        Args:
            configuration: active leaves in document order.
            decide: whether a transition's guard holds; asked at most once for each and not for those that cannot win.
            history: what is remembered; it matters where two transitions conflict and one leads into a history state.
        """
        return self._moves.select(configuration, event, decide, history)

    def apply(self, configuration: Configuration, history: Mapping[str, tuple[str, ...]], chosen: tuple[int, ...]) -> Move:
        """
        Take selected transitions as one microstep.

        Args:
            configuration: active leaves in document order.
            history: history id to what it remembers, as tuples; the same object comes back if nothing changed.
            chosen: what ``select`` returned.

        Raises:
            InputError: these transitions cannot be taken together here, or the history is not of this machine.
        """
        return self._moves.apply(configuration, history, chosen)

    def remembered(self, history: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """
        What this machine could remember of the history of another one, in its own document order.

        What could not have been active together here is forgotten, so that the ``default`` is entered instead.
        """
        return self._moves.remembered(history)

    # questions --------------------------------------------------------------------------------------------------

    @property
    def states(self) -> dict[str, Node]:
        """Every state by id, in document order; a new dict each time."""
        chart = self._chart
        found: dict[str, Node] = {}
        for node in range(1, len(chart.ids)):
            above = chart.parent[node]
            found[chart.ids[node]] = Node(
                id=chart.ids[node],
                kind=chart.kind[node].name.lower(),
                parent=chart.ids[above] if above != ROOT else None,
                children=chart.names(child for child in chart.children[node] + chart.histories[node]),
                entry=chart.names(chart.entry[node]),
                order=node - 1,
            )
        return found

    @property
    def leaves(self) -> tuple[str, ...]:
        """Ids of the states without states inside, final ones among them, in document order."""
        chart = self._chart
        return chart.names(node for node, kind in enumerate(chart.kind) if kind in LEAVES)

    @property
    def events(self) -> tuple[str, ...]:
        """Every event descriptor that some transition has, sorted, without a trailing ``.*``."""
        return tuple(sorted({name for row in self._chart.rows for name in row.events or ()}))

    def to_data(self) -> dict[str, Any]:
        """The definition as plain data: ``Machine(**machine.to_data())`` is equal. Conditions are text."""
        return to_data(self._chart)

    def ancestors(self, state: str) -> tuple[str, ...]:
        """
        Ids of the states around a state, inner first, without itself.

        Raises:
            InputError: no such state.
        """
        chart = self._chart
        node = chart.number.get(state)
        if node is None:
            close = nearest(state, chart.ids[1:])
            hint = f"; did you mean {close!r}?" if close else ""
            raise InputError(f"no state named {state!r}{hint}", code="machine.unknown_state", state=state, nearest=close)
        return chart.names(above for above in chart.chain(chart.parent[node]) if above != ROOT)

    def contains(self, configuration: Configuration, state: str) -> bool:
        """Whether a state is active: a leaf of the configuration or around one. An unknown id is never active."""
        return state in self._moves.active(configuration)

    def unreachable(self) -> tuple[str, ...]:
        """Ids of states nothing leads to even if every guard held, in document order; history states left out."""
        return unreachable(self._chart)

    def dead_ends(self) -> tuple[str, ...]:
        """Ids of reachable leaves that are not final and that nothing leads out of, in document order."""
        return dead_ends(self._chart)


def _within(active: frozenset[str], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a guard reads, with the active states beside it."""
    # Imported here so that a machine without conditions does not load the expression language.
    from servflow.expressions import ACTIVE

    if type(data) is dict:
        return {**data, ACTIVE: active}
    return ChainMap({ACTIVE: active}, data)  # type: ignore[arg-type]  # it is only read, never written


def _restored(chart: Chart, table_size: int) -> Machine:
    machine = Machine.__new__(Machine)
    machine._set_up(chart, table_size)
    return machine


def _endless(trail: list[tuple[Move, tuple[str, ...], tuple[int, ...]]]) -> LimitError:
    last = trail[-1]
    places = [(move.configuration, move.history, waiting) for move, waiting, _ in trail]
    again = next((back for back in range(2, len(places)) if places[-back] == places[-1]), 0)
    loop = trail[-again:-1] if again else trail[-20:]
    cycle = tuple(row for _, _, chosen in loop for row in chosen)
    shown = " -> ".join("+".join(move.configuration[:5]) for move, _, _ in [*loop[:10], last])
    return LimitError(
        f"the machine did not come to rest after {len(trail) - 1} microsteps: {shown} (transitions {list(cycle)[:20]});"
        " give one of these eventless transitions a condition that ends the loop",
        code="machine.endless",
        cycle=cycle,
        configurations=tuple(move.configuration for move, _, _ in loop),
    )
