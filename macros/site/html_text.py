"""What a piece of HTML says, without its tags."""

import re
from html import unescape

_TAG = re.compile(r"<[^>]+>")


def plain(html: str) -> str:
    """Its text, in one line, words one blank apart."""
    return " ".join(unescape(_TAG.sub("", html)).split())
