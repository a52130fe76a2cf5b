"""Outputs that the guide never printed: read, settled and compared as their files say is right."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.kinds import registry
from macros.kinds.kind import Kind
from macros.values import record_path
from tests.unit.compare_support import between
from tests.unit.settle_support import recording, settle, settle_text

FOREIGN = Path(__file__).parents[1] / "foreign"
FILES = sorted(FOREIGN.glob("*/*.yml"))


def _load(path: Path) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _recording(case: Mapping[str, Any]) -> Recording:
    return recording("a", case["text"], case["command"], case.get("twin"))


def _changed(case: Mapping[str, Any], old: str, new: str) -> Recording:
    """The case with a text replaced by another, in its JSON if it has any, else in its text."""
    one = _recording(case)
    if one.twin is None:
        assert old in one.text, old
        return replace(one, text=one.text.replace(old, new, 1))
    twin = json.dumps(one.twin)
    assert old in twin, old
    return replace(one, twin=json.loads(twin.replace(old, new, 1)))


def _pairs(*keys: str) -> Iterator[Any]:
    for path in FILES:
        case = _load(path)
        for number, pair in enumerate(pair for key in keys for pair in case.get(key) or ()):
            yield pytest.param(path, pair, id=f"{_name(path)}-{number}")


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_it_is_of_its_kind_and_read_right(path: Path) -> None:
    case = _load(path)
    command = case["command"]
    kind = registry.kind_of(command)
    if path.parent.name == "nft":
        assert kind is None, "text, with a twin"
        return
    assert kind is not None
    assert kind.name == path.parent.name
    if "refused" in case:
        with pytest.raises(GuideError, match=case["refused"]):
            registry.read(command, case["text"], case.get("twin"))
        return
    records = registry.read(command, case["text"], case.get("twin"))
    for where, value in (case.get("reads") or {}).items():
        if value is None:
            assert not record_path.exists(records, where), where
        else:
            there = record_path.lookup(records, where)
            assert (list(there) if isinstance(there, tuple) else there) == value, where


@pytest.mark.parametrize(("path", "pair"), _pairs("same", "compared"))
def test_comparing_says_nothing_of_noise(path: Path, pair: tuple[str, str]) -> None:
    case = _load(path)
    one, other = _recording(case), _changed(case, *pair)
    assert between(one, other) == []
    assert between(other, one) == []


@pytest.mark.parametrize(("path", "pair"), _pairs("same", "settled"))
def test_settling_gives_the_old_for_noise(
    path: Path, pair: tuple[str, str], tmp_path: Path
) -> None:
    case = _load(path)
    old, new = _recording(case), _changed(case, *pair)
    if old.twin is None:
        assert settle_text(tmp_path, old.text, new.text, old.command) == old.text
    else:
        settled = settle(tmp_path, [old], [new])["a"]
        assert (settled.text, settled.twin) == (old.text, old.twin)


@pytest.mark.parametrize(("path", "pair"), _pairs("differs"))
def test_a_fact_is_told(path: Path, pair: tuple[str, str, list[str]]) -> None:
    case = _load(path)
    old, new, told = pair
    one, other = _recording(case), _changed(case, old, new)
    assert sorted(between(one, other)) == sorted(told)
    assert between(other, one), "the way back too"


@pytest.mark.parametrize(("path", "pair"), _pairs("differs"))
def test_settling_keeps_what_is_told(
    path: Path, pair: tuple[str, str, list[str]], tmp_path: Path
) -> None:
    case = _load(path)
    old, new = _recording(case), _changed(case, pair[0], pair[1])
    settled = settle(tmp_path, [old], [new])["a"]
    assert sorted(between(old, settled)) == sorted(pair[2])


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_the_same_is_the_same(path: Path) -> None:
    one = _recording(_load(path))
    assert between(one, one) == []


@pytest.mark.parametrize("kind", registry.KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_both_directions(kind: Kind[Any]) -> None:
    cases = [_load(path) for path in FILES if path.parent.name == kind.name]
    assert any(case.get("differs") for case in cases)


# Cases of bug reports and of other projects' tests, each with what is right for it in expected.md.


def case(folder: str, name: str) -> str:
    return (FOREIGN / "cases" / folder / f"input.{name}").read_text(encoding="utf-8")


def changed(folder: str, command: str, name: str = "{}.txt") -> list[str]:
    """What is told between a case's old and new input."""
    old, new = (case(folder, name.format(side)) for side in ("old", "new"))
    return between(recording("a", old, command), recording("a", new, command))


def test_the_json_of_a_node_is_compared() -> None:
    folder = "01-kubectl-json-never-compared"
    old, new = (
        recording(
            "a",
            case(folder, "txt"),
            "kubectl get nodes",
            json.loads(case(folder, f"{side}.json")),
        )
        for side in ("old", "new")
    )
    assert between(old, new) == ["spec.podCIDR of node0 10.42.0.0/24 -> 10.42.7.0/24"]


@pytest.mark.parametrize(
    ("name", "command", "told"),
    [
        (
            "ipset",
            "ipset list",
            [
                "member 10.42.0.5 of set cali40s:aaaa gone",
                "member 10.42.0.5 of set cali40s:bbbb new",
            ],
        ),
        (
            "bird",
            "birdcl show route",
            [
                "next hop of 10.42.104.0/26 192.0.2.13 -> 192.0.2.14",
                (
                    "protocol of next hop 192.0.2.14 of 10.42.104.0/26"
                    " Mesh_192_0_2_13 -> Mesh_192_0_2_14"
                ),
                "next hop of 10.42.135.128/26 192.0.2.14 -> 192.0.2.13",
                (
                    "protocol of next hop 192.0.2.13 of 10.42.135.128/26"
                    " Mesh_192_0_2_14 -> Mesh_192_0_2_13"
                ),
            ],
        ),
        (
            "yaml",
            "calicoctl get ippool -o yaml",
            [
                "spec.natOutgoing of pool-a true -> false",
                "spec.natOutgoing of pool-b false -> true",
            ],
        ),
        (
            "vlan",
            "busybox ip -d link",
            ["vlan id of eth0.a 11 -> 12", "vlan id of eth0.b 12 -> 11"],
        ),
    ],
)
def test_a_line_belongs_to_its_section(name: str, command: str, told: list[str]) -> None:
    assert changed("02-lines-of-another-section", command, f"{name}.{{}}.txt") == told


def test_the_rules_of_one_service_are_in_order(tmp_path: Path) -> None:
    folder = "04-order-of-one-services-rules"
    told = changed(folder, "iptables-save -t nat")
    assert [what.partition(":")[0] for what in told] == [
        "rule moved in KUBE-NODEPORTS (nat), from place 1 to 2",
        "rule moved in KUBE-SERVICES (nat), from place 1 to 2",
    ]
    old, new = (case(folder, f"{side}.txt") for side in ("old", "new"))
    assert settle_text(tmp_path, old, new, "iptables-save -t nat") == new


def test_words_of_links_are_read_as_json_has_them() -> None:
    folder = "05-words-of-ip-link-that-stand-alone"
    texts = {name: case(folder, f"{name}.txt") for name in ("xdp", "permaddr", "protodown")}
    xdp = registry.read("ip link", texts["xdp"])["ens5"]
    assert (xdp.state, xdp.qdisc, xdp.master, xdp.kind) == ("UP", "mq", "br0", None)
    bond = registry.read("ip link", texts["permaddr"])["eth0"]
    assert (bond.permaddr, bond.link_netnsid) == ("02:00:00:00:00:02", 3)
    assert registry.read("ip link", texts["protodown"])["eth0"].protodown
    old = recording("a", texts["xdp"], "ip link")
    down = replace(old, text=old.text.replace("state UP", "state DOWN"))
    assert between(old, down) == ["state of ens5 UP -> DOWN"]
    without = old.text.replace(" xdp/id:52", "").partition("    prog/")[0]
    assert between(old, replace(old, text=without)) == ["xdp of ens5 gone"]


def test_the_ends_of_a_tunnel_are_not_the_route_s() -> None:
    text = case("06-encapsulating-routes", "txt")
    assert [(way.destination, way.via, way.dev) for way in registry.read("ip route", text)] == [
        ("192.0.2.0/24", None, "eth0"),
        ("10.99.0.0/16", "192.0.2.4", "eth0"),
        ("203.0.113.0/24", "192.0.2.4", "eth0"),
    ]


def test_objects_of_several_kinds_have_names_of_their_own() -> None:
    folder = "08-kubectl-of-several-kinds"
    tables = registry.read("kubectl get all", case(folder, "txt"))
    assert list(tables) == ["pod/web-5b84569dcd-dmwkr", "service/web"]
    assert tables["service/web"].columns["cluster-ip"] == "10.43.0.80"
    twin = json.loads(case(folder, "json"))
    objects = registry.read("kubectl get deployments,services", "", twin)
    assert record_path.lookup(objects, "[deployment.apps/web].spec.replicas") == 2
    assert record_path.lookup(objects, "[service/web].spec.clusterIP") == "10.43.0.80"
