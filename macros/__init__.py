"""Packet by Packet: the recorder, the renderer, and the macros that pages call."""

import logging
from typing import Any


def define_env(env: Any) -> None:
    """Register the guide's macros with mkdocs-macros: each calls the renderer of its page."""
    from macros.ground.errors import GuideError  # noqa: PLC0415
    from macros.plan.templates import functions  # noqa: PLC0415
    from macros.site.build_state import current, renderer  # noqa: PLC0415 importing the package stays cheap

    def answered(name: str, place: tuple[int, int], /, *values: Any, **options: Any) -> Any:
        made = renderer(env)
        if not current().serving:
            return made.call(name, place, *values, **options)
        try:
            return made.call(name, place, *values, **options)
        except GuideError:
            raise
        except Exception as error:  # whatever it is, the author sees it where it is
            raise made.broken(name, place, error) from error

    def call(name: str, place: tuple[int, int], /, *values: Any, **options: Any) -> Any:
        try:
            return answered(name, place, *values, **options)
        except GuideError as error:
            # An exception would be printed by mkdocs-macros as a traceback through Jinja.
            logging.getLogger("mkdocs").error("%s", error)  # noqa: TRY400
            if current().serving:
                current().problems.append(error)
                return renderer(env).failed(name, error)
            raise SystemExit(1) from error

    for name, macro in functions(call).items():
        env.macro(macro, name)
