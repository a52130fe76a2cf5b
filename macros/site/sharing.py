"""What others are told of the site: each page in a sentence, a picture, robots, what changed."""

import re
from collections.abc import Iterable
from pathlib import Path

from macros.figures.markup import render
from macros.ground.errors import GuideError
from macros.review.change_file import load
from macros.site.html_text import plain

CARD = "assets/readme.png"
"""The picture that a link to a page is shown with."""
_MOST = 160
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)


def description(html: str) -> str:
    """The first sentences of a page, as many as search engines and messengers show."""
    for match in _PARAGRAPH.finditer(html):
        text = plain(match[1])
        if len(text) < 40:
            continue
        if len(text) <= _MOST:
            return text
        whole = text[:_MOST].rpartition(". ")[0]
        return f"{whole}." if len(whole) > 60 else f"{text[: _MOST - 1].rpartition(' ')[0]}…"
    return ""


def robots(site_url: str) -> str:
    """Everybody may read everything."""
    lines = ["User-agent: *", "Allow: /"]
    if site_url:
        lines.append(f"Sitemap: {site_url.rstrip('/')}/sitemap.xml")
    return "\n".join(lines) + "\n"


def feed(recordings: Path, editions: Iterable[str], site_url: str, name: str) -> str:
    """What changed between editions, as an Atom feed; the newest edition first."""
    base = site_url or "./"
    entries = []
    for edition in sorted(editions, reverse=True):
        try:
            listed = load(recordings, edition)
        except GuideError:
            continue  # the edition has no base; of a list that is old, its page tells
        pages = sorted({change.page for change in listed.listed})
        entries.append(
            {
                "edition": edition,
                "title": f"From {listed.old} to {listed.new}: {len(listed.listed)} changes",
                "pages": ", ".join(pages),
                "date": f"{'-'.join(edition.split('-')[:2])}-01T00:00:00Z",
            }
        )
    updated = max((entry["date"] for entry in entries), default="1970-01-01T00:00:00Z")
    return render("site/feed.xml", entries=entries, base=base, name=name, updated=updated)
