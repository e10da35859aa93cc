"""Knows how spare parts of a ticket are needed, put aside, used and given back; must not know who may say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._parts_asked import Asked, by, choose, its_serials, nothing, of_serial, quantity, returned_how, serials
from servflow.engine._parts_there import free, places
from servflow.engine._payloads import known_keys, refuse, text
from servflow.engine._raised import tell
from servflow.errors import Refused
from servflow.model import MAX_PARTS, FrozenMap, PartChanged, PartLine, Release, Take, part_key
from servflow.model._parts import NEEDED, RELEASED, RESERVED, RETURNED, USED

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

NEED, RESERVE, USE = "part.need", "part.reserve", "part.use"
RETURN, RELEASE, BOOKED = "part.return", "part.release", "part.booked"
READY, SHORT = "parts.ready", "parts.short"

ASKED: Mapping[str, Asked] = {
    one.event: one
    for one in (
        Asked(RESERVE, (NEEDED,), "waited for", whole=True),
        Asked(USE, (RESERVED,), "put aside"),
        Asked(RETURN, (USED,), "used"),
        Asked(RELEASE, (NEEDED, RESERVED), "needed or put aside", whole=True),
        Asked(BOOKED, (USED, RETURNED), "to be booked out", whole=True, held=True),
    )
}
"""What each event of parts but ``part.need`` may be about."""

# what there is ------------------------------------------------------------------------------------------------


def _found(call: OneCall, line: PartLine) -> tuple[PartLine, int] | None:
    """The line put aside where enough is free, with what lies there; None where there is not enough anywhere."""
    for place, on_hand in places(call, line):
        if free(call, line.part, place, on_hand) >= line.quantity:
            return attrs.evolve(line, state=RESERVED, since=call.at, origin=place, held=True, waits=()), on_hand
    return None


def _waits(call: OneCall, line: PartLine) -> tuple[str, ...]:
    return tuple(part_key(line.part, place) for place, _ in places(call, line))


# changing -----------------------------------------------------------------------------------------------------


def _say(call: OneCall, line: PartLine, was: PartLine | None, reason: str = "", who: str | None = None) -> None:
    call.record(PartChanged, part_line=line, was=was, reason=reason, by=who)
    call.happening.changed.add("parts")


def _told(line: PartLine) -> FrozenMap[str, Any]:
    return FrozenMap({"part": line.part, "quantity": line.quantity, "line": line.line})


def _short(call: OneCall) -> bool:
    return any(line.state == NEEDED for line in call.draft.parts)


def _put_aside(
    call: OneCall, line: PartLine, was: PartLine | None, limit: int | None, who: str | None, *, quiet: bool = False
) -> None:
    call.reservations.append(Take(key=line.key, units=line.quantity, limit=limit))
    _say(call, line, was, who=who)
    if not quiet and not _short(call):
        tell(call, READY, _told(line))


def _give_back(call: OneCall, line: PartLine, reason: str, who: str | None = None) -> None:
    if line.held:
        call.reservations.append(Release(key=line.key, units=line.quantity))
    gone = attrs.evolve(line, state=RELEASED, since=call.at, held=False, waits=())
    _say(call, gone, line, reason, who)


def _go_on(call: OneCall, line: PartLine, units: int, reason: str, **changes: Any) -> None:
    """Some units of a line come to another state; the others stay where they are."""
    who = by(call)
    if units == line.quantity:
        _say(call, attrs.evolve(line, since=call.at, **changes), line, reason, who)
        return
    left = tuple(one for one in line.serials if one not in changes.get("serials", ()))
    _say(call, attrs.evolve(line, quantity=line.quantity - units, serials=left), line, reason, who)
    made = attrs.evolve(line, line=call.draft.sequence + 1, quantity=units, since=call.at, **{"serials": (), **changes})
    like = next((other for other in call.draft.parts if _alike(other, made)), None)
    if like is None:
        _say(call, made, None, reason, who)
    else:
        both = attrs.evolve(like, quantity=like.quantity + units, serials=(*like.serials, *made.serials), since=call.at)
        _say(call, both, like, reason, who)


def _alike(one: PartLine, other: PartLine) -> bool:
    """Whether two lines say the same but how many units, so that they can be one."""
    return one.line != other.line and all(
        getattr(one, name) == getattr(other, name) for name in ("part", "state", "place", "origin", "condition", "held")
    )


def _origin(event: str, chosen: Iterable[tuple[PartLine, int]]) -> str:
    """From where the units of one event were taken: its transition tells the host, who books them in one place."""
    lines = [line for line, _ in chosen]
    found = {line.origin or "" for line in lines}
    if len(found) > 1:
        listed = ", ".join(
            f"{line.line} ({line.quantity} of {line.part} from {line.origin or 'the central stock'})" for line in lines
        )
        why = f"these lie in several places; say with line which, once for each: {listed}"
        raise refuse(event, why, field="line", needs={"line": "int"}, lines=tuple(line.line for line in lines))
    return found.pop()


# events -------------------------------------------------------------------------------------------------------


def _check(call: OneCall, event: str) -> None:
    problem = hindrance(call, event)
    if problem is not None:
        raise problem


def need(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    So many units of a part are needed: put aside at once where enough is free, waited for otherwise.

    Raises:
        Refused: the payload does not fit, the ticket is closed, or it has too many lines.
    """
    known_keys(call, NEED, payload)
    part = text(NEED, payload, "part", needed=True, limit=200)
    place, units = text(NEED, payload, "place", limit=200), quantity(NEED, payload) or 1
    _check(call, NEED)
    line = PartLine(line=call.draft.sequence + 1, part=str(part), quantity=units, since=call.at, place=place)
    found = _found(call, line)
    if found is not None:
        _put_aside(call, found[0], None, found[1], by(call))
        return
    line = attrs.evolve(line, waits=_waits(call, line))
    _say(call, line, None, who=by(call))
    tell(call, SHORT, _told(line))


def reserve(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    What is waited for was put aside by hand, whatever the stock says: people know what they do.

    Raises:
        Refused: nothing is waited for that it could be, or the payload does not fit.
    """
    known_keys(call, RESERVE, payload)
    _check(call, RESERVE)
    place = text(RESERVE, payload, "place", limit=200)
    for line, _ in choose(call, payload, ASKED[RESERVE]):
        origin = place if place is not None else line.place or ""
        made = attrs.evolve(line, state=RESERVED, since=call.at, origin=origin, held=True, waits=())
        _put_aside(call, made, line, None, by(call))


def use(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    Units that were put aside were built in; they stay taken until the host has booked them out of its stock.

    Raises:
        Refused: not so many were put aside, or the payload does not fit.
    """
    known_keys(call, USE, payload)
    chosen = choose(call, payload, ASKED[USE])
    told = list(serials(call, USE, payload, chosen))
    call.happening.origin = _origin(USE, chosen)
    for line, units in chosen:
        mine, told = tuple(told[:units]), told[units:]
        _go_on(call, line, units, "", state=USED, serials=mine)


def give_back(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    Units that were used came back: good ones lie on the shelf again, defective ones stay taken until they are booked out.

    Raises:
        Refused: not so many were used, or the payload does not fit.
    """
    known_keys(call, RETURN, payload)
    condition, reason = returned_how(RETURN, payload)
    payload = of_serial(RETURN, payload, (line for line in call.draft.parts if line.state == USED))
    chosen = choose(call, payload, ASKED[RETURN])
    call.happening.origin = _origin(RETURN, chosen)
    for line, units in chosen:
        mine = line.serials if units == line.quantity else its_serials(RETURN, payload, line, units)
        held = line.held and condition != "good"
        if line.held and not held:
            call.reservations.append(Release(key=line.key, units=units))
        _go_on(call, line, units, reason, state=RETURNED, condition=condition, held=held, serials=mine)


def release(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    What is needed or was put aside is not wanted any more.

    Raises:
        Refused: there is nothing of it, or the payload does not fit.
    """
    known_keys(call, RELEASE, payload)
    reason, was_short = text(RELEASE, payload, "reason", limit=1_000) or "", _short(call)
    for line, units in choose(call, payload, ASKED[RELEASE]):
        if units == line.quantity:
            _give_back(call, line, reason, by(call))
            continue
        if line.held:
            call.reservations.append(Release(key=line.key, units=units))
        _say(call, attrs.evolve(line, quantity=line.quantity - units), line, reason, by(call))
    if _short(call):
        fill(call)  # less may be enough, or what was given back is what another line waits for
    elif was_short:
        tell(call, READY)  # nothing is waited for any more


def booked(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    The host has booked out of its stock what was used, or came back defective: from now on its stock is less instead.

    Raises:
        Refused: nothing is to be booked out, or the payload does not fit.
    """
    known_keys(call, BOOKED, payload)
    for line, units in choose(call, payload, ASKED[BOOKED]):
        call.reservations.append(Release(key=line.key, units=units))
        mine = line.serials if units == line.quantity else line.serials[:units]
        if units == line.quantity:
            _say(call, attrs.evolve(line, held=False), line, "booked out", by(call))
        else:
            _go_on(call, line, units, "booked out", held=False, serials=mine)


# following ----------------------------------------------------------------------------------------------------


def fill(call: OneCall, *, quiet: bool = False) -> None:
    """
    Put aside whatever is waited for and is there by now, the longest waited for first; remember where else it may come.

    Those who listen hear when nothing is waited for any more, unless quiet.
    """
    for line in call.draft.parts:
        if line.state != NEEDED:
            continue
        found = _found(call, line)
        if found is not None:
            _put_aside(call, found[0], line, found[1], None, quiet=quiet)
        elif call.world is not None and (waits := _waits(call, line)) != line.waits:
            _say(call, attrs.evolve(line, waits=waits), line)


def may_fill(call: OneCall) -> bool:
    """Whether the world of this call brings something that is waited for, or would bring it from elsewhere."""
    if call.world is None or not call.draft.parts:
        return False
    needed = [line for line in call.draft.parts if line.state == NEEDED]
    return any(_found(call, line) is not None or _waits(call, line) != line.waits for line in needed)


def react(call: OneCall) -> None:
    """A ticket that is closed gives back what it did not use; one that came to somebody else looks where they are."""
    happening = call.happening
    if happening.closed and call.draft.closed:
        for line in call.draft.parts:
            if line.state in (NEEDED, RESERVED):
                _give_back(call, line, "the ticket was closed")
    elif not happening.changed.isdisjoint(("assignee", "outlet")):
        fill(call)


EVENTS: Mapping[str, Callable[[OneCall, Mapping[str, Any]], None]] = {
    NEED: need,
    RESERVE: reserve,
    USE: use,
    RETURN: give_back,
    RELEASE: release,
    BOOKED: booked,
}
"""What each built-in event of parts does."""


def hindrance(call: OneCall, event: str) -> Refused | None:
    """What keeps an event of parts from happening now, whatever comes with it; None where nothing does."""
    if event in (NEED, RESERVE) and call.draft.closed:
        said = f"{event} is not allowed now: the ticket is closed, and what it holds of parts was given back"
        return Refused(said, code="guard", event=event, state=call.draft.state)
    if event == NEED and len(call.draft.parts) >= MAX_PARTS:
        said = f"{NEED} is not allowed now: the ticket has {len(call.draft.parts)} lines of parts, and {MAX_PARTS} are the most"
        return Refused(said, code="guard", event=NEED, limit=MAX_PARTS)
    asked = ASKED.get(event)
    return nothing(call, asked) if asked is not None and not asked.of(call) else None


def idle(call: OneCall, event: str) -> bool:
    """Whether an event of parts has nothing to be about, so that nobody is offered it."""
    if event == NEED and not (call.compiled.raised.of_parts or call.draft.parts):
        return True
    return event in EVENTS and hindrance(call, event) is not None


def must_name(call: OneCall, event: str) -> Mapping[str, str]:
    """What has to come with an event of parts besides what always has, with its type: the part where there are several."""
    if event not in ASKED:
        return {}
    there = ASKED[event].of(call)
    if len({line.part for line in there}) > 1:
        return {"part": "string"}
    if event == RETURN and there and 1 < there[0].quantity == len(there[0].serials):
        return {"serials": "any"}
    return {}


__all__ = ["EVENTS", "READY", "SHORT", "fill", "hindrance", "idle", "may_fill", "must_name", "react"]
