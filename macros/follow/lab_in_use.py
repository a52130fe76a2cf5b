"""Which page a lab is in use for: said from `guide lab prepare` until its clean-up or a reset."""

import json
from collections.abc import Mapping
from pathlib import Path

from macros.follow import other_versions
from macros.ground import files
from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.lab.lab import Lab
from macros.record import fitting


def check(lab: Lab, page: Page, versions: Mapping[str, str]) -> str:
    """See that the lab is one for the page, and free for it. GuideError says what else it is.

    `versions` are those of the edition whose text the page has. What is returned is to be told: see
    `other_versions.told`.
    """
    fitting.check(lab, page)
    other_versions.check(lab, page, versions)
    if (other := of_page(lab)) and other != page.key:
        raise GuideError(
            f"lab {lab.name} is in use for page {other}, which was not undone",
            page=page.source,
            fix=f"guide lab prepare {other} --undo --name {lab.name}, or"
            f" guide lab reset --name {lab.name}",
        )
    return other_versions.told(lab, page, versions)


def of_page(lab: Lab) -> str:
    """The key of the page that the lab is prepared for; "" while it is for none."""
    try:
        note = json.loads(_file(lab).read_bytes())
    except (OSError, ValueError):
        return ""
    return str(note["page"]) if note.get("instance") == lab.instance else ""


def begin(lab: Lab, page: Page) -> None:
    """Say that the lab is prepared for the page."""
    files.write(_file(lab), json.dumps({"instance": lab.instance, "page": page.key}))


def end(lab: Lab) -> None:
    """Say that the lab is for no page."""
    _file(lab).unlink(missing_ok=True)


def _file(lab: Lab) -> Path:
    return files.user_cache() / "in-use" / f"{lab.name}.json"
