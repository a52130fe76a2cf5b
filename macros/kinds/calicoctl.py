"""Calico's own client: its tables, and its objects as YAML or JSON.

Sources: calico, calicoctl/calicoctl/commands: tables with borders are olekukonko/tablewriter's
(`ipam show`, `node status`), those without are text/tabwriter's (`get -o wide`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds import kubernetes_objects
from macros.kinds.fields import by_name, inside, yaml_objects
from macros.kinds.kind import Entry, Facts, Kind

_BORDER = re.compile(r"\+(-+\+)+")
_GAP = re.compile(r"\s{2,}")
# The column that names a row, in the order in which they are looked for; else it is the first.
_NAMING = ("cidr", "peer-address", "workload", "name")


def read(text: str, _twin: Any = None, _call: Call | None = None) -> Mapping[str, Any]:
    """Rows or objects by name.

    A row is a mapping by the words of the header in small letters with dashes (`ips-in-use`), its
    name is its CIDR, peer, workload or name. An object is as Calico's API has it:
    `[default-ipv4-ippool].spec.ipipMode`. Where two have one name, the namespace, the kind or the
    first column stands before it: `default/allow-dns`, `Block 10.42.0.0/26`.
    """
    if re.match(r"\s*(---|apiVersion:|kind:|items:|- apiVersion:|\{|\[)", text):
        return _objects(text)
    bordered = any(_BORDER.fullmatch(line.strip()) for line in text.splitlines())
    rows = [
        [cell.strip() for cell in (line.strip().strip("|").split("|"))]
        if bordered
        else _GAP.split(line.strip())
        for line in text.splitlines()
        if line.strip() and (line.lstrip().startswith("|") or not bordered)
    ]
    if len(rows) < 2 or " ".join(rows[0]) != " ".join(rows[0]).upper():
        raise GuideError("calicoctl printed no table")
    head = [re.sub(r"[^a-z0-9]+", "-", cell.lower()) for cell in rows[0]]
    naming = next((name for name in _NAMING if name in head), head[0])
    tables: list[tuple[tuple[str, ...], dict[str, str]]] = []
    for cells in rows[1:]:
        # An empty last cell leaves no trace in a table without borders.
        row = dict(zip(head, [*cells, *[""] * (len(head) - len(cells))], strict=False))
        if len(cells) > len(head) or not row[naming]:
            raise GuideError(f"no row of calicoctl's table: {' '.join(cells)!r}")
        first = row.get("namespace", row[head[0]])
        tables.append(((row[naming], f"{first} {row[naming]}"), row))
    return _shortest(tables)


def _objects(text: str) -> Mapping[str, Any]:
    named: list[tuple[tuple[str, ...], Any]] = []
    for item in yaml_objects(text, "calicoctl"):
        metadata = inside(item, "metadata")
        name, space, kind = metadata.get("name"), metadata.get("namespace"), item.get("kind")
        if name is None:
            raise GuideError("calicoctl answered something that is no object of Calico")
        spaced = f"{space}/{name}" if space else str(name)
        named.append(((str(name), spaced, f"{kind} {spaced}"), item))
    return _shortest(named)


def _shortest(named: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    """Records by the first of their names that none shares; GuideError where two share all."""
    counts = [Counter(column) for column in zip(*(names for names, _ in named), strict=True)]
    return by_name(
        "rows",
        (
            (
                next(
                    (name for name, count in zip(names, counts, strict=True) if count[name] == 1),
                    names[-1],
                ),
                record,
            )
            for names, record in named
        ),
    )


def _asked(call: Call) -> bool:
    return call.tool == "calicoctl" and (
        call.args[:1] == ("get",) or {"ipam", "show"} <= {*call.args}
    )


def _entries(records: Mapping[str, Any]) -> Iterator[Entry]:
    for name, record in records.items():
        noun = str(record.get("kind", "row")) if "metadata" in record else "row"
        yield Entry((noun, name), name, noun.lower(), Facts(raw=record))


KIND = Kind(
    name="calicoctl",
    what="objects of Calico",
    asked=_asked,
    read=read,
    entries=_entries,
    speech=kubernetes_objects.SPEECH,
)
