"""Knows how one mistake is told once, whoever notices it; must not know how mistakes are found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from servflow.errors import Finding

Steps = tuple[str | int, ...]

_UNREAD = ("definition.", "field.", "action.form", "action.unknown", "action.value", "rules.then_form")
_SECTIONS = {
    "state": "states",
    "calendar": "calendars",
    "clock": "clocks",
    "chain": "escalations",
    "event": "transitions",
    "field": "fields",
    "role": "roles",
    "queue": "queues",
}
_LENGTHS = ("within", "take", "after", "every", "timeout", "age", "ack_ttl")
_ALL_WEEK = {"mon-sun": ["00:00-24:00"]}
_WIDE_OPEN = {"zone": "UTC", "week": _ALL_WEEK}
_COMBINED = ("any_of", "all_of", "minus")
_HEALED = ("definition.", "field.", "action.", "calendar.", "rules.", "dispatch.", "sla.", "escalation.")
_ENTRIES = {"require": {"when": "true"}, "relax": {"mode": "assign"}, "prefer": {"term": "random"}}
"""Entries of a dispatch policy that ask nothing, in place of those that could not be read."""
_SCORE = re.compile(r"\bscore\b")
_TABLE = re.compile(r"\btable\s*\.")


def prune(data: dict[str, Any], problems: Iterable[tuple[Steps, Finding]]) -> None:
    """
    Take out of the data what has a wrong shape, so that the rest of it can still be judged.

    Names stay: a state or field of wrong shape is replaced by one that could be anything. An element of a list
    stays as it is, so that every index keeps its meaning.
    """
    for steps, finding in problems:
        if finding.code != "document.missing":
            _prune(data, steps, finding.code == "document.unknown_key")


def _prune(data: dict[str, Any], steps: Steps, unknown: bool) -> None:
    if _replace_field(data, steps):
        return
    last = len(steps) - 1
    while last > 0 and isinstance(steps[last], int):
        last -= 1
    holder = held_at(data, steps[:last])
    name = steps[last] if steps else ""
    if not isinstance(holder, dict) or name not in holder:
        return
    if last > 1 and steps[0] == "calendars" and name in _COMBINED:
        data["calendars"][steps[1]] = dict(_WIDE_OPEN)  # without its parts it would be told to lack what a single one needs
    elif last > 0 and steps[last - 1] == "states" and not unknown:
        holder[str(name)] = {}
    elif unknown or last != 1:
        del holder[str(name)]
        if not holder and last > 1 and _is_action(steps[:last]):
            holder["tag"] = []  # an action that does nothing, so that its neighbours are still read
        elif "calendars" in steps[:1] and (name == "week" or (not holder and steps[last - 1] == "week")):
            # a week of which nothing could be read, so that its calendar is not told to be closed always
            (holder.setdefault("week", {}) if name == "week" else holder).update(_ALL_WEEK)


def _is_action(steps: Steps) -> bool:
    names = [step for step in steps[-2:] if isinstance(step, str)]
    return bool(names) and names[-1] in ("do", "then")


def _replace_field(data: dict[str, Any], steps: Steps) -> bool:
    """Whether the steps lead into a field's definition, which then can be of any type."""
    for index, step in enumerate(steps[:-1]):
        declares = (step == "fields" and index == 0) or (step == "payload" and _declares_payload(steps[:index]))
        if declares:
            holder = held_at(data, steps[: index + 1])
            if isinstance(holder, dict) and steps[index + 1] in holder:
                holder[str(steps[index + 1])] = "any"
            return True
    return False


def _declares_payload(above: Steps) -> bool:
    return len(above) == 2 and above[0] in ("transitions", "events")


def heal(data: dict[str, Any], findings: Iterable[Finding]) -> bool:
    """
    Put something harmless in place of what could not be read, so that the rest of its element can be judged.

    Returns:
        Whether anything was changed: then it is worth reading the whole again.
    """
    changed = False
    for finding in findings:
        if finding.code.startswith(_HEALED):
            steps = _steps(data, finding.path)
            changed = (bool(steps) and _heal(data, steps)) or changed
    return changed


def _heal(data: dict[str, Any], steps: Steps) -> bool:
    if len(steps) < 2:
        return False
    if steps[0] == "calendars":
        return _put(held_at(data, steps[:1]), steps[1], dict(_WIDE_OPEN))
    if _replace_field(data, (*steps, "")):
        return True
    if steps[0] == "dispatch" and len(steps) > 3 and steps[2] in _ENTRIES and isinstance(steps[-1], int):
        # One entry of a list: the others are still judged, and steps find what they relax.
        return _replace_entry(held_at(data, steps[:-1]), steps[-1], _ENTRIES[str(steps[2])])
    last = len(steps) - 1
    while last > 1 and isinstance(steps[last], int):
        last -= 1
    holder, name = held_at(data, steps[:last]), steps[last]
    if last < 2 or not isinstance(holder, dict) or name not in holder:
        return False
    if name in _LENGTHS:
        return _put(holder, name, "1h")
    if name == "zone":
        return _put(holder, name, "UTC")
    if steps[0] == "tables" and steps[2] == "inputs" and steps[4:5] == ("title",):
        return held_at(data, steps[:4]).pop("title", None) is not None  # the column stays what it is
    if steps[0] == "tables" and "inputs" in steps[:-1]:
        # The column stays, so that no row seems to have a cell too many.
        columns, index = holder[str(name)] if name == "inputs" else held_at(data, steps[:3]), steps[steps.index("inputs") + 1]
        known = isinstance(columns, list) and isinstance(index, int) and columns[index] != f"column {index}"
        if known:
            columns[index] = f"column {index}"
        return known
    if "effective" in steps:
        # Without its dates a row is no longer one of several versions, so its id would stand there twice.
        row = held_at(data, steps[: steps.index("effective")])
        if isinstance(row, dict):
            row.pop("id", None)
            return row.pop("effective", None) is not None
    if name == "name":
        return _put(holder, name, f"{steps[0]} {steps[1]} \N{MIDDLE DOT}")  # nobody else has this name
    del holder[str(name)]
    if not holder and _is_action(steps[:last]):
        holder["tag"] = []
    if steps[0] == "dispatch" and "relax" in steps[2:3] and holder.keys() <= {"after", "calendar"}:
        holder.update(_ENTRIES["relax"])  # a step that does nothing
    return True


def _put(holder: Any, name: str | int, value: Any) -> bool:
    if not isinstance(holder, dict) or holder.get(str(name)) == value:
        return False
    holder[str(name)] = value
    return True


def _replace_entry(entries: Any, index: int, harmless: dict[str, str]) -> bool:
    if not isinstance(entries, list):
        return False
    given = entries[index]
    kept = {key: given[key] for key in ("name", "after", "calendar") if key in given} if isinstance(given, dict) else {}
    entries[index] = {**kept, **harmless}
    return bool(given != entries[index])


def _steps(data: Any, path: str) -> Steps:
    """The steps of a path as far as the data has them; a key may hold dots, so the longest that fits is taken."""
    steps: list[str | int] = []
    while path:
        if isinstance(data, list) and path.startswith("["):
            digits, _, path = path[1:].partition("]")
            if not (digits.isascii() and digits.isdigit() and int(digits) < len(data)):
                break
            steps.append(int(digits))
        elif isinstance(data, dict) and (key := _longest(data, path)) is not None:
            steps.append(key)
            path = path[len(key) :]
        else:
            break
        path = path.removeprefix(".")
        data = held_at(data, steps[-1:])
    return tuple(steps)


def _longest(data: dict[str, Any], path: str) -> str | None:
    end = len(path)
    while end > 0:
        if path[:end] in data:
            return path[:end]
        end = max(path.rfind(".", 0, end), path.rfind("[", 0, end))
    return None


def held_at(data: Any, steps: Sequence[str | int]) -> Any:
    """What stands at a place of plain data; None where there is nothing."""
    for step in steps:
        if isinstance(data, Mapping):
            data = data.get(str(step))
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def without_echoes(told: Sequence[Finding], more: Iterable[Finding]) -> list[Finding]:
    """Those of the later findings that do not merely repeat, in other words, what was told already."""
    paths = {finding.path for finding in told}
    parents = {_parent(path) for path in paths} - {""}
    return [finding for finding in more if not _echo(finding, paths, parents)]


def _echo(finding: Finding, paths: set[str], parents: set[str]) -> bool:
    path = finding.path
    above = path
    while above:
        if above in paths:
            return True
        above = _parent(above)
    if path in parents and path.count(".") + path.count("[") > 0:
        return True
    if finding.code.startswith(_UNREAD) and any(_below(told, path) for told in paths):
        return True
    return _names_lost(finding, paths)


def _names_lost(finding: Finding, paths: set[str]) -> bool:
    """Whether the finding only misses a name that a section of wrong shape would have declared."""
    if finding.code.startswith("machine.unknown_state") or finding.facts.get("kind") == "state":
        return "states" in paths
    if finding.code == "dispatch.relax_target":
        required = finding.path.partition(".relax[")[0] + ".require"
        return any(path.startswith(required) for path in paths)
    if finding.code in ("rules.overlap", "rules.conflicting"):
        # Without a cell or a period that could not be read a row matches more than it says.
        table = finding.path.partition(".rows[")[0]
        return any(_below(path, table) for path in paths)
    if finding.code == "name.unknown":
        return _SECTIONS.get(str(finding.facts.get("kind")), "") in paths
    if finding.code.startswith(("expression.", "rules.", "dispatch.")):
        if "fields" in paths:
            return True
        text = str(finding.facts.get("text", finding.facts.get("cell", "")))
        if finding.code in ("rules.threshold", "rules.threshold_alone"):
            return any(path.startswith(finding.path.replace(".threshold", ".score")) for path in paths)
        rule, then, _ = finding.path.partition(".then")
        if then and _SCORE.search(text) and any(path.startswith((f"{rule}.score", f"{rule}.threshold")) for path in paths):
            return True  # without its score a rule has no sum to read
        return _TABLE.search(text) is not None and any(told.split(".")[0] == "tables" for told in paths)
    return False


def _below(inner: str, outer: str) -> bool:
    return inner != outer and inner.startswith(outer) and inner[len(outer) : len(outer) + 1] in (".", "[")


def _parent(path: str) -> str:
    return path[: max(path.rfind("."), path.rfind("["), 0)]
