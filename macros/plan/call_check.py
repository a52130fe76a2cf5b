"""A page's calls of macros, checked and numbered before anything is evaluated.

What is checked here is how a call is written, wherever it stands: in a branch that is not taken,
too. What its values are is known only when they are evaluated; `Declared` checks those.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Any, TypeVar

from jinja2 import nodes

from macros.ground.errors import GuideError
from macros.plan.options import nearest
from macros.plan.signatures import MACROS, Macro

_N = TypeVar("_N", bound=nodes.Node)


def problems(tree: nodes.Template, known: Container[str]) -> list[GuideError]:
    """All that is wrong with the calls of a template, each with its line in the template's text.

    `known` are names that it may use besides macros and what it sets itself.
    """
    every = _Nodes(tree)
    blocks = {id(block.call) for block in every.of(nodes.CallBlock)}
    own = _own_names(every)
    found = [*_shadowing(every), *_uncalled(every)]
    for call in every.of(nodes.Call):
        if not isinstance(call.node, nodes.Name):
            continue
        name = call.node.name
        if name in MACROS:
            found += _misuses(call, MACROS[name], body=id(call) in blocks)
        elif name not in own and name not in known:
            message = f"there is no macro {name!r}{nearest(name, MACROS)}"
            found.append(GuideError(message, line=call.lineno))
    return sorted(found, key=lambda error: error.line or 0)


def stamp_lines(tree: nodes.Template) -> None:
    """Give each call of a macro its line, as the value before all others.

    So what a macro is called with says where it stands, in each template compiled of the tree.
    """
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in MACROS:
            line = nodes.Const(call.lineno, lineno=call.lineno, environment=call.environment)
            call.args.insert(0, line)


def _misuses(call: nodes.Call, macro: type[Macro], *, body: bool) -> Iterator[GuideError]:
    lines = {option.key: option.value.lineno for option in call.kwargs}
    names = [*(option.key for option in call.kwargs), *(["caller"] if body else [])]
    whole = call.dyn_args is None and call.dyn_kwargs is None
    if body and "caller" not in macro.OPTIONS:
        message = f"{macro.CALLED} takes no body: write {{{{ {macro.CALLED}(...) }}}}"
        yield GuideError(message, line=call.lineno)
        names.remove("caller")
    elif not body and "caller" in lines:
        names.remove("caller")
        yield GuideError("a body stands between call and endcall", line=lines["caller"])
    for misuse in macro.misnamed(len(call.args), names, whole=whole):
        yield GuideError(misuse.message, line=lines.get(misuse.option, call.lineno))


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
            yield GuideError(f"{name.name!r} is a macro: choose another name", line=name.lineno)
    for macro in every.of(nodes.Macro):
        if macro.name in MACROS:
            yield GuideError(f"{macro.name!r} is a macro: choose another name", line=macro.lineno)


def _uncalled(every: _Nodes) -> Iterator[GuideError]:
    """Macros that a page names and does not call: it would show what Python makes of them."""
    called = {id(call.node) for call in every.of(nodes.Call)}
    for name in every.of(nodes.Name):
        if name.ctx == "load" and name.name in MACROS and id(name) not in called:
            message = f"{name.name} is a macro, and is not called: write {name.name}(...)"
            yield GuideError(message, line=name.lineno)


def _own_names(every: _Nodes) -> set[str]:
    names = {name.name for name in every.of(nodes.Name) if name.ctx in ("store", "param")}
    names |= {macro.name for macro in every.of(nodes.Macro)}
    names |= {imported.target for imported in every.of(nodes.Import)}
    for imports in every.of(nodes.FromImport):
        names |= {name if isinstance(name, str) else name[1] for name in imports.names}
    # A call block whose body takes values calls it `caller`; loops and blocks have these.
    return names | {"caller", "loop", "super", "self"}
