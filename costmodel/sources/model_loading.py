"""A model with its weights: from a model folder, a packaged model, a file of another tool's format, or a live module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from costmodel.errors import MissingError, SpecError
from costmodel.sources.importers.model_files import is_model_file, load_model_graph
from costmodel.sources.stored_models.model_folder import is_model_folder, read_model
from costmodel.sources.stored_models.packaged_models import packaged_model_folder, packaged_model_names
from costmodel.specs.model import Model

if TYPE_CHECKING:
    import torch

    ModelReference: TypeAlias = str | Path | Model | torch.nn.Module
    """A packaged name, a path, a live module, or the model itself."""


def load_model(reference: ModelReference, example_input: Any = None, input_shapes: Mapping[str, tuple[int, ...]] | None = None) -> Model:
    """Load a model with its weights.

    Parameters
    ----------
    reference : str, Path, torch.nn.Module or Model
        A packaged model, a model folder, a `.tflite`, `.onnx`, `.pt2`, `.h5` or `.keras` file, or a live module of PyTorch in evaluation
        mode.
    example_input : torch.Tensor or tuple, optional
        What a live module is called with; its batch is one.
    input_shapes : mapping, optional
        Shapes of inputs whose extents a file leaves open, by name; a batch left open is 1.

    Returns
    -------
    Model
        Network, weights and quantisation; whatever takes a network takes it.

    Raises
    ------
    InputError
        If there is none, it is damaged, or an operator is not supported: each is named, with its share of the work.
    """
    if isinstance(reference, Model):
        return reference
    if not isinstance(reference, str | Path):
        return _of_live_module(reference, example_input)
    if is_model_folder(reference):
        return read_model(Path(reference))
    if str(reference) in packaged_model_names():
        return read_model(packaged_model_folder(str(reference)))
    if is_model_file(reference):
        from costmodel.sources.importers.to_model import model_of

        return model_of(load_model_graph(Path(reference), input_shapes))
    text = "a model folder, or a file that ends in .tflite, .onnx, .pt2, .h5 or .keras; load_network takes networks without weights"
    raise MissingError(f"model: {str(reference)!r} is neither a packaged model nor {text}")


def _of_live_module(module: Any, example_input: Any) -> Model:
    from costmodel.sources.importers.to_model import model_of
    from costmodel.sources.importers.torch_export.live_module import from_live_module, is_live_module

    if not is_live_module(module):
        raise SpecError(f"model: expected a name, a path or a torch.nn.Module, found {type(module).__name__}")
    return model_of(from_live_module(module, example_input))
