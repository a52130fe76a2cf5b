"""Keep compiled templates: compiling pages is most of the work of evaluating their macros."""

import hashlib
from typing import Any

import jinja2

from macros.ground import cache


def bytecode() -> jinja2.BytecodeCache:
    """Jinja's own store of compiled templates, in the guide's cache."""
    folder = cache.folder() / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return jinja2.FileSystemBytecodeCache(str(folder))


def keep_compiled(environment: jinja2.Environment) -> None:
    """Let `environment.from_string` compile a text only once and for all builds.

    mkdocs-macros hands pages over as strings; Jinja's bytecode cache serves loaders only.
    """
    kept = bytecode()

    def from_string(
        source: str,
        globals: Any = None,
        template_class: type[jinja2.Template] | None = None,
    ) -> jinja2.Template:
        name = hashlib.sha256(source.encode()).hexdigest()
        bucket = kept.get_bucket(environment, name, None, source)
        if bucket.code is None:
            bucket.code = environment.compile(source)
            kept.set_bucket(bucket)
        made = template_class or environment.template_class
        return made.from_code(environment, bucket.code, environment.make_globals(globals), None)

    environment.from_string = from_string  # type: ignore[method-assign,assignment]
