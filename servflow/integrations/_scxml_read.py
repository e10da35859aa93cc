"""Knows how the structure of an SCXML document reads as a definition; must not know how a definition runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import define, field

from servflow.errors import DefinitionError, Finding, nearest
from servflow.integrations._conditions import NotReadable, Reader
from servflow.integrations._hooks import Hooks
from servflow.integrations._parts import Parts
from servflow.integrations._scxml_content import Content, cancelled
from servflow.integrations._scxml_names import (
    ATTRIBUTES,
    INSIDE,
    OURS,
    OWN_LANGUAGE,
    SCXML,
    STATES,
    from_event,
    from_name,
)
from servflow.integrations._xml import Element, read_xml
from servflow.model import FrozenMap, freeze

_MAX_FINDINGS = 100
_KIND = {"internal": True, "external": False}


@define
class _Move:
    """One ``transition`` element, read: the row it belongs to where several make one, and what it says."""

    element: Element
    spec: dict[str, Any]
    row: int | None
    place: int
    do: list[dict[str, Any]]


@define
class _Document:
    """One document being read."""

    conditions: Mapping[str, str]
    findings: list[Finding] = field(factory=list)
    ids: dict[int, str] = field(factory=dict)
    known: dict[str, int] = field(factory=dict)
    descriptors: set[str] = field(factory=set)
    order: dict[int, int] = field(factory=dict)
    moves: list[_Move] = field(factory=list)
    hooks: Hooks = field(factory=Hooks)
    reader: Reader = field(factory=Reader)
    encoded: bool = False
    own: bool = False
    space: str = SCXML
    content: Content = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.content = Content(self.reader, self.problem, self._heard)

    def _heard(self, event: str) -> bool:
        words = event.split(".")
        return any(".".join(words[:count]) in self.descriptors for count in range(len(words) + 1)) or "*" in self.descriptors

    def problem(self, code: str, element: Element, **facts: Any) -> None:
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(Finding(code, element.name, facts, line=element.line))

    def name(self, text: str) -> str:
        return from_name(text) if self.encoded else text

    # names ------------------------------------------------------------------------------------------------------

    def number(self, root: Element) -> None:
        """Give every state its id, those without one an id of their own, and check names on the way."""
        waiting, states = [(root, root)], []
        while waiting:
            element, parent = waiting.pop()
            if element.space == self.space:
                # What SCXML says is found under one namespace from here on, also where the document names none.
                element.space = SCXML
                self._check(element, parent)
                if element.name in STATES:
                    states.append(element)
            if element.name == "transition":
                self.order[id(element)] = len(self.order)
                found = element.attributes.get("event", "").split()
                self.descriptors.update(name if name == "*" else name.removesuffix(".*").removesuffix(".") for name in found)
            if element.name in INSIDE:
                waiting.extend((child, element) for child in reversed(element.children))
        for element in states:
            given = element.attributes.get("id")
            if given is None:
                continue
            name = self.name(given)
            if name in self.known:
                self.problem("scxml.duplicate", element, state=name, first=self.known[name])
            self.known.setdefault(name, element.line)
            self.ids[id(element)] = name
        for count, element in enumerate((element for element in states if id(element) not in self.ids), 1):
            name = f"{element.name}_{count}"
            while name in self.known:
                name += "_"
            self.known[name] = element.line
            self.ids[id(element)] = name

    def _check(self, element: Element, parent: Element) -> None:
        if element is not parent and element.name not in (allowed := INSIDE.get(parent.name, ())):
            if parent.name in INSIDE:
                close = nearest(element.name, allowed)
                self.problem("scxml.element", element, tag=element.name, parent=parent.name, known=allowed, nearest=close)
            return
        for name in element.attributes:
            wanted = ATTRIBUTES.get(element.name)
            if wanted is not None and " " not in name and name not in wanted:
                self.problem(
                    "scxml.attribute",
                    element,
                    attribute=name,
                    tag=element.name,
                    known=wanted or ("none",),
                    nearest=nearest(name, wanted),
                )

    def states_named(self, text: str, element: Element) -> list[str]:
        names = [self.name(name) for name in text.split()]
        for name in names:
            if name not in self.known:
                close = nearest(name, self.known) if len(self.findings) < _MAX_FINDINGS else None
                self.problem("scxml.unknown_state", element, state=name, nearest=close)
        if not names:
            self.problem("scxml.empty", element, attribute="target" if element.name == "transition" else "initial")
        return names

    # states -----------------------------------------------------------------------------------------------------

    def states(self, parent: Element, *, top: bool = False) -> dict[str, Any]:
        """The states in an element; the reader of XML bounds how deep they lie."""
        return {
            self.ids[id(child)]: self._state(child, top=top)
            for child in parent.children
            if child.space == SCXML and child.name in STATES
        }

    def _state(self, element: Element, *, top: bool) -> dict[str, Any]:
        name = self.ids[id(element)]
        spec: dict[str, Any] = {}
        if element.name == "history":
            return self._history(element)
        if element.name == "final":
            spec["final"] = True
        elif element.name == "parallel":
            spec["parallel"] = True
        # An SCXML session ends in a final state at the top; a document that servflow wrote may say otherwise.
        if element.attributes.get(f"{OURS} closed", "true" if element.name == "final" and top else "") == "true":
            spec["closed"] = True
        if element.attributes.get("src"):
            self.content.drop(f"what {element.attributes['src']!r} holds for state {name} (line {element.line})")
        initial = self._initial(element, name)
        self._hooks(element, name, spec)
        for child in element.children:
            if child.name == "transition" and child.space in (SCXML, OURS):
                self._transition(child, name)
        inner = self.states(element)
        if inner:
            spec["states"] = inner
        if initial is not None:
            spec["initial"] = initial
        return spec

    def _history(self, element: Element) -> dict[str, Any]:
        kind = element.attributes.get("type", "shallow")
        if kind not in ("shallow", "deep"):
            self.problem("scxml.value", element, attribute="type", value=kind, known=("shallow", "deep"))
        spec: dict[str, Any] = {"history": kind}
        moves = [child for child in element.children if (child.space, child.name) == (SCXML, "transition")]
        if moves:
            names = self._only_target(moves, element)
            if names:
                spec["default"] = names[0] if len(names) == 1 else names
        return spec

    def _only_target(self, moves: list[Element], element: Element) -> list[str]:
        first = moves[0]
        if len(moves) > 1 or {"event", "cond"} & set(first.attributes) or "target" not in first.attributes:
            self.problem("scxml.default", first, tag=element.name)
            return []
        for child in first.children:
            self.content.drop(f"<{child.name}> where {element.name} leads (line {child.line})")
        return self.states_named(first.attributes["target"], first)

    def _initial(self, element: Element, name: str) -> str | list[str] | None:
        given = element.attributes.get("initial")
        own = element.attributes.get(f"{OURS} initial")
        inner = [child for child in element.children if (child.space, child.name) == (SCXML, "initial")]
        if len(inner) + (given is not None) > 1:
            self.problem("scxml.twice", element, state=name)
        names: list[str] = []
        if given is not None or own is not None:
            names = self.states_named(given if given is not None else own or "", element)
        elif inner:
            names = self._only_target([child for child in inner[0].children if child.name == "transition"] or inner, inner[0])
        return names[0] if len(names) == 1 else names or None

    def _hooks(self, element: Element, name: str, spec: dict[str, Any]) -> None:
        blocks = [child for child in element.children if child.space == SCXML]
        leaving = [child for child in blocks if child.name == "onexit"]
        timers: list[dict[str, Any]] = []
        for child in blocks:
            if child.name == "onentry":
                found, rest = self.content.timers(child, cancelled(leaving), f"state {name}")
                timers += found
                self.hooks.entry.setdefault(name, []).extend(self.content.actions(rest, f"on entry of {name}"))
            elif child.name == "onexit":
                left = self.content.without_cancels(child)
                self.hooks.leave.setdefault(name, []).extend(self.content.actions(left, f"on exit of {name}"))
            elif child.name in ("datamodel", "invoke", "donedata"):
                self.content.drop(f"<{child.name}> of state {name} (line {child.line})")
        if timers:
            spec["timers"] = timers

    # transitions ------------------------------------------------------------------------------------------------

    def _transition(self, element: Element, source: str) -> None:
        given = element.attributes
        spec: dict[str, Any] = {}
        if "event" in given:
            names = given["event"].split()
            if not names:
                self.problem("scxml.empty", element, attribute="event")
            spec["event"] = " ".join(from_event(name) if self.encoded else name for name in names)
        spec["source"] = "*" if given.get(f"{OURS} any") == "true" else source
        if "target" in given:
            names = self.states_named(given["target"], element)
            spec["target"] = names[0] if len(names) == 1 else names
        kind = given.get("type", "external")
        if kind not in _KIND:
            self.problem("scxml.value", element, attribute="type", value=kind, known=tuple(_KIND))
        if _KIND.get(kind) or given.get(f"{OURS} internal") == "true":
            spec["internal"] = True
        if "cond" in given:
            when = self._condition(given["cond"], element)
            if when is not None:
                spec["when"] = when
        if element.space == SCXML and not given.keys() & {"event", "cond", "target"}:
            self.problem("scxml.nothing", element)
        row, place = given.get(f"{OURS} row", ""), given.get(f"{OURS} place", "0")
        self.moves.append(
            _Move(
                element=element,
                spec=spec,
                row=int(row) if row.isdecimal() and len(row) < 7 else None,
                place=int(place) if place.isdecimal() and len(place) < 7 else 0,
                do=self.content.actions(element, f"of a transition of {source}"),
            )
        )

    def _condition(self, text: str, element: Element) -> str | None:
        text = text.strip()
        if text in self.conditions:
            return self.conditions[text]
        if self.own:
            return text
        try:
            return self.reader.condition(text)
        except NotReadable as error:
            self.problem("scxml.condition", element, text=text[:200], why=str(error))
            return None

    def rows(self) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """The transitions; those that servflow wrote as several elements are one again, in their old order."""
        grouped: dict[int, list[_Move]] = {}
        for move in self.moves:
            if move.row is not None:
                grouped.setdefault(move.row, []).append(move)
        for _, group in sorted(grouped.items()):
            first = group[0]
            ordered = sorted(group, key=lambda move: move.place)
            for move in group[1:]:
                if any(move.spec.get(key) != first.spec.get(key) for key in ("event", "target", "when")):
                    self.problem("scxml.row", move.element, row=move.row)
            sources = list(dict.fromkeys(move.spec["source"] for move in ordered))
            yield {**first.spec, "source": sources[0] if len(sources) == 1 else sources}, first.do
        plain = (move for move in self.moves if move.row is None)
        # As the text has them: those of a state may stand after the states inside it.
        yield from ((move.spec, move.do) for move in sorted(plain, key=lambda move: self.order[id(move.element)]))

    def fields(self, root: Element) -> dict[str, Any]:
        """A field for each name that conditions read, with the value that the data model begins it with."""
        for model in (child for child in root.children if child.name == "datamodel"):
            for data in model.children:
                self._data(data)
        found = {} if self.own else self.reader.fields()
        for model in (child for child in root.children if child.name == "datamodel"):
            for data in model.children:
                name, text = data.attributes.get("id", ""), data.attributes.get("expr", "")
                literal = self._literal(text.strip()) if name in found and self.reader.kind_of(text) is not None else None
                if literal is not None:
                    found[name] = {"type": found[name]["type"], "default": literal}
        return found

    def _data(self, data: Element) -> None:
        name, text = data.attributes.get("id", ""), data.attributes.get("expr", "")
        kind = self.reader.kind_of(text) if text else None
        if name.isidentifier() and kind is not None:
            self.reader.note(name, kind)
        elif text or "src" in data.attributes or data.children or "".join(data.text).strip():
            self.content.drop(f"the data {name!r} begins with (line {data.line})")

    def _literal(self, text: str) -> Any:
        from servflow.expressions import evaluate  # a literal, which the reader has already read as one

        return evaluate(self.reader.value(text), {})


def read_scxml(text: str | bytes, conditions: Mapping[str, str]) -> Parts:
    """
    The parts of a document.

    Raises:
        InputError: it is no XML that is read here.
        DefinitionError: with every problem of the document, each with its line.
    """
    root = read_xml(text)
    document = _Document(conditions={key.strip(): value for key, value in conditions.items()}, space=root.space)
    if root.name != "scxml" or root.space not in (SCXML, ""):
        document.problem("scxml.root", root, tag=root.name, namespace=root.space)
        raise DefinitionError.of(document.findings)
    document.encoded = root.attributes.get(f"{OURS} ids") == "encoded"
    document.reader.state = document.name
    document.own = root.attributes.get("datamodel") == OWN_LANGUAGE
    document.number(root)
    states = document.states(root, top=True)
    if not states:
        document.problem("scxml.no_states", root)
    initial = document._initial(root, "scxml")
    rows = list(document.rows())
    fields = document.fields(root)
    for child in root.children:
        if child.name == "script":
            document.content.drop(f"<script> of the document (line {child.line})")
    if document.findings:
        raise DefinitionError.of(document.findings)
    return _finished(document, initial, states, rows, fields)


def _finished(document: _Document, initial: Any, states: dict[str, Any], rows: list[Any], fields: dict[str, Any]) -> Parts:
    names = list(states)
    parts = Parts(
        initial=freeze(initial if initial is not None else next(name for name in names if "history" not in states[name])),
        states=FrozenMap({name: freeze(spec) for name, spec in states.items()}),
        transitions=tuple(freeze({**spec, "do": do} if do else spec) for spec, do in rows),
        fields=FrozenMap({name: freeze(spec) for name, spec in fields.items()}),
    )
    moves = document.hooks.onto(parts)
    for what in document.hooks.dropped:
        document.content.drop(what)
    return attrs.evolve(parts, transitions=moves, calls=tuple(document.content.calls), dropped=tuple(document.content.dropped))
