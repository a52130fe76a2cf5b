"""Differences that mean nothing: each makes of a run one that another fresh lab could have given."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from tests.mutate import packets, repeats
from tests.mutate.files import Run, beside_wishes, dump, parsed, served
from tests.mutate.packets import ICMP, TCP, UDP, Frame

_MAC = re.compile(r"(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])")
_RULES = re.compile(
    r"(?m)^(?:command: )?(?:(?:ip6?|eb|arp)tables[a-z-]*|nft list|ipset|tc filter)\b[^;&|\n]*$"
)
Harmless = Callable[[Random, Run], Run]

_TRACKED = re.compile(r"\bsport=(\d+) dport=\d+ .*\bsport=\d+ dport=(\d+) ")
"""conntrack: the port that a connection left with, and the one that its answers come back to."""


def _with(run: Run, changed: Mapping[str, bytes]) -> Run:
    return replace(run, files={**run.files, **changed})


def _text(run: Run, change: Callable[[str, str], str], *, heads: bool = False) -> dict[str, bytes]:
    """Each .txt and .json that `change(name, text)` changes; heads, where they hold run values, too."""
    new: dict[str, bytes] = {}
    for name, text in run.texts.items():
        begin = 0 if heads else run.body(name)
        changed = text[:begin] + change(name, text[begin:])
        if changed == text:
            continue
        if name.endswith(".json"):
            changed = dump(parsed(changed))
        new[name] = changed.encode()
    return new


def _frames(run: Run, change: Callable[[str, list[Frame]], list[Frame]]) -> dict[str, bytes]:
    return {
        name: packets.write(raw, change(name, packets.read(raw)))
        for name, raw in run.files.items()
        if name.endswith(".pcap")
    }


def _each(run: Run, change: Callable[[Frame], Frame]) -> dict[str, bytes]:
    """Every frame after `change`, and every one within a tunnel."""
    return _frames(run, lambda _name, old: [packets.each(frame, change) for frame in old])


def random_macs(run: Run) -> set[str]:
    """MACs that the kernel or Docker drew. Others are computed, or set by pages, labs and slirp.

    ee:ee:ee:ee:ee:ee is on all of Calico's ports. Who wrote one into a rule chose it, unless
    something else has it as well.
    """
    texts = run.texts.values()
    macs = {mac for text in texts for mac in _MAC.findall(text)}
    addresses = {address for text in texts for address in _IPV4.findall(text)}
    return {
        mac
        for mac in macs - ruled_macs(run)
        if int(mac[:2], 16) & 3 == 2
        and not mac.startswith(("02:00:", "06:00:0", "0a:58:", "33:33", "52:55:", "ee:ee:ee:ee:"))
        # Docker until 27 writes 02:42 before a container's address; its bridges draw the rest.
        and not (mac.startswith("02:42:") and _address(mac) in addresses)
    }


def ruled_macs(run: Run) -> set[str]:
    """MACs that nothing but rules has: "one that stands in rules alone is its author's, a fact".

    What commands print that print nothing but rules; a member of a set that goes by itself was
    seen.
    """
    ruled: set[str] = set()
    seen = {
        frame.data[at : at + 6].hex(":")
        for raw in run.files.values()
        if raw[:4] == packets.MAGIC
        for frame in packets.read(raw)
        for at in (0, 6)
    }
    for name, text in run.texts.items():
        found = set(_MAC.findall(text))
        if _RULES.search(run.command(name.replace(".json", ".txt"))) and " expires " not in text:
            ruled |= found
        else:
            seen |= found
    return ruled - seen


def _address(mac: str) -> str:
    return ".".join(str(int(part, 16)) for part in mac.split(":")[2:])


def rename_macs(run: Run, names: Mapping[str, str]) -> dict[str, bytes]:
    """The run with other MACs, and with what is computed from them."""
    table: dict[str, str] = {}
    for old, new in names.items():
        table[old] = new
        table[f"33:33:ff:{old[9:]}"] = f"33:33:ff:{new[9:]}"
        table[_link_local(old)] = _link_local(new)
        table[_bridge(old)] = _bridge(new)
    pattern = re.compile("|".join(rf"(?<![0-9a-f:]){re.escape(old)}(?![0-9a-f:])" for old in table))

    def rename(name: str, text: str) -> str:
        new = pattern.sub(lambda found: table[found[0]], text)
        return _sorted_fdb(new) if name.endswith(".json") and new != text else new

    raw = {
        bytes.fromhex(a.replace(":", "")): bytes.fromhex(b.replace(":", ""))
        for a, b in names.items()
    }

    def one(frame: Frame) -> Frame:
        places = (0, 6) if frame.is_ip else (0, 6, 22, 32)
        for index in places:
            old = frame.data[index : index + 6]
            frame = frame.put(index, raw.get(old, old))
        return frame

    return _text(run, rename) | _each(run, one)


def _link_local(mac: str) -> str:
    """RFC 4291, appendix A, in the form of RFC 5952 as far as these need it."""
    part = [int(piece, 16) for piece in mac.split(":")]
    groups = [
        (part[0] ^ 2) << 8 | part[1],
        part[2] << 8 | 0xFF,
        0xFE00 | part[3],
        part[4] << 8 | part[5],
    ]
    return "fe80::" + ":".join(f"{group:x}" for group in groups)


def _bridge(mac: str) -> str:
    """iproute2 prints the MAC in a bridge id without leading zeros."""
    return "8000." + ":".join(f"{int(piece, 16):x}" for piece in mac.split(":"))


def _sorted_fdb(text: str) -> str:
    """The observer sorts what has no order; other names, other places."""
    data = parsed(text)
    if isinstance(data, dict) and "namespaces" in data:
        for space in data["namespaces"]:
            space["fdb"] = sorted(space["fdb"], key=_order)
    return dump(data)


def _order(entry: Any) -> tuple[Any, ...]:
    return (
        entry["ifname"],
        entry["mac"],
        entry.get("vlan", 0),
        entry.get("dst", ""),
        entry.get("master", ""),
    )


def macs(rng: Random, run: Run) -> Run:
    def fresh(old: str) -> str:
        first = f"{rng.randrange(1, 60) * 4 + 2:02x}"
        tail = ":".join(f"{rng.randrange(1, 256):02x}" for _ in range(4))
        second = rng.choice([value for value in range(1, 256) if value != 0x42])
        return f"02:42:{tail}" if old.startswith("02:42:") else f"{first}:{second:02x}:{tail}"

    chosen = [mac for mac in sorted(random_macs(run)) if rng.random() < 0.8]
    return _with(run, rename_macs(run, {mac: fresh(mac) for mac in chosen})) if chosen else run


def _renamed(run: Run, table: Mapping[str, str], *, payload: bool = False) -> Run:
    if not table:
        return run
    pattern = re.compile(
        "|".join(rf"(?<!\w){re.escape(old)}(?!\w)" for old in sorted(table, key=len, reverse=True))
    )

    def one(frame: Frame) -> Frame:
        if frame.protocol not in {TCP, UDP}:
            return frame
        data = frame.data[frame.payload : frame.end]
        new = re.sub(
            pattern.pattern.encode(), lambda found: table[found[0].decode()].encode(), data
        )
        return frame.put(frame.payload, new) if new != data else frame

    files = _text(run, lambda _name, text: pattern.sub(lambda m: table[m[0]], text), heads=True)
    if payload:
        files |= _each(run, one)
    return _with(run, files)


def _hex(rng: Random, size: int) -> str:
    return "".join(rng.choice("0123456789abcdef") for _ in range(size))


def _found(run: Run, pattern: str) -> list[str]:
    """In the order in which they came to be."""
    return list(
        dict.fromkeys(
            value
            for name, text in run.texts.items()
            for value in re.findall(pattern, text[run.body(name) :])
        )
    )


def veths(rng: Random, run: Run) -> Run:
    names = _found(run, r"\bveth[0-9a-f]{7}\b")
    new = _renamed(run, {name: f"veth{_hex(rng, 7)}" for name in names})
    if new is run:
        return run
    return _with(
        new,
        _text(
            new,
            lambda name, text: (
                _sorted_fdb(text) if name.endswith(".json") and "veth" in text else text
            ),
        ),
    )


def ids(rng: Random, run: Run) -> Run:
    """64 hexadecimal digits, and the first 12 of them; sandboxes have 12 of their own."""
    long = _found(run, r"(?<![\w:])[0-9a-f]{64}(?!\w)|(?<=://)[0-9a-f]{64}(?!\w)")
    table = {old: _hex(rng, 64) for old in long}
    table |= {whole[:12]: new[:12] for whole, new in table.items()}
    short = _found(run, r"(?<=netns/)[0-9a-f]{12}(?!\w)")
    table |= {old: _hex(rng, 12) for old in short if old not in table}
    return _renamed(run, table, payload=True)


def uids(rng: Random, run: Run) -> Run:
    """UUIDs of Kubernetes' objects and of pods' network namespaces."""

    def fresh() -> str:
        return "-".join(_hex(rng, size) for size in (8, 4, 4, 4, 12))

    names = _found(run, r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
    return _renamed(run, {name: fresh() for name in names})


def generated_names(rng: Random, run: Run) -> Run:
    """The five characters that Kubernetes ends a name of its own making with."""
    letters = "bcdfghjklmnpqrstvwxz2456789"
    names = _found(run, rf"(?<=[a-z0-9]-)[{letters}]{{5}}(?![\w-])")
    table = {
        name: "".join(rng.choice(letters) for _ in range(5))
        for name in names
        # Words of Services' names are nobody's choice by chance.
        if not name.isdigit() and name not in {"https", "http2", "pgsql", "mssql"}
    }
    return _renamed(run, table)


def resource_versions(rng: Random, run: Run) -> Run:
    shift = rng.randrange(1, 3000)
    return _with(
        run,
        _text(
            run,
            lambda _name, text: re.sub(
                r"(resourceVersion\"?: \")(\d+)", lambda m: f"{m[1]}{int(m[2]) + shift}", text
            ),
        ),
    )


def measures(rng: Random, run: Run) -> Run:
    """What a node measures of itself, within 20 MiB; and an image within a hundredth."""
    shift = rng.randrange(1, 20 << 10)

    def text(name: str, old: str) -> str:
        old = beside_wishes(
            name,
            old,
            lambda beside: re.sub(
                r"(\b(?:memory|ephemeral-storage)\"?: +\"?)(\d+)(?=Ki)",
                lambda m: f"{m[1]}{int(m[2]) - shift}",
                beside,
            ),
        )
        return re.sub(
            r"(\"sizeBytes\": )(\d+)", lambda m: f"{m[1]}{int(m[2]) + int(m[2]) // 100}", old
        )

    return _with(run, _text(run, text))


def inodes(rng: Random, run: Run) -> Run:
    """Of namespaces that were made; the first one has its number from the kernel's sources."""
    shift = rng.randrange(1, 400)
    return _renamed(
        run, {old: str(int(old) + shift) for old in _found(run, r"\b402653[2-9]\d{3}\b")}
    )


def pids(rng: Random, run: Run) -> Run:
    shift = rng.choice([-37, 5, 411, 3000])
    pattern = re.compile(r"(\"[pP]id\": |\bpid=|nsenter -t |PAUSE: ')(\d+)")

    def moved(text: str) -> str:
        return text if int(text) < 100 else str(int(text) + shift)

    def other(name: str, text: str) -> str:
        text = beside_wishes(
            name, text, lambda beside: pattern.sub(lambda m: m[1] + moved(m[2]), beside)
        )
        if not (name.endswith(".txt") and re.search(r"\b(ps|lsns) ", run.command(name))):
            return text
        # In columns: a process' number, and its parent's after it. In lsns others come before.
        head, rule, body = text.partition("\n---\n")
        if not re.match(r" *PID|.* NPROCS +PID", body):
            return text
        column = r"^(\d+ +\d+ +)(\d+)()" if "NPROCS" in body else r"^( *)(\d+)((?: +\d+)?)"
        return head + rule + re.sub(column, columns, body, flags=re.MULTILINE)

    def columns(found: re.Match[str]) -> str:
        first = moved(found[2]).rjust(len(found[1]) - len(found[1].rstrip(" ")) + len(found[2]))
        last = found[3].lstrip(" ")
        return (
            found[1].rstrip(" ") + first + (moved(last).rjust(len(found[3])) if last else found[3])
        )

    return _with(run, _text(run, other, heads=True))


def ephemeral_ports(rng: Random, run: Run) -> Run:
    """Ports that the kernel chose, here and in what printed them (32768 to 60999).

    That of a masqueraded connection (--random-fully) is any from 1024 on: conntrack says which.
    """
    ports: set[int] = set()

    def note(frame: Frame) -> Frame:
        if frame.protocol in {TCP, UDP}:
            ports.update((frame.number(frame.upper), frame.number(frame.upper + 2)))
        return frame

    _each(run, note)
    kernels = sorted(port for port in ports if port >= 32768)
    chosen = dict(zip(kernels, rng.sample(range(32768, 60999), len(kernels)), strict=True))
    for text_ in run.texts.values():
        for own, masqueraded in _TRACKED.findall(text_):
            if own != masqueraded:
                chosen[int(masqueraded)] = rng.randrange(10_000, 32_000)

    def one(frame: Frame) -> Frame:
        if frame.protocol in {TCP, UDP}:
            for offset in (frame.upper, frame.upper + 2):
                port = frame.number(offset)
                frame = frame.put(offset, chosen.get(port, port).to_bytes(2, "big"))
        return frame

    def text(_name: str, old: str) -> str:
        # The sum that would be right follows the port (RFC 1624).
        for was, now in chosen.items():
            old = re.sub(
                rf"\.{was} >.*-> 0x([0-9a-f]+)!",
                lambda m, was=was, now=now: m[0].replace(  # type: ignore[misc]
                    m[1], f"{_sum_after(int(m[1], 16), was, now):04x}"
                ),
                old,
            )
        # As tcpdump, conntrack, netfilter's log, tshark and the commands with a bound port say it.
        words = (r"\d\.", "port=", "PORT=", "[Pp]ort: ", "PORT: '", "port-src ", r"\d → ")
        before = "|".join(f"(?<={word})" for word in words)
        pattern = rf"(?:(?:{before})|(?<![^ ])(?=\d+ → \d))(\d{{4,5}})\b"
        return re.sub(pattern, lambda m: str(chosen.get(int(m[1]), m[1])), old)

    return _with(
        run,
        _text(run, text, heads=True) | _each(run, one),
    )


def _sum_after(found: int, was: int, now: int) -> int:
    total = (0xFFFF - found) + (0xFFFF - was) + now
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def icmp_ids(rng: Random, run: Run) -> Run:
    shift = rng.randrange(1, 3000)

    def one(frame: Frame) -> Frame:
        if frame.protocol != ICMP:
            return frame
        offset = frame.upper + 4
        return frame.put(offset, ((frame.number(offset) + shift) % 65536).to_bytes(2, "big"))

    def text(_name: str, old: str) -> str:
        return re.sub(
            r"((?:echo (?:request|reply), id |(?<=\d )id=|code=\d id=))(\d+)",
            lambda m: f"{m[1]}{(int(m[2]) + shift) % 65536}",
            old,
        )

    return _with(run, _text(run, text) | _each(run, one))


def ip_ids(rng: Random, run: Run) -> Run:
    """IPv4's identification, unless it is zero. The same packet has the same at every interface."""
    shift = rng.randrange(1, 60000)

    def other(old: int) -> int:
        return 0 if old == 0 else 1 + (old + shift) % 65535

    def one(frame: Frame) -> Frame:
        return frame.put(18, other(frame.number(18)).to_bytes(2, "big")) if frame.is_ip else frame

    def text(_name: str, old: str) -> str:
        return re.sub(r"(ttl \d+, id )(\d+)", lambda m: f"{m[1]}{other(int(m[2]))}", old)

    return _with(run, _text(run, text) | _each(run, one))


def indexes(rng: Random, run: Run) -> Run:
    """Interfaces have other numbers, where the page made them.

    Those of node0's own namespace; and all, where Docker made a container's interface there and
    moved it, so that it keeps the number that it had (until 27).
    """
    shift = rng.choice([1, 2, 3, 5, 14, 90])
    moved = any(
        re.search(r"(?m)^(?:[4-9]|\d\d+): eth0@", text[run.body(name) :])
        for name, text in run.texts.items()
    )

    def index(number: int) -> int:
        return number + shift if number >= 4 else number

    changed: dict[str, bytes] = {}
    for name, text in run.texts.items():
        command = run.command(name.replace(".json", ".txt"))
        elsewhere = re.search(r"netns exec|docker exec|kubectl exec| -n ", command) is not None
        if name.endswith(".json"):
            own = None if moved else not elsewhere
            changed[name] = dump(_indexed(parsed(text), index, own=own)).encode()
            continue
        begin = run.body(name)
        head, body = text[:begin], text[begin:]
        head = re.sub(r"(''\^|IF: '|INDEX: ')(\d+)", lambda m: f"{m[1]}{index(int(m[2]))}", head)
        if "iflink" in command:
            body = re.sub(r"^\d+$", lambda m: str(index(int(m[0]))), body, flags=re.MULTILINE)
        if elsewhere or moved:
            body = re.sub(r"@if(\d+)", lambda m: f"@if{index(int(m[1]))}", body)
        if not elsewhere or moved:
            body = re.sub(
                r"^(\d+)(?=: \w[\w.-]*(@\w+)?: <)",
                lambda m: str(index(int(m[1]))),
                body,
                flags=re.MULTILINE,
            )
        changed[name] = (head + body).encode()
    return _with(run, changed)


def _indexed(value: Any, index: Callable[[int], int], *, own: bool | None) -> Any:
    if isinstance(value, list):
        return [_indexed(inner, index, own=own) for inner in value]
    if not isinstance(value, dict):
        return value
    if "inode" in value and "links" in value:
        own = value["name"] == "" if own is not None else None
    keys = ("ifindex" if own else "link_index",) if own is not None else ("ifindex", "link_index")
    return {
        name: index(member) if name in keys else _indexed(member, index, own=own)
        for name, member in value.items()
    }


def times(rng: Random, run: Run) -> Run:
    """Another day and another pace: stamps, round trips, what is left of a timer, ages."""
    shift = rng.randrange(1, 10**12)
    seconds = shift // 10**6

    def frames(_name: str, old: list[Frame]) -> list[Frame]:
        time, new = old[0].time + shift, []
        before = old[0].time
        for frame in old:
            time += int((frame.time - before) * rng.uniform(0.5, 2)) + 1
            before = frame.time
            new.append(replace(frame, time=time))
        return new

    def trip(text: str) -> str:
        milli = rng.choice([rng.uniform(0.02, 1), rng.uniform(1, 90)])
        shown = f"{milli:.3f}" if milli < 1 or "round" in text else f"{milli:.3g}"
        text = re.sub(r"time=[\d.]+", f"time={shown}", text)
        return re.sub(
            r"(= )[\d.]+/[\d.]+/[\d.]+", rf"\g<1>{milli:.3f}/{milli:.3f}/{milli:.3f}", text
        )

    def text(name: str, old: str) -> str:
        old = re.sub(
            r"^\d\d:\d\d:(\d\d)\.\d{6}",
            lambda m: (
                f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{m[1]}.{rng.randrange(10**6):06}"
            ),
            old,
            flags=re.MULTILINE,
        )
        old = re.sub(
            r"(\"Created\": \"20\d\d-\d\d-\d\dT)[\d:]+\.\d+",
            lambda m: (
                f"{m[1]}{rng.randrange(24):02}:{rng.randrange(60):02}:01.{rng.randrange(10**9):09}"
            ),
            old,
        )
        old = re.sub(
            r"(_timer\": )(\d*[1-9]\d*\.\d+)", lambda m: f"{m[1]}{float(m[2]) + 0.07:.2f}", old
        )
        old = re.sub(
            r"^((?:tcp|icmp|udp) +\d+ )(\d+)",
            lambda m: f"{m[1]}{max(1, int(m[2]) - rng.randrange(3))}",
            old,
            flags=re.MULTILINE,
        )
        old = (
            re.sub(
                r"(?m)(\S {2,})\d+[smh](?:\d+[sm])?( {2,}|$)",
                # HumanDuration: days from 48 hours on.
                lambda m: f"{m[1]}{rng.randrange(1, 48)}{rng.choice('smh')}{m[2]}",
                old if re.match(r"[A-Z -]+ AGE\b", old) else "",
            )
            or old
        )
        old = re.sub(
            r"used \d+/\d+/\d+",
            lambda _m: f"used {rng.randrange(9)}/{rng.randrange(9)}/{rng.randrange(9)}",
            old,
        )
        return trip(old) if "ping" in name or "statistics" in old else old

    return _with(run, _text(run, text) | _frames(run, frames))


def widths(rng: Random, run: Run) -> Run:
    """Tables under a head of capitals: a column is wider or narrower in all lines."""

    def text(name: str, old: str) -> str:
        lines = old.split("\n")
        if (
            name.endswith(".json")
            or len(lines) < 3
            or not re.match(r" *[A-Z][A-Za-z-]* +[A-Z]", lines[0])
        ):
            return old
        rows = [line for line in lines if line]
        size = max(map(len, rows))
        # A column of blanks between two columns of the table.
        gaps = [
            index
            for index in range(1, size)
            if all(line[index : index + 1] in {"", " "} for line in rows)
            and not lines[0][index:].startswith(" Address:")
        ]
        if not gaps:
            return old
        index, more = rng.choice(gaps), " " * rng.randrange(1, 6)
        return "\n".join(
            line[:index] + more + line[index:] if len(line) > index else line for line in lines
        )

    return _with(run, _text(run, text))


_ORDERLESS = re.compile(r"\bbridge fdb\b|\bip (-n \w+ )?neigh\b|\bconntrack -L\b")


def orders(rng: Random, run: Run) -> Run:
    """Of what has no order: forwarding entries, neighbours, tracked connections, Services."""
    changed: dict[str, bytes] = {}
    for name, text in run.texts.items():
        if name.endswith(".json"):
            changed[name] = dump(_shuffled(parsed(text), rng)).encode()
            continue
        begin = run.body(name)
        if _ORDERLESS.search(run.command(name)) and "\n  " not in text[:begin]:
            lines = text[begin:].split("\n")
            # conntrack says last, on stderr, how many it has shown; where that comes is chance.
            body = [line for line in lines if line]
            rng.shuffle(body)
            changed[name] = (
                (text[:begin] + "\n".join([*body, ""])).encode() if body else text.encode()
            )
        elif "-A KUBE-SERVICES -d " in text[begin:]:
            lines = text[begin:].split("\n")
            places = [index for index, line in enumerate(lines) if served(line) is not None]
            # One for each address and port: else the first of two that fit would decide.
            apart = len({served(lines[index]) for index in places}) == len(places)
            if places and apart and places[-1] - places[0] == len(places) - 1:
                mixed = rng.sample(places, len(places))
                moved = dict(
                    zip(places, (lines[line_number] for line_number in mixed), strict=True)
                )
                lines = [moved.get(index, line) for index, line in enumerate(lines)]
                changed[name] = (text[:begin] + "\n".join(lines)).encode()
    return _with(run, changed)


def _shuffled(value: Any, rng: Random) -> Any:
    if isinstance(value, dict):
        shuffled = {key: _shuffled(member, rng) for key, member in value.items()}
        for key in ("fdb", "neighbours"):
            if isinstance(shuffled.get(key), list):
                shuffled[key] = rng.sample(shuffled[key], len(shuffled[key]))
        return shuffled
    return [_shuffled(inner, rng) for inner in value] if isinstance(value, list) else value


def retransmission(rng: Random, run: Run) -> Run:
    """A TCP segment once more: the same bytes, a new identification, a later time.

    Only where that tells nothing: repeats.py says by which rule.
    """

    def again(name: str, old: list[Frame]) -> list[Frame]:
        places = repeats.harmless(old)
        if not places:
            return old
        index = rng.choice(places)
        copied.append((run.text_of[name], index))
        return repeats.again(old, index)

    copied: list[tuple[str, int]] = []
    changed = _frames(run, again)
    return _with(run, changed | _lines_again(run, copied))


def _lines_again(run: Run, copied: Iterable[tuple[str, int]]) -> dict[str, bytes]:
    """The .txt of captures in which the line of a packet comes twice."""
    changed = {}
    for name, index in copied:
        text, begin = run.texts[name], run.body(name)
        lines = text[begin:].split("\n")
        changed[name] = (text[:begin] + "\n".join([*lines[: index + 1], *lines[index:]])).encode()
    return changed


def beside(_rng: Random, run: Run) -> Run:
    """More in a capture that is for one message: "then only that message counts"."""

    def more(name: str, old: list[Frame]) -> list[Frame]:
        new = repeats.as_new(old[-1]) if name in run.kept else None
        if new is None:
            return old
        followed.append((run.text_of[name], len(old) - 1))
        return [*old, replace(new, time=old[-1].time + 50)]

    followed: list[tuple[str, int]] = []
    changed = _frames(run, more)
    return _with(run, changed | _lines_again(run, followed))


def sequences(rng: Random, run: Run) -> Run:
    """Initial sequence numbers are drawn anew: one a direction, the same at every interface."""
    salt = rng.randrange(2**32)

    @cache
    def base(source: int, target: int) -> int:
        return Random(f"{salt} {min(source, target)} {source}").randrange(2**32)  # noqa: S311 no secret

    numbers: dict[str, str] = {}

    def one(frame: Frame) -> Frame:
        if frame.protocol != TCP:
            return frame
        upper = frame.upper
        # The port that the kernel chose stays through a NAT; the other side's may not.
        ports = frame.number(upper), frame.number(upper + 2)
        client = max(ports)
        there = base(client, 1 if ports[0] == client else 0)
        back = base(client, 0 if ports[0] == client else 1)
        for offset, more in ((upper + 4, there), (upper + 8, back)):
            old = frame.number(offset, 4)
            if offset == upper + 8 and not frame.data[upper + 13] & 16:
                continue
            new = (old + more) % 2**32
            numbers[str(old)] = str(new)
            size = frame.end - frame.payload
            if offset == upper + 4 and size:
                numbers[str((old + size) % 2**32)] = str((new + size) % 2**32)
            frame = frame.put(offset, new.to_bytes(4, "big"))
        return frame

    changed = _each(run, one)

    def text(_name: str, old: str) -> str:
        return re.sub(
            r"(?:(?<=seq )|(?<=ack )|(?<=:))\d{7,10}\b", lambda m: numbers.get(m[0], m[0]), old
        )

    return _with(run, _text(run, text) | changed)


def stamps(rng: Random, run: Run) -> Run:
    """TCP's timestamp option (RFC 7323): another base for everyone's clock."""
    shift = rng.randrange(1, 2**32)

    def one(frame: Frame) -> Frame:
        if frame.protocol != TCP:
            return frame
        offset = frame.upper + 20
        while offset < frame.payload:
            kind = frame.data[offset]
            if kind == 0:
                break
            if kind == 1:
                offset += 1
                continue
            if kind == 8:
                for stamp in (offset + 2, offset + 6):
                    old = frame.number(stamp, 4)
                    if old:
                        frame = frame.put(stamp, ((old + shift) % 2**32).to_bytes(4, "big"))
            offset += frame.data[offset + 1]
        return frame

    def text(_name: str, old: str) -> str:
        return re.sub(
            r"(TS val |ecr )([1-9]\d*)", lambda m: f"{m[1]}{(int(m[2]) + shift) % 2**32}", old
        )

    return _with(run, _text(run, text) | _each(run, one))


def ping_data(rng: Random, run: Run) -> Run:
    """ping writes the time into its data: a struct timeval, or four bytes of BusyBox's.

    A reply carries what its request did, so one shift serves both and every interface.
    """
    mask = rng.randrange(1, 2**20).to_bytes(4, "little")

    def one(frame: Frame) -> Frame:
        if frame.protocol != ICMP or frame.data[frame.upper] not in {0, 8}:
            return frame
        busybox = frame.data[frame.payload + 8 : frame.payload + 16] == bytes(8)
        offset = frame.payload + (0 if busybox else 8)
        old = frame.data[offset : offset + 4]
        return frame.put(offset, bytes(a ^ b for a, b in zip(old, mask, strict=True)))

    return _with(run, _each(run, one))


def counts(rng: Random, run: Run) -> Run:
    """Counters that are not zero go on counting."""

    def text(_name: str, old: str) -> str:
        return re.sub(
            r"(?<= -c )(\d+) (\d+)",
            lambda m: " ".join(
                str(int(group) + rng.randrange(1, 900)) if int(group) else group
                for group in m.groups()
            ),
            old,
        )

    return _with(run, _text(run, text))


def reachability(rng: Random, run: Run) -> Run:
    """How fresh a neighbour's entry is: REACHABLE, DELAY and STALE follow one another."""

    def text(_name: str, old: str) -> str:
        return re.sub(
            r"\b(?:REACHABLE|STALE|DELAY)\b",
            lambda _m: rng.choice(["REACHABLE", "STALE", "DELAY"]),
            old,
        )

    return _with(run, _text(run, text))


KINDS: dict[str, Harmless] = {
    "random MACs": macs,
    "veth suffixes": veths,
    "container and network ids": ids,
    "uids": uids,
    "generated names": generated_names,
    "resource versions": resource_versions,
    "a node's measures": measures,
    "inodes": inodes,
    "PIDs": pids,
    "kernel's ports": ephemeral_ports,
    "ICMP ids": icmp_ids,
    "IP ids": ip_ids,
    "interface indexes": indexes,
    "times and ages": times,
    "column widths": widths,
    "permitted orders": orders,
    "retransmission": retransmission,
    "beside what is kept": beside,
    "sequence numbers": sequences,
    "timestamp options": stamps,
    "ping's own time": ping_data,
    "counters": counts,
    "NUD states": reachability,
}
"""How it is said, and what makes it. They can be applied one after the other."""
