"""Words that a browser must not break: it would, at every hyphen, `-nn` after the first one."""

import re

# What is left alone comes first: a marked value (block.css keeps it whole), a tag, an entity.
_PIECE = re.compile(
    r'<span class="v"[^>]*>[^<]*</span>|<[^>]*>|&[^;\s]*;|(?P<word>[^\s<>&]*-[^\s<>&]*)'
)
_CODE = re.compile(r"(<code[^>]*>)([^<]*-[^<]*)(?=</code>)")
# A block of code, which comes after one of these, keeps its lines anyway. They are looked at last:
# an expression that begins with what must not be there is tried at every letter of a page.
_BLOCK = ("<pre>", '<pre translate="no">', "</span>")
_LONGEST = 26  # a longer one may have to break on a phone


def keep_whole(html: str) -> str:
    """Escaped text with markup, each word with a hyphen in a span that does not break."""
    return _PIECE.sub(_wrap, html) if "-" in html else html


def keep_whole_in_prose(html: str) -> str:
    """A page, its inline code treated so."""
    return _CODE.sub(_kept_whole, html)


def _kept_whole(found: re.Match[str]) -> str:
    if found.string.endswith(_BLOCK, 0, found.start()):
        return found[0]
    return found[1] + keep_whole(found[2])


def _wrap(found: re.Match[str]) -> str:
    word = found["word"]
    if not word or len(word) == 1 or len(word) > _LONGEST:
        return found[0]
    return f'<span class="whole">{word}</span>'
