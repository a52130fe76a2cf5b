#!/bin/bash
# Records the real outputs that the record readers are tested with. Run as root on Debian:
#   unshare --net --mount bash capture.sh DIRECTORY
# The network namespace and the mounts belong to this run alone, so nothing of the machine is
# shown and nothing is left behind.
set -euo pipefail
out=${1:?directory to write to}
export LC_ALL=C.UTF-8 TZ=UTC COLUMNS=120
mount --make-rprivate /
mount -t tmpfs tmpfs /run

# record NAME COMMAND [TWIN]: NAME.txt is what COMMAND printed, NAME.json what TWIN did.
record() {
  bash -c "$2" >"$out/$1.txt" 2>&1 || true
  printf '%s\t%s\n' "$1" "$2" >>"$out/commands.tsv"
  if [ -n "${3:-}" ]; then bash -c "$3" >"$out/$1.json"; fi
}
: >"$out/commands.tsv"

ip link set lo up
sysctl -qw net.ipv4.ip_forward=1
for n in red blue node1; do ip netns add $n; ip -n $n link set lo up; done
ip link add br0 address 02:00:00:00:00:01 type bridge
ip link set br0 up
ip addr add 10.1.0.1/24 brd + dev br0
i=2
for n in red blue; do
  ip link add veth-$n address 02:00:00:00:01:0$i type veth peer name eth0 address 02:00:00:00:00:0$i netns $n
  ip link set veth-$n master br0 up
  ip -n $n addr add 10.1.0.$i/24 brd + dev eth0
  ip -n $n link set eth0 up
  ip -n $n route add default via 10.1.0.1
  i=$((i + 1))
done
ip link add eth1 address 02:00:c0:a8:38:10 type veth peer name eth1 address 02:00:c0:a8:38:11 netns node1
ip addr add 192.168.56.10/24 dev eth1
ip link set eth1 up
ip -n node1 addr add 192.168.56.11/24 dev eth1
ip -n node1 link set eth1 up
ip route add default via 192.168.56.11
ip link property add dev eth1 altname enp0s8
# Both ends in one namespace, one of them the lower device of a macvlan, one end down.
ip link add here address 02:00:00:00:03:01 type veth peer name there address 02:00:00:00:03:02
ip link set here up
ip link add link here name here.10 address 02:00:00:00:03:10 type macvlan mode bridge
ip addr add 10.9.0.1 peer 10.9.0.2/32 dev here
ip addr add 10.9.1.1/24 dev here label here:extra valid_lft 3600 preferred_lft 1800
ip link add flannel.1 address 02:00:00:00:02:01 type vxlan id 1 dev eth1 local 192.168.56.10 dstport 8472 nolearning
ip addr add 10.42.0.0/32 dev flannel.1
ip link set flannel.1 up
ip neigh add 10.42.1.0 lladdr 02:00:00:00:02:02 dev flannel.1 nud permanent
bridge fdb append 02:00:00:00:02:02 dev flannel.1 dst 192.168.56.11
ip route add 10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink
ip route add blackhole 10.42.135.128/26
ip route add unreachable 10.66.0.0/16 metric 50
ip route add 10.77.0.0/16 via 192.168.56.11 mtu 1400 advmss 1360
ip route add 10.77.0.0/16 via 10.1.0.2 metric 200
ip route add 10.88.0.0/16 proto static nexthop via 192.168.56.11 weight 2 nexthop via 10.1.0.3
ip addr add fd00:1::1/64 dev br0 nodad
ip -6 route add fd00:2::/64 via fd00:1::2
sleep 2 # duplicate address detection of the link-local addresses
ip netns exec red ping -c1 10.1.0.3 >/dev/null
ping -c1 192.168.56.11 >/dev/null
ping -c1 -W1 10.1.0.99 >/dev/null || true

record link 'ip link' 'ip -j link'
record link-detail 'ip -d link' 'ip -j -d link'
record link-statistics 'ip -s link show eth1' 'ip -j -s link show eth1'
record link-brief 'ip -br link' 'ip -j -d link'
record link-one 'ip -d link show flannel.1' 'ip -j -d link show flannel.1'
record addr 'ip addr' 'ip -j addr'
record addr-detail 'ip -d addr' 'ip -j -d addr'
record addr-brief 'ip -br addr' 'ip -j addr'
record addr-4 'ip -4 addr' 'ip -j -4 addr'
record addr-oneline 'ip -o addr'
record addr-red 'ip netns exec red ip addr' 'ip netns exec red ip -j addr'
record addr-busybox 'ip netns exec red busybox ip addr' 'ip -j -n red addr'
record link-busybox 'ip netns exec red busybox ip link' 'ip -j -n red link'
record addr-missing 'ip addr show nosuch0'
record route 'ip route' 'ip -j route'
record route-6 'ip -6 route' 'ip -j -6 route'
record route-local 'ip route show table local' 'ip -j route show table local'
record route-get 'ip route get 10.42.1.7' 'ip -j route get 10.42.1.7'
record route-get-from 'ip route get 192.168.56.11 from 10.1.0.2 iif br0' 'ip -j route get 192.168.56.11 from 10.1.0.2 iif br0'
record route-busybox 'ip netns exec red busybox ip route' 'ip -j -n red route'
ip -n red route add 10.55.0.0/16 via inet6 fe80::1 dev eth0
record route-via-inet6 'ip -n red route' 'ip -j -n red route'
record neigh 'ip neigh' 'ip -j neigh'
record neigh-statistics 'ip -s neigh' 'ip -j -s neigh'
ip -n red neigh add 10.1.0.50 lladdr 02:00:00:00:00:50 dev eth0 nud noarp
ip -n red neigh add proxy 10.1.0.51 dev eth0
record neigh-red 'ip -n red neigh' 'ip -j -n red neigh'
record neigh-proxy 'ip -n red neigh show proxy' 'ip -j -n red neigh show proxy'
record neigh-busybox 'ip netns exec red busybox ip neigh' 'ip -j -n red neigh'
record fdb 'bridge fdb' 'bridge -j fdb'
record fdb-bridge 'bridge fdb show br br0' 'bridge -j fdb show br br0'
record fdb-statistics 'bridge -s fdb show br br0' 'bridge -j -s fdb show br br0'
record bridge-link 'bridge link' 'bridge -j link'
record bridge-link-detail 'bridge -d link' 'bridge -j -d link'

record ping 'ip netns exec red ping -c2 10.1.0.3'
record ping-busybox 'ip netns exec red busybox ping -c2 10.1.0.3'
record ping-loss 'ip netns exec red ping -c2 -i0.2 -W1 10.1.0.98'
record ping-busybox-loss 'ip netns exec red busybox ping -c1 -W1 10.1.0.98'
record ping-unreachable 'ip netns exec red ping -c1 -W1 10.66.0.1'
record ping-busybox-unreachable 'ip netns exec red busybox ping -c1 -W1 10.66.0.1'
record ping-no-route 'ip netns exec node1 ping -c1 -W1 10.42.1.7'
record ping-local-mtu 'ping -c1 -W1 -M do -s 1453 -I 192.168.56.10 10.77.0.1'
ip link set eth1 mtu 1400
record ping-fragmentation-needed 'ip netns exec red ping -c2 -i0.2 -W1 -M do -s 1400 192.168.56.11'
ip link set eth1 mtu 1500
record ping-ttl 'ip netns exec red ping -c1 -W1 -t 1 192.168.56.11'
record ping-6 'ping -c1 fd00:1::1'
record ping-quiet 'ping -q -c3 -i0.2 10.1.0.2'
record ping-name 'ping -c1 localhost'
record ping-timestamp 'ping -D -c1 10.1.0.2'

# A web server in red, published by a rule as Docker does.
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 10.1.0.0/24 ! -o br0 -j MASQUERADE
iptables -t nat -A DOCKER -i br0 -j RETURN
iptables -t nat -A DOCKER ! -i br0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.1.0.2:8080
iptables -t raw -A PREROUTING -d 10.1.0.2/32 ! -i br0 -p icmp -j DROP
iptables -N GUIDE
iptables -P FORWARD DROP
iptables -A FORWARD -g GUIDE
iptables -A GUIDE -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A GUIDE -p tcp -m tcp --tcp-flags SYN,RST SYN -m comment --comment "it's \"new\", -j said" -j ACCEPT
iptables -A GUIDE -m comment --comment plain -m statistic --mode random --probability 0.333 -j LOG --log-prefix "guide: " --log-level 4
iptables -A GUIDE -p icmp -m icmp --icmp-type 8
iptables -A GUIDE ! -s 10.9.0.0/24 -p udp -m multiport ! --dports 53,123 -m mark ! --mark 0x4000/0x4000 -j REJECT --reject-with icmp-port-unreachable
iptables -A GUIDE -i br0 ! -o br0 -j ACCEPT
iptables -A GUIDE -j RETURN
ip netns exec red busybox httpd -f -p 8080 -h /usr/share/common-licenses & web=$!
busybox httpd -f -p 127.0.0.1:8000 -h /usr/share/common-licenses & plain=$!
trap 'kill $web $plain' EXIT
sleep 0.5
ip netns exec node1 busybox wget -qO /dev/null http://192.168.56.10:8080/BSD
ip netns exec red ping -c1 192.168.56.11 >/dev/null
ip netns exec red bash -c 'echo hello >/dev/udp/192.168.56.11/9999'
record conntrack 'conntrack -L'
record conntrack-extended 'conntrack -L -o extended -p tcp'
record iptables-save 'iptables-save'
record iptables-save-counters 'iptables-save -c'
record iptables-save-nat 'iptables-save -t nat'
record iptables-list 'iptables -S'
record iptables-list-nat 'iptables -t nat -S'
record iptables-list-counters 'iptables -t nat -vS'
record iptables-list-chain 'iptables -S GUIDE'
record iptables-table 'iptables -t nat -L -n -v'
record ip6tables-save 'ip6tables-save'
exec 7<>/dev/tcp/127.0.0.1/8000
record ss-listening 'ss -tlnp'
record ss-all 'ss -tuan'
record ss-established 'ss -tnp state established'
record ss-information 'ss -tni'
record ss-red 'ip netns exec red ss -tln'
exec 7>&-
