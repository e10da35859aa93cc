"""Knows what the object of `transitions` users answers over a ticket; must not need that package."""

from __future__ import annotations

import copy
import enum
import pickle
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.errors import InputError, NotFound, Refused, TimeError
from servflow.integrations import Model, as_model
from servflow.model import Call
from servflow.stores import MemoryStore

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _flow(**more: Any) -> servflow.Workflow:
    return servflow.Workflow(
        **{
            "workflow": "repair",
            "fields": {"cost": "int"},
            "states": {
                "new": {"timers": [{"after": "2h", "event": "expire"}]},
                "on_site": {"states": {"driving": {}, "repairing": {}}},
                "two": {"parallel": True, "states": {"left": {}, "right": {}}},
                "done": {"closed": True},
            },
            "transitions": [
                {"event": "dispatch", "source": "new", "target": "on_site", "do": [{"call": "tell"}]},
                {"event": "arrive", "source": "driving", "target": "repairing"},
                {
                    "event": "finish",
                    "source": "on_site",
                    "target": "done",
                    "payload": {"hours": "int"},
                    "when": "payload.hours < 9",
                },
                {"event": "parts.wait", "source": "repairing", "target": "two"},
                {"event": "expire", "source": "new", "target": "done"},
                {"event": "state", "source": "new"},
            ],
            **more,
        }
    )


def _model(**more: Any) -> Any:
    flow = _flow()
    return as_model(flow.open("R-1", at=AT), flow, now=lambda: AT, **more)


def test_events_are_methods_that_give_outcomes() -> None:
    """A call fires the event, gives the whole outcome and moves the model."""
    model = _model()
    outcome = model.dispatch()

    assert isinstance(outcome, servflow.Outcome)
    assert ["tell"] == [effect.name for effect in outcome.effects if isinstance(effect, Call)]
    assert outcome.ticket is model.ticket
    assert [outcome] == model.outcomes
    assert "driving" == model.state


def test_it_says_where_it_is() -> None:
    """A state answers by its own name and by its names with those around it; one around another only when told to."""
    model = _model()
    assert (True, False) == (model.is_new(), model.is_on_site())
    model.dispatch()
    model.arrive()

    assert (True, True, False, False) == (
        model.is_repairing(),
        model.is_on_site_repairing(),
        model.is_driving(),
        model.is_new(),
    )
    assert (False, True) == (model.is_on_site(), model.is_on_site(allow_substates=True))
    assert (False, True) == (model.is_state("on_site"), model.is_state("on_site", allow_substates=True))
    with pytest.raises(InputError, match="there is no state 'on_sight'; did you mean 'on_site'"):
        model.is_state("on_sight")


def test_several_states_at_once_are_a_list() -> None:
    """In a parallel state the model names every leaf, as there; an event with a dot is called with an underscore."""
    model = _model()
    model.dispatch()
    model.arrive()
    model.parts_wait()

    assert ["left", "right"] == model.state
    assert (True, True, True) == (model.is_left(), model.is_two_right(), model.is_two(allow_substates=True))


def test_may_asks_with_payload_and_changes_nothing() -> None:
    """May is answered by the code that would do it, with the payload it would get; the model stays."""
    model = _model()
    assert (True, False) == (model.may_dispatch(), model.may_finish(hours=1))
    model.dispatch()
    before = model.ticket

    assert (True, False, False) == (model.may_finish(hours=8), model.may_finish(hours=9), model.may_finish())
    assert model.may_trigger("finish", {"hours": 8})
    assert not model.may_trigger("no_such_event")
    assert before is model.ticket
    assert 1 == len(model.outcomes)


def test_what_is_refused_raises_and_leaves_no_trace() -> None:
    """An event that is not allowed raises with its code instead of giving False, and nothing changed."""
    model = _model()
    before = model.ticket
    with pytest.raises(Refused) as refused:
        model.arrive()
    assert "not_here" == refused.value.code
    with pytest.raises(Refused) as refused:
        model.trigger("dispach")

    assert "unknown" == refused.value.code
    assert before is model.ticket
    assert [] == model.outcomes


def test_an_unknown_name_is_an_attribute_error_with_advice() -> None:
    """A method that is nobody's names the nearest one; dunder names stay unknown, so that copies work."""
    model = _model()
    with pytest.raises(AttributeError, match="R-1 has no event and no state for 'dispach'; did you mean 'dispatch'"):
        model.dispach()
    with pytest.raises(AttributeError, match="'is_nwe'; did you mean 'is_new'"):
        model.is_nwe()
    for name in ("is_", "to_", "may_", "may_is_new", "__deepcopy__"):
        assert not hasattr(model, name)

    assert {"dispatch", "may_dispatch", "is_new", "is_on_site_repairing", "to_done", "parts_wait", "trigger"} <= set(dir(model))


def test_copies_go_their_own_ways() -> None:
    """A copy of a model moves without the other."""
    model = _model()
    other = copy.copy(model)
    other.dispatch()

    assert ("new", "driving") == (model.state, other.state)


def test_names_of_methods_win() -> None:
    """An event called like a method of the model is fired by its name."""
    model = _model()

    assert "new" == model.state
    assert model.trigger("state").records


def test_payload_may_be_a_mapping() -> None:
    """What has the name of an argument is passed in a mapping; what is said twice the keyword says."""
    model = _model()
    outcome = model.dispatch({"at": "the door", "who": "ann"}, who="bo", actor="mia", key="k1")

    assert {"at": "the door", "who": "bo"} == dict(outcome.records[0].payload)
    assert ("mia", "k1") == (outcome.records[0].actor, outcome.records[0].key)


def test_time_is_an_argument() -> None:
    """The present comes from `now`, or from `at` of a call; what time alone does, happens on the way or in advance."""
    flow = _flow()
    hours = [AT]
    model: Any = as_model(flow.open("R-1", at=AT).ticket, flow, now=lambda: hours[0])
    assert not model.may_dispatch(at=AT + 3 * HOUR)
    hours[0] = AT + HOUR
    assert () == model.advance().records
    assert "done" == model.advance(at=AT + 3 * HOUR).ticket.state
    assert 1 == len(model.outcomes)
    with pytest.raises(TimeError):
        model.dispatch(at=datetime(2026, 3, 2, 9))


def test_a_present_behind_the_ticket_is_the_ticket_s() -> None:
    """A clock that is a little slow refuses nothing; an instant that the caller says is taken at its word."""
    flow = _flow()
    model: Any = as_model(flow.open("R-1", at=AT), flow, now=lambda: AT - HOUR)
    with pytest.raises(Refused) as refused:
        model.dispatch(at=AT - HOUR)

    assert "past" == refused.value.code
    assert AT == model.dispatch().ticket.at


def test_the_present_may_be_one_instant() -> None:
    """A test or a replay says when it is; a naive instant is refused."""
    flow = _flow()
    model: Any = as_model(flow.open("R-1", at=AT), flow, now=AT + HOUR)
    naive: Any = as_model(flow.open("R-1", at=AT), flow, now=datetime(2026, 3, 2, 9))
    with pytest.raises(TimeError):
        naive.dispatch()

    assert AT + HOUR == model.dispatch().ticket.at


def test_without_now_the_system_clock_counts() -> None:
    """As for a desk."""
    flow = _flow(states={"new": {}, "on_site": {"states": {"driving": {}, "repairing": {}}}, "two": {}, "done": {}})
    before = datetime.now(UTC)
    model: Any = as_model(flow.open("R-1", at=AT), flow)

    assert before <= model.dispatch().ticket.at <= datetime.now(UTC)


def test_outcomes_are_kept_before_the_model_moves() -> None:
    """A host that cannot keep an outcome has a model that stands where its database stands."""
    kept: list[servflow.Outcome] = []

    def keep(outcome: servflow.Outcome) -> None:
        if len(kept) == 1:
            raise OSError("disk full")
        kept.append(outcome)

    model = _model(keep=keep)
    model.dispatch()
    with pytest.raises(OSError, match="disk full"):
        model.arrive()

    assert "driving" == model.state == kept[0].ticket.state
    assert [] == model.outcomes


def test_actors_are_checked() -> None:
    """The model acts in one name; a call may say another."""
    flow = servflow.Workflow(
        workflow="repair",
        roles=["clerk"],
        events={"ticket.force": {"allow": ["clerk"]}},
        states={"new": {}, "done": {}},
        transitions=[{"event": "close", "source": "new", "target": "done", "allow": ["clerk"]}],
    )
    clerk = {"id": "ann", "roles": ["clerk"]}
    model: Any = as_model(flow.open("R-1", at=AT), flow, now=lambda: AT, actor="bo")

    assert (False, True) == (model.may_close(), model.may_close(actor=clerk))
    assert [] == model.get_triggers()
    assert ["close", "ticket.force"] == [option.event for option in model.options(clerk) if option.status != "refused"]
    assert "ann" == model.close(actor=clerk).records[0].actor


def test_to_is_a_force_on_record() -> None:
    """Going anywhere needs a reason, is recorded as forced, and goes to the leaf that is meant."""
    model = _model()
    with pytest.raises(Refused) as refused:
        model.to_done()
    assert "payload" == refused.value.code

    assert "repairing" == model.to_on_site_repairing(reason="was there all along").ticket.state
    assert "ticket.force" == model.to("done", reason="enough").records[0].event
    assert model.is_done()


def test_conditions_are_supplied_as_they_are_asked_for() -> None:
    """What the host computes goes with the events that take it, and what a call says wins."""
    asked: list[str] = []

    def hours(ticket: servflow.Ticket) -> int:
        asked.append(ticket.state)
        return 9

    model = _model(supply={"hours": hours})
    model.dispatch()

    assert [] == asked
    assert (False, True) == (model.may_finish(), model.may_finish(hours=3))
    assert ["driving"] == asked


def test_what_is_no_ticket_is_refused() -> None:
    """A ticket and its workflow are needed, or a desk and an id."""
    flow = _flow()
    ticket = flow.open("R-1", at=AT).ticket
    for arguments in ((ticket,), ({}, flow), ("R-1", flow), (ticket, servflow.Desk(flow, MemoryStore()))):
        with pytest.raises(InputError):
            as_model(*arguments)  # type: ignore[arg-type]  # what is wrong is what is tried
    desk = servflow.Desk(flow, MemoryStore(), now=lambda: AT)
    with pytest.raises(InputError, match="not both"):
        as_model(ticket, flow, desk=desk)
    with pytest.raises(NotFound):
        as_model("R-1", desk=desk)


def test_a_desk_keeps_what_a_model_does() -> None:
    """With a desk every call is stored, effects are delivered, and another model sees it when it looks again."""
    told: list[str] = []
    desk = servflow.Desk(
        _flow(), MemoryStore(), now=lambda: AT, handlers={"call:tell": lambda effect: told.append(effect.ticket)}
    )
    desk.open("R-1")
    model: Any = as_model("R-1", desk=desk)
    other: Any = as_model(desk.get("R-1"), desk=desk)
    assert model.may_dispatch(key="k1")
    assert "driving" == model.dispatch(key="k1").ticket.state == desk.get("R-1").state
    desk.deliver()

    assert ["R-1"] == told
    assert "new" == other.state
    assert "driving" == other.refresh().state
    assert not other.may_dispatch()
    assert "arrive" in other.get_triggers()
    assert [] == model.outcomes


def test_a_desk_knows_the_time() -> None:
    """Neither an instant nor an advance can be given to a model of a desk; what occurred earlier can."""
    desk = servflow.Desk(_flow(), MemoryStore(), now=lambda: AT + HOUR)
    desk.open("R-1")
    model: Any = as_model("R-1", desk=desk)
    with pytest.raises(InputError, match="leave at out"):
        model.dispatch(at=AT)
    with pytest.raises(InputError, match="tick"):
        model.advance()

    assert AT + HOUR == model.dispatch(occurred=AT + HOUR).ticket.at


def test_a_preview_keeps_nothing() -> None:
    """A desk tells what an event would give, and its ticket stays."""
    desk = servflow.Desk(_flow(), MemoryStore(), now=lambda: AT)
    desk.open("R-1")

    assert "driving" == desk.preview("R-1", "dispatch").ticket.state
    assert "new" == desk.get("R-1").state
    assert _flow() == desk.workflow_of("R-1")
    with pytest.raises(Refused):
        desk.preview("R-1", "arrive")
    with pytest.raises(NotFound):
        desk.preview("R-2", "arrive")


def test_the_package_is_not_loaded() -> None:
    """A model needs no extra: neither making nor using one imports `transitions`."""
    code = "import sys, servflow.integrations as i; i.as_model, i.from_transitions; print('transitions' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)

    assert "False" == run.stdout.strip()


def test_it_shows_itself() -> None:
    """A model prints as the ticket it stands for."""
    assert "<Model of ticket R-1 of 'repair' in new>" == repr(_model())
    assert isinstance(_model(), Model)
    assert pickle.loads(pickle.dumps(_model().ticket)) == _model().ticket


def _counting() -> Any:
    flow = servflow.Workflow(
        workflow="count",
        fields={"n": {"type": "int", "default": 0}},
        initial="a",
        states={"a": {}, "g": {"states": {"g1": {}, "g2": {}}}},
        transitions=[
            {"event": "inc", "source": "a", "do": [{"set": {"n": "n + 1"}}]},
            {"event": "x.y", "source": "*", "target": "g"},
            {"event": "x-y", "source": "*", "target": "a"},
            {"event": "in_for", "source": "a", "payload": {"signed": "bool"}, "when": "payload.signed"},
            {"event": "in.for", "source": "a"},
        ],
    )
    return as_model(flow.open("C-1", at=AT), flow, now=AT)


def test_threads_that_share_a_model_take_turns() -> None:
    """Without turns each would go on from what it saw, and what the others did would be lost."""
    model = _counting()

    def count() -> None:
        for _ in range(100):
            model.inc()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (400, 400) == (model.ticket.fields["n"], len(model.outcomes))


def test_what_is_told_of_an_outcome_cannot_move_the_model_under_it() -> None:
    """Both would go on from the same ticket, and one of them be forgotten."""
    model = _counting()
    flow, again = model._source.workflow, []
    model = as_model(model.ticket, flow, now=AT, keep=lambda outcome: again and again.pop().inc())
    again.append(model)

    with pytest.raises(InputError, match="was moved by what its own move called"):
        model.inc()


def test_a_method_that_could_mean_two_events_is_none() -> None:
    """A dot and a dash are both written as an underscore; an event that is called so itself wins."""
    model = _counting()

    for name in ("x_y", "may_x_y"):
        with pytest.raises(AttributeError, match=r"could mean x-y or x\.y"):
            getattr(model, name)
    assert "g1" == model.trigger("x.y").ticket.state
    assert not model.may_in_for(signed=True)
    model.trigger("x-y")
    assert model.may_in_for(signed=True)
    assert not model.may_in_for(signed=False)


def test_a_group_can_be_gone_to() -> None:
    """`to_g` of transitions enters where the group starts, and so does the force it becomes."""
    assert "g1" == _counting().to_g(reason="by hand").ticket.state


def test_members_of_an_enumeration_are_names() -> None:
    """A machine over an enumeration is asked with its members."""

    class Place(enum.Enum):
        a = 1
        g = 2

    model = _counting()

    assert model.is_state(Place.a)
    model.to(Place.g, reason="by hand")
    assert model.is_state(Place.g, allow_substates=True)


@pytest.mark.parametrize("given", [[1], 3, "text"])
def test_a_payload_that_is_no_mapping_is_refused(given: Any) -> None:
    """Python's own words about it would not say which call was meant."""
    with pytest.raises(InputError, match="the payload of inc is a mapping or keywords"):
        _counting().inc(given)


def test_a_ticket_of_another_workflow_is_refused_at_once() -> None:
    """Questions about where it is would be answered from the wrong states."""
    with pytest.raises(InputError, match="belongs to workflow 'count', not 'repair'"):
        as_model(_counting().ticket, _flow(), now=AT)
