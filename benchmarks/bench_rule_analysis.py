"""Knows how long the analysis of large decision tables takes and what it needs; must not know whether that is good."""

from __future__ import annotations

import random
import subprocess
import sys
import tracemalloc
from collections import Counter
from time import process_time
from typing import Any

from servflow.rules import DecisionTable, diff
from servflow.rules._analysis import begun
from servflow.rules._check import _shadowed

ROUNDS = 3


def tariff(count: int, hit: str = "first") -> dict[str, Any]:
    """Rows as companies write them: tier, category and region by name, ranges of amounts, and what is left."""
    rows: list[list[str]] = []
    names = [(tier, kind, region) for tier in range(4) for kind in range(25) for region in range(max(1, count // 500))]
    random.Random(1).shuffle(names)
    for number, (tier, kind, region) in enumerate(names * (1 + count // len(names))):
        if len(rows) >= count - 1:
            break
        step = number // len(names)
        amount = f"[{step * 100}..{step * 100 + 100})"
        rows.append([f'"t{tier}"', f'"c{kind}"', f'"r{region}"', amount, str(len(rows) % 9)])
    rows.append(["-", "-", "-", "-", "0"])
    return table(rows, hit)


def drawn(count: int, wide: float, hit: str = "first") -> dict[str, Any]:
    """Rows drawn at random: an equality, a set, a range, a comparison; each cell left open with the probability *wide*."""
    rng = random.Random(7)
    rows: list[list[str]] = []
    for number in range(count):
        low = rng.randint(0, 100_000)
        cells = [
            f'"t{rng.randint(0, 9)}"',
            ", ".join(f'"c{name}"' for name in rng.sample(range(20), rng.randint(1, 6))),
            f'"r{rng.randint(0, 30)}"' if rng.random() < 0.5 else f'not("r{rng.randint(0, 30)}")',
            f"[{low}..{low + rng.randint(10, 40_000)}]",
        ]
        rows.append([*("-" if rng.random() < wide else cell for cell in cells), str(number % 7)])
    return table(rows, hit)


def table(rows: list[list[str]], hit: str) -> dict[str, Any]:
    """The keywords of a table."""
    inputs = ["tier", "category", "region", "amount"]
    return {"name": "t", "hit": hit, "inputs": inputs, "outputs": {"o": "int"}, "rows": rows}


def cpu(call: Any) -> tuple[float, Any]:
    """The median CPU seconds of a few calls, and what the last gave."""
    taken = []
    for _ in range(ROUNDS):
        started = process_time()
        found = call()
        taken.append(process_time() - started)
    return sorted(taken)[ROUNDS // 2], found


def memory(kind: str) -> None:
    """Run in a process of its own: what checking 10,000 rows needs beside the table."""
    made = DecisionTable(**(tariff(10_000) if kind == "tariff" else drawn(10_000, 0.1)))
    tracemalloc.start()
    made.check()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    print(f"  10,000 rows, {kind}: the check needs {peak:.0f} MB beside the table (at most 50)")


def exact(made: DecisionTable) -> Any:
    """The dead rows alone, without a limit."""
    check = begun(made, made._program, {}, 10**9)
    _shadowed(check)
    return check


def main() -> None:
    """Print the figures, medians of CPU seconds."""
    if len(sys.argv) > 1:
        memory(sys.argv[1])
        return
    for name, spec in (
        ("tariff", tariff(10_000)),
        ("drawn", drawn(10_000, 0.1)),
        ("drawn, unique", drawn(10_000, 0.1, "unique")),
    ):
        load, made = cpu(lambda spec=spec: DecisionTable(**spec))
        check, found = cpu(made.check)
        counts = dict(Counter(finding.code.removeprefix("rules.") for finding in found))
        print(f"  10,000 rows, {name}: loaded in {load:.2f} s (at most 5), checked in {check:.2f} s (at most 1): {counts}")
    for kind in ("tariff", "drawn"):
        subprocess.run([sys.executable, "-m", "benchmarks.bench_rule_analysis", kind], check=True)
    for wide in (0.0, 0.1, 0.2, 0.5):
        made = DecisionTable(**drawn(1_000, wide))
        taken, check = cpu(lambda made=made: exact(made))
        dead, unsure = check.dead.bit_count(), len(check.open.get("size", ()))
        said = f"dead rows exactly in {taken:.2f} s (at most 10): {dead}, {unsure} not decided"
        print(f"  1,000 rows of 4 conditions, {wide:.0%} open: {said}")
    old = drawn(1_000, 0.1)
    new = {**old, "rows": [[*row[:-1], "8"] if number % 100 == 50 else row for number, row in enumerate(old["rows"])]}
    taken, found = cpu(lambda: diff(DecisionTable(**old), DecisionTable(**new)))
    print(f"  1,000 rows, 10 of them edited: differences in {taken:.2f} s, loading included: {len(found)}")


if __name__ == "__main__":
    main()
