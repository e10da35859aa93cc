"""Knows where the command line begins; must not know any command, each is loaded when it is asked for."""

from __future__ import annotations

import click

from servflow.cli._usage import Servflow


@click.group(cls=Servflow, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="servflow", message="servflow %(version)s")
@click.option("--lang", type=click.Choice(["en", "zh"]), expose_value=False, help="language; SERVFLOW_LANG sets it for all")
def servflow() -> None:
    """Workflows and rules for service tickets: check them, draw them, run them, and ask why.

    Exit status: 0 fine, 1 findings, 2 bad usage or input. Every command takes --format json and --lang zh.
    """
