"""Packages at their locked versions, and all that can be wrong with them."""

import hashlib
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab import packages
from macros.lab.packages import Apt, Locked

DATA = Path(__file__).parents[1] / "data/lab"
INDEX = (DATA / "packages.txt").read_text(encoding="utf-8")

CONTENT = {
    "hostname_3.25_amd64.deb": b"hostname",
    "iputils-ping_3%3a20250605-1_amd64.deb": b"ping",
    "netbase_6.6_all.deb": b"netbase",
}
LOCK = (
    Locked("hostname", "3.25", hashlib.sha256(b"hostname").hexdigest()),
    Locked("iputils-ping", "3:20250605-1", hashlib.sha256(b"ping").hexdigest()),
    Locked("netbase", "6.6", hashlib.sha256(b"netbase").hexdigest()),
)


class Mirror:
    """apt with the real index of three packages; what it downloads can be spoilt."""

    def __init__(self) -> None:
        self.spoilt: dict[str, bytes] = {}
        self.downloads: list[str] = []

    def call(self, *words: str, cwd: Path | None = None, **_more: object) -> str:
        if words[:2] == ("apt-cache", "pkgnames"):
            return "netbase\nhostname\niputils-ping\n"
        if words[:2] == ("apt-cache", "show"):
            return INDEX
        assert words[:2] == ("apt-get", "download")
        assert cwd is not None
        for word in words[3:]:
            name, _, version = word.partition("=")
            (file,) = (
                package
                for package in CONTENT
                if package.startswith(f"{name}_{version.replace(':', '%3a')}_")
            )
            self.downloads.append(name)
            (cwd / file).write_bytes(self.spoilt.get(file, CONTENT[file]))
        return ""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Mirror:
    fake = Mirror()
    monkeypatch.setattr(Apt, "call", fake.call)
    return fake


def test_packages_are_fetched_checked_and_indexed(mirror: Mirror, tmp_path: Path) -> None:
    counted: list[int] = []
    index = Apt(tmp_path).download(LOCK, tmp_path / "packages", counted.append)
    text = index.read_text(encoding="utf-8")
    assert "Filename: ./iputils-ping_3%3a20250605-1_amd64.deb\n" in text
    assert "pool/main" not in text
    assert text.count("\nPackage: ") + text.startswith("Package: ") == 3
    assert counted == [3]
    assert mirror.downloads == ["hostname", "iputils-ping", "netbase"]


def test_what_is_there_already_is_not_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    Apt(tmp_path).download(LOCK[:2], tmp_path / "packages", lambda _: None)
    Apt(tmp_path).download(LOCK, tmp_path / "packages", lambda _: None)
    assert mirror.downloads == ["hostname", "iputils-ping", "netbase"]


def test_a_truncated_download_is_an_error_and_is_fetched_again(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.spoilt["netbase_6.6_all.deb"] = b"netb"
    with pytest.raises(GuideError, match=r"sha256 differs\): netbase=6\.6"):
        Apt(tmp_path).download(LOCK, tmp_path / "packages", lambda _: None)
    mirror.spoilt.clear()
    Apt(tmp_path).download(LOCK, tmp_path / "packages", lambda _: None)
    assert mirror.downloads[3:] == ["netbase"]


def test_the_beginning_of_a_file_that_an_interrupted_run_left_is_fetched_again(
    mirror: Mirror, tmp_path: Path
) -> None:
    folder = tmp_path / "packages"
    Apt(tmp_path).download(LOCK, folder, lambda _: None)
    (folder / "netbase_6.6_all.deb").write_bytes(b"net")
    Apt(tmp_path).download(LOCK, folder, lambda _: None)
    assert mirror.downloads[3:] == ["netbase"]
    assert (folder / "netbase_6.6_all.deb").read_bytes() == b"netbase"


def test_a_package_that_is_gone_from_the_suite_is_named(mirror: Mirror, tmp_path: Path) -> None:
    gone = (Locked("netbase", "6.5", "0" * 64), Locked("no-such-package", "1", "0" * 64))
    with pytest.raises(GuideError, match="no longer has these") as caught:
        Apt(tmp_path).download([*LOCK, *gone], tmp_path / "packages", lambda _: None)
    assert "netbase=6.5, no-such-package=1" in caught.value.message
    assert "hostname" not in caught.value.message
    assert "--update-lock" in str(caught.value.fix)
    assert mirror.downloads == []


def test_the_newest_kernel_source_is_chosen_by_number_not_by_letter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def call(_apt: Apt, *words: str, **_more: object) -> str:
        if words[1] == "pkgnames":
            return "linux-source-7.9\nlinux-source-7.10\nlinux-source\nlinux-source-7.2-rt\n"
        return f"Package: {words[2]}\nVersion: 1-1\nSHA256: {'0a' * 32}\n"

    monkeypatch.setattr(Apt, "call", call)
    assert Apt(tmp_path).newest(r"linux-source-\d+\.\d+").name == "linux-source-7.10"


def test_a_mirror_that_the_person_names_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDE_DEBIAN_MIRROR", "file:///mirror")
    assert packages.mirror() == "file:///mirror"


@pytest.mark.parametrize(
    ("listed", "uri"),
    [
        ("Debian|Debian|x:/deb/|stable\nOther|Other|x:/other/|stable\n", "x:/deb/"),
        ("Other|Other|x:/other/|stable\nDebian|Debian|x:/deb/|stable\n", "x:/deb/"),
        ("||x:/security|stable-security\n||x:/mirror/debian/|stable\n", "x:/mirror/debian/"),
    ],
)
def test_debians_mirror_is_found_in_this_machines_apt(
    monkeypatch: pytest.MonkeyPatch, listed: str, uri: str
) -> None:
    monkeypatch.delenv("GUIDE_DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(packages, "call", lambda *_words, **_more: listed)
    assert packages.mirror() == uri


def test_a_machine_whose_apt_knows_no_debian_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUIDE_DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(packages, "call", lambda *_words, **_more: "Other|Other|x:/o|stable\n")
    with pytest.raises(GuideError, match="names no Debian mirror") as caught:
        packages.mirror()
    assert "--mirror" in str(caught.value.fix)
