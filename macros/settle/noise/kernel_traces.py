"""Lines of the kernel's trace (tracefs): who ran on which processor, when, and addresses."""

from macros.settle.declaration import Noise, like, patterns_of

NOISE = Noise(
    name="kernel trace",
    what="in a line of the kernel's trace the task, its processor and flags, the time, and"
    " addresses of its structures; how long after a packet the kernel dropped one",
    rank=190,
    patterns=patterns_of(
        # Documentation/trace/ftrace.rst: TASK-PID, [CPU#], flags, TIMESTAMP. `guide trace` leaves
        # out the middle of a long line.
        (like(r"\] [.\w]{5} +\d"), r"^ *(\S+-\d+ +\[\d{3}\] [.\w]{5} +\d+\.\d+): [a-z]"),
        ("skbaddr=", r"\bskbaddr=([0-9a-f]+)"),
        ("rx_sk=", r"\brx_sk=([0-9a-f]+)"),
        (" ms after", r"([+-]\d+\.\d{3}) ms after\b"),
    ),
)
