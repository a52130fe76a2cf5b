#!/bin/bash
# Takes away what a node of a cluster keeps of pods that are gone, so that every page finds the same:
# the bridge, when nothing is plugged into it, and the memory of the last address given.
# A pod that had no grace is gone from the API before it is gone from its node: that is waited for.
pods_run() {
  local running container
  running=$'\n'$(ctr -n k8s.io tasks ls -q)$'\n'
  for container in $(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.pod.namespace"!="kube-system"'); do
    [[ $running == *$'\n'$container$'\n'* ]] && return 0
  done
  return 1
}
count() { compgen -G "$1" | wc -l; }
if [ -d /sys/class/net/cni0 ] && command -v ctr >/dev/null; then
  for _ in {1..40}; do
    pods_run || { [ "$(count '/sys/class/net/cni0/brif/*')" = "$(count '/run/netns/cni-*')" ] && break; }
    sleep 0.5
  done
fi
if [ -d /sys/class/net/cni0 ] && ! compgen -G '/sys/class/net/cni0/brif/*' >/dev/null; then
  ip link delete cni0
fi
rm -f /var/lib/cni/networks/*/last_reserved_ip.*
