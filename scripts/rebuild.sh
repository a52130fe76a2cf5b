#!/bin/bash
# Record the guide with the newest Kubernetes, or with the versions named, and open a pull request
# with the report where a fact changed:
#
#   scripts/rebuild.sh [NAME=VERSION...]      as `guide upgrade` takes them
#
# Runs on any x86-64 Linux machine, without KVM; what is built stays in the user's cache. It pushes a
# branch and opens the pull request with `gh`; PULL_REQUEST=no ends with the report instead.
# Exit code 0: nothing changed, or the pull request is open. 1: facts changed, and there is none.
# 2: not done, or not for every page.
set -eu
cd "$(dirname "$0")/.."
guide=.venv/bin/guide

if [ -n "$(git status --porcelain -- recordings)" ]; then
  echo "recordings/ differs from the last commit already: commit it or put it back first" >&2
  exit 2
fi
[ -x "$guide" ] || make .venv/.site
if [ $# = 0 ]; then
  scripts/packages.sh go=golang-go
  # One look-up of one module: the releases of Kubernetes, without betas.
  newest=$(go list -m -versions k8s.io/kubernetes | tr ' ' '\n' \
    | grep -E '^v1\.[0-9]+\.[0-9]+$' | sort -V | tail -n 1)
  if [ -z "$newest" ]; then
    echo "the newest release of Kubernetes cannot be found: is the module registry away?" >&2
    exit 2
  fi
  if $guide edition list | grep -qE "Kubernetes ${newest#v}(,|\$)"; then
    echo "Kubernetes $newest, the newest, has an edition already: nothing to do"
    exit 0
  fi
  set -- "kubernetes=$newest"
fi
# shellcheck disable=SC2046 # package names, one a word
scripts/packages.sh go=golang-go $($guide doctor --packages | sed 's/^/:/')

report=.cache/upgrade/report.md
rm -f "$report"
code=0
$guide upgrade "$@" --report "$report" || code=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$report" ]; then
  cat "$report" >>"$GITHUB_STEP_SUMMARY"
fi
[ "$code" = 1 ] || exit "$code"

edition=$(git ls-files --others --directory --exclude-standard -- recordings)
if [ "${PULL_REQUEST:-}" = no ] || ! command -v gh >/dev/null 2>&1; then
  echo "facts changed, and no pull request was opened: $edition is not committed, $report says why"
  exit 1
fi
branch=upgrade/$(basename "$edition")
title="Upgrade: $*"
git switch --quiet --force-create "$branch"
git add -- "$edition"
git commit --quiet --message "$title" --message "Recorded by scripts/rebuild.sh; the report is in the pull request."
# A branch of an earlier week is the same edition, recorded again.
git push --quiet --force origin "$branch"
body=$(mktemp)
trap 'rm -f "$body"' EXIT
head -c 60000 "$report" >"$body" # a pull request takes 65,536 characters
if gh pr view "$branch" >/dev/null 2>&1; then
  gh pr edit "$branch" --title "$title" --body-file "$body"
else
  gh pr create --head "$branch" --title "$title" --body-file "$body"
fi
