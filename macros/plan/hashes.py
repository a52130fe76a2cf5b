"""Plan hashes: what decides the answer to a block, and so whether its recording is fresh."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from macros.ground.model import Block, PageHead, Step

_DIGITS = 12  # hex digits of a plan hash: 48 bits, plenty to notice an edit

# What changes no answer makes none stale: how it is shown, quoted and settled.
_NO_RUN = (
    "line",
    "column",
    "source",
    "page",
    "shown",
    "label",
    "only",
    "choice",
    "facts",
    "may_fail",
    "keep",
    "plan",
)
_OF_RUN = tuple(field.name for field in fields(Block) if field.name not in _NO_RUN)
# Younger than the recordings of other captures, and left out where they are not used.
_YOUNG = ("trace", "until")


def start(front: PageHead) -> str:
    """The hash over all that comes before a page's first block.

    What is not asked for is left out: pages keep their hashes when this learns something new.
    """
    asked: dict[str, Any] = {}
    if front.cluster:
        asked["cluster"] = asdict(front.cluster)
    if front.outside:
        asked["outside"] = True
    if front.manifests:
        asked["manifests"] = front.manifests
    return _digest(
        {
            "nodes": front.nodes,
            "profile": front.profile,
            "setup": [_of_step(step) for step in front.setup],
            "cleanup": [_of_step(step) for step in front.cleanup],
            **asked,
        }
    )


def parts(front: PageHead) -> Mapping[str, str]:
    """A hash over each part of what `start` is over, by its key of the front matter.

    A recording keeps them, so that who edits one is told which; none of them makes it stale.
    """
    made = {
        "lab": (front.nodes, front.profile, front.cluster and asdict(front.cluster), front.outside),
        "setup": [_of_step(step) for step in front.setup],
        "cleanup": [_of_step(step) for step in front.cleanup],
        "manifests": front.manifests,
    }
    return {name: _digest(value) for name, value in made.items()}


def chained(start: str, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Each block's hash covers its own and the one before, so an edit makes the rest stale too."""
    previous, hashed = start, []
    for block in blocks:
        plain = {name: getattr(block, name) for name in _OF_RUN}
        if block.capture is not None:
            plain["capture"] = asdict(block.capture)
            for young in _YOUNG:
                if not plain["capture"][young]:
                    del plain["capture"][young]
        previous = _digest({"before": previous, "block": plain})
        hashed.append(replace(block, plan=previous))
    return tuple(hashed)


def behind(before: str, block: Block) -> str:
    """The hash of one block where `before` is that of what stands before it; "": by itself."""
    return chained(before, (block,))[0].plan


def _of_step(step: Step) -> dict[str, Any]:
    """What decides what a step does: where it stands, and why, does not."""
    return {name: value for name, value in asdict(step).items() if name not in ("line", "why")}


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
