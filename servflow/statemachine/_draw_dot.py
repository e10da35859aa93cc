"""Knows how a picture is written for Graphviz; must not know what its states mean to a host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from servflow.statemachine._chart import HISTORIES, ROOT, Kind
from servflow.statemachine._picture import FILLS, Picture, cut, wrapped

_MOST_LABEL = 240
_WIDTH = 40


def _plain(text: str) -> str:
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return shown.replace("\\", "\\\\").replace('"', '\\"')


def _text(lines: Iterable[str], end: str = "\\n") -> str:
    """Lines as one quoted label; *end* ends each line but the last of a centred label (``\\l`` ends all, to the left)."""
    shown = [_plain(line) for line in lines]
    return '"' + ("".join(line + end for line in shown) if end == "\\l" else end.join(shown)) + '"'


def dot(picture: Picture) -> str:
    """The picture as a ``digraph``."""
    chart = picture.chart
    lines = ["digraph machine {", "    compound=true;", '    node [shape=box, style="rounded"];']
    if any(ROOT in row.sources for row in chart.rows):
        lines.append('    s0 [label="any state", shape=plaintext];')
    lines.extend(_block(picture, ROOT, "    ", picture.toned()))
    for edge in picture.edges():
        target = edge.source if edge.target is None else edge.target
        lines.append(f"    {_edge(picture, edge.source, target, edge.text)}")
    for node, kind in enumerate(chart.kind):
        if kind in HISTORIES:
            lines.extend(f"    {_edge(picture, node, target, 'default')}" for target in chart.entry[node])
    for node in range(1, len(chart.ids)):
        if notes := picture.notes(node):
            lines.append(f'    n{node} [shape=note, style="filled", fillcolor="#fffbe6", label={_text(notes, chr(92) + "l")}];')
            inner = f", lhead=cluster_s{node}" if picture.inside(node) else ""
            lines.append(f"    n{node} -> {_anchor(picture, node)} [style=dotted, arrowhead=none{inner}];")
    return "\n".join([*lines, "}"]) + "\n"


def _block(picture: Picture, node: int, indent: str, tones: dict[int, str]) -> Iterator[str]:
    chart = picture.chart
    if chart.kind[node] is not Kind.PARALLEL:
        yield f'{indent}i{node} [shape=point, label=""];'
        yield from (f"{indent}i{node} -> {_anchor(picture, target)};" for target in chart.entry[node])
    for child in picture.inside(node):
        title = f"label={_text(picture.title(child))}"
        fill = FILLS[tones[child]] if child in tones else ""
        double = picture.doubled(child)
        if picture.inside(child):
            yield f"{indent}subgraph cluster_s{child} {{"
            dashed = "dashed" if chart.kind[node] is Kind.PARALLEL else "rounded"
            style = f'style="{dashed}{",filled" if fill else ""}"; fillcolor="{fill or "none"}";'
            # A cluster has one border only; a heavy one stands for two.
            yield f"{indent}    {title}; {style}{' penwidth=3;' if double else ''}"
            yield from _block(picture, child, f"{indent}    ", tones)
            yield f"{indent}}}"
            continue
        shape = ", peripheries=2" if double else ", shape=circle" if chart.kind[child] in HISTORIES else ""
        filled = f', style="rounded,filled", fillcolor="{fill}"' if fill else ""
        yield f"{indent}s{child} [{title}{shape}{filled}];"


def _anchor(picture: Picture, node: int) -> str:
    # Graphviz draws edges between nodes only: one to a cluster ends at its first leaf and is cut at its border.
    while node != ROOT and picture.inside(node):
        node = picture.inside(node)[0]
    return f"s{node}"


def _edge(picture: Picture, source: int, target: int, text: str) -> str:
    parts = [f"label={_text(wrapped(cut(text, _MOST_LABEL), _WIDTH))}"]
    if target != ROOT and picture.inside(target):
        parts.append(f"lhead=cluster_s{target}")
    if source != ROOT and picture.inside(source):
        parts.append(f"ltail=cluster_s{source}")
    return f"{_anchor(picture, source)} -> {_anchor(picture, target)} [{', '.join(parts)}];"
