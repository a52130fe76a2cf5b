"""Screenshots of pages, light and dark, desktop and phone: python -m tests.site.shots OUT [PAGE...]

Without pages, all of the guide; `--sample` takes the sample page instead.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.site.browser import DESKTOP, PHONE, SCHEMES, launch, size
from tests.site.build import build_guide, build_sample, served


def main(arguments: list[str]) -> None:
    """Writes OUT/<page>-<scheme>-<desktop|phone>.png and prints each name."""
    sample = "--sample" in arguments
    out, *wanted = [word for word in arguments if not word.startswith("--")]
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        target = Path(work, "site")
        if sample:
            build_sample(Path(work), target)
        else:
            build_guide(target)
        with served(target) as site:
            browser = launch(playwright)
            page = browser.new_page()
            for path in wanted or site.pages:
                name = path.removesuffix(".md").removesuffix(".html")
                page.goto(f"{site.url}/{name}.html")
                for view, label in ((DESKTOP, "desktop"), (PHONE, "phone")):
                    size(page, view)
                    for scheme in SCHEMES:
                        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                        shot = folder / f"{name.replace('/', '-')}-{scheme}-{label}.png"
                        page.screenshot(
                            path=shot,
                            full_page=True,
                        )
                        print(shot)
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
