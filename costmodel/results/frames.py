"""Evaluations as pandas frames: one row a layer and dataflow, units in the column names as everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
            **_counts(answer.counts, ""),
            **_counts(answer.accesses, "accesses_"),
            **_energies(answer.energy),
            "duration_s": answer.latency.total_s,
            "latency_reason": answer.latency.reason,
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
    return {
        "dataflow": answer.dataflow.value,
        "layer": layer.name,
        "kind": layer.kind,
        "output": "x".join(str(extent) for extent in layer.output_shape),
        "parameter_count": layer.parameter_count,
        "interior_pixel_count": layer.interior_pixel_count,
        "boundary_pixel_count": layer.boundary_pixel_count,
        **_counts(layer.counts, ""),
        **_counts(layer.valid_counts, "valid_"),
        **_counts(layer.accesses, "accesses_"),
        **_energies(layer.energy),
        "duration_s": layer.duration_s,
    }


def _counts(counts: AccessCounts, prefix: str) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in counts._asdict().items()}


def _energies(energy: EnergySplit) -> dict[str, float]:
    return {
        "tensor_pj": energy.tensor_pj,
        "scratch_pj": energy.scratch_pj,
        "memory_pj": energy.memory_pj,
        "compute_pj": energy.compute_pj,
    }
