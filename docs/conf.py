"""How the site is built: `sphinx-build -W --keep-going docs site`, with ctrlkit[docs] installed."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import make_reference  # noqa: E402

project = "ctrlkit"
author = "The ctrlkit authors"
release = metadata.version("ctrlkit")
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
nitpicky = True
exclude_patterns = ["site"]
html_theme = "furo"
html_title = f"ctrlkit {release}"
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False


CONTENTS = {
    "Learn": ["tutorials/*"],
    "Do": ["how-to/*", "generated/contributing"],
    "Look up": [
        "reference/*",
        *(f"generated/{name}" for name in make_reference.PAGES),
    ],
    "Understand": ["explanation/*"],
    "ctrlkit": ["generated/readme", "generated/security", "generated/changelog"],
}
"""What stands in the margin; a new page of a folder comes in by itself."""


def relinked(_: Sphinx, name: str, source: list[str]) -> None:
    """Lead links to pages at the repository's top to their copies on the site; give the first page its contents."""
    source[0] = make_reference.relinked(source[0])
    if name == "index":
        for caption, pages in CONTENTS.items():
            lines = "\n".join(pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {caption}\n\n{lines}\n```\n"


def setup(app: Sphinx) -> None:
    """Make the pages that come out of the program before the others are read."""
    app.connect("builder-inited", lambda _: make_reference.write(HERE / "generated"))
    app.connect("source-read", relinked)
