#!/bin/bash
# What a page could leave behind on a node, one fact a line, in a fixed order: the recorder
# compares it before and after each page. Addresses that only machines chose are left out.
# Starting a program is slow on a node of the lab: bash reads and filters by itself.
set -u
# On a node of a cluster, what its agents make is theirs: the ends of pods' cables, the rules of
# Services, pods' namespaces. What a page could leave there are objects of the API, named below.
# Calico's Felix marks each of its rules with a comment that begins with "cali:" and a sum of the
# rule; in FORWARD some of them name no chain of its own. A rule with another comment is a page's.
if [ -e /etc/kubernetes/started ] || [ -d /etc/rancher ]; then
  their_links='veth*|cali*' their_netns='cni-*'
  their_rules='KUBE-|FLANNEL|flannel|CNI-|cali-|--comment "?cali:'
else
  their_links='' their_rules='' their_netns=''
fi
shopt -s extglob
for link in /sys/class/net/*; do
  [[ -d $link ]] || continue # bonding_masters is a file
  [[ -n $their_links && ${link##*/} == @($their_links) ]] || echo "link ${link##*/}"
done
# Forks cost as much as programs: one for all that is asked, and none to read a file.
exec {answers}< <(ip -br addr; echo; ip route; echo; iptables-save 2>/dev/null; ip6tables-save 2>/dev/null)
while read -ru "$answers" name _ addresses && [[ -n $name ]]; do
  [[ -n $their_links && ${name%%@*} == @($their_links) ]] && continue
  for address in $addresses; do
    [[ $address == fe80* ]] || echo "address $name $address"
  done
done
while read -ru "$answers" route && [[ -n $route ]]; do
  [[ -n $their_links && $route == *" dev "@($their_links)\ * ]] && continue
  echo "route ${route// linkdown/}"
done
for netns in /run/netns/*; do
  # shellcheck disable=SC2053 # cni-* is a pattern
  [[ -n $their_netns && ${netns##*/} == $their_netns ]] && continue
  [ -e "$netns" ] && echo "netns ${netns##*/}"
done
for name in ipv4.{ip_forward,conf/all/rp_filter,conf/all/proxy_arp} ipv6.conf/{default,all}/disable_ipv6; do
  read -r value <"/proc/sys/net/${name/.//}" && echo "sysctl net.$name $value"
done
# Rules, chains that somebody made, and policies other than ACCEPT.
while read -ru "$answers" rule; do
  [[ -n $their_rules && $rule =~ $their_rules ]] && continue
  case $rule in
    -A*) echo "rule $rule" ;;
    :*\ -\ * | :*\ DROP*) echo "rule ${rule% \[*}" ;;
  esac
done
# A service has a control group as long as one of its processes runs.
for unit in /sys/fs/cgroup/system.slice/{guide,run}-*.service; do
  [ -d "$unit" ] && echo "unit ${unit##*/}"
done
if [ -S /run/docker.sock ] && [ -d /sys/fs/cgroup/system.slice/docker.service ]; then
  docker ps -a --format 'container {{.Names}}'
  docker network ls --format 'network {{.Name}}'
fi
if [ -e /root/.kube/config ]; then
  # Objects of the API outside of its own namespaces, and nodes that take no pods.
  columns=K:.kind,S:.metadata.namespace,N:.metadata.name,U:.spec.unschedulable
  kinds=pods,services,deployments,statefulsets,daemonsets,networkpolicies,namespaces,nodes
  while read -r kind namespace name shut; do
    case $kind,$namespace,$name in
      *,kube-*,* | Namespace,*,kube-* | Namespace,*,default | Service,default,kubernetes) ;;
      Node,*) [ "$shut" = true ] && echo "object $kind $name takes no pods" ;;
      *) echo "object $kind $namespace/$name" ;;
    esac
  done < <(kubectl get "$kinds" -A --no-headers -o "custom-columns=$columns" 2>/dev/null)
fi
exit 0
