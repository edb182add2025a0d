"""The constants and formulas an answer rests on, as lists, and the lives a report draws beside it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from costmodel.evaluation.calibrating import calibrate
from costmodel.evaluation.composition import cost
from costmodel.evaluation.design import design_of
from costmodel.evaluation.life_curve import life_against_period
from costmodel.provenance import Constant, Formula, formulas_met
from costmodel.results.conclusions.grounds import Grounds, UsedConstant, UsedFormula
from costmodel.results.evaluation import Evaluation
from costmodel.specs.base import GIVEN
from costmodel.specs.counting import Granularity
from costmodel.specs.scenario import Scenario


def grounds_of(scenario: Scenario, evaluation: Evaluation) -> Grounds:
    """Return what an evaluation rests on, and what a report draws beside it.

    Parameters
    ----------
    scenario : Scenario
        What was asked.
    evaluation : Evaluation
        Its answer.

    Returns
    -------
    Grounds
        Constants, formulas, and life against the time between inferences.
    """
    return Grounds(used_constants(scenario), used_formulas(scenario, evaluation), life_against_period(scenario, evaluation))


def used_constants(scenario: Scenario) -> tuple[UsedConstant, ...]:
    """Return every constant a scenario carries.

    Parameters
    ----------
    scenario : Scenario
        What was asked.

    Returns
    -------
    tuple of UsedConstant
        In the order of its fields; a constant without a source of its own has that of the record it stands in.
    """
    return tuple(_constants(scenario, "", GIVEN))


def _constants(spec: BaseModel, path: str, source: str) -> Iterator[UsedConstant]:
    source = getattr(spec, "source", "") or source
    for field in type(spec).model_fields:
        value = getattr(spec, field)
        if isinstance(value, Constant):
            own = source if value.source == GIVEN else value.source
            yield UsedConstant(f"{path}{field}", value.value, value.unit, value.low, value.high, own)
        elif isinstance(value, BaseModel):
            yield from _constants(value, f"{path}{field}.", source)
        elif isinstance(value, tuple):
            for place, part in enumerate(value, start=1):
                if isinstance(part, BaseModel):
                    label = getattr(part, "name", None) or getattr(part, "layer", None) or str(place)
                    yield from _constants(part, f"{path}{field}.{label}.", source)


def used_formulas(scenario: Scenario, evaluation: Evaluation) -> tuple[UsedFormula, ...]:
    """Return every formula that answering a scenario calls.

    Parameters
    ----------
    scenario : Scenario
        What was asked.
    evaluation : Evaluation
        Its answer: what was traced by execution is not executed again.

    Returns
    -------
    tuple of UsedFormula
        Sorted by id, each once.
    """
    with formulas_met() as met:
        for answer in evaluation.dataflows:
            traced = [layer.accesses for layer in answer.layers] if scenario.counting.granularity is Granularity.BLOCK_TRACED else None
            cost(design_of(scenario, answer.dataflow, calibrate(scenario, answer.dataflow).rates), traced)
    return tuple(UsedFormula(formula.id, _equations(formula), formula.unit, formula.source) for _, formula in sorted(met.items()))


def _equations(formula: Formula) -> tuple[str, ...]:
    if isinstance(formula.equation, str):
        return (formula.equation,)
    return tuple(f"{name}: {equation}" for name, equation in formula.equation.items())
