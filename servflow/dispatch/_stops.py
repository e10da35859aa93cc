"""Knows what a route of visits says and how its making is bounded; must not know how it is found or judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.errors import InputError, nearest, shown
from servflow.model import instant, read_instant, write_instant

MAX_ROUNDS = 10_000_000
MAX_MINUTES = 7 * 24 * 60


def _when(value: Any) -> datetime:
    read: datetime = read_instant(value) if isinstance(value, str) else instant(value, "an instant of a route")
    return read


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"a route holds a name, not {shown(value)}", code="dispatch.plan")
    return value


def _travelled(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(f"travel is a whole number of minutes, not {shown(value)}", code="dispatch.plan")
    return value


def _parts(source: Any, what: str, readers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Every part of a mapping, read; all of them are there, and no others."""
    if not isinstance(source, Mapping):
        raise InputError(f"a {what} is a mapping of {', '.join(readers)}, not {shown(source)}", code="dispatch.plan")
    for key in source:
        if key not in readers:
            close = nearest(str(key), readers)
            hint = f"; did you mean {close!r}?" if close else ""
            raise InputError(f"a {what} has no {shown(key)}{hint}", code="dispatch.plan")
    missing = [key for key in readers if key not in source]
    if missing:
        raise InputError(f"a {what} needs {', '.join(missing)}", code="dispatch.plan")
    return {key: read(source[key]) for key, read in readers.items()}


@frozen
class Stop:
    """
    One visit of a route: when somebody gets there, begins and ends; the visit is half-open, ``[start, end)``.

    ``travel`` is how many minutes of work the way from the place before takes; None: nothing tells, so it was counted as
    ``Routing.unknown`` says.
    """

    ticket: str
    arrival: datetime
    start: datetime
    end: datetime
    travel: int | None = 0

    @classmethod
    def read(cls, source: Any) -> Stop:
        """
        Read a stop from what ``as_data`` gave.

        Raises:
            InputError: something is missing, or is none of its parts.
            TimeError: an instant is none, or naive.
        """
        readers = {"ticket": _name, "arrival": _when, "start": _when, "end": _when}
        return cls(**_parts(source, "stop", {**readers, "travel": lambda value: None if value is None else _travelled(value)}))

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "ticket": self.ticket,
            "arrival": write_instant(self.arrival),
            "start": write_instant(self.start),
            "end": write_instant(self.end),
            "travel": self.travel,
        }


@frozen
class Route:
    """
    The visits of one person on one day of work, in their order.

    ``leaves`` is when they set out, ``back`` when they are home again, ``travel`` the minutes of work on the way, with the
    way home.
    """

    candidate: str
    leaves: datetime
    stops: tuple[Stop, ...]
    back: datetime
    travel: int

    @classmethod
    def read(cls, source: Any) -> Route:
        """
        Read a route from what ``as_data`` gave.

        Raises:
            InputError: something is missing, or is none of its parts.
            TimeError: an instant is none, or naive.
        """
        readers = {"candidate": _name, "leaves": _when, "stops": _stops, "back": _when, "travel": _travelled}
        return cls(**_parts(source, "route", readers))

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "candidate": self.candidate,
            "leaves": write_instant(self.leaves),
            "stops": [stop.as_data() for stop in self.stops],
            "back": write_instant(self.back),
            "travel": self.travel,
        }


def _stops(value: Any) -> tuple[Stop, ...]:
    if not isinstance(value, (list, tuple)):
        raise InputError(f"stops must be a list, not {shown(value)}", code="dispatch.plan")
    return tuple(Stop.read(item) for item in value)


def _whole(name: str, least: int, most: int) -> Any:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InputError(
                f"{name} is a whole number from {least} to {most}, not {shown(value)}",
                code="dispatch.routing",
                value=shown(value),
            )
        return value

    return read


def _until(value: Any) -> datetime | None:
    if value is None:
        return None
    read: datetime = read_instant(value) if isinstance(value, str) else instant(value, "until")
    return read


@frozen(kw_only=True)
class Routing:
    """
    How routes are planned.

    Args:
        until: up to when visits may last; by default a day from when it is planned, or the end of the last visit's window
            where that is later.
        rounds: how often visits are taken out and put in again; more takes longer and is seldom worse.
        seed: of the chance by which this is done; the same seed gives the same plan.
        minutes: how long a visit takes of which neither the ticket nor the policy says it.
        unknown: minutes from a place to another where nothing tells how long that takes.

    Raises:
        InputError: something is no such number.
        TimeError: ``until`` is naive.
    """

    until: datetime | None = field(default=None, converter=_until)
    rounds: int = field(default=2_000, converter=_whole("rounds", 0, MAX_ROUNDS))  # type: ignore[misc]  # mypy reads named converters only
    seed: int = field(default=0, converter=_whole("seed", 0, (1 << 63) - 1))  # type: ignore[misc]  # mypy reads named converters only
    minutes: int = field(default=60, converter=_whole("minutes", 1, MAX_MINUTES))  # type: ignore[misc]  # mypy reads named converters only
    unknown: int = field(default=0, converter=_whole("unknown", 0, MAX_MINUTES))  # type: ignore[misc]  # mypy reads named converters only

    @classmethod
    def read(cls, source: Routing | Mapping[str, Any] | None) -> Routing:
        """
        Read it from its mapping; None is the usual way.

        Raises:
            InputError: it is no such mapping, or something in it is wrong.
        """
        if source is None or isinstance(source, Routing):
            return source or cls()
        given: object = source
        known = ("until", "rounds", "seed", "minutes", "unknown")
        if not isinstance(given, Mapping):
            raise InputError(
                f"routing is a Routing or its mapping, such as {{'rounds': 2000}}, not {shown(given)}", code="dispatch.routing"
            )
        for key in given:
            if key not in known:
                close = nearest(str(key), known)
                hint = f"; did you mean {close!r}?" if close else f"; known are {', '.join(known)}"
                raise InputError(f"routing has no {shown(key)}{hint}", code="dispatch.routing", value=shown(key))
        return cls(**given)
