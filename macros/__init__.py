"""Packet by Packet: the recorder, the renderer, and the macros that pages call."""

from typing import Any


def define_env(env: Any) -> None:
    """Register the guide's macros with mkdocs-macros: each calls the renderer of its page."""
    from macros.build import renderer  # noqa: PLC0415 importing the package stays cheap
    from macros.markup import Calls  # noqa: PLC0415

    def register(name: str) -> None:
        def macro(*args: Any, **options: Any) -> Any:
            return getattr(renderer(env), name)(*args, **options)

        env.macro(macro, name)

    for name in Calls.names():
        register(name)
