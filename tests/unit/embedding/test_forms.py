"""Forms of what may happen to a ticket, and of its opening."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

import servflow
from servflow import Actor, Engineer, Ticket, Workflow, World
from servflow.embedding import Form, forms, opening_form, read_form
from servflow.engine import BUILT_IN
from servflow.errors import InputError

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = Actor("ann", roles=("engineer", "clerk"))
EVE = Actor("eve", roles=("clerk",))
WORLD = World(engineers=[Engineer(id="ann", name="Ann Lee"), Engineer(id="bob")])
REPAIR = """
workflow: repair
title: {en: Repair, zh: 维修}
roles: [engineer, clerk]
queues: [north, south]
fields:
  tier: {one_of: [gold, silver], required: true, title: {en: Tier, zh: 等级}, description: what was bought}
  amount: {type: decimal, title: {en: Amount, zh: 金额}}
  urgent: {type: bool, default: true}
  wait: {type: duration, default: 4h}
events:
  ticket.update: {allow: clerk}
  ticket.assign: {allow: clerk, title: {en: Hand over, zh: 移交}}
  ticket.message: {allow: clerk}
  ticket.force: {allow: clerk}
  clock.waive: {allow: clerk}
  rating.add: {allow: clerk}
  step.check: {allow: [clerk, engineer]}
  step.uncheck: {allow: [clerk, engineer]}
states:
  new: {title: {en: New, zh: 新建}}
  on_site:
    title: {en: On site, zh: 上门}
    ordered: true
    checklist:
      - {step: photo, title: {en: Photo, zh: 拍照}, evidence: {url: string, size: {type: int, optional: true}}}
      - {step: sign, title: {en: Signature, zh: 签字}}
  done: {closed: true, title: {en: Done, zh: 完成}}
transitions:
  - event: arrive
    source: new
    target: on_site
    allow: engineer
    title: {en: Arrive, zh: 到达}
    payload: {tier: {one_of: [gold, silver]}, seen_at: timestamp, note: {optional: true}}
  - {event: finish, source: on_site, target: done, allow: engineer, when: payload.amount < decimal("100") && tier == "gold"}
  - {event: skip, source: on_site, target: done, allow: engineer, when: tier == "gold"}
clocks:
  - {name: fix, within: 1h, until: done}
"""


@pytest.fixture(scope="module")
def repair() -> Workflow:
    return servflow.load(REPAIR)


@pytest.fixture
def ticket(repair: Workflow) -> Ticket:
    return repair.open("1", {"tier": "gold", "amount": "12.50"}, at=AT).ticket


@pytest.fixture
def on_site(repair: Workflow, ticket: Ticket) -> Ticket:
    return repair.fire(ticket, "arrive", {"tier": "gold", "seen_at": AT}, at=AT, actor=ANN).ticket


def by_id(workflow: Workflow, ticket: Ticket, actor: Actor = ANN, lang: str = "en", zone: str | None = None) -> dict[str, Form]:
    return {form.id: form for form in forms(workflow, ticket, at=AT, actor=actor, world=WORLD, lang=lang, zone=zone)}


def test_there_is_a_form_for_every_option(repair: Workflow, on_site: Ticket) -> None:
    """What may happen and what is drawn are the same; a step has a form of its own."""
    options = [option.event for option in repair.available(on_site, at=AT, actor=ANN, world=WORLD)]

    assert options == list(dict.fromkeys(form.event for form in by_id(repair, on_site).values()))
    assert {"step.check:photo", "step.check:sign"} <= by_id(repair, on_site).keys()


def test_a_form_says_what_the_option_says_in_the_readers_language(repair: Workflow, ticket: Ticket) -> None:
    """Titles, states and sentences are in one language."""
    arrive = by_id(repair, ticket, lang="zh")["arrive"]

    assert ("到达", "needs", "需要填写：等级、seen at") == (arrive.title, arrive.status, arrive.why)
    assert [("on_site", "上门")] == [(target.state, target.title) for target in arrive.targets]
    assert "needs Tier, seen at" == by_id(repair, ticket)["arrive"].why


def test_a_refused_form_says_why_in_both_languages(repair: Workflow, ticket: Ticket) -> None:
    """A button that is grey explains itself."""
    english, chinese = (by_id(repair, ticket, EVE, lang)["arrive"] for lang in ("en", "zh"))

    assert ("refused", "not_permitted") == (english.status, english.code)
    assert "eve" in english.why
    assert "engineer" in english.why
    assert "无权" in chinese.why


def test_a_refused_guard_names_the_change_that_would_allow_it(repair: Workflow) -> None:
    """The smallest change stands beside the refusal, in the language of the page."""
    silver = repair.open("2", {"tier": "silver"}, at=AT).ticket
    silver = repair.fire(silver, "arrive", {"tier": "silver", "seen_at": AT}, at=AT, actor=ANN).ticket
    skip = by_id(repair, silver, lang="zh")["skip"]
    assert skip.change is not None

    assert "refused" == skip.status
    assert ("tier", "silver", "gold") == (skip.change["field"], skip.change["from"], skip.change["to"])
    assert "将 等级 改为 gold 即可执行" in skip.why


def test_a_payload_key_that_names_a_field_shows_its_value_and_title(repair: Workflow, ticket: Ticket, on_site: Ticket) -> None:
    """What is known need not be typed again; what only a guard reads takes the field's type."""
    assert {"tier": "gold"} == by_id(repair, ticket)["arrive"].values
    amount = by_id(repair, on_site)["finish"].inputs[0]

    assert ("amount", "Amount", "decimal", "12.50") == (amount.name, amount.title, amount.type, amount.value)


def test_the_schema_of_a_form_is_that_of_its_payload(repair: Workflow, ticket: Ticket) -> None:
    """A page that draws by schema gets types, choices and what is required."""
    schema = by_id(repair, ticket)["arrive"].schema

    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    assert ["tier", "seen_at"] == schema["required"]
    assert [{"const": "gold", "title": "gold"}, {"const": "silver", "title": "silver"}] == schema["properties"]["tier"]["oneOf"]
    assert "date-time" == schema["properties"]["seen_at"]["format"]
    assert {"title": "note", "type": "string"} == schema["properties"]["note"]


def test_evidence_lies_in_a_map_of_its_own(repair: Workflow, on_site: Ticket) -> None:
    """A form of a step asks for what the step declares."""
    photo = by_id(repair, on_site)["step.check:photo"]

    assert ["step", "evidence.url", "evidence.size"] == [one.name for one in photo.inputs]
    assert ["url"] == photo.schema["properties"]["evidence"]["required"]
    assert "photo" == photo.schema["properties"]["step"]["const"]
    assert {"step": "hidden", "evidence.url": "text", "evidence.size": "number"} == photo.widgets


def test_a_step_whose_turn_has_not_come_is_refused(repair: Workflow, on_site: Ticket) -> None:
    """The form of each step is judged by the code that would check it."""
    shown = by_id(repair, on_site)

    assert "needs" == shown["step.check:photo"].status
    assert ("refused", "step.check: sign comes after photo") == (shown["step.check:sign"].status, shown["step.check:sign"].why)


def test_built_in_events_offer_what_there_is_to_choose(repair: Workflow, on_site: Ticket) -> None:
    """Nobody types an id that the page could list."""
    shown = by_id(repair, on_site, lang="zh")
    force, to = shown["ticket.force"].inputs[0], shown["ticket.assign"].inputs[0]
    rating = {one.name: one for one in shown["rating.add"].inputs}

    assert [("new", "新建"), ("on_site", "上门"), ("done", "完成")] == [(one.value, one.title) for one in force.choices]
    assert [("ann", "Ann Lee"), ("bob", "bob"), ("north", "north")] == [(one.value, one.title) for one in to.choices][:3]
    assert (True, False) == (force.strict, to.strict)
    assert ("移交", (0, 10)) == (shown["ticket.assign"].title, (rating["score"].low, rating["score"].high))


def test_a_breach_can_be_excused_where_there_is_one(repair: Workflow, on_site: Ticket) -> None:
    """Forms look at the ticket as it stands at the instant, whatever was not recorded yet."""
    late = AT + timedelta(hours=2)
    shown = {form.id: form for form in forms(repair, on_site, at=late, actor=ANN)}
    waive = shown["clock.waive"]

    assert "clock.waive" not in by_id(repair, on_site)
    assert ["fix"] == [choice.value for choice in waive.inputs[0].choices]
    read = read_form(waive, {"clock": "fix", "reason": "snow"})
    excused = repair.fire(on_site, read.event, read.payload, at=late, actor=ANN, expect=read.expect).ticket
    assert "snow" == excused.clocks["fix"].waived


def test_every_built_in_event_has_a_title_in_both_languages() -> None:
    """Nobody reads the name of an event of the engine."""
    from servflow.engine._called_words import EVENTS, KEYS

    told_by_the_host = {"dispatch.answer", "correlator.fired", "survey.asked", "survey.skipped"}
    told_by_the_host |= {f"ticket.child_{what}" for what in ("opened", "closed", "reopened")}
    assert set(BUILT_IN) - told_by_the_host <= EVENTS.keys()
    keys = {key for event, asked in BUILT_IN.items() if event not in told_by_the_host for key in asked}
    assert keys <= KEYS.keys()


def test_an_opening_form_asks_for_fields_and_the_attributes_wanted(repair: Workflow) -> None:
    """The first form of a ticket comes from its workflow alone."""
    form = opening_form(repair, also=["priority", "queue", "tags"], lang="zh")

    assert ("开单: 维修", "needs", "需要填写：等级") == (form.title, form.status, form.why)
    assert ["tier", "amount", "urgent", "wait", "priority", "queue", "tags"] == [one.name for one in form.inputs]
    assert ["tier"] == form.schema["required"]
    assert ("4h", True) == (form.values["wait"], form.values["urgent"])
    with pytest.raises(InputError, match="did you mean 'queue'"):
        opening_form(repair, also=["queu"])


def test_a_form_is_json_ready(repair: Workflow, on_site: Ticket) -> None:
    """``servflow.dump`` takes it."""
    for form in by_id(repair, on_site, zone="Europe/Berlin").values():
        data = servflow.dump(form)

        assert data == json.loads(json.dumps(data, ensure_ascii=False))


def test_a_part_of_a_form_keeps_what_must_be_filled_in(repair: Workflow, ticket: Ticket) -> None:
    """A page may draw less, but not too little."""
    arrive = by_id(repair, ticket)["arrive"]

    assert ["tier", "seen_at"] == [one.name for one in arrive.only("tier", "seen_at").inputs]
    with pytest.raises(InputError, match="cannot do without seen_at"):
        arrive.only("tier")
    with pytest.raises(InputError, match="did you mean 'tier'"):
        arrive.only("teir")


def test_a_zone_that_is_none_is_refused(repair: Workflow, ticket: Ticket) -> None:
    """Wall times need a wall."""
    with pytest.raises(InputError, match="did you mean 'Europe/Berlin'"):
        by_id(repair, ticket, zone="Europe/Berln")


def test_choices_are_called_by_their_titles_in_the_readers_language() -> None:
    """Queues, clocks that are late and chains under way, as states and steps are."""
    workflow = servflow.load(
        {
            "workflow": "w",
            "queues": ["care", "spare_desk"],
            "titles": {"queues": {"care": {"en": "Customer care", "zh": "客户关怀组"}}},
            "states": {"new": {}, "done": {"closed": True}},
            "transitions": [{"event": "finish", "source": "new", "target": "done"}],
            "clocks": [{"name": "fix", "title": {"en": "Fix it", "zh": "修复时限"}, "within": "1h", "until": "done"}],
            "escalations": [
                {
                    "name": "late",
                    "title": {"en": "Runs late", "zh": "超时升级"},
                    "start": {"clock": "fix", "mark": "breach"},
                    "levels": [{"name": "first", "do": [{"notify": {"to": "owner", "template": "x"}}]}],
                }
            ],
        }
    )
    ticket = workflow.advance(workflow.open("T", at=AT).ticket, at=AT + timedelta(hours=2)).ticket
    drawn = {form.event: form for form in forms(workflow, ticket, at=ticket.at, actor="ann", lang="zh")}
    asked = opening_form(workflow, also=["queue"], lang="zh")

    def said(form: Form, key: str) -> list[str]:
        return [choice.title for one in form.inputs if one.name == key for choice in one.choices]

    assert ["客户关怀组", "spare desk"] == said(asked, "queue")
    assert ["修复时限"] == said(drawn["clock.waive"], "clock")
    assert ["超时升级"] == said(drawn["chain.start"], "chain")
