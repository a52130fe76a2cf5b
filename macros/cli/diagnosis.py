"""`guide doctor`: what this machine lacks, and how to get it."""

import sys

import click
from rich.console import Console

from macros.lab import doctor as looking


@click.command()
@click.option("--packages", is_flag=True, help="Only the missing Debian packages, for scripts.")
def doctor(packages: bool) -> None:
    """List what is missing to build the site and to run a lab; exit code 1 if anything is."""
    checks = looking.checks()
    if packages:
        click.echo("\n".join(looking.packages(checks)), nl=bool(looking.packages(checks)))
        return
    console = Console(highlight=False, soft_wrap=True)
    for purpose, title in looking.PURPOSES.items():
        console.print(f"[bold]{title}[/bold]")
        for check in (candidate for candidate in checks if candidate.purpose == purpose):
            mark = "[green]ok     [/green]" if check.good else "[red]missing[/red]"
            if not check.good and not check.needed:
                mark = "[yellow]low    [/yellow]"
            console.print(f"  {mark} {check.what:<20}", end=" ")
            console.print(check.state, markup=False)
            if not check.good and check.fix:
                console.print(f"          {check.fix}", markup=False)
    if names := looking.packages(checks):
        console.print("\nTo get the missing packages:")
        console.print(f"  {looking.install_command(names)}", markup=False)
    sys.exit(any(check.needed and not check.good for check in checks))
