"""A user's PyTorch module as a network: sequential or residual modules, read by tracing what they do to a symbolic input."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import fx

from costmodel.errors import FormatError, Location, ShapeError, SpecError
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.specs.operations import Action
from costmodel.specs.shapes import element_count
from costmodel.training.pytorch.module_layers import layers_of
from costmodel.training.pytorch.traced_modules import traced_module
from costmodel.training.teachers import made_by

INPUT_SHAPE: Final = "input_shape"
"""Attribute of a module or its function that says what it takes, where that is not 3x32x32."""
_DEFAULT_SHAPE: Final = (3, 32, 32)


def model_of_function(reference: str) -> Model:
    """Return the network of the module that a user's function returns.

    Parameters
    ----------
    reference : str
        `FILE.py:FUNCTION`.

    Returns
    -------
    Model
        Without parameters: it is trained here.

    Raises
    ------
    InputError
        If it returns no module, or one with a part that is not understood; names the part.
    """
    module = made_by(reference)
    if not isinstance(module, torch.nn.Module):
        raise FormatError(f"returns {type(module).__name__}, expected a PyTorch module", Location(reference))
    shape = tuple(getattr(module, INPUT_SHAPE, _DEFAULT_SHAPE))
    try:
        graph = traced_module(module, shape)
    except SpecError as error:
        raise SpecError(str(error), Location(reference)) from None
    except Exception as error:
        # Whatever a module does that cannot be followed.
        reason = " ".join(str(error).split())
        raise FormatError(f"cannot be traced: {type(error).__name__}: {reason}", Location(reference)) from None
    layers: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    expected: dict[str, int] = {}
    modules = dict(graph.named_modules())
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            if names:
                raise SpecError(f"{node.name}: one input is trained here, the module takes more", Location(reference))
            names[node.name] = NETWORK_INPUT
        elif node.op == "output":
            _check_output(node, reference)
        else:
            try:
                made = layers_of(node, modules)
            except SpecError as error:
                raise SpecError(f"{node.target if node.op == 'call_module' else node.name}: {error}", Location(reference)) from None
            sources = [names[each.name] for each in node.all_input_nodes if each.name in names]
            for place, fields in enumerate(made):
                name = node.name if place == 0 else f"{node.name}_{place}"
                layers.append({"name": name, **fields, "inputs": sources})
                sources = [name]
            names[node.name] = sources[0]
            if node.op == "call_module":
                own = modules[node.target]
                expected[node.name] = getattr(own, "in_channels", getattr(own, "in_features", getattr(own, "num_features", 0)))
    network = Network.model_validate({"name": reference.rpartition(":")[2], "input": shape, "layers": layers})
    _check_inputs(network, expected, reference)
    return Model(network, {}, reference)


def _check_inputs(network: Network, expected: dict[str, int], reference: str) -> None:
    """Refuse a module that its own author could not run: layers that expect other inputs than they get."""
    for step in network.steps:
        wanted = expected.get(step.name, 0)
        found = element_count(step.inputs[0]) if step.operation.action is Action.MAC else step.inputs[0][0]
        if wanted and wanted != found:
            raise ShapeError(step.name, f"takes {wanted:,} channels or features, and gets {found:,} of {reference}")


def _check_output(node: fx.Node, reference: str) -> None:
    """Refuse a module that returns anything but one tensor that it computed."""
    found = node.args[0]
    if not isinstance(found, fx.Node) or found.op == "placeholder":
        what = "its input" if isinstance(found, fx.Node) else f"a {type(found).__name__.removeprefix('immutable_')}"
        raise SpecError(f"it returns {what}, expected one tensor of scores", Location(reference))
