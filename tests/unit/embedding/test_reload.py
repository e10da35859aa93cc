"""Another edition of a workflow for a desk that runs: what it comes to, who would be stranded, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import servflow
from servflow import Desk
from servflow.embedding import AsyncReloading, Reloading, Source, edit, follow
from servflow.errors import Conflict, InputError, NotFound
from servflow.stores import MemoryStore, SqliteStore, SqlStore
from tests.postgres import fresh_database

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = """\
workflow: repair
version: 1
fields: {fee: string}
initial: new
states: {new: {}, on_site: {}, waiting: {timers: [{after: 7d, event: close}]}, checking: {}, closed: {closed: true}}
transitions:
  - {event: visit, source: new, target: on_site}
  - {event: wait, source: on_site, target: waiting}
  - {event: resume, source: waiting, target: on_site}
  - {event: finish, source: on_site, target: checking}
  - {event: close, source: [checking, waiting], target: closed}
clocks: [{name: repair, within: 48h, until: checking, paused_in: waiting}]
"""
FIRST = edit(TEXT)
SECOND = FIRST.set("", "version", 2).rename("states/waiting", "waiting_parts").set("clocks/repair", "within", "24h")


class Shop:
    """Two processes over one store; the second takes in what the first applies."""

    def __init__(self) -> None:
        self.at = MONDAY
        self.store = SqliteStore(":memory:")
        self.desk = Desk(FIRST.workflow(), self.store, now=lambda: self.at)
        self.other = Desk(FIRST.workflow(), self.store, now=lambda: self.at, sources=[follow])
        self.reloading = Reloading(self.desk)

    def states(self) -> list[tuple[str, str, int]]:
        return [(ticket.id, ticket.state, ticket.version) for ticket in self.store.find()]


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    for name in ("R-1", "R-2", "R-3"):
        made.desk.open(name, {"fee": "80"})
    made.desk.fire("R-2", "visit")
    made.desk.fire("R-3", "visit")
    made.desk.fire("R-3", "wait")
    made.at += timedelta(hours=30)
    yield made
    made.store.close()


def test_a_preview_tells_what_each_ticket_comes_to_and_changes_nothing(shop: Shop) -> None:
    """Who moves, who is stranded and where he seems to belong, who would be late at once, which clocks changed."""
    before = shop.states()

    preview = shop.reloading.preview(SECOND)

    assert {"moves": 2, "stranded": 1} == dict(preview.tickets)
    assert ["R-3"] == [move.id for move in preview.stranded]
    assert {"waiting": "waiting_parts"} == preview.suggested
    assert ["R-1", "R-2"] == [ticket for ticket, _ in preview.late]
    assert ["clocks[repair].paused_in", "clocks[repair].within"] == [change.path for change in preview.clocks]
    assert not preview.ready
    assert before == shop.states()
    assert 3 == json.loads(json.dumps(preview.as_data("zh")))["tickets"]["moves"] + len(preview.stranded)


def test_what_would_strand_a_ticket_is_refused_until_it_is_mapped(shop: Shop) -> None:
    """Refused with the tickets and states; with an answer they move and go on."""
    with pytest.raises(InputError, match="R-3") as caught:
        shop.reloading.apply(shop.reloading.preview(SECOND))
    assert (("R-3",), ("waiting",)) == (caught.value.tickets, caught.value.states)
    assert 1 == shop.desk.open("R-4").ticket.version

    preview = shop.reloading.preview(SECOND, states={"waiting": "waiting_parts"})
    applied = shop.reloading.apply(preview)

    assert preview.ready
    assert (4, 0) == (applied.moved, applied.refused)
    assert ("R-3", "waiting_parts", 2) in shop.states()
    assert 2 == shop.desk.open("R-5").ticket.version


def test_a_removed_state_strands_its_tickets_and_says_where_they_may_go(shop: Shop) -> None:
    """Without a name that looks like it there is no suggestion; an answer may name any state."""
    source = (
        FIRST.set("", "version", 2)
        .clear("clocks/repair", "paused_in")
        .set("transitions/close:checking+waiting>closed", "source", "checking")
        .remove("states/waiting", "transitions/wait:on_site>waiting", "transitions/resume:waiting>on_site")
    )

    assert ["R-3"] == [move.id for move in shop.reloading.preview(source).stranded]
    shop.reloading.apply(shop.reloading.preview(source, states={"waiting": "on_site"}))
    assert ("R-3", "on_site", 2) in shop.states()


def test_values_that_do_not_fit_block_their_tickets(shop: Shop) -> None:
    """A field of another type: told by ticket, and moved with an answer."""
    shop.desk.open("R-4", {"fee": "to be agreed"})
    source = FIRST.set("", "version", 2).set("fields/fee", "type", "decimal")

    preview = shop.reloading.preview(source)

    assert ["R-4"] == [move.id for move in preview.blocked]
    with pytest.raises(InputError, match="to be agreed"):
        shop.reloading.apply(preview)
    assert 4 == shop.reloading.apply(shop.reloading.preview(source, values={"fee": "0"})).moved


def test_tickets_may_stay_where_they_are(shop: Shop) -> None:
    """Without moving, only new tickets get the new edition, so that nobody can be stranded."""
    applied = shop.reloading.apply(shop.reloading.preview(SECOND), move=False)

    assert 0 == applied.moved
    assert 2 == shop.desk.open("R-4").ticket.version
    assert 1 == shop.desk.fire("R-3", "resume").ticket.version


def test_a_move_that_was_interrupted_goes_on(shop: Shop) -> None:
    """The same preview is applied again, also by another process that starts in between."""
    preview = shop.reloading.preview(SECOND, states={"waiting": "waiting_parts"})

    first = shop.reloading.apply(preview, limit=1)
    later = Reloading(shop.other)
    rest = later.apply(later.preview(SECOND, states={"waiting": "waiting_parts"}))

    assert (1, True) == (first.moved, first.more)
    assert (2, False) == (rest.moved, rest.more)
    assert {2} == {version for *_, version in shop.states()}
    assert [1, 2] == [one["version"] for one in shop.reloading.editions("repair")]
    assert (0, 3) == ((again := shop.reloading.apply(preview)).moved, again.done)


def test_a_preview_that_no_longer_holds_is_refused(shop: Shop) -> None:
    """A ticket that came to a state that goes, or another edition, is told; nothing is changed."""
    shop.desk.fire("R-3", "resume")
    preview = shop.reloading.preview(SECOND)
    assert preview.ready

    shop.desk.fire("R-2", "wait")
    with pytest.raises(Conflict, match="R-2"):
        shop.reloading.apply(preview)
    assert {1} == {version for *_, version in shop.states()}

    shop.reloading.apply(shop.reloading.preview(SECOND.set("", "title", "Repairs"), states={"waiting": "waiting_parts"}))
    with pytest.raises(Conflict, match="version 2"):
        shop.reloading.apply(preview)


def test_other_processes_learn_of_it_by_themselves(shop: Shop) -> None:
    """A desk that follows takes the edition in with its next round; tickets that were moved work there at once."""
    shop.reloading.apply(shop.reloading.preview(SECOND, states={"waiting": "waiting_parts"}))

    assert "waiting_parts" == shop.other.get("R-3").state
    assert "on_site" == shop.other.fire("R-3", "resume").ticket.state
    assert 1 == shop.other.open("R-4").ticket.version
    assert () == shop.other.tick().problems
    assert 2 == shop.other.open("R-5").ticket.version
    assert () == Reloading(shop.other).catch_up()


def test_the_former_edition_comes_back_under_the_next_number(shop: Shop) -> None:
    """What was renamed gets its former name; tickets go on where they are."""
    shop.reloading.apply(shop.reloading.preview(SECOND, states={"waiting": "waiting_parts"}))

    preview = shop.reloading.rollback("repair")
    applied = shop.reloading.apply(preview)

    assert preview.ready
    assert (3, 3) == (applied.version, applied.moved)
    assert [("R-1", "new", 3), ("R-2", "on_site", 3), ("R-3", "waiting", 3)] == shop.states()
    assert timedelta(hours=48) == shop.desk.get("R-1").clocks["repair"].within


def test_going_back_leaves_tickets_where_both_editions_have_their_state(shop: Shop) -> None:
    """Who was sent to a state that was there before stays in it, and so does everybody who was in it already."""
    source = (
        FIRST.set("", "version", 2)
        .clear("clocks/repair", "paused_in")
        .set("transitions/close:checking+waiting>closed", "source", "checking")
        .remove("states/waiting", "transitions/wait:on_site>waiting", "transitions/resume:waiting>on_site")
    )
    shop.reloading.apply(shop.reloading.preview(source, states={"waiting": "on_site"}))

    shop.reloading.apply(shop.reloading.rollback("repair"))

    assert [("R-1", "new", 3), ("R-2", "on_site", 3), ("R-3", "on_site", 3)] == shop.states()


def test_going_back_asks_about_states_that_took_in_several(shop: Shop) -> None:
    """Nobody can tell which of them a ticket came from: they are stranded until it is said."""
    shop.desk.fire("R-2", "finish")
    merged = {
        "workflow": "repair",
        "version": 2,
        "fields": {"fee": "string"},
        "states": {"new": {}, "on_site": {}, "paused": {}, "closed": {"closed": True}},
        "transitions": [
            {"event": "visit", "source": "new", "target": "on_site"},
            {"event": "pause", "source": "on_site", "target": "paused"},
            {"event": "close", "source": "paused", "target": "closed"},
        ],
        "clocks": [{"name": "repair", "within": "48h", "until": "paused"}],
    }
    shop.reloading.apply(shop.reloading.preview(merged, states={"waiting": "paused", "checking": "paused"}))

    back = shop.reloading.rollback("repair")

    assert ["R-2", "R-3"] == [move.id for move in back.stranded]
    assert shop.reloading.rollback("repair", states={"paused": "waiting"}).ready


def test_what_cannot_be_applied_is_told_in_chinese_too(shop: Shop) -> None:
    """Who would be stranded, that there was no edition before, and that somebody else applied one."""
    stranding, other = shop.reloading.preview(SECOND), shop.reloading.preview(FIRST.set("", "version", 9))

    with pytest.raises(InputError) as stranded:
        shop.reloading.apply(stranding)
    with pytest.raises(InputError) as first:
        shop.reloading.rollback("repair")
    shop.reloading.apply(other)
    with pytest.raises(Conflict) as stale:
        shop.reloading.apply(stranding)

    assert all(move.id in stranded.value.text("zh") for move in stranding.stranded)
    assert ("reload.stranded", tuple(move.id for move in stranding.stranded)) == (stranded.value.code, stranded.value.tickets)
    assert "请带上答案重新预览，或以 move=False 应用" in stranded.value.text("zh")
    assert "“repair”在当前版本之前没有其他版本" == first.value.text("zh")
    assert stale.value.text("zh").startswith("预览之后，“repair”第 9 版已被应用")


def test_a_definition_that_does_not_load_changes_nothing(shop: Shop) -> None:
    """Its findings are in the preview, which cannot be applied."""
    preview = shop.reloading.preview(SECOND.text.replace("target: closed", "target: close"))

    assert ["machine.unknown_state"] == [finding.code for finding in preview.findings]
    with pytest.raises(InputError, match="cannot be applied") as refused:
        shop.reloading.apply(preview)
    assert "close" in refused.value.text("zh").removeprefix("无法应用")
    assert {1} == {version for *_, version in shop.states()}


@pytest.mark.parametrize(
    ("source", "code"),
    [(FIRST.set("", "title", "Repairs"), "reload.version"), (edit("workflow: x\n"), "")],
)
def test_a_version_that_is_not_higher_is_told(shop: Shop, source: Source, code: str) -> None:
    """With the least number that would do; what has no states is no workflow at all."""
    preview = shop.reloading.preview(source)

    assert preview.findings
    assert not code or [(code, 2)] == [(one.code, one.facts["least"]) for one in preview.findings]
    assert preview.findings[0].message("zh") != preview.findings[0].message("en")


def test_a_workflow_that_is_new_here_is_taken_in(shop: Shop) -> None:
    """Nothing is moved; another process, which need not want it, takes it in by its name."""
    text = TEXT.replace("workflow: repair", "workflow: complaint")
    other = Reloading(shop.other)

    shop.reloading.apply(shop.reloading.preview(text))

    assert "complaint" == shop.desk.open("C-1", workflow="complaint").ticket.workflow
    assert () == other.catch_up()
    with pytest.raises(NotFound, match="complaint"):
        other.current("complaint")
    assert ("complaint",) == other.catch_up("complaint")
    assert shop.reloading.current("complaint") == other.current("complaint")
    with pytest.raises(NotFound, match="nobody"):
        other.catch_up("nobody")


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_of_two_editions_that_are_applied_at_once_one_is(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Whoever comes second, in whatever process, is refused as a whole, and all agree on what new tickets run under."""
    shared: Any = MemoryStore()
    url = fresh_database(request.getfixturevalue("postgres")) if kind == "postgres" else ""
    makes: dict[str, Any] = {
        "memory": lambda: shared,
        "sqlite": lambda: SqliteStore(tmp_path / "tickets.db"),
        "postgres": lambda: SqlStore(url),
    }
    stores = [makes[kind]() for _ in range(3)]
    desks = [Desk(FIRST.workflow(), store, now=lambda: MONDAY) for store in stores]
    desks[0].open("R-1", {"fee": "80"})
    reloadings = [Reloading(desk) for desk in desks]
    sources = [FIRST.set("", "version", 2).set("", "title", f"by {number}") for number in range(3)]
    previews = [one.preview(source, check=False) for one, source in zip(reloadings, sources, strict=True)]
    together = Barrier(3)

    def applied(number: int) -> str:
        together.wait()
        try:
            return str(reloadings[number].apply(previews[number]).version)
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(3) as pool:
        said = sorted(pool.map(applied, range(3)))
    for one in reloadings:
        one.catch_up()

    hashes = {one.current("repair").hash for one in reloadings} | {desks[0].get("R-1").pins["workflow"]}
    listed = [edition["version"] for edition in reloadings[0].editions("repair")]
    for store in stores:
        store.close()
    assert (["2", "reload.stale", "reload.stale"], 1, [1, 2]) == (said, len(hashes), listed)


def test_an_edition_that_came_with_the_program_can_be_gone_back_from(shop: Shop) -> None:
    """A desk that was started with a higher version than was ever applied goes back to the last that was."""
    shop.reloading.apply(shop.reloading.preview(FIRST.set("", "version", 2)))
    deployed = FIRST.set("", "version", 3).set("", "title", "Repairs").workflow()
    reloading = Reloading(Desk(deployed, shop.store, now=lambda: shop.at))

    back = reloading.rollback("repair")
    reloading.apply(back, move=False)

    assert FIRST.workflow().title == reloading.current("repair").title
    assert [1, 2, 3, 4] == [one["version"] for one in reloading.editions("repair")]


def test_new_findings_of_check_are_told(shop: Shop) -> None:
    """What the edit brings about, and not what was so before."""
    source = FIRST.set("", "version", 2).add("states", {}, name="island")

    found = shop.reloading.preview(source).checks

    assert any("island" in finding.message() for finding in found)


def test_what_is_no_preview_and_no_desk_is_refused(shop: Shop) -> None:
    """With what was expected."""
    given: Any = {"ready": True}
    preview = shop.reloading.preview(SECOND, states={"waiting": "waiting_parts"})
    for match, refused in (
        ("what preview gave", lambda: shop.reloading.apply(given)),
        ("limit is how many", lambda: shop.reloading.apply(preview, limit=given)),
        ("limit is how many", lambda: shop.reloading.apply(preview, limit=0)),
        ("pass the Desk", lambda: Reloading(given)),
        ("pass the AsyncDesk", lambda: AsyncReloading(given)),
        ("beside a desk", lambda: Reloading(shop.desk, beside=given)),
        ("beside a desk", lambda: Reloading(shop.desk, beside=3)),  # type: ignore[arg-type]  # that is the point
        ("most is how many", lambda: Reloading(shop.desk, most=given)),
        ("did you mean", lambda: shop.reloading.preview(SECOND, states={"wating": "new"})),
        ("states leads to 'nowhere'", lambda: shop.reloading.preview(SECOND, states={"waiting": "nowhere"})),
        ("clocks names 'none'", lambda: shop.reloading.preview(SECOND, clocks={"none": "now"})),
        ("states says what becomes of each", lambda: shop.reloading.preview(SECOND, states="waiting")),  # type: ignore[arg-type]  # likewise
        ("no edition", lambda: shop.reloading.rollback("repair")),
        ("no edition", lambda: shop.reloading.rollback("nothing")),
    ):
        with pytest.raises(InputError, match=match) as caught:
            refused()
        assert caught.value.text("zh") != caught.value.text("en")
    assert [1] == [one["version"] for one in shop.reloading.editions("repair")] or not shop.reloading.editions("repair")


def test_other_threads_go_on_meanwhile(shop: Shop) -> None:
    """Whatever a thread does while tickets are moved is kept, under the one edition or the other."""
    preview = shop.reloading.preview(SECOND, states={"waiting": "waiting_parts"})
    with ThreadPoolExecutor(4) as pool:
        moved = pool.submit(shop.reloading.apply, preview)
        opened = [pool.submit(shop.desk.open, f"T-{number}") for number in range(20)]
        versions = {one.result().ticket.version for one in opened}

    moved.result()
    shop.reloading.apply(preview)
    assert versions <= {1, 2}
    assert {2} == {version for *_, version in shop.states()}
    assert servflow.load(SECOND.text).hash == shop.desk.get("T-3").pins["workflow"]
