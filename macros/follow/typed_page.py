"""One page typed, block by block and terminal by terminal; what was seen, and what went wrong.

Nothing of the recorder is used: no command is run over SSH by itself, no capture is read by
machine. A capture that does not come to its end is ended by Ctrl-C, as a reader would.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from macros.follow.terminals import ClosedError, Said, SilentError, Terminal
from macros.ground import tcpdump_words
from macros.ground.bindings import substitute
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page, Recording, Step
from macros.handson import copied
from macros.handson.copied import MAIN, Form, Typed
from macros.record.bind import extract

_GRACE = 30.0  # seconds beside a block's own, which the recorder's shells do not need
_QUIET = 4.0  # seconds that the packets of an interrupted capture may take to be printed
_REMARK = re.compile(
    r"tcpdump: |listening on |\d+ packets? (?:captured|received|dropped)|\^C|dropped privs"
)

OnBlock = Callable[[Block], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """A block that failed, or said otherwise than its page."""

    block: Block
    what: str


@dataclass(slots=True)
class Typist:
    """The terminals of somebody who follows `page`; `words` starts a login on a node."""

    page: Page
    recorded: Mapping[str, Recording]
    words: Callable[[str], Sequence[str]]
    seen: dict[str, Recording] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _bound: dict[str, str] = field(default_factory=dict)
    _open: dict[tuple[str, int], Terminal] = field(default_factory=dict)
    _given: set[tuple[str, int, str]] = field(default_factory=set)

    def step(self, step: Step) -> None:
        """Type a step of the setup or of the clean-up. GuideError where it fails."""
        try:
            answer = self._terminal(step.node, MAIN).run(
                copied.of_step(step), step.timeout + _GRACE
            )
        except (SilentError, ClosedError) as error:
            self._forget(step.node, MAIN)
            raise self._failed(step, f"did not come to its end: {_last(error)}") from error
        if answer.exit != 0:
            raise self._failed(
                step, f"ended with exit code {answer.exit}: {answer.text[-300:].strip()}"
            )

    def manifests(self) -> None:
        """Paste the page's manifests into files, where its commands look for them."""
        for name, text in self.page.manifests:
            self.step(Step("node0", copied.manifest(name, text)))

    def tidy(self) -> None:
        """Remove the files of `manifests` again."""
        self.step(Step("node0", "rm -r manifests"))

    def form(self, form: Form) -> None:
        """Type one command with its captures, and keep what each printed."""
        listening = [typed for typed in form.first if self._listens(typed)]
        answer = self._typed(form.command, self._command)
        if answer is not None:
            self._keep(form.command, answer)
        for typed in listening:
            caught = self._typed(typed, self._caught)
            if caught is not None:
                self._keep(typed, Said(_packets(caught.text), caught.exit))

    def close(self) -> None:
        """Close every window."""
        while self._open:
            self._open.popitem()[1].close()

    def _listens(self, typed: Typed) -> bool:
        def start(typed: Typed) -> Said:
            self._hand_over(typed)
            terminal = self._terminal(typed.node, typed.terminal)
            terminal.paste(typed.text)
            terminal.wait_for(tcpdump_words.READY, typed.block.timeout + _GRACE)
            return Said("", 0)

        return self._typed(typed, start) is not None

    def _command(self, typed: Typed) -> Said:
        self._hand_over(typed)
        terminal = self._terminal(typed.node, typed.terminal)
        answer = terminal.run(typed.text, typed.block.timeout + _GRACE)
        for value in typed.values:
            value_seen = terminal.run(f'echo "${value.name}"', _GRACE).text.strip()
            self._bound.setdefault(value.name, value_seen)
            if not value_seen:
                self._wrong(typed.block, f"{value.name} is empty: {value.line} finds nothing")
        return answer

    def _caught(self, typed: Typed) -> Said:
        terminal = self._terminal(typed.node, typed.terminal)
        if typed.interrupted:
            recorded = self.recorded.get(typed.block.id)
            wanted = recorded.text.count("\n") if recorded is not None else 1
            terminal.lines_came(wanted + 2, _QUIET)
            return terminal.interrupt(_GRACE)
        return terminal.finished(typed.block.timeout)

    def _typed(self, typed: Typed, do: Callable[[Typed], Said]) -> Said | None:
        """What `do` saw; None where it went wrong: that is noted, and the terminal free again."""
        try:
            return do(typed)
        except ClosedError as error:
            self._wrong(typed.block, f"the shell on {typed.node} ended: {_last(error)}")
            self._forget(typed.node, typed.terminal)
        except SilentError as error:
            self._wrong(typed.block, f"it does not come to its end; it printed: {_last(error)}")
            try:
                self._terminal(typed.node, typed.terminal).interrupt(_GRACE)
            except (SilentError, ClosedError):
                self._forget(typed.node, typed.terminal)
        return None

    def _hand_over(self, typed: Typed) -> None:
        """Set what another node's terminal finds: what that printed is pasted here."""
        for carried in typed.carried:
            key = (typed.node, typed.terminal, carried.name)
            if key in self._given:
                continue
            answer = self._terminal(carried.node, MAIN).run(carried.line, typed.block.timeout)
            line = (answer.text.strip().splitlines() or [""])[-1]
            if not re.fullmatch(rf"{carried.name}=\S+", line):
                self._wrong(typed.block, f"{carried.node} does not print {carried.name}: {line}")
                continue
            self._bound.setdefault(carried.name, line.partition("=")[2])
            self._terminal(typed.node, typed.terminal).run(line, _GRACE)
            self._given.add(key)

    def _keep(self, typed: Typed, answer: Said) -> None:
        block = typed.block
        text = self._last_try(block, answer.text) if block.until else answer.text
        recording = Recording(
            id=block.id,
            node=block.node,
            command=block.command,
            ran=substitute(block.command, self._bound),
            exit=block.expect_exit if block.until or typed.listens else answer.exit,
            plan=block.plan,
            bound={},
            text=text,
        )
        try:
            bound = extract(block, recording)
        except GuideError as error:
            self._wrong(block, error.message)
            bound = {}
        self._bound |= bound
        if block.shown or typed.listens:
            self.seen[block.id] = replace(recording, bound=bound)

    def _last_try(self, block: Block, text: str) -> str:
        """Of a repeated command's answers the last: it has as many lines as the recorded one."""
        recorded = self.recorded.get(block.id)
        if recorded is None:
            return text
        lines = text.splitlines(keepends=True)
        return "".join(lines[-len(recorded.text.splitlines()) :] if recorded.text else [])

    def _terminal(self, node: str, number: int) -> Terminal:
        if (node, number) not in self._open:
            self._open[node, number] = Terminal(self.words(node))
        return self._open[node, number]

    def _forget(self, node: str, number: int) -> None:
        if terminal := self._open.pop((node, number), None):
            terminal.close()
        self._given = {key for key in self._given if key[:2] != (node, number)}

    def _wrong(self, block: Block, what: str) -> None:
        self.findings.append(Finding(block, what))

    def _failed(self, step: Step, message: str) -> GuideError:
        return GuideError(
            f"this step {message}",
            page=self.page.source,
            line=step.line,
            node=step.node,
            command=step.command,
            fix="guide lab reset removes what it left behind",
        )


def _last(error: Exception) -> str:
    return str(error).strip()[-300:] or "nothing"


def _packets(text: str) -> str:
    """What tcpdump printed of packets, without what it says about itself."""
    lines = [line for line in text.splitlines() if not _REMARK.match(line)]
    return "".join(f"{line}\n" for line in lines)
