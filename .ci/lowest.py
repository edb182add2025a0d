"""Print the lowest declared version of each dependency and of each extra's, as constraints."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["project"]
extras = (requirement for extra in project["optional-dependencies"].values() for requirement in extra)
for requirement in (*project["dependencies"], *extras):
    name, version = re.fullmatch(r"([A-Za-z0-9.\-_]+)>=([0-9.]+)", requirement).groups()
    sys.stdout.write(f"{name}=={version}\n")
