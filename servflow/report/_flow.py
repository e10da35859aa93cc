"""Knows the states of a workflow and the ways between them that tickets went; must not know how they are drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from servflow.report._entries import Entry
from servflow.report._names import Names
from servflow.report._words import WORDS, Both, plain

if TYPE_CHECKING:
    from servflow.engine import State, Workflow

MOST_STATES, MOST_LINES = 80, 160
"""States and ways of one workflow that are drawn; of more, those that tickets went most."""

ALL_DRAWN, MOST_MOVES = 18, 0.95
"""Up to so many ways all are drawn; of more, those that make this share of all moves."""

OTHER = "\0other"
"""Stands for the states that are not told apart."""


@frozen(kw_only=True)
class Nest:
    """A state that holds others: its id, whether they run side by side, and what it holds in order (ids or nests)."""

    id: str
    parallel: bool
    inside: tuple[str | Nest, ...]

    def leaves(self) -> Iterator[str]:
        """The leaf states in it, however deep."""
        for one in self.inside:
            if isinstance(one, Nest):
                yield from one.leaves()
            else:
                yield one


@frozen(kw_only=True)
class Ways:
    """
    What a workflow's tickets can be in and how they went between.

    ``states`` are leaf states in document order with ``titles``, ``closed`` those in which a ticket is closed; ``lines`` are
    the ways that were gone, by the leaf state left and entered, the busiest first; ``drawn`` are the places of those
    that a drawing has. ``first`` is where most tickets begin. ``tree`` is how those that tickets were in lie in each other.
    ``defined`` says that the definition was there; otherwise everything is told from what tickets did.
    """

    name: str
    title: Both
    states: tuple[str, ...]
    titles: Mapping[str, Both]
    closed: frozenset[str]
    lines: tuple[tuple[str, str], ...]
    tree: Nest
    first: str | None = None
    drawn: tuple[int, ...] = ()
    defined: bool = True
    _place: dict[str, int] = field(factory=dict, repr=False, eq=False)
    _line: dict[tuple[str, str], int] = field(factory=dict, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        self._place.update((state, place) for place, state in enumerate(self.states))
        self._line.update((line, place) for place, line in enumerate(self.lines))

    def called(self, state: str) -> Both:
        """A state as people know it: by its title, with its id where another has the same title; else by its id in words."""
        if state == OTHER:
            return WORDS["rest"]
        title = self.titles.get(state)
        if title is None:
            return plain(state), plain(state)
        en, zh = (
            said if sum(other[place] == said for other in self.titles.values()) == 1 else f"{said} ({plain(state)})"
            for place, said in enumerate(title)
        )
        return en, zh

    def where(self, state: str) -> Both:
        """The same of a ticket that is in several states at once, with plus signs between them."""
        told = [self.called(one) for one in state.split(" + ")]
        return " + ".join(en for en, _ in told), " + ".join(zh for _, zh in told)

    def place(self, state: str) -> int:
        """The place of a leaf state; that of all others where it is not told apart."""
        return self._place.get(state, len(self.states) - 1)

    def line(self, source: str, target: str) -> int:
        """The place of a way; -1 where it is not told apart."""
        known = self._place
        pair = (source if source in known else OTHER, target if target in known else OTHER)
        return self._line.get(pair, -1)


def ways_of(entries: Sequence[Entry], workflows: Mapping[str, Workflow]) -> dict[str, Ways]:
    """
    The ways of every workflow that tickets ran under, by name.

    Args:
        entries: the tickets.
        workflows: hash of a definition -> the workflow; what is missing is told from what its tickets did.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.workflow, []).append(entry)
    order = sorted(groups, key=lambda name: (-len(groups[name]), name))
    return {name: _ways(name, groups[name], workflows) for name in order}


def _ways(name: str, entries: Sequence[Entry], workflows: Mapping[str, Workflow]) -> Ways:
    known = [workflows[pin] for pin in dict.fromkeys(entry.pin for entry in entries) if pin in workflows]
    latest = max(known, key=lambda one: one.version, default=None)
    gone = Counter((source, target) for entry in entries for source, target, _ in entry.steps())
    seen = Counter(stay.state for entry in entries for stay in entry.case.stays)
    closed = {stay.state for entry in entries for stay in entry.case.stays if stay.closed}
    declared: tuple[str, ...] = ()
    inside: tuple[str | Nest, ...] = ()
    titles: dict[str, Both] = {}
    names = Names.of(() if latest is None else (latest,))
    if latest is not None:
        inside = tuple(_nests(latest.states))
        declared = tuple(Nest(id="", parallel=False, inside=inside).leaves())
        titles = {state: names.both("state", state) for state, spec in latest.compiled.states.items() if spec.title}
        closed |= {state for state, spec in latest.compiled.states.items() if spec.closed}
    strays = _in_order([state for state in seen if state not in set(declared)], entries)
    if len(declared) + len(strays) > MOST_STATES:
        used = sorted({*declared, *strays}, key=lambda state: (-seen[state], state))[: MOST_STATES - 1]
        declared, strays, inside = tuple(used), [OTHER], tuple(used)
    states = (*declared, *strays)
    pairs = _pairs(gone, set(states))
    return Ways(
        name=name,
        title=names.both("workflow", name),
        states=states,
        titles=titles,
        closed=frozenset(closed),
        lines=pairs,
        tree=_visited(Nest(id="", parallel=False, inside=(*inside, *strays)), {*seen, OTHER}),
        first=_begin(entries),
        drawn=_worth_drawing(pairs, gone),
        defined=latest is not None,
    )


def _visited(nest: Nest, seen: Collection[str]) -> Nest:
    """The same without states that no ticket was in: a drawing shows what happened."""
    kept: list[str | Nest] = []
    for one in nest.inside:
        if isinstance(one, Nest):
            inner = _visited(one, seen)
            kept += [inner] if inner.inside else []
        elif one in seen:
            kept.append(one)
    return Nest(id=nest.id, parallel=nest.parallel, inside=tuple(kept))


def _pairs(gone: Counter[tuple[str, str]], known: set[str]) -> tuple[tuple[str, str], ...]:
    told: Counter[tuple[str, str]] = Counter()
    for (source, target), count in gone.items():
        told[source if source in known else OTHER, target if target in known else OTHER] += count
    return tuple(sorted(told, key=lambda pair: (-told[pair], pair))[:MOST_LINES])


def _begin(entries: Sequence[Entry]) -> str | None:
    """Where most tickets begin."""
    found = Counter(entry.case.stays[0].state for entry in entries if entry.case.stays).most_common(1)
    return found[0][0] if found else None


def _in_order(states: list[str], entries: Sequence[Entry]) -> list[str]:
    """States that no definition puts in order, by how early tickets first come to them on average."""
    sums: dict[str, list[int]] = {}
    for entry in entries:
        for place, state in enumerate(dict.fromkeys(stay.state for stay in entry.case.stays)):
            held = sums.setdefault(state, [0, 0])
            held[0] += place
            held[1] += 1
    return sorted(states, key=lambda state: (sums[state][0] / sums[state][1], state))


def _worth_drawing(pairs: Sequence[tuple[str, str]], gone: Mapping[tuple[str, str], int]) -> tuple[int, ...]:
    """All ways where they are few; else those that make most of the moves, and of every state the busiest in and out."""
    if len(pairs) <= ALL_DRAWN:
        return tuple(range(len(pairs)))
    total, run = sum(gone.values()), 0
    held: set[int] = set()
    came, went = set[str](), set[str]()
    for place, (source, target) in enumerate(pairs):
        if run < MOST_MOVES * total or source not in went or target not in came:
            held.add(place)
        run += gone.get((source, target), 0)
        if source != target:
            came.add(target)
            went.add(source)
    return tuple(sorted(held))


def _nests(states: Mapping[str, State]) -> Iterable[str | Nest]:
    for name, state in states.items():
        if state.history is not None:
            continue
        if state.states:
            yield Nest(id=name, parallel=state.parallel, inside=tuple(_nests(state.states)))
        else:
            yield name
