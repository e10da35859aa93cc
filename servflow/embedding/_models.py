"""Knows how a host's own model and a ticket become one another; must not know which library made the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from attrs import NOTHING, evolve

from servflow.embedding._model_plans import Plan, plan_of
from servflow.embedding._model_shapes import Misfit, said
from servflow.engine import Workflow
from servflow.engine._definition import ATTRIBUTES
from servflow.engine._scope import RESERVED
from servflow.errors import DefinitionError, Finding, InputError, nearest, shown
from servflow.model import Field, Ticket

T = TypeVar("T")

Also = Mapping[str, str] | Iterable[str]
"""Attributes of a model that are the ticket's own: names that both use, or the model's name -> the ticket's."""

GIVEN = (
    *("id", "state", "priority", "assignee", "owner", "queue", "customer", "requester", "asset", "outlet", "provider"),
    *("channel", "tags", "parent", "opened_at", "closed_at", "closed", "due", "revision", "reopened", "workflow", "version"),
)
"""What of a ticket a model can be given besides its fields."""


def fields_of(model: type, *, also: Also = ()) -> dict[str, Field]:
    """
    The fields of a ticket that holds what a model holds.

    ``str int float Decimal bool datetime timedelta bytes`` become the field types of the same meaning, lists and dicts
    ``list`` and ``map``, enums and literals ``one_of``, models inside ``map``; dates, times and UUIDs are texts. What may be
    None is ``optional``; what has no default is ``required``. A default that a definition can write is the field's; any
    other stays with the model. Titles and descriptions are the model's; ``Annotated[str, Field(personal=True)]`` or metadata
    of the same names mark data as personal or indexed.

    Args:
        model: a pydantic model, an attrs class or a dataclass.
        also: attributes that are no fields, because the ticket has them itself.

    Raises:
        DefinitionError: with every attribute that no field can hold, what it is and what to do.
        InputError: it is no model, or *also* names what is not there.
    """
    plan, own = _plan(model, also)
    findings = [
        Finding("model.reserved", f"{said(model)}.{one.name}", {"name": one.name, "advice": _instead(one.name)})
        for one in plan.attributes
        if one.name in RESERVED and one.name not in own
    ]
    if findings:
        raise DefinitionError.of(findings)
    return {one.name: one.field for one in plan.attributes if one.name not in own}


def _instead(name: str) -> dict[str, str]:
    """What to call an attribute whose name is taken."""
    if name not in GIVEN:
        return {"en": "rename it", "zh": "请改名"}
    return {
        "en": f"rename it; or, where the ticket's own is meant, pass also=[{name!r}]",
        "zh": f"请改名；若指工单自身的值，请传入 also=[{name!r}]",  # noqa: RUF001 - Chinese text uses full-width punctuation
    }


def with_fields(
    source: Path | str | Mapping[str, Any], model: type, *, also: Also = (), calendars: Any = None, extensions: Any = None
) -> Workflow:
    """
    The workflow of a definition whose fields are a model's.

    The definition may declare fields besides, and say a field of the model again in the same words.

    Args:
        source: as for ``load``.
        model: as for ``fields_of``.
        also: as for ``fields_of``.
        calendars: as for ``load``.
        extensions: as for ``load``.

    Raises:
        DefinitionError: with every problem of the model; else of the definition, a field that both declare differently among
            them, with its line.
        InputError: as for ``fields_of``.
    """
    from servflow.documents._load import in_order, workflow_of
    from servflow.documents._source import read_document
    from servflow.engine._building import plain, read_field

    made = fields_of(model, also=also)
    document = read_document(source)
    declared = document.data.get("fields")
    findings = []
    merged: dict[str, Any] = {name: plain(spec) for name, spec in made.items()}
    if declared is None or isinstance(declared, Mapping):
        for name, written in (declared or {}).items():
            if name in made and not _same(read_field, written, made[name]):
                facts = {"name": name, "model": said(model), "declared": written, "made": plain(made[name])}
                findings.append(Finding("model.conflict", f"fields.{name}", facts))
            elif name not in made:
                merged[name] = written
        document = evolve(document, data={**document.data, "fields": merged})
    if findings:
        raise DefinitionError.of(in_order([*document.findings, *findings], document))
    return workflow_of(document, calendars, extensions)


def _same(read_field: Any, said: Any, spec: Field) -> bool:
    try:
        return bool(read_field(said) == spec)
    except DefinitionError:
        return False


def values_of(instance: Any, *, also: Also = ()) -> dict[str, Any]:
    """
    The values of a model's instance, for ``open`` or the payload of ``ticket.update``.

    Args:
        instance: of a model as for ``fields_of``; all its instants are aware.
        also: attributes that are the ticket's own; those that an opening may set (``priority``, ``customer`` ...) are given
            under the ticket's name, others left out.

    Raises:
        InputError: with every value that a field cannot hold, by its path.
        DefinitionError: as for ``fields_of``.
    """
    plan, own = _plan(getattr(instance, "__orig_class__", type(instance)), also)
    found: dict[str, Any] = {}
    problems: list[Misfit] = list(plan.extras(instance))
    for one in plan.attributes:
        name = own.get(one.name, one.name)
        if one.name in own and name not in ATTRIBUTES:
            continue
        try:
            found[name] = one.value(instance)
        except Misfit as misfit:
            problems.append(misfit)
        except RecursionError:
            problems.append(Misfit(f".{one.name}", "a value that ends somewhere, and this one holds itself", NOTHING))
    if problems:
        raise _refusal(plan, problems)
    return found


def as_model(ticket: Ticket, model: type[T], *, also: Also = ()) -> T:
    """
    A ticket given back as a host's model, validated by it.

    ``as_model(workflow.open(id, values_of(m), at=at).ticket, type(m)) == m`` for everything a model can hold whose lists and
    maps have declared types; instants come back in UTC. Where the ticket has no value, the model's default counts.

    Args:
        ticket: with the fields that ``fields_of`` gives; others are left alone.
        model: as for ``fields_of``.
        also: attributes to fill from the ticket itself: ``id``, ``state``, ``priority``, ``assignee`` and the like.

    Raises:
        InputError: with every value that does not fit the model, or what the model says against them.
        DefinitionError: as for ``fields_of``.
    """
    given: object = ticket
    if not isinstance(given, Ticket):
        raise InputError(
            f"a ticket is given back as a model, not {shown(given)}; load_ticket reads a stored one", code="model.ticket"
        )
    plan, own = _plan(model, also)
    values = dict(ticket.fields)
    values.update({name: _of_ticket(ticket, theirs, plan, name) for name, theirs in own.items()})
    problems = []
    for one in plan.attributes:
        try:
            if values.get(one.name) is not None:
                one.shape.unpack(values[one.name])
        except Misfit as misfit:
            problems.append(Misfit(f".{one.name}{misfit.path}", misfit.expected, misfit.value))
    try:
        if not problems:
            made: T = plan.unpack(values)
            return made
    except Misfit as misfit:
        problems.append(misfit)
    raise _refusal(plan, problems, ticket)


def _of_ticket(ticket: Ticket, name: str, plan: Plan, attribute: str) -> Any:
    value = getattr(ticket, name)
    shape = next(one.shape for one in plan.attributes if one.name == attribute)
    return str(value) if shape.type == "string" and isinstance(value, int) else value


def _plan(model: Any, also: Also) -> tuple[Plan, dict[str, str]]:
    own = _also(also)
    plan = plan_of(model)
    names = [one.name for one in plan.attributes]
    for name, theirs in own.items():
        for word, known, what in (
            (name, names, f"{plan.model.__name__} has no attribute"),
            (theirs, GIVEN, "a ticket gives no"),
        ):
            if word not in known:
                close = nearest(str(word), known)
                hint = f"did you mean {close!r}?" if close else f"there is {', '.join(known)}"
                raise InputError(f"also: {what} {shown(word)}; {hint}", code="model.also", name=word)
    return plan, own


def _also(also: Also) -> dict[str, str]:
    given: object = also
    if isinstance(given, str):
        return {given: given}
    try:
        return dict(given) if isinstance(given, Mapping) else {name: name for name in also}
    except TypeError:
        raise InputError(f"also: names of attributes, or a mapping of them, not {shown(given)}", code="model.also") from None


def _refusal(plan: Plan, problems: list[Misfit], ticket: Ticket | None = None) -> InputError:
    name = plan.model.__name__
    told = [f"{name}{one.path} takes {one.expected}{one.instead}" for one in problems[:50]]
    head = f"the values do not fit {name}" if ticket is None else f"ticket {ticket.id} is no {name}"
    return InputError(
        f"{head}: {'; '.join(told)}",
        code="model.values",
        model=name,
        problems={f"{name}{one.path}": one.expected for one in problems},
    )


__all__ = ["GIVEN", "as_model", "fields_of", "values_of", "with_fields"]
