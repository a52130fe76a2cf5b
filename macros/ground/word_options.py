"""How programs that run another program read their own options, and which words are the other's.

From their manual pages: sudo(8), env(1), nice(1), timeout(1), stdbuf(1), xargs(1), nsenter(1) of
util-linux, `docker exec --help`, `kubectl options`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from macros.ground.shell import Word


@dataclass(frozen=True, slots=True)
class Options:
    """A program's options.

    `valued` take a value, `plain` take none, `attached` one that stands in the same word or nowhere
    (-n[FILE], --net[=FILE]). `mixed`: options may stand behind the first word that is none. `rest`
    is what an option that is not listed is: "valued" or nothing, for then the words behind it
    cannot be told.
    """

    valued: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    attached: frozenset[str] = frozenset()
    mixed: bool = False
    rest: str = ""

    def kind(self, name: str) -> tuple[str, str]:
        """The whole name of an option and what it takes; "" for one that is not known.

        A long name may be cut short where only one begins so (getopt_long(3)).
        """
        for kind, names in self._lists():
            if name in names:
                return name, kind
        if name.startswith("--") and len(name) > 3:
            longer = [(long, kind) for kind, names in self._lists() for long in names]
            longer = [pair for pair in longer if pair[0].startswith(name)]
            if len(longer) == 1:
                return longer[0]
        return name, self.rest

    def _lists(self) -> Iterable[tuple[str, frozenset[str]]]:
        return (("valued", self.valued), ("plain", self.plain), ("attached", self.attached))


class Parsed(NamedTuple):
    """The values of a program's options by name, its other words, and the words behind `--`."""

    values: Mapping[str, str]
    words: tuple[Word, ...]
    behind: tuple[Word, ...] | None


def options(
    valued: str = "", plain: str = "", attached: str = "", *, mixed: bool = False, rest: str = ""
) -> Options:
    """Options from lists of words: `options("-u --user", "-i -t")`."""
    return Options(
        frozenset(valued.split()),
        frozenset(plain.split()),
        frozenset(attached.split()),
        mixed,
        rest,
    )


def parse(words: Sequence[Word], known: Options) -> Parsed | None:
    """Read the words behind a program's name; None at an option that is not known."""
    values: dict[str, str] = {}
    others: list[Word] = []
    left = list(words)
    while left:
        text = left[0].text
        if text == "--":
            return Parsed(values, tuple(others), tuple(left[1:]))
        if not text.startswith("-") or text == "-":
            if not known.mixed:
                return Parsed(values, (*others, *left), None)
            others.append(left.pop(0))
            continue
        left.pop(0)
        read = _long(text, known) if text.startswith("--") else _letters(text, known)
        if read is None:
            return None
        for name, value in read:
            values[name] = left.pop(0).text if value is None and left else value or ""
    return Parsed(values, tuple(others), None)


_Read = list[tuple[str, str | None]]
"""Options of one word; the value None is the next word."""


def _long(text: str, known: Options) -> _Read | None:
    name, sign, value = text.partition("=")
    name, kind = known.kind(name)
    if not kind:
        return None
    return [(name, value if sign else (None if kind == "valued" else ""))]


def _letters(text: str, known: Options) -> _Read | None:
    """Letters that share a dash; the last may take what is left of the word, or the next."""
    read: _Read = []
    for index, letter in enumerate(text[1:], 1):
        name, kind = known.kind(f"-{letter}")
        if not kind:
            return None
        if kind == "plain":
            read.append((name, ""))
            continue
        value = text[index + 1 :]
        value = value.removeprefix("=") if known.mixed else value
        return [*read, (name, value or (None if kind == "valued" else ""))]
    return read


_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")


def behind_assignments(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words behind `NAME=value` words."""
    count = 0
    while count < len(words) and _ASSIGNMENT.match(words[count].text):
        count += 1
    return tuple(words[count:])


class Prefix(NamedTuple):
    """A program that runs the command behind its options and `own` words in the same namespace."""

    options: Options
    own: int = 0


PREFIXES: Mapping[str, Prefix] = {
    "sudo": Prefix(
        options(
            "-u --user -g --group -h --host -p --prompt -C --close-from -r --role -t --type"
            " -T --command-timeout -U --other-user -D --chdir -R --chroot",
            "-A -B -b -E -H -i -K -k -n -P -S -s --askpass --background --preserve-env --set-home"
            " --login --non-interactive --preserve-groups --stdin --shell",
        )
    ),
    "doas": Prefix(options("-u -C -a", "-n -s -L")),
    "env": Prefix(
        options("-u --unset -C --chdir -S --split-string", "-i -0 -v --ignore-environment --debug")
    ),
    "nice": Prefix(options("-n --adjustment")),
    "ionice": Prefix(options("-c --class -n --classdata", "-t --ignore")),
    "timeout": Prefix(
        options("-k --kill-after -s --signal", "-v --verbose --foreground --preserve-status"), 1
    ),
    "stdbuf": Prefix(options("-i --input -o --output -e --error")),
    "time": Prefix(options("-f --format -o --output", "-p -v -a --portability --verbose --append")),
    "nohup": Prefix(options()),
    "setsid": Prefix(options("", "-c -f -w --ctty --fork --wait")),
    "exec": Prefix(options("-a", "-c -l")),
    "command": Prefix(options("", "-p")),
    "watch": Prefix(
        options(
            "-n --interval -q --equexit",
            "-b -c -C -d -e -g -p -r -t -w -x --beep --color --differences --errexit --chgexit"
            " --precise --no-title --no-wrap --exec",
        )
    ),
    "xargs": Prefix(
        options(
            "-a --arg-file -d --delimiter -E -I -L -n --max-args -P --max-procs -s --max-chars",
            "-0 --null -o --open-tty -p --interactive -r --no-run-if-empty -t --verbose -x --exit",
            "-e -i -l --replace --max-lines --eof",
        )
    ),
    "flock": Prefix(options("-w --timeout -E", "-s -x -e -n -o -F --shared --exclusive"), 1),
}

NSENTER = options(
    "-t --target -S --setuid -G --setgid -N --net-socket",
    "-a --all -e --env -F --no-fork -Z --follow-context -c --join-cgroup --preserve-credentials"
    " --keep-caps --user-parent",
    "-m --mount -u --uts -i --ipc -n --net -p --pid -C --cgroup -U --user -T --time -r --root"
    " -w --wd -W --wdns",
)

_TERMINAL = "-i --interactive -t --tty"
DOCKER = options(
    "--config -c --context -H --host -l --log-level --tlscacert --tlscert --tlskey --connection"
    " --url --log-driver --namespace -n -a --address",
    "-D --debug --tls --tlsverify -r --remote",
)
DOCKER_EXEC = options(
    "-e --env -u --user -w --workdir --env-file --detach-keys",
    f"{_TERMINAL} -d --detach --privileged -l --latest",
)
DOCKER_RUN = options(
    "-a -c -e -h -l -m -p -u -v -w",
    f"{_TERMINAL} -d -P -q --detach --rm --init --privileged"
    " --read-only --publish-all --no-healthcheck --oom-kill-disable --sig-proxy --quiet --replace",
    rest="valued",
)
DOCKER_INSPECT = options("-f --format --type", "-s --size", mixed=True)
COMPOSE = options(
    "-f --file -p --project-name --profile --project-directory --env-file --ansi --parallel",
    "--compatibility --dry-run --all-resources",
)
COMPOSE_EXEC = options(
    "-e --env -u --user -w --workdir --index", "-d --detach -T --no-tty --no-TTY --privileged -i -t"
)
CRICTL = options("-c --config -i --image-endpoint -r --runtime-endpoint -t --timeout", "-D --debug")
CRICTL_EXEC = options("--timeout --transport -r --tls-config", f"{_TERMINAL} -s --sync -q --quiet")
KUBECTL = options(
    "-n --namespace --context --cluster --user --kubeconfig -s --server --token --as --as-group"
    " --as-uid --cache-dir --certificate-authority --client-certificate --client-key"
    " --request-timeout --tls-server-name --username --password -v --v --vmodule --profile"
    " --profile-output --log-flush-frequency --kuberc -c --container -f --filename"
    " --pod-running-timeout --image --target --copy-to --image-pull-policy --env --labels -l"
    " --overrides --restart --port --annotations --custom",
    "-i --stdin -t --tty -q --quiet --rm --attach --insecure-skip-tls-verify"
    " --match-server-version --warnings-as-errors --disable-compression --share-processes"
    " --replace --same-node --keep-labels --command --expose --privileged",
    mixed=True,
)
SSH = options(
    "-B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -P -p -Q -R -S -W -w",
    "-4 -6 -A -a -C -f -G -g -K -k -M -N -n -q -s -T -t -V -v -X -x -Y -y",
)
SHELL = options("-o -O -c", "-e -u -x -i -l -v -n -f --login --posix --norc --noprofile")
