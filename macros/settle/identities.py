"""The kinds of identities: values that only name something, each declared in one place.

A kind says how its values are found in text and under which keys of a tool's JSON, within what
its values are unique, and which form a value has. A value without a form is a fact: it is never
renamed. So is a value whose form is another than the old one's.
"""

import re

from macros.ground import mac as macs
from macros.ground import ports
from macros.settle import cluster_identities
from macros.settle.declaration import Identity, found

CHOSEN = "chosen by the kernel"
"""The form of a port that means nothing."""

MASQUERADED = re.compile(
    r"^(?:ipv4 +\d+ )?(?:tcp|udp) .*? sport=(\d+) dport=\d+ .*? sport=\d+ dport=(?!\1 )(\d+) ",
    re.MULTILINE,
)
"""A tracked connection whose source port was rewritten: to the last number.

With --random-fully that is any from 1024 on (`ports`), so it is known by this.
"""


def _port_form(port: str) -> str:
    return CHOSEN if ports.is_chosen(int(port)) else ""


def _index(value: str) -> str:
    """The form of an interface's index: the first that a namespace gets after lo is a fact.

    Every namespace counts from 1 (dev_index_reserve in net/core/dev.c). An interface made inside
    has 2; one that was made elsewhere and moved in keeps the number that it had there.
    """
    return _number(value) if value not in {"1", "2"} else ""


def _number(value: str) -> str:
    return "number" if value != "0" else ""


_HEX = "(?<![0-9A-Za-z])(?P<v>[0-9a-f]{%d})(?![0-9A-Za-z])"

MAC = Identity(
    name="mac",
    what="a random MAC address, and what is computed from it: the link-local address, the last"
    " three bytes in solicited-node addresses, a bridge's id",
    scope="lab",
    form=lambda mac: macs.form(mac).words,
    pinned=True,
    patterns=found(
        # iproute2 writes the bytes of a bridge's id without leading zeros.
        (".", r"(?<![0-9a-f])[0-9a-f]{4}\.(?P<v>(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})(?![0-9a-f:])"),
        # So does xtables-monitor.
        ("PACKET: ", r"^PACKET: .*\bMACSRC=(?P<v>(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})(?![0-9a-f:])"),
        ("PACKET: ", r"^PACKET: .*\bMACDST=(?P<v>(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})(?![0-9a-f:])"),
        (":", "(?<![0-9a-f:])(?P<v>(?:[0-9a-f]{2}:){5}[0-9a-f]{2})(?![0-9a-f:])"),
        ("fe80::", "(?<![0-9a-f:])(?P<v>fe80::[0-9a-f:]*ff:fe[0-9a-f:]+)(?![0-9a-f:])"),
        ("33:33:ff", "(?<![0-9a-f:])(?P<v>33:33:ff(?::[0-9a-f]{2}){3})(?![0-9a-f:])"),
        ("ff02::1:ff", "(?<![0-9a-f:])(?P<v>ff02::1:ff[0-9a-f:]+)(?![0-9a-f:])"),
    ),
    same=(
        (
            (
                "    link/ether 86:e6:61:aa:b2:10 brd ff:ff:ff:ff:ff:ff\n"
                "    inet6 fe80::84e6:61ff:feaa:b210/64 scope link"
            ),
            (
                "    link/ether 16:fd:11:2c:d0:2c brd ff:ff:ff:ff:ff:ff\n"
                "    inet6 fe80::14fd:11ff:fe2c:d02c/64 scope link"
            ),
        ),
        # Docker 26's docker0: no address of its own in it.
        (
            "    link/ether 02:42:e9:1b:0c:55 brd ff:ff:ff:ff:ff:ff\n    inet 172.17.0.1/16",
            "    link/ether 02:42:7c:f0:93:1e brd ff:ff:ff:ff:ff:ff\n    inet 172.17.0.1/16",
        ),
        (
            "link/ether 86:06:61:aa:b2:10 bridge_id 8000.86:6:61:aa:b2:10",
            "link/ether 06:fd:11:2c:d0:2c bridge_id 8000.6:fd:11:2c:d0:2c",
        ),
        (
            (
                "link/ether 86:e6:61:aa:b2:10\n"
                "PACKET: 2 dfb97485 IN=cni0 MACSRC=86:e6:61:aa:b2:10 MACDST=02:00:00:00:00:01"
            ),
            (
                "link/ether 0a:40:4c:c2:ca:a2\n"
                "PACKET: 2 dfb97485 IN=cni0 MACSRC=a:40:4c:c2:ca:a2 MACDST=02:00:00:00:00:01"
            ),
        ),
        (
            (
                "86:e6:61:aa:b2:10 dev br0 master br0 permanent\n"
                "33:33:ff:aa:b2:10 dev br0 self permanent"
            ),
            (
                "16:fd:11:2c:d0:2c dev br0 master br0 permanent\n"
                "33:33:ff:2c:d0:2c dev br0 self permanent"
            ),
        ),
    ),
    differ=(
        # In one place only.
        (
            (
                "    link/ether 86:e6:61:aa:b2:10 brd ff:ff:ff:ff:ff:ff\n"
                "    inet6 fe80::84e6:61ff:feaa:b210/64 scope link"
            ),
            (
                "    link/ether 16:fd:11:2c:d0:2c brd ff:ff:ff:ff:ff:ff\n"
                "    inet6 fe80::84e6:61ff:feaa:b210/64 scope link"
            ),
        ),
        (
            (
                "link/ether 86:e6:61:aa:b2:10\n"
                "PACKET: 2 dfb97485 IN=cni0 MACSRC=86:e6:61:aa:b2:10 MACDST=02:00:00:00:00:01"
            ),
            (
                "link/ether 0a:40:4c:c2:ca:a2\n"
                "PACKET: 2 dfb97485 IN=cni0 MACSRC=a:40:4c:c2:ca:a3 MACDST=02:00:00:00:00:01"
            ),
        ),
        # Another form: Docker 28's containers, and those of Docker 26; their bridges.
        (
            "    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff\n    inet 172.17.0.2/16",
            "    link/ether 86:e6:61:aa:b2:10 brd ff:ff:ff:ff:ff:ff\n    inet 172.17.0.2/16",
        ),
        (
            "    link/ether 02:42:e9:1b:0c:55 brd ff:ff:ff:ff:ff:ff",
            "    link/ether 86:e6:61:aa:b2:10 brd ff:ff:ff:ff:ff:ff",
        ),
        (
            "    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff\n    inet 172.17.0.2/16",
            "    link/ether 02:42:e9:1b:0c:55 brd ff:ff:ff:ff:ff:ff\n    inet 172.17.0.2/16",
        ),
        # Computed from another address.
        (
            "    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff\n    inet 172.17.0.2/16",
            "    link/ether 02:42:ac:11:00:03 brd ff:ff:ff:ff:ff:ff\n    inet 172.17.0.3/16",
        ),
        # One that the lab sets.
        (
            "    link/ether 02:00:c0:a8:38:10 brd ff:ff:ff:ff:ff:ff",
            "    link/ether 02:00:c0:a8:38:12 brd ff:ff:ff:ff:ff:ff",
        ),
    ),
)

ID = Identity(
    name="id",
    what="the id of a container, network, sandbox or endpoint: 64 hex digits, or the first 12 or"
    " 13 of them",
    scope="lab",
    form=lambda _value: "hex",
    pinned=True,
    patterns=found(
        ("", f"(?<!sha256:){_HEX % 64}"),
        # crictl prints 13 digits, Docker 12.
        ("", "(?<![0-9A-Za-z])(?P<v>[0-9a-f]{12,13})(?![0-9A-Za-z])"),
    ),
    same=(
        (
            (
                "385d43cc7ae518a8a78f4c80f6a622342181abc5da4ff93d32f1829f79f3b1fc\n"
                "Hello from 385d43cc7ae5, 172.17.0.2"
            ),
            (
                "7ab1fc0697e4d045fb7cda75bd31149278ad9dd4cfe2371082ba7de2105e796c\n"
                "Hello from 7ab1fc0697e4, 172.17.0.2"
            ),
        ),
    ),
    differ=(
        (
            (
                "385d43cc7ae518a8a78f4c80f6a622342181abc5da4ff93d32f1829f79f3b1fc\n"
                "e4f1dd932fe781452b187de3ab0aea28b08f51e501c5c82a62db15ed5c4c4f28\n"
                "Hello from 385d43cc7ae5, 172.17.0.2"
            ),
            (
                "7ab1fc0697e4d045fb7cda75bd31149278ad9dd4cfe2371082ba7de2105e796c\n"
                "44f779ff7d37009609fa9936e37f5aa6a31dc280a354dd1f28a7df27d0c04e59\n"
                "Hello from 44f779ff7d37, 172.17.0.2"
            ),
        ),
        # The first digits alone make no id.
        (
            (
                "385d43cc7ae518a8a78f4c80f6a622342181abc5da4ff93d32f1829f79f3b1fc\n"
                "385d43cc7ae518a8a78f4c80f6a622342181abc5da4ff93d32f1829f79f3b1fc"
            ),
            (
                "385d43cc7ae518a8a78f4c80f6a622342181abc5da4ff93d32f1829f79f3b1fc\n"
                "385d43cc7ae518a8a78f4c80f6a622342181abc5da4ff93d32f1829f79f3b1ff"
            ),
        ),
        # What an image holds is a fact.
        (
            "sha256:385d43cc7ae518a8a78f4c80f6a622342181abc5da4ff93d32f1829f79f3b1fc",
            "sha256:7ab1fc0697e4d045fb7cda75bd31149278ad9dd4cfe2371082ba7de2105e796c",
        ),
    ),
)

VETH = Identity(
    name="veth",
    what="the random name of an interface: veth and 7 (Docker) or 8 (CNI's plugins) hex digits",
    scope="lab",
    form=lambda value: f"veth and {len(value) - 4} digits",
    pinned=True,
    patterns=found(("veth", "(?<![0-9A-Za-z])(?P<v>veth[0-9a-f]{7,8})(?![0-9A-Za-z])")),
    same=(
        ("vethdd93b3d: mtu 1500", "veth4290bf2: mtu 1500"),
        (
            "8a:52:be:86:09:6e dev veth08e51e24 master cni0",
            "4e:2c:4d:15:ec:a5 dev veth5ffd3ba1 master cni0",
        ),
    ),
    differ=(
        ("vethdd93b3d: mtu 1500", "veth4290bf2: mtu 1400"),
        ("vethdd93b3d: mtu 1500", "eth7: mtu 1500"),
        ("vethdd93b3d: mtu 1500", "veth4290bf20: mtu 1500"),
    ),
)

INDEX = Identity(
    name="ifindex",
    what="the index of an interface, which the kernel counts up; the first, 2, is a fact",
    scope="namespace",
    form=_index,
    patterns=found(("<", r"^(?P<v>\d+): (?=[^ ]+: <)")),
    keys=("ifindex",),
    same=(("6: docker0: <UP> mtu 1500", "4: docker0: <UP> mtu 1500"),),
    differ=(
        ("6: docker0: <UP> mtu 1500", "4: docker0: <UP> mtu 1400"),
        (
            "6: docker0: <UP> mtu 1500\n7: br0: <UP> mtu 1500",
            "4: docker0: <UP> mtu 1500\n4: br0: <UP> mtu 1500",
        ),
        ("2: eth0: <UP> mtu 1500", "8: eth0: <UP> mtu 1500"),
    ),
)

PEER = Identity(
    name="peer's ifindex",
    what="the index of an interface's other end, in that end's namespace",
    scope="peer",
    form=_index,
    patterns=found(("@if", r"@if(?P<v>\d+)\b")),
    keys=("link_index",),
    same=(("2: eth0@if6: <UP> mtu 1500", "2: eth0@if9: <UP> mtu 1500"),),
    differ=(
        (
            "2: eth0@if6: <UP> mtu 1500\n3: eth1@if7: <UP> mtu 1500",
            "2: eth0@if9: <UP> mtu 1500\n3: eth1@if9: <UP> mtu 1500",
        ),
    ),
)

PID = Identity(
    name="pid",
    what="the number of a process",
    scope="node",
    form=_number,
    patterns=found(
        ("pid=", r"\bpid=(?P<v>\d+)\b"),
        # A system's log. Numbers under PID and PPID are found by the table's head: scan.below.
        ("]: ", r"^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ [\w.-]+\[(?P<v>\d+)\]: "),
    ),
    keys=("pid", "Pid"),
    same=(
        (
            "  PID  PPID USER COMMAND\n 8259  8222 root /bin/sleep\n 8313  8222 root /bin/sh",
            "   PID   PPID USER COMMAND\n 11259  11222 root /bin/sleep\n 11313  11222 root /bin/sh",
        ),
        # No wider than the head: nothing stands before it.
        (
            "  PID PPID USER COMMAND\n 1206 1172 root /bin/sleep\n 1245 1172 root /bin/sh",
            "PID PPID USER COMMAND\n976  942 root /bin/sleep\n998  942 root /bin/sh",
        ),
        (
            'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=147,fd=6))',
            'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=144,fd=6))',
        ),
    ),
    differ=(
        # Another parent.
        (
            "  PID  PPID USER COMMAND\n 8259  8222 root /bin/sleep\n 8313  8222 root /bin/sh",
            "  PID  PPID USER COMMAND\n 8259  8222 root /bin/sleep\n 8313  8259 root /bin/sh",
        ),
        (
            'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=147,fd=6))',
            'LISTEN 0 128 0.0.0.0:2222 0.0.0.0:* users:(("sshd",pid=144,fd=6))',
        ),
    ),
)

INODE = Identity(
    name="inode",
    what="the number of a network namespace's file",
    scope="node",
    form=lambda value: "inode" if value.startswith("402653") else "",
    patterns=found(("402653", r"(?<!\d)(?P<v>402653\d{4})(?!\d)")),
    keys=("inode", "ns"),
    same=(("net:[4026532388]", "net:[4026532464]"),),
    differ=(
        (
            "a net:[4026532388]\nb net:[4026532464]",
            "a net:[4026532388]\nb net:[4026532388]",
        ),
    ),
)

PORT = Identity(
    name="port",
    what="a port that the kernel chose for an outgoing connection (32768 to 60999), or when it"
    " masqueraded one (conntrack tells which)",
    scope="lab",
    form=_port_form,
    # The Service `kubernetes` keeps the one that the API server had when the lab was built.
    keys=("targetPort",),
    patterns=found(
        ("port=", r"\b[sd]port=(?P<v>\d{4,5})\b"),
        # nft's trace
        ("trace id ", r"^trace id .*? sport (?P<v>\d{5})(?!\d)"),
        ("trace id ", r"^trace id .*? dport (?P<v>\d{5})(?!\d)"),
        # xtables-monitor's
        ("SPORT=", r"^PACKET: .*\bSPORT=(?P<v>\d{5})(?!\d)"),
        ("DPORT=", r"^PACKET: .*\bDPORT=(?P<v>\d{5})(?!\d)"),
        # tshark's
        (" Port: ", r"\b(?:Src|Dst) Port: (?P<v>\d{4,5})(?!\d)"),
        (".", r"(?<![\d.])(?:\d{1,3}\.){4}(?P<v>\d{4,5})(?=[: ])"),
        (":", r"(?<=\d:)(?P<v>\d{4,5})(?= )"),
    ),
    same=(
        (
            (
                "tcp 6 117 TIME_WAIT src=10.42.0.5 dst=10.43.0.80 sport=54826 dport=80"
                " src=10.42.0.6 dst=10.42.0.1 sport=80 dport=57338 [ASSURED] mark=0 use=1\n"
                "IP 10.42.0.1.57338 > 10.42.0.6.80: Flags [S]"
            ),
            (
                "tcp 6 117 TIME_WAIT src=10.42.0.5 dst=10.43.0.80 sport=44826 dport=80"
                " src=10.42.0.6 dst=10.42.0.1 sport=80 dport=5509 [ASSURED] mark=0 use=1\n"
                "IP 10.42.0.1.5509 > 10.42.0.6.80: Flags [S]"
            ),
        ),
        (
            "tcp 6 ESTABLISHED src=10.0.0.2 dst=10.0.0.1 sport=40860 dport=22",
            "tcp 6 ESTABLISHED src=10.0.0.2 dst=10.0.0.1 sport=48556 dport=22",
        ),
        (
            "User Datagram Protocol, Src Port: 54610, Dst Port: 8472",
            "User Datagram Protocol, Src Port: 51864, Dst Port: 8472",
        ),
    ),
    differ=(
        (
            "tcp 6 ESTABLISHED src=10.0.0.2 dst=10.0.0.1 sport=40860 dport=22",
            "tcp 6 ESTABLISHED src=10.0.0.2 dst=10.0.0.1 sport=4000 dport=22",
        ),
        (
            "User Datagram Protocol, Src Port: 54610, Dst Port: 8472",
            "User Datagram Protocol, Src Port: 54610, Dst Port: 4789",
        ),
        (
            (
                "tcp 6 117 TIME_WAIT src=10.42.0.5 dst=10.43.0.80 sport=54826 dport=8080"
                " src=10.42.0.6 dst=10.42.0.5 sport=80 dport=54826 [ASSURED] mark=0 use=1"
            ),
            (
                "tcp 6 117 TIME_WAIT src=10.42.0.5 dst=10.43.0.80 sport=54826 dport=8081"
                " src=10.42.0.6 dst=10.42.0.5 sport=80 dport=54826 [ASSURED] mark=0 use=1"
            ),
        ),
        (
            "src=10.0.0.2 sport=40860 dport=22 src=10.0.0.1 sport=22 dport=40860",
            "src=10.0.0.2 sport=48556 dport=22 src=10.0.0.1 sport=22 dport=48557",
        ),
    ),
)

ALL = (MAC, ID, VETH, INDEX, PEER, PID, INODE, PORT, *cluster_identities.ALL)
