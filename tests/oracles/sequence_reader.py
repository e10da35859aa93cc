"""Knows as much of Mermaid's sequence diagrams as plans use, and refuses everything else; must not know the package."""

from __future__ import annotations

import re

# Mermaid swaps #N; for a placeholder before it reads anything, so nothing in a text can mean something once it is so written.
_ENTITY = re.compile(r"#(\d+);")
_LINES = (
    ("participant", re.compile(r"    participant (?P<a>\w+) as (?P<text>[^#;:<>\n]+)")),
    ("note", re.compile(r"    Note over (?P<a>\w+): (?P<text>[^#;<>\n]+)")),
    ("arrow", re.compile(r"    (?P<a>\w+)(?:->>|--x)(?P<b>\w+): (?P<text>[^#;<>\n]+)")),
)


def read_sequence(text: str) -> list[tuple[str, str, str, str]]:
    """
    Every line as (kind, from, to, text), texts as Mermaid shows them.

    Raises:
        AssertionError: a line is none that a drawing has, or somebody takes part who was not declared.
    """
    first, *lines = text.splitlines()
    assert "sequenceDiagram" == first
    found, declared = [], set()
    for line in lines:
        written: list[str] = []

        def hidden(match: re.Match[str], written: list[str] = written) -> str:
            written.append(chr(int(match[1])))
            return "\x00"

        shape = _ENTITY.sub(hidden, line)
        kind, match = next(((kind, match) for kind, rule in _LINES if (match := rule.fullmatch(shape))), ("", None))
        assert match is not None, line
        a, b = match["a"], match.groupdict().get("b") or match["a"]
        if kind == "participant":
            assert a not in declared, line
            declared.add(a)
        assert {a, b} <= declared, line
        parts = match["text"].split("\x00")
        found.append((kind, a, b, "".join(part + sign for part, sign in zip(parts, [*written, ""], strict=True))))
    return found
