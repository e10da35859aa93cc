"""Knows what a line of spare parts on a ticket is and by which keys units are reserved; must not know who has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import frozen

MAX_PARTS = 64
"""How many needs of parts a ticket keeps; giving back what is not needed makes room."""

MAX_UNITS = 1_000_000
"""How many units one need may ask for."""

PART = "part:"
"""What the keys begin with by which units of parts are reserved; the part, and ``@`` with the place, follow."""

NEEDED, RESERVED, USED, RETURNED, RELEASED = "needed", "reserved", "used", "returned", "released"


@frozen(kw_only=True)
class PartLine:
    """
    Some units of one spare part that a ticket needs, holds, has used or has given back after use.

    ``line`` is its number, that of the record that made it. ``state`` is ``needed`` (waited for), ``reserved`` (put aside
    for this ticket), ``used`` (built in) or ``returned`` (taken out again, ``condition`` says whether ``good`` or
    ``defective``); a line that is let go is ``released`` in its record and then gone. ``since`` is when it came to that.
    ``place`` is where it is to come from (None: wherever it is), ``origin`` where it was taken from (empty: the central
    stock). ``serials`` are the serial numbers of units that were used, as far as they were told. ``held`` says that its units
    are reserved in the store: also of used ones, until the host has booked them out. ``waits`` are the keys whose
    release may bring what is needed.
    """

    line: int
    part: str
    quantity: int = 1
    state: str = NEEDED
    since: datetime
    place: str | None = None
    origin: str | None = None
    serials: tuple[str, ...] = ()
    condition: str = ""
    held: bool = False
    waits: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key under which its units are reserved, once they are."""
        return part_key(self.part, self.origin or "")


def part_key(part: str, place: str = "") -> str:
    """The key of the units of a part at a place; without a place that of the central stock."""
    written = part.replace("%", "%25").replace("@", "%40")
    return f"{PART}{written}@{place}" if place else f"{PART}{written}"


def waited_for(parts: Iterable[PartLine]) -> Iterable[str]:
    """The keys whose release may bring a part that is waited for."""
    return (key for line in parts if line.state == NEEDED for key in line.waits)


def with_line(parts: tuple[PartLine, ...], line: PartLine) -> tuple[PartLine, ...]:
    """The lines with one more, or another one in its place; one that was released is gone."""
    if line.state == RELEASED:
        return tuple(other for other in parts if other.line != line.line)
    if all(other.line != line.line for other in parts):
        return (*parts, line)
    return tuple(line if other.line == line.line else other for other in parts)


def part_units(parts: Iterable[PartLine], state: str) -> Mapping[str, int]:
    """How many units of each part stand in a state, in the order of the lines."""
    found: dict[str, int] = {}
    for line in parts:
        if line.state == state:
            found[line.part] = found.get(line.part, 0) + line.quantity
    return found
