"""Tables of the text in boxes that scroll, as they are built.

Material's script would make the boxes in the browser, when the page is laid out, and everything
would be laid out again. Its style sheets know such tables by a class that they lack, so that any
class that changes anywhere on a page has all below it styled anew; here they are known by the box.
"""

import re

_PIECE = re.compile(r"<figure\b|</figure>|<table>.*?</table>", re.DOTALL)
_BY_NO_CLASS = "table:not([class])"
_BY_BOX = ".md-typeset__table>table"


def boxed(html: str) -> str:
    """A page whose tables without a class stand in boxes, but for those of figures."""
    depth = 0

    def box(match: re.Match[str]) -> str:
        nonlocal depth
        piece = match[0]
        if not piece.startswith("<table"):
            depth += -1 if piece.startswith("</") else 1
            return piece
        if depth:
            return piece
        inner = f'<div class="md-typeset__table">{piece}</div>'
        return f'<div class="md-typeset__scrollwrap">{inner}</div>'

    return _PIECE.sub(box, html)


def by_box(css: str) -> str:
    """A style sheet that knows these tables by their boxes."""
    return css.replace(_BY_NO_CLASS, _BY_BOX)
