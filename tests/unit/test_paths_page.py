"""Ways on a page: planned as plain blocks, drawn from their recordings, refused by page and line."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Block, Recording
from macros.ground.places import CHECKOUT as ROOT
from macros.kinds.registry import twin as twin_of
from macros.plan import frontmatter, planner
from macros.plan.templates import evaluate
from macros.site.page_macros import PageRenderer
from macros.store import form, sums
from macros.store.guide import Guide
from tests.unit.paths_support import recording

HEAD = "---\ntitle: T\nlab:\n  nodes: 1\n---\n"
BLOCKS = """{{ run("node0", "ip route", id="route") }}
{{ run("node0", "ip neigh show dev flannel.1", id="neigh") }}
{{ run("node0", "bridge fdb show dev flannel.1", id="fdb") }}
{{ run("node0", "iptables-save -t nat", id="ipt") }}
{{ run("node0", "journalctl -u guide-rules -o cat", id="ipt-pod.trace") }}
{{ run("node0", "conntrack -L -d 10.43.0.80", id="ipt-pod.conntrack") }}
{{ run("node0", "nft list table ip kube-proxy", id="nft") }}
{{ run("node0", "journalctl -u guide-nft -o cat", id="nft-pod.trace") }}
""".replace("pod.", "pod-")


def guide(folder: Path, body: str) -> Guide:
    """A guide of one page with BLOCKS, all recorded, and `body` below them."""
    source = folder / "docs" / "page.md"
    source.parent.mkdir(parents=True)
    source.write_text(HEAD + BLOCKS + body, encoding="utf-8")
    page = folder / "recordings" / "now" / "page"
    page.mkdir(parents=True)
    for block in planner.plan_page(source.parent, source).blocks:
        form.write(page, _recording(block))
    meta = {"recorded": "2026-11-23T08:00:00Z", "lab": "uml", "nodes": ["node0"]}
    (page / "page.yml").write_text(form.dump_yaml(meta), encoding="utf-8")
    sums.write(page)
    edition = {"lab": "uml", "base": "", "versions": {}}
    (page.parent / "edition.yml").write_text(form.dump_yaml(edition), encoding="utf-8")
    sums.write(page.parent)
    return Guide(folder / "docs", folder / "recordings", "now")


def _recording(block: Block) -> Recording:
    name = block.id.replace("pod-", "pod.")
    has_json = block.id in ("route", "neigh", "fdb", "nft")
    answer = recording(name, block.command, printed=None if has_json else _text(name))
    return replace(answer, id=block.id, plan=block.plan)


def _text(name: str) -> str:
    return (ROOT / "tests" / "data" / "paths" / f"{name}.txt").read_text(encoding="utf-8")


def render(folder: Path, body: str) -> str:
    """The page's HTML, without Markdown."""
    source = folder / "docs" / "page.md"
    made = PageRenderer(guide(folder, body), source, 5, str, lambda path: path.name)
    text = evaluate(source, frontmatter.of_file(source), made.call)
    count = text.count("xguideslot")
    slots = "".join(
        f'<div class="guide-slot" data-slot="{n}"></div><!--slot-->' for n in range(count)
    )
    return made.slots.finish(slots, lambda page: page)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


LOOKUP = '{{ lookup("10.42.1.2", route="route", neighbour="neigh", fdb="fdb") }}\n'
PATH = (
    '{{ rulepath("ipt", evidence=("ipt-pod-trace", "ipt-pod-conntrack"),'
    ' service="10.43.0.80:80", title="The way") }}\n'
)


def test_both_are_drawn_with_links_to_their_blocks(tmp_path: Path, cache: Path) -> None:
    page = render(tmp_path, LOOKUP + PATH)
    assert 'id="l-to-10-42-1-2"' in page
    assert 'href="#b-neigh"' in page
    assert 'id="t-ipt-pod-trace-ipt-pod-conntrack"' in page
    assert "KUBE-SEP-UQOB44FT3ETTQ756" in page
    assert any(cache.iterdir())


def test_rules_of_nftables_are_read_from_the_twin(tmp_path: Path) -> None:
    page = render(tmp_path, '{{ rulepath("nft", evidence="nft-pod-trace", title="The way") }}\n')
    assert "10.43.0.80 . tcp . 80 : goto service-2M73P36B-default/hello/tcp/http" in page


def test_the_twin_of_a_listing_is_its_json() -> None:
    assert twin_of("nft list table ip kube-proxy") == "nft -j list table ip kube-proxy"
    assert twin_of("nft -a list ruleset") == "nft -j -a list ruleset"
    assert twin_of("nft -j list ruleset") is None
    assert twin_of("nft add table ip x") is None
    assert twin_of("nft monitor trace") is None


def test_shares_are_a_path_in_values_and_claims(tmp_path: Path) -> None:
    page = render(
        tmp_path,
        '{{ value("ipt", "shares:10.43.0.80:80 10.42.1.2:80") }}'
        '{{ expect("ipt", "shares:default/hello:http", equals="1/3, 1/3, 1/3", show=false) }}'
        '{{ expect("nft", "shares:10.43.0.80:80", equals="1/3, 1/3, 1/3", show=false) }}\n',
    )
    assert page


def test_the_build_fails_where_the_rules_do_not_give_a_third(tmp_path: Path) -> None:
    claim = '{{ expect("ipt", "shares:10.43.0.80:80", equals="1/2, 1/4, 1/4") }}\n'
    with pytest.raises(GuideError, match="'1/3, 1/3, 1/3' equals '1/2, 1/4, 1/4'") as caught:
        render(tmp_path, claim)
    assert caught.value.line == 6 + BLOCKS.count("\n")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (LOOKUP.replace("10.42.1.2", "10.42.9.2"), r"no entry for 10\.0\.2\.2 on eth0"),
        (LOOKUP.replace('fdb="fdb"', 'fdb="neigh"'), "block neigh shows no fdb"),
        (PATH.replace("10.43.0.80:80", "10.43.0.10:53"), "no recorded packet was sent to"),
        (PATH.replace('rulepath("ipt"', 'rulepath("route"'), "block route shows no rules"),
        (PATH.replace('"ipt-pod-conntrack"', '"nope"'), "has no block 'nope'"),
    ],
)
def test_what_does_not_join_names_page_and_line(tmp_path: Path, call: str, message: str) -> None:
    with pytest.raises(GuideError, match=message) as caught:
        render(tmp_path, call)
    assert caught.value.page is not None
    assert caught.value.line == 6 + BLOCKS.count("\n")


def test_figures_come_from_the_cache_the_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = render(tmp_path / "one", LOOKUP + PATH)
    from macros.figures.ways import cards, rules_drawing  # noqa: PLC0415

    for module in (cards, rules_drawing):
        monkeypatch.setattr(module, "figure", lambda *_, **__: pytest.fail("made again"))
    assert render(tmp_path / "two", LOOKUP + PATH) == first


def test_pods_are_asked_for_by_another_script_and_the_plain_one_stays(tmp_path: Path) -> None:
    source = tmp_path / "page.md"
    source.write_text(
        HEAD + '{{ observe("node0", id="a") }}{{ observe("node0", id="b", pods=true) }}',
        encoding="utf-8",
    )
    plain, pods = planner.plan_page(tmp_path, source).blocks
    assert plain.script == (ROOT / "scripts/node/observe.sh").read_text(encoding="utf-8")
    assert plain.script in pods.script
    assert "cniCacheV1" in pods.script
    assert plain.plan != pods.plan


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not there")
def test_namespaces_are_named_by_what_the_cni_plugins_were_told(tmp_path: Path) -> None:
    """The script itself, its folder of results replaced, on what observe.sh printed of a node."""
    results = tmp_path / "results"
    results.mkdir()
    entry = (
        '{"kind":"cniCacheV1","netns":"/var/run/netns/cni-1","cniArgs":'
        '[["IgnoreUnknown","1"],["K8S_POD_NAMESPACE","%s"],["K8S_POD_NAME","%s"]]}'
    )
    (results / "cbr0-1-eth0").write_text(entry % ("default", "hello-0"), encoding="utf-8")
    (results / "cbr0-2-eth0").write_text(
        (entry % ("kube-system", "coredns-7")).replace("cni-1", "cni-2"), encoding="utf-8"
    )
    script = (ROOT / "scripts/node/observe-pods.sh").read_text(encoding="utf-8")
    state = (
        '{"node":"node0","namespaces":[{"name":"","nsids":[{"nsid":0,"name":"cni-1"}]},'
        '{"name":"cni-2","links":[]},{"name":"cni-1","links":[]},{"name":"red","links":[]}]}'
    )
    done = subprocess.run(
        ["bash", "-c", script.replace("/var/lib/cni/results", str(results))],
        input=state,
        capture_output=True,
        text=True,
        check=True,
    )
    namespaces = json.loads(done.stdout)["namespaces"]
    assert [namespace["name"] for namespace in namespaces] == [
        "",
        "hello-0",
        "kube-system/coredns-7",
        "red",
    ]
    assert namespaces[0]["nsids"] == [{"nsid": 0, "name": "hello-0"}]
    assert namespaces[1]["pod"] == {"name": "hello-0", "namespace": "default"}
    assert "pod" not in namespaces[3]
