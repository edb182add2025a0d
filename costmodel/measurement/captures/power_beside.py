"""A power beside a current, in a capture without a voltage: both together tell it."""

from __future__ import annotations

from typing import Final

import numpy as np

from costmodel.errors import FormatError, Location
from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.captures.trace_columns import HeaderNames, TraceColumns, power_column

_LEAST_V: Final = 0.5
"""Of a board's supply, as a power over a current tells it: less or more is a wrong unit."""
_MOST_V: Final = 60.0


def with_product(columns: TraceColumns, header: HeaderNames, where: Location) -> TraceColumns:
    """Return columns with the power beside a current, where no column is a voltage and both together tell a credible one.

    Parameters
    ----------
    columns : TraceColumns
        As `trace_columns` finds them.
    header : HeaderNames
        With the first line of samples.
    where : Location
        The header's line.

    Returns
    -------
    TraceColumns
        The same where there is no such power.
    """
    if columns.current is None or columns.voltage is not None:
        return columns
    try:
        power = power_column(header, where)
        cells = [] if power is None else [float(header.first_row[each.position].replace(",", ".")) for each in (power, columns.current)]
        volts = cells[0] * power.factor / (cells[1] * columns.current.factor) if power is not None else 0.0
    except (FormatError, ValueError, IndexError, ZeroDivisionError):
        return columns
    return columns._replace(product=power) if _LEAST_V <= volts <= _MOST_V else columns


def voltage_of(power_w: Floats, current_a: Floats) -> Floats:
    """Return the voltage that a power over a current tells; the usual one where nothing flows.

    Parameters
    ----------
    power_w, current_a : Floats, shape (samples,)
        Of the same moments [W, A].

    Returns
    -------
    Floats, shape (samples,)
        NaN where either is.
    """
    flows = np.isfinite(power_w) & np.isfinite(current_a) & (current_a != 0.0)
    voltage = np.full(len(current_a), np.nan)
    voltage[flows] = power_w[flows] / current_a[flows]
    if flows.any():
        voltage[current_a == 0.0] = float(np.median(voltage[flows]))
    return voltage
