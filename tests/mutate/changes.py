"""Changes that must show: each kind finds every place in a run where it can be made."""

import copy
import re
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from tests.mutate import harmless, packets, repeats
from tests.mutate.files import Candidate, Difference, Run, dump, line_of, parsed, port_of, served
from tests.mutate.packets import ICMP, TCP, UDP, Frame

_IPV4 = r"(?<![\d.])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?![\d.])"
MAC = r"(?<![0-9a-f:])((?:[0-9a-f]{2}:){5}[0-9a-f]{2})(?![0-9a-f:])"
_FLAGS = ["UP", "LOWER_UP", "NO-CARRIER", "BROADCAST", "MULTICAST", "PROMISC", "M-DOWN"]
_STATES = [
    ["UP", "DOWN", "UNKNOWN", "LOWERLAYERDOWN"],
    ["forwarding", "disabled", "blocking", "learning"],
    ["ESTABLISHED", "TIME_WAIT", "SYN_SENT", "CLOSE_WAIT"],
    ["LISTEN", "UNCONN", "ESTAB"],
    ["FAILED", "INCOMPLETE", "PERMANENT", "NOARP"],
    ["on", "off"],
    ["ASSURED", "UNREPLIED"],
    ["open", "refused", "succeeded", "failed"],
    ["true", "false"],
]
_NUD = ["REACHABLE", "STALE", "DELAY"]
_LEAVES = {"mtu", "operstate", "prefixlen", "IPPrefixLen", "qdisc", "group", "master", "state"}
# Times, and numbers and names that only name: changing one of them is no change.
_NOT_FACTS = re.compile(
    r"timer$|^(pid|Pid|inode|ifindex|link_index|link_netnsid|nsid|Id|EndpointID|NetworkID|container"
    r"|SandboxKey|Created|.*_life_time|used|confirmed|updated|probes|sizeBytes|generation|observedGeneration)$"
)

Make = Callable[[Random, str], str]


def texts(run: Run, pattern: str, make: Make, *, only: str = "") -> Iterator[Candidate]:
    """A candidate for each place in outputs and JSON that fits; its first group is replaced."""
    for name, text, begin in run.printed():
        if not name.endswith(only):
            continue
        for match in re.compile(pattern, re.MULTILINE).finditer(text, begin):
            yield Candidate(run, _replacing(name, text, match.start(1), match.end(1), make))


def _replacing(
    name: str, text: str, start: int, end: int, make: Make
) -> Callable[[Random], Difference | None]:
    def change(rng: Random) -> Difference | None:
        old = text[start:end]
        new = make(rng, old)
        if new == old:
            return None
        whole = text[:start] + new + text[end:]
        return Difference({name: whole.encode()}, f"{name}:{line_of(text, start)}", old, new)

    return change


def _other(*values: str) -> Make:
    return lambda rng, old: rng.choice([value for value in values if value != old])


def _nothing(_rng: Random, _old: str) -> str:
    return ""


def _number(rng: Random, old: str) -> str:
    return str(max(0, int(old) + rng.choice([-50, -1, 1, 7, 100, 1000]))) if old != "0" else "1"


def _ipv4(rng: Random, old: str) -> str:
    parts = [int(part) for part in old.split(".")]
    index = rng.choice([0, 1, 2, 3, 3, 3])
    parts[index] = (parts[index] + rng.randrange(1, 254)) % 256
    return ".".join(map(str, parts))


def addresses(run: Run) -> Iterator[Candidate]:
    yield from texts(run, _IPV4, _ipv4)
    for name, index, frame in _frames(run):
        if frame.is_ip:
            for offset in (26, 30):
                yield _packet(run, name, index, offset, _ipv4_bytes, 4)
        else:
            for offset in (28, 38):
                yield _packet(run, name, index, offset, _ipv4_bytes, 4)


def _ipv4_bytes(rng: Random, old: bytes) -> bytes:
    return bytes(map(int, _ipv4(rng, ".".join(map(str, old))).split(".")))


def mac_once(run: Run) -> Iterator[Candidate]:
    """A MAC in one place only, where the page has it in others as well."""
    counts: Counter[str] = Counter()
    for _, text, begin in run.printed():
        counts.update(re.findall(MAC, text[begin:]))
    for _, _, frame in _frames(run):
        counts.update([frame.data[0:6].hex(":"), frame.data[6:12].hex(":")])
    repeated = sorted(mac for mac in counts if counts[mac] > 1 and mac != "00:00:00:00:00:00")

    def make(rng: Random, old: str) -> str:
        if rng.random() < 0.5:
            return rng.choice(repeated)
        return old[:9] + ":".join(f"{rng.randrange(256):02x}" for _ in range(3))

    for name, text, begin in run.printed():
        for match in re.compile(MAC).finditer(text, begin):
            if match[1] in repeated:
                yield Candidate(run, _replacing(name, text, match.start(1), match.end(1), make))
    for name, index, frame in _frames(run):
        for offset in (0, 6):
            if frame.data[offset : offset + 6].hex(":") in repeated:
                yield _packet(
                    run,
                    name,
                    index,
                    offset,
                    lambda rng, old: bytes.fromhex(make(rng, old.hex(":")).replace(":", "")),
                    6,
                )


def name_once(run: Run) -> Iterator[Candidate]:
    """A veth's name, an id or an inode in one place only."""
    pattern = r"(?<![\w])(veth[0-9a-f]{7}|[0-9a-f]{64}|[0-9a-f]{12}|40265\d{5})(?!\w)"
    counts: Counter[str] = Counter()
    for _, text, begin in run.printed():
        counts.update(re.findall(pattern, text[begin:]))

    def make(rng: Random, old: str) -> str:
        index = len(old) - 1 - rng.randrange(4)
        return (
            old[:index]
            + rng.choice([c for c in "0123456789" if c != old[index]])
            + old[index + 1 :]
        )

    for name, text, begin in run.printed():
        for match in re.compile(pattern).finditer(text, begin):
            if counts[match[1]] > 1:
                yield Candidate(run, _replacing(name, text, match.start(1), match.end(1), make))


def mtus(run: Run) -> Iterator[Candidate]:
    yield from texts(run, r"(?:\bmtu |mtu\": \"?)(\d+)", _number)


def flags(run: Run) -> Iterator[Candidate]:
    def make(rng: Random, old: str) -> str:
        have = old.split(",")
        chosen = rng.choice(_FLAGS)
        if chosen in have and len(have) > 1:
            have.remove(chosen)
        elif chosen not in have:
            have.insert(rng.randrange(len(have) + 1), chosen)
        return ",".join(have)

    yield from texts(run, r"<([A-Z_,-]+)>", make)
    yield from texts(run, r"^ +\"([A-Z]+[A-Z_-]+)\",?$", _other(*_FLAGS), only=".json")
    for name, index, frame in _frames(run):
        if frame.protocol == TCP:
            offset = frame.upper + 13
            yield _packet(
                run,
                name,
                index,
                offset,
                lambda rng, old: bytes([old[0] ^ 1 << rng.randrange(6)]),
                1,
            )


def ttls(run: Run) -> Iterator[Candidate]:
    yield from texts(run, r"\bttl[= ](\d+)", _number)
    for name, index, frame in _frames(run):
        if frame.is_ip:
            yield _packet(
                run,
                name,
                index,
                22,
                lambda rng, old: bytes([(old[0] - rng.randrange(1, 9)) % 256]),
                1,
            )


def _rules(
    run: Run, make: Callable[[Random, list[str], list[int]], tuple[int, list[str]] | None]
) -> Iterator[Candidate]:
    for name, text, begin in run.printed():
        lines = text[begin:].split("\n")
        places = [index for index, line in enumerate(lines) if line.startswith("-A ")]
        if not places or not name.endswith(".txt"):
            continue

        def change(
            rng: Random,
            name: str = name,
            text: str = text,
            begin: int = begin,
            lines: list[str] = lines,
            places: list[int] = places,
        ) -> Difference | None:
            made = make(rng, lines, places)
            if made is None or made[1] == lines:
                return None
            index, new = made
            whole = text[:begin] + "\n".join(new)
            return Difference(
                {name: whole.encode()},
                f"{name}:{line_of(text, begin) + index}",
                lines[index],
                new[index],
            )

        for _ in places:
            yield Candidate(run, change)


def rule_added(run: Run) -> Iterator[Candidate]:
    def make(rng: Random, lines: list[str], places: list[int]) -> tuple[int, list[str]]:
        index = rng.choice(places)
        rule = lines[index]
        if rng.random() < 0.7:
            rule = re.sub(r"-j .*", f"-j {rng.choice(['ACCEPT', 'DROP', 'RETURN', 'LOG'])}", rule)
        return index, [*lines[:index], rule, *lines[index:]]

    yield from _rules(run, make)


def rule_removed(run: Run) -> Iterator[Candidate]:
    def make(rng: Random, lines: list[str], places: list[int]) -> tuple[int, list[str]]:
        index = rng.choice(places)
        return index, [*lines[:index], *lines[index + 1 :]]

    yield from _rules(run, make)


def _for(rule: str) -> tuple[str, ...] | None:
    return served(rule) or port_of(rule)


def rule_moved(run: Run) -> Iterator[Candidate]:
    """Two rules of one chain change places: the first one that fits decides.

    Not of KUBE-SERVICES and KUBE-NODEPORTS, where each is for another address or port: no packet
    fits two of them.
    """

    def make(rng: Random, lines: list[str], places: list[int]) -> tuple[int, list[str]] | None:
        index = rng.choice(places)
        chain, mine = lines[index].split()[1], _for(lines[index])
        others = [
            to
            for to in places
            if lines[to].split()[1] == chain
            and lines[to] != lines[index]
            and (None in {_for(lines[to]), mine} or _for(lines[to]) == mine)
        ]
        if not others:
            return None
        to = rng.choice(others)
        new = list(lines)
        new[index], new[to] = new[to], new[index]
        return index, new

    yield from _rules(run, make)


def ports(run: Run) -> Iterator[Candidate]:
    """A port that someone chose.

    Those from 32768 on are the kernel's; and from 1024 on, the one to which a tracked
    connection's answers come back: the last of its line before the mark.
    """

    def make(rng: Random, old: str) -> str:
        return str(
            rng.choice([port for port in (53, 80, 81, 443, 8080, 8081, 9000) if str(port) != old])
        )

    low = r"(?!\d{4,5} (?:\[ASSURED\] )?mark=)([1-9]\d{0,3}|[12]\d{4})(?!\d)"
    yield from texts(
        run,
        rf"(?:--[ds]port |[ds]port=|-port |HostPort\": \"|port |\d\.\d{{1,3}}:){low}",
        make,
    )
    yield from texts(run, rf"\"{low}/tcp", make)
    for name, index, frame in _frames(run):
        if frame.protocol in {TCP, UDP}:
            for offset in (frame.upper, frame.upper + 2):
                if frame.number(offset) < 32768:
                    yield _packet(
                        run,
                        name,
                        index,
                        offset,
                        lambda rng, old: (
                            int.from_bytes(old, "big") ^ rng.randrange(1, 255)
                        ).to_bytes(2, "big"),
                        2,
                    )


def next_hops(run: Run) -> Iterator[Candidate]:
    yield from texts(run, rf"(?:\bvia |\"[gG]ateway\": \"){_IPV4}", _ipv4)


def states(run: Run) -> Iterator[Candidate]:
    for family in _STATES:
        pattern = rf"(?<![\w-])({'|'.join(family)})(?![\w-])"
        yield from texts(run, pattern, _other(*family), only=".txt")
        yield from texts(run, rf"\": \"({'|'.join(family)})\"", _other(*family), only=".json")
    yield from texts(run, rf"\b({'|'.join(_NUD)})\b", _other("FAILED", "PERMANENT", "INCOMPLETE"))


def line_dropped(run: Run) -> Iterator[Candidate]:
    for name, text, begin in run.printed():
        if not name.endswith(".txt"):
            continue
        for match in re.compile(r"^.*\S.*\n?", re.MULTILINE).finditer(text, begin):
            if match.start() >= begin:
                yield Candidate(run, _replacing(name, text, match.start(), match.end(), _nothing))


def element_dropped(run: Run) -> Iterator[Candidate]:
    """A member of a list or a key of a map gone from JSON."""
    for name, text, _ in run.printed():
        if not name.endswith(".json"):
            continue
        data = parsed(text)
        for path in _paths(data):

            def change(
                _rng: Random, name: str = name, data: Any = data, path: tuple[Any, ...] = path
            ) -> Difference:
                new = copy.deepcopy(data)
                inner = _at(new, path[:-1])
                old = inner[path[-1]]
                del inner[path[-1]]
                return Difference({name: dump(new).encode()}, f"{name} {path}", str(old)[:60], "")

            yield Candidate(run, change)


def json_value(run: Run) -> Iterator[Candidate]:
    for name, text, _ in run.printed():
        if not name.endswith(".json"):
            continue
        data = parsed(text)
        for path in _paths(data):
            key = next((step for step in reversed(path) if isinstance(step, str)), "")
            old = _at(data, path)
            if _NOT_FACTS.search(key) or isinstance(old, dict | list) or old is None:
                continue
            if isinstance(old, str) and re.search(r"[0-9a-f]{12}|:.*:|veth|REACH|STALE|DELAY", old):
                continue

            def change(
                rng: Random,
                name: str = name,
                data: Any = data,
                path: tuple[Any, ...] = path,
                old: Any = old,
            ) -> Difference:
                new = copy.deepcopy(data)
                value = _different(rng, old)
                _at(new, path[:-1])[path[-1]] = value
                return Difference(
                    {name: dump(new).encode()}, f"{name} {path}", repr(old), repr(value)
                )

            # Keys that pages speak of come up more often.
            for _ in range(4 if key in _LEAVES else 1):
                yield Candidate(run, change)


def _different(rng: Random, old: Any) -> Any:
    if isinstance(old, bool):
        return not old
    if isinstance(old, int | float):
        return old + rng.choice([1, 2, 8, 100]) * (-1 if old > 100 and rng.random() < 0.5 else 1)
    return f"{old}{rng.choice('qxz')}"


def _paths(value: Any, front: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = enumerate(value)
    for key, child in inner:
        yield (*front, key)
        yield from _paths(child, (*front, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def counters(run: Run) -> Iterator[Candidate]:
    """From zero to not zero, and back."""

    def make(rng: Random, old: str) -> str:
        return str(rng.randrange(1, 5000)) if int(old) == 0 else "0"

    yield from texts(run, r" -c (\d+) \d+", make)
    yield from texts(run, r" -c \d+ (\d+)", make)
    yield from texts(run, r"\b(\d+) (?:packets )?received", make, only=".txt")
    yield from texts(run, r"\b(\d+)% packet loss", make, only=".txt")
    yield from texts(run, r"_n_learned\": (\d+)", make)
    yield from texts(run, r"^net\.[\w.-]+ = (\d+)$", make)
    yield from texts(run, r"^(?:LISTEN|UNCONN) +(\d+)", make)
    yield from texts(run, r"^(?:LISTEN|UNCONN) +\d+ +(\d+)", make)
    yield from texts(run, r"\b(\d+) flow entries", make)


def numbers(run: Run) -> Iterator[Candidate]:
    """A number that is a setting or a size, in text."""
    words = r"qlen|cost|priority|vlan|uid|group|length|len|metric|link-netnsid|prio|code|type|mark"
    yield from texts(run, rf"\b(?:{words})[ =](\d+)", _number, only=".txt")
    yield from texts(run, r"icmp_seq=(\d+)", _number)
    yield from texts(
        run,
        r"(?<!Size in )\b(?:memory|ephemeral-storage|sizeBytes)\"?: +\"?(\d+)(?:Ki)?\b",
        lambda _rng, old: str(int(old) * 16),
    )
    yield from texts(
        run,
        r"(?<![\d/.])(?:\d+\.){3}\d+/(\d+)\b",
        lambda rng, old: str((int(old) + rng.randrange(1, 30)) % 33),
        only=".txt",
    )


def words(run: Run) -> Iterator[Candidate]:
    """A letter of a word, anywhere in an output."""

    def make(rng: Random, old: str) -> str:
        index = rng.randrange(len(old))
        return old[:index] + rng.choice([c for c in "qxzw" if c != old[index]]) + old[index + 1 :]

    yield from texts(
        run,
        r"(?<![\w:])(?!(?<=-)[bcdfghj-np-tv-xz]{5}\b)((?![0-9a-f]+\b)[A-Za-z]{3,})(?![\w:])",
        make,
        only=".txt",
    )


def exits(run: Run) -> Iterator[Candidate]:
    for name, text in run.texts.items():
        match = re.search(r"^exit: (\d+)$", text, re.MULTILINE)
        if match is not None:
            yield Candidate(
                run,
                _replacing(name, text, match.start(1), match.end(1), _other("0", "1", "2", "127")),
            )


def swapped(run: Run) -> Iterator[Candidate]:
    """Two addresses of named namespaces or containers change places everywhere."""
    own = set(re.findall(rf"\"local\": \"{_IPV4}\"", "".join(run.texts.values()))) - {"127.0.0.1"}
    pairs = [(a, b) for a in sorted(own) for b in sorted(own) if a < b]
    for first, second in pairs:

        def change(_rng: Random, one: str = first, other: str = second) -> Difference | None:
            new: dict[str, bytes] = {}
            for name, text, begin in run.printed():
                swap = re.sub(
                    rf"(?<![\d.])({re.escape(one)}|{re.escape(other)})(?![\d.])",
                    lambda m: other if m[1] == one else one,
                    text[begin:],
                )
                new[name] = (text[:begin] + swap).encode()
            raw = {
                bytes(map(int, a.split("."))): bytes(map(int, b.split(".")))
                for a, b in ((one, other), (other, one))
            }
            for name, data in run.files.items():
                if name.endswith(".pcap"):
                    frames = [_swap(frame, raw) for frame in packets.read(data)]
                    new[name] = packets.write(data, frames)
            new = {name: data for name, data in new.items() if data != run.files[name]}
            if not new:
                return None
            return Difference(new, ", ".join(new), one, other)

        yield Candidate(run, change)


def _swap(frame: Frame, raw: dict[bytes, bytes]) -> Frame:
    for offset in (26, 30) if frame.is_ip else (28, 38):
        old = frame.data[offset : offset + 4]
        frame = frame.put(offset, raw.get(old, old))
    return frame


def mac_form(run: Run) -> Iterator[Candidate]:
    """A random MAC is of another form now, everywhere: 02:42 + address, a vendor's, ee:ee:…."""
    for mac in sorted(harmless.random_macs(run)):

        def change(rng: Random, mac: str = mac) -> Difference | None:
            tail = ":".join(f"{rng.randrange(256):02x}" for _ in range(3))
            new_mac = rng.choice(
                [
                    f"02:42:ac:11:00:{rng.randrange(2, 250):02x}",
                    f"00:16:3e:{tail}",
                    "ee:ee:ee:ee:ee:ee",
                ]
            )
            new = harmless.rename_macs(run, {mac: new_mac})
            new = {
                name: data
                for name, data in new.items()
                if data != run.files[name]
                and name not in run.captures
                and (mac in run.texts.get(name, mac))
            }
            return Difference(new, ", ".join(new), mac, new_mac) if new else None

        yield Candidate(run, change)


def _frames(run: Run) -> Iterator[tuple[str, int, Frame]]:
    for name, raw in run.files.items():
        if name.endswith(".pcap"):
            for index, frame in enumerate(packets.read(raw)):
                yield name, index, frame


def _packet(
    run: Run, name: str, index: int, at: int, make: Callable[[Random, bytes], bytes], size: int
) -> Candidate:
    """A field of one packet; checksums follow."""

    def change(rng: Random) -> Difference | None:
        frames = packets.read(run.files[name])
        old = frames[index].data[at : at + size]
        new = make(rng, old)
        if new == old:
            return None
        frames[index] = frames[index].put(at, new)
        return Difference(
            {name: packets.write(run.files[name], frames)},
            f"{name} packet {index + 1} byte {at}",
            old.hex(),
            new.hex(),
        )

    return Candidate(run, change)


def _captures(
    run: Run,
    make: Callable[[Random, list[Frame]], tuple[str, list[Frame]] | None],
    *,
    skipped: Container[str] = (),
) -> Iterator[Candidate]:
    for name, raw in run.files.items():
        if not name.endswith(".pcap") or name in skipped:
            continue

        def change(rng: Random, name: str = name, raw: bytes = raw) -> Difference | None:
            frames = packets.read(raw)
            made = make(rng, frames)
            if made is None:
                return None
            return Difference(
                {name: packets.write(raw, made[1])},
                f"{name} {made[0]}",
                f"{len(frames)} packets",
                f"{len(made[1])} packets",
            )

        yield Candidate(run, change)


def packet_dropped(run: Run) -> Iterator[Candidate]:
    def make(rng: Random, frames: list[Frame]) -> tuple[str, list[Frame]] | None:
        index = rng.randrange(len(frames))
        return f"packet {index + 1} dropped", [*frames[:index], *frames[index + 1 :]]

    yield from _captures(run, make)


def packet_again(run: Run) -> Iterator[Candidate]:
    """A packet once more as new data: the next sequence number, or a datagram of its own.

    Not in a capture that is for one message: "then only that message counts".
    """

    def make(rng: Random, frames: list[Frame]) -> tuple[str, list[Frame]] | None:
        index = rng.randrange(len(frames))
        more = repeats.as_new(frames[index])
        if more is None:
            return None
        more = replace(more, time=frames[-1].time + 50)
        return f"packet {index + 1} again", [*frames, more]

    yield from _captures(run, make, skipped=run.kept)


def packet_in_vain(run: Run) -> Iterator[Candidate]:
    """A message once more that nobody acknowledges: how often that was tried is a fact."""
    for name, raw in run.files.items():
        if not name.endswith(".pcap") or name in run.kept:
            continue
        frames = packets.read(raw)
        for index in repeats.telling(frames):

            def change(
                _rng: Random,
                name: str = name,
                raw: bytes = raw,
                frames: list[Frame] = frames,
                index: int = index,
            ) -> Difference:
                more = repeats.again(frames, index)
                return Difference(
                    {name: packets.write(raw, more)},
                    f"{name} packet {index + 1} in vain",
                    f"{len(frames)} packets",
                    f"{len(more)} packets",
                )

            yield Candidate(run, change)


def payload_byte(run: Run) -> Iterator[Candidate]:
    for name, index, frame in _frames(run):
        if frame.protocol not in {TCP, UDP, ICMP}:
            continue
        # ping writes the time into the first 16 bytes of its data.
        begin = frame.payload + (16 if frame.protocol == ICMP else 0)
        # "Then only that message counts."
        counts = repeats.kept(frame, run.kept.get(name, ""))
        for position in range(begin, frame.end, 1 + (frame.end - begin) // 20):
            if position not in counts:
                continue
            yield _packet(
                run,
                name,
                index,
                position,
                lambda rng, old: bytes([old[0] ^ rng.randrange(1, 256)]),
                1,
            )


def order_swapped(run: Run) -> Iterator[Candidate]:
    """A request and the reply that follows it change places: each takes the other's time.

    Of one conversation, and the second knows of the first: of two packets that were under way at
    the same time either may be seen first.
    """

    def make(rng: Random, frames: list[Frame]) -> tuple[str, list[Frame]] | None:
        places = [
            index for index in range(len(frames) - 1) if answers(frames[index], frames[index + 1])
        ]
        if not places:
            return None
        index = rng.choice(places)
        first, second = frames[index], frames[index + 1]
        new = list(frames)
        new[index], new[index + 1] = (
            replace(second, time=first.time),
            replace(first, time=second.time),
        )
        return f"packets {index + 1} and {index + 2} swapped", new

    yield from _captures(run, make)


def answers(one: Frame, two: Frame) -> bool:
    """Whether `two` is a reply to `one`: the other way round, and TCP's acknowledges its data."""
    same_station = one.data[6:12] == two.data[6:12] != bytes(6)
    if same_station or one.protocol != two.protocol:
        return False
    if not one.is_ip:
        return one.data[28:32] == two.data[38:42]
    if one.data[26:30] != two.data[30:34] or one.data[30:34] != two.data[26:30]:
        return False
    if one.protocol == ICMP:
        return one.data[one.upper + 4 : one.upper + 8] == two.data[two.upper + 4 : two.upper + 8]
    if one.data[one.upper : one.upper + 4] != (
        two.data[two.upper + 2 : two.upper + 4] + two.data[two.upper : two.upper + 2]
    ):
        # The next question to the same server is no reply to its last answer.
        return False
    if one.protocol != TCP:
        return True
    size = one.end - one.payload + bool(one.data[one.upper + 13] & 3)
    end = (one.number(one.upper + 4, 4) + size) % 2**32
    return size > 0 and end == two.number(two.upper + 8, 4)


KINDS: dict[str, Callable[[Run], Iterator[Candidate]]] = {
    "address": addresses,
    "MAC in one place": mac_once,
    "id or name in one place": name_once,
    "form of a MAC": mac_form,
    "MTU": mtus,
    "flag": flags,
    "TTL": ttls,
    "rule added": rule_added,
    "rule removed": rule_removed,
    "rule moved": rule_moved,
    "port": ports,
    "next hop": next_hops,
    "state": states,
    "line dropped": line_dropped,
    "JSON member dropped": element_dropped,
    "JSON value": json_value,
    "addresses swapped": swapped,
    "counter to or from zero": counters,
    "number in text": numbers,
    "word": words,
    "exit code": exits,
    "packet dropped": packet_dropped,
    "packet as new data": packet_again,
    "packet again in vain": packet_in_vain,
    "payload byte": payload_byte,
    "request and reply swapped": order_swapped,
}
"""How it is said, and where it can be done. Kinds that name a field name it in text, JSON, packets."""
