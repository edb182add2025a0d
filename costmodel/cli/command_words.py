"""The command that is running, as text to type again with something changed."""

from __future__ import annotations

import shlex
from typing import Any, Final

LEFT_OUT: Final = frozenset({"out", "output_format", "full", "section", "sleep"})
"""Parameters of a report that say how it is shown, or that a suggestion changes."""


def command_text(context: Any) -> str:
    """Return a command with what its user gave, quoted for a shell.

    Parameters
    ----------
    context : typer.Context
        Of the running command.

    Returns
    -------
    str
        `costmodel report resnet8 --device nrf52840`.
    """
    words = ["costmodel", str(context.info_name)]
    for parameter in context.command.params:
        name = parameter.name
        source = context.get_parameter_source(name)
        if name in LEFT_OUT or source is None or source.name != "COMMANDLINE":
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
