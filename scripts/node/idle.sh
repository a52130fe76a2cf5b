# Takes away what a node of a cluster keeps of pods that are gone, so that every page finds the same:
# the bridge, when nothing is plugged into it, and the memory of the last address given.
if [ -d /sys/class/net/cni0 ] && ! compgen -G '/sys/class/net/cni0/brif/*' >/dev/null; then
  ip link delete cni0
fi
rm -f /var/lib/cni/networks/*/last_reserved_ip.*
