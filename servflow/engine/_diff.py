"""Knows what differs between two definitions, element by element; must not know what a difference means for a ticket."""

from __future__ import annotations

import difflib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import field, frozen

from servflow.engine._order import meant_orders
from servflow.errors import InputError, render
from servflow.model import canonical, freeze

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

MOST_ALIGNED = 2_000
"""Rows of one table that are aligned with each other; a longer table is compared row by row in order."""

_ONE: Mapping[str, tuple[str, str]] = {
    "fields": ("field", "字段"),
    "events": ("event", "事件"),
    "calendars": ("calendar", "日历"),
    "states": ("state", "状态"),
    "transitions": ("transition", "转移"),
    "tables": ("table", "决策表"),
    "rules": ("rule", "规则"),
    "dispatch": ("dispatch entry", "派单项"),
    "clocks": ("clock", "计时"),
    "escalations": ("chain", "升级链"),
    "levels": ("level", "级别"),
    "laws": ("law", "规律"),
    "surveys": ("survey", "调查"),
    "rows": ("row", "行"),
    "timers": ("timer", "定时器"),
    "checklist": ("step", "检查步骤"),
}
"""Section -> what one element of it is called."""

_NAMED = ("fields", "events", "calendars", "states", "tables")
_LISTED = ("transitions", "rules", "dispatch", "clocks", "escalations", "laws", "surveys", "levels", "timers", "checklist")


@frozen(kw_only=True)
class Change:
    """
    One difference between two definitions.

    ``path`` leads to it (``states.on_site.checklist``, ``clocks[repair].within``, ``transitions[finish: on_site].when``,
    ``tables.fee.rows[2]``). ``kind`` is ``added``, ``removed``, ``changed`` or ``moved`` (the same elements stand in
    another order). ``old`` and ``new`` are plain data, None where there is none.
    """

    path: str
    kind: str
    old: Any = field(default=None, converter=freeze)
    new: Any = field(default=None, converter=freeze)
    element: tuple[str, str] = ("", "")

    @property
    def section(self) -> str:
        """The section of the definition it lies in."""
        return self.path.partition(".")[0].partition("[")[0]

    def text(self, lang: str = "en") -> str:
        """The difference as one sentence in ``en`` or ``zh``."""
        kind, name = self.element
        words = _ONE.get(kind)
        old, new = _said(self.old, self.new)
        if words is None:
            item = f"{self.path} {old if self.kind == 'removed' else new}"  # without a name: what it is
            what = {"en": item, "zh": f" {item} "}
        else:
            what = {"en": f"{words[0]} '{name}'", "zh": f"{words[1]}“{name}”"}
        facts = {"path": self.path, "what": what, "old": old, "new": new}
        return render(f"diff.{self.kind}", facts, lang)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"path": self.path, "kind": self.kind, "old": _plain(self.old), "new": _plain(self.new), "text": self.text()}

    def __str__(self) -> str:
        return self.text()


@frozen(kw_only=True)
class Diff:
    """
    What changed from one definition to another.

    ``changes`` is empty exactly when the hashes are equal. ``calendars`` are told apart, for they are versioned
    apart: what changed there migrates no ticket. True where the definitions differ; iterating gives the changes.
    """

    workflow: str
    old: str
    new: str
    versions: tuple[int, int]
    changes: tuple[Change, ...] = ()
    calendars: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def of(self, section: str) -> tuple[Change, ...]:
        """The changes of one section, such as ``states``."""
        return tuple(change for change in (*self.changes, *self.calendars) if change.section == section)

    def text(self, lang: str = "en") -> str:
        """Every change on a line of its own."""
        return "\n".join(change.text(lang) for change in (*self.changes, *self.calendars))

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "workflow": self.workflow,
            "old": self.old,
            "new": self.new,
            "versions": list(self.versions),
            "changes": [change.as_data() for change in self.changes],
            "calendars": [change.as_data() for change in self.calendars],
        }

    def __str__(self) -> str:
        return self.text()


def diff(old: Workflow, new: Workflow) -> Diff:
    """
    What changed from one definition to another.

    Elements are matched by their names, transitions by event and source, rows of a table by what they say. A new
    name is an element removed and one added; `plan_migration` suggests which of them go together.

    Raises:
        InputError: one of them is no workflow.
    """
    checked(old, "old")
    checked(new, "new")
    before, after = _spelled_out(old), _spelled_out(new)
    calendars = before.pop("calendars", {}), after.pop("calendars", {})
    changes = () if old.hash == new.hash else _sorted((*_changes("", before, after), *_reordered(before, after)))
    if not changes and old.hash != new.hash:  # never silent: the hash is what tickets are pinned to
        changes = (Change(path="definition", kind="changed", old=old.hash, new=new.hash),)
    return Diff(
        workflow=new.workflow,
        old=old.hash,
        new=new.hash,
        versions=(old.version, new.version),
        changes=changes,
        calendars=_changes("calendars", *calendars),
    )


def _reordered(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Names that stand in another order where that says something, those apart that only one side has."""
    before, after = meant_orders(old), meant_orders(new)
    for path in before.keys() & after.keys() if before != after else ():
        if path.endswith("initial"):
            if before[path] != after[path]:
                yield Change(path=path, kind="changed", old=before[path], new=after[path])
        elif [name for name in before[path] if name in after[path]] != [name for name in after[path] if name in before[path]]:
            yield Change(path=path, kind="moved", old=before[path], new=after[path])


def _spelled_out(workflow: Workflow) -> dict[str, Any]:
    """The definition with the defaults that everybody thinks of by name."""
    data = {"version": workflow.version, **workflow.to_data()}
    if "fields" in data:
        data["fields"] = {name: {"type": workflow.fields[name].type, **spec} for name, spec in data["fields"].items()}
    return data


def checked(workflow: Any, name: str) -> None:
    """
    Refuse what is no workflow.

    Raises:
        InputError: with what it is instead.
    """
    if not hasattr(workflow, "compiled"):
        raise InputError(
            f"{name} is a Workflow, not a {type(workflow).__name__}; load it first with servflow.load()", code="diff"
        )


def _changes(path: str, old: Any, new: Any) -> tuple[Change, ...]:
    # An explicit queue: how deep a definition goes is up to strangers.
    found: list[Change] = []
    waiting: deque[Pair] = deque([Pair(path, old, new, section=path)])
    while waiting:
        where, before, after, element, section = waiting.popleft()
        if before == after and type(before) is type(after):
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping) and not _unlike(where, element, before, after):
            pairs = _by_key(where, section, before, after)
        elif _is_list(before) and _is_list(after) and _listed(section, before, after):
            pairs, order = _by_identity(where, section, before, after)
            found.extend(order)
        elif _is_list(before) and _is_list(after) and (section == "rows" or _made_of_parts(before, after)):
            if section != "rows" and sorted(map(_text, before)) == sorted(map(_text, after)):
                found.append(Change(path=where, kind="moved", old=before, new=after))
                continue
            pairs = _rows(where, section, before, after)
        else:
            found.append(Change(path=where, kind="changed", old=before, new=after, element=element))
            continue
        for pair in pairs:
            if pair.old is _ABSENT:
                found.append(Change(path=pair.path, kind="added", new=pair.new, element=pair.element))
            elif pair.new is _ABSENT:
                found.append(Change(path=pair.path, kind="removed", old=pair.old, element=pair.element))
            else:
                waiting.append(pair)
    return _sorted(found)


def _sorted(found: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(found, key=lambda change: _place(change.path)))


_ABSENT: Any = object()
_ORDER = (
    *("workflow", "version", "title", "description", "strict", "fields", "roles", "queues", "titles", "events"),
    *("calendars", "initial", "states", "transitions", "tables", "rules", "dispatch", "clocks", "escalations"),
)


class Pair(NamedTuple):
    """Two values that stand at one place; ``section`` says what a mapping or list there holds, empty within an element."""

    path: str
    old: Any
    new: Any
    element: tuple[str, str] = ("", "")
    section: str = ""


def _place(path: str) -> tuple[int, str]:
    section = path.partition(".")[0].partition("[")[0]
    return (_ORDER.index(section) if section in _ORDER else len(_ORDER), path)


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _by_key(where: str, section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Pair]:
    named = section in _NAMED
    found = []
    for key in dict.fromkeys((*before, *after)):
        path = f"{where}.{key}" if where else str(key)
        was, now = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if not named and (was is _ABSENT or now is _ABSENT) and (where or key not in (*_NAMED, *_LISTED)):
            # A key that was left out had its default: that is a change of the element, and no element of its own.
            was, now = None if was is _ABSENT else was, None if now is _ABSENT else now
        elif not where:
            was, now = _empty_for(was, now), _empty_for(now, was)
        found.append(Pair(path, was, now, (section, str(key))) if named else Pair(path, was, now, section=str(key)))
    return found


def _empty_for(value: Any, other: Any) -> Any:
    """A section that is left out, as an empty one, so that its elements are told one by one."""
    if value is not _ABSENT:
        return value
    return {} if isinstance(other, Mapping) else [] if _is_list(other) else None


def _listed(section: str, before: Sequence[Any], after: Sequence[Any]) -> bool:
    kinds = (Mapping, str) if section == "checklist" else Mapping
    return section in _LISTED and all(isinstance(item, kinds) for item in (*before, *after))


def _unlike(where: str, element: tuple[str, str], before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two items stand at one place of a list without a name and have nothing in common."""
    return where.endswith("]") and element == ("", "") and not before.keys() & after.keys()


def _made_of_parts(before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Whether items of a list have places of their own to tell of; a list of plain names is told as a whole."""
    return any(isinstance(item, Mapping) or _is_list(item) for item in (*before, *after))


_KEYS = {"timers": "event", "checklist": "step"}


def _identity(section: str, item: Mapping[str, Any]) -> str:
    if section == "transitions":
        source = item.get("source", ())
        listed = [source] if isinstance(source, str) else sorted(map(str, source))
        return f"{item.get('event') or '-'}: {', '.join(listed)}"
    return str(item.get(_KEYS.get(section, "name"), "-"))


def _keyed(section: str, items: Sequence[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(_identity(section, item), []).append(item)
    return groups


def _by_identity(where: str, section: str, before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Pair], list[Change]]:
    if section == "checklist":
        before, after = ([{"step": item} if isinstance(item, str) else item for item in items] for items in (before, after))
    old, new = _keyed(section, before), _keyed(section, after)
    pairs: list[Pair] = []
    for key in dict.fromkeys((*old, *new)):
        was, now = list(old.get(key, ())), list(new.get(key, ()))
        if was != now:
            left, right = _without_common(was, now)
            for index in range(max(len(left), len(right))):
                path = f"{where}[{key}]" if index == 0 else f"{where}[{key} #{index + 1}]"
                one = left[index] if index < len(left) else _ABSENT
                other = right[index] if index < len(right) else _ABSENT
                pairs.append(Pair(path, one, other, (section, key)))
    first, second = _order(section, before, after), _order(section, after, before)
    moved = [] if first == second else [Change(path=where, kind="moved", old=first, new=second)]
    return pairs, moved


def _without_common(was: list[Any], now: list[Any]) -> tuple[list[Any], list[Any]]:
    """What two groups of one identity do not share; a group in another order is told by its members."""
    kept = [item for item in was if item in now]
    if kept and len(kept) < max(len(was), len(now)) and kept == [item for item in now if item in was]:
        return [item for item in was if item not in now], [item for item in now if item not in was]
    return was, now


def _order(section: str, items: Sequence[Any], others: Sequence[Any]) -> list[str]:
    """The order of what both have."""
    common = Counter(_identity(section, item) for item in items) & Counter(_identity(section, item) for item in others)
    found = []
    for item in items:
        key = _identity(section, item)
        if common[key]:
            common[key] -= 1
            found.append(key)
    return found


def _rows(where: str, section: str, before: Sequence[Any], after: Sequence[Any]) -> list[Pair]:
    old, new = [_text(row) for row in before], [_text(row) for row in after]
    if max(len(old), len(new)) > MOST_ALIGNED:
        steps = [("replace", 0, len(old), 0, len(new))]
    else:
        steps = list(difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    pairs: list[Pair] = []
    for step, a, b, c, d in steps:
        if step == "equal":
            continue
        for index in range(max(b - a, d - c)):
            was = before[a + index] if a + index < b else _ABSENT
            now = after[c + index] if c + index < d else _ABSENT
            number = c + index if now is not _ABSENT else a + index
            element = ("rows", str(number + 1)) if section == "rows" else ("", "")
            pairs.append(Pair(f"{where}[{number}]", was, now, element))
    return pairs


_LONGEST, _BEFORE = 80, 20


_LEFT_OUT = {"en": "left out", "zh": "缺省"}


def _said(old: Any, new: Any) -> tuple[Any, Any]:
    """Both values as a sentence has them; of long ones that begin alike, the piece in which they part."""
    one, other = (value if isinstance(value, str) else _text(value) for value in (old, new))
    shorter = min(len(one), len(other))
    alike = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    start = alike - _BEFORE if alike > _LONGEST - _BEFORE else 0
    return _LEFT_OUT if old is None else _cut(one, start), _LEFT_OUT if new is None else _cut(other, start)


def _cut(text: str, start: int) -> str:
    shown = f"…{text[start:]}" if start else text
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def _text(value: Any) -> str:
    return canonical([_plain(value)]).decode()[1:-1]


def _plain(value: Any) -> Any:
    """Frozen plain data as JSON takes it; as deep as a definition, which load bounds."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


__all__ = ["Change", "Diff", "checked", "diff"]
