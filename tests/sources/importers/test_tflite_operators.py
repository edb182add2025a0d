"""Every operator of TensorFlow Lite becomes layers with its counts, a view with a reason, or a refusal with its name."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tflite_writer import Field, ModelFile, Scalar, Vector

import costmodel
from costmodel.errors import CostModelError, InputError
from costmodel.sources.importers.channels_last.arrangement import arranged_shape, file_order, places_in_file, same_order, usual_axes
from costmodel.sources.importers.channels_last.to_layers import drafted_layers
from costmodel.sources.importers.lowering_table import LOWERINGS
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.tflite import from_tflite
from costmodel.sources.importers.tflite_schema import OPERATORS, OPTIONS
from costmodel.sources.importers.to_model import model_of
from costmodel.sources.importers.to_network import network_of
from costmodel.specs.network import Network

SHARED = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[4] / "shared"))
MODELS = SHARED / "data" / "models"
FILES = sorted(MODELS.rglob("*.tflite"))
REQUIRED = "data" in os.environ.get("COSTMODEL_REQUIRE", "").split(",")
needs_models = pytest.mark.skipif(
    not FILES and not REQUIRED, reason=f"public models are read from {MODELS}; COSTMODEL_SHARED names another folder"
)


class Constant(NamedTuple):
    """A constant input."""

    shape: Sequence[int]
    values: Sequence[float]
    element: str = "int32"


Given = Sequence[int] | Constant | None


def one_operator(kind: str, inputs: Sequence[Given], outputs: Sequence[Sequence[int]], element: str = "int8", **options: Any) -> bytes:
    """Write a file of one operator; shapes are tensors that the network is given."""
    file = ModelFile()
    codes = {"int8": "b", "int32": "i", "float32": "f"}
    places, given_places = [], []
    for one in inputs:
        if isinstance(one, Constant):
            content = struct.pack(f"<{len(one.values)}{codes[one.element]}", *one.values)
            places.append(file.tensor(one.shape, one.element, content))
        elif one is None:
            places.append(-1)
        else:
            places.append(file.tensor(one, element))
            given_places.append(places[-1])
    made = [file.tensor(shape, element) for shape in outputs]
    fields: dict[int, Field] = {}
    for name, value in options.items():
        position, code, _ = OPTIONS[kind][name]
        fields[position] = Vector("i", value) if code == "[i" else value if code == "s" else Scalar(code, value)
    file.operator(OPERATORS.index(kind), places, made, fields)
    return file.written(given_places, made)


def network(*arguments: Any, **options: Any) -> Network:
    return network_of(from_tflite(one_operator(*arguments, **options), "m.tflite"))


def ones(count: int, *shape: int) -> Constant:
    return Constant(shape or (count,), [1] * count, "int8")


def whole(*values: int) -> Constant:
    return Constant((len(values),), values)


IMAGE = (1, 4, 6, 3)
CASES: list[tuple[str, Sequence[Given], Sequence[Sequence[int]], dict[str, Any], list[tuple[str, tuple[int, ...]]]]] = [
    ("ABS", [IMAGE], [IMAGE], {}, [("unary", (3, 4, 6))]),
    ("ADD", [IMAGE, IMAGE], [IMAGE], {"activation": 3}, [("extra_input", (3, 4, 6)), ("add", (3, 4, 6)), ("clamp", (3, 4, 6))]),
    ("ADD", [IMAGE, ones(3)], [IMAGE], {}, [("binary", (3, 4, 6))]),
    ("ADD", [IMAGE, ones(6, 6, 1)], [IMAGE], {}, [("binary", (3, 4, 6))]),
    ("MUL", [IMAGE, (1, 1, 1, 3)], [IMAGE], {}, [("extra_input", (3, 1, 1)), ("binary", (3, 4, 6))]),
    ("ARG_MAX", [(1, 5), whole(1)], [(1,)], {}, [("reduce", (1,))]),
    ("BATCH_MATMUL", [(2, 5, 3), (2, 3, 7)], [(2, 5, 7)], {}, [("extra_input", (7, 2, 3)), ("einsum", (7, 2, 5))]),
    ("BATCH_MATMUL", [(1, 5, 3), ones(21, 3, 7)], [(1, 5, 7)], {}, [("conv2d", (7, 5, 1))]),
    ("BROADCAST_TO", [(1, 1, 6, 3), whole(1, 4, 6, 3)], [IMAGE], {}, [("rearrange", (3, 4, 6))]),
    ("CAST", [IMAGE], [IMAGE], {}, [("convert", (3, 4, 6))]),
    ("CONCATENATION", [IMAGE, IMAGE], [(1, 4, 6, 6)], {"axis": 3}, [("extra_input", (3, 4, 6)), ("concat", (6, 4, 6))]),
    ("CONCATENATION", [IMAGE, IMAGE], [(1, 4, 12, 3)], {"axis": -2}, [("extra_input", (3, 4, 6)), ("concat", (3, 4, 12))]),
    ("CUMSUM", [IMAGE, whole(2)], [IMAGE], {"exclusive": 1}, [("cumulative_sum", (3, 4, 6))]),
    ("CUMSUM", [(2, 1, 4, 3), whole(1)], [(2, 1, 4, 3)], {}, [("cumulative_sum", (3, 2, 1, 4))]),
    ("CONCATENATION", [IMAGE, ones(24, 1, 4, 6, 1)], [(1, 4, 6, 4)], {"axis": 3}, [("stored_tensor", (1, 4, 6)), ("concat", (4, 4, 6))]),
    (
        "SELECT_V2",
        [IMAGE, ones(3), ones(3)],
        [IMAGE],
        {},
        [("stored_tensor", (3, 1, 1)), ("stored_tensor", (3, 1, 1)), ("binary", (3, 4, 6))],
    ),
    ("DEPTH_TO_SPACE", [(1, 4, 6, 8)], [(1, 8, 12, 2)], {"block": 2}, [("rearrange", (2, 8, 12))]),
    ("EMBEDDING_LOOKUP", [(1,), ones(12, 4, 3)], [(1, 3)], {}, [("embedding", (3,))]),
    ("GATHER", [IMAGE, whole(5, 0, 0)], [(1, 4, 3, 3)], {"axis": 2}, [("gather", (3, 4, 3))]),
    ("L2_NORMALIZATION", [IMAGE], [IMAGE], {}, [("reduce", (1, 4, 6)), ("unary", (1, 4, 6)), ("binary", (3, 4, 6))]),
    ("LEAKY_RELU", [IMAGE], [IMAGE], {"alpha": 0.25}, [("unary", (3, 4, 6))]),
    ("LOG_SOFTMAX", [(1, 5)], [(1, 5)], {}, [("log_softmax", (5,))]),
    ("MEAN", [IMAGE, whole(3)], [(1, 4, 6)], {}, [("reduce", (1, 4, 6)), ("reshape", (6, 4, 1))]),
    ("MEAN", [IMAGE, whole(1, 2)], [(1, 3)], {}, [("adaptive_avg_pool2d", (3, 1, 1)), ("flatten", (3,))]),
    ("MIRROR_PAD", [IMAGE, Constant((4, 2), [0, 0, 1, 1, 2, 0, 0, 0])], [(1, 6, 8, 3)], {}, [("pad_nd", (3, 6, 8))]),
    (
        "PACK",
        [(1, 5), (1, 5)],
        [(1, 2, 5)],
        {"axis": 1, "count": 2},
        [("extra_input", (5,)), ("reshape", (5, 1, 1)), ("reshape", (5, 1, 1)), ("concat", (5, 2, 1))],
    ),
    ("PAD", [IMAGE, Constant((4, 2), [0, 0, 1, 1, 2, 0, 0, 0])], [(1, 6, 8, 3)], {}, [("pad_nd", (3, 6, 8))]),
    ("PRELU", [IMAGE, ones(3, 1, 1, 3)], [IMAGE], {}, [("binary", (3, 4, 6))]),
    ("REDUCE_MAX", [(2, 5), whole(0)], [(5,)], {}, [("reduce", (5, 1, 1)), ("flatten", (5,))]),
    ("RELU6", [IMAGE], [IMAGE], {}, [("clamp", (3, 4, 6))]),
    ("RESHAPE", [(1, 24)], [(1, 4, 6, 1)], {}, [("reshape", (1, 4, 6))]),
    ("RESIZE_BILINEAR", [IMAGE, whole(8, 9)], [(1, 8, 9, 3)], {}, [("resize", (3, 8, 9))]),
    ("REVERSE_SEQUENCE", [(1, 4, 3), whole(3)], [(1, 4, 3)], {"sequence_axis": 1}, [("gather", (3, 4, 1))]),
    ("REVERSE_V2", [IMAGE, whole(2)], [IMAGE], {}, [("rearrange", (3, 4, 6))]),
    ("SLICE", [IMAGE, whole(0, 1, 0, 0), whole(1, 2, -1, 3)], [(1, 2, 6, 3)], {}, [("slice", (3, 2, 6))]),
    ("SPACE_TO_DEPTH", [(1, 4, 6, 3)], [(1, 2, 3, 12)], {"block": 2}, [("rearrange", (12, 2, 3))]),
    ("SPLIT", [whole(3), (1, 4, 6, 4)], [(1, 4, 6, 2)] * 2, {"count": 2}, [("slice", (2, 4, 6)), ("slice", (2, 4, 6))]),
    ("SPLIT_V", [(1, 5), whole(2, 3), whole(1)], [(1, 2), (1, 3)], {"count": 2}, [("slice", (2,)), ("slice", (3,))]),
    (
        "STRIDED_SLICE",
        [IMAGE, whole(0, 3, 0, 0), whole(1, 0, 6, 1), whole(1, -2, 1, 1)],
        [(1, 2, 6)],
        {"shrink_axis_mask": 8},
        [("slice", (1, 2, 6)), ("reshape", (6, 2, 1))],
    ),
    (
        "STRIDED_SLICE",
        [IMAGE, whole(0, 0, 1), whole(0, 0, 3), whole(1, 1, 1)],
        [(1, 1, 4, 6, 2)],
        {"ellipsis_mask": 2, "new_axis_mask": 1},
        [],
    ),
    ("SUB", [ones(1, 1), IMAGE], [IMAGE], {}, [("binary", (3, 4, 6))]),
    ("TILE", [IMAGE, whole(1, 1, 2, 2)], [(1, 4, 12, 6)], {}, [("rearrange", (6, 4, 12))]),
    ("TRANSPOSE", [IMAGE, whole(0, 2, 1, 3)], [(1, 6, 4, 3)], {}, []),
    (
        "TRANSPOSE_CONV",
        [whole(1, 8, 12, 5), ones(135, 5, 3, 3, 3), IMAGE],
        [(1, 8, 12, 5)],
        {"padding": 0, "stride_rows": 2, "stride_columns": 2},
        [("transposed_conv2d", (5, 8, 12))],
    ),
    ("UNPACK", [(1, 2, 5)], [(1, 5), (1, 5)], {"axis": 1, "count": 2}, []),
]


@pytest.mark.parametrize(
    ("kind", "inputs", "outputs", "options", "layers"), CASES, ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)]
)
def test_an_operator_becomes_its_layers(
    kind: str, inputs: Any, outputs: Any, options: dict[str, Any], layers: list[tuple[str, tuple[int, ...]]]
) -> None:
    net = network(kind, inputs, outputs, **options)
    found = [(step.kind, step.lowered.output) for step in net.steps]
    assert found == layers or (not layers and found)
    # Whatever it is called on the way, the last layer of each output holds as many elements as the file says.
    sizes = sorted(int(np.prod(shape)) for shape in outputs)
    read = {source for step in net.steps for source in step.sources}
    assert sorted(int(np.prod(step.lowered.output)) for at, step in enumerate(net.steps) if at not in read) == sizes


@pytest.mark.parametrize("kind", sorted({"ABS", "COS", "EXP", "LOGISTIC", "TANH", "GELU", "HARD_SWISH", "RSQRT", "LOG"}))
def test_eight_bits_are_looked_up_and_floats_computed(kind: str) -> None:
    for element, table in (("int8", True), ("float32", False)):
        (layer,) = network(kind, [IMAGE], [IMAGE], element).layers
        assert layer.kind == "unary"
        assert layer.table is table


def test_a_flatten_leaves_bytes_where_they_are_and_turns_the_weights_instead() -> None:
    file = ModelFile()
    source, flat, target = file.tensor([1, 2, 3, 4]), file.tensor([1, 24]), file.tensor([1, 1])
    file.operator(OPERATORS.index("RESHAPE"), [source], [flat], {})
    weights = file.tensor([1, 24], content=bytes(range(24)))
    file.operator(OPERATORS.index("FULLY_CONNECTED"), [flat, weights, -1], [target], {})
    graph = from_tflite(file.written([source], [target]), "m.tflite")
    draft = drafted_layers(graph)
    assert [layer["kind"] for layer in draft.layers] == ["flatten", "linear"]
    turned = draft.weights["fc1"].arrange(np.arange(24).reshape(1, 24))
    np.testing.assert_array_equal(turned, np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).reshape(1, 24))
    assert "in one row" in draft.views[0]


def test_a_reshape_that_changes_the_order_of_channels_moves_bytes() -> None:
    (layer,) = network("RESHAPE", [(1, 4, 6, 4)], [(1, 4, 12, 2)]).layers
    assert layer.kind == "reshape"
    assert layer.order is not None
    counts = costmodel.count(layer, (4, 4, 6))
    assert (counts.input_read_count, counts.output_write_count) == (96, 96)


def test_a_padding_before_a_convolution_is_part_of_it() -> None:
    file = ModelFile()
    source, around, target = file.tensor([1, 4, 4, 1]), file.tensor([1, 6, 6, 1]), file.tensor([1, 4, 4, 2])
    widths = file.tensor([4, 2], "int32", struct.pack("<8i", 0, 0, 1, 1, 1, 1, 0, 0))
    file.operator(OPERATORS.index("PAD"), [source, widths], [around], {})
    filters = file.tensor([2, 3, 3, 1], content=bytes(18))
    options = {0: Scalar("b", 1), 1: Scalar("i", 1), 2: Scalar("i", 1)}
    file.operator(OPERATORS.index("CONV_2D"), [around, filters, -1], [target], options)
    (conv,) = network_of(from_tflite(file.written([source], [target]), "m.tflite")).layers
    assert (conv.kind, conv.padding) == ("conv2d", (1, 1, 1, 1))


def test_variables_are_kept_from_one_run_to_the_next() -> None:
    file = ModelFile()
    source, handle, old, new = file.tensor([1, 4]), file.tensor([], "resource"), file.tensor([1, 4]), file.tensor([1, 4])
    file.operator(OPERATORS.index("VAR_HANDLE"), [], [handle], {1: "held"})
    file.operator(OPERATORS.index("READ_VARIABLE"), [handle], [old])
    file.operator(OPERATORS.index("ADD"), [source, old], [new], {})
    file.operator(OPERATORS.index("ASSIGN_VARIABLE"), [handle, new], [])
    net = network_of(from_tflite(file.written([source], [new]), "m.tflite"))
    assert [layer.kind for layer in net.layers] == ["kept_state", "convert", "add", "assign"]
    answer = costmodel.evaluate(costmodel.load_scenario({"name": "s", "network": net, "device": "esp32-s3-wroom-1-n8"}))
    assert answer.memory.arena_bytes >= 12 if hasattr(answer.memory, "arena_bytes") else answer is not None


def test_shapes_that_are_computed_from_a_shape_are_known() -> None:
    file = ModelFile()
    source, shape, first, packed, target = (
        file.tensor([1, 4, 6, 2]), file.tensor([4], "int32"), file.tensor([], "int32"), file.tensor([2], "int32"), file.tensor([1, 48])
    )  # fmt: skip
    file.operator(OPERATORS.index("SHAPE"), [source], [shape], {})
    places = [file.tensor([1], "int32", struct.pack("<i", value)) for value in (0, 1, 1)]
    file.operator(OPERATORS.index("STRIDED_SLICE"), [shape, *places], [first], {4: Scalar("i", 1)})
    rest = file.tensor([], "int32", struct.pack("<i", 48))
    file.operator(OPERATORS.index("PACK"), [first, rest], [packed], {0: Scalar("i", 2), 1: Scalar("i", 0)})
    file.operator(OPERATORS.index("RESHAPE"), [source, packed], [target], {})
    graph = from_tflite(file.written([source], [target]), "m.tflite")
    draft = drafted_layers(graph)
    assert [layer["kind"] for layer in draft.layers] == ["flatten"]
    assert set(draft.views) == {0, 1, 2, 3}
    assert draft.folded[packed].tolist() == [1, 48]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "inputs", "outputs", "told"),
    [
        ("TOPK_V2", [(1, 4)], [(1, 4)], "it is not supported"),
        ("CUMSUM", [IMAGE, (1,)], [IMAGE], "the axis it goes along is not constant"),
        ("CONCATENATION", [(2, 3), (2, 3)], [(2, 3, 1, 2)], "are not those of a CONCATENATION"),
        ("TRANSPOSE", [IMAGE, (4,)], [IMAGE], "the order of its axes is not constant"),
        ("SLICE", [IMAGE, (4,), (4,)], [IMAGE], "is not constant"),
        ("FULLY_CONNECTED", [(1, 4), (3, 4)], [(1, 3)], "its weights are computed"),
        ("CONV_2D", [(2, 4, 6, 3), ones(81, 3, 3, 3, 3), None], [(2, 4, 6, 3)], "no batch of one"),
        ("WHILE", [IMAGE], [IMAGE], "how often its body runs is not known"),
        ("IF", [IMAGE], [IMAGE], "a graph that it runs is missing"),
        ("REVERSE_SEQUENCE", [(2, 4, 3), whole(3, 2)], [(2, 4, 3)], "not the same"),
        ("STRIDED_SLICE", [(4,), whole(0, 0), whole(1, 1), whole(1, 1)], [(1,)], "more axes than a tensor"),
    ],
)
def test_what_cannot_be_taken_over_is_refused_by_name(kind: str, inputs: Any, outputs: Any, told: str) -> None:
    with pytest.raises(InputError, match=rf"operator 0 \({kind}, .* B made\): .*{told}"):
        network(kind, inputs, outputs)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.data())
def test_two_arrangements_are_the_same_where_they_put_every_element_in_its_place(extents: list[int], data: st.DataObject) -> None:
    axes = usual_axes(extents)
    order = file_order(axes)
    shape = arranged_shape(extents, axes)
    values = np.arange(int(np.prod(extents))).reshape(extents)
    held = values.reshape(-1)[places_in_file(extents, axes)].reshape(shape)
    np.testing.assert_array_equal(held.transpose(order).reshape(-1), values.reshape(-1))
    other = data.draw(st.permutations(range(len(extents))))
    expected = np.array_equal(held.reshape(-1), values.transpose(other).reshape(-1))
    assert same_order((extents, axes), (extents, tuple(other))) == expected


@settings(max_examples=300)
@given(st.sampled_from(CASES), st.data())
def test_damaged_operators_are_taken_over_or_refused(case: Any, data: st.DataObject) -> None:
    kind, inputs, outputs, options, _ = case
    content = bytearray(one_operator(kind, inputs, outputs, **options))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    with contextlib.suppress(CostModelError):
        model_of(from_tflite(bytes(content), "m.tflite"))


def test_every_known_operator_is_one_of_the_format() -> None:
    assert {kind for kind in LOWERINGS if not kind.startswith("CUSTOM:")} <= set(OPERATORS)


@needs_models
@pytest.mark.data
def test_public_models_are_costed_or_refused_for_an_operator_of_somebody_s_own() -> None:
    refused = {}
    for path in FILES:
        try:
            network_of(load_model_graph(path))
        except InputError as error:
            refused[path.name] = str(error)
    own = [name for name, told in refused.items() if "CUSTOM:" in told or "Vela" in told]
    assert len(own) <= 0.05 * len(FILES)
    assert all("leaves extents open; give them, as in --input-shape" in refused[name] for name in refused if name not in own)


@needs_models
@pytest.mark.data
def test_a_public_model_of_any_length_is_costed_for_the_one_that_is_given() -> None:
    (path,) = [path for path in FILES if "melspectrogram" in path.name]
    name = "serving_default_input:0"
    nets = [network_of(load_model_graph(path, {name: (1, samples)})) for samples in (512, 16_000)]
    macs = [sum(work.out_channels * 512 * work.w.output for step in net.steps if (work := step.lowered.work) and step.kind == "conv2d"
                and step.name in ("conv1", "conv2")) for net in nets]  # fmt: skip
    # Two convolutions of 257 filters over 512 samples, moved by 160.
    assert macs == [2 * 257 * 512, 2 * 257 * 512 * ((16_000 - 512) // 160 + 1)]


def valid_taps(extent: int, kernel: int, stride: int, dilation: int, outputs: int, same: bool) -> int:
    """Taps on ones: a convolution of ones with ones, along one axis."""
    reach = (kernel - 1) * dilation + 1
    before = max((outputs - 1) * stride + reach - extent, 0) // 2 if same else 0
    line = np.zeros(before + extent + reach + outputs * stride, int)
    line[before : before + extent] = 1
    return int(sum(line[place * stride + tap * dilation] for place in range(outputs) for tap in range(kernel)))


@needs_models
@pytest.mark.data
@pytest.mark.parametrize("name", ["kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "tflm_micro_speech", "tinymaix_cifar10_q"])
def test_valid_multiply_accumulates_are_those_of_a_convolution_of_ones(name: str) -> None:
    graph = load_model_graph(MODELS / f"{name}.tflite")
    expected = 0
    for operator in graph.operators:
        shapes = [graph.tensors[place].shape for place in operator.inputs[:2]]
        output = graph.tensors[operator.outputs[0]].shape
        if operator.kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            taps = [
                valid_taps(
                    shapes[0][axis], shapes[1][axis], operator.whole(f"stride_{side}"), operator.whole(f"dilation_{side}", 1), output[axis],
                    operator.whole("padding") == 0,
                )
                for axis, side in ((1, "rows"), (2, "columns"))
            ]  # fmt: skip
            expected += taps[0] * taps[1] * output[3] * (shapes[1][3] if operator.kind == "CONV_2D" else 1)
        elif operator.kind == "FULLY_CONNECTED":
            expected += int(np.prod(shapes[1]))
    valid = costmodel.CountingConvention(taps="valid", granularity="element")
    scenario = {"name": "s", "network": network_of(graph), "device": "esp32-s3-wroom-1-n8", "counting": valid}
    assert costmodel.evaluate(costmodel.load_scenario(scenario)).dataflows[0].counts.mac_count == expected
