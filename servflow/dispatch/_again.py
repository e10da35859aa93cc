"""Knows how a choice that was made is decided again and what differs then; must not know where choices are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from servflow.dispatch._asking import labels
from servflow.dispatch._case import Case
from servflow.dispatch._choice import Choice
from servflow.dispatch._evaluate import choose
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._told import jsonable, shown
from servflow.dispatch._turns import standing
from servflow.errors import InputError, render
from servflow.errors import shown as quoted
from servflow.model import EMPTY, Decided, Ticket, World, instant, read_instant

INPUTS = ("policy", "world", "ticket", "sequence", "read", "stage", "answers")
"""What a decision depends on: the hashes of policy and of what was read, the world's version, the ticket's id and revision,
how far less is asked for, and what functions of the host answered, of which those are told that answer otherwise."""

Answers = Mapping[str, Mapping[str, Any]]
"""Function -> candidate -> what it answered."""

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
        hooks: the host's registered functions, which are asked anew; left out: what they answered then is taken, and of
            those of whom no answer was kept nothing is known, as where one raises ``NotKept``.

    Raises:
        InputError: *told* is no choice, no data of one and no record of one.
        DefinitionError: the policy mapping is wrong, or names a function that nobody registered and that answered nothing.
    """
    then = _Then.of(told)
    read = Policy.read(policy)
    asking = hooks if hooks is not None else _recalled(read, then.answers)
    world = standing(World.of(world), read.name, then.stood)
    case = Case.make(read, ticket, world, then.at, stage=then.stage, declined=declined, bindings=bindings, hooks=asking)
    given = {label: then.answers[label] for label in labels(case).values() if label in then.answers}
    if hooks is None:
        case.answers.update({label: dict(answers) for label, answers in given.items()})
    choice = choose(case, explain=True)
    now = {**choice.origin, "stage": choice.stage}
    inputs = [
        Difference(name, then.inputs[name], now[name])
        for name in INPUTS
        if name in then.inputs and then.inputs[name] != now[name]
    ]
    before, after = _otherwise(given, choice.answers)
    if before:
        inputs.append(Difference("answers", before, after))
    came = _results(choice.as_data(), len(then.results["ranked"]) if then.cut else None)
    results = [Difference(name, then.results[name], came[name]) for name in RESULTS if then.results[name] != came[name]]
    return Again(choice=choice, inputs=tuple(inputs), results=tuple(results), known="policy" in then.inputs)


class NotKept(Exception):
    """What a function answered of a candidate was not kept."""


def _recalled(policy: Policy, answers: Mapping[str, Any]) -> Hooks:
    """Functions that know nothing, in place of those whose answers are kept."""

    def unknown(*_: Any) -> Any:
        raise NotKept

    terms = [term.host for level in policy.prefer for term in level]
    return Hooks(
        requirements={entry.host: unknown for entry in policy.require if entry.host and entry.host in answers},
        terms={name: unknown for name in terms if name and name in answers},
    )


def _otherwise(then: Answers, now: Answers) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was answered of the same candidates and is another answer now: then and now."""
    differ = {
        label: [who for who, answer in answers.items() if who in now.get(label, EMPTY) and now[label][who] != answer]
        for label, answers in then.items()
    }
    named = {label: sorted(names) for label, names in differ.items() if names}
    before = {label: {who: jsonable(then[label][who]) for who in names} for label, names in named.items()}
    return before, {label: {who: jsonable(now[label][who]) for who in names} for label, names in named.items()}


@frozen
class _Then:
    """What a choice says of itself; ``cut`` where only the best of those who fitted are kept."""

    at: datetime
    stage: int
    inputs: Mapping[str, Any]
    results: Mapping[str, Any]
    cut: bool
    answers: Answers = EMPTY
    stood: Mapping[str, int] | None = None

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
        return found if "world" in found.inputs else evolve(found, inputs={"world": record.world, **found.inputs})

    @classmethod
    def _read(cls, data: Mapping[str, Any], at: Any, cut: bool) -> _Then:
        origin, stage = data.get("origin") or EMPTY, data.get("stage", 0)
        try:
            moment = read_instant(at) if isinstance(at, str) else instant(at)
            if isinstance(stage, bool) or not isinstance(stage, int):
                raise TypeError
            stood = None if data.get("stood") is None else dict(data["stood"].items())
            answers = {label: dict(told.items()) for label, told in (data.get("answers") or EMPTY).items()}
            return cls(moment, stage, {**origin, "stage": stage}, _results(data), cut, answers, stood)
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
