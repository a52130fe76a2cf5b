#!/bin/bash
# All captures of one node, and its kernel's words on drops, as one program: `guide trace` starts it with
# $WANTED, a line a capture: number, what leads into the namespace, interface, filter, with tabs between;
# and $DROPS, the text of drops.sh. Each capture comes as lines of base64 with its number before them, the
# words of tcpdump with the same number on standard error; what drops.sh prints has the number 0. Ended by
# INT or TERM it ends all of them, and passes on what they have left.
# An image that is made from Alpine has busybox's programs: their timeout has no long options, and their sed no -u.
set -um
at_most=(timeout --foreground "$LONGEST")
"${at_most[@]}" true 2>/dev/null || at_most=(timeout "$LONGEST")
sed -u p /dev/null 2>/dev/null && at_once=yes || at_once=
groups=()
end() {
  trap '' INT TERM HUP
  kill -TERM "${groups[@]}" 2>/dev/null
  wait
  exit 0
}
trap end INT TERM HUP

# Puts a number before each line, and writes it at once and whole: all jobs write into one pipe, and what is written
# in blocks has another's lines in the middle of one of its own.
numbered() {
  local line
  if [ "$at_once" ]; then
    sed -u "s/^/$1 /"
  else
    while IFS= read -r line || [ -n "$line" ]; do printf '%s %s\n' "$1" "$line"; done
  fi
}

# Runs a command in a process group of its own. The group's end is that of the command alone:
# who passes on what it prints does not hear it, and ends with it.
job() { # number, encoder, command…
  local number=$1 encoder=$2
  shift 2
  trap : TERM
  {
    {
      trap : TERM
      "$@" 2>&3 3>&- 4>&- | (
        trap '' INT TERM
        $encoder 3>&- | numbered "$number" >&4 3>&-
      )
    } 3>&1 | (
      trap '' INT TERM
      numbered "$number" >&2
    )
  } 4>&1
}

while IFS=$'\t' read -r number within interface filter; do
  # shellcheck disable=SC2086  # the words that lead into a namespace
  job "$number" 'base64 -w 76' ${within//-none-/} "${at_most[@]}" \
    tcpdump -nn -p -U --immediate-mode -B 8192 -s 0 -i "$interface" -w - "$filter" &
  groups+=("-$!")
done <<<"$WANTED"
job 0 cat "${at_most[@]}" bash -c "$DROPS" &
groups+=("-$!")
wait
