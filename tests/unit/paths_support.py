"""Recorded rules, traces and tables, for the tests of ways."""

import json
from pathlib import Path
from typing import Any

from macros.ground.model import Recording
from macros.ways import evidence, iptables, nftables
from macros.ways.evidence import Evidence
from macros.ways.packet_way import Taken, taken
from macros.ways.ruleset import Rules

DATA = Path(__file__).parent.parent / "data" / "paths"
CASES = tuple(
    f"{tool}-{case}" for tool in ("ipt", "nft") for case in ("pod", "hairpin", "node", "nodeport")
)

DRAWN = (*CASES, "nft134-pod")
"""The same and one whose names are longer than a box: a chain for each endpoint."""


def text(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def twin(name: str) -> Any:
    return json.loads(text(f"{name}.json"))


def rules(case: str) -> Rules:
    """The rules that a case was traced among."""
    tool = case.partition("-")[0]
    name = case if case.endswith("nodeport") else tool
    if tool == "ipt":
        return iptables.read(text(f"{name}.txt"))
    return nftables.read(text(f"{name}.txt"), twin(name))


def told(case: str, kind: str) -> tuple[Evidence, ...]:
    """What `trace` or `conntrack` says of a case's request."""
    return evidence.read(text(f"{case}.{kind}.txt"), rules(case).table)


def way(case: str) -> Taken:
    service = "192.168.56.10:30080" if case.endswith("nodeport") else "10.43.0.80:80"
    return taken(rules(case), [told(case, "trace"), told(case, "conntrack")], service)


def recording(
    name: str, command: str, *, printed: str | None = None, twin: Any = None
) -> Recording:
    """A recorded block: of `name`.txt and .json unless told otherwise."""
    return Recording(
        id=name,
        node="node0",
        command=command,
        ran=command,
        exit=0,
        plan="",
        bound={},
        text=text(f"{name}.txt") if printed is None else printed,
        twin=json.loads(text(f"{name}.json")) if printed is None else twin,
    )
