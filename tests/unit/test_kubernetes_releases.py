"""Any release of Kubernetes by `--version`: what is made of it, what is pinned, what is refused."""

import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from macros.cli.lab_commands import lab as command
from macros.ground.errors import GuideError
from macros.lab.kubernetes import compilation, flags, module_files, parts, programs, releases, store
from macros.lab.kubernetes.programs import COREDNS, FLANNEL, KUBERNETES
from macros.lab.kubernetes.releases import Release
from macros.lab.progress import Progress
from tests.unit.kubernetes_support import RELEASE, compiler

QUIET = Progress(Console(quiet=True))
OTHER = "v1.35.4"
FULL = "write /tmp/go-build: no space left on device"


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with a compiler that only writes; returns what the compiler notes."""
    return compiler(monkeypatch, tmp_path)


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout to pin into: ours, its modules only."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for module in programs.MODULES:
        (folder / module.name).symlink_to(programs.FOLDER / module.name)
    monkeypatch.setattr(programs, "FOLDER", folder)
    return folder


def _fails(monkeypatch: pytest.MonkeyPatch, step: str, says: str) -> GuideError:
    monkeypatch.setenv("FAKE_GO_FAILS", step)
    monkeypatch.setenv("FAKE_GO_SAYS", says)
    with pytest.raises(GuideError) as caught:
        compilation.build(QUIET, OTHER)
    monkeypatch.setenv("FAKE_GO_FAILS", "")
    return caught.value


def test_a_release_is_made_once_and_the_same_build_comes_again(log: Path) -> None:
    made = compilation.build(QUIET, OTHER)
    notes = log.read_text(encoding="utf-8")
    assert "list -m -versions k8s.io/kubernetes" in notes
    assert "list -m -f {{.GoMod}} k8s.io/kubernetes@v1.35.4" in notes
    assert "component-base/version.gitVersion=v1.35.4 " in notes
    log.write_text("", encoding="utf-8")
    assert compilation.build(QUIET, OTHER) == made
    assert compilation.built(OTHER) == made
    assert not log.read_text(encoding="utf-8"), "no compiler, and no registry"


def test_a_release_has_all_its_own_modules_at_its_own_version() -> None:
    made = module_files.module_for("v1.34.4", RELEASE).splitlines()
    assert "go 1.25.0" in made
    assert "require k8s.io/kubernetes v1.34.4" in made
    assert [row for row in made if row.startswith("replace")] == [
        "replace k8s.io/api => k8s.io/api v0.34.4",
        "replace k8s.io/kubelet => k8s.io/kubelet v0.34.4",
    ]


def test_what_is_pinned_is_said_and_goes_into_the_checkout_when_asked(
    checkout: Path, log: Path
) -> None:
    made = compilation.build(QUIET, OTHER)
    assert not list(checkout.glob("kubernetes-*"))
    described = module_files.described(KUBERNETES, OTHER)
    assert described.startswith("kubernetes v1.35.4: 1 modules, pinned by ")
    assert described.endswith("in the cache (--pin: the checkout)")
    log.write_text("", encoding="utf-8")
    assert compilation.build(QUIET, OTHER, pin=True) == made
    assert not log.read_text(encoding="utf-8"), "what was compiled is what the pin says"
    own = checkout / "kubernetes-v1.35.4"
    assert "require k8s.io/kubernetes v1.35.4" in (own / "go.mod").read_text(encoding="utf-8")
    assert (own / "go.sum").is_file()
    assert module_files.described(KUBERNETES, OTHER).endswith("in the checkout")
    assert sorted(path.name for path in checkout.iterdir() if not path.is_symlink()) == [own.name]


def test_a_pinned_release_asks_no_registry(checkout: Path, log: Path) -> None:
    compilation.build(QUIET, OTHER, pin=True)
    shutil.rmtree(programs.made(KUBERNETES, OTHER))
    log.write_text("", encoding="utf-8")
    module_files.ready(KUBERNETES, OTHER, "go1.26.8", QUIET)
    assert not log.read_text(encoding="utf-8")
    assert checkout.is_dir()


@pytest.mark.parametrize(
    ("version", "fix"),
    [
        ("v1.35.9", "it has v1.35.0 and v1.35.4"),
        ("v1.39.0", "the newest that it has of each are v1.35.4 and v1.36.3"),
    ],
)
def test_a_release_that_does_not_exist_names_those_that_do(version: str, fix: str) -> None:
    with pytest.raises(GuideError, match=rf"the registry has no k8s.io/kubernetes {version}") as no:
        compilation.build(QUIET, version)
    assert no.value.fix == fix
    assert not programs.made(KUBERNETES, version).exists()


@pytest.mark.parametrize("version", ["1.34", "v1.34", "1.34.4", "v1.38.0-beta.0", "v2.0.0", "new"])
def test_what_is_no_release_is_refused(log: Path, version: str) -> None:
    done = CliRunner().invoke(command, ["build", "--kubernetes", "--version", version])
    assert isinstance(done.exception, GuideError)
    assert f"{version!r} is not a release of Kubernetes" in str(done.exception)
    assert not log.read_text(encoding="utf-8"), "before anything is built"


@pytest.mark.parametrize(("version", "good"), [("v1.32.9", False), ("v1.33.0", True)])
def test_a_release_that_is_too_old_is_refused(version: str, good: bool) -> None:
    if good:
        assert releases.minor(version) == releases.OLDEST
        return
    with pytest.raises(GuideError, match=r"Kubernetes v1\.32\.9 is too old") as caught:
        compilation.build(QUIET, version)
    assert "v1.33 or newer" in str(caught.value.fix)


def test_a_release_that_wants_a_newer_compiler_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    newer = tmp_path / "newer.mod"
    newer.write_text("go 1.27.1\n", encoding="utf-8")
    monkeypatch.setenv("FAKE_GO_MOD", str(newer))
    with pytest.raises(GuideError, match=r"compiled by Go 1\.27 or newer; .* is go1\.26\.8") as no:
        compilation.build(QUIET, OTHER)
    assert "install Go 1.27 or newer" in str(no.value.fix)


def test_a_release_that_does_not_compile_shows_the_compilers_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = _fails(monkeypatch, "kubelet", "x.go:1: undefined: y")
    assert "failed\n    x.go:1: undefined: y\n  whole log: " in error.message
    assert "this is kubernetes v1.35.4, by go1.26.8" in str(error.fix)
    log = Path(error.message.rpartition("whole log: ")[2])
    assert "undefined: y" in log.read_text(encoding="utf-8")
    assert compilation.build(QUIET, OTHER)["kubelet"].is_file()


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("list", "dial tcp 127.0.0.1:9: connect: connection refused"),
        ("fetch", "k8s.io/kubernetes@v1.35.4: unexpected EOF"),
        ("tidy", "reading https://…/v0.35.4.zip: read: connection reset by peer"),
    ],
)
def test_a_registry_that_goes_away_leaves_nothing_half_made(
    monkeypatch: pytest.MonkeyPatch, step: str, says: str
) -> None:
    error = _fails(monkeypatch, step, says)
    assert says in error.message
    assert error.fix == module_files.AGAIN
    assert not list(programs.made(KUBERNETES, OTHER).parent.glob("*")), "nothing to be taken for it"
    assert compilation.build(QUIET, OTHER)["kubelet"].is_file(), "it goes on when it is back"


@pytest.mark.parametrize("step", ["list", "fetch", "tidy", "kubelet"])
def test_a_full_disk_says_where_to_make_room(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    error = _fails(monkeypatch, step, FULL)
    assert FULL in error.message
    assert "free some room below " in str(error.fix)
    assert compilation.build(QUIET, OTHER)["kubelet"].is_file()


def test_a_full_disk_that_we_meet_ourselves_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/cache/go.mod")

    monkeypatch.setattr(module_files, "_theirs", full)
    with pytest.raises(GuideError, match=r"cannot write /cache/go\.mod: No space left") as caught:
        compilation.build(QUIET, OTHER)
    assert "free some room below " in str(caught.value.fix)


@pytest.mark.parametrize(
    ("says", "fix"),
    [
        ("Error: unknown flag: --gone", "releases.py"),
        ("panic: no etcd", "build another: --version"),
    ],
)
def test_an_api_server_that_does_not_come_up_shows_its_last_words(
    tmp_path: Path, says: str, fix: str
) -> None:
    binaries = tmp_path / "parts/bin"
    binaries.mkdir(parents=True)
    made = 'case "$*" in *"kubeconfig user"*) echo conf ;; esac'
    bodies = {
        "etcd": "exec sleep 60",
        "kube-apiserver": f"echo earlier; echo '{says}' >&2; exit 3",
        "kubectl": "exit 1",
        "kubeadm": made,
    }
    for name, body in bodies.items():
        _program(binaries / name, body)
    work = tmp_path / "work"
    work.mkdir()
    with (
        pytest.raises(GuideError, match=r"API server of Kubernetes v1\.35\.4 did not") as caught,
        store.served(tmp_path / "parts", OTHER, work),
    ):
        pass
    assert "and ended with exit code 3" in caught.value.message
    assert f"    {says}" in caught.value.message
    assert fix in str(caught.value.fix)
    kept = Path(caught.value.message.rpartition("whole log: ")[2])
    assert kept.read_text(encoding="utf-8").startswith("earlier\n")


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


HELP = """\
The controller manager is a daemon.  See also --not-offered here.

Generic flags:

      --controllers strings    A list of controllers to enable.
                               All controllers: job-controller, node-route-controller
                               Disabled-by-default controllers: bootstrap-signer-controller
      --leader-elect           Start a leader election.
  -v, --v Level                number for the log level verbosity
"""


def _manager(folder: Path, words: str) -> tuple[Path, Path]:
    (folder / "units").mkdir()
    unit = folder / "units/kube-controller-manager.service"
    unit.write_text(f"[Service]\nExecStart=/opt/x {words}\nRestart=no\n", encoding="utf-8")
    (folder / "programs").mkdir()
    _program(folder / "programs/kube-controller-manager", f"cat <<'EOF'\n{HELP}EOF")
    return unit.parent, folder / "programs"


def test_flags_that_a_program_knows_are_good(tmp_path: Path) -> None:
    words = "--leader-elect=false \\\n  --controllers=* --controllers=-job-controller --v 2"
    flags.check(*_manager(tmp_path, words), OTHER)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("--leader-elect \\\n --gone=1", "--gone"),
        ("--not-offered", "--not-offered"),
        ("--controllers=-other-controller", "the controller other-controller"),
        # Off by default means known to be off, not known by this list: said, not to be left out.
        (
            "--controllers=-bootstrap-signer-controller",
            "the controller bootstrap-signer-controller",
        ),
    ],
)
def test_a_flag_that_a_release_lacks_is_named(tmp_path: Path, words: str, named: str) -> None:
    with pytest.raises(GuideError, match=rf"v1\.35\.4 does not know {named}, which") as caught:
        flags.check(*_manager(tmp_path, words), OTHER)
    assert "give v1.35 a row in macros/lab/kubernetes/releases.py" in str(caught.value.fix)


UNIT = "ExecStart=/opt/kube-proxy --mode=iptables \\\n  --gone=1 --gone=10 --old=3 --older\nRestart=no\n"


def test_the_table_takes_words_from_units_and_gives_them_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = Release(
        36, "v1", "3.6.0", "", ("--gone=1", "--old"), {"kube-proxy": ("--new", "--two=2")}
    )
    monkeypatch.setattr(releases, "TABLE", (releases.TABLE[0], row))
    assert releases.unit("kube-proxy", UNIT, "v1.35.4") == UNIT
    for version in ("v1.36.0", "v1.40.1"):
        assert releases.unit("kube-proxy", UNIT, version) == (
            "ExecStart=/opt/kube-proxy --new --two=2 --mode=iptables --gone=10 --older\nRestart=no\n"
        )
    asked = ["/opt/kube-proxy", "--gone=1", "--gone=10", "--old=3", "--old", "--older"]
    assert releases.words("kube-proxy", asked, "v1.35.4") == asked
    assert releases.words("kube-proxy", asked, "v1.36.0") == [
        "/opt/kube-proxy", "--gone=10", "--older", "--new", "--two=2",
    ]  # fmt: skip
    assert "--new" not in releases.unit("kubelet", UNIT, "v1.36.0")


def test_from_1_37_the_controllers_of_clouds_are_not_named() -> None:
    text = (parts.NODE / "kube-controller-manager.service").read_text(encoding="utf-8")
    assert releases.unit("kube-controller-manager", text, "v1.36.3") == text
    newer = releases.unit("kube-controller-manager", text, "v1.37.2")
    gone = {"-node-route-controller", "-service-lb-controller"}
    assert set(text.split()) - set(newer.split()) == {f"--controllers={name}" for name in gone}
    assert newer.count("\\\n") == text.count("\\\n") - len(gone)


def test_a_row_of_its_own_gives_a_release_parts_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [parts.folder(version, "go1.26.8") for version in ("v1.34.4", "v1.36.3")]
    row = Release(36, "v1beta4", "3.5.24", "", ("--leader-elect=false",))
    monkeypatch.setattr(releases, "TABLE", (releases.TABLE[0], row))
    after = [parts.folder(version, "go1.26.8") for version in ("v1.34.4", "v1.36.3")]
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize(("etcd", "good"), [("3.5.24", True), ("3.5.9", False), ("3.10.0", True)])
def test_an_etcd_that_is_too_old_is_refused(etcd: str, good: bool) -> None:
    if good:
        releases.check_etcd(etcd, OTHER)
        return
    with pytest.raises(GuideError, match=r"needs etcd 3\.5\.24 or newer; .* 3\.5\.9"):
        releases.check_etcd(etcd, OTHER)


def test_rows_are_in_order_and_name_their_sources() -> None:
    minors = [row.minor for row in releases.TABLE]
    assert minors == sorted(set(minors))
    assert minors[0] == releases.OLDEST
    assert all(row.source.startswith("https://github.com/kubernetes/") for row in releases.TABLE)


def test_another_coredns_for_a_release_is_made_in_the_same_way(
    monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    row = Release(35, "v1beta4", "3.5.24", "", components={"coredns": "v1.13.1"})
    monkeypatch.setattr(releases, "TABLE", (releases.TABLE[0], row))
    monkeypatch.setenv("FAKE_GO_VERSIONS", "v1.13.1 v1.35.4")
    made = compilation.build(QUIET, OTHER)
    assert "coredns-v1.13.1-" in str(made["coredns"])
    folder = programs.source(COREDNS, "v1.13.1")
    assert (folder / "main.go").is_file()
    text = (folder / "go.mod").read_text(encoding="utf-8")
    assert text.startswith("// As ../coredns, made by ")
    assert text.endswith("require github.com/coredns/coredns v1.13.1\n")
    assert text.count("require") == 1
    assert "{{.GoMod}} github.com/coredns/coredns@v1.13.1" in log.read_text("utf-8")
    assert programs.version_of(COREDNS, "v1.34.4") == programs.pinned(COREDNS)


def test_what_our_go_mod_says_beside_versions_stays() -> None:
    ours = (programs.FOLDER / "flannel/go.mod").read_text(encoding="utf-8")
    made = module_files.module_as(ours, FLANNEL, "v0.27.0")
    assert "tool github.com/flannel-io/flannel" in made
    assert "replace " in made
    assert "v0.28.10" not in made


def test_to_pin_needs_a_version() -> None:
    done = CliRunner().invoke(command, ["build", "--kubernetes", "--pin"])
    assert done.exit_code == 2
    assert "add both" in done.output
