"""Knows what the studio promises to whoever edits a workflow while tickets run; must not know how an edit is made."""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.docs.serving import served

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "low_code"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def example() -> Any:
    """The modules of the example."""
    if str(EXAMPLE) not in sys.path:
        sys.path.append(str(EXAMPLE))
    for needed in ("fastapi", "httpx", "uvicorn"):
        pytest.importorskip(needed, reason="pip install fastapi httpx uvicorn")
    return importlib.import_module("studio_web"), importlib.import_module("studio")


class Web:
    """The studio as a browser asks it."""

    def __init__(self, folder: Path) -> None:
        app, studio = example()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it asks for httpx2, which few have so far
            from fastapi.testclient import TestClient
        self.studio = studio.Studio(folder, now=lambda: NOON)
        self.client = TestClient(app.application(self.studio))

    def view(self, lang: str = "en") -> Any:
        """What the page draws."""
        return self.client.get("/api/view", params={"lang": lang}).json()

    def post(self, path: str, lang: str = "en", **said: object) -> Any:
        """What the page sends; of the draft on what it sees now, unless *revision* says otherwise."""
        seen = {} if path.startswith("tickets") else {"revision": self.studio.draft.revision}
        return self.client.post(f"/api/{path}", params={"lang": lang}, json={**seen, **said})

    def edit(self, op: str, **said: object) -> Any:
        """A change that is made."""
        answer = self.post("edit", op=op, **said)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def ticket(self, key: str) -> str:
        """A new ticket."""
        return str(self.post("tickets", key=key).json()["id"])

    def click(self, ticket: str, event: str, **said: object) -> Any:
        """A button of a ticket as it is now."""
        forms = {
            form["id"]: form for one in self.client.get("/api/tickets").json() if one["id"] == ticket for form in one["forms"]
        }
        given = {"_form": event, "_expect": forms[event]["expect"] if event in forms else None, "_key": f"{ticket}-{event}"}
        return self.post(f"tickets/{ticket}", **{**given, **said})

    def running(self) -> dict[str, tuple[str, int]]:
        """State and edition of every ticket."""
        return {ticket.id: (ticket.state, ticket.version) for ticket in self.studio.desk.find()}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A studio in an empty folder."""
    made = Web(tmp_path / "data")
    yield made
    made.studio.close()


def test_a_state_is_renamed_while_tickets_run(web: Web) -> None:
    """Renaming keeps comments and all else, strands nobody who is told where to go, and the ticket goes on."""
    first, other = web.ticket("a"), web.ticket("b")
    for event in ("start", "order_part"):
        assert 200 == web.click(first, event).status_code
    made = web.edit("rename", id="states/waiting", name="parked")
    assert "states/parked" == made["moved"]["states/waiting"]
    assert "  parked:   {title: {en: Waits for a part, zh: 等待配件}}   # nothing counts here" in made["text"]
    assert "parked" in {node["data"]["name"] for node in made["flow"]["nodes"]}

    before = web.running()
    told = web.post("preview").json()
    assert (1, [{"state": "waiting", "count": 1, "suggested": "parked"}]) == (told["moves"], told["stranded"])
    assert 400 == web.post("apply", answers={}).status_code
    assert before == web.running()

    done = web.post("apply", answers={"waiting": "parked"}).json()
    assert (2, 2, True) == (done["version"], done["moved"], done["view"]["same"])
    assert {first: ("parked", 2), other: ("new", 2)} == web.running()
    assert "version: 2" in web.view()["text"]
    assert 200 == web.click(first, "part_came").status_code
    assert ("repairing", 2) == web.running()[first]


def test_a_half_done_draft_reaches_nobody(web: Web) -> None:
    """What does not load yet is drawn and told of at its element, in two languages, and can be neither applied nor lost."""
    ticket = web.ticket("a")
    web.edit("set", id="transitions/collect:done>closed", key="target", value="nowhere")
    for lang in ("en", "zh"):
        (finding,) = web.view(lang)["findings"]
        assert "nowhere" in finding["message"]
        assert "collect" in finding["element"]
        assert finding["line"] > 0
    assert "没有名为" in finding["message"]

    told = web.post("preview").json()
    assert (False, True) == (told["loads"], bool(told["problems"]))
    assert 400 == web.post("apply").status_code
    assert 200 == web.click(ticket, "start").status_code
    assert {ticket: ("repairing", 1)} == web.running()
    assert web.edit("undo")["same"]


def test_old_and_new_editions_side_by_side(web: Web) -> None:
    """Applied for new tickets only, those there are go on under theirs, each with its own buttons."""
    old = web.ticket("a")
    web.edit("add", section="states", name="checked")
    web.edit("add", section="transitions", value={"event": "check", "source": "new", "target": "checked"})
    web.edit("add", section="transitions", value={"event": "start", "source": "checked", "target": "repairing"})
    assert (2, 0) == tuple(web.post("apply", move=False).json()[name] for name in ("version", "moved"))
    new = web.ticket("b")

    buttons = {
        one["id"]: (one["version"], [form["id"] for form in one["forms"]]) for one in web.client.get("/api/tickets").json()
    }
    assert {old: (1, ["start"]), new: (2, ["start", "check"])} == buttons
    assert 400 <= web.click(old, "check").status_code < 500
    assert 200 == web.click(new, "check").status_code


def test_two_editors(web: Web) -> None:
    """Whoever changes a draft that somebody else changed since is told so, sees it as it is, and overwrites nothing."""
    seen = web.view()["revision"]
    web.edit("add", section="states", name="mine")
    for path, said in (("edit", {"op": "add", "section": "states", "name": "theirs"}), ("preview", {}), ("apply", {})):
        answer = web.post(path, **{**said, "revision": seen})
        assert (409, "stale") == (answer.status_code, answer.json()["error"]["code"])
        assert "states/mine" in answer.json()["view"]["elements"]

    names = web.view()["elements"]
    assert ("states/mine" in names, "states/theirs" in names) == (True, False)


def test_two_studios_on_one_folder(web: Web, tmp_path: Path) -> None:
    """Another process, and somebody with a text editor, are seen at once; whoever was slower overwrites nothing."""
    other = Web(tmp_path / "data")
    seen = other.view()["revision"]
    web.edit("add", section="states", name="mine")
    assert 409 == other.post("edit", revision=seen, op="add", section="states", name="theirs").status_code
    assert "states/mine" in other.view()["elements"]
    assert "states/mine" not in other.edit("undo")["elements"]

    web.studio.file.write_text(web.view()["text"].replace("Received", "By hand"), "utf-8")
    assert 200 == other.post("apply", revision=other.view()["revision"]).status_code
    assert (2, True, True) == (web.view()["live"], web.view()["same"], "By hand" in web.view()["text"])
    assert {web.ticket("a"): ("new", 2)} == web.running()
    other.studio.close()


def test_what_two_processes_change_at_once_is_all_there(web: Web, tmp_path: Path) -> None:
    """Whoever finds the draft changed looks again and does it again; no change of either is lost, however they meet."""
    other = Web(tmp_path / "data")

    def add(studio: Any, name: str) -> None:
        while True:
            try:
                studio.edit({"op": "add", "section": "states", "name": name, "revision": studio.view("en")["revision"]}, "en")
                return
            except example()[1].Stale:
                continue

    names = [f"s{number}" for number in range(8)]
    with ThreadPoolExecutor(2) as both:
        tuple(both.map(lambda one: [add(one.studio, f"{name}_{one is web}") for name in names], (web, other)))

    assert {f"states/{name}_{side}" for name in names for side in (True, False)} <= web.view()["elements"].keys()
    other.studio.close()


def test_a_restart_loses_nothing(web: Web, tmp_path: Path) -> None:
    """After a restart the draft, what is running, and every ticket under its edition are there."""
    old = web.ticket("a")
    web.edit("set", id="states/new", key="title", value="Just in")
    web.post("apply", move=False)
    web.edit("add", section="states", name="later")
    before = {key: value for key, value in web.view().items() if key not in ("undo", "redo", "added", "moved")}
    web.studio.close()

    again = Web(tmp_path / "data")
    after = {key: value for key, value in again.view().items() if key in before}
    assert before == after
    new = again.ticket("b")
    assert {old: ("new", 1), new: ("new", 2)} == again.running()
    assert 200 == again.click(old, "start").status_code
    again.studio.close()


def test_a_table_is_edited_as_a_grid(web: Web) -> None:
    """A cell that is changed is the only thing that changes, a row can be added, and the new row counts once it is applied."""
    (grid,) = web.view()["grids"]
    inputs, outputs = (next(one["id"] for one in grid["columns"] if one["kind"] == kind) for kind in ("input", "output"))
    grid["rows"][1]["cells"][outputs] = "'55'"
    made = web.edit("grid", grid=grid)
    assert """      - ["-", "'55'"]""" in made["text"]
    assert """      - ["'gold'", "'0'"]   # free of charge""" in made["text"]
    (grid,) = made["grids"]
    grid["rows"].insert(0, {"id": "new", "cells": {inputs: "'gold', 'standard'", outputs: "'7'"}})
    assert 3 == len(web.edit("grid", grid=grid)["grids"][0]["rows"])

    web.post("apply")
    ticket = web.ticket("a")
    for event in ("start", "finish"):
        assert 200 == web.click(ticket, event).status_code
    assert "7" == str(web.studio.desk.get(ticket).fields["fee"])


def test_a_state_is_copied(web: Web) -> None:
    """With its ways out and its comment, under a free name; what was chosen is the copy then."""
    made = web.edit("paste", ids=["states/waiting"])

    assert "states/waiting_2" == made["moved"]["states/waiting"]
    assert 2 == made["text"].count("# nothing counts here")
    assert {"transitions/part_came:waiting>repairing", "transitions/part_came:waiting_2>repairing"} <= made["elements"].keys()


def test_text_and_undo(web: Web) -> None:
    """The YAML can be written as a whole, taken back and done again; what cannot be read is refused and nothing is lost."""
    before = web.view()["text"]
    made = web.edit("text", text=before.replace("Received", "Come in"))
    assert "Come in" in made["text"]
    assert before == web.edit("undo")["text"]
    assert made["text"] == web.edit("redo")["text"]
    for text in ("a: [", "/etc/passwd", str(EXAMPLE / "repair.yaml"), "", "- 1"):
        answer = web.post("edit", op="text", text=text)
        assert 400 == answer.status_code
    assert made["text"] == web.view()["text"] == web.studio.file.read_text("utf-8")


@pytest.mark.parametrize(
    "said",
    [
        {"op": "close"},
        {"op": "__class__"},
        {"op": "rename", "id": "states/new"},
        {"op": "rename", "id": "states/new", "name": "done"},
        {"op": "rename", "id": "states/nowhere", "name": "x"},
        {"op": "remove", "ids": ["states/new"]},
        {"op": "remove", "ids": 7},
        {"op": "add", "section": "people", "name": "x"},
        {"op": "set", "id": "states/new", "key": 7, "value": 1},
        {"op": "grid", "grid": {"name": "fee", "columns": 1}},
        {"op": "grid"},
        {"op": "add", "section": "states", "name": "x" * 5000},
        {"op": "set", "id": "states/new", "key": ["title"] * 5000, "value": 1},
        {},
    ],
)
def test_changes_that_cannot_be_made(web: Web, said: dict[str, Any]) -> None:
    """What is no change, or would break what others name, is refused in words; draft, file and tickets are as they were."""
    before = web.view()
    answer = web.post("edit", **said)

    assert 400 == answer.status_code
    assert answer.json()["error"]["en"]
    assert re.search("[\u4e00-\u9fff]", answer.json()["error"]["zh"])
    assert before == web.view()


def test_what_is_no_json(web: Web) -> None:
    """What no JSON object can be made of is refused in words, also a number that no answer could repeat."""
    before = web.view()
    for body in (b"", b"{", b"[]", b"null", b"\xff", b"1e999", b"-Infinity", b'{"a":' + b"[" * 100_000):
        for path in ("edit", "preview", "apply", "tickets", "tickets/R-1"):
            answer = web.client.post(f"/api/{path}", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 422), (path, body)
            assert answer.json()["error"]["en"]
            assert re.search("[\u4e00-\u9fff]", answer.json()["error"]["zh"])

    assert before == web.view()


def test_wrong_methods_and_addresses(web: Web) -> None:
    """They are told as such, in the form of every other refusal."""
    answers = [web.client.put("/api/edit", json={}), web.client.get("/api/edit"), web.client.get("/api/nowhere")]

    assert [405, 405, 404] == [answer.status_code for answer in answers]
    assert {"address"} == {answer.json()["error"]["code"] for answer in answers}


@pytest.mark.parametrize("said", [{"answers": 5}, {"answers": ["waiting"]}, {"answers": {"waiting": "nowhere"}}])
def test_answers_that_are_none(web: Web, said: dict[str, Any]) -> None:
    """What is no answer moves nobody, and is told."""
    ticket = web.ticket("a")
    for event in ("start", "order_part"):
        web.click(ticket, event)
    web.edit("rename", id="states/waiting", name="parked")

    assert [400, 400] == [web.post(path, **said).status_code for path in ("preview", "apply")]
    assert {ticket: ("waiting", 1)} == web.running()


def test_the_tickets_keep_the_name_they_are_found_by(web: Web) -> None:
    """A draft under another name would leave the tickets behind: it is refused, and they are there."""
    ticket = web.ticket("a")
    web.edit("set", id="", key="workflow", value="other")

    assert [400, 400] == [web.post(path).status_code for path in ("preview", "apply")]
    assert {ticket: ("new", 1)} == web.running()
    assert [400, 400] == [web.post("tickets", **said).status_code for said in ({}, {"key": 5})]


def test_only_this_page_may_ask(web: Web) -> None:
    """A form of another site, and another name of this machine, are turned away; pages load nothing from elsewhere."""
    assert 415 == web.client.post("/api/tickets", data={"key": "x"}).status_code
    assert 400 == web.client.get("/api/view", headers={"Host": "evil.example"}).status_code
    assert {} == web.running()
    page = web.client.get("/")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    texts = [page.text, *((EXAMPLE / "static" / name).read_text("utf-8") for name in ("studio.js", "studio.css"))]
    assert not [text for text in texts if "https://" in text or "innerHTML" in text]


def test_a_ticket_sent_twice_or_from_an_old_page(web: Web) -> None:
    """One key is one ticket and one step; a page that is old changes nothing."""
    ticket = web.ticket("a")
    assert ticket == web.ticket("a")
    seen = web.studio.desk.get(ticket).revision
    assert [200, 200] == [web.click(ticket, "start", _expect=seen, _key="k").status_code for _ in range(2)]
    assert 409 == web.click(ticket, "order_part", _expect=seen, _key="l").status_code
    assert {ticket: ("repairing", 1)} == web.running()


# in a browser ----------------------------------------------------------------------------------------------------


class Stage:
    """What the one server of this module serves at the moment: every test puts its own application there."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, str]]:
    """One server for all tests of this module, and its address."""
    made = Stage()
    with served(made) as address:
        yield made, f"{address}/"


@pytest.fixture
def page(browser: Any, stage: tuple[Stage, str], tmp_path: Path) -> Iterator[Any]:
    """The studio's page; whatever the browser complains of, or asks of anybody else, is in ``page.complaints``."""
    (app, studio), (served_here, address) = example(), stage
    kept = studio.Studio(tmp_path / "data", now=lambda: NOON)
    served_here.app = app.application(kept)
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(300_000)
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda said: opened.complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on(
        "request", lambda asked: None if asked.url.startswith((address, "data:")) else opened.complaints.append(asked.url)
    )
    opened.goto(address)
    opened.wait_for_selector("svg .node")
    yield opened
    context.close()
    kept.close()


def test_rename_preview_apply_in_the_browser(page: Any) -> None:
    """Somebody renames a state, sees whom it concerns, applies it, and the ticket that waited there goes on."""
    page.get_by_role("tab", name="Tickets").click()
    page.get_by_role("button", name="Open a ticket").click()
    for name in ("start", "order part"):
        page.locator(".ticket").get_by_role("button", name=name, exact=False).click()
    page.locator(".tag", has_text="Waits for a part").wait_for()

    page.locator("svg .node[data-id='states/waiting']").click()
    page.locator("input[name=name]").fill("parked")
    page.get_by_role("button", name="Rename").click()
    page.locator("svg .node[data-id='states/parked']").wait_for()
    page.locator("#preview").click()
    page.locator("select[name=waiting]").wait_for()
    assert "1 would be stranded" in page.locator("#counts").inner_text()
    page.locator("select[name=waiting]").select_option("parked")
    page.locator("#apply").click()
    page.get_by_text("version 2 is running").wait_for()

    page.get_by_role("tab", name="Tickets").click()
    page.locator(".ticket", has_text="version 2").get_by_role("button", name="part came", exact=False).click()
    page.locator(".tag", has_text="On the bench").wait_for()
    assert [] == page.complaints


def test_drawing_by_hand_in_the_browser(page: Any) -> None:
    """A state and an arrow are added, re-targeted and removed; a mistake is told at the element, in the language chosen."""
    page.locator("input[name=new_state]").fill("checked")
    page.locator("form", has_text="New state").get_by_role("button").click()
    page.locator("svg .node[data-id='states/checked'].chosen").wait_for()
    page.locator("input[name=event]").fill("check")
    page.locator("select[name=target]").select_option("done")
    page.locator("form", has_text="Transition from here").get_by_role("button").click()
    page.locator("svg .edge.chosen", has_text="check").wait_for()
    page.locator("select[name=target]").select_option("closed")
    page.locator("#findings button").first.wait_for()  # nothing leads to the new state
    page.locator("#lang").click()
    page.get_by_text("预览并应用").wait_for()
    page.get_by_role("button", name="删除", exact=True).click()
    page.locator("svg .edge", has_text="check").wait_for(state="detached")
    assert [] == page.complaints


def test_hostile_names_in_the_browser(page: Any) -> None:
    """Whatever somebody writes into a name, a title, a cell or an event is shown as it is and never runs."""
    page.on("dialog", lambda dialog: page.complaints.append(dialog.message))
    page.locator("svg .node[data-id='states/new']").click()
    page.locator("input[name=title]").fill(HOSTILE)
    page.locator("input[name=title]").blur()
    page.locator("svg .node", has_text="<img").wait_for()
    page.locator("input[name=event]").fill(HOSTILE)
    page.locator("form", has_text="Transition from here").get_by_role("button").click()
    page.locator("svg .edge.chosen", has_text="<img").wait_for()
    page.get_by_role("tab", name="YAML").click()
    text = page.locator("#yaml").input_value().replace("en: Repair of a device", f"en: '{HOSTILE}'")
    page.locator("#yaml").fill(text)
    page.get_by_role("button", name="Take this text").click()
    page.locator("h1", has_text="<img").wait_for()

    assert 0 == page.locator("img, svg script, body script").count()
    assert [] == [said for said in page.complaints if "400" not in said]


def test_two_windows_in_the_browser(page: Any) -> None:
    """A text that is being written is neither lost by what others do meanwhile, nor does it overwrite that."""
    page.get_by_role("tab", name="YAML").click()
    mine = page.locator("#yaml").input_value().replace("Received", "Mine")
    page.locator("#yaml").fill(mine)
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("input[name=new_state]").fill("theirs")
    other.locator("form", has_text="New state").get_by_role("button").click()
    other.locator("svg .node[data-id='states/theirs']").wait_for()

    page.get_by_role("button", name="Take this text").click()
    page.locator("#error", has_text="somebody else").wait_for()
    page.locator("svg .node[data-id='states/theirs']").wait_for()
    assert mine == page.locator("#yaml").input_value()
    page.get_by_role("button", name="Discard my text").click()
    assert "theirs" in page.locator("#yaml").input_value()


def test_the_keyboard_alone_is_enough(page: Any) -> None:
    """States and arrows are reached by tabulator, chosen by Enter or space, and keep the focus; tabs go by arrows."""

    def focus() -> str:
        return str(page.evaluate("document.activeElement.dataset.id ?? document.activeElement.id"))

    page.locator("svg .node[data-id='states/new']").focus()
    for key in ("Tab", "Enter"):
        page.keyboard.press(key)
    page.locator("svg .node.chosen").wait_for()
    assert page.locator("svg .chosen").get_attribute("data-id") == focus()
    page.locator("svg .edge").first.focus()
    page.keyboard.press(" ")
    page.locator("svg .edge.chosen").wait_for()
    assert focus().startswith("transitions/")
    assert "→" in str(page.locator("svg .edge.chosen").get_attribute("aria-label"))

    page.locator("svg .node[data-id='states/waiting']").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator("svg .node[data-id='states/waiting_2'].chosen").wait_for()
    page.locator("#tab_element").focus()
    page.keyboard.press("Control+z")
    page.locator("svg .node[data-id='states/waiting_2']").wait_for(state="detached")
    page.locator("#tab_element").focus()
    page.keyboard.press("ArrowRight")
    assert "tab_tables" == focus()
    page.get_by_role("button", name="Move up").focus()
    page.keyboard.press("Enter")
    page.locator("#status", has_text="differs").wait_for()
    assert [] == page.complaints


def test_what_was_typed_stays_in_the_browser(page: Any) -> None:
    """The other language, and a server that is away, cost nothing that was typed; on a phone all of it can be reached."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("svg .node[data-id='states/new']").focus()
    page.keyboard.press("Enter")
    page.locator("input[name=event]").fill("check")
    page.locator("#lang").click()
    page.get_by_text("预览并应用").wait_for()
    assert "check" == page.locator("input[name=event]").input_value()

    page.route("**/api/**", lambda asked: asked.abort())
    page.locator("form", has_text="由此出发的转移").get_by_role("button").click()
    page.locator("#error", has_text="没有响应").wait_for()
    page.unroute_all()
    page.locator("form", has_text="由此出发的转移").get_by_role("button").click()
    page.locator("svg .edge.chosen", has_text="check").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [] == [said for said in page.complaints if "ERR_FAILED" not in said]
