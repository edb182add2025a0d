"""ONNX files: what is in them becomes the network it describes, whatever exporter wrote it, or is refused by the node's name."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx_examples import GENERATOR, array, integers, quantised, small, written
from oracles import oracle

from costmodel.cli.app import main
from costmodel.errors import CostModelError, InputError, MissingError
from costmodel.evaluation.graphs.graph_figures import graph_figures
from costmodel.sources.catalogue import load_network
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.onnx_format.onnx_file import from_onnx
from costmodel.sources.importers.to_network import network_of
from costmodel.specs.network import Network

SHARED = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[4] / "shared"))
STREAMING = SHARED / "data" / "models" / "espdl_streaming_model.onnx"


def network(content: bytes, **shapes: tuple[int, ...]) -> Network:
    return network_of(from_onnx(content, "m.onnx", None, shapes))


def test_a_file_becomes_the_network_it_describes() -> None:
    found = network(small())
    assert [layer.kind for layer in found.layers] == ["conv2d", "relu", "max_pool2d", "flatten", "linear"]
    # The norm is folded: its shift is the bias the convolution did not have.
    assert found.parameter_count == 4 * 27 + 4 + 640 + 10
    assert found.input == (3, 8, 8)
    assert found.layers[0].name == "stem.conv"
    assert [step.lowered.output for step in found.steps] == [(4, 8, 8), (4, 8, 8), (4, 4, 4), (64,), (10,)]


def test_shape_arithmetic_leaves_no_trace() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"]),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["batches"]),
        helper.make_node("Concat", ["batches", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["flat"]),
        helper.make_node("MatMul", ["flat", "v"], ["product"]),
        helper.make_node("Add", ["product", "b"], ["y"]),
    ]
    zero = numpy_helper.from_array(np.asarray(0, np.int64), "zero")
    content = written(nodes, [zero, integers("axes", 0), integers("rest", -1), array("v", 192, 5), array("b", 5)], ("N", 3, 8, 8))
    found = network(content)
    assert [layer.kind for layer in found.layers] == ["flatten", "linear"]
    assert found.parameter_count == 192 * 5 + 5


def test_a_batch_is_one_and_any_other_open_extent_is_asked_for() -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])]
    content = written(nodes, [array("w", 4, 3, 3, 3)], ("batch", 3, "height", "width"))
    with pytest.raises(MissingError, match=r"\[1, 3, 'height', 'width'\].*--input-shape x=1x3x<height>x<width>"):
        network(content)
    assert network(content, x=(1, 3, 48, 192)).input == (3, 48, 192)
    with pytest.raises(InputError, match="does not fit the input 'x'"):
        network(content, x=(1, 4, 48, 192))
    with pytest.raises(InputError, match=r"did you mean|known: x"):
        network(content, y=(1,))
    # A sequence that comes first is no batch.
    sequence = written([helper.make_node("Relu", ["x"], ["y"])], [], ("time", "batch", 4))
    with pytest.raises(MissingError, match="x=<time>x1x4"):
        network(sequence)


def test_quantise_and_dequantise_around_operators_fold_into_types() -> None:
    def pair(source: str) -> list[onnx.NodeProto]:
        return [
            helper.make_node("QuantizeLinear", [source, "s", "z"], [f"{source}_q"]),
            helper.make_node("DequantizeLinear", [f"{source}_q", "s", "z"], [f"{source}_d"]),
        ]

    constants = [
        numpy_helper.from_array(np.asarray(0.1, np.float32), "s"),
        numpy_helper.from_array(np.asarray(3, np.int8), "z"),
        numpy_helper.from_array(np.ones((4, 3, 3, 3), np.int8), "wq"),
        numpy_helper.from_array(np.asarray([0.1, 0.2, 0.3, 0.4], np.float32), "ws"),
    ]
    nodes = [
        helper.make_node("Relu", ["x"], ["x0"]),
        *pair("x0"),
        helper.make_node("DequantizeLinear", ["wq", "ws"], ["w"], axis=0),
        helper.make_node("Conv", ["x0_d", "w"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]),
        *pair("r"),
        helper.make_node("MaxPool", ["r_d"], ["y"], kernel_shape=[2, 2]),
    ]
    graph = from_onnx(written(nodes, constants), "m.onnx")
    assert [operator.kind for operator in graph.operators] == ["Relu", "Conv", "Relu", "MaxPool"]
    conv = graph.operators[1]
    weights, made = graph.tensors[conv.inputs[1]], graph.tensors[conv.outputs[0]]
    assert (weights.element, weights.scales, weights.channel_axis) == ("int8", pytest.approx((0.1, 0.2, 0.3, 0.4)), 0)
    assert made.element == "int8"
    assert graph.tensors[graph.operators[2].outputs[0]].zero_points == (3,)


def test_operators_that_carry_their_quantisation_are_plain_ones_on_integers() -> None:
    graph = from_onnx(quantised(), "m.onnx")
    assert [operator.kind for operator in graph.operators] == ["Conv", "Add", "GlobalAveragePool"]
    assert [graph.tensors[operator.outputs[0]].shape for operator in graph.operators] == [(1, 4, 6, 6), (1, 4, 6, 6), (1, 4, 1, 1)]
    assert {graph.tensors[operator.outputs[0]].element for operator in graph.operators} == {"int8"}
    # The part behind the first operator of another domain is counted as well.
    assert graph_figures(graph).nominal_mac_count == 4 * 27 * 36
    assert network_of(graph).types.bias == "int32"


def test_an_operator_that_is_not_known_is_named_with_its_node() -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("GridSample", ["c", "g"], ["y"], name="odd one")]
    with pytest.raises(InputError, match=r"m\.onnx operator 1 \(GridSample, 'odd one'\): it is not supported") as found:
        network(written(nodes, [array("w", 4, 3, 3, 3), array("g", 1, 2, 2, 2)]))
    assert "\n" not in str(found.value)
    custom = [helper.make_node("Mine", ["x"], ["y"], name="mine", domain="my.own")]
    with pytest.raises(InputError, match=r"node 'mine' \(my\.own:Mine\): it is not supported"):
        network(written(custom, []))


def test_a_branch_that_a_constant_chooses_is_taken_and_a_loop_is_refused() -> None:
    def branch(kind: str) -> onnx.GraphProto:
        return helper.make_graph(
            [helper.make_node(kind, ["x"], [f"made_{kind}"])],
            kind,
            [],
            [helper.make_tensor_value_info(f"made_{kind}", TensorProto.FLOAT, None)],
        )

    condition = numpy_helper.from_array(np.asarray(True), "condition")
    chosen = helper.make_node("If", ["condition"], ["y"], then_branch=branch("Relu"), else_branch=branch("Tanh"))
    graph = from_onnx(written([chosen], [condition]), "m.onnx")
    assert [operator.kind for operator in graph.operators] == ["Relu"]
    computed = helper.make_node("If", ["bool"], ["y"], name="choice", then_branch=branch("Relu"), else_branch=branch("Tanh"))
    cast = helper.make_node("Cast", ["x"], ["bool"], to=TensorProto.BOOL)
    with pytest.raises(InputError, match=r"node 'choice' \(If\): what it runs"):
        network(written([cast, computed], []))


@pytest.mark.parametrize(
    ("nodes", "constants", "told"),
    [
        ([helper.make_node("Relu", ["b"], ["a"], name="n"), helper.make_node("Relu", ["a"], ["b"])], [], "part of a cycle"),
        ([helper.make_node("Relu", ["nothing"], ["y"], name="n")], [], "which nothing makes"),
        ([helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Relu", ["x"], ["y"], name="n")], [], "there already"),
        ([helper.make_node("Conv", ["x", "w"], ["y"], name="n")], [array("w", 4, 5, 3, 3)], "do not fit"),
        ([helper.make_node("Conv", ["x", "w"], ["y"], name="n", pads=[-9, -9, -9, -9])], [array("w", 4, 3, 3, 3)], "shape|negative|fit"),
        ([helper.make_node("Conv", ["x", "w"], ["y"], name="n", strides=[0, 0])], [array("w", 4, 3, 3, 3)], "fit|stride"),
        ([helper.make_node("Expand", ["x", "e"], ["y"], name="n")], [integers("e", 2**30, 3, 2**30, 8)], r"fit|shape"),
        ([helper.make_node("Reshape", ["x", "e"], ["y"], name="n")], [integers("e", -3, 7)], "fit|shape"),
        ([helper.make_node("Tile", ["x", "e"], ["y"], name="n")], [integers("e", 2**62, 2**62, 1, 1)], "fit|shape"),
    ],
)
def test_what_cannot_be_is_one_line_with_the_nodes_name(nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], told: str) -> None:
    with pytest.raises(InputError, match=told) as found:
        network(written(nodes, constants))
    assert "'n'" in str(found.value)
    assert "\n" not in str(found.value)


def test_sizes_are_believed_only_where_bytes_are() -> None:
    huge = TensorProto(name="w", dims=[2**30, 2**30], data_type=TensorProto.FLOAT, raw_data=b"1234")
    with pytest.raises(InputError, match="the constant 'w' has the shape"):
        network(written([helper.make_node("Relu", ["x"], ["y"])], [huge]))
    large = TensorProto(name="w", dims=[2**20, 2**10], data_type=TensorProto.FLOAT, raw_data=b"1234")
    with pytest.raises(InputError, match="too few bytes"):
        network(written([helper.make_node("Relu", ["x"], ["y"])], [large]))
    with pytest.raises(InputError, match="shape"):
        network(written([helper.make_node("Relu", ["x"], ["y"])], [], (1, 2**31, 2**31, 4)))


def external(location: str, **fields: str) -> bytes:
    tensor = TensorProto(name="w", dims=[4, 3, 3, 3], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **fields}.items():
        tensor.external_data.add(key=key, value=value)
    return written([helper.make_node("Conv", ["x", "w"], ["y"])], [tensor])


def test_constants_beside_the_file_are_read_and_nothing_outside_its_folder(tmp_path: Path) -> None:
    values = GENERATOR.normal(size=(4, 3, 3, 3)).astype(np.float32)
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"head" + values.tobytes())
    (tmp_path / "outside.bin").write_bytes(values.tobytes())
    (folder / "m.onnx").write_bytes(external("weights.bin", offset="4", length="432"))
    graph = load_model_graph(folder / "m.onnx")
    assert graph.tensors[graph.operators[0].inputs[1]].constant == values.tobytes()
    for location in ("../outside.bin", str(tmp_path / "outside.bin"), "", "."):
        (folder / "m.onnx").write_bytes(external(location))
        with pytest.raises(InputError, match="outside the file's folder"):
            load_model_graph(folder / "m.onnx")
    for fields, told in (
        ({"offset": "8"}, "too few bytes|damaged"),
        ({"offset": "1000"}, "the file has 436"),
        ({"offset": "x"}, "no place"),
    ):
        (folder / "m.onnx").write_bytes(external("weights.bin", **fields))
        with pytest.raises(InputError, match=told):
            load_model_graph(folder / "m.onnx")
    (folder / "m.onnx").write_bytes(external("weight.bin"))
    with pytest.raises(InputError, match="does not exist"):
        load_model_graph(folder / "m.onnx")


def test_commands_take_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.onnx").write_bytes(small())
    assert main(["report", "small.onnx", "--device", "esp32-s3-wroom-1-n8"]) == 0
    assert "small" in capsys.readouterr().out
    assert main(["count", "--network", "small.onnx"]) == 0
    capsys.readouterr()
    assert main(["report", "smal.onnx"]) == 2
    assert "did you mean 'small.onnx'?" in capsys.readouterr().err
    Path("cut.onnx").write_bytes(small()[:300])
    assert main(["report", "cut.onnx"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@settings(max_examples=150)
@given(st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(small())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read = bytes(content[: data.draw(st.integers(0, len(content)))]) if data.draw(st.booleans()) else bytes(content)
    with contextlib.suppress(CostModelError):
        network(read)


@pytest.mark.data
@pytest.mark.skipif(
    not STREAMING.is_file(), reason=f"a public model is read from {STREAMING.parent}; COSTMODEL_SHARED names another folder"
)
def test_the_public_model_has_the_shapes_that_its_runtime_finds() -> None:
    runtime = oracle("onnxruntime")
    model = onnx.load(STREAMING)
    graph = load_model_graph(STREAMING)
    own = {name for node in model.graph.node for name in node.output}
    made: dict[str, tuple[int, ...]] = {}
    for operator in graph.operators:
        tensor = graph.tensors[operator.outputs[0]]
        if tensor.name in own:
            made[tensor.name] = tensor.shape
    assert len(made) > 10
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in made)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0]
    found = session.run(list(made), {source.name: np.zeros(source.shape, np.float32)})
    assert {name: array.shape for name, array in zip(made, found, strict=True)} == made
    figures = graph_figures(graph)
    # 24 steps of 32x16 + 3 x (32x3 + 32x32) + 16x32, and 48x16.
    assert figures.nominal_mac_count == 24 * (512 + 3 * (96 + 1024) + 512) + 768
    assert figures.parameter_count == sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer if tensor.data_type == 1)


def test_a_reference_to_a_file_is_a_network(tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(small())
    assert load_network(tmp_path / "small.onnx") == network_of(load_model_graph(tmp_path / "small.onnx"))


def test_the_page_names_every_operator_and_layer_that_is_understood() -> None:
    from costmodel.sources.importers.channels_first.operator_table import FIRST_LOWERINGS
    from costmodel.sources.importers.channels_first.written_out.table import WRITTEN_OUT
    from costmodel.sources.importers.keras_files.layer_table import LAYERS_OF_KERAS

    words = set(re.findall(r"\w+", (Path(__file__).parents[3] / "docs" / "own_network.md").read_text(encoding="utf-8")))
    # Those are how other formats say what ONNX has no operator for.
    assert {*FIRST_LOWERINGS, *WRITTEN_OUT} - {"AdaptiveAveragePool", "ReduceAll", "ReduceAny", "Silu"} <= words
    assert set(LAYERS_OF_KERAS) <= words
