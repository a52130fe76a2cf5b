#!/bin/bash
# Takes away what a node of a cluster keeps of pods that are gone, so that every page finds the same:
# the bridge, when nothing is plugged into it, the memory of the last address given, and whom the
# node and pods that stay have spoken to.
# A pod that had no grace is gone from the API before its node knows of it: that is waited for.
count() { compgen -G "$1" | wc -l; }
wanted() { # as the API has it: how many pods with a network of their own this node is to have
  kubectl --kubeconfig=/etc/kubernetes/kubelet.conf get pods -A --field-selector "spec.nodeName=$HOSTNAME" \
    -o 'jsonpath={range .items[*]}{.spec.hostNetwork}{"\n"}{end}' | grep -vc true
}
pods_end() { # what a pod plugged in goes with its namespace; what it ran, the kubelet clears away once a minute
  local pods namespaces
  namespaces=$(count '/run/netns/cni-*')
  [ "$(count '/sys/class/net/cni0/brif/*')" = "$namespaces" ] || return 0
  pods=$(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.pod.namespace"!="kube-system"')
  [ -n "$pods" ] && [ -e /etc/kubernetes/kubelet.conf ] && [ "$(wanted)" != "$namespaces" ]
}
if [ -d /sys/class/net/cni0 ] && command -v ctr >/dev/null; then
  end=$((SECONDS + 100)) # a kubelet on a busy machine takes its time
  while pods_end && [ $SECONDS -lt $end ]; do
    sleep 0.5
  done
fi
if [ -d /sys/class/net/cni0 ] && ! compgen -G '/sys/class/net/cni0/brif/*' >/dev/null; then
  ip link delete cni0
fi
rm -f /var/lib/cni/networks/*/last_reserved_ip.*
{
  ip neigh flush dev cni0
  for netns in /run/netns/cni-*; do
    ip -n "${netns##*/}" neigh flush all
  done
} >/dev/null 2>&1
