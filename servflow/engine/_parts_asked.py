"""Knows which lines of parts an event is about and how many units of each; must not know what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.engine._payloads import refuse, text
from servflow.errors import Refused, nearest, render, shown
from servflow.model import PartLine
from servflow.model._parts import MAX_UNITS

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

MAX_SERIALS = 500
"""How many serial numbers a ticket keeps."""

CONDITIONS = ("good", "defective")
"""How a part that was used can come back."""


@frozen
class Asked:
    """What an event may be about: lines in these states; *whole* where saying no quantity means all of them, not one."""

    event: str
    states: tuple[str, ...]
    said: str
    whole: bool = False
    held: bool = False

    def of(self, call: OneCall) -> list[PartLine]:
        """The lines of the ticket that it may be about, oldest first."""
        return [one for one in call.draft.parts if one.state in self.states and (one.held or not self.held)]


def by(call: OneCall) -> str | None:
    """Who fires."""
    return call.actor.id if call.actor is not None else None


def quantity(event: str, payload: Mapping[str, Any]) -> int | None:
    """
    How many units a payload names; None where it names none.

    Raises:
        Refused: it is no whole number from 1 to a million.
    """
    value = payload.get("quantity")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_UNITS:
        why = f"quantity is a whole number from 1 to {MAX_UNITS}, not {shown(value)}"
        raise refuse(event, why, field="quantity", value=value)
    return value


def choose(call: OneCall, payload: Mapping[str, Any], asked: Asked) -> list[tuple[PartLine, int]]:
    """
    The lines an event is about, oldest first, each with how many of its units.

    Raises:
        Refused: there is no such line, it must be said which part is meant, or there are not so many.
    """
    event = asked.event
    there = asked.of(call)
    lines = _meant(call, payload, asked, there)
    if asked.held and isinstance(place := payload.get("place"), str):
        lines = _taken_at(asked, lines, place)
    most, wanted = sum(one.quantity for one in lines), quantity(event, payload)
    if wanted is None:
        wanted = most if asked.whole else 1
    if wanted > most:
        part = lines[0].part
        raise refuse(event, f"{most} of {part} are {asked.said}, not {wanted}", field="quantity", value=wanted, have=most)
    found = []
    for one in lines:
        units = min(wanted, one.quantity)
        wanted -= units
        if units:
            found.append((one, units))
    return found


def _meant(call: OneCall, payload: Mapping[str, Any], asked: Asked, there: list[PartLine]) -> list[PartLine]:
    event, number = asked.event, payload.get("line")
    part = text(event, payload, "part", limit=200)
    if number is not None:
        if isinstance(number, bool) or not isinstance(number, int):
            raise refuse(event, f"line is the number of a line of parts, not {shown(number)}", field="line", value=number)
        lines = [one for one in there if one.line == number and part in (None, one.part)]
        if not lines:
            said = next((f"it is {one.state}" for one in call.draft.parts if one.line == number), "there is none")
            raise refuse(event, f"line {number} is not {asked.said}: {said}{_listed(there)}", field="line", value=number)
        return lines
    if not there:
        raise nothing(call, asked)
    known = tuple(dict.fromkeys(one.part for one in there))
    if part is None and len(known) > 1:
        raise refuse(event, f"say which part: {', '.join(known)} are {asked.said}", field="part", needs={"part": "string"})
    if part is not None and part not in known:
        close = nearest(part, known)
        hint = f"; did you mean {close!r}?" if close else f"; {', '.join(known)} is{_else(call, asked)}"
        raise refuse(event, f"no {part!r} is {asked.said}{hint}", field="part", value=part, known=known, nearest=close)
    return [one for one in there if part in (None, one.part)]


def _taken_at(asked: Asked, lines: list[PartLine], place: str) -> list[PartLine]:
    """The lines whose units were taken from a place; the central stock is the empty text."""
    found = [one for one in lines if (one.origin or "") == place]
    if not found:
        known = tuple(dict.fromkeys(one.origin or "" for one in lines))
        why = f"no {lines[0].part} of {place!r} is {asked.said}; that are those of {', '.join(map(repr, known))}"
        raise refuse(asked.event, why, field="place", value=place, known=known)
    return found


def nothing(call: OneCall, asked: Asked) -> Refused:
    """The refusal of an event that would be about lines of which the ticket has none."""
    said = f"{asked.event} is not allowed now: no part of this ticket is {asked.said}{_else(call, asked)}"
    parts = {lang: render(f"parts.are_{asked.event.removeprefix('part.')}", {}, lang) for lang in ("en", "zh")}
    return Refused(said, code="guard", event=asked.event, state=call.draft.state, parts=parts)


def _listed(there: Iterable[PartLine]) -> str:
    known = ", ".join(f"{one.line} ({one.quantity} of {one.part})" for one in there)
    return f"; that are {known}" if known else ""


def _else(call: OneCall, asked: Asked) -> str:
    """What would do instead, where the units stand in another state."""
    states = {one.state for one in call.draft.parts}
    if asked.event == "part.return" and "reserved" in states:
        return "; what was put aside and not used goes back by part.release"
    if asked.event == "part.release" and "used" in states:
        return "; what was used goes back by part.return"
    return ""


def serials(call: OneCall, event: str, payload: Mapping[str, Any], chosen: Iterable[tuple[PartLine, int]]) -> tuple[str, ...]:
    """
    The serial numbers of the units that are used.

    Raises:
        Refused: they are no texts, more than the units, or one of them was used before.
    """
    told = _texts(event, payload)
    lines = list(chosen)
    most, part = sum(units for _, units in lines), lines[0][0].part
    if len(told) > most:
        raise refuse(event, f"{len(told)} serials for {most} of {part}", field="serials", have=most)
    before = [one for line in call.draft.parts for one in line.serials]
    # A unit that came back good may be used after all.
    out = {one for line in call.draft.parts if line.condition != CONDITIONS[0] for one in line.serials}
    twice = next((one for one in told if one in out), None)
    if twice is not None:
        raise refuse(event, f"serial {twice!r} was used on this ticket before", field="serials", value=twice)
    if len(before) + len(told) > MAX_SERIALS:
        raise refuse(event, f"a ticket keeps at most {MAX_SERIALS} serials", field="serials", limit=MAX_SERIALS)
    return told


def _texts(event: str, payload: Mapping[str, Any]) -> tuple[str, ...]:
    value = payload.get("serials")
    told = () if value is None else (value,) if isinstance(value, str) else value
    fits = isinstance(told, (list, tuple)) and all(isinstance(one, str) and 0 < len(one) <= 200 for one in told)
    if not fits or len(set(told)) != len(told):
        why = f"serials are different texts of at most 200 characters, not {shown(value)}"
        raise refuse(event, why, field="serials", value=shown(value))
    return tuple(told)


def its_serials(event: str, payload: Mapping[str, Any], line: PartLine, units: int) -> tuple[str, ...]:
    """
    The serial numbers of those units of a line that come back while others stay.

    Raises:
        Refused: they are none of the line, or must be named.
    """
    told = tuple(one for one in _texts(event, payload) if one in line.serials)
    if len(told) > units or len(line.serials) - len(told) > line.quantity - units:
        known = ", ".join(line.serials)
        raise refuse(event, f"say with serials which of {line.part} come back: {known}", field="serials", known=line.serials)
    return told


def of_serial(event: str, payload: Mapping[str, Any], there: Iterable[PartLine]) -> Mapping[str, Any]:
    """
    What came with an event, with the line on which the serial numbers stand that it names.

    Raises:
        Refused: no line has them, or several.
    """
    told = set(_texts(event, payload))
    lines = list(there)
    if not told or payload.get("line") is not None or not any(line.serials for line in lines):
        return payload
    found = next((line for line in lines if told <= set(line.serials)), None)
    if found is None:
        known = ", ".join(one for line in lines for one in line.serials)
        raise refuse(event, f"no line has all of these serials; known are {known}", field="serials", known=known)
    return {**payload, "line": found.line}


def returned_how(event: str, payload: Mapping[str, Any]) -> tuple[str, str]:
    """
    In what order a part comes back, and why.

    Raises:
        Refused: it is none of the conditions.
    """
    condition = payload.get("condition", CONDITIONS[0])
    if condition not in CONDITIONS:
        why = f"condition is one of {', '.join(CONDITIONS)}, not {shown(condition)}"
        raise refuse(event, why, field="condition", value=shown(condition))
    return str(condition), text(event, payload, "reason", limit=1_000) or ""


__all__ = [
    "CONDITIONS",
    "MAX_SERIALS",
    "Asked",
    "by",
    "choose",
    "its_serials",
    "nothing",
    "of_serial",
    "quantity",
    "returned_how",
    "serials",
]
