"""What a run of a recipe needs, put together from what a user named; and the model it ends with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from costmodel.errors import MissingError, SpecError
from costmodel.sources.catalogue import load_network
from costmodel.sources.model_loading import load_model
from costmodel.sources.stored_models.model_folder import check_place, write_model
from costmodel.sources.stored_models.network_of_model import names_a_model
from costmodel.sources.training_recipes import RecipeChanges, changed_recipe
from costmodel.specs.base import with_changes
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.specs.trained.model_manifest import ModelManifest
from costmodel.specs.trained.training_recipe import TrainingRecipe
from costmodel.training.images.image_set import DataSet
from costmodel.training.images.reading import load_data_set
from costmodel.training.stage_costs import network_as_stored
from costmodel.training.teachers import load_teacher, names_a_function

if TYPE_CHECKING:
    from numpy.typing import NDArray

STAGES_SUFFIX: Final = ".stages"
"""Ends the name of the folder, beside a model's, that its stages are kept in."""


@dataclass(frozen=True)
class PreparedRun:
    """Everything `compress` takes."""

    recipe: TrainingRecipe
    network: Network
    data: DataSet
    folder: Path
    start: Model | None
    teacher: Callable[[NDArray[np.uint8]], NDArray[np.float32]] | None


def prepared(
    recipe: str | None, network: str | None, data: str | None, changes: RecipeChanges, *, cache: Path, folder: Path, threads: int = 0
) -> PreparedRun:
    """Read what a run needs.

    Parameters
    ----------
    recipe : str or None
        As `changed_recipe` takes it.
    network : str or None
        As `load_network` takes it, a model with its weights, or `FILE.py:FUNCTION`; left out, the recipe's.
    data : str or None
        As `load_data_set` takes it; left out, the recipe's.
    changes : RecipeChanges
        What options say.
    cache : Path
        Where decoded images are kept.
    folder : Path
        Where the model will be.
    threads : int
        Of training; 0 for one a core.

    Returns
    -------
    PreparedRun
        Checked as far as can be before the first epoch.

    Raises
    ------
    InputError
        If anything named is missing or wrong.
    """
    import torch

    check_place(folder)
    if threads:
        torch.set_num_threads(threads)
    named, start = _network(network)
    settings = changed_recipe(recipe, changes, trained=start is not None)
    if network is not None:
        settings = with_changes(settings, {"network": network})
    if named is None:
        if not settings.network:
            raise MissingError("--network: name a network to compress; the recipe names none")
        named, start = _network(settings.network)
    if named is None:
        raise MissingError("--network: name a network to compress")
    if settings.teacher is not None and not settings.teacher.model:
        raise MissingError(f"--teacher: recipe {settings.name} learns from a teacher: name a model folder or FILE.py:FUNCTION")
    source = data or settings.data
    if not source:
        raise MissingError("--data: name a folder or a zip of images; `--data synthetic` tries the pipeline without any")
    shape = named.input if len(named.input) == 3 else None
    images = load_data_set(source, cache, shape=None if shape is None else (shape[0], shape[1], shape[2]))
    teacher = None if settings.teacher is None else load_teacher(settings.teacher.model)
    stages = folder.with_name(folder.name + STAGES_SUFFIX) if folder.name else None
    if stages is None:
        raise SpecError(f"--out: {folder} cannot be a model's folder; name one inside it")
    return PreparedRun(settings, named, images, stages, start, teacher)


def finished_model(model: Model, folder: Path) -> ModelManifest:
    """Write what the last stage left as a model of its own, its network named by the folder and of the types it is stored with."""
    name = re.sub(r"[^A-Za-z0-9_.\-]", "-", folder.name).lstrip(".-") or "model"
    network = with_changes(network_as_stored(model), {"name": name})
    return write_model(replace(model, network=network), folder)


def _network(reference: str | None) -> tuple[Network | None, Model | None]:
    if reference is None:
        return None, None
    if names_a_function(reference):
        from costmodel.training.pytorch.user_modules import model_of_function

        made: Any = model_of_function(reference)
        return made.network, None
    if names_a_model(reference):
        model = load_model(reference)
        for layer, step in zip(model.network.ordered, model.network.steps, strict=True):
            if step.operation.weight_shape is not None and layer.name not in model.parameters:
                raise MissingError(f"{reference}: the model has no weights for {layer.name}")
        return model.network, model
    return load_network(reference), None
