"""Several words in a sentence."""

from collections.abc import Sequence


def in_words(words: Sequence[str]) -> str:
    """node0, node1 and node2; "" of none."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
