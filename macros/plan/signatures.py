"""The macros that record, quote and claim, each declared once: its options and what it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY
from typing import Any, ClassVar

from macros.plan import drawings
from macros.plan.macro import Macro

Lines = Sequence[str | Sequence[str]]
"""Lines chosen by text: a string names one line, a pair the lines from one to another."""

Body = Callable[[], str]
"""What stands between `{% call … %}` and `{% endcall %}`, evaluated."""


class _Printed(Macro):
    """How an output is shown: what is no part of these is the plan's."""

    _: KW_ONLY
    lines: Lines | None = None
    """These lines are shown, the others folded: `["text", ("from", "to")]`."""
    highlight: Lines = ()
    """These lines are marked: `["text"]`."""
    explain: Mapping[str, str] | None = None
    """A numbered note, Markdown, on the line with each text: `{"text": "note"}`."""
    show: bool = True
    """Whether the page shows the output; `value` and `expect` can quote it either way."""


class Run(_Printed):
    """A command on a node, and what it printed. `{% call run(...) %}` takes it from its body."""

    node: str
    """The machine that runs it: node0 and up, or client; `here` for a `guide trace` of the lab."""
    command: str | None = None
    """The command line; or the body of a call block."""
    _: KW_ONLY
    id: str
    """Small letters, digits and dashes; unique on its page."""
    expect_exit: int = 0
    """The exit code that the page expects."""
    until: str | None = None
    """Text, or `re:` and a pattern: the command is repeated until its output contains it."""
    timeout: float | None = None
    """Seconds until recording gives up; default: 30, or 120 on a cluster."""
    bind: Mapping[str, str] | None = None
    """Later commands may use `$VETH`: `{"VETH": "re:(veth\\\\w+)"}`.

    The value is found in this answer by a pattern with one group, or by a path.
    """
    netns: str = ""
    """The namespace whose interface names the output shows, if the command does not say."""
    choice: str = ""
    """A pattern whose groups may differ between runs, such as the replica that answers.

    `"from (\\\\S+), (\\\\S+)"`; its values must be ones that the page shows elsewhere.
    """
    facts: str | Sequence[str] = ()
    """`counters`: the numbers counted are facts here."""
    may_fail: str | Sequence[str] = ()
    """Of a command of several lines: a text of a line that may fail. No other but the last may."""
    caller: Body | None = None


class Capture(_Printed):
    """Packets at an interface while the block `during` runs, as tcpdump prints them.

    It ends after `packets` of them, when a TCP conversation is `closed`, or with the packet by
    which `until` (a match, as `packet` has it) finds one: `until="bgp end-of-rib #2"`.
    """

    node: str
    """The machine that runs it: node0 and up, or client."""
    interface: str
    """Where it listens."""
    _: KW_ONLY
    id: str
    """Small letters, digits and dashes; unique on its page."""
    during: str
    """The id of the command whose packets are caught."""
    filter: str = ""
    """A tcpdump filter; default: all packets."""
    packets: int | None = None
    """It ends after this many packets."""
    closed: bool = False
    """It ends when a TCP conversation has been closed."""
    until: str = ""
    """It ends with the packet that this matches."""
    netns: str = ""
    """The network namespace it listens in."""
    container: str = ""
    """The container it listens in."""
    timeout: float | None = None
    """Seconds until recording gives up; default: 30, or 120 on a cluster."""
    keep: str = ""
    """The packet it is for, a match too: `bgp update 10.44.0.176/29`. It is settled and drawn."""


class Trace(Macro):
    """One request at every interface it crosses, while the block `during` runs.

    `taps` are in the order of the path: `node/interface`, `node/namespace/interface` (a named
    network namespace, or `docker:web` for a container's); a pair of a tap and a filter listens
    with that instead of `filter`, and a number behind it ends this tap instead of `packets`. Each
    tap is a capture of its own, whose id is that of the trace and the tap's words.
    """

    WORDS: ClassVar = {
        "taps": "a list, each of it a tap, or a tap with a filter, a number of packets, or both"
    }

    taps: Sequence[str | Sequence[str | int]]
    """Where it listens, in the order of the path."""
    _: KW_ONLY
    id: str
    """Small letters, digits and dashes; each tap is a capture of its own, named after it."""
    during: str
    """The id of the command whose packets are caught."""
    title: str
    """The heading above the drawing."""
    filter: str = ""
    """A tcpdump filter, for taps without one of their own."""
    packets: int | None = None
    """Each tap without a number of its own ends after this many packets."""
    closed: bool = False
    """Each tap ends when a TCP conversation has been closed."""
    names: Mapping[str, str] | None = None
    """What the drawing calls a namespace."""
    timeout: float | None = None
    """Seconds until recording gives up; default: 30, or 120 on a cluster."""
    show: bool = True
    """Whether it is drawn; its captures can be quoted either way."""


class Observe(Macro):
    """A node's links, addresses, routes and containers at this point, for drawings."""

    PRINTS: ClassVar = ""

    node: str
    """The machine that runs it: node0 and up, or client."""
    _: KW_ONLY
    id: str
    """Small letters, digits and dashes; unique on its page."""
    pods: bool = False
    """A pod's network namespace is named after it: `hello-0`."""
    vlans: bool = False
    """The drawing names at each port of a bridge the VLANs that pass (`bridge vlan`)."""
    timeout: float | None = None
    """Seconds until recording gives up; default: 60, or 120 on a cluster."""


class Value(Macro):
    """A recorded value in prose: a path into the block's record, or `re:` with a group."""

    PRINTS: ClassVar = "word"

    block: str
    """Its id, or `page:id` of another page."""
    path: str
    """Where the value is: see the paths, `re:` and a pattern with one group, or `shares:`."""


class Expect(Macro):
    """A claim that the prose makes, checked at build; it shows the value too."""

    PRINTS: ClassVar = "word"

    block: str
    """Its id, or `page:id` of another page."""
    path: str
    """Where the value is, as in `value`."""
    _: KW_ONLY
    equals: Any = None
    """The value equals this."""
    differs: Any = None
    """The value differs from this."""
    same_as: Sequence[str] | None = None
    """A block and a path: the value there is the same."""
    differs_from: Sequence[str] | None = None
    """A block and a path: the value there differs."""
    contains: str | int | None = None
    """The value contains this."""
    lacks: str | int | None = None
    """The value does not contain this."""
    at_least: float | None = None
    """The value is a number, at least this."""
    absent: bool = False
    """There is nothing at this path."""
    less: float | None = None
    """The value is that of `same_as` minus this."""
    show: bool = True
    """Whether the sentence shows the value."""


class Only(Macro):
    """What a page says and does only with certain versions, as in "Docker >= 28".

    It is the body of a call block. A command in it runs only on a lab with those versions.
    """

    PRINTS: ClassVar = ""

    condition: str
    """A name as in `edition.yml`, one of `<` `<=` `==` `!=` `>=` `>`, and a version.

    Several are joined by ` and `.
    """
    _: KW_ONLY
    caller: Body


class When(Macro):
    """One of two values by the edition's versions, for how a block is shown and for claims.

    Without `otherwise`, an empty value of the same type as `then`. It cannot choose a command.
    """

    PRINTS: ClassVar = ""

    condition: str
    """As in `only`."""
    then: Any
    """The value where the condition holds."""
    otherwise: Any = None
    """The value where it does not."""


class Version(Macro):
    """A version of this edition: `version("Docker")`."""

    PRINTS: ClassVar = "word"

    name: str
    """As in `edition.yml`."""


class EditionVersions(Macro):
    """A table of all versions of two editions: this one, and the one it is compared with."""

    edition: str
    """An edition that has a base."""


class Changes(Macro):
    """What differs on a page between an edition and the one it is compared with, in words.

    Without a page: the causes that docs/changes/EDITION.yml has a reader told `first`.
    """

    edition: str
    """An edition that has a base."""
    page: str = ""
    """The name of a page."""


class AllVersions(Macro):
    """A table of all versions of this edition."""


class Commands(Macro):
    """Every command of the guide, and the blocks that use it."""


class Kinds(Macro):
    """What settling does not count as a change: "identities", "noise" or "orders"."""

    KNOWN: ClassVar = {"sort": ("identities", "noise", "orders")}

    sort: str
    """`identities`, `noise` or `orders`."""


class Manifest(Macro):
    """A file that the page's front matter names under `manifests`, as it is."""

    name: str
    """As the front matter names it."""


class Prepared(Macro):
    """Before you start: the lab that the page needs, and what is prepared on it, to be copied."""


class Undo(Macro):
    """The way back to a fresh lab: the page's clean-up, to be copied."""


class Options(Macro):
    """A table of what a macro takes, or a mapping of the front matter, from its declaration."""

    of: str
    """A macro's name, or `front matter`, `lab`, `step`."""


MACROS: Mapping[str, type[Macro]] = {
    macro.CALLED: macro
    for scope in (globals(), vars(drawings))
    for macro in scope.values()
    if isinstance(macro, type) and issubclass(macro, Macro) and macro.CALLED
}
"""Every macro by the name that pages call it by."""
