"""Knows how a part of the seeds that every change has to pass is played; must not know how many parts there are."""

from __future__ import annotations

from servflow.testing import simulate

CHUNK = 50


def broken(chunk: int) -> list[str]:
    """What the seeds of one chunk say of broken promises, each with the command that plays it again."""
    reports = (simulate(seed) for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK))
    return [f"{report}\nreplay: {report.command} --trace" for report in reports if not report]
