"""How tests are shared out between processes: `pytest -n`."""

import re

from xdist.scheduler.loadscope import LoadScopeScheduling

PAGE = re.compile(r"[\w./-]+\.html(?=[-\]])")


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
        return page[0] if page else nodeid
