"""Which models TensorFlow Lite Micro starts: limits, and the scales its kernels can give."""

from __future__ import annotations

import pytest

from costmodel.memory.tflm import refusals
from costmodel.memory.tflm.builds import CHIP_32
from costmodel.memory.tflm.lifetimes import planned_buffers
from costmodel.memory.tflm.refusals import why_refused, why_unknown
from costmodel.specs.imported_graph import GraphBody, ImportedGraph, ImportedOperator, ImportedTensor


def of_one_operator(operator: ImportedOperator, *tensors: ImportedTensor) -> ImportedGraph:
    return ImportedGraph(tensors, (operator,), (0,), operator.outputs, name="m", format_name="f", const_bytes=0)


@pytest.mark.parametrize(
    ("kind", "source", "target", "scale", "zero_point"),
    [
        ("LOGISTIC", "int8", "int8", 1 / 256, -128),
        ("LOGISTIC", "int16", "int16", 1 / 32_768, 0),
        ("SOFTMAX", "int8", "int8", 1 / 256, -128),
        ("SOFTMAX", "int8", "int16", 1 / 65_536, -32_768),
        ("SOFTMAX", "int16", "int16", 1 / 32_768, 0),
        ("LOG_SOFTMAX", "int8", "int8", 1 / 16, 127),
        ("TANH", "int16", "int16", 1 / 32_768, 0),
    ],
)
def test_results_between_known_limits_have_one_scale_and_zero_point(
    kind: str, source: str, target: str, scale: float, zero_point: int
) -> None:
    """A share fills the type's range: 256 or 65,536 steps of it; a hyperbolic tangent half of it on each side of zero."""

    def told(scales: float, zero_points: int) -> str | None:
        tensors = (
            ImportedTensor("t", (1, 4), source, 0, scales=(0.5,), zero_points=(0,)),
            ImportedTensor("u", (1, 4), target, 0, scales=(scales,), zero_points=(zero_points,)),
        )
        return why_refused(of_one_operator(ImportedOperator(kind, 1, (0,), (1,)), *tensors))

    assert told(scale, zero_point) is None
    assert told(0.9995 * scale, zero_point) is None
    for other in ((1.002 * scale, zero_point), (scale, zero_point + 1)):
        reason = told(*other)
        assert reason is not None
        assert f"the kernel gives {scale:g} and {zero_point}" in reason


@pytest.mark.parametrize(
    ("bias", "output", "starts"),
    [(0.25, 1.0, True), (0.255, 1.0, True), (0.255, 0.1, False), (0.3, 1.0, False), (0.25, 0.0, False)],
)
def test_a_bias_is_on_the_scale_of_the_products_within_a_fiftieth_of_the_outputs(bias: float, output: float, starts: bool) -> None:
    def tensor(name: str, shape: tuple[int, ...], element: str, scale: float) -> ImportedTensor:
        return ImportedTensor(name, shape, element, 0, scales=(scale,), zero_points=(0,))

    tensors = (
        tensor("input", (1, 4), "int8", 0.5),
        tensor("weights", (3, 4), "int8", 0.5),
        tensor("bias", (3,), "int32", bias),
        tensor("output", (1, 3), "int8", output),
    )
    found = why_refused(of_one_operator(ImportedOperator("FULLY_CONNECTED", 1, (0, 1, 2), (3,)), *tensors))
    assert (found is None) == starts
    assert starts or f"its bias has the scale {bias:g}, the products it is added to 0.25" in (found or "")


def test_a_fiftieth_itself_is_within() -> None:
    """A bias without a scale has 0, and the products 0.02."""
    tensors = (
        ImportedTensor("input", (1, 4), "int8", 0, scales=(0.02,), zero_points=(0,)),
        ImportedTensor("weights", (3, 4), "int8", 0, scales=(1.0,), zero_points=(0,)),
        ImportedTensor("bias", (3,), "int32", 0),
        ImportedTensor("output", (1, 3), "int8", 0, scales=(1.0,), zero_points=(0,)),
    )
    assert why_refused(of_one_operator(ImportedOperator("FULLY_CONNECTED", 1, (0, 1, 2), (3,)), *tensors)) is None


def rectified(count: int, called: int = -1) -> GraphBody:
    """Rectifiers one after the other, the first of which may run another graph."""
    tensors = tuple(ImportedTensor(f"t{at}", (1, 4), "float32", 0) for at in range(count + 1))
    operators = [ImportedOperator("RELU", 1, (at,), (at + 1,)) for at in range(count)]
    if called >= 0:
        operators[0] = ImportedOperator("CALL_ONCE", 1, (), (), {"graph": called})
    return GraphBody(tensors, tuple(operators), (0,), (count,))


def graph_of(first: GraphBody, *bodies: GraphBody) -> ImportedGraph:
    return ImportedGraph(
        first.tensors, first.operators, first.inputs, first.outputs, name="m", format_name="f", const_bytes=0, bodies=bodies
    )


@pytest.mark.parametrize(
    ("limit", "within", "beyond", "told"),
    [
        ("MOST_OPERATORS", graph_of(rectified(3), rectified(1)), graph_of(rectified(3), rectified(2)), "more than 4 operators"),
        ("MOST_GRAPHS", graph_of(*[rectified(1)] * 4), graph_of(*[rectified(1)] * 5), "more than 4 graphs"),
        ("MOST_CALLS", graph_of(rectified(2, 1), rectified(2)), graph_of(rectified(2, 1), rectified(3)), "it runs more than 4 operators"),
    ],
)
def test_a_model_at_a_limit_is_planned_and_beyond_it_is_not(
    limit: str, within: ImportedGraph, beyond: ImportedGraph, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, limit, 4)
    assert why_refused(within) is None
    assert why_refused(beyond) == told


def test_as_many_buffers_as_the_limit_are_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_BUFFERS", 4)
    for count, told in ((3, None), (4, "5 buffers; at most 4 are placed")):
        graph = graph_of(rectified(count))
        assert why_unknown(graph, planned_buffers(graph, CHIP_32)) == told


@pytest.mark.parametrize("kind", ["SignalFramer", "SignalDelay", "SignalOverlapAdd"])
def test_a_kernel_that_keeps_a_state_for_each_row_has_at_most_so_many(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_ROWS", 6)
    for rows, told in ((3, None), (4, "it keeps a state for each of 8 rows; at most 6 are planned")):
        tensors = tuple(ImportedTensor(name, (2, rows, 5), "int16", 0) for name in ("t", "u"))
        found = why_refused(of_one_operator(ImportedOperator(f"CUSTOM:{kind}", 1, (0,), (1,)), *tensors))
        assert (found is None) == (told is None)
        assert told is None or (found or "").endswith(told)


def test_a_type_the_runtime_has_no_size_for_is_named() -> None:
    tensors = (ImportedTensor("t", (1, 4), "float32", 0), ImportedTensor("u", (1, 4), "uint16", 0))
    found = why_refused(of_one_operator(ImportedOperator("CAST", 1, (0,), (1,)), *tensors))
    assert found == "tensor 'u' is uint16, a type the runtime does not have"
