"""Knows which Python types a field can hold and how a value goes there and back; must not know whose attribute it is."""

from __future__ import annotations

import types
import typing
from collections import abc
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from inspect import get_annotations
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import NOTHING, evolve, frozen

from servflow.errors import Finding, shown
from servflow.model import CONVERTERS, Field, FrozenMap, ValueProblem

Convert = Callable[[Any], Any]


class Misfit(Exception):
    """Internal: a value does not fit its shape; the path leads to it from the attribute."""

    def __init__(self, path: str, expected: str, value: Any) -> None:
        super().__init__(path, expected, value)
        self.path, self.expected, self.value = path, expected, value

    @property
    def instead(self) -> str:
        """What there was, to end a sentence; nothing where there was nothing."""
        return "" if self.value is NOTHING else f", not {shown(self.value)}"


@frozen
class Shape:
    """What a field holds for an annotation: its type, the values there are, and how a value is packed and unpacked."""

    type: str
    pack: Convert
    unpack: Convert
    one_of: tuple[Any, ...] = ()
    nullable: bool = False


class Unmappable(Exception):
    """Internal: an annotation has no shape; holds the finding's code and facts."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code, self.facts = code, facts

    def at(self, path: str) -> Finding:
        """The finding for the attribute with this path."""
        return Finding(f"model.{self.code}", path, self.facts)


_PLAIN: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "double"),
    (Decimal, "decimal"),
    (str, "string"),
    (bytes, "bytes"),
    (datetime, "timestamp"),
    (timedelta, "duration"),
)
_TEXTS: Mapping[type, tuple[Convert, str]] = {
    date: (date.fromisoformat, "a date such as 2026-03-02"),
    time: (time.fromisoformat, "a time such as 09:30"),
    UUID: (UUID, "a UUID"),
    Path: (Path, "a path"),
    PurePath: (PurePath, "a path"),
    IPv4Address: (IPv4Address, "an address such as 192.0.2.1"),
    IPv6Address: (IPv6Address, "an address such as 2001:db8::1"),
    ZoneInfo: (ZoneInfo, "a zone such as Europe/Berlin"),
}
"""What a field holds as text, because expressions know no such type; ISO dates compare as the days do."""
_OF_PYDANTIC: Mapping[str, type] = {
    **dict.fromkeys(("AwareDatetime", "PastDatetime", "FutureDatetime"), datetime),
    **dict.fromkeys(("PastDate", "FutureDate"), date),
    "EmailStr": str,
}
_LISTS = (list, tuple, set, frozenset, abc.Sequence, abc.Collection, abc.Iterable, abc.Set, abc.MutableSequence)
_MAPS = (dict, abc.Mapping, abc.MutableMapping)


def marks_of(annotation: Any) -> Iterator[Field]:
    """The ``servflow.Field`` marks of an annotation, as in ``Annotated[str, Field(personal=True)]``."""
    if typing.get_origin(annotation) is typing.Annotated:
        yield from (mark for mark in annotation.__metadata__ if isinstance(mark, Field))
        yield from marks_of(annotation.__origin__)
    elif _is_union(annotation):
        for arm in typing.get_args(annotation):
            yield from marks_of(arm)


def shape_of(annotation: Any, nested: Callable[[type], Shape | None]) -> Shape:
    """
    The shape of an annotation.

    Args:
        annotation: a resolved one, with or without ``Annotated``.
        nested: gives the shape of a class that is a model itself; None for any other.

    Raises:
        Unmappable: a field cannot hold it; says why and what would.
    """
    annotation = _bare(annotation)
    if isinstance(annotation, typing.TypeVar):  # that nobody said is what type checkers take it for
        annotation = _bare(annotation.__bound__ or Any)
    if annotation is None or annotation is type(None):
        raise Unmappable("none")
    if annotation in (Any, object):
        return Shape("any", _converter("any"), thawed)
    if _is_union(annotation):
        return _union(annotation, nested)
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return _literal(typing.get_args(annotation))
    if origin is not None:
        return _generic(annotation, origin, nested)
    if not isinstance(annotation, type):
        raise Unmappable("type", type=said(annotation))
    return _of_class(annotation, nested)


def _bare(annotation: Any) -> Any:
    for _ in range(20):
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = annotation.__origin__
        elif typing.get_origin(annotation) in (typing.Required, typing.NotRequired):
            (annotation,) = typing.get_args(annotation)
        elif hasattr(annotation, "__supertype__"):  # a NewType
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            break
    return annotation


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _union(annotation: Any, nested: Callable[[type], Shape | None]) -> Shape:
    arms = [arm for arm in typing.get_args(annotation) if arm is not type(None)]
    if len(arms) != 1:
        raise Unmappable("union", type=said(annotation))
    shape = shape_of(arms[0], nested)
    return evolve(shape, nullable=True, pack=_or_none(shape.pack), unpack=_or_none(shape.unpack))


def _or_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _of_class(kind: type, nested: Callable[[type], Shape | None]) -> Shape:
    if kind.__module__.partition(".")[0] == "pydantic" and kind.__name__ in _OF_PYDANTIC:
        kind = _OF_PYDANTIC[kind.__name__]
    if issubclass(kind, Flag):  # of which several may be set
        return Shape("int", lambda value: _exactly(value, kind, f"a {kind.__name__}").value, kind)
    if issubclass(kind, Enum):
        return _enum(kind)
    if issubclass(kind, dict) and hasattr(kind, "__required_keys__"):
        return _typed_dict(kind, nested)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        hints = _hints(kind)
        return _row([shape_of(hints.get(name, Any), nested) for name in kind._fields], lambda values: kind(*values))
    model = nested(kind)
    if model is not None:
        return model
    read, expected = (kind, "a URL") if _is_url(kind) else _TEXTS.get(kind, (None, ""))
    if read is not None:
        return Shape("string", lambda value: _text(_exactly(value, kind, expected)), lambda value: _read(read, value, expected))
    if kind in _LISTS or kind in _MAPS:
        return _generic(kind, kind, nested)
    for base, name in _PLAIN:
        if issubclass(kind, base):
            return _scalar(name, kind, base)
    raise Unmappable("type", type=said(kind))


def _scalar(name: str, kind: Any, base: type) -> Shape:
    convert = _converter(name)
    return Shape(name, convert, convert if kind is base else lambda value: kind(convert(value)))


def _converter(name: str) -> Convert:
    check = CONVERTERS[name]

    def convert(value: Any) -> Any:
        try:
            return check(value)
        except ValueProblem as problem:
            raise Misfit("", str(problem), value) from None

    return convert


def _is_url(kind: type) -> bool:
    """Whether it is one of pydantic's, as ``HttpUrl``."""
    return kind.__module__.partition(".")[0] in ("pydantic", "pydantic_core") and kind.__name__.endswith(("Url", "Dsn"))


def _exactly(value: Any, kind: type, expected: str) -> Any:
    if not isinstance(value, kind) or (kind is date and isinstance(value, datetime)):
        raise Misfit("", expected, value)
    return value


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def _read(read: Convert, value: Any, expected: str) -> Any:
    try:
        return read(value)
    except (TypeError, ValueError, AttributeError):
        raise Misfit("", expected, value) from None


# choices -----------------------------------------------------------------------------------------------------------


def _enum(kind: type[Enum]) -> Shape:
    values = [member.value for member in kind]
    name = _one_type(values, said(kind))

    def pack(value: Any) -> Any:
        if isinstance(value, kind):
            return value.value
        if any(type(value) is type(one) and value == one for one in values):  # pydantic's use_enum_values
            return value
        raise Misfit("", f"a {kind.__name__}", value)

    def unpack(value: Any) -> Any:
        try:
            return kind(value)
        except ValueError:
            raise Misfit("", "one of " + ", ".join(map(str, values)), value) from None

    return Shape(name, pack, unpack, tuple(values))


def _literal(given: tuple[Any, ...]) -> Shape:
    values = tuple(value for value in given if value is not None)
    if any(isinstance(value, Enum) for value in values):
        raise Unmappable("enum", type=f"Literal of members of {type(values[0]).__name__}")
    name = _one_type(values, f"Literal[{', '.join(map(repr, given))}]")

    def check(value: Any) -> Any:
        if not any(type(value) is type(one) and value == one for one in values):
            raise Misfit("", "one of " + ", ".join(map(str, values)), value)
        return value

    nullable = None in given
    convert = _or_none(check) if nullable else check
    return Shape(name, convert, convert, values, nullable)


def _one_type(values: typing.Sequence[Any], shown: str) -> str:
    names = {next((name for base, name in _PLAIN[:5] if type(value) is base), "") for value in values}
    if len(names) != 1 or "" in names:
        raise Unmappable("enum", type=shown)
    return names.pop()


# lists and maps ------------------------------------------------------------------------------------------------------


def _generic(annotation: Any, origin: Any, nested: Callable[[type], Shape | None]) -> Shape:
    inside = typing.get_args(annotation)
    if origin in _MAPS:
        keys = shape_of(inside[0] if inside else str, nested)
        if keys.type not in ("string", "any") or keys.nullable:
            raise Unmappable("keys", type=said(annotation))
        return _map(keys, shape_of(inside[1] if inside else Any, nested))
    if origin not in _LISTS:
        model = nested(annotation)
        if model is not None:
            return model
        raise Unmappable("type", type=said(annotation))
    if origin is tuple and inside and inside[-1] is not Ellipsis:
        return _row([shape_of(one, nested) for one in inside])
    item = shape_of(inside[0] if inside else Any, nested)
    if origin in (set, frozenset, abc.Set):
        return _list(item, frozenset if origin is frozenset else set, ordered=False)
    return _list(item, tuple if origin is tuple else list, ordered=True)


def _list(item: Shape, make: Callable[[Any], Any], *, ordered: bool) -> Shape:
    def pack(value: Any) -> Any:
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, abc.Iterable):
            raise Misfit("", "a list", value)
        packed = [_inside(item.pack, one, f"[{place}]") for place, one in enumerate(value)]
        return tuple(packed if ordered else sorted(packed, key=repr))  # the same set is the same list in every process

    def unpack(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise Misfit("", "a list", value)
        return make(_inside(item.unpack, one, f"[{place}]") for place, one in enumerate(value))

    return Shape("list", pack, unpack)


def _row(items: list[Shape], make: Convert = tuple) -> Shape:
    def each(value: Any, which: Callable[[Shape], Convert]) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or len(value) != len(items):
            raise Misfit("", f"a list of {len(items)}", value)
        return tuple(
            _inside(which(item), one, f"[{place}]") for place, (item, one) in enumerate(zip(items, value, strict=True))
        )

    return Shape(
        "list", lambda value: each(value, lambda item: item.pack), lambda value: make(each(value, lambda item: item.unpack))
    )


def _map(keys: Shape, item: Shape) -> Shape:
    def each(value: Any, key_as: Convert, convert: Convert) -> dict[Any, Any]:
        if not isinstance(value, Mapping):
            raise Misfit("", "a map", value)
        return {_inside(key_as, key, ""): _inside(convert, one, f".{key}") for key, one in value.items()}

    def packed(value: Any) -> Any:
        made = each(value, keys.pack, item.pack)
        if any(not isinstance(key, str) for key in made):
            raise Misfit("", "a map with text keys", value)
        return FrozenMap({str(key): one for key, one in made.items()})

    return Shape("map", packed, lambda value: each(value, keys.unpack, item.unpack))


def _typed_dict(kind: Any, nested: Callable[[type], Shape | None]) -> Shape:
    hints = _hints(kind)
    shapes = {name: shape_of(hint, nested) for name, hint in hints.items()}
    # Where annotations are texts, the class itself has not seen this in them.
    needed = {name for name in kind.__required_keys__ if typing.get_origin(hints[name]) is not typing.NotRequired}

    def each(value: Any, which: Callable[[Shape], Convert]) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Misfit("", "a map", value)
        for name in (*needed - value.keys(), *value.keys() - shapes.keys()):
            raise Misfit(f".{name}", "a value" if name in shapes else "no value: it is no key", value.get(name, NOTHING))
        return {name: _inside(which(shape), value[name], f".{name}") for name, shape in shapes.items() if name in value}

    return Shape(
        "map", lambda value: FrozenMap(each(value, lambda one: one.pack)), lambda value: each(value, lambda one: one.unpack)
    )


def _inside(convert: Convert, value: Any, step: str) -> Any:
    try:
        return convert(value)
    except Misfit as misfit:
        raise Misfit(step + misfit.path, misfit.expected, misfit.value) from None


def thawed(value: Any) -> Any:
    """A plain value in lists and dicts, which a host may change."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    return [thawed(item) for item in value] if isinstance(value, (list, tuple)) else value


def _hints(kind: Any) -> dict[str, Any]:
    try:
        return hints_of(kind)
    except Exception as error:  # a name that is nowhere, or whatever an annotation does
        raise Unmappable("hints", why=str(error)[:200]) from None


def hints_of(kind: Any) -> dict[str, Any]:
    """
    The annotations of a class and of its bases, with what the type variables of each stand for there.

    Raises:
        Exception: whatever reading them raises.
    """
    origin = typing.get_origin(kind) or kind
    hints = typing.get_type_hints(origin, include_extras=True)
    own = get_annotations(origin)
    for base in reversed(origin.__dict__.get("__orig_bases__", origin.__bases__)):
        if typing.get_origin(base) not in (typing.Generic, typing.Protocol) and base not in (object, typing.Generic):
            hints |= {name: hint for name, hint in _inherited(base).items() if name in hints and name not in own}
    given = dict(zip(getattr(origin, "__parameters__", ()), typing.get_args(kind), strict=False))
    return {name: _with(hint, given) for name, hint in hints.items()}


def _inherited(base: Any) -> dict[str, Any]:
    return hints_of(base) if isinstance(typing.get_origin(base) or base, type) else {}  # of TypedDict and NamedTuple: functions


def _with(hint: Any, given: Mapping[Any, Any]) -> Any:
    """An annotation with type variables put in."""
    asked = () if isinstance(hint, type) else getattr(hint, "__parameters__", ())
    if isinstance(hint, typing.TypeVar):
        return given.get(hint, hint)
    return hint[tuple(given.get(one, one) for one in asked)] if given.keys() & set(asked) else hint


def said(annotation: Any) -> str:
    """An annotation as a person wrote it."""
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return annotation.__name__
    return str(annotation).replace("typing.", "")[:200]


__all__ = ["Misfit", "Shape", "Unmappable", "hints_of", "marks_of", "said", "shape_of", "thawed"]
