#!/bin/bash
# Makes a Debian with the lab's packages a node: SSH as the recorder wants it, nothing running that
# a page has not started, the hello image. What scripts/rootfs/assemble.sh does for UML.
#
# usage: node.sh ROOT SCRIPTS IMAGE_PY
#
# ROOT      the tree to work on: / in a machine, an unpacked one when an image is made
# SCRIPTS   this checkout's scripts/
# IMAGE_PY  macros/lab/image.py, which makes the hello image from busybox
set -eu
root=${1%/} scripts=$2 image=$3

# Docker, containerd and the rest stay startable: pages say `systemctl start docker`.
systemctl --root="$root/" --quiet disable \
	docker.service docker.socket containerd.service ipvsadm.service \
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer \
	2>/dev/null || true
# A unit without an installation section is started by others.
systemctl --root="$root/" --quiet mask apt-daily.service apt-daily-upgrade.service

install -D -m 755 "$scripts/vagrant/guide-node" "$root/usr/local/lib/guide/guide-node"
install -m 644 "$scripts/vagrant/guide-node.service" "$root/etc/systemd/system/"
systemctl --root="$root/" --quiet enable guide-node.service

install -D -m 644 "$scripts/node/sshd.conf" "$root/etc/ssh/sshd_config.d/guide.conf"
ln -sf /usr/share/zoneinfo/Etc/UTC "$root/etc/localtime"
: >"$root/etc/motd"

mkdir -p "$root/var/lib/guide/images"
PYTHONPATH=$(dirname "$image") python3 - "$root/bin/busybox" "$root/var/lib/guide/images/hello.tar" <<'PYTHON'
import sys
from pathlib import Path

from image import write_hello

write_hello(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]))
PYTHON
