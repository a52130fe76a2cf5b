"""What scripts/node/facts.sh printed on a node, as facts of one line each.

Left out is what changes by itself: counters, lifetimes, what systemd starts now and then, and, on a
node of a cluster, what its agents make and take away as pods come and go.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_NOISY_SYSCTL = re.compile(
    r"net\.netfilter\.nf_conntrack_count|.*\.stable_secret|net\.ipv4\.tcp_fastopen_key"
    r"|net\.core\.netdev_rss_key|.*\.(?:mtu|hop_limit)"  # IPv6 takes these two from the link
)
_NOISY_FILES = re.compile(
    r"/root/\.(?:bash_history|cache/|kube/cache/|ssh/known_hosts|lesshst|wget-hsts)"
    r"|/etc/(?:mtab|\.pwd\.lock|ld\.so\.cache|machine-id|adjtime|kubernetes/|cni/|calico/|rancher/)"
)
_NOISY_MOUNTS = re.compile(
    r"/(?:run/(?:netns|docker|containerd|user|credentials|k3s)|var/lib/(?:kubelet|containerd|docker"
    r"|rancher)|proc/sys/fs/binfmt_misc)(?:/|$)"
)
_NOISY_PROCESSES = re.compile(
    r"-?bash|sh|sshd.*|sftp-server|\(.*|systemd.*|agetty|login|dhclient|dbus-daemon|\[.*"
)
_NOISY_SERVICES = re.compile(
    r"(?:systemd-|apt-|man-db|e2scrub|fstrim|logrotate|dpkg-|getty@|serial-getty@|user@|ssh@|motd).*"
)
_CLUSTER_LINKS = re.compile(r"(?:veth|cali|cni|flannel|vxlan|tunl|nodelocaldns|kube-).*")
_FLAGS = frozenset({"UP", "PROMISC", "ALLMULTI", "NOARP", "MULTICAST"})
_OF_A_LINK = re.compile(r"sysctl net\.(?:ipv[46]|mpls)\.(?:conf|neigh)\.(?!(?:all|default)\.)")
FAILED = "failed unit"
"""What begins the fact that a unit failed and is still known by its name."""
_EVER = ("sysctl ", "file ", "ip rule ", f"{FAILED} ")
"""What does not change by itself on a node of a cluster either."""


def facts(printed: str, *, cluster: bool) -> list[str]:
    """The facts in what the script printed, each once; on a cluster those that pods leave alone."""
    read: list[str] = []
    for name, lines in _parts(printed):
        read += _READERS[name](lines) if name in _READERS else ()
    kept = dict.fromkeys(read)
    return list(lasting(list(kept)) if cluster else kept)


def lasting(facts: Sequence[str]) -> tuple[str, ...]:
    """Those that a cluster's agents do not change as pods come and go."""
    return tuple(
        fact
        for fact in facts
        if fact.startswith(_EVER)
        and not any(_CLUSTER_LINKS.fullmatch(word) for word in re.split(r"[\s./]", fact))
    )


def in_words(fact: str) -> str:
    """A fact as an error says it: of a file only which."""
    return re.sub(r"^(file \S+) .*", r"\1", fact)


def differences(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """What came, what went, and what is another now, in words."""
    old, new = set(before), set(after)
    if old == new:
        return []
    less = list(dict.fromkeys(in_words(fact) for fact in before if fact not in new))
    more = list(dict.fromkeys(in_words(fact) for fact in after if fact not in old))
    changed = [fact for fact in more if fact in less]
    told = [
        *(f"{fact} differs now" for fact in changed),
        *(f"+ {fact}" for fact in more if fact not in changed),
        *(f"- {fact}" for fact in less if fact not in changed),
    ]
    # A link has a hundred settings, which come and go with it: what matters is not behind them.
    return sorted(told, key=lambda fact: _OF_A_LINK.search(fact) is not None)


def _parts(printed: str) -> Iterator[tuple[str, list[str]]]:
    name = ""
    lines: list[str] = []
    for line in printed.splitlines():
        if line.startswith("@"):
            yield name, lines
            name, lines = line[1:], []
        else:
            lines.append(line)
    yield name, lines


def _ip(lines: Sequence[str]) -> Iterator[str]:
    answers = _answers("\n".join(lines))
    if len(answers) != 4:
        return
    links, rules, routes, neighbours = answers
    for link in links:
        yield from _link(link)
    yield from (_rule(rule) for rule in rules)
    for route in routes:
        if route.get("table", "main") != "local" and "expires" not in route:
            yield f"route table {route.get('table', 'main')}: {_route(route)}"
    for neighbour in neighbours:
        hardware = neighbour.get("lladdr", "itself")
        yield f"neighbour {neighbour.get('dst')} dev {neighbour.get('dev')} is {hardware}"


def _link(link: Mapping[str, Any]) -> Iterator[str]:
    name = link.get("ifname", "")
    flags = " ".join(sorted(_FLAGS & set(link.get("flags", ()))))
    yield f"{name}: flags {flags or 'none'}"
    for key in ("mtu", "qdisc", "master", "address", "ifalias"):
        if link.get(key) is not None:
            yield f"{name}: {key} {link[key]}"


def _rule(rule: Mapping[str, Any]) -> str:
    """A rule by the words of `ip rule`."""
    words = []
    for key, value in rule.items():
        if key in ("src", "dst"):
            length = f"/{rule[f'{key}len']}" if f"{key}len" in rule else ""
            words.append(f"{'from' if key == 'src' else 'to'} {value}{length}")
        elif key == "table":
            words.append(f"lookup {value}")
        elif key not in ("priority", "srclen", "dstlen"):
            words.append(key if value is None else f"{key} {value}")
    return f"ip rule {rule.get('priority')}: {' '.join(words)}"


def _route(route: Mapping[str, Any]) -> str:
    words = [f"{route.get('type', '')} {route.get('dst')}".strip()]
    for word, key in (("via", "gateway"), ("dev", "dev"), ("metric", "metric"), ("src", "prefsrc")):
        if key in route:
            words.append(f"{word} {route[key]}")
    return " ".join(words)


def _ip6(lines: Sequence[str]) -> Iterator[str]:
    for answer in _answers("\n".join(lines)):
        yield from (_rule(rule).replace("ip rule", "ip rule (IPv6)") for rule in answer)


def _vlans(lines: Sequence[str]) -> Iterator[str]:
    for answer in _answers("\n".join(lines)):
        for port in answer:
            for vlan in port.get("vlans", ()):
                flags = " ".join(vlan.get("flags", ()))
                yield f"{port.get('ifname')}: VLAN {vlan.get('vlan')} {flags}".rstrip()


_BUILT_IN = re.compile(r"table ip6? (raw|mangle|nat|filter|security)")
_EMPTY_CHAIN = re.compile(
    r"chain (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) {"
    r"|type \w+ hook \w+ priority [\w -]+; policy accept;|}|"
)


def _nft(lines: Sequence[str]) -> Iterator[str]:
    ours = True
    held: list[str] = []
    for line in lines:
        if line.startswith("# Warning: table"):
            ours = False  # made by iptables: its rules are told as such
        elif line.startswith("table "):
            held = [line]
        elif line == "}":
            if ours and not _is_left_by_iptables(held):
                yield from _nft_table(held)
            ours, held = True, []
        else:
            held.append(line)


def _is_left_by_iptables(lines: Sequence[str]) -> bool:
    """Whether this is a table of iptables' that no rule is in any more: it does nothing.

    nft warns of a table of iptables' only while it has something of iptables' in it.
    """
    return _BUILT_IN.fullmatch(lines[0].removesuffix(" {")) is not None and all(
        _EMPTY_CHAIN.fullmatch(line.strip()) for line in lines[1:]
    )


def _nft_table(lines: Sequence[str]) -> Iterator[str]:
    table = lines[0].removesuffix(" {")
    yield f"nft {table}"
    for line in lines[1:]:
        if line.strip(" \t}"):
            yield f"nft {table}: {line.strip().removesuffix(' {')}"


def _sysctl(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        path, _, value = line.partition(":")
        name = path.removeprefix("/proc/sys/").replace("/", ".")
        if not _NOISY_SYSCTL.fullmatch(name):
            yield f"sysctl {name} {' '.join(value.split())}"


def _files(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        size, _, rest = line.partition(" ")
        time, _, path = rest.partition(" ")
        if path and not _NOISY_FILES.match(path):
            yield f"file {path} {size} bytes of {time}"


def _mounts(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        words = line.split(" ")
        if len(words) > 2 and not _NOISY_MOUNTS.match(words[1]):
            yield f"mount {words[1]} {words[2]}"


def _sockets(kind: str, listening: str) -> Callable[[Sequence[str]], Iterator[str]]:
    def read(lines: Sequence[str]) -> Iterator[str]:
        for line in lines[1:]:  # below the heading: number, local, remote, state: proc_net_tcp(5)
            words = line.split()
            if len(words) > 3 and words[3] == listening:
                yield f"listening {kind} port {int(words[1].rpartition(':')[2], 16)}"

    return read


def _processes(lines: Sequence[str]) -> Iterator[str]:
    # A program that says in its own name what it does, such as `sshd-session: root@pts/0`.
    names = Counter(line.partition(": ")[0].rpartition("/")[2] for line in lines)
    for name, number in names.items():
        if not _NOISY_PROCESSES.fullmatch(name):
            yield f"process {name}" + (f" ({number} of them)" if number > 1 else "")


def _services(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        name = line.rpartition("/")[2]
        if name and not _NOISY_SERVICES.fullmatch(name):
            yield f"service {name}"


def _failed(lines: Sequence[str]) -> Iterator[str]:
    """Units that failed, of lines "UNIT LOAD ACTIVE SUB DESCRIPTION", with a dot before or none."""
    for line in lines:
        words = re.sub(r"^[^\w-]+", "", line).split()
        if len(words) > 3 and words[2] == "failed" and not _NOISY_SERVICES.fullmatch(words[0]):
            yield f"{FAILED} {words[0]}"


def _answers(text: str) -> list[list[Mapping[str, Any]]]:
    """All JSON arrays in a text, one after the other; none where it is no JSON."""
    decoder, offset, answers = json.JSONDecoder(), 0, []
    text = text.strip()
    while offset < len(text):
        try:
            answer, end = decoder.raw_decode(text, offset)
        except ValueError:
            return []
        answers.append(answer)
        offset = end + len(text[end:]) - len(text[end:].lstrip())
    return answers


_READERS: Mapping[str, Callable[[Sequence[str]], Iterator[str]]] = {
    "ip": _ip,
    "ip6": _ip6,
    "vlans": _vlans,
    "nft": _nft,
    "sysctl": _sysctl,
    "files": _files,
    "mounts": _mounts,
    "tcp": _sockets("tcp", "0A"),
    "tcp6": _sockets("tcp", "0A"),
    "udp": _sockets("udp", "07"),
    "udp6": _sockets("udp", "07"),
    "processes": _processes,
    "services": _services,
    "failed": _failed,
}
