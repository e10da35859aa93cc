"""Knows the static types of names and parts of an expression; must not know the values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from attrs import field, fields, frozen

from servflow.errors import nearest
from servflow.expressions._faults import fault
from servflow.expressions._nodes import Name, Node, Select
from servflow.expressions._operators import alike
from servflow.model import Field


@frozen
class FieldType:
    """
    The declared type of a name.

    Args:
        type: ``string int uint double bool bytes timestamp duration decimal list map any`` (or ``dyn``),
            with element types where wanted: ``list(string)``, ``map(string, int)``.
        one_of: all values it can ever hold, of a list all its elements can; empty means any. A
            comparison with a string literal outside them is refused when the expression is parsed.
    """

    type: str
    one_of: tuple[Any, ...] = field(default=(), converter=tuple)


FieldLike: TypeAlias = "str | FieldType | Field | Type | Mapping[str, Any]"

_FIELD_KEYS = {"type", *(each.name for each in fields(Field))}


@frozen
class Type:
    """
    A static type: its kind, the kinds of elements, and what is known about the values.

    ``object`` has declared attributes and is a map at evaluation; ``dyn`` is not known before it.
    """

    kind: str
    args: tuple[Type, ...] = ()
    one_of: tuple[Any, ...] = ()
    attrs: Mapping[str, Any] | None = field(default=None, eq=False)

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(str(arg) for arg in self.args)})" if self.args else self.kind

    @property
    def value_kind(self) -> str:
        """The kind its values have at evaluation."""
        return "map" if self.kind == "object" else self.kind

    @property
    def open(self) -> bool:
        """Whether a value of this type may turn out to be of any kind."""
        return self.kind in ("dyn", "null_type")


DYN = Type("dyn")
BOOL = Type("bool")
STRING = Type("string")
NULL = Type("null_type")

_SIMPLE = {
    name: Type(name)
    for name in "bool bytes decimal double duration dyn int list map null_type string timestamp type uint".split()  # noqa: SIM905 - one line reads better than fourteen quoted words
}
_SIMPLE["any"] = DYN
_NESTED = re.compile(r"\s*(list|map)\s*\((.*)\)\s*", re.DOTALL)


def simple(kind: str) -> Type:
    """The type of a kind, its elements unknown."""
    return _SIMPLE.get(kind, DYN)


def type_from(declared: FieldLike, name: str, depth: int = 0) -> Type:
    """
    The type a declaration stands for.

    Args:
        declared: a type name, a FieldType or Field, a field as a definition writes it (see ``field_type``), or
            a mapping of attributes, where ``"*"`` types all others.
        name: whose declaration it is, for the error.
        depth: how many declarations enclose this one.

    Raises:
        ExpressionError: there is no such type.
    """
    if isinstance(declared, Type):
        return declared
    declared = field_type(declared)
    if isinstance(declared, FieldType):
        found = type_from(declared.type, name, depth)
        if not declared.one_of:
            return found
        if found.kind == "list":
            element = found.args[0] if found.args else DYN
            return Type("list", (Type(element.kind, element.args, declared.one_of),))
        return Type(found.kind, found.args, declared.one_of)
    if isinstance(declared, Mapping):
        return Type("object", attrs=declared)
    if not isinstance(declared, str):
        raise fault("type_name", type=repr(declared)[:60], name=name, nearest=None)
    found_simple = _SIMPLE.get(declared)
    if found_simple is not None:
        return found_simple
    match = _NESTED.fullmatch(declared) if depth < 10 else None
    if match is None:
        raise fault("type_name", type=declared[:60], name=name, nearest=nearest(declared[:60], _SIMPLE))
    parts = _split(match[2])
    if len(parts) != (1 if match[1] == "list" else 2):
        raise fault("type_name", type=declared[:60], name=name, nearest=None)
    return Type(match[1], tuple(type_from(part.strip(), name, depth + 1) for part in parts))


def field_type(declared: Any) -> Any:
    """
    A field as a definition writes it, or a Field, as a FieldType; anything else as it is.

    A mapping is a field where its ``type`` is a text that names a type and its other keys are all those of a
    field: ``{"type": "string", "one_of": ["gold"]}``. Any other mapping has the attributes of an object.
    """
    if isinstance(declared, Field):
        return FieldType(declared.type, declared.one_of)
    if not isinstance(declared, Mapping) or not _FIELD_KEYS.issuperset(declared):
        return declared
    word, listed = declared.get("type"), declared.get("one_of")
    if not isinstance(word, str) or not (word in _SIMPLE or _NESTED.fullmatch(word)):
        return declared
    if listed is not None and not isinstance(listed, (list, tuple)):
        return declared  # an attribute of that name
    return FieldType(word, listed or ())


def _split(inside: str) -> list[str]:
    parts = [""]
    level = 0
    for character in inside:
        level += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and level == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def same_sort(left: Type, right: Type) -> bool:
    """Whether values of the two types can be equal."""
    if left.open or right.open:
        return True
    if not alike(left.value_kind, right.value_kind):
        return False
    return all(same_sort(one, two) for one, two in zip(left.args, right.args, strict=False))


def joined(types: list[Type]) -> Type:
    """The type that values of all these types have; null fits any, and different types are dyn together."""
    known = [found for found in types if found.kind != "null_type"]
    if not known:
        return types[0] if types else DYN
    first = known[0]
    if all(found == first and found.attrs is first.attrs for found in known):
        return first
    return simple(first.kind) if all(found.kind == first.kind != "object" for found in known) else DYN


def attribute(holder: Type, node: Select) -> Type:
    """
    The type of a selected field.

    Raises:
        ExpressionError: the holder is no map, or declares its attributes and has no such one.
    """
    if holder.open:
        return DYN
    if holder.kind == "map":
        return holder.args[1] if holder.args else DYN
    if holder.attrs is None:
        raise fault("not_a_map", field=node.field, kind=str(holder), position=node.position)
    found = holder.attrs.get(node.field)
    if found is None:
        found = holder.attrs.get("*")
    if found is None:
        known = [str(name) for name in holder.attrs]
        close = nearest(node.field, known)
        raise fault("unknown_field", field=node.field, known=sorted(known)[:20], position=node.position, nearest=close)
    return type_from(found, node.field)


def root_type(fields: Mapping[str, Any], node: Name) -> Type | None:
    """The declared type of a free name; None when it is not declared."""
    declared = fields.get(node.name)
    return None if declared is None else type_from(declared, node.name)


Types: TypeAlias = dict[int, Type]
"""The type of each node by its id; the nodes live as long as the expression does."""


def kind_at(types: Types, node: Node) -> str:
    """The kind found for a node, ``dyn`` when none was."""
    found = types.get(id(node))
    return "dyn" if found is None else found.kind
