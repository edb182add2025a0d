"""The ONNX file that the documents use is the packaged model it says it is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from oracles import oracle

from costmodel.sources.model_loading import load_model

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FILE = EXAMPLES / "cifar-aap-pruned.onnx"


def test_the_example_is_what_its_script_writes_and_small() -> None:
    oracle("onnx")
    spec = importlib.util.spec_from_file_location("pruned_onnx", EXAMPLES / "pruned_onnx.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.exported().SerializeToString() == FILE.read_bytes()
    assert FILE.stat().st_size < 150_000


def test_the_example_holds_the_packaged_models_weights_and_computes_as_it_does() -> None:
    from float_forward import forward

    oracle("onnx")
    session = oracle("onnxruntime").InferenceSession(str(FILE))
    packaged, example = load_model("trained-pruned"), load_model(FILE)
    assert example.network.parameter_count == 28_576
    for name, own in packaged.parameters.items():
        np.testing.assert_array_equal(example.parameters[name].weight.reshape(own.weight.shape), own.weight)
    image = np.random.default_rng(3).normal(size=(3, 32, 32)).astype(np.float32)
    scores = session.run(None, {"input": image[None]})[0][0]
    np.testing.assert_allclose(scores, np.ravel(forward(packaged.network, packaged.parameters, image)), rtol=1e-4, atol=1e-4)
