"""Containers and networks: what `docker inspect` and `docker network inspect` show, by name.

It is JSON as printed (Docker Engine API, ContainerInspect and NetworkInspect). Only what the
guide's sentences and drawings use has a field; all the rest is found under Docker's own words.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds.fields import Raw, by_name, inside, must, number, objects, string
from macros.kinds.kind import Entry, Facts, Kind, Mac


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A container's place in a network; None for what is not set (it does not run)."""

    network: str
    ip: str | None
    prefix: int | None
    mac: str | None
    gateway: str | None
    raw: Raw = field(default_factory=dict, compare=False, repr=False)


_ALL = "0.0.0.0"  # noqa: S104 Docker's word for all addresses of the node


@dataclass(frozen=True, slots=True)
class Container:
    """A container.

    `short_id` is the id as `docker ps` shows it, `pid` its first process on the
    node (0 when stopped), `ports` what is published: container port to `address:port` on the node.
    """

    id: str
    name: str
    image: str | None
    pid: int | None
    running: bool
    hostname: str | None
    networks: Mapping[str, Endpoint]
    ports: Mapping[str, tuple[str, ...]]
    sandbox_key: str | None
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def short_id(self) -> str:
        """The first twelve digits of the id."""
        return self.id[:12]

    @property
    def _endpoint(self) -> Endpoint | None:
        return next((network for network in self.networks.values() if network.ip), None)

    @property
    def ip(self) -> str | None:
        """Its address in the first network that gave it one."""
        return self._endpoint.ip if self._endpoint else None

    @property
    def mac(self) -> str | None:
        """Its MAC address there."""
        return self._endpoint.mac if self._endpoint else None

    @property
    def gateway(self) -> str | None:
        """Its next hop there."""
        return self._endpoint.gateway if self._endpoint else None


@dataclass(frozen=True, slots=True)
class Member:
    """A container as its network lists it. `cidr` is its address with prefix length."""

    id: str
    name: str
    cidr: str | None
    mac: str | None

    @property
    def ip(self) -> str | None:
        """Its address."""
        return self.cidr.partition("/")[0] if self.cidr else None


@dataclass(frozen=True, slots=True)
class Network:
    """A network of Docker's.

    `subnet` and `gateway` are the first of its address pools, `bridge`
    the Linux bridge that its options name, `members` its containers by name.
    """

    id: str
    name: str
    driver: str | None
    subnets: tuple[str, ...]
    gateways: tuple[str, ...]
    options: Mapping[str, str]
    members: Mapping[str, Member]
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    INSIDE: ClassVar = ("options",)

    @property
    def subnet(self) -> str | None:
        """The first subnet."""
        return next(iter(self.subnets), None)

    @property
    def gateway(self) -> str | None:
        """The first gateway."""
        return next(iter(self.gateways), None)

    @property
    def bridge(self) -> str | None:
        """The Linux bridge: named by its options, else `br-` and the short id (Docker's rule)."""
        if self.driver != "bridge":
            return None
        return self.options.get("com.docker.network.bridge.name") or f"br-{self.id[:12]}"


def read(text: str, twin: Any = None, _call: Call | None = None) -> dict[str, Container | Network]:
    """The containers and networks in the JSON of `docker inspect`, by name.

    Where a container and a network have one name, by `container/web` and `network/web`.
    """
    answers = objects(text, twin, "docker")
    if not answers:
        raise GuideError(f"docker inspect found nothing: {text.strip()[:100]!r}")
    things = [_one(raw) for raw in answers]
    names = Counter(thing.name for thing in things)
    return by_name(
        "docker",
        (
            (thing.name if names[thing.name] == 1 else f"{_noun(thing.raw)}/{thing.name}", thing)
            for thing in things
        ),
    )


def _noun(raw: Raw) -> str:
    return "network" if "IPAM" in raw else "container"


def _one(raw: Raw) -> Container | Network:
    if "IPAM" in raw:
        return _network(raw)
    if "State" in raw and "Config" in raw:
        return _container(raw)
    raise GuideError(
        "docker inspect answered something that is neither a container nor a network",
        fix="name a container or a network; a value of anything else is found by `re:`",
    )


def _container(raw: Raw) -> Container:
    settings = inside(raw, "NetworkSettings")
    return Container(
        id=must(raw, "Id", "docker"),
        name=must(raw, "Name", "docker").lstrip("/"),
        image=string(inside(raw, "Config"), "Image"),
        pid=number(inside(raw, "State"), "Pid"),
        running=bool(inside(raw, "State").get("Running")),
        hostname=string(inside(raw, "Config"), "Hostname"),
        networks={
            name: Endpoint(
                name,
                string(of, "IPAddress") or None,
                number(of, "IPPrefixLen"),
                string(of, "MacAddress") or None,
                string(of, "Gateway") or None,
                of,
            )
            for name, of in inside(settings, "Networks").items()
        },
        ports={
            port: tuple(f"{end['HostIp'] or _ALL}:{end['HostPort']}" for end in of or ())
            for port, of in inside(settings, "Ports").items()
        },
        sandbox_key=string(settings, "SandboxKey") or None,
        raw=raw,
    )


def _network(raw: Raw) -> Network:
    pools = inside(raw, "IPAM").get("Config") or []
    members = (
        Member(id_, must(of, "Name", "docker"), string(of, "IPv4Address"), string(of, "MacAddress"))
        for id_, of in inside(raw, "Containers").items()
    )
    return Network(
        id=must(raw, "Id", "docker"),
        name=must(raw, "Name", "docker"),
        driver=string(raw, "Driver"),
        subnets=tuple(pool["Subnet"] for pool in pools if pool.get("Subnet")),
        gateways=tuple(pool["Gateway"] for pool in pools if pool.get("Gateway")),
        options={key: str(value) for key, value in inside(raw, "Options").items()},
        members={member.name: member for member in members},
        raw=raw,
    )


def _asked(call: Call) -> bool:
    after = call.args[1:] if call.args[:1] in (("container",), ("network",)) else call.args
    formatted = any(arg.startswith(("-f", "--format")) for arg in after)
    return call.tool == "docker" and after[:1] == ("inspect",) and not formatted


def entries(raws: Iterable[Raw]) -> Iterator[Entry]:
    """Containers and networks by name; the order in which Docker lists them means nothing."""
    for raw in raws:
        name = (_noun(raw), str(raw.get("Name")).lstrip("/"))
        yield Entry(name, " ".join(name), facts=Facts(raw=raw))


def _entries(things: Mapping[str, Container | Network]) -> Iterator[Entry]:
    return entries(thing.raw for thing in things.values())


def macs_of(raws: Iterable[Raw]) -> Iterator[Mac]:
    """The addresses of containers, as they and their networks have them."""
    for raw in raws:
        for name, endpoint in inside(raw, "NetworkSettings", "Networks").items():
            owner: tuple[str, ...] = ("endpoint", str(raw.get("Name")), name)
            yield Mac(owner, str(endpoint.get("MacAddress")), "containers")
        for member in inside(raw, "Containers").values():
            owner = ("member", str(member.get("Name")))
            yield Mac(owner, str(member.get("MacAddress")), "containers")


def _macs(things: Mapping[str, Container | Network]) -> Iterator[Mac]:
    return macs_of(thing.raw for thing in things.values())


KIND = Kind(
    name="docker",
    what="containers and networks of Docker",
    asked=_asked,
    read=read,
    entries=_entries,
    macs=_macs,
)
