"""
Knows how many kills are asked for on a command line, and prints what they came to; must not know what must hold.

``python -m tests.kills --kills 100 --restarts 10`` runs both stores; where something does not hold it ends with status 1
and leaves the folder of the run.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.kills.arena import Figures, arena
from tests.kills.server import Server
from tests.requirements import NEEDS

STORES = ("sqlite", "postgres")


def on_sqlite(folder: Path, *, kills: int, seed: int) -> tuple[Figures, list[str]]:
    """Kill workers and clients of a SQLite file."""
    with arena(str(folder / "jobs.db"), folder, seed=seed) as one:
        one.begin()
        one.strike(kills)
        one.end()
        wrong = one.verdict()
    return one.figures, wrong


def on_postgres(folder: Path, *, kills: int, restarts: int, seed: int) -> tuple[Figures, list[str]]:
    """Kill workers and clients of a PostgreSQL, and it itself; one worker lives through everything."""
    server = Server()
    try:
        with arena(server.database(), folder, seed=seed, workers=3) as one:
            one.begin()
            chance = random.Random(f"{seed} restarts")
            due = sorted(chance.randrange(kills) for _ in range(restarts))
            for number in range(kills - restarts):  # each restart kills one of them too
                while due and due[0] <= number:
                    due.pop(0)
                    one.restart(server, "kill" if one.figures.restarts.total() % 2 else "immediate", spare="w0")
                one.strike(1, spare="w0")
            for _ in due:
                one.restart(server, "kill" if one.figures.restarts.total() % 2 else "immediate", spare="w0")
            one.end()
            wrong = one.verdict()
        return one.figures, wrong
    finally:
        server.close()


def main() -> int:
    """Run what is asked for; 1 where something does not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.kills", description="Kill workers, clients and PostgreSQL, then check."
    )
    parser.add_argument("--store", choices=STORES, action="append", help="which store; both unless given")
    parser.add_argument("--kills", type=int, default=100, help="how many processes to kill on each store (default 100)")
    parser.add_argument("--restarts", type=int, default=10, help="how often to end PostgreSQL (default 10)")
    parser.add_argument("--seed", type=int, default=1, help="draws who dies and when (default 1)")
    asked = parser.parse_args()
    failed = False
    for store in asked.store or STORES:
        if store == "postgres" and not NEEDS["postgres"].present():
            print(f"postgres: not on this machine; {NEEDS['postgres'].install}")
            continue
        folder = Path(tempfile.mkdtemp(prefix=f"kills-{store}-"))
        if store == "sqlite":
            figures, wrong = on_sqlite(folder, kills=asked.kills, seed=asked.seed)
        else:
            figures, wrong = on_postgres(folder, kills=asked.kills, restarts=asked.restarts, seed=asked.seed)
        print(f"{store}, seed {asked.seed}: {figures}; {len(wrong)} violations", flush=True)
        for line in wrong:
            print(f"  {line}")
        if not wrong:
            shutil.rmtree(folder)
        else:
            print(f"  see {folder}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
