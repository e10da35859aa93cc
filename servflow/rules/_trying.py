"""Knows values worth trying for fields that cells read; must not know what comes of trying them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from servflow.errors import ExpressionError
from servflow.expressions import Expression, distance, solve
from servflow.rules._cells import Atom, Test
from servflow.rules._definition import base_type
from servflow.rules._nearby import Near
from servflow.rules._question import Question, at_path, bits

MAX_SOLVED = 16
"""Most conditions solved for one answer."""

BUDGET = 60
"""Most values tried for one condition and one field."""

MAX_LOOKED = 200
"""Most rows whose cells are looked at, those that come nearest first."""

Path = tuple[str, ...]


def tried_values(question: Question) -> dict[Path, list[Near]]:
    """For each field that a cell or an input's expression reads: values on which some condition turns over."""
    found: dict[Path, list[Near]] = {}
    types = _types(question)
    solved = 0
    for condition in _conditions(question):
        values = {name: at_path(question.fields, name.split(".")) for name in sorted(condition.reads)}
        if any(isinstance(value, Mapping) for value in values.values()):
            continue  # a holder as a whole is no value to try others for
        for name, present in values.items():
            if solved >= MAX_SOLVED:
                return found
            solved += 1
            fixed = {other: value for other, value in values.items() if other != name}
            for wanted, unwanted in (((condition,), ()), ((), (condition,))):
                answer = solve(wanted, unwanted, types=types, fixed=fixed, near={name: present}, budget=BUDGET)
                if answer and name in answer.values:
                    value = answer.values[name]
                    near = Near(value, distance(present, value))
                    known = found.setdefault(tuple(name.split(".")), [])
                    if near not in known:
                        known.append(near)
    return found


def _conditions(question: Question) -> Iterator[Expression]:
    """What cells ask where they read fields, or where their input is computed; the rows that come nearest first."""
    program = question.program
    computed = {index for index, source in enumerate(program.sources) if source.expression is not None}
    if computed:
        rows = list(bits(question.program.every_row))[: MAX_LOOKED * 50]
    else:
        rows = list(program.residual)
    rows.sort(key=lambda row: len(question.failing(row)))
    seen: set[tuple[int, Test]] = set()
    for row in rows[:MAX_LOOKED]:
        for index, test in enumerate(program.tests[row]):
            if (index, test) in seen or not test.atoms or not (test.dynamic or index in computed):
                continue
            seen.add((index, test))
            column = question.table.inputs[index]
            for atom in test.atoms:
                yield from _asked(column.name if column.expr is None else column.expr, atom, question)


def _asked(left: str, atom: Atom, question: Question) -> Iterator[Expression]:
    texts: list[str] = []
    ends = ((atom.low, ">=" if atom.low_closed else ">"), (atom.high, "<=" if atom.high_closed else "<"))
    if atom.kind == "range":
        texts += [f"({left}) {sign} ({part.text})" for part, sign in ends if part is not None]
    elif atom.low is not None:
        texts += [f"({left}) == ({atom.low.text})"]
        if atom.low.expression is not None and atom.low.expression.type in ("bool", "dyn", "any"):
            texts.insert(0, atom.low.text)
    for text in texts:
        try:
            yield Expression.parse(text, functions=question.table.functions)
        except ExpressionError:  # a name no expression can spell, or too long together
            continue


def _types(question: Question) -> dict[str, str]:
    """What is known of the types: what inputs declare, and what the present values are."""
    found = type_words(question.program.reads, question.fields)
    for column, source in zip(question.table.inputs, question.program.sources, strict=True):
        if source.path and column.type is not None and base_type(column.type) != "any":
            found[".".join(source.path)] = base_type(column.type)
    return found


def type_words(names: Iterable[str], fields: Mapping[str, Any]) -> dict[str, str]:
    """The types of names as far as their present values tell."""
    found: dict[str, str] = {}
    for name in sorted(names):
        value = at_path(fields, name.split("."))
        word = next((word for kind, word in _WORDS if isinstance(value, kind)), None)
        if word is not None:
            found[name] = word
    return found


_WORDS: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "double"),
    (Decimal, "decimal"),
    (str, "string"),
    (datetime, "timestamp"),
    (timedelta, "duration"),
)
