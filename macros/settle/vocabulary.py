"""Which words some texts have at all, so that a million lines are searched once and not each time.

Most of what is looked for is in no line. A large text has few words, its digits aside.
"""

from collections.abc import Sequence

_DIGITS = {ord(digit): "0" for digit in "123456789"}
# Below so many characters a search costs less than the words.
_SMALL = 20_000


class Vocabulary:
    """The words of some texts; of two runs, those of a line that both have once."""

    def __init__(self, texts: Sequence[str], lines: Sequence[Sequence[str]] = ()) -> None:
        """`lines` are those of the texts, where somebody has them already."""
        self.texts = _apart(texts, lines)
        self._large = sum(map(len, self.texts)) > _SMALL
        self._words: set[str] = set()
        if self._large:
            for text in self.texts:
                self._words.update(text.translate(_DIGITS).split())
        self._joined = f" {' '.join(self._words)} "
        self._characters = frozenset(self._joined)
        self._asked: dict[str, bool] = {}

    def has(self, sought: str) -> bool:
        """Whether any of the texts has these words, with their blanks."""
        return self.may_have(sought) and any(sought in text for text in self.texts)

    def may_have(self, sought: str) -> bool:
        """Whether each of the words is there by itself, its digits aside; True of small texts."""
        if not self._large:
            return True
        if sought not in self._asked:
            self._asked[sought] = self._look_for(sought)
        return self._asked[sought]

    def _look_for(self, sought: str) -> bool:
        pieces = sought.translate(_DIGITS).split()
        if not pieces:
            return any(sought in text for text in self.texts)
        last = len(pieces) - 1
        return all(
            self._has_piece(
                piece,
                begins=index > 0 or sought[0].isspace(),
                ends=index < last or sought[-1].isspace(),
            )
            for index, piece in enumerate(pieces)
        )

    def _has_piece(self, piece: str, *, begins: bool, ends: bool) -> bool:
        """Whether a word is this piece, or has it where it begins, where it ends, or anywhere."""
        if begins and ends:
            return piece in self._words
        if not self._characters.issuperset(piece):
            return False
        return f"{' ' * begins}{piece}{' ' * ends}" in self._joined


def _apart(texts: Sequence[str], lines: Sequence[Sequence[str]]) -> Sequence[str]:
    """The texts, the second of two without the lines that the first has too."""
    if len(texts) != 2 or len(texts[1]) < _SMALL:
        return texts
    first, second = lines or [text.split("\n") for text in texts]
    known = set(first)
    return texts[0], "\n".join([line for line in second if line not in known])
