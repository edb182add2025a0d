"""A live module of PyTorch: captured by its own torch.export, then read as the file of it would be."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from costmodel.errors import InputError, MissingError, SpecError
from costmodel.sources.importers.bounded_zip import BoundedZip
from costmodel.sources.importers.torch_export.program import graph_of_program
from costmodel.sources.importers.torch_export.pt2_file import program_in

if TYPE_CHECKING:
    from costmodel.specs.imported_graph import ImportedGraph

_TORCH: Final = "torch.nn.modules.module"


def is_live_module(found: object) -> bool:
    """Tell whether something is a module of PyTorch, without loading PyTorch."""
    return any(base.__module__ == _TORCH and base.__name__ == "Module" for base in type(found).__mro__)


def from_live_module(module: Any, example_input: Any) -> ImportedGraph:
    """Return a module's graph.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode; it is not changed.
    example_input : torch.Tensor or tuple
        What it is called with, its batch of one.

    Returns
    -------
    ImportedGraph
        In ONNX's operators.

    Raises
    ------
    InputError
        If there is no example, it is in training mode, or PyTorch cannot capture it.
    """
    import torch

    name = type(module).__name__
    if example_input is None:
        raise MissingError(f"{name}: example_input is missing: load_model(module, example_input=torch.zeros(1, 3, 32, 32))")
    if module.training:
        raise SpecError(f"{name} is in training mode; call model.eval() first")
    examples = tuple(example_input) if isinstance(example_input, tuple | list) else (example_input,)
    try:
        with torch.no_grad():
            program = torch.export.export(module, examples)
        stream = io.BytesIO()
        torch.export.save(program, stream)
    except InputError:
        raise
    except Exception as error:  # PyTorch raises errors of many classes
        lines = str(error).strip().splitlines()
        raise SpecError(f"{name} cannot be captured by torch.export: {lines[0] if lines else type(error).__name__}") from None
    kept = {**program.state_dict, **program.constants}
    constants = {key: value.detach().cpu().contiguous().numpy() for key, value in kept.items() if isinstance(value, torch.Tensor)}
    # The module is in memory already: its archive may be as large as it is.
    saved = stream.getvalue()
    return graph_of_program(program_in(BoundedZip(saved, name, 2 * len(saved)), name), constants, name, {})
