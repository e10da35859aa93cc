"""Knows how the parts of a page become one file that needs nothing else; must not know how figures are counted."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from servflow.report._charts import (
    ages,
    attainment,
    backlog,
    bars,
    breach_marks,
    chain_marks,
    days,
    hours,
    lanes,
    league,
    reached,
)
from servflow.report._drawing import drawing
from servflow.report._entries import DIMS, Entry, Unread
from servflow.report._figures import LEAGUES, SHOWN, Figures
from servflow.report._flow import Ways
from servflow.report._frame import Frame, end_of
from servflow.report._ink import Ink, percent, safe, span
from servflow.report._names import NO_NAMES, Names
from servflow.report._rows import rows, states_of
from servflow.report._words import DAYS, WORDS, Both

BROAD = 640
"""Pixels from which on a drawing takes the whole width and its table stands below."""

FIRST_TICKETS = 50
"""Tickets that are listed where no script runs; with it they are the first page of the list."""

MOST_OPTIONS = 200
"""Choices of one filter."""

MOST_UNREAD = 50
"""Tickets that could not be read and are named."""


@frozen(kw_only=True)
class Page:
    """
    Everything that a page shows.

    ``all`` is how many tickets there are, ``left`` how many older ones the page leaves out; ``stories`` are those of the
    tickets with most to tell, by ticket.
    """

    entries: Sequence[Entry]
    frame: Frame
    ways: Mapping[str, Ways]
    figures: Figures
    stories: Mapping[str, Mapping[str, Any]]
    unread: Sequence[Unread] = ()
    all: int = 0
    left: int = 0
    unread_all: int = 0
    title: str | None = None
    lang: str = "en"
    version: str = ""
    definitions: Sequence[tuple[str, str, str, str]] = ()
    names: Names = NO_NAMES


def page(given: Page) -> Iterator[str]:
    """The file, piece by piece."""
    ink = Ink(figures=given.figures, lang=given.lang, names=given.names)
    style = files("servflow.report").joinpath("page.css").read_text("utf-8")
    script = files("servflow.report").joinpath("page.js").read_text("utf-8")
    title = safe(given.title or ink.word("title"))
    yield f'<!DOCTYPE html>\n<html lang="{given.lang}">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
    yield f'<link rel="icon" href="data:,">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n'
    yield f'<a class="skip" href="#tickets">{ink.t("skip")}</a>\n'
    yield _top(given, ink)
    yield "<main>"
    if given.entries:
        yield from _parts(given, ink)
    else:
        yield f'<div class="card empty">{ink.t("no_tickets", "p")}</div>'
    yield "</main>\n"
    yield _foot(given, ink)
    yield '<dialog aria-labelledby="told"></dialog>\n'
    stories = {name: place for place, name in enumerate(given.stories)}
    yield _data("data", rows(given.entries, given.frame, given.ways, stories, ink))
    words = {key: list(texts) for key, texts in WORDS.items()}
    yield _data("words", {**words, "_days": [list(day) for day in DAYS], "_zone": given.frame.zone, "_title": given.title})
    yield '<script type="application/json" id="stories">['
    for place, told in enumerate(given.stories.values()):
        yield ("," if place else "") + inert(told)
    yield f"]</script>\n<script>{script}</script>\n</body>\n</html>\n"


def _policy(style: str, script: str) -> str:
    """Nothing from anywhere: this very style and this very script, and no other."""
    hashed = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashed[0]}'; script-src 'sha256-{hashed[1]}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def inert(value: Any) -> str:
    """JSON that ends no script, begins no comment and reads as it was written wherever it stands in HTML."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in ("&", "<", ">", "\u2028", "\u2029"):
        text = text.replace(char, f"\\u{ord(char):04x}")
    return "".join(char if not 0xD800 <= ord(char) <= 0xDFFF else f"\\u{ord(char):04x}" for char in text)


def _data(name: str, value: Any) -> str:
    return f'<script type="application/json" id="{name}">{inert(value)}</script>\n'


def _top(given: Page, ink: Ink) -> str:
    frame = given.frame
    zone = ZoneInfo(frame.zone)
    start, end = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (frame.since, end_of(frame.at)))
    title = f"<h1>{safe(given.title)}</h1>" if given.title else ink.t("title", "h1")
    sub = f'<p class="sub"><b>{start}</b> – <b>{end}</b> · {ink.t("zone")} {safe(frame.zone)}</p>'  # noqa: RUF001 - an en dash between two instants
    if given.left:  # at the top: every figure below is without them
        sub += _told(ink, "about.rows", kept=f"{len(given.entries):,}", all=f"{given.all:,}", left=f"{given.left:,}")
    acts = (
        '<div class="acts"><button type="button" class="lang"'
        f' lang="{"en" if given.lang == "zh" else "zh"}">{ink.t("other")}</button>'
    )
    acts += f'<button type="button" class="print">{ink.t("print")}</button></div>'
    return f'<header class="top"><div>{title}{sub if given.entries else ""}</div>{acts}</header>\n'


def _parts(given: Page, ink: Ink) -> Iterator[str]:
    frame = given.frame
    yield _filters(given, ink)
    yield _kpis(ink)
    yield f'<h2>{ink.t("volumes")}</h2><div class="grid">{days(ink, frame)}{backlog(ink, frame)}{hours(ink)}{ages(ink)}</div>'
    told = [bars(ink, dim, frame.names[dim]) for dim in SHOWN if frame.names[dim] and dim != "cause"]
    if told:
        yield f'<div class="grid many">{"".join(told)}</div>'
    if frame.clocks or frame.levels:
        yield f"<h2>{ink.t('kept')}</h2>"
    yield f'<div class="grid">{attainment(ink, frame)}'
    yield lanes(ink, frame, breach_marks(given.entries, frame), ink.names.clock, "breaches")
    yield lanes(ink, frame, chain_marks(given.entries, frame), ink.names.chain, "chains")
    yield reached(ink, frame, given.entries)
    yield f'</div><h2>{ink.t("flow")}</h2><div class="grid">'
    for number, found in enumerate(given.ways.values()):
        yield _work(found, ink, number)
    yield "</div>"
    compared = "".join(league(ink, slot, frame.names[slot]) for slot in LEAGUES)
    if compared:
        yield f'<h2>{ink.t("league")}</h2><div class="grid">{compared}</div><p class="note">{ink.t("league.note")}</p>'
    if frame.names["cause"]:
        yield f'<h2>{ink.t("causes")}</h2><div class="grid">{bars(ink, "cause", frame.names["cause"], total=True)}</div>'
    yield _tickets(given, ink)


def _kpis(ink: Ink) -> str:
    scored = [
        (key, ink.f(f"{key}.v", "pt"), f"{ink.f(key + '.d', 'n')} {ink.t('answers')}", f"{key}.v")
        for key in ("nps", "ces")
        if ink.at(f"{key}.d")
    ]
    rated = f"{ink.t('answered')} {ink.f('rated.v', 'pct')} ({ink.f('rated', 'of')})"
    went = f"{ink.f('late', 'n')} {ink.t('of_late')} · {ink.f('cancelled', 'n')} {ink.t('cancelled')}"
    cards = (
        ("opened", ink.f("opened", "n"), went, "opened"),
        ("closed", ink.f("closed", "n"), f"{ink.f('again.v', 'pct')} {ink.t('reopened')}", "closed"),
        ("backlog", ink.f("open", "n"), "", "open"),
        ("kept", ink.f("kept.v", "pct"), f"{ink.t('interval')} {ink.f('kept', 'band')}", "kept.v"),
        ("first", ink.f("first.m", "span"), f"{ink.t('median')} · {ink.t('p90')} {ink.f('first.p', 'span')}", "first.m"),
        (
            "resolve",
            ink.f("resolve.m", "span"),
            f"{ink.t('median')} · {ink.t('p90')} {ink.f('resolve.p', 'span')}",
            "resolve.m",
        ),
        ("once", ink.f("once.v", "pct"), ink.f("once", "of"), "once.v"),
        ("csat", ink.f("csat.v", "pct"), rated, "csat.v"),
        *scored,
    )
    made = "".join(
        f'<div class="kpi" data-kpi="{key}"><h3>{ink.t(key)}</h3><span class="big">{big}</span><p>{more}'
        f"</p>{ink.f(path, 'delta', 'p', ' class=delta')}</div>"
        for key, big, more, path in cards
    )
    return f'<div class="kpis c{4 if len(cards) == 8 else 5}">{made}</div>'


def _filters(given: Page, ink: Ink) -> str:
    frame = given.frame
    selects = []
    if len(given.ways) > 1:
        selects.append(_select(ink, "workflow", [found.title for found in given.ways.values()]))
    selects.append(_select(ink, "state", states_of(given.entries, given.ways, ink)))
    several = [dim for dim in DIMS if len(frame.names[dim]) > 1]
    selects += [_select(ink, dim, [ink.label(dim, name) for name in frame.names[dim]]) for dim in several]
    if frame.tags:
        selects.append(_select(ink, "tag", [ink.label("tag", name) for name in frame.tags]))
    first, last = (f"{at.astimezone(ZoneInfo(frame.zone)):%Y-%m-%d}" for at in (frame.since, frame.at))
    dates = "".join(
        f'<label>{ink.t(name)}<input type="date" name="{name}" min="{first}" max="{last}"></label>' for name in ("from", "to")
    )
    only = "".join(
        f'<option value="{key}" data-t="only.{key}">{safe(ink.word("only." + key))}</option>'
        for key in ("late", "open", "reopened", "escalated")
    )
    show = (
        f'<label>{ink.t("only")}<select name="only"><option value="" data-t="all">{safe(ink.word("all"))}'
        f"</option>{only}</select></label>"
    )
    search = (
        f'<label>{ink.t("search")}<input type="search" name="search" data-ph="search.hint"'
        f' placeholder="{safe(ink.word("search.hint"))}"></label>'
    )
    count = sum(frame.bucket(entry.case.began) >= 0 for entry in given.entries)
    shown = safe(ink.word("shown", n=f"{count:,}", all=f"{count:,}"))
    return (
        f'<details class="filters"><summary>{ink.t("filters")}<span class="n-shown" role="status"'
        f' aria-live="polite">{shown}</span></summary>'
        f'<form>{search}{show}{dates}{"".join(selects)}<button type="reset">{ink.t("reset")}</button></form></details>'
    )


def _select(ink: Ink, name: str, options: Sequence[Both]) -> str:
    told = [
        f'<option value="{place}"{ink.mark(option)}>{safe(ink.pick(option))}</option>'
        for place, option in enumerate(options[:MOST_OPTIONS])
    ]
    nothing = f'<option value="" data-t="all">{safe(ink.word("all"))}</option>'
    return f'<label>{ink.t(name)}<select name="{name}">{nothing}{"".join(told)}</select></label>'


def _work(ways: Ways, ink: Ink, number: int) -> str:
    places = sorted(range(len(ways.states)), key=lambda place: -float(ink.at(f"flow.{number}.s.{place}.share")))
    lines = []
    for place in places:
        path = f"flow.{number}.s.{place}"
        state = ways.states[place]
        end = state in ways.closed
        share = "<td class=n></td>" if end else ink.f(f"{path}.share", "pct", "td", " class=n")
        stay = "<td class=n></td>" if end else ink.f(f"{path}.m", "span", "td", " class=n")
        lines.append(
            f'<tr><th scope="row">{ink.name(ways.called(state))}</th>'
            f"{ink.f(path + '.visits', 'n', 'td', ' class=n')}{stay}{share}"
            f"{ink.f(path + '.now', 'n', 'td', ' class=n')}</tr>"
        )
    heads = "".join(
        f'<th scope="col" class="n">{ink.t(key)}</th>' for key in ("flow.visits", "flow.median", "flow.share", "flow.now")
    )
    table = (
        f'<div class="wide"><table><thead><tr><th scope="col">{ink.t("state")}</th>{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
    note = ink.t("flow.note") + ("" if ways.defined else " " + ink.t("flow.missing"))
    drawn, wide = drawing(ways, ink, number)
    broad = " broad" if wide > BROAD else ""
    return (
        f'<section class="card span" data-work="{number}"><div class="work{broad}"><h3>{ink.name(ways.title)}</h3>'
        f'<div class="wide">{drawn}</div><div>{table}<p class="note">{note}</p>{_rare(ways, ink, number)}'
        f"{_all_ways(ways, ink, number)}"
        "</div></div></section>"
    )


def _rare(ways: Ways, ink: Ink, number: int) -> str:
    """What share of all moves is not drawn."""
    counts = [way["n"] for way in ink.at(f"flow.{number}.e")]
    left = set(range(len(counts))) - set(ways.drawn)
    if not left:
        return ""
    share = sum(counts[place] for place in left) / max(sum(counts), 1)
    told = _told(ink, "flow.rare", n=f"{len(left):,}", all=f"{len(counts):,}", share=percent(share))
    return f'<div class="note">{told}</div>'


def _all_ways(ways: Ways, ink: Ink, number: int) -> str:
    """Every way as a row of a table that opens on demand."""
    rows = "".join(
        f'<tr><th scope="row">{ink.name(ways.called(source))}</th><td>{ink.name(ways.called(target))}</td>'
        f"{ink.f(f'flow.{number}.e.{place}', 'way', 'td', ' class=n')}</tr>"
        for place, (source, target) in enumerate(ways.lines)
    )
    heads = f'<th scope="col">{ink.t("flow.from")}</th><th scope="col">{ink.t("flow.to")}</th>'
    return (
        f'<details class="data"><summary>{ink.t("table")}</summary><div class="wide"><table><thead><tr>{heads}'
        f'<th scope="col" class="n">{ink.t("flow.way")}</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


def _tickets(given: Page, ink: Ink) -> str:
    several = len(given.ways) > 1
    dims = [dim for dim in ("tier", "region") if given.frame.names[dim]]
    first = ("ticket", "workflow") if several else ("ticket",)
    heads = "".join(f'<th scope="col">{ink.t(key)}</th>' for key in (*first, "state", "opened_at", "took"))
    heads += f'<th scope="col">{ink.t("outlet")} / {ink.t("assignee")}</th>'
    heads += "".join(f'<th scope="col">{ink.t(key)}</th>' for key in (*dims, "promises"))
    zone = ZoneInfo(given.frame.zone)
    lines = []
    for entry in [one for one in given.entries if given.frame.bucket(one.case.began) >= 0][:FIRST_TICKETS]:
        case = entry.case
        took = span(None if case.resolved_after is None else case.resolved_after.total_seconds(), ink.lang)
        took = ink.word("still") if case.closed_at is None and case.done_at is None else took
        who = " / ".join(name for name in (entry.label("outlet"), entry.label("assignee")) if name)
        broken = dict.fromkeys(cycle.clock for cycle in case.cycles if cycle.outcome in ("late", "overdue"))
        late = ", ".join(ink.pick(ink.names.clock(name)) for name in broken)
        cells = (
            case.id,
            *([ink.pick(given.ways[entry.workflow].title)] if several else []),
            ink.pick(given.ways[entry.workflow].where(entry.state)),
            f"{case.began.astimezone(zone):%Y-%m-%d %H:%M}",
            took,
            who,
            *(ink.pick(ink.names.label(dim, entry.label(dim))) for dim in dims),
            late,
        )
        lines.append("<tr>" + "".join(f"<td>{safe(cell)}</td>" for cell in cells) + "</tr>")
    return (
        f'<section class="tickets-part" id="tickets" tabindex="-1"><h2>{ink.t("tickets")}'
        ' <small class="sub n-shown"></small></h2><div class="card">'
        f'<div class="wide"><table class="tickets cards"><thead><tr>{heads}</tr></thead><tbody>'
        f"{''.join(lines)}</tbody></table></div>"
        f'<button type="button" class="next" hidden>{ink.t("more")}</button></div></section>'
    )


def _foot(given: Page, ink: Ink) -> str:
    told = [ink.t("about.cohort", "p"), ink.t("about.filters", "p")] if given.entries else []
    if given.stories:
        told.append(_told(ink, "about.stories", n=f"{len(given.stories):,}"))
    if given.unread_all:
        named = "".join(f"<li><bdi>{safe(one.id)}</bdi>: {safe(one.reason[:300])}</li>" for one in given.unread[:MOST_UNREAD])
        told.append(_told(ink, "about.unread", n=f"{given.unread_all:,}") + f"<ul>{named}</ul>")
    told.append(f"{ink.t('about.self', 'p')}{_told(ink, 'about.made', version=given.version)}")
    if given.definitions and given.entries:
        terms = "".join(
            f'<dt data-en="{safe(en)}" data-zh="{safe(zh)}">{safe(zh if ink.lang == "zh" else en)}</dt>'
            f'<dd data-en="{safe(means)}" data-zh="{safe(means_zh)}">{safe(means_zh if ink.lang == "zh" else means)}</dd>'
            for en, zh, means, means_zh in given.definitions
        )
        told.append(f"<details><summary>{ink.t('about.definitions')}</summary><dl>{terms}</dl></details>")
    return f"<footer><h2>{ink.t('about')}</h2>{''.join(told)}</footer>\n"


def _told(ink: Ink, key: str, **facts: str) -> str:
    given = safe(json.dumps(facts, ensure_ascii=False))
    return f'<p data-told="{key}" data-facts="{given}">{safe(ink.word(key, **facts))}</p>'


__all__ = ["Page", "inert", "page"]
