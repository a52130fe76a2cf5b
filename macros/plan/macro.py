"""What a macro is to planning and rendering: a class whose annotations are its options.

Planning and rendering get a call as an instance of its class; neither repeats a signature. A
macro is called as its class is: `EditionVersions` is `edition_versions(...)`.
"""

import re

from macros.plan.options import Declared


class Macro(Declared):
    """A call of a macro, as a page has it."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__name__.startswith("_"):
            cls.CALLED = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
