"""What the search knows beyond prose: the commands, and the terms of the glossary.

A command's entry has the error that it met. Pages for authors come last.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from macros.ground import safe_yaml
from macros.ground.model import Block, Recording
from macros.site.html_text import plain
from macros.store.guide import Guide

Entry = dict[str, Any]

GLOSSARY = "reference/glossary.html"
_TERM = re.compile(r'<dt (?:class="everyday" )?id="([^"]+)">(.*?)</dt>\s*<dd>(.*?)</dd>', re.DOTALL)
_SPACE = re.compile(r"\s+")
# What a shell, a kernel or a client says when it fails: readers type it as it stands.
_ERROR = re.compile(
    r"no route to host|message too long|connection (?:refused|timed out)|(?:operation )?timed out"
    r"|(?:network|host|port) is unreachable|destination \w+ (?:unreachable|prohibited)"
    r"|(?:net|host|port|network) unreachable|time to live exceeded|100% packet loss"
    r"|couldn't connect|could not resolve host|no such (?:file|process|device)[\w ]*",
    re.IGNORECASE,
)
# A name that kube-proxy, Docker or Calico gave to a chain, without what tells one from another.
_CHAIN = re.compile(r"\b(?:KUBE|DOCKER|FLANNEL|CNI)(?:-[A-Z]+)*(?=-|\b)|\bcali-[a-z-]+")
_MARK = re.compile(r"\b0x[0-9a-f]{3,8}\b")
_CURL_REFUSED = 7
# A path, a setting or a pair is asked for by a part of it.
_PART = re.compile(r"[/.=:,'\"{}()\[\]]+")
# The page's folder or name -> how much its entries count; all others count 1.
_BOOST = {
    "reference/writing.html": 0.05,
    "reference/how-recorded.html": 0.1,
    "reference/identities.html": 0.05,
    "reference/calico-files.html": 0.1,
    "reference/commands.html": 0.3,
    "reference/credits.html": 0.1,
    "tested.html": 0.1,
    "changes.html": 0.1,
    "reference/node.html": 0.2,
    "lab.html": 0.4,
}
_ASIDE = frozenset({"vlans.html", "macvlan.html", "dual-stack.html", "own-cluster.html"})
"""Side pages, and the faults once more: what a chapter shows too is found there."""
_WORDS = Path(__file__).with_name("search_words.yml")
"""What others call a term of the glossary."""


def rewrite(
    folder: Path, guide: Guide, address: Callable[[Path], str], order: Sequence[str]
) -> None:
    """Fill the index of the site built in `folder`.

    `address` gives a page's by its source; `order` are the pages' as they are read: where a command
    stands on several, the first of them comes first.
    """
    path = folder / "search/search_index.json"
    if not path.is_file():  # a guide without search
        return
    index = json.loads(path.read_text(encoding="utf-8"))
    entries: list[Entry] = [*_pages(index["docs"]), *_commands(guide, address)]
    glossary = folder / GLOSSARY
    if glossary.is_file():
        entries += terms(glossary.read_text(encoding="utf-8"))
    for entry in entries:
        page = entry["location"].partition("#")[0]
        if page in order:
            later = (1 - 0.004 * order.index(page)) * (0.85 if page in _ASIDE else 1)
            entry["boost"] = round(entry.get("boost", 1) * later, 3)
    index["docs"] = entries
    path.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def terms(html: str) -> Iterator[Entry]:
    """The glossary's terms, each with its sentence."""
    others = safe_yaml.load(_WORDS.read_bytes())
    for anchor, name, sentence in _TERM.findall(html):
        also = f" ({others[anchor]})" if anchor in others else ""
        text = plain(sentence) + also
        title = plain(name).removesuffix("\N{PILCROW SIGN}").strip()
        yield {"location": f"{GLOSSARY}#{anchor}", "title": title, "text": text, "boost": 1.5}


def of_command(block: Block, recording: Recording, page: str, location: str) -> Entry:
    """A command that a page shows, and what a reader may know of its answer."""
    command = _SPACE.sub(" ", recording.ran).strip()
    met = _ERROR.search(recording.text)
    title = f"{command[:90]}{'…' if len(command) > 90 else ''}"
    if met:
        title += f" \N{EM DASH} {met[0]}"
    parts = (part for word in command.split() for part in _PART.split(word) if part != word)
    seen = f"{command} {recording.text}"
    # curl says it by a number alone where it is silent, and in words of its own where it is not.
    refused = recording.exit == _CURL_REFUSED and "curl" in command
    also = ["connection refused, failed to connect"] if refused else []
    names = dict.fromkeys([*also, *parts, *_CHAIN.findall(seen), *_MARK.findall(seen)])
    words = [name for name in names if len(name) > 2 and not name.isdigit()]
    text = " ".join([f"{page}, on {block.node}:", command, *words])
    return {"location": location, "title": title, "text": text}


def _pages(docs: list[Entry]) -> Iterator[Entry]:
    for doc in docs:
        page = doc["location"].partition("#")[0]
        if page == GLOSSARY:
            doc["text"] = ""
        if page in _BOOST:
            doc["boost"] = _BOOST[page]
        elif doc["location"].endswith(("#try-it", "#what-you-now-know")):
            doc["boost"] = 0.3
        yield doc


def _commands(guide: Guide, address: Callable[[Path], str]) -> Iterator[Entry]:
    for key, held in guide.held.items():
        page = held.pages[key]
        recorded: Mapping[str, Recording] = held.recorded(key).blocks
        for block in page.blocks:
            recording = recorded.get(block.id)
            if recording is None or block.kind == "observe" or not block.shown:
                continue
            location = f"{address(page.source)}#b-{block.id}"
            yield of_command(block, recording, page.title, location)
