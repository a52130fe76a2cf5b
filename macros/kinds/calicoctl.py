"""Calico's own client: its tables, and its objects as YAML or JSON.

Sources: calico, calicoctl/calicoctl/commands: tables with borders are olekukonko/tablewriter's
(`ipam show`, `node status`), those without are text/tabwriter's (`get -o wide`).
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds.kind import Kind

_BORDER = re.compile(r"\+(-+\+)+")
_GAP = re.compile(r"\s{2,}")
# The column that names a row, in the order in which they are looked for; else it is the first.
_NAMING = ("cidr", "peer-address", "workload", "name")


def read(text: str, _twin: Any = None, _call: Call | None = None) -> Mapping[str, Any]:
    """Rows or objects by name.

    A row is a mapping by the words of the header in small letters with dashes (`ips-in-use`), its
    name is its CIDR, peer, workload or name. An object is as Calico's API has it:
    `[default-ipv4-ippool].spec.ipipMode`.
    """
    if re.match(r"\s*(apiVersion:|- apiVersion:|\{)", text):
        return _objects(text)
    bordered = any(_BORDER.fullmatch(line.strip()) for line in text.splitlines())
    rows = [
        [cell.strip() for cell in (line.strip().strip("|").split("|"))]
        if bordered
        else _GAP.split(line.strip())
        for line in text.splitlines()
        if line.strip() and (line.lstrip().startswith("|") or not bordered)
    ]
    if len(rows) < 2:
        raise GuideError("calicoctl printed no table")
    head = [re.sub(r"[^a-z0-9]+", "-", cell.lower()) for cell in rows[0]]
    key = head.index(next((name for name in _NAMING if name in head), head[0]))
    found: dict[str, Any] = {}
    for row in rows[1:]:
        # An empty last cell leaves no trace in a table without borders.
        cells = row + [""] * (len(head) - len(row))
        if len(cells) > len(head) or cells[key] in found:
            raise GuideError(f"no row of calicoctl's table: {' '.join(row)!r}")
        found[cells[key]] = dict(zip(head, cells, strict=True))
    return found


def _objects(text: str) -> Mapping[str, Any]:
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise GuideError(f"calicoctl's objects are no YAML: {error}") from error
    items = said if isinstance(said, list) else said.get("items", [said])
    return {str(item["metadata"]["name"]): item for item in items}


def _asked(call: Call) -> bool:
    return call.tool == "calicoctl" and (
        call.args[:1] == ("get",) or {"ipam", "show"} <= {*call.args}
    )


KIND = Kind(name="calicoctl", what="objects of Calico", asked=_asked, read=read)
