"""The command that is running, as text to type again with something changed, and the command to type next."""

from __future__ import annotations

import shlex
from typing import Any, Final

LEFT_OUT: Final = frozenset({"out", "output_format", "full", "section", "force"})
"""Parameters of a report that say how it is shown."""
PLANNED: Final = ("input_shape", "static_bytes", "radio")
"""Parameters of a report that a plan takes, too."""


def command_text(context: Any, leave_out: frozenset[str] = LEFT_OUT) -> str:
    """Return a command with what its user gave, quoted for a shell.

    Parameters
    ----------
    context : typer.Context
        Of the running command.
    leave_out : frozenset of str, optional
        Parameters that are not to be typed again.

    Returns
    -------
    str
        `costmodel report resnet8 --device nrf52840`.
    """
    words = ["costmodel", str(context.info_name)]
    for parameter in context.command.params:
        name = parameter.name
        source = context.get_parameter_source(name)
        if name in leave_out or source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[name]
        if parameter.param_type_name == "argument":
            words.append(shlex.quote(str(value)))
        elif isinstance(value, bool):
            words.append(parameter.opts[0] if value else (parameter.secondary_opts or parameter.opts)[0])
        else:
            for each in value if isinstance(value, list | tuple) else (value,):
                words += [parameter.opts[0], shlex.quote(str(each))]
    return " ".join(words)


def plan_text(network: str | None, device: str | None, context: Any) -> str:
    """Return the command that plans the memory of what a report is about.

    Parameters
    ----------
    network, device : str or None
        What they are named by; None where they are written out in a scenario.
    context : typer.Context
        Of the running command: what it was told of the model file and of the heap, a plan is told, too.

    Returns
    -------
    str
        `costmodel plan resnet8 --device nrf52840`; empty where no plan can be asked for by names.
    """
    if network is None or device is None or context.params.get("allow_unsupported"):
        return ""
    words = ["costmodel", "plan", shlex.quote(network), "--device", shlex.quote(device)]
    for parameter in context.command.params:
        given = context.params.get(parameter.name)
        if parameter.name in PLANNED and given is not None:
            for each in given if isinstance(given, list | tuple) else (given,):
                words += [parameter.opts[0], shlex.quote(str(each))]
    return " ".join(words)
