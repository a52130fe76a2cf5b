#!/bin/sh
# Traces single connections through a node's rules. Run on a node of a cluster, as root:
#   capture-trace.sh iptables|nftables ADDRESS:PORT FROM NAME [TIMES]
# FROM is the pod that asks (its network namespace, as /var/lib/cni/results has it), or `node`.
# Prints the trace of xtables-monitor or nft, then what conntrack has of the connection.
set -eu
tool=$1 to=$2 from=$3
address=${to%:*} port=${to#*:}
within=''
if [ "$from" != node ]; then
  netns=$(grep -l "\"K8S_POD_NAME\",\"$from\"" /var/lib/cni/results/cbr0-* | xargs jq -r .netns)
  within="nsenter --net=$netns"
fi
hook=PREROUTING base='type filter hook prerouting priority raw'
if [ "$from" = node ]; then hook=OUTPUT base='type filter hook output priority raw'; fi
conntrack -D -d "$address" >/dev/null 2>&1 || true
if [ "$tool" = iptables ]; then
  iptables -t raw -I $hook -d "$address" -p tcp --syn -j TRACE
  systemd-run -q --unit=guide-trace xtables-monitor --trace 2>/dev/null
else
  nft "add table ip guide-trace; add chain ip guide-trace first { $base; };
    add rule ip guide-trace first ip daddr $address tcp flags syn meta nftrace set 1"
  systemd-run -q --unit=guide-trace nft monitor trace 2>/dev/null
fi
sleep 2
$within curl -s -m 5 "http://$to/" >&2 || true
sleep 2
journalctl --unit guide-trace --output cat --invocation=0
conntrack -L -d "$address" 2>/dev/null >"/run/conntrack-$port"
systemctl stop guide-trace
if [ "$tool" = iptables ]; then iptables -t raw -F $hook; else nft delete table ip guide-trace; fi
echo "=== conntrack"
cat "/run/conntrack-$port"
