"""Names that Kubernetes makes up, and what is computed from them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from macros.settle.declaration import Evidence, Found, Identity, Named, Token, patterns_of

# Kubernetes' rand.String and SafeEncodeString draw from these: no vowel, no digit like a letter.
# https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
# What a page may write after a dash in just these letters.
_WORDS = frozenset({"https", "http2"})
_NAMESPACES = ("default", "kube-system", "calico-system", "calico-apiserver")
"""Where pods are whose `cali` names are known."""
_FORM = "five letters"

_GENERATE = re.compile(r'"generateName": "([0-9a-z-]+-)"')
"""An object that says how its name begins: what follows may be digits only."""
_NUMBERED = re.compile(r"(?<![0-9a-z.-])[0-9a-z-]+-\d{5}(?![0-9A-Za-z])")
_POD = re.compile(rf"(?<![0-9a-z.-])([a-z][0-9a-z-]*-)({_SAFE}{{5}})(?![0-9A-Za-z])")
"""A pod's name: all before the five letters, and these."""
_CALI = re.compile(r"(?<![0-9A-Za-z])cali([0-9a-f]{11})(?![0-9A-Za-z])")
"""The host's end of a pod's interface under Calico, also within its chains' names (cali-tw-...)."""


class _Names(NamedTuple):
    """Names that end in digits, and of cali interfaces the pod: namespace, front, letters."""

    numbered: frozenset[str]
    pods: Mapping[str, tuple[str, str, str]]


def _learn(evidence: Evidence) -> _Names:
    numbered: set[str] = set()
    pods: dict[str, tuple[str, str, str]] = {}
    for text in evidence.texts:
        numbered |= _numbered(text)
        for front, letters in _pods(text):
            for namespace in _NAMESPACES:
                pods[_cali(namespace, front + letters)] = (namespace, front, letters)
    return _Names(frozenset(numbered), pods)


@lru_cache(maxsize=2048)
def _numbered(text: str) -> frozenset[str]:
    fronts = set(_GENERATE.findall(text))
    return frozenset(name for name in _NUMBERED.findall(text) if name[:-5] in fronts)


@lru_cache(maxsize=2048)
def _pods(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(pod for pod in _POD.findall(text) if pod[1] not in _WORDS)


@lru_cache(maxsize=65536)
def _cali(namespace: str, pod: str) -> str:
    """Calico's name for the host's end of a pod's interface.

    libcalico-go, lib/backend/k8s/conversion/workload_endpoint_default.go: `cali` and the first 11
    digits of the SHA-1 of namespace, dot, name.
    """
    return f"cali{hashlib.sha1(f'{namespace}.{pod}'.encode()).hexdigest()[:11]}"  # noqa: S324 a name


def _find(line: str, known: _Names) -> Iterator[Found]:
    if known.numbered:
        for name in _NUMBERED.finditer(line):
            if name[0] in known.numbered:
                yield Found(name.end() - 5, name.end(), Named(name[0][-5:], _FORM))
    if "cali" in line:
        for interface in _CALI.finditer(line):
            pod = known.pods.get(interface[0])
            if pod is not None:
                namespace, front, letters = pod
                yield Found(*interface.span(), Named(letters, front, f"cali {namespace}"))


def _read(raw: str, _shape: str, _known: Any) -> Named | None:
    return Named(raw, _FORM) if raw not in _WORDS else None


def _write(token: Token, value: str) -> str:
    if token.shape.startswith("cali "):
        # The interface of a pod whose name is part of it: `form` is all before the letters.
        return _cali(token.shape[5:], token.form + value)
    return value


IDENTITY = Identity(
    name="generated name",
    what="the five letters that Kubernetes puts behind a name of its own making (a Deployment's"
    " pods, EndpointSlices), and the cali interfaces that are computed from such a pod's name",
    scope="lab",
    rank=100,
    pinned=True,
    learn=_learn,
    find=_find,
    read=_read,
    write=_write,
    patterns=patterns_of(
        ("-", rf"(?<=[0-9a-z-]-)(?P<v>(?!\d{{5}}){_SAFE}{{5}})(?![0-9A-Za-z])"),
        # One name in a thousand has digits only. After other words those are a number.
        ("kube-api-access-", r"kube-api-access-(?P<v>\d{5})(?![0-9A-Za-z])"),
        ("-", rf"(?<=[0-9a-z]-){_SAFE}{{8,10}}-(?P<v>\d{{5}})(?![0-9A-Za-z])"),
        (" IPv", r"^[0-9a-z-]+-(?P<v>\d{5}) +IPv[46] "),
    ),
)
