"""Knows how a chart written as plain data is written as SCXML; must not know machines, workflows or how they run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from attrs import define, field

from servflow.errors import ExpressionError
from servflow.expressions import Expression
from servflow.integrations._conditions import ecmascript
from servflow.integrations._scxml_names import OURS, OWN_LANGUAGE, SCXML, as_event, as_name, from_name
from servflow.integrations._xml_write import escaped
from servflow.integrations._xml_write import tag as opened
from servflow.model import Span

Spec = Mapping[str, Any]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _script(text: str, *, encoded: bool) -> str | None:
    try:
        return ecmascript(Expression.parse(text), as_name, from_name) if encoded else ecmascript(Expression.parse(text))
    except ExpressionError:  # it calls what only its workflow knows
        return None


@define
class Writer:
    """One chart being written."""

    states: Mapping[str, Spec]
    moves: list[Spec]
    defaults: Mapping[str, list[str]]
    tells_closed: bool
    own: bool = field(init=False)
    encoded: bool = field(init=False)
    numbered: bool = field(init=False)
    conditions: dict[str, str] = field(factory=dict, init=False)
    arms: dict[str, list[tuple[int, int, bool]]] = field(factory=dict, init=False)
    """State -> its transitions: which of the list, which of its sources, and whether that is ``*``."""

    def __attrs_post_init__(self) -> None:
        everything = list(self._all(self.states))
        events = [name for move in self.moves for name in _listed(move.get("event") and str(move["event"]).split())]
        # Encoded where a name would not do, and where it would be taken for an encoded one.
        self.encoded = any(as_name(name) != name for name in everything) or any(as_event(name) != name for name in events)
        texts = {str(move["when"]) for move in self.moves if move.get("when") is not None}
        scripts = {text: _script(text, encoded=self.encoded) for text in sorted(texts)}
        self.own = None in scripts.values()
        self.conditions = {text: text if self.own else script or "" for text, script in scripts.items()}
        self._place_arms()
        order = [index for name in everything for index, _, _ in self.arms.get(name, ())]
        self.numbered = order != list(range(len(self.moves))) or any(arm[2] for arms in self.arms.values() for arm in arms)

    def _all(self, states: Mapping[str, Spec]) -> Iterator[str]:
        # Charts are at most fifty deep, so this may call itself.
        for name, spec in states.items():
            yield name
            yield from self._all(spec.get("states") or {})

    def _place_arms(self) -> None:
        anywhere: list[tuple[int, int, bool]] = []
        for index, move in enumerate(self.moves):
            for place, source in enumerate(_listed(move["source"])):
                if source == "*":
                    anywhere.append((index, place, True))
                else:
                    self.arms.setdefault(source, []).append((index, place, False))
        for top in self.states if anywhere else ():
            self.arms[top] = [*self.arms.get(top, ()), *anywhere]

    def _id(self, name: str) -> str:
        return as_name(name) if self.encoded else name

    def _ids(self, value: Any) -> str | None:
        names = _listed(value)
        return " ".join(map(self._id, names)) if names else None

    # parts ------------------------------------------------------------------------------------------------------

    def document(self, name: str | None, initial: Any) -> str:
        """The whole document."""
        body = list(self._states(self.states, "  "))
        extra = any("servflow:" in line for line in body)
        attributes = {
            "xmlns": SCXML,
            "xmlns:servflow": OURS if extra or self.encoded else None,
            "version": "1.0",
            "name": None if name is None else as_name(name),
            "initial": self._ids(initial),
            "datamodel": (OWN_LANGUAGE if self.own else "ecmascript") if self.conditions else None,
            "servflow:ids": "encoded" if self.encoded else None,
        }
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', opened("scxml", attributes, closed=False), *body, "</scxml>"]
        return "\n".join(lines) + "\n"

    def _states(self, states: Mapping[str, Spec], indent: str) -> Iterator[str]:
        for name, spec in states.items():
            tag, attributes = self._head(name, spec)
            body = list(self._body(name, spec, f"{indent}  "))
            yield indent + opened(tag, attributes, closed=not body)
            if body:
                yield from body
                yield f"{indent}</{tag}>"

    def _head(self, name: str, spec: Spec) -> tuple[str, dict[str, str | None]]:
        attributes: dict[str, str | None] = {"id": self._id(name)}
        initial = self._ids(spec.get("initial"))
        closed = "true" if spec.get("closed") else None
        if self.tells_closed and spec.get("final") and not closed and name in self.states:
            closed = "false"
        if spec.get("history"):
            return "history", {**attributes, "type": spec["history"]}
        if spec.get("parallel"):
            return "parallel", {**attributes, "servflow:initial": initial, "servflow:closed": closed}
        return (
            "final" if spec.get("final") else "state",
            {**attributes, "initial": initial, "servflow:closed": closed},
        )

    def _body(self, name: str, spec: Spec, indent: str) -> Iterator[str]:
        if spec.get("history"):
            yield indent + opened("transition", {"target": self._ids(self.defaults[name])}, closed=True)
        yield from self._timers(name, spec, indent)
        for index, place, anywhere in self.arms.get(name, ()):
            # SCXML has no transitions out of a final state, nor those that do nothing without being asked.
            plain = not spec.get("final") and any(self.moves[index].get(key) for key in ("event", "when", "target"))
            tag = "transition" if plain else "servflow:transition"
            yield from self._transition(index, place, indent, tag=tag, anywhere=anywhere)
        yield from self._states(spec.get("states") or {}, indent)

    def _timers(self, name: str, spec: Spec, indent: str) -> Iterator[str]:
        timers = list(spec.get("timers") or ())
        if not timers:
            return
        yield f"{indent}<onentry>"
        for number, timer in enumerate(timers):
            span = Span.of(timer["after"])
            # Where a calendar counts, other tools get the same length as it passes.
            length = span.exact or timedelta(days=span.business_days)
            seconds = (
                f"{length // timedelta(milliseconds=1)}ms"
                if length % timedelta(seconds=1)
                else f"{length.total_seconds():.0f}s"
            )
            attributes = {
                "event": str(timer["event"]),
                "delay": seconds,
                "id": f"{self._id(name)}.timer.{number}",
                "servflow:after": span.text,
                "servflow:calendar": timer.get("calendar"),
                "servflow:resume": timer.get("resume"),
            }
            yield f"{indent}  " + opened("send", attributes, closed=True)
        yield f"{indent}</onentry>"
        yield f"{indent}<onexit>"
        for number in range(len(timers)):
            yield f"{indent}  " + opened("cancel", {"sendid": f"{self._id(name)}.timer.{number}"}, closed=True)
        yield f"{indent}</onexit>"

    def _transition(self, index: int, place: int, indent: str, *, tag: str, anywhere: bool) -> Iterator[str]:
        move = self.moves[index]
        events = None if move.get("event") is None else str(move["event"]).split()
        when = move.get("when")
        internal = bool(move.get("internal"))
        attributes = {
            "event": None if events is None else " ".join(map(as_event, events) if self.encoded else events),
            "cond": None if when is None else self.conditions[str(when)],
            "target": self._ids(move.get("target")),
            # From the top of one state it would stay inside, which a transition from anywhere does not.
            "type": "internal" if internal and not anywhere else None,
            "servflow:row": str(index) if self.numbered else None,
            "servflow:place": str(place) if self.numbered and place else None,
            "servflow:any": "true" if anywhere else None,
            "servflow:internal": "true" if internal and anywhere else None,
        }
        updates = list(move.get("do") or ())
        yield indent + opened(tag, attributes, closed=not updates)
        for action in updates:
            event = action.get("emit")
            if isinstance(event, str):
                yield f"{indent}  " + opened("raise", {"event": event}, closed=True)
            else:
                yield f"{indent}  <servflow:do>{escaped(json.dumps(action, ensure_ascii=False))}</servflow:do>"
        if updates:
            yield f"{indent}</{tag}>"
