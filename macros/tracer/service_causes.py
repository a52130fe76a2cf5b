"""Why a Service leads nowhere, or not to its endpoints: by the API and by a node's rules."""

from collections.abc import Iterator, Mapping, Sequence

from macros.ground.endpoints import endpoint
from macros.ground.errors import GuideError
from macros.tracer.cause import Cause, Evidence
from macros.tracer.cluster_facts import Facts, Kubectl
from macros.tracer.node_look import Look
from macros.tracer.request_ends import Client, Target


def stale(
    look: Look, target: Target, ends: tuple[str, ...], kubectl: Kubectl | None
) -> Iterator[Cause]:
    """Rules that lead to what is no endpoint any more."""
    if target.service is None or not ends:
        return
    real = {endpoint(end.address, end.port) for end in target.endpoints}
    gone = [end for end in ends if end not in real]
    if not gone:
        return
    group, name = (target.service["metadata"][key] for key in ("namespace", "name"))
    slices = ("get", "endpointslices", "-l", f"kubernetes.io/service-name={name}")
    now = ", ".join(sorted(real)) or "nowhere"
    yield Cause(
        "stale-rules", look.node,
        f"the rules on {look.node} lead the Service {name} to {', '.join(gone)}, but its endpoints "
        f"are {now}: what writes these rules (kube-proxy) does not keep up on {look.node}",
        (
            *_rules_to(look, gone, f"{group}/{name}"),
            Evidence("", f"kubectl -n {group} {' '.join(slices)}", _ask(kubectl, group, slices)),
        ),
    )  # fmt: skip


_LISTINGS = {
    "iptables": "iptables-save -c -t nat",
    "ip6tables": "ip6tables-save -c -t nat",
    "nft": "nft list ruleset",
}
"""What a node was asked for its rules, by the part of its answer."""


def _rules_to(look: Look, gone: Sequence[str], service: str) -> Iterator[Evidence]:
    """The rules of a Service that lead to these ends, as the first listing has them."""
    for part, command in _LISTINGS.items():
        lines = [
            line.strip()
            for line in look.parts[part].splitlines()
            if any(f"--to-destination {end}" in line or f"dnat to {end}" in line for end in gone)
        ]
        # Another Service can lead there too. kube-proxy's rules of nft do not say whose they are.
        own = [line for line in lines if service in line]
        word = service if own else gone[0]
        if lines:
            printed = "\n".join((own or lines)[:2])
            yield Evidence(look.node, f"{command} | grep '{word}'", printed)
            return


def empty(facts: Facts, target: Target, kubectl: Kubectl | None) -> Iterator[Cause]:
    """No ready endpoint, and why: the selector, or readiness."""
    service = target.service
    if service is None or target.ready:
        return
    meta = service["metadata"]
    group, name = meta["namespace"], meta["name"]
    selector: Mapping[str, str] = service["spec"].get("selector") or {}
    words = ",".join(f"{key}={value}" for key, value in selector.items())
    why, evidence = _why(facts, target, group, selector, words)
    shown = [("get", "endpointslices", "-l", f"kubernetes.io/service-name={name}"), evidence]
    told = [
        Evidence("", f"kubectl -n {group} {' '.join(words)}", _ask(kubectl, group, words))
        for words in shown
        if words
    ]
    yield Cause(
        "no-endpoint", "", f"the Service {group}/{name} has no ready endpoint: {why}", tuple(told)
    )


def _why(
    facts: Facts, target: Target, group: str, selector: Mapping[str, str], words: str
) -> tuple[str, tuple[str, ...]]:
    if not selector:
        return "it has no selector, so somebody has to write its EndpointSlices", ()
    fitting = [
        pod for pod in facts.pods
        if pod.group == group and all(pod.labels.get(k) == v for k, v in selector.items())
    ]  # fmt: skip
    if not fitting:
        near = _nearest(facts, group, selector)
        more = f"; {near}" if near else ""
        labels = ("-L", ",".join(selector))
        return f"its selector {words} matches no pod{more}", ("get", "pods", *labels)
    matches = f"its selector {words} matches"
    asked = ("get", "pods", "-l", words, "-o", "wide")
    good = [pod for pod in fitting if pod.ready and pod.addresses and not target.endpoints]
    waiting = [end.pod for end in target.endpoints if end.pod] or [pod.name for pod in fitting]
    six = ":" in target.address
    if not good:
        return f"{matches} {', '.join(waiting)}, and none of them is ready", asked
    if not any((":" in own) == six for pod in good for own in pod.addresses):
        return f"{matches} {good[0].name}, which has no IPv{6 if six else 4} address", asked
    names = ", ".join(pod.name for pod in good)
    named = [
        entry["targetPort"] for entry in target.service["spec"].get("ports") or ()
        if entry["port"] == target.port and isinstance(entry.get("targetPort"), str)
    ] if target.service else []  # fmt: skip
    if named:
        described = ("get", "pods", "-l", words, "-o", "jsonpath={..ports}")
        return f"{matches} {names}, and none has a port with the name {named[0]}", described
    return f"{matches} {names}, ready, and no endpoint has been made of it", asked


def kept_local(client: Client, target: Target, outside: bool) -> Iterator[Cause]:
    """A Service for endpoints of the same node alone, and none is there.

    Of both policies: Service, internalTrafficPolicy and externalTrafficPolicy. What pods and nodes
    send to an address outside is not kept so: kube-proxy, proxier.go, "pod traffic for external".
    """
    service = target.service
    if service is None or not target.ready or target.kind == "pod":
        return
    inside = target.kind == "service"
    policy = "internalTrafficPolicy" if inside else "externalTrafficPolicy"
    node = client.node if inside else target.node
    if service["spec"].get(policy) != "Local" or not node or inside == outside:
        return
    if any(end.node == node for end in target.ready):
        return
    group, name = service["metadata"]["namespace"], service["metadata"]["name"]
    slices = f"kubectl -n {group} get endpointslices -l kubernetes.io/service-name={name} -o yaml"
    nodes = ", ".join(dict.fromkeys(end.node for end in target.ready))
    yield Cause(
        "no-endpoint", node,
        f"the Service {group}/{name} has {policy}: Local, and no ready endpoint on {node}",
        (Evidence("", slices, f"nodeName: {nodes}"),),
    )  # fmt: skip


def _nearest(facts: Facts, group: str, selector: Mapping[str, str]) -> str:
    """A pod whose label nearly fits."""
    for pod in facts.pods:
        for key, value in selector.items():
            own = pod.labels.get(key, "")
            if (
                pod.group == group
                and own
                and (own.startswith(value[:3]) or value.startswith(own[:3]))
            ):
                return f"{pod.name} has {key}={own}"
    return ""


def _ask(kubectl: Kubectl | None, group: str, words: tuple[str, ...]) -> str:
    if kubectl is None:
        return ""
    try:
        return kubectl.ask("-n", group, *words).strip()
    except GuideError as error:
        return error.message
