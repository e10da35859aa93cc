"""Knows that a generated machine passes what is sound and finds what is not; must not know how runs are drawn."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

import servflow
from servflow.errors import InputError
from servflow.model import World
from servflow.testing import Coverage, WorkflowMachine, machine_for
from tests.unit.testing.defects import DEFECTS, INVARIANTS, PEOPLE, SOUND, WORLD, Defect
from tests.unit.testing.service_defects import SERVICE_DEFECTS, SERVICES, ServiceDefect
from tests.unit.testing.template_defects import TEMPLATE_DEFECTS, TemplateDefect

# Bounded by examples and steps, and always the same ones: how fast a machine is decides nothing.
SEARCH = settings(
    max_examples=300,
    stateful_step_count=15,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
USUAL = settings(SEARCH, max_examples=100, stateful_step_count=50, derandomize=False)
FEW = settings(SEARCH, max_examples=10)
HANDFUL = settings(SEARCH, max_examples=5)


def failure(machine: type[WorkflowMachine]) -> AssertionError:
    """How a machine fails."""
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(machine, settings=SEARCH)
    return caught.value


def test_a_sound_workflow_passes() -> None:
    """What its author means, what every author means and what the kernel promises holds in every run, also later versions."""
    later = servflow.load({**SOUND, "version": 2})
    machine = machine_for(servflow.load(SOUND), world=WORLD, people=PEOPLE, versions=[later], invariants=INVARIANTS)

    run_state_machine_as_test(machine, settings=FEW)


@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_a_defect_is_found(defect: Defect) -> None:
    """One thing wrong with the sound workflow is found, and said."""
    own = [] if defect.invariant is None else [defect.invariant]
    machine = machine_for(defect.spoilt, world=WORLD, people=PEOPLE, versions=defect.versions, invariants=own)

    with pytest.raises(AssertionError, match=re.escape(defect.says)):
        run_state_machine_as_test(seed(2)(machine), settings=USUAL)


@pytest.mark.parametrize("defect", TEMPLATE_DEFECTS, ids=str)
def test_a_defect_of_a_template_is_found(defect: TemplateDefect) -> None:
    """One place of a large workflow that was spoilt is found within the runs that a user gets without asking for more."""
    own = [] if defect.invariant is None else [defect.invariant]

    with pytest.raises(AssertionError, match=re.escape(defect.sentence)):
        run_state_machine_as_test(seed(1)(machine_for(defect.spoilt, invariants=own)), settings=USUAL)


@pytest.mark.parametrize("defect", SERVICE_DEFECTS, ids=str)
def test_a_defect_of_a_small_service_is_found(defect: ServiceDefect) -> None:
    """Off by one, a gap between guards, a way too many: found, by what holds for everybody or by three lines of its author."""
    own = [] if defect.invariant is None else [defect.invariant]

    with pytest.raises(AssertionError, match=re.escape(defect.sentence)):
        run_state_machine_as_test(seed(2)(machine_for(defect.spoilt, invariants=own, **defect.given)), settings=USUAL)


@pytest.mark.parametrize("service", SERVICES)
def test_a_small_service_passes(service: str) -> None:
    """Nothing is said of services in which nothing is wrong."""
    run_state_machine_as_test(machine_for(servflow.load(SERVICES[service])), settings=HANDFUL)


def test_a_failure_can_be_pasted() -> None:
    """The story beside a failure is Python that ends where the machine did."""
    defect = next(one for one in DEFECTS if one.name == "no way leads out")
    error = failure(machine_for(defect.spoilt, world=WORLD, people=PEOPLE))
    (story,) = [note for note in error.__notes__ if note.startswith("The run, as Python")]
    scope: dict[str, Any] = {"workflow": defect.spoilt}

    exec(story.partition("\n")[2], scope)

    assert "archive" == scope["ticket"].state
    assert re.search(r"# archive, \w{3} \d\d", story)


def test_a_subclass_adds_an_invariant() -> None:
    """An author who prefers Hypothesis' own way finds the run in the machine, and the story beside the failure."""

    class Repair(machine_for(servflow.load(SOUND), world=WORLD, people=PEOPLE)):  # type: ignore[misc]  # made at run time
        @invariant()
        def never_on_site(self) -> None:
            assert not self.opened or self.ticket.state != "on_site"

    assert "The run, as Python" in failure(Repair).__notes__[0]


def test_what_is_meant_can_be_allowed() -> None:
    """A promise that an author does not make is not judged."""
    defect = next(one for one in DEFECTS if one.name == "no way leads out")

    run_state_machine_as_test(machine_for(defect.spoilt, world=WORLD, people=PEOPLE, allow=["stuck"]), settings=HANDFUL)


def test_drawn_worlds_and_people() -> None:
    """Without a world and people of the author's own, they are drawn and nobody is blamed for their absence."""
    run_state_machine_as_test(machine_for(servflow.load(SOUND)), settings=HANDFUL)


def test_coverage_is_told_every_step() -> None:
    """A coverage given to a machine knows what its runs did."""
    coverage = Coverage(servflow.load(SOUND))

    run_state_machine_as_test(machine_for(coverage.workflow, world=WORLD, people=PEOPLE, coverage=coverage), settings=HANDFUL)

    assert coverage.steps > 20


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"allow": ["stuk"]}, "did you mean 'stuck'"),
        ({"people": ["ann"]}, "a mapping of ids to their roles"),
        ({"invariants": [1]}, "an invariant is a function"),
        ({"invariants": [lambda: True]}, "an invariant takes (ticket)"),
        ({"invariants": len}, "a list of functions"),
        ({"versions": [servflow.load({**SOUND, "workflow": "other"})]}, "from one version of a workflow to another"),
        ({"versions": ["v2"]}, "Workflow"),
        ({"world": {"engineer": []}}, "engineers"),
    ],
)
def test_wrong_arguments_are_told(given: dict[str, Any], says: str) -> None:
    """What is wrong is told when the machine is made, with the next step."""
    with pytest.raises(InputError) as caught:
        machine_for(servflow.load(SOUND), **given)

    assert says in str(caught.value)


def test_a_machine_is_of_a_workflow() -> None:
    """A definition that is not loaded yet is refused with the way to load it."""
    with pytest.raises(InputError, match=r"servflow.load reads one"):
        machine_for(SOUND)  # type: ignore[arg-type]  # that is the mistake


def test_the_world_of_a_run_is_the_given_one() -> None:
    """Functions of the run see the world that was given."""
    seen: list[World] = []
    machine = machine_for(servflow.load(SOUND), world=WORLD, people=PEOPLE, invariants=[lambda run: seen.append(run.world)])

    run_state_machine_as_test(machine, settings=HANDFUL)

    assert {WORLD} == set(seen)
