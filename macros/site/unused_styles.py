"""Material's style sheets without the parts that no page of this guide has.

Half of them is for what the guide does not use: tabs, blogs, annotations, tags, icons of keys, text
from right to left. A class that a page comes to use is taken from `UNUSED`; the tests look whether
a page has one of them.
"""

import re
from collections.abc import Iterator

UNUSED = (
    "abstract", "arithmatex", "bug", "card", "cards", "critic", "emojione", "example", "gemoji",
    "giscus", "grid", "highlighttable", "info", "katex-html", "keys", "linenodiv", "linenos",
    "md-annotation", "md-annotation-list", "md-author", "md-banner", "md-clipboard", "md-code",
    "md-consent", "md-draft", "md-feedback", "md-input", "md-meta", "md-nav--integrated",
    "md-nav--lifted", "md-pagination", "md-path", "md-pin", "md-post", "md-profile",
    "md-progress", "md-search__suggest", "md-select", "md-sidebar--post", "md-social",
    "md-source", "md-source-file", "md-status", "md-tabs", "md-tag", "md-tag-icon",
    "md-tag-shadow", "md-tags", "md-tooltip", "md-tooltip2", "md-version", "mermaid", "quote",
    "tabbed-block", "tabbed-button", "tabbed-content", "tabbed-control", "tabbed-labels",
    "tabbed-set", "task-list-control", "task-list-indicator", "task-list-item", "tip",
    "twemoji",
)  # fmt: skip
"""Classes of parts that no page has; each stands for its `__elements` and `--modifiers` too."""

_UNUSED = re.compile(
    rf"\.(?:{'|'.join(map(re.escape, UNUSED))})(?:(?:__|--)[\w-]+)?(?![\w-])"
    # The guide is written from left to right, in colours of its own.
    r"|\[dir=rtl\]|\[data-md-color-(?:primary|accent)=(?!custom)"
)
_INSIDE = re.compile(r"\([^()]*\)")
_PIECE = re.compile(r"""[^"'(),;]+|"[^"]*"|'[^']*'|.""", re.DOTALL)
_USED = re.compile(r"var\(\s*(--[\w-]+)")
_GROUP = ("@media", "@supports")


def without_unused(css: str, beside: str = "") -> str:
    """A minified style sheet without rules for `UNUSED`, and without what then nothing names.

    That is: custom properties that neither it nor `beside`, the guide's own sheets, asks for.
    """
    kept = "".join(_kept(css))
    while True:
        asked = set(_USED.findall(kept)) | set(_USED.findall(beside))
        less = "".join(_asked(kept, asked))
        if less == kept:
            return kept
        kept = less


def has_unused(classes: str) -> str:
    """The first of an element's classes that is taken for unused, or nothing."""
    return next((name for name in classes.split() if _UNUSED.fullmatch(f".{name}")), "")


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Each rule's selectors, and what stands in its braces. Of a statement, only its text."""
    start = 0
    while (brace := css.find("{", start)) >= 0:
        depth, end = 1, brace + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield css[start:brace], css[brace + 1 : end - 1]
        start = end


def _kept(css: str) -> Iterator[str]:
    for head, body in _rules(css):
        if head.startswith(_GROUP):
            if inside := "".join(_kept(body)):
                yield f"{head}{{{inside}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}"
        elif left := [
            selector for selector in _split(head, ",") if not _UNUSED.search(_outside(selector))
        ]:
            yield f"{','.join(left)}{{{body}}}"


def _split(text: str, separator: str) -> Iterator[str]:
    """What stands between commas or semicolons that are in no string and no parentheses."""
    depth, part = 0, ""
    for piece in _PIECE.findall(text):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == separator and not depth:
            yield part
            part = ""
        else:
            part += piece
    yield part


def _outside(selector: str) -> str:
    """A selector without what stands in parentheses: `:not(.x)` does not need an .x."""
    shorter = _INSIDE.sub("", selector)
    return selector if shorter == selector else _outside(shorter)


def _asked(css: str, asked: set[str]) -> Iterator[str]:
    """The rules, their custom properties only where something asks for them."""
    for head, body in _rules(css):
        if head.startswith(_GROUP):
            inside = "".join(_asked(body, asked))
        elif head.startswith("@"):
            inside = body
        else:
            inside = ";".join(
                declaration
                for declaration in _split(body, ";")
                if not declaration.startswith("--") or declaration.partition(":")[0] in asked
            )
        if inside:
            yield f"{head}{{{inside}}}"
