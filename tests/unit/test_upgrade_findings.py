"""What an upgrade reports of two editions that the repository has, with their committed causes."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from macros.cli import check
from macros.cli.settings import guide_of_checkout
from macros.ground.errors import FollowsError, GuideError
from macros.upgrade import findings, known_causes, outcome_report
from macros.upgrade.findings import Findings
from macros.upgrade.outcome_report import Report

OLD, NEW = "2026-11-debian-13", "2026-11"


def found(*, lists: bool = True, wrong: Iterable[GuideError] = ()) -> Findings:
    guide = guide_of_checkout()
    listed = known_causes.lists(guide.docs, guide.recordings) if lists else []
    return findings.find(guide, OLD, listed, wrong)


def report(of: Findings) -> Report:
    return Report(
        "docker=28.5.2", OLD, NEW, guide_of_checkout().edition.versions, ("docker",), ("by-hand",),
        {}, {"calico": "it needs calico"}, of, None, {"docker": 28.5}, 31.0,
    )  # fmt: skip


def test_every_fact_has_the_cause_that_the_committed_list_gives_it() -> None:
    of = found()
    docker = [fact for fact in of.facts if fact.page == "docker"]
    assert {fact.page for fact in of.facts} == {"by-hand", "docker"}, "what both have is compared"
    assert all(fact.known for fact in of.facts)
    mac = next(fact for fact in docker if fact.what.startswith("MACs of containers"))
    assert mac.known is not None
    assert mac.known.cause == "Docker"
    assert "moby#48808" in mac.known.why
    assert mac.known.listed.endswith("2026-11-debian-13.yml, 2026-11-debian-13 to 2026-11")
    assert ("Docker", "26.1.5", "28.5.2") in of.versions
    assert "Kubernetes" not in {name for name, _, _ in of.versions}, "one of them has none"


def test_without_a_list_every_fact_is_open_and_none_is_lost() -> None:
    known, open_ = found(), found(lists=False)
    assert not any(fact.known for fact in open_.facts)
    blocks = [
        {(fact.page, name) for fact in of.facts for name in fact.blocks} for of in (known, open_)
    ]
    assert blocks[0] == blocks[1]
    text = outcome_report.text(report(open_))
    assert f"{len(open_.facts)} facts changed, {len(open_.facts)} of them of no known cause" in text
    assert "docker, cause: open" in text


def rules(**steps: tuple[str, str]) -> set[tuple[str, str]]:
    """The causes that can be one where programs take these steps, each with its list."""
    guide = guide_of_checkout()
    known = known_causes.rules(known_causes.lists(guide.docs, guide.recordings), steps)
    return {(cause.cause, Path(cause.listed.split(",")[0]).stem) for _, cause in known}


def test_a_cause_whose_version_is_the_same_explains_nothing() -> None:
    assert {cause for cause, _ in rules(iproute2=("6.15.0", "7.3.0"))} == {"iproute2"}


@pytest.mark.parametrize("step", [("1.34.4", "1.36.3"), ("1.36.3", "1.35.4"), ("1.33.1", "1.37.2")])
def test_a_cause_explains_what_takes_part_of_its_step(step: tuple[str, str]) -> None:
    assert ("Kubernetes", "2026-11-kubernetes-1.34") in rules(Kubernetes=step)


def test_a_cause_explains_nothing_of_another_step() -> None:
    guide = guide_of_checkout()
    listed = known_causes.lists(guide.docs, guide.recordings)
    before = known_causes.rules(listed, {"Kubernetes": ("1.36.3", "1.35.4")})
    of_1_37 = {known.why for _, known in before if "kubernetes-1.36.yml" in known.listed}
    assert of_1_37, "what holds between any two versions"
    assert all("which kubelet" in why or "Go map" in why for why in of_1_37)
    since = known_causes.rules(listed, {"Kubernetes": ("1.37.2", "1.38.0")})
    assert {known.why for _, known in since} == of_1_37


def test_a_list_whose_editions_are_gone_explains_nothing(tmp_path: Path) -> None:
    guide = guide_of_checkout()
    listed = known_causes.lists(guide.docs, tmp_path)
    kept = known_causes.rules(listed, {"Kubernetes": ("1.36.3", "1.37.2")})
    assert all(rule.always for rule, _ in kept)


def test_a_sentence_that_no_longer_holds_has_its_page_line_and_both_values() -> None:
    guide = guide_of_checkout()
    source = guide.docs / "docker.md"
    lines = source.read_text(encoding="utf-8").splitlines()
    line = next(
        number for number, text in enumerate(lines, 1) if 'expect("client-inside", "eth0.' in text
    )
    error = GuideError("the page claims that 2 equals 10, which is not so", page=source, line=line)
    (broken,) = found(wrong=[error]).broken
    assert broken.position == f"docs/docker.md:{line}"
    assert broken.values, lines[line - 1]
    assert all(old != new for _, old, new in broken.values)


def test_what_only_lacks_another_page_is_not_said_to_be_wrong() -> None:
    lacks = FollowsError("edition x has no recordings of page flannel", page="docs/ips.md", line=3)
    of = found(lists=False, wrong=[lacks])
    assert of.broken == ()
    assert of.unchecked == ("docs/ips.md:3: edition x has no recordings of page flannel",)


def test_a_real_edition_that_is_whole_has_no_broken_claim() -> None:
    guide = guide_of_checkout()
    older = guide.of_edition(OLD)
    of = findings.find(
        older, NEW, known_causes.lists(guide.docs, guide.recordings), check.everything([older])
    )
    assert of.broken == ()
    assert any(position.startswith("docs/docker.md:") for position, _ in of.sentences)


def test_the_markdown_has_all_that_a_pull_request_needs() -> None:
    text = outcome_report.markdown(report(found()))
    for part in (
        "# Upgrade: docker=28.5.2",
        "facts changed, 0 of them of no known cause.",
        "### docker",
        "Cause: Docker. Containers have random MAC addresses.",
        "| Docker | 26.1.5 → 28.5.2 |",
        "| docker | 28.5 |",
        "- calico: it needs calico",
        "1 page recorded in this call, 1 kept from an earlier call",
    ):
        assert part in text
    assert "fdb\\_n\\_learned" in text, "what machines say is no Markdown"


@pytest.mark.parametrize("form", [outcome_report.text, outcome_report.markdown])
def test_nothing_changed_is_said_in_words(form: object) -> None:
    of = report(Findings((), (), (), (), ()))
    assert of.code == outcome_report.NOTHING
    assert callable(form)
    assert "othing changed on 2 pages" in form(of)
