"""MkDocs hooks: plan once, check strictly, and put the finished HTML in after Markdown."""

import os
from pathlib import Path

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink

from macros import build
from macros.errors import GuideError
from macros.guide import ROOT, Guide
from macros.render import traces, values
from macros.render.page import PageRenderer
from macros.render.words import keep_whole_in_prose
from macros.templates import bytecode, keep_compiled


def on_startup(command: str, dirty: bool) -> None:  # noqa: ARG001 MkDocs' signature
    """Remember whether this is `build` or `serve`."""
    build.command = command


def on_config(config: MkDocsConfig) -> None:
    """Plan all pages; with LAB set record them; then refuse to go on with anything amiss."""
    build.renderers = {}
    keep_compiled(config.plugins["macros"].env)  # type: ignore[attr-defined] # mkdocs-macros' own
    build.use_directory_urls = config.use_directory_urls
    edition = os.environ.get("EDITION") or str(config.extra["edition"])
    recordings = ROOT / str(config.extra.get("recordings", "recordings"))
    build.guide = Guide(Path(config.docs_dir), recordings, edition)
    try:
        if os.environ.get("LAB") and build.command == "build":
            from macros.cli.record import record_all  # noqa: PLC0415 the only way to a lab

            record_all(build.guide, os.environ["LAB"])
        problems = list(build.guide.problems())
    except GuideError as error:
        raise PluginError(str(error)) from error
    if problems and build.command == "build":
        raise PluginError(
            "the guide cannot be replayed:\n\n" + "\n\n".join(str(error) for error in problems)
        )


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Serve the captures of the edition, so that they can be downloaded."""
    guide = build.guide
    folder = guide.recordings / guide.edition_name
    for pcap in sorted(folder.glob("*/*.pcap")):
        address = f"{build.RECORDED}/{guide.edition_name}/{pcap.parent.name}/{pcap.name}"
        files.append(File.generated(config, address, abs_src_path=str(pcap)))
    for path, make in traces.merged(guide).items():
        address = f"{build.RECORDED}/{guide.edition_name}/{path.parent.name}/{path.name}"
        files.append(File.generated(config, address, content=make()))
    return files


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:  # noqa: ARG001
    """Keep the theme's templates compiled too: they are most of a short build."""
    env.bytecode_cache = bytecode()


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Values go into the prose; blocks become what search shall find of them."""
    found = build.renderers.get(page.file.src_uri)
    if found is None:
        return html
    for item in page.toc:
        _toc(item, found)
    try:
        html = found.slots.after_markdown(html)
        return html.replace("</h1>", f"</h1>{found.notice()}", 1)
    except GuideError as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001
    """Blocks and drawings go in, values that occur once lose their marks, options stay whole."""
    found = build.renderers.get(page.file.src_uri)
    if found is not None:
        output = found.slots.finish(output, values.only_repeated)
    return keep_whole_in_prose(output)


def _toc(item: AnchorLink, found: PageRenderer) -> None:
    item.title = found.slots.inline(item.title)
    for child in item.children:
        _toc(child, found)
