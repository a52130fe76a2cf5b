"""What the kernels answer to `ip route get`: many questions in one script a node."""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from macros.ground.errors import GuideError
from macros.kinds import routes
from macros.kinds.routes import Route
from macros.tracer.access import Access, answered, enter

_FAILED = re.compile(r"Command failed -:(\d+)")


class Question(NamedTuple):
    """One look-up, in one namespace of one node ("" is the node's own).

    `iif` is where the packet comes in; "" where the namespace itself sends it.
    """

    node: str
    space: str
    to: str
    source: str = ""
    iif: str = ""

    @property
    def words(self) -> str:
        """What follows `ip route get`."""
        source = f" from {self.source}" if self.source else ""
        return f"{self.to}{source}{f' iif {self.iif}' if self.iif else ''}"


@dataclass(frozen=True, slots=True)
class RouteAnswer:
    """An answer: the route, or None with the kernel's words. `command` can be run by hand."""

    command: str
    text: str
    route: Route | None


@dataclass
class RouteAnswers:
    """The answers so far, and what is still to be asked."""

    pids: Mapping[str, Mapping[str, int]]
    known: dict[Question, RouteAnswer] = field(default_factory=dict)
    open: set[Question] = field(default_factory=set)

    def get(self, question: Question) -> RouteAnswer | None:
        """The answer; None where it has to be asked first."""
        answer = self.known.get(question)
        if answer is None:
            self.open.add(question)
        return answer

    def ask(self, access: Access, more: Iterable[Question] = ()) -> None:
        """Ask what is open and `more`, once on each node."""
        wanted = (self.open | set(more)) - self.known.keys()
        self.open.clear()
        by_node: dict[str, list[Question]] = {}
        for question in sorted(wanted):
            by_node.setdefault(question.node, []).append(question)
        if not by_node:
            return
        with ThreadPoolExecutor(len(by_node)) as pool:
            for answers in pool.map(
                lambda asked_of_node: self._on(access, *asked_of_node), by_node.items()
            ):
                self.known |= answers

    def _on(
        self, access: Access, node: str, questions: list[Question]
    ) -> dict[Question, RouteAnswer]:
        spaces: dict[str, list[Question]] = {}
        for question in questions:
            spaces.setdefault(question.space, []).append(question)
        script = []
        for name, asked in spaces.items():
            batch = "".join(f"route get {wanted.words}\n" for wanted in asked)
            within = enter(self.pids, node, name)
            script.append(
                f"echo @@\n{{ said=$({within}ip -force -batch - <<'Q' 2>&1 >&3\n{batch}Q\n); }}"
                " 3>&1\n"
                'printf "@!\\n%s\\n" "$said"'
            )
        text = answered(access, node, "\n".join(script), f"asking the routes of {node}")
        answers: dict[Question, RouteAnswer] = {}
        for part, (name, asked) in zip(text.split("@@\n")[1:], spaces.items(), strict=True):
            out, _, errors = part.partition("@!\n")
            within = enter(self.pids, node, name)
            for question, printed, good in read(asked, out, errors):
                command = f"{within}ip route get {question.words}"
                route = routes.read(printed)[0] if good else None
                answers[question] = RouteAnswer(command, printed, route)
        return answers


def read(asked: list[Question], out: str, errors: str) -> list[tuple[Question, str, bool]]:
    """The answers of `ip -batch`: those that failed are told by their line, the rest in order."""
    failed: dict[int, str] = {}
    printed: list[str] = []
    for line in errors.splitlines():
        if number := _FAILED.search(line):
            failed[int(number[1])] = "\n".join(printed)
            printed = []
        elif line.strip():
            printed.append(line.strip())
    given: list[str] = []
    for line in out.splitlines():
        if line.startswith((" ", "\t")) and given:
            given[-1] += f"\n{line.rstrip()}"
        elif line.strip():
            given.append(line.rstrip())
    if len(given) + len(failed) != len(asked):
        raise GuideError(
            f"ip answered {len(given)} of {len(asked)} questions, and refused {len(failed)}: "
            f"{errors.strip()[-300:]}"
        )
    rest = iter(given)
    return [
        (question, failed[number], False) if number in failed else (question, next(rest), True)
        for number, question in enumerate(asked, 1)
    ]
