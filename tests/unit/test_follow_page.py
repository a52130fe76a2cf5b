"""A page followed in real shells of this machine: what is seen, and all that goes wrong."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from macros.follow import lab_in_use, packet_lines, seen_and_said
from macros.follow.typed_page import Typist
from macros.ground.errors import GuideError
from macros.ground.model import Cluster, Page, PageRecording, Recording, Step
from macros.handson import copied
from macros.lab.lab import Lab
from macros.plan import planner
from macros.store import form, sums

BASH = ("setsid", "-wc", "bash", "--norc", "--noprofile")
HEAD = "---\ntitle: T\nlab:\n  nodes: 2\n---\n"
TCPDUMP = """\
#!/bin/sh
# Prints a line for each line that comes to the file named like the interface, as tcpdump would.
echo "tcpdump: listening on $4"
echo "listening on $4, link-type EN10MB" >&2
until [ -s $4 ]; do sleep 0.05; done
cat $4
[ "$5" = -c ] && exit
sleep 20
"""

Follow = Callable[..., Typist]


@pytest.fixture
def follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Follow]:
    """Types a page into shells of this machine, and gives the typist back."""
    program = tmp_path / "bin" / "tcpdump"
    program.parent.mkdir()
    program.write_text(TCPDUMP)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    opened: list[Typist] = []

    def run(body: str, recorded: Mapping[str, str] | None = None, *, head: str = HEAD) -> Typist:
        page = planned(tmp_path, body, head)
        held = {key: recording(page, key, text) for key, text in (recorded or {}).items()}
        typist = Typist(page, held, lambda _node: ("env", "-C", str(tmp_path), *BASH))
        opened.append(typist)
        for command in copied.of_page(page, held):
            typist.form(command)
        return typist

    yield run
    for typist in opened:
        typist.close()


def planned(tmp_path: Path, body: str, head: str = HEAD) -> Page:
    tmp_path.mkdir(exist_ok=True)
    source = tmp_path / "page.md"
    source.write_text(head + body, encoding="utf-8")
    return planner.plan_page(tmp_path, source)


def recording(page: Page, key: str, text: str) -> Recording:
    block = page.block(key)
    assert block
    return Recording(
        key, block.node, block.command, block.command, block.expect_exit, block.plan, {}, text
    )


def found(typist: Typist) -> list[tuple[str, str]]:
    return [(finding.block.id, finding.what) for finding in typist.findings]


def test_commands_share_a_shell_and_values_go_from_one_to_the_next(follow: Follow) -> None:
    typist = follow(
        '{{ run("node0", "cd /; echo id=$((6 * 7))", id="a", bind={"N": "re:id=(\\\\d+)"}) }}\n'
        '{{ run("node0", "echo \'<$N>\'", id="b") }}\n'
        '{{ run("node1", "echo $N on another", id="c") }}\n'
    )
    assert found(typist) == []
    texts = {key: recording.text for key, recording in typist.seen.items()}
    assert texts == {"a": "id=42\n", "b": "<42>\n", "c": "42 on another\n"}
    assert typist.seen["b"].ran == "echo '<42>'"


def test_a_command_is_repeated_until_its_answer_is_the_one(follow: Follow) -> None:
    typist = follow(
        '{{ run("node0", "echo x >>count; wc -l <count", id="a", until="3") }}\n', {"a": "3\n"}
    )
    assert found(typist) == []
    assert typist.seen["a"].text == "3\n"


def test_a_capture_sees_what_its_command_sends(follow: Follow) -> None:
    typist = follow(
        '{{ run("node0", "echo packet >eth1", id="send") }}\n'
        '{{ capture("node0", "eth1", id="seen", during="send", packets=1) }}\n'
    )
    assert found(typist) == []
    assert typist.seen["seen"].text == "packet\n"


def test_a_capture_without_a_count_is_ended_by_ctrl_c(follow: Follow) -> None:
    typist = follow(
        '{{ run("node0", "echo packet >eth1", id="send") }}\n'
        '{{ capture("node0", "eth1", id="seen", during="send", closed=true) }}\n',
        {"seen": "packet\n"},
    )
    assert found(typist) == []
    assert typist.seen["seen"].text == "packet\n"


def test_a_capture_that_hangs_is_told_and_the_next_block_goes_on(follow: Follow) -> None:
    typist = follow(
        '{{ run("node0", "true", id="send") }}\n'
        '{{ capture("node0", "eth1", id="seen", during="send", packets=1, timeout=1) }}\n'
        '{{ run("node0", "echo on", id="next") }}\n'
    )
    ((block, what),) = found(typist)
    assert block == "seen"
    assert "does not come to its end" in what
    assert typist.seen["next"].text == "on\n"


def test_a_shell_that_is_closed_in_between_is_opened_again(follow: Follow) -> None:
    typist = follow(
        '{{ run("node0", "echo id=7", id="a", bind={"N": "re:id=(\\\\d+)"}) }}\n'
        '{{ run("node0", "exit", id="b") }}\n'
        '{{ run("node0", "echo $N again", id="c") }}\n'
    )
    ((block, what),) = found(typist)
    assert block == "b"
    assert "the shell on node0 ended" in what
    assert typist.seen["c"].text == "7 again\n"


def test_a_block_typed_twice_finds_its_values_again(follow: Follow) -> None:
    typist = follow(
        '{{ run("node0", "echo id=7", id="a", bind={"N": "re:id=(\\\\d+)"}) }}\n'
        '{{ run("node0", "echo $N", id="b") }}\n'
    )
    for command in copied.of_page(typist.page, {}):
        typist.form(command)
    assert found(typist) == []
    assert typist.seen["b"].text == "7\n"


def test_a_line_that_finds_no_value_is_told(follow: Follow) -> None:
    typist = follow(
        '{{ run("node0", "echo nothing", id="a", bind={"N": "re:id=(\\\\d+)"}) }}\n'
        '{{ run("node0", "echo $N", id="b") }}\n'
        '{{ run("node1", "echo $N", id="c") }}\n'
    )
    assert [block for block, _ in found(typist)] == ["a", "b", "c"]


def test_a_step_that_fails_names_its_line_and_what_to_do(follow: Follow) -> None:
    typist = follow('{{ run("node0", "true", id="a") }}\n')
    with pytest.raises(GuideError, match="exit code 3: no") as error:
        typist.step(Step("node0", "echo no; (exit 3)", line=9))
    assert (error.value.line, error.value.node) == (9, "node0")
    assert error.value.fix


def compared(
    tmp_path: Path, old: Mapping[str, str], new: Mapping[str, str], body: str
) -> list[str]:
    page = planned(tmp_path, body)
    folder = tmp_path / "edition" / "page"
    folder.mkdir(parents=True)
    blocks = {key: recording(page, key, text) for key, text in old.items()}
    for block in blocks.values():
        form.write(folder, block)
    (folder / "page.yml").write_text("recorded: now\nlab: uml\nnodes: [node0, node1]\n")
    sums.write(folder)
    recorded = PageRecording("page", folder, "now", "uml", ("node0", "node1"), blocks)
    seen = {key: recording(page, key, text) for key, text in new.items()}
    settled = seen_and_said.settled(page, recorded, seen)
    return [difference.what for difference in seen_and_said.differences(page, recorded, settled)]


PING = "64 bytes from 10.1.0.3: icmp_seq=1 ttl=64 time={} ms\n"
RUN = '{{ run("node0", "ping -c 1 10.1.0.3 | grep bytes", id="a") }}\n'


def test_another_time_is_no_difference_and_another_ttl_is_one(tmp_path: Path) -> None:
    old = {"a": PING.format("0.05")}
    assert compared(tmp_path / "one", old, {"a": PING.format("0.31")}, RUN) == []
    other = {"a": PING.format("0.31").replace("ttl=64", "ttl=63")}
    assert len(compared(tmp_path / "two", old, other, RUN)) == 1


def test_columns_are_as_wide_as_a_reader_has_them(tmp_path: Path) -> None:
    run = '{{ run("node0", "report | cat", id="a") }}\n'
    assert compared(tmp_path / "one", {"a": "Port Process\n"}, {"a": "PortProcess\n"}, run) == []
    assert compared(tmp_path / "two", {"a": "Port Process\n"}, {"a": "Port Progress\n"}, run)


SYN = (
    "12:00:00.1 02:00:00:00:01:02 > 02:00:00:00:01:03, ethertype IPv4 (0x0800), length 74:"
    " 10.1.1.2.47786 > 10.1.1.3.9001: Flags [P.], seq 5:2805, ack 9, win 502,"
    " options [nop,nop,TS val 18 ecr 34], length 2800"
)
DNS = (
    "12:00:00.1 02:00:00:00:01:02 > 02:00:00:00:01:03, ethertype IPv4 (0x0800), length 74:"
    " 10.42.0.3.51234 > 10.43.0.10.53: 4711+ A? hello.default. (40)"
)


@pytest.mark.parametrize(
    ("line", "old", "new"),
    [
        (SYN, "12:00:00.1", "13:11:01.7"),
        (SYN, "seq 5:2805, ack 9", "seq 77:2877, ack 1000"),
        (SYN, "val 18 ecr 34", "val 99 ecr 77"),
        (SYN, ".47786", ".50122"),
        (DNS, "4711+", "12+"),
        (DNS, ".51234", ".33001"),
    ],
)
def test_what_means_nothing_twice_makes_no_other_packet(line: str, old: str, new: str) -> None:
    assert list(packet_lines.differences([line], [line.replace(old, new)])) == []


@pytest.mark.parametrize(
    ("line", "old", "new"),
    [
        (SYN, "length 2800", "length 1400"),
        (SYN, "[P.]", "[R.]"),
        (SYN, "9001", "9002"),
        (SYN, "10.1.1.2.", "10.1.1.4."),
        (SYN, "02:00:00:00:01:03", "02:00:00:00:01:04"),
        (DNS, "A?", "AAAA?"),
        (DNS, "hello.", "hallo."),
    ],
)
def test_what_a_packet_is_makes_another(line: str, old: str, new: str) -> None:
    differences = list(packet_lines.differences([line], [line.replace(old, new)]))
    assert [message.partition(":")[0] for message in differences] == [
        "packet missing",
        "packet not on the page",
    ]


def test_a_packet_that_did_not_come_is_told() -> None:
    assert list(packet_lines.differences([SYN, DNS], [SYN])) == [f"packet missing: {DNS}"]


def test_of_every_try_the_last_that_is_like_the_page_counts() -> None:
    other = SYN.replace("[P.]", "[S]")
    again = DNS.replace("4711", "9")
    assert packet_lines.like([SYN, DNS], [SYN, DNS, other, SYN, again, other]) == [SYN, again]
    assert packet_lines.like([SYN], [other]) == [other]
    assert packet_lines.like([], [other]) == [other]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    versions = {"Linux": "6.1", "Docker": "28.5.2"}
    return Lab("mine", "uml", ("node0", "node1"), tmp_path / "config", "first", versions)


def test_a_lab_of_too_few_nodes_is_refused(tmp_path: Path, lab: Lab) -> None:
    page = planned(tmp_path, '{{ run("node1", "true", id="a") }}\n')
    lab_in_use.check(lab, page, {})
    with pytest.raises(GuideError, match="the page needs 2 nodes") as error:
        lab_in_use.check(replace(lab, nodes=("node0",)), page, {})
    assert "--nodes 2" in (error.value.fix or "")


def test_a_lab_with_another_network_is_refused(tmp_path: Path, lab: Lab) -> None:
    page = planned(tmp_path, '{{ run("node1", "true", id="a") }}\n')
    with pytest.raises(GuideError, match="cni calico"):
        lab_in_use.check(replace(lab, cluster=Cluster("calico", "iptables")), page, {})


def test_a_lab_in_use_for_another_page_is_refused_until_it_is_undone(
    tmp_path: Path, lab: Lab
) -> None:
    page = planned(tmp_path, '{{ run("node0", "true", id="a") }}\n')
    other = replace(page, key="docker")
    lab_in_use.begin(lab, other)
    lab_in_use.check(lab, other, {})
    with pytest.raises(GuideError, match="in use for page docker") as error:
        lab_in_use.check(lab, page, {})
    assert "prepare docker --undo" in (error.value.fix or "")
    lab_in_use.end(lab)
    lab_in_use.check(lab, page, {})


def test_a_reset_lab_is_in_use_for_no_page(tmp_path: Path, lab: Lab) -> None:
    page = planned(tmp_path, '{{ run("node0", "true", id="a") }}\n')
    lab_in_use.begin(lab, page)
    assert lab_in_use.of_page(lab) == "page"
    assert lab_in_use.of_page(replace(lab, instance="second")) == ""
