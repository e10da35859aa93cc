"""
Knows which elements and attributes the W3C schema of SCXML lets stand where; must not know the package.

After chapter 3 of the Recommendation, as far as structure and delayed events go. Elements and attributes of another
namespace may stand anywhere, as the schema has it.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

SPACE = "{http://www.w3.org/2005/07/scxml}"
NAME = re.compile(r"[^\W\d][\w.\-\u00b7]*")

_CONTENT = {"raise", "send", "cancel"}
CHILDREN = {
    "scxml": {"state", "parallel", "final", "datamodel", "script"},
    "state": {"onentry", "onexit", "transition", "initial", "state", "parallel", "final", "history", "datamodel", "invoke"},
    "parallel": {"onentry", "onexit", "transition", "state", "parallel", "history", "datamodel", "invoke"},
    "final": {"onentry", "onexit", "donedata"},
    "history": {"transition"},
    "transition": _CONTENT,
    "onentry": _CONTENT,
    "onexit": _CONTENT,
    "raise": set(),
    "send": set(),
    "cancel": set(),
}
ATTRIBUTES = {
    "scxml": {"initial", "name", "version", "datamodel", "binding"},
    "state": {"id", "initial"},
    "parallel": {"id"},
    "final": {"id"},
    "history": {"id", "type"},
    "transition": {"event", "cond", "target", "type"},
    "raise": {"event"},
    "send": {"event", "delay", "id"},
    "cancel": {"sendid"},
}


def problems(text: str) -> list[str]:
    """What the schema would say against a document."""
    root = ET.fromstring(text.encode())
    found = [] if root.tag == f"{SPACE}scxml" and root.get("version") == "1.0" else ["root"]
    elements = [element for element in root.iter() if element.tag.startswith(SPACE)]
    ids = [element.get("id") for element in elements if element.get("id") is not None]
    states = {
        element.get("id")
        for element in elements
        if element.tag.removeprefix(SPACE) in ("state", "parallel", "final", "history")
    }
    found += [f"id {name!r} twice" for name in ids if ids.count(name) > 1]
    found += [f"id {name!r}" for name in ids if name is None or not NAME.fullmatch(name)]
    for element in elements:
        name = element.tag.removeprefix(SPACE)
        own = [child.tag.removeprefix(SPACE) for child in element if child.tag.startswith(SPACE)]
        found += [f"{child} in {name}" for child in own if child not in CHILDREN[name]]
        found += [f"@{key} of {name}" for key in element.attrib if "}" not in key and key not in ATTRIBUTES.get(name, set())]
        for key in ("initial", "target"):
            if element.get(key) is not None:
                found += [f"{key} {to!r}" for to in element.get(key, "").split() or ["nothing"] if to not in states]
        if name == "history":
            found += ["history without a transition"] if own != ["transition"] else []
        if name == "parallel" and not {"state", "parallel"} & set(own):
            found.append("parallel without a region")
        if name == "transition" and element.get("type", "external") not in ("internal", "external"):
            found.append("type of a transition")
    return found
