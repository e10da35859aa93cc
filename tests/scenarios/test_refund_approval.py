"""Knows how a refund is approved by two hands that are not the one which asked; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime

import servflow
from servflow.model import Actor, Person, Voted, World
from tests.scenarios.story import Story

REFUND = servflow.load(
    """
servflow: 1
workflow: refund
fields:
  amount: {type: decimal, required: true}
roles: [clerk, supervisor, finance, director]
events:
  ticket.force: {allow: [director]}
calendars:
  office: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-12:00", "13:00-18:00"]}}
initial: new
states:
  new: {shown: {customer: Request received}}
  review:
    shown: {customer: Being reviewed}
    approval:
      quorum: {supervisor: 1, finance: 1}
      deny: [requester, assignee]
      not_by: ask_refund
      within: 4h
      calendar: office
      warn: [50%]
  paying: {shown: {customer: On its way to you}}
  paid: {closed: true, shown: {customer: Refunded}}
  denied: {closed: true, shown: {customer: Not refunded}}
transitions:
  - {event: ask_refund, source: new, target: review, allow: [clerk, supervisor]}
  - {event: approved.review, source: review, target: paying, do: [{call: {name: pay, data: {amount: amount}, reply: paid}}]}
  - {event: rejected.review, source: review, target: denied, do: [{notify: {to: requester, template: denied}}]}
  - {event: change, source: review, target: new, allow: [clerk]}
  - {event: paid, source: paying, target: paid, allow: [system]}
escalations:
  - name: slow approval
    start: {clock: approval.review, mark: 50%}
    until: {state: [paying, denied, new]}
    levels: [{name: director, do: [{notify: {to: {role: director}, template: slow_refund}}]}]
"""
)
KIT, SUE, TOM, FLO = (
    Actor("kit", ["clerk"]),
    Actor("sue", ["supervisor"]),
    Actor("tom", ["supervisor"]),
    Actor("flo", ["finance"]),
)
WORLD = World(people=[Person(id="dan", roles=["director"])])
MONDAY = datetime(2026, 11, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai


def story() -> Story:
    return Story(REFUND, MONDAY, WORLD).opened({"amount": "480.00"}, by=Actor("mia", []))


def test_two_hands_pay_a_refund() -> None:
    """A supervisor asks; another supervisor and finance approve, in whatever order; then it is paid."""
    told = story().does(SUE, "ask_refund")
    refused = told.cannot(SUE, "approval.approve")
    assert "sue did ask_refund, and whoever did that may not" in refused.message

    told.does(FLO, "approval.approve", {"comment": "budget is there"})
    assert "review" == told.ticket.state
    told.does(TOM, "approval.approve")
    assert "paying" == told.ticket.state
    told.does(Actor("system"), "paid")

    assert ("paid", True) == (told.ticket.state, told.adds_up())
    assert [("flo", None), ("tom", "approved")] == [(vote.by, vote.decided) for vote in told.happened(Voted)]
    assert ("Refunded",) == REFUND.progress(told.ticket).current


def test_two_supervisors_are_not_enough() -> None:
    """Two votes of one role leave the other role's vote open."""
    told = story().does(KIT, "ask_refund").does(SUE, "approval.approve").does(TOM, "approval.approve")

    assert "review" == told.ticket.state


def test_one_no_is_enough() -> None:
    """A rejection ends it, whoever approved before; the customer is told."""
    told = (
        story().does(KIT, "ask_refund").does(SUE, "approval.approve").does(FLO, "approval.reject", {"comment": "a second time"})
    )

    assert ("denied", [("mia", "denied")]) == (told.ticket.state, told.notices())


def test_nobody_approves_for_themselves() -> None:
    """Whoever opened the case may not vote on it, whatever else they are."""
    told = Story(REFUND, MONDAY, WORLD).opened({"amount": "480.00"}, by=SUE).does(KIT, "ask_refund")

    assert "sue is requester, and requester may not vote here" in told.cannot(SUE, "approval.approve").message


def test_a_changed_request_is_approved_anew() -> None:
    """Votes belong to what was asked: taken back and asked again, all of them count from nothing."""
    told = story().does(KIT, "ask_refund").does(SUE, "approval.approve").does(KIT, "change").does(KIT, "ask_refund")
    told.does(FLO, "approval.approve")
    assert "review" == told.ticket.state

    assert "paying" == told.does(SUE, "approval.approve").ticket.state


def test_a_slow_approval_reaches_the_director() -> None:
    """Half of the promised four working hours gone, the director hears of it; and forces it, which is recorded."""
    told = story().does(KIT, "ask_refund").later(hours=3)
    assert [("dan", "slow_refund")] == told.notices()
    dan = Actor("dan", ["director"])
    assert "not_permitted" == told.cannot(SUE, "ticket.force", {"state": "paying", "reason": "hurry"}).code

    told.does(dan, "ticket.force", {"state": "paying", "reason": "customer at the counter"})
    forced = next(record for record in told.records if getattr(record, "event", "") == "ticket.force")
    assert ("dan", "customer at the counter") == (forced.actor, forced.payload["reason"])
    assert ({}, "cancelled") == (told.ticket.approvals, told.ticket.clocks["approval.review"].phase)
