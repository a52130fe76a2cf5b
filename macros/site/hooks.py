"""MkDocs hooks: plan once, check strictly, and put the finished HTML in after Markdown."""

import os
from functools import partial
from pathlib import Path

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink

from macros.figures import marks
from macros.ground.errors import GuideError
from macros.plan.templates import bytecode, keep_compiled
from macros.site import build_state, edition_links, recorded_traces
from macros.site.page_macros import PageRenderer
from macros.site.unbroken import keep_whole_in_prose
from macros.store.guide import ROOT, Guide
from macros.values import lookup


def on_startup(command: str, dirty: bool) -> None:  # noqa: ARG001 MkDocs' signature
    """Remember whether this is `build` or `serve`."""
    build_state.command = command


def on_config(config: MkDocsConfig) -> None:
    """Plan all pages; with LAB set record them; then refuse to go on with anything amiss."""
    keep_compiled(config.plugins["macros"].env)  # type: ignore[attr-defined] # mkdocs-macros' own
    build_state.use_directory_urls = config.use_directory_urls
    edition = os.environ.get("EDITION") or str(config.extra["edition"])
    recordings = ROOT / str(config.extra.get("recordings", "recordings"))
    shown = Guide(Path(config.docs_dir), recordings, edition)
    try:
        if os.environ.get("LAB") and build_state.command == "build":
            from macros.rebuild.terminal import record_all  # noqa: PLC0415 the only way to a lab

            record_all(shown, os.environ["LAB"])
        build_state.begin(shown)
        problems = [error for each in build_state.guides.values() for error in each.problems()]
    except GuideError as error:
        raise PluginError(str(error)) from error
    if problems and build_state.command == "build":
        raise PluginError(
            "the guide cannot be replayed:\n\n" + "\n\n".join(str(error) for error in problems)
        )


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the other editions' pages; serve all captures, so that they can be downloaded."""
    for name, guide in build_state.guides.items():
        for pcap in sorted((guide.recordings / name).glob("*/*.pcap")):
            address = f"{build_state.RECORDED}/{name}/{pcap.parent.name}/{pcap.name}"
            files.append(File.generated(config, address, abs_src_path=str(pcap)))
        for path, make in recorded_traces.merged(guide).items():
            address = f"{build_state.RECORDED}/{name}/{path.parent.name}/{path.name}"
            files.append(File.generated(config, address, content=make()))
        if guide is not build_state.guide:
            for page in guide.pages.values():
                uri = edition_links.uri(name, page.source.relative_to(guide.docs).as_posix())
                source = str(page.source)
                beside = InclusionLevel.NOT_IN_NAV
                files.append(File.generated(config, uri, abs_src_path=source, inclusion=beside))
    return files


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:  # noqa: ARG001
    """Keep the theme's templates compiled too: they are most of a short build."""
    env.bytecode_cache = bytecode()


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """A page of another edition says so in its title, is not searched, and links as it must."""
    edition, source = edition_links.split(page.file.src_uri)
    if not edition:
        return markdown
    page.meta["title"] = f"{page.meta.get('title') or source} ({edition})"
    page.meta["search"] = {"exclude": True}
    return edition_links.relinked(markdown, edition, source, partial(build_state.has, edition))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Values go into the prose; blocks become what search shall find of them."""
    found = build_state.renderers.get(page.file.src_uri)
    if found is None:
        return html
    for item in page.toc:
        _toc(item, found)
    try:
        html = found.slots.after_markdown(html)
        return html.replace("</h1>", f"</h1>{build_state.choice(page)}{found.notice()}", 1)
    except GuideError as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001
    """Blocks and drawings go in, values that occur once lose their marks, options stay whole."""
    found = build_state.renderers.get(page.file.src_uri)
    if found is not None:
        output = found.slots.finish(output, marks.only_repeated)
    return keep_whole_in_prose(output)


def on_post_build(config: MkDocsConfig) -> None:  # noqa: ARG001
    """What the prose quotes is found again without looking, as long as nothing changes."""
    lookup.keep()


def _toc(item: AnchorLink, found: PageRenderer) -> None:
    item.title = found.slots.inline(item.title)
    for child in item.children:
        _toc(child, found)
