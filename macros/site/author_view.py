"""What `mkdocs serve` shows while a page is written: errors in the browser, where MkDocs hangs."""

import logging
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer
from mkdocs.utils import CountHandler

from macros.figures.markup import render
from macros.ground.errors import GuideError

_INLINE = frozenset({"value", "expect", "version"})
"""Macros that stand in a sentence; what goes wrong with one is said there."""


def let_errors_be(config: MkDocsConfig) -> None:
    """Have a build end although something is wrong: `strict` is for those that are published.

    MkDocs counts what is said before it asks any hook, its own "500" to a browser too: its counter
    is emptied and taken away.
    """
    config.strict = False
    logger = logging.getLogger("mkdocs")
    for handler in logger.handlers[:]:
        if isinstance(handler, CountHandler):
            handler.counts.clear()
            logger.removeHandler(handler)


def page(title: str, error: GuideError) -> str:
    """The source of a page that cannot be built: all that is wrong with it, and no macro."""
    return f"---\nrender_macros: false\n---\n\n# {title}\n\n{boxes(error)}\n"


def boxes(error: GuideError) -> str:
    """All errors as boxes, each with its place and what mends it."""
    return "\n\n".join(render("site/error.html", error=problem) for problem in error.all)


def in_place(name: str, error: GuideError) -> tuple[str, bool]:
    """HTML for the place of a call that failed, and whether it stands in a sentence."""
    if name in _INLINE:
        return f"<mark><strong>{escape(str(error))}</strong></mark>", True
    return boxes(error), False


def watch(server: LiveReloadServer, folders: Iterable[Path]) -> None:
    """Let the browser see what is wrong with a build, and changes in these folders too."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        server.watch(str(folder))
    heard = _Heard()
    server.builder = _builder(server.builder, heard)
    server.set_app(_application(server, heard))


class _Heard(logging.Handler):
    """What MkDocs said of the last build, if it failed."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []
        self.failed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.said.append(record.getMessage())


def _builder(build: Callable[[], None], heard: _Heard) -> Callable[[], None]:
    def built() -> None:
        logger = logging.getLogger("mkdocs")
        heard.said.clear()
        logger.addHandler(heard)
        try:
            build()
            heard.failed = False
        except (Exception, SystemExit) as error:  # noqa: BLE001 whatever it is, the author sees it
            heard.failed = True
            heard.said.append(str(error) or type(error).__name__)
            logger.error("the site is as it was before this: %s", error)  # noqa: TRY400 no traceback
        finally:
            logger.removeHandler(heard)

    return built


def _application(server: LiveReloadServer, heard: _Heard) -> Any:
    usual: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]] = server.serve_request

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not heard.failed or not path.endswith(("/", ".html")):
            return usual(environ, start_response)
        html = render("site/failed.html", said=dict.fromkeys(heard.said)).encode()
        # The page asks for the next build as all others do.
        html = server._inject_js_into_html(html, server._visible_epoch)  # type: ignore[no-untyped-call]  # noqa: SLF001
        start_response("500 Internal Server Error", [("Content-Type", "text/html; charset=utf-8")])
        return [html]

    return answer
