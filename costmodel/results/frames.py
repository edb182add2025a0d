"""Evaluations as pandas frames: one row a layer and dataflow, units in the column names as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from costmodel.results.base import Result
from costmodel.results.counts import AccessCounts
from costmodel.results.evaluation import DataflowEvaluation, EnergySplit, Evaluation, LayerEvaluation

if TYPE_CHECKING:
    import pandas as pd


def layers_frame(evaluation: Evaluation) -> pd.DataFrame:
    """Return every layer under every dataflow.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    DataFrame
        Indexed by dataflow and layer: shape, parameters, counts, valid counts (`valid_...`), accesses (`accesses_...`), energies, time.
    """
    import pandas as pd

    rows = [_layer_row(answer, layer) for answer in evaluation.dataflows for layer in answer.layers]
    return pd.DataFrame(rows).set_index(["dataflow", "layer"])


def dataflows_frame(evaluation: Evaluation) -> pd.DataFrame:
    """Return the totals of every dataflow.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    DataFrame
        Indexed by dataflow: counts, accesses (`accesses_...`), energies, time and what it rests on.
    """
    import pandas as pd

    rows = [
        {
            "dataflow": answer.dataflow.value,
            **_columns(answer, _TOTAL_NAMES),
            "duration_s": answer.latency.total_s,
            "latency_reason": answer.latency.basis.kind.value,
        }
        for answer in evaluation.dataflows
    ]
    return pd.DataFrame(rows).set_index("dataflow")


def memory_frame(evaluation: Evaluation) -> pd.DataFrame:
    """Return what each buffer takes at each step, under the scenario's accounting.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    DataFrame
        One row a step and buffer, in running order: step, buffer, bytes, tensors in it that are still needed.
    """
    import pandas as pd

    rows = [
        {"step": moment.step, "buffer": buffer.name, "size_bytes": buffer.size_bytes, "tenants": ", ".join(buffer.tenants)}
        for moment in evaluation.memory.plan.timeline
        for buffer in moment.buffers
    ]
    return pd.DataFrame(rows, columns=["step", "buffer", "size_bytes", "tenants"])


def _layer_row(answer: DataflowEvaluation, layer: LayerEvaluation) -> dict[str, Any]:
    return {"dataflow": answer.dataflow.value, "layer": layer.name, **_columns(layer, _LAYER_NAMES)}


def _columns(part: Result, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a result as columns: numbers first, then counts and energies, the time last; a new field is a new column."""
    fields = {field: getattr(part, field) for field in type(part).model_fields if field in names}
    plain = {names[field]: _shape_text(value) for field, value in fields.items() if not isinstance(value, AccessCounts | EnergySplit)}
    nested: dict[str, Any] = {}
    for field, value in fields.items():
        if isinstance(value, AccessCounts):
            nested |= {f"{names[field]}{counter}": count for counter, count in value._asdict().items()}
        elif isinstance(value, EnergySplit):
            nested |= {**{name: getattr(value, name) for name in EnergySplit.model_fields}, "memory_pj": value.memory_pj}
    times = {name: plain.pop(name) for name in tuple(plain) if name.endswith("_s")}
    return {**plain, **nested, **times}


def _shape_text(value: Any) -> Any:
    return "x".join(str(extent) for extent in value) if isinstance(value, tuple) else value


_PREFIXES: Final = {"counts": "", "valid_counts": "valid_", "accesses": "accesses_"}
"""What the columns of counters begin with."""
_LAYER_NAMES: Final = {field: field for field in LayerEvaluation.model_fields if field != "name"} | {"output_shape": "output"} | _PREFIXES
"""Column of each field of a layer."""
_TOTAL_NAMES: Final = {field: field for field in ("counts", "accesses", "energy")} | {
    field: prefix for field, prefix in _PREFIXES.items() if field in DataflowEvaluation.model_fields
}
"""Those of a dataflow as a whole that are columns."""
