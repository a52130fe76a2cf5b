#!/usr/bin/env bash
# Name the network namespaces of pods after them: reads what observe.sh printed on this node, and
# prints the same with "hello-0" in the place of "cni-0fe4be95-9fa7-6a61-41f0-80c54f68d32c", and
# with "pod": {"name", "namespace"} added. A pod of another namespace than default is called
# "kube-system/coredns-77bdc84449-95kcn".
#
# Who is behind a namespace is what containerd told the CNI plugins when it was made. libcni keeps
# that (its cache, cniCacheV1), as it has to tell them the same when the pod goes. So no API is asked.
set -euo pipefail
shopt -s nullglob

# The files of each plugin's result: one for eth0, and one for lo, which says the same.
results=(/var/lib/cni/results/*)

# shellcheck disable=SC2016  # the dollars are jq's
to_pods='
def pod: (.cniArgs | map({key: .[0], value: .[1]}) | from_entries)
  | {name: .K8S_POD_NAME, namespace: .K8S_POD_NAMESPACE};
def called: if .namespace == "default" then .name else "\(.namespace)/\(.name)" end;

($results | map(select(.cniArgs != null and .netns != null)
  | {key: (.netns | split("/") | last), value: pod})
  | map(select(.value.name != null)) | from_entries) as $pods
| ($pods | map_values(called)) as $names
| .namespaces |= (
    map(.name as $name | . + (if $pods[$name] then {pod: $pods[$name]} else {} end))
    | walk(if type == "string" and has_name($names) then $names[.] else . end)
    | sort_by([(.name != ""), has("container"), .name])
  )
'
to_pods="def has_name(\$names): . as \$text | \$names | has(\$text);$to_pods"

jq --slurpfile results <(if ((${#results[@]})); then cat "${results[@]}"; fi) "$to_pods"
