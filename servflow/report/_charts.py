"""Knows how the charts of a page are drawn, each with its figures as a table; must not know how they are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import floor, log10

from servflow.report._drawing import fitted
from servflow.report._entries import Entry
from servflow.report._figures import AGES
from servflow.report._frame import Frame
from servflow.report._ink import Ink, count, percent, safe
from servflow.report._words import DAYS, Both

WIDE, HIGH = 440.0, 168.0
LEFT, RIGHT, TOP, FOOT = 44.0, 6.0, 10.0, 24.0
FIRST_ROWS, FIRST_BARS = 10, 6
"""Rows of a table that are seen at once; the others are behind a switch."""

MOST_MARKS, MOST_ROWS = 1_500, 20
"""Marks of one timeline, and rows of one pile; higher ones are cut so that every stretch keeps some, and the page says so."""


def nice(most: float) -> float:
    """The end of an axis: a round number whose half is a whole one, at least 4."""
    if most <= 10:
        return next(end for end in (4, 6, 8, 10) if end >= most)
    power = 10.0 ** floor(log10(most))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= most)


def _axes(most: float, buckets: Sequence[str]) -> list[str]:
    """Three lines across with what they stand for, and the first, the middle and the last stretch below."""
    out = []
    for part in (0, 1, 2):
        y = HIGH - FOOT - (HIGH - FOOT - TOP) * part / 2
        out.append(f'<line class="rule" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" data-tick="{part}">'
            f"{count(most * part / 2)}</text>"
        )
    size = len(buckets)
    wide = (WIDE - LEFT - RIGHT) / max(size, 1)
    every = max(1, -(-size // 7))
    return out + [_above(LEFT + wide * (place + 0.5), buckets[place], HIGH - 7) for place in range(0, size, every)]


def _short(name: str) -> str:
    """``11-02`` of a day; weeks, months, quarters and years without their century."""
    return name[5:] if len(name) == 10 else name[2:] if len(name) > 4 else name


def days(ink: Ink, frame: Frame) -> str:
    """Opened and closed, stretch by stretch."""
    found, names = ink.at("day"), [bucket.name for bucket in frame.buckets]
    most = nice(max((max(day["o"], day["c"]) for day in found), default=0))
    wide = (WIDE - LEFT - RIGHT) / max(len(found), 1)
    room = HIGH - FOOT - TOP
    out = _axes(most, names)
    for place, day in enumerate(found):
        for part, name in enumerate(("o", "c")):
            high = room * day[name] / most
            x = LEFT + wide * (place + 0.12 + 0.39 * part)
            out.append(
                f'<rect class="{"came" if name == "o" else "went"}" x="{x:.1f}" width="{wide * 0.36:.1f}"'
                f' y="{HIGH - FOOT - high:.1f}"'
                f' height="{high:.1f}" data-v="{name}" data-i="{place}"/>'
            )
    legend = f'<p class="legend"><i class="key came"></i>{ink.t("opened")}<i class="key went"></i>{ink.t("closed")}</p>'
    rows = [(name, [f"day.{place}.o", f"day.{place}.c", f"day.{place}.b"]) for place, name in enumerate(names)]
    table = _table(ink, "day", ("opened", "closed", "open"), rows)
    return _figure(ink, "days", "volumes.day", (out, legend + table))


def backlog(ink: Ink, frame: Frame) -> str:
    """How many were open at the end of each stretch."""
    found = ink.at("day")
    most = nice(max((day["b"] for day in found), default=0))
    out = _axes(most, [bucket.name for bucket in frame.buckets])
    line, area = backlog_path([day["b"] for day in found], most)
    out += [f'<path class="area" d="{area}"/>', f'<path class="line" d="{line}"/>']
    return _figure(ink, "backlog", "backlog.title", (out, ""))


def backlog_path(values: Sequence[float], most: float) -> tuple[str, str]:
    """The line and the area under it."""
    wide, room, foot = (WIDE - LEFT - RIGHT) / max(len(values), 1), HIGH - FOOT - TOP, HIGH - FOOT
    points = [f"{LEFT + wide * (place + 0.5):.1f} {foot - room * value / most:.1f}" for place, value in enumerate(values)]
    if not points:
        return "M0 0", "M0 0"
    first, last = LEFT + wide / 2, LEFT + wide * (len(values) - 0.5)
    return "M" + "L".join(points), f"M{first:.1f} {foot:.1f}L" + "L".join(points) + f"L{last:.1f} {foot:.1f}Z"


def hours(ink: Ink) -> str:
    """When tickets come in: a square for every hour of the week, the darker the more."""
    found = ink.at("hour")
    most = max(found, default=0)
    size, left, top = 16.4, 34.0, 18.0
    out = [
        f'<text class="tick" x="{left + size * hour:.1f}" y="11" text-anchor="start">{hour:02d}</text>'
        for hour in range(0, 24, 3)
    ]
    for day, (en, zh) in enumerate(DAYS):
        name = f"周{zh}" if ink.lang == "zh" else en
        out.append(
            f'<text class="tick" x="{left - 6}" y="{top + size * day + 12:.1f}" text-anchor="end"'
            f' data-day="{day}">{name}</text>'
        )
        for hour in range(24):
            place = day * 24 + hour
            depth = found[place] / most if most else 0
            out.append(
                f'<rect class="hour" x="{left + size * hour:.1f}" y="{top + size * day:.1f}" width="{size - 2:.1f}'
                f'" height="{size - 2:.1f}"'
                f' rx="2.5" data-i="{place}" fill-opacity="{0.06 + 0.94 * depth if depth else 0.05:.3f}"><title>'
                f"{name} {hour:02d}:00 · {found[place]}</title></rect>"
            )
    rows = [(en, [f"hour.{day * 24 + hour}" for hour in range(24)]) for day, (en, _) in enumerate(DAYS)]
    heads = "".join(f'<th scope="col">{hour}</th>' for hour in range(24))
    body = "".join(
        f'<tr><th scope="row" data-day="{day}">{name}</th>{"".join(ink.f(path, "n", "td") for path in paths)}</tr>'
        for day, (name, paths) in enumerate(rows)
    )
    table = (
        f'<details class="data"><summary>{ink.t("table")}</summary><div class="wide"><table><thead><tr>'
        f"<td></td>{heads}</tr></thead>"
        f"<tbody>{body}</tbody></table></div></details>"
    )
    return _figure(ink, "hours", "volumes.hour", (out, f'<p class="note">{ink.t("volumes.hour.note")}</p>{table}'), 136)


def _figure(ink: Ink, kind: str, title: str, parts: tuple[Iterable[str], str], high: float = HIGH) -> str:
    drawn, more, size = "".join(parts[0]), parts[1], (WIDE, high)
    return (
        f'<section class="card"><h3>{ink.t(title)}</h3><svg class="chart" role="img" data-chart="{kind}"'
        f' viewBox="0 0 {size[0]:.0f} {size[1]:.0f}"'
        f' aria-label="{safe(ink.word(title))}"><title data-t="{title}">{safe(ink.word(title))}</title>'
        f"{drawn}</svg>{more}</section>"
    )


def _table(ink: Ink, first: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The figures of a chart as a table that opens on demand."""
    head = "".join(f'<th scope="col" class="n">{ink.t(key)}</th>' for key in heads)
    body = "".join(
        f'<tr><th scope="row">{safe(name)}</th>{"".join(ink.f(path, "n", "td", " class=n") for path in paths)}</tr>'
        for name, paths in rows
    )
    return (
        f'<details class="data"><summary>{ink.t("table")}</summary><div class="wide"><table><thead><tr>'
        f'<th scope="col">{ink.t(first)}</th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def bars(ink: Ink, dim: str, names: Sequence[str], *, total: bool = False) -> str:
    """How many tickets each group has, most first; with ``total`` a running share beside, for a Pareto chart."""
    found = ink.at(dim)
    most, whole, run = max(found, default=0), sum(found), 0
    rows = []
    for place, name in enumerate(names):
        run += found[place]
        share = 100 * found[place] / most if most else 0
        more = f'<td class="n" data-run="{dim}.{place}">{percent(run / whole if whole else None)}</td>' if total else ""
        rows.append(
            f'<tr><th scope="row">{_text(ink, ink.label(dim, name))}</th>{ink.f(f"{dim}.{place}", "n", "td", " class=n")}{more}'
            f'<td class="bar"><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="fill" height="10" width="{share:.2f}" data-bar="{dim}.{place}"/></svg></td></tr>'
        )
    head = f'<th scope="col" class="n">{ink.t("causes.share")}</th>' if total else ""
    heads = (
        f'<thead><tr><th scope="col">{ink.t(dim)}</th><th scope="col" class="n">{ink.t("count")}</th>'
        f"{head}<td></td></tr></thead>"
    )
    return (
        f'<section class="card{" span" if total else ""}"><h3>{ink.t("causes" if total else dim)}</h3>'
        f"{_long(ink, heads, rows, FIRST_ROWS if total else FIRST_BARS)}</section>"
    )


def _text(ink: Ink, name: Both) -> str:
    """A name that a narrow column may cut, whole to those who hover."""
    return f'<bdi title="{safe(" / ".join(dict.fromkeys(name)))}"{ink.mark(name)}>{safe(ink.pick(name))}</bdi>'


def _long(ink: Ink, heads: str, rows: Sequence[str], first: int = FIRST_ROWS) -> str:
    """A table of which the first rows are seen and the others behind a switch."""
    first = first if len(rows) > first + 1 else len(rows)
    seen, rest = "".join(rows[:first]), "".join(rows[first:])
    more = (
        f'<tbody class="rest" hidden>{rest}</tbody></table></div><button type="button" class="more">{ink.t("more")}</button>'
        if rest
        else "</table></div>"
    )
    return f'<div class="wide"><table class="figures">{heads}<tbody>{seen}</tbody>{more}'


def _begin(ink: Ink, paths: Iterable[str]) -> float:
    """Where the axis of a table of shares begins: 75 % or 50 % where every interval lies above that, else 0."""
    lows = [found["lo"] for path in paths if (found := ink.at(path))["v"] is not None]
    return next((edge for edge in (0.75, 0.5) if lows and min(lows) >= edge), 0.0)


def _scale(ink: Ink, begin: float) -> str:
    """What the axis shows; where it does not begin at nothing, that is said."""
    first = ink.word("scale.from", n=f"{100 * begin:g}") if begin else "0 %"
    told = "".join(f"<span>{part}</span>" for part in (first, "100 %"))
    return f'<td class="scale">{told}</td>'


def whisker(ink: Ink, path: str, begin: float) -> str:
    """A share with its interval on an axis up to 100 %."""
    found = ink.at(path)
    known = found["v"] is not None
    low, mid, high = (100 * (found[name] - begin) / (1 - begin) if known else 0 for name in ("lo", "v", "hi"))
    return (
        '<svg class="whisker" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true"'
        f' data-whisker="{path}"{"" if known else " hidden"}>'
        '<line class="rule" x1="0" x2="0" y1="0" y2="16"/><line class="rule" x1="50" x2="50" y1="0" y2="16"/>'
        '<line class="rule" x1="100" x2="100" y1="0" y2="16"/>'
        f'<rect class="band" x="{low:.2f}" width="{high - low:.2f}" y="4" height="8"/>'
        f'<line class="value" x1="{mid:.2f}" x2="{mid:.2f}" y1="1" y2="15"/></svg>'
    )


def attainment(ink: Ink, frame: Frame) -> str:
    """Every clock with its share, interval and breaches."""
    begin = _begin(ink, (f"clock.{place}" for place in range(len(frame.clocks))))
    rows = [
        f'<tr{_below(name, frame)}><th scope="row">{_text(ink, ink.names.clock(name))}</th>'
        f"{ink.f(f'clock.{place}.v', 'pct', 'td', ' class=n')}"
        f"{ink.f(f'clock.{place}', 'of', 'td', ' class=n')}{ink.f(f'breach.{place}', 'n', 'td', ' class=n')}"
        f'<td class="whisker">{whisker(ink, f"clock.{place}", begin)}</td>'
        f"{ink.f(f'clock.{place}', 'band', 'td', ' class=n')}</tr>"
        for place, name in enumerate(frame.clocks)
    ]
    if not rows:
        return ""
    head = (
        f'<thead><tr><th scope="col">{ink.t("clock")}</th><th scope="col" class="n">{ink.t("share")}</th>'
        '<th scope="col" class="n">'
        f'{ink.t("kept.of")}</th><th scope="col" class="n">{ink.t("broken")}</th>{_scale(ink, begin)}'
        f'<th scope="col" class="n">{ink.t("interval")}</th></tr></thead>'
    )
    note = f'<p class="note">{ink.t("attainment.note")}</p>'
    return f'<section class="card span"><h3>{ink.t("attainment")}</h3>{_long(ink, head, rows, 24)}{note}</section>'


def _below(name: str, frame: Frame) -> str:
    """A target stands below its clock."""
    place = frame.clocks.index(name)
    return ' class="below"' if any(name.startswith(clock + " ") for clock in frame.clocks[:place]) else ""


def ages(ink: Ink) -> str:
    """How old what is open is."""
    found = ink.at("age")
    most = max(found, default=0)
    rows = [
        f'<tr><th scope="row">{ink.t(f"age.{place}")}</th>{ink.f(f"age.{place}", "n", "td", " class=n")}<td class="bar">'
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="fill" height="10"'
        f' width="{100 * found[place] / most if most else 0:.2f}" data-bar="age.{place}"/></svg></td></tr>'
        for place in range(len(AGES) + 1)
    ]
    return f'<section class="card"><h3>{ink.t("age")}</h3>{_long(ink, "", rows)}</section>'


def league(ink: Ink, slot: str, names: Sequence[str]) -> str:
    """Whoever holds a slot, with what became of their tickets."""
    rows = []
    begin = _begin(ink, (f"{slot}.{place}.kept" for place in range(len(names))))
    for place, name in enumerate(names):
        path = f"{slot}.{place}"
        cells = (
            (f"{path}.n", "n"),
            (f"{path}.open", "n"),
            (f"{path}.late", "n"),
            (f"{path}.resolve.m", "span"),
            (f"{path}.kept.v", "pct"),
        )
        told = "".join(ink.f(where, how, "td", " class=n") for where, how in cells)
        rows.append(
            f'<tr><th scope="row">{_text(ink, ink.label(slot, name))}</th>{told}'
            f'<td class="whisker">{whisker(ink, path + ".kept", begin)}</td>'
            f"{ink.f(f'{path}.csat.v', 'pct', 'td', ' class=n')}</tr>"
        )
    if not rows:
        return ""
    heads = "".join(f'<th scope="col" class="n">{ink.t(key)}</th>' for key in ("count", "open", "late", "resolve", "kept"))
    head = (
        f'<thead><tr><th scope="col">{ink.t(slot)}</th>{heads}{_scale(ink, begin)}<th scope="col" class="n">'
        f"{ink.t('csat')}</th></tr></thead>"
    )
    return f'<section class="card span"><h3>{ink.t(slot)}</h3>{_long(ink, head, rows)}</section>'


Mark = tuple[str, int, str, float]
"""The lane, the stretch, the ticket, how dark."""


def breach_marks(entries: Iterable[Entry], frame: Frame) -> list[tuple[str, int, str, int]]:
    """Every broken promise of tickets opened in the period: clock, stretch, ticket, 0."""
    return [
        (cycle.clock, max(frame.bucket(cycle.breached_at), 0), entry.case.id, 0)
        for entry in entries
        if frame.bucket(entry.case.began) >= 0
        for cycle in entry.case.cycles
        if cycle.breached_at is not None
    ]


def chain_marks(entries: Iterable[Entry], frame: Frame) -> list[tuple[str, int, str, int]]:
    """Every level that was reached: chain, stretch, ticket, the place of the level in its chain."""
    order = _depths(entries)
    return [
        (one.chain, max(frame.bucket(one.at), 0), entry.case.id, order.get((one.chain, one.level), 0))
        for entry in entries
        if frame.bucket(entry.case.began) >= 0
        for one in entry.case.reached
    ]


def reached(ink: Ink, frame: Frame, entries: Iterable[Entry]) -> str:
    """How often every level of every chain was reached, the lowest first."""
    order = _depths(entries)
    places = sorted(
        range(len(frame.levels)), key=lambda place: (frame.levels[place][0], order.get(frame.levels[place], 0), place)
    )
    rows = [
        f'<tr><th scope="row">{_text(ink, ink.names.chain(chain))}</th>'
        f"<td>{ink.name(ink.names.both('level', level, chain))}</td>"
        f"{ink.f(f'level.{place}', 'n', 'td', ' class=n')}</tr>"
        for place in places
        for chain, level in (frame.levels[place],)
    ]
    if not rows:
        return ""
    heads = f'<th scope="col">{ink.t("chain")}</th><th scope="col">{ink.t("level")}</th>'
    head = f'<thead><tr>{heads}<th scope="col" class="n">{ink.t("level.times")}</th></tr></thead>'
    return f'<section class="card span"><h3>{ink.t("level.title")}</h3>{_long(ink, head, rows)}</section>'


def _depths(entries: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """How high each level stands in its chain: as far as any ticket's climb tells."""
    depth: dict[tuple[str, str], int] = {}
    for entry in entries:
        seen: dict[str, int] = {}
        for one in entry.case.reached:
            depth[one.chain, one.level] = min(depth.get((one.chain, one.level), 5), seen.get(one.chain, 0))
            seen[one.chain] = seen.get(one.chain, 0) + 1
    return depth


def lanes(ink: Ink, frame: Frame, marks: Sequence[tuple[str, int, str, int]], named: Callable[[str], Both], title: str) -> str:
    """One lane for each clock or chain, and in it a mark for each ticket, piled on the day it belongs to."""
    if not marks:
        return ""
    names = sorted({mark[0] for mark in marks})
    size = len(frame.buckets)
    longest = max(sum(2 if ord(char) > 0x2E80 else 1 for char in fitted(said, 30)) for name in names for said in named(name))
    left, cell = max(70.0, 16 + 7.0 * longest), 7.0
    column = max(cell + 2, (940 - left) / max(size, 1))
    across = max(1, int((column - 4) // cell))
    piles: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for lane, place, ticket, dark in marks:
        piles.setdefault((lane, place), []).append((ticket, dark))
    most = _highest(piles.values(), MOST_ROWS * across)
    left_out = sum(max(0, len(pile) - most) for pile in piles.values())
    out, y, wide = [], 22.0, left + column * size + 20  # half of what stands above the last stretch
    every = max(1, -(-size // 14))
    out += [_above(left + column * (place + 0.5), frame.buckets[place].name) for place in range(0, size, every)]
    for number, name in enumerate(names):
        tall = min(most, max(len(pile) for (lane, _), pile in piles.items() if lane == name))
        high = max(30.0, -(-tall // across) * cell + 12)
        out.append(f'<rect class="lane" x="{left}" y="{y:.1f}" width="{column * size:.1f}" height="{high:.1f}" rx="4"/>')
        en, zh = (fitted(said, 30) for said in named(name))
        out.append(f'<g>{ink.name(named(name), "title")}<text class="name" x="0" y="{y + 18:.1f}"{ink.mark((en, zh))}>')
        out.append(f"{safe(ink.pick((en, zh)))}</text></g>")
        for (lane, place), pile in sorted(piles.items()):
            if lane == name:
                if len(pile) > most:
                    top = f'x="{left + column * place + 2:.1f}" y="{y + 1:.1f}" width="{across * cell - 1.5:.1f}" height="3"'
                    out.append(f'<rect class="more" {top}><title>+{len(pile) - most:,}</title></rect>')
                chosen = sorted(pile, key=lambda one: (-one[1], one[0]))[:most]
                said = (named(name), title == "chains", frame.buckets[place].name)
                out += _pile(ink, chosen, (left + column * place + 2, y + high - 6), (across, cell), (number, *said))
        y += high + 8
    label = safe(ink.word(title))
    note = f'<p class="note">{ink.t(title + ".note")}{_cut(ink, left_out)}</p>'
    svg = f'<svg class="lanes" role="group" viewBox="0 0 {wide:.0f} {y:.0f}" aria-label="{label}">{"".join(out)}</svg>'
    return f'<section class="card span"><h3>{ink.t(title)}</h3><div class="wide">{svg}</div>{note}</section>'


def _highest(piles: Iterable[Sequence[object]], most: int) -> int:
    """Up to how many marks a pile is drawn, so that a page holds them all; every stretch keeps some."""
    sizes = [len(pile) for pile in piles]
    while most > 1 and sum(min(size, most) for size in sizes) > MOST_MARKS:
        most -= 1
    return most


def _cut(ink: Ink, count: int) -> str:
    return f" {ink.t('piles.cut')} (+{count:,})" if count else ""


def _above(x: float, name: str, y: float = 13) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.0f}" text-anchor="middle">{_short(name)}</text>'


def _pile(
    ink: Ink,
    pile: Sequence[tuple[str, int]],
    foot: tuple[float, float],
    grid: tuple[int, float],
    told: tuple[int, Both, bool, str],
) -> Iterable[str]:
    """The marks of one stretch; *told* is the lane's number and name, whether marks say their level, and the day."""
    (across, cell), (lane, name, numbered, day) = grid, told
    for place, (ticket, dark) in enumerate(sorted(pile, key=lambda one: (one[1], one[0]))):
        level = f" {dark + 1}" if numbered else ""
        en, zh = (f"{said}{level} · {ticket} · {day}" for said in name)
        x, y = foot[0] + place % across * cell, foot[1] - (place // across + 1) * cell
        yield (
            f'<a class="mark" href="#t={safe(ticket)}" data-ticket="{safe(ticket)}" data-lane="{lane}"'
            f' aria-label="{safe(ink.pick((en, zh)))}"{ink.mark((en, zh), "data-label")}>'
            f'<rect class="mark d{dark}" x="{x:.1f}" y="{y:.1f}"'
            f' width="{cell - 1.5:.1f}" height="{cell - 1.5:.1f}" rx="1.5">{ink.name((en, zh), "title")}</rect></a>'
        )


__all__ = [
    "ages",
    "attainment",
    "backlog",
    "bars",
    "breach_marks",
    "chain_marks",
    "days",
    "hours",
    "lanes",
    "league",
    "reached",
]
