"""Builds what the browser tests look at: the guide, and a sample page of hand-made figures."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests/site/sample"
DOCS = ROOT / "docs"
RECORDINGS = ROOT / "recordings"


@dataclass(frozen=True, slots=True)
class Site:
    """A built site: its folder, where it is served, and its pages (paths ending in .html)."""

    folder: Path
    url: str
    pages: tuple[str, ...]

    @property
    def file_url(self) -> str:
        """The same site, opened from the disk."""
        return self.folder.as_uri()


def _guide_pages() -> tuple[str, ...]:
    """The pages that the guide's sources become: those of docs/, and the older editions'.

    Tests have a page as a parameter before the guide is built; another test compares. A page that
    the edition shown has not recorded stands at its address in the place of an edition that has it.
    """
    shown = re.search(r'^ +edition: "(.+)"$', (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert shown, "mkdocs.yml names no edition"
    pages = [str(page.relative_to(DOCS).with_suffix(".html")) for page in DOCS.rglob("*.md")]
    older = [
        f"editions/{folder.parent.name}/{folder.name}.html"
        for folder in RECORDINGS.glob("*/*/")
        if folder.parent.name != shown[1] and (RECORDINGS / shown[1] / folder.name).is_dir()
    ]
    own = [page for page in pages if not page.startswith("assets/")]
    return tuple(sorted(["404.html", *own, *older]))


GUIDE_PAGES = _guide_pages()
SAMPLE_PAGES = ("404.html", "figures.html", "index.html", "other.html")


def build_guide(target: Path) -> None:
    """The guide, strictly, into `target`."""
    _mkdocs(ROOT / "mkdocs.yml", target)


def build_sample(work: Path, target: Path) -> None:
    """The sample page with the guide's own theme and assets, into `target`.

    `work` takes the sources: the sample's pages, the guide's assets, and a configuration that
    inherits the guide's but for navigation, macros and hooks.
    """
    docs = work / "docs"
    shutil.copytree(SAMPLE / "docs", docs)
    shutil.copytree(ROOT / "docs/assets", docs / "assets")
    # A classic pcap header and no packet.
    (docs / "capture.pcap").write_bytes(
        bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000")
    )
    config = work / "mkdocs.yml"
    config.write_text(
        f"INHERIT: {ROOT}/mkdocs.yml\n"
        f"docs_dir: {docs}\n"
        "nav:\n  - Sample: index.md\n  - Figures: figures.md\n  - Other: other.md\n"
        f"theme:\n  custom_dir: {ROOT}/overrides\n"
        f"hooks: [{SAMPLE}/hook.py, {ROOT}/macros/site/bundle.py]\n"
        "plugins: [search, offline]\n"
    )
    _mkdocs(config, target)


def _mkdocs(config: Path, target: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", config, "-d", target],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        # Material advertises its successor on every build otherwise.
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    if done.returncode:
        message = f"mkdocs build -f {config} failed:\n{done.stdout}{done.stderr}"
        raise AssertionError(message)


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """Serves a built site on a free port of 127.0.0.1 while the block runs."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pages = tuple(sorted(str(page.relative_to(folder)) for page in folder.rglob("*.html")))
        yield Site(folder, f"http://127.0.0.1:{server.server_address[1]}", pages)
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    # HTTP/1.1 keeps connections open: a page has some twenty files.
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass
