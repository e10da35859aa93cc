"""Knows the words of SCXML and how ids are written as XML names; must not know what is read or written with them."""

from __future__ import annotations

import re
from collections.abc import Mapping

SCXML = "http://www.w3.org/2005/07/scxml"
OURS = "urn:servflow:scxml"
"""The namespace of what servflow says beyond SCXML, which other tools pass over."""

OWN_LANGUAGE = "x-servflow"
"""What ``datamodel`` says where conditions are servflow's own expressions."""

STATES = ("state", "parallel", "final", "history")
CONTENT = ("raise", "if", "foreach", "log", "assign", "script", "send", "cancel")

INSIDE: Mapping[str, tuple[str, ...]] = {
    "scxml": ("state", "parallel", "final", "datamodel", "script"),
    "state": ("onentry", "onexit", "transition", "initial", *STATES, "datamodel", "invoke"),
    "parallel": ("onentry", "onexit", "transition", "state", "parallel", "history", "datamodel", "invoke"),
    "final": ("onentry", "onexit", "donedata"),
    "history": ("transition",),
    "initial": ("transition",),
    "transition": CONTENT,
    "onentry": CONTENT,
    "onexit": CONTENT,
}
"""Element -> the elements that may stand in it, as far as they are looked at."""

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "scxml": ("initial", "name", "version", "datamodel", "binding", "exmode"),
    "state": ("id", "initial", "src"),
    "parallel": ("id", "src"),
    "final": ("id",),
    "history": ("id", "type"),
    "initial": (),
    "transition": ("event", "cond", "target", "type"),
    "onentry": (),
    "onexit": (),
}

_START = re.compile(r"[A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u3001-\ud7ff\uf900-\ufdcf]")
_REST = re.compile(r"[-.0-9A-Z_a-z\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u1fff\u3001-\ud7ff\uf900-\ufdcf]")
_ESCAPED = re.compile(r"_x([0-9A-F]{4,6})_")
DONE = "done.state."


def as_name(text: str) -> str:
    """A text as an XML name, other signs written ``_xHHHH_``; ``from_name`` gives the text back."""
    found = []
    for place, sign in enumerate(text):
        fits = (_START if not place else _REST).match(sign)
        looks = sign == "_" and _ESCAPED.match(text, place)
        found.append(sign if fits and not looks else f"_x{ord(sign):04X}_")
    return "".join(found)


def from_name(name: str) -> str:
    """The text that ``as_name`` wrote; a number that stands for no character is left as it is."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if int(found[1], 16) <= 0x10FFFF else found[0], name)


def as_event(event: str) -> str:
    """An event with the id in ``done.state.<id>`` written as that of the state."""
    return DONE + as_name(event.removeprefix(DONE)) if event.startswith(DONE) else event


def from_event(event: str) -> str:
    """The event that ``as_event`` wrote."""
    return DONE + from_name(event.removeprefix(DONE)) if event.startswith(DONE) else event
