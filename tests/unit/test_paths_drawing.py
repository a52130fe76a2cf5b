"""The figures of ways: what the drawing shows, and that its table says the same."""

import re
import xml.etree.ElementTree as ET

import pytest

from macros.figures.ways import rules_drawing
from macros.figures.ways.rule_rows import pieces, tag, wrapped
from macros.ways.visits import short, visits
from tests.unit.draw_support import by_class, outside, svg_of, texts
from tests.unit.paths_support import DRAWN, way


def figure(case: str) -> str:
    return rules_drawing.figure(way(case), id="way", title="The way of one packet")


def table(shown: str) -> list[list[str]]:
    """The rows of the tables of the text equivalent."""
    details = shown[shown.index('<details class="text-equivalent">') :].removesuffix("</figure>")
    read = ET.fromstring(details)  # noqa: S314 our own text
    return [
        ["".join(cell.itertext()) for cell in row if cell.tag == "td"] for row in read.iter("tr")
    ]


@pytest.mark.parametrize("case", DRAWN)
def test_each_visited_chain_is_a_box_in_the_order_of_the_visit(case: str) -> None:
    course = way(case)
    boxes = [
        texts_of(chain)[0].split("   ")[0] for chain in by_class(svg_of(figure(case)), "rp-chain")
    ]
    bases = [chain.name for hook in (course.hook, "postrouting") for chain in course.rules.chains.values()
             if chain.hook == hook]  # fmt: skip
    called: list[str] = []
    for base, steps in zip(bases, (course.first.steps, course.last.steps), strict=True):
        called += dict.fromkeys([base, *(step.branch.to for step in steps if step.branch.to)])
    assert boxes == called


def texts_of(element: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in element.iter("text")]


@pytest.mark.parametrize("case", DRAWN)
def test_every_rule_that_fitted_has_its_number_once(case: str) -> None:
    course = way(case)
    count = len(course.first.steps) + len(course.last.steps)
    numbers = [number.text for number in by_class(svg_of(figure(case)), "rp-number")]
    assert sorted(map(int, filter(None, numbers))) == list(range(1, count + 1))


@pytest.mark.parametrize("case", DRAWN)
def test_the_table_has_every_rule_of_every_visited_chain(case: str) -> None:
    course = way(case)
    rows = [row for row in table(figure(case)) if row]
    chains = dict.fromkeys(
        visit.chain.name
        for way_, hook in ((course.first, course.hook), (course.last, "postrouting"))
        for visit in visits(course.rules, way_, course.rules.bases(hook), 1)
    )
    wanted = [short(rule) for name in chains for rule in course.rules.chain(name).rules]
    assert [row[2] for row in rows] == wanted
    fitted = [row for row in rows if "matches" in row[3] and "not" not in row[3]]
    assert len(fitted) == len(course.first.steps) + len(course.last.steps)


def test_chances_are_explained_as_they_add_up() -> None:
    shown = texts(figure("ipt-pod"))
    assert [line for line in shown if line in ("1/3", "1/2 of the rest: 1/3", "the rest: 1/3")] == [
        "1/3",
        "1/2 of the rest: 1/3",
        "the rest: 1/3",
    ]
    assert shown.count("1/3 of all") == 3
    assert tag(None) == ""


@pytest.mark.parametrize("case", DRAWN)
def test_one_endpoint_is_chosen_and_it_is_the_one_of_the_rewriting(case: str) -> None:
    (chosen,) = by_class(svg_of(figure(case)), "is-chosen")
    assert way(case).first.dnat in ["".join(element.itertext()) for element in chosen.iter("text")]


def test_what_was_rewritten_is_marked_and_nothing_else() -> None:
    def new(case: str) -> list[list[str]]:
        bars = by_class(svg_of(figure(case)), "rp-packet")
        return [
            ["".join(element.itertext()) for element in by_class(bar, "is-new")] for bar in bars
        ]

    assert new("ipt-pod") == [[], ["10.42.1.2", ":80"], []]
    assert new("ipt-hairpin") == [[], ["10.42.0.3", ":80"], ["10.42.0.1", ":57338"]]


def test_a_rule_after_the_last_that_fitted_was_not_asked() -> None:
    rows = {(row[0], row[1]): row[3] for row in table(figure("ipt-pod")) if row}
    assert rows["KUBE-SVC-BMS7TTZGRMITTABD", "1"] == "does not match"
    assert rows["KUBE-SVC-BMS7TTZGRMITTABD", "2"] == "passed by (chance: 1/3)"
    assert rows["KUBE-SVC-BMS7TTZGRMITTABD", "3"] == "3. matches (chance: 1/2 of the rest: 1/3)"
    assert rows["KUBE-SVC-BMS7TTZGRMITTABD", "4"] == "not reached (chance: the rest: 1/3)"
    assert rows["KUBE-POSTROUTING", "2"] == "not reached"
    # The chain that called it goes on.
    assert rows["POSTROUTING", "2"] == "7. matches"


def test_the_element_of_a_map_that_fitted_is_shown() -> None:
    shown = "\n".join(texts(figure("nft-pod")))
    assert "10.43.0.80 . tcp . 80 : goto service-2M73P36B-default/hello/tcp/http" in shown
    assert "10.43.0.1 . tcp . 443" not in shown


@pytest.mark.parametrize("case", DRAWN)
def test_the_text_stays_in_its_box(case: str) -> None:
    root = svg_of(figure(case))
    assert outside(root, "rp-chain", "rp-packet", "rp-end") == []
    widest = max(
        float(rect.get("x", "0")) + float(rect.get("width", "0")) for rect in root.iter("rect")
    )
    assert widest <= rules_drawing.WIDTH


def test_a_long_name_is_whole_though_it_is_cut() -> None:
    """Nothing of it is left out, and no space comes into it where a line ends."""
    name = "endpoint-N5OVELIP-default/hello/tcp/http__10.42.1.2/80"
    (chosen,) = by_class(svg_of(figure("nft134-pod")), "is-chosen")
    assert texts_of(chosen)[2:] == [
        "endpoint-N5OVELIP-default/",
        "hello/tcp/http__",
        "10.42.1.2/80",
    ]
    assert "".join(texts_of(chosen)[2:]) == name
    assert name in {row[0] for row in table(figure("nft134-pod")) if row}


def test_a_name_is_cut_at_its_joints() -> None:
    assert pieces("service-2M73P36B-default/hello/tcp/http", 38) == [
        "service-2M73P36B-default/hello/tcp/",
        "http",
    ]
    assert pieces("endpoint-N5OVELIP-default/hello/tcp/http__10.42.1.2/80", 52) == [
        "endpoint-N5OVELIP-default/hello/tcp/http__",
        "10.42.1.2/80",
    ]
    assert pieces("a-" + "x" * 40, 30) == ["a-" + "x" * 28, "x" * 12]
    assert pieces("short", 30) == ["short"]


def test_a_rule_wraps_at_spaces_and_within_a_word_only_where_that_is_too_long() -> None:
    assert wrapped(
        "ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports", 41
    ) == [
        "ip daddr @nodeport-ips meta l4proto . th",
        "  dport vmap @service-nodeports",
    ]
    assert wrapped("goto endpoint-N5OVELIP-default/hello/tcp/http__10.42.1.2/80, 2 : drop", 41) == [
        "goto",
        "  endpoint-N5OVELIP-default/hello/tcp/",
        "    http__10.42.1.2/80,",
        "  2 : drop",
    ]


@pytest.mark.parametrize("case", DRAWN)
def test_the_way_goes_down_or_across_and_stays_inside(case: str) -> None:
    root = svg_of(figure(case))
    height = float(root.get("height", "0"))
    for element in by_class(root, "rp-way"):
        spots = [
            (float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", element.get("d", ""))
        ]
        assert all(0 <= x <= rules_drawing.WIDTH and 0 <= y <= height for x, y in spots)
        assert spots[0][1] <= spots[-1][1]


def test_the_same_input_gives_the_same_bytes() -> None:
    assert figure("nft-nodeport") == figure("nft-nodeport")


def test_machine_text_is_escaped() -> None:
    assert "&gt; 10.42.1.2:80" in figure("ipt-pod")  # the comment `default/hello:http -> …`
    assert "-> 10.42.1.2" not in figure("ipt-pod")
