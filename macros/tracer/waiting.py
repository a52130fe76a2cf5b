"""Waits for the request that an application sends by itself."""

import time
from collections.abc import Sequence

from macros.packets import conversations, dissector
from macros.packets.packet import Packet
from macros.tracer import story
from macros.tracer.listening import Heard
from macros.tracer.request_ends import Target
from macros.tracer.sending import Outcome

COMMAND = "(nothing was sent: the application's own request)"
_LOOK = 0.2
_QUIET = 1.0
"""Seconds without a packet after which a request that was answered has ended."""
_UNANSWERED = 4.0
"""Seconds in which an answer comes, if one does: a SYN is sent again after 1 and 3."""
_LONGEST = 10.0
"""Seconds that a request is followed for, whatever comes: a download can take hours."""


def wait(heard: Sequence[Heard], target: Target, clients: Sequence[str], timeout: float) -> Outcome:
    """Wait `timeout` seconds at most for a request, and then until it has ended.

    `clients` are the addresses that the client can have. The exit code is 1 where none began.
    """
    first = next((listener for listener in heard if not listener.why), None)
    start = quiet = now = time.monotonic()
    begun: float | None = None
    count = 0
    own: Sequence[Packet] = ()
    while not over(own, since=now - (begun or now), quiet=now - quiet):
        if begun is None and now - start > timeout:
            return Outcome(COMMAND, f"it sent nothing there within {timeout:g} s", 1)
        time.sleep(_LOOK)
        now = time.monotonic()
        if first is None or first.count == count:
            continue
        count = first.count
        more = story.begun(dissector.packets(first.pcap()), target, clients)
        if len(more) > len(own):
            own, quiet = more, now
            begun = begun or now
    return Outcome(COMMAND, f"it sent a request after {(begun or now) - start:.1f} s", 0)


def over(own: Sequence[Packet], *, since: float, quiet: float) -> bool:
    """Whether a request has ended that began `since` seconds ago.

    `own` are its packets where it was sent; for `quiet` seconds there was none.
    """
    if not own:
        return False
    client, _ = conversations.ends(own[0])
    answered = any(conversations.ends(packet)[0] != client for packet in own)
    if answered and (quiet > _QUIET or conversations.closed(own)):
        return True
    return since > (_LONGEST if answered else _UNANSWERED)
