#!/bin/sh
# Make sure that commands are there: `packages.sh dot=graphviz chromium=chromium`.
# As root on Debian the missing packages are installed; else they are named, and this fails.
# `:package` stands for a package without a command of its own.
set -eu
missing=
for pair in "$@"; do
  command=${pair%%=*}
  package=${pair#*=}
  case $pair in :*) command= package=${pair#:} ;; esac
  if [ -z "$command" ] || ! command -v "$command" >/dev/null 2>&1; then
    missing="$missing $package"
  fi
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 # package names, separated by spaces
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "missing:$missing" >&2
  echo "install them, on Debian: sudo apt-get install$missing" >&2
  exit 1
fi
