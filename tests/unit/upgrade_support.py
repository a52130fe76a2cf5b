"""What tests of an upgrade share: a guide of small pages, recorded on this machine over real SSH.

The process that has a lab is a real one (`crew`), but its lab is this machine: booting one is for
tests/lab.
"""

import json
import os
import resource
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from macros.cli import check
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT
from macros.lab.lab import Lab
from macros.lab.wanted import Wanted
from macros.rebuild import fresh_lab, recording
from macros.record import known_state
from macros.store.guide import Guide
from macros.upgrade import crew, lab_worker, request, upgrading
from macros.upgrade.outcome_report import Report

ASKED = request.Request("v1.34.4", "", "sid")
NAME = "now-kubernetes-1.34.4"
PLAIN = "---\ntitle: T\nlab: {nodes: 1}\n---\n"
CLUSTER = "---\ntitle: T\nlab: {nodes: 1, cni: none}\n---\n"
_LAB = "GUIDE_TEST_LAB"


class Checkout:
    """A docs folder and its recordings; `told` are files that commands of its pages read."""

    def __init__(self, folder: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.docs, self.recordings = folder, folder / "docs", folder / "recordings"
        self.docs.mkdir()
        self.lab = replace(lab, versions={**lab.versions, "Kubernetes": "1.36.3"})
        self.told = folder / "told"
        self.told.mkdir()
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
        monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {})
        monkeypatch.setattr(known_state, "leave", lambda _lab, _page, _before: None)
        monkeypatch.setattr(crew, "_PROGRAM", "from tests.unit.upgrade_support import main; main()")
        monkeypatch.setattr(upgrading, "_build", lambda *_: None)
        (folder / "mkdocs.yml").write_text("extra: {edition: now}\n", encoding="utf-8")
        monkeypatch.chdir(folder)
        self._environment = monkeypatch
        self.asked = ASKED
        self.machine("1.34.4")

    def machine(self, kubernetes: str, **more: Any) -> None:
        """What a lab of the upgrade is: `broken` names a cni that does not come up."""
        told = {"ssh": str(self.lab.ssh_config), "kubernetes": kubernetes, **more}
        self._environment.setenv(_LAB, json.dumps(told))

    def write(self, key: str, command: str, *, head: str = PLAIN, prose: str = "") -> None:
        """A page with one block, `answer`."""
        block = f'{{{{ run("node0", "{command}", id="answer") }}}}\n'
        (self.docs / f"{key}.md").write_text(f"{head}{block}\n{prose}\n", encoding="utf-8")

    def record(self) -> None:
        """The edition that the site shows."""
        guide = self.guide
        pages = [page for page in guide.planned.values() if not page.cluster]
        pages += [page for page in guide.planned.values() if page.cluster]
        for page in pages:
            lab = replace(self.lab, cluster=page.cluster)
            recording.record(
                lab, [page], self.recordings, "now", everything=False,
                on_block=lambda _page, _block: None, on_page=lambda _page, _changed: None,
            )  # fmt: skip

    @property
    def guide(self) -> Guide:
        return Guide(self.docs, self.recordings, "now")

    def upgrade(self, *pages: str, **options: Any) -> Report:
        asked = upgrading.Options(NAME, pages, **options)
        return upgrading.upgrade(
            self.guide,
            self.asked,
            asked,
            Console(quiet=True),
            lambda guide: check.everything([guide]),
        )

    def bytes(self, edition: str = "now") -> dict[str, bytes]:
        folder = self.recordings / edition
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def main() -> None:
    """In the process that has a lab: this machine is it."""
    told = json.loads(os.environ[_LAB])

    def start(name: str, wanted: Wanted, _progress: object, **_: object) -> Lab:
        if wanted.cluster and told.get("broken") == wanted.cluster.cni:
            raise GuideError("the cluster's API did not get ready within 240 s\nnode0: etcd failed")
        late = told.get("late")
        if late and not Path(late).exists():
            Path(late).touch()
            raise GuideError("node1 was not ready within 90 s: it did not answer")
        if told.get("dies"):
            os.kill(os.getpid(), signal.SIGKILL)
        if room := told.get("room"):
            # RLIMIT_FSIZE makes the kernel refuse writes just as a full disk does.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        versions = {"Linux": "6.1", "Kubernetes": told["kubernetes"]}
        config = Path(told["ssh"])
        return Lab(name, "uml", ("node0", "node1"), config, name, versions, wanted.cluster)

    fresh_lab.start = start  # type: ignore[assignment]
    known_state.enter = lambda _lab, _page: {}  # type: ignore[assignment]
    known_state.leave = lambda _lab, _page, _before: None  # type: ignore[assignment]
    lab_worker.main()
