"""The table of commands: a name, and the line that says what it does.

The command `x` is the function `x_command` of the module `costmodel.cli.x_command`, or, where it has commands of its own, the Typer
application `x_app` there. A module is imported when its command runs, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

COMMANDS: Final[Mapping[str, str]] = {
    "report": "cost a network on a device: energy, RAM, time, battery",
    "reproduce": "account for every published figure",
    "explain": "show how one figure follows, down to constants",
    "count": "count the memory accesses of a layer or network",
    "plan": "plan where every buffer lives in RAM",
    "battery": "compute battery life under several battery models",
    "sweep": "cost many designs at once",
    "cacti": "run CACTI, tabulate and compare SRAM energies",
    "compress": "prune and quantise a network",
    "pack": "write a network as the binary the firmware reads",
    "validate": "run the firmware and compare its counters",
    "compare": "hold a device's log against the counts",
    "trace": "read a power trace and find the inferences in it",
    "init": "write a network and a scenario to start from",
    "list": "list what is packaged: networks, devices, memories and more",
}
"""Every command, in the order help lists them."""


def module_of(command: str) -> str:
    """Return the module a command lives in."""
    return f"costmodel.cli.{command}_command"


def installed_commands() -> tuple[str, ...]:
    """Return the commands whose module is there, in the table's order."""
    return tuple(name for name in COMMANDS if find_spec(module_of(name)) is not None)
