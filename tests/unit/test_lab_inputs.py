"""What a lab is built from: options of the kernel, lock files, keys of what is in the cache."""

import shutil
from pathlib import Path

import pytest

from macros.ground import suites
from macros.ground.errors import GuideError
from macros.lab import inputs, packages, rootfs
from macros.lab.kernel import missing_options

DATA = Path(__file__).parents[1] / "data/lab"
CONFIG = (DATA / "kernel.config").read_text(encoding="utf-8")


def test_the_kernel_that_was_built_has_every_wanted_option() -> None:
    wanted = inputs.KERNEL_FRAGMENT.read_text(encoding="utf-8")
    missing = missing_options(wanted, CONFIG)
    assert missing == [], (
        "after `guide lab build`, copy the `config` beside the kernel that it made"
    )


@pytest.mark.parametrize(
    ("wanted", "lost"),
    [
        ("CONFIG_VXLAN=y", False),
        ("CONFIG_VXLAN=m", True),  # there, but otherwise
        ("CONFIG_NO_SUCH_OPTION=y", True),  # what merge_config drops silently
        ("# CONFIG_MODULES is not set", False),
        ("# CONFIG_VXLAN is not set", True),
        ("# CONFIG_NO_SUCH_OPTION is not set", False),  # what is not known is not set either
        ("# just a comment", False),
        ("", False),
    ],
)
def test_an_option_that_the_final_configuration_lost_is_named(wanted: str, lost: bool) -> None:
    assert missing_options(f"CONFIG_SMP=y\n{wanted}\n", CONFIG) == ([wanted] if lost else [])


@pytest.mark.parametrize("suite", suites.SUITES)
def test_the_committed_lock_files_can_be_read(suite: str) -> None:
    (source,) = packages.read_lock(inputs.KERNEL_LOCK)
    assert source.name.startswith("linux-source-")
    locked = packages.read_lock(inputs.packages_lock(suite))
    names = [package.name for package in locked]
    assert names == sorted(set(names))
    wanted = packages.read_wanted(inputs.PACKAGES_WANTED)
    assert set(wanted) <= set(names), "renew it: guide lab build --update-lock"
    assert "docker.io" in wanted


def test_a_lock_file_says_package_version_and_checksum(tmp_path: Path) -> None:
    lock = tmp_path / "packages.lock"
    package = packages.Locked("iputils-ping", "3:20250605-1", "0a" * 32)
    packages.write_lock(lock, [package], "Debian sid")
    assert packages.read_lock(lock) == (package,)
    assert str(package) == "iputils-ping=3:20250605-1"


@pytest.mark.parametrize(
    "line",
    ["bash=5.3", "bash sha256:" + "0a" * 32, "bash=5.3 sha256:0a", "<<<<<<< HEAD", "Bash=1 x"],
)
def test_a_line_that_is_no_lock_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "packages.lock"
    lock.write_text(f"# a comment\n\n{line}\n", encoding="utf-8")
    with pytest.raises(GuideError, match=r"packages\.lock:3: want") as caught:
        packages.read_lock(lock)
    assert caught.value.fix == "guide lab build --update-lock"


def test_a_lock_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(GuideError, match=r"packages\.lock is missing"):
        packages.read_lock(tmp_path / "packages.lock")


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The inputs in a folder where they may be changed."""
    for name in ("KERNEL_FRAGMENT", "KERNEL_LOCK", "PACKAGES_LOCK", "ASSEMBLE"):
        copy = tmp_path / Path(getattr(inputs, name)).name
        shutil.copy(getattr(inputs, name), copy)
        monkeypatch.setattr(inputs, name, copy)
    node = tuple(Path(shutil.copy(file, tmp_path)) for file in inputs.NODE_FILES)
    monkeypatch.setattr(inputs, "NODE_FILES", node)
    return tmp_path


def test_the_same_inputs_have_the_same_keys_wherever_they_are(copied: Path) -> None:
    here = inputs.keys()
    (copied / "unrelated").write_text("x", encoding="ascii")
    assert inputs.keys() == here


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("uml.config", {"kernel"}),
        ("source.lock", {"kernel"}),
        ("packages.lock", {"base", "rootfs"}),
        ("assemble.sh", {"rootfs"}),
        ("guide-node", {"rootfs"}),
        ("sshd.conf", {"rootfs"}),
    ],
)
def test_a_changed_input_gives_other_keys_to_what_is_made_from_it(
    copied: Path, file: str, changed: set[str]
) -> None:
    before = inputs.keys()
    with (copied / file).open("a", encoding="utf-8") as text:
        text.write("\n")
    after = inputs.keys()
    differing = {
        sort
        for sort in ("kernel", "base", "rootfs")
        if getattr(before, sort) != getattr(after, sort)
    }
    assert differing == changed


def test_the_packages_of_a_root_file_system_are_read_from_dpkgs_own_list() -> None:
    installed = rootfs.installed((DATA / "status.txt").read_text(encoding="utf-8"))
    locked = {package.name: package.version for package in packages.read_lock(inputs.PACKAGES_LOCK)}
    assert len(installed) == 3
    assert installed.items() <= locked.items()


@pytest.mark.parametrize(
    ("debian", "upstream"),
    [
        ("28.5.2+dfsg4-5", "28.5.2"),
        ("3:20250605-1", "20250605"),
        ("7.3.0-1", "7.3.0"),
        ("2.1.9+ds1-2", "2.1.9"),
        ("1:10.1p1-2", "10.1p1"),
        ("262.1-1", "262.1"),
        ("6.6", "6.6"),
    ],
)
def test_versions_are_shown_as_their_makers_number_them(debian: str, upstream: str) -> None:
    assert rootfs.upstream(debian) == upstream


def test_the_versions_that_a_recording_names() -> None:
    shown = rootfs.shown_versions("7.2.13-guide", {"docker.io": "28.5.2+dfsg4-5", "bash": "5.3-1"})
    assert shown == {"Linux": "7.2.13", "Docker": "28.5.2"}
