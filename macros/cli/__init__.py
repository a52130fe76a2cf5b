"""`guide`: labs, recording and checking, in one command."""

import signal
import sys
from importlib import import_module

import click
from rich.console import Console

from macros.ground.errors import GuideError

_COMMANDS = {
    "lab": ("macros.cli.lab_commands:lab", "Build labs, start them, stop them."),
    "record": ("macros.cli.record:record", "Run the pages' commands and keep the answers."),
    "follow": (
        "macros.cli.follow_command:follow",
        "Type a page's commands as a reader would, and compare.",
    ),
    "settle": ("macros.cli.settle:settle", "Settle kept runs again, without a lab."),
    "upgrade": (
        "macros.cli.upgrade_command:upgrade",
        "Record the guide with another version, and report what changed.",
    ),
    "edition": ("macros.cli.edition:edition", "Start, list and compare editions."),
    "review": ("macros.cli.review:review", "Accept or reject what a new recording changed."),
    "check": ("macros.cli.check:check", "Check all recordings and claims, without a lab."),
    "trace": (
        "macros.cli.trace_command:trace",
        "Follow one request on a cluster, packet by packet.",
    ),
    "doctor": ("macros.cli.diagnosis:doctor", "List what this machine lacks, and how to get it."),
    "paths": (
        "macros.cli.path_table:paths",
        "List the values that a page can quote from a block.",
    ),
    "new": ("macros.cli.new:new", "Start a page."),
    "options": ("macros.cli.option_list:options", "List what a macro takes."),
    "schema": ("macros.cli.schema:schema", "Print the front matter's JSON schema, for editors."),
}
"""Each command's place and its line in the help. A command is imported only when it is called:
`guide check` needs no lab, and works where labs do not."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="packet-by-packet")
def cli() -> None:
    """Record the guide's commands on real machines, and check what is recorded.

    \b
    A first run, on any x86-64 Linux machine, without root:
      guide doctor              what is missing, and how to get it
      guide lab build           kernel and root file system, once
      guide lab up --nodes 2    two machines, in seconds
      guide record              run every command of the pages that fit this lab, keep the answers
      guide review              what changed, in words: accept or reject it
      guide check               is every recording there, fresh and untouched?
      guide lab down
    `make site` needs none of this: the recordings are in git.
    """  # noqa: D301 click's mark for lines to keep


def main() -> None:
    """Run the command line; an error for a person is a message, not a traceback.

    Exit codes: 0 all well, 1 an error or a finding, 2 wrong usage, 130 interrupted.
    """
    if hasattr(signal, "SIGHUP"):
        # A terminal that is closed ends a review or a recording as Ctrl-C does: cleaned up.
        signal.signal(signal.SIGHUP, _hung_up)
    try:
        code = cli.main(standalone_mode=False)
    except GuideError as error:
        show(error)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        for note in getattr(error.__context__ or error, "__notes__", ()):
            Console(stderr=True, soft_wrap=True).print(f"\n{note}", markup=False, highlight=False)
        Console(stderr=True).print("\ninterrupted; nothing half-written is left", highlight=False)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _hung_up(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def show(error: GuideError) -> None:
    """Print an error for the person at the terminal; colour only where it is one."""
    console = Console(stderr=True, soft_wrap=True)
    console.print("error: ", style="bold red", end="")
    console.print(str(error), markup=False, highlight=False)
