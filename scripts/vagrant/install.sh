#!/bin/bash
# Makes a machine of Vagrant (a box with Debian) a node: the lab's packages, then node.sh.
# Runs on the node, as root. In the environment: SUITE, NODE, ADDRESS, MAC.
#
# The programs that pages are about come from SUITE at the version of its lock where it still has
# that, at its present version otherwise: a guest like the recordings' within what Debian keeps.
# The rest of the machine (kernel, systemd) stays the box's own.
set -euo pipefail
files=/tmp/guide
scripts=$files/scripts
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
# shellcheck disable=SC2016  # the dollars are apt's
uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' |
	sed -n 's/^Debian|Debian|//p' | head -1)
[ -n "$uri" ] || {
	echo "this box's apt names no Debian mirror" >&2
	exit 1
}
# Only what is asked for by name comes from SUITE (apt_preferences(5)).
cat >/etc/apt/sources.list.d/guide.sources <<SOURCES
Types: deb
URIs: $uri
Suites: $SUITE
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$SUITE" >/etc/apt/preferences.d/guide
apt-get update -qq

# What the box itself is made of stays; the second and third part of the list is wanted.
mapfile -t names < <(sed -e '1,/^# The network/d' -e 's/#.*//' -e '/^\s*$/d' \
	"$scripts/rootfs/packages.list")
lock=$scripts/rootfs/packages-$SUITE.lock
[ -f "$lock" ] || lock=$scripts/rootfs/packages.lock
wanted=()
for name in "${names[@]}" python3 jq openssh-server; do
	locked=$(sed -n "s/^\($name=[^ ]*\) sha256:.*/\1/p" "$lock")
	if [ -n "$locked" ] && apt-cache show "$locked" >/dev/null 2>&1; then
		wanted+=("$locked")
	elif apt-cache show "$name" 2>/dev/null | grep -q .; then
		[ -z "$locked" ] || echo "$name: Debian no longer has ${locked#*=}"
		wanted+=("$name")
	fi
done
apt-get install -y -qq --no-install-recommends -t "$SUITE" "${wanted[@]}" >/var/log/guide-install.log || {
	tail -20 /var/log/guide-install.log >&2
	exit 1
}
systemctl --quiet stop docker.socket docker containerd 2>/dev/null || true
ip link delete docker0 2>/dev/null || true
nft flush ruleset

# The recorder is root; Vagrant's own user has the key by now.
install -d -m 700 /root/.ssh
install -m 600 ~vagrant/.ssh/authorized_keys /root/.ssh/authorized_keys

printf 'NODE=%s\nADDRESS=%s\nMAC=%s\n' "$NODE" "$ADDRESS" "$MAC" >/etc/guide-node.env
bash "$scripts/vagrant/node.sh" / "$scripts" "$files/image.py"
# IPv6 stays out of outputs; said to the kernel in the other lab.
systemctl daemon-reload
systemctl restart ssh
systemctl restart guide-node
