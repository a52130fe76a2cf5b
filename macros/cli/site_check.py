"""What MkDocs would refuse of the whole site: settings, navigation, links; without building it."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, ConfigurationError
from mkdocs.structure.files import Files, get_files
from mkdocs.structure.nav import get_navigation
from mkdocs.utils import meta

from macros.ground import project
from macros.ground.errors import GuideError, placed_on
from macros.site import theme_templates
from macros.site.page_macros import PageRenderer

Written = Mapping[Path, tuple[str, PageRenderer]]
"""By a page's file, the Markdown that it comes to, and what rendered its calls."""

_IN_A_DOC = re.compile(r"Doc file '(?P<doc>[^']+)' contains .*?link '(?P<link>[^']+)'", re.DOTALL)
_IN_NAV = re.compile(r"(?:reference|path) to '(?P<link>[^']+)' is included in the 'nav'")
_OMITTED = 'not included in the "nav" configuration:'


def problems(root: Path, written: Written) -> list[GuideError]:
    """All that a strict build would warn of, and so refuse, each with its place.

    `written` are the pages whose macros could be evaluated: links are looked for in those.
    """
    heard: list[GuideError] = []
    settings = root / project.SETTINGS
    told = _Told(root)
    logger = logging.getLogger("mkdocs")
    logger.addHandler(told)
    spread, logger.propagate = logger.propagate, False
    try:
        config = load_config(str(settings))
        told.docs = Path(config.docs_dir)
        files = get_files(config)
        get_navigation(files, config)
        heard += _links(config, files, written)
    except Abort as error:
        if not told.errors:
            heard.append(GuideError(f"MkDocs refuses the settings: {error}", page=settings))
    except ConfigurationError as error:
        heard.append(GuideError(f"MkDocs cannot read the settings: {error}", page=settings))
    finally:
        logger.removeHandler(told)
        logger.propagate = spread
    return [*told.errors, *heard]


def _links(config: MkDocsConfig, files: Files, written: Written) -> Iterator[GuideError]:
    """Render the Markdown of all pages, which makes MkDocs look for what they link to.

    Pages whose template the theme does not have are told too.
    """
    rendered = []
    env = config.theme.get_env()
    for file in files.documentation_pages():
        source = Path(str(file.abs_src_path)).resolve()
        if file.page is None or source not in written:
            continue
        file.page.markdown, renderer = written[source]
        _, front = meta.get_data(source.read_text(encoding="utf-8-sig"))
        if error := theme_templates.problem(env, front, source):
            yield error
        file.page.render(config, files)
        rendered.append(file.page)
        try:
            renderer.slots.after_markdown(file.page.content or "")
        except GuideError as error:
            yield from placed_on(error, source).all
    for page in rendered:
        page.validate_anchor_links(files=files, log_level=config.validation.links.anchors)


class _Told(logging.Handler):
    """Keeps MkDocs' warnings as errors with a place."""

    def __init__(self, root: Path) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[GuideError] = []
        self._root = root
        self.docs = root / "docs"

    def emit(self, record: logging.LogRecord) -> None:
        """Take one warning."""
        self.errors += self._placed(record.getMessage())

    def _placed(self, message: str) -> Iterator[GuideError]:
        settings = self._root / project.SETTINGS
        if _OMITTED in message:
            for name in message.partition(_OMITTED)[2].split():
                if name != "-":
                    fix = f"add `- {_title(self.docs / name)}: {name}` there"
                    words = f"the page is not in nav: of {project.SETTINGS}"
                    yield GuideError(words, page=self.docs / name, line=1, fix=fix)
        elif match := _IN_A_DOC.search(message):
            page = self.docs / match["doc"]
            line, column = _find(page, f"({match['link']}")
            yield GuideError(message.partition(" contains ")[2]).located(page, line, column)
        elif match := _IN_NAV.search(message):
            line, column = _find(settings, match["link"])
            words = f"nav: names {match['link']}, which is not a page"
            yield GuideError(words).located(settings, line, column)
        else:
            yield GuideError(message, page=settings)


def _title(source: Path) -> str:
    """A page's title as it stands in nav: of its front matter, or its first heading."""
    try:
        text, front = meta.get_data(source.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return "Its title"
    heading = re.search(r"^# +(.+?) *#*$", text, re.MULTILINE)
    title = str(front.get("title") or (heading[1] if heading else "Its title"))
    return json.dumps(title, ensure_ascii=False) if re.search(r": |^\W| #", title) else title


def _find(path: Path, text: str) -> tuple[int, int]:
    """Line and column of a text in a file; the first line where it is written otherwise."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for number, line in enumerate(lines, start=1):
        if text in line:
            return number, line.index(text) + 1
    return 1, 0
