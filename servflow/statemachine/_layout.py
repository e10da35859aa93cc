"""Knows where the boxes and lines of a layered drawing lie; must not know what they stand for or how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from attrs import define, field, frozen

SWEEPS = 16
"""How often the order in the layers is gone over, down and up; more changes nothing that the eye sees."""

RELAXED = 90
"""How often the places along the layers are evened out."""

BESIDE, BETWEEN, LABEL_GAP = 22.0, 20.0, 10.0
"""Pixels between neighbours in a layer, between layers, and beside labels and lines that only pass."""

PORT = 20.0
"""Pixels between the ends of two lines at one side of a box."""

Point = tuple[float, float]


@frozen
class Box:
    """What is to be placed: how wide and how high."""

    width: float
    height: float


@frozen
class Line:
    """What joins two boxes, the room its label needs, and how much it matters that it is straight (1 for most)."""

    source: str
    target: str
    label: Box = Box(0, 0)
    weight: float = 1.0


@frozen(kw_only=True)
class Drawn:
    """
    Where everything lies: centres of boxes, points of lines from source to target, centres of labels.

    ``loops`` are the lines from a box to itself, by index; they have no points.
    """

    width: float
    height: float
    places: Mapping[str, Point]
    lines: Mapping[int, tuple[Point, ...]]
    labels: Mapping[int, Point]


@define(eq=False)
class _Node:
    """A box, or the place where a line passes a layer."""

    name: str
    width: float
    height: float
    layer: int = 0
    box: bool = True
    body: float = 0.0
    x: float = 0.0
    up: list[_Node] = field(factory=list)
    down: list[_Node] = field(factory=list)
    pull: dict[int, float] = field(factory=dict)
    index: int = 0


def arrange(boxes: Mapping[str, Box], lines: Sequence[Line], first: str | None = None) -> Drawn:
    """
    Place boxes in layers from top to bottom, with as few crossings as a few sweeps find (Sugiyama, Tagawa and Toda, 1981).

    Every line has a layer between its boxes for its label, so that no two labels lie on each other. Lines that would close
    a circle are laid out the other way round and drawn in their own direction.

    Args:
        boxes: name -> size, in the order that ties are settled by.
        lines: between them; one from a box to itself gets room beside that box.
        first: the box to begin at; the first one where left out.
    """
    if not boxes:
        return Drawn(width=0, height=0, places={}, lines={}, labels={})
    nodes = {name: _Node(name, _with_loop(name, box, lines), box.height, body=box.width) for name, box in boxes.items()}
    turned = _turned(list(boxes), lines, first)
    joined = {
        index: (line.target, line.source) if index in turned else (line.source, line.target)
        for index, line in enumerate(lines)
        if line.source != line.target
    }
    _rank(nodes, list(joined.values()))
    layers, passing, labelled = _layers(nodes, lines, joined)
    _order(layers)
    _place(layers)
    for index in sorted(passing, key=lambda index: (-lines[index].weight, index)):
        _straighten(passing[index], layers)
    return _drawn(layers, nodes, (passing, labelled, turned), lines)


def _with_loop(name: str, box: Box, lines: Sequence[Line]) -> float:
    """Both sides, so that the box stays in the middle of its room."""
    loop = max((line.label.width + 40 for line in lines if line.source == line.target == name), default=0.0)
    return box.width + 2 * loop


def _turned(names: Sequence[str], lines: Sequence[Line], first: str | None) -> set[int]:
    """The lines that lead back to where a walk from the first box is still under way."""
    out: dict[str, list[tuple[int, str]]] = {name: [] for name in names}
    for index, line in enumerate(lines):
        out[line.source].append((index, line.target))
    back: set[int] = set()
    open_, done = set[str](), set[str]()
    for root in [*([first] if first is not None and first in out else []), *names]:
        if root in done:
            continue
        open_.add(root)
        walk = [(root, iter(out[root]))]
        while walk:
            name, rest = walk[-1]
            step = next(rest, None)
            if step is None:
                walk.pop()
                open_.discard(name)
                done.add(name)
            elif step[1] in open_:
                back.add(step[0])
            elif step[1] not in done:
                open_.add(step[1])
                walk.append((step[1], iter(out[step[1]])))
    return back


def _rank(nodes: Mapping[str, _Node], joined: Sequence[tuple[str, str]]) -> None:
    """As deep as the longest way to a box, two layers for every line; then up to what follows where there is slack."""
    above: dict[str, list[str]] = {name: [] for name in nodes}
    below: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in joined:
        above[target].append(source)
        below[source].append(target)
    waiting = {name: len(above[name]) for name in nodes}
    ready = [name for name in nodes if not waiting[name]]
    order: list[str] = []
    while ready:
        name = ready.pop(0)
        order.append(name)
        for other in below[name]:
            nodes[other].layer = max(nodes[other].layer, nodes[name].layer + 2)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for name in reversed(order):
        if not above[name] and below[name] and nodes[name].layer == 0:
            nodes[name].layer = min(nodes[other].layer for other in below[name]) - 2


_Laid = tuple[list[list[_Node]], dict[int, list[_Node]], dict[int, _Node]]


def _layers(nodes: Mapping[str, _Node], lines: Sequence[Line], joined: Mapping[int, tuple[str, str]]) -> _Laid:
    deepest = max(node.layer for node in nodes.values())
    layers: list[list[_Node]] = [[] for _ in range(deepest + 1)]
    for node in nodes.values():
        layers[node.layer].append(node)
    passing: dict[int, list[_Node]] = {}
    labelled: dict[int, _Node] = {}
    for index, (source, target) in joined.items():
        above, below = nodes[source], nodes[target]
        chain = []
        middle = above.layer + 1 + (below.layer - above.layer - 2) // 4 * 2
        for layer in range(above.layer + 1, below.layer):
            label = lines[index].label if layer == middle else Box(0, 0)
            one = _Node(f"{index}:{layer}", max(label.width, 6.0), label.height, layer, box=False)
            if layer == middle:
                labelled[index] = one
            layers[layer].append(one)
            chain.append(one)
        passing[index] = chain
        for left, right in zip([above, *chain], [*chain, below], strict=True):
            left.down.append(right)
            right.up.append(left)
            left.pull[id(right)] = right.pull[id(left)] = lines[index].weight
    return layers, passing, labelled


def _order(layers: list[list[_Node]]) -> None:
    _number(layers)
    best, least = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            middle = {id(node): _middle(node, down) for node in layer}
            layer.sort(key=lambda node: middle[id(node)])
            for index, node in enumerate(layer):
                node.index = index
        count = _crossings(layers)
        if count < least:
            best, least = [list(layer) for layer in layers], count
    layers[:] = best
    _number(layers)


def _number(layers: list[list[_Node]]) -> None:
    for layer in layers:
        for index, node in enumerate(layer):
            node.index = index


def _middle(node: _Node, down: bool) -> float:
    near = node.up if down else node.down
    return sum(other.index for other in near) / len(near) if near else float(node.index)


def _crossings(layers: Sequence[Sequence[_Node]]) -> int:
    total = 0
    for layer in layers:
        ends = [other.index for node in layer for other in sorted(node.down, key=lambda one: one.index)]
        total += sum(left > right for place, left in enumerate(ends) for right in ends[place + 1 :])
    return total


def _gap(left: _Node, right: _Node) -> float:
    beside = BESIDE if left.box and right.box else LABEL_GAP + 4
    return (left.width + right.width) / 2 + beside


def _place(layers: Sequence[Sequence[_Node]]) -> None:
    """Every box as near to what it is joined to as its neighbours let it be; lines that pass are kept straight first."""
    for layer in layers:
        x = 0.0
        for index, node in enumerate(layer):
            x = x + _gap(layer[index - 1], node) if index else node.width / 2
            node.x = x
    widest = max(layer[-1].x + layer[-1].width / 2 for layer in layers)
    for layer in layers:
        shift = (widest - layer[-1].x - layer[-1].width / 2) / 2
        for node in layer:
            node.x += shift
    for turn in range(RELAXED):
        for layer in layers if turn % 2 == 0 else reversed(layers):
            _even(layer, [_wanted(node, turn) for node in layer])


def _straighten(chain: Sequence[_Node], layers: Sequence[Sequence[_Node]]) -> None:
    """Let a line that passes layers go straight as far as what lies beside it leaves a way: one bend rather than many."""
    rest = list(chain)
    while rest:
        low, high, run = -inf, inf, 0
        for node in rest:
            layer = layers[node.layer]
            left = layer[node.index - 1] if node.index else None
            right = layer[node.index + 1] if node.index + 1 < len(layer) else None
            nearer = max(low, -inf if left is None else left.x + _gap(left, node))
            further = min(high, inf if right is None else right.x - _gap(node, right))
            if nearer > further:
                break
            low, high, run = nearer, further, run + 1
        run = max(run, 1)
        middle = sum(node.x for node in rest[:run]) / run
        for node in rest[:run]:
            node.x = min(max(middle, low), high) if low <= high else node.x
        rest = rest[run:]


def _wanted(node: _Node, turn: int) -> tuple[float, float]:
    """Where a node would like to be, and how much that matters."""
    near = node.up + node.down if turn >= RELAXED // 3 else (node.up if turn % 2 == 0 else node.down)
    if not near:
        return node.x, 0.1
    weights = [node.pull[id(other)] * (1.0 if node.box or other.box else 24.0) for other in near]
    return sum(other.x * weight for other, weight in zip(near, weights, strict=True)) / sum(weights), sum(weights)


def _even(layer: Sequence[_Node], wanted: Sequence[tuple[float, float]]) -> None:
    """The places nearest to the wanted ones (least squares) that keep the order and the gaps: pool adjacent violators."""
    offsets, at = [], 0.0
    for index, node in enumerate(layer):
        at += _gap(layer[index - 1], node) if index else 0.0
        offsets.append(at)
    for node, place in zip(layer, _spread([one[0] for one in wanted], [one[1] for one in wanted], offsets), strict=True):
        node.x = place


def _spread(wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """The places nearest to the wanted ones, by weight, that lie at least as far apart as the offsets do."""
    blocks: list[list[float]] = []  # wanted place less the offset, weight, how many
    for place, weight, offset in zip(wanted, weights, offsets, strict=True):
        blocks.append([place - offset, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            right, left = blocks.pop(), blocks.pop()
            total = left[1] + right[1]
            blocks.append([(left[0] * left[1] + right[0] * right[1]) / total, total, left[2] + right[2]])
    places = [value for value, _, count in blocks for _ in range(int(count))]
    return [place + offset for place, offset in zip(places, offsets, strict=True)]


def _drawn(
    layers: Sequence[Sequence[_Node]],
    nodes: Mapping[str, _Node],
    chains: tuple[dict[int, list[_Node]], dict[int, _Node], set[int]],
    lines: Sequence[Line],
) -> Drawn:
    passing, labelled, turned = chains
    left = min(node.x - node.width / 2 for layer in layers for node in layer)
    right = max(node.x + node.width / 2 for layer in layers for node in layer)
    tops, heights, y = [], [], 0.0
    for layer in layers:
        height = max((node.height for node in layer), default=0.0)
        tops.append(y + height / 2)
        heights.append(height)
        y += height + BETWEEN
    at = {name: (node.x - left, tops[node.layer]) for name, node in nodes.items()}
    made: dict[int, tuple[Point, ...]] = {}
    labels: dict[int, Point] = {}
    for index, chain in passing.items():
        line = lines[index]
        above, below = nodes[line.source], nodes[line.target]
        if index in turned:
            above, below = below, above
        points = [_port(above, chain[0], left, tops[above.layer] + above.height / 2, down=True)]
        for node in chain:
            half = heights[node.layer] / 2
            points += [(node.x - left, tops[node.layer] - half), (node.x - left, tops[node.layer] + half)]
        points.append(_port(below, chain[-1], left, tops[below.layer] - below.height / 2, down=False))
        made[index] = tuple(reversed(points)) if index in turned else tuple(points)
        labels[index] = (labelled[index].x - left, tops[labelled[index].layer])
    return Drawn(width=right - left, height=max(y - BETWEEN, 0.0), places=at, lines=made, labels=labels)


def _port(node: _Node, other: _Node, left: float, y: float, *, down: bool) -> Point:
    """Where a line leaves or meets a box: straight below or above where it goes, as far as the box and other lines let it."""
    near = sorted(node.down if down else node.up, key=lambda one: (one.x, one.index))
    room = node.body * 0.4
    step = min(PORT, 2 * room / max(len(near) - 1, 1))
    wanted = [min(max(one.x, node.x - room), node.x + room) for one in near]
    places = _spread(wanted, [node.pull[id(one)] for one in near], [step * place for place in range(len(near))])
    place, last = near.index(other), len(near) - 1  # neither further out than what is beside it on either side leaves room
    x = min(max(places[place], node.x - room + step * place), node.x + room - step * (last - place))
    return (x - left, y)
