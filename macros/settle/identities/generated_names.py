"""Names that Kubernetes makes up, and what is computed from them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from macros.settle import generated
from macros.settle.declaration import Evidence, Found, Identity, Named, Token, patterns_of
from macros.settle.generated import HASH, SAFE, Made

_NAMESPACES = ("default", "kube-system", "calico-system", "calico-apiserver")
"""Where pods are whose `cali` names are known."""
_FORM = "five letters"

_WORD = re.compile(rf"(?<![0-9A-Za-z.-])([0-9a-z][0-9a-z.-]*-)({SAFE}{{5}})(?![0-9A-Za-z])")
_HASHED = re.compile(rf"(?<![0-9a-z.-])([a-z][0-9a-z.-]*-{HASH}-)({SAFE}{{5}})(?![0-9A-Za-z])")
_CALI = re.compile(r"(?<![0-9A-Za-z])cali([0-9a-f]{11})(?![0-9A-Za-z])")
"""The host's end of a pod's interface under Calico, also within its chains' names (cali-tw-...)."""


class _Names(NamedTuple):
    """All names that were made up, and of cali interfaces the pod: its namespace, its name."""

    made: frozenset[Made]
    pods: Mapping[str, tuple[str, Made]]


def _learn(evidence: Evidence) -> _Names:
    told = [generated.of_text(text) for text in evidence.texts]
    made = {name for document in evidence.documents for name in generated.of_document(document)}
    made.update(*(one.names for one in told))
    # A pod that is gone is in no object any more: its front tells, where a pod's name stands.
    fronts = {name.front for name in made}.union(*(one.fronts for one in told))
    made.update(pod for one in told for pod in one.pods if pod.front in fronts)
    hashed = frozenset().union(*(_hashed(text) for text in evidence.texts))
    pods = {
        _cali(namespace, "".join(name)): (namespace, name)
        for name in (*made, *hashed)
        for namespace in _NAMESPACES
    }
    return _Names(frozenset(made), pods)


@lru_cache(maxsize=2048)
def _hashed(text: str) -> frozenset[Made]:
    return frozenset(Made(*pod) for pod in _HASHED.findall(text))


@lru_cache(maxsize=65536)
def _cali(namespace: str, pod: str) -> str:
    """Calico's name for the host's end of a pod's interface.

    libcalico-go, lib/backend/k8s/conversion/workload_endpoint_default.go: `cali` and the first 11
    digits of the SHA-1 of namespace, dot, name.
    """
    return f"cali{hashlib.sha1(f'{namespace}.{pod}'.encode()).hexdigest()[:11]}"  # noqa: S324 a name


def _find(line: str, known: _Names) -> Iterator[Found]:
    if known.made and "-" in line:
        for name in _WORD.finditer(line):
            front, letters = name.groups()
            # Calico writes dashes twice in the names of a pod's endpoints, node and runtime before.
            if (front, letters) in known.made or _endpoint(front, letters) in known.made:
                yield Found(*name.span(2), Named(letters, _FORM))
    if "cali" in line:
        for interface in _CALI.finditer(line):
            pod = known.pods.get(interface[0])
            if pod is not None:
                namespace, (front, letters) = pod
                yield Found(*interface.span(), Named(letters, front, f"cali {namespace}"))


def _endpoint(front: str, letters: str) -> tuple[str, str]:
    _, runtime, pod = front.partition("-k8s-")
    return (pod.replace("--", "-") if runtime else "", letters)


def _read(raw: str, _shape: str, _known: Any) -> Named:
    return Named(raw, _FORM)


def _write(token: Token, value: str) -> str:
    if token.shape.startswith("cali "):
        # The interface of a pod whose name is part of it: `form` is all before the letters.
        return _cali(token.shape[5:], token.form + value)
    return value


IDENTITY = Identity(
    name="generated name",
    what="the five letters that Kubernetes puts behind a name of its own making, where the object"
    " says so (`generateName`, an owner of the name before them), behind a pod template's hash or"
    " a CronJob's minute, and in EndpointSlices; without the object, a pod's where a digit among"
    " the letters tells that they are no word; and the cali interfaces that are computed from such"
    " a pod's name. Every other name is a fact",
    scope="lab",
    rank=100,
    pinned=True,
    learn=_learn,
    find=_find,
    read=_read,
    write=_write,
    patterns=patterns_of(
        ("-", rf"(?<=[0-9a-z]-){HASH}--?(?P<v>{SAFE}{{5}})(?![0-9A-Za-z])"),
        ("kube-api-access-", rf"kube-api-access-(?P<v>{SAFE}{{5}})(?![0-9A-Za-z])"),
    ),
)
