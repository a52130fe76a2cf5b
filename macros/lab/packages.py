"""Debian packages at locked versions, through an apt of our own.

apt gets a private root (its state, cache and configuration), so that no right on the machine is
needed and the machine's own packages are not touched. It checks Debian's signature on the index
and the index's checksums on every package; the lock file then says which versions those must be.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from macros.ground import files
from macros.ground.errors import GuideError
from macros.ground.suites import SUITE
from macros.lab.tools import call, environment

ARCHITECTURE = "amd64"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
UPDATE = "guide lab build --update-lock"


def update(suite: str) -> str:
    """The command that renews a suite's lock."""
    return UPDATE if suite == SUITE else f"{UPDATE} --suite {suite}"


@dataclass(frozen=True, slots=True)
class Locked:
    """One line of a lock file."""

    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}={self.version}"


def read_lock(path: Path) -> tuple[Locked, ...]:
    """The packages of a lock file, in its order."""
    if not path.is_file():
        raise GuideError(f"{path} is missing", fix=UPDATE)
    locked = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([a-z0-9][a-z0-9.+-]*)=(\S+) sha256:([0-9a-f]{64})", line)
        if match is None:
            raise GuideError(
                f"{path}:{number}: want 'package=version sha256:…', found {line!r}", fix=UPDATE
            )
        locked.append(Locked(*match.groups()))
    return tuple(locked)


def write_lock(path: Path, packages: Iterable[Locked], release: str) -> None:
    """Replace a lock file; `release` names the state of the suite it was made from."""
    lines = [
        "# Made by `guide lab build --update-lock`; not edited by hand.",
        f"# {release}",
        *(f"{package} sha256:{package.sha256}" for package in packages),
    ]
    files.write(path, "\n".join(lines) + "\n")


def read_wanted(path: Path) -> list[str]:
    """The names in packages.list: one a line, `#` starts a comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


@dataclass(frozen=True, slots=True)
class Apt:
    """An apt with a root of its own, whose index of a suite has been read."""

    root: Path
    suite: str = SUITE

    def call(self, *words: str, what: str, cwd: Path | None = None, fix: str | None = None) -> str:
        """Run one of apt's programs over the private root."""
        return call(
            *words,
            what=what,
            cwd=cwd,
            fix=fix,
            env=environment(APT_CONFIG=str(self.root / "apt.conf")),
        )

    def release(self) -> str:
        """Which state of which suite the index is, in words."""
        for path in (self.root / "state/lists").glob("*_InRelease"):
            match = re.search(r"^Date: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            if match:
                return f"Debian {self.suite}, Release of {match[1]}"
        return f"Debian {self.suite}"

    def records(self, names: Iterable[str]) -> dict[tuple[str, str], str]:
        """The index's paragraph of every version of the named packages, by (name, version).

        Names that the index does not have are left out.
        """
        known = set(self.call("apt-cache", "pkgnames", what="reading the package index").split())
        asked = [name for name in names if name in known]
        if not asked:
            return {}
        text = self.call("apt-cache", "show", *asked, what="reading the package index")
        paragraphs = {}
        for paragraph in text.strip().split("\n\n"):
            values = fields(paragraph)
            paragraphs[values["Package"], values["Version"]] = paragraph
        return paragraphs

    def resolve(self, names: Iterable[str]) -> list[Locked]:
        """What installing these and every essential package comes to, without recommendations."""
        plan = self.call(
            "apt-get", "install", "--simulate", "-qq", "--no-install-recommends",
            "?essential", *names,
            what="finding versions that fit together",
        )  # fmt: skip
        chosen = re.findall(r"^Inst (\S+) \((\S+) ", plan, re.MULTILINE)
        records = self.records(name for name, _ in chosen)
        return sorted(
            (
                Locked(name, version, fields(records[name, version])["SHA256"])
                for name, version in chosen
            ),
            key=lambda package: package.name,
        )

    def newest(self, pattern: str) -> Locked:
        """The highest version among packages whose name matches, "linux-source-7.2" by its 7.2."""
        names = self.call("apt-cache", "pkgnames", what="reading the package index").split()
        fitting = [name for name in names if re.fullmatch(pattern, name)]
        if not fitting:
            raise GuideError(f"the suite {self.suite} has no package {pattern}")
        name = max(fitting, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])
        (key, paragraph), *_ = self.records([name]).items()
        return Locked(*key, fields(paragraph)["SHA256"])

    def missing(self, packages: Iterable[Locked]) -> list[Locked]:
        """Those that the suite no longer has at their locked version."""
        wanted = list(packages)
        records = self.records(package.name for package in wanted)
        return [package for package in wanted if (package.name, package.version) not in records]

    def download(
        self, packages: Iterable[Locked], folder: Path, report: Callable[[int], None]
    ) -> Path:
        """Fetch into `folder` what is not there yet, check it, and index it as a repository.

        Returns the index. `report` is told how many packages are there. GuideError names packages
        that the suite no longer has, and any whose content is not the locked one.
        """
        wanted = list(packages)
        self._check_there(wanted)
        records = self.records(package.name for package in wanted)
        folder.mkdir(parents=True, exist_ok=True)
        index = []
        for start in range(0, len(wanted), 16):
            batch = wanted[start : start + 16]
            files = {
                package: folder / _file_name(records[package.name, package.version])
                for package in batch
            }
            self._fetch(files, folder)
            for package, file in files.items():
                paragraph = records[package.name, package.version]
                index.append(re.sub(r"(?m)^Filename: .*$", f"Filename: ./{file.name}", paragraph))
            report(start + len(batch))
        packages_file = folder / "Packages"
        packages_file.write_text("\n\n".join(index) + "\n", encoding="utf-8")
        return packages_file

    def _check_there(self, wanted: Iterable[Locked]) -> None:
        if gone := self.missing(wanted):
            raise GuideError(
                f"Debian {self.suite} no longer has these at their locked versions: "
                + ", ".join(str(package) for package in gone),
                fix=f"{update(self.suite)}, then record again;"
                " or name a mirror that keeps them with --mirror",
            )

    def _fetch(self, files: Mapping[Locked, Path], folder: Path) -> None:
        """Download those of the files into `folder` that are not there whole, and check them."""
        # What an interrupted run left may be the beginning of a file.
        absent = [package for package, file in files.items() if not _is(file, package)]
        for package in absent:
            files[package].unlink(missing_ok=True)
        if absent:
            self.call(
                "apt-get", "download", "-qq", *map(str, absent),
                what="downloading packages", cwd=folder,
                fix="try again: what was downloaded is kept",
            )  # fmt: skip
        if wrong := [package for package in absent if not _is(files[package], package)]:
            for package in wrong:
                files[package].unlink(missing_ok=True)
            raise GuideError(
                "not the files that the lock names (their sha256 differs): "
                + ", ".join(map(str, wrong)),
                fix=f"try again; if that does not help: {update(self.suite)}",
            )


def fields(paragraph: str) -> Mapping[str, str]:
    """The one-line fields of a paragraph of a package index (deb822(5))."""
    return dict(re.findall(r"^([A-Z][\w-]*): (.*)$", paragraph, re.MULTILINE))


def mirror() -> str:
    """Debian's mirror as this machine's own apt has it; GUIDE_DEBIAN_MIRROR overrides."""
    if told := os.environ.get("GUIDE_DEBIAN_MIRROR"):
        return told
    listed = call(
        "apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)|$(RELEASE)",
        what="reading this machine's apt configuration",
    )  # fmt: skip
    rows = [row.split("|") for row in listed.splitlines() if row.count("|") == 3]
    known = [uri for origin, label, uri, _ in rows if (origin, label) == ("Debian", "Debian")]
    # apt knows origins only once its lists were fetched; before, the address must do.
    likely = [uri for _, _, uri, release in rows if uri.rstrip("/").endswith("/debian") and release]
    for uri in known + likely:
        return uri
    raise GuideError(
        "this machine's apt names no Debian mirror",
        fix="guide lab build --mirror URI, or set GUIDE_DEBIAN_MIRROR",
    )


def private_apt(root: Path, uri: str, suite: str = SUITE) -> Apt:
    """Make (or renew) the private root and read the suite's index."""
    for folder in (
        "state/lists/partial", "cache/archives/partial", "etc/apt.conf.d",
        "etc/preferences.d", "etc/sources.list.d", "etc/trusted.gpg.d",
    ):  # fmt: skip
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "status").touch()
    settings = {
        "Dir::State": root / "state",
        "Dir::State::status": root / "status",
        "Dir::Cache": root / "cache",
        "Dir::Etc": root / "etc",
        "APT::Architecture": ARCHITECTURE,
        "APT::Architectures": ARCHITECTURE,
        # The user of the private root downloads, not _apt, who may not read a home folder.
        "APT::Sandbox::User": "root" if os.getuid() == 0 else "",
        # sid's Release can be past its Valid-Until; the lock says what is wanted anyway.
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    lines = [f'{key} "{value}";' for key, value in settings.items() if value != ""]
    (root / "apt.conf").write_text("\n".join([*_proxies(), *lines]) + "\n", encoding="utf-8")
    (root / "etc/sources.list").write_text(
        f"deb [signed-by={KEYRING}] {uri} {suite} main\n", encoding="utf-8"
    )
    apt = Apt(root, suite)
    apt.call(
        "apt-get", "update", "-qq", "--error-on=any", what=f"reading the index of {suite}",
        fix="check the network, or name another mirror with --mirror",
    )  # fmt: skip
    return apt


def _proxies() -> list[str]:
    """How this machine's apt reaches the network, for the private one to do the same."""
    dump = call("apt-config", "dump", what="reading this machine's apt configuration")
    return re.findall(r"(?mi)^Acquire::(?:https?|ftp)::.*;$", dump)


def _file_name(paragraph: str) -> str:
    """What `apt-get download` calls the file."""
    values = fields(paragraph)
    version = values["Version"].replace(":", "%3a")
    return f"{values['Package']}_{version}_{values['Architecture']}.deb"


def _is(file: Path, package: Locked) -> bool:
    """Whether the file is there and has the content that the lock names."""
    if not file.is_file():
        return False
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == package.sha256
