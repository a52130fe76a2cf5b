"""Packet by Packet: the recorder, the renderer, and the macros that pages call."""

import logging
from typing import Any


def define_env(env: Any) -> None:
    """Register the guide's macros with mkdocs-macros: each calls the renderer of its page."""
    from macros.ground.errors import GuideError  # noqa: PLC0415
    from macros.plan.signatures import Calls  # noqa: PLC0415
    from macros.site.build_state import renderer  # noqa: PLC0415 importing the package stays cheap

    def register(name: str) -> None:
        def macro(*args: Any, **options: Any) -> Any:
            try:
                return getattr(renderer(env), name)(*args, **options)
            except GuideError as error:
                # An exception would be printed by mkdocs-macros as a traceback through Jinja.
                logging.getLogger("mkdocs").error("%s", error)  # noqa: TRY400
                raise SystemExit(1) from error

        env.macro(macro, name)

    for name in Calls.names():
        register(name)
