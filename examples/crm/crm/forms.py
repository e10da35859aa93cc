"""Knows how what an event needs becomes inputs, and what was typed becomes a payload; must not know any event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import evolve, frozen

from crm.words import Words
from servflow import Workflow
from servflow.engine import Option
from servflow.model import Field, told

LONGEST = 2_000
"""Characters of a text that a form takes."""


@frozen(kw_only=True)
class Input:
    """One input of a form: what is asked, what was typed so far, and what is wrong with it."""

    name: str
    title: str
    kind: str = "string"
    needed: bool = True
    choices: tuple[str, ...] = ()
    value: str = ""
    problem: str = ""


def opening(workflow: Workflow, names: Sequence[str], words: Words) -> list[Input]:
    """What is asked for a new ticket."""
    return [_input(name, workflow.fields[name], words) for name in names]


def of_event(workflow: Workflow, option: Option, words: Words, people: Sequence[str]) -> list[Input]:
    """What an event asks for: what its transitions declare with their titles, of built-in events what they cannot do without."""
    declared: dict[str, Field] = {}
    for transition in workflow.transitions:
        if transition.event == option.event:
            declared.update(transition.payload)
    found = []
    for name, kind in option.payload.items():
        if name in declared:
            found.append(_input(name, declared[name], words))
        elif not kind.endswith("?"):
            choices = tuple(people) if name == "to" else ()
            found.append(Input(name=name, title=words("to_whom") if name == "to" else name, kind=kind, choices=choices))
    return found


def _input(name: str, field: Field, words: Words) -> Input:
    needed = field.required or not (field.optional or field.default is not None)
    choices = tuple(str(one) for one in field.one_of)
    default = "" if field.default is None else str(field.default)
    return Input(name=name, title=told(field.title, words.lang) or name, kind=field.type, needed=needed, choices=choices, value=default)


def read(inputs: Sequence[Input], typed: Mapping[str, str], words: Words) -> tuple[dict[str, Any], list[Input]]:
    """
    The payload that was typed, and the inputs as they were typed with what is wrong at each.

    Whether it fits the ticket is for the workflow to say; here only texts become values.
    """
    payload: dict[str, Any] = {}
    shown: list[Input] = []
    for one in inputs:
        text = typed.get(one.name, "").strip()
        value, problem = _value(one, text, words)
        if value is not None:
            payload[one.name] = value
        shown.append(evolve(one, value=text, problem=problem))
    return payload, shown


def _value(one: Input, text: str, words: Words) -> tuple[Any, str]:
    if not text:
        return None, words("missing") if one.needed else ""
    if len(text) > LONGEST:
        return None, words("long", most=LONGEST)
    if one.choices and text not in one.choices:
        return None, words("choose")
    if one.kind == "int":
        digits = text.removeprefix("-")
        return (int(text), "") if digits.isascii() and digits.isdecimal() and len(digits) < 16 else (None, words("whole"))
    if one.kind == "decimal":
        try:
            number = Decimal(text)
        except InvalidOperation:
            return None, words("number")
        return (text, "") if number.is_finite() and abs(number.adjusted()) < 16 else (None, words("number"))
    return text, ""
