"""What a page shows that declares `needs:` and has no recording in the edition shown.

Its commands stand without outputs, its drawings are absent, and where a sentence would quote a
value it says so. A word at the head of the page tells a reader all that once.
"""

from markupsafe import Markup

from macros.figures.markup import render, safe
from macros.ground.model import Block, Page
from macros.plan.frontmatter import KNOWN_NEEDS
from macros.site import block as block_html

STATE = "Not recorded yet"


def notice(page: Page, edition: str, tested: str) -> str:
    """The box below the page's heading. `tested` is the address of "What is tested where"."""
    return render(
        "site/unrecorded.html",
        state=STATE,
        what=KNOWN_NEEDS[page.needs],
        edition=edition,
        value=value(),
        tested=tested,
        page=page.key,
    )


def block(planned: Block, page: Page, edition: str) -> str:
    """A command whose answer no recording of this edition holds."""
    reason = f"Edition {edition} holds no answer to this; it needs {KNOWN_NEEDS[page.needs]}."
    return block_html.absent(planned, page, STATE, reason)


def value() -> Markup:
    """What stands in a sentence for a value that would be quoted."""
    return safe('<span class="absent-value">[not recorded yet]</span>')
