"""A page starts from a known state and leaves it: what that state is, and what differs from it.

The state of a lab is what it was when it was made, or when the first page came to it. It is kept
by the lab's lifetime, so that what anybody does to its nodes in between is noticed.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from macros.ground import files
from macros.ground.errors import GuideError, raise_all
from macros.ground.model import Page
from macros.ground.places import SCRIPTS
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.record import node_facts, troubles

_NODE_SCRIPTS = SCRIPTS / "node"
_STATE = _NODE_SCRIPTS / "state.sh"
_FACTS = _NODE_SCRIPTS / "facts.sh"
_FIRST_PART = "@ip"  # where in the answer the parts of facts.sh begin
_IDLE = _NODE_SCRIPTS / "idle.sh"
_OWN_LINKS = frozenset({"link lo", "link eth0", "link eth1"})
_CLUSTER_LINKS = frozenset(
    f"link {name}"
    for name in ("cni0", "flannel.1", "flannel-v6.1", "tunl0", "vxlan.calico", "nodelocaldns")
)
_FORGET = """\
ip neigh flush dev eth1
conntrack -D -p tcp --state TIME_WAIT &>/dev/null
"""
_FOREIGN = ("netns ", "rule ", "unit ", "container ", "object ")
_TIMEOUT = 60.0
_CLUSTER_TIMEOUT = 240.0  # asking the API inside a busy node takes seconds

_RUNNING = ("process ", "service ", "listening ")
_SHOWN = 8  # differences that an error names

State = dict[str, tuple[str, ...]]
"""Per node, facts of one line each: what state.sh printed, and what facts.sh did."""


class ChangedError(GuideError):
    """A node is not as it was when the lab was made: `differing` says in what."""

    differing: tuple[str, ...] = ()


def enter(lab: Lab, page: Page) -> State:
    """Check that every node is as after `guide lab up`, start the page's profile, read the state.

    GuideError as `check` raises it.
    """
    fresh = check(lab, page)
    if not page.profile:
        return fresh
    profile(lab, page, "start")
    return _read(lab, page.machines, cluster=page.cluster is not None)


def check(lab: Lab, page: Page) -> State:
    """Check that every node is as after `guide lab up`; the state of each.

    GuideError names what an earlier page, or a person, left behind; ChangedError every other
    difference from the lab as it was made.
    """
    # Whom a node spoke to on an earlier page is no state that a page should find.
    fresh = _read(lab, page.machines, cluster=page.cluster is not None, first=_FORGET)
    own = _OWN_LINKS | (_CLUSTER_LINKS if page.cluster else frozenset())
    for node, lines in fresh.items():
        left = [line for line in lines if line.startswith(_FOREIGN)]
        left += [line for line in lines if line.startswith("link ") and line not in own]
        if left:
            raise GuideError(
                f"{node} is not in a known state; it has: {'; '.join(left[:6])}",
                page=page.source,
                node=node,
                fix=reset(lab),
            )
    _as_made(lab, page, fresh)
    return fresh


def leave(lab: Lab, page: Page, before: State) -> None:
    """Stop the page's profile, and check that the page has left every node as it found it."""
    cluster = page.cluster is not None
    after = _read(lab, page.machines, cluster=cluster)
    profile(lab, page, "stop")
    raise_all(_left(lab, page, before, after))
    if page.profile:
        # What a profile leaves is the lab's, and not a page's to undo.
        _keep(lab, _read(lab, page.machines, cluster=cluster))


def left(lab: Lab, page: Page, before: State) -> list[GuideError]:
    """What a page has left changed on each node, while its profile runs on."""
    nodes = [node for node in page.machines if node in before]
    after = _read(lab, nodes, cluster=page.cluster is not None) if nodes else {}
    return _left(lab, page, before, after)


def _left(lab: Lab, page: Page, before: State, after: State) -> list[GuideError]:
    errors = []
    for node, facts in after.items():
        if differing := node_facts.differences(before[node], facts):
            error = GuideError(
                f"the page leaves {node} changed: {_listed(differing)}",
                page=page.source,
                node=node,
                fix=f"undo it in the page's cleanup:; {_of_failed(differing)}{reset(lab)} removes"
                " what is left now",
            )
            errors.append(error)
    return errors


def remember(lab: Lab) -> None:
    """Keep the state of a lab that was just made: what every later page has to find.

    What is known of this lifetime of it already stays as it is.
    """
    unknown = [node for node in lab.nodes if node not in _kept(lab)]
    if unknown:
        by_node = _read(lab, unknown, cluster=lab.cluster is not None, first=_FORGET)
        # What a node runs is still being started: the first page finds that.
        _keep(lab, {node: _without_running(facts) for node, facts in by_node.items()})


def _without_running(facts: Sequence[str]) -> tuple[str, ...]:
    return tuple(fact for fact in facts if not fact.startswith(_RUNNING))


def _as_made(lab: Lab, page: Page, fresh: State) -> None:
    """Compare with the lab as it was made; a node that nothing is known of yet is known then."""
    made = _kept(lab)
    learnt = {}
    for node, facts in fresh.items():
        if node not in made:
            learnt[node] = facts
            continue
        old, new = made[node], facts
        if _without_running(old) == old:
            running = tuple(fact for fact in facts if fact.startswith(_RUNNING))
            learnt[node], new = (*old, *running), _without_running(facts)
        if page.cluster:  # its agents change the rest as pods come and go
            old, new = (node_facts.lasting(side) for side in (old, new))
        if differing := node_facts.differences(old, new):
            error = ChangedError(
                f"{node} is not as it was created: {_listed(differing)}",
                page=page.source,
                node=node,
                fix=f"{reset(lab)} gives fresh nodes; then record again. If the page that ran last"
                " left it, that page's cleanup: has to undo it first",
            )
            error.differing = tuple(differing)
            raise error
    _keep(lab, learnt)


def _kept(lab: Lab) -> State:
    """What is known of the lab in this lifetime of it."""
    try:
        stored = json.loads(_path(lab).read_bytes())
    except (OSError, ValueError):
        return {}
    if stored.get("instance") != lab.instance:
        return {}
    return {node: tuple(facts) for node, facts in stored["nodes"].items()}


def _keep(lab: Lab, state: State) -> None:
    if state:
        nodes = {**_kept(lab), **state}
        files.write(_path(lab), json.dumps({"instance": lab.instance, "nodes": nodes}, indent=1))


def _path(lab: Lab) -> Path:
    return files.user_cache() / "states" / f"{lab.name}.json"


def _listed(differing: Sequence[str]) -> str:
    more = f"; and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
    return "; ".join(differing[:_SHOWN]) + more


def _of_failed(differing: Sequence[str]) -> str:
    """What keeps a unit that failed from being left, where one was."""
    if any(fact.startswith(f"+ {node_facts.FAILED} ") for fact in differing):
        return f"{troubles.COLLECTED}; "
    return ""


def reset(lab: Lab) -> str:
    """The command that makes the lab anew."""
    return f"guide lab reset --name {lab.name}"


def profile(lab: Lab, page: Page, verb: str) -> None:
    """Start or stop what the page's lab needs beyond plain nodes, on every node of the page."""
    if not page.profile:
        return
    script = _NODE_SCRIPTS / "profiles" / f"{page.profile}.sh"
    if not script.is_file():
        raise GuideError(f"there is no lab profile {page.profile!r}", page=page.source, line=1)
    text = script.read_text(encoding="utf-8")
    for node in page.machines:
        answer = ssh.run(lab, node, f"set -- {verb}\n{text}", timeout=90)
        if answer.exit != 0:
            raise GuideError(
                f"profile {page.profile} does not {verb}: {answer.output.decode()[-400:]}",
                page=page.source,
                node=node,
                command=f"scripts/node/profiles/{page.profile}.sh {verb}",
                fix=reset(lab),
            )


def _read(lab: Lab, nodes: Sequence[str], *, cluster: bool, first: str = "") -> State:
    """The facts of these nodes, after `first` in the same visit."""
    scripts = (path.read_text(encoding="utf-8") for path in (_STATE, _FACTS))
    text = "\n".join(f"(\n{script}\n)" for script in scripts)
    idle = _IDLE.read_text(encoding="utf-8") if cluster else ""
    timeout = _CLUSTER_TIMEOUT if cluster else _TIMEOUT
    with ThreadPoolExecutor(len(nodes)) as pool:
        answers = pool.map(
            lambda node: ssh.run(lab, node, idle + first + text, timeout=timeout), nodes
        )
        return {
            node: _facts(answer.output.decode(errors="replace"), cluster=cluster)
            for node, answer in zip(nodes, answers, strict=True)
        }


def _facts(printed: str, *, cluster: bool) -> tuple[str, ...]:
    state, mark, rest = printed.partition(f"{_FIRST_PART}\n")
    more = node_facts.facts(mark + rest, cluster=cluster)
    return tuple(dict.fromkeys([*state.splitlines(), *more]))
