"""Knows what executable content of SCXML becomes; must not know where in a chart it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from attrs import define, field

from servflow.errors import TimeError
from servflow.integrations._conditions import NotReadable, Reader
from servflow.integrations._scxml_names import CONTENT, OURS, SCXML
from servflow.integrations._xml import Element
from servflow.model import ACTIONS, Span

_DELAY = re.compile(r"\s*'?\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*'?\s*", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_NO_TIME = timedelta()
_INTERNAL = "#_internal"


@define
class Content:
    """Gathers what blocks of content do: updates, timers, calls, and what has no place in a definition."""

    reader: Reader
    problem: Callable[..., None]
    heard: Callable[[str], bool]
    calls: dict[str, None] = field(factory=dict)
    dropped: dict[str, None] = field(factory=dict)

    def actions(self, block: Element, where: str) -> list[dict[str, Any]]:
        """The updates that a block amounts to, in order."""
        return [action for element in block.children if (action := self._action(element, where)) is not None]

    def timers(self, block: Element, cancelled: frozenset[str], where: str) -> tuple[list[dict[str, Any]], Element]:
        """The delayed events of ``onentry``, which are timers of the state; and the block without them."""
        found, rest = [], Element(block.space, block.name, block.attributes, block.line)
        for element in block.children:
            timer = self._timer(element)
            if timer is None:
                rest.children.append(element)
                continue
            if not self.heard(timer["event"]):
                self.drop(f"the delayed event {timer['event']} of {where}, which no transition takes (line {element.line})")
                continue
            if element.attributes.get("id", "") not in cancelled:
                self.drop(f"that {timer['event']} comes even where {where} was left before (line {element.line})")
            found.append(timer)
        return found, rest

    def without_cancels(self, block: Element) -> Element:
        """A block without its ``cancel`` elements: a timer ends with its state by itself."""
        kept = [element for element in block.children if (element.space, element.name) != (SCXML, "cancel")]
        return Element(block.space, block.name, block.attributes, block.line, kept)

    def drop(self, what: str) -> None:
        """Note what a definition cannot do."""
        self.dropped[what] = None

    def _timer(self, element: Element) -> dict[str, Any] | None:
        given = element.attributes
        delay = given.get("delay") or given.get("delayexpr")
        if (element.space, element.name) != (SCXML, "send") or delay is None or "event" not in given or "target" in given:
            return None
        written = given.get(f"{OURS} after")
        match = _DELAY.fullmatch(delay)
        try:
            if written is None:
                if match is None or len(match[1]) > 12:
                    return None
                written = Span.of(timedelta(seconds=float(match[1]) * _SECONDS[match[2]])).text
            elif Span.of(written).exact < _NO_TIME:
                return None
        except (TimeError, OverflowError):
            return None
        timer = {"after": written, "event": given["event"]}
        for key in ("calendar", "resume"):
            if f"{OURS} {key}" in given:
                timer[key] = given[f"{OURS} {key}"]
        return timer

    def _action(self, element: Element, where: str) -> dict[str, Any] | None:
        given, name = element.attributes, element.name
        if element.space == OURS and name == "do":
            return self._own(element)
        if element.space != SCXML:
            self.calls[name] = None
            return {"call": name}
        if name == "raise" and given.get("event"):
            return {"emit": given["event"]}
        if name == "send" and given.get("event") and not {"delay", "delayexpr"} & set(given):
            return self._send(element, given["event"])
        if name == "assign" and given.get("location", "").isidentifier() and "expr" in given:
            try:
                value = self.reader.value(given["expr"])
            except NotReadable:
                pass  # told as dropped, with what else cannot be kept
            else:
                self.reader.note(given["location"], self.reader.kind_of(given["expr"]) or "any")
                return {"set": {given["location"]: value}}
        if name not in CONTENT:
            self.problem("scxml.element", element, tag=name, parent="executable content", known=CONTENT)
        else:
            self.drop(f"<{name}> {where} (line {element.line})")
        return None

    def _send(self, element: Element, event: str) -> dict[str, Any]:
        """An event to the chart itself is one that the ticket raises; to anybody else it is for the host to send."""
        given = element.attributes
        own = {"target", "targetexpr", "type", "typeexpr"}.isdisjoint(given) and self.heard(event)
        if own or given.get("target") == _INTERNAL:
            if element.children or "namelist" in given:
                self.drop(f"what the event {event} carries, which the chart sends itself (line {element.line})")
            return {"emit": event}
        self.calls[event] = None
        return {"call": event}

    def _own(self, element: Element) -> dict[str, Any] | None:
        try:
            read = json.loads("".join(element.text))
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict) or len(read) != 1 or next(iter(read)) not in ACTIONS:
            self.problem("scxml.update", element, known=ACTIONS)
            return None
        if "call" in read:
            name = read["call"]["name"] if isinstance(read["call"], dict) and "name" in read["call"] else read["call"]
            self.calls[str(name)] = None
        return read


def cancelled(blocks: Iterable[Element]) -> frozenset[str]:
    """The ids of the delayed events that these blocks cancel."""
    inside = (element for block in blocks for element in block.children)
    return frozenset(element.attributes.get("sendid", "") for element in inside if element.name == "cancel") - {""}
