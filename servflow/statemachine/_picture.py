"""Knows what every drawing of a chart shares: edges, titles, what stands out; must not know any format."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from attrs import field, frozen

from servflow.statemachine._chart import HISTORIES, ROOT, Chart, Kind

FILLS = {"marked": "#cfe8ff", "warned": "#ffc04d", "breached": "#ff9d9d"}
"""Colour of states that stand out, by tone: where the machine is, the same with a warning, the same too late."""

_MOST_LINES = 20
_MOST_TEXT = 200


@frozen
class Section:
    """A table that the table formats put below the transitions: a title, the names of its columns, its rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@frozen(kw_only=True)
class Look:
    """
    What a host adds to a drawing; everything in it is text and stays text.

    ``notes`` are lines beside a state, ``tones`` gives states a colour (``marked``, ``warned``, ``breached``),
    ``doubled`` are states with a second border, ``captions`` stand below the id of a state. ``sections`` are
    tables of their own, which only the table formats show; they leave out the notes. ``guards`` gives the condition
    of a transition by its index, where the tables tell it apart. ``lang`` is the language of what the tables say of themselves,
    ``en`` or ``zh``. Unknown ids are ignored.
    """

    notes: Mapping[str, Sequence[str]] = field(factory=dict)
    tones: Mapping[str, str] = field(factory=dict)
    doubled: Collection[str] = ()
    captions: Mapping[str, str] = field(factory=dict)
    sections: Sequence[Section] = ()
    guards: Callable[[int], str] | None = None
    lang: str = "en"


@frozen
class Edge:
    """A transition from one source to one target, or to none, as a drawing has it."""

    source: int
    target: int | None
    text: str


@frozen
class Picture:
    """The chart, what is written on transitions, and what stands out."""

    chart: Chart
    labels: Callable[[int], str] | None
    look: Look

    def label(self, position: int) -> str:
        """What stands on a transition, whatever its targets."""
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

    def edges(self) -> Iterator[Edge]:
        """Every source and target of every transition, in document order."""
        for position, row in enumerate(self.chart.rows):
            text = self.label(position)
            for source in row.sources:
                for target in row.targets or (None,):
                    yield Edge(source, target, text)

    def toned(self) -> dict[int, str]:
        """Node to tone, in document order."""
        return {
            node: tone
            for node, name in enumerate(self.chart.ids)
            if node != ROOT and (tone := self.look.tones.get(name, "")) in FILLS
        }

    def doubled(self, node: int) -> bool:
        """Whether a node has a second border."""
        return self.chart.kind[node] is Kind.FINAL or self.chart.ids[node] in self.look.doubled

    def notes(self, node: int) -> list[str]:
        """The lines beside a node, cut to a number that can be read."""
        lines = [cut(line, _MOST_TEXT) for line in self.look.notes.get(self.chart.ids[node], ())]
        more = len(lines) - _MOST_LINES
        return [*lines[:_MOST_LINES], f"and {more} more"] if more > 0 else lines

    def inside(self, node: int) -> list[int]:
        """What is drawn inside a node, in document order."""
        return sorted(self.chart.children[node] + self.chart.histories[node])

    def title(self, node: int) -> list[str]:
        """What is written in a node, line by line."""
        name = cut(self.chart.ids[node], _MOST_TEXT)
        kind = self.chart.kind[node]
        if kind in HISTORIES:
            name = f"{'H*' if kind is Kind.DEEP else 'H'} {name}"
        caption = self.look.captions.get(self.chart.ids[node], "")
        return [name, cut(caption, _MOST_TEXT)] if caption else [name]


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, an ellipsis at its end where something is missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of about a width, broken at blanks; a word longer than that is broken inside."""
    lines, line = [], ""
    for word in text.split():
        while len(word) > 2 * width:
            lines.append(f"{line} {word[:width]}".strip())
            word, line = word[width:], ""
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line] if line else lines
