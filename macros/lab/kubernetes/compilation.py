"""`guide lab build --kubernetes`: from the pinned modules to programs in the cache.

The programs of a module are written in another folder and renamed when whole. An interrupted build
goes on with the first module that lacks one; and Go's own cache has what was compiled of it.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from macros.ground import suites
from macros.ground.errors import GuideError
from macros.ground.locks import locked
from macros.lab import doctor, paths
from macros.lab.kubernetes import module_files, programs, releases
from macros.lab.kubernetes.programs import MODULES, Module, Program
from macros.lab.progress import Progress
from macros.lab.tools import call, disk_named, which

GO = (1, 26)
"""The oldest that the pinned modules take; doctor.GO_FIX says so too."""

_KEPT = 3
"""Folders of a module's version that stay in the cache: this one, and those of earlier inputs."""


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


def built(version: str = suites.KUBERNETES) -> Mapping[str, Path]:
    """Every program by its name. GuideError when one was not built yet."""
    compiled_by = compiler()
    compiled = {}
    for module in MODULES:
        folder = programs.folder(module, version, compiled_by)
        for program in module.programs:
            compiled[program.name] = folder / program.name
    lacking = [name for name, path in compiled.items() if not path.is_file()]
    if lacking:
        other = "" if version == suites.KUBERNETES else f" --version {version}"
        raise GuideError(
            f"of Kubernetes {version} not built yet: {', '.join(lacking)}",
            fix=f"guide lab build --kubernetes{other}",
        )
    return compiled


def build(
    progress: Progress, version: str | None = None, *, pin: bool = False
) -> Mapping[str, Path]:
    """Compile what is not in the cache yet; `version` of Kubernetes, the pinned one by default.

    What it is compiled of is kept in the cache, and with `pin` in the checkout.
    """
    version = version or suites.KUBERNETES
    _ = releases.minor(version)
    compiled_by = compiler()
    busy = "another `guide lab build --kubernetes` is running, or a killed one left a program"
    lock = locked(paths.cache() / "kubernetes.lock", busy, with_children=True)
    with lock, disk_named():
        for module in MODULES:
            own = programs.version_of(module, version)
            module_files.ready(module, own, compiled_by, progress)
            if pin:
                module_files.pin(module, own)
            if own != programs.pinned(module):
                progress.note(module_files.described(module, own))
            folder = programs.folder(module, version, compiled_by)
            _build_module(module, own, folder, progress)
            _prune(f"{module.name}-{own}", folder)
    return built(version)


def _build_module(module: Module, version: str, folder: Path, progress: Progress) -> None:
    lacking = [program for program in module.programs if not (folder / program.name).is_file()]
    if not lacking:
        return
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "build.log"
    tree = programs.source(module, version)
    if which("gcc") is None and module.cgo:
        raise GuideError(f"{module.name} is partly C, and gcc is missing", fix="guide doctor")

    progress.step(f"{module.name} {version}: fetching its modules")
    call(
        "go", "mod", "download", what=f"fetching the sources of {module.name} {version}",
        cwd=tree, log=log, env=module_files.go_environment(module), fix=module_files.AGAIN,
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
        what=f"compiling {names}", log=log, env=module_files.go_environment(module),
        each_line=count,
        fix=f"this is {module.name} {version}, by {compiler()}: the log has what it lacks;"
        " another release or another Go may do",
    )  # fmt: skip
    for program in lacking:
        (new / program.package.rpartition("/")[2]).rename(folder / program.name)
    new.rmdir()


def _prune(name: str, current: Path) -> None:
    """Remove a module's programs of earlier inputs, all but the newest and what a lab runs on."""
    used = "".join(file.read_text(encoding="utf-8") for file in paths.labs().glob("*/lab.json"))
    olds = sorted(
        current.parent.glob(f"{name}-*"), key=lambda folder: folder.stat().st_mtime, reverse=True
    )
    for old in olds[_KEPT:]:
        if old != current and str(old) not in used:
            shutil.rmtree(old)
