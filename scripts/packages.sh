#!/bin/sh
# Make sure that commands are there: `packages.sh dot=graphviz tshark=tshark`.
# As root on Debian the missing packages are installed; else they are named, and this fails.
# `:package` stands for a package without a command, `lib:NAME=package` for a shared library,
# `font:FILE=package` for a font.
set -eu
missing=
for pair in "$@"; do
  command=${pair%%=*}
  package=${pair#*=}
  case $pair in
    :*) missing="$missing ${pair#:}" ;;
    lib:*) PATH=$PATH:/sbin ldconfig -p | grep -q "${command#lib:}" || missing="$missing $package" ;;
    font:*) find /usr/share/fonts -name "${command#font:}" 2>/dev/null | grep -q . || missing="$missing $package" ;;
    *) command -v "$command" >/dev/null 2>&1 || missing="$missing $package" ;;
  esac
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
