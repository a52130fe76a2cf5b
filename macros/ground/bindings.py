"""Values of one answer in later commands: `bind={"VETH": "..."}`, then `$VETH`."""

import re
from collections.abc import Collection, Mapping


def substitute(text: str, bound: Mapping[str, str]) -> str:
    """Replace `$NAME` and `${NAME}` in `text` for every bound name; other `$` are the shell's."""
    if not bound:
        return text
    return _mention(bound).sub(lambda mention: bound[mention[1] or mention[2]], text)


def places(text: str, bound: Mapping[str, str]) -> tuple[tuple[int, int], ...]:
    """Where in what `substitute` makes of `text` the values stand: start and end of each."""
    spans, longer = [], 0
    for hit in _mention(bound).finditer(text) if bound else ():
        value = bound[hit[1] or hit[2]]
        start = hit.start() + longer
        spans.append((start, start + len(value)))
        longer += len(value) - len(hit[0])
    return tuple(spans)


def mentioned(text: str, names: Collection[str]) -> tuple[str, ...]:
    """The names among `names` that stand in `text` as `$NAME` or `${NAME}`, in their order."""
    if not names or "$" not in text:
        return ()
    in_order = (hit[1] or hit[2] for hit in _mention(names).finditer(text))
    return tuple(dict.fromkeys(in_order))


def pieces(text: str, names: Collection[str]) -> tuple[tuple[str, bool], ...]:
    """`text` in pieces, each with whether it is a mention of a name."""
    split, behind = [], 0
    for hit in _mention(names).finditer(text) if names else ():
        split += [(text[behind : hit.start()], False), (hit[0], True)]
        behind = hit.end()
    return tuple((piece, is_name) for piece, is_name in (*split, (text[behind:], False)) if piece)


def _mention(bound: Collection[str]) -> re.Pattern[str]:
    names = "|".join(sorted(bound, key=lambda name: (-len(name), name)))
    return re.compile(rf"\$(?:({names})(?![A-Z0-9_])|\{{({names})\}})")
