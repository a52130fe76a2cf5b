#!/usr/bin/env bash
# Make the states in this folder anew: capture.sh SSH_CONFIG, of a fresh lab of two nodes.
# Nothing in them is typed: every file is what scripts/node/observe.sh printed at that moment.
# shellcheck disable=SC2016  # what is quoted runs on the nodes
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
config=$1

on() { ssh -F "$config" "$1" "${@:2}"; }
observe() { # node name
  on "$1" bash -s <"$here/../../../scripts/node/observe.sh" >"$here/$2.json"
}

# Docker, step by step.
observe node0 docker-before
observe node1 node1
on node0 'systemctl start docker && docker load --quiet --input /var/lib/guide/images/hello.tar'
observe node0 docker-started
on node0 'docker run --detach --name web --publish 8080:8080 hello:1 && sleep 2'
observe node0 docker-web
on node0 'docker run --detach --name client hello:1 && sleep 2'
observe node0 docker-web-client
# A second network, a container in both, one with the node's own namespace; "beside", which would
# share a namespace, ends at once, as its port is taken there.
on node0 'docker network create --opt com.docker.network.bridge.name=br-second second
  docker network connect second web
  docker run --detach --name third --network second hello:1
  docker run --detach --name beside --network container:third hello:1
  docker run --detach --name as-host --network host hello:1
  sleep 2' >/dev/null
observe node0 docker-networks
on node0 'docker rm --force third beside as-host && docker network disconnect second web &&
  docker network rm second' >/dev/null
on node0 'docker exec client ping -c 1 172.17.0.2 && docker rm --force web client' >/dev/null
on node0 'systemctl stop docker docker.socket containerd && ip link delete docker0'

# By hand: a pair between two namespaces, a router between them, a bridge.
on node0 'ip netns add red; ip netns add blue; ip link add to-red type veth peer name to-blue'
observe node0 hand-created
on node0 'ip link set to-blue netns red name eth0; ip link set to-red netns blue name eth0'
on node0 'ip -n red addr add 10.1.0.2/24 dev eth0; ip -n red link set eth0 up'
observe node0 hand-pair
on node0 'ip -n red link delete eth0
  for name in red blue; do
    ip netns add router 2>/dev/null || true
    ip link add to-$name netns router type veth peer name eth0 netns $name
    ip -n router link set to-$name up; ip -n $name link set eth0 up
  done
  ip -n router addr add 10.1.0.1/24 dev to-red; ip -n router addr add 10.2.0.1/24 dev to-blue
  ip -n red addr add 10.1.0.2/24 dev eth0; ip -n blue addr add 10.2.0.2/24 dev eth0
  ip -n red route add default via 10.1.0.1; ip -n blue route add default via 10.2.0.1; sleep 2'
observe node0 hand-router
on node0 'ip netns delete router; sleep 1; ip link add br0 type bridge; ip link set br0 up
  ip addr add 10.3.0.1/24 dev br0
  i=1
  for name in red blue; do
    i=$((i + 1))
    ip link add to-$name type veth peer name eth0 netns $name
    ip link set to-$name master br0; ip link set to-$name up
    ip -n $name link set eth0 up; ip -n $name addr add 10.3.0.$i/24 dev eth0
    ip -n $name route add default via 10.3.0.1
  done
  sleep 2'
observe node0 hand-bridge
# Many things at once: a namespace with a switch of its own, a guest with two interfaces,
# a veth that is no port, a tunnel, routes through it, an unusual MTU.
on node0 'ip netns add inner; ip -n inner link add sw type bridge; ip -n inner link set sw up
  for name in red blue; do
    ip link add port-$name netns inner type veth peer name eth9 netns $name
    ip -n inner link set port-$name master sw; ip -n inner link set port-$name up
    ip -n $name link set eth9 up
  done
  ip link add vx1 type vxlan id 1 dev eth1 dstport 8472 local 192.168.56.10 nolearning
  ip addr add 10.42.0.0/32 dev vx1; ip link set vx1 up
  ip link add lone type veth peer name far netns inner; ip link set lone up
  ip addr add 10.9.0.1/24 dev lone; ip route add 10.42.1.0/24 via 192.168.56.11
  ip link set eth0 mtu 1400; sleep 1'
observe node0 hand-many
on node0 'ip netns list | while read -r name rest; do ip netns delete $name; done; sleep 1
  ip link set eth0 mtu 1500; ip link delete vx1; ip link delete br0
  ip route delete 10.42.1.0/24 2>/dev/null; true'

# Two VRFs with veths as members, and a bond in a namespace.
on node0 'for v in red:10 blue:20; do ip link add ${v%:*} type vrf table ${v#*:}; ip link set ${v%:*} up; done
  n=0
  for h in r1:red:10.1.0.1 r2:red:10.2.0.1 b1:blue:10.1.0.1; do
   IFS=: read host vrf gw <<<"$h"
   ip netns add $host
   ip link add veth-$host type veth peer name eth0 netns $host
   ip link set veth-$host master $vrf up
   ip addr add $gw/24 dev veth-$host
   ip -n $host link set eth0 up; ip -n $host addr add ${gw%.1}.2/24 dev eth0; ip -n $host route add default via $gw
  done
  ip link add br0 type bridge; ip link set br0 up
  ip netns add twice
  for n in 0 1; do ip link add port$n type veth peer name eth$n netns twice; ip link set port$n master br0 up; done
  ip -n twice link add bond0 type bond mode active-backup miimon 100
  for n in 0 1; do ip -n twice link set eth$n master bond0; done
  ip -n twice link set bond0 up; ip -n twice addr add 10.9.0.2/24 dev bond0
  ip addr add 10.9.0.1/24 dev br0
  sleep 1'
observe node0 members
on node0 'for n in r1 r2 b1 twice; do ip netns del $n; done
  for link in red blue br0; do ip link del $link; done'
