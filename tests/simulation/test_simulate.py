"""Knows how one's own workflow is simulated, and that a seed is played again exactly; must not know what the shop does."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest

from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.model import Effect, Notify, Take
from servflow.stores import MemoryStore, SqliteStore, SqlStore
from servflow.testing import Faults, Firing, Opening, SimulationReport, simulate
from servflow.testing.__main__ import main
from tests.postgres import fresh_database
from tests.simulation.bugs import STORES

LAMP = Workflow(
    workflow="lamp",
    initial="off",
    states={"off": {}, "on": {"timers": [{"after": "1h", "event": "burn_out"}]}, "broken": {"closed": True}},
    transitions=[
        {"event": "switch", "source": "off", "target": "on", "do": [{"notify": {"to": {"user": "ann"}, "template": "light"}}]},
        {"event": "switch", "source": "on", "target": "off"},
        {"event": "burn_out", "source": "on", "target": "broken"},
    ],
)


def evening(random: Random) -> Iterator[Opening | Firing]:
    """A lamp that somebody plays with."""
    yield Opening("L1")
    for _ in range(random.randint(1, 6)):
        yield Firing("L1", "switch", after=timedelta(minutes=random.randint(0, 80)))


def played(seed: int) -> SimulationReport:
    """What a host gives the command."""
    return simulate(seed, workflow=LAMP, events=evening)


def broken(seed: int) -> SimulationReport:
    """A host whose store forgets keys."""
    return simulate(seed, store=STORES["ForgetsKeys"])


def test_the_same_seed_goes_the_same_way() -> None:
    """Step for step; another seed goes another way."""
    first, again, other = simulate(7), simulate(7), simulate(8)

    assert (first.trace, first.tickets, first.digest) == (again.trace, again.tickets, again.digest)
    assert first.trace != other.trace


@pytest.mark.parametrize("hashes", ["0", "1", "4242"])
def test_another_process_goes_the_same_way(hashes: str) -> None:
    """Neither another process nor another order of sets and dictionaries changes a step."""
    code = "from servflow.testing import simulate; print(*(simulate(seed).digest for seed in range(5)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hashes}
    )

    assert [simulate(seed).digest for seed in range(5)] == done.stdout.split()


def test_a_workflow_of_ones_own() -> None:
    """A host's workflow, script and handlers are played, and what its handlers did can be looked at."""
    lit: list[str] = []

    def tell(effect: Effect) -> None:
        lit.append(effect.id)

    reports = [simulate(seed, workflow=LAMP, events=evening, handlers={"notify": tell}) for seed in range(20)]

    assert [] == [str(report) for report in reports if not report]
    assert {"L1"} == {ticket.id for report in reports for ticket in report.tickets}
    assert sum(report.counts["deliveries"] for report in reports) == len(lit)
    assert sum(report.counts["crashes"] for report in reports if "crashes" in report.counts) > 0


def test_sqlite_goes_the_same_way() -> None:
    """It answers as the store in memory does, so the same seed takes the same steps and keeps every promise."""
    reports = [simulate(seed, store=lambda: SqliteStore(":memory:")) for seed in range(20)]

    assert [] == [str(report) for report in reports if not report]
    assert [simulate(report.seed).digest for report in reports] == [report.digest for report in reports]


def test_postgresql_goes_the_same_way(postgres: str) -> None:
    """As above, on a server."""
    reports = [simulate(seed, store=lambda: SqlStore(fresh_database(postgres))) for seed in range(4)]

    assert [] == [str(report) for report in reports if not report]
    assert [simulate(report.seed).digest for report in reports] == [report.digest for report in reports]


def test_without_faults_nothing_comes_twice() -> None:
    """Who goes on is still drawn, but every effect is carried out exactly once and at its time."""
    reports = [simulate(seed, faults=Faults.none()) for seed in range(20)]

    assert [] == [str(report) for report in reports if not report]
    assert all(report.counts["deliveries"] <= report.counts["effects"] for report in reports)
    assert [] == [name for report in reports for name in report.counts if name in ("crashes", "lost", "unknown", "jumps")]


def test_faults_really_happen() -> None:
    """Over some seeds every kind of fault has happened."""
    seen = {name for seed in range(40) for name, count in simulate(seed).counts.items() if count}

    assert {
        "crashes", "stalls", "jumps", "lost", "locked", "unknown", "handler failures", "slow handlers"
    } <= seen  # fmt: skip


def test_a_broken_promise_is_told() -> None:
    """The report says what was broken, and the command plays the seed again with every step."""
    report = next(report for report in map(broken, range(50)) if not report)

    assert str(report).startswith(f"seed {report.seed}: ")
    assert report.violations[0].rule in str(report)
    assert f"python -m servflow.testing simulate --seed {report.seed}" == report.command


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"seed": "7"}, "whole number"),
        ({"seed": True}, "whole number"),
        ({"seed": 1, "workflow": LAMP}, "together with events"),
        ({"seed": 1, "events": evening}, "together with events"),
        ({"seed": 1, "workflow": LAMP, "events": lambda _: [Take(key="x")]}, "Opening and Firing"),
        ({"seed": 1, "workflow": LAMP, "events": lambda _: [Notify]}, "Opening and Firing"),
    ],
)
def test_what_cannot_be_played(given: dict[str, object], words: str) -> None:
    """What was given wrongly is said before anything is played."""
    with pytest.raises(InputError, match=words):
        simulate(**given)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "given", [{"crash": 2}, {"lost": -0.1}, {"unknown": "often"}, {"skew": timedelta(-1)}, {"twice": True}]
)
def test_faults_that_do_not_exist(given: dict[str, object]) -> None:
    """A probability is one, and a skew a length of time."""
    with pytest.raises(InputError, match=next(iter(given))):
        Faults(**given)  # type: ignore[arg-type]  # wrong on purpose


def test_the_command_plays_one_seed(capsys: pytest.CaptureFixture[str]) -> None:
    """It tells what happened, and every step where that is asked for."""
    assert 0 == main(["simulate", "--seed", "7", "--trace"])
    told = capsys.readouterr().out

    report = simulate(7)
    assert "\n".join(report.trace) in told
    assert f"seed 7: every promise was kept in {report.counts['steps']} steps" in told


def test_the_command_names_what_plays_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    """A seed that breaks a promise ends with 1 and the very command that plays it again."""
    host = "tests.simulation.test_simulate:broken"
    seed = next(seed for seed in range(50) if not broken(seed))

    assert 1 == main(["simulate", "--seed", str(seed), "--host", host])
    assert f"replay: python -m servflow.testing simulate --seed {seed} --host {host} --trace" in capsys.readouterr().out


def test_the_command_plays_many_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    """It counts what happened, and how long a seed takes."""
    host = "tests.simulation.test_simulate:played"

    assert 0 == main(["simulate", "--seeds", "0..59", "--host", host, "--processes", "1"])
    told = capsys.readouterr().out
    assert "60 seeds (0..59)" in told
    assert "every promise was kept" in told


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that is written anew and gone at the end; what is told stands on standard output alone."""
    host, screen = "tests.simulation.test_simulate:played", Screen()
    monkeypatch.setattr(sys, "stderr", screen)

    assert 0 == main(["simulate", "--seeds", "0..59", "--host", host, "--processes", "1"])

    lines = screen.getvalue().split("\r\x1b[K")
    assert ["20 of 60", "40 of 60", "60 of 60"] == [line[:8] for line in lines[1:-1]]
    assert "" == lines[-1]
    assert "\r" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "more",
    [
        ["--host", "nowhere:nothing"],
        ["--host", "tests.simulation.test_simulate:LAMP"],
        ["--host", "math:sqrt"],
        ["--host", "time:time"],
    ],
)
def test_the_command_without_anything_to_play(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is no function of a seed, or gives no report, is said and ends with 2."""
    assert 2 == main(["simulate", "--seed", "1", *more])
    assert capsys.readouterr().err.startswith("error: ")


def test_memory_is_what_is_shared_where_nothing_else_is_given() -> None:
    """The store is made anew for each seed, and closed at its end."""
    made: list[MemoryStore] = []

    def factory() -> MemoryStore:
        made.append(MemoryStore())
        return made[-1]

    simulate(1, store=factory)
    with pytest.raises(Exception, match="closed"):
        made[0].find()
