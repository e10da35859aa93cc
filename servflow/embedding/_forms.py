"""Knows how what may happen to a ticket becomes forms that any page can draw; must not know HTML or any framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from servflow.embedding._form_choices import Sight, bounds_of, choices_of
from servflow.embedding._form_inputs import Choice, Input, input_of, plain_json
from servflow.embedding._form_words import chinese, event_title, plain, word
from servflow.engine import BUILT_IN, ChecklistStep, Option, Workflow
from servflow.engine._definition import ATTRIBUTES
from servflow.errors import LANGUAGES, InputError, Refused, nearest, shown
from servflow.errors._titled import by_titles
from servflow.model import EMPTY, Actor, Field, FrozenMap, Ticket, World, in_language

OPEN = "ticket.open"
"""What the event of an opening form is called; it is no event of the kernel."""

UPDATE, CHECK, ASSIGN = "ticket.update", "step.check", "ticket.assign"


@frozen
class Target:
    """A state that an event leads to, and what it is called."""

    state: str
    title: str

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"state": self.state, "title": self.title}


@frozen(kw_only=True)
class Form:
    """
    One thing that may be done with a ticket, ready to be drawn: a button where it has no inputs, a form where it has.

    ``id`` is the event, with the step for a step of a checklist (``step.check:photo``). ``status`` is ``ready`` (also as it
    is, with its inputs left empty), ``needs`` (something to be filled in) or ``refused``, and ``why`` the sentence for it.
    ``inputs`` are what it asks for, in order, ``schema`` the JSON Schema of the same. ``targets`` are the states it leads to,
    ``stays`` says that it leads nowhere else. ``expect`` is the revision the user sees: give it to ``fire``, so that a stale
    button is refused. ``partial`` says that only what was changed is sent (``ticket.update``). ``change`` is the smallest
    change that would allow what is refused.
    """

    id: str
    event: str
    title: str
    status: str = "ready"
    why: str = ""
    code: str | None = None
    inputs: tuple[Input, ...] = ()
    targets: tuple[Target, ...] = ()
    stays: bool = False
    expect: int | None = None
    partial: bool = False
    change: FrozenMap[str, Any] | None = None
    lang: str = "en"
    zone: str | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of the payload; an optional value may be left out."""
        return _schema(self.title, [(one.path, one) for one in self.inputs])

    @property
    def values(self) -> dict[str, Any]:
        """What to show at first, by the names of the inputs, as JSON writes it."""
        return {one.name: one.value for one in self.inputs if one.value is not None}

    @property
    def widgets(self) -> dict[str, str]:
        """Which widget suits each input, by its name."""
        return {one.name: one.widget for one in self.inputs}

    def only(self, *names: str) -> Form:
        """
        The same form with these inputs alone, for a page that draws a part of it.

        Raises:
            InputError: an input has no such name, or one that must be filled in would be missing.
        """
        known = [one.name for one in self.inputs]
        for name in names:
            if name not in known:
                close = nearest(name, known)
                raise InputError(
                    f"form {self.id} has no input {name!r}; "
                    + (f"did you mean {close!r}?" if close else f"it has {', '.join(known) or 'none'}"),
                    code="form.input",
                    name=name,
                )
        lost = [one.name for one in self.inputs if one.required and one.name not in names]
        if lost:
            raise InputError(f"form {self.id} cannot do without {', '.join(lost)}", code="form.input", names=tuple(lost))
        return evolve(self, inputs=tuple(one for one in self.inputs if one.name in names))

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form, for a page that draws by itself."""
        return {
            "id": self.id,
            "event": self.event,
            "title": self.title,
            "status": self.status,
            "why": self.why,
            "code": self.code,
            "targets": [target.as_data() for target in self.targets],
            "stays": self.stays,
            "expect": self.expect,
            "partial": self.partial,
            "inputs": [one.as_data() for one in self.inputs],
            "schema": self.schema,
            "values": self.values,
            "widgets": self.widgets,
            "change": None if self.change is None else plain_json(self.change),
        }


def forms(
    workflow: Workflow,
    ticket: Ticket,
    *,
    at: datetime,
    actor: Actor | Mapping[str, Any] | str | None = None,
    world: World | None = None,
    lang: str = "en",
    zone: str | None = None,
) -> tuple[Form, ...]:
    """
    One form for everything that ``available`` tells of: events of the workflow first, then built-in ones.

    What is due before *at* counts as having happened, as in every verb. A step to be checked has a form of its own, with
    its evidence. A payload key that names a field shows the field's present value.

    Args:
        workflow: the ticket's own.
        ticket: where to look; nothing of it is changed.
        at: aware instant, not before the ticket's own.
        actor: for whom, as ``fire`` takes it; what they may not do is ``refused``, with why.
        world: what decisions may read; its people are suggested where somebody is to be named.
        lang: the language of titles and sentences.
        zone: the zone in which the page shows and reads wall times; None: instants are written with their offset.

    Raises:
        InputError: the ticket is of another workflow, or the zone is none.
        Refused: *at* lies behind the ticket (``past``).
    """
    now, actor = workflow.advance(ticket, at=at, world=world).ticket, Actor.of(actor)
    sight = Sight(workflow=workflow, ticket=now, actor=actor, world=world, lang=lang, zone=_zone(zone))
    found: list[Form] = []
    for option in workflow.available(now, at=at, actor=actor, world=world):
        whole = _form(sight, option)
        found.extend(_steps(sight, whole, at) if option.event == CHECK else [whole])
    return tuple(found)


def opening_form(
    workflow: Workflow, *, also: Iterable[str] = (), lang: str = "en", zone: str | None = None, world: World | None = None
) -> Form:
    """
    The form that opens a ticket: every field of the workflow, those that are required marked so.

    Args:
        workflow: whose tickets are opened.
        also: attributes of tickets that it asks for besides: ``customer``, ``priority``, ``queue`` and the like.
        lang: the language of titles.
        zone: as for ``forms``.
        world: as for ``forms``.

    Raises:
        InputError: there is no such attribute, or the zone is none.
    """
    zone = _zone(zone)
    inputs = [
        evolve(input_of(name, spec, lang=lang, zone=zone), required=spec.required and spec.default is None)
        for name, spec in workflow.fields.items()
    ]
    for name in also:
        if name not in ATTRIBUTES:
            close = nearest(str(name), ATTRIBUTES)
            hint = f"did you mean {close!r}?" if close else f"there are {', '.join(ATTRIBUTES)}"
            raise InputError(f"tickets have no attribute {shown(name)} to open with; {hint}", code="form.attribute", name=name)
        inputs.append(_attribute(workflow, name, lang))
    title = in_language(workflow.title, lang)
    head = event_title(OPEN, lang) + (f": {title}" if title else "")
    status = "needs" if any(one.required for one in inputs) else "ready"
    first = Form(id=OPEN, event=OPEN, title=head, status=status, inputs=tuple(inputs), lang=lang, zone=zone)
    return evolve(first, why=_needs(first), code="payload" if status == "needs" else None)


def _attribute(workflow: Workflow, name: str, lang: str) -> Input:
    both = {each: word(name, each) for each in LANGUAGES}
    kind = {"priority": "int", "tags": "list"}.get(name, "string")
    made = evolve(input_of(name, Field(kind, optional=True), lang=lang, zone=None), title=word(name, lang), both=both)
    if name == "priority":
        return evolve(made, low=1, high=9)
    if name != "queue" or not workflow.queues:
        return made
    called = {one: workflow.called("queue", one, lang=lang) for one in workflow.queues}
    choices = tuple(Choice(one, plain(one) if title == one else title) for one, title in called.items())
    return evolve(made, widget="select", choices=choices, strict=True)


def _zone(zone: str | None) -> str | None:
    from servflow.calendars._local import zone_name

    return None if zone is None else zone_name(zone)


# one option ------------------------------------------------------------------------------------------------------


def _form(sight: Sight, option: Option) -> Form:
    event = option.event
    form = Form(
        id=event,
        event=event,
        title=in_language(option.title, sight.lang) or event_title(event, sight.lang),
        status=option.status,
        code=option.code,
        inputs=tuple(_input(sight, option, name, kind) for name, kind in option.payload.items()),
        targets=tuple(Target(state, sight.state(state)) for state in option.targets),
        stays=option.stays,
        expect=sight.ticket.revision,
        partial=event == UPDATE,
        change=option.change,
        lang=sight.lang,
        zone=sight.zone,
    )
    return evolve(form, why=_why(form, option.why, option.facts, sight.workflow))


def _why(form: Form, why: str, facts: Mapping[str, Any], workflow: Workflow) -> str:
    if form.status == "needs":
        return _needs(form)
    if form.status == "ready" or not chinese(form.lang):
        return why
    said = Refused("", **{**facts, "code": form.code}).text("zh", workflow.called)
    remedy = by_titles(facts, workflow.called, "zh").get("remedy", {}).get("zh")
    return f"{said}；{remedy}" if remedy and remedy not in said else said  # noqa: RUF001 - Chinese punctuation


def _needs(form: Form) -> str:
    if form.status != "needs":
        return ""
    asked = [one.title for one in form.inputs if one.required and one.widget != "hidden"]
    if chinese(form.lang):
        return f"需要填写：{'、'.join(asked)}" if asked else "需要填写至少一项"  # noqa: RUF001 - Chinese punctuation
    return f"needs {', '.join(asked)}" if asked else "needs something to be filled in"


def _input(sight: Sight, option: Option, name: str, kind: str) -> Input:
    spec = option.asks.get(name)
    field = sight.workflow.fields.get(name)
    if spec is None:  # a built-in event asks for it, or a guard reads it
        built_in = name in BUILT_IN.get(option.event, ())
        spec = Field(kind.rstrip("?"), optional=kind.endswith("?"))
        if field is not None and kind == "any" and not built_in:
            spec = evolve(field, optional=False, default=None)
        if built_in:
            return _built_in(sight, option.event, name, spec)
    if field is not None and not spec.title:
        spec = evolve(spec, title=field.title, description=spec.description or field.description)
    if option.event == UPDATE:  # it shows what is there, and that may be nothing
        spec = evolve(spec, default=None)
    value = sight.ticket.fields.get(name) if field is not None else None
    made = input_of(name, spec, lang=sight.lang, zone=sight.zone, value=value if _fits(spec, value) else None)
    return evolve(made, required=not kind.endswith("?"))


def _fits(spec: Field, value: Any) -> bool:
    try:
        return value is not None and spec.convert(value) is not None
    except Exception:  # a present value of another type is simply not shown
        return False


def _built_in(sight: Sight, event: str, name: str, spec: Field) -> Input:
    choices, strict = choices_of(sight, event, name)
    low, high = bounds_of(event, name)
    made = input_of(name, spec, lang=sight.lang, zone=sight.zone)
    if choices and strict:
        made = evolve(made, widget="select")
    first = choices[0].value if strict and (len(choices) == 1 or spec.optional) else None
    value = _FIRST.get(f"{event}.{name}", first)
    return evolve(
        made,
        title=word(name, sight.lang),
        both={lang: word(name, lang) for lang in LANGUAGES},
        choices=choices,
        strict=strict,
        low=low,
        high=high,
        value=value,
        clears=(event, name) == (ASSIGN, "to"),
    )


_FIRST: Mapping[str, Any] = {"ticket.message.public": True, "ticket.message.side": "agent"}
"""What a built-in event takes where it is said nothing, and the first choice is not it."""


# steps of checklists ---------------------------------------------------------------------------------------------


def _steps(sight: Sight, whole: Form, at: datetime) -> Iterator[Form]:
    """A form for every step of the active states that is not done."""
    for state, steps in sight.workflow.compiled.checklists.items():
        if state not in sight.ticket.entered:
            continue
        done = sight.ticket.checklist.get(state, EMPTY)
        for step in steps:
            if step.step not in done:
                yield _step(sight, whole, step, at)


def _step(sight: Sight, whole: Form, step: ChecklistStep, at: datetime) -> Form:
    title = in_language(step.title, sight.lang) or plain(step.step)
    asked = [input_of(name, spec, lang=sight.lang, zone=sight.zone, inside="evidence") for name, spec in step.evidence.items()]
    if not asked:
        spec = Field("any", optional=True)
        asked = [Input(name="evidence", title=word("evidence", sight.lang), type="any", widget="textarea", spec=spec)]
    name = Input(name="step", title=word("step", sight.lang), widget="hidden", required=True, value=step.step)
    rest = [one for one in whole.inputs if one.name not in ("step", "evidence")]
    form = evolve(
        whole,
        id=f"{CHECK}:{step.step}",
        title=f"{whole.title}: {title}" if whole.title != event_title(CHECK, sight.lang) else title,
        status="needs" if any(one.required for one in asked) else "ready",
        code=None,
        inputs=(name, *asked, *rest),
    )
    problem = _refusal(sight, step.step, at)
    if problem is None:
        return evolve(form, why=_needs(form), code="payload" if form.status == "needs" else None)
    form = evolve(form, status="refused", code=problem.code)
    return evolve(form, why=_why(form, problem.message, problem.facts, sight.workflow))


def _refusal(sight: Sight, step: str, at: datetime) -> Refused | None:
    """Why a step cannot be checked now, whatever comes with it: tried by the code that would do it."""
    try:
        sight.workflow.fire(sight.ticket, CHECK, {"step": step}, at=at, actor=sight.actor, world=sight.world)
    except Refused as problem:
        lacks = problem.code == "payload" and problem.facts.get("field") != "step"
        return None if lacks else problem
    return None


# schema ----------------------------------------------------------------------------------------------------------


def _schema(title: str, inputs: list[tuple[tuple[str, ...], Input]]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **_object(inputs)}


def _object(inputs: list[tuple[tuple[str, ...], Input]]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    inside: dict[str, list[tuple[tuple[str, ...], Input]]] = {}
    required: list[str] = []
    for steps, one in inputs:
        if len(steps) > 1:
            inside.setdefault(steps[0], []).append((steps[1:], one))
            properties.setdefault(steps[0], {})
        else:
            properties[steps[0]] = one.schema()
        if one.required and steps[0] not in required:
            required.append(steps[0])
    for name, below in inside.items():
        properties[name] = _object(below)
    out: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        out["required"] = required
    return out


__all__ = ["OPEN", "Form", "Target", "forms", "opening_form"]
