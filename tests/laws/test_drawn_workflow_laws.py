"""Knows what holds of whole workflows, worlds and lives that are drawn for users; must not know how they are drawn."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import servflow
from servflow.model import World
from servflow.testing import History, event_sequences, histories_for, play, workflows, worlds_for
from tests.laws.kernel_workflows import CASES, START

LAWS = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@LAWS
@given(workflows())
def test_drawn_workflows_load_and_equal_their_data(workflow: servflow.Workflow) -> None:
    """Whatever is drawn is a workflow, and its canonical data loads to an equal one of the same hash."""
    again = servflow.load(workflow.to_data())

    assert workflow == again
    assert workflow.hash == again.hash


@LAWS
@given(st.sampled_from(CASES).flatmap(lambda case: st.tuples(st.just(case.workflow), histories_for(case.workflow))))
def test_drawn_lives_fold(drawn: tuple[servflow.Workflow, History]) -> None:
    """The records of a drawn life amount to its ticket, number by number, and no effect is asked for twice."""
    workflow, life = drawn

    assert life.ticket == workflow.fold(life.records)
    assert list(range(1, len(life.records) + 1)) == [record.sequence for record in life.records]
    assert len(life.effects) == len({effect.id for effect in life.effects})


@LAWS
@given(st.sampled_from(CASES).flatmap(lambda case: st.tuples(st.just(case.workflow), worlds_for(case.workflow), st.data())))
def test_drawn_worlds_serve_their_workflow(drawn: tuple[servflow.Workflow, World, st.DataObject]) -> None:
    """In a drawn world everything that can happen to a ticket is decided or refused, and the workflow can be checked."""
    workflow, world, data = drawn
    ticket = workflow.open("T", at=START, world=world).ticket
    steps = data.draw(event_sequences(workflow, max_size=5))

    assert len(steps) == len(play(workflow, ticket, steps, world=world))


@LAWS
@given(workflows().flatmap(lambda workflow: st.tuples(st.just(workflow), histories_for(workflow, max_size=5))))
def test_lives_of_drawn_workflows_are_stored(drawn: tuple[servflow.Workflow, History]) -> None:
    """A ticket of a workflow nobody thought of comes back from JSON as it was."""
    _, life = drawn

    assert life.ticket == servflow.load_ticket(servflow.dump(life.ticket))
