"""The documentation as a site: `make docs` builds it offline, from the pages as they are."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

import costmodel

for path, text in generate.site_pages().items():
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")

project = "costmodel"
author = "the costmodel developers"
version = release = costmodel.__version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["examples"]
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
# Pages link to files of the repository, too, which are no pages of the site; a page that reaches the index by its links needs no toctree.
suppress_warnings = ["myst.xref_missing", "toc.not_included", "misc.highlighting_failure"]
html_theme = "furo"
html_title = f"costmodel {release}"
html_static_path: list[str] = []
# At the address itself, where the README of the package looks for them.
html_extra_path = ["images"]
