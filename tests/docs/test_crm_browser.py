"""Knows what the CRM of the examples is in a real browser: read, pressed, as wide as a phone; must not know how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen

from tests.docs.crm import Place
from tests.docs.serving import served

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

UNNAMED = """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a, summary')]
  .filter(one => !(one.labels && one.labels.length) && !one.getAttribute('aria-label') && !one.textContent.trim())
  .map(one => one.outerHTML)"""
"""What somebody who does not see the page could not tell apart."""

TWICE = """() => { const all = [...document.querySelectorAll('[id]')].map(one => one.id);
  return all.filter((one, at) => all.indexOf(one) !== at); }"""

FAINT = """() => {
  const light = text => { const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = one => { for (; one; one = one.parentElement) { const c = getComputedStyle(one).backgroundColor;
    if (!c.endsWith(', 0)')) return c; } return 'rgb(255, 255, 255)'; };
  return [...document.querySelectorAll('main *, header *')].filter(one => !one.closest('svg, [disabled], .unseen')
    && [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())).filter(one => {
      const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
      return (a + .05) / (b + .05) < 4.5; }).map(one => one.outerHTML.slice(0, 120)); }"""
"""Text whose contrast with what is behind it is below what WCAG 2.2 asks for (AA)."""


@frozen
class Site:
    """The CRM being served, and where."""

    place: Place
    url: str


@pytest.fixture(scope="module")
def site(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The CRM on a port of its own, served until the tests of this module are over."""
    place = Place(str(tmp_path_factory.mktemp("crm") / "crm.db"))
    with served(place.app) as url:
        yield Site(place, url)
    place.close()


@pytest.fixture
def page(browser: Any, site: Site, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A window held to silence: no error, no word on the console, no request for anything but the site itself."""
    said: list[str] = []
    context = browser.new_context(**{"viewport": DESK, "base_url": site.url, **getattr(request, "param", {})})
    context.set_default_timeout(300_000)
    opened = context.new_page()
    opened.on("console", lambda message: said.append(f"console: {message.text}"))
    opened.on("pageerror", lambda error: said.append(f"error: {error}"))
    foreign = (site.url, "data:")
    opened.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith(foreign) else None)
    yield opened
    context.close()

    # A browser writes to the console that an answer was a refusal; that it was one is what the test is about.
    assert [] == [line for line in said if "status of 409" not in line and "status of 422" not in line]


def pick(page: Any, user: str) -> None:
    """Say who sits before the window."""
    page.goto("/who")
    page.click(f"button[value={user}]")


def basics(page: Any) -> None:
    """Everything has a name, ids are ids, headings begin at one, text can be read, and nothing is wider than the window."""
    assert [] == page.evaluate(UNNAMED)
    assert [] == page.evaluate(TWICE)
    assert [] == page.evaluate(FAINT)
    assert 1 == page.locator("h1").count()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_from_the_board_to_a_solved_ticket(page: Any, site: Site) -> None:
    """Somebody opens a ticket from the board, works through it by its buttons, and reads why it is due when it is."""
    id_ = site.place.opened()
    pick(page, "kit")
    page.click(f"article a[href='/tickets/{id_}']")
    page.click("button:has-text('Accept')")
    who = str(site.place.service.desk.get(id_).assignee)
    pick(page, who)
    page.goto(f"/tickets/{id_}")
    page.click("button:has-text('Start work')")
    page.click("button:has-text('Say hello')")
    page.fill("input[name='evidence.found']", "a worn belt")
    page.click("button:has-text('Find the fault')")
    page.click("button:has-text('Take a photo')")

    page.locator(".promise summary").last.click()
    why = page.locator(".promise .why").last.inner_text()
    assert "Promised are 16h" in why
    assert "So it is due Wed 2026-04-01 10:00" in why
    assert page.locator(".promise svg").last.is_visible()

    page.click("summary:has-text('Solve')")
    page.click(".action[open] button")  # with nothing filled in
    assert 1 == page.locator(".action[open] .problem").count()
    page.fill("textarea[name=solution]", "new belt")
    page.fill("input[name=amount]", "80.50")
    page.click(".action[open] button")
    assert "Solved" in page.locator(".chips").inner_text()
    basics(page)


def test_a_stale_button_in_two_windows(page: Any, site: Site) -> None:
    """Of two windows on one ticket the slower one is told what happened, and can go on from there."""
    id_, who = site.place.working()
    pick(page, who)
    page.goto(f"/tickets/{id_}")
    lead = site.place.service.actors["lea"]
    site.place.service.desk.fire(id_, "ticket.message", {"text": "hurry <b>up</b>", "side": "agent"}, actor=lead)
    page.click("summary:has-text('Order a part')")
    page.fill("input[name=part]", "pump")
    page.click(".action[open] button")

    assert "Somebody was faster" == page.locator("h1").inner_text()
    assert "hurry <b>up</b>" in page.locator(".log").inner_text()
    basics(page)
    page.click("button:has-text('Do it all the same')")
    assert "Waiting for a part" in page.locator(".chips").inner_text()


@pytest.mark.parametrize(
    "page", [{"viewport": PHONE, "locale": "zh-CN"}, {"color_scheme": "dark"}], indirect=True, ids=["phone", "dark"]
)
def test_every_page_can_be_read(page: Any, site: Site) -> None:
    """No page is wider than a phone, every input has a name, and all text can be read on light and on dark ground."""
    long = site.place.opened(subject="Waschmaschinenpumpenfilterdeckel" * 4)
    id_, who = site.place.working()
    site.place.at += timedelta(days=1)
    site.place.service.work()
    pick(page, who)
    for url in ("/", "/?by=queue&lang=zh", f"/tickets/{id_}", f"/tickets/{long}", "/new", "/outbox", "/who"):
        page.goto(url)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        basics(page)


def test_the_keyboard_is_enough(page: Any, site: Site) -> None:
    """The first stop of the tabulator leads past the head of the page, and a button is pressed without a mouse."""
    id_ = site.place.opened()
    pick(page, "kit")
    page.goto(f"/tickets/{id_}")
    page.keyboard.press("Tab")
    assert "To the content" == page.evaluate("document.activeElement.textContent")
    page.locator("button:has-text('Accept')").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".chips:has-text('Assigned')")

    assert "assigned" == site.place.service.desk.get(id_).state
