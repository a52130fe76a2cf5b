"""Lines of a command that failed before its last one: its exit code does not tell of them."""

from collections.abc import Sequence

from macros.ground.model import Answer, Block


def unforeseen(block: Block, answer: Answer, ran: str) -> str:
    """The first line of a block's command that failed, though its page does not let it; or "".

    The line that gave the block its exit code is not meant: that code is judged by itself.
    """
    failed = answer.failed
    if failed and answer.exit != 0 and failed[-1][1] == answer.exit:
        failed = failed[:-1]
    lines = block.command.splitlines()
    chosen = [number for number, line in enumerate(lines, 1) for t in block.may_fail if t in line]
    may_fail = {_begin(lines, number) for number in chosen}
    return _first([one for one in failed if _begin(lines, one[0]) not in may_fail], ran)


def of_step(part: str, answer: Answer, ran: str) -> str:
    """Which line of a step is to blame, in words; "" where none is known.

    A clean-up also runs where what it takes away is not there: only how it ends counts.
    """
    if part != "cleanup":
        return _first(answer.failed, ran)
    return _first(answer.failed[-1:], ran) if answer.exit else ""


def _first(failed: Sequence[tuple[int, int]], ran: str) -> str:
    if not failed:
        return ""
    lines = ran.splitlines()
    number = _begin(lines, failed[0][0])
    return (
        f"line {number} of its command, `{lines[number - 1].strip()}`,"
        f" ended with exit code {failed[0][1]}"
    )


def _begin(lines: Sequence[str], number: int) -> int:
    """Where the line begins that goes on in this one: bash(1) says either number."""
    number = min(number, len(lines))
    while number > 1 and lines[number - 2].endswith("\\"):
        number -= 1
    return number
