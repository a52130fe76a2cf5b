"""FROM and TO as a person writes them, and what they are in the cluster."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from macros.ground.errors import GuideError
from macros.tracer.cluster_facts import Endpoint, Facts, Json, Pod, family

OUTSIDE = "outside"
_NAME = r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?"
_TO = re.compile(
    rf"(?:(?P<kind>pod|service|svc|node)/)?(?:(?P<group>{_NAME})/)?(?P<name>{_NAME})(?::(?P<port>[-a-z0-9]+))?"
)
_ADDRESS = re.compile(
    r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<bare>[0-9a-fA-F:.]+?))(?::(?P<port>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks. `pod` is None where a machine itself does; `node` is where it is."""

    name: str
    node: str
    addresses: tuple[str, ...] = ()
    pod: Pod | None = None

    @property
    def words(self) -> str:
        """Who, in a sentence."""
        return f"pod {self.pod.full} on {self.node}" if self.pod else self.name


@dataclass(frozen=True, slots=True)
class Target:
    """Whom it asks: `address` and `port` are what the request names.

    `endpoints` are where it can come to: of a Service its endpoints, else the one place. `service`
    is the Service's object, `node` that whose port or address is asked.
    """

    words: str
    kind: Literal["pod", "service", "node", "address"]
    address: str
    port: int | None
    protocol: str = "tcp"
    endpoints: tuple[Endpoint, ...] = ()
    service: Json | None = None
    node: str = ""

    @property
    def ready(self) -> tuple[Endpoint, ...]:
        """The endpoints that are ready."""
        return tuple(endpoint for endpoint in self.endpoints if endpoint.ready)

    @property
    def ports(self) -> tuple[int, ...]:
        """The port that is asked, and those that it can become."""
        numbers = [self.port, *(endpoint.port for endpoint in self.endpoints)]
        return tuple(dict.fromkeys(port for port in numbers if port))


def client(facts: Facts, text: str, machines: Sequence[str] = ()) -> Client:
    """FROM: a pod, a node, `outside`, or another machine that the access reaches.

    GuideError where there is none such, or the pod does not run.
    """
    if text == OUTSIDE:
        return Client("this machine", OUTSIDE)
    node = text.removeprefix("node/")
    if node in facts.nodes:
        return Client(node, node, facts.nodes[node])
    group, slash, name = text.removeprefix("pod/").rpartition("/")
    pod = facts.pod(group or "default", name)
    if pod is not None:
        return Client(pod.full, pod.node, _running(pod).addresses, pod)
    if not slash and text in machines:
        return Client(text, text)
    if slash:
        others = [
            candidate.full
            for candidate in facts.pods
            if candidate.group == group or candidate.name == name
        ]
    else:
        others = [*facts.nodes, *(p.full for p in facts.pods if p.name.startswith(name[:4]))]
    near = f"; there is {', '.join(others[:6])}" if others else ""
    raise GuideError(
        f"there is no pod or node {text!r} in this cluster{near}",
        fix="FROM is namespace/pod, a node's name, or `outside` for this machine",
    )


def _running(pod: Pod) -> Pod:
    if pod.phase != "Running" or not pod.node or not pod.addresses:
        raise GuideError(
            f"the pod {pod.full} does not run: it is {pod.phase or 'nowhere'}",
            fix=f"kubectl -n {pod.group} describe pod {pod.name}",
        )
    return pod


def target(facts: Facts, text: str, asker: Client, protocol: str, *, default: int = 80) -> Target:
    """TO: a pod, a Service, a node, each with or without a port, or any address.

    `protocol` is what is sent; "" where that is not known beforehand. `default` is the port where
    none is given.
    """
    if given := _address(facts, text):
        return _at_address(facts, *given, protocol, default)
    match = _TO.fullmatch(text)
    if match is None:
        raise GuideError(
            f"{text!r} is no name of a pod, Service or node, and no address",
            fix="TO is namespace/pod, a Service (hello, ns/hello:http), node0:30080 or 10.0.0.1:80",
        )
    group = match["group"] or (asker.pod.group if asker.pod else "default")
    kind, name, port = match["kind"] or "", match["name"], match["port"]
    pod = facts.pod(group, name) if kind in ("", "pod") else None
    service = facts.service(group, name) if kind in ("", "service", "svc") else None
    if pod and service:
        raise GuideError(
            f"{group}/{name} is a pod and a Service", fix=f"say pod/{text} or service/{text}"
        )
    if service is not None:
        return _service(facts, service, port, asker, protocol)
    if pod is not None:
        return _pod(_running(pod), port, asker, protocol, default)
    if kind in ("", "node") and facts.nodes.get(name):
        own = _of_family(facts.nodes[name], asker)
        return _at_address(facts, own, port, protocol, default, name)
    fix = f"kubectl -n {group} get pods,services"
    if "." in name:
        fix = "a name of DNS is not looked up: give NAMESPACE/SERVICE, or the address it stands for"
    raise GuideError(f"there is no pod, Service or node {group}/{name} in this cluster", fix=fix)


def _address(facts: Facts, text: str) -> tuple[str, str | None] | None:
    """The address that `text` is, and the port behind it; None where it is none.

    An IPv6 address with a port stands in brackets (RFC 3986): `fd42::5:80` is an address by itself.
    """
    match = _ADDRESS.fullmatch(text)
    apart = _plain(match["six"] or match["bare"]) if match else ""
    if whole := _plain(text):
        if match and match["port"] and apart and (owner := _owner(facts, apart)):
            raise GuideError(
                f"{text!r} is an address by itself, and that of {owner} with a port behind it",
                fix=f"write [{apart}]:{match['port']}, or [{text}]",
            )
        return whole, None
    return (apart, match["port"]) if match and apart else None


def _owner(facts: Facts, address: str) -> str:
    """Whose address it is in the cluster; "" for nobody's."""
    pod = facts.pod_at(address)
    services = (
        f"the Service {service['metadata']['namespace']}/{service['metadata']['name']}"
        for service in facts.services
        if address in (service["spec"].get("clusterIPs") or ())
    )
    return f"the pod {pod.full}" if pod else next(services, facts.node_at(address))


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def _number(port: str | None, default: int | None, protocol: str) -> int | None:
    if protocol == "icmp":
        return None
    if port is None:
        return default
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise GuideError(f"{port!r} is no port", fix="give its number")
    return int(port)


def _pod(pod: Pod, port: str | None, asker: Client, protocol: str, default: int) -> Target:
    address = _of_family(pod.addresses, asker)
    number = _number(port, default, protocol)
    end = Endpoint(address, number or 0, pod.node, pod.name, ready=True)
    return Target(f"pod {pod.full}", "pod", address, number, protocol, (end,))


def _of_family(addresses: Sequence[str], asker: Client) -> str:
    """The address of a family that the client has too."""
    known = {family(address) for address in asker.addresses} or {4}
    return next((address for address in addresses if family(address) in known), addresses[0])


def _at_address(
    facts: Facts, address: str, port: str | None, protocol: str, default: int, name: str = ""
) -> Target:
    number = _number(port, default, protocol)
    for service in facts.services:
        if address in (service["spec"].get("clusterIPs") or ()):
            return _service(facts, service, port, None, protocol, address)
        if number and _has(service, address, number, protocol):
            known = _service(facts, service, port, None, protocol, address)
            return replace(
                known,
                kind="node",
                words=f"{address}, of the {known.words}",
                node=facts.node_at(address),
            )
    node = name or facts.node_at(address)
    for service in facts.services if node else ():
        for entry in service["spec"].get("ports") or ():
            own = str(entry.get("protocol", "TCP")).lower()
            if number and entry.get("nodePort") == number and own == (protocol or own):
                ends = facts.endpoints(service, entry)
                words = f"port {number} of {node}, of the Service {service['metadata']['name']}"
                ends = tuple(end for end in ends if family(end.address) == family(address))
                return Target(words, "node", address, number, own, ends, service, node)
    pod = facts.pod_at(address)
    where = pod.node if pod else node
    words = f"pod {pod.full}" if pod else node or address
    end = Endpoint(address, number or 0, where, pod.name if pod else "", ready=True)
    kind: Literal["pod", "node", "address"] = "pod" if pod else "node" if node else "address"
    return Target(words, kind, address, number, protocol, (end,))


def _has(service: Json, address: str, number: int, protocol: str) -> bool:
    """Whether an address outside the cluster and a port are a Service's: nodes have rules for it.

    It can be a node's own, which has other ports beside. "Proxy" is a balancer that nodes leave to.
    """
    given = (service.get("status") or {}).get("loadBalancer") or {}
    own = {one.get("ip") for one in given.get("ingress") or () if one.get("ipMode") != "Proxy"}
    return address in {*own, *(service["spec"].get("externalIPs") or ())} and any(
        port["port"] == number and protocol in ("", str(port.get("protocol", "TCP")).lower())
        for port in service["spec"].get("ports") or ()
    )


def _service(
    facts: Facts, service: Json, port: str | None, asker: Client | None, protocol: str,
    address: str = "",
) -> Target:  # fmt: skip
    spec, meta = service["spec"], service["metadata"]
    full = f"{meta['namespace']}/{meta['name']}"
    if spec.get("type") == "ExternalName":
        raise GuideError(
            f"the Service {full} is only another name for {spec.get('externalName')}: "
            "no packet is ever sent to it",
            fix=f"trace to an address of {spec.get('externalName')}, and the name itself by --dns",
        )
    chosen = _port(spec.get("ports") or (), port, full, protocol)
    ends = facts.endpoints(service, chosen)
    own = str(chosen.get("protocol", "TCP")).lower()
    if protocol not in ("", own):
        raise GuideError(
            f"the port {chosen['port']} of the Service {full} is one of {own.upper()}, and "
            f"{protocol.upper()} is to be sent",
            fix="--udp or --dns NAME"
            if own == "udp"
            else "see which ports it has: "
            f"kubectl -n {meta['namespace']} describe service {meta['name']}",
        )
    same = [port for port in spec["ports"] if port["port"] == chosen["port"]]
    protocol = own if protocol or len(same) == 1 else ""
    addresses = [candidate for candidate in spec.get("clusterIPs") or () if candidate != "None"]
    if not addresses:  # headless: its name leads straight to a pod
        ready = [end for end in ends if end.ready]
        known = {family(mine) for mine in asker.addresses} if asker else set()
        ready.sort(key=lambda end: bool(known) and family(end.address) not in known)
        if not ready:
            raise GuideError(
                f"the Service {full} has no address of its own and no ready endpoint: "
                "its name leads nowhere",
                fix=f"kubectl -n {meta['namespace']} get endpointslices,pods",
            )
        words = f"pod {ready[0].pod} of the headless Service {full}"
        return Target(words, "pod", ready[0].address, ready[0].port, protocol, (ready[0],), service)
    asked = address or (_of_family(addresses, asker) if asker else addresses[0])
    ends = tuple(end for end in ends if family(end.address) == family(asked))
    return Target(f"Service {full}", "service", asked, chosen["port"], protocol, ends, service)


def _port(ports: Sequence[Json], wanted: str | None, full: str, protocol: str) -> Json:
    if protocol == "icmp":
        raise GuideError(f"the Service {full} answers no ping: it has ports only")
    if not ports:
        raise GuideError(f"the Service {full} has no ports")
    known = ", ".join(f"{port.get('name') or ''}:{port['port']}".lstrip(":") for port in ports)
    if wanted is None and len(ports) == 1:
        return ports[0]
    named = [port for port in ports if wanted in (None, port.get("name"), str(port["port"]))]
    if len(named) > 1 and protocol:
        named = [port for port in named if str(port.get("protocol", "TCP")).lower() == protocol]
    if not named or (wanted is None and len(named) > 1):
        which = f"no port {wanted}" if wanted else "several ports"
        raise GuideError(
            f"the Service {full} has {which}: {known}",
            fix=f"TO:PORT, such as {full}:{ports[0]['port']}",
        )
    return named[0]
