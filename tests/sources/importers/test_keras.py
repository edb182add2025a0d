"""Keras files, read without Keras: the same numbers as the .tflite of the same network, every layer by its name."""

from __future__ import annotations

import contextlib
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import costmodel
from costmodel.errors import CostModelError, InputError
from costmodel.evaluation.graphs.graph_figures import graph_figures
from costmodel.sources.importers.keras_files.keras_file import from_h5, from_keras
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.to_model import model_of
from costmodel.sources.importers.to_network import network_of

SHARED = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[4] / "shared"))
MODELS = SHARED / "data" / "models"
GENERATOR = np.random.default_rng(0)
Layers = Sequence[tuple[str, Mapping[str, Any], Mapping[str, tuple[int, ...]]]]


def written(layers: Layers, shape: Sequence[int | None] = (None, 8, 6, 3)) -> bytes:
    """A Sequential model as Keras 2 writes it: each layer's class, configuration and shapes of arrays."""
    stream = io.BytesIO()
    listed: list[dict[str, Any]] = [{"class_name": "InputLayer", "config": {"name": "input_1", "batch_input_shape": list(shape)}}]
    with h5py.File(stream, "w") as file:
        for at, (kind, config, arrays) in enumerate(layers):
            name = f"{kind.lower()}_{at}"
            listed.append({"class_name": kind, "config": {"name": name, **config}})
            for array, extents in arrays.items():
                file[f"model_weights/{name}/{name}/{array}:0"] = GENERATOR.uniform(0.5, 1, extents).astype(np.float32)
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": listed}})
    return stream.getvalue()


CONV: tuple[str, Mapping[str, Any], Mapping[str, tuple[int, ...]]] = (
    "Conv2D",
    {"kernel_size": [3, 3], "strides": [2, 1], "padding": "same", "activation": "relu", "filters": 4},
    {"kernel": (3, 3, 3, 4), "bias": (4,)},
)
NORM = dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (4,))
SMALL: Layers = [
    (CONV[0], {**CONV[1], "activation": "linear"}, CONV[2]),
    ("BatchNormalization", {"axis": [3]}, NORM),
    ("ReLU", {}, {}),
    ("MaxPooling2D", {"pool_size": [2, 2], "strides": None}, {}),
    ("Dropout", {"rate": 0.5}, {}),
    ("Flatten", {}, {}),
    ("Dense", {"units": 5, "activation": "softmax"}, {"kernel": (24, 5), "bias": (5,)}),
]


def test_a_file_becomes_the_network_it_describes() -> None:
    network = network_of(from_h5(written(SMALL), "m.h5"))
    assert [layer.kind for layer in network.layers] == ["conv2d", "relu", "max_pool2d", "flatten", "linear", "softmax"]
    assert network.input == (3, 8, 6)
    # SAME at stride 2 over 8 rows: zeros below only; at stride 1 on both sides.
    assert network.layers[0].padding == (0, 1, 1, 1)
    assert network.parameter_count == 108 + 4 + 120 + 5


def test_rows_of_a_linear_layer_follow_its_flatten() -> None:
    """Keras flattens rows, columns, channels; a network channels, rows, columns."""
    content = written([("Flatten", {}, {}), ("Dense", {"units": 2, "use_bias": False}, {"kernel": (8 * 6 * 3, 2)})])
    model = model_of(from_h5(content, "m.h5"))
    with h5py.File(io.BytesIO(content)) as file:
        kernel = file["model_weights/dense_1/dense_1/kernel:0"][()]
    x = GENERATOR.normal(size=(8, 6, 3))
    found = next(iter(model.parameters.values())).weight @ x.transpose(2, 0, 1).reshape(-1)
    assert np.allclose(found, x.reshape(-1) @ kernel)


def test_a_file_of_keras_3_is_the_same_network(tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 8, 6, 3]}, "name": "x", "inbound_nodes": []},
        *(
            {
                "class_name": "Conv2D",
                "config": {"name": name, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "filters": 3},
                "name": name,
                "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}], "kwargs": {}}],
            }
            for name in ("left", "right")
        ),
        {
            "class_name": "Add",
            "config": {"name": "both"},
            "name": "both",
            "inbound_nodes": [
                {"args": [[{"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}} for name in ("left", "right")]]}
            ],
        },
    ]
    config = {"class_name": "Functional", "config": {"layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["both", 0, 0]]}}
    arrays, stream = io.BytesIO(), io.BytesIO()
    with h5py.File(arrays, "w") as file:
        for name in ("conv2d", "conv2d_1"):
            file[f"layers/{name}/vars/0"] = np.ones((3, 3, 3, 3), np.float32)
            file[f"layers/{name}/vars/1"] = np.ones(3, np.float32)
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("config.json", json.dumps(config))
        packed.writestr("model.weights.h5", arrays.getvalue())
    (tmp_path / "m.keras").write_bytes(stream.getvalue())
    model = costmodel.load_model(tmp_path / "m.keras")
    assert [(layer.name, layer.kind) for layer in model.network.layers] == [("left", "conv2d"), ("right", "conv2d"), ("both", "add")]
    assert model.network.parameter_count == 2 * (81 + 3)
    # What is in a file decides, not its ending.
    (tmp_path / "m.onnx").write_bytes(stream.getvalue())
    assert network_of(load_model_graph(tmp_path / "m.onnx")).layers == model.network.layers


def test_what_is_open_is_asked_for() -> None:
    content = written([CONV], (None, None, 6, 3))
    with pytest.raises(InputError, match="--input-shape input_1=1x<axis 1>x6x3"):
        from_h5(content, "m.h5")
    assert network_of(from_h5(content, "m.h5", {"input_1": (1, 8, 6, 3)})).input == (3, 8, 6)


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([("Conv3D", {}, {})], r"operator 0 \(keras:Conv3D, 'conv3d_0'\): it is not supported"),
        ([(CONV[0], CONV[1], {"kernel": (3, 3, 3, 4)})], r"'conv2d_0' \(Conv2D\): its bias is missing"),
        ([(CONV[0], CONV[1], {**CONV[2], "kernel": (3, 3, 5, 4)})], "does not fit an input"),
        ([(CONV[0], {**CONV[1], "activation": "snake"}, CONV[2])], "its activation 'snake' is not supported"),
        ([(CONV[0], {**CONV[1], "data_format": "channels_first"}, CONV[2])], "channels first"),
        ([(CONV[0], {**CONV[1], "strides": [0, -1]}, CONV[2])], "strides"),
        ([("ZeroPadding2D", {"padding": 2**60}, {})], "shape"),
        ([("Cropping2D", {"cropping": 5}, {})], "shape"),
        ([("Reshape", {"target_shape": [7, 7]}, {})], "no reshape"),
    ],
)
def test_a_layer_that_cannot_be_is_one_line_with_its_name(layers: Layers, told: str) -> None:
    with pytest.raises(InputError, match=told) as found:
        network_of(from_h5(written(layers), "m.h5"))
    assert "\n" not in str(found.value)


def test_nothing_is_followed_out_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "other.h5").write_bytes(written(SMALL))
    stream = io.BytesIO(written(SMALL))
    with h5py.File(stream, "a") as file:
        file["model_weights/linked"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/model_weights")
    with pytest.raises(InputError, match="in another file or place"):
        from_h5(stream.getvalue(), "m.h5")
    stream = io.BytesIO(written(SMALL))
    with h5py.File(stream, "a") as file:
        file.create_dataset("model_weights/huge", (2**40,), "f4", chunks=(1024,), compression="gzip")
    with pytest.raises(InputError, match="holds more than"):
        from_h5(stream.getvalue(), "m.h5")


def test_what_is_no_model_is_told() -> None:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["weights"] = np.ones(3)
    with pytest.raises(InputError, match="has weights and no layers"):
        from_h5(stream.getvalue(), "m.h5")
    with pytest.raises(InputError, match="no HDF5 file"):
        from_h5(written(SMALL)[:500], "m.h5")
    with pytest.raises(InputError, match="no zip archive"):
        from_keras(b"PK\x03\x04", "m.keras")


@settings(max_examples=100)
@given(st.data())
def test_damaged_configurations_are_read_or_refused(data: st.DataObject) -> None:
    with h5py.File(io.BytesIO(written(SMALL))) as file:
        content = bytearray(file.attrs["model_config"].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(32, 126))
    stream = io.BytesIO(written(SMALL))
    with h5py.File(stream, "a") as file:
        file.attrs["model_config"] = content.decode()
    with contextlib.suppress(CostModelError):
        network_of(from_h5(stream.getvalue(), "m.h5"))


FILES = {
    "TinyMaix__cifar10.h5": (89_440, 138, 3_082_240),
    "TinyMaix__mnist_dw.h5": (1_256, 66, 56_768),
    "TinyMaix__mnist_resnet.h5": (22_572, 118, 499_824),
    "tiny__pretrainedResnet.h5": (77_360, 346, 12_501_632),
    "tiny__str_ww_ref_model.h5": (46_040, 419, 826_368),
}
"""Weights, biases and multiply-accumulates, norms folded."""
SAME_AS = {
    "TinyMaix__cifar10.h5": MODELS / "tinymaix_cifar10_q.tflite",
    "TinyMaix__mnist_dw.h5": MODELS / "more" / "tmx__mnist_dw_f.tflite",
    "tiny__pretrainedResnet.h5": MODELS / "pretrainedResnet.tflite",
}
"""The same networks, converted."""


@pytest.mark.data
@pytest.mark.skipif(not (MODELS / "keras").is_dir(), reason=f"it is read from {MODELS}; COSTMODEL_SHARED names another folder")
@pytest.mark.parametrize("name", FILES)
def test_public_models_hold_what_their_conversions_hold(name: str) -> None:
    graph = load_model_graph(MODELS / "keras" / name)
    figures = graph_figures(graph)
    found = (figures.weight_count, figures.bias_count, figures.nominal_mac_count)
    assert found == FILES[name]
    assert network_of(graph).parameter_count == figures.parameter_count == found[0] + found[1]
    if name in SAME_AS:
        converted = graph_figures(load_model_graph(SAME_AS[name]))
        assert found == (converted.weight_count, converted.bias_count, converted.nominal_mac_count)
