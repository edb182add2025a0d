"""`python -m costmodel`."""

from __future__ import annotations

import sys

from costmodel.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
