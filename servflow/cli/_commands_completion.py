"""Knows the command that prints what a shell needs to complete servflow: completion; must not know what is completed."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from servflow.cli._help import Told
from servflow.cli._output import Say, command

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_SERVFLOW_COMPLETE"
"""The variable of the environment by which a shell asks; the name that click gives it."""

_MENDED = {
    # Loaded from fpath, the file is the body of a function: it says so at the first call only, and at the second, which is
    # one of a function like any other, it was to be registered and nothing was completed.
    "zsh": (("$zsh_eval_context[-1] == loadautofunc", "$zsh_eval_context[-1] == (loadautofunc|shfunc)"),),
    # What a command does may hold commas; what stands behind the first of them was cut off.
    "fish": (('(string split "," ', '(string split --max 1 "," '),),
}
"""What click's scripts say, and what they are to say."""


@click.command("completion", cls=Told)
@click.argument("shell", type=click.Choice(SHELLS))
@command
def completion_command(say: Say, shell: str) -> None:
    """Print a script that lets a shell complete commands, options, files, templates and tickets.

    \b
    bash:  servflow completion bash > ~/.local/share/bash-completion/completions/servflow
    zsh:   servflow completion zsh > ~/.zfunc/_servflow    (with fpath+=~/.zfunc before compinit)
    fish:  servflow completion fish > ~/.config/fish/completions/servflow.fish
    """
    made = get_completion_class(shell)
    assert made is not None  # these shells are click's own
    root = click.get_current_context().find_root().command
    complete = made(root, {}, "servflow", VARIABLE)
    # Not source(), which for bash asks the bash of this machine first; the script may be for another one.
    script = complete.source_template % complete.source_vars()
    for theirs, ours in _MENDED.get(shell, ()):
        script = script.replace(theirs, ours)
    if say.json:
        say.data({"shell": shell, "script": script})
    else:
        click.echo(script)


COMMANDS = (completion_command,)
