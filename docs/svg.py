"""Knows how a drawing is put together from boxes, words and arrows; must not know what it shows."""

from __future__ import annotations

from html import escape

# Colours that people who see few of them tell apart too (after Okabe and Ito); its own paper keeps it readable on any page.
STYLE = """
svg { --paper: #ffffff; --ink: #1f2933; --faint: #5b6774; --line: #9aa5b1; --soft: #eef2f6; --open: #d9e6f2; --counted: #0072b2;
  --paused: #e69f00; --late: #c2410c; --good: #00795b; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #16191d; --ink: #e6ebf0; --faint: #a6b2be; --line: #66717d; --soft: #232930;
    --open: #22384b; --counted: #3a9bd9;
    --paused: #e6a817; --late: #f2814b; --good: #35b58f; }
}
text { font-family: system-ui, sans-serif; font-size: 13px; fill: var(--ink); }
.faint { fill: var(--faint); } .small { font-size: 11.5px; } .bold { font-weight: 600; }
.mono { font-family: ui-monospace, monospace; font-size: 12px; }
.late { fill: var(--late); } .good { fill: var(--good); } .paused { fill: var(--paused); } .counted { fill: var(--counted); }
.paper { fill: var(--paper); stroke: var(--line); } .soft { fill: var(--soft); } .open { fill: var(--open); }
.frame { fill: var(--soft); stroke: var(--line); }
.stroke { stroke: var(--line); fill: none; stroke-width: 1.4; } .dash { stroke-dasharray: 4 4; }
.stroke-late { stroke: var(--late); stroke-width: 2; }
.head { fill: var(--line); }
"""


class Drawing:
    """One SVG; coordinates are pixels from the upper left."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.size, self.title = (width, height), title
        self.parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, kind: str = "frame", *, round_: int = 6) -> None:
        """A rectangle."""
        self.parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{round_}" class="{kind}"/>'
        )

    def text(self, x: float, y: float, text: str, kind: str = "", *, anchor: str = "start") -> None:
        """One line of words; *y* is where they stand."""
        style = f' class="{kind}"' if kind else ""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(f'<text x="{_n(x)}" y="{_n(y)}"{style}{place}>{escape(text)}</text>')

    def line(self, points: list[tuple[float, float]], kind: str = "stroke") -> None:
        """A line through points."""
        self.parts.append(f'<polyline points="{" ".join(f"{_n(x)},{_n(y)}" for x, y in points)}" class="{kind}"/>')

    def arrow(self, start: tuple[float, float], end: tuple[float, float], kind: str = "stroke") -> None:
        """A straight arrow, to the side or down."""
        self.line([start, end], kind)
        (x, y), side = end, 1 if end[0] >= start[0] else -1
        tip = (
            [(x, y), (x - 7 * side, y - 4), (x - 7 * side, y + 4)]
            if start[1] == y
            else [(x, y), (x - 4, y - 7), (x + 4, y - 7)]
        )
        self.parts.append(f'<polygon points="{" ".join(f"{_n(a)},{_n(b)}" for a, b in tip)}" class="head"/>')

    def svg(self) -> str:
        """The whole file."""
        width, height = self.size
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}"',
                f' width="{width}" height="{height}">',
                f"<title>{escape(self.title)}</title>",
                f"<style>{STYLE}</style>",
                f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" class="paper"/>',
                *self.parts,
                "</svg>",
                "",
            ]
        )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
