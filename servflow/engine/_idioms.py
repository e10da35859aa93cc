"""Knows what a checklist step and an approval are made of and which promises they make; must not know how they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import field, frozen

from servflow.engine._building import allow_list, at_path, build, evidence_map, plain, refuse_shapes
from servflow.errors import DefinitionError, Finding, shown
from servflow.model import Field, FrozenMap, freeze, name_of, titled
from servflow.model._titles import read_title
from servflow.sla import Clock

MAX_QUORUM = 100
"""How many people an approval can ask for."""

_PROMISE = ("within", "calendar", "warn")


def _promised(part: Any, **more: Any) -> Clock | None:
    """
    The promise a part makes, with its parts in canonical form; None where it makes none.

    Raises:
        DefinitionError: the promise cannot be read, or there is a calendar or a mark and nothing to count.
    """
    given = {key: getattr(part, key) for key in _PROMISE if getattr(part, key) not in (None, ())}
    if not given:
        return None
    if "within" not in given:
        raise DefinitionError.of([Finding("idiom.needs_within", next(iter(given)), {"key": next(iter(given))})])
    return Clock(**{"name": "promise", **given, **more})


def _canonical(part: Any) -> None:
    clock = _promised(part)
    if clock is not None:
        for key in _PROMISE:
            object.__setattr__(part, key, getattr(clock, key))


def _written(part: Any, out: dict[str, Any]) -> dict[str, Any]:
    clock = _promised(part)
    data = clock.to_data() if clock is not None else {}
    return out | {key: data[key] for key in _PROMISE if key in data}


def _held(part: Any, *left_out: str) -> dict[str, Any]:
    """What a part says that differs from saying nothing, as plain data."""
    out = {}
    for attribute in attrs.fields(type(part)):
        held = getattr(part, attribute.name)
        if attribute.name not in (*_PROMISE, *left_out) and held != attribute.default and held not in ((), {}):
            out[attribute.name] = plain(held)
    return out


@frozen(kw_only=True)
class ChecklistStep:
    """
    One step to be done in a state, such as a photograph before the repair.

    ``evidence`` declares what must come with the check, ``allow`` who may check it (none: who may fire
    ``step.check``), ``required`` whether the checklist is complete without it. ``within`` promises the step
    in that time, in ``calendar``, with marks ``warn``: a clock named ``step.<state>.<step>``.
    """

    step: str
    title: str = field(default="", converter=titled)
    required: bool = True
    evidence: FrozenMap[str, Field] = field(default=None, converter=evidence_map)
    allow: tuple[Any, ...] = field(default=(), converter=allow_list)
    within: Any = None
    calendar: Any = None
    warn: Any = ()

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, flags=("required",), texts=("title",), words=("step",))
        if not self.step:
            raise DefinitionError.of([Finding("definition.key", "step", {"key": self.step})])
        _canonical(self)

    @classmethod
    def of(cls, source: Any) -> ChecklistStep:
        """
        A step from its name, or from a mapping of the constructor's parameters.

        Raises:
            DefinitionError: with what cannot be read.
        """
        made: ChecklistStep = build(cls, {"step": source} if isinstance(source, str) else source)
        return made

    def to_data(self) -> Any:
        """The step as it is written: its name alone where that says all."""
        out = _written(self, _held(self))
        return self.step if len(out) == 1 else out


def checklist(value: Any) -> tuple[ChecklistStep, ...]:
    """
    The steps of a checklist from names and mappings.

    Raises:
        DefinitionError: with every step that cannot be read or is named twice.
    """
    if value is None:
        return ()
    found: list[Finding] = []
    read: dict[str, ChecklistStep] = {}
    for index, source in enumerate((value,) if isinstance(value, (str, Mapping, ChecklistStep)) else value):
        try:
            step = ChecklistStep.of(source)
            if step.step in read:
                raise DefinitionError.of([Finding("name.twice", "", {"name": step.step, "kind": "checklist"})])
            read[step.step] = step
        except DefinitionError as error:
            found.extend(at_path(error, f"checklist[{index}]"))
    if found:
        raise DefinitionError.of(found)
    return tuple(read.values())


@frozen(kw_only=True)
class Approval:
    """
    What it takes to approve in a state, one vote per person, everything anew whenever the state is entered.

    ``quorum`` is a number of approvals, ``all`` or a share such as ``50%`` of everybody the world knows who may
    vote, or a number for each role (``{supervisor: 1, finance: 1}``; one vote counts for one role). ``reject``
    is how many rejections reject it. ``allow`` says who may vote, ``deny`` who may not even so, and ``not_by``
    names an event whose last actor may not. ``within``, ``calendar`` and ``warn`` promise the decision: a clock
    named ``approval.<state>``, which people call what ``title`` says.
    """

    quorum: Any = 1
    allow: tuple[Any, ...] = field(default=(), converter=allow_list)
    deny: tuple[Any, ...] = field(default=(), converter=allow_list)
    not_by: str | None = None
    reject: int = 1
    within: Any = None
    calendar: Any = None
    warn: Any = ()
    title: str = field(default="", converter=titled)

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, texts=("not_by", "title"))
        object.__setattr__(self, "quorum", freeze(self.quorum))
        found = []
        if not _is_quorum(self.quorum):
            found.append(Finding("approval.quorum", "quorum", {"value": shown(self.quorum), "limit": MAX_QUORUM}))
        if not _is_count(self.reject):
            found.append(Finding("approval.reject", "reject", {"value": shown(self.reject), "limit": MAX_QUORUM}))
        if found:
            raise DefinitionError.of(found)
        if isinstance(self.quorum, Mapping) and not self.allow:
            object.__setattr__(self, "allow", tuple(self.quorum))
        _canonical(self)

    def to_data(self) -> dict[str, Any]:
        """The approval as it is written, without what goes without saying."""
        implied = isinstance(self.quorum, Mapping) and self.allow == tuple(self.quorum)
        return _written(self, _held(self, *(("allow",) if implied else ())))

    @property
    def share(self) -> int | None:
        """The share in percent of those who may vote; None where the quorum is a number of people."""
        if self.quorum == "all":
            return 100
        return int(self.quorum.rstrip("% ")) if isinstance(self.quorum, str) else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_QUORUM


def _is_quorum(value: Any) -> bool:
    if isinstance(value, str):
        digits = value.removesuffix("%").rstrip()
        return value == "all" or (value.endswith("%") and digits.isdecimal() and len(digits) < 4 and 1 <= int(digits) <= 100)
    if isinstance(value, Mapping):
        counts = all(isinstance(role, str) and _is_count(count) for role, count in value.items())
        return bool(value) and counts and sum(value.values()) <= MAX_QUORUM
    return _is_count(value)


def approval(value: Any) -> Approval | None:
    """
    An approval from its mapping; None stays None.

    Raises:
        DefinitionError: with everything that cannot be read.
    """
    if value is None:
        return None
    try:
        made: Approval = build(Approval, value)
    except DefinitionError as error:
        raise DefinitionError.of(at_path(error, "approval")) from None
    return made


def texts(value: Any) -> FrozenMap[str, str]:
    """
    What each audience is shown: a text, or one for each language.

    Raises:
        DefinitionError: something is no text, or is empty.
    """
    if value is None:
        return FrozenMap()
    if not isinstance(value, Mapping):
        raise DefinitionError.of([Finding("definition.mapping", "shown", {"value": value, "kind": "shown"})])
    found: list[Finding] = []
    made = {}
    for audience, text in value.items():
        if not isinstance(audience, str) or not audience:
            found.append(Finding("definition.key", "shown", {"key": audience}))
        elif isinstance(text, Mapping):
            made[audience] = read_title(text, found, f"shown.{name_of(audience)}")
        elif not isinstance(text, str) or not text.strip():
            why = {"en": f"it is a text, not {shown(text)}", "zh": f"{shown(text)} 不是文本"}
            found.append(Finding("definition.value", f"shown.{name_of(audience)}", {"why": why}))
        else:
            made[audience] = text
    if found:
        raise DefinitionError.of(found)
    return FrozenMap(made)


# what they come down to ------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Promise:
    """
    A clock of the workflow: declared, or made by a part of a state.

    ``state`` is the only state in which a made one counts; leaving it pauses the clock, or cancels it where
    ``lost`` says that what was promised is given up then. ``step`` is the checklist step it promises.
    """

    clock: Clock
    path: str
    state: str | None = None
    step: str | None = None
    lost: bool = False


def promises(clocks: tuple[Clock, ...], states: Mapping[str, Any], paths: Mapping[str, str]) -> tuple[Promise, ...]:
    """Every clock of a workflow: the declared ones, then those of steps and approvals in document order."""
    made = [Promise(clock=clock, path=f"clocks[{index}]") for index, clock in enumerate(clocks)]
    for name, state in states.items():
        path = paths[name]
        for index, step in enumerate(state.checklist):
            if step.within is not None:
                clock = _step_clock(name, state, index)
                made.append(Promise(clock=clock, path=f"{path}.checklist[{index}]", state=name, step=step.step))
        if state.approval is not None and state.approval.within is not None:
            made.append(Promise(clock=_approval_clock(name, state), path=f"{path}.approval", state=name, lost=True))
    return tuple(made)


def _step_clock(name: str, state: Any, index: int) -> Clock:
    step = state.checklist[index]
    before = next((other.step for other in reversed(state.checklist[:index]) if other.required), None)
    begin: list[dict[str, str]] = [{"state": name}, {"event": f"unchecked.{name}.{step.step}"}]
    cancel: list[dict[str, str]] = []
    if state.ordered and before is not None:
        begin.append({"event": f"checked.{name}.{before}"})
        cancel.append({"event": f"unchecked.{name}.{before}"})
    clock = _promised(
        step,
        name=f"step.{name}.{step.step}",
        start=begin,
        stop=[{"event": f"checked.{name}.{step.step}"}],
        cancel=cancel,
    )
    assert clock is not None
    return clock


def _approval_clock(name: str, state: Any) -> Clock:
    clock = _promised(
        state.approval,
        name=f"approval.{name}",
        start=[{"state": name}],
        stop=[{"event": f"approved.{name}"}, {"event": f"rejected.{name}"}],
    )
    assert clock is not None
    return clock


__all__ = ["Approval", "ChecklistStep", "Promise", "approval", "checklist", "promises", "texts"]
