"""What an upgrade is asked for: `kubernetes=v1.34.4`, `docker=26.1.5`, or both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from macros.ground import suites
from macros.ground.enumeration import in_words
from macros.ground.errors import GuideError
from macros.lab import inputs, packages, rootfs
from macros.lab.kubernetes import programs
from macros.plan.options import nearest
from macros.rebuild import new_edition

KUBERNETES, DOCKER = "kubernetes", "docker"
_KNOWN = (KUBERNETES, DOCKER)
_DOCKER_PACKAGE = "docker.io"
_EXAMPLE = f"guide upgrade {KUBERNETES}=v1.34.4"


@dataclass(frozen=True, slots=True)
class Request:
    """The versions asked for, "" where none is, and the Debian suite that has that Docker."""

    kubernetes: str
    """As its releases are called: "v1.34.4"."""
    docker: str
    """As its maker numbers it: "26.1.5"."""
    suite: str

    def __str__(self) -> str:
        """As it is written after `guide upgrade`."""
        asked = ((KUBERNETES, self.kubernetes), (DOCKER, self.docker))
        return " ".join(f"{name}={version}" for name, version in asked if version)

    def edition(self, base: str) -> str:
        """What its edition is called unless it is said, beside the edition `base`."""
        words = str(self).replace("=v", "=").replace("=", "-").replace(" ", "-")
        return new_edition.named(f"{base}-{words}")

    def asks_other_than(self, versions: Mapping[str, str]) -> str:
        """Which version of an edition is another than is asked for, in words; "" where none is."""
        asked = {"Kubernetes": self.kubernetes.removeprefix("v"), "Docker": self.docker}
        for name, version in asked.items():
            if version and versions.get(name, version) != version:
                return f"{name} {versions[name]}"
        return ""


def read(words: Iterable[str]) -> Request:
    """The request that these words make. GuideError for what cannot be had, before all work."""
    asked: dict[str, str] = {}
    for word in words:
        name, equals, version = word.partition("=")
        if name not in _KNOWN:
            message = f"{name!r} is nothing to upgrade{nearest(name, dict.fromkeys(_KNOWN))}"
            raise GuideError(message, fix=_EXAMPLE)
        if not (equals and version):
            raise GuideError(f"{word!r} names no version", fix=f"say it as in {_EXAMPLE}")
        if name in asked:
            raise GuideError(f"{name}= is there twice", fix=_EXAMPLE)
        asked[name] = version
    if not asked:
        raise GuideError("no version is named", fix=_EXAMPLE)
    kubernetes = asked.get(KUBERNETES, "")
    if kubernetes:
        with_v = f"v{kubernetes}" if kubernetes[0].isdigit() else kubernetes
        kubernetes = programs.version_of(programs.KUBERNETES, with_v)
    docker = asked.get(DOCKER, "").removeprefix("v")
    return Request(kubernetes, docker, _suite(docker, kubernetes))


def _suite(docker: str, kubernetes: str) -> str:
    """The suite whose locked packages have that Docker; where none is asked for, labs' own."""
    if not docker:
        return suites.SUITE
    known = dockers()
    if docker not in known.values():
        there = in_words([f"{suite} has {version}" for suite, version in known.items()])
        raise GuideError(
            f"Docker {docker} cannot be had: labs take it from Debian, and of the locked packages"
            f" {there}",
            fix=f"one of these; {packages.UPDATE} locks what sid has today",
        )
    suite = next(suite for suite, version in known.items() if version == docker)
    if kubernetes and suite != suites.SUITE:
        raise GuideError(
            f"Docker {docker} is {suite}'s, and Kubernetes is built for {suites.SUITE} only,"
            f" which has Docker {known[suites.SUITE]}",
            fix=f"one after the other: guide upgrade {KUBERNETES}={kubernetes}, then"
            f" guide upgrade {DOCKER}={docker}",
        )
    return suite


def dockers() -> Mapping[str, str]:
    """Docker's version by suite, as the locked packages have it."""
    upstreams = {}
    for suite in suites.SUITES:
        for package in packages.read_lock(inputs.packages_lock(suite)):
            if package.name == _DOCKER_PACKAGE:
                upstreams[suite] = rootfs.upstream(package.version)
    return upstreams
