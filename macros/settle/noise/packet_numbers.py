"""Numbers that senders start anywhere."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="packet numbers",
    what="numbers that a sender starts anywhere: sequence and acknowledgement numbers, timestamp"
    " options, the id of a ping",
    rank=60,
    patterns=patterns_of(
        # conntrack's: of a ping, and of a connection (-o id)
        (" id=", r"(?:(?<=code=\d)|(?<=code=\d\d)|\buse=\d+|\]) id=(\d+)\b"),
        # tshark's
        (") re", r"\(ping\) re(?:quest|ply) +id=(0x[0-9a-f]{4}), "),
        (", id ", r", id (\d+)(?=,)"),
        ("seq ", r"\bseq (\d{5,})(?=,)"),
        ("ack ", r"\back (\d{5,})(?=,)"),
        ("TS val", r"TS val (\d+) ecr (\d+)"),
        # dig's
        ("opcode: ", r"\bopcode: \w+, status: \w+, id: (\d+)$"),
        ("; COOKIE: ", r"^; COOKIE: ([0-9a-f]+)(?= |$)"),
        # the traces of nft and of xtables-monitor
        (" ip id ", r"^trace id .* ip id (\d+) "),
        (" ct id ", r"^trace id .* ct id (\d+) ?$"),
        (" icmp", r"^trace id .* icmp(?:v6)? id (\d+) "),
        # the kernel's log, by LOG and nft's log
        (" ID=", r" ID=(\d+) (?=(?:CE |DF |MF |FRAG:\d+ )*PROTO=|SEQ=)"),
        ("PACKET: ", r"^PACKET: .* ID=(\d+) "),
    ),
)
