"""PyTorch: the same network is the same whether it comes as a live module, a program of torch.export or an ONNX file of either exporter."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import oracle

import costmodel
from costmodel.errors import CostModelError, InputError, LimitError, MissingError
from costmodel.sources.importers.bounded_zip import BoundedZip
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.to_network import network_of
from costmodel.sources.importers.torch_export.pt2_file import from_pt2

SIZES = {"x": [1, 3, 8, 8], "w": [4, 3, 3, 3], "b": [4], "c": [1, 4, 6, 6], "r": [1, 4, 6, 6], "f": [1, 144]}


def meta(sizes: list[int]) -> dict[str, Any]:
    strides = [int(np.prod(sizes[at + 1 :])) for at in range(len(sizes))]
    numbers = {"sizes": sizes, "strides": strides}
    listed = {key: [{"as_int": each} for each in value] for key, value in numbers.items()}
    return {"dtype": 7, "storage_offset": {"as_int": 0}, **listed}


def tensor(name: str) -> dict[str, Any]:
    return {"as_tensor": {"name": name}}


def program(**changes: Any) -> dict[str, Any]:
    """A convolution, a rectifier and a flatten, as torch.export.save writes them."""
    stack = "L__self__,,N;L__self__stem.conv,stem.conv,torch.nn.Conv2d"
    nodes = [
        ("conv2d.default", {"input": tensor("x"), "weight": tensor("w"), "bias": tensor("b"), "stride": {"as_ints": [1, 1]}}, "c"),
        ("relu_.default", {"self": tensor("c")}, "r"),
        ("flatten.using_ints", {"self": tensor("r"), "start_dim": {"as_int": 1}}, "f"),
    ]
    graph = {
        "inputs": [tensor("x")],
        "outputs": [tensor("f")],
        "nodes": [
            {
                "target": f"torch.ops.aten.{target}",
                "inputs": [{"name": key, "arg": value, "kind": 1} for key, value in arguments.items()],
                "outputs": [tensor(output)],
                "metadata": {"nn_module_stack": stack} if output == "c" else {},
                "name": output,
            }
            for target, arguments, output in nodes
        ],
        "tensor_values": {name: meta(sizes) for name, sizes in SIZES.items()},
    }
    specs = [
        {"parameter": {"arg": {"name": "w"}, "parameter_name": "stem.conv.weight"}},
        {"parameter": {"arg": {"name": "b"}, "parameter_name": "stem.conv.bias"}},
        {"user_input": {"arg": tensor("x")}},
    ]
    graph.update(changes)
    return {"graph_module": {"graph": graph, "signature": {"input_specs": specs, "output_specs": []}}}


def archive(content: dict[str, Any] | bytes | None = None, *, pickled: bool = False, more: dict[str, bytes] | None = None) -> bytes:
    stream = io.BytesIO()
    config = {
        f"stem.conv.{name}": {"path_name": f"weight_{at}", "use_pickle": pickled, "tensor_meta": meta(SIZES[short])}
        for at, (name, short) in enumerate((("weight", "w"), ("bias", "b")))
    }
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("m/models/model.json", content if isinstance(content, bytes) else json.dumps(content or program()))
        packed.writestr("m/data/weights/model_weights_config.json", json.dumps({"config": config}))
        for at, short in enumerate(("w", "b")):
            packed.writestr(f"m/data/weights/weight_{at}", np.arange(np.prod(SIZES[short]), dtype=np.float32).tobytes())
        for name, data in (more or {}).items():
            packed.writestr(name, data)
    return stream.getvalue()


def test_a_program_becomes_the_network_it_describes(tmp_path: Path) -> None:
    (tmp_path / "m.pt2").write_bytes(archive())
    model = costmodel.load_model(tmp_path / "m.pt2")
    assert [(layer.name, layer.kind) for layer in model.network.layers] == [("stem.conv", "conv2d"), ("r", "relu"), ("f", "flatten")]
    assert model.network.parameter_count == 4 * 27 + 4
    assert np.array_equal(model.parameters["stem.conv"].weight.reshape(-1), np.arange(108))
    # Whatever takes a network takes the model.
    assert costmodel.load_network(model) is model.network


def test_what_is_open_in_a_program_is_asked_for() -> None:
    sizes = meta(SIZES["x"])
    sizes["sizes"] = [{"as_expr": {"expr_str": "s0"}}, {"as_int": 3}, {"as_expr": {"expr_str": "s1"}}, {"as_int": 8}]
    made = meta(SIZES["c"])
    made["sizes"] = [{"as_expr": {"expr_str": "s0"}}, {"as_int": 4}, {"as_expr": {"expr_str": "s1 - 2"}}, {"as_int": 6}]
    flat = meta(SIZES["f"])
    flat["sizes"] = [{"as_expr": {"expr_str": "s0"}}, {"as_expr": {"expr_str": "24*(s1 - 2)"}}]
    values = {name: meta(each) for name, each in SIZES.items()} | {"x": sizes, "c": made, "r": made, "f": flat}
    content = archive(program(tensor_values=values))
    with pytest.raises(MissingError, match="--input-shape x=1x3x<s1>x8"):
        from_pt2(content, "m.pt2")
    assert network_of(from_pt2(content, "m.pt2", {"x": (1, 3, 10, 8)})).steps[0].lowered.output == (4, 8, 6)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\x80\x02}q\x00.", "never loaded"),
        (archive(pickled=True), "never loaded"),
        (archive(b"{"), "no JSON"),
        (archive(b"[]"), "no object"),
        (archive(b"{}"), "no graph"),
        (archive(more={"m/serialized_exported_program.json": b"{}"}), "save it again with PyTorch 2.8"),
        (archive(program(nodes=[{}])), "cannot be read"),
        (archive(program(tensor_values={})), "no shape"),
        (archive(program(tensor_values={name: meta([2**60, 3, 8, 8]) for name in SIZES})), "shape"),
        (archive()[:200], "damaged|no zip"),
    ],
)
def test_what_is_no_program_is_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "m.pt2").write_bytes(content)
    with pytest.raises(InputError, match=told) as found:
        load_model_graph(tmp_path / "m.pt2")
    assert "\n" not in str(found.value)


def test_an_operator_without_an_entry_is_named() -> None:
    odd = program()
    odd["graph_module"]["graph"]["nodes"][1]["target"] = "torch.ops.aten.fft_fft.default"
    with pytest.raises(InputError, match=r"operator 1 \(aten:fft_fft, 'r'\): it is not supported"):
        network_of(from_pt2(archive(odd), "m.pt2"))


def test_an_archive_is_unpacked_up_to_a_limit() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("large", bytes(10_000_000))
    with pytest.raises(LimitError, match=r"unpacks to more than 1,000,000 bytes \(large\)"):
        BoundedZip(stream.getvalue(), "m.pt2", 1_000_000).read("large")


def test_weights_of_pytorch_alone_are_refused_with_what_to_do(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("weights/data.pkl", b"\x80\x02.")
    for name in ("m.pt", "m.pth", "m.pt2"):
        (tmp_path / name).write_bytes(stream.getvalue())
        with pytest.raises(InputError, match=r"never loaded.*torch\.export\.save"):
            load_model_graph(tmp_path / name)


@settings(max_examples=150)
@given(st.data())
def test_damaged_programs_are_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(json.dumps(program()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(32, 126))
    with contextlib.suppress(CostModelError):
        network_of(from_pt2(archive(bytes(content)), "m.pt2"))


def facts(network: costmodel.Network) -> tuple[int, int, int]:
    """Parameters, multiply-accumulates with padding counted, bytes of RAM."""
    nominal = costmodel.CountingConvention(taps="nominal", granularity="element")
    answer = costmodel.evaluate(
        costmodel.load_scenario({"name": "imported", "network": network, "device": "esp32-s3-wroom-1-n8", "counting": nominal})
    )
    return network.parameter_count, answer.dataflows[0].counts.mac_count, answer.memory.ram_bytes


NAMES = ["resnet18", "mobilenetv2", "squeezenet", "words", "tagger", "unet", "attention", "speech"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_the_same_whichever_way_it_comes(name: str, tmp_path: Path) -> None:
    torch = oracle("torch")
    oracle("onnxscript")
    from torch_networks import folded_parameters, hooked_macs, made

    module, example = made(name)
    with warnings.catch_warnings():
        # What PyTorch's exporters warn of is theirs.
        warnings.simplefilter("ignore")
        live = costmodel.load_model(module, example_input=example)
        torch.export.save(torch.export.export(module, (example,)), tmp_path / "m.pt2")
        torch.onnx.export(module, (example,), tmp_path / "script.onnx", dynamo=False)
        torch.onnx.export(module, (example,), tmp_path / "dynamo.onnx", dynamo=True, verbose=False)
    found = {"live": facts(live.network)}
    found |= {file: facts(costmodel.load_model(tmp_path / file).network) for file in ("m.pt2", "script.onnx", "dynamo.onnx")}
    assert len(set(found.values())) == 1, found
    parameters, macs, _ = found["live"]
    assert macs == hooked_macs(module, example)
    if name != "attention":
        # Attention has a scale and an epsilon besides what the module calls parameters.
        assert parameters == folded_parameters(module)


@pytest.mark.slow
def test_weights_give_the_outputs_of_the_module(tmp_path: Path) -> None:
    torch = oracle("torch")
    from torch_networks import made

    from costmodel.training.pytorch.network_module import NetworkModule

    module, example = made("resnet18")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = costmodel.load_model(module, example_input=example)
    again = NetworkModule(model.network)
    again.take(model.parameters)
    with torch.no_grad():
        expected, found = module(example), again.eval()(example)
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))


@pytest.mark.slow
def test_a_module_that_cannot_be_taken_says_what_to_do() -> None:
    torch = oracle("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
    with pytest.raises(InputError, match="example_input is missing"):
        costmodel.load_model(module.eval())
    with pytest.raises(InputError, match=r"call model\.eval\(\) first"):
        costmodel.load_model(module.train(), example_input=torch.zeros(1, 3, 8, 8))
    with pytest.raises(InputError, match=r"cannot be captured by torch\.export"):
        costmodel.load_model(module.eval(), example_input=torch.zeros(1, 5, 8, 8))
    with pytest.raises(InputError, match=r"expected a name, a path or a torch\.nn\.Module"):
        costmodel.load_model(7)


def test_a_slope_a_channel_is_that_of_the_second_axis() -> None:
    torch = oracle("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.PReLU(8), torch.nn.Flatten(), torch.nn.Linear(8 * 36, 2)).eval()
    net = costmodel.load_model(module, example_input=torch.zeros(1, 3, 8, 8)).network
    (slopes,) = [layer for layer in net.layers if layer.kind == "binary"]
    assert slopes.constant == (8,)
    assert net.parameter_count == sum(parameter.numel() for parameter in module.parameters())


def test_a_norm_of_each_channel_is_its_parts() -> None:
    torch = oracle("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.InstanceNorm2d(8, affine=True)).eval()
    net = costmodel.load_model(module, example_input=torch.zeros(1, 3, 8, 8)).network
    assert [layer.kind for layer in net.layers[:3]] == ["conv2d", "reduce", "binary"]
    scaled = [layer for layer in net.layers if layer.kind == "binary" and layer.constant == (8,)]
    assert len(scaled) == 2
