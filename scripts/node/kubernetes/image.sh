#!/bin/bash
# Makes the disk image that nodes of a cluster start from: run once, as the first and only process
# of a kernel that has booted a copy of the root file system (macros/lab/kubernetes/disk.py).
# What is done here, no node of no cluster has to do again; unpacking the images is most of it.
# Words it reads from the kernel's command line: guide.parts=FOLDER, on the machine that builds.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

# An init must not return. The last words tell the machine that builds how it went.
finish() {
	local code=$?
	[ $code = 0 ] && sync && mount -o remount,ro / && echo "guide: the image is made"
	echo o >/proc/sysrq-trigger
	sleep 60
}
trap finish EXIT

mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /run
mount -t tmpfs none /tmp
read -r words </proc/cmdline
for word in $words; do
	case $word in
	guide.parts=*) parts=${word#guide.parts=} ;;
	esac
done
mkdir -p /opt/kubernetes
mount -t hostfs -o "ro,hostfs=$parts" none /opt/kubernetes
node=/opt/kubernetes/node

install -D -m 644 $node/containerd.toml /etc/containerd/config.toml
install -D -m 644 $node/kubelet.yaml /etc/kubernetes/kubelet.yaml
install -D -m 755 $node/guide-kubernetes /usr/local/lib/guide/guide-kubernetes
install -D -m 644 $node/containerd.conf /etc/systemd/system/containerd.service.d/guide.conf
mkdir -p /etc/cni/net.d
ln -s /opt/kubernetes/bin/kubectl /usr/local/bin/kubectl
ln -s /opt/kubernetes/cni/flannel /usr/lib/cni/flannel # where Debian's containerd looks for plugins

# Started at boot. Each unit's own conditions say on which machines that means anything.
units=/etc/systemd/system
install -m 644 $node/*.service $units
for unit in "$node"/*.service; do
	ln -s "../${unit##*/}" $units/multi-user.target.wants/
done
ln -s /usr/lib/systemd/system/containerd.service $units/multi-user.target.wants/

mkdir -m 700 /var/lib/etcd
tar -xzf /opt/kubernetes/store.tar.gz -C /var/lib/etcd

containerd >/run/containerd.log 2>&1 &
daemon=$!
for _ in {1..300}; do
	ctr version >/dev/null 2>&1 && break
	sleep 0.2
done
for image in /opt/kubernetes/images/*.tar /var/lib/guide/images/*.tar; do
	ctr -n k8s.io images import --local "$image" || { cat /run/containerd.log; exit 1; }
done
kill $daemon
wait $daemon || true
umount /opt/kubernetes
