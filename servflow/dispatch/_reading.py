"""Knows how raw values of a dispatch definition become checked ones; must not know what they decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, TypeVar

import attrs

from servflow.errors import DefinitionError, ExpressionError, Finding, TimeError, nearest, shown
from servflow.expressions import Expression
from servflow.model import Span, Title

T = TypeVar("T")

TIMED_ROOTS = frozenset({"at", "clock"})
"""Names whose value moves with time alone: with them ``next_change`` could not be computed."""

MAX_ITEMS = 200
"""How many requirements, terms or relaxations one policy may list."""


def raw(value: Any) -> Any:
    """Keep what was given; it is checked as a whole once every attribute is there."""
    return value


def put(target: object, name: str, value: Any) -> None:
    """Set an attribute of a frozen value while it is being made."""
    object.__setattr__(target, name, value)


def expression(value: Any, path: str, found: list[Finding], *, candidate: bool = False) -> Expression | None:
    """
    Read an expression from its text, its tree, a whole number or a truth value.

    Args:
        value: what the definition holds; None stays None.
        path: where it stands, for findings.
        found: gets a finding for everything wrong.
        candidate: whether ``candidate`` may be read here.
    """
    if value is None or isinstance(value, Expression):
        read = value
    else:
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, int) and value.bit_length() <= 64:
            value = str(value)
        try:
            read = Expression.from_tree(value) if isinstance(value, Mapping) else Expression.parse(_text(value))
        except ExpressionError as error:
            found.append(
                Finding(
                    "dispatch.expression",
                    path,
                    {"text": value if isinstance(value, str) else shown(value), "reason": error.message},
                )
            )
            return None
    if read is not None:
        timed = sorted(read.roots & TIMED_ROOTS)
        if timed:
            found.append(Finding("dispatch.reads_time", path, {"names": timed}))
        if not candidate and "candidate" in read.roots:
            found.append(Finding("dispatch.candidate_here", path, {}))
    return read


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"{shown(value)} is not the text or tree of an expression")
    return value


def span(value: Any, path: str, found: list[Finding]) -> Span | None:
    """Read a span; None stays None."""
    if value is None:
        return None
    try:
        return Span.of(value)
    except TimeError as error:
        found.append(Finding("dispatch.span", path, {"reason": error.message}))
        return None


def word(value: Any, path: str, found: list[Finding], known: Iterable[str] = ()) -> str | None:
    """Read a name, one of *known* where any are given; None stays None."""
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        found.append(Finding("dispatch.text", path, {"value": shown(value)}))
        return None
    allowed = tuple(known)
    if allowed and value not in allowed:
        found.append(Finding("dispatch.one_of", path, {"value": value, "known": allowed, "nearest": nearest(value, allowed)}))
        return None
    return value


def words(value: Any, path: str, found: list[Finding]) -> tuple[str, ...]:
    """Read one name or a list of names."""
    items = [value] if isinstance(value, str) else _items(value, path, found)
    return tuple(name for item in items if (name := word(item, path, found)))


def flag(value: Any, path: str, found: list[Finding]) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        found.append(Finding("dispatch.flag", path, {"value": shown(value)}))
        return False
    return value


def whole(value: Any, path: str, found: list[Finding], low: int, high: int) -> int:
    """Read a whole number from *low* to *high*, both included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        found.append(Finding("dispatch.whole", path, {"value": shown(value), "low": low, "high": high}))
        return low
    return value


def _items(value: Any, path: str, found: list[Finding]) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        found.append(Finding("dispatch.list", path, {"value": shown(value)}))
        return []
    if len(value) > MAX_ITEMS:
        found.append(Finding("dispatch.too_many", path, {"count": len(value), "limit": MAX_ITEMS}))
    return list(value[:MAX_ITEMS])


def many(value: Any, path: str, found: list[Finding], read: Callable[[Any], T]) -> tuple[T, ...]:
    """Read a list of entries, each by *read*; every problem of every entry is found, with its place."""
    items = [value] if isinstance(value, Mapping) else _items(value, path, found)
    out = []
    for index, item in enumerate(items):
        entry = one(item, f"{path}[{index}]", found, read)
        if entry is not None:
            out.append(entry)
    return tuple(out)


def one(value: Any, path: str, found: list[Finding], read: Callable[[Any], T]) -> T | None:
    """Read one entry by *read*, moving what it finds below *path*."""
    try:
        return read(value)
    except DefinitionError as error:
        found.extend(attrs.evolve(item, path=f"{path}.{item.path}" if item.path else path) for item in error.findings)
        return None


def build(kind: type[T], source: Any) -> T:
    """
    The value of an attrs class from its mapping.

    Raises:
        DefinitionError: it is no mapping, or a key is unknown, or the class itself refuses.
    """
    if isinstance(source, kind):
        return source
    if not isinstance(source, Mapping):
        raise DefinitionError.of([Finding("dispatch.mapping", "", {"value": shown(source)})])
    known = [attribute.name for attribute in attrs.fields(kind) if attribute.init]  # type: ignore[arg-type]  # only attrs classes are passed
    found = [
        Finding("dispatch.unknown_key", name, {"key": name, "known": known, "nearest": nearest(name, known)})
        for name in (key if isinstance(key, str) else shown(key) for key in source if key not in known)
    ]
    try:
        value = kind(**{name: source[name] for name in known if name in source})
    except DefinitionError as error:
        raise DefinitionError.of([*found, *error.findings]) from None
    finish(found)
    return value


def finish(found: list[Finding]) -> None:
    """Raise for everything found, if anything was."""
    if found:
        raise DefinitionError.of(found)


def to_data(value: Any) -> dict[str, Any]:
    """An attrs value as canonical JSON-ready data; what equals its default is left out."""
    out = {}
    for attribute in attrs.fields(type(value)):
        held = getattr(value, attribute.name)
        if attribute.init and held != attribute.default:
            out[attribute.name] = plain(held)
    return out


def plain(value: Any) -> Any:
    """One attribute as JSON-ready data."""
    if isinstance(value, (Expression, Span)):
        return value.text
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, (Part, Title)):
        return value.to_data()
    return value


@attrs.frozen(slots=False)
class Part:
    """A part of a definition: keyword, YAML key and attribute are one word."""

    @classmethod
    def read(cls, source: Any) -> Self:
        """
        Read it from its mapping; a value of this class is returned as it is.

        Raises:
            DefinitionError: with every problem found.
        """
        return build(cls, source)

    def to_data(self) -> dict[str, Any]:
        """Canonical JSON-ready form without defaults; the class called with it gives an equal value."""
        return to_data(self)
