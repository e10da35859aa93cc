"""Knows which runs of chains an event of a person or a host means, and what it needs; must not know what it does to a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow.engine import _chain_answers, _chain_deliveries, _chain_starts
from servflow.engine._payloads import refuse, text
from servflow.errors import InputError, TimeError, nearest
from servflow.escalation._causes import ASKED
from servflow.model import ChainRun, Span, instant, read_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

Payload = Mapping[str, Any]

RESULTS = ("chain.delivered", "chain.failed")
"""What became of a notification; the desk says so in the name of the system, which needs no permission."""


def _chosen(call: OneCall, payload: Payload, event: str) -> list[ChainRun]:
    """
    The live runs an event means: all of them, those of a chain, or the one with a number.

    Raises:
        Refused: no such run is live.
    """
    name, number = payload.get("chain"), _number(payload, event)
    live = [run for run in call.draft.chains if run.phase != "armed" or event == "chain.stop"]
    found = [run for run in live if name in (None, run.chain) and number in (None, run.generation)]
    if not found:
        known = call.compiled.chain_plans
        close = nearest(name, known) if isinstance(name, str) and name not in known else None
        said = f"no escalation{'' if name is None else f' {name!r}'} is running{f'; did you mean {close!r}?' if close else ''}"
        if number is not None:
            numbers = ", ".join(f"{run.generation} ({run.chain})" for run in live) or "none"
            said = f"no run {number}{'' if name is None else f' of {name!r}'} is live; live are {numbers}"
        raise refuse(event, said, field="chain", running=tuple(run.chain for run in call.draft.chains))
    return found


def _number(payload: Payload, event: str) -> int | None:
    number: int | None = payload.get("run")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise refuse(event, f"run is the number of a run, not {number!r}", field="run", value=number)
    return number


def _level(payload: Payload, event: str) -> int | str | None:
    level: int | str | None = payload.get("level")
    if level is not None and (isinstance(level, bool) or not isinstance(level, (int, str))):
        raise refuse(event, f"level is a level's name or its place from 0, not {level!r}", field="level")
    return level


def _acknowledge(call: OneCall, payload: Payload) -> None:
    for run in _chosen(call, payload, "chain.acknowledge"):
        _chain_answers.acknowledge(call, run)


def _unacknowledge(call: OneCall, payload: Payload) -> None:
    _take_back(call, payload, "chain.unacknowledge", "acknowledged")


def _unsnooze(call: OneCall, payload: Payload) -> None:
    _take_back(call, payload, "chain.unsnooze", "snoozed")


def _take_back(call: OneCall, payload: Payload, event: str, phase: str) -> None:
    chosen = _chosen(call, payload, event)
    found = [run for run in chosen if _is(run, phase)]
    if not found:
        raise refuse(event, f"nothing of {_named(chosen)} is {phase}", field="chain", phases=tuple(run.phase for run in chosen))
    for run in found:
        _chain_answers.take_back(call, run, phase)


def _is(run: ChainRun, phase: str) -> bool:
    """Whether a run is acknowledged or snoozed; where an acknowledgement is only noted, it has somebody's name."""
    return run.phase == phase or (phase == "acknowledged" and run.phase == "running" and run.by is not None)


def _named(runs: list[ChainRun]) -> str:
    return ", ".join(dict.fromkeys(run.chain for run in runs))


def _snooze(call: OneCall, payload: Payload) -> None:
    event = "chain.snooze"
    until = _until(call, payload, event)
    for run in _chosen(call, payload, event):
        _chain_answers.acknowledge(call, run, until, snooze=True)


def _until(call: OneCall, payload: Payload, event: str) -> datetime:
    value = payload.get("until")
    try:
        if isinstance(value, datetime):
            until = instant(value, "until")
        elif isinstance(value, str) and "T" in value:
            until = read_instant(value)
        else:
            until = call.at + Span.of(value if value is not None else "missing").exact
    except (TimeError, OverflowError):
        raise refuse(event, f"until is an instant or a span such as '2h', not {value!r}", field="until") from None
    if until <= call.at:
        raise refuse(event, f"until lies in the past: {until.isoformat()}", field="until")
    return until


def _escalate(call: OneCall, payload: Payload) -> None:
    _send(call, payload, "chain.escalate", _chain_answers.escalate)


def _deescalate(call: OneCall, payload: Payload) -> None:
    _send(call, payload, "chain.deescalate", _chain_answers.deescalate)


def _send(call: OneCall, payload: Payload, event: str, act: Callable[[OneCall, ChainRun, Any], str | None]) -> None:
    """Send runs to a level; refused where none of them can go there, with what stands against the first one."""
    level = _level(payload, event)
    problems: list[str] = []
    chosen = _chosen(call, payload, event)
    for run in chosen:
        try:
            problem = act(call, run, level)
        except InputError as error:
            problem = error.message
        if problem is not None:
            problems.append(problem)
    if len(problems) == len(chosen):
        raise refuse(event, problems[0], field="level")


def _stop(call: OneCall, payload: Payload) -> None:
    event = "chain.stop"
    reason = str(text(event, payload, "reason", needed=True, limit=1_000)).strip()
    if not reason:
        raise refuse(event, "reason says why the escalation ends; it is empty", field="reason")
    for run in _chosen(call, payload, event):
        _chain_answers.stop(call, run, reason)


def _delivered(call: OneCall, payload: Payload) -> None:
    _result(call, payload, "chain.delivered")


def _failed(call: OneCall, payload: Payload) -> None:
    _result(call, payload, "chain.failed")


def _result(call: OneCall, payload: Payload, event: str) -> None:
    """What became of a notification; of one that no live run waits to hear of it is only on record."""
    for name in ("effect", "to", "chain", "reason"):
        text(event, payload, name, limit=1_000)
    _number(payload, event)
    _level(payload, event)
    if not payload.get("effect") and not (payload.get("to") and payload.get("chain")):
        raise refuse(event, "which notification is meant is told by effect, or by chain and to", field="effect")
    _chain_deliveries.told(call, payload, event.partition(".")[2])


def offered(call: OneCall, event: str) -> bool:
    """Whether there is any run that such an event could change now."""
    live = [run for run in call.draft.chains if run.phase != "armed"]
    if event == "chain.start":
        return bool(call.compiled.chains)
    if event == "chain.stop":
        return bool(call.draft.chains)
    if event in RESULTS:
        return any(run.sent for run in live)
    if event == "chain.unacknowledge":
        return any(_is(run, "acknowledged") for run in live)
    if event == "chain.unsnooze":
        return any(run.phase == "snoozed" for run in live)
    if event == "chain.escalate":
        return any(_chain_answers.can_rise(call, run) for run in live)
    if event == "chain.deescalate":
        return any(_chain_answers.can_fall(run) for run in live)
    return bool(live)


CHAIN_EVENTS: Mapping[str, Callable[[OneCall, Payload], None]] = {
    "chain.acknowledge": _acknowledge,
    "chain.unacknowledge": _unacknowledge,
    "chain.snooze": _snooze,
    "chain.unsnooze": _unsnooze,
    "chain.escalate": _escalate,
    "chain.deescalate": _deescalate,
    "chain.stop": _stop,
    "chain.delivered": _delivered,
    "chain.failed": _failed,
    ASKED.partition(":")[2]: _chain_starts.by_event,
}
"""What each built-in event about chains does."""

__all__ = ["CHAIN_EVENTS", "RESULTS", "offered"]
