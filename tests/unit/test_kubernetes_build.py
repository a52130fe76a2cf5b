"""`guide lab build --kubernetes` with a compiler that only writes: what is kept, what is made."""

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from macros.cli.lab_commands import lab as command
from macros.ground.errors import GuideError
from macros.lab import doctor, paths
from macros.lab.kubernetes import compilation as building
from macros.lab.kubernetes import programs
from macros.lab.progress import Progress

QUIET = Progress(Console(quiet=True))

GO = """\
#!/bin/sh
# Stands for Go: notes its words, writes into the folder that -o names, which ends in a slash.
case $1 in
env) echo "${FAKE_GO_VERSION:-go1.26.8}"; exit ;;
esac
echo "CGO_ENABLED=$CGO_ENABLED $*" >>"$FAKE_GO_LOG"
if [ "$1" = build ]; then
	while [ "$1" != -o ]; do shift; done
	out=$2
	shift 2
	mkdir -p "$out"
	for package; do
		[ "${package##*/}" != "$FAKE_GO_FAILS" ] || { echo "undefined: x"; exit 1; }
		echo "program of $package" >"$out${package##*/}"
	done
fi
"""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with that compiler and an empty cache; returns what the compiler notes."""
    go = tmp_path / "bin/go"
    go.parent.mkdir()
    go.write_text(GO, encoding="utf-8")
    # Go calls gcc, and this Go is none: that there is one is enough.
    for program in (go, go.with_name("gcc")):
        program.touch()
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    log = tmp_path / "log"
    log.touch()
    monkeypatch.setenv("PATH", f"{go.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("FAKE_GO_LOG", str(log))
    return log


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
    assert "-X k8s.io/component-base/version.gitVersion=v1.36.3 " in kubernetes
    assert "-X k8s.io/client-go/pkg/version.gitMinor=36 " in kubernetes
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


def test_another_version_gets_a_module_with_all_staging_replaced() -> None:
    theirs = "module k8s.io/kubernetes\n\ngo 1.24.0\n\nrequire (\n\tk8s.io/api v0.0.0\n"
    theirs += "\tk8s.io/klog/v2 v2.130.1\n\tk8s.io/kubelet v0.0.0\n)\n"
    made = building.module_for("v1.34.4", theirs).splitlines()
    assert "go 1.24.0" in made
    assert "require k8s.io/kubernetes v1.34.4" in made
    assert [row for row in made if row.startswith("replace")] == [
        "replace k8s.io/api => k8s.io/api v0.34.4",
        "replace k8s.io/kubelet => k8s.io/kubelet v0.34.4",
    ]


@pytest.mark.usefixtures("log")
def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(GuideError, match=r"'1\.34' is not a version of Kubernetes"):
        building.build(QUIET, "1.34")


def test_every_pinned_module_has_its_sums() -> None:
    pins = {module.name: programs.pinned(module) for module in programs.MODULES}
    assert pins == {
        "kubernetes": programs.VERSION,
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
    (found,) = [each for each in doctor.checks() if each.what == "go"]
    assert not found.good
    assert not found.needed
    assert found.fix == doctor.GO_FIX


def test_a_second_version_is_pinned_in_the_checkout_too() -> None:
    other = "v1.34.4"
    assert programs.pins(programs.KUBERNETES, other)
    tree = programs.source(programs.KUBERNETES, other)
    assert f"k8s.io/kubernetes {other}" in (tree / "go.mod").read_text(encoding="utf-8")
    assert f"k8s.io/kubernetes {other} h1:" in (tree / "go.sum").read_text(encoding="utf-8")
    assert not programs.pins(programs.KUBERNETES, "v1.35.0")
    # What is made of another module does not depend on it.
    coredns = programs.folder(programs.COREDNS, other, "go1.26.8")
    assert coredns == programs.folder(programs.COREDNS, programs.VERSION, "go1.26.8")
