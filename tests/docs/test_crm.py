"""Knows what the CRM of the examples promises whoever uses it; must not know how its pages look."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from servflow.model import Notify
from servflow.stores import SqlStore
from tests.docs.crm import HERE, Place, hidden, module
from tests.postgres import fresh_database

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "\u202e\u2066 מימין לשמאל مرحبا",
    "👩‍🔧🧺 " + "é" * 40,
    "x" * 1500,
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """The CRM on a file of SQLite."""
    made = Place(str(tmp_path / "crm.db"))
    yield made
    made.close()


def forged(page: str) -> list[str]:
    """Elements on a page that no template of ours has."""
    return re.findall(r"<(?:script|img)\b|\son\w+=", re.sub(r'"[^"]*"|>[^<]*<', "><", page), re.IGNORECASE)


# -- who


def test_whoever_is_nobody_is_asked_who_they_are(place: Place) -> None:
    """No page but one is shown before somebody was picked, and nothing is done."""
    browser = place.browser()
    id_ = place.opened()

    for url in ("/", "/new", "/outbox", f"/tickets/{id_}"):
        browser.get(url)
        assert "/who" == browser.last.url.path
    browser.send(f"/tickets/{id_}", {"_form": "accept", "_expect": "1", "_key": "k"})
    assert "new" == place.service.desk.get(id_).state


def test_the_actor_comes_from_the_cookie_alone(place: Place) -> None:
    """What a form says of who acts is not listened to, and a cookie that was changed is no cookie."""
    id_, _ = place.working()
    browser = place.browser("kit")
    data = {"_form": "solve", "_expect": str(place.service.desk.get(id_).revision), "_key": "k", "solution": "x", "amount": "1"}
    browser.get(f"/tickets/{id_}")
    answer = browser.send(f"/tickets/{id_}", {**data, "actor": "ann", "who": "ann", "roles": "engineer"})
    assert 409 == answer.status_code
    assert "working" == place.service.desk.get(id_).state

    cookie = browser.client.cookies["crm_session"].replace(".kit.", ".max.")
    browser.client.cookies.clear()
    browser.client.cookies.set("crm_session", cookie)
    browser.get("/")
    assert "/who" == browser.last.url.path


def test_a_form_of_another_site_is_refused(place: Place) -> None:
    """Without the token of this session nothing is done, and the page says so."""
    id_ = place.opened()
    browser = place.browser("kit")
    data = browser.form(id_, "accept")
    for token in ("", "0" * 64, "ü", place.browser("lea").form(id_, "accept")["_token"]):
        answer = browser.send(f"/tickets/{id_}", {**data, "_token": token})

        assert 403 == answer.status_code
        assert "nothing was changed" in answer.text
    assert "new" == place.service.desk.get(id_).state


# -- buttons


def test_buttons_are_what_is_available(place: Place) -> None:
    """What can be done is a form, what cannot is told with its reason, and both depend on who looks."""
    id_ = place.opened()
    agent, engineer = place.browser("kit"), place.browser("ann")

    assert "accept" == agent.form(id_, "accept")["_form"]
    page = engineer.get(f"/tickets/{id_}")
    with pytest.raises(AssertionError):
        hidden(page, "accept")
    assert "it takes agent or lead, and ann is none of these" in unescape(page)
    assert 200 == agent.press(id_, "accept").status_code
    assert "assigned" == place.service.desk.get(id_).state


def test_the_same_form_twice_is_one_event(place: Place) -> None:
    """Two clicks on one button do it once, and both end at the ticket."""
    id_ = place.opened()
    browser = place.browser("kit")
    data = {**browser.form(id_, "ticket.message"), "text": "we come at noon"}
    answers = [browser.send(f"/tickets/{id_}", data) for _ in range(2)]
    data = browser.form(id_, "accept")
    answers += [browser.send(f"/tickets/{id_}", data) for _ in range(2)]

    assert [200] * 4 == [answer.status_code for answer in answers]
    assert 1 == place.browser("kit").get(f"/tickets/{id_}").count('<p class="message">')
    assert "assigned" == place.service.desk.get(id_).state


def test_a_stale_button_says_what_changed(place: Place) -> None:
    """Who presses a button of an old page is told what happened since, keeps what they wrote, and may send it again."""
    id_, who = place.working()
    mine, lead = place.browser(who), place.browser("lea")
    data = mine.form(id_, "order_part")
    lead.press(id_, "ticket.message", text="the customer is in a hurry")
    before = place.service.desk.get(id_)
    answer = mine.send(f"/tickets/{id_}", {**data, "part": "a <b>pump</b>", "days": "2"})

    assert 409 == answer.status_code
    assert "the customer is in a hurry" in answer.text
    assert "a &lt;b&gt;pump&lt;/b&gt;" in answer.text
    assert before == place.service.desk.get(id_)

    again = mine.send(f"/tickets/{id_}", {**hidden(answer.text, "order_part"), "part": "a pump", "days": "2"})
    assert 200 == again.status_code
    assert "waiting_parts" == place.service.desk.get(id_).state


def test_a_stale_button_that_is_gone_keeps_what_was_written(place: Place) -> None:
    """Where the ticket moved on, the page says where it is now and shows what was written."""
    id_ = place.opened()
    mine, other = place.browser("kit"), place.browser("lea")
    data = {**mine.form(id_, "cancel"), "reason": "the customer <fixed> it"}
    other.press(id_, "accept")
    place.service.desk.fire(id_, "start", actor=place.service.actors[place.service.desk.get(id_).assignee])
    answer = mine.send(f"/tickets/{id_}", data)

    assert 409 == answer.status_code
    assert "In work" in answer.text
    assert "the customer &lt;fixed&gt; it" in answer.text


def test_a_promise_that_broke_meanwhile_makes_no_button_stale(place: Place) -> None:
    """What time alone does to promises is nothing a button is about."""
    id_ = place.opened()
    browser = place.browser("kit")
    data = browser.form(id_, "accept")
    place.at += timedelta(hours=5)
    place.service.work()
    answer = browser.send(f"/tickets/{id_}", data)

    assert 200 == answer.status_code
    assert "assigned" == place.service.desk.get(id_).state


def test_a_refused_event_says_why_and_what_next(place: Place) -> None:
    """A form that was made by hand is refused as the workflow says, and changes nothing."""
    id_ = place.opened()
    browser = place.browser("kit")
    browser.get(f"/tickets/{id_}")
    before = place.service.desk.get(id_)
    data = browser.form(id_, "accept")
    assert 409 == browser.send(f"/tickets/{id_}", {**data, "_expect": str(before.revision + 9)}).status_code
    for form in ("solve", "close", "no_such_event", "<script>", ""):
        answer = browser.send(f"/tickets/{id_}", {"_form": form, "_expect": str(before.revision), "_key": "k"})

        assert 409 == answer.status_code
        assert "Nothing was changed" in answer.text
        assert [] == forged(answer.text)
    assert before == place.service.desk.get(id_)


# -- forms


def test_what_is_wrong_is_told_at_its_input(place: Place) -> None:
    """Missing and unfit values are marked, what was typed stays, and nothing is done."""
    id_, who = place.working()
    browser = place.browser(who)
    answer = browser.press(id_, "order_part", part="", days="<soon>")

    assert 422 == answer.status_code
    assert re.search(r'name="part" value=""[^>]*aria-invalid="true"', answer.text)
    assert re.search(r'name="days" value="&lt;soon&gt;"[^>]*aria-invalid="true"', answer.text)
    assert "working" == place.service.desk.get(id_).state
    assert (
        200 == browser.send(f"/tickets/{id_}", {**hidden(answer.text, "order_part"), "part": "pump", "days": "2"}).status_code
    )


def test_the_other_language_keeps_what_was_typed(place: Place) -> None:
    """Whoever changes the language in the middle of a form finds it as it was, with nothing done; too late or not."""
    id_ = place.opened()
    mine = place.browser("kit")
    data = {**mine.form(id_, "cancel"), "reason": "a <b>typo</b>"}
    before = place.service.desk.get(id_)
    answer = mine.send(f"/tickets/{id_}?lang=zh", {**data, "_again": "1"})
    assert (200, True) == (answer.status_code, "可执行操作" in answer.text)
    assert "a &lt;b&gt;typo&lt;/b&gt;</textarea>" in answer.text
    assert data["_key"] == hidden(answer.text, "cancel")["_key"]

    mine.get("/new?lang=en")
    answer = mine.send("/new?lang=zh", {"_again": "1", "_key": "k", "name": "Ida", "subject": "x"})
    assert (200, True) == (answer.status_code, 'value="Ida"' in answer.text)
    assert before == place.service.desk.get(id_)
    assert 1 == len(place.service.desk.find(limit=9))

    who = place.browser("lea")
    who.press(id_, "cancel", reason="done")
    answer = mine.send(f"/tickets/{id_}?lang=zh", {**data, "_again": "1"})
    assert (409, True) == (answer.status_code, "a &lt;b&gt;typo&lt;/b&gt;" in answer.text)


def test_steps_of_a_checklist_are_checked_with_their_evidence(place: Place) -> None:
    """Each open step is a form; with all done the ticket can be solved."""
    id_, who = place.working()
    browser = place.browser(who)
    browser.press(id_, "step.check:check_in")
    assert 422 == browser.press(id_, "step.check:diagnose", **{"evidence.found": ""}).status_code
    browser.press(id_, "step.check:diagnose", **{"evidence.found": "a <worn> belt"})
    browser.press(id_, "step.check:photo")
    browser.press(id_, "solve", solution="new belt", amount="80.50")

    assert "solved" == place.service.desk.get(id_).state
    assert "a &lt;worn&gt; belt" in browser.get(f"/tickets/{id_}")


def test_a_new_ticket_and_its_customer_are_kept_together(place: Place) -> None:
    """Twice the same form is one ticket; one that does not fit leaves no customer behind."""
    browser = place.browser("kit")
    data = dict(re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)"', browser.get("/new")))
    given = {**data, "name": "Ida", "phone": "0106", "subject": "it leaks", "category": "washer", "tier": "gold", "serial": ""}
    wrong = browser.send("/new", {**given, "category": "boat", "name": "Nobody"})
    assert 422 == wrong.status_code
    assert 'value="Nobody"' in wrong.text
    assert [] == place.service.search("Nobody")

    first = browser.send("/new", given).url
    assert first == browser.send("/new", given).url
    ticket = place.service.desk.get(first.path.removeprefix("/tickets/"))
    assert ("Ida", "front_desk", 1) == (place.service.customer(ticket.customer).name, ticket.queue, ticket.priority)


def test_a_database_that_is_busy(place: Place, tmp_path: Path) -> None:
    """While somebody else holds it for too long nothing is changed, what was written is shown, and it can be sent again."""
    browser = place.browser("kit")
    data = dict(re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)"', browser.get("/new")))
    given = {
        **data,
        "name": "Ida <3",
        "phone": "0106",
        "subject": "it leaks",
        "category": "washer",
        "tier": "gold",
        "serial": "",
    }
    place.service.engine.dispose()
    pytest.importorskip("sqlalchemy").event.listen(
        place.service.engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA busy_timeout = 0")
    )
    other = sqlite3.connect(tmp_path / "crm.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = browser.send("/new", given)
    other.execute("ROLLBACK")
    other.close()

    assert (503, True) == (answer.status_code, "Ida &lt;3" in answer.text)
    assert () == place.service.desk.find()
    assert 200 == browser.send("/new", given).status_code


def test_what_is_too_much_is_refused(place: Place) -> None:
    """A form beyond all measure is not read, and a name longer than its column is told at its input."""
    browser = place.browser("kit")
    browser.get("/new")
    large = browser.send("/new", {"subject": "x" * 300_000})
    assert 413 == large.status_code
    browser.get("/new")
    long = browser.send(
        "/new", {"_key": "k", "name": "n" * 201, "phone": "1", "subject": "s", "category": "ac", "tier": "gold"}
    )
    assert 422 == long.status_code
    assert "At most 200 characters" in long.text
    broken = browser.client.post("/new", content=b"x", headers={"content-type": "multipart/form-data; boundary=y"})
    assert (400, True) == (broken.status_code, "Nothing was changed" in broken.text)


# -- hostile text


@pytest.mark.parametrize("text", HOSTILE, ids=["script", "quotes", "templates", "rtl", "emoji", "long"])
def test_hostile_text_is_only_text(place: Place, text: str) -> None:
    """What somebody writes stands on every page as they wrote it, and is never markup."""
    browser = place.browser("kit")
    data = dict(re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)"', browser.get("/new")))
    fields = {"name": text[:200], "phone": text[:50], "subject": text, "serial": text, "category": "washer", "tier": "gold"}
    url = browser.send("/new", {**data, **fields}).url.path
    id_ = url.removeprefix("/tickets/")
    browser.press(id_, "ticket.message", text=text)
    place.at += timedelta(days=3)
    place.service.work()
    browser.press(id_, "cancel", reason=text)

    for page in (url, f"{url}?lang=zh", "/?only=closed", "/outbox", f"/?q={quote(text[:150])}", f"/?only={quote(text[:150])}"):
        shown = browser.get(page)
        assert [] == forged(shown), page
    assert text in unescape(browser.get(url))
    assert "default-src 'none'" in browser.last.headers["content-security-policy"]


@pytest.mark.parametrize(
    "id_", ["T-999", "nope", "<script>alert(1)</script>", "../../etc/passwd", "a/b?c#d", "𝕏" * 300, "\x00"]
)
def test_a_ticket_nobody_knows(place: Place, id_: str) -> None:
    """An id that is none is told of, and shown as text."""
    browser = place.browser("kit")
    page = browser.get(f"/tickets/{quote(id_, safe='')}", status=404)

    assert "Nothing is known under" in page
    assert [] == forged(page)


def test_wrong_methods(place: Place) -> None:
    """What an address does not do is told as a page too, with the status that says so."""
    client = place.browser("kit").client

    answers = [client.put("/who"), client.delete("/tickets/T-1"), client.post("/outbox", data={"a": "b"})]

    assert [(405, True)] * 3 == [(answer.status_code, "<h1" in answer.text) for answer in answers]


# -- what the pages tell


def test_the_board_sorts_filters_and_turns_pages(place: Place) -> None:
    """Columns are sorted by what is due first; filters and search leave out the rest; pages go through all."""
    browser = place.browser("kit")
    ids = [place.opened(serial=f"S-{number}") for number in range(15)]
    gold = place.opened(tier="gold")
    shown = re.findall(r'<article class="card.*?<a href="/tickets/(.*?)">', browser.get("/?only=new"), re.DOTALL)
    assert [gold, *sorted(ids)[:11]] == shown
    more = unescape(re.findall(r'class="more" href="(.*?)"', browser.last.text)[0])
    assert sorted(ids)[11:] == re.findall(r'<article class="card.*?<a href="/tickets/(.*?)">', browser.get(more), re.DOTALL)

    def cards(url: str) -> int:
        return browser.get(url).count("<article")

    assert (1, 16, 0) == (cards("/?q=S-7"), cards("/?q=Mia"), cards("/?q=%25"))
    assert (0, 0, 12) == (cards("/?late=1"), cards("/?assignee=ann"), cards("/?queue=front_desk"))
    place.at += timedelta(minutes=70)
    place.service.work()
    assert (1, 0) == (cards("/?late=1"), cards("/?late=1&queue=workshop"))
    assert "10 min late" in browser.get("/")


def test_the_explanation_stands_beside_the_deadline(place: Place) -> None:
    """A deadline says why it is then, as the clock explains it, in the language of the page."""
    id_, _ = place.working()
    place.at += timedelta(hours=1)
    for lang in ("en", "zh"):
        page = unescape(place.browser("lea", lang).get(f"/tickets/{id_}"))
        line = place.service.desk.explain_clock(id_, "repair")

        assert all(sentence in page for sentence in line.answer(lang, "Europe/Berlin"))
        assert line.svg(lang, "Europe/Berlin") in page or "<svg" in page


def test_everything_of_a_ticket_is_told(place: Place) -> None:
    """Who was told, who got it and why, what was written, and what happened stand on the page."""
    id_, who = place.working()
    browser = place.browser("lea")
    browser.press(id_, "ticket.message", text="we are on our way")
    for hours in (48.1, 1, 5):  # one level after the other, as they come due
        place.at += timedelta(hours=hours)
        place.service.work()
    page = unescape(browser.get(f"/tickets/{id_}"))

    assert f"best {who}; {who} gets it" in page
    assert "we are on our way" in page
    assert [who, "lea", "max"] == sorted(row.recipient for row in place.service.outbox(id_))
    assert f"The repair is late → <bdi>{who}</bdi>" in page
    assert "late" in re.findall(r'<article class="card (late)', browser.get("/?only=working"))
    place.service.desk.fire(id_, "order_part", {"part": "pump"}, actor=place.service.actors[who])
    assert "late, and paused" in browser.get("/?only=waiting_parts")
    assert "Escalation late repair · lead" in page


def test_an_effect_carried_out_twice_is_one_row(place: Place) -> None:
    """The outbox knows effects by their ids."""
    place.opened()
    place.at += timedelta(days=3)
    effects = []
    while place.service.desk.tick().worked:
        effects += place.service.desk.store.effects()
    for effect in (*effects, *effects):
        place.service.handlers["notify" if isinstance(effect, Notify) else "unreachable"](effect)
    place.service.work()

    assert len({effect.id for effect in effects}) == len(place.service.outbox())


def test_both_languages_have_every_word() -> None:
    """No page has a hole in it, and sentences keep their facts."""
    words = module("words")
    every = {**words.WORDS, **words.NAMES}

    assert all(en and zh for en, zh in every.values())
    assert all(set(re.findall(r"\{\w+\}", en)) == set(re.findall(r"\{\w+\}", zh)) for en, zh in every.values())


def test_a_week_goes_by(tmp_path: Path) -> None:
    """What ``--demo`` leaves are tickets in several states, and each can be looked at."""
    database, end = str(tmp_path / "week.db"), datetime(2026, 4, 2, 13, 30, tzinfo=UTC)
    module("week").live(database, end, count=12)
    place = Place(database)
    place.at = end
    try:
        tickets = place.service.desk.find(limit=100)
        assert 12 == len(tickets)
        assert len({ticket.state for ticket in tickets}) > 1
        assert place.service.desk.find(due_before=end)  # one of them was forgotten
        browser = place.browser("kit", "zh")
        assert all(200 == browser.client.get(f"/tickets/{ticket.id}").status_code for ticket in tickets)
    finally:
        place.close()


def test_on_postgresql(postgres: str) -> None:
    """The same CRM on PostgreSQL: customer and ticket in one transaction, search, buttons, and twice the same form."""
    place = Place(fresh_database(postgres))
    try:
        assert isinstance(place.service.store, SqlStore)
        case = ("f", {"name": "Mia", "phone": "1"}, {"subject": "s", "category": "ac"}, place.service.actors["kit"])
        first, again = place.service.open(*case), place.service.open(*case)
        browser = place.browser("kit")
        browser.press(first, "accept")
        browser.press(first, "ticket.message", text="nothing\0")
        for id_ in ("%00", "%FF", "%ED%A0%80", "T-2"):
            browser.get(f"/tickets/{id_}", status=404)
        assert [200] * 3 == [
            browser.client.get(f"/?{asked}").status_code for asked in ("q=%00", "q=%FF%25", "after=%00&only=new")
        ]

        assert first == again
        assert "assigned" == place.service.desk.get(first).state
        assert [first] == place.service.search("mia")
        place.at += timedelta(days=3)
        place.service.work()
        assert 0 < len(place.service.outbox()) == browser.get("/outbox").count("<li>")
    finally:
        place.close()


@pytest.mark.parametrize("name", ["", "/nowhere/crm.db", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_database_that_is_none(name: str) -> None:
    """What cannot be opened is told in a sentence with what to say instead, and without a word of Python."""
    with pytest.raises(SystemExit, match=r"--database takes a file, or postgresql"):
        start()(["--database", name])


def start() -> Any:
    """What ``run.py`` begins with."""
    module("app")
    spec = spec_from_file_location("run_crm", HERE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made.main
