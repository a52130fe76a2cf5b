"""Numbers that senders start anywhere."""

from macros.settle.declaration import Noise, patterns_of

_DNS = r" > [^ ,\n]+[.:]\d+: (?:\[[^\]\n]*\] )?(\d{1,5})(?=(?: [a-z_]+)?"

NOISE = Noise(
    name="packet numbers",
    what="numbers that a sender starts anywhere: sequence and acknowledgement numbers, timestamp"
    " options, the ids of a ping and of a question to the DNS",
    rank=60,
    patterns=patterns_of(
        # conntrack's: of a ping, and of a connection (-o id)
        (" id=", r"(?:(?<=code=\d)|(?<=code=\d\d)|\buse=\d+|\]) id=(\d+)\b"),
        # tshark's
        (") re", r"\(ping\) re(?:quest|ply) +id=(0x[0-9a-f]{4}), "),
        (", id ", r", id (\d+)(?=,)"),
        ("seq ", r"\bseq (\d{5,})(?=,)"),
        # of a segment with data, where the beginning was not captured: its size stands behind it
        ("seq ", r"\bseq (\d{8,10}):(\d{8,10})(?=,)"),
        # tcpdump's of DHCP; IPv6's flow label
        (" xid 0x", r", xid (0x[0-9a-f]+)(?=,|$)(?:, secs (\d+))?"),
        ("flowlabel 0x", r"\bflowlabel (0x[0-9a-f]+),"),
        ("ack ", r"\back (\d{5,})(?=,)"),
        ("TS val", r"TS val (\d+) ecr (\d+)"),
        # tcpdump's of the DNS: print-domain.c, its question and its answer; and tshark's
        (" > ", rf"{_DNS}[+$%]* (?:\[[^\]\n]*\] )*[A-Z][A-Z0-9]*\? )"),
        (" > ", rf"{_DNS}(?: [A-Z]\w*)?[*$|-]* (?:\[[^\]\n]*\] )?(?:q: .*? )?\d+/\d+/\d+[ ,])"),
        ("Standard query", r"\bStandard query (?:response )?(0x[0-9a-f]{4})\b"),
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
