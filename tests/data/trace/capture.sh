#!/bin/bash
# Makes the traces `again` and `cut` in network namespaces of its own (names start with tr-),
# and removes those again. Run as root on any Linux with veth and iptables:
#     ./capture.sh FOLDER
# needs: iproute2 iptables tcpdump ethtool netcat-openbsd
set -euo pipefail
cd "$1"

clean() { for n in red blue router; do ip netns del "tr-$n" 2>/dev/null || true; done; }
trap clean EXIT
clean

at() { ip netns exec "tr-$1" "${@:2}"; }

listen() { # listen FOLDER FILTER...: at all four interfaces, each as node0.<namespace>-<interface>.pcap
    mkdir -p "$1"
    for tap in red-eth0 router-red router-blue blue-eth0; do
        local file="$1/node0.$tap.pcap"
        at "${tap%%-*}" tcpdump -Z root --immediate-mode -U -nn -i "${tap#*-}" -w "$file" "${@:2}" 2>"$file.log" &
        echo $! >>captures.pid
        until grep -q 'listening on' "$file.log"; do sleep 0.05; done
    done
    printf '%s\n' node0.{red-eth0,router-red,router-blue,blue-eth0} >"$1/order"
}
stop() { # ends the captures, and a server that was left over
    local -a left
    sleep 1; xargs -r kill -INT <captures.pid; rm captures.pid; sleep 1
    mapfile -t left < <(jobs -p)
    [ "${#left[@]}" = 0 ] || kill "${left[@]}" 2>/dev/null || true
    wait || true; rm -f -- */*.log
}

for n in red blue router; do
    ip netns add "tr-$n"
    at $n sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    at $n ip link set lo up
done
number=0
for n in red blue; do
    number=$((number + 1))
    at router ip link add $n address 02:00:00:00:0$number:01 type veth peer name eth0 address 02:00:00:00:0$number:02 netns "tr-$n"
    at router ip addr add 10.$number.$number.1/24 dev $n
    at router ip link set $n up
    at $n ip addr add 10.$number.$number.2/24 dev eth0
    at $n ip link set eth0 up
    at $n ip route add default via 10.$number.$number.1
done
at router sysctl -qw net.ipv4.ip_forward=1

# A request to 10.9.9.9:80, which the router sends to blue's port 8080 under its own address; of
# the request itself, the first copy is dropped, so red sends it again.
at router iptables -t nat -A PREROUTING -d 10.9.9.9 -p tcp --dport 80 -j DNAT --to-destination 10.2.2.2:8080
at router iptables -t nat -A POSTROUTING -d 10.2.2.2 -j MASQUERADE
at router iptables -A FORWARD -m string --string 'GET /' --algo bm -m statistic --mode nth --every 100 --packet 0 -j DROP
listen again tcp
printf 'HTTP/1.0 200 OK\r\n\r\nblue\n' | at blue nc -l -N 8080 >/dev/null &
until at blue ss -ltn | grep -q :8080; do sleep 0.05; done
printf 'GET / HTTP/1.0\r\n\r\n' | at red nc -q 5 -w 5 -p 40001 10.9.9.9 80 >/dev/null || true
stop

# An answer of 4000 bytes: blue hands it over in one piece, which the router's interface to red cuts.
at router iptables -F; at router iptables -t nat -F
at router ethtool -K red tso off gso off gro off >/dev/null
listen cut tcp
{ printf 'HTTP/1.0 200 OK\r\n\r\n'; head -c 4000 /dev/zero | tr '\0' x; } | at blue nc -l -N 8081 >/dev/null &
until at blue ss -ltn | grep -q :8081; do sleep 0.05; done
printf 'GET / HTTP/1.0\r\n\r\n' | at red nc -q 5 -w 5 -p 40002 10.2.2.2 8081 >/dev/null || true
stop
