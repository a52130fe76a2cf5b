#!/usr/bin/env bash
# The inputs of this folder, printed by the tools themselves: rules are put into a network namespace
# of their own and listed there. Linux, as root, with iptables (nft and legacy), nftables, python3.
#   tests/foreign/ways/make.sh
set -euo pipefail
cd "$(dirname "$0")"
SPACE=guide-ways-$$
trap 'ip netns del "$SPACE"' EXIT
ip netns add "$SPACE"

inside() { ip netns exec "$SPACE" "$@"; }
fresh() {
  ip netns del "$SPACE"
  ip netns add "$SPACE"
}
# The rules of a table nat on standard input, as the kernel gives them back.
saved() { # FILE [TOOL]
  local tool=${2:-iptables-nft}
  fresh
  { echo '*nat'; cat; echo COMMIT; } | inside "$tool-restore"
  inside "$tool-save" -t nat | grep -v '^# ' > "$1"
}
# nft's rules on standard input: listed as text, with handles, and as JSON.
listed() { # NAME
  fresh
  inside nft -f -
  inside nft list ruleset > "$1.txt"
  inside nft -a list ruleset > "$1-a.txt"
  inside nft -j list ruleset | python3 -m json.tool --indent 1 > "$1.json"
}

# kube-proxy's chains, as writeIptablesRules of pkg/proxy/iptables/proxier.go makes them: a Service
# with externalTrafficPolicy: Local, its load balancer's address, its NodePort; two endpoints.
kube() {
  cat <<'RULES'
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-EXT-W - [0:0]
:KUBE-SVC-W - [0:0]
:KUBE-SVL-W - [0:0]
:KUBE-SEP-1 - [0:0]
:KUBE-SEP-2 - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-SERVICES -d 10.43.0.50/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-W
-A KUBE-SERVICES -d 198.51.100.100/32 -p tcp -m comment --comment "default/web:http loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-W
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT-W
-A KUBE-SVC-W ! -s 10.42.0.0/16 -d 10.43.0.50/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-W -m comment --comment "default/web:http -> 10.42.0.25:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-1
-A KUBE-SVC-W -m comment --comment "default/web:http -> 10.42.1.20:8080" -j KUBE-SEP-2
-A KUBE-SVL-W -m comment --comment "default/web:http -> 10.42.0.25:8080" -j KUBE-SEP-1
-A KUBE-SEP-1 -s 10.42.0.25/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-1 -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.42.0.25:8080
-A KUBE-SEP-2 -s 10.42.1.20/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-2 -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.42.1.20:8080
RULES
}
from_pods='-A KUBE-EXT-W -s 10.42.0.0/16 -m comment --comment "pod traffic for default/web:http external destinations" -j KUBE-SVC-W'
from_node='-A KUBE-EXT-W -m comment --comment "masquerade LOCAL traffic for default/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-W -m comment --comment "route LOCAL traffic for default/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-W'
from_all='-A KUBE-EXT-W -j KUBE-SVL-W'

{ kube; echo "$from_node"; echo "$from_all"; } | saved local-node.txt
{ kube; echo "$from_pods"; echo "$from_node"; echo "$from_all"; } | saved local-pods.txt
{ kube; echo "$from_pods"; echo "$from_node"; echo "$from_all"; } | saved local-legacy.txt iptables-legacy

# loadBalancerSourceRanges as kube-proxy wrote them in table nat until 1.25.
{
  kube
  cat <<'RULES'
:KUBE-FW-W - [0:0]
-I KUBE-SERVICES -d 198.51.100.7/32 -p tcp -m comment --comment "default/web:http loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-W
-A KUBE-FW-W -s 203.0.113.0/24 -m comment --comment "default/web:http loadbalancer IP" -j KUBE-SVC-W
-A KUBE-FW-W -s 192.0.2.0/25 -m comment --comment "default/web:http loadbalancer IP" -j KUBE-SVC-W
-A KUBE-EXT-W -j KUBE-SVL-W
RULES
} | saved ranges.txt

# Docker's published port and the portmap plugin's hostPort, on a node with kube-proxy.
{
  kube
  cat <<'RULES'
:DOCKER - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
:CNI-DN-9c3b3f6a0c2a4c1d9a1e0 - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"cbr0\" id: \"0a1b\"" -m multiport --dports 8443,9000:9010 -j CNI-DN-9c3b3f6a0c2a4c1d9a1e0
-A CNI-DN-9c3b3f6a0c2a4c1d9a1e0 -s 10.42.0.0/24 -p tcp -m tcp --dport 8443 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-9c3b3f6a0c2a4c1d9a1e0 -s 127.0.0.1/32 -p tcp -m tcp --dport 8443 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-9c3b3f6a0c2a4c1d9a1e0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 10.42.0.31:443
-A KUBE-EXT-W -j KUBE-SVC-W
RULES
} | saved hostports.txt

# Counters in turn, chance turned round, and two rules whose counters see the same packets.
saved nth.txt <<'RULES'
:IN-STEP - [0:0]
-A PREROUTING -d 192.0.2.7/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 3 --packet 0 -j DNAT --to-destination 10.0.0.5:80
-A PREROUTING -d 192.0.2.7/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.0.0.6:80
-A PREROUTING -d 192.0.2.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.7:80
-A PREROUTING -d 192.0.2.8/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.0.0.5:80
-A PREROUTING -d 192.0.2.9/32 -p tcp -m tcp --dport 80 -m statistic --mode random ! --probability 0.25000000000 -j DNAT --to-destination 10.0.0.5:80
-A PREROUTING -d 192.0.2.9/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.6:80
-A PREROUTING -d 192.0.2.10/32 -j IN-STEP
-A IN-STEP -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x1/0x1
-A IN-STEP -p tcp -m statistic --mode nth --every 2 --packet 1 -j DNAT --to-destination 10.0.0.5:80
-A IN-STEP -p tcp -m mark --mark 0x1/0x1 -j DNAT --to-destination 10.0.0.6:80
-A IN-STEP -p tcp -j DNAT --to-destination 10.0.0.7:80
RULES

# What a destination can be rewritten to, and what else can end a way.
saved targets.txt <<'RULES'
-A PREROUTING -m mark --mark 0x7 -j RETURN
-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff
-A PREROUTING -p tcp -m tcp --dport 1001 -j REDIRECT --to-ports 8080-8090
-A PREROUTING -d 10.1.0.0/16 -p tcp -m tcp --dport 1002 -j NETMAP --to 10.2.0.0/16
-A PREROUTING -p tcp -m tcp --dport 1003 -j DNAT --to-destination 10.0.0.5:8000-8010 --random
-A PREROUTING -p tcp -m tcp --dport 1004 -j DNAT --to-destination 10.0.0.1-10.0.0.4 --persistent
-A PREROUTING -p tcp -m tcp --dport 1005 -j DNAT --to-destination :8080
-A PREROUTING -p tcp -m tcp --dport 1006 -j DNAT --to-destination 10.0.0.5
-A PREROUTING -p tcp -m tcp --dport 1007 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -p tcp -m tcp --dport 1007 -j DNAT --to-destination 10.0.0.7:80
-A PREROUTING -p tcp -m tcp --dport 1008 -j LOG --log-prefix "port 1008: "
-A PREROUTING -p tcp -m tcp --dport 1008 -j NFQUEUE --queue-num 3
-A PREROUTING -p tcp -m iprange --dst-range 192.0.2.10-192.0.2.20 -m tcp --dport 1009 -j DNAT --to-destination 10.0.0.9:80
-A PREROUTING -p tcp -m multiport --ports 1010,2000:2010 -j DNAT --to-destination 10.0.0.10:80
-A PREROUTING -i eth1 -p tcp -m tcp --dport 1011 -j DNAT --to-destination 10.0.0.11:80
-A PREROUTING -p tcp -m tcp --dport 1012 -m mark --mark 0x1/0x1 -j DNAT --to-destination 10.0.0.12:80
-A PREROUTING -p tcp -m tcp --dport 1012 -j DNAT --to-destination 10.0.0.13:80
-A PREROUTING -p udp -m udp --dport 1013 -j DNAT --to-destination 10.0.0.14:53
-A PREROUTING -p tcp -m limit --limit 3/min -m tcp --dport 1014 -j DNAT --to-destination 10.0.0.15:80
-A PREROUTING -p tcp -m tcp --dport 1014 -j DNAT --to-destination 10.0.0.16:80
-A PREROUTING -p tcp -m conntrack --ctstate NEW -m tcp --dport 1015 -j DNAT --to-destination 10.0.0.17:80
-A PREROUTING -s 10.0.0.1/255.0.0.255 -p tcp -m tcp --dport 1016 -j DNAT --to-destination 10.0.0.18:80
-A POSTROUTING -s 10.1.0.0/16 -j SNAT --to-source 10.2.0.1-10.2.0.9
RULES

# IPv6.
saved ip6tables.txt ip6tables-nft <<'RULES'
:KUBE-SERVICES - [0:0]
:KUBE-SVC-W - [0:0]
:KUBE-SEP-1 - [0:0]
:KUBE-SEP-2 - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A KUBE-SERVICES -d fd00:10:43::50/128 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-W
-A KUBE-SVC-W -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-1
-A KUBE-SVC-W -j KUBE-SEP-2
-A KUBE-SEP-1 -p tcp -m tcp -j DNAT --to-destination [fd00:10:42::19]:8080
-A KUBE-SEP-2 -p tcp -m tcp -j DNAT --to-destination [fd00:10:42:1::14]:8080
RULES

# A rule that iptables prints as unsupported: of a revision that this iptables would not choose.
fresh
{
  echo '*nat'
  echo '-A PREROUTING -m socket --transparent -j RETURN'
  echo '-A PREROUTING -d 192.0.2.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:80'
  echo '-A PREROUTING -d 192.0.2.8/32 -j NFQUEUE --queue-num 3'
  echo COMMIT
} | inside iptables-legacy-restore
inside python3 revision.py
inside iptables-legacy-save -t nat | grep -v '^# ' > unsupported.txt

# kube-proxy's table of both families, as pkg/proxy/nftables/proxier.go writes it: a Service with
# externalTrafficPolicy: Local, and one that remembers its clients.
nft_kube() { # FAMILY CLUSTER-IP LB AFFINE POD1 POD2 PODS
  cat <<RULES
table $1 kube-proxy {
  set affinity-1 { type ${7}_addr; flags dynamic,timeout; timeout 3h; }
  map service-ips { type ${7}_addr . inet_proto . inet_service : verdict; }
  map service-nodeports { type inet_proto . inet_service : verdict; }
  chain mark-for-masquerade { meta mark set meta mark or 0x4000; }
  chain endpoint-1 { $1 saddr $5 jump mark-for-masquerade; meta l4proto tcp dnat to ${8}; }
  chain endpoint-2 { $1 saddr $6 jump mark-for-masquerade; meta l4proto tcp dnat to ${9}; }
  chain endpoint-3 { update @affinity-1 { $1 saddr }; meta l4proto tcp dnat to ${8}; }
  chain service-AAAAAAAA-default/web/tcp/http { numgen random mod 2 vmap { 0 : goto endpoint-1, 1 : goto endpoint-2 }; }
  chain local-AAAAAAAA-default/web/tcp/http { numgen random mod 1 vmap { 0 : goto endpoint-1 }; }
  chain service-BBBBBBBB-default/sticky/tcp/http {
    $1 saddr @affinity-1 goto endpoint-3
    numgen random mod 2 vmap { 0 : goto endpoint-3, 1 : goto endpoint-2 }
  }
  chain external-AAAAAAAA-default/web/tcp/http {
    fib saddr type local jump mark-for-masquerade comment "masquerade local { traffic"
    fib saddr type local goto service-AAAAAAAA-default/web/tcp/http comment "short-circuit local traffic"
    goto local-AAAAAAAA-default/web/tcp/http
  }
  chain services {
    $1 daddr . meta l4proto . th dport vmap @service-ips
    fib daddr type local meta l4proto . th dport vmap @service-nodeports
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
}
add element $1 kube-proxy service-ips { $2 . tcp . 80 : goto service-AAAAAAAA-default/web/tcp/http }
add element $1 kube-proxy service-ips { $3 . tcp . 80 : goto external-AAAAAAAA-default/web/tcp/http }
add element $1 kube-proxy service-ips { $4 . tcp . 80 : goto service-BBBBBBBB-default/sticky/tcp/http }
add element $1 kube-proxy service-nodeports { tcp . 30080 : goto external-AAAAAAAA-default/web/tcp/http }
add element $1 kube-proxy affinity-1 { $5 }
RULES
}
{
  nft_kube ip 10.43.0.50 198.51.100.100 10.43.0.51 10.42.0.25 10.42.1.20 ipv4 10.42.0.25:8080 10.42.1.20:8080
  nft_kube ip6 fd00:10:43::50 fd00:100::100 fd00:10:43::51 fd00:10:42::19 fd00:10:42:1::14 ipv6 \
    '[fd00:10:42::19]:8080' '[fd00:10:42:1::14]:8080'
} | listed nft-kube

# Forms of nftables that are not kube-proxy's.
listed nft-forms <<'RULES'
table inet forms {
  chain pre {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local tcp dport 1001 dnat ip to 10.0.0.1:8080
    ip6 daddr fd00::1 tcp dport 1002 dnat ip6 to [fd00::2]:8080
    ip daddr 192.0.2.9 tcp dport 1003 dnat ip to numgen inc mod 2 map { 0 : 10.0.0.5, 1 : 10.0.0.6 }
    ip daddr 192.0.2.9 tcp dport 1004 dnat ip to jhash ip saddr mod 2 map { 0 : 10.0.0.5 . 80, 1 : 10.0.0.6 . 90 }
    tcp dport 1005 dnat ip to 10.0.0.1-10.0.0.4
    tcp dport 1006 dnat ip to 10.0.0.1:8000-8010
    tcp dport 1007 redirect to :8080
    tcp dport 1008 numgen random mod 10 < 3 dnat ip to 10.0.0.8:80
    tcp dport 1008 dnat ip to 10.0.0.9:80
    tcp dport 1009 numgen random mod 100 vmap { 0-24 : accept, 25-99 : return }
    tcp dport { 1010, 1020-1030 } dnat ip to 10.0.0.10:80
    tcp dport 1011 ct state new limit rate 3/minute dnat ip to 10.0.0.11:80
    tcp dport 1012 ip daddr 10.3.0.0/16 dnat ip prefix to 10.4.0.0/16
    tcp dport 1013 meta mark set ct mark
    tcp dport 1013 meta mark 0x1 dnat ip to 10.0.0.13:80
    tcp dport 1013 dnat ip to 10.0.0.14:80
    iifname "eth*" tcp dport 1014 dnat ip to 10.0.0.15:80
    udp dport 1015 dnat ip to 10.0.0.16:80
    tcp dport 1016 ip saddr vmap { 10.0.0.0/8 : drop, * : accept }
    tcp dport 1017 dnat ip to tcp dport map { 1017 : 10.0.0.17 }
    tcp dport > 60000 dnat ip to 10.0.0.18:80
  }
}
RULES

# Two ways to one network, of which the second's device goes away, and routers of IPv6.
tables() { # NAME
  inside ip route > "$1-route.txt"
  inside ip -j route > "$1-route.json"
  inside ip -6 route > "$1-route6.txt"
  inside ip -6 -j route > "$1-route6.json"
}
fresh
inside ip link add br0 address 02:00:00:00:00:01 type bridge
for port in p1 p2; do
  inside ip link add "$port" type veth peer name "peer-$port"
  inside ip link set "peer-$port" up
  inside ip link set "$port" master br0 up
done
inside ip link add eth1 type veth peer name peer-eth1
inside ip link set peer-eth1 up
inside ip link set br0 up
inside ip link set eth1 up
inside ip addr add 10.0.0.1/24 dev br0
inside ip addr add 10.1.0.1/24 dev eth1
inside ip -6 addr add fd00:10::1/64 dev br0 nodad
inside ip -6 route add default via fe80::2 dev br0 metric 100 pref high
tables one
inside ip route add 10.9.0.0/16 nexthop via 10.0.0.2 dev br0 weight 1 nexthop via 10.1.0.2 dev eth1 weight 1
inside ip -6 route append default via fe80::3 dev br0 metric 100 pref low
inside ip -6 route add fd00:9::/64 nexthop via fe80::2 dev br0 nexthop via fe80::3 dev br0
inside ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev br0
inside ip neigh add fe80::2 lladdr 02:00:00:00:00:02 dev br0
inside bridge fdb add 02:00:00:00:00:02 dev p1 master static
tables ecmp
inside ip neigh > neigh.txt
inside bridge fdb show br br0 > fdb.txt
inside ip link set eth1 down
tables dead
rm dead-route6.*

# A connection that is redirected to a port of the machine itself, and one whose source is rewritten.
fresh
ip netns add "$SPACE-client"
trap 'ip netns del "$SPACE"; ip netns del "$SPACE-client"' EXIT
ip link add guide0 netns "$SPACE" type veth peer name guide1 netns "$SPACE-client"
inside ip addr add 10.0.0.1/24 dev guide0
inside ip link set guide0 up
inside ip link set lo up
ip netns exec "$SPACE-client" ip addr add 10.0.0.2/24 dev guide1
ip netns exec "$SPACE-client" ip link set guide1 up
{
  echo '*nat'
  echo '-A PREROUTING -p tcp -m tcp --dport 1001 -j REDIRECT --to-ports 8080'
  echo COMMIT
} | inside iptables-nft-restore
inside iptables-nft-save -t nat | grep -v '^# ' > redirect.txt
# Not by the function: $! is then the shell that runs it, and the server outlives it.
ip netns exec "$SPACE" python3 -m http.server 8080 > /dev/null 2>&1 &
SERVER=$!
sleep 1
ip netns exec "$SPACE-client" python3 -c 'import urllib.request as u; u.urlopen("http://10.0.0.1:1001", timeout=5).read()'
inside conntrack -L > redirect.conntrack.txt 2> /dev/null
kill "$SERVER"
