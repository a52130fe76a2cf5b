"""`guide lab build --kubernetes`: from the pinned modules to programs in the cache.

The programs of a module are written in another folder and renamed when whole. An interrupted build
goes on with the first module that lacks one; and Go's own cache has what was compiled of it.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from macros.ground.errors import GuideError
from macros.ground.locks import locked
from macros.lab import doctor, paths
from macros.lab.kubernetes import programs
from macros.lab.kubernetes.programs import KUBERNETES, MODULES, VERSION, Module, Program
from macros.lab.progress import Progress
from macros.lab.tools import call, disk_named, environment, which

GO = (1, 26)
"""The oldest that the pinned modules take; doctor.GO_FIX says so too."""

_KEPT = 3
"""Folders of one module that stay in the cache: this one, and those of earlier inputs."""


def compiler() -> str:
    """The version of this machine's Go, "go1.26.8". GuideError when it has none, or an old one."""
    if which("go") is None:
        raise GuideError(
            "Kubernetes is built with the compiler `go`, which this machine lacks",
            fix=doctor.GO_FIX,
        )
    printed = call("go", "env", "GOVERSION", what="asking go for its version", cwd=programs.FOLDER)
    match = re.match(r"go(\d+)\.(\d+)", printed.strip())
    if match is None or (int(match[1]), int(match[2])) < GO:
        raise GuideError(f"this machine's go is {printed.strip()}: too old", fix=doctor.GO_FIX)
    return printed.strip()


def built(version: str = VERSION) -> Mapping[str, Path]:
    """Every program by its name. GuideError when one was not built yet."""
    compiled_by = compiler()
    compiled = {}
    for module in MODULES:
        folder = programs.folder(module, version, compiled_by)
        for program in module.programs:
            compiled[program.name] = folder / program.name
    lacking = [name for name, path in compiled.items() if not path.is_file()]
    if lacking:
        other = "" if version == VERSION else f" --version {version}"
        raise GuideError(
            f"of Kubernetes {version} not built yet: {', '.join(lacking)}",
            fix=f"guide lab build --kubernetes{other}",
        )
    return compiled


def build(progress: Progress, version: str | None = None) -> Mapping[str, Path]:
    """Compile what is not in the cache yet; `version` of Kubernetes, the pinned one by default."""
    version = version or VERSION
    compiled_by = compiler()
    busy = "another `guide lab build --kubernetes` is running, or a killed one left a program"
    lock = locked(paths.cache() / "kubernetes.lock", busy, with_children=True)
    with lock, disk_named():
        for module in MODULES:
            folder = programs.folder(module, version, compiled_by)
            _build_module(module, version, folder, progress)
            _prune(module, folder)
    return built(version)


def _build_module(module: Module, kubernetes: str, folder: Path, progress: Progress) -> None:
    lacking = [program for program in module.programs if not (folder / program.name).is_file()]
    if not lacking:
        return
    folder.mkdir(parents=True, exist_ok=True)
    version = programs.version_of(module, kubernetes)
    log = folder / "build.log"
    tree = programs.source(module, version)
    if not programs.pins(module, version):
        tree = _other_version(version, progress)
    if which("gcc") is None and module.cgo:
        raise GuideError(f"{module.name} is partly C, and gcc is missing", fix="guide doctor")

    progress.step(f"{module.name} {version}: fetching its modules")
    call(
        "go", "mod", "download", what=f"fetching the sources of {module.name} {version}",
        cwd=tree, log=log, env=_environment(module),
        fix="check the network; what was fetched is kept",
    )  # fmt: skip

    _compile(module, version, lacking, tree, progress, folder)


def _compile(
    module: Module,
    version: str,
    lacking: Sequence[Program],
    tree: Path,
    progress: Progress,
    folder: Path,
) -> None:
    """Compile these programs of a module whose source is in `tree`, into `folder`."""
    log = folder / "build.log"
    names = ", ".join(program.name for program in lacking)
    shown = names if len(lacking) == 1 else f"{len(lacking)} programs"
    progress.step(f"{module.name} {version}: compiling {shown}")
    seen = 0

    def count(_line: str) -> None:
        nonlocal seen
        seen += 1
        progress.part(min(seen / module.lines, 0.99))

    # All in one go: while one is linked, which takes one processor, the next is compiled.
    new = folder / "new"
    shutil.rmtree(new, ignore_errors=True)
    call(
        "sh", programs.BUILD, tree, new, programs.settings(module, version),
        *(program.package for program in lacking),
        what=f"compiling {names}", log=log, env=_environment(module), each_line=count,
    )  # fmt: skip
    for program in lacking:
        (new / program.package.rpartition("/")[2]).rename(folder / program.name)
    new.rmdir()


def _environment(module: Module) -> dict[str, str]:
    """For go: no other compiler than the one that the cache's names were made from."""
    return environment(CGO_ENABLED="1" if module.cgo else "0", GOTOOLCHAIN="local", GOWORK="off")


def _other_version(version: str, progress: Progress) -> Path:
    """A module for a version of Kubernetes that the checkout does not pin, made from its own one.

    Its sums are not in the checkout: Go checks them against its public checksum database, where
    this machine's settings let it.
    """
    module_folder = paths.cache() / "work" / f"module-{version}"
    if (module_folder / "go.sum").is_file():
        return module_folder
    progress.step(f"kubernetes {version}: making its module")
    half = module_folder.with_suffix(".new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    what = f"fetching kubernetes {version}"
    printed = call(
        "go", "mod", "download", "-json", f"{KUBERNETES.requires}@{version}", what=what, cwd=half,
        env=_environment(KUBERNETES), fix="check that there is such a version, and the network",
    )  # fmt: skip
    theirs = Path(json.loads(printed)["GoMod"]).read_text(encoding="utf-8")
    (half / "go.mod").write_text(module_for(version, theirs), encoding="utf-8")
    call("go", "mod", "tidy", what=what, cwd=half, env=_environment(KUBERNETES))
    shutil.rmtree(module_folder, ignore_errors=True)
    half.rename(module_folder)
    return module_folder


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
            "module packet-by-packet/kubernetes",
            f"go {go[1] if go else '1.24.0'}",
            *(f"tool {program.package}" for program in KUBERNETES.programs),
            f"require {KUBERNETES.requires} {version}",
            *(f"replace {name} => {name} {published}" for name in staging),
            "",
        ]
    )


def _prune(module: Module, current: Path) -> None:
    """Remove programs of earlier inputs, all but the newest and what a lab runs on."""
    used = "".join(file.read_text(encoding="utf-8") for file in paths.labs().glob("*/lab.json"))
    pattern = f"{module.name}-v*"
    olds = sorted(
        current.parent.glob(pattern), key=lambda folder: folder.stat().st_mtime, reverse=True
    )
    for old in olds[_KEPT:]:
        if old != current and str(old) not in used:
            shutil.rmtree(old)
