#!/usr/bin/env bash
# Add what the ports of each bridge let through: reads what observe.sh printed on this node, and
# prints the same with "vlans" in each namespace, as `bridge -j vlan show` has them.
#
# Asked in the node's own namespace and in those that `ip netns` knows. Needs iproute2 and jq.
set -euo pipefail
shopt -s nullglob

ask() { # name of the namespace, then what runs bridge there
  local name=$1 answer
  shift
  answer=$("$@" bridge -json vlan show)
  jq --null-input --arg name "$name" --argjson vlans "${answer:-[]}" '{($name): $vlans}'
}

by_namespace() {
  ask ''
  for file in /run/netns/*; do ask "${file##*/}" ip netns exec "${file##*/}"; done
}

jq --slurpfile answers <(by_namespace) \
  '($answers | add) as $vlans | .namespaces |= map(.vlans = ($vlans[.name] // []))'
