"""Knows what the first match among many rows costs, beside other rule engines on the same tickets; must not judge it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle, pairwise
from time import process_time
from typing import Any

from attrs import frozen

from benchmarks._measure import medians, ratio, times_of
from servflow.documents import load_tables
from servflow.rules import DecisionTable

TIERS = ("gold", "silver", "bronze", "standard")
REGIONS = tuple(f"r{number:02}" for number in range(20))
TOP = 1_000_000
TICKETS = 400
UNSEEN = 50  # as many times other tickets, so that no amount is remembered when it comes again
SIZES = (10, 100, 1_000, 10_000)
LEAST = {("decide", "zen-engine"): 150, ("decide", "durable-rules"): 25, ("decide_many", "durable-rules"): 50}
ROUNDS = {"zen-engine": 5, "zen-engine, compiled before": 15, "durable-rules": 31}  # the quicker ones take more turns
Ticket = Mapping[str, Any]


@frozen
class Line:
    """One rule: three or four conditions (equality, a set, a range, and for most a least number), and what it says."""

    tier: str
    regions: tuple[str, ...]
    low: int
    high: int
    visits: int | None
    total: int

    def matches(self, ticket: Ticket) -> bool:
        """The rule as anybody would write it by hand."""
        return (
            ticket["tier"] == self.tier
            and ticket["region"] in self.regions
            and self.low <= ticket["amount"] < self.high
            and (self.visits is None or ticket["visits"] >= self.visits)
        )


def lines(count: int) -> list[Line]:
    """Rules of which a few match each ticket, whatever their number; the first of them is the answer."""
    draw = random.Random(4)
    width = max(TOP * 67 // max(count, 67), 7)
    made = []
    for number in range(count):
        low = draw.randrange(0, TOP - min(width, TOP) + 1)
        made.append(
            Line(
                tier=draw.choice(TIERS),
                # With four of them durable-rules 2.0.28 refuses some tickets at 1,000 rules (error 303).
                regions=tuple(sorted(draw.sample(REGIONS, 3))),
                low=low,
                high=low + width,
                visits=draw.choice((None, 1, 2, 3)),
                total=number,
            )
        )
    return made


def tickets(count: int = TICKETS, seed: int = 5) -> list[dict[str, Any]]:
    """The same tickets for everybody."""
    draw = random.Random(seed)
    return [
        {
            "tier": draw.choice(TIERS),
            "region": draw.choice(REGIONS),
            "amount": draw.randrange(TOP),
            "visits": draw.randrange(10),
        }
        for _ in range(count)
    ]


def expected(rules: Sequence[Line], asked: Sequence[Ticket]) -> list[int | None]:
    """The right answers, by looking at one rule after the other."""
    return [next((rule.total for rule in rules if rule.matches(ticket)), None) for ticket in asked]


def document(rules: Sequence[Line]) -> str:
    """The rules as the text of a decision table."""
    head = [
        "tables:",
        "  fees:",
        "    hit: first",
        "    inputs:",
        f"      - {{name: tier, type: string, one_of: [{', '.join(TIERS)}]}}",
        "      - {name: region, type: string}",
        "      - {name: amount, type: int}",
        "      - {name: visits, type: int}",
        "    outputs: {total: int}",
        "    rows:",
    ]
    rows = []
    for rule in rules:
        regions = ", ".join(f'"{region}"' for region in rule.regions)
        visits = "-" if rule.visits is None else f">= {rule.visits}"
        rows.append(f"      - ['\"{rule.tier}\"', '{regions}', '[{rule.low}..{rule.high})', '{visits}', '{rule.total}']")
    return "\n".join([*head, *rows, ""])


def read(rules: Sequence[Line]) -> DecisionTable:
    """The table out of its text."""
    return load_tables(document(rules))["fees"]


def zen_content(rules: Sequence[Line]) -> str:
    """The same table in the JSON decision model of zen-engine."""
    names = ("tier", "region", "amount", "visits")
    rows = [
        {
            "_id": f"row{rule.total}",
            "tier": f'"{rule.tier}"',
            "region": ", ".join(f'"{region}"' for region in rule.regions),
            "amount": f"[{rule.low}..{rule.high})",
            "visits": "" if rule.visits is None else f">= {rule.visits}",
            "total": str(rule.total),
        }
        for rule in rules
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in names],
        "outputs": [{"id": "total", "name": "total", "field": "total"}],
        "rules": rows,
    }
    place = {"x": 0, "y": 0}
    content = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": place},
            {"id": "table", "type": "decisionTableNode", "name": "table", "position": place, "content": table},
            {"id": "out", "type": "outputNode", "name": "out", "position": place},
        ],
        "edges": [
            {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
    return json.dumps(content)


def zen(rules: Sequence[Line]) -> Callable[[Ticket], int | None]:
    """zen-engine as its first page shows it: a decision created out of its content, then evaluated."""
    import zen as peer

    return _told(peer.ZenEngine().create_decision(zen_content(rules)).evaluate)


def zen_compiled(rules: Sequence[Line]) -> Callable[[Ticket], int | None]:
    """zen-engine as its page on performance advises: the content compiled before, and handed to the engine by a loader."""
    import zen as peer

    content = peer.ZenDecisionContent(zen_content(rules))
    return _told(partial(peer.ZenEngine({"loader": lambda _key: content}).evaluate, "fees"))


def _told(evaluate: Callable[[Ticket], Any]) -> Callable[[Ticket], int | None]:
    def decide(ticket: Ticket) -> int | None:
        found = evaluate(ticket)["result"].get("total")
        return None if found is None else int(found)

    return decide


def durable(rules: Sequence[Line]) -> Callable[[Ticket], int | None]:
    """The same rules for durable-rules, first by priority; an event that a rule took is gone for the others."""
    from durable.engine import MessageNotHandledException
    from durable.lang import m, post, pri, ruleset, when_all

    said: list[int] = []

    def saying(total: int) -> Callable[[Any], None]:
        def say(_context: Any) -> None:
            said.append(total)

        return say

    name = f"fees{len(rules)}"
    with ruleset(name):
        for rule in rules:
            among = m.region == rule.regions[0]
            for region in rule.regions[1:]:
                among = among | (m.region == region)
            condition = (m.tier == rule.tier) & among & (m.amount >= rule.low) & (m.amount < rule.high)
            if rule.visits is not None:
                condition = condition & (m.visits >= rule.visits)
            when_all(pri(rule.total), condition)(saying(rule.total))

    def decide(ticket: Ticket) -> int | None:
        said.clear()
        try:
            post(name, dict(ticket))
        except MessageNotHandledException:  # what no rule takes is an error there
            return None
        return said[0] if said else None

    return decide


def _peers(rules: Sequence[Line]) -> dict[str, Callable[[Ticket], int | None]]:
    found = {}
    for name, make in (("zen-engine", zen), ("zen-engine, compiled before", zen_compiled), ("durable-rules", durable)):
        try:
            found[name] = make(rules)
        except ImportError as error:
            print(f"  {name}: {error.name} is not installed (pip install 'servflow[bench]')")
    return found


def first_match() -> None:
    """The first match among 1,000 rules, one ticket at a time and all at once."""
    rules, asked = lines(1_000), tickets()
    right = expected(rules, asked)
    table = read(rules)

    def total(decision: Any) -> int | None:
        return None if decision.outputs is None else decision.outputs["total"]

    batches = [tickets(seed=6 + number) for number in range(UNSEEN)]
    assert right == [total(table.decide(ticket)) for ticket in asked]
    assert right == [total(decision) for decision in table.decide_many(asked)]
    for batch in batches:
        said = [table.decide(ticket) for ticket in batch]
        assert expected(rules, batch) == [total(decision) for decision in said]
        assert said == table.decide_many(batch)
    matched = sum(answer is not None for answer in right)
    print(f"first match among 1,000 rules, {len(asked)} tickets, {matched} of them matched; each figure is for all tickets")
    one, many = cycle(batches), cycle(batches)
    calls: dict[str, Callable[[], Any]] = {
        "decide": lambda: [table.decide(ticket) for ticket in asked],
        "decide_many": lambda: table.decide_many(asked),
        "decide, other tickets each time": lambda: [table.decide(ticket) for ticket in next(one)],
        "decide_many, other tickets each time": lambda: table.decide_many(next(many)),
    }
    peers = _peers(rules)
    for name, decide in peers.items():
        assert right == [decide(ticket) for ticket in asked], name
    asking = {name: lambda decide=decide: [decide(ticket) for ticket in asked] for name, decide in peers.items()}
    medians({**calls, "one rule after the other, by hand": lambda: expected(rules, asked), **asking})
    for name, call in asking.items():
        for ours, value in times_of(calls, call, rounds=ROUNDS[name]).items():
            least = LEAST.get((ours.split(",")[0], name))
            if least is None:
                print(f"  {f'{ours}, beside {name}':<92}{value:>10.2f} times")
            else:
                ratio(f"{ours}, beside {name}", value, least=least)


def growth() -> None:
    """What the number of rules changes."""
    asked = tickets(200)
    calls: dict[str, Callable[[], Any]] = {}
    for size in SIZES:
        rules = lines(size)
        table = read(rules)
        right = expected(rules, asked)
        assert right == [None if (made := table.decide(one)).outputs is None else made.outputs["total"] for one in asked]
        calls[f"{size:,} rules"] = lambda table=table: [table.decide(ticket) for ticket in asked]
    print("\n200 decisions, by the number of rules")
    found = medians(calls)
    for before, after in pairwise(SIZES):
        rate = found[f"{after:,} rules"] / found[f"{before:,} rules"]
        print(f"  {f'{after:,} rules beside {before:,}':<92}{rate:>10.2f} times")


def loading() -> None:
    """From text to the first decision; reading, checking and indexing included."""
    text = document(lines(10_000))
    print(f"\n10,000 rows out of {len(text):,} characters of YAML")
    begun = process_time()
    table = load_tables(text)["fees"]
    read_in = process_time() - begun
    table.decide(tickets(1)[0])
    print(f"  {'read, checked and ready':<66}{read_in:>10.2f} s")
    ratio("beside the five seconds it may take", read_in / 5, most=1)


def main() -> None:
    """Print every measurement, and every ratio beside what it should be."""
    first_match()
    growth()
    loading()


if __name__ == "__main__":
    main()
