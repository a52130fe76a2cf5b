#!/usr/bin/env bash
# Print as JSON what the network of this node is made of: every network namespace with its links,
# addresses, routes, neighbours and forwarding entries, and what Docker says of its containers.
#
# Run as root on the node. Needs iproute2, util-linux, jq, and curl where Docker runs: a stopped
# dockerd is not woken. Nothing is changed. Programs start slowly on some nodes, so each is
# started as seldom as possible (ip and bridge answer several questions in one batch).
#
# Shape: {"node", "namespaces": [{"name", "inode", "pid", "command", "container"?, "links",
# "addresses", "routes", "neighbours", "fdb", "ports", "nsids"}], "docker": {"containers",
# "networks"}}. Values are the tools' own (`ip -j -d`, `bridge -j`, `docker inspect`), except:
# - the node's own namespace is named ""; a container's is named after the container;
# - lists without a meaningful order are sorted; a bridge's running timers are left out;
# - nsids, the numbers by which a namespace knows others (`ip netns list-id`), also say which
#   inode they stand for, so that the two ends of a veth pair can be joined without a guess;
# - of what docker inspect prints, the parts about networks are kept.
set -euo pipefail
shopt -s nullglob

ip_questions=$'link show\naddr show\nroute show\nneigh show\nnetns list-id'
bridge_questions=$'fdb show\nlink show'

# The answers about one namespace: five of ip, two of bridge, one of lsns, in this order. The
# links come first: listing a veth is what makes the kernel number its peer's namespace.
ask() { # [nsenter --net=FILE]
  "$@" ip -json -details -force -batch - <<<"$ip_questions" || true
  "$@" bridge -json -force -batch - <<<"$bridge_questions" || true
  "$@" lsns --type net --json --output NS,NETNSID || true
}

quote() { # text -> JSON string; for names of files and programs
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# One line a reference to a namespace: its inode and the file that leads there.
declare -A first_pid file name sandbox
while read -r inode path; do
  case $path in
    /run/netns/*) name[$inode]=${path##*/} file[$inode]=$path ;;
    /run/docker/netns/*) sandbox[$inode]=${path##*/} file[$inode]=$path ;;
    *)
      pid=${path#/proc/} pid=${pid%%/*}
      if ((pid < ${first_pid[$inode]:-99999999})); then first_pid[$inode]=$pid; fi
      [[ ${file[$inode]:-/proc/} != /proc/* ]] || file[$inode]=/proc/${first_pid[$inode]}/ns/net
      [[ $pid != 1 ]] || own=$inode
      ;;
  esac
done < <(stat --dereference --format '%i %n' \
  /run/netns/* /run/docker/netns/* /proc/[0-9]*/ns/net 2>/dev/null || true)

if [[ -z ${own:-} ]]; then
  echo 'observe: /proc/1/ns/net cannot be read: run this as root' >&2
  exit 1
fi

observe_namespaces() {
  local inode pid command is_own
  for inode in "${!file[@]}"; do
    pid=${first_pid[$inode]:-} command='' is_own=false
    [[ $inode != "$own" ]] || is_own=true
    if [[ -n $pid ]]; then read -r command <"/proc/$pid/comm" || true; fi 2>/dev/null
    printf '{"part": "namespace", "inode": %s, "pid": %s, "own": %s' \
      "$inode" "${pid:-null}" "$is_own"
    printf ', "name": %s, "sandbox": %s, "command": %s}\n' \
      "$(quote "${name[$inode]:-}")" "$(quote "${sandbox[$inode]:-}")" "$(quote "$command")"
    if $is_own; then ask; else ask nsenter "--net=${file[$inode]}"; fi
  done
}

# What docker inspect and docker network inspect print, from the same source: each start of the
# docker client costs half a second on some nodes.
observe_docker() {
  local running='' ask_docker=(curl --silent --show-error --unix-socket /run/docker.sock)
  # Asking would start a dockerd that systemd activates by its socket.
  read -r running 2>/dev/null </run/docker.pid || [[ -n $running ]] || return 0
  [[ $(cat "/proc/$running/comm" 2>/dev/null) == dockerd ]] || return 0
  printf '{"part": "docker"}\n'
  "${ask_docker[@]}" 'http://docker/containers/json?all=true' http://docker/networks |
    jq --raw-output '.[] | "url = http://docker/" +
      (if .Names then "containers/\(.Id)/json" else "networks/\(.Id)" end)' |
    "${ask_docker[@]}" --config -
}

# shellcheck disable=SC2016  # the dollars are jq's
to_state='
def only($keys): with_entries(select(.key as $key | $keys | index([$key])));
def without_timers: with_entries(select(.key | endswith("_timer") | not));
def quiet_link:
  if .linkinfo.info_data then .linkinfo.info_data |= without_timers else . end
  | if .linkinfo.info_slave_data then .linkinfo.info_slave_data |= without_timers else . end;
def address_keys: ["ifindex", "link", "link_index", "link_netnsid", "ifname", "flags", "mtu",
  "qdisc", "master", "operstate", "group", "txqlen", "link_type", "address", "broadcast",
  "addr_info"];

reduce inputs as $answer ([];
  if ($answer | type) == "object" and ($answer | has("part"))
  then . + [$answer + {answers: []}] else .[-1].answers += [$answer] end)
| (map(select(.part == "docker") | .answers[]) | sort_by(.Name)) as $docker
| ($docker | map(select(has("State")))) as $containers
| ($docker | map(select(has("Scope")))) as $networks
| (map(select(.part == "namespace" and .name != "") | {key: .name, value: .inode}) | from_entries)
  as $named
| map(select(.part == "namespace"))
# A namespace that went away meanwhile gave no answers; any other number is a tool misunderstood.
| map(select((.answers | length) > 1))
| map(if (.answers | length) == 8 then . else
    error("namespace \(.inode): \(.answers | length) answers of ip, bridge and lsns, not 8") end)
| map(. as $ns | .answers as [$links, $addresses, $routes, $neighbours, $nsids, $fdb, $ports, $lsns]
  | (first($containers[] | select(
      .State.Running and $ns.own == false
      and (.HostConfig.NetworkMode | startswith("container:") | not)
      and ((.NetworkSettings.SandboxKey // "" | split("/") | last) as $key
           | ($key == $ns.sandbox and $ns.sandbox != "")
             or .State.Pid == $ns.pid))) // null) as $container
  | ([$lsns.namespaces[] | {key: (.netnsid | tostring), value: .ns}] | from_entries) as $inode_of
  | {
      name: (if .own then "" elif $container then $container.Name | ltrimstr("/")
             elif .name != "" then .name else "\(.command)-\(.pid // .inode)" end),
      inode: .inode, pid: .pid, command: .command
    }
  + (if $container then {container: $container.Id} else {} end)
  + {
      links: $links | map(quiet_link),
      addresses: $addresses | map(only(address_keys)),
      routes: $routes,
      neighbours: $neighbours | sort_by([.dev, .dst]),
      fdb: $fdb | sort_by([.ifname, .mac, .vlan // 0, .dst // "", .master // ""]),
      ports: $ports,
      nsids: $nsids | sort_by(.nsid)
        | map(. + {inode: ($named[.name // ""] // $inode_of[.nsid | tostring])})
    } + {own: .own})
| {
    node: $node,
    namespaces: sort_by([(.own | not), has("container"), .name]) | map(del(.own)),
    docker: {
      containers: $containers | map({Id, Name, Image: .Config.Image,
        State: .State | only(["Status", "Running", "Pid"]),
        HostConfig: .HostConfig | only(["NetworkMode", "PortBindings"]),
        NetworkSettings: .NetworkSettings | only(["SandboxKey", "Ports", "Networks"])}),
      networks: $networks | map(del(.Created))
    }
  }
'

{ observe_docker; observe_namespaces; } | jq --null-input --arg node "${HOSTNAME%%.*}" "$to_state"
