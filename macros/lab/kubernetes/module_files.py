"""go.mod and go.sum of a release that the checkout does not pin: made, kept, and pinned when asked.

They are made from the release's own requirements. Go checks their sums against its public checksum
database, where this machine's settings let it; from then on the files say what is built.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from macros.ground import files
from macros.ground.enumeration import in_words
from macros.ground.errors import GuideError
from macros.lab import doctor
from macros.lab.kubernetes import programs, releases
from macros.lab.kubernetes.programs import KUBERNETES, Module
from macros.lab.progress import Progress
from macros.lab.tools import call, environment

AGAIN = "check the network, then do the same again: what was fetched is kept"
"""What to do when the registry cannot be reached, or stops in the middle."""

_REQUIRE = re.compile(r"^require (?:\([^)]*\)|\S+ \S+)\n+", re.MULTILINE)


def go_environment(module: Module) -> dict[str, str]:
    """For go: no other compiler than the one that the cache's names were made from."""
    return environment(CGO_ENABLED="1" if module.cgo else "0", GOTOOLCHAIN="local", GOWORK="off")


def ready(module: Module, version: str, compiler: str, progress: Progress) -> None:
    """Have the files of that version, in the checkout or in the cache.

    GuideError where there is no such version, where it wants a newer `compiler` ("go1.26.8"), and
    where the registry does not answer.
    """
    if (programs.source(module, version) / "go.sum").is_file():
        return
    progress.step(f"{module.name} {version}: making its module")
    _check_known(module, version)
    with files.new_folder(programs.made(module, version)) as new:
        own = programs.FOLDER / module.name
        shutil.copytree(own, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns("go.*"))
        theirs = _theirs(module, version, new)
        _check_compiler(module, version, theirs, compiler)
        text = (
            module_for(version, theirs)
            if module is KUBERNETES
            else module_as((own / "go.mod").read_text(encoding="utf-8"), module, version)
        )
        (new / "go.mod").write_text(text, encoding="utf-8")
        call(
            "go", "mod", "tidy", what=f"finding what {module.name} {version} consists of", cwd=new,
            env=go_environment(module), fix=AGAIN,
        )  # fmt: skip


def pin(module: Module, version: str) -> Path:
    """Keep the files of that version in the checkout, so that everyone builds of the same."""
    if programs.pins(module, version):
        return programs.source(module, version)
    target = programs.place_of_pin(module, version)
    with files.new_folder(target) as new:
        shutil.copytree(programs.source(module, version), new, dirs_exist_ok=True)
    return target


def described(module: Module, version: str) -> str:
    """What the files of that version hold to, in one sentence."""
    folder = programs.source(module, version)
    rows = (folder / "go.sum").read_text(encoding="utf-8").splitlines()
    count = sum("/go.mod h1:" not in row for row in rows)
    kept = "the checkout" if programs.pins(module, version) else "the cache (--pin: the checkout)"
    return f"{module.name} {version}: {count} modules, pinned by {folder}/go.sum in {kept}"


def module_for(version: str, theirs: str) -> str:
    """The go.mod that builds this version of Kubernetes; `theirs` is Kubernetes' own.

    That requires its staging modules at v0.0.0 and has them beside it; elsewhere each needs a
    replacement by its published version, v0.36.3 for v1.36.3.
    """
    staging = re.findall(r"^\s*(k8s\.io/[a-z0-9-]+) v0\.0\.0$", theirs, re.MULTILINE)
    go = re.search(r"^go (\S+)$", theirs, re.MULTILINE)
    published = "v0." + version.removeprefix("v1.")
    return "\n".join(
        [
            _header(KUBERNETES, version),
            "module packet-by-packet/kubernetes",
            f"go {go[1] if go else '1.24.0'}",
            *(f"tool {program.package}" for program in KUBERNETES.programs),
            f"require {KUBERNETES.requires} {version}",
            *(f"replace {name} => {name} {published}" for name in staging),
            "",
        ]
    )


def module_as(ours: str, module: Module, version: str) -> str:
    """Our go.mod of another module, with that version; what else it takes, `go mod tidy` finds."""
    rest = re.sub(r"\A(?://[^\n]*\n)+", "", _REQUIRE.sub("", ours))
    return f"{_header(module, version)}\n{rest.rstrip()}\n\nrequire {module.requires} {version}\n"


def _header(module: Module, version: str) -> str:
    return f"// As ../{module.name}, made by `guide lab build --kubernetes` for {version}."


def _check_known(module: Module, version: str) -> None:
    """GuideError where the registry has no such version: it names those that it has."""
    printed = call(
        "go", "list", "-m", "-versions", module.requires, cwd=programs.FOLDER, fix=AGAIN,
        what=f"asking the registry for the versions of {module.requires}",
        env=go_environment(module),
    )  # fmt: skip
    known = printed.split()[1:]
    if version not in known:
        raise GuideError(
            f"the registry has no {module.requires} {version}", fix=_instead(known, version)
        )


def _instead(known: Sequence[str], version: str) -> str:
    """Versions that there are, to choose from: of the same minor, or else the newest of each."""
    line = version.rpartition(".")[0] + "."
    same = [package for package in known if package.startswith(line) and "-" not in package]
    if same:
        return f"it has {in_words(same)}"
    newest = {package.rpartition(".")[0]: package for package in known if "-" not in package}
    usable = [package for package in newest.values() if not _too_old(package)]
    return f"the newest that it has of each are {in_words(usable[-5:])}" if usable else AGAIN


def _too_old(version: str) -> bool:
    minor = re.match(r"v1\.(\d+)\.", version)
    return minor is not None and int(minor[1]) < releases.OLDEST


def _theirs(module: Module, version: str, cwd: Path) -> str:
    """The text of that version's own go.mod."""
    path = call(
        "go", "list", "-m", "-f", "{{.GoMod}}", f"{module.requires}@{version}", cwd=cwd,
        what=f"fetching {module.name} {version}", env=go_environment(module), fix=AGAIN,
    )  # fmt: skip
    return Path(path.strip()).read_text(encoding="utf-8")


def _check_compiler(module: Module, version: str, theirs: str, compiler: str) -> None:
    """GuideError where a release wants a newer Go than this machine's."""
    wanted = re.search(r"^go (\d+)\.(\d+)", theirs, re.MULTILINE)
    has = re.match(r"go(\d+)\.(\d+)", compiler)
    if wanted and has and tuple(map(int, has.groups())) < tuple(map(int, wanted.groups())):
        raise GuideError(
            f"{module.name} {version} is compiled by Go {wanted[1]}.{wanted[2]} or newer;"
            f" this machine's is {compiler}",
            fix=doctor.GO_FIX.replace("1.26", f"{wanted[1]}.{wanted[2]}"),
        )
