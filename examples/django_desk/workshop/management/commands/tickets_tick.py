"""Knows the command that lets time pass; must not know what time does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from workshop.desk import desk


class Command(BaseCommand):
    """Call it once a minute, from cron or the like, on as many machines as you like: late or twice does no harm."""

    help = "Lets time pass for all tickets and writes the letters that are due."

    def handle(self, **_: Any) -> None:
        """Go on until nothing is left to do."""
        ticked = delivered = 0
        problems: list[str] = []
        while True:
            tick, deliver = desk().tick(), desk().deliver()
            ticked, delivered = ticked + tick.advanced, delivered + deliver.delivered
            problems += [f"{found.where}: {found.what}: {found.error}" for found in (*tick.problems, *deliver.problems)]
            if not tick.worked and not deliver.worked:
                break
        for problem in problems:
            self.stderr.write(problem)
        self.stdout.write(f"{ticked} tickets changed, {delivered} effects carried out")
