"""A page's calls of macros, checked and numbered before anything is evaluated.

What is checked here is how a call is written, wherever it stands: in a branch that is not taken,
too. What its values are is known only when they are evaluated; `Declared` checks those.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Any, TypeVar

from jinja2 import nodes

from macros.ground.errors import GuideError
from macros.plan.macro import Macro
from macros.plan.options import nearest
from macros.plan.positions import Place, place_of
from macros.plan.positions import options as placed_options
from macros.plan.signatures import MACROS

_N = TypeVar("_N", bound=nodes.Node)


def problems(tree: nodes.Template, text: str, known: Container[str]) -> list[GuideError]:
    """All that is wrong with the calls of a template, each with its place in the template's text.

    `known` are names that it may use besides macros and what it sets itself.
    """
    every = _Nodes(tree)
    blocks = {id(block.call) for block in every.of(nodes.CallBlock)}
    own = _own_names(every)
    errors = [*_shadowing(every), *_uncalled(every)]
    for call in every.of(nodes.Call):
        if not isinstance(call.node, nodes.Name):
            continue
        name = call.node.name
        if name in MACROS:
            errors += _misuses(call, MACROS[name], text, body=id(call) in blocks)
        elif name not in own and name not in known:
            message = f"there is no macro {name!r}{nearest(name, MACROS)}"
            errors.append(_error(message, place_of(call)))
    return sorted(errors, key=lambda error: (error.line or 0, error.column or 0))


def stamp_lines(tree: nodes.Template) -> None:
    """Give each call of a macro its place, as the value before all others.

    So what a macro is called with says where it stands, in each template compiled of the tree.
    """
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in MACROS:
            # A plain tuple: the compiler writes it as a constant.
            position = nodes.Const(
                tuple(place_of(call)), lineno=call.lineno, environment=call.environment
            )
            call.args.insert(0, position)


def _misuses(
    call: nodes.Call, macro: type[Macro], text: str, *, body: bool
) -> Iterator[GuideError]:
    here = place_of(call)
    places = placed_options(text, here)
    names = [*(option.key for option in call.kwargs), *(["caller"] if body else [])]
    whole = call.dyn_args is None and call.dyn_kwargs is None
    if body and "caller" not in macro.OPTIONS:
        message = f"{macro.CALLED} takes no body: write {{{{ {macro.CALLED}(...) }}}}"
        yield _error(message, here)
        names.remove("caller")
    elif not body and "caller" in names:
        names.remove("caller")
        yield _error("a body stands between call and endcall", places.get("caller", here))
    for misuse in macro.misnamed(len(call.args), names, whole=whole):
        yield _error(misuse.message, places.get(misuse.option, here))


class _Nodes:
    """All nodes of a template, by type: walking a page's tree takes as long as all else here."""

    def __init__(self, tree: nodes.Template) -> None:
        self._by_type: dict[type[nodes.Node], list[Any]] = {}
        for node in tree.find_all(nodes.Node):
            self._by_type.setdefault(type(node), []).append(node)

    def of(self, kind: type[_N]) -> Sequence[_N]:
        """Those of one type, in the tree's own order."""
        return self._by_type.get(kind, [])


def _shadowing(every: _Nodes) -> Iterator[GuideError]:
    """Names of macros that a page gives to something of its own."""
    for name in every.of(nodes.Name):
        if name.ctx in ("store", "param") and name.name in MACROS:
            yield _error(f"{name.name!r} is a macro: choose another name", place_of(name))
    for macro in every.of(nodes.Macro):
        if macro.name in MACROS:
            yield _error(f"{macro.name!r} is a macro: choose another name", place_of(macro))


def _uncalled(every: _Nodes) -> Iterator[GuideError]:
    """Macros that a page names and does not call: it would show what Python makes of them."""
    called = {id(call.node) for call in every.of(nodes.Call)}
    for name in every.of(nodes.Name):
        if name.ctx == "load" and name.name in MACROS and id(name) not in called:
            message = f"{name.name} is a macro: call it, as {name.name}(...)"
            yield _error(message, place_of(name))


def _error(message: str, place: Place) -> GuideError:
    return GuideError(message, line=place.line, column=place.column)


def _own_names(every: _Nodes) -> set[str]:
    names = {name.name for name in every.of(nodes.Name) if name.ctx in ("store", "param")}
    names |= {macro.name for macro in every.of(nodes.Macro)}
    names |= {imported.target for imported in every.of(nodes.Import)}
    for imports in every.of(nodes.FromImport):
        names |= {name if isinstance(name, str) else name[1] for name in imports.names}
    # A call block whose body takes values calls it `caller`; loops and blocks have these.
    return names | {"caller", "loop", "super", "self"}
