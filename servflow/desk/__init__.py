"""Knows the shell that joins workflows, a store, handlers, the world and a source of time; must not know what they decide."""

from servflow.desk._async import AsyncDesk
from servflow.desk._desk import Desk
from servflow.desk._reports import DeliverReport, LookReport, MigrationReport, Problem, RecalendarReport, TickReport
from servflow.desk._retry import Retry
from servflow.desk._telemetry import Telemetry
from servflow.desk._visits import Pulled
from servflow.desk._worker import RoundReport, Worker

__all__ = [
    "AsyncDesk",
    "DeliverReport",
    "Desk",
    "LookReport",
    "MigrationReport",
    "Problem",
    "Pulled",
    "RecalendarReport",
    "Retry",
    "RoundReport",
    "Telemetry",
    "TickReport",
    "Worker",
]
