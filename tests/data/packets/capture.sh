#!/bin/bash
# Makes the captures of this folder in network namespaces of its own (names start with pk-), and
# removes those again. Run as root on any Linux with bridge, veth and vxlan:
#     ./capture.sh FOLDER
# needs: iproute2 tcpdump iputils-ping netcat-openbsd ethtool python3
set -euo pipefail
cd "$1"

clean() { for n in red blue router left right; do ip netns del "pk-$n" 2>/dev/null || true; done; }
trap clean EXIT
clean

at() { ip netns exec "pk-$1" "${@:2}"; }

listen() { # listen NETNS INTERFACE FILE [tcpdump options]: starts a capture and waits for it
    local ns=$1 dev=$2 file=$3; shift 3
    ip netns exec "pk-$ns" tcpdump -Z root --immediate-mode -U -nn -i "$dev" -w "$file" "$@" 2>"$file.log" &
    echo $! >>captures.pid
    until grep -q 'listening on' "$file.log"; do sleep 0.05; done
}
stop() { sleep 0.4; xargs -r kill -INT <captures.pid; rm captures.pid; wait; rm -f -- *.log; }

# --- red (10.1.1.2) - router - blue (10.2.2.2), MACs that say what they are -----------------
for n in red blue router; do
    ip netns add "pk-$n"
    at $n sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    at $n ip link set lo up
done
at router ip link add to-red address 02:00:00:00:01:01 type veth peer name eth0 address 02:00:00:00:01:02 netns pk-red
at router ip link add to-blue address 02:00:00:00:02:01 type veth peer name eth0 address 02:00:00:00:02:02 netns pk-blue
at router ip addr add 10.1.1.1/24 dev to-red
at router ip addr add 10.2.2.1/24 dev to-blue
at red ip addr add 10.1.1.2/24 dev eth0
at blue ip addr add 10.2.2.2/24 dev eth0
at router ip link set to-red up; at router ip link set to-blue up
at red ip link set eth0 up; at blue ip link set eth0 up
at red ip route add default via 10.1.1.1
at blue ip route add default via 10.2.2.1
at router sysctl -qw net.ipv4.ip_forward=1

# One UDP datagram, before and after the router, with the ARP that precedes it.
listen router to-red forward-red.pcap
listen router to-blue forward-blue.pcap
at blue timeout 3 nc -u -l -W 1 9000 >/dev/null & sleep 0.3
echo 'hello, packet' | at red nc -u -p 40000 -q 0 10.2.2.2 9000 || true
at red ping -q -c 2 -i 0.2 10.2.2.2 >/dev/null
stop

# A TCP connection with one HTTP request, seen by its sender: checksums are left to the card; the
# answer of 9000 bytes leaves blue in segments larger than the MTU.
listen red eth0 http-red.pcap --time-stamp-precision=nano
listen blue eth0 http-blue.pcap
listen red any http-any.pcap -y LINUX_SLL2
{ printf 'HTTP/1.0 200 OK\r\nContent-Length: 9000\r\n\r\n'; head -c 9000 /dev/zero | tr '\0' x; } >body
at blue nc -l -N -q 1 8080 <body >/dev/null & sleep 0.3
printf 'GET /hello HTTP/1.0\r\nHost: blue\r\n\r\n' | at red nc -p 40001 -w 2 10.2.2.2 8080 >/dev/null
stop; rm body

# The same network without offload: every checksum is right, no segment above the MTU.
at red ethtool -K eth0 tx off tso off gso off >/dev/null; at blue ethtool -K eth0 tx off tso off gso off >/dev/null
listen red eth0 http-nooffload.pcap
{ printf 'HTTP/1.0 200 OK\r\n\r\n'; head -c 3000 /dev/zero | tr '\0' x; } >body
at blue nc -l -N -q 1 8080 <body >/dev/null & sleep 0.3
printf 'GET / HTTP/1.0\r\n\r\n' | at red nc -p 40002 -w 2 10.2.2.2 8080 >/dev/null
stop; rm body

# What IP and ICMP say when something is wrong: fragments, too big, TTL used up, port unreachable,
# a refused connection, an IP header with options.
at router ip link set to-blue mtu 1400
listen red eth0 trouble-red.pcap
at red ping -q -c 1 -M dont -s 3000 10.2.2.2 >/dev/null || true
at red ping -q -c 1 -W 1 -M "do" -s 1450 10.2.2.2 >/dev/null || true
at red ping -q -c 1 -W 1 -t 1 10.2.2.2 >/dev/null || true
echo closed | at red nc -u -p 40003 -w 1 10.2.2.2 9 || true
at red nc -p 40004 -w 1 10.2.2.2 9 || true
at red ping -q -c 1 -W 1 -R 10.2.2.2 >/dev/null || true
stop

# A snap length that cuts the packets, some inside a header.
listen red eth0 snap-60.pcap -s 60
listen red eth0 snap-40.pcap -s 40
at red ping -q -c 1 10.2.2.2 >/dev/null
at blue nc -l -N -q 1 8080 </dev/null >/dev/null & sleep 0.3
printf 'GET / HTTP/1.0\r\n\r\n' | at red nc -p 40005 -w 1 10.2.2.2 8080 >/dev/null || true
stop

# Frames a network card or a switch would send: padded to 60 bytes, an unknown type, a VLAN tag,
# an LLC frame, a header that lies about its length.
listen router to-red frames.pcap
at red python3 - <<'PY'
import socket, struct, subprocess
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
dst, src = bytes.fromhex("020000000101"), bytes.fromhex("020000000102")
arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + src + bytes([10, 1, 1, 2]) + bytes(6) + bytes([10, 1, 1, 1])
s.send(b"\xff" * 6 + src + b"\x08\x06" + arp + bytes(18))              # padded ARP request
def ip(payload, proto=17, ihl=5, length=None, frag=0, version=4):
    h = struct.pack("!BBHHHBBH4s4s", version << 4 | ihl, 0, length if length is not None else 20 + len(payload), 1, frag, 64, proto, 0, bytes([10, 1, 1, 2]), bytes([10, 1, 1, 1]))
    total = sum(struct.unpack("!10H", h)); total = (total & 0xffff) + (total >> 16); total = (total & 0xffff) + (total >> 16)
    return h[:10] + struct.pack("!H", ~total & 0xffff) + h[12:] + payload
udp = struct.pack("!HHHH", 40006, 9, 8 + 2, 0) + b"hi"
s.send(dst + src + b"\x08\x00" + ip(udp) + bytes(16))                  # padded UDP, no checksum
s.send(dst + src + b"\x88\xb5" + b"an experiment of ours" * 3)         # unknown Ethernet type
s.send(dst + src + b"\x81\x00\x00\x2a\x08\x00" + ip(udp))              # VLAN 42
s.send(bytes.fromhex("0180c2000000") + src + struct.pack("!H", 38) + b"\x42\x42\x03" + bytes(35) + bytes(8))
s.send(dst + src + b"\x08\x00" + ip(udp, ihl=3))                       # header length below 20
s.send(dst + src + b"\x08\x00" + ip(udp, length=900))                  # longer than the frame
s.send(dst + src + b"\x08\x00" + ip(struct.pack("!HHHH", 1, 2, 3, 0)))  # UDP length below 8
s.send(dst + src + b"\x08\x00" + ip(struct.pack("!HHIIBBHHH", 1, 2, 3, 4, 0x20, 2, 5, 6, 7), proto=6))  # TCP offset 2
s.send(dst + src + b"\x08\x00" + ip(struct.pack("!HHIIBBHHH", 1, 2, 3, 4, 0xA0, 2, 5, 6, 7) + bytes([2, 0, 99, 99]), proto=6))  # cut options
s.send(dst + src + b"\x08\x00" + ip(b"who knows", proto=253))          # unknown IP protocol
s.send(dst + src + b"\x08\x00" + ip(b"x" * 20, version=7))             # no IP version
s.send(dst + src + b"\x08\x00" + ip(b"later fragment", frag=100))
s.send(dst + src + b"\x08\x06" + arp[:11])                             # cut ARP
PY
stop

# --- left - underlay - right: VXLAN on port 8472, Ethernet in UDP, and IP in IP where there is ipip
for n in left right; do
    ip netns add "pk-$n"; at $n sysctl -qw net.ipv6.conf.default.disable_ipv6=1; at $n ip link set lo up
done
ip -n pk-left link add eth1 address 02:00:c0:a8:38:10 type veth peer name eth1 address 02:00:c0:a8:38:11 netns pk-right
for n in "left 10 11 0 1" "right 11 10 1 0"; do
    read -r ns me peer net other <<<"$n"
    at "$ns" sysctl -qw net.ipv6.conf.eth1.disable_ipv6=1
    at "$ns" ip addr add "192.168.56.$me/24" dev eth1; at "$ns" ip link set eth1 up
    at "$ns" ip link add flannel.1 address "02:00:00:00:0f:0$net" mtu 1450 type vxlan id 1 dstport 8472 local "192.168.56.$me" dev eth1 nolearning
    at "$ns" ip addr add "10.42.$net.0/32" dev flannel.1; at "$ns" ip link set flannel.1 up
    at "$ns" bridge fdb append "02:00:00:00:0f:0$other" dev flannel.1 dst "192.168.56.$peer"
    at "$ns" ip neigh add "10.42.$other.0" lladdr "02:00:00:00:0f:0$other" dev flannel.1
    at "$ns" ip route add "10.42.$other.0/24" via "10.42.$other.0" dev flannel.1 onlink
done
listen left eth1 vxlan.pcap
at left ping -q -c 1 10.42.1.0 >/dev/null
at right nc -l -N -q 1 8080 </dev/null >/dev/null & sleep 0.3
printf 'GET / HTTP/1.0\r\n\r\n' | at left nc -p 40007 -w 1 10.42.1.0 8080 >/dev/null || true
stop

# IPv6 as any Linux interface speaks it when it comes up.
ip -n pk-left link set eth1 down
listen right eth1 ipv6.pcap
at left sysctl -qw net.ipv6.conf.eth1.disable_ipv6=0; at right sysctl -qw net.ipv6.conf.eth1.disable_ipv6=0
ip -n pk-left link set eth1 up
sleep 2.5
at left ping -q -c 1 -I eth1 fe80::c0ff:fea8:3811 >/dev/null || true
stop
