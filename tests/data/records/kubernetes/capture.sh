#!/bin/bash
# Records what the readers of Kubernetes' outputs are tested with. On node0 of a cluster with
# flannel (`guide lab up --nodes 3 --cni flannel`), with scripts/manifests/{pair,tools,hello}.yaml
# applied in this order and everything ready:  bash capture.sh DIRECTORY
set -euo pipefail
out=${1:?directory to write to}
export LC_ALL=C.UTF-8 TZ=UTC COLUMNS=120

# record NAME COMMAND [TWIN]: NAME.txt is what COMMAND printed, NAME.json what TWIN did.
record() {
  bash -c "$2" >"$out/$1.txt" 2>&1 || true
  printf '%s\t%s\n' "$1" "$2" >>"$out/commands.tsv"
  if [ -n "${3:-}" ]; then bash -c "$3" >"$out/$1.json"; fi
}
: >"$out/commands.tsv"

for kind in nodes pods services endpointslices servicecidrs ipaddresses statefulsets; do
  record $kind "kubectl get $kind -o wide" "kubectl get $kind -o json"
done
record pod "kubectl get pod pair" "kubectl get pod pair -o json"
record services-all "kubectl get services -A" "kubectl get services -A -o json"
record columns "kubectl get nodes -o custom-columns=NAME:.metadata.name,PODCIDR:.spec.podCIDR" \
  "kubectl get nodes -o json"
record missing "kubectl get pod nobody"
record configmaps "kubectl get configmaps -n kube-node-lease"
record exec-addr "kubectl exec pair -c tools -- ip addr show eth0"
record exec-ping "kubectl exec pair -c tools -- ping -c 1 10.42.1.2"
record flannel "ip -d link show flannel.1" "ip -j -d link show flannel.1"
record routes "ip route" "ip -j route"
record neighbours "ip neigh show dev flannel.1" "ip -j neigh show dev flannel.1"
record fdb "bridge fdb show dev flannel.1" "bridge -j fdb show dev flannel.1"
record nat "iptables-save -t nat"
record conntrack "conntrack -L -p tcp --orig-dst 10.43.0.80"
