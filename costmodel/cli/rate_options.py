"""How often: `--rate 1/min` wherever a command asks it, and `--period 1min`, the time from one inference to the next, as another way."""

from __future__ import annotations

from typing import Annotated

import typer

RATE_HELP = "Inferences: 1/min, 30/h, 0.5Hz, 1/day."
Rate = Annotated[str | None, typer.Option("--rate", help=RATE_HELP, show_default=False)]
"""`--rate` of a command."""
Period = Annotated[
    str | None,
    typer.Option("--period", metavar="SECONDS", help="The same as the time from one to the next: 60s, 1min.", show_default=False),
]
"""`--period` of a command."""


def period_asked(rate: str | None, period: str | None) -> float | None:
    """Return the time from one inference to the next.

    Parameters
    ----------
    rate : str or None
        Of `--rate`.
    period : str or None
        Of `--period`.

    Returns
    -------
    float or None
        Period [s]; None where neither was given.

    Raises
    ------
    SpecError
        If both were given, one cannot be read, or the rate is back-to-back, which has no period of its own.
    """
    from costmodel.cli.quantity_text import CONTINUOUS, period_of_rate, positive_quantity
    from costmodel.errors import SpecError
    from costmodel.units import SECONDS

    if rate is not None and period is not None:
        raise SpecError("--rate: says the same as --period; leave one of the two out")
    if period is not None:
        return positive_quantity("--period", period, SECONDS, "time")
    if rate is None:
        return None
    found = period_of_rate("--rate", rate)
    if found is None:
        raise SpecError(f"--rate: {CONTINUOUS[1]} has no period; every report gives the life without pause, `costmodel battery` takes it")
    return found


def rate_said(rate: str | None, period: str | None) -> str | None:
    """Return a rate as `--rate` takes it, from either option; None where neither was given.

    Raises
    ------
    SpecError
        If both were given, or the period cannot be read.
    """
    if period is None:
        return rate
    return f"1/{period_asked(rate, period)!r}s"
