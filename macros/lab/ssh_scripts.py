"""Scripts that a node's shell runs for us, and what they print between what the commands print."""

import secrets
import shlex
from collections.abc import Sequence

from macros.ground.model import Answer

ENVIRONMENT = {
    "HOME": "/root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "COLUMNS": "120",
}
"""All that a command finds in its environment, beside what bash sets itself."""

_ASSIGNMENTS = " ".join(f"{name}={shlex.quote(value)}" for name, value in ENVIRONMENT.items())

_RECORD_SEPARATOR = b"\x1e"  # ASCII: what its name says; the nonce makes it ours


def new_mark() -> bytes:
    """What ends the answer to a command: bytes that no command prints."""
    return _RECORD_SEPARATOR + secrets.token_hex(8).encode()


def commands(
    texts: Sequence[str], mark: bytes, *, with_stdin: bool, with_lines: bool = False
) -> str:
    """A script that runs these one after the other, each under the contract of recordings.

    It prints the shell's process id, and behind what each command printed `mark`, its exit code and
    a newline. With `with_lines` the number of each line of the first that failed, and its exit
    code, follow the exit code: what `set -e` would end a shell for (ERR in bash(1)).
    """
    sign = mark.decode().replace("\x1e", "\\036")
    noted = f"/tmp/.guide-{mark[1:].decode()}"  # noqa: S108 its name is random
    parts = ["echo $$"]
    for number, command in enumerate(texts):
        stdin = "" if with_stdin and number == 0 else " </dev/null"
        # A twin is JSON: a warning on its standard error is none of it.
        errors = "2>&1" if number == 0 else "2>/dev/null"
        code = "$?"
        if with_lines and number == 0 and "\n" in command.strip():
            # By name, where a line fails: a descriptor would be handed on to all that it starts.
            # "$_", printed as nothing, is what it was for the next line.
            say = f'printf "%d %d\\n%.0s" $LINENO $? "$_" 2>/dev/null >>{noted}'
            trap = f"trap '{say}' ERR; "
            command = trap + command  # noqa: PLW2901 on the first line: numbers stay what they are
            code = f"$? $([ -e {noted} ] && cat {noted} && rm {noted})"
        # As `env -i`, but one program less to start: a start costs 5 ms on a node.
        parts.append(
            "(mapfile -td '' e </proc/$$/environ; unset \"${e[@]%%=*}\" PWD OLDPWD SHLVL e;"
            f" export {_ASSIGNMENTS}; exec bash -c {shlex.quote(command)}){stdin} {errors}"
        )
        parts.append(f"echo $'{sign}' {code}")
    return "; ".join(parts)


def answers(data: bytes, mark: bytes) -> list[Answer]:
    """What such a script's commands answered, as far as they ended; `data` is all it printed."""
    _, _, rest = data.partition(b"\n")  # the first line is the shell's process id
    found = []
    while mark in rest:
        output, _, rest = rest.partition(mark + b" ")
        told, _, rest = rest.partition(b"\n")
        code, *noted = (int(number) for number in told.split())
        failed = tuple(zip(noted[::2], noted[1::2], strict=True))
        found.append(Answer(output, code, failed))
    return found


def until_input_ends(command: str) -> str:
    """A shell's script that runs a command until standard input is closed, or it ends itself.

    So it cannot outlive who holds the other end; and nothing that this script starts outlives the
    script, or a look at the node right after would take it for somebody's. A shell gives its
    background jobs /dev/null as standard input: descriptor 3 keeps the real one.
    """
    # Whom SIGINT does not end has a second. The sleep goes with its shell, which waits for that.
    until_then = (
        "read -r _ <&3; t=; trap 'kill $t; wait; exit' TERM;"
        " sleep 1 & t=$!; kill -INT $p; wait; kill $p;"
    )
    return (
        f"exec 3<&0; env -i {_ASSIGNMENTS} bash -c {shlex.quote('exec ' + command)} </dev/null 3<&-"
        f" & p=$!; {{ {until_then} }} >/dev/null 2>&1 & k=$!;"
        " wait $p; s=$?; { kill $k; wait $k; } 2>/dev/null; exit $s"
    )
