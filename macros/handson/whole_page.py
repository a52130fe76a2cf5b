"""All commands of a page as one text for each machine: the same forms, in the page's order.

A comment names the block, and says where another machine has to come first. Captures run beside
the command that they listen to, and are ended after it.
"""

from collections.abc import Mapping

from macros.ground.model import HERE, Page, Recording
from macros.handson import copied
from macros.handson.copied import Form, Typed


def scripts(page: Page, recorded: Mapping[str, Recording]) -> Mapping[str, str]:
    """The text of each machine that the page types something on, by the machine's name."""
    texts: dict[str, list[str]] = {machine: [] for machine in (*page.machines, HERE)}
    before = ""
    for form in copied.of_page(page, recorded):
        for machine in dict.fromkeys(typed.node for typed in form.all):
            texts[machine].append(_part(form, machine, before))
        before = form.block.id
    return {machine: "\n\n".join(parts) + "\n" for machine, parts in texts.items() if parts}


def _part(form: Form, machine: str, before: str) -> str:
    """What one machine does for a command: its captures, and the command where it is its own."""
    lines = [f"# {form.block.id}" + (f", after {before}" if before else "")]
    for typed in form.first:
        if typed.node == machine:
            lines.append(f"# terminal {typed.terminal}, first{_ending(typed)}:")
            lines += [f"#   {line}" for line in typed.copied.splitlines()]
    if form.command.node == machine:
        lines.append(form.command.copied)
    else:
        lines.append(f"# then {form.command.node} goes on")
    return "\n".join(lines)


def _ending(typed: Typed) -> str:
    return ", Ctrl-C at the end" if typed.interrupted else ""
