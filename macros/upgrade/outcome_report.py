"""What an upgrade came to, as one report: for the terminal, and as Markdown for a pull request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from macros.compare.report import code, short
from macros.ground.enumeration import in_words
from macros.upgrade.events import Failure
from macros.upgrade.findings import Fact, Findings
from macros.upgrade.known_causes import Known

NOTHING, DECIDE, UNDONE = 0, 1, 2
"""Exit codes: nothing to decide; facts changed, or claims fail; not done, or not all of it."""

_Why = TypeVar("_Why", str, Failure)
_MOST = 60  # characters of a value in a line
_WHY = 100  # of a cause, in the terminal


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `failed` are pages with why they were not recorded, `left_out` likewise.

    `undone` is what kept the whole from being done, at which stage; `findings` are None then.
    `seconds` are the stages in their order, `all_seconds` what this call took.
    """

    words: str
    base: str
    edition: str
    versions: Mapping[str, str]
    recorded: tuple[str, ...]
    kept: tuple[str, ...]
    failed: Mapping[str, Failure]
    left_out: Mapping[str, str]
    findings: Findings | None
    undone: tuple[str, Failure] | None
    seconds: Mapping[str, float]
    all_seconds: float

    @property
    def code(self) -> int:
        """The exit code."""
        if self.undone or self.failed or self.findings is None:
            return UNDONE
        findings = self.findings
        return DECIDE if findings.facts or findings.broken else NOTHING

    @property
    def headline(self) -> str:
        """The whole in one sentence."""
        if self.undone:
            return f"not done: {self.undone[0]} failed"
        parts = [f"{_many(len(self.failed), 'page')} could not be recorded"] if self.failed else []
        findings = self.findings
        if findings and (findings.facts or findings.broken):
            parts += _decisions(findings)
        elif findings:
            parts += [f"nothing changed on {_many(len(self.recorded) + len(self.kept), 'page')}"]
        return "; ".join(parts)

    @property
    def next(self) -> str:
        """What to do next."""
        again = f"guide upgrade {self.words}"
        if self.undone or self.failed:
            return f"when that is repaired: {again} (what is built and recorded is kept)"
        if self.code == DECIDE:
            return (
                f"guide edition compare {self.base} {self.edition} has every block; name the causes"
                f" in docs/changes/{self.edition}.yml, then commit recordings/{self.edition}"
            )
        if self.findings and self.findings.unchecked:
            return (
                f"{again} records the other pages too; until then guide check refuses"
                f" recordings/{self.edition}, whose pages quote them"
            )
        return f"nothing to decide: rm -r recordings/{self.edition}, or commit it"


def _decisions(findings: Findings) -> Iterator[str]:
    unknown = sum(fact.known is None for fact in findings.facts)
    if findings.facts:
        yield f"{_many(len(findings.facts), 'fact')} changed, {unknown} of them of no known cause"
    if findings.broken:
        single = len(findings.broken) == 1
        yield f"{_many(len(findings.broken), 'sentence')} no longer hold{'s' * single}"


def text(report: Report) -> str:
    """The report for a terminal."""
    lines = [f"upgrade {report.words}: {report.headline}", ""]
    if report.undone:
        lines += _indented(str(report.undone[1]))
    if report.failed:
        lines += ["could not be recorded:"]
        for keys, failure in _together(report.failed):
            lines += [f"  {keys}", *_indented(str(failure), "    ")]
    if report.findings:
        lines += _text_of(report.findings)
    lines += [f"left out: {keys} ({why})" for keys, why in _together(report.left_out)]
    lines += [f"versions: {_versions(report)}", f"time: {_times(report)}", f"next: {report.next}"]
    return "\n".join(lines)


def _text_of(findings: Findings) -> Iterator[str]:
    if findings.facts:
        yield "facts changed:"
    for page, known, facts in _grouped(findings.facts):
        cause = f"{known.cause}, {short(known.why, _WHY)} ({known.listed})" if known else "open"
        yield f"  {page or 'edition'}, cause: {cause}"
        for fact in facts:
            yield f"    {fact.what}{_blocks(fact)}"
            yield from (f"      {line}" for line in fact.below)
    if findings.broken:
        yield "no longer holds:"
    for broken in findings.broken:
        yield f"  {broken.position} {broken.message}"
        yield from (f"    {line}" for line in _values(broken.values))
    if findings.sentences:
        yield "sentences whose values changed:"
    yield from (f"  {where} {short(words, 200)}" for where, words in findings.sentences)
    if findings.unchecked:
        yield "not checked, for want of a page that is not recorded:"
    yield from (f"  {claim}" for claim in findings.unchecked)


def markdown(report: Report) -> str:
    """The report for a pull request."""
    lines = [f"# Upgrade: {report.words}", "", f"{report.headline.capitalize()}.", ""]
    if report.undone:
        lines += [f"**{report.undone[0]}** failed:", "", *_fenced(str(report.undone[1]))]
    if report.failed:
        lines += ["## Could not be recorded", ""]
    for keys, failure in _together(report.failed):
        lines += [f"### {keys}", "", *_fenced(str(failure))]
    if report.findings:
        lines += _markdown_of(report.findings)
    if report.left_out:
        lines += ["## Left out", ""]
        lines += [f"- {keys}: {code(why)}" for keys, why in _together(report.left_out)] + [""]
    lines += ["## Versions", "", "| | |", "|---|---|"]
    changed = {name: old for name, old, _ in report.findings.versions} if report.findings else {}
    for name, version in report.versions.items():
        lines.append(f"| {name} | {f'{changed[name]} → ' if name in changed else ''}{version} |")
    lines += ["", "## Time", "", "| stage | seconds |", "|---|---:|"]
    lines += [f"| {code(stage)} | {seconds:.1f} |" for stage, seconds in report.seconds.items()]
    lines += [f"| this call, labs side by side | {report.all_seconds:.1f} |", ""]
    kept = f", {len(report.kept)} kept from an earlier call" if report.kept else ""
    lines += [f"{_many(len(report.recorded), 'page')} recorded in this call{kept}. {report.next}."]
    return "\n".join(lines) + "\n"


def _markdown_of(findings: Findings) -> Iterator[str]:
    if findings.facts:
        yield from ("## Facts changed", "")
    page = None
    for key, known, facts in _grouped(findings.facts):
        if key != page:
            page = key
            yield from (f"### {page or 'edition'}", "")
        cause = f"{known.cause}. {known.why} ({code(known.listed)})" if known else "**open**"
        yield from (f"Cause: {cause}", "")
        for fact in facts:
            yield f"- {code(fact.what)}{_blocks(fact, '`')}"
            yield from (f"  - {code(line)}" for line in fact.below)
        yield ""
    if findings.broken:
        yield from ("## No longer holds", "")
        for broken in findings.broken:
            yield f"- `{broken.position}` {code(broken.message)}"
            yield from (f"  - {code(line)}" for line in _values(broken.values))
        yield ""
    for title, rows in (
        (
            "Sentences whose values changed",
            [f"`{where}` {code(words)}" for where, words in findings.sentences],
        ),
        ("Not checked, for want of a page", [code(claim) for claim in findings.unchecked]),
    ):
        if rows:
            yield from (f"## {title}", "", *(f"- {row}" for row in rows), "")


def _grouped(facts: Sequence[Fact]) -> Iterator[tuple[str, Known | None, list[Fact]]]:
    """Facts by page and cause; what is open comes first on a page."""
    for (page, known), alike in groupby(facts, key=lambda fact: (fact.page, fact.known)):
        yield page, known, list(alike)


def _together(whys: Mapping[str, _Why]) -> Iterator[tuple[str, _Why]]:
    """Each reason once, with the pages that have it."""
    for why in dict.fromkeys(whys.values()):
        yield in_words([key for key, reason in whys.items() if reason == why]), why


def _values(values: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    for path, old, new in values:
        yield f"{path}: {short(old, _MOST) or 'nothing'} -> {short(new, _MOST) or 'nothing'}"


def _blocks(fact: Fact, mark: str = "") -> str:
    names = [f"{mark}{block}{mark}" for block in fact.blocks[:3]]
    more = [f"{len(fact.blocks) - 3} more"] if len(fact.blocks) > 3 else []
    return f" ({in_words([*names, *more])})" if names else ""


def _versions(report: Report) -> str:
    changed = {name: old for name, old, _ in report.findings.versions} if report.findings else {}
    moved = [f"{name} {old} -> {report.versions[name]}" for name, old in changed.items()]
    same = [f"{name} {version}" for name, version in report.versions.items() if name not in changed]
    return "; ".join([*moved, ", ".join(same)] if same else moved) or "none yet"


def _times(report: Report) -> str:
    stages = [f"{stage} {seconds:.1f} s" for stage, seconds in report.seconds.items()]
    return f"{', '.join(stages)}; this call {report.all_seconds:.1f} s"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _indented(words: str, by: str = "  ") -> list[str]:
    return [f"{by}{line}" for line in words.splitlines()]


def _fenced(words: str) -> list[str]:
    fence = "`" * 4
    return [f"{fence}text", *words.splitlines(), fence, ""]
