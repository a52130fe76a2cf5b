#!/bin/sh
# Makes the disk image that every node starts from.
#
# usage: assemble.sh BASE.tar NODE_DIR IMAGES_DIR WORK_DIR OUT.ext4
#
# BASE.tar    the unpacked and configured packages (mmdebstrap)
# NODE_DIR    scripts/node: what makes a Debian a node of the lab
# IMAGES_DIR  docker-archive files that nodes find in /var/lib/guide/images
# WORK_DIR    an empty folder for the unpacked tree
#
# Runs as root, or as root of a user namespace: owners in the image are then right all the same.
set -eu
PATH=$PATH:/usr/sbin:/sbin  # mke2fs; not in the PATH of an ordinary user of Debian

base=$1 node=$2 images=$3 work=$4 out=$5
root=$work/root
units=$root/etc/systemd/system

mkdir "$root"
tar -xf "$base" -C "$root" --numeric-owner --exclude='./dev/*'

# What every Debian starts by itself and a lab does not want. Docker and containerd stay
# startable: a page's lab profile says `systemctl start docker`.
rm -f "$units"/timers.target.wants/* "$units"/getty.target.wants/* "$units"/sockets.target.wants/*
for unit in containerd docker ipvsadm; do
	rm -f "$units/multi-user.target.wants/$unit.service"
done
rm -f "$units/multi-user.target.wants/remote-fs.target"

# Masked: needs hardware, a console, modules or a second boot that a node does not have, or costs
# boot time (a program start is five times as slow here) and changes nothing on a page.
for unit in \
	apt-daily.service apt-daily-upgrade.service dpkg-db-backup.service \
	dev-hugepages.mount getty.target getty-static.service \
	imports.target kmod-static-nodes.service ldconfig.service \
	proc-sys-fs-binfmt_misc.automount sshd-keygen.service \
	sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount \
	sys-kernel-tracing.mount \
	systemd-ask-password-console.path systemd-ask-password-wall.path systemd-ask-password.socket \
	systemd-binfmt.service systemd-creds.socket systemd-factory-reset.socket \
	systemd-firstboot.service systemd-hibernate-clear.service systemd-hostnamed.socket \
	systemd-journal-catalog-update.service systemd-journal-flush.service \
	systemd-logind.service systemd-logind-varlink.socket systemd-machine-id-commit.service \
	systemd-mute-console.socket systemd-pstore.service systemd-random-seed.service \
	systemd-sysext.socket systemd-sysinstall.socket systemd-sysusers.service \
	systemd-tmpfiles-clean.timer systemd-tmpfiles-setup-dev.service \
	systemd-tmpfiles-setup-dev-early.service systemd-update-done.service \
	systemd-user-sessions.service; do
	ln -sf /dev/null "$units/$unit"
done

# The unit that makes it a node
install -D -m 755 "$node/guide-node" "$root/usr/local/lib/guide/guide-node"
install -D -m 644 "$node/guide-node.service" "$units/guide-node.service"
mkdir -p "$units/sysinit.target.wants"
ln -sf ../guide-node.service "$units/sysinit.target.wants/guide-node.service"

# SSH: the host's key comes with the lab, none is in the image
rm -f "$root"/etc/ssh/ssh_host_*
install -m 644 "$node/sshd.conf" "$root/etc/ssh/sshd_config.d/guide.conf"
install -D -m 644 "$node/ssh.service.conf" "$units/ssh.service.d/guide.conf"
: >"$root/etc/motd"
rm -rf "$root"/etc/update-motd.d/*

# slirp answers for DNS on the NAT network
rm -f "$root/etc/resolv.conf"
echo "nameserver 10.0.2.3" >"$root/etc/resolv.conf"
echo "/dev/ubda / ext4 defaults 0 0" >"$root/etc/fstab"
: >"$root/etc/machine-id"
ln -sf /usr/share/zoneinfo/Etc/UTC "$root/etc/localtime"

# One file in the place of thirteen: a program starts 4 ms sooner on a node.
chroot "$root" localedef --add-to-archive /usr/lib/locale/C.utf8

mkdir -p "$root/var/lib/guide/images"
cp "$images"/*.tar "$root/var/lib/guide/images/"

# A small journal: a node that was killed starts again from this disk (guide lab restart), and
# without one its directories may be in pieces. Sparse: only what is used takes room.
rm -f "$out"
mke2fs -q -t ext4 -L guide -J size=16 -E lazy_itable_init=1,root_owner=0:0 \
	-d "$root" "$out" 8G
