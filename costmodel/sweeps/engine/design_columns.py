"""Columns into a design."""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.columns import Number
from costmodel.evaluation.design import Design, design_of
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.study.design_fields import DesignField


def filled(design: Design, scenario: Scenario, columns: Mapping[DesignField, Number]) -> Design:
    """Return a design with columns in their places.

    Parameters
    ----------
    design : Design
        Of the base scenario.
    scenario : Scenario
        The base scenario.
    columns : mapping
        Each field to a number or a column.

    Returns
    -------
    Design
        Ready for `cost`.
    """
    if not columns:
        return design
    numbers = {place.path: column for place, column in columns.items()}
    read = design_of(
        scenario, scenario.dataflows[0], design.rates, lambda constant, path, _: numbers.get(path, constant.value), design.reach
    )
    return read._replace(accountings=design.accountings)
