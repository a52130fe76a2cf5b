#!/bin/bash
# The kernel's own word on every IP packet that it drops (the trace event skb:kfree_skb), as long as this
# runs. It uses an instance of its own, so that no other tracing is disturbed, and mounts tracefs only
# where it is not; both go when it ends. The first line has the time of day by which the rest is told.
set -u
dir=/sys/kernel/tracing mounted='' own='' reader=''
if [ ! -d "$dir/instances" ]; then
  # From a pod that sees the node's files, the node's own mounts have to be entered for it.
  if mount -t tracefs none "$dir" 2>/dev/null; then
    mounted=umount
  elif nsenter -t 1 -m mount -t tracefs none "$dir" 2>/dev/null; then
    mounted='nsenter -t 1 -m umount'
  fi
fi
end() {
  trap '' INT TERM HUP
  [ -z "$reader" ] || kill "$reader" 2>/dev/null
  wait 2>/dev/null
  if [ -n "$own" ]; then
    echo 0 >"$own/events/skb/kfree_skb/enable"
    for _ in 1 2 3 4 5; do
      if rmdir "$own" 2>/dev/null; then break; fi
      sleep 0.1
    done
  fi
  [ -z "$mounted" ] || $mounted "$dir"
}
trap end EXIT
trap 'exit 0' INT TERM HUP
if [ ! -e "$dir/events/skb/kfree_skb/enable" ]; then
  echo 'no tracing in this kernel' >&2
  exit 3
fi
mkdir "$dir/instances/guide-$$" || exit 3
own=$dir/instances/guide-$$
echo 'protocol == 2048 || protocol == 34525' >"$own/events/skb/kfree_skb/filter"
echo 1 >"$own/events/skb/kfree_skb/enable" || exit 3
now=${EPOCHREALTIME:-}  # date of busybox knows no nanoseconds, and a bash before 5.0 not this
now=${now/[.,]/}
now=${now:+${now}000}
echo "guide ${now:-$(date +%s%N)}" >"$own/trace_marker"
echo 'listening on drops' >&2
cat "$own/trace_pipe" &
reader=$!
wait "$reader"
