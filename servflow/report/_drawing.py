"""Knows how the workflow of a page is drawn as SVG; must not know how its figures are counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise, zip_longest
from typing import NamedTuple

from servflow.report._flow import Nest, Ways
from servflow.report._ink import Ink, safe
from servflow.report._words import WORDS, Both
from servflow.statemachine._layout import Box, Drawn, Line, Point, arrange

_STATE = Box(176, 54)
_NAME, _LINE = 21, 16.0  # characters of a name on one line, and what a second line adds to the height
_CHAR = 6.1  # pixels a Latin character of a label takes at its size; a Chinese one takes twice that
_PAD, _HEAD = 18.0, 26.0


class _Placed(NamedTuple):
    """A nest laid out: how large it is, where its leaves and inner boxes lie, and its lines, from its own corner."""

    width: float
    height: float
    leaves: dict[str, Point]
    boxes: list[tuple[Nest, float, float, float, float]]
    lines: dict[int, tuple[tuple[Point, ...], Point]]
    loops: dict[int, Point]


def drawing(ways: Ways, ink: Ink, number: int) -> tuple[str, float]:
    """
    The whole workflow with volumes and times on its lines, and how wide that is.

    Args:
        ways: its states and lines.
        ink: writes figures that follow the filters.
        number: the place of the workflow among the figures.
    """
    found = _lay(ways.tree, ways, _labels(ways, ink, number))
    width, height = found.width + 24, found.height + 24
    title = f"{WORDS['flow'][0]}: {ways.title[0]}", f"{WORDS['flow'][1]}：{ways.title[1]}"  # noqa: RUF001 - Chinese text uses full-width punctuation
    size = f'viewBox="-12 -12 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    tip = 'viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse"'
    out = [
        f'<svg class="flow" role="img" {size} aria-label="{safe(ink.pick(title))}"{ink.mark(title, "data-label")}>'
        + ink.name(title, "title"),
        f'<defs><marker id="tip{number}" {tip} orient="auto-start-reverse">',
        '<path class="tip" d="M0 1 9 5 0 9z"/></marker></defs>',
    ]
    out += [_box(nest, (x, y), (wide, high), (ways, ink)) for nest, x, y, wide, high in found.boxes]
    out += [_line(ways, index, points, ink, number) for index, (points, _) in found.lines.items()]
    out += [_loop(index, at, ink, number) for index, at in found.loops.items()]
    out += [_state(ways, name, at, ink, number) for name, at in found.leaves.items()]
    out += [_label(index, at, ink, number) for index, (_, at) in found.lines.items()]
    out += [_label(index, (x + _STATE.width / 2 + 34, y), ink, number, "start") for index, (x, y) in found.loops.items()]
    return "".join([*out, "</svg>"]), width


def _labels(ways: Ways, ink: Ink, number: int) -> dict[int, Box]:
    """The room every label needs: its widest text in either language."""
    room = {}
    for index in range(len(ways.lines)):
        texts = [ink.said(f"flow.{number}.e.{index}", "way", lang) for lang in ("en", "zh")]
        room[index] = Box(max(sum(_CHAR * (2 if ord(char) > 0x2E80 else 1) for char in text) for text in texts) + 8, 17)
    return room


def _lay(nest: Nest, ways: Ways, labels: Mapping[int, Box]) -> _Placed:
    """Lay out what a nest holds, inner nests first: each is one box for what is around it."""
    inner = {one.id: _lay(one, ways, labels) for one in nest.inside if isinstance(one, Nest)}
    home: dict[str, str] = {}
    boxes: dict[str, Box] = {}
    for one in nest.inside:
        if isinstance(one, Nest):
            home.update((leaf, one.id) for leaf in one.leaves())
            boxes[one.id] = Box(inner[one.id].width + 2 * _PAD, inner[one.id].height + 2 * _PAD + _HEAD)
        else:
            home[one] = one
            boxes[one] = Box(_STATE.width, _STATE.height + _LINE * (len(_name_of(ways, one)) - 1))
    wanted = set(ways.drawn)
    here = [
        index
        for index, (source, target) in enumerate(ways.lines)
        if index in wanted and source in home and target in home and (home[source] != home[target] or home[source] == source)
    ]
    lines = [
        Line(home[ways.lines[index][0]], home[ways.lines[index][1]], labels[index], 2.0 ** -min(index, 9) * 40 + 1)
        for index in here
    ]
    drawn = (
        _side_by_side(boxes) if nest.parallel else arrange(boxes, lines, home.get(ways.first or "", next(iter(boxes), None)))
    )
    placed = _Placed(drawn.width, drawn.height, {}, [], {}, {})
    for name, (x, y) in drawn.places.items():
        if name not in inner:
            placed.leaves[name] = (x, y)
            continue
        own, box = inner[name], boxes[name]
        left, top = x - box.width / 2, y - box.height / 2
        held = next(one for one in nest.inside if isinstance(one, Nest) and one.id == name)
        placed.boxes.append((held, left, top, box.width, box.height))
        _take(placed, own, left + _PAD, top + _PAD + _HEAD)
    for place, index in enumerate(here):
        if place in drawn.lines:
            placed.lines[index] = (drawn.lines[place], drawn.labels[place])
        elif ways.lines[index][0] in drawn.places:
            placed.loops[index] = drawn.places[ways.lines[index][0]]
    return placed


def _side_by_side(boxes: Mapping[str, Box]) -> Drawn:
    """The regions of a parallel state, one beside the other."""
    places, x, height = {}, 0.0, max((box.height for box in boxes.values()), default=0.0)
    for name, box in boxes.items():
        places[name] = (x + box.width / 2, box.height / 2)
        x += box.width + _PAD
    return Drawn(width=max(x - _PAD, 0.0), height=height, places=places, lines={}, labels={})


def _take(placed: _Placed, own: _Placed, left: float, top: float) -> None:
    def moved(point: Point) -> Point:
        return point[0] + left, point[1] + top

    placed.leaves.update((name, moved(at)) for name, at in own.leaves.items())
    placed.boxes.extend((nest, x + left, y + top, width, height) for nest, x, y, width, height in own.boxes)
    placed.lines.update((index, (tuple(map(moved, points)), moved(at))) for index, (points, at) in own.lines.items())
    placed.loops.update((index, moved(at)) for index, at in own.loops.items())


def _box(nest: Nest, corner: Point, size: Point, given: tuple[Ways, Ink]) -> str:
    (x, y), (width, height), (ways, ink) = corner, size, given
    kind = "nest side" if nest.parallel else "nest"
    en, zh = (fitted(said, int(width / 7.4)) for said in ways.called(nest.id))
    return (
        f'<g class="{kind}"><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="12"/>'
        f'<text x="{x + 16:.1f}" y="{y + 24:.1f}"{ink.mark((en, zh))}>{safe(ink.pick((en, zh)))}</text></g>'
    )


def _line(ways: Ways, index: int, points: tuple[Point, ...], ink: Ink, number: int) -> str:
    pairs = zip(*(ways.called(name) for name in ways.lines[index]), strict=True)
    en, zh = (f"{source} → {target}" for source, target in pairs)
    return (
        f'<path class="way" data-wide="flow.{number}.e.{index}.n"'
        f' stroke-width="{ink.wide(number, index):.2f}" d="{_curve(points)}"'
        f' marker-end="url(#tip{number})">{ink.name((en, zh), "title")}</path>'
    )


def _curve(points: Iterable[Point]) -> str:
    """A line that leaves and meets boxes straight up or down, and bends between layers."""
    rest = list(points)
    out = [f"M{rest[0][0]:.1f} {rest[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(rest):
        middle = (y0 + y1) / 2
        if abs(x0 - x1) < 0.05:
            out.append(f"L{x1:.1f} {y1:.1f}")
        else:
            out.append(f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}")
    return "".join(out)


def _loop(index: int, at: Point, ink: Ink, number: int) -> str:
    x, y = at[0] + _STATE.width / 2, at[1]
    return (
        f'<path class="way" data-wide="flow.{number}.e.{index}.n" stroke-width="{ink.wide(number, index):.2f}"'
        f' d="M{x:.1f} {y - 12:.1f}c34 -8 34 32 0 24" marker-end="url(#tip{number})"/>'
    )


def _name_of(ways: Ways, name: str) -> list[Both]:
    """The name of a state on one line or on two: on as many as the language that needs more."""
    en, zh = (broken(said, _NAME) for said in ways.called(name))
    return list(zip_longest(en, zh, fillvalue=""))


def broken(text: str, most: int) -> list[str]:
    """A text on one line or on two of about so many Latin characters, broken between words; the second is cut at its end."""
    if fitted(text, most) == text:
        return [text]
    words = text.split(" ")
    first = words.pop(0)
    while words and fitted(f"{first} {words[0]}", most) == f"{first} {words[0]}":
        first += " " + words.pop(0)
    if fitted(first, most) != first:  # one long word, or a language that has none
        cut = len(fitted(first, most)) - 1
        return [first[:cut], fitted(" ".join([first[cut:], *words]), most)]
    return [first, fitted(" ".join(words), most)]


def _state(ways: Ways, name: str, at: Point, ink: Ink, number: int) -> str:
    lines = _name_of(ways, name)
    height = _STATE.height + _LINE * (len(lines) - 1)
    left, top = at[0] - _STATE.width / 2, at[1] - height / 2
    place = ways.place(name)
    path = f"flow.{number}.s.{place}"
    kind = "state end" if name in ways.closed else "state"
    size = f'x="{left:.1f}" y="{top:.1f}" width="{_STATE.width}" height="{height}" rx="10"'
    told = "".join(
        f'<text class="name" x="{at[0]:.1f}" y="{top + 23 + _LINE * place:.1f}"{ink.mark(line)}>{safe(ink.pick(line))}</text>'
        for place, line in enumerate(lines)
    )
    return (
        f'<g class="{kind}">{ink.name(ways.called(name), "title")}<rect class="paper" {size}/>'
        f'<rect class="heat" {size} data-warm="{path}.share" fill-opacity="{ink.warm(path + ".share"):.3f}"/>'
        f'<rect class="edge" {size}/>{told}'
        f"{ink.svg(path, 'stay', (at[0], top + height - 12), 'fact')}</g>"
    )


def _label(index: int, at: Point, ink: Ink, number: int, anchor: str = "middle") -> str:
    return ink.svg(f"flow.{number}.e.{index}", "way", (at[0], at[1] + 4), "label", anchor)


def fitted(text: str, most: int) -> str:
    """A text of about so many Latin characters, an ellipsis where it is cut; a Chinese one counts as two."""
    room = most
    for place, char in enumerate(text):
        room -= 2 if ord(char) > 0x2E80 else 1
        if room < 0:
            return text[: max(place - 1, 1)].rstrip() + "…"
    return text
