#!/bin/bash
# Chapter 2, recorded anew on a lab built from this checkout, comes out as it is committed.
# The lab's kernel and root file system are taken from the user's cache when they are there.
set -eu
cd "$(dirname "$0")/.."
guide=.venv/bin/guide
lab=test-recording-$$

if [ -n "$(git status --porcelain -- recordings)" ]; then
  echo "recordings/ differs from the last commit already: commit it or put it back first" >&2
  exit 2
fi
# shellcheck disable=SC2046 # package names, one a word
scripts/packages.sh $($guide doctor --packages | sed 's/^/:/')
$guide lab build
trap '$guide lab down --name $lab' EXIT
$guide lab up --nodes 2 --name $lab
$guide record --lab $lab by-hand docker
if [ -n "$(git status --porcelain -- recordings)" ]; then
  git --no-pager diff --stat -- recordings
  git --no-pager diff -- recordings | head -n 200
  echo "the same versions recorded something else: guide review says what" >&2
  exit 1
fi
echo "chapter 2 recorded again: nothing changed"
