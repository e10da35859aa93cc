"""Knows which commands there are; must not know what any of them does."""

from __future__ import annotations

import click

from servflow.cli import (
    _commands_audit,
    _commands_calendar,
    _commands_completion,
    _commands_definition,
    _commands_dispatch,
    _commands_lab,
    _commands_metrics,
    _commands_migration,
    _commands_oncall,
    _commands_plan,
    _commands_plans,
    _commands_questions,
    _commands_recurring,
    _commands_report,
    _commands_routes,
    _commands_store,
    _commands_stubs,
    _commands_tables,
    _commands_templates,
    _commands_test,
    _commands_troubles,
    _commands_visits,
)
from servflow.cli._completion import completed
from servflow.cli._usage import Servflow


@click.group(cls=Servflow, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="servflow", message="servflow %(version)s")
def servflow() -> None:
    """Workflows and rules for service tickets: check them, draw them, run them, and ask why.

    Exit status: 0 fine, 1 findings, 2 bad usage or input. Every command takes --format json and --lang zh.
    """


for group in (
    _commands_templates,
    _commands_definition,
    _commands_test,
    _commands_stubs,
    _commands_tables,
    _commands_calendar,
    _commands_oncall,
    _commands_migration,
    _commands_plan,
    _commands_plans,
    _commands_questions,
    _commands_dispatch,
    _commands_routes,
    _commands_recurring,
    _commands_store,
    _commands_report,
    _commands_troubles,
    _commands_visits,
    _commands_audit,
    _commands_lab,
    _commands_metrics,
    _commands_completion,
):
    for one in group.COMMANDS:
        servflow.add_command(one)

completed(servflow)
