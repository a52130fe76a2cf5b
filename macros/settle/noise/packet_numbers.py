"""Numbers that senders start anywhere."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="packet numbers",
    what="numbers that a sender starts anywhere: sequence and acknowledgement numbers, timestamp"
    " options, the id of a ping",
    rank=60,
    patterns=patterns_of(
        ("id=", r"\bid=(\d+)\b"),
        (", id ", r", id (\d+)(?=,)"),
        ("seq ", r"\bseq (\d{5,})(?=,)"),
        ("ack ", r"\back (\d{5,})(?=,)"),
        ("TS val", r"TS val (\d+) ecr (\d+)"),
        # dig's
        ("opcode: ", r"\bopcode: \w+, status: \w+, id: (\d+)$"),
        ("; COOKIE: ", r"^; COOKIE: ([0-9a-f]+)(?= |$)"),
        # the traces of nft and of xtables-monitor
        (" ip id ", r" ip id (\d+) "),
        (" ct id ", r" ct id (\d+) ?$"),
        ("PACKET: ", r"^PACKET: .* ID=(\d+) "),
    ),
)
