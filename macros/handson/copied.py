"""The copied forms of a page: for every block what a reader types, where, and in which order.

A recorder starts captures first, repeats a command until its answer is the one, and puts values
in. Here each of these is a line for a shell. One source for the buttons of a page, for the whole
page as a text, and for `guide follow`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from macros.ground import shell
from macros.ground.model import Block, Page, Recording, Step
from macros.handson import shell_quotes, shell_search, shell_values
from macros.handson.shell_values import Value

MAIN = 1
"""The terminal of a node that its commands are typed into; captures have the next ones."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A value that another node's terminal finds: `line` there prints it as `NAME=…`."""

    name: str
    node: str
    line: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What is pasted into one terminal of one node, as a whole.

    `carried` has to be set there before. `listens`: it is a capture, to be started first;
    `interrupted`: it ends by Ctrl-C, after the command it listens to.
    """

    block: Block
    terminal: int
    text: str
    values: tuple[Value, ...] = ()
    carried: tuple[Carried, ...] = ()
    listens: bool = False
    interrupted: bool = False

    @property
    def node(self) -> str:
        """The node whose terminal it is."""
        return self.block.node

    @property
    def copied(self) -> str:
        """The text as a reader copies it: what another node has to say first is a comment."""
        lines = []
        for carried in self.carried:
            lines.append(f"# {carried.name}: paste here what this prints on {carried.node}:")
            lines += [f"#   {line}" for line in carried.line.splitlines()]
        return "\n".join([*lines, self.text])


@dataclass(frozen=True, slots=True)
class Form:
    """One command of a page with all that belongs to it, in the order of typing."""

    first: tuple[Typed, ...]
    command: Typed

    @property
    def block(self) -> Block:
        """The command's block."""
        return self.command.block

    @property
    def all(self) -> tuple[Typed, ...]:
        """The captures, then the command."""
        return (*self.first, self.command)


def of_page(page: Page, recorded: Mapping[str, Recording]) -> tuple[Form, ...]:
    """The forms of a page in its order, each command once, with the captures that listen to it.

    What the page only quotes is no form, unless something is waited for, done or caught there.
    `recorded` says which words stand before a value that a page finds by a path.
    """
    values = shell_values.of_page(page, recorded)
    listening: dict[str, list[Block]] = {}
    for block in page.blocks:
        if block.capture is not None:
            listening.setdefault(block.capture.during, []).append(block)
    return tuple(
        _form(block, listening.get(block.id, ()), values)
        for block in page.blocks
        if block.kind == "run" and (block.shown or block.until or block.id in listening)
    )


def of_step(step: Step) -> str:
    """A step of a page's setup or clean-up as it is typed.

    `set -e` would end the reader's own shell later on, so it is kept in a shell of its own.
    """
    if "set -e\n" in step.command:
        return f"(\n{step.command}\n)"
    return _until(step.command, step.until, (), errors=False)


def manifest(name: str, text: str) -> str:
    """The lines that put a file of the page's where its commands look for it."""
    return f"mkdir -p manifests; cat >manifests/{name} <<'MANIFEST'\n{text.rstrip()}\nMANIFEST"


def _form(block: Block, captures: Sequence[Block], values: Mapping[str, Value]) -> Form:
    busy: dict[str, int] = {}
    first = []
    for capture in captures:
        busy[capture.node] = terminal = busy.get(capture.node, MAIN) + 1
        first.append(_capture(capture, block, terminal, values))
    failing = block.expect_exit != 0
    text = _until(block.command.strip("\n"), block.until, values, errors=failing)
    return Form(tuple(first), _typed(block, MAIN, text, f"{block.command}\n{block.until}", values))


def _capture(block: Block, trigger: Block, terminal: int, values: Mapping[str, Value]) -> Typed:
    of = block.capture
    assert of is not None  # noqa: S101 only captures come here
    command = block.command
    # What is repeated sends packets each time: no count says when the last try was.
    if trigger.until and of.packets is not None:
        command = command.replace(f" -c {of.packets}", "", 1)
    interrupted = of.packets is None or bool(trigger.until)
    text = shell_quotes.for_a_shell(command, values)
    typed = _typed(block, terminal, text, command, values)
    return Typed(
        block,
        terminal,
        typed.text,
        typed.values,
        typed.carried,
        listens=True,
        interrupted=interrupted,
    )


def _typed(
    block: Block, terminal: int, text: str, written: str, values: Mapping[str, Value]
) -> Typed:
    needed = shell_values.needed(written, values, block.node)
    here = tuple(value for value in needed if value.node == block.node)
    elsewhere = tuple(_carried(value, values) for value in needed if value.node != block.node)
    lines = [value.line for value in here]
    return Typed(block, terminal, "\n".join([*lines, text]), here, elsewhere)


def _carried(value: Value, values: Mapping[str, Value]) -> Carried:
    before = [
        other.line
        for other in shell_values.needed(
            " ".join(f"${name}" for name in value.needs), values, value.node
        )
    ]
    shown = f'echo "{value.name}=${value.name}"'
    return Carried(value.name, value.node, "\n".join([*before, value.line, shown]))


def _until(
    command: str, until: str | None, names: Mapping[str, Value] | tuple[()], *, errors: bool
) -> str:
    """A command; where something is waited for, a line that repeats it and shows each answer."""
    text = shell_quotes.for_a_shell(command, names)
    if until is None:
        return text
    once = text if _is_one_pipe(text) else f"{{ {text}; }}"
    once = f"{{\n{text}\n}}" if "\n" in text.strip() else once
    if until == "re:^$":
        return f'while [ "$({once} | tee /dev/tty)" ]; do sleep 1; done'
    both = " 2>&1" if errors else ""
    wanted = shell_search.waits(until, names)
    return f"until {once}{both} | tee /dev/tty | {wanted} >/dev/null; do sleep 1; done"


def _is_one_pipe(command: str) -> bool:
    """Whether all that a command prints comes out of one pipe."""
    try:
        return len(shell.pipelines(command)) == 1
    except shell.UnreadableError:
        return False
