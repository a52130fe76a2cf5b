"""Files that differ though no change says so: noise is said once, all else line by line."""

import json
from pathlib import Path

from macros.compare.change import Change
from macros.review import unexplained
from macros.review.item_words import below, words
from macros.review.items import items

TEXT = "node: node0\ncommand: ping -c 1 10.0.0.2\nexit: 0\nplan: {plan}\n---\n{output}"
PING = "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time={time} ms\n"


def _changes(folder: Path, old: dict[str, str], new: dict[str, str]) -> list[Change]:
    for side, files in (("old", old), ("new", new)):
        (folder / side / "page").mkdir(parents=True)
        for name, text in files.items():
            (folder / side / "page" / name).write_text(text, encoding="utf-8")
    blocks = sorted({name.partition(".")[0] for name in (*old, *new)})
    return list(unexplained.changes(folder / "old" / "page", folder / "new" / "page", blocks))


def test_what_differs_in_noise_is_one_change_however_many_blocks_it_is_in(tmp_path: Path) -> None:
    sides = [
        {f"{name}.txt": TEXT.format(plan=plan, output=PING.format(time=time)) for name in "abcdef"}
        for plan, time in (("1", "84.1"), ("2", "21.3"))
    ]
    (change,) = _changes(tmp_path, *sides)
    assert change.what == (
        "no fact differs, only times, counters or other noise, in 6 blocks: a, b, c, d and 2 more"
    )


def test_noise_in_json_is_noise(tmp_path: Path) -> None:
    sides = [
        {"a.json": json.dumps([{"ifname": "eth0", "stats64": {"rx": {"bytes": count}}}])}
        for count in (10, 20)
    ]
    (change,) = _changes(tmp_path, *sides)
    assert change.what.startswith("no fact differs")


def test_more_than_noise_is_shown_line_by_line(tmp_path: Path) -> None:
    old, new = (
        TEXT.format(plan="1", output=PING.format(time="84.1") + last) for last in ("x\n", "y\n")
    )
    changes = _changes(tmp_path, {"a.txt": old, "b.txt": old}, {"a.txt": new, "b.txt": old})
    assert [change.what for change in changes] == [
        "1 line of the recording of a differs",
        "no fact differs, only times, counters or other noise, in 1 block: b",
    ]
    item = items(changes)[0]
    assert words(item) == "1 line of the recording of a differs"
    assert list(below(item)) == ["- x", "+ y"]


def test_a_line_that_is_only_on_one_side_is_shown(tmp_path: Path) -> None:
    sides = [{"a.json": json.dumps(value, indent=1)} for value in ({"mtu": 1}, {"mtu": 1, "x": 2})]
    (change,) = _changes(tmp_path, *sides)
    assert change.what == "2 lines of the recording of a differ"
    assert '"x": 2' in change.new
