"""The first objects of a cluster's store: whether all are there that controllers write of them.

What is looked at is the cluster's own account, as `kubectl get -A -o json` of `KINDS` prints it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

KINDS = "namespaces,serviceaccounts,configmaps,clusterroles,deployments,replicasets,pods"

Thing = Mapping[str, Any]

_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_IN_EVERY_NAMESPACE = (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt"))


def unwritten(things: Sequence[Thing]) -> list[str]:
    """What the controllers have still to write, in words; [] when nothing.

    The API's own namespaces each get an account and the certificate of the cluster's authority; a
    Deployment gets a ReplicaSet and that its pods, each counted in the status of the other; and a
    role that sums up others gets their rights.
    """
    there = {(item["kind"], _namespace(item), item["metadata"]["name"]) for item in things}
    lacking = [f"Namespace {name}" for name in _NAMESPACES if ("Namespace", "", name) not in there]
    lacking += [
        f"{kind} {name} of {namespace}"
        for namespace in _NAMESPACES
        for kind, name in _IN_EVERY_NAMESPACE
        if (kind, namespace, name) not in there
    ]
    lacking += (f"rights of {name}" for name in _unsummed(things))
    for kind, below in (("Deployment", "ReplicaSet"), ("ReplicaSet", "Pod")):
        lacking += (f"{below}s of {name}" for name in _uncounted(_of(things, kind), things, below))
    return lacking


def _uncounted(owners: Iterable[Thing], things: Sequence[Thing], kind: str) -> Iterator[str]:
    """Those owners that have nothing of that kind yet, or whose status does not count its pods."""
    owned = {
        owner["uid"]
        for item in _of(things, kind)
        for owner in item["metadata"].get("ownerReferences", ())
    }
    for item in owners:
        status, about = item.get("status", {}), item["metadata"]
        counted = (
            status.get("observedGeneration") == about["generation"]
            and status.get("replicas", 0) == item["spec"]["replicas"]
        )
        if about["uid"] not in owned or not counted:
            yield about["name"]


def _unsummed(things: Sequence[Thing]) -> Iterator[str]:
    """Roles that do not have yet all the rights of the roles that they sum up.

    One of these may sum up others itself, so that there being some rights says nothing.
    """
    roles = list(_of(things, "ClusterRole"))
    for role in roles:
        selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors", ())
        wanted = {
            right
            for selector in selectors
            for item in roles
            if selector["matchLabels"].items() <= item["metadata"].get("labels", {}).items()
            for right in _rights(item)
        }
        if wanted != _rights(role) and selectors:
            yield role["metadata"]["name"]


def _rights(role: Thing) -> set[str]:
    return {json.dumps(rule, sort_keys=True) for rule in role.get("rules") or ()}


def _of(things: Iterable[Thing], kind: str) -> Iterator[Thing]:
    return (item for item in things if item["kind"] == kind)


def _namespace(thing: Thing) -> str:
    return str(thing["metadata"].get("namespace", ""))
