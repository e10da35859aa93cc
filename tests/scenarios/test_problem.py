"""Knows what a problem manager expects of the templates problem, shared_cause and problem_news; must not know how they work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import servflow.documents
from servflow.desk import Desk
from servflow.documents import load_correlator
from servflow.metrics import Answers
from servflow.model import Actor, Call, Notify, Person, Queue, Ticket, World
from servflow.stores import SqliteStore, verify

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # nine o'clock in Shanghai
AGNES, ANNA, PAUL = Actor("agnes", ["agent"]), Actor("anna", ["analyst"]), Actor("paul", ["problem_manager"])
ENGINEER = Actor("emil", ["engineering"])
WORLD = World(
    people=[Person(id="paul", roles=["problem_manager"]), Person(id="max", roles=["manager"])],
    queues=[Queue(id="care", members=["olga"]), Queue(id="problems", members=["anna"])],
)


class Company:
    """A company that sells washers: complaints, problems and what correlates them, in one database."""

    def __init__(self, path: Path) -> None:
        self.now, self.complaints = MONDAY, 0
        self.told: list[tuple[str, str]] = []
        self.asked: list[Call] = []
        self.store = SqliteStore(path / "company.db")
        self.answers = Answers(store=self.store)
        self.desk = Desk(
            [
                servflow.load(TEMPLATES / "complaint.yaml"),
                servflow.load(TEMPLATES / "problem.yaml"),
                load_correlator(TEMPLATES / "shared_cause.yaml"),
                load_correlator(TEMPLATES / "problem_grows.yaml"),
                load_correlator(TEMPLATES / "problem_news.yaml"),
            ],
            self.store,
            now=lambda: self.now,
            world=WORLD,
            handlers={"notify": self._tell, "call:metric": self._answer},
        )

    def _tell(self, effect: Notify) -> None:
        self.told.append((effect.to, effect.template))

    def _answer(self, effect: Call) -> object:
        self.asked.append(effect)
        return self.answers(effect)

    def later(self, **length: float) -> Company:
        """So much time passes, and the desk looks at everything."""
        self.now += timedelta(**length)
        while self.desk.tick().worked or self.desk.deliver().worked:
            pass
        return self

    def complains(self, product: str, cause: str | None = None) -> str:
        """Somebody complains about a product, and after two hours it is known why."""
        self.complaints += 1
        name = f"C{self.complaints}"
        self.desk.open(name, {"customer": f"customer {name}", "product": product}, workflow="complaint")
        self.later(hours=2)
        if cause is not None:
            self.desk.fire(name, "diagnose", {"root_cause": cause}, actor=AGNES)
            self.later()
        return name

    def problems(self) -> tuple[Ticket, ...]:
        """All problems there are."""
        return self.desk.find(workflow="problem")

    def mended(self) -> str:
        """Three complaints of washers that leak make a problem, which is understood and mended."""
        for _ in range(3):
            self.complains("washer", "design")
        (problem,) = self.problems()
        known = {"analysis": "the hose is too short", "workaround": "a longer hose"}
        self.desk.fire(problem.id, "understand", known, actor=ANNA)
        self.desk.fire(problem.id, "begin_fix", {"fix": "hose of 40 cm"}, actor=ANNA)
        self.desk.fire(problem.id, "fixed", actor=ENGINEER)
        self.later(seconds=1)
        return problem.id


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """The company on Monday at nine."""
    made = Company(tmp_path)
    yield made
    assert [] == list(verify(made.store).findings)
    made.store.close()


def test_three_complaints_with_one_cause_are_a_problem(company: Company) -> None:
    """The third complaint of one product and cause within 30 days opens it; it names all three, and each of them hears."""
    company.complains("washer", "design")
    company.later(days=10).complains("washer", "transport")
    company.complains("fridge", "design")
    company.later(days=10).complains("washer", "design")
    assert () == company.problems()
    last = company.complains("washer", "design")

    (problem,) = company.problems()
    assert ("analysing", "washer", "design", ("C1", "C4", last)) == (
        problem.state,
        problem.fields["product"],
        problem.fields["cause"],
        tuple(problem.fields["about"]),
    )
    assert ("problems", 3) == (problem.queue, problem.priority)
    known = {name: "known_problem" in company.desk.get(name).tags for name in ("C1", "C2", "C3", "C4", "C5")}
    assert {"C1": True, "C2": False, "C3": False, "C4": True, "C5": True} == known


def test_a_corrected_cause_counts_once(company: Company) -> None:
    """Who diagnoses one complaint three times has made no problem of it."""
    name = company.complains("washer", "design")
    for cause in ("material", "design", "material", "design"):
        company.desk.fire(name, "diagnose", {"root_cause": cause}, actor=AGNES)
        company.later(minutes=5)

    assert () == company.problems()


def test_later_complaints_join_the_problem(company: Company) -> None:
    """While complaints keep coming there is one problem; each later one joins it by itself, and both know each other."""
    for _ in range(5):
        company.complains("washer", "design")
    company.complains("washer", "transport")
    company.complains("fridge", "design")
    company.later(days=29)
    company.complains("washer", "design")
    company.later(seconds=1)

    (problem,) = company.problems()
    assert ("C1", "C2", "C3", "C4", "C5", "C8") == tuple(problem.fields["about"])
    fields = {f"C{number}": company.desk.get(f"C{number}").fields.get("problem") for number in range(1, 9)}
    assert {**dict.fromkeys(fields), **dict.fromkeys(problem.fields["about"], problem.id)} == fields
    assert all("known_problem" in company.desk.get(name).tags for name in problem.fields["about"])


def test_what_comes_in_while_it_is_opened_joins_as_well(company: Company) -> None:
    """Five complaints are diagnosed before the desk works at all: the problem begins with three and gets the other two."""
    for number in range(1, 6):
        company.desk.open(f"C{number}", {"customer": f"c{number}", "product": "washer"}, workflow="complaint")
        company.desk.fire(f"C{number}", "diagnose", {"root_cause": "design"}, actor=AGNES)
    company.later().later(minutes=1).later()

    (problem,) = company.problems()
    assert {"C1", "C2", "C3", "C4", "C5"} == set(problem.fields["about"])
    assert {problem.id} == {company.desk.get(f"C{number}").fields["problem"] for number in range(1, 6)}


def test_a_complaint_joins_once(company: Company) -> None:
    """A cause that is corrected to and fro joins once, and what concerns only the problem repeats nothing."""
    problem = company.mended()
    name = company.complains("washer", "material")
    for cause in ("design", "material", "design"):
        company.desk.fire(name, "diagnose", {"root_cause": cause}, actor=AGNES)
        company.later(minutes=5)

    assert ("C1", "C2", "C3", name) == tuple(company.desk.get(problem).fields["about"])
    assert ["known_problem"] == [tag for tag in company.desk.get(name).tags if tag == "known_problem"]


def test_a_problem_that_is_gone_is_seen_again(company: Company) -> None:
    """A complaint of its cause some weeks later joins the closed problem, and its manager hears; after 90 days none does."""
    problem = company.mended()
    company.later(days=14, seconds=1)
    assert "closed" == company.desk.get(problem).state
    company.later(days=40)
    late = company.complains("washer", "design")

    assert late in company.desk.get(problem).fields["about"]
    assert ("paul", "problem_seen_again") in company.told
    company.later(days=60)
    assert company.complains("washer", "design") not in company.desk.get(problem).fields["about"]


def test_a_new_wave_is_a_new_problem(company: Company) -> None:
    """Half a year later three complaints of the same cause are a problem of their own, which the fourth joins."""
    first = company.mended()
    company.later(days=180)
    names = [company.complains("washer", "design") for _ in range(4)]

    (second,) = (one for one in company.problems() if one.id != first)
    assert names == list(second.fields["about"])
    assert {second.id} == {company.desk.get(name).fields["problem"] for name in names[3:]}


def test_what_somebody_knows_to_belong_to_it(company: Company) -> None:
    """The analyst adds a complaint of another product; it hears of the problem, and is not added twice."""
    problem = company.mended()
    name = company.complains("dryer")
    company.desk.fire(problem, "add_ticket", {"ticket": name}, actor=ANNA)
    company.later()

    assert name == company.desk.get(problem).fields["about"][-1]
    assert "known_problem" in company.desk.get(name).tags
    with pytest.raises(servflow.Refused):
        company.desk.fire(problem, "add_ticket", {"ticket": name}, actor=ANNA)


def test_the_complaints_hear_how_it_goes_on(company: Company) -> None:
    """Each complaint knows the problem it belongs to, and where that stands."""
    problem = company.mended()

    for name in ("C1", "C2", "C3"):
        fields = company.desk.get(name).fields
        assert (problem, "verifying") == (fields["problem"], fields["problem_state"])


def test_it_is_closed_once_its_figure_has_fallen(company: Company) -> None:
    """Two weeks after the fix the complaints since then are counted: one is within the target, so it is gone."""
    problem = company.mended()
    company.complains("washer", "design")
    company.complains("washer", "transport")
    company.complains("fridge", "design")
    company.later(days=13)
    assert "verifying" == company.desk.get(problem).state
    company.later(days=1)

    closed = company.desk.get(problem)
    assert ("closed", 1.0) == (closed.state, closed.fields["measured"])
    assert ("paul", "problem_gone") in company.told
    assert ["metric"] == [call.name for call in company.asked]


def test_it_is_analysed_anew_while_its_figure_is_too_high(company: Company) -> None:
    """Two more complaints in two weeks: not mended, and urgent. Mended again and quiet for two weeks, it is closed."""
    problem = company.mended()
    company.complains("washer", "design")
    company.later(days=5).complains("washer", "design")
    company.later(days=9)

    again = company.desk.get(problem)
    assert ("analysing", 2.0, 1, 1) == (again.state, again.fields["measured"], again.fields["rounds"], again.priority)
    assert ("paul", "problem_persists") in company.told

    company.desk.fire(problem, "begin_fix", {"fix": "another hose"}, actor=ANNA)
    company.desk.fire(problem, "fixed", actor=ENGINEER)
    company.later(days=14, seconds=1)
    assert ("closed", None) == ((gone := company.desk.get(problem)).state, gone.fields["measured"]), "nobody complained at all"


def test_mended_twice_in_vain_is_the_managers_business(company: Company) -> None:
    """A problem that comes back twice reaches the manager."""
    problem = company.mended()
    for _ in range(2):
        company.complains("washer", "design")
        company.complains("washer", "design")
        company.later(days=15)
        company.desk.fire(problem, "begin_fix", {"fix": "again"}, actor=ANNA)
        company.desk.fire(problem, "fixed", actor=ENGINEER)
        company.later(seconds=1)

    assert ("max", "problem_comes_back") in company.told


def test_nobody_closes_it_by_hand(company: Company) -> None:
    """There is no event that closes a problem but the answer of its metric, and only the system brings that."""
    problem = company.mended()

    for who, event in ((PAUL, "close"), (PAUL, "metric.checked"), (ANNA, "ticket.cancel")):
        with pytest.raises(servflow.Refused):
            company.desk.fire(problem, event, {"value": 0.0} if event == "metric.checked" else None, actor=who)
    assert "verifying" == company.desk.get(problem).state
