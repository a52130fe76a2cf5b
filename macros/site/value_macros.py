"""Recorded values in prose: quoted, claimed, and handed on."""

from typing import Any

from markupsafe import Markup

from macros.figures import marks
from macros.figures.markup import render, safe
from macros.ground import commandline, conditions
from macros.ground.errors import ClaimError, GuideError
from macros.ground.model import Block, Recording
from macros.plan.drawings import Handover
from macros.plan.signatures import Expect, Only, Value, Version, When
from macros.site import claims, handover, unrecorded
from macros.site.capture_ends import told
from macros.site.output_macros import absent
from macros.site.page_context import PageContext
from macros.values.lookup import exists, lookup
from macros.values.lookup import text as text_at

_NO_RELATION = frozenset({"block", "path", "less", "absent", "show"})


def value(page: PageContext, call: Value) -> str:
    """A recorded value in a sentence."""
    block, recording = page.find(call.block)
    if recording is None:
        return page.inline(unrecorded.value())
    with told(page.key, block):
        return page.inline(_marked(page.filled(call.path), block, recording))


def expect(page: PageContext, call: Expect) -> str:
    """A claim that is checked, and the value it is about."""
    block, recording = page.find(call.block)
    if recording is None:
        return page.inline(unrecorded.value()) if call.show and not call.absent else ""
    path = page.filled(call.path)
    if call.absent:
        _check_absent(recording, path)
        return ""
    with told(page.key, block):
        recorded = lookup(recording, path)
    relations = [name for name in call.given if name not in _NO_RELATION]
    if not relations:
        words = f"expect({call.block!r}, {call.path!r}) claims nothing"
        raise GuideError(f"{words}: equals=, same_as=, …")
    for relation in relations:
        wanted = getattr(call, relation)
        other, of = None, _of(call.block, path)
        if relation in claims.BETWEEN:
            other = _other(page, wanted, call.less)
            of += f", and {_of(*wanted)}"
            of += "" if call.less is None else f" less {call.less:g}"
        claims.check(recorded, other, relation, wanted, of)
    return page.inline(_marked(path, block, recording)) if call.show else ""


def _of(block: str, path: str) -> str:
    """Whose value it is, in words."""
    return f"{path} of block {block}"


def _other(page: PageContext, wanted: Any, less: float | None) -> Any:
    """The value of a block and a path, less what it is claimed to be more by."""
    if len(wanted) != 2:
        raise GuideError(f"a claim about two values names a block and a path, not {wanted!r}")
    block, path = wanted
    found, recording = page.find(block)
    with told(page.key, found):
        other: Any = None if recording is None else lookup(recording, page.filled(path))
    if less is None:
        return other
    try:
        return int(other) - less
    except (TypeError, ValueError) as error:
        raise GuideError(f"less= needs a whole number, and {other!r} is not one") from error


def _check_absent(recording: Recording, path: str) -> None:
    if exists(recording, path):
        recorded = lookup(recording, path)
        raise ClaimError(f"the page claims that {recording.id} has no {path}; it has {recorded!r}")


def only(page: PageContext, call: Only) -> str:
    """The body where the edition's versions are such, or nothing."""
    return call.caller() if _holds(page, call.condition) else ""


def when(page: PageContext, call: When) -> Any:
    """One of two values by the edition's versions."""
    if _holds(page, call.condition):
        return call.then
    return type(call.then)() if call.otherwise is None else call.otherwise


def _holds(page: PageContext, condition: str) -> bool:
    return conditions.holds(condition, page.guide.edition.versions)


def version(page: PageContext, call: Version) -> str:
    """A version of the edition."""
    versions = page.guide.edition.versions
    if call.name in versions:
        return page.inline(render("site/version.html", version=versions[call.name]))
    if page.undone:
        return page.inline(unrecorded.value())
    known = ", ".join(versions)
    raise GuideError(f"the edition names no version of {call.name}; it names {known}")


def handed_over(page: PageContext, call: Handover) -> str:
    """Who hands an address to whom."""
    rows = []
    for what, *steps in call.rows:
        shown = []
        for step in steps:
            if isinstance(step, str) or len(step) != 4:
                raise GuideError(f"a step of a handover is who, where, a block and a path: {step}")
            who, where, reference, path = step
            block, recording = page.find(reference)
            if recording is None:
                return absent(page, block, stale=False)
            recorded = _marked(page.filled(path), block, recording)
            shown.append(handover.Step(who, where, recorded))
        rows.append((str(what), shown))
    html = handover.figure(rows, id=call.id, title=call.title)
    return page.slot(html, render("site/found.html", command="", texts=[call.title]))


def _marked(path: str, block: Block, recording: Recording) -> Markup:
    """A value as it stands in a sentence, marked where it is an address or a name."""
    text = text_at(recording, path)
    within = block.netns or commandline.within(recording.ran)
    key = marks.key_of(text, block.node, within)
    return render("site/value.html", value=safe(marks.mark(text, key)) if key else text)
