"""Knows how a chart is drawn as text for three readers; must not know what its states mean to a host."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from attrs import frozen

from servflow.errors import InputError, nearest
from servflow.statemachine._chart import HISTORIES, ROOT, Chart, Kind, Row
from servflow.statemachine._machine import Machine

FORMATS = ("mermaid", "dot", "table")
_FILL = "#ffe08a"


@frozen
class _Edge:
    """A transition from one source to one target, or to none, as a drawing has it."""

    source: int
    target: int | None
    text: str


@frozen
class _Picture:
    """What all drawings share: the chart, what is written on transitions, what stands out."""

    chart: Chart
    labels: Callable[[int], str] | None
    marked: frozenset[str]

    def label(self, position: int) -> str:
        row = self.chart.rows[position]
        if self.labels is not None:
            text = self.labels(position)
        else:
            text = " ".join(row.events or ())
            if row.guard is not None:
                text = f"{text} [{row.guard.text}]".strip()
        if not row.targets:
            return f"{text} (stays)".strip()
        return f"{text} (internal)".strip() if row.internal else text

    def edges(self) -> Iterator[_Edge]:
        for position, row in enumerate(self.chart.rows):
            text = self.label(position)
            for source in row.sources:
                for target in row.targets or (None,):
                    yield _Edge(source, target, text)

    def marked_nodes(self) -> list[int]:
        return [node for node, name in enumerate(self.chart.ids) if node != ROOT and name in self.marked]

    def inside(self, node: int) -> list[int]:
        return sorted(self.chart.children[node] + self.chart.histories[node])

    def title(self, node: int) -> str:
        name = self.chart.ids[node]
        kind = self.chart.kind[node]
        if kind in HISTORIES:
            return f"{'H*' if kind is Kind.DEEP else 'H'} {name}"
        return name


def draw(
    machine: Machine,
    format: str = "mermaid",  # noqa: A002 - the word users type, in Python as on the command line
    *,
    labels: Callable[[int], str] | None = None,
    marked: Collection[str] = (),
) -> str:
    """
    The machine as text, drawn from the very tables that steps run on.

    Ids and labels are escaped, so a definition from outside cannot add lines, links or markup to the drawing.

    Args:
        machine: what to draw.
        format: ``mermaid`` (a stateDiagram-v2), ``dot`` (Graphviz) or ``table`` (Markdown, one line per transition).
        labels: what to write on a transition, by its index; its events and condition if None.
        marked: ids of states to stand out, such as those of a configuration; unknown ones are ignored.

    Raises:
        InputError: no such format.
    """
    picture = _Picture(machine._chart, labels, frozenset(marked))
    if format == "mermaid":
        return _mermaid(picture)
    if format == "dot":
        return _dot(picture)
    if format == "table":
        return _table(picture)
    close = nearest(str(format), FORMATS)
    raise InputError(
        f"no drawing in format {str(format)[:50]!r}; there are {', '.join(FORMATS)}",
        code="machine.format",
        format=format,
        nearest=close,
    )


# Mermaid --------------------------------------------------------------------------------------------------------


def _mermaid_text(text: str) -> str:
    # Mermaid reads #N; as the character with that number; whatever could mean something to it is written so.
    return "".join(sign if sign.isalnum() or sign in " _.,-()/=*+→" else _entity(sign) for sign in text)


def _entity(sign: str) -> str:
    return " " if sign.isspace() or not sign.isprintable() else f"#{ord(sign)};"


def _lifted(chart: Chart, edge: _Edge) -> tuple[int, int, int, str]:
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
    text = edge.text
    if target != ends[1] or source != ends[0]:
        told = chart.ids[ends[1]] if source == ends[0] else f"{chart.ids[ends[0]]} → {chart.ids[ends[1]]}"
        text = f"{text} → {told}" if source == ends[0] else f"{text} ({told})"
    return block, source, target, text.strip()


def _mermaid(picture: _Picture) -> str:
    chart = picture.chart
    drawn: dict[int, list[str]] = {}
    for edge in picture.edges():
        block, source, target, text = _lifted(chart, edge)
        start = "any" if source == ROOT else f"s{source}"
        tail = f" : {_mermaid_text(text)}" if text else ""
        drawn.setdefault(block, []).append(f"{start} --> s{target}{tail}" if target != ROOT else f"{start} --> any{tail}")
    lines = ["stateDiagram-v2"]
    if any(ROOT in row.sources for row in chart.rows):
        lines.append('    state "any state" as any')
    lines.extend(_mermaid_block(picture, ROOT, "    ", drawn))
    marked = picture.marked_nodes()
    if marked:
        lines.append(f"    classDef marked fill:{_FILL},stroke-width:3px")
        lines.append(f"    class {','.join(f's{node}' for node in marked)} marked")
    return "\n".join(lines) + "\n"


def _mermaid_block(picture: _Picture, node: int, indent: str, drawn: dict[int, list[str]]) -> Iterator[str]:
    chart = picture.chart
    regions = chart.kind[node] is Kind.PARALLEL
    for position, child in enumerate(picture.inside(node)):
        if regions and position:
            yield f"{indent}--"
        head = f'{indent}state "{_mermaid_text(picture.title(child))}" as s{child}'
        if not picture.inside(child):
            yield head
        else:
            yield f"{head} {{"
            yield from _mermaid_block(picture, child, f"{indent}    ", drawn)
            yield f"{indent}}}"
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
    return end, f" : {_mermaid_text(text)}" if text else ""


# Graphviz -------------------------------------------------------------------------------------------------------


def _dot_text(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _dot(picture: _Picture) -> str:
    chart = picture.chart
    lines = ["digraph machine {", "    compound=true;", '    node [shape=box, style="rounded"];']
    if any(ROOT in row.sources for row in chart.rows):
        lines.append('    s0 [label="any state", shape=plaintext];')
    lines.extend(_dot_block(picture, ROOT, "    "))
    for edge in picture.edges():
        target = edge.source if edge.target is None else edge.target
        lines.append(f"    {_dot_edge(picture, edge.source, target, edge.text)}")
    for node, kind in enumerate(chart.kind):
        if kind in HISTORIES:
            lines.extend(f"    {_dot_edge(picture, node, target, 'default')}" for target in chart.entry[node])
    return "\n".join([*lines, "}"]) + "\n"


def _dot_block(picture: _Picture, node: int, indent: str) -> Iterator[str]:
    chart = picture.chart
    if chart.kind[node] is not Kind.PARALLEL:
        yield f'{indent}i{node} [shape=point, label=""];'
        yield from (f"{indent}i{node} -> {_dot_anchor(picture, target)};" for target in chart.entry[node])
    for child in picture.inside(node):
        title = f"label={_dot_text(picture.title(child))}"
        fill = f', style="rounded,filled", fillcolor="{_FILL}"' if chart.ids[child] in picture.marked else ""
        if picture.inside(child):
            yield f"{indent}subgraph cluster_s{child} {{"
            dashed = "dashed" if chart.kind[node] is Kind.PARALLEL else "rounded"
            yield f'{indent}    {title}; style="{dashed}{",filled" if fill else ""}"; fillcolor="{_FILL if fill else "none"}";'
            yield from _dot_block(picture, child, f"{indent}    ")
            yield f"{indent}}}"
            continue
        kind = chart.kind[child]
        shape = ", peripheries=2" if kind is Kind.FINAL else ", shape=circle" if kind in HISTORIES else ""
        yield f"{indent}s{child} [{title}{shape}{fill}];"


def _dot_anchor(picture: _Picture, node: int) -> str:
    # Graphviz draws edges between nodes only: one to a cluster ends at its first leaf and is cut at its border.
    while node != ROOT and picture.inside(node):
        node = picture.inside(node)[0]
    return f"s{node}"


def _dot_edge(picture: _Picture, source: int, target: int, text: str) -> str:
    parts = [f"label={_dot_text(text)}"]
    if target != ROOT and picture.inside(target):
        parts.append(f"lhead=cluster_s{target}")
    if source != ROOT and picture.inside(source):
        parts.append(f"ltail=cluster_s{source}")
    return f"{_dot_anchor(picture, source)} -> {_dot_anchor(picture, target)} [{', '.join(parts)}];"


# Markdown -------------------------------------------------------------------------------------------------------

_MARKUP = re.compile(r"[\\`*\[\]|~#!]|(?<![^\W_])_|_(?![^\W_])")
_LINKS = re.compile(r"[<>&@]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def _table_text(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    plain = _LINKS.sub(lambda found: f"\0{ord(found[0])};", plain)
    return _MARKUP.sub(r"\\\g<0>", plain).replace("\0", "&#")


def _table(picture: _Picture) -> str:
    lines = ["| # | source | event | when | target | note |", "|---|---|---|---|---|---|"]
    for position, row in enumerate(picture.chart.rows):
        cells = [str(position), *_cells(picture, position, row)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cells(picture: _Picture, position: int, row: Row) -> Iterator[str]:
    def named(node: int) -> str:
        if node == ROOT:
            return "any state"
        name = _table_text(picture.chart.ids[node])
        return f"**{name}**" if picture.chart.ids[node] in picture.marked else name

    yield ", ".join(map(named, row.sources))
    if picture.labels is not None:
        yield _table_text(picture.labels(position))
    else:
        yield _table_text(" ".join(row.events or ())) or "-"
    yield _table_text(row.guard.text) if row.guard is not None else "-"
    yield ", ".join(map(named, row.targets)) or "-"
    yield "stays" if not row.targets else "internal" if row.internal else "-"
