#!/bin/bash
# What `guide trace` asks a node beside observe.sh, before a request and after it, in parts that begin
# with a line "@name". macros/tracer/node_look.py reads it. Nothing is changed. A tool that is not there
# leaves its part empty.
set -u
shopt -s nullglob
echo '@when'
date +%s%N
echo '@routes'
ip route show table all 2>/dev/null
ip -6 route show table all 2>/dev/null
echo '@policy'
ip rule show 2>/dev/null
ip -6 rule show 2>/dev/null
echo '@neighbours'
ip neigh show 2>/dev/null
echo '@fdb'
bridge fdb show 2>/dev/null
echo '@links'
ip -s -s link show 2>/dev/null
echo '@iptables'
iptables-save -c 2>/dev/null
# Asking the old iptables for its tables would make them where there are none.
if [ -s /proc/net/ip_tables_names ]; then iptables-legacy-save -c 2>/dev/null; fi
echo '@ip6tables'
ip6tables-save -c 2>/dev/null
if [ -s /proc/net/ip6_tables_names ]; then ip6tables-legacy-save -c 2>/dev/null; fi
echo '@nft'
nft list ruleset 2>/dev/null
echo '@nftjson'
# A table is a line. What iptables has written is told above, and is long on a large cluster.
nft list tables 2>/dev/null | while read -r _ family table; do
  case $family/$table in
    ip*/filter | ip*/nat | ip*/mangle | ip*/raw | ip*/security) ;;
    *) nft -j list table "$family" "$table" 2>/dev/null </dev/null ;;
  esac
done
echo '@conntrack'
# shellcheck disable=SC2086  # the words of a filter, if any
conntrack -L ${TRACKED:--p tcp --orig-port-src 1} 2>/dev/null
echo '@sysctl'
for file in /proc/sys/net/ipv[46]/conf/*/{forwarding,rp_filter,accept_local} \
  /proc/sys/net/bridge/bridge-nf-call-ip*tables; do
  if read -r value <"$file"; then printf '%s = %s\n' "${file#/proc/sys/}" "$value"; fi
done 2>/dev/null
echo '@counters'
mapfile -t lines </proc/net/snmp && printf '%s\n' "${lines[@]}"
mapfile -t lines </proc/net/netstat && printf '%s\n' "${lines[@]}"
echo '@tools'
for tool in ip bridge tcpdump iptables-save nft conntrack nsenter jq curl; do
  command -v "$tool" >/dev/null && echo "$tool"
done
echo '@end'
exit 0
