"""`guide new`: a page to start from."""

import re

import click

from macros.cli.settings import guide_of_checkout
from macros.ground.errors import GuideError
from macros.store.reader import shown

_NAME = re.compile(r"[a-z0-9]+(?:[-/][a-z0-9]+)*")
_TEMPLATE = """\
---
title: {title}
lab:
  nodes: 2
versions: [Linux, iproute2]
setup: []
cleanup: []
---

# {title}

Say what the page shows, and what a reader needs to know before.

{{{{ prepared() }}}}

## The addresses

Say what to look for, then show the command.

{{{{ run("node0", "ip -br addr", id="addresses") }}}}

Say what was seen: eth1 has {{{{ value("addresses", "eth1.cidr") }}}}.

## The way back

{{{{ undo() }}}}
"""


@click.command()
@click.argument("name")
def new(name: str) -> None:
    """Write docs/NAME.md, a page that can be recorded as it is.

    Then add it to `nav:` in mkdocs.yml and run `guide record NAME`.
    """
    docs = guide_of_checkout().docs
    name = name.removeprefix("docs/").removesuffix(".md")
    path = (docs / f"{name}.md").resolve()
    if not path.is_relative_to(docs.resolve()):
        raise GuideError(f"{name!r} is not a page of this guide: it is outside of {docs}")
    if path.exists():
        raise GuideError(f"{shown(path)} exists already")
    if not _NAME.fullmatch(name):
        raise GuideError(
            f"{name!r} is not a name for a page: it becomes the address,"
            " so use small letters, digits, - and /",
            fix=f"guide new {re.sub('[^a-z0-9/]+', '-', name.lower()).strip('-/')}",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    title = name.rpartition("/")[2].replace("-", " ").capitalize()
    path.write_text(_TEMPLATE.format(title=title), encoding="utf-8", newline="\n")
    click.echo(
        f"{shown(path)}; next: add `- {title}: {name}.md` to nav: in mkdocs.yml,"
        f" then guide record {name}"
    )
