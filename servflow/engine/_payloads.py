"""Knows how what a host passes becomes typed values; must not know what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine._definition import BUILT_IN
from servflow.engine._fitting import fitted
from servflow.errors import Refused, nearest
from servflow.model import CONVERTERS, EMPTY, FrozenMap, ValueProblem, frozen_map

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Link


def refuse(event: str, why: str, **facts: Any) -> Refused:
    """The refusal of a payload that does not fit."""
    return Refused(f"{event}: {why}", code="payload", event=event, **facts)


def lacking(event: str, name: str) -> Refused:
    """The refusal of a payload that lacks a text it needs."""
    said = {name: "string, which is missing"}
    why = f"{event} needs another payload: {name} takes {said[name]}"
    return Refused(why, code="payload", event=event, field=name, problems=said, needs={name: "string"})


def text(event: str, payload: Mapping[str, Any], name: str, *, needed: bool = False, limit: int = 100_000) -> str | None:
    """
    A text of a payload; None where it is missing or empty.

    Raises:
        Refused: it is no text, too long, or missing though it is *needed*.
    """
    value = payload.get(name)
    if value is None or value == "":
        if needed:
            raise lacking(event, name)
        return None
    if not isinstance(value, str) or not value or len(value) > limit:
        raise refuse(event, f"{name} is a text of at most {limit} characters, not {value!r}", field=name, value=value)
    return value


def known_keys(call: OneCall, event: str, payload: Mapping[str, Any]) -> None:
    """
    Refuse what a built-in event does not know: a misspelt key would mean that nothing was said.

    What the definition declares for the event, or reads of its payload, is known as well.

    Raises:
        Refused: a key is unknown, with what may have been meant.
    """
    compiled, spec = call.compiled, call.workflow.events.get(event)
    known = {*BUILT_IN[event], *(spec.payload if spec is not None else ())}
    for index in compiled.takers.of(event):
        known |= {*compiled.links[index].spec.payload, *payload_reads(compiled.links[index])}
    for name in payload:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean {close!r}?" if close else f"it takes {', '.join(sorted(known))}"
            raise refuse(
                event, f"there is no {name!r} in its payload; {hint}", key=name, keys=tuple(sorted(known)), nearest=close
            )


def typed_payload(declared: Mapping[str, Any], payload: Mapping[str, Any], event: str) -> Mapping[str, Any]:
    """
    The payload with every declared value in its type.

    Raises:
        Refused: a declared value is missing or does not fit.
    """
    if not declared:
        return payload
    problems: dict[str, str] = {}
    typed = dict(payload)
    for name, spec in declared.items():
        value = payload.get(name)
        if value is None:
            if spec.default is not None:
                typed[name] = spec.default
            elif not spec.optional:
                problems[name] = f"{spec.type}, which is missing"
            continue
        try:
            typed[name] = fitted(spec, value, name)
        except Refused as problem:
            problems[name] = f"{problem.facts['expected']}, not {value!r}"
    if problems:
        listed = "; ".join(f"{name} takes {said}" for name, said in problems.items())
        raise Refused(
            f"{event} needs another payload: {listed}",
            code="payload",
            event=event,
            problems=problems,
            needs={name: spec.type for name, spec in declared.items()},
        )
    return FrozenMap(typed)


def payload_reads(link: Link) -> tuple[str, ...]:
    """The names of the payload that the guard of a transition reads."""
    reads = sorted(link.guard.reads) if link.guard is not None else ()
    return tuple(dict.fromkeys(read.split(".")[1] for read in reads if read.startswith("payload.")))


def plain_payload(payload: Mapping[str, Any] | None, event: str) -> FrozenMap[str, Any]:
    """
    What a host passed, as plain values.

    Raises:
        Refused: it holds something that is not data, or too much of it.
    """
    if not payload:
        return EMPTY
    try:
        return frozen_map(CONVERTERS["map"](payload))
    except ValueProblem as problem:
        raise Refused(f"the payload of {event} takes {problem}", code="payload", event=event, expected=str(problem)) from None
