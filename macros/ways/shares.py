"""How often each endpoint of a Service is chosen, by the rules that were recorded."""

import re
from collections.abc import Mapping
from fractions import Fraction

from macros.ground.errors import GuideError
from macros.ways.ruleset import Packet, Rules
from macros.ways.walk import ways

_END = re.compile(r"(?P<address>[\d.]+|\[[0-9a-f:]+\]):(?P<port>\d+)(?:/(?P<protocol>[a-z]+))?")
# Of a network for examples (RFC 5737): no rule names it, so what follows does not rest on who asks.
_ANYBODY = "192.0.2.1"


def shares(rules: Rules, service: str) -> Mapping[str, Fraction]:
    """The endpoints (`10.42.1.2:80`) of a Service in the order of the rules, each with its share.

    `service` is `10.43.0.80:80` (`/udp` where it is not TCP), the address of a node and a NodePort,
    or what kube-proxy calls it: `default/hello:http`. The shares are exact and add up to 1. Where
    the Service remembers its clients, they are those of one that asks for the first time.
    GuideError where the rules lead it nowhere.
    """
    packet = asked(rules, service)
    found: dict[str, Fraction] = {}
    # Which of the addresses are the node's own is not in the rules: both ways are gone.
    for way in ways(rules, "prerouting", packet):
        if way.dnat:
            found[way.dnat] = found.get(way.dnat, Fraction(0)) + way.share
    total = sum(found.values())
    if total != 1:
        lead = ", ".join(f"{end} {share}" for end, share in found.items()) or "nowhere"
        raise GuideError(f"the rules of {rules.table} do not lead {service} to endpoints: {lead}")
    return found


def text(rules: Rules, asked_for: str) -> str:
    """Shares as a sentence has them: `1/3, 1/3, 1/3`; of `SERVICE ENDPOINT` that one's alone."""
    service, _, endpoint = asked_for.strip().partition(" ")
    found = shares(rules, service)
    if not endpoint:
        return ", ".join(str(share) for share in found.values())
    if endpoint not in found:
        raise GuideError(f"{service} has no endpoint {endpoint}; it has {', '.join(found)}")
    return str(found[endpoint])


def asked(rules: Rules, service: str) -> Packet:
    """The packet of a client that asks a Service, which is given as in `shares`."""
    end = _END.fullmatch(service) or _END.fullmatch(_named(rules, service))
    if end is None:
        raise GuideError(
            f"{service!r} is no Service that the rules know",
            fix="give its address and port, 10.43.0.80:80, or its name, default/hello:http",
        )
    return Packet(
        protocol=end["protocol"] or "tcp",
        source=_ANYBODY,
        destination=end["address"].strip("[]"),
        destination_port=int(end["port"]),
        seen=False,
    )


def _named(rules: Rules, name: str) -> str:
    """The address of the Service that kube-proxy notes by this name: `10.43.0.80:80/tcp`.

    With iptables the comment of the rule for its cluster IP has the name; with nftables the chain
    that the map of cluster IPs leads to: service-2M73P36B-default/hello/tcp/http.
    """
    namespace, _, rest = name.partition("/")
    service, _, port = rest.partition(":")
    chain = re.compile(
        rf"service-[A-Z0-9]+-{re.escape(namespace)}/{re.escape(service)}/[a-z]+/{re.escape(port)}"
    )
    for each in (rule for found in rules.chains.values() for rule in found.rules):
        for branch in each.branches:
            if each.comment == f"{name} cluster IP" or chain.fullmatch(branch.to):
                said: dict[str, str] = {}
                for test in branch.tests:
                    if len(test.values) == 1 and not test.negated:
                        said |= dict(zip(test.fields, test.values[0], strict=True))
                if {"destination", "protocol", "destination-port"} <= said.keys():
                    address = said["destination"].partition("/")[0]
                    return f"{address}:{said['destination-port']}/{said['protocol']}"
    return ""
