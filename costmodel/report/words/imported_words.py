"""What became of an imported operator, in words."""

from __future__ import annotations

from typing import Final

from costmodel.results.graphs.imported_operator import Became, ImportedOperatorCost

_WHY: Final = {
    Became.FUSED: "applied on the way out of the layer before",
    Became.FOLDED: "multiplied into the parameters of the layer before",
    Became.VIEW: "the same elements in the same order",
}


def imported_text(operator: ImportedOperatorCost) -> str:
    """Return why an operator costs nothing; empty where it costs something, or no layer came of it."""
    merged = operator.became is not Became.VIEW or operator.layers
    return operator.why or (_WHY.get(operator.became, "") if merged else "")
