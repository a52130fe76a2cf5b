"""Queueing disciplines, rules that choose a table, and VRFs: real outputs, read from both."""

import json
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.kinds import registry
from macros.record import moments
from macros.values import path_list, record_path
from tests.data.records.load import command, commands, read, text, twin
from tests.unit.settle_support import recording, settle, settle_text

NAMES = [f"queues/{name}" for name in commands("queues")]
TWINS = [name for name in NAMES if twin(name) is not None]


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_output_is_read(name: str) -> None:
    assert read(name)


@pytest.mark.parametrize("name", TWINS)
def test_text_and_json_say_the_same(name: str) -> None:
    assert read(name) == read(name, use_twin=False)
    assert moments.differ(command(name), text(name), twin(name)) == ""
    held = read(name)
    entries = held.values() if isinstance(held, dict) else held
    assert [record.raw for record in entries] == twin(name)


@pytest.mark.parametrize("name", ["queues/netem", "queues/rule", "queues/vrf"])
def test_a_command_that_prints_json_itself_is_read_from_it(name: str) -> None:
    tool, rest = command(name).split(" ", 1)
    assert registry.read(f"{tool} -j {rest}", json.dumps(twin(name))) == read(name)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("netem", "netem.delay", "20ms"),
        ("netem", "delay", "20ms"),
        ("netem", "netem.options.delay.delay", "0.02"),
        ("netem-all", "netem.delay", "80ms 10ms 25%"),
        ("netem-all", "netem.loss", "1%"),
        ("netem-statistics", "netem.delayed", "3"),
        ("netem-statistics", "netem.packets", "3"),
        ("qdisc", "[device=eth1].kind", "pfifo_fast"),
        ("htb", "htb.handle", "1:"),
        ("htb", "fq_codel.parent", "1:10"),
        ("htb", "fq_codel.target", "5ms"),
        ("tbf", "tbf.rate", "1Mbit"),
        ("rule", "[100].table", "7"),
        ("rule", "[100].iif", "eth1"),
        ("rule", "[100].source", "10.1.0.0/24"),
        ("rule", "[110].negated", "yes"),
        ("rule", "[110].dport", "443"),
        ("rule", "[120].action", "unreachable"),
        ("rule", "[130].goto", "300"),
        ("rule", "[300].fwmark", "0x9"),
        ("rule", "[310][2].source", "10.8.0.0/16"),
        ("rule", "[1000].l3mdev", "yes"),
        ("rule-detail", "[32766].protocol", "kernel"),
        ("vrf", "red.table", "10"),
        ("vrf-one", "red.table", "10"),
    ],
)
def test_values_have_paths(name: str, path: str, value: str) -> None:
    assert record_path.shown(read(f"queues/{name}"), path) == value


def test_paths_are_listed_in_their_short_form() -> None:
    listed = dict(path_list.paths(read("queues/netem")))
    assert listed["netem.delay"] == "20ms"
    assert not any("settings" in path for path in listed)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("netem", "Error: Cannot find device\n"),
        ("rule", "RTNETLINK answers: File exists\n"),
        ("rule", "100:\tfrom all lookup 7 [unknown]\n"),
        ("vrf", "Invalid VRF name\n"),
    ],
)
def test_another_form_is_refused(name: str, printed: str) -> None:
    with pytest.raises(GuideError, match="does not read as"):
        registry.read(command(f"queues/{name}"), printed)


def test_a_seed_and_a_handle_of_the_kernel_s_are_noise_in_both_and_a_delay_is_none(
    tmp_path: Path,
) -> None:
    old, asked = text("queues/netem"), command("queues/netem")
    new = old.replace("17960057497728554580", "5").replace("8001:", "800f:")
    assert settle_text(tmp_path, old, new, asked) == old
    slower = new.replace("20ms", "80ms")
    assert settle_text(tmp_path, old, slower, asked) == slower
    was = twin("queues/netem")
    now = json.loads(json.dumps(was).replace("17960057497728554580", "5").replace("8001", "800f"))
    settled = settle(tmp_path, [recording("a", old, asked, was)], [recording("a", new, asked, now)])
    assert settled["a"].twin == was
    now[0]["options"]["delay"]["delay"] = 0.08
    settled = settle(
        tmp_path, [recording("a", old, asked, was)], [recording("a", slower, asked, now)]
    )
    assert settled["a"].twin[0]["options"]["delay"]["delay"] == 0.08


def test_a_handle_that_was_asked_for_is_a_fact(tmp_path: Path) -> None:
    old, asked = text("queues/htb"), command("queues/htb")
    new = old.replace("htb 1:", "htb 2:")
    assert settle_text(tmp_path, old, new, asked) == new
