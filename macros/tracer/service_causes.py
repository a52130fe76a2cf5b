"""Why a Service leads nowhere, or not to its endpoints: by the API and by a node's rules."""

from collections.abc import Iterator, Mapping, Sequence

from macros.ground.endpoints import endpoint
from macros.ground.errors import GuideError
from macros.tracer.cause import Cause, Evidence
from macros.tracer.cluster_facts import Facts, Kubectl
from macros.tracer.node_look import Look
from macros.tracer.request_ends import Target


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
    waiting = [end.pod for end in target.endpoints if not end.ready] or [p.name for p in fitting]
    return (
        f"its selector {words} matches {', '.join(waiting)}, and none of them is ready",
        ("get", "pods", "-l", words),
    )


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
