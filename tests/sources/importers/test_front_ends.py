"""Operators of their authors' own that stand before and behind networks: sound front ends, the choice among detected boxes."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tflite_writer import ModelFile, flexbuffer_map

import costmodel
from costmodel.errors import InputError
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.tflite import from_tflite
from costmodel.sources.importers.tflite_schema import CUSTOM
from costmodel.sources.importers.to_model import imported_model, model_of
from costmodel.sources.importers.to_network import network_of
from costmodel.specs.network import Network

MODELS = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "models"
REQUIRED = "data" in os.environ.get("COSTMODEL_REQUIRE", "").split(",")
needs_models = pytest.mark.skipif(
    not MODELS.is_dir() and not REQUIRED, reason=f"public models are read from {MODELS}; COSTMODEL_SHARED names another folder"
)
CODES = {"int16": "h", "float32": "f"}


def one(kind: str, inputs: list[Any], outputs: list[tuple[tuple[int, ...], str]], **options: int) -> bytes:
    """Write a file of one operator; inputs are shapes with a type, constants shapes with a type and numbers."""
    file, places, given = ModelFile(), [], []
    for shape, element, *numbers in inputs:
        content = struct.pack(f"<{len(numbers[0])}{CODES[element]}", *numbers[0]) if numbers else b""
        places.append(file.tensor(shape, element, content))
        given += [] if numbers else [places[-1]]
    made = [file.tensor(shape, element) for shape, element in outputs]
    file.operator(CUSTOM, places, made, None, kind, custom_options=flexbuffer_map(options))
    return file.written(given, made)


def net(*arguments: Any, **options: int) -> Network:
    return network_of(from_tflite(one(*arguments, **options), "m.tflite"))


def counted(network: Network) -> list[tuple[str, int, int, int, int]]:
    """For each layer that runs: kind, reads, weight reads, writes and multiply-accumulates."""
    found = []
    for step, layer in zip(network.steps, network.ordered, strict=True):
        if not step.operation.given and not step.merged:
            counts = costmodel.count(layer, step.inputs[0]) if len(step.inputs) == 1 else None
            work: Any = step.lowered.work
            found.append((step.kind, work.reads, work.weights, work.writes, work.macs))
            assert counts is None or counts.input_read_count == work.reads
    return found


ROW = ((8,), "int16")
CASES: list[tuple[str, list[Any], list[Any], dict[str, int], list[tuple[str, int, int, int, int]]]] = [
    ("SignalWindow", [((1, 8), "int16"), ((8,), "int16", range(8))], [((1, 8), "int16")], {"shift": 12}, [("binary", 8, 8, 8, 0)]),
    ("SignalFftAutoScale", [ROW], [ROW, ((), "int32")], {}, [("reduce", 8, 0, 1, 0), ("binary", 16, 0, 8, 0)]),
    # Two stages of eight products, one pair taken apart: 2 x 8 + 4 multiply-accumulates.
    ("SignalRfft", [((6,), "int16")], [((10,), "int16")], {"fft_length": 8}, [("real_fft", 6, 10, 10, 20)]),
    ("SignalEnergy", [((10,), "int16")], [((5,), "int32")], {"start_index": 0, "end_index": 5}, [("reduce", 10, 0, 5, 0)]),
    (
        "SignalFilterBank",
        [
            ((9,), "int32"),
            ((8,), "int16", range(8)),
            ((8,), "int16", range(8)),
            *[((3,), "int16", x) for x in ([0, 2, 4], [0, 2, 4], [2, 2, 3])],
        ],
        [((2,), "int32")],
        {"num_channels": 2},
        [("filter_bank", 7, 14, 2, 14)],
    ),
    (
        "SignalFilterBankSquareRoot",
        [((4,), "int32"), ((), "int32")],
        [((4,), "int32")],
        {},
        [("unary", 4, 0, 4, 0), ("binary", 8, 0, 4, 0)],
    ),
    (
        "SignalFilterBankSpectralSubtraction",
        [((4,), "int32")],
        [((4,), "int32"), ((4,), "int32")],
        {"num_channels": 4},
        [("binary", 8, 0, 4, 0), ("assign", 4, 0, 4, 0), ("binary", 8, 0, 4, 0)],
    ),
    (
        "SignalPCAN",
        [((4,), "int32"), ((4,), "int32"), ((5,), "int16", range(5))],
        [((4,), "int32")],
        {"snr_shift": 6},
        [("embedding", 4, 4, 4, 0), ("binary", 8, 0, 4, 0)],
    ),
    ("SignalFilterBankLog", [((4,), "int32")], [((4,), "int16")], {"output_scale": 64}, [("unary", 4, 0, 4, 0)]),
    (
        "TFLite_Detection_PostProcess",
        [((1, 6, 4), "float32"), ((1, 6, 3), "float32"), ((6, 4), "float32", [0.0] * 24)],
        [((1, 2, 4), "float32"), ((1, 2), "float32"), ((1, 2), "float32"), ((1,), "float32")],
        {"max_detections": 2, "num_classes": 2},
        [("detection", 24 + 18, 24, 13, 24)],
    ),
]


@pytest.mark.parametrize(("kind", "inputs", "outputs", "options", "layers"), CASES, ids=[case[0] for case in CASES])
def test_an_operator_of_a_front_end_is_costed(kind: str, inputs: Any, outputs: Any, options: dict[str, int], layers: Any) -> None:
    assert counted(net(kind, inputs, outputs, **options)) == layers


def test_slopes_of_a_filter_bank_are_where_the_file_says() -> None:
    weights, other = list(range(12)), list(range(20, 32))
    tables = [((3,), "int16", x) for x in ([0, 2, 4], [0, 4, 8], [2, 1, 3])]
    content = one("SignalFilterBank", [((9,), "int32"), ((12,), "int16", weights), ((12,), "int16", other), *tables], [((2,), "int32")])
    found = model_of(from_tflite(content, "m.tflite")).parameters["filters1"].weight
    np.testing.assert_array_equal(found, [[0, 1, 4, 8, 9, 10], [20, 21, 24, 28, 29, 30]])


def test_what_a_noise_estimate_keeps_lasts() -> None:
    network = net("SignalFilterBankSpectralSubtraction", [((4,), "int32")], [((4,), "int32"), ((4,), "int32")], num_channels=4)
    assert [layer.kind for layer in network.layers] == ["kept_state", "binary", "assign", "binary"]


@pytest.mark.parametrize(
    ("kind", "inputs", "outputs", "options", "told"),
    [
        ("SignalRfft", [ROW], [((10,), "int16")], {}, "its option 'fft_length' is None, a whole number above 0 was expected"),
        ("SignalRfft", [((2, 8), "int16")], [((2, 10), "int16")], {"fft_length": 8}, "one row of samples at a time"),
        ("SignalFftAutoScale", [ROW], [ROW], {}, "it makes 1 tensors, two were expected"),
        ("SignalFilterBank", [((9,), "int32")] * 6, [((2,), "int32")], {}, "how wide they are is not constant"),
        ("SignalDelay", [ROW], [ROW], {}, "it is not supported"),
        (
            "TFLite_Detection_PostProcess",
            [((1, 6, 4), "float32"), ((1, 6, 3), "float32"), ((5, 4), "float32", [0.0] * 20)],
            [((1, 2, 4), "float32")],
            {"max_detections": 2},
            r"anchors of shape \[5, 4\] do not go with its boxes",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(kind: str, inputs: Any, outputs: Any, options: dict[str, int], told: str) -> None:
    with pytest.raises(InputError, match=rf"operator 0 \(CUSTOM:{kind}, .*{told}"):
        net(kind, inputs, outputs, **options)


@needs_models
@pytest.mark.data
@pytest.mark.parametrize("name", ["tflm__audio_preprocessor_int8", "tflm__audio_preprocessor_float"])
def test_the_front_end_of_micro_speech_is_costed_whole(name: str, tmp_path: Path) -> None:
    found = imported_model(load_model_graph(MODELS / "more" / f"{name}.tflite"))
    macs = {layer.name: work.macs for layer, step in zip(found.model.network.layers, found.model.network.steps, strict=True)
            if (work := getattr(step.lowered, "work", None)) and getattr(work, "macs", 0)}  # fmt: skip
    # A transform of 512 points in 8 stages and 127 pairs, and 316 elements of slopes, each weighted twice.
    assert macs == {"fft1": 8 * 512 + 4 * 127, "filters1": 2 * 316}
    assert all(fate.layers or fate.why for fate in found.fates)
