"""What a page shows that declares `needs:` and has no recording in the edition shown.

Its commands stand without outputs, its drawings are absent, and where a sentence would quote a
value it says so. A word at the head of the page tells a reader all that once.
"""

from html import escape

from macros.ground.model import Block, Page
from macros.plan.frontmatter import KNOWN_NEEDS
from macros.site import block as block_html

STATE = "Not recorded yet"


def notice(page: Page, edition: str, tested: str) -> str:
    """The box below the page's heading. `tested` is the address of "What is tested where"."""
    what = escape(KNOWN_NEEDS[page.needs])
    return (
        '<div class="admonition warning not-recorded">'
        f'<p class="admonition-title">{STATE}</p>'
        f"<p>This page needs {what}, and edition {escape(edition)} was recorded where {what} is not"
        " to be had. So it shows its commands without outputs, its drawings are missing, and where"
        f" a sentence would quote a value it says {value()}. Nothing has been typed in their place."
        f' <a href="{escape(tested)}">What the page rests on until then</a>;'
        f" <code>guide record {escape(page.key)}</code>, on a lab with {what}, fills it.</p></div>"
    )


def block(planned: Block, page: Page, edition: str) -> str:
    """A command whose answer no recording of this edition holds."""
    reason = f"Edition {edition} holds no answer to this; it needs {KNOWN_NEEDS[page.needs]}."
    return block_html.absent(planned, STATE, reason)


def value() -> str:
    """What stands in a sentence for a value that would be quoted."""
    return '<span class="absent-value">[not recorded yet]</span>'
