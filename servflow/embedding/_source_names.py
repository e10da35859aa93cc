"""Knows where a definition names its own elements; must not know how a text is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from servflow.embedding._source_ids import Element, Steps
from servflow.errors import ExpressionError
from servflow.expressions._lexer import Token, tokens

_ROLES: Mapping[str, str] = {
    **dict.fromkeys(("source", "target", "initial", "default", "state", "until", "paused_in", "counts_in", "left"), "state"),
    **dict.fromkeys(("event", "not_by", "reply", "separate", "emit"), "event"),
    **dict.fromkeys(("calendar", "open", "quiet"), "calendar"),
    **dict.fromkeys(("clock", "parent"), "clock"),
    **dict.fromkeys(("chain", "jump"), "chain"),
    **dict.fromkeys(("goto", "level"), "level"),
    "table": "table",
    "take": "output",
    "field": "field",
}
_TEXTS = frozenset(
    ("when", "never", "always_possible", "leads_to", "takes", "value", "share", "minutes", "window", "end", "ticket", "visit")
)
_REQUIRED = frozenset(
    ("skill", "area", "below", "language", "certificate", "contract", "part", "channel", "travel", "preferred", "other_than")
)
_SAID = frozenset(("title", "description", "note", "name", "shown", "template", "labels", "one_of", "id", "holidays", "week"))
"""Keys under which people read what is written, or which name nothing of the definition."""

_SPECS = ("fields", "payload", "evidence")
"""Keys that declare fields where their values are types, and hold expressions where an action sends values."""

_ASKED = {"in_state": "state", "counted": "calendar", "after_days": "calendar"}
_OF_STATE = ("done.state", "done.checklist", "approved", "rejected", "checked", "unchecked")
_OF_DISPATCH = ("proposed", "redispatched", "unbooked", "upcoming")


@frozen
class Place:
    """A word or text that may name an element: where it stands, what it would name, and whether it is the key there."""

    steps: Steps
    role: str
    value: str
    key: bool = False


def places(data: Mapping[str, Any]) -> Iterator[Place]:
    """Every place of a definition at which an element may be named."""
    for section, value in data.items():
        if section == "tables" and isinstance(value, Mapping):
            for name, table in value.items():
                yield from _of_table(table, ("tables", name))
        elif section == "states":
            yield from _of_states(value, ("states",))
        elif section == "initial":
            yield from _names(value, (section,), "state")
        elif section not in ("fields", "calendars", "roles", "queues", *_SAID):
            yield from _inside(value, (section,), section)


def _of_states(value: Any, steps: Steps) -> Iterator[Place]:
    for name, state in value.items() if isinstance(value, Mapping) else ():
        for key, item in state.items() if isinstance(state, Mapping) else ():
            if key == "states":
                yield from _of_states(item, (*steps, name, key))
            else:
                yield from _inside(item, (*steps, name, key), key)


def _of_table(table: Any, steps: Steps) -> Iterator[Place]:
    if not isinstance(table, Mapping):
        return
    columns = table.get("inputs")
    for index, column in enumerate(columns if isinstance(columns, list) else ()):
        if isinstance(column, str):
            yield Place((*steps, "inputs", index), "text", column)
        elif isinstance(column, Mapping):
            yield from _texts({key: column[key] for key in ("name", "expr") if key in column}, (*steps, "inputs", index))
    cases = table.get("cases")
    for index, case in enumerate(cases if isinstance(cases, list) else ()):
        for key, role in (("given", "field"), ("expected", "output")):
            said = case.get(key) if isinstance(case, Mapping) else None
            for name in said if isinstance(said, Mapping) else ():
                yield Place((*steps, "cases", index, key, name), role, name, key=True)
    for key in ("rows", "outputs"):
        yield from _texts(table.get(key), (*steps, key), skip=("id", "note", "labels", "effective", "type", "one_of"))


def _texts(value: Any, steps: Steps, skip: tuple[str, ...] = ()) -> Iterator[Place]:
    if isinstance(value, str):
        yield Place(steps, "text", value)
    for step, item in _items(value):
        if step not in skip:
            yield from _texts(item, (*steps, step), skip)


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _names(value: Any, steps: Steps, role: str) -> Iterator[Place]:
    if isinstance(value, str):
        yield Place(steps, role, value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield Place((*steps, index), role, item)


def _inside(value: Any, steps: Steps, key: str) -> Iterator[Place]:
    """The places in the value of a key; as deep as a document may be, which reading it has bounded."""
    if key in _SAID or (key in _SPECS and not _sends(steps)):
        return
    if key in (*_SPECS, "data", "set") and isinstance(value, Mapping):
        if key == "set":
            yield from (Place((*steps, name), "field", name, key=True) for name in value)
        yield from _texts(value, steps)
        return
    role = _role(key, value, steps)
    if role == "field" and isinstance(value, Mapping):
        yield from (Place((*steps, name), "field", name, key=True) for name in value)
        return
    if role is not None and isinstance(value, (str, list)):
        yield from _names(value, steps, role)
    if isinstance(value, str):
        return
    for step, item in _items(value):
        if isinstance(item, (Mapping, list)) or isinstance(step, str):
            yield from _inside(item, (*steps, step), step if isinstance(step, str) else key)


def _sends(steps: Steps) -> bool:
    """Whether fields or a payload here are what an action sends."""
    return len(steps) > 1 and steps[-2] in ("open", "send", "emit", "call", "notify")


def _role(key: str, value: Any, steps: Steps) -> str | None:
    before = [step for step in steps[:-1] if isinstance(step, str)]
    if key in _TEXTS or ("require" in before and (key in _REQUIRED or key in ("level", "need"))):
        return "text"
    if key == "to" or before[-1:] == ["to"] or "to" in before[1:]:
        return "field" if key == "field" else "text" if key == "to" and before[:1] == ["surveys"] else None
    if key == "event" and before[-1:] == ["send"]:
        return None
    if key == "start":
        return "chain" if isinstance(value, str) and before[-1:] != ["visit"] else "text" if isinstance(value, str) else None
    if key == "after":
        return "clock" if before[:1] == ["clocks"] else None
    if key == "parent" and before[:1] != ["clocks"]:
        return None
    return _ROLES.get(key)


# a name in a place ----------------------------------------------------------------------------------------------


@frozen
class Named:
    """An element by what others call it: its kind and name, and the state, table or chain that it is part of."""

    kind: str
    name: str
    owner: str = ""

    @classmethod
    def of(cls, element: Element) -> Named:
        """What others call an element."""
        owners = [step for step in element.steps[:-1] if isinstance(step, str)]
        owner = owners[-2] if element.kind in ("step", "output", "input") and len(owners) > 1 else ""
        return cls(element.kind, element.name, owner)


def renamed(place: Place, named: Named, new: str, data: Mapping[str, Any]) -> str | None:
    """What stands at a place once an element has another name; None where it is not named there."""
    old, kind = named.name, named.kind
    if place.role == "text":
        return _in_text(place.value, named, new, data)
    if place.role == "event":
        words = [_in_event(word, named, new) for word in place.value.split()]
        made = " ".join(words)
        return made if words and made != " ".join(place.value.split()) else None
    if place.role == "clock" and kind in ("state", "step"):
        made = _in_clock(place.value, named, new)
        return made if made != place.value else None
    if kind == "output":
        beside = place.steps[1] if place.steps[0] == "tables" else _beside(data, place.steps, "table")
        return new if place.role == "output" and place.value == old and beside == named.owner else None
    return new if place.role == kind and place.value == old else None


def _beside(data: Any, steps: Steps, key: str) -> Any:
    for step in steps[:-1]:
        data = data[step]
    return data.get(key) if isinstance(data, Mapping) else None


def _in_event(word: str, named: Named, new: str) -> str:
    kind, old = named.kind, named.name
    if kind == "event":
        return new if word == old else word
    heads: tuple[str, ...] = _OF_STATE if kind == "state" else _OF_DISPATCH if kind == "dispatch" else ()
    if kind == "step":
        heads = tuple(f"{head}.{named.owner}" for head in ("checked", "unchecked"))
    for head in heads:
        whole = f"{head}.{old}"
        if word == whole or word.startswith(whole + "."):
            return f"{head}.{new}{word[len(whole) :]}"
    return word


def _in_clock(word: str, named: Named, new: str) -> str:
    """The name of a clock that a checklist step or an approval has by itself."""
    if named.kind == "step":
        return f"step.{named.owner}.{new}" if word == f"step.{named.owner}.{named.name}" else word
    if word == f"approval.{named.name}":
        return f"approval.{new}"
    head = f"step.{named.name}."
    return f"step.{new}.{word[len(head) :]}" if word.startswith(head) else word


def _in_text(text: str, named: Named, new: str, data: Mapping[str, Any]) -> str | None:
    if named.name not in text:
        return None
    try:
        found = tokens(text)
    except ExpressionError:
        return None  # no expression, or one that load tells about
    cuts = [
        (token.position, _end(text, found, index), made)
        for index, token in enumerate(found)
        if (made := _token(found, index, named, new, data)) is not None
    ]
    for start, end, made in reversed(cuts):
        text = text[:start] + made(text[start:end]) + text[end:]
    return text if cuts else None


def _end(text: str, found: list[Token], index: int) -> int:
    following = found[index + 1].position if index + 1 < len(found) else len(text)
    return found[index].position + len(text[found[index].position : following].rstrip())


def _token(found: list[Token], index: int, named: Named, new: str, data: Mapping[str, Any]) -> Any:
    """How a token is written that names the element; None for all others."""
    token, kind = found[index], named.kind
    before = [_word(one) for one in found[max(0, index - 4) : index]]
    after = [_word(one) for one in found[index + 1 : index + 3]]
    if token.kind == "string":
        asked = before[-1:] == ["("] and _ASKED.get(str(before[-2:-1] and before[-2])) == kind
        keyed = kind in ("clock", "table") and before[-2:] == [kind, "["]
        hidden = "state" in data.get("fields", {}) if isinstance(data.get("fields"), Mapping) else False
        compared = kind == "state" and not hidden and _compares_state(found, index, before, after)
        if token.value == named.name and (asked or keyed or compared):
            return lambda written: written.replace(named.name, new, 1)
        if kind in ("state", "step") and before[-2:] == ["clock", "["] and _in_clock(token.value, named, new) != token.value:
            return lambda written: written.replace(token.value, _in_clock(token.value, named, new), 1)
        return None
    if token.kind not in ("name", "quoted") or token.value != named.name:
        return None
    dotted = before[-1:] == ["."]
    if kind == "field":
        called = after[:1] == ["("] or (after[:1] == [":"] and before[-1:] in (["{"], [","]))
        return None if dotted or called else lambda _: new
    if kind in ("clock", "table"):
        return (lambda _: new) if dotted and before[-2:-1] == [kind] else None
    if kind == "output":
        return (lambda _: new) if dotted and before[-4:] == ["table", ".", named.owner, "."] else None
    return None


def _word(token: Token) -> Any:
    return token.value if token.kind in ("name", "quoted", "keyword", "string") else token.kind


def _compares_state(found: list[Token], index: int, before: list[Any], after: list[Any]) -> bool:
    if before[-1:] in (["=="], ["!="]) and before[-2:-1] == ["state"]:
        return before[-3:-2] != ["."]
    if after[:1] in (["=="], ["!="]) and after[1:] == ["state"]:
        return True
    place = index - 1
    while place > 0 and found[place].kind in ("string", ","):
        place -= 1
    return place > 1 and [_word(one) for one in found[place - 2 : place + 1]] == ["state", "in", "["]
