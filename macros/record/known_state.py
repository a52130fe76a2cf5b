"""A page starts from a known state and leaves it: what that state is, and what differs from it."""

from concurrent.futures import ThreadPoolExecutor

from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.ground.places import SCRIPTS
from macros.lab import ssh
from macros.lab.lab import Lab

_NODE_SCRIPTS = SCRIPTS / "node"
_STATE = _NODE_SCRIPTS / "state.sh"
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

State = dict[str, tuple[str, ...]]
"""Per node, the lines that scripts/node/state.sh printed."""


def enter(lab: Lab, page: Page) -> State:
    """Check that every node is as after `guide lab up`, start the page's profile, read the state.

    GuideError names what an earlier page, or a person, left behind.
    """
    # Whom a node spoke to on an earlier page is no state that a page should find.
    fresh = _read(lab, page, first=_FORGET)
    own = _OWN_LINKS | (_CLUSTER_LINKS if page.cluster else frozenset())
    for node, lines in fresh.items():
        left = [line for line in lines if line.startswith(_FOREIGN)]
        left += [line for line in lines if line.startswith("link ") and line not in own]
        if left:
            raise GuideError(
                f"{node} is not in a known state; it has: {'; '.join(left[:6])}",
                page=page.source,
                node=node,
                fix=f"guide lab reset --name {lab.name}",
            )
    if not page.profile:
        return fresh
    profile(lab, page, "start")
    return _read(lab, page)


def leave(lab: Lab, page: Page, before: State) -> None:
    """Check that a page leaves every node as it found it, then stop its profile."""
    after = _read(lab, page)
    profile(lab, page, "stop")
    for node, lines in after.items():
        more = [f"+ {line}" for line in lines if line not in before[node]]
        less = [f"- {line}" for line in before[node] if line not in lines]
        if more or less:
            raise GuideError(
                f"the page leaves {node} changed: {'; '.join((more + less)[:8])}",
                page=page.source,
                node=node,
                fix="undo it in the page's cleanup:",
            )


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
                fix=f"guide lab reset --name {lab.name}",
            )


def _read(lab: Lab, page: Page, first: str = "") -> State:
    """What state.sh prints on every node of the page, after `first` in the same visit."""
    idle = _IDLE.read_text(encoding="utf-8") if page.cluster else ""
    text = idle + first + _STATE.read_text(encoding="utf-8")
    timeout = _CLUSTER_TIMEOUT if page.cluster else _TIMEOUT
    with ThreadPoolExecutor(len(page.machines)) as pool:
        answers = pool.map(lambda node: ssh.run(lab, node, text, timeout=timeout), page.machines)
        return {
            node: tuple(answer.output.decode().splitlines())
            for node, answer in zip(page.machines, answers, strict=True)
        }
