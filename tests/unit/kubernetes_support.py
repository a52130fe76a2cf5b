"""A compiler that only writes, for tests of `guide lab build --kubernetes`."""

import os
import stat
from pathlib import Path

import pytest

GO = """\
#!/bin/sh
# Stands for Go: notes its words, writes into the folder that -o names, which ends in a slash.
# FAKE_GO_FAILS names a step ("list", "fetch", "tidy") or a program; it says FAKE_GO_SAYS then.
fail() { printf '%s\\n' "${FAKE_GO_SAYS:-undefined: x}" >&2; exit 1; }
case $1 in
env) echo "${FAKE_GO_VERSION:-go1.26.8}"; exit ;;
esac
echo "CGO_ENABLED=$CGO_ENABLED $*" >>"$FAKE_GO_LOG"
case "$1 $2" in
"list -m")
	if [ "$3" = -versions ]; then
		[ "$FAKE_GO_FAILS" != list ] || fail
		echo "$4 $FAKE_GO_VERSIONS"
	else
		[ "$FAKE_GO_FAILS" != fetch ] || fail
		echo "$FAKE_GO_MOD"
	fi ;;
"mod tidy")
	# As it comes, so that what is kept of a module that was not finished can be seen.
	echo "k8s.io/api v0.35.4 h1:a=" >go.sum
	[ "$FAKE_GO_FAILS" != tidy ] || fail
	echo "k8s.io/api v0.35.4/go.mod h1:b=" >>go.sum ;;
esac
if [ "$1" = build ]; then
	while [ "$1" != -o ]; do shift; done
	out=$2
	shift 2
	mkdir -p "$out"
	for package; do
		[ "${package##*/}" != "$FAKE_GO_FAILS" ] || fail
		echo "program of $package" >"$out${package##*/}"
	done
fi
"""

RELEASE = """\
module k8s.io/kubernetes

go 1.25.0

require (
\tk8s.io/api v0.0.0
\tk8s.io/klog/v2 v2.130.1
\tk8s.io/kubelet v0.0.0
)
"""
"""A release's own go.mod, as far as ours is made from it."""


def compiler(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """A machine with that compiler and an empty cache; returns what the compiler notes."""
    go = folder / "bin/go"
    go.parent.mkdir()
    go.write_text(GO, encoding="utf-8")
    # Go calls gcc, and this Go is none: that there is one is enough.
    for program in (go, go.with_name("gcc")):
        program.touch()
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "release.mod").write_text(RELEASE, encoding="utf-8")
    log = folder / "log"
    log.touch()
    monkeypatch.setenv("PATH", f"{go.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("FAKE_GO_LOG", str(log))
    monkeypatch.setenv("FAKE_GO_MOD", str(folder / "release.mod"))
    monkeypatch.setenv("FAKE_GO_VERSIONS", "v1.32.9 v1.35.0 v1.35.4 v1.36.3 v1.38.0-beta.0")
    return log
