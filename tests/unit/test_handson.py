"""The copied forms: what a reader's shell is given for each command of every page."""

import subprocess
from pathlib import Path

import pytest

from macros.cli.settings import guide_of_checkout
from macros.ground import awaited
from macros.ground.errors import GuideError
from macros.ground.model import Page, Recording
from macros.handson import copied, shell_quotes, shell_search, shell_values, whole_page
from macros.plan import planner

GUIDE = guide_of_checkout()
PAGES = [key for key, page in GUIDE.pages.items() if page.blocks]
HEAD = "---\ntitle: T\nlab:\n  nodes: 2\n---\n"


def planned(tmp_path: Path, body: str, head: str = HEAD) -> Page:
    source = tmp_path / "page.md"
    source.write_text(head + body, encoding="utf-8")
    return planner.plan_page(tmp_path, source)


def bash(script: str, stdin: str = "") -> str:
    words = ["bash", "-c", script]
    return subprocess.run(words, input=stdin, capture_output=True, text=True, check=False).stdout


def recording(page: Page, block: str, text: str, **bound: str) -> Recording:
    planned = page.block(block)
    assert planned
    command = planned.command
    return Recording(block, planned.node, command, command, 0, planned.plan, bound, text)


@pytest.mark.parametrize("key", PAGES)
def test_every_value_of_a_page_is_found_again_in_what_was_recorded(key: str) -> None:
    recorded = GUIDE.holder(key).recorded(key).blocks
    wrong = []
    for value in shell_values.of_page(GUIDE.pages[key], recorded).values():
        of = recorded[value.block.id]
        command = value.line.removeprefix(f"{value.name}=$(").removesuffix(")")
        own = shell_quotes.for_a_shell(value.block.command.strip(), [value.name, *value.needs])
        rest = command.removeprefix(own).removeprefix(" | ") or "cat"
        answer = bash(rest, of.text).strip()
        if answer != of.bound[value.name]:
            wrong.append(f"{value.line}: {answer!r}, not {of.bound[value.name]!r}")
    assert not wrong


@pytest.mark.parametrize("key", PAGES)
def test_every_form_is_a_command_for_a_shell(key: str) -> None:
    page = GUIDE.pages[key]
    forms = copied.of_page(page, GUIDE.holder(key).recorded(key).blocks)
    texts = [typed.text for form in forms for typed in form.all]
    texts += [copied.of_step(step) for step in (*page.setup, *page.cleanup)]
    texts += [copied.manifest(name, text) for name, text in page.manifests]
    for text in texts:
        done = subprocess.run(
            ["bash", "-n"], input=text, capture_output=True, text=True, check=False
        )
        assert not done.stderr, text


@pytest.mark.parametrize("key", PAGES)
def test_every_shown_command_and_every_capture_can_be_typed(key: str) -> None:
    page = GUIDE.pages[key]
    forms = copied.of_page(page, GUIDE.holder(key).recorded(key).blocks)
    typed = {command.block.id for form in forms for command in form.all}
    shown = {b.id for b in page.blocks if b.capture or (b.kind == "run" and b.shown)}
    assert shown <= typed


@pytest.mark.parametrize(
    ("command", "form"),
    [
        ("ip link | grep '^$IF: '", 'ip link | grep "^$IF: "'),
        ("ip link show $IF", "ip link show $IF"),
        ("sh -c 'echo $IF $HOME'", "sh -c 'echo '\"$IF\"' $HOME'"),
        ("awk '{print $1}'", "awk '{print $1}'"),
        ("grep '$IFACE'", "grep '$IFACE'"),
        ("echo 'a'\"$IF\"", "echo 'a'\"$IF\""),
    ],
)
def test_a_shell_puts_values_in_wherever_they_stand(command: str, form: str) -> None:
    assert shell_quotes.for_a_shell(command, ["IF"]) == form


def test_a_value_in_quotes_comes_through_as_the_recorder_puts_it_in() -> None:
    form = shell_quotes.for_a_shell("printf '%s|' 'a $X `b` $HOME'", ["X"])
    assert bash(f"X=8; {form}") == "a 8 `b` $HOME|"


@pytest.mark.parametrize(
    ("until", "good", "bad"),
    [
        ("hello-1", "hello from hello-1\n", "hello from hello-2\n"),
        ("a.c", "a.c\n", "abc\n"),
        ("0", "0\n", "10\n"),
        ("30080", "--dport 30080 -j\n", "--dport 300801\n"),
        ("re:^b\\d+$", "a\nb12\n", "a\nb12x\n"),
        ("re:\\A(?![\\s\\S]*10.2)", "10.1\n", "10.1\n10.2\n"),
        ("re:\\A1\\n2\\n\\Z", "1\n2\n", "1\n2\n3\n"),
        ("re:a[\\s\\S]*b|b[\\s\\S]*a", "b\nx\na\n", "a\na\n"),
    ],
)
def test_what_is_waited_for_is_seen_and_nothing_else(until: str, good: str, bad: str) -> None:
    search = shell_search.waits(until, ())
    assert bash(f"{search} >/dev/null && printf yes", good) == "yes"
    assert bash(f"{search} >/dev/null && printf yes", bad) == ""
    assert awaited.came(until, good)
    assert not awaited.came(until, bad)


def test_a_group_inside_another_is_no_value() -> None:
    with pytest.raises(GuideError, match="no group"):
        shell_search.cuts("(?:a(b))")


def test_captures_come_first_each_in_a_terminal_of_its_own(tmp_path: Path) -> None:
    page = planned(
        tmp_path,
        '{{ run("node0", "ping -c 1 b", id="ping") }}\n'
        '{{ capture("node0", "br0", id="a", during="ping", packets=2) }}\n'
        '{{ capture("node0", "eth1", id="b", during="ping", closed=true) }}\n'
        '{{ capture("node1", "eth1", id="c", during="ping", packets=1, show=false) }}\n',
    )
    (form,) = copied.of_page(page, {})
    places = [(typed.node, typed.terminal, typed.interrupted) for typed in form.all]
    assert places == [
        ("node0", 2, False),
        ("node0", 3, True),
        ("node1", 2, False),
        ("node0", 1, False),
    ]


def test_a_command_that_is_repeated_has_no_count_of_packets(tmp_path: Path) -> None:
    page = planned(
        tmp_path,
        '{{ run("node0", "curl b", id="ask", until="b-1") }}\n'
        '{{ capture("node0", "eth1", id="seen", during="ask", packets=4) }}\n',
    )
    (form,) = copied.of_page(page, {})
    assert form.first[0].text == "tcpdump -nn -e -i eth1"
    assert form.first[0].interrupted
    assert form.command.text.startswith("until curl b | tee /dev/tty | grep -F b-1")


def test_what_another_node_finds_is_handed_over(tmp_path: Path) -> None:
    page = planned(
        tmp_path,
        '{{ run("node0", "show", id="a", bind={"A": "re:a=(\\\\S+)"}) }}\n'
        '{{ run("node0", "show $A", id="b", bind={"B": "re:b=(\\\\S+)"}) }}\n'
        '{{ run("node1", "use $B", id="use") }}\n',
    )
    use = copied.of_page(page, {})[-1].command
    assert use.text == "use $B"
    (carried,) = use.carried
    assert carried.node == "node0"
    assert [line.partition("=")[0] for line in carried.line.splitlines()] == ["A", "B", 'echo "B']
    assert all(line.startswith("#") for line in use.copied.splitlines()[:-1])


def test_a_path_is_found_by_the_words_before_it(tmp_path: Path) -> None:
    page = planned(
        tmp_path, '{{ run("node0", "ip neigh", id="n", bind={"M": "[10.1.0.3].mac"}) }}\n'
    )
    text = "10.1.0.2 lladdr aa:00 STALE\n10.1.0.3 lladdr aa:bb:cc STALE\n"
    values = shell_values.of_page(page, {"n": recording(page, "n", text, M="aa:bb:cc")})
    again = "10.1.0.3 lladdr 11:22:33 REACHABLE\n"
    assert bash(values["M"].line.partition(" | ")[2][:-1], again) == "11:22:33\n"


def test_a_path_whose_value_is_in_no_line_has_to_be_a_pattern(tmp_path: Path) -> None:
    page = planned(tmp_path, '{{ run("node0", "ip neigh", id="n", bind={"M": "[x].mac"}) }}\n')
    with pytest.raises(GuideError, match="stands in no line") as error:
        shell_values.of_page(page, {"n": recording(page, "n", "nothing\n", M="aa:bb")})
    assert "re:" in str(error.value.fix)


def test_a_step_that_ends_its_shell_at_a_failure_has_one_of_its_own(tmp_path: Path) -> None:
    head = HEAD.replace("---\n#", "").replace(
        "---\n",
        "---\nsetup:\n  # Why it is so.\n  - node: node0\n    run: |\n      set -e\n      false\n",
        1,
    )
    page = planned(tmp_path, '{{ run("node0", "true", id="a") }}\n', head)
    step = page.setup[0]
    assert step.why == "Why it is so."
    assert bash(f"{copied.of_step(step)}\necho still here") == "still here\n"


def test_the_reason_above_a_step_makes_nothing_stale(tmp_path: Path) -> None:
    body = '{{ run("node0", "true", id="a") }}\n'
    step = "  - node: node0\n    run: x\n"
    bare = planned(tmp_path, body, HEAD.replace("lab:", f"setup:\n{step}lab:"))
    told = planned(tmp_path, body, HEAD.replace("lab:", f"setup:\n  # Because.\n{step}lab:"))
    assert told.setup[0].why == "Because."
    assert told.blocks[0].plan == bare.blocks[0].plan


def test_what_is_only_quoted_is_not_typed_unless_something_is_waited_for(tmp_path: Path) -> None:
    page = planned(
        tmp_path,
        '{{ run("node0", "a", id="a", show=false) }}\n'
        '{{ run("node0", "b", id="b", show=false, until="x") }}\n',
    )
    assert [form.block.id for form in copied.of_page(page, {})] == ["b"]


@pytest.mark.parametrize("key", PAGES)
def test_the_whole_page_as_text_has_every_form_once(key: str) -> None:
    page, recorded = GUIDE.pages[key], GUIDE.holder(key).recorded(key).blocks
    scripts = whole_page.scripts(page, recorded)
    for form in copied.of_page(page, recorded):
        assert form.command.copied in scripts[form.command.node]
