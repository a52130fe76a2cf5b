"""Names that Kubernetes makes up, where their objects, or the places they stand in, say so."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from macros.settle.declaration import any_of, like

SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
"""Kubernetes' rand.String draws from these: no vowel, no digit like a letter.

https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand
"""
HASH = "[4-9bcdf]{7,10}"
"""A pod template's hash: a number of 32 bits, each of its digits as a letter (SafeEncodeString)."""

_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_MADE = rf"({_NAME}-)({SAFE}{{5}})(?![0-9A-Za-z-])"
_YAML = re.compile(
    r"^( +)generateName: \"?([0-9a-z.-]+-)\"?\n(?:\1.*\n)*?\1name: \"?(\S+?)\"?$", re.MULTILINE
)
_DESCRIBED = re.compile(r"^(Name|Controlled By): +(?:[A-Za-z]+/)?(\S+)$", re.MULTILINE)
# A place where only what was made up stands: EndpointSlices by what they hold, Jobs' pods behind
# the minute that a CronJob was due, tokens of ServiceAccounts by their type.
_PLACES = (
    (
        any_of(" IPv", " FQDN"),
        re.compile(rf"^ *(?:\S+ +)??(?:[\w.]+/)?{_MADE} +(?:IPv[46]|FQDN) ", re.MULTILINE),
    ),
    (any_of("endpointslice"), re.compile(rf"\bendpointslices?(?:\.discovery\.k8s\.io)?/{_MADE}")),
    (
        like(r"-\d{8}-"),
        re.compile(rf"(?<![0-9a-z.-])({_NAME}-\d{{8}}-)({SAFE}{{5}})(?![0-9A-Za-z-])"),
    ),
    (
        any_of("-token-"),
        re.compile(rf"(?<![0-9a-z.-]){_MADE} +kubernetes\.io/service-account-token "),
    ),
)
# A pod's place: what is in front of the letters is the name of who makes pods where the letters are
# no word, which a digit among them tells; then all pods with that front are of his making.
_POD_PLACES = (
    (any_of("pod", "Pod"), re.compile(rf"(?:\b[Pp]ods?[/:] ?|\bpod \"?){_MADE}")),
    (like(r"/\d+ +[A-Z]"), re.compile(rf"^(?:\S+ +)??{_MADE} +\d+/\d+ +[A-Z]", re.MULTILINE)),
)
_DRAWN = re.compile(r"(?!http2)(?=.*\d)(?=.*[a-z])")


class Made(NamedTuple):
    """A name that was made up: all before the five characters, and these."""

    front: str
    letters: str


class Told(NamedTuple):
    """What one text tells: names that were made up, fronts of such, and pods' names."""

    names: frozenset[Made]
    fronts: frozenset[str]
    pods: frozenset[Made]


@lru_cache(maxsize=2048)
def of_text(text: str) -> Told:
    """The names that the text itself tells to be made up."""
    yaml = _YAML.findall(text) if " generateName: " in text else ()
    names = {_split(name) for _, front, name in yaml if name.startswith(front)}
    names.update(_described(text))
    for near, pattern in _PLACES:
        if near(text):
            names.update(Made(*made) for made in pattern.findall(text))
    pods = {
        Made(*made) for near, pattern in _POD_PLACES if near(text) for made in pattern.findall(text)
    }
    fronts = {pod.front for pod in pods if _DRAWN.match(pod.letters)}
    return Told(frozenset(names), frozenset(fronts), frozenset(pods))


def _described(text: str) -> Iterator[Made]:
    """Kubectl describe: an object's name, then who controls it."""
    name = ""
    for word, value in _DESCRIBED.findall(text) if "Controlled By:" in text else ():
        if word == "Name":
            name = value
        elif name.startswith(f"{value}-") and len(name) == len(value) + 6:
            yield _split(name)


def of_document(document: Any) -> Iterator[Made]:
    """The names in JSON whose objects say that they were made up."""
    if isinstance(document, list):
        for inner in document:
            yield from of_document(inner)
    elif isinstance(document, Mapping):
        metadata = document.get("metadata")
        if isinstance(metadata, Mapping):
            yield from _of_metadata(metadata)
        for inner in document.values():
            if isinstance(inner, Mapping | list):
                yield from of_document(inner)


def _of_metadata(metadata: Mapping[str, Any]) -> Iterator[Made]:
    name, front = metadata.get("name"), metadata.get("generateName")
    if not isinstance(name, str) or len(name) < 7:
        return
    owners = metadata.get("ownerReferences")
    fronts = [front] if isinstance(front, str) else []
    fronts += [
        f"{owner.get('name')}-"
        for owner in (owners if isinstance(owners, list) else ())
        if isinstance(owner, Mapping)
    ]
    if name[:-5] in fronts:
        yield _split(name)


def _split(name: str) -> Made:
    return Made(name[:-5], name[-5:])
