"""`python -m costmodel`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from costmodel.cli.app import main

        status = main()
    except KeyboardInterrupt:
        # While the command line itself was being imported.
        status = 130
    sys.exit(status)
