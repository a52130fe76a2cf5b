"""A page's front matter: what it says of the lab, its setup and its clean-up."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from macros.ground.errors import GuideError
from macros.ground.model import CNIS, PROXIES, Cluster, Step
from macros.ground.places import SCRIPTS

# libyaml's loader is ten times as fast; a platform's wheel may lack it. Both are safe loaders.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

KNOWN_NEEDS = {"calico": "Calico"}
"""What a page may declare that a lab cannot always offer, and its name among the versions.

Only pages that do may be unrecorded, and only in editions that have no version of it.
"""

MANIFESTS = SCRIPTS / "manifests"
"""The files that a page's `manifests` names: what it has Kubernetes make."""

_FENCE = "---"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the YAML at the head of a page says; `body_line` is the line its text starts at."""

    title: str
    nodes: int
    profile: str
    needs: str
    versions: tuple[str, ...]
    setup: tuple[Step, ...]
    cleanup: tuple[Step, ...]
    body: str
    body_line: int
    cluster: Cluster | None = None
    outside: bool = False
    manifests: tuple[tuple[str, str], ...] = ()
    facts: tuple[str, ...] = ()


FACTS = {"counters": "counter"}
"""What a page or a block may say is a fact, and the kind of noise that it otherwise is."""


def facts(source: Path, line: int, value: Any) -> tuple[str, ...]:
    """Kinds of noise by the words of a page: one word, or several. GuideError for others."""
    words = (value,) if isinstance(value, str) and value else tuple(value or ())
    for word in words:
        if word not in FACTS:
            known = ", ".join(FACTS)
            raise GuideError(f"facts: {word!r}, known is {known}", page=source, line=line)
    return tuple(FACTS[word] for word in words)


def read(source: Path, text: str) -> FrontMatter:
    """Split a page into front matter and body.

    A GuideError names the page and the key that is wrong.
    """
    head, body, body_line = _split(source, text)
    lab = _mapping(source, "lab", head.get("lab") or {})
    for key in lab.keys() - {"nodes", "profile", "cni", "proxy", "outside"}:
        raise GuideError(f"front matter: lab has no key {key!r}", page=source, line=1)
    needs = str(head.get("needs") or "")
    if needs and needs not in KNOWN_NEEDS:
        known = ", ".join(sorted(KNOWN_NEEDS))
        raise GuideError(f"front matter: needs {needs!r}, known is {known}", page=source, line=1)
    return FrontMatter(
        title=str(head.get("title") or source.stem),
        nodes=int(lab.get("nodes") or 0),
        profile=str(lab.get("profile") or ""),
        needs=needs,
        versions=tuple(str(name) for name in head.get("versions") or ()),
        setup=_steps(source, "setup", head.get("setup") or ()),
        cleanup=_steps(source, "cleanup", head.get("cleanup") or ()),
        body=body,
        body_line=body_line,
        cluster=_cluster(source, lab),
        outside=bool(lab.get("outside")),
        manifests=_manifests(source, head.get("manifests") or ()),
        facts=facts(source, 1, head.get("facts")),
    )


def _cluster(source: Path, lab: dict[str, Any]) -> Cluster | None:
    """What the keys `cni` and `proxy` of `lab` ask for; None where there is no `cni`."""
    if "cni" not in lab:
        if "proxy" in lab:
            raise GuideError("front matter: lab has proxy but no cni", page=source, line=1)
        return None
    cluster = Cluster(str(lab["cni"]), str(lab.get("proxy") or PROXIES[0]))
    for key, value, known in (("cni", cluster.cni, CNIS), ("proxy", cluster.proxy, PROXIES)):
        if value not in known:
            message = f"front matter: lab: {key}: {value}; known are {', '.join(known)}"
            raise GuideError(message, page=source, line=1)
    if lab.get("profile"):
        message = "front matter: a lab has a profile or a cni, not both"
        raise GuideError(message, page=source, line=1)
    return cluster


def _manifests(source: Path, names: Any) -> tuple[tuple[str, str], ...]:
    """The names of manifests, each with its text."""
    if not isinstance(names, list | tuple):
        raise GuideError("front matter: manifests is no list of files", page=source, line=1)
    found = []
    for name in names:
        file = MANIFESTS / str(name)
        if not file.is_file():
            message = f"front matter: there is no manifest {name} in scripts/manifests"
            raise GuideError(message, page=source, line=1)
        found.append((str(name), file.read_text(encoding="utf-8")))
    return tuple(found)


def _split(source: Path, text: str) -> tuple[dict[str, Any], str, int]:
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != _FENCE:
        return {}, text, 1
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == _FENCE:
            try:
                head = yaml.load("".join(lines[1:number]), Loader=LOADER) or {}  # noqa: S506 safe
            except yaml.YAMLError as error:
                raise GuideError(
                    f"front matter is no YAML: {error}", page=source, line=1
                ) from error
            # MkDocs drops empty lines before the text too; both must count lines alike.
            start = number + 1
            while start < len(lines) and not lines[start].strip("\n"):
                start += 1
            return _mapping(source, "the whole", head), "".join(lines[start:]), start + 1
    raise GuideError("front matter has no end: a second line with ---", page=source, line=1)


def _mapping(source: Path, key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GuideError(f"front matter: {key} is no mapping", page=source, line=1)
    return value


def _steps(source: Path, key: str, value: Any) -> tuple[Step, ...]:
    if not isinstance(value, list | tuple):
        raise GuideError(f"front matter: {key} is no list of steps", page=source, line=1)
    steps = []
    for item in value:
        step = _mapping(source, key, item)
        if not {"node", "run"} <= step.keys() <= {"node", "run", "until", "timeout"}:
            raise GuideError(
                f"front matter: a step of {key} has node and run, and may have until and timeout;"
                f" this one has {', '.join(step)}",
                page=source,
                line=1,
            )
        steps.append(
            Step(
                node=str(step["node"]),
                command=str(step["run"]).strip(),
                until=step.get("until"),
                timeout=float(step.get("timeout", 60)),
            )
        )
    return tuple(steps)
