"""Knows how a picture is written as a Mermaid state diagram; must not know what its states mean to a host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from servflow.statemachine._chart import ROOT, Chart, Kind
from servflow.statemachine._picture import FILLS, Edge, Picture, cut

_MOST_LABEL = 120

# Words that Mermaid's lexer looks for anywhere in a line or a note, whatever stands around them.
_WORDS = re.compile(r"direction|end(?=\s*note)", re.IGNORECASE)


def _text(text: str) -> str:
    # Mermaid reads #N; as the character with that number; whatever could mean something to it is written so.
    words = {found.start() for found in _WORDS.finditer(text)}
    return "".join(
        _entity(sign) if place in words or not (sign.isalnum() or sign in " _.,-()/=*+→…") else sign
        for place, sign in enumerate(text)
    )


def _entity(sign: str) -> str:
    return " " if sign.isspace() or not sign.isprintable() else f"#{ord(sign)};"


def _tail(text: str) -> str:
    shown = _text(text).strip()
    return f" : {shown}" if shown else ""


def _lifted(chart: Chart, edge: Edge) -> tuple[int, int, int, str]:
    """
    The block an edge is drawn in, its two ends there, and its text.

    Mermaid cannot draw an edge between the insides of two blocks, nor from a block into itself or between regions.
    Such an edge runs between the blocks around its ends, and its text tells the ends.
    """
    source, target = edge.source, edge.source if edge.target is None else edge.target
    ends = source, target
    if source == ROOT:
        while target != ROOT and chart.parent[target] != ROOT:
            target = chart.parent[target]
    elif source != target:
        above = set(chart.chain(source))
        common = next(node for node in chart.chain(target) if node in above)
        if common in ends or chart.kind[common] is Kind.PARALLEL:
            source = target = common
        else:
            source, target = (next(node for node in chart.chain(end) if chart.parent[node] == common) for end in ends)
    block = ROOT if source == ROOT else chart.parent[source]
    text = cut(edge.text, _MOST_LABEL)
    if target != ends[1] or source != ends[0]:
        told = chart.ids[ends[1]] if source == ends[0] else f"{chart.ids[ends[0]]} → {chart.ids[ends[1]]}"
        text = f"{text} → {told}" if source == ends[0] else f"{text} ({told})"
    return block, source, target, text.strip()


def mermaid(picture: Picture) -> str:
    """The picture as a ``stateDiagram-v2``."""
    chart = picture.chart
    drawn: dict[int, list[str]] = {}
    for edge in picture.edges():
        block, source, target, text = _lifted(chart, edge)
        start = "any" if source == ROOT else f"s{source}"
        tail = _tail(text)
        drawn.setdefault(block, []).append(f"{start} --> s{target}{tail}" if target != ROOT else f"{start} --> any{tail}")
    lines = ["stateDiagram-v2"]
    if any(ROOT in row.sources for row in chart.rows):
        lines.append('    state "any state" as any')
    lines.extend(_block(picture, ROOT, "    ", drawn))
    lines.extend(_classes(picture))
    return "\n".join(lines) + "\n"


def _classes(picture: Picture) -> Iterator[str]:
    tones = picture.toned()
    for tone, fill in FILLS.items():
        nodes = [f"s{node}" for node, given in tones.items() if given == tone]
        if nodes:
            yield f"    classDef {tone} fill:{fill},stroke-width:3px"
            yield f"    class {','.join(nodes)} {tone}"
    doubled = [f"s{node}" for node, name in enumerate(picture.chart.ids) if node != ROOT and name in picture.look.doubled]
    if doubled:
        # A rectangle of Mermaid has one border only; a heavy one stands for two.
        yield "    classDef doubled stroke-width:5px"
        yield f"    class {','.join(doubled)} doubled"


def _block(picture: Picture, node: int, indent: str, drawn: dict[int, list[str]]) -> Iterator[str]:
    chart = picture.chart
    regions = chart.kind[node] is Kind.PARALLEL
    for position, child in enumerate(picture.inside(node)):
        if regions and position:
            yield f"{indent}--"
        title = "<br/>".join(map(_text, picture.title(child)))
        head = f'{indent}state "{title}" as s{child}'
        if not picture.inside(child):
            yield head
        else:
            yield f"{head} {{"
            yield from _block(picture, child, f"{indent}    ", drawn)
            yield f"{indent}}}"
        if notes := picture.notes(child):
            yield f"{indent}note right of s{child}"
            yield from (f"{indent}    {_text(line).strip() or '-'}" for line in notes)
            yield f"{indent}end note"
        if chart.kind[child] is Kind.FINAL:
            yield f"{indent}s{child} --> [*]"
    if not regions:
        for target in chart.entry[node]:
            yield indent + "[*] --> s{}{}".format(*_entry_end(chart, node, target))
    for child in chart.histories[node]:
        for target in chart.entry[child] if not regions else ():
            yield indent + f"s{child} --> " + "s{}{}".format(*_entry_end(chart, node, target, "default"))
    yield from (indent + line for line in drawn.get(node, ()))


def _entry_end(chart: Chart, node: int, target: int, text: str = "") -> tuple[int, str]:
    end = target
    while chart.parent[end] != node:
        end = chart.parent[end]
    if end != target:
        text = f"{text} → {chart.ids[target]}".strip()
    return end, _tail(text)
