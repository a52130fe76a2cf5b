"""Ends: where packets come from, go to, and are rewritten to; an address and a port, or ranges."""

import ipaddress
import re
from dataclasses import dataclass

from macros.ground.errors import GuideError

_END = re.compile(
    r"(?:\[(?P<bracketed>[^\]]*)\]|(?P<plain>[^:]*)|(?P<bare>[0-9A-Fa-f:.]*:[0-9A-Fa-f:.-]*))"
    r"(?::(?P<port>\d+)(?:-(?P<last>\d+)(?:/(?P<base>\d+))?)?)?"
)


@dataclass(frozen=True, slots=True)
class End:
    """Where a packet goes, or is rewritten to; None for what is not said.

    `address` can be a range (`10.0.0.1-10.0.0.4`), and so can ports: `port` is the first of them,
    `last_port` the last; of one port both are the same. `base` is the port that is rewritten to
    the first of them, where their order is kept.
    """

    address: str | None
    port: int | None = None
    last_port: int | None = None
    base: int | None = None

    @property
    def text(self) -> str:
        """As both tools write it: `10.42.0.3:80`, `[fd00::3]:80`, `10.0.0.5:8000-8010`."""
        many = self.last_port is not None and self.last_port != self.port
        port = "" if self.port is None else f":{self.port}{f'-{self.last_port}' if many else ''}"
        port += f"/{self.base}" if self.base is not None else ""
        address = self.address or ""
        return f"[{address}]{port}" if ":" in address and port else f"{address}{port}"

    def from_port(self, port: int | None) -> "End":
        """Where a packet to this port goes by a rewriting to this end.

        With a base it is the port as far behind the first: net/netfilter/nf_nat_core.c, where
        NF_NAT_RANGE_PROTO_OFFSET is set.
        """
        if self.base is None or self.port is None or self.last_port is None or port is None:
            return self
        size = self.last_port - self.port + 1
        shifted = self.port + (port - self.base) % 0x10000 % size
        return End(self.address, shifted, shifted)

    def covers(self, other: "End") -> bool:
        """Whether `other`, one address and port, is one that this end allows."""
        if self.address and other.address and not _among(other.address, self.address):
            return False
        if self.port is None or other.port is None:
            return True
        return self.port <= other.port <= (self.last_port or self.port)


def parsed(text: str) -> End:
    """An end in text. GuideError where it is none: `10.0.0.5:`, `10.0.0.5:http`."""
    end = _END.fullmatch(text)
    if end is None:
        raise GuideError(f"{text!r} is not an address and port")
    address = end["bracketed"] or end["plain"] or end["bare"] or None
    if address is not None:
        address = "-".join(_canonical(part, text) for part in address.split("-"))
    port = int(end["port"]) if end["port"] else None
    last = int(end["last"]) if end["last"] else port
    for number in (port, last):
        if number is not None and number > 0xFFFF:
            raise GuideError(f"{text!r} has a port above 65535")
    return End(address, port, last, int(end["base"]) if end["base"] else None)


def _canonical(address: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError as error:
        raise GuideError(f"{text!r} is not an address and port") from error


def _among(address: str, addresses: str) -> bool:
    first, _, last = addresses.partition("-")
    low, wanted = ipaddress.ip_address(first), ipaddress.ip_address(address)
    high = ipaddress.ip_address(last or first)
    return low.version == wanted.version and int(low) <= int(wanted) <= int(high)


def refused(text: str) -> str:
    """Why no packet can be rewritten to an end in text; empty where it can."""
    try:
        end = parsed(text)
    except GuideError as error:
        return error.message
    if end.port is not None and (end.port == 0 or (end.last_port or 0) < end.port):
        return f"{text!r} has a port that no connection can have"
    return ""
