"""Knows as much of Mermaid's and Graphviz' grammar as drawings use, and refuses everything else; must not know the package."""

from __future__ import annotations

import re

# Mermaid swaps #N; for a placeholder before it reads anything, so nothing in a text can mean something once it is so written.
_ENTITY = re.compile(r"#\w+;")
# A rule of Mermaid's lexer that takes a whole line for it, wherever the words stand in it.
_DIRECTION = re.compile(r".*direction\s+(?:TB|BT|RL|LR)", re.IGNORECASE)
_BREAK = "<br/>"

_MERMAID = {
    "state": re.compile(r'state "(?P<text>[^"]*)" as (?P<id>\w+)'),
    "open": re.compile(r'state "(?P<text>[^"]*)" as (?P<id>\w+) \{'),
    "close": re.compile(r"\}"),
    "regions": re.compile(r"--"),
    "edge": re.compile(r"(?P<a>\w+|\[\*\]) --> (?P<b>\w+|\[\*\])(?: : (?P<text>[^:;\n]+))?"),
    "classDef": re.compile(
        r"classDef (?P<id>\w+) fill:#[0-9a-f]{6},stroke-width:\d+px|classDef (?P<other>\w+) stroke-width:\d+px"
    ),
    "class": re.compile(r"class (?P<ids>\w+(?:,\w+)*) (?P<id>\w+)"),
}
_SIGNIFICANT = re.compile(r"[<>\[\]{}`|\\%\"]")


def read_mermaid(text: str) -> tuple[list[str], list[str]]:
    """
    The kinds of the lines of a state diagram with the ids in them, and every text in it.

    Raises:
        AssertionError: a line is none that a drawing has, blocks do not close, or an id was not declared.
    """
    lines = _ENTITY.sub("\x00", text).splitlines()
    assert lines[0] == "stateDiagram-v2"
    skeleton, texts, declared, used = [], [], {"[*]"}, set()
    depth, note = 0, False
    for line in lines[1:]:
        assert not _DIRECTION.match(line) or note, line
        stripped = line.strip()
        if note:
            note = stripped != "end note"
            assert "end note" not in line.lower() or not note, line
            texts.append("" if not note else stripped)
            continue
        found = re.fullmatch(r"note right of (\w+)", stripped)
        if found:
            note = True
            used.add(found[1])
            skeleton.append(f"note {found[1]}")
            continue
        kind, match = next(
            ((kind, match) for kind, pattern in _MERMAID.items() if (match := pattern.fullmatch(stripped))), ("", None)
        )
        assert match is not None, f"no line of a drawing: {line!r}"
        groups = match.groupdict()
        texts.append((groups.pop("text", None) or "").replace(_BREAK, " "))
        depth += {"open": 1, "close": -1}.get(kind, 0)
        assert depth >= 0
        if kind in ("state", "open"):
            assert groups["id"] not in declared
            declared.add(groups["id"])
        elif kind == "edge":
            used |= {groups["a"], groups["b"]}
        elif kind == "class":
            used |= set(groups["ids"].split(","))
        skeleton.append(f"{kind} {groups}")
    assert (depth, note) == (0, False)
    assert used <= declared
    assert [] == [said for said in texts if _SIGNIFICANT.search(said)]
    return skeleton, texts


def read_dot(text: str) -> str:
    """
    A graph with every quoted text taken out.

    Raises:
        AssertionError: what is left holds a sign that graphs here have only inside quotes, or braces do not close.
    """
    bare = re.sub(r'"(?:[^"\\\n]|\\.)*"', "T", text)
    assert '"' not in bare
    assert re.fullmatch(r"[\w\s\[\]{},;=>.#-]*", bare), bare
    depth = 0
    for sign in bare:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    assert depth == 0
    declared = set(re.findall(r"^\s*(\w+) \[", bare, re.MULTILINE)) | {"T"}
    assert set(re.findall(r"(\w+) -> ", bare)) | set(re.findall(r" -> (\w+)", bare)) <= declared
    return bare


def read_markdown(text: str) -> list[int]:
    """How many cells each line of tables has; lines that are no table count 0."""
    return [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines()]
