"""Knows how the command line starts, with and without its extra; must not know any command."""

from __future__ import annotations

import sys

__all__ = ["main"]

_NEEDED = ("click", "rich")


def main() -> None:
    """
    Run the command ``servflow``.

    Without the extra ``cli`` it says in one sentence what to install, and ends with status 2.
    """
    try:
        from servflow.cli._main import servflow
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        sys.stderr.write(f"the command line needs {error.name}; install it with: pip install 'servflow[cli]'\n")
        raise SystemExit(2) from None
    servflow(prog_name="servflow")
