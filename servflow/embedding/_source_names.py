"""Knows where a definition names its own elements; must not know how a text is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from attrs import evolve, frozen

from servflow.embedding._source_ids import MAPS, NAME_KEYS, NAMED, Element, Steps
from servflow.errors import ExpressionError
from servflow.expressions._lexer import Token, tokens

MAPS_KINDS = tuple(NAMED[section] for section in MAPS)
"""Kinds of elements that go by keys."""

_ROLES: Mapping[str, str] = {
    **dict.fromkeys(("source", "target", "initial", "default", "state", "until", "paused_in", "counts_in", "left"), "state"),
    **dict.fromkeys(("event", "not_by", "reply", "separate", "emit"), "event"),
    **dict.fromkeys(("calendar", "open", "quiet"), "calendar"),
    **dict.fromkeys(("clock", "parent"), "clock"),
    **dict.fromkeys(("chain", "jump"), "chain"),
    **dict.fromkeys(("goto", "level"), "level"),
    **dict.fromkeys(("role", "allow", "deny", "quorum"), "role"),
    **dict.fromkeys(("queue", "left_queue", "counts_in_queue"), "queue"),
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

_PLAIN_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
"""How names are written in conditions."""

_READ = {"queue": "queue", "role": "roles"}
"""Kind of what conditions read by a word of their own -> that word."""

_ASKED = {"in_state": "state", "counted": "calendar", "after_days": "calendar"}
_OF_STATE = ("done.state", "done.checklist", "approved", "rejected", "checked", "unchecked")
_OF_DISPATCH = ("proposed", "redispatched", "unbooked", "upcoming")


@frozen
class Place:
    """
    A word or text that may name an element: where it stands, what it would name, and whether it is the key there.

    ``told`` is the role of what a text comes to, as that of a cell in a column which clocks take their calendar from;
    ``among`` says that it is compared with that instead, as a cell of a column which reads the queue.
    """

    steps: Steps
    role: str
    value: str
    key: bool = False
    told: str = ""
    among: bool = False


def places(data: Mapping[str, Any]) -> Iterator[Place]:
    """Every place of a definition at which an element may be named."""
    for section, value in data.items():
        if section == "tables" and isinstance(value, Mapping):
            asked = set(_asked_columns(data))
            for name, table in value.items():
                yield from _of_table(table, ("tables", name), {out: kind for of, out, kind in asked if of == name})
        elif section == "titles":
            for kind, named in _items(value):
                for name, _ in _items(named):
                    yield Place((section, kind, name), NAMED.get(str(kind), ""), str(name), key=True)
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


def _asked_columns(value: Any, key: str = "") -> Iterator[tuple[str, str, str]]:
    """The columns whose cells name calendars or queues: table, output and kind; as deep as a document may be."""
    if isinstance(value, Mapping):
        column = value.get("table"), value.get("take")
        if key == "calendar" and isinstance(column[0], str) and isinstance(column[1], str):
            yield column[0], column[1], "calendar"
        taken = _column(value.get("queue")) if key == "set" else None
        if taken is not None:
            yield *taken, "queue"
    for step, item in _items(value):
        # Choices of a calendar stand in a list, each under ``take``.
        yield from _asked_columns(item, key if isinstance(step, int) or (key, step) == ("calendar", "take") else step)


def _column(text: Any) -> tuple[str, str] | None:
    """The table and the output that an expression is, as ``table.route.queue``."""
    try:
        words = [_word(one) for one in tokens(text)[:-1] if one.kind not in (".", "[", "]")] if isinstance(text, str) else []
    except ExpressionError:
        return None
    return (str(words[1]), str(words[2])) if len(words) == 3 and words[0] == "table" else None


def _of_table(table: Any, steps: Steps, asked: Mapping[str, str]) -> Iterator[Place]:
    if not isinstance(table, Mapping):
        return
    columns = table.get("inputs")
    for index, column in enumerate(columns if isinstance(columns, list) else ()):
        if isinstance(column, str):
            yield Place((*steps, "inputs", index), "text", column)
        elif isinstance(column, Mapping):
            yield from _texts({key: column[key] for key in ("name", "expr") if key in column}, (*steps, "inputs", index))
    for number, case in _items(table.get("cases")):
        for key, role, kinds in (("given", "field", {"queue": "queue"}), ("expected", "output", asked)):
            for name, said in _items(case.get(key) if isinstance(case, Mapping) else None):
                at = (*steps, "cases", number, key, name)
                yield Place(at, role, str(name), key=True)
                yield from _names(said, at, kinds.get(str(name), ""))
    for place in _texts(table.get("rows"), (*steps, "rows"), skip=("id", "note", "labels", "effective")):
        output = _output_at(table, place.steps[len(steps) + 1 :])
        told = asked.get(output, "") if output is not None else _input_at(table, place.steps[len(steps) + 1 :])
        yield evolve(place, told=told, among=output is None)
    for name, spec in _items(table.get("outputs")):
        kind, at = asked.get(str(name)), (*steps, "outputs", name)
        if kind is not None and isinstance(spec, Mapping):
            yield from _names(spec.get("one_of"), (*at, "one_of"), kind)
            yield from _names(spec.get("default"), (*at, "default"), kind)
        yield from _texts(spec, at, skip=("type", "one_of"))


def _input_at(table: Mapping[str, Any], inside: Steps) -> str:
    """The kind of what a column reads whose cell stands at steps in the rows of a table: ``queue``, or nothing of the kind."""
    index = inside[2] if inside[1:2] == ("when",) and len(inside) > 2 else inside[1] if len(inside) == 2 else None
    columns = table.get("inputs")
    column = columns[index] if isinstance(columns, list) and isinstance(index, int) and index < len(columns) else None
    read = column.get("expr", column.get("name")) if isinstance(column, Mapping) else column
    return "queue" if read == "queue" else ""


def _output_at(table: Mapping[str, Any], inside: Steps) -> Any:
    """The output whose cell stands at steps in the rows of a table; None for cells of inputs."""
    inputs, outputs = table.get("inputs"), table.get("outputs")
    names = list(outputs) if isinstance(outputs, Mapping) else []
    before = len(inputs) if isinstance(inputs, list) else 0
    place = inside[1:]
    if place[:1] == ("then",):
        index = place[1] if len(place) > 1 else 0
    else:
        index = place[0] - before if len(place) == 1 and isinstance(place[0], int) else -1
    return names[index] if isinstance(index, int) and 0 <= index < len(names) else None


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
        mine = key == "set" or steps[-2:-1] == ("emit",)
        for place in _texts(value, steps):
            own = mine and place.steps == (*steps, "queue") and _column(place.value) is None
            yield evolve(place, told="queue") if own else place
        return
    role = _role(key, value, steps)
    if (role == "field" or key == "quorum") and isinstance(value, Mapping):
        yield from (Place((*steps, name), str(role), name, key=True) for name in value)
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
    if key in ("role", "queue"):
        return key
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
    if key == "take" and before[-1:] == ["calendar"] and isinstance(steps[-2], int):
        return "calendar"  # of a choice; beside ``table`` it is an output
    return _ROLES.get(key)


class Unsure(Exception):
    """A name cannot be changed at the places where ``steps`` lead, for the reason that ``code`` says."""

    def __init__(self, code: str, steps: list[Steps]) -> None:
        super().__init__(code)
        self.code, self.steps = code, steps


def named_anew(data: Mapping[str, Any], element: Element, name: str) -> tuple[dict[Steps, Any], dict[Steps, str]]:
    """
    What stands at each place once an element has another name: values, and keys by where their values stand.

    Raises:
        Unsure: conditions cannot spell the name, or a name is worked out somewhere, which nobody can tell by reading it.
    """
    values: dict[Steps, Any] = {}
    keys: dict[Steps, str] = {}
    named, unread, hidden = Named.of(element), [], []
    for place in places(data):
        made = renamed(place, named, name, data)
        if made is not None:
            (keys if place.key else values)[place.steps] = made
            if element.kind == "field" and place.role == "text" and place.value != element.name and not _bare(name):
                unread.append(place.steps)
        if _unclear(place, element.kind) or _left(place, named, made):
            hidden.append(place.steps)
    for code, steps in (("edit.not_in_conditions", unread), ("edit.in_words", hidden)):
        if steps:
            raise Unsure(code, steps)
    if element.kind in MAPS_KINDS:
        keys[element.steps] = name
    elif isinstance(element.data, str):
        values[element.steps] = name
    else:
        values[(*element.steps, NAME_KEYS.get(element.kind, "name"))] = name
    return values, keys


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
        return _in_text(place, named, new, data)
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


def _unclear(place: Place, kind: str) -> bool:
    """Whether what a text comes to may name an element of this kind and nobody can tell by reading it."""
    if place.told != kind or place.role != "text" or place.among:
        return False
    try:
        found = [token for token in tokens(place.value)[:-1] if token.kind not in ("(", ")")]
    except ExpressionError:
        return False
    if len(found) == 1 and found[0].kind not in ("name", "quoted"):
        return False
    ends = [-1, *(index for index, token in enumerate(found) if token.kind in ("?", ":")), len(found)]
    parts = [(found[begin + 1 : end], end) for begin, end in pairwise(ends)]
    told = [part for part, end in parts if end == len(found) or found[end].kind != "?"]
    return any(len(part) != 1 or part[0].kind in ("name", "quoted") for part in told)


def _left(place: Place, named: Named, made: str | None) -> bool:
    """Whether a text that speaks of queues or roles still has the name after all that is surely the element's."""
    if place.role != "text" or named.kind not in _READ:
        return False
    try:
        found = tokens(place.value if made is None else made)
    except ExpressionError:
        return False
    word = _READ[named.kind]
    if place.told != named.kind and all(_word(token) != word or token.kind == "string" for token in found):
        return False
    words = ["", "", *(_word(token) for token in found), "", ""]
    for index, token in enumerate(found, 2):
        sides = [words[index - 2]] if words[index - 1] in ("==", "!=") else []
        sides += [words[index + 2]] if words[index + 1] in ("==", "!=") else []
        # What another field is compared with is a value of that field.
        other = any(_bare(side) and side != word for side in sides)
        if token.kind == "string" and token.value == named.name and not other:
            return True
    return False


def _in_text(place: Place, named: Named, new: str, data: Mapping[str, Any]) -> str | None:
    text = place.value
    if named.name not in text and "\\" not in text:
        return None
    try:
        found = tokens(text)
    except ExpressionError:
        return None  # no expression, or one that load tells about
    cuts = []
    for index, token in enumerate(found):
        made = _told(found, index, named, new, within=place.among) if place.told == named.kind else None
        made = made or _token(found, index, named, new, data)
        if made is not None:
            start, end = token.position, _end(text, found, index)
            written = made(text[start:end])
            # What stands in brackets takes the place of the dot as well.
            cuts.append((found[index - 1].position if written.startswith("[") else start, end, written))
    for start, end, written in reversed(cuts):
        text = text[:start] + written + text[end:]
    return text if cuts else None


def _end(text: str, found: list[Token], index: int) -> int:
    following = found[index + 1].position if index + 1 < len(found) else len(text)
    return found[index].position + len(text[found[index].position : following].rstrip())


def _told(found: list[Token], index: int, named: Named, new: str, *, within: bool) -> Any:
    """How a text is written that is what its expression comes to, alone or a branch of a choice, or one of a list in a cell."""
    token = found[index]
    if token.kind != "string" or token.value != named.name:
        return None
    before, after = (("[", ","), ("]", ",")) if within else ((), ())
    alone = index == 0 or found[index - 1].kind in ("?", ":", "(", *before)
    return (lambda written: _quoted(new, written)) if alone and found[index + 1].kind in ("end", ":", ")", *after) else None


def _quoted(name: str, written: str = "'") -> str:
    """A name as a literal, in the quotes that stood there."""
    quote = written[0] if written[0] in "\"'" else "'"
    return quote + name.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def _bare(name: str) -> bool:
    """Whether a name can be written in conditions as a field's."""
    return _PLAIN_NAME.fullmatch(name) is not None


def _token(found: list[Token], index: int, named: Named, new: str, data: Mapping[str, Any]) -> Any:
    """How a token is written that names the element; None for all others."""
    token, kind = found[index], named.kind
    before = [_word(one) for one in found[max(0, index - 6) : index]]
    after = [_word(one) for one in found[index + 1 : index + 3]]
    if token.kind == "string":
        asked = before[-1:] == ["("] and _ASKED.get(str(before[-2:-1] and before[-2])) == kind
        keyed = kind in ("clock", "table") and before[-2:] == [kind, "["]
        column = kind == "output" and before[-1:] == ["["] and _of_owner(before[:-1], named)
        hidden = kind in data.get("fields", {}) if isinstance(data.get("fields"), Mapping) else False
        compared = kind in ("state", "queue") and not hidden and _compares(found, index, kind)
        compared = compared or (
            kind == "role" and [_word(one) for one in found[index + 1 : index + 5]] == ["in", "actor", ".", "roles"]
        )
        if token.value == named.name and (asked or keyed or column or compared):
            return lambda written: _quoted(new, written)
        if kind in ("state", "step") and before[-2:] == ["clock", "["] and _in_clock(token.value, named, new) != token.value:
            return lambda written: _quoted(_in_clock(token.value, named, new), written)
        return None
    if token.kind not in ("name", "quoted") or token.value != named.name:
        return None
    dotted = before[-1:] == ["."]
    if kind == "field":
        called = after[:1] == ["("] or (after[:1] == [":"] and before[-1:] in (["{"], [","]))
        return None if dotted or called else lambda _: new
    owned = (kind in ("clock", "table") and before[-2:-1] == [kind]) or (kind == "output" and _of_owner(before[:-1], named))
    if not dotted or not owned:
        return None
    return lambda _: new if _bare(new) else f"[{_quoted(new)}]"


def _of_owner(before: list[Any], named: Named) -> bool:
    return before[-3:] == ["table", ".", named.owner] or before[-4:] == ["table", "[", named.owner, "]"]


def _word(token: Token) -> Any:
    return token.value if token.kind in ("name", "quoted", "keyword", "string") else token.kind


def _compares(found: list[Token], index: int, word: str) -> bool:
    """Whether a text is what ``state`` or ``queue`` is compared with, alone or in a list."""
    before, after = [[_word(one) for one in some] for some in (found[max(0, index - 3) : index], found[index + 1 : index + 3])]
    if before[-1:] in (["=="], ["!="]) and before[-2:-1] == [word]:
        return before[-3:-2] != ["."]
    if after[:1] in (["=="], ["!="]) and after[1:] == [word]:
        return True
    place = index - 1
    while place > 0 and found[place].kind in ("string", ","):
        place -= 1
    return place > 1 and [_word(one) for one in found[place - 2 : place + 1]] == [word, "in", "["]
