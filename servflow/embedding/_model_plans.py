"""Knows what attributes a pydantic, attrs or dataclass model has and how one is made; must not know tickets."""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import attrs
from attrs import frozen

from servflow.embedding._model_shapes import Misfit, Shape, Unmappable, hints_of, marks_of, said, shape_of
from servflow.engine._building import plain, read_field
from servflow.errors import DefinitionError, Finding, InputError, shown
from servflow.model import CONVERTERS, Field, FrozenMap

_PURE = (list, dict, set, frozenset, tuple, str, int, float, bool)
"""Factories of defaults that give the same every time, so that a definition can say what they give."""
_NOTHING: Any = attrs.NOTHING


@frozen(kw_only=True)
class Raw:
    """One attribute as a model declares it, before anything is known of its type."""

    name: str
    key: str
    annotation: Any
    attribute: str
    default: Any = _NOTHING
    optional: bool = False
    says: Mapping[str, Any] = FrozenMap({})


@frozen(kw_only=True)
class Attribute:
    """One attribute of a model: the name of its field, the argument it is made with, its shape, and what its field declares."""

    name: str
    attribute: str
    key: str
    shape: Shape
    has_default: bool
    field: Field

    def value(self, instance: Any) -> Any:
        """
        The value of the attribute as its field holds it.

        Raises:
            Misfit: no field can hold it.
        """
        if not hasattr(instance, self.attribute):
            raise Misfit(f".{self.name}", "a value, and it has none", _NOTHING)
        return _at(self.name, self.shape.pack, getattr(instance, self.attribute))


@frozen(kw_only=True)
class Plan:
    """How a model is read and made."""

    model: type
    attributes: tuple[Attribute, ...]
    make: Callable[[dict[str, Any]], Any]

    def pack(self, instance: Any) -> dict[str, Any]:
        """
        The values of an instance as fields hold them.

        Raises:
            Misfit: the first that a field cannot hold, or it is no instance.
        """
        if not isinstance(instance, self.model):
            raise Misfit("", f"a {self.model.__name__}", instance)
        for problem in self.extras(instance):
            raise problem
        return {one.name: one.value(instance) for one in self.attributes}

    def extras(self, instance: Any) -> Iterator[Misfit]:
        """What an instance holds besides its attributes (pydantic's ``extra="allow"``), which no field keeps."""
        for name, value in (getattr(instance, "__pydantic_extra__", None) or {}).items():
            yield Misfit(f".{name}", "no value: the model declares no such attribute, and a ticket would lose it", value)

    def unpack(self, values: Any) -> Any:
        """
        An instance from values that fields held.

        Raises:
            Misfit: a value does not fit, or the model refuses them.
        """
        if not isinstance(values, Mapping):
            raise Misfit("", "a map", values)
        given = {}
        for one in self.attributes:
            value = values.get(one.name)
            if value is None and not one.shape.nullable and one.shape.type != "any":
                if not one.has_default:
                    raise Misfit(f".{one.name}", "a value, and there is none; give it a default, or let it be None", _NOTHING)
                continue
            given[one.key] = _at(one.name, one.shape.unpack, value)
        return self.make(given)


def _at(name: str, convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except Misfit as misfit:
        raise Misfit(f".{name}{misfit.path}", misfit.expected, misfit.value) from None


def is_model(kind: Any) -> bool:
    """Whether a class is a pydantic, attrs or dataclass model; a generic one may say what it is of, as in ``Box[int]``."""
    kind = typing.get_origin(kind) or kind
    return isinstance(kind, type) and (hasattr(kind, "__attrs_attrs__") or dataclasses.is_dataclass(kind) or _pydantic(kind))


def _pydantic(kind: type) -> bool:
    # Whoever has a model of pydantic has loaded it; nobody else pays for it.
    module = sys.modules.get("pydantic")
    return module is not None and issubclass(kind, module.BaseModel)


def plan_of(model: Any) -> Plan:
    """
    How a model is read and made.

    Args:
        model: the class.

    Raises:
        DefinitionError: with every attribute that no field can hold.
        InputError: it is no model.
    """
    table = getattr(model, "__tablename__", None) or getattr(getattr(model, "_meta", None), "db_table", None)
    if table is not None and not (isinstance(model, type) and _pydantic(model)):  # of SQLAlchemy, or of Django
        raise InputError(
            f"{shown(model)} is a row of the table {shown(table)}, with keys and relations that are no fields of a ticket; say"
            " what a ticket holds in the definition, or in a model of its own (one of pydantic with from_attributes=True reads"
            " rows)",
            code="model",
        )
    if not is_model(model):
        raise InputError(
            f"{shown(model)} is no pydantic model, attrs class or dataclass; pass such a class (not an instance of it)",
            code="model",
        )
    return _known(model)


@lru_cache(maxsize=512)
def _known(model: type) -> Plan:
    findings: list[Finding] = []
    made = _plan(model, said(model), findings, {})
    if findings:
        raise DefinitionError.of(findings)
    return made


def _plan(model: Any, path: str, findings: list[Finding], known: dict[Any, Plan | None]) -> Plan:
    kind = typing.get_origin(model) or model
    read = _of_pydantic if _pydantic(kind) else _of_attrs if hasattr(kind, "__attrs_attrs__") else _of_dataclass
    attributes = []
    known[model] = None  # by the time values go through a model that holds itself, its plan is there

    def nested(kind: Any) -> Shape | None:
        if not is_model(kind):
            return None
        if kind not in known:
            _plan(kind, here, findings, known)
        return Shape(
            "map", lambda value: FrozenMap(_there(known[kind]).pack(value)), lambda value: _there(known[kind]).unpack(value)
        )

    for raw in read(model, path, findings):
        here = f"{path}.{raw.name}"
        try:
            attributes.append(_attribute(raw, shape_of(raw.annotation, nested)))
        except Unmappable as problem:
            findings.append(problem.at(here))
        except DefinitionError as error:
            findings.extend(attrs.evolve(one, path=f"{here}.{one.path}".rstrip(".")) for one in error.findings)
    made = known[model] = Plan(model=kind, attributes=tuple(attributes), make=_maker(kind))
    return made


def _there(plan: Plan | None) -> Plan:
    if plan is None:
        raise Misfit("", "what a definition can write", _NOTHING)
    return plan


def _attribute(raw: Raw, shape: Shape) -> Attribute:
    says = dict(raw.says)
    for mark in marks_of(raw.annotation):
        said_by_mark = {key: getattr(mark, key) for key in _SAID}
        says = {**says, **{key: value for key, value in said_by_mark.items() if value}}
    has_default = raw.default is not _NOTHING or raw.optional
    spec = Field(
        type=shape.type,
        one_of=shape.one_of,
        optional=shape.nullable or shape.type == "any",
        required=not has_default and not shape.nullable and shape.type != "any",
        **{key: value for key, value in says.items() if value},
    )
    spec = read_field(attrs.evolve(spec, default=_default(raw.default, shape)))
    return Attribute(name=raw.name, attribute=raw.attribute, key=raw.key, shape=shape, has_default=has_default, field=spec)


def _default(value: Any, shape: Shape) -> Any:
    """A default as a definition can write it and read it back; None where only the model can give it."""
    if value is _NOTHING or value is None:
        return None
    try:
        packed = shape.pack(value)
        written = plain(packed)
        exact = _exact(packed, written) if shape.type in ("list", "map", "any") else True
        return packed if exact and CONVERTERS[shape.type](written) == packed else None
    except Exception:  # the model may hold what it will: its own default is then left to it
        return None


def _exact(packed: Any, written: Any) -> bool:
    """Whether what lies inside lists and maps stays of its type when it is written."""
    if isinstance(packed, Mapping):
        return all(_exact(item, written[key]) for key, item in packed.items())
    if isinstance(packed, tuple):
        return all(_exact(*pair) for pair in zip(packed, written, strict=True))
    return type(packed) is type(written) or not isinstance(written, str)


# the three kinds of models ----------------------------------------------------------------------------------------


def _of_pydantic(model: Any, path: str, findings: list[Finding]) -> Iterator[Raw]:
    from pydantic_core import PydanticUndefined

    if not model.__pydantic_complete__ and not model.model_rebuild(raise_errors=False):
        findings.append(Finding("model.hints", path, {"why": "a name that they use is not defined yet"}))
        return
    by_name = model.model_config.get("populate_by_name") or model.model_config.get("validate_by_name")
    for name, info in model.model_fields.items():
        if info.exclude:
            continue
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, Mapping) else {}
        says = {"title": info.title or "", "description": info.description or "", **_says(extra)}
        for mark in info.metadata:
            if isinstance(mark, Field):
                says |= {key: value for key in _SAID if (value := getattr(mark, key))}
        default, factory = info.default, info.default_factory
        default = _NOTHING if default is PydanticUndefined else default
        if factory is not None:
            default = factory() if factory in _PURE else _NOTHING
        key = name if by_name else _alias(info, name)
        if key is None:
            findings.append(Finding("model.alias", f"{path}.{name}", {"alias": shown(info.validation_alias)}))
            continue
        yield Raw(
            name=name,
            attribute=name,
            key=key,
            annotation=info.annotation,
            default=default,
            optional=not info.is_required(),
            says=says,
        )


def _alias(info: Any, name: str) -> str | None:
    alias = info.validation_alias if info.validation_alias is not None else info.alias
    choices = getattr(alias, "choices", None)
    if choices:
        alias = next((choice for choice in choices if isinstance(choice, str)), choices[0])
    return name if alias is None else alias if isinstance(alias, str) else None


def _of_attrs(model: Any, path: str, findings: list[Finding]) -> Iterator[Raw]:
    hints = _hints(model, path, findings)
    for one in attrs.fields(typing.get_origin(model) or model):
        if not one.init:
            continue
        default = one.default
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # attrs types its class as a function
            factory = default
            default = factory.factory() if not factory.takes_self and factory.factory in _PURE else _NOTHING
        yield Raw(
            name=one.alias or one.name,  # a private attribute goes by the public name it is made with
            attribute=one.name,
            key=one.alias or one.name,
            annotation=hints.get(one.name, one.type if one.type is not None else Any),
            default=default,
            optional=one.default is not attrs.NOTHING,
            says=_says(one.metadata),
        )


def _of_dataclass(model: Any, path: str, findings: list[Finding]) -> Iterator[Raw]:
    hints = _hints(model, path, findings)
    model = typing.get_origin(model) or model
    for name, one in model.__dataclass_fields__.items():
        if one._field_type is dataclasses._FIELD_INITVAR and one.default is dataclasses.MISSING:  # type: ignore[attr-defined]  # how else to see one
            findings.append(Finding("model.init_var", f"{path}.{name}", {"name": name}))
    for one in dataclasses.fields(model):
        if not one.init:
            continue
        default, optional = one.default, one.default is not dataclasses.MISSING
        if one.default_factory is not dataclasses.MISSING:
            default, optional = (one.default_factory() if one.default_factory in _PURE else _NOTHING), True
        yield Raw(
            name=one.name,
            attribute=one.name,
            key=one.name,
            annotation=hints.get(one.name, Any),
            default=_NOTHING if default is dataclasses.MISSING else default,
            optional=optional,
            says=_says(one.metadata),
        )


_SAID = ("title", "description", "personal", "indexed", "titles")


def _says(metadata: Mapping[Any, Any]) -> dict[str, Any]:
    """What the metadata of an attribute says of its field, by itself or as a ``servflow.Field``."""
    found = {key: metadata[key] for key in _SAID if key in metadata}
    for mark in metadata.values():
        if isinstance(mark, Field):
            found |= {key: value for key in _SAID if (value := getattr(mark, key))}
    return found


def _hints(model: Any, path: str, findings: list[Finding]) -> dict[str, Any]:
    try:
        return hints_of(model)
    except Exception as error:  # a name that is nowhere, or whatever an annotation does
        findings.append(Finding("model.hints", path, {"why": str(error)[:200]}))
        return {}


def _maker(model: Any) -> Callable[[dict[str, Any]], Any]:
    if _pydantic(model):
        from pydantic import RootModel, ValidationError

        alone = issubclass(model, RootModel)  # made of its one value, not of a map with it

        def validated(given: dict[str, Any]) -> Any:
            try:
                return model.model_validate(given.get("root") if alone else given)
            except ValidationError as error:
                found = error.errors(include_url=False)
                first = found[0]
                if len(found) == 1:
                    said = _printable(first["msg"])
                    raise Misfit(_place(first["loc"]), f"what its own checks allow ({said})", first.get("input")) from None
                said = _printable("; ".join(f"{_place(one['loc'])[1:]}: {one['msg']}" for one in found), 1000)
                raise Misfit("", f"what its own checks allow ({said})", given) from None

        return validated

    def made(given: dict[str, Any]) -> Any:
        try:
            return model(**given)
        except Misfit:
            raise
        except Exception as error:  # a validator of the host says no in its own way
            raise Misfit("", f"what its own checks allow ({_printable(str(error))})", given) from None

    return made


def _place(steps: Sequence[int | str]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _printable(text: str, most: int = 200) -> str:
    """A sentence of the host's own, which may quote anything, on one line."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:most])


__all__ = ["Attribute", "Plan", "is_model", "plan_of"]
