#!/usr/bin/env bash
# Records queueing disciplines, rules that choose a routing table, and VRFs: capture.sh SSH_CONFIG,
# of a fresh lab of one plain node. Nothing is typed: each file is what the node printed.
# shellcheck disable=SC2016  # what is quoted runs on the node
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
config=$1
: >"$here/commands.tsv"

on() { ssh -F "$config" node0 "LC_ALL=C.UTF-8; $1"; }
# record NAME COMMAND [TWIN]: NAME.txt is what COMMAND printed, NAME.json what TWIN did.
record() {
  on "$2" >"$here/$1.txt" 2>&1
  printf '%s\t%s\n' "$1" "$2" >>"$here/commands.tsv"
  if [ -n "${3:-}" ]; then on "$3" >"$here/$1.json"; fi
}

record qdisc 'tc qdisc' 'tc -j qdisc'
on 'tc qdisc add dev eth1 root netem delay 80ms 10ms 25% loss 1% duplicate 1% reorder 25% 50%'
record netem-all 'tc qdisc show dev eth1' 'tc -j qdisc show dev eth1'
on 'tc qdisc replace dev eth1 root netem delay 20ms; ping -c 2 -i 0.2 192.168.56.11 >/dev/null; true'
record netem 'tc qdisc show dev eth1' 'tc -j qdisc show dev eth1'
record netem-statistics 'tc -s qdisc show dev eth1' 'tc -j -s qdisc show dev eth1'
on 'tc qdisc del dev eth1 root; tc qdisc add dev eth1 root handle 1: htb default 10; tc qdisc add dev eth1 clsact
  tc class add dev eth1 parent 1: classid 1:10 htb rate 1mbit; tc qdisc add dev eth1 parent 1:10 handle 10: fq_codel'
record htb 'tc qdisc list dev eth1' 'tc -j qdisc list dev eth1'
record htb-statistics 'tc -s -d qdisc list dev eth1' 'tc -j -s -d qdisc list dev eth1'
on 'tc qdisc del dev eth1 root; tc qdisc del dev eth1 clsact
  tc qdisc add dev eth1 root tbf rate 1mbit burst 5k latency 50ms'
record tbf 'tc q ls' 'tc -j q ls'
on 'tc qdisc del dev eth1 root'

on 'ip rule add from 10.1.0.0/24 to 10.2.0.5 tos 0x10 fwmark 0x1/0xff iif eth1 oif lo table 7 priority 100
  ip rule add not from 10.9.0.1 ipproto tcp sport 80-90 dport 443 uidrange 0-10 table main suppress_prefixlength 0 priority 110
  ip rule add from all to 10.5.0.0/16 unreachable priority 120
  ip rule add from all goto 300 priority 130
  ip rule add from all fwmark 9 lookup 100 priority 300 protocol static
  ip rule add from 10.7.0.0/16 iif nosuch lookup 100 priority 310
  ip rule add from 10.8.0.0/16 lookup 100 priority 310
  ip link add red type vrf table 10; ip link add blue type vrf table 1001; ip link set red up'
record rule 'ip rule' 'ip -j rule'
record rule-detail 'ip -d rule show' 'ip -j -d rule show'
record rule-table 'ip rule list table 100' 'ip -j rule list table 100'
record rule-6 'ip -6 rule' 'ip -j -6 rule'
record vrf 'ip vrf' 'ip -j vrf'
record vrf-one 'ip vrf show red'
on 'for p in 100 110 120 130 300 310 310 1000; do ip rule del priority $p; done; ip -6 rule del priority 1000
  ip link del red; ip link del blue'
