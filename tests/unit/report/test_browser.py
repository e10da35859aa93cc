"""Holds the page to what a reader does with it in a browser: open, filter, switch, look; must not know how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.report import html
from servflow.report._entries import Entry, read_entry
from servflow.report._figures import figures
from servflow.report._flow import ways_of
from servflow.report._frame import Frame, frame
from servflow.report._write import _done
from tests.unit.report.conftest import Week
from tests.unit.report.test_titles import RECORDS, REPAIR

ZONE = "Asia/Shanghai"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

Open = Callable[..., Any]


SETTLED = "html:not([data-waiting])"
"""What the page is once it has counted what was asked; its own policy lets nobody ask by a script again and again."""


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Open a page and hold it to silence: no error, no word on the console, no request for anything but itself."""
    said: list[str] = []
    opened: list[Any] = []

    def begin(text: str, **options: Any) -> Any:
        path = tmp_path / f"page{len(opened)}.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(**{"viewport": DESK, **options})
        context.set_default_timeout(300_000)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("request", lambda request: said.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        opened.append(context)
        return page

    yield begin
    for context in opened:
        context.close()

    assert [] == said


@pytest.fixture(scope="module")
def text(week: Week) -> str:
    """The page of the week, compared with nothing."""
    return html(week.histories, week.known, at=week.at, zone=ZONE, limit=20)


def entries_of(week: Week, at: datetime) -> list[Entry]:
    """The tickets as the page keeps them."""
    cut = [[record for record in history if record.at <= at] for history in week.histories]
    return [read_entry(records, at, _done(records, week.known)) for records in cut if records]


def counted(week: Week, keep: Callable[[Entry, Frame], bool], since: datetime | None = None, **span: int) -> dict[str, Any]:
    """The figures of some tickets, as Python counts them."""
    entries = entries_of(week, week.at)
    found = frame(entries, at=week.at, since=since, zone=ZONE)
    ways = ways_of(entries, week.known)
    return figures([entry for entry in entries if keep(entry, found)], found, ways, **span)


def near(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Where two sets of figures differ; numbers may by a millionth."""
    if isinstance(expected, dict):
        assert isinstance(actual, dict), path
        keys = [f"{path}: {expected.keys() ^ actual.keys()}"] if expected.keys() != actual.keys() else []
        return keys + [
            line for key in expected.keys() & actual.keys() for line in near(expected[key], actual[key], f"{path}.{key}")
        ]
    if isinstance(expected, list):
        if len(expected) != len(actual):
            return [f"{path}: {len(expected)} and {len(actual)}"]
        return [line for place, one in enumerate(expected) for line in near(one, actual[place], f"{path}.{place}")]
    if isinstance(expected, (int, float)) and isinstance(actual, (int, float)):
        return (
            []
            if abs(expected - actual) <= 1e-6 * max(1.0, abs(expected)) + 1e-3 * (".m" in path or ".p" in path)
            else [f"{path}: {expected} and {actual}"]
        )
    return [] if expected == actual else [f"{path}: {expected} and {actual}"]


def test_the_browser_counts_what_python_counts(week: Week, text: str, open_page: Open) -> None:
    """Without a filter every figure of the page is the one that servflow.metrics gives."""
    page = open_page(text)

    assert [] == near(counted(week, lambda entry, found: True), page.evaluate("servflow.figures()"))


FILTERS: dict[str, tuple[dict[str, str], Callable[[Entry, Frame], bool]]] = {
    "tier": ({"tier": "0"}, lambda entry, found: entry.label("tier") == found.names["tier"][0]),
    "region and channel": (
        {"region": "1", "channel": "0"},
        lambda entry, found: (
            entry.label("region") == found.names["region"][1] and entry.label("channel") == found.names["channel"][0]
        ),
    ),
    "engineer": ({"assignee": "2"}, lambda entry, found: entry.label("assignee") == found.names["assignee"][2]),
    "late": ({"only": "late"}, lambda entry, found: entry.case.late),
    "open": ({"only": "open"}, lambda entry, found: entry.case.closed_at is None),
    "reopened": ({"only": "reopened"}, lambda entry, found: entry.case.reopened > 0),
    "escalated": ({"only": "escalated"}, lambda entry, found: bool(entry.case.reached)),
    "words": ({"search": "west gold"}, lambda entry, found: "west" in str(entry.case.slots) and entry.label("tier") == "gold"),
    "nothing": ({"search": "no such ticket anywhere"}, lambda entry, found: False),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filtered_figures_are_those_of_the_tickets_left(name: str, week: Week, text: str, open_page: Open) -> None:
    """Filtering in the browser gives the figures that Python gives on the same tickets, and lists just those."""
    asked, keep = FILTERS[name]
    page = open_page(text)
    page.click(".filters summary")
    for field, value in asked.items():
        node = page.locator(f".filters [name={field}]")
        node.fill(value) if field == "search" else node.select_option(value)
    page.wait_for_selector(SETTLED, state="attached")
    entries = entries_of(week, week.at)
    found = frame(entries, at=week.at, since=None, zone=ZONE)
    expected = {entry.case.id for entry in entries if keep(entry, found)}

    assert expected == set(page.evaluate("servflow.rows()"))
    assert [] == near(counted(week, keep), page.evaluate("servflow.figures()"))
    assert f"{len(expected):,}" == page.inner_text("[data-kpi=opened] .big")


def test_days_can_be_chosen_and_are_compared_with_those_before(week: Week, text: str, open_page: Open) -> None:
    """Tuesday and Wednesday alone, and where there are two days before them, the figures of those beside."""
    page = open_page(text)
    page.click(".filters summary")
    page.fill(".filters [name=from]", "2026-11-04")
    page.fill(".filters [name=to]", "2026-11-05")
    page.wait_for_selector(SETTLED, state="attached")
    found = counted(week, lambda entry, made: True, first=2, last=3)

    assert found["prev"] is not None
    assert [] == near(found, page.evaluate("servflow.figures()"))
    assert str(found["prev"]["opened"]) in page.inner_text("[data-kpi=opened] .delta")


def test_a_period_is_compared_with_the_one_before(week: Week, open_page: Open) -> None:
    """With a beginning given, what was opened before it counts in the comparison alone."""
    since = datetime(2026, 11, 4, 16, tzinfo=UTC)
    at = since + timedelta(days=2)
    page = open_page(html(week.histories, week.known, at=at, since=since, zone=ZONE, limit=0))
    entries = entries_of(Week(week.histories, week.workflow, at), at)
    made = page.evaluate("servflow.figures()")

    assert sum(since <= entry.case.began for entry in entries) == made["opened"]
    assert sum(since - timedelta(days=2) <= entry.case.began < since for entry in entries) == made["prev"]["opened"]


def test_reset_gives_everything_back(text: str, open_page: Open) -> None:
    """After filtering, one button brings back every ticket and every figure."""
    page = open_page(text)
    before = page.evaluate("servflow.figures()")
    page.click(".filters summary")
    page.select_option(".filters [name=only]", "late")
    page.wait_for_selector(SETTLED, state="attached")
    fewer = page.evaluate("servflow.figures()")["opened"]
    page.click(".filters button[type=reset]")
    page.wait_for_selector(SETTLED, state="attached")

    assert fewer < before["opened"]
    assert before == page.evaluate("servflow.figures()")


def test_what_stood_there_at_first_is_what_the_script_writes(text: str, browser: Any, tmp_path: Path, open_page: Open) -> None:
    """Without any script the page shows the same figures: it can be mailed, printed and read anywhere."""
    path = tmp_path / "still.html"
    path.write_text(text, encoding="utf-8")
    context = browser.new_context(java_script_enabled=False, viewport=DESK)
    context.set_default_timeout(300_000)
    still = context.new_page()
    still.goto(path.as_uri())
    quiet = still.locator("[data-f]").all_text_contents()
    bars = [bar.get_attribute("width") for bar in still.locator("[data-bar]").all()]
    context.close()
    page = open_page(text)

    assert quiet == page.locator("[data-f]").all_text_contents()
    assert [float(bar or 0) for bar in bars] == [float(bar.get_attribute("width")) for bar in page.locator("[data-bar]").all()]


def test_the_language_is_switched_on_the_page(text: str, open_page: Open) -> None:
    """One button turns every word into Chinese and back, the story of an open ticket too."""
    page = open_page(text)
    english = page.inner_text("main")
    page.click("button.lang")

    assert "zh" == page.get_attribute("html", "lang")
    assert "新开工单" == page.inner_text("[data-kpi=opened] h3")
    page.click("button.open >> nth=0")
    assert "经过" in page.inner_text("dialog")
    page.keyboard.press("Escape")
    page.click("button.lang")
    assert english == page.inner_text("main")


def test_the_switch_changes_what_states_clocks_chains_queues_and_values_are_called(open_page: Open) -> None:
    """Everywhere on the page and in a ticket's story: what has a title in both languages is said in one of them at a time."""
    other = REPAIR.open("R-2", {"queue": "front"}, at=RECORDS[0].at).records
    page = open_page(html([RECORDS, other], [REPAIR], at=RECORDS[-1].at, zone=ZONE))
    told = ("New", "Done", "Fix it", "Runs late", "The lead", "Care desk", "Gold", "Repair")
    chinese = ("新建", "完成", "修复时限", "超时升级", "组长", "关怀组", "金牌", "维修单")

    def shown(names: Sequence[str]) -> list[str]:
        return [name for name in names if page.get_by_text(name, exact=True).count()]

    before = shown((*told, *chinese))
    page.click("button.lang")
    after = shown((*told, *chinese))
    page.click("button.open[data-ticket='R-1']")
    page.wait_for_selector("dialog[open]")

    assert (list(told), list(chinese)) == (before, after)
    assert "修复时限" in page.inner_text("dialog .promise")
    assert "完工" in page.inner_text("dialog .story")
    assert 0 == page.locator("svg.lanes a.mark[aria-label*='Fix it']").count()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_phone_shows_it_without_scrolling_sideways(lang: str, week: Week, open_page: Open) -> None:
    """On 390 pixels nothing sticks out: what is wider scrolls in its own frame, and the drawer fits."""
    page = open_page(html(week.histories, week.known, at=week.at, zone=ZONE, lang=lang, limit=5), viewport=PHONE)
    wide = "[document.documentElement.scrollWidth, innerWidth]"
    widths = [page.evaluate(wide)]
    page.click(".filters summary")
    widths.append(page.evaluate(wide))
    page.click("button.open >> nth=0")
    widths.append(page.evaluate(wide))
    inside = page.evaluate("(() => { const d = document.querySelector('dialog'); return d.scrollWidth <= d.clientWidth; })()")

    assert [[390, 390]] * 3 == widths
    assert inside


def test_a_ticket_is_opened_by_its_mark_its_link_and_by_keys(text: str, open_page: Open) -> None:
    """A mark of a timeline, an address with the ticket and the list all open the same drawer; Escape closes it."""
    page = open_page(text)
    mark = page.locator("a.mark").first
    ticket = mark.get_attribute("data-ticket")
    mark.click()
    assert f"Ticket {ticket}" == page.inner_text("dialog h2")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.querySelector('dialog').open")

    page.evaluate(f"location.hash = '#t={ticket}'")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.locator("button.open").first.focus()
    page.keyboard.press("Enter")

    assert page.evaluate("document.querySelector('dialog').open")
    assert page.locator("ol.story li").count() > 10


def test_timelines_are_walked_by_keys(text: str, open_page: Open) -> None:
    """Tab comes to one mark of each timeline, the arrow keys go to all others, Enter opens the ticket that the mark names."""
    page = open_page(text)
    timelines = page.locator("svg.lanes").count()
    page.locator("svg.lanes a[tabindex='0']").first.focus()
    here = "[document.activeElement.dataset.lane, document.activeElement.getAttribute('aria-label')]"
    seen = [page.evaluate(here)]
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "End"):
        page.keyboard.press(key)
        seen.append(page.evaluate(here))

    assert timelines == page.locator("svg.lanes a[tabindex='0']").count()
    assert seen[0] != seen[1]
    assert ["0", "0", "1", "0"] == [lane for lane, _ in seen[:4]]
    ticket = page.evaluate("document.activeElement.dataset.ticket")
    page.keyboard.press("Enter")
    assert f"Ticket {ticket}" == page.inner_text("dialog h2")


def test_an_axis_that_does_not_begin_at_nothing_says_so(text: str, open_page: Open) -> None:
    """Where shares are drawn from 50 or 75 % on, the head of the column says it."""
    page = open_page(text)
    scales = page.locator("td.scale span:first-child").all_text_contents()

    assert scales
    assert all(scale in ("0 %", "from 50 %", "from 75 %") for scale in scales)


def test_the_story_tells_why(text: str, open_page: Open) -> None:
    """The drawer of the ticket with most to tell says who was considered, what climbed and why a promise was due."""
    page = open_page(text)
    page.click("button.open >> nth=0")
    told = page.inner_text("dialog")

    assert "engineers:" in told
    assert "Escalation" in told
    page.locator("dialog details summary").first.click()
    assert "Promised are" in page.inner_text("dialog details[open]")


def test_marks_of_tickets_that_are_filtered_out_are_hidden(text: str, open_page: Open) -> None:
    """A timeline shows the marks of the tickets that are left, and no others."""
    page = open_page(text)
    page.click(".filters summary")
    page.select_option(".filters [name=assignee]", "0")
    page.wait_for_selector(SETTLED, state="attached")
    left = set(page.evaluate("servflow.rows()"))
    seen = {mark.get_attribute("data-ticket") for mark in page.locator("a.mark:not([hidden])").all()}

    assert seen <= left
    assert page.locator("a.mark[hidden]").count() > 0


def test_no_two_labels_of_the_workflow_lie_on_each_other(text: str, open_page: Open) -> None:
    """States and labels of the drawing are apart, so that each can be read."""
    page = open_page(text)
    boxes = page.evaluate(
        "[...document.querySelectorAll('.flow .label, .flow .state .edge')]"
        ".filter((n) => n.tagName !== 'text' || n.textContent)"
        ".map((n) => { const r = n.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; })"
    )
    over = [
        (one, other)
        for place, one in enumerate(boxes)
        for other in boxes[place + 1 :]
        if one[0] < other[2] - 1 and other[0] < one[2] - 1 and one[1] < other[3] - 1 and other[1] < one[3] - 1
    ]

    assert [] == over


def test_every_control_has_a_name_and_every_drawing_too(text: str, open_page: Open) -> None:
    """Whoever cannot see the page is told what each control and each drawing is."""
    page = open_page(text)
    unnamed = page.evaluate(
        "[...document.querySelectorAll('select, input, button')]"
        ".filter((n) => !(n.textContent.trim() || n.closest('label'))).length"
    )
    silent = page.evaluate("[...document.querySelectorAll('svg[role]')].filter((n) => !n.getAttribute('aria-label')).length")

    assert (0, 0) == (unnamed, silent)


def test_a_page_about_nothing_says_so(open_page: Open) -> None:
    """Without any ticket the page says that there is none, in either language, and nothing breaks."""
    page = open_page(html((), at=datetime(2026, 11, 8, tzinfo=UTC)))
    english = page.inner_text("main")
    page.click("button.lang")

    assert "There are no tickets in this period." in english
    assert "此期间没有工单" in page.inner_text("main")
