"""Knows how what starts a run is named as its cause, and what a cause says; must not know whether it has happened."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from attrs import frozen

from servflow.errors import render
from servflow.escalation import _shape
from servflow.escalation._chain import Chain
from servflow.escalation._trigger import Trigger
from servflow.model import canonical

ASKED = "event:chain.start"
"""The cause of a run that somebody asked for by the event ``chain.start``."""

DELAYED = ("state", "age", "silent")
"""The kinds of triggers that may wait; several of one chain that wait differently are told apart by a number."""

_AGAIN = ".again"


@frozen(kw_only=True)
class Start:
    """
    The triggers of one chain that one happening sets off together: the first whose condition holds begins the run.

    ``head`` is how the causes of their runs begin, ``trigger`` one of them, and ``places`` where they stand in the chain.
    """

    head: str
    trigger: Trigger
    places: tuple[int, ...]


def starts_of(chain: Chain, same_mark: Callable[[str], str] = str) -> tuple[Start, ...]:
    """
    What starts a chain, in its order: triggers that wait for the same stand together, so that it starts one run.

    Args:
        same_mark: gives the name of a clock's mark however it is written.
    """
    grouped: dict[tuple[object, ...], list[int]] = {}
    for place, trigger in enumerate(chain.start):
        mark = None if trigger.mark is None else same_mark(trigger.mark)
        waits = (trigger.delay, trigger.calendar, trigger.public)
        grouped.setdefault((trigger.kind, _name(trigger), mark, *waits), []).append(place)
    seen: dict[tuple[str, str], int] = {}
    found = []
    for places in grouped.values():
        trigger = chain.start[places[0]]
        named = (trigger.kind, "" if trigger.kind == "age" else _name(trigger))
        count = seen[named] = seen.get(named, 0) + 1
        word = trigger.kind if count == 1 or trigger.kind not in DELAYED else f"{trigger.kind}.{count}"
        found.append(Start(head=f"{word}:{named[1]}", trigger=trigger, places=tuple(places)))
    return tuple(found)


def _name(trigger: Trigger) -> str:
    if trigger.kind == "when":
        # By what it says rather than by its place: another trigger beside it makes it no other one.
        said = {"when": _shape.plain(trigger.when), **({"closed": True} if trigger.closed else {})}
        return hashlib.sha256(canonical(said)).hexdigest()[:12]
    return "" if trigger.kind == "age" else str(getattr(trigger, trigger.kind))


def cause_kind(cause: str) -> str:
    """The kind of trigger a cause tells of; ``start`` where an action of the workflow began the run."""
    return cause.partition(":")[0].partition(".")[0]


def again(cause: str) -> str:
    """The cause of a run that waits in a state anew while one of the stay before is climbed still."""
    return f"{cause.partition(':')[0]}{_AGAIN}:{cause.partition(':')[2]}"


def first_of(cause: str) -> str:
    """The cause as its trigger has it, whether it is there anew or not."""
    head, colon, rest = cause.partition(":")
    return f"{head.removesuffix(_AGAIN)}{colon}{rest}" if cause_kind(cause) == "state" else cause


def state_of(cause: str) -> str | None:
    """The state whose entering is the cause; None for every other cause."""
    return cause.partition(":")[2] if cause_kind(cause) == "state" else None


def with_states(cause: str, names: Mapping[str, str]) -> str:
    """The cause after states were renamed."""
    state = state_of(cause)
    return cause if state is None or state not in names else f"{cause.partition(':')[0]}:{names[state]}"


def side_of(cause: str) -> str | None:
    """The side whose silence is the cause; None for every other cause."""
    return cause.split(":")[1] if cause_kind(cause) == "silent" else None


def cause_text(
    cause: str, chain: Chain | None = None, lang: str = "en", called: Callable[[str, str], str] | None = None
) -> str:
    """
    What started a run, in words.

    Args:
        chain: its chain; it tells which condition became true.
        lang: ``en`` or ``zh``; anything else reads as ``en``.
        called: gives what people call a part of the workflow in that language, by its kind and its name.
    """
    kind, rest = cause_kind(cause), cause.partition(":")[2]
    if kind == "clock":
        clock, cycle, mark = _of_clock(rest)
        clock = called("clock", clock) if called is not None else clock
        return render("escalation.cause_clock", {"clock": clock, "cycle": cycle, "mark": _said(mark, lang)}, lang)
    if kind == "when":
        found = next((one for one in starts_of(chain) if one.head == cause), None) if chain is not None else None
        text = found.trigger.when if found is not None and isinstance(found.trigger.when, str) else None
        return render("escalation.cause_when" if text is None else "escalation.cause_when_text", {"text": text}, lang)
    name = side_of(cause) if kind == "silent" else rest
    if kind in ("event", "state") and called is not None:
        name = called(kind, rest)
    if cause == ASKED:
        kind = "asked"
    return render(
        _TOLD.get(kind, "escalation.cause_other"),
        {"name": _said(name or "", lang) if kind == "silent" else name, "cause": cause},
        lang,
    )


_IN_CHINESE = {"breach": "违约", "agent": "客服", "customer": "客户", "system": "系统"}


def _said(word: str, lang: str) -> str:
    """A mark or a side; one that a definition names keeps its name."""
    return _IN_CHINESE.get(word, word) if lang == "zh" else word


_TOLD = {
    "event": "escalation.cause_event",
    "state": "escalation.cause_state",
    "age": "escalation.cause_age",
    "silent": "escalation.cause_silent",
    "correlator": "escalation.cause_correlator",
    "start": "escalation.cause_start",
    "asked": "escalation.cause_asked",
}


def _of_clock(rest: str) -> tuple[str, str, str]:
    # ``clock:<name>:<cycle>:<mark>``: a name may hold colons, and so may a mark that repeats.
    parts = rest.split(":")
    for place in range(1, len(parts) - 1):
        if parts[place].partition("~")[0].isdecimal():
            return ":".join(parts[:place]), parts[place].partition("~")[0], ":".join(parts[place + 1 :])
    return rest, "?", "?"
