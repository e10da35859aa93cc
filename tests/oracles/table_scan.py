"""Knows the slow obvious decision table, cell by cell over cells that were never text; must not know any index."""

from __future__ import annotations

from typing import Any

NOTHING = object()  # the answer of a cell that can be told neither true nor false


def kind(value: Any) -> str:
    """Which values it can be ordered with."""
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def holds(cell: tuple[Any, ...], value: Any, fields: dict[str, Any]) -> Any:
    """True, False or NOTHING for a cell such as ``("<=", 3)`` and the value of its input."""
    word = cell[0]
    if word == "any":
        return True
    if word == "is":
        return kind(value) == kind(cell[1]) and value == cell[1]
    if word == "field":
        other = fields.get(cell[1])
        if isinstance(other, bool) and value is not None and not isinstance(value, bool):
            return other  # a condition: there is nothing to compare it with
        return other is not None and kind(value) == kind(other) and value == other
    if word == "when":
        other = fields.get(cell[1])
        condition = kind(other) == "number" and other > cell[2]
        return value is condition if isinstance(value, bool) else condition
    if word in ("<", "<=", ">", ">="):
        if value is None or kind(value) != kind(cell[1]):
            return NOTHING
        return {"<": value < cell[1], "<=": value <= cell[1], ">": value > cell[1], ">=": value >= cell[1]}[word]
    if word == "range":
        _, low_closed, low, high, high_closed = cell
        answers = [
            holds((">=" if low_closed else ">", low), value, fields),
            holds(("<=" if high_closed else "<", high), value, fields),
        ]
        return NOTHING if NOTHING in answers else all(answers)
    answers = [holds(inner, value, fields) for inner in cell[1]]
    either = True if True in answers else NOTHING if NOTHING in answers else False
    if word == "or":
        return either
    return NOTHING if either is NOTHING else not either


def text(cell: tuple[Any, ...]) -> str:
    """The same cell as a definition writes it."""
    word = cell[0]
    if word == "any":
        return "-"
    if word == "is":
        return literal(cell[1])
    if word == "field":
        return str(cell[1])
    if word == "when":
        return f"{cell[1]} > {literal(cell[2])}"
    if word == "range":
        _, low_closed, low, high, high_closed = cell
        return f"{'[' if low_closed else '('}{literal(low)}..{literal(high)}{']' if high_closed else ')'}"
    if word in ("or", "not"):
        inner = ", ".join(text(item) for item in cell[1])
        return inner if word == "or" else f"not({inner})"
    return f"{word} {literal(cell[1])}"


def literal(value: Any) -> str:
    """A value as an expression writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f'"{value}"' if isinstance(value, str) else repr(value)


def matching(rows: list[Any], inputs: list[str], fields: dict[str, Any]) -> list[int]:
    """The rows all of whose cells hold."""
    return [
        index
        for index, (cells, _) in enumerate(rows)
        if all(holds(cell, fields.get(name), fields) is True for name, cell in zip(inputs, cells, strict=True))
    ]


def in_force(period: Any, at: Any) -> bool:
    """Whether an instant lies in ``(start, end)``, from the start on and before the end; None is open."""
    start, end = period
    if start is not None and at < start:
        return False
    return end is None or at < end


def at_instant(rows: list[Any], periods: list[Any], at: Any) -> list[Any]:
    """The same rows, those out of force with a cell that nothing passes; so every row keeps its number."""
    never = ("or", [("is", "no such value")])
    return [
        row if in_force(period, at) else (tuple(never for _ in row[0]), row[1])
        for row, period in zip(rows, periods, strict=True)
    ]


def decide(hit: str, rows: list[Any], inputs: list[str], ranks: list[Any], fields: dict[str, Any]) -> Any:
    """The outputs, or the code of the error, for rows of ``(cells, value)`` with one output called ``out``."""
    found = [rows[index][1] for index in matching(rows, inputs, fields)]
    if hit == "collect count":
        return len(found)
    if hit.startswith("collect "):
        return {"sum": sum, "min": min, "max": max}[hit.split()[1]](found) if found else None
    if hit in ("collect", "rule order"):
        return [{"out": value} for value in found]
    if hit == "output order":
        return [{"out": value} for value in sorted(found, key=ranks.index)]
    if not found:
        return None
    if hit == "unique" and len(found) > 1:
        return "rules.not_unique"
    if hit == "any" and len(set(found)) > 1:
        return "rules.conflict"
    return {"out": sorted(found, key=ranks.index)[0] if hit == "priority" else found[0]}
