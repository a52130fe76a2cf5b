"""`guide lab build --kubernetes` with a compiler that only writes: what is kept, what is made."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from macros.cli.lab_commands import lab as command
from macros.ground import suites
from macros.ground.errors import GuideError
from macros.lab import doctor, paths
from macros.lab.kubernetes import compilation as building
from macros.lab.kubernetes import programs
from macros.lab.progress import Progress
from tests.unit.kubernetes_support import compiler

QUIET = Progress(Console(quiet=True))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with a compiler that only writes; returns what the compiler notes."""
    return compiler(monkeypatch, tmp_path)


def _compiled(log: Path) -> list[str]:
    """The packages of every `go build`, by the last part of their names."""
    rows = log.read_text(encoding="utf-8").splitlines()
    packages = [row.partition("/new/ ")[2].split() for row in rows if " build " in row]
    return [package.rpartition("/")[2] for row in packages for package in row]


def test_every_program_is_compiled_once_and_then_found(log: Path) -> None:
    made = building.build(QUIET)
    assert _compiled(log) == [
        "kube-apiserver", "kubelet", "kubeadm", "kube-controller-manager", "kube-scheduler",
        "kube-proxy", "kubectl", "coredns", "flannel", "flannel",
    ]  # fmt: skip
    assert made["flanneld"].read_text("utf-8") == "program of github.com/flannel-io/flannel\n"
    assert all(path.is_file() for path in made.values())
    assert not list(paths.cache().rglob("new")), "nothing half-made stays"
    log.write_text("", encoding="utf-8")
    assert building.build(QUIET) == made
    assert log.read_text(encoding="utf-8") == "", "no compiler, and no network"
    assert building.built() == made


def test_programs_say_their_version_and_only_flannel_is_partly_c(log: Path) -> None:
    building.build(QUIET)
    rows = {row.rpartition(" ")[2]: row for row in log.read_text("utf-8").splitlines()}
    kubernetes = rows["k8s.io/kubernetes/cmd/kubectl"]
    assert kubernetes.startswith("CGO_ENABLED=0 build ")
    assert f"-X k8s.io/component-base/version.gitVersion={suites.KUBERNETES} " in kubernetes
    assert (
        f"-X k8s.io/client-go/pkg/version.gitMinor={suites.KUBERNETES.split('.')[1]} " in kubernetes
    )
    flanneld = rows["github.com/flannel-io/flannel"]
    assert flanneld.startswith("CGO_ENABLED=1 build ")
    assert "flannel/pkg/version.Version=v0.28.10 " in flanneld


def test_an_interrupted_build_goes_on_with_the_module_that_is_missing(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GO_FAILS", "coredns")
    with pytest.raises(GuideError, match=r"compiling coredns failed\n    undefined: x"):
        building.build(QUIET)
    with pytest.raises(GuideError, match=r"not built yet: coredns, flanneld, flannel\n"):
        building.built()
    monkeypatch.setenv("FAKE_GO_FAILS", "")
    log.write_text("", encoding="utf-8")
    building.build(QUIET)
    assert _compiled(log) == ["coredns", "flannel", "flannel"]


def test_of_a_module_only_what_is_missing_is_compiled(log: Path) -> None:
    building.build(QUIET)["kubeadm"].unlink()
    log.write_text("", encoding="utf-8")
    assert building.build(QUIET)["kubeadm"].is_file()
    assert _compiled(log) == ["kubeadm"]


@pytest.mark.usefixtures("log")
def test_a_module_that_fails_half_way_leaves_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GO_FAILS", "kubeadm")
    with pytest.raises(GuideError, match=r"compiling kube-apiserver, kubelet, kubeadm, .* failed"):
        building.build(QUIET)
    with pytest.raises(GuideError, match="not built yet: kube-apiserver, kubelet, kubeadm"):
        building.built()
    monkeypatch.setenv("FAKE_GO_FAILS", "")
    assert all(path.is_file() for path in building.build(QUIET).values())


@pytest.mark.usefixtures("log")
def test_a_changed_input_has_another_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def place(version: str = "v1.36.3", compiler: str = "go1.26.8") -> Path:
        return programs.folder(programs.KUBERNETES, version, compiler)

    before = place()
    assert place() == before
    assert place(compiler="go1.26.9") != before
    assert place("v1.34.4") != before
    flannel = programs.folder(programs.FLANNEL, "v1.36.3", "go1.26.8")
    assert programs.folder(programs.FLANNEL, "v1.34.4", "go1.26.8") == flannel
    changed = tmp_path / "build.sh"
    changed.write_text("other", encoding="utf-8")
    monkeypatch.setattr(programs, "BUILD", changed)
    assert place() != before


def test_old_programs_go_but_not_what_a_lab_runs_on(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = building.build(QUIET)["kubelet"].parent
    busy = paths.labs() / "busy"
    busy.mkdir(parents=True)
    (busy / "lab.json").write_text(str(first), encoding="utf-8")
    os.utime(first, (0, 0))
    for number in range(4):
        monkeypatch.setenv("FAKE_GO_VERSION", f"go1.27.{number}")
        building.build(QUIET)
    left = list(first.parent.glob("kubernetes-v*"))
    assert first in left
    assert len(left) == 4, "three of the newest, and the one in use"
    assert log.is_file()


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("version", ["go1.25.12", "devel"])
def test_an_old_compiler_is_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("FAKE_GO_VERSION", version)
    with pytest.raises(GuideError, match="too old") as caught:
        building.build(QUIET)
    assert "install Go 1.26 or newer" in str(caught.value.fix)


def test_a_machine_without_a_compiler_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("macros.lab.tools.search_path", lambda: str(tmp_path))
    with pytest.raises(GuideError, match="built with the compiler `go`"):
        building.compiler()


def test_every_pinned_module_has_its_sums() -> None:
    pins = {module.name: programs.pinned(module) for module in programs.MODULES}
    assert pins == {
        "kubernetes": suites.KUBERNETES,
        "coredns": "v1.14.7",
        "flannel": "v0.28.10",
        "flannel-cni": "v0.9.1",
    }
    for module in programs.MODULES:
        sums = (programs.source(module) / "go.sum").read_text(encoding="utf-8")
        assert f"{module.requires} {pins[module.name]} h1:" in sums


def test_a_version_without_kubernetes_is_a_mistake() -> None:
    done = CliRunner().invoke(command, ["build", "--version", "v1.34.4"])
    assert done.exit_code == 2
    assert "add --kubernetes" in done.output


def test_the_doctor_names_the_compiler_and_a_lab_without_kubernetes_needs_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "search_path", lambda: str(tmp_path))
    (go,) = [check for check in doctor.checks() if check.what == "go"]
    assert not go.good
    assert not go.needed
    assert go.fix == doctor.GO_FIX


def test_a_second_version_is_pinned_in_the_checkout_too() -> None:
    other = "v1.34.4"
    assert programs.pins(programs.KUBERNETES, other)
    tree = programs.source(programs.KUBERNETES, other)
    assert f"k8s.io/kubernetes {other}" in (tree / "go.mod").read_text(encoding="utf-8")
    assert f"k8s.io/kubernetes {other} h1:" in (tree / "go.sum").read_text(encoding="utf-8")
    assert not programs.pins(programs.KUBERNETES, "v1.35.0")
    # What is made of another module does not depend on it.
    coredns = programs.folder(programs.COREDNS, other, "go1.26.8")
    assert coredns == programs.folder(programs.COREDNS, suites.KUBERNETES, "go1.26.8")
