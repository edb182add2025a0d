"""TensorFlow Lite files: read to the last digit, refused by name, and never trusted."""

from __future__ import annotations

import contextlib
import csv
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tflite_writer import ModelFile, Scalar, small_network

import costmodel
from costmodel.cli.app import main
from costmodel.errors import CostModelError, FormatError, InputError
from costmodel.evaluation.graphs.graph_figures import graph_figures
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.tflite import from_tflite
from costmodel.sources.importers.to_network import network_of

SHARED = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[4] / "shared"))
MODELS = SHARED / "data" / "models"
LISTS = [path for path in (MODELS / "FACTS.csv", MODELS / "more" / "MANIFEST.csv") if path.is_file()]
KNOWN = [(path.parent, row) for path in LISTS for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
REQUIRED = "data" in os.environ.get("COSTMODEL_REQUIRE", "").split(",")
needs_models = pytest.mark.skipif(
    not KNOWN and not REQUIRED, reason=f"public models are read from {MODELS}; COSTMODEL_SHARED names another folder"
)


FRONT_END = ("real_fft", "filter_bank")
"""What custom operators of sound front ends do; columns of importer tools know the builtin ones alone."""


def nominal_macs(network: costmodel.Network) -> int:
    """Multiply-accumulates of a network's builtin operators with padding counted."""
    nominal = costmodel.CountingConvention(taps="nominal", granularity="element")
    answer = costmodel.evaluate(
        costmodel.load_scenario({"name": "imported", "network": network, "device": "esp32-s3-wroom-1-n8", "counting": nominal})
    )
    return sum(layer.counts.mac_count for layer in answer.dataflows[0].layers if layer.kind not in FRONT_END)


def test_a_file_becomes_the_network_it_describes() -> None:
    network = network_of(from_tflite(small_network(), "small.tflite"))
    assert [layer.kind for layer in network.layers] == [
        "conv2d", "relu", "conv2d", "adaptive_avg_pool2d", "flatten", "linear", "softmax",
    ]  # fmt: skip
    assert network.input == (3, 8, 8)
    conv, depthwise = network.layers[0], network.layers[2]
    # SAME at stride 2 over 8: one row of zeros, below; a multiplier of 1 keeps the channels.
    assert conv.padding == (0, 1, 0, 1)
    assert (depthwise.groups, depthwise.out_channels, depthwise.padding) == (4, 4, (1, 1, 1, 1))
    assert network.parameter_count == 4 * 27 + 4 + 36 + 4 + 40 + 10


@pytest.mark.parametrize("padding", [0, 1])
def test_multiply_accumulates_of_graph_and_network_are_equal(padding: int) -> None:
    graph = from_tflite(small_network(padding=padding), "small.tflite")
    assert nominal_macs(network_of(graph)) == graph_figures(graph).nominal_mac_count


def test_an_operator_that_is_not_known_is_named_with_its_node() -> None:
    file = ModelFile()
    source, middle, target = file.tensor([1, 4]), file.tensor([1, 4], name="odd node"), file.tensor([1, 4])
    file.operator(32, [source], [middle], custom="Mine")
    file.operator(25, [middle], [target], {})
    with pytest.raises(InputError, match=r"m\.tflite operator 0 \(CUSTOM:Mine, 'odd node', 4 B made\): it is not supported") as found:
        network_of(from_tflite(file.written([source], [target]), "m.tflite"))
    assert "\n" not in str(found.value)


def test_an_activation_that_is_not_known_is_no_silent_zero() -> None:
    with pytest.raises(InputError, match="the activation SIGN_BIT is not supported"):
        network_of(from_tflite(small_network(activation=5), "m.tflite"))


def test_a_model_for_an_accelerator_says_so() -> None:
    file = ModelFile()
    source, target = file.tensor([1, 4]), file.tensor([1, 4])
    file.operator(32, [source], [target], custom="ethos-u")
    with pytest.raises(InputError, match="compiled by Vela"):
        network_of(from_tflite(file.written([source], [target]), "m.tflite"))


def test_the_same_bytes_read_again_and_again_are_refused() -> None:
    """Lists and contents may all point at the same few bytes: the file stays small, and what is made of it does not."""
    contents, extents = ModelFile(), ModelFile()
    large = contents.tensor([1 << 20], content=bytes(1 << 20))
    contents.buffers += [{1: Scalar("Q", 8), 2: Scalar("Q", 1 << 20)}] * 40
    with pytest.raises(FormatError, match="contents of more than twice its"):
        from_tflite(contents.written([large], [large]), "m.tflite")
    extents.tensor([1] * 100_000)
    extents.tensors *= 30
    with pytest.raises(FormatError, match="lists of more than 2,000,000 numbers together"):
        from_tflite(extents.written([0], [0]), "m.tflite")


def test_every_command_that_takes_a_network_takes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.tflite").write_bytes(small_network())
    for arguments in (
        ["report", "small.tflite"],
        ["report", "--network", "small.tflite", "--device", "esp32-s3-wroom-1-n8"],
        ["count", "--network", "small.tflite"],
        ["pack", "small.tflite", "--output", "small.bin"],
    ):
        assert main(arguments) == 0, capsys.readouterr().err
        assert "small" in capsys.readouterr().out
    Path("cut.tflite").write_bytes(small_network()[:200])
    assert main(["report", "--network", "cut.tflite"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["report", "smal.tflite"]) == 2
    assert "did you mean 'small.tflite'?" in capsys.readouterr().err


@settings(max_examples=400)
@given(st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(small_network())
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    read = bytes(content[: data.draw(st.integers(0, len(content)))]) if data.draw(st.booleans()) else bytes(content)
    with contextlib.suppress(CostModelError):
        network_of(from_tflite(read, "m.tflite"))


@example(b"")
@given(st.binary(max_size=200))
def test_what_is_no_such_file_is_told(content: bytes) -> None:
    with pytest.raises(InputError):
        from_tflite(content, "m.tflite")


@needs_models
@pytest.mark.data
@pytest.mark.parametrize(("folder", "row"), KNOWN, ids=[row["file"] for _, row in KNOWN])
def test_a_public_model_holds_what_is_known_of_it(folder: Path, row: dict[str, str]) -> None:
    graph = load_model_graph(folder / row["file"])
    figures = graph_figures(graph)
    found = (figures.weight_count, figures.bias_count, figures.const_bytes, figures.nominal_mac_count, figures.peak_activation_bytes)
    assert found == tuple(int(row[name]) for name in ("weights", "biases", "const_bytes", "macs", "peak_act"))
    with contextlib.suppress(InputError):
        assert nominal_macs(network_of(graph)) == figures.nominal_mac_count


@needs_models
@pytest.mark.data
def test_options_are_read_by_their_place_in_the_schema() -> None:
    graph = load_model_graph(MODELS / "kws_ref_model.tflite")
    assert graph.operators[0].kind == "CONV_2D"
    assert {name: graph.operators[0].options[name] for name in ("stride_rows", "stride_columns", "padding", "activation")} == {
        "stride_rows": 2, "stride_columns": 2, "padding": 0, "activation": 1,
    }  # fmt: skip


@needs_models
@pytest.mark.data
def test_graphs_beside_the_first_are_read() -> None:
    graph = load_model_graph(MODELS / "pymicro_okay_nabu.tflite")
    (once,) = (operator for operator in graph.operators if operator.kind == "CALL_ONCE")
    body = graph.graph(once.whole("graph"))
    assert body is not None
    assert [operator.kind for operator in body.operators].count("ASSIGN_VARIABLE") == 6
