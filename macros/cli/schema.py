"""`guide schema`: what an author may write, for editors."""

import json

import click

from macros.plan import option_schema


@click.command()
def schema() -> None:
    """Print the JSON schema of a page's front matter; each macro's options are below its $defs.

    \b
    guide schema >.cache/page.json, and as the first line of a page's front matter:
    # yaml-language-server: $schema=../.cache/page.json
    """  # noqa: D301 click's mark for lines to keep
    click.echo(json.dumps(option_schema.schema(), indent=1))
