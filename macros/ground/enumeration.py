"""Several words in a sentence, and so many of something."""

import re
from collections.abc import Sequence


def in_words(words: Sequence[str]) -> str:
    """node0, node1 and node2; "" of none."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def first(words: Sequence[str], most: int, between: str = ", ") -> str:
    """The first of several words, and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return between.join(words[:most]) + more


def counted(number: int, noun: str) -> str:
    """So many of something, whose noun is given as of several: "1 block", "2 rules of nftables"."""
    if number == 1:
        first, of, whose = noun.partition(" of ")
        if " and " in first:
            first = " and ".join(_singular(word) for word in first.split(" and "))
        noun = f"{_singular(first)}{of}{whose}"
    return f"{number} {noun}"


def _singular(noun: str) -> str:
    """The noun as of one: "entry" of "entries", "address" of "addresses", "queue" of "queues"."""
    return re.sub(r"ies$", "y", re.sub(r"(?<=ss)es$|(?<!ie)(?<!s)s$", "", noun))
