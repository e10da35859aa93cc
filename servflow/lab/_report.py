"""Knows what a replay came to, as values and as data; must not know how it was found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from attrs import frozen

from servflow.lab._tables import minutes, tables
from servflow.model import EMPTY, FrozenMap

MOST_EXAMPLES = 5
"""How many case ids stand as examples for one finding."""


@frozen(kw_only=True)
class Damage:
    """
    A row, or one value of it, that could not be used.

    ``line`` counts from 1 in the file. ``reason`` is ``csv``, ``columns`` (another number of them; ``value`` is how
    many), ``case`` or ``at``, for which the row is left out, or ``state``, ``opened`` or ``milestone``, for which only
    the value is, or ``open``, for which the workflow refused the whole case.
    """

    line: int
    reason: str
    value: str


@frozen(kw_only=True)
class Returned:
    """Cases that came back after the rows of another case; their later rows are left out unless ``rows: mixed``."""

    cases: int = 0
    rows: int = 0
    examples: tuple[str, ...] = ()


@frozen(kw_only=True)
class UnknownState:
    """A state that the map does not know: all rows that show it, their lines (the first thousand), its cases."""

    state: str
    rows: int
    cases: int
    lines: tuple[int, ...]
    examples: tuple[str, ...]


@frozen(kw_only=True)
class Edge:
    """
    A change of state that occurs in the log.

    ``source`` None: the first state of a case. ``target`` None: the case was left in ``source``, which is not closed.
    ``count`` is how often it occurs, ``refused`` how often the workflow did not allow it, ``why`` the codes of
    those refusals with their numbers, ``examples`` cases where it was refused.
    """

    source: str | None
    target: str | None
    count: int
    refused: int = 0
    why: FrozenMap[str, int] = EMPTY
    examples: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "source": self.source,
            "target": self.target,
            "count": self.count,
            "refused": self.refused,
            "why": dict(self.why),
            "examples": list(self.examples),
        }


@frozen(kw_only=True)
class Tally:
    """
    What cycles of one clock with the same end came to.

    ``counted`` is time its calendar counts, ``paused`` time as it passed in pauses; ``median`` is of ``counted`` over
    the cycles (the lower of two middle ones). ``met`` stopped by their due instant, ``breached`` went past it; ``over``
    counted more than the target, ``at_least`` the target or more. ``with_pause`` had a pause of some length.
    """

    cycles: int = 0
    counted: timedelta = timedelta()
    paused: timedelta = timedelta()
    median: timedelta | None = None
    met: int = 0
    breached: int = 0
    over: int = 0
    at_least: int = 0
    with_pause: int = 0

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; lengths of time in minutes."""
        return {
            "cycles": self.cycles,
            "counted_minutes": minutes(self.counted),
            "paused_minutes": minutes(self.paused),
            "median_minutes": None if self.median is None else minutes(self.median),
            "met": self.met,
            "breached": self.breached,
            "over": self.over,
            "at_least": self.at_least,
            "with_pause": self.with_pause,
        }


@frozen(kw_only=True)
class ClockFigures:
    """
    One clock over all cases.

    ``stopped`` are the cycles whose promise came to its end, ``open`` those still running or paused, told as of the
    last instant the log knows of their case; ``cancelled`` ended because the ticket closed without reaching it.
    """

    name: str
    stopped: Tally = Tally()
    open: Tally = Tally()
    cancelled: Tally = Tally()

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "name": self.name,
            "stopped": self.stopped.as_data(),
            "open": self.open.as_data(),
            "cancelled": self.cancelled.as_data(),
        }


@frozen(kw_only=True)
class Report:
    """
    What a log came to under one workflow.

    ``cases`` were replayed, of which ``conforming`` began, went on and ended as the workflow allows. ``edges`` counts
    changes of state after the first of a case, ``kinds`` the different ones, ``variants`` the different paths. ``flow``
    holds every kind of edge, ``starts`` the first states, ``ends`` the states in which cases were left unclosed and
    ``milestones`` the milestones refused. Rows: ``damaged`` counts all problems by reason, ``damage`` tells the first
    thousand; ``clamped`` counts rows whose instant went back (``before_opening``: to before their case was opened),
    ``without_opening`` cases that began with their first row because their opening is not known.
    ``folded`` counts cycles with so many pauses that the oldest are missing from ``paused``.
    ``limited`` says that not the whole log was read.
    """

    workflow: str
    version: int
    hash: str
    rows: int = 0
    cases: int = 0
    conforming: int = 0
    edges: int = 0
    kinds: int = 0
    variants: int = 0
    flow: tuple[Edge, ...] = ()
    starts: tuple[Edge, ...] = ()
    ends: tuple[Edge, ...] = ()
    milestones: tuple[Edge, ...] = ()
    clocks: tuple[ClockFigures, ...] = ()
    folded: int = 0
    unknown: tuple[UnknownState, ...] = ()
    damaged: FrozenMap[str, int] = EMPTY
    damage: tuple[Damage, ...] = ()
    clamped: int = 0
    before_opening: int = 0
    without_opening: int = 0
    returned: Returned = Returned()
    limited: bool = False

    @property
    def deviations(self) -> tuple[Edge, ...]:
        """Everything that made cases leave the workflow, the most frequent first."""
        every = (*self.starts, *self.flow, *self.ends, *self.milestones)
        return tuple(sorted((edge for edge in every if edge.refused), key=lambda edge: -edge.refused))

    @property
    def sound(self) -> bool:
        """Whether every row could be used and every case conforms: what a command line ends well for."""
        troubled = self.unknown or self.damaged or self.returned.rows or self.conforming != self.cases
        return not troubled

    def clock(self, name: str) -> ClockFigures:
        """
        The figures of one clock.

        Raises:
            KeyError: the workflow has no clock of that name.
        """
        for figures in self.clocks:
            if figures.name == name:
                return figures
        raise KeyError(name)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; lengths of time in minutes."""
        return {
            "workflow": self.workflow,
            "version": self.version,
            "hash": self.hash,
            "rows": self.rows,
            "cases": self.cases,
            "conforming": self.conforming,
            "edges": self.edges,
            "kinds": self.kinds,
            "variants": self.variants,
            "flow": [edge.as_data() for edge in self.flow],
            "starts": [edge.as_data() for edge in self.starts],
            "ends": [edge.as_data() for edge in self.ends],
            "milestones": [edge.as_data() for edge in self.milestones],
            "clocks": [figures.as_data() for figures in self.clocks],
            "folded": self.folded,
            "unknown": [
                {
                    "state": item.state,
                    "rows": item.rows,
                    "cases": item.cases,
                    "lines": list(item.lines),
                    "examples": list(item.examples),
                }
                for item in self.unknown
            ],
            "damaged": dict(self.damaged),
            "damage": [{"line": item.line, "reason": item.reason, "value": item.value} for item in self.damage],
            "clamped": self.clamped,
            "before_opening": self.before_opening,
            "without_opening": self.without_opening,
            "returned": {
                "cases": self.returned.cases,
                "rows": self.returned.rows,
                "examples": list(self.returned.examples),
            },
            "limited": self.limited,
        }

    def text(self, lang: str = "en") -> str:
        """
        The report as tables of plain text.

        Args:
            lang: ``en`` or ``zh``.
        """
        return tables(self, lang)
