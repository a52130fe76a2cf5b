"""Names that a new run's identities take where nothing joined them to an old one."""

from macros.settle.declaration import Form, Token
from macros.settle.matches import Fitting
from macros.settle.renaming import Document, Renaming, find
from macros.settle.scan import Side
from macros.settle.text_lines import Lines


def _lines(*forms: Form) -> Lines:
    return Lines(
        [""] * len(forms), list(forms), plain=False, places=[], side=Side({}), fits=Fitting()
    )


def _index(namespace: str, number: str) -> Token:
    return Token(number, ("ifindex", f"node0/{namespace}", number), "", "")


def _named(*pairs: tuple[Token, str]) -> Renaming:
    renaming = Renaming()
    for token, value in pairs:
        assert renaming.add(token.key, value)
    return renaming


def test_a_number_used_again_takes_what_its_new_owner_gave_up() -> None:
    renaming = _named((_index("", "7"), "5"), (_index("", "9"), "7"))
    find([Document("a", _lines(), _lines((_index("", "5"),)))], renaming)
    assert renaming.known_new(_index("", "5")) == "9"


def test_an_interface_moved_into_a_namespace_takes_its_number_from_the_nodes_own() -> None:
    renaming = _named((_index("", "7"), "5"))
    find([Document("a", _lines(), _lines((_index("red", "5"),)))], renaming)
    assert renaming.known_new(_index("red", "5")) == "7"


def test_numbers_that_were_only_exchanged_elsewhere_give_none() -> None:
    renaming = _named((_index("", "7"), "5"), (_index("", "5"), "7"))
    find([Document("a", _lines(), _lines((_index("red", "5"),)))], renaming)
    assert renaming.known_new(_index("red", "5")) is None
