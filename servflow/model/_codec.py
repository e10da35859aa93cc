"""Knows how values of the model become JSON-ready data and come back equal; must not know any store."""

from __future__ import annotations

import functools
import json
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from servflow.errors import FormatError, InputError, shown
from servflow.model import (
    _appointment,
    _appointment_records,
    _chain_records,
    _effects,
    _outcome,
    _part_records,
    _parts,
    _rating_records,
    _records,
    _ticket,
)
from servflow.model._copying import from_dict, lean
from servflow.model._fields import INT_MAX, INT_MIN, UINT_MAX, storable
from servflow.model._instants import MICROSECOND, read_instant, write_instant
from servflow.model._maps import FrozenMap
from servflow.model._upcast import upcast

FORMAT = 1
"""Version of the JSON form of snapshots, records and effects; whoever raises it adds an upcaster and keeps the old fixtures."""

Encoder = Callable[[Any], Any]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _kinds(module: types.ModuleType) -> dict[str, type]:
    return {
        _snake(name): value
        for name, value in vars(module).items()
        if isinstance(value, type) and attrs.has(value) and value.__module__ == module.__name__
    }


_OF_TICKETS = (_ticket, _appointment, _parts)
_MODULES = (*_OF_TICKETS, _records, _appointment_records, _rating_records, _part_records, _chain_records, _effects, _outcome)

KINDS: Mapping[str, type] = {name: kind for module in _MODULES for name, kind in _kinds(module).items()}
"""The name each value goes by in JSON -> its class."""
_NAMES = {kind: name for name, kind in KINDS.items()}

for _kind in KINDS.values():
    if _kind.__dictoffset__:
        lean(_kind)


def encode_value(value: Any) -> Any:
    """A plain value (as fields hold them) as JSON-ready data that says what it was."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        if INT_MIN <= value <= UINT_MAX:
            return value
        raise InputError(
            f"{shown(value)} has more than 64 bits; keep it as a decimal or as text", code="number", value=shown(value)
        )
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$double": repr(value)}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        if value.utcoffset() is None:  # else it would be what it is where this machine happens to stand
            raise InputError(f"{value.isoformat()} is a naive datetime; give one with a zone", code="naive", value=shown(value))
        return {"$timestamp": write_instant(value)}
    if isinstance(value, timedelta):
        return {"$duration": value // MICROSECOND}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, (tuple, list)):
        return [encode_value(item) for item in value]
    if isinstance(value, Mapping):
        if any(key.startswith("$") for key in value):
            return {"$map": [[key, encode_value(item)] for key, item in value.items()]}
        return {key: encode_value(item) for key, item in value.items()}
    raise InputError(f"a value of type {type(value).__name__} cannot be kept on a ticket", value=repr(value))


_MAX_DEPTH = 64


def decode_value(data: Any, depth: int = 0) -> Any:
    """
    The plain value that ``encode_value`` wrote.

    Raises:
        ValueError: it is nested too deep, or holds what is not data.
    """
    if depth > _MAX_DEPTH:
        raise ValueError(f"a value is nested more than {_MAX_DEPTH} deep")
    plain = _PLAIN.get(type(data))
    if plain is not None:
        return _whole(data) if plain is _integer else plain(data)
    if type(data) is not dict and isinstance(data, (list, tuple)):
        return tuple([decode_value(item, depth + 1) for item in data])
    if type(data) is not dict and not isinstance(data, Mapping):
        if data is None or type(data) is float:
            return data
        return _text(data) if isinstance(data, str) else _whole(data)
    data = _mapping(data)
    if len(data) == 1:
        tag, inner = next(iter(data.items()))
        if tag in _TAGGED:
            return _TAGGED[tag](inner)
    # Most values are short texts, which need no call to be looked at.
    return FrozenMap(
        {key: item if type(item) is str and item.isascii() else decode_value(item, depth + 1) for key, item in data.items()}
    )


def _whole(data: Any) -> int:
    if type(data) is not int or not INT_MIN <= data <= UINT_MAX:
        raise ValueError(f"expected a value of a field, got {type(data).__name__}")
    return data


_TAGGED: Mapping[str, Callable[[Any], Any]] = {
    "$double": float,
    "$decimal": Decimal,
    "$timestamp": read_instant,
    "$duration": lambda inner: timedelta(microseconds=inner),
    "$bytes": bytes.fromhex,
    "$map": lambda inner: FrozenMap({key: decode_value(item) for key, item in inner}),
}


def _text(data: Any) -> str:
    if type(data) is str and (data.isascii() or storable(data)):
        return data
    raise ValueError(f"expected text, got {type(data).__name__}")


def _integer(data: Any) -> int:
    if type(data) is not int or not INT_MIN <= data <= INT_MAX:
        raise ValueError(f"expected a whole number of 64 bits, got {type(data).__name__}")
    return data


def _span(data: Any) -> timedelta:
    # Wider than 64 bits: the rest of a delay on a calendar that ran out is as long as a timedelta can be.
    if type(data) is not int:
        raise ValueError(f"expected microseconds, got {type(data).__name__}")
    return timedelta(microseconds=data)


def _flag(data: Any) -> bool:
    if type(data) is not bool:
        raise ValueError(f"expected true or false, got {type(data).__name__}")
    return data


# What is stored must be of exactly its type: a snapshot may come from anywhere.
_PLAIN: Mapping[Any, Encoder] = {str: _text, int: _integer, bool: _flag}


def _codec(hint: Any) -> tuple[Encoder | None, Encoder]:
    """Encoder and decoder for one annotation; no encoder where the value is JSON already."""
    if hint in _PLAIN:
        return None, _PLAIN[hint]
    if hint is Any:
        return encode_value, decode_value
    if hint is datetime:
        return write_instant, read_instant
    if hint is timedelta:
        return (lambda value: value // MICROSECOND), _span
    if hint in (_records.Record, _effects.Effect, _effects.Reservation):
        return dump, load
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _optional(*_codec(next(argument for argument in arguments if argument is not type(None))))
    if origin is tuple:
        return _many(*_codec(arguments[0]))
    if origin is FrozenMap and arguments[1] is str:
        return dict, _texts
    if origin is FrozenMap:
        return (encode_value, _free_map) if arguments[1] is Any else _mapped(*_codec(arguments[1]))
    return (lambda value: _encode(value, hint)), (lambda data: _decode(_mapping(data), hint))


def _mapping(data: Any) -> Mapping[str, Any]:
    if type(data) is dict or isinstance(data, Mapping):
        for key in data:
            if type(key) is not str or not (key.isascii() or storable(key)):
                break
        else:
            return data
    raise ValueError(f"expected a mapping with text keys, got {type(data).__name__}")


def _list(data: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(data, (list, tuple)):
        raise ValueError(f"expected a list, got {type(data).__name__}")
    return data


_SHARED: dict[Any, FrozenMap[str, str]] = {}
_MOST_SHARED = 1_000


def _texts(data: Any) -> FrozenMap[str, str]:
    """Texts by name; tickets that run under the same definitions share the map that says so."""
    key = tuple(_mapping(data).items())
    try:
        known = _SHARED.get(key)
    except TypeError:  # a value that is no text has no hash
        known = None
    if known is None:
        known = FrozenMap({name: _text(text) for name, text in key})
        if len(_SHARED) >= _MOST_SHARED:
            _SHARED.clear()
        _SHARED[key] = known
    return known


def _free_map(data: Any) -> Any:
    decoded = decode_value(data)  # which looks at the keys
    if not isinstance(decoded, FrozenMap):
        raise ValueError("expected a mapping")
    return decoded


def _optional(encode: Encoder | None, decode: Encoder) -> tuple[Encoder | None, Encoder]:
    written = None if encode is None else (lambda value: None if value is None else encode(value))
    return written, (lambda data: None if data is None else decode(data))


def _many(encode: Encoder | None, decode: Encoder) -> tuple[Encoder, Encoder]:
    written: Encoder = list if encode is None else (lambda value: [encode(item) for item in value])
    return written, (lambda data: tuple([decode(item) for item in _list(data)]))


def _mapped(encode: Encoder | None, decode: Encoder) -> tuple[Encoder, Encoder]:
    written: Encoder = dict if encode is None else (lambda value: {key: encode(item) for key, item in value.items()})
    return written, (lambda data: FrozenMap({key: decode(item) for key, item in _mapping(data).items()}))


@functools.cache
def _plan(kind: type) -> tuple[tuple[str, Any, Encoder | None, Encoder], ...]:
    hints = typing.get_type_hints(kind)
    plan = []
    for attribute in attrs.fields(kind):
        codec = _codec(hints[attribute.name])
        plan.append((attribute.name, attribute.default, *codec))
    return tuple(plan)


def _encode(value: Any, kind: type) -> dict[str, Any]:
    # What equals its default is left out: a snapshot stays small and an added attribute needs no migration.
    out = {}
    for name, default, encode, _ in _plan(kind):
        held = getattr(value, name)
        if held is default or held == default:
            continue
        out[name] = held if encode is None else encode(held)
    return out


@functools.cache
def _reading(kind: type) -> tuple[Mapping[str, Encoder], frozenset[str], bool]:
    """Decoders by name, the names that must be there, and whether a value is a plain dict with its defaults on the class."""
    attributes = attrs.fields(kind)
    needed = frozenset(attribute.name for attribute in attributes if attribute.default is attrs.NOTHING)
    in_dict = kind.__dictoffset__ != 0 and all(
        attribute.name in needed or vars(kind).get(attribute.name, attribute) is attribute.default for attribute in attributes
    )
    return {name: decode for name, _, _, decode in _plan(kind)}, needed, in_dict


def _decode(data: Mapping[str, Any], kind: type) -> Any:
    decoders, needed, in_dict = _reading(kind)
    known = {}
    for name in data:
        decode = decoders.get(name)
        if decode is not None:
            known[name] = decode(data[name])
    if not in_dict or not needed <= known.keys():
        return kind(**known)
    return from_dict(kind, known)  # what the class would do, at a third of the cost


def dump(value: Any) -> dict[str, Any]:
    """
    A ticket, record, effect, reservation or outcome as a JSON-ready mapping.

    ``kind`` names what it is and ``format`` (on tickets and outcomes) the version of the form. What
    equals its default is left out, but a ticket always has ``wake``. The same value gives the same bytes in every
    process. Definitions, and what ``available``, ``explain`` and dispatch answer, give their own form.

    Raises:
        InputError: the value is none of these.
    """
    name = _NAMES.get(type(value))
    if name is None:
        for form in ("to_data", "as_data"):  # definitions, calendars; options, explanations, choices
            if hasattr(value, form) and not isinstance(value, type):
                data: dict[str, Any] = getattr(value, form)()
                return data
        raise InputError(
            f"cannot dump a {type(value).__name__}; dump takes tickets, records, effects, outcomes, definitions and what "
            "available, explain and dispatch answer"
        )
    head: dict[str, Any] = {"kind": name}
    if FORMAT > 1 or name in ("ticket", "outcome"):
        head["format"] = FORMAT
    if name == "ticket":
        head["wake"] = None  # always there: a host keeps it in a column of its own, empty where time does nothing
    return {**head, **_encode(value, type(value))}


def load(data: Mapping[str, Any]) -> Any:
    """
    The value that ``dump`` wrote; ``load(dump(x)) == x``.

    Raises:
        FormatError: the data was written by a newer version.
        InputError: the data is not what ``dump`` writes.
    """
    if type(data) is not dict and not isinstance(data, Mapping):
        raise InputError(f"expected a mapping written by dump, got {type(data).__name__}")
    written = data.get("format", 1)  # format 1 says so on tickets and outcomes only
    if type(written) is not int or written > FORMAT:
        raise FormatError(
            f"the data has format {shown(written)}, this version of servflow reads up to {FORMAT}; upgrade servflow",
            format=written,
            known=FORMAT,
        )
    if written < FORMAT:
        data = upcast(data, written, FORMAT)
    kind = KINDS.get(name) if isinstance(name := data.get("kind"), str) else None
    if kind is None:
        raise InputError(f"unknown kind {shown(data.get('kind'))}; expected data written by dump", kind=shown(data.get("kind")))
    try:
        return _decode(data, kind)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"damaged {data.get('kind')}: {str(error)[:300]}", kind=data.get("kind")) from error


def load_ticket(row: Mapping[str, Any] | str | bytes) -> _ticket.Ticket:
    """
    The ticket that ``dump`` wrote, from its mapping or the JSON text of it.

    Raises:
        FormatError: written by a newer version.
        InputError: not a ticket, or damaged.
    """
    if isinstance(row, (str, bytes)):
        try:
            row = json.loads(row)
        except (ValueError, RecursionError) as error:
            raise InputError(f"the ticket is not JSON: {error}") from error
    ticket = load(typing.cast("Mapping[str, Any]", row))
    if not isinstance(ticket, _ticket.Ticket):
        raise InputError(f"expected a ticket, got a {_NAMES[type(ticket)]}")
    return ticket


def canonical(value: Any) -> bytes:
    """The canonical bytes of a value of the model: UTF-8 JSON with sorted keys and no spaces."""
    return _WRITE(value if isinstance(value, (dict, list)) else dump(value)).encode()


_WRITE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


__all__ = ["FORMAT", "KINDS", "canonical", "decode_value", "dump", "encode_value", "load", "load_ticket"]
