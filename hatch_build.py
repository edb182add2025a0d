"""The README as an index shows it: what links to files of the project leads to the documentation's address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PAGE = re.compile(r"(?<!!)\[([^\]]*)\]\(docs/([a-z_]+)\.md(#[^)]*)?\)")
IMAGE = re.compile(r"!\[([^\]]*)\]\(docs/images/([^)]+)\)")
FILE = re.compile(r"(?<!!)\[([^\]]*)\]\((?![a-z]+://)[^)#][^)]*\)")


def readme_for_an_index(text: str, address: str) -> str:
    """Return the README with nothing in it that only a checkout holds.

    Parameters
    ----------
    text : str
        README.md.
    address : str
        Of the documentation, with a slash at its end.

    Returns
    -------
    str
        Pages and images at the address; other files by their names, without a link.
    """
    text = IMAGE.sub(rf"![\1]({address}\2)", text)
    text = PAGE.sub(rf"[\1]({address}\2.html\3)", text)
    return FILE.sub(r"\1", text)


class ReadmeHook(MetadataHookInterface):
    """Hands the README to the metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the README; the documentation's address is the project's own."""
        root = Path(self.root)
        address = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Documentation"]
        text = readme_for_an_index((root / "README.md").read_text(encoding="utf-8"), address)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
