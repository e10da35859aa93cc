"""Knows the commands ``python -m servflow.testing check`` and ``simulate``; must not know how anything is proved."""

from __future__ import annotations

import sys
import textwrap
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Sequence

from servflow.errors import InputError
from servflow.testing import _simulation_command
from servflow.testing._check import Clause, read_factory, run_contract

WIDTH = 118
ABOUT = """
Prove that a store keeps the contract of servflow.stores.Store.

FACTORY is module:name of a function without arguments that gives, anew each time it is called,
  an empty store,
  or (one, two): two independent handles on one empty store, as two processes would have,
  or (one, two, reopen): and a function that opens the store again after both were closed;
or of a subclass of servflow.testing.StoreContract.

Ends with 0 where every clause that could be tried was kept, 1 where one was broken, 2 where nothing could be tried.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = ArgumentParser(prog="python -m servflow.testing", description=ABOUT, formatter_class=RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="prove a store", description=ABOUT, formatter_class=RawDescriptionHelpFormatter)
    check.add_argument("factory", metavar="FACTORY", help="module:name")
    check.add_argument("-k", dest="only", default="", metavar="TEXT", help="try only clauses whose name holds TEXT")
    about = _simulation_command.ABOUT
    simulated = commands.add_parser(
        "simulate", help="play seeds", description=about, formatter_class=RawDescriptionHelpFormatter
    )
    _simulation_command.options(simulated)
    given = parser.parse_args(arguments)
    try:
        if given.command == "simulate":
            return _simulation_command.run(given)
        counted = Counter(_told(clause) for clause in run_contract(read_factory(given.factory), given.only))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not counted:
        print(f"error: no clause has {given.only!r} in its name", file=sys.stderr)
        return 2
    print(f"{counted['kept']} kept, {counted['broken']} broken, {counted['unproved']} unproved")
    return 1 if counted["broken"] else 0


def _told(clause: Clause) -> str:
    """Print what became of a clause; its status."""
    print(f"{clause.status:8}  {clause.name}")
    if clause.status != "kept":
        for line in (clause.sentence, *clause.detail.splitlines()):
            print(textwrap.fill(line, WIDTH, initial_indent=" " * 10, subsequent_indent=" " * 12))
    return clause.status


if __name__ == "__main__":
    sys.exit(main())
