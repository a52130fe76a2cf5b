"""Editions: this checkout's recordings, and copies of them with something changed."""

import json
from pathlib import Path

import pytest

from macros.compare import editions, report, sentences
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT as ROOT
from tests.unit.compare_support import EDITION, compared, copy_of, replaced, words
from tests.unit.test_cli import guide


def macs_of(page: Path) -> dict[str, str]:
    """The MACs of the two containers by name."""
    twin = json.loads((page / "two.json").read_text(encoding="utf-8"))
    return {
        container["Name"].lstrip("/"): container["NetworkSettings"]["Networks"]["bridge"][
            "MacAddress"
        ]
        for container in twin["docker"]["containers"]
    }


def rewritten(folder: Path, old: str, new: str) -> None:
    """A MAC in every text, every JSON and every packet."""
    replaced(folder, old, new)
    first, second = (bytes.fromhex(mac.replace(":", "")) for mac in (old, new))
    for path in folder.rglob("*.pcap"):
        path.write_bytes(path.read_bytes().replace(first, second))


def test_an_edition_does_not_differ_from_itself(tmp_path: Path) -> None:
    assert compared(EDITION, copy_of(EDITION, tmp_path)) == []


def test_the_form_of_macs_is_said_once_a_block_and_hides_nothing_else(tmp_path: Path) -> None:
    old = copy_of(EDITION, tmp_path, "old")
    for name, mac in macs_of(EDITION / "docker").items():
        last = {"web": "02", "client": "03"}[name]
        rewritten(old, mac, f"02:42:ac:11:00:{last}")
    changes = compared(old, EDITION)
    assert changes
    assert {change.kind for change in changes} == {"mac"}
    assert {change.what for change in changes} == {
        "MACs of containers: from 02:42 + address to random"
    }
    assert len({(change.page, change.block) for change in changes}) == len(changes)
    back = compared(EDITION, old)
    assert {change.what for change in back} == {
        "MACs of containers: from random to 02:42 + address"
    }
    new = copy_of(EDITION, tmp_path)
    assert replaced(new / "docker", "172.17.0.1/16", "172.17.0.9/16")
    also = [change for change in compared(old, new) if change.kind != "mac"]
    assert also
    assert all("172.17.0.9/16" in what for what in words(also))


def test_a_form_in_one_place_only_is_a_fact_of_that_place(tmp_path: Path) -> None:
    new = copy_of(EDITION, tmp_path)
    mac = macs_of(EDITION / "docker")["web"]
    path = new / "docker" / "client-neighbours.txt"
    text = path.read_text(encoding="utf-8")
    assert mac in text
    path.write_text(text.replace(mac, "02:42:ac:11:00:02"), encoding="utf-8")
    assert words(compared(EDITION, new)) == [f"mac of 172.17.0.2 {mac} -> 02:42:ac:11:00:02"]


def test_a_mac_of_the_same_form_that_differs_is_a_fact(tmp_path: Path) -> None:
    new = copy_of(EDITION, tmp_path)
    rewritten(new, macs_of(EDITION / "docker")["web"], "4a:00:00:00:00:01")
    assert "mac" not in {change.kind for change in compared(EDITION, new)}
    assert any("4a:00:00:00:00:01" in change.what for change in compared(EDITION, new))


def test_packets_are_compared_as_conversations(tmp_path: Path) -> None:
    new = copy_of(EDITION, tmp_path)
    path = new / "by-hand" / "wire-blue.node0.br0.pcap"
    raw = bytearray(path.read_bytes())
    # The request's time to live: after the file's and four records' headers stand Ethernet and IPv4.
    offset = raw.index(bytes((64, 1)), 24)
    raw[offset] = 63
    path.write_bytes(raw)
    changes = compared(EDITION, new)
    assert {change.kind for change in changes} == {"packets"}
    assert any("ICMP echo" in word and "64 -> 63" in word for word in words(changes))


def test_a_packet_that_is_missing_is_named(tmp_path: Path) -> None:
    new = copy_of(EDITION, tmp_path)
    path = new / "by-hand" / "wire-blue.node0.br0.pcap"
    raw = path.read_bytes()
    size = int.from_bytes(raw[32:36], "little")
    path.write_bytes(raw[:24] + raw[40 + size :])
    changes = words(compared(EDITION, new))
    assert len(changes) == 1
    assert changes[0].startswith("packet gone from ARP ")
    assert "who has" in changes[0]


def test_pages_blocks_and_versions_that_came_or_went_are_named(tmp_path: Path) -> None:
    new = copy_of(EDITION, tmp_path)
    (new / "docker" / "in.txt").unlink()
    meta = new / "edition.yml"
    meta.write_text(meta.read_text(encoding="utf-8").replace("Docker: 28.5.2", "Docker: 26.1.5"))
    for path in (new / "by-hand").iterdir():
        path.unlink()
    (new / "by-hand").rmdir()
    assert words(compared(EDITION, new)) == [
        "Docker 28.5.2 -> 26.1.5",
        f"page by-hand is in {EDITION.name} only",
        "block in gone: curl -s http://192.168.56.10:8080/",
    ]


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuideError, match="holds no recordings"):
        editions.edition(tmp_path)


PAGE = """---
title: T
---
Its MTU is {{ value("links", "docker0.mtu") }}. The bridge is {{ expect("links", "docker0.state",
equals="UP") }}, as it was.
{{ expect("links", "docker0.master", absent=true) }}

Something else.

{{ expect("other:links", "eth0.mtu", equals=1500, show=false) }}
"""


def test_a_sentence_is_found_with_its_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    quotes = [
        (quote.line, quote.page, quote.block, quote.path, quote.sentence)
        for quote in sentences.quotes(page, "page")
    ]
    bridge = "The bridge is <links docker0.state>, as it was."
    assert sorted(quotes) == [
        (4, "page", "links", "docker0.mtu", "Its MTU is <links docker0.mtu>."),
        (4, "page", "links", "docker0.state", bridge),
        (6, "page", "links", "docker0.master", bridge),
        (10, "other", "links", "eth0.mtu", "Something else."),
    ]


SAME_PATH = r"""---
title: T
---
The node sees it. Before, it was {{ value("learned", "re:endpoint: (\\S+)") }}; now it is
{{ expect("roamed", 're:endpoint: (\\S+)', differs_from=("learned", "re:endpoint: (\\S+)")) }},
on <node1>. It was {{ value("page:learned", "re:endpoint: (\\S+)") }}.
"""


def test_one_path_of_two_blocks_stands_for_each_of_them(tmp_path: Path) -> None:
    source = tmp_path / "page.md"
    source.write_text(SAME_PATH, encoding="utf-8")
    found = sorted(sentences.quotes(source, "page"), key=lambda quote: quote.line)
    both = (
        r"Before, it was <learned re:endpoint: (\S+)>; now it is <roamed re:endpoint: (\S+)>,"
        " on <node1>."
    )
    assert [(quote.line, quote.block, quote.sentence) for quote in found] == [
        (4, "learned", both),
        (5, "roamed", both),
        (6, "learned", r"It was <page:learned re:endpoint: (\S+)>."),
    ]
    quoted = [sentences.Quoted(quote, "a", "b") for quote in found]
    told = sentences.gathered([*quoted, *quoted])
    assert [[one.quote.line for one in same] for same in told] == [[4, 5], [6]]


def test_two_sentences_of_one_line_that_quote_the_same_are_two(tmp_path: Path) -> None:
    source = tmp_path / "page.md"
    call = '{{ value("links", "eth0.mtu") }}'
    source.write_text(f"---\ntitle: T\n---\nOne is {call}. Two is {call}.\n", encoding="utf-8")
    assert sorted(quote.sentence for quote in sentences.quotes(source, "page")) == [
        "One is <links eth0.mtu>.",
        "Two is <links eth0.mtu>.",
    ]


def test_a_sentence_that_the_new_versions_page_lacks_is_not_wrong_there() -> None:
    hairpins = [
        quote
        for quote in sentences.quotes(ROOT / "docs/services-nftables.md", "services-nftables")
        if "hairpin-connections" in quote.sentence
    ]
    assert hairpins
    for quote in hairpins:
        assert quote.only == ("Kubernetes >= 1.36",)
        assert quote.shown({"Kubernetes": "1.36.3"})
        assert not quote.shown({"Kubernetes": "1.34.4"})
    both = list(sentences.quotes(ROOT / "docs/docker.md", "docker"))
    assert any(quote.shown({"Docker": "26.1.5"}) for quote in both if quote.only)
    assert all(quote.shown({}) for quote in both if not quote.only)


def test_every_quote_of_this_checkout_has_a_sentence() -> None:
    values = [
        quote
        for source in sorted((ROOT / "docs").rglob("*.md"))
        for quote in sentences.quotes(source, source.stem)
    ]
    assert len(values) > 100
    assert [quote for quote in values if not quote.sentence] == []


def test_machine_words_do_not_become_markdown() -> None:
    from macros.compare.change import said  # noqa: PLC0415

    text = report.markdown([said("text", "", "line new: <b>*x*</b>")], {}, "a", "b")
    assert r"\<b\>\*x\*\</b\>" in text


def test_the_command_names_the_change_and_the_sentence(tmp_path: Path) -> None:
    new = copy_of(EDITION, tmp_path)
    for end in ("txt", "json"):
        path = new / "docker" / f"started-addresses.{end}"
        path.write_text(path.read_text(encoding="utf-8").replace("172.17.0.1", "172.17.0.9"))
    done = guide("edition", "compare", "2026-11", str(new))
    assert done.returncode == 1, done.stderr
    assert (
        "docker#started-addresses\n  address of docker0 172.17.0.1/16 -> 172.17.0.9/16"
        in done.stdout
    )
    assert "docs/docker.md:" in done.stdout
    assert "[docker0.cidr: 172.17.0.1/16 -> 172.17.0.9/16]" in done.stdout
    assert "1 change in 1 block" in done.stdout
    assert "\033" not in done.stdout
    plain = json.loads(guide("edition", "compare", "2026-11", str(new), "--format", "json").stdout)
    assert [change["what"] for change in plain] == [
        "address of docker0 172.17.0.1/16 -> 172.17.0.9/16"
    ]
    assert plain[0]["quotes"]
    marked = guide("edition", "compare", "2026-11", str(new), "--format", "markdown").stdout
    assert marked.startswith("## What changed from 2026-11 to new")


def test_no_change_is_exit_code_0_and_an_unknown_edition_an_error() -> None:
    assert guide("edition", "compare", "2026-11", "2026-11").returncode == 0
    unknown = guide("edition", "compare", "2026-11", "1999-01")
    assert unknown.returncode == 1
    assert "2026-11" in unknown.stderr
    assert "* 2026-11: " in guide("edition", "list").stdout
