"""A cluster's facts from what its API answered when the guide's pages were recorded; kept traces.

tests/data/tracer has traces of a lab, made by `python -m tests.lab.trace_faults LAB --keep=FOLDER` and
packed by `compact`: what every node said before and after, what the API said, the captures.
"""

import base64
import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from macros.kinds import routes
from macros.tracer import planning, request_ends
from macros.tracer.access import Reply, Stream
from macros.tracer.cluster_facts import Facts, Pod, read
from macros.tracer.judging import Request, Traced, judge
from macros.tracer.listening import Drop, Heard
from macros.tracer.node_look import Look
from macros.tracer.route_answers import Question, RouteAnswer, RouteAnswers
from macros.tracer.sending import Outcome, Wish, protocol
from macros.tracer.terrain import Terrain

RECORDED = Path(__file__).parents[2] / "recordings" / "2026-11"


def items(*names: str) -> list[Mapping[str, Any]]:
    """The objects of recorded answers: "faults/pods"."""
    items: list[Mapping[str, Any]] = []
    for name in names:
        answer = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
        items += answer.get("items", [answer])
    return items


def facts(*more: Mapping[str, Any]) -> Facts:
    """The cluster of chapter 7, and more objects."""
    names = ("ips/nodes", "faults/pods", "services/services", "services/slices")
    return read([*items(*names, "faults/lost-service", "faults/lost-slices"), *more])


def service(name: str, **spec: Any) -> Mapping[str, Any]:
    """A Service as the API has it."""
    return {"kind": "Service", "metadata": {"namespace": "default", "name": name}, "spec": spec}


def slice_of(name: str, addresses: Sequence[str], *, ready: bool = True) -> Mapping[str, Any]:
    """An EndpointSlice as the API has it, with the port 80."""
    ends = [{"addresses": [address], "conditions": {"ready": ready}} for address in addresses]
    return {
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": "default", "name": f"{name}-x1",
            "labels": {"kubernetes.io/service-name": name},
        },
        "ports": [{"name": "http", "port": 80}],
        "endpoints": ends,
    }  # fmt: skip


KEPT = Path(__file__).parents[1] / "data" / "tracer"


def replayed(
    name: str, *, dark: str = "", counted: str = "", change: Callable[[Any], None] | None = None
) -> Traced:
    """A trace that was kept, judged again: from what nodes, API and captures said.

    `dark` is a node that could not be looked at. A rule of iptables that has `counted` in it has
    ended a packet more, on every node. `change` is given all that was kept, to change it.
    """
    kept = json.loads(gzip.decompress((KEPT / f"{name}.json.gz").read_bytes()))
    if change:
        change(kept)
    cluster = kept["cluster"]
    pods = tuple(Pod(**{**pod, "addresses": tuple(pod["addresses"])}) for pod in cluster["pods"])
    known = Facts(
        {node: tuple(own) for node, own in cluster["nodes"].items()},
        {node: tuple(own) for node, own in cluster["ranges"].items()},
        pods, tuple(cluster["services"]), tuple(cluster["slices"]),
    )  # fmt: skip
    seen = {node: kept_look for node, kept_look in kept["nodes"].items() if node != dark}
    looks = {
        node: Look(node, kept_look["before"], kept_look["observed"])
        for node, kept_look in seen.items()
    }
    if counted:
        for look in seen.values():
            before, more = (
                look["before"]["iptables"],
                re.compile(rf"^\[\d+(:.*{counted})", re.MULTILINE),
            )
            assert more.search(before)
            look["after"]["iptables"] = more.sub(r"[9999\1", look["after"]["iptables"])
    after = {node: Look(node, kept_look["after"]) for node, kept_look in seen.items()}
    terrain = Terrain(looks, known, {dark: "it did not answer"} if dark else {})
    answers = RouteAnswers(terrain.pids)
    for look in kept["routes"]:
        question = Question(*(look[field] for field in Question._fields))
        route = routes.read(look["text"])[0] if look["known"] else None
        answers.known[question] = RouteAnswer(look["command"], look["text"], route)
    wish = Wish(**kept["wish"])
    client = request_ends.client(known, kept["asked"][0])
    target = request_ends.target(known, kept["asked"][1], client, protocol(wish))
    ends = planning.ends_of(terrain, client, target)
    ways = planning.find_ways(_Nobody(), terrain, answers, client, target, ends)
    heard = []
    for stop in planning.stops_of(ways, terrain):
        look = Heard(stop, "tcpdump")
        look.take(base64.b64decode(kept["captures"].get(str(stop.end), "")))
        heard.append(look)
    drops = [Drop(**drop) for drop in kept["drops"]]
    outcome = Outcome(**kept["outcome"])
    request = Request(client, target, wish)
    return judge(request, terrain, after, ways, heard, drops, outcome, None)


class _Nobody:
    """No node can be asked: what was not asked then is an error."""

    what = "nothing"
    nodes = ()

    def plan(self) -> Sequence[str]:
        return ()

    def opened(self, nodes: Sequence[str]) -> AbstractContextManager[None]:
        raise NotImplementedError(nodes)

    def run(self, node: str, script: str, *, timeout: float = 30.0) -> Reply:  # noqa: ARG002
        raise AssertionError(f"{node} is asked anew: {script}")

    def stream(self, node: str, command: str, on_data: object) -> AbstractContextManager[Stream]:
        raise NotImplementedError(node, command)


def compact(folder: Path, asked: Sequence[str]) -> bytes:
    """What `replayed` needs of a trace's folder, as `guide trace --out` writes it."""
    kept = json.loads((folder / "trace.json").read_text(encoding="utf-8"))
    for node in kept["nodes"].values():
        node["before"] = {k: "" if k in _UNREAD else v for k, v in node["before"].items()}
        node["after"] = {k: "" if k in _UNREAD else v for k, v in node["after"].items()}
    for resource in (*kept["cluster"]["services"], *kept["cluster"]["slices"]):
        resource["metadata"].pop("annotations", None)
    captures = {}
    for end in kept["stops"]:
        node, _, inside = end.partition("/")
        space, _, interface = inside.rpartition(":")
        name = "-".join(part for part in (node, space, interface) if part).replace("/", "_")
        path = folder / "captures" / f"{name}.pcap"
        if path.is_file():
            captures[end] = base64.b64encode(path.read_bytes()).decode()
    names = ("cluster", "nodes", "routes", "wish", "outcome", "drops")
    small = {name: kept[name] for name in names} | {"asked": list(asked), "captures": captures}
    return gzip.compress(json.dumps(small, separators=(",", ":")).encode(), 9, mtime=0)


_UNREAD = frozenset({"observe", "policy", "ip6tables", "conntrack"})
