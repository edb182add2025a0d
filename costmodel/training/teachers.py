"""A teacher: a model that is there already, or a PyTorch module that a user's file makes."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.errors import FormatError, Location, MissingError, SpecError, did_you_mean
from costmodel.sources.model_loading import load_model
from costmodel.sources.stored_models.network_of_model import names_a_model

if TYPE_CHECKING:
    from numpy.typing import NDArray


def names_a_function(reference: str) -> bool:
    """Tell whether a text is `FILE.py:FUNCTION`."""
    file, colon, name = reference.rpartition(":")
    return bool(colon) and file.endswith(".py") and name.isidentifier()


def made_by(reference: str) -> Any:
    """Run a user's file and return what a function in it returns.

    Parameters
    ----------
    reference : str
        `FILE.py:FUNCTION`; the function takes nothing.

    Returns
    -------
    object
        What it returns.

    Raises
    ------
    MissingError
        If there is no such file.
    FormatError
        If the file or the function fails; names the exception.
    """
    file, _, name = reference.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise MissingError("does not exist, expected a Python file", Location(file))
    spec = importlib.util.spec_from_file_location(f"costmodel_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FormatError("is no Python file", Location(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        found = getattr(module, name, None)
        if found is None:
            raise SpecError(f"has no function {name!r}{did_you_mean(name, vars(module))}", Location(file))
        return found()
    except SpecError:
        raise
    except Exception as error:
        # A user's code raises what it likes.
        raise FormatError(f"{name}: {type(error).__name__}: {error}", Location(file)) from None


def load_teacher(reference: str) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return a teacher as a function from images to scores.

    Parameters
    ----------
    reference : str
        A model folder, a packaged model or a model file of another tool, or `FILE.py:FUNCTION`, which returns a PyTorch module that takes
        (images, channels, rows, columns) of uint8 and normalises them itself.

    Returns
    -------
    callable
        Takes (images, rows, columns, channels) of uint8, returns (images, classes).

    Raises
    ------
    InputError
        If it is none of these.
    """
    if names_a_function(reference):
        import torch

        module = made_by(reference)
        if not isinstance(module, torch.nn.Module):
            raise FormatError(f"returns {type(module).__name__}, expected a PyTorch module", Location(reference))
        from costmodel.training.pytorch.fitting import fast_type

        module.eval().to(memory_format=torch.channels_last)
        dtype = fast_type()

        def scores(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            # Images lie channels last already: seen as (images, channels, rows, columns) they need no copy.
            values = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
            try:
                with torch.inference_mode(), torch.autocast("cpu", dtype=dtype, enabled=dtype is not torch.float32):
                    found = module(values)
            except Exception as error:
                # A user's module raises what it likes.
                reason = str(error).partition("\n")[0]
                raise FormatError(f"the teacher fails on images of uint8: {type(error).__name__}: {reason}", Location(reference)) from None
            if not isinstance(found, torch.Tensor):
                raise FormatError(f"the teacher returns {type(found).__name__}, expected a tensor of scores", Location(reference))
            answered: NDArray[np.float32] = found.float().numpy()
            return answered

        return scores
    if not names_a_model(reference):
        raise MissingError(f"teacher: {reference!r} is no model folder, no packaged model and no FILE.py:FUNCTION")
    model = load_model(reference)

    def answers(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        from costmodel.training.pytorch.judging import float_scores

        return float_scores(model.network, model.parameters, images)

    return answers
