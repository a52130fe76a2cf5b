#!/bin/bash
# What a page could change on a node besides what state.sh says, as the kernel and the tools print it,
# in parts that begin with a line "@name". macros/record/node_facts.py reads it and knows what of it
# changes by itself. Starting a program is slow on a node of the lab: as few as can be, and no forks
# where bash can read a file by itself.
set -u
shopt -s nullglob
echo '@ip'
ip -json -force -batch - <<<$'link show\nrule show\nroute show table all\nneigh show nud permanent'
echo '@ip6'
ip -6 -json rule show
echo '@vlans'
bridges=(/sys/class/net/*/bridge)
if ((${#bridges[@]})); then bridge -json vlan show; fi
echo '@nft' # without counters; what iptables made is in state.sh
if command -v nft >/dev/null; then nft --stateless list ruleset 2>/dev/null; fi
echo '@sysctl'
grep -rs . /proc/sys/net /proc/sys/kernel/hostname
echo '@files'
find /etc /root -xdev \( -type f -o -type l \) -printf '%s %T@ %p\n' 2>/dev/null
echo '@mounts'
mapfile -t lines </proc/self/mounts
printf '%s\n' "${lines[@]}"
for kind in tcp tcp6 udp udp6; do
  echo "@$kind"
  mapfile -t lines 2>/dev/null <"/proc/net/$kind" && printf '%s\n' "${lines[@]}"
done
echo '@processes'
for file in /proc/[0-9]*/cmdline; do
  name=''
  IFS= read -r -d '' name 2>/dev/null <"$file"
  [ -z "$name" ] || echo "$name"
done
echo '@services'
printf '%s\n' /sys/fs/cgroup/system.slice/*.service
echo '@failed' # a unit that failed has no control group, and its name cannot be used again
if [ -d /run/systemd/system ]; then systemctl list-units --failed --no-legend --plain 2>/dev/null; fi
exit 0
