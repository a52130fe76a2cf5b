"""`guide lab prepare PAGE`: a lab as a page's first command needs it; `--undo` puts it back."""

import click

from macros.cli import lab_choice
from macros.cli.path_table import held_page
from macros.cli.settings import guide_of_checkout
from macros.follow import following, lab_in_use
from macros.ground.errors import GuideError


@click.command()
@lab_choice.option
@click.option("--undo", is_flag=True, help="Run the page's clean-up instead.")
@click.option("--edition", help="The edition whose text is followed; default: the one shown.")
@click.argument("page", metavar="PAGE")
def prepare(page: str, name: str | None, undo: bool, edition: str | None) -> None:
    """Do what PAGE says under "Before you start", on the lab that is up.

    With --undo, do what it says under "Undo". `guide lab reset` does the same, for any page.

    A lab with another minor release of what the text is about (Docker, Kubernetes, Calico, flannel)
    is refused; of any other version, such as the kernel's, one line says that outputs may differ.
    """
    guide, planned = held_page(guide_of_checkout(edition), page)
    lab = lab_choice.find(name)
    if undo:
        if lab_in_use.of_page(lab) not in {"", planned.key}:
            other = lab_in_use.of_page(lab)
            raise GuideError(
                f"lab {lab.name} is in use for page {other}, not {planned.key}",
                fix=f"guide lab prepare {other} --undo --name {lab.name}",
            )
        if following.undo(lab, planned):
            click.echo(f"{lab.name} is as it was made; no page is under way")
        else:
            click.echo(f"nothing to undo: {lab.name} is as it was made, and no page is under way")
        return
    if told := lab_in_use.check(lab, planned, guide.edition.versions):
        click.echo(told, err=True)
    if following.prepare(lab, planned):
        click.echo(f"{lab.name} is prepared for {planned.key}")
    else:
        click.echo(f"{lab.name} is prepared for {planned.key} already; --undo puts it back")
