"""The table of commands: a name, and the line that says what it does.

The command `x` is the function `x_command` of the module `costmodel.cli.<room>.x_command`, or, where it has commands of its own, the
Typer application `x_app` there. A module is imported when its command runs, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COMMANDS: Final[Mapping[str, str]] = {
    "report": "cost a network on a device: energy, RAM, time, battery",
    "reproduce": "account for every published figure",
    "explain": "show how one figure follows, down to constants",
    "count": "count the memory accesses of a layer or network",
    "diff": "compare two networks figure by figure, layer by layer",
    "plan": "plan a network's memory under every strategy",
    "calibrate": "fit a runtime's speed on a device to measured networks",
    "predict": "predict time, energy and battery days on each device",
    "battery": "compute battery life under several battery models",
    "sweep": "cost many designs at once",
    "cacti": "run CACTI, tabulate and compare SRAM energies",
    "compress": "train, prune, pool, fine-tune and quantise a network",
    "map": "find the best tile of each layer for a core",
    "pack": "write a network as the binary the firmware reads",
    "validate": "run the firmware and compare its counters",
    "compare": "hold a device's log against the counts",
    "trace": "read a power trace and find the inferences in it",
    "import": "write a model file as a folder to read and edit",
    "init": "write a network and a scenario to start from",
    "list": "list what is packaged: networks, devices, memories and more",
    "docs": "read the documentation: tutorial, how-to, reference",
    "doctor": "say what is installed, and what each extra adds",
    "completion": "print the completion of a shell",
}
"""Every command, in the order help lists them."""


_ROOMS: Final[Mapping[str, str]] = {
    "report": "costs",
    "reproduce": "costs",
    "explain": "costs",
    "count": "costs",
    "diff": "costs",
    "plan": "costs",
    "calibrate": "devices",
    "predict": "costs",
    "battery": "devices",
    "sweep": "costs",
    "cacti": "costs",
    "compress": "devices",
    "map": "devices",
    "pack": "devices",
    "validate": "devices",
    "compare": "devices",
    "trace": "devices",
    "import": "files",
    "init": "files",
    "list": "files",
    "docs": "files",
    "doctor": "files",
    "completion": "files",
}
"""Which folder of the command line each command's module lies in."""


def module_of(command: str) -> str:
    """Return the module a command lives in."""
    return f"costmodel.cli.{_ROOMS[command]}.{command}_command"
