"""What a macro is to planning and rendering: a class whose annotations are its options.

Planning and rendering get a call as an instance of its class; neither repeats a signature. A
macro is called as its class is: `EditionVersions` is `edition_versions(...)`.
"""

import re
from typing import ClassVar, Literal

from macros.plan.options import Declared


class Macro(Declared):
    """A call of a macro, as a page has it."""

    PRINTS: ClassVar[Literal["block", "word", ""]] = "block"
    """What it prints: a block, which needs a paragraph of its own, or a word of a sentence."""

    def prints(self) -> bool:
        """Whether this call prints that: one that is not shown prints nothing."""
        return bool(self.PRINTS and getattr(self, "show", True))

    def called(self) -> str:
        """What errors call it: the macro, and its id, its title, or what it is of."""
        named = getattr(self, "id", None) or getattr(self, "title", None)
        first = getattr(self, self.given[0]) if self.given else None
        named = named or (first if isinstance(first, str) else None)
        return f"{self.CALLED} {named!r}" if named else f"{self.CALLED}()"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__name__.startswith("_"):
            cls.CALLED = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
