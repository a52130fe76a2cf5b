"""What `guide record` says at its end: what changed, what does not hold, what is next."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from macros.cli import after_record
from macros.store import form, sums
from tests.unit.test_review import EDITION, Checkout

PAGE = """\
---
title: T
lab: {nodes: 1}
---

{{ run("node0", "ip -br addr", id="started-addresses") }}

It has the address {{ expect("started-addresses", "docker0.cidr", equals="172.17.0.1/16") }}.
The node's own is {{ value("started-addresses", "eth0.cidr") }}.
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    checkout = Checkout(tmp_path / "checkout")
    # A page of our own about recorded answers: the guide's may be stale while it is rewritten.
    (checkout.root / "docs" / "docker.md").write_text(PAGE, encoding="utf-8")
    (checkout.root / "docs" / "by-hand.md").unlink()
    shutil.rmtree(checkout.edition / "by-hand")
    for path in (checkout.edition / "docker").iterdir():
        if path.name.split(".")[0] not in ("page", "started-addresses"):
            path.unlink()
    planned = checkout.guide().pages["docker"].block("started-addresses")
    assert planned is not None
    recorded = form.read(checkout.edition / "docker" / "started-addresses.txt", "")
    form.write(checkout.edition / "docker", replace(recorded, plan=planned.plan))
    sums.write(checkout.edition / "docker")
    checkout.git("add", "-A")
    checkout.git("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-q", "-m", "second")
    return checkout


def test_a_claim_that_no_longer_holds_is_said_with_its_line_and_fails(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    lines, broken = after_record.summary(checkout.guide(), ["docker"])
    assert broken
    text = "\n".join(lines)
    assert (
        "changed since the last commit (1):\n  docker: address of docker0 172.17.0.1/16 -> 172.17.0.9/16"
        in text
    )
    line = next(
        number
        for number, content in enumerate((checkout.root / "docs/docker.md").open(), start=1)
        if 'expect("started-addresses", "docker0.cidr"' in content
    )
    assert f"docker.md:{line} It has the address 172.17.0.1/16 -> 172.17.0.9/16" in text
    claim = "the page claims that '172.17.0.9/16' equals '172.17.0.1/16', which is not so"
    claim += ": docker0.cidr of block started-addresses"
    assert any(f"docker.md:{line}:" in written and claim in written for written in lines)
    assert lines[-1].endswith("docs/docker.md, then guide check")
    assert len(lines) < 40


def test_what_changed_without_breaking_a_claim_is_for_review(checkout: Checkout) -> None:
    checkout.change("docker", "10.0.2.15", "10.0.2.16")
    lines, broken = after_record.summary(checkout.guide(), ["docker"])
    assert not broken
    assert lines[-1] == "next: guide review docker"
    assert "10.0.2.15" in "\n".join(lines)


def test_nothing_changed_is_one_line_and_without_git_claims_are_still_checked(
    checkout: Checkout,
) -> None:
    assert len(after_record.summary(checkout.guide(), ["docker"])[0]) == 1
    assert not after_record.summary(checkout.guide(), ["docker"])[1]
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    (checkout.root / ".git").rename(checkout.root / "no-git")
    lines, broken = after_record.summary(checkout.guide(), ["docker"])
    assert broken
    assert "claims that do not hold" in "\n".join(lines)
    assert EDITION not in "\n".join(lines)


def test_a_first_recording_says_what_does_not_hold_and_not_that_it_no_longer_does(
    checkout: Checkout,
) -> None:
    checkout.git("rm", "-r", "-q", "--cached", f"recordings/{EDITION}/docker")
    checkout.git("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-q", "-m", "third")
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    text = "\n".join(after_record.summary(checkout.guide(), ["docker"])[0])
    assert "claims that do not hold (1):" in text
    assert "no longer" not in text


def test_plans_that_changed_alone_are_to_be_committed(checkout: Checkout) -> None:
    path = checkout.root / "docs" / "docker.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('addresses") }}', 'addresses", timeout=9) }}', 1), encoding="utf-8"
    )
    planned = checkout.guide().pages["docker"].blocks[0]
    recorded = form.read(checkout.edition / "docker" / "started-addresses.txt", "")
    form.write(checkout.edition / "docker", replace(recorded, plan=planned.plan))
    sums.write(checkout.edition / "docker")
    (line,) = after_record.summary(checkout.guide(), ["docker"])[0]
    assert line.startswith("no answer changed since the last commit; what was asked did")
    assert line.endswith(f"git add {checkout.edition}/docker")


def test_a_claim_of_another_page_about_the_recorded_one_is_checked_too(checkout: Checkout) -> None:
    claim = '---\ntitle: T\n---\n\n{{ expect("docker:started-addresses", "docker0.cidr", equals="x") }}\n'
    (checkout.root / "docs" / "other.md").write_text(claim, encoding="utf-8")
    lines, broken = after_record.summary(checkout.guide(), ["docker"])
    assert broken
    assert any("other.md:5:4: the page claims" in line for line in lines)
    assert not after_record.summary(checkout.guide(), ["another"])[1]


def test_what_is_no_claim_stands_apart_and_quotes_the_lines(checkout: Checkout) -> None:
    page = checkout.root / "docs" / "docker.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace('addresses") }}', 'addresses", highlight=["172.17.0"]) }}', 1))
    lines, broken = after_record.summary(checkout.guide(), ["docker"])
    assert not broken
    page.write_text(text.replace('addresses") }}', 'addresses", highlight=["/"]) }}', 1))
    page.write_text(page.read_text() + '\n{{ value("started-addresses", "docker0.len") }}\n')
    lines, broken = after_record.summary(checkout.guide(), ["docker"])
    assert broken
    assert "claims that do not hold" not in "\n".join(lines)
    start = lines.index("cannot be shown (2):")
    assert "lines of the output, and must be in exactly one:" in lines[start + 1]
    assert "10.0.2.15/24" in lines[start + 1], "the lines are quoted"
    assert lines[-1].endswith("then guide check")
