"""Knows what a sampling draws; must not know how it is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import servflow
import servflow.documents
from servflow.desk import Desk
from servflow.errors import DefinitionError
from servflow.evaluation import Sampling, load_sampling
from servflow.evaluation._sampling import place
from servflow.expressions import Expression
from servflow.model import Ticket
from servflow.stores import MemoryStore, SqliteStore, Store

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
FLOWS = [
    servflow.load(
        """
        workflow: repair
        fields: {agent: {type: string, optional: true}, vip: {type: bool, default: false}}
        states: {open: {}, closed: {closed: true}}
        transitions:
          - {event: close, source: open, target: closed}
          - {event: ticket.reopen, source: closed, target: open}
        """
    ),
    *(servflow.load(TEMPLATES / f"{name}.yaml") for name in ("quality_review", "quality_sample")),
]
NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 3, 9, tzinfo=UTC)
RULE = {"sampling": "monthly", "workflows": "repair", "percent": 10, "agent": "agent", "wait": "1d"}


class Office:
    """A desk with a clock of its own."""

    def __init__(self, store: Store, *rules: dict[str, Any]) -> None:
        self.now, self.store = NOVEMBER, store
        self.rules = rules
        self.start()

    def start(self) -> None:
        """The program is started: nothing is remembered but what the store holds."""
        sources = [Sampling.from_data(rule) for rule in self.rules]
        self.desk = Desk(FLOWS, self.store, now=lambda: self.now, sources=sources)

    def closes(self, number: int, agent: str | None = "ann", **fields: Any) -> None:
        """A ticket is opened and closed."""
        given = {**({} if agent is None else {"agent": agent}), **fields}
        self.desk.open(f"T{number:04d}", given, workflow="repair")
        self.desk.fire(f"T{number:04d}", "close")

    def looks(self, times: int = 4) -> list[Any]:
        """The desk ticks; gives the problems it had."""
        return [problem for _ in range(times) for problem in self.desk.tick().problems]

    def reviews(self) -> list[Ticket]:
        """The reviews there are."""
        return list(self.store.find(workflow="quality_review", limit=1_000))

    def drawn(self) -> set[str]:
        """The tickets that are judged."""
        return {ticket.fields["reviewed"] for ticket in self.reviews()}


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


@pytest.fixture
def office(store: Store) -> Office:
    """An office that judges ten in a hundred."""
    return Office(store, RULE)


def test_the_share_of_every_agent_is_exact(office: Office) -> None:
    """Of 43 tickets of Ann five are drawn, of 12 of Bob two: a share is rounded up."""
    for number in range(55):
        office.closes(number, "ann" if number < 43 else "bob")
    office.now = DECEMBER

    assert [] == office.looks()
    assert {"ann": 5, "bob": 2} == Counter(ticket.fields["agent"] for ticket in office.reviews())
    [sample] = office.store.find(workflow="quality_sample")
    assert ({"ann": 43, "bob": 12}, "2026-11", "10", 0) == tuple(
        dict(value) if name == "closed" else value
        for name, value in ((name, sample.fields[name]) for name in ("closed", "period", "percent", "without_agent"))
    )
    assert {("2026-11", sample.id)} == {(one.fields["period"], one.fields["sample"]) for one in office.reviews()}


def test_those_lowest_in_the_draw_are_chosen(office: Office) -> None:
    """Which tickets are drawn is decided by their ids and the seed alone."""
    for number in range(40):
        office.closes(number)
    office.now = DECEMBER
    office.looks()

    lowest = sorted((f"T{number:04d}" for number in range(40)), key=lambda ticket: place("monthly", ticket))[:4]
    assert set(lowest) == office.drawn()


def test_nothing_is_drawn_twice(office: Office) -> None:
    """Ticks, restarts, and a second desk on the same store open no review again; nor does a reopening draw another one."""
    for number in range(40):
        office.closes(number)
    office.now = DECEMBER
    office.looks()
    before = office.drawn()
    office.desk.fire(min(before), "ticket.reopen")
    office.looks()
    office.start()
    office.looks()
    other = Office(office.store, RULE)
    other.now = DECEMBER + timedelta(days=2)
    other.looks()

    assert before == office.drawn()
    assert 4 == len(office.reviews())


def test_a_draw_that_was_interrupted_goes_on_from_what_was_kept(office: Office) -> None:
    """The list is kept first; whoever comes next opens the reviews of that list, though a ticket was reopened meanwhile."""
    for number in range(40):
        office.closes(number)
    office.now = DECEMBER
    office.looks(1)
    [sample] = office.store.find(workflow="quality_sample")
    listed = {item["ticket"] for item in sample.fields["drawn"]}
    assert set() == office.drawn()
    office.desk.fire(min(listed), "ticket.reopen")
    office.start()
    office.looks()

    assert listed == office.drawn()


def test_a_period_is_drawn_once_it_and_the_wait_are_over(office: Office) -> None:
    """In the zone of the sampling; what is closed in the next period belongs to that."""
    office.closes(1)
    office.now = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
    office.closes(2)
    office.looks()
    assert set() == office.drawn()
    office.now = datetime(2026, 12, 2, tzinfo=UTC)
    office.looks()
    assert {"T0001"} == office.drawn()


def test_the_zone_says_when_a_month_begins(store: Store) -> None:
    """Closed at 17:00 UTC on the last day of November is December in Shanghai."""
    office = Office(store, {**RULE, "zone": "Asia/Shanghai"})
    office.now = datetime(2026, 11, 30, 17, tzinfo=UTC)
    office.closes(1)
    office.now = DECEMBER
    office.looks()
    assert set() == office.drawn()
    office.now = datetime(2027, 1, 5, tzinfo=UTC)
    office.looks()
    assert {"T0001"} == office.drawn()


def test_what_was_reopened_belongs_to_its_last_closing(office: Office) -> None:
    """A ticket that is open when the draw is made is left out, and drawn with the month in which it is closed for good."""
    office.closes(1)
    office.desk.fire("T0001", "ticket.reopen")
    office.now = DECEMBER
    office.looks()
    assert set() == office.drawn()
    office.desk.fire("T0001", "close")
    office.now = datetime(2027, 1, 5, tzinfo=UTC)
    office.looks()

    assert ["2026-12"] == [ticket.fields["period"] for ticket in office.reviews()]


def test_at_least_and_at_most(store: Store) -> None:
    """Whoever closed little is judged twice all the same, if they closed as much; nobody more often than four times."""
    office = Office(store, {**RULE, "at_least": 2, "at_most": 4})
    for number in range(64):
        office.closes(number, "ann" if number < 60 else "bob" if number < 63 else "cid")
    office.now = DECEMBER
    office.looks()

    assert {"ann": 4, "bob": 2, "cid": 1} == Counter(ticket.fields["agent"] for ticket in office.reviews())


def test_only_what_the_condition_holds_for(store: Store) -> None:
    """A condition says which tickets may be drawn; whose agent nobody knows is counted apart."""
    office = Office(store, {**RULE, "percent": 100, "when": "vip"})
    office.closes(1, vip=True)
    office.closes(2)
    office.closes(3, None, vip=True)
    office.now = DECEMBER
    office.looks()

    assert {"T0001"} == office.drawn()
    assert 1 == office.store.find(workflow="quality_sample")[0].fields["without_agent"]


def test_expressions_may_be_trees(store: Store) -> None:
    """What a program wrote as a tree draws what its text would."""
    office = Office(store, {**RULE, "percent": 100, "when": Expression.parse("vip == true").tree})
    office.closes(1, vip=True)
    office.closes(2)
    office.now = DECEMBER
    office.looks()

    assert {"T0001"} == office.drawn()


def test_an_empty_period_is_drawn_too(office: Office) -> None:
    """It keeps an empty list, so that nobody looks again."""
    office.now = DECEMBER
    office.looks()

    assert [()] == [ticket.fields["drawn"] for ticket in office.store.find(workflow="quality_sample")]


def test_a_desk_that_stood_still_leaves_no_month_out(store: Store) -> None:
    """As many periods as back says are made up for, the oldest first."""
    office = Office(store, {**RULE, "back": 3, "percent": 100})
    office.closes(1)
    office.now = DECEMBER
    office.closes(2)
    office.now = datetime(2027, 2, 3, tzinfo=UTC)
    office.looks(10)

    assert {"T0001": "2026-11", "T0002": "2026-12"} == {
        one.fields["reviewed"]: one.fields["period"] for one in office.reviews()
    }
    assert 3 == len(office.store.find(workflow="quality_sample"))


def test_a_drawing_reads_no_more_than_its_batch_per_tick(store: Store) -> None:
    """A store of many tickets is read in many ticks, and the draw is the same."""
    office = Office(store, {**RULE, "batch": 7})
    for number in range(30):
        office.closes(number)
    office.now = DECEMBER
    office.looks(4)
    assert () == office.store.find(workflow="quality_sample")
    office.looks(4)

    lowest = sorted((f"T{number:04d}" for number in range(30)), key=lambda ticket: place("monthly", ticket))[:3]
    assert set(lowest) == office.drawn()


def test_two_tenants_share_a_sampling_and_no_draw(store: Store) -> None:
    """Each desk that is given it draws of its own tickets."""
    shared, now = Sampling.from_data(RULE), NOVEMBER
    desks = [Desk(FLOWS, store.for_tenant(name), now=lambda: now, sources=[shared]) for name in ("north", "south")]
    for desk, many in zip(desks, (10, 25), strict=True):
        for number in range(many):
            desk.open(f"T{number}", {"agent": "ann"}, workflow="repair")
            desk.fire(f"T{number}", "close")
    now = DECEMBER
    for _ in range(4):
        for desk in desks:
            desk.tick()

    assert [1, 3] == [len(desk.find(workflow="quality_review")) for desk in desks]


def test_reviews_that_were_not_opened_are_asked_for_again(office: Office) -> None:
    """A store may fail in the midst of them: what is missing comes again, and nothing else, until all are there."""
    for number in range(40):
        office.closes(number)
    office.now = DECEMBER
    office.looks(1)
    sampling = Sampling.from_data(RULE)
    first = sampling(office.desk, DECEMBER)
    again = sampling(office.desk, DECEMBER)
    office.desk.open(again[0].new_ticket, dict(again[0].fields), workflow="quality_review")
    rest = sampling(office.desk, DECEMBER)
    office.looks(2)

    assert (4, {one.id for one in first}) == (len(first), {one.id for one in again})
    assert {one.id for one in again[1:]} == {one.id for one in rest}
    assert () == sampling(office.desk, DECEMBER)


def test_a_large_sample_is_opened_some_at_a_time(store: Store) -> None:
    """No tick opens more than two hundred reviews."""
    office = Office(store, {**RULE, "percent": 100})
    with office.desk.batch():
        for number in range(450):
            office.closes(number)
    office.now = DECEMBER
    found = []
    for _ in range(6):
        office.looks(1)
        found.append(len(office.reviews()))

    assert [0, 200, 400, 450, 450, 450] == found


class ManyTickets:
    """A desk with more closed tickets than a drawing remembers."""

    def __init__(self, ticket: Ticket, many: int) -> None:
        self.ticket, self.many, self.read = ticket, many, 0
        self.store = MemoryStore()

    def find(self, **asked: Any) -> tuple[Ticket, ...]:
        """A page of them."""
        first = 0 if asked["after"] is None else int(asked["after"]) + 1
        self.read += len(page := range(first, min(first + asked["limit"], self.many)))
        return tuple(evolve(self.ticket, id=f"{n:06d}", assignee=f"a{n % 4}") for n in page)


@pytest.mark.parametrize(("at_most", "times"), [(100, 1), (5_000, 1), (15_000, 2)])
def test_a_drawing_that_remembers_too_much_reads_again(monkeypatch: pytest.MonkeyPatch, at_most: int, times: int) -> None:
    """What is drawn is the same; only where more could be drawn than is remembered are tickets read twice."""
    monkeypatch.setattr("servflow.evaluation._sampling.KEPT", 20_000)  # a limit, so that the test need not be as large
    flow = FLOWS[0]
    ticket = flow.fire(flow.open("T", at=NOVEMBER).ticket, "close", at=NOVEMBER).ticket
    desk = ManyTickets(ticket, 20_400)
    sampling = evolve(Sampling.from_data({**RULE, "agent": "assignee", "percent": 1, "batch": 100_000}), at_most=at_most)
    [sample] = sampling(desk, DECEMBER)
    lowest = [sorted((f"{n:06d}" for n in range(a, 20_400, 4)), key=lambda one: place("monthly", one))[:51] for a in range(4)]

    assert times * 20_400 == desk.read
    assert {one for agents in lowest for one in agents} == {item["ticket"] for item in sample.fields["drawn"]}


def test_a_name_that_no_ticket_has_is_told(store: Store) -> None:
    """A mistyped field would draw nothing for ever, and say nothing; one that only some tickets lack is none."""
    office = Office(store, {**RULE, "when": "vipp || channel == 'phone'"}, {**RULE, "sampling": "vips", "when": "vip"})
    for number in range(20):
        office.closes(number, vip=number < 12)
    office.now = DECEMBER

    told = [str(problem.error) for problem in office.looks(3)]
    assert 3 == len(told)
    assert all("no ticket that was closed then has vipp;" in one for one in told)
    assert 2 == len(office.drawn())


def test_a_sample_that_would_be_too_large_is_told_and_not_cut() -> None:
    """Nobody is left out in silence: the round says what would be drawn, tick by tick, until the document is changed."""
    done = servflow.load("{workflow: done, fields: {agent: {}}, states: {closed: {closed: true}}}")
    rule = {**RULE, "workflows": "done", "percent": 100, "batch": 20_000}
    store, now = MemoryStore(), NOVEMBER
    desk = Desk([done, *FLOWS], store, now=lambda: now, sources=[Sampling.from_data(rule)])
    with desk.batch():
        for number in range(5_001):
            desk.open(f"T{number}", {"agent": "ann" if number % 2 else "bob"}, workflow="done")
    now = DECEMBER
    for _ in range(2):
        assert any("would draw 5001 tickets of 2 agents" in str(problem) for problem in desk.tick().problems)
    assert () == store.find(workflow="quality_sample")
    fewer = Sampling.from_data({**rule, "at_most": 3})
    desk = Desk([done, *FLOWS], store, now=lambda: now, sources=[fewer])
    for _ in range(3):
        desk.tick()

    assert 6 == len(store.find(workflow="quality_review"))
    store.close()


def test_a_desk_without_the_workflows_is_told(store: Store) -> None:
    """The round tells what is missing, and nothing is lost: once it is there, the draw is made."""
    desk = Desk(FLOWS[:1], store, now=lambda: DECEMBER, sources=[Sampling.from_data(RULE)])

    assert any("quality_sample" in str(problem) for problem in desk.tick().problems)
    whole = Desk(FLOWS, store, now=lambda: DECEMBER, sources=[Sampling.from_data(RULE)])
    whole.tick()
    assert 1 == len(store.find(workflow="quality_sample"))


@given(st.integers(0, 10_000), st.integers(1, 100), st.integers(0, 30), st.integers(1, 300))
def test_quotas(closed: int, percent: int, least: int, most: int) -> None:
    """Never more than there are, nor than at_most; else the share rounded up, or at_least."""
    rule = Sampling.from_data({**RULE, "percent": percent, "at_least": least, "at_most": most})

    assert min(closed, most, max(least, ceil(closed * percent / 100))) == rule.quota(closed)


def test_the_draw_is_fair() -> None:
    """Over many seeds every ticket is drawn about as often as any other: chi-square with 99 degrees below its 0.1 % point."""
    hits: Counter[str] = Counter()
    tickets = [f"T{number}" for number in range(100)]
    for seed in range(2_000):
        hits.update(sorted(tickets, key=lambda ticket: place(str(seed), ticket))[:10])
    square = sum((hits[ticket] - 200) ** 2 / 200 for ticket in tickets)

    assert 20_000 == hits.total()
    assert square < 148.2


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"percent": 0}, "percent", "sampling.share"),
        ({"sampling": ""}, "sampling", "definition.key"),
        ({"sampling": "m" * 101}, "sampling", "definition.key"),
        ({"workflows": ["repair", "repair"]}, "workflows[1]", "name.twice"),
        ({"percent": "100.1"}, "percent", "sampling.share"),
        ({"percent": "many"}, "percent", "sampling.share"),
        ({"workflows": []}, "workflows", "definition.missing_key"),
        ({"period": "year"}, "period", "name.unknown"),
        ({"zone": "Mars"}, "zone", "sampling.zone"),
        ({"wait": "soon"}, "wait", "definition.span"),
        ({"wait": "2 business days"}, "wait", "sampling.wait"),
        ({"at_least": -1}, "at_least", "sampling.number"),
        ({"at_most": 0}, "at_most", "sampling.number"),
        ({"back": 37}, "back", "sampling.number"),
        ({"when": "vip &&"}, "when", "expression.invalid"),
        ({"agnet": "agent"}, "agnet", "document.unknown_key"),
    ],
)
def test_samplings_that_mean_nothing(change: dict[str, Any], path: str, code: str) -> None:
    """What cannot draw anything is refused, with the place."""
    with pytest.raises(DefinitionError) as error:
        load_sampling({**RULE, **change})

    assert [(path, code)] == [(one.path, one.code) for one in error.value.findings]


def test_the_template_loads() -> None:
    """As it ships."""
    rule = load_sampling(TEMPLATES / "quality_sampling.yaml")

    assert ("5", "month", timedelta(days=2)) == (rule.share, rule.period, rule.wait)
