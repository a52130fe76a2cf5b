#!/bin/sh
# Makes a booted node one of a cluster that is about to start.
# usage: prepare.sh PARTS, and on standard input a tar of what goes to /etc/kubernetes
set -eu

parts=/opt/kubernetes
mkdir -p $parts /etc/kubernetes /etc/containerd /etc/cni/net.d /run/kubernetes /run/systemd/system
mount -t hostfs -o "ro,hostfs=$1" none $parts
tar -xf - -C /etc/kubernetes

cp $parts/node/*.service /run/systemd/system/
cp $parts/node/kubelet.yaml $parts/node/flannel.json /etc/kubernetes/
cp $parts/node/10-flannel.conflist /etc/cni/net.d/
cp $parts/node/containerd.toml /etc/containerd/config.toml
ln -s $parts/bin/kubectl /usr/local/bin/kubectl
ln -s $parts/cni/flannel /usr/lib/cni/flannel  # where Debian's containerd looks for plugins

# kubelet's cadvisor wants a clock speed, which User Mode Linux does not tell. Mounted for all: in a
# mount namespace of its own, what kubelet mounts for pods would not reach them.
sed '/^bogomips/a cpu MHz\t\t: 2000.000' /proc/cpuinfo >/run/kubernetes/cpuinfo
mount --bind -o ro /run/kubernetes/cpuinfo /proc/cpuinfo
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
systemctl daemon-reload

# shellcheck source=/dev/null
. /etc/kubernetes/node.env
if [ "$NODE" = node0 ]; then
	mkdir -p /root/.kube
	mkdir -m 700 /var/lib/etcd
	tar -xzf $parts/store.tar.gz -C /var/lib/etcd
	cp /etc/kubernetes/admin.conf /root/.kube/config
	systemctl start --no-block etcd kube-apiserver
fi
systemctl start containerd
ctr -n k8s.io images import --local $parts/images/pause.tar >/dev/null
