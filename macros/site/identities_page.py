"""The reference page of what settling takes for names, for noise and for orders of chance.

It is made of the kinds' own declarations; their examples are what the tests run.
"""

from collections.abc import Iterable

from macros.figures.markup import render, safe
from macros.settle import examples, free_order, identities, noise
from macros.settle.declaration import Identity, Noise, Order
from macros.site.page_context import sentence

_SCOPES = {
    "lab": "a lab",
    "node": "a node",
    "namespace": "a namespace",
    "peer": "the other end's namespace",
}


def page(sort: str) -> str:
    """The kinds of one sort: identities, noise or orders. KeyError for another."""
    declared: dict[str, Iterable[Identity | Noise | Order]] = {
        "identities": identities.ALL,
        "noise": noise.ALL,
        "orders": free_order.ALL,
    }
    kinds = [
        (
            kind,
            safe(sentence(kind.what[:1].upper() + kind.what[1:])),
            safe(_SCOPES[kind.scope]) if isinstance(kind, Identity) else "",
            kind if isinstance(kind, Order) else examples.of(kind),
        )
        for kind in declared[sort]
    ]
    return render("site/identities_page.html", kinds=kinds)
