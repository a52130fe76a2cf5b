"""How tests are shared out between processes: `pytest -n`."""

import re

from xdist.scheduler.loadscope import LoadScopeScheduling

# Some tests name the site as well: `[guide-flannel.html]` is the page of `[flannel.html]`.
PAGE = re.compile(r"(?:guide-|sample-)?(?P<page>[\w./-]+\.html)(?=[-\]])")


class Sharing(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """The tests of one page run in one process, which looks at the page once for several of them.

    The other tests of the site run wherever there is time. Those of a unit test's file stay
    together: its fixtures are made once.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        if not path.startswith("tests/site/"):
            return path
        page = PAGE.search(nodeid.partition("[")[2])
        return page["page"] if page else nodeid
