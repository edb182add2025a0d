"""PyTorch: an imported network computes what its module does, whichever way it comes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imported_outputs import outputs_of
from oracles import oracle

import costmodel
from costmodel.errors import InputError
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.to_network import network_of
from costmodel.specs.imported_graph import ImportedGraph

NETWORKS = (
    "classifier", "decoder", "reader", "directions", "waves", "attentive", "detector", "sharper", "normed", "anomaly", "equations", "twins",
    "steps",
)  # fmt: skip
DIFFERS = {"steps": "dynamo.onnx"}
"""Networks that one exporter writes otherwise: the steps of a recurrent layer one by one."""

NO_SCRIPT = frozenset({"normed"})
"""Networks that PyTorch's older exporter refuses: it has no norm by the root of squares."""


def facts(network: costmodel.Network) -> tuple[int, int, int]:
    """Parameters, multiply-accumulates with padding counted, bytes of RAM."""
    nominal = costmodel.CountingConvention(taps="nominal", granularity="element")
    answer = costmodel.evaluate(
        costmodel.load_scenario({"name": "imported", "network": network, "device": "esp32-s3-wroom-1-n8", "counting": nominal})
    )
    return network.parameter_count, answer.dataflows[0].counts.mac_count, answer.memory.ram_bytes


def live(module: Any, examples: tuple[Any, ...]) -> ImportedGraph:
    from costmodel.sources.importers.torch_export.live_module import from_live_module

    return from_live_module(module, examples)


def assert_computes(graph: ImportedGraph, module: Any, examples: tuple[Any, ...]) -> None:
    import torch

    with torch.no_grad():
        expected = module(*(each.clone() for each in examples))
    expected = expected if isinstance(expected, tuple) else (expected,)
    found = outputs_of(graph, *(each.numpy() for each in examples))
    assert [each.shape for each in found] == [tuple(each.shape) for each in expected]
    for ours, theirs in zip(found, expected, strict=True):
        scale = max(float(theirs.double().abs().max()), 1e-3)
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-4 * scale)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_computes_what_its_module_does_whichever_way_it_comes(name: str, tmp_path: Path) -> None:
    torch = oracle("torch")
    oracle("onnxscript")
    from torch_small_networks import made

    module, examples = made(name)
    with warnings.catch_warnings():
        # What PyTorch's exporters warn of is theirs.
        warnings.simplefilter("ignore")
        graphs = {"live": live(module, examples)}
        torch.export.save(torch.export.export(module, examples), tmp_path / "m.pt2")
        if name not in NO_SCRIPT:
            torch.onnx.export(module, examples, tmp_path / "script.onnx", dynamo=False)
        torch.onnx.export(module, examples, tmp_path / "dynamo.onnx", dynamo=True, verbose=False)
    graphs |= {file: load_model_graph(tmp_path / file) for file in ("m.pt2", "script.onnx", "dynamo.onnx") if (tmp_path / file).exists()}
    for graph in graphs.values():
        assert_computes(graph, module, examples)
    found = {way: facts(network_of(graph)) for way, graph in graphs.items() if way != DIFFERS.get(name)}
    assert len(set(found.values())) == 1, found


@pytest.mark.slow
def test_functions_compute_what_pytorch_does() -> None:
    torch = oracle("torch")
    from torch_small_networks import FUNCTIONS, Applied

    wrong = {}
    for name, function in FUNCTIONS.items():
        torch.manual_seed(1)
        module, example = Applied(function).eval(), torch.randn(1, 3, 12, 10)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert_computes(live(module, (example,)), module, (example,))
        except (AssertionError, InputError) as error:
            wrong[name] = str(error).strip()[:200]
    assert wrong == {}


@pytest.mark.slow
def test_weights_that_are_computed_of_constants_are_computed_on_reading() -> None:
    torch = oracle("torch")
    from torch.nn.utils.parametrizations import spectral_norm, weight_norm

    modules = [(weight_norm(torch.nn.Conv2d(3, 4, 3)), (1, 3, 8, 8)), (spectral_norm(torch.nn.Linear(8, 4)), (1, 8))]
    for module, shape in modules:
        example = torch.randn(*shape)
        graph = live(module.eval(), (example,))
        assert len(network_of(graph).layers) == 1
        assert_computes(graph, module, (example,))


@pytest.mark.slow
def test_a_tensor_that_is_changed_in_place_is_read_as_it_is_then() -> None:
    torch = oracle("torch")

    class Changed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 4, 3)

        def forward(self, x: Any) -> Any:
            y = self.conv(x)
            z = torch.nn.functional.relu(y, inplace=True)
            z += 1
            return y * z

    class ChangedInPart(Changed):
        def forward(self, x: Any) -> Any:
            y = self.conv(x).clone()
            y[:, :2] *= 2
            return y

    example = torch.randn(1, 1, 6, 6)
    module = Changed().eval()
    assert_computes(live(module, (example,)), module, (example,))
    with pytest.raises(InputError, match="wrote into memory it shares; write the module without changing tensors in place"):
        live(ChangedInPart().eval(), (example,))
