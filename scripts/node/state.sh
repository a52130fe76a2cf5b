#!/bin/bash
# What a page could leave behind on a node, one fact a line, in a fixed order: the recorder
# compares it before and after each page. Addresses that only machines chose are left out.
set -u
for link in /sys/class/net/*; do
  echo "link ${link##*/}"
done
ip -br addr | awk '{ for (i = 3; i <= NF; i++) if ($i !~ /^fe80/) print "address " $1 " " $i }'
ip route | sed 's/^/route /; s/ *$//; s/ linkdown//'
for netns in /run/netns/*; do
  [ -e "$netns" ] && echo "netns ${netns##*/}"
done
for name in ip_forward conf/all/rp_filter conf/all/proxy_arp; do
  echo "sysctl net.ipv4.$name $(cat /proc/sys/net/ipv4/$name)"
done
{ iptables-save; ip6tables-save; } 2>/dev/null | grep -e '^-A' -e '^:.* - ' -e '^:.* DROP' |
  sed 's/ \[[0-9:]*\]$//; s/^/rule /'
systemctl list-units --type=service --state=running --plain --no-legend 'run-*' 'guide-*' 2>/dev/null |
  awk '{ print "unit " $1 }'
if [ -S /run/docker.sock ] && systemctl is-active -q docker; then
  docker ps -a --format 'container {{.Names}}'
  docker network ls --format 'network {{.Name}}'
fi
exit 0
