#!/bin/bash
# Puts Calico's images, its client and a store that has its objects on the disk that nodes of a
# cluster start from: run once, as scripts/node/kubernetes/image.sh is, on what that one made
# (macros/lab/kubernetes/calico_disk.py). What is set in front of it: `files`, the folder of Calico's
# files on the machine that builds; `archives`, the names of the images' archives in it; `client`,
# that of calicoctl, or nothing; `store`, the folder there that has store.tar.gz.
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
mkdir /run/calico-files /run/calico-store
mount -t hostfs -o "ro,hostfs=${store:?}" none /run/calico-store
rm -rf /var/lib/etcd/member
tar -xzf /run/calico-store/store.tar.gz -C /var/lib/etcd
umount /run/calico-store

mount -t hostfs -o "ro,hostfs=${files:?}" none /run/calico-files
cd /run/calico-files

if [ -n "${client:=}" ]; then
	install -D -m 755 "$client" /usr/local/lib/guide/calicoctl
fi

containerd >/run/containerd.log 2>&1 &
daemon=$!
for _ in {1..300}; do
	ctr version >/dev/null 2>&1 && break
	sleep 0.2
done
# shellcheck disable=SC2154  # set in front of this script
for image in "${archives[@]}"; do
	ctr -n k8s.io images import --local "$image" || { cat /run/containerd.log; exit 1; }
done
kill $daemon
wait $daemon || true
cd /
umount /run/calico-files
