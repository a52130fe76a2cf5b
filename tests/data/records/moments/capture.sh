#!/bin/bash
# The routes of two-blocks, and the same with a pod's own /32 for a moment: as root, into this folder.
# shellcheck disable=SC2016 # the inner shell's own variables
set -eu
cd "$(dirname "$0")"
unshare -n bash -eu -c '
ip link add tunl0 type veth peer name other0
ip addr add 192.168.56.10/24 dev tunl0
ip link set tunl0 up
ip link set other0 up
add() { ip route add "$@" via 192.168.56.12 dev tunl0 proto bird onlink; }
show() { ip route show root 10.44.0.0/16 >"$1.txt"; ip -j route show root 10.44.0.0/16 >"$1.json"; }
add 10.44.0.168/29 metric 1024
add 10.44.0.176/29 metric 1024
show after
add 10.44.0.176/32
show before
ip route del 10.44.0.176/32
ip route del 10.44.0.176/29
ip route add 10.44.0.176/29 via 192.168.56.11 dev tunl0 proto bird onlink metric 1024
show elsewhere
'
