"""Names that Kubernetes makes up, and what is computed from them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from macros.settle import generated
from macros.settle.declaration import Evidence, Found, Identity, Named, Token
from macros.settle.generated import HASH, SAFE, Made

_NAMESPACES = ("default", "kube-system", "calico-system", "calico-apiserver")
"""Where pods are whose `cali` names are known."""
_NEAR = re.compile(rf"-{SAFE}{{5}}(?![0-9A-Za-z])")
_WORD = re.compile(rf"(?<![0-9A-Za-z.-])([0-9a-z][0-9a-z.-]*-)({SAFE}{{5}})(?![0-9A-Za-z])")
_ALWAYS = re.compile(rf"(?:-{HASH}|kube-api-access)-$")
"""What is in front of letters that are made up, whatever else is known."""
_CALI = re.compile(r"(?<![0-9A-Za-z])cali([0-9a-f]{11})(?![0-9A-Za-z])")
"""The host's end of a pod's interface under Calico, also within its chains' names (cali-tw-...)."""


class _Names(NamedTuple):
    """All names that were made up, and of cali interfaces the pod: its namespace, its name."""

    made: frozenset[Made]
    pods: Mapping[str, tuple[str, Made]]


def _learn(evidence: Evidence) -> _Names:
    told = [generated.of_text(text) for text in evidence.texts]
    made = {name for document in evidence.documents for name in generated.of_document(document)}
    made.update(*(text.names for text in told))
    # A pod that is gone is in no object any more: its front tells, where a pod's name stands.
    fronts = {name.front for name in made}.union(*(text.fronts for text in told))
    made.update(pod for text in told for pod in text.pods if pod.front in fronts)
    pods: dict[str, tuple[str, Made]] = {}
    shown = {digits for text in evidence.texts if "cali" in text for digits in _CALI.findall(text)}
    if shown:
        for name in made.union(*map(_hashed, evidence.texts)):
            for namespace in _NAMESPACES:
                interface = _cali(namespace, "".join(name))
                if interface[4:] in shown:
                    pods[interface] = namespace, name
    return _Names(frozenset(made), pods)


@lru_cache(maxsize=2048)
def _hashed(text: str) -> frozenset[Made]:
    names = (Made(_front(front), letters) for front, letters in _WORD.findall(text))
    return frozenset(name for name in names if _ALWAYS.search(name.front))


def _front(front: str) -> str:
    """What is in front of the letters, of the name alone.

    Calico writes dashes twice in the name of a pod's endpoint, node and runtime before it; a
    namespace may stand before a dot.
    """
    _, runtime, pod = front.partition("-k8s-")
    return (pod.replace("--", "-") if runtime else front).rpartition(".")[2]


@lru_cache(maxsize=65536)
def _cali(namespace: str, pod: str) -> str:
    """Calico's name for the host's end of a pod's interface.

    libcalico-go, lib/backend/k8s/conversion/workload_endpoint_default.go: `cali` and the first 11
    digits of the SHA-1 of namespace, dot, name.
    """
    return f"cali{hashlib.sha1(f'{namespace}.{pod}'.encode()).hexdigest()[:11]}"  # noqa: S324 a name


def _near(text: str) -> bool:
    return "cali" in text or _NEAR.search(text) is not None


def _find(line: str, known: _Names) -> Iterator[Found]:
    for name in _words(line):
        front, letters = name.groups()
        made = Made(_front(front) if "." in front or "-k8s-" in front else front, letters)
        if made in known.made or _ALWAYS.search(made.front):
            yield Found(*name.span(2), Named("".join(made), made.front))
    if known.pods and "cali" in line:
        for interface in _CALI.finditer(line):
            pod = known.pods.get(interface[0])
            if pod is not None:
                namespace, made = pod
                named = Named("".join(made), made.front, f"cali {namespace}")
                yield Found(*interface.span(), named)


def _words(text: str) -> Iterator[re.Match[str]]:
    """Words that end in five such letters; in a text of many lines few lines have one."""
    behind = 0
    for near in _NEAR.finditer(text):
        if near.start() >= behind:
            start = text.rfind("\n", 0, near.start()) + 1
            behind = text.find("\n", near.end())
            behind = behind if behind >= 0 else len(text)
            yield from _WORD.finditer(text, start, behind)


def _read(_raw: str, _shape: str, _known: Any) -> None:
    """No value is found by its form alone: see `_find`."""


def _write(token: Token, value: str) -> str:
    if token.shape.startswith("cali "):
        return _cali(token.shape[5:], value)
    return value[-5:]


IDENTITY = Identity(
    name="generated name",
    what="the five characters that Kubernetes puts behind a name of its own making, where the"
    " object says so (`generateName`, an owner of the name before them), behind a pod template's"
    " hash or a CronJob's minute, and in EndpointSlices; without the object, a pod's where a digit"
    " among the five tells that they are no word; and the cali interfaces that are computed from"
    " such a pod's name. Every other name is a fact",
    scope="lab",
    rank=100,
    pinned=True,
    learn=_learn,
    find=_find,
    near=_near,
    read=_read,
    write=_write,
)
