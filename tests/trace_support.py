"""Traces of real captures for tests and for the sample page."""

from pathlib import Path

from macros.packets.dissector import packets
from macros.traces import assembly
from macros.traces.trace import Lane, Trace

DATA = Path(__file__).parent / "data" / "trace"


def lane(name: str) -> Lane:
    """The lane of a file `node.interface.pcap` or `node.namespace-interface.pcap`."""
    node, _, rest = name.partition(".")
    place, _, interface = rest.rpartition("-")
    block = f"way-{node}-{rest}".replace(".", "-")
    return Lane(block, node, place, place, interface)


def files(name: str) -> list[Path]:
    """The captures of a trace, in the order that its file `order` has them."""
    folder = DATA / name
    return [folder / f"{line}.pcap" for line in (folder / "order").read_text().split()]


def trace(name: str) -> Trace:
    """A trace, read."""
    found = files(name)
    return assembly.read(
        [lane(path.name.removesuffix(".pcap")) for path in found], [packets(path) for path in found]
    )
