#!/bin/bash
# What a page could leave behind on a node, one fact a line, in a fixed order: the recorder
# compares it before and after each page. Addresses that only machines chose are left out.
# Starting a program is slow on a node of the lab: bash reads and filters by itself.
set -u
for link in /sys/class/net/*; do
  echo "link ${link##*/}"
done
while read -r name _ addresses; do
  for address in $addresses; do
    [[ $address == fe80* ]] || echo "address $name $address"
  done
done < <(ip -br addr)
while read -r route; do
  echo "route ${route// linkdown/}"
done < <(ip route)
for netns in /run/netns/*; do
  [ -e "$netns" ] && echo "netns ${netns##*/}"
done
for name in ip_forward conf/all/rp_filter conf/all/proxy_arp; do
  echo "sysctl net.ipv4.$name $(</proc/sys/net/ipv4/$name)"
done
for name in default all; do
  echo "sysctl net.ipv6.conf.$name.disable_ipv6 $(</proc/sys/net/ipv6/conf/$name/disable_ipv6)"
done
# Rules, chains that somebody made, and policies other than ACCEPT.
while read -r rule; do
  case $rule in
    -A*) echo "rule $rule" ;;
    :*\ -\ * | :*\ DROP*) echo "rule ${rule% \[*}" ;;
  esac
done < <(iptables-save 2>/dev/null; ip6tables-save 2>/dev/null)
# A service has a control group as long as one of its processes runs.
for unit in /sys/fs/cgroup/system.slice/{guide,run}-*.service; do
  [ -d "$unit" ] && echo "unit ${unit##*/}"
done
if [ -S /run/docker.sock ] && [ -d /sys/fs/cgroup/system.slice/docker.service ]; then
  docker ps -a --format 'container {{.Names}}'
  docker network ls --format 'network {{.Name}}'
fi
exit 0
