"""Randomly edited pages of the guide: each ends in a build, or in errors with page and line.

`python -m tests.pages_fuzz 2000 [SEED]` says what became of them, and exits with 1 where one ended
in anything else. `test_strict` runs some of them.
"""

import random
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import markdown
from jinja2 import UndefinedError

from macros.cli.settings import guide_of_checkout
from macros.figures import marks
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT
from macros.plan import planner
from macros.site import claims_check
from macros.store.guide import Guide

PAGES = [path for path in sorted((CHECKOUT / "docs").glob("*.md")) if "{{" in path.read_text()]
WORDS = ["{{", "}}", "{%", "%}", "(", ")", '"', "[", "]", ",", "=", "|", ":", "-", "\n", "---\n",
         " ", "{% call ", "{% endcall %}", "{% raw %}", "run", "value", "none", "7", "1/0", "\\", "'", "\0", "é",
         "true", "[]", "{}", '""', "x=1, ", "-1", "eth0", "re:(", "$X", "[1]", ".x", "\t"]  # fmt: skip
EXTENSIONS = [
    "abbr",
    "admonition",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "tables",
    "toc",
]


@dataclass(frozen=True)
class Outcome:
    """What became of a page: the text that it was, what it ended in, and what was unexpected."""

    text: str
    errors: tuple[GuideError, ...]
    surprise: str


def mutated(rng: random.Random, text: str) -> str:
    """A page with one to three edits, as a hand makes them that slips."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(text))
        # Where the macros and the front matter are, not in prose that says nothing to the tool.
        spots = [match.start() for match in re.finditer(r"\{\{|\{%|---", text)]
        if spots and rng.random() < 0.8:
            start = min(len(text) - 1, rng.choice(spots) + rng.randrange(60))
        length = rng.choice([0, 1, 1, 2, 5, 40])
        text = text[:start] + rng.choice(["", rng.choice(WORDS)]) + text[start + length :]
    return text


def outcomes(count: int, seed: int, folder: Path) -> Iterator[Outcome]:
    """So many edited pages, each planned and built as far as it goes."""
    rng = random.Random(seed)  # noqa: S311 seeded, no secret
    whole = guide_of_checkout(root=CHECKOUT)
    docs = folder / "docs"
    docs.mkdir()
    for _ in range(count):
        source = docs / (path := rng.choice(PAGES)).name
        source.write_text(mutated(rng, path.read_text(encoding="utf-8")), encoding="utf-8")
        yield _outcome(whole, docs, source)
        source.unlink()


def _outcome(whole: Guide, docs: Path, source: Path) -> Outcome:
    text = source.read_text(encoding="utf-8")
    try:
        errors = tuple(_built(whole, docs, source))
    except GuideError as error:
        errors = error.all
    except Exception:  # noqa: BLE001 whatever it is, no author may see it
        return Outcome(text, (), traceback.format_exc())
    homeless = [error for error in errors if not error.page or not error.line]
    causes = [error for error in errors if _internal(error)]
    surprise = "".join(f"without a place: {error}\n" for error in homeless)
    surprise += "".join("".join(traceback.format_exception(cause)) for cause in causes)
    return Outcome(text, errors, surprise)


def _internal(error: GuideError) -> bool:
    """Whether an error is only the wrapping of one that happened in the tool's own code."""
    if "cannot be shown: " in error.message:
        return True
    cause = error.__cause__
    if cause is None or isinstance(cause, GuideError | UndefinedError):
        return False
    frames = traceback.extract_tb(cause.__traceback__)
    return "macro call" in error.message and "/macros/" in frames[-1].filename


def _built(whole: Guide, docs: Path, source: Path) -> Iterator[GuideError]:
    """Plan a page and render it, with what is wrong with its calls; other pages are as they are."""
    page = planner.plan_page(docs, source)
    guide = Guide(docs, whole.recordings, whole.edition_name)
    guide.__dict__["planned"] = {**whole.planned, page.key: page}
    errors, text, made = claims_check.page(guide, source, lenient=True)
    html = markdown.markdown(text, extensions=EXTENSIONS)
    try:
        html = made.slots.after_markdown(html)
    except GuideError as error:
        errors.append(error.located(source, 1))
    made.slots.finish(html, marks.only_repeated)
    yield from errors


def main() -> None:
    """Say what became of so many pages."""
    count, seed = (int(word) for word in (*sys.argv[1:], "2000", "0")[:2])
    became: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, outcome in enumerate(outcomes(count, seed, Path(folder))):
            became["built" if not outcome.errors else "refused"] += 1
            if outcome.surprise:
                became["surprising"] += 1
                print(f"--- page {number}\n{outcome.surprise}")
    print(dict(became))
    sys.exit(bool(became["surprising"]))


if __name__ == "__main__":
    main()
