"""Knows how a choice that was made is decided again and what differs then; must not know where choices are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.dispatch._case import Case
from servflow.dispatch._choice import Choice
from servflow.dispatch._evaluate import choose
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._told import jsonable, shown
from servflow.errors import InputError, render
from servflow.errors import shown as quoted
from servflow.model import EMPTY, Decided, Ticket, World, instant, read_instant

INPUTS = ("policy", "world", "ticket", "sequence", "read", "stage")
"""What a decision depends on: the hashes of policy and of what was read, the world's version, the ticket's id and revision."""

RESULTS = ("action", "to", "mode", "considered", "counts", "ranked")
"""What is compared of what was decided."""


@frozen
class Difference:
    """One thing that is not as it was: ``what`` is one of ``INPUTS`` or ``RESULTS``; ``then`` and ``now`` are JSON-ready."""

    what: str
    then: Any
    now: Any

    def text(self, lang: str = "en") -> str:
        """The difference as one sentence in ``en`` or ``zh``."""
        facts = {"then": _short(self.then), "now": _short(self.now)}
        return render(f"dispatch.again.{self.what}", facts, lang)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"what": self.what, "then": self.then, "now": self.now}


@frozen(kw_only=True)
class Again:
    """
    A choice that was decided again.

    ``choice`` is the one made now, with every verdict. ``inputs`` says what it was made from that is not as it was then,
    ``results`` what came out otherwise. ``known`` is False for a choice that kept no parts of its fingerprint, as those of
    early versions: then only what came out, and the version of the world, can be compared.
    """

    choice: Choice
    inputs: tuple[Difference, ...] = ()
    results: tuple[Difference, ...] = ()
    known: bool = True

    @property
    def same(self) -> bool:
        """Whether it was made from the same, and the same came out."""
        return not self.inputs and not self.results

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """
        What differs, as lines; and whom it comes to now.

        Args:
            lang: ``en`` or ``zh``.
            zone: a name of the tz database in which instants are told; UTC where left out.

        Raises:
            InputError: there is no such zone.
        """
        head = "same" if self.same else "otherwise" if self.results else "inputs"
        lines = [render(f"dispatch.again.{head}", {}, lang)]
        lines += [f"  {item.text(lang)}" for item in (*self.inputs, *self.results)]
        return "\n".join([*lines, self.choice.text(lang, zone)])

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "same": self.same,
            "known": self.known,
            "inputs": [item.as_data() for item in self.inputs],
            "results": [item.as_data() for item in self.results],
            "choice": self.choice.as_data(),
        }


def again(
    told: Choice | Decided | Mapping[str, Any],
    policy: Policy | Mapping[str, Any],
    ticket: Ticket,
    world: World | Mapping[str, Any] | None,
    *,
    declined: Iterable[str] | None = None,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
) -> Again:
    """
    Decide a choice again, at its own instant and stage, and say what differs.

    Args:
        told: the choice, the data of one, or the record of one in a ticket's log.
        policy: the policy it was made with, or another one to see what that would have made of it.
        ticket: the ticket as it was then; of a log ``workflow.again`` works that out.
        world: the world of that version, or another one.
        declined: who had said no, where the choice was made with a list of its own; as for ``evaluate``.
        bindings: as for ``evaluate``.
        hooks: the host's registered functions.

    Raises:
        InputError: *told* is no choice, no data of one and no record of one.
        DefinitionError: the policy mapping is wrong, or names a function nobody registered.
    """
    then = _Then.of(told)
    case = Case.make(policy, ticket, world, then.at, stage=then.stage, declined=declined, bindings=bindings, hooks=hooks)
    choice = choose(case, explain=True)
    now = {**choice.origin, "stage": choice.stage}
    inputs = [
        Difference(name, then.inputs[name], now[name])
        for name in INPUTS
        if name in then.inputs and then.inputs[name] != now[name]
    ]
    came = _results(choice.as_data(), len(then.results["ranked"]) if then.cut else None)
    results = [Difference(name, then.results[name], came[name]) for name in RESULTS if then.results[name] != came[name]]
    return Again(choice=choice, inputs=tuple(inputs), results=tuple(results), known="policy" in then.inputs)


@frozen
class _Then:
    """What a choice says of itself; ``cut`` where only the best of those who fitted are kept."""

    at: datetime
    stage: int
    inputs: Mapping[str, Any]
    results: Mapping[str, Any]
    cut: bool

    @classmethod
    def of(cls, told: Choice | Decided | Mapping[str, Any]) -> _Then:
        if isinstance(told, Decided):
            return cls._recorded(told)
        data: Any = told.as_data() if isinstance(told, Choice) else told
        if not isinstance(data, Mapping) or "at" not in data or "action" not in data:
            raise _no_choice(told)
        return cls._read(data, data.get("at"), False)

    @classmethod
    def _recorded(cls, record: Decided) -> _Then:
        result, why = record.result, record.why
        if record.maker != "dispatch" or not isinstance(why, Mapping) or not isinstance(result, Mapping):
            raise _no_choice(record)
        found = cls._read({**why, **result}, record.at, True)
        return (
            found
            if "world" in found.inputs
            else cls(found.at, found.stage, {"world": record.world, **found.inputs}, found.results, True)
        )

    @classmethod
    def _read(cls, data: Mapping[str, Any], at: Any, cut: bool) -> _Then:
        origin, stage = data.get("origin") or EMPTY, data.get("stage", 0)
        try:
            moment = read_instant(at) if isinstance(at, str) else instant(at)
            if isinstance(stage, bool) or not isinstance(stage, int):
                raise TypeError
            return cls(moment, stage, {**origin, "stage": stage}, _results(data), cut)
        except (TypeError, ValueError, KeyError, AttributeError):
            raise _no_choice(data) from None


def _results(data: Mapping[str, Any], most: int | None = None) -> dict[str, Any]:
    found = {name: jsonable(data.get(name)) for name in RESULTS if name != "ranked"}
    ranked = [{name: jsonable(item[name]) for name in ("id", "points", "terms")} for item in data.get("ranked", ())]
    return {**found, "to": found["to"] or [], "counts": found["counts"] or {}, "ranked": ranked[:most]}


def _no_choice(told: object) -> InputError:
    said = "pass a Choice, what its as_data() gave, or the record of a decision of dispatch"
    return InputError(f"{said}, not {quoted(told)}", code="dispatch.again")


def _short(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):  # those ranked: their ids and points
        return ", ".join(f"{item['id']} {'/'.join(map(str, item['points']))}".strip() for item in value)
    return shown(value)
