"""The reference page of what settling takes for names, for noise and for orders of chance.

It is made of the kinds' own declarations; their examples are what the tests run.
"""

from collections.abc import Iterable
from html import escape

from macros.settle import examples, free_order, identities, noise
from macros.settle.declaration import Example, Identity, Noise, Order

_SCOPES = {
    "lab": "a lab",
    "node": "a node",
    "namespace": "a namespace",
    "peer": "the other end's namespace",
}


def page(sort: str) -> str:
    """The kinds of one sort: identities, noise or orders. KeyError for another."""
    kinds: dict[str, Iterable[Identity | Noise | Order]] = {
        "identities": identities.ALL,
        "noise": noise.ALL,
        "orders": free_order.ALL,
    }
    return "".join(map(_kind, kinds[sort]))


def _kind(kind: Identity | Noise | Order) -> str:
    lines = [f"<p>{escape(kind.what[:1].upper() + kind.what[1:])}.{_within(kind)}</p>"]
    pairs = kind if isinstance(kind, Order) else examples.of(kind)
    lines.append(_examples("The same to settling", pairs.same))
    lines.append(_examples("Shown as a change", pairs.differ))
    return f"<h3>{escape(kind.name)}</h3>{''.join(lines)}"


def _within(kind: Identity | Noise | Order) -> str:
    if not isinstance(kind, Identity):
        return ""
    return f" One name within {_SCOPES[kind.scope]}."


def _examples(title: str, examples: Iterable[Example]) -> str:
    rows = "".join(f"<tr>{_cell(old)}{_cell(new)}</tr>" for old, new in examples)
    head = "<thead><tr><th>recorded</th><th>a new run</th></tr></thead>"
    return (
        f"<details><summary>{title}</summary>"
        f'<div class="md-typeset__scrollwrap" tabindex="0" role="region" aria-label="{title}">'
        f"<table>{head}<tbody>{rows}</tbody></table></div></details>"
    )


def _cell(text: str) -> str:
    return f"<td><pre><code>{escape(text)}</code></pre></td>"
