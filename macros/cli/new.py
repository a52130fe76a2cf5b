"""`guide new`: a page to start from."""

from pathlib import Path

import click

from macros.ground.errors import GuideError
from macros.store.guide import ROOT

_TEMPLATE = """\
---
title: {title}
lab:
  nodes: 1
versions: [Linux, iproute2]
setup: []
cleanup: []
---

# {title}

Say what to look for, then show the command.

{{{{ run("node0", "ip -br addr", id="addresses") }}}}

Say what was seen: eth1 has {{{{ value("addresses", "eth1.cidr") }}}}.
"""


@click.command()
@click.argument("name")
def new(name: str) -> None:
    """Write docs/NAME.md, a page that can be recorded as it is.

    Then add it to `nav:` in mkdocs.yml and run `guide record NAME`.
    """
    path: Path = ROOT / "docs" / f"{name}.md"
    if path.exists():
        raise GuideError(f"docs/{name}.md exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    title = name.rpartition("/")[2].replace("-", " ").capitalize()
    path.write_text(_TEMPLATE.format(title=title), encoding="utf-8", newline="\n")
    click.echo(f"docs/{name}.md; next: add it to nav: in mkdocs.yml, then guide record {name}")
