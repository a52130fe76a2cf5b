#!/bin/bash
# Makes the Docker image that nodes of Vagrant's Docker provider are containers of.
#
# usage: image.sh [BASE.tar [NAME:TAG]]
#
# BASE.tar  Debian with the packages of scripts/rootfs/packages.lock, as `guide lab build` leaves it
#           in the cache; by default that, so that both labs run the same programs
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/packet-by-packet
base=${1:-$("$here/.venv/bin/python" -c 'from macros.lab import inputs; print(inputs.keys().base_folder)')/base.tar}
name=${2:-packet-by-packet/node:latest}

if [ ! -f "$base" ]; then
	echo "image.sh: there is no $base" >&2
	echo "  fix: guide lab build" >&2
	exit 1
fi

# As root of a user namespace where we are not root (subuid(5)), as the UML lab's build does.
if [ "$(id -u)" != 0 ] && [ -z "${GUIDE_UNSHARED:-}" ]; then
	export GUIDE_UNSHARED=1
	exec unshare --user --map-root-user --map-auto --mount "$0" "$base" "$name"
fi

work=$(mktemp -d "$cache/image.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xf "$base" -C "$work" --numeric-owner --exclude='./dev/*'
"$here/scripts/vagrant/node.sh" "$work" "$here/scripts" "$here/macros/lab/image.py"
install -m 755 "$here/scripts/vagrant/container-init" "$work/usr/local/lib/guide/"
install -D -m 755 "$here/scripts/vagrant/container-sysctl" "$work/usr/local/sbin/sysctl"

# Only what a container has no use for: hardware, consoles, kernel settings of the machine outside.
units=$work/etc/systemd/system
rm -f "$units"/timers.target.wants/* "$units"/getty.target.wants/*
for unit in \
	getty.target console-getty.service systemd-logind.service systemd-udevd.service \
	systemd-modules-load.service systemd-sysctl.service systemd-random-seed.service \
	systemd-journal-catalog-update.service systemd-update-done.service ldconfig.service \
	sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount \
	proc-sys-fs-binfmt_misc.automount sshd-keygen.service; do
	ln -sf /dev/null "$units/$unit"
done
rm -f "$work"/etc/ssh/ssh_host_* "$work/etc/machine-id"
: >"$work/etc/machine-id"
: >"$work/etc/fstab" # Vagrant edits it, and fails without

tar -C "$work" --numeric-owner -cf - . |
	docker import --change 'CMD ["/usr/local/lib/guide/container-init"]' - "$name"
echo "image $name is made"
