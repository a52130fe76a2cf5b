"""Traces of real captures for tests and for the sample page."""

from pathlib import Path

from macros.figures.traces import captions
from macros.ground.places import CHECKOUT
from macros.packets.dissector import packets
from macros.site import recorded_traces
from macros.store.guide import Guide
from macros.traces import assembly
from macros.traces.trace import Lane, Trace

DATA = Path(__file__).parent / "data" / "trace"


def lane(name: str) -> Lane:
    """The lane of a file `node.interface.pcap` or `node.namespace-interface.pcap`."""
    node, _, rest = name.partition(".")
    label, _, interface = rest.rpartition("-")
    block = f"way-{node}-{rest}".replace(".", "-")
    return Lane(block, node, label, label, interface)


def files(name: str) -> list[Path]:
    """The captures of a trace, in the order that its file `order` has them."""
    folder = DATA / name
    return [folder / f"{line}.pcap" for line in (folder / "order").read_text().split()]


def recorded(folder: str, name: str) -> tuple[list[Lane], list[Path]]:
    """Lanes and captures of a trace of a page's recordings, `recordings/EDITION/PAGE`, in order."""
    _, edition, page = folder.split("/")
    guide = Guide(CHECKOUT / "docs", CHECKOUT / "recordings", edition)
    blocks = guide.recorded(page).blocks
    taps = [(tap, blocks[tap.id]) for tap in recorded_traces.taps(guide, name, page)]
    pcaps = [recording.pcap for _, recording in taps if recording.pcap is not None]
    return recorded_traces._lanes(taps, recorded_traces.bound(guide, page)), pcaps


def trace(name: str) -> Trace:
    """A trace, read."""
    paths = files(name)
    return assembly.read(
        [lane(path.name.removesuffix(".pcap")) for path in paths], [packets(path) for path in paths]
    )


def told(trace: Trace) -> list[tuple[str, str, list[int]]]:
    """Of each packet which way it went, what it was, and at which lanes it was seen."""
    return [
        (
            ">" if journey.forward else "<",
            captions.short(journey.visits[0].packet),
            [visit.lane for visit in journey.visits],
        )
        for journey in trace.journeys
    ]
