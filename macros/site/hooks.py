"""MkDocs hooks: plan once, check strictly, and put the finished HTML in after Markdown."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink
from mkdocs.utils import get_relative_url
from mkdocs.utils.templates import TemplateContext as Context

from macros.figures import marks
from macros.ground import project
from macros.ground.errors import GuideError, one_of, placed_on
from macros.plan.templates import bytecode, keep_compiled
from macros.site import (
    author_view,
    build_state,
    edition_links,
    glossary,
    merged_captures,
    page_memory,
    search_index,
    sharing,
    theme_templates,
)
from macros.site.build_state import Build
from macros.site.slots import Slots
from macros.site.unbroken import keep_whole_in_prose
from macros.store import drafts
from macros.store.guide import Guide
from macros.values import lookup


def on_startup(command: str, dirty: bool) -> None:  # noqa: ARG001 MkDocs' signature
    """Remember whether this is `build` or `serve`."""
    build_state.command = command


def on_config(config: MkDocsConfig) -> None:
    """Plan all pages; with LAB set record them; then refuse to go on with anything amiss."""
    root = Path(config.config_file_path or ".").resolve().parent
    project.use(root)
    macros: Any = config.plugins["macros"]
    keep_compiled(macros.env)
    page_memory.remember(macros.env, lambda: macros.page, root / project.SETTINGS)
    edition = os.environ.get("EDITION") or str(config.extra["edition"])
    recordings = root / str(config.extra.get("recordings", "recordings"))
    serving = build_state.command == "serve"
    if serving:
        author_view.let_errors_be(config)
    build = Build(
        Guide(Path(config.docs_dir), recordings, edition, partly=serving, drafts=serving),
        serving=serving,
        use_directory_urls=config.use_directory_urls,
        drafted=serving and any(drafts.folder(recordings, edition).glob("*/*")),
    )
    try:
        if os.environ.get("LAB") and not serving:
            from macros.rebuild.terminal import record_all  # noqa: PLC0415 the only way to a lab

            record_all(build.guide, os.environ["LAB"])
        build_state.begin(build)
        build.problems.extend(build.guide.unplanned.values())
        build.problems.extend(
            error for guide in build.guides.values() for error in guide.problems()
        )
    except GuideError as error:
        raise PluginError(str(error)) from error
    if build.problems and not serving:
        raise PluginError(_refusal(build))


def _refusal(build: Build) -> str:
    """Why the guide cannot be built, and what to do, as `guide check` says it."""
    from macros.rebuild import advice  # noqa: PLC0415 only where something is wrong

    told = advice.in_view_of_labs(build.problems, build.guide.planned)
    return "\n\n".join(["the guide cannot be replayed:", *map(str, told)])


def on_serve(server: LiveReloadServer, config: MkDocsConfig, builder: Any) -> None:  # noqa: ARG001
    """Show what is wrong in the browser, and what is recorded as soon as it is."""
    guide = build_state.current().guide
    author_view.watch(server, [guide.recordings, drafts.folder(guide.recordings, "")])


def on_page_read_source(page: Page, config: MkDocsConfig) -> str | None:  # noqa: ARG001
    """While an author writes, a page that cannot be planned says what is wrong with it."""
    build = build_state.current()
    wrong = build.guide.unplanned if build.serving else {}
    source = Path(str(page.file.abs_src_path))
    if source not in wrong:
        return None
    from macros.site import claims_check  # noqa: PLC0415 only where something is wrong

    return author_view.page(page.file.name, one_of(claims_check.unplanned(build.guide, source)))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the other editions' pages; serve all captures, so that they can be downloaded."""
    build = build_state.current()
    for name, guide in build.guides.items():
        for pcap in sorted((guide.recordings / name).glob("*/*.pcap")):
            address = f"{build_state.RECORDED}/{name}/{pcap.parent.name}/{pcap.name}"
            files.append(File.generated(config, address, abs_src_path=str(pcap)))
        for path, make in merged_captures.merged(guide).items():
            address = f"{build_state.RECORDED}/{name}/{path.parent.name}/{path.name}"
            try:
                files.append(File.generated(config, address, content=make()))
            except GuideError as error:
                if not build.serving:
                    raise PluginError(str(error)) from error
                build.problems.append(error)
        for source in build.elsewhere.get(name, ()):
            uri = edition_links.uri(name, source.relative_to(guide.docs).as_posix())
            beside = InclusionLevel.NOT_IN_NAV
            files.append(File.generated(config, uri, abs_src_path=str(source), inclusion=beside))
    site = config.site_url or ""
    feed = sharing.feed(build.guide.recordings, build.guides, site, config.site_name)
    files.append(File.generated(config, "robots.txt", content=sharing.robots(site)))
    files.append(File.generated(config, "changes.xml", content=feed))
    return files


def on_pre_build(config: MkDocsConfig) -> None:  # noqa: ARG001
    """Nothing of an earlier build is left."""
    build_state.current().order.clear()


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> None:  # noqa: ARG001
    """Remember all pages: those of an edition are called as those in the navigation."""
    pages = ((file.src_uri, file.page) for file in files.documentation_pages())
    build_state.current().pages.update({uri: page for uri, page in pages if page})
    build_state.current().order.extend(page.url for page in nav.pages)


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:  # noqa: ARG001
    """Keep the theme's templates compiled too: they are most of a short build.

    A page whose own template is not among them says so.
    """
    env.bytecode_cache = bytecode()
    build = build_state.current()
    for file in files.documentation_pages():
        page, source = file.page, Path(str(file.abs_src_path))
        error = page and theme_templates.problem(env, page.meta, source)
        if not page or not error:
            continue
        if not build.serving:
            raise PluginError(str(error))
        page.meta.pop("template")
        page.content = author_view.boxes(error) + (page.content or "")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """A page of another edition says so in its title, is not searched, and links as it must."""
    edition, source = edition_links.split(page.file.src_uri)
    if not edition:
        return markdown
    shown = build_state.current().pages[source]
    page.meta["title"] = f"{page.meta.get('title') or source} ({edition})"
    page.title = f"{shown.title} ({edition})"
    page.meta["search"] = {"exclude": True}
    has = partial(build_state.current().has, edition)
    return edition_links.relinked(markdown, edition, source, has)


def on_page_context(context: Context, page: Page, config: MkDocsConfig, nav: Any) -> Context:  # noqa: ARG001
    """A page of another edition leads to that edition's neighbours, or to the default's."""
    build = build_state.current()
    edition, source = edition_links.split(page.file.src_uri)
    if edition:
        shown = build.pages[source]
        page.previous_page, page.next_page = (
            beside and build.pages.get(edition_links.uri(edition, beside.file.src_uri), beside)
            for beside in (shown.previous_page, shown.next_page)
        )
    return context


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Values go into the prose; blocks become what search is to find of them."""
    build = build_state.current()
    page.meta.setdefault("description", sharing.description(html))
    shown = build.shown.get(page.file.src_uri)
    if shown is None:
        return html
    for item in page.toc:
        _toc(item, shown.slots)
    try:
        html = shown.slots.after_markdown(_explained(html, page))
        return html.replace("</h1>", f"</h1>{build.choice(page)}{shown.notice()}", 1)
    except GuideError as error:
        wrong = placed_on(error, Path(str(page.file.abs_src_path)))
        if build.serving:
            return author_view.boxes(wrong)
        raise PluginError(str(wrong)) from error


def _explained(html: str, page: Page) -> str:
    """A chapter with its terms explained; the reference is for looking up."""
    build = build_state.current()
    _, source = edition_links.split(page.file.src_uri)
    if not build.terms or source.startswith("reference/"):
        return html
    address = get_relative_url(build.pages[build_state.GLOSSARY].url, page.url)
    return glossary.linked(html, build.terms, address, str(page.title))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001
    """Blocks and drawings go in, values that occur once lose their marks, options stay whole."""
    shown = build_state.current().shown.get(page.file.src_uri)
    if shown is not None:
        output = shown.slots.finish(output, marks.only_repeated)
    return keep_whole_in_prose(output)


def on_post_build(config: MkDocsConfig) -> None:
    """The search gets its entries; what the prose quotes is found again without looking."""
    build = build_state.current()
    search_index.rewrite(Path(config.site_dir), build.guide, build.shown_at, build.order)
    lookup.keep()


def _toc(item: AnchorLink, slots: Slots) -> None:
    item.title = slots.inline(item.title)
    for child in item.children:
        _toc(child, slots)
