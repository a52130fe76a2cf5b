#!/bin/bash
# The pinned k3s on this computer: artifacts/k3s/, checked against scripts/vagrant/k3s.lock.
#
# k3s.sh fetch   make sure that the binary is there and is the pinned one; download it if it is not
# k3s.sh lock    compare the lock with the release's own list of sums, and add what it lacks
#
# K3S_ARCH=arm64 for machines of that sort; amd64 unless this computer says otherwise.
# GUIDE_ARTIFACTS=FOLDER instead of artifacts/, as in the Vagrantfile.
# K3S_RELEASE=URL is where the release's files are, if not where the project publishes them.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
lock=${K3S_LOCK:-$here/scripts/vagrant/k3s.lock}
folder=${GUIDE_ARTIFACTS:-$here/artifacts}/k3s
version=$(sed -n 's/^version //p' "$lock")
release=${K3S_RELEASE:-https://github.com/k3s-io/k3s/releases/download/${version/+/%2B}}
case ${K3S_ARCH:-$(uname -m)} in
arm64 | aarch64) arch=arm64 binary=k3s-arm64 ;;
*) arch=amd64 binary=k3s ;;
esac
images=k3s-airgap-images-$arch.tar.zst

fail() { # message [fix]
	echo "k3s: $1" >&2
	[ $# -lt 2 ] || echo "  fix: $2" >&2
	exit 1
}

pinned() { # file -> its sum in the lock, or nothing
	sed -n "s/^\([0-9a-f]\{64\}\)  $1\$/\1/p" "$lock"
}

sum() { # file -> its sha256
	if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d' ' -f1
}

check() { # name in the lock [name in the folder]
	local want found
	want=$(pinned "$1")
	[ -n "$want" ] || fail "scripts/vagrant/k3s.lock has no sum for $1 of $version" \
		"scripts/vagrant/k3s.sh lock, where the release can be reached; it reads $release/sha256sum-$arch.txt"
	found=$(sum "$folder/${2:-$1}")
	[ "$found" = "$want" ] || fail "artifacts/k3s/${2:-$1} is not that of $version: its sha256 is $found, the lock has $want" \
		"remove it, and put the release's own file there"
}

fetch() {
	if [ -e "$folder/$binary" ]; then
		check "$binary"
	else
		[ -n "$(pinned "$binary")" ] || check "$binary"
		mkdir -p "$folder"
		echo "k3s: downloading $binary of $version"
		if ! curl -fsSL --retry 2 --connect-timeout 10 -o "$folder/$binary.part" "$release/$binary"; then
			rm -f "$folder/$binary.part"
			fail "there is no artifacts/k3s/$binary, and $release/$binary cannot be downloaded" \
				"put the file $binary of k3s $version, sha256 $(pinned "$binary"), into artifacts/k3s/; chapters 1 and 2 do without: KUBERNETES=0"
		fi
		check "$binary" "$binary.part"
		mv "$folder/$binary.part" "$folder/$binary"
	fi
	chmod 755 "$folder/$binary"
	# Optional: without them every node downloads its images itself.
	if [ -e "$folder/$images" ]; then check "$images"; fi
	echo "k3s: $binary of $version is there"
}

lock() {
	local list name value known
	list=$(curl -fsSL --retry 2 --connect-timeout 10 "$release/sha256sum-$arch.txt") ||
		fail "$release/sha256sum-$arch.txt cannot be read" "try again where it can"
	for name in "$binary" "$images"; do
		value=$(sed -n "s/^\([0-9a-f]\{64\}\)[ *]*$name\$/\1/p" <<<"$list")
		known=$(pinned "$name")
		[ -n "$value" ] || fail "the release's list has no $name"
		if [ -z "$known" ]; then
			echo "$value  $name" >>"$lock"
			echo "k3s: added $name"
		elif [ "$known" = "$value" ]; then
			echo "k3s: $name agrees"
		else
			fail "$name: the release says $value, the lock $known" \
				"find out which is right before anybody runs it"
		fi
	done
}

case ${1:-} in
fetch | lock) "$1" ;;
*) fail "usage: k3s.sh fetch|lock" ;;
esac
