#!/bin/bash
# Makes a node one of a k3s cluster: node0 the server, the others agents. Runs on the node, as root.
#
# In the environment, from the Vagrantfile: FILES (where artifacts/ and scripts/ of the checkout are),
# NODE, NODES (how many there are), ADDRESS, TOKEN, CNI (flannel, flannel-host-gw, calico, none), PROXY (iptables, nftables),
# EXTRAS (1: all that k3s brings).
set -euo pipefail
server=192.168.56.10
artifacts=$FILES/artifacts
config=/etc/rancher/k3s/config.yaml

fail() {
	echo "$NODE: $1" >&2
	exit 1
}

case $(uname -m) in
aarch64) binary=k3s-arm64 ;;
*) binary=k3s ;;
esac
[ -f "$artifacts/k3s/$binary" ] || fail "the node did not get artifacts/k3s/$binary"
if [ -e /usr/local/bin/k3s ] && systemctl is-active --quiet k3s; then
	exit 0 # provisioned before
fi

install -m 755 "$artifacts/k3s/$binary" /usr/local/bin/k3s
for tool in kubectl crictl ctr; do
	[ -e /usr/local/bin/$tool ] || [ -e /usr/bin/$tool ] || ln -s k3s /usr/local/bin/$tool
done
images=/var/lib/rancher/k3s/agent/images
mkdir -p "$images" /etc/rancher/k3s
# k3s imports what it finds there: its own images, Calico's, and those that the pages use.
find "$artifacts" /var/lib/guide/images -name '*.tar*' -exec cp {} "$images/" \;

# k3s takes the card of the default route unless told otherwise: here the NAT's, on which no node
# reaches another. https://docs.k3s.io/cli/server and /cli/agent name these words.
{
	echo "node-name: $NODE"
	echo "node-ip: $ADDRESS"
	echo "token: $TOKEN"
	case $CNI in flannel*) echo "flannel-iface: eth1" ;; esac
	echo "kube-proxy-arg: [proxy-mode=$PROXY]"
	if [ "$NODE" = node0 ]; then
		echo "advertise-address: $ADDRESS"
		echo "tls-san: [$ADDRESS, $NODE, 127.0.0.1]"
		echo "write-kubeconfig-mode: '0600'"
		case $CNI in
		flannel) echo "flannel-backend: vxlan" ;;
		flannel-host-gw) echo "flannel-backend: host-gw" ;;
		*) echo "flannel-backend: none" ;;
		esac
		# The cluster of the other lab has none of these; their objects and rules are on no page.
		if [ "$EXTRAS" != 1 ]; then
			echo "disable: [traefik, servicelb, metrics-server, local-storage]"
		fi
		if [ "$EXTRAS" != 1 ] || [ "$CNI" = calico ]; then
			echo "disable-network-policy: true"
		fi
	else
		echo "server: https://$server:6443"
	fi
} >$config
chmod 600 $config
printf 'CNI=%s\nPROXY=%s\n' "$CNI" "$PROXY" >/etc/guide-cluster.env # what the recorder asks

role=agent
[ "$NODE" != node0 ] || role=server
cat >/etc/systemd/system/k3s.service <<UNIT
[Unit]
Description=k3s $role
After=network-online.target guide-node.service
Wants=network-online.target

[Service]
Type=notify
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s $role
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl --quiet enable k3s

# An agent waits for its server as long as that takes: the machines come up in any order.
systemctl start --no-block k3s
[ "$NODE" = node0 ] || exit 0

ready=
for _ in {1..180}; do
	if k3s kubectl get --raw /readyz >/dev/null 2>&1; then
		ready=1
		break
	fi
	sleep 1
done
[ -n "$ready" ] || fail "the API server is not ready after three minutes:
$(journalctl --no-pager -u k3s -n 20)"
install -D -m 600 /etc/rancher/k3s/k3s.yaml /root/.kube/config

if [ "$CNI" = calico ]; then
	[ -f "$artifacts/calico/calico.yaml" ] || fail "the node did not get artifacts/calico/calico.yaml"
	work=$(mktemp -d)
	cp "$FILES"/scripts/vagrant/calico/*.yaml "$artifacts/calico/calico.yaml" "$work/"
	if [ "$NODES" -lt 3 ]; then # the last there is, in the place of node2
		sed -i "s/hostname: node2\$/hostname: node$((NODES - 1))/" "$work/calico-kube-controllers.yaml"
	fi
	k3s kubectl apply --server-side -k "$work"
fi
