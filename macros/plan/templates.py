"""Pages as templates: checked, compiled once for all builds, and evaluated."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes

from macros.ground import cache
from macros.ground.errors import GuideError, raise_all
from macros.plan import call_check, positions
from macros.plan.frontmatter import FrontMatter
from macros.plan.signatures import MACROS


def functions(call: Callable[..., Any]) -> Mapping[str, Callable[..., Any]]:
    """What templates call, by name: `call(name, place, *values, **options)` for every macro."""
    return {name: partial(call, name) for name in MACROS}


def evaluate(
    source: Path,
    front: FrontMatter,
    call: Callable[..., Any],
    partly: list[str] | None = None,
) -> str:
    """The Markdown that a page comes to, its macros answered by `call` (as of `functions`).

    GuideErrors name the place of all that is wrong before anything is called, and after that
    of what cannot be evaluated, whatever it is. Where calls are wrong, the others are evaluated all
    the same, so that who keeps what is wrong with each hears of all; what the page comes to then
    is added to `partly`.
    """
    before = front.body_line - 1
    # It makes Markdown, not HTML, so nothing is escaped here.
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701
    environment.optimized = False  # pages have no constants to fold, and the search takes time
    environment.globals.update(functions(call))
    try:
        template = _template(environment, front.body)
    except GuideError as error:
        text = _go_on(environment, front)
        if partly is not None:
            partly.append(text)
        raise_all(
            [
                nested.located(source, before + (nested.line or 1), nested.column)
                for nested in error.all
            ]
        )
        raise
    except jinja2.TemplateSyntaxError as error:
        raise _syntax(error, source, before) from error
    except Exception as error:  # Jinja takes more than Python compiles, and not all at any depth
        message, line = f"macro syntax: {error}", before + 1
        raise GuideError(message, page=source, line=line) from error
    try:
        return template.render(page={"title": front.title})
    except GuideError:
        raise
    except Exception as error:  # a page can raise anything: 1/0, an undefined name
        undefined = isinstance(error, jinja2.UndefinedError)
        told = positions.undefined(error) if undefined else error
        message, line = f"macro call: {told}", before + _line_of(error)
        raise GuideError(message, page=source, line=line) from error


def _go_on(environment: jinja2.Environment, front: FrontMatter) -> str:
    """Evaluate what can be of a page some of whose calls are wrong; nothing where it cannot be."""
    tree = positions.parse(environment, front.body)
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            environment.globals.setdefault(call.node.name, _nothing)
    call_check.stamp_lines(tree)
    with suppress(Exception):  # a page can raise anything, and why it cannot be built is known
        code = environment.compile(tree)
        globals_ = environment.make_globals({})
        template = environment.template_class.from_code(environment, code, globals_, None)
        return template.render(page={"title": front.title})
    return ""


def _nothing(*_values: object, caller: Callable[[], str] | None = None, **_options: object) -> str:
    """What a macro that there is not comes to: what stands in its body."""
    return caller() if caller is not None else ""


def _syntax(error: jinja2.TemplateSyntaxError, source: Path, before: int) -> GuideError:
    line, column = positions.place(error.lineno)
    message = f"macro syntax: {error.message}"
    if isinstance(error, positions.UnclosedError) and error.opened != error.lineno:
        message += f"; it begins in line {before + error.opened}"
    return GuideError(message, page=source, line=before + line, column=column)


def _line_of(error: BaseException) -> int:
    # Jinja rewrites tracebacks so that frames named <template> carry the template's own lines.
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def keep_compiled(environment: jinja2.Environment) -> None:
    """Let the environment of mkdocs-macros make its templates as `evaluate` does.

    It is made in that plugin, which hands it pages as strings: `from_string` is the one seam, and
    Jinja's own cache of compiled templates serves only loaders.
    """
    environment.optimized = False
    environment.from_string = partial(_template, environment)  # type: ignore[method-assign]


def bytecode() -> jinja2.BytecodeCache:
    """Jinja's own store of compiled templates, in the guide's cache."""
    folder = cache.folder() / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return jinja2.FileSystemBytecodeCache(str(folder))


def _template(
    environment: jinja2.Environment, text: str, globals: Mapping[str, Any] | None = None
) -> jinja2.Template:
    kept = bytecode()
    # What was compiled was checked too, by this code.
    name = hashlib.sha256(f"{cache.code_hash()}{text}".encode()).hexdigest()
    bucket = kept.get_bucket(environment, name, None, text)
    if bucket.code is None:
        tree = positions.parse(environment, text)
        raise_all(call_check.problems(tree, text, environment.globals))
        call_check.stamp_lines(tree)
        bucket.code = environment.compile(tree)
        kept.set_bucket(bucket)
    values = environment.make_globals(dict(globals or {}))
    return environment.template_class.from_code(environment, bucket.code, values, None)
