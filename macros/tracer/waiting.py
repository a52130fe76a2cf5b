"""Waits for the request that an application sends by itself.

The captures hand over what they have when they end, so a tcpdump of its own says what passes.
"""

import re
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from macros.ground import endpoints
from macros.tracer.access import Access, enter
from macros.tracer.capture_filters import Wanted, expression
from macros.tracer.sending import Outcome
from macros.tracer.way import Stop

COMMAND = "(nothing was sent: the application's own request)"
_LOOK = 0.1
_QUIET = 1.0
"""Seconds without a packet after which a request that was answered has ended."""
_UNANSWERED = 4.0
"""Seconds in which an answer comes, if one does: a SYN is sent again after 1 and 3."""
_LONGEST = 10.0
"""Seconds that a request is followed for, whatever comes: a download can take hours."""
_PACKET = re.compile(r"IP6? (?P<source>\S+) > (?P<to>\S+): (?:Flags \[(?P<flags>[^\]]*)\])?")


@dataclass
class Seen:
    """The packets of the first request that tcpdump tells of: who sent each, and its flags."""

    clients: Sequence[str]
    own: list[tuple[str, str]] = field(default_factory=list)
    _ends: frozenset[str] = frozenset()
    _rest: bytes = b""

    def take(self, chunk: bytes) -> None:
        """The next bytes that tcpdump prints."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if packet := _PACKET.search(line.decode("utf-8", "replace")):
                self._packet(packet["source"], packet["to"], packet["flags"])

    def _packet(self, source: str, to: str, flags: str | None) -> None:
        begins = flags in (None, "S") and any(
            source == client or source.startswith(f"{client}.") for client in self.clients
        )
        if not self.own and begins:
            self._ends = frozenset({source, to})
        if self._ends == {source, to}:
            self.own.append((source, flags or ""))

    @property
    def source(self) -> str:
        """The end that sent the first one, as packets have it: "10.42.0.3:40604"."""
        end = self.own[0][0] if self.own else ""
        client = next((name for name in self.clients if end.startswith(f"{name}.")), None)
        return endpoints.endpoint(client, end.removeprefix(f"{client}.")) if client else end

    @property
    def answered(self) -> bool:
        """Whether something came back."""
        return len({source for source, _ in self.own}) > 1

    @property
    def closed(self) -> bool:
        """Whether the connection has ended."""
        ended = {source for source, flags in self.own if "F" in flags}
        return any("R" in flags for _, flags in self.own) or (
            len(ended) > 1 and self.own[-1][1] == "."
        )

    def over(self, *, since: float, quiet: float) -> bool:
        """Whether a request that began `since` seconds ago is over; for `quiet` nothing came."""
        if not self.own:
            return False
        if self.answered and (quiet > _QUIET or self.closed):
            return True
        return since > (_LONGEST if self.answered else _UNANSWERED)


def wait(
    access: Access, stop: Stop, wanted: Wanted, pids: Mapping[str, Mapping[str, int]],
    timeout: float,
) -> Outcome:  # fmt: skip
    """Wait `timeout` seconds at most for a request at a stop, and then until it is over.

    The exit code is 1 where none began.
    """
    seen = Seen(wanted.clients)
    within = enter(pids, stop.end.node, stop.end.namespace)
    words = f"tcpdump -t -l -nn -p --immediate-mode -i {stop.end.interface}"
    command = f"{within}{words} {shlex.quote(expression(stop, wanted))}"
    with access.stream(stop.end.node, command, seen.take):
        start = now = time.monotonic()
        begun = last = 0.0
        count = 0
        while not seen.over(since=now - begun, quiet=now - last):
            if not seen.own and now - start > timeout:
                return Outcome(COMMAND, f"it sent nothing there within {timeout:g} s", 1)
            time.sleep(_LOOK)
            now = time.monotonic()
            if len(seen.own) > count:
                begun, last, count = begun or now, now, len(seen.own)
    said = f"it sent a request after {begun - start:.1f} s"
    return Outcome(COMMAND, said, 0, seen.source)
