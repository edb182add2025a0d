"""Training recipes: packaged ones, files, and what options change in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from costmodel.errors import MissingError, SpecError, UnknownNameError
from costmodel.sources.documents.text_file import FILE_SUFFIXES, read_document
from costmodel.sources.documents.validation_errors import checked_spec
from costmodel.sources.shipped.packaged_data import packaged_document, packaged_document_names
from costmodel.specs.base import with_changes
from costmodel.specs.trained.training_recipe import Pooling, Pruning, Quantising, TrainingRecipe

RECIPE_FOLDER: Final = "recipes"
_SUFFIX: Final = ".recipe"
DEFAULT_RECIPE: Final = "short"
"""What options alone start from."""


class RecipeChanges(NamedTuple):
    """What options change in a recipe; None where nothing is."""

    epoch_count: int | None = None
    output_size: int | None = None
    convolution_ratio: float | None = None
    linear_ratio: float | None = None
    global_ratio: float | None = None
    criterion: str | None = None
    fine_tune_count: int | None = None
    bits: int | None = None
    weights_only: bool | None = None
    per_channel: bool | None = None
    teacher: str | None = None
    seed: int | None = None
    held_out_count: int | None = None


def recipe_names() -> tuple[str, ...]:
    """Return the names of the packaged recipes, sorted."""
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in packaged_document_names(RECIPE_FOLDER)))


def load_recipe(reference: str | Path) -> TrainingRecipe:
    """Load a recipe.

    Parameters
    ----------
    reference : str or Path
        `deck`, `best` or another packaged name (`deck.recipe.yaml` too), or a file.

    Returns
    -------
    TrainingRecipe
        Checked.

    Raises
    ------
    InputError
        If there is none, or it is wrong; one line for each mistake.
    """
    path = Path(reference)
    name = path.name.removesuffix(".yaml").removesuffix(_SUFFIX)
    if path.suffix in FILE_SUFFIXES and (path.exists() or str(reference) != path.name or name not in recipe_names()):
        return checked_spec(read_document(path), TrainingRecipe, "recipe")
    if name not in recipe_names():
        raise UnknownNameError("recipe", str(reference), recipe_names(), "packaged")
    return checked_spec(packaged_document(RECIPE_FOLDER, f"{name}{_SUFFIX}"), TrainingRecipe, "recipe")


def changed_recipe(reference: str | Path | None, changes: RecipeChanges, *, trained: bool = False) -> TrainingRecipe:
    """Return the recipe a command is about.

    Parameters
    ----------
    reference : str, Path or None
        As `load_recipe` takes it; None starts from the default recipe, of which only what options ask for is done.
    changes : RecipeChanges
        What options say; they come before the recipe's own.
    trained : bool
        Whether the network has its weights, so that it is not trained unless that is asked for.

    Returns
    -------
    TrainingRecipe
        With the changes.

    Raises
    ------
    InputError
        If an option asks for what cannot be.
    """
    start = load_recipe(DEFAULT_RECIPE if reference is None else reference)
    own: dict[str, Any] = {
        name: value for name, value in (("seed", changes.seed), ("held_out_count", changes.held_out_count)) if value is not None
    }
    if reference is None:
        own |= {"name": "options", "description": "", "fine_tune": None, "quantise": None}
        if trained and changes.epoch_count is None:
            own["train"] = None
    if changes.epoch_count is not None:
        if start.train is None:
            raise MissingError("--epochs: the recipe does not train; give it a train")
        own["train"] = with_changes(start.train, {"epoch_count": changes.epoch_count, "restarts": ()})
    if changes.output_size is not None:
        own["pool"] = Pooling(output_size=changes.output_size)
    own |= _pruning(start, changes)
    if changes.fine_tune_count is not None:
        tune = start.fine_tune or start.train
        if tune is None:
            raise MissingError("--fine-tune: the recipe says neither how to train nor how to fine-tune")
        own["fine_tune"] = with_changes(tune, {"epoch_count": changes.fine_tune_count, "restarts": ()}) if changes.fine_tune_count else None
    own |= _quantising(start, changes)
    if changes.teacher is not None:
        own["teacher"] = {"model": changes.teacher} if start.teacher is None else with_changes(start.teacher, {"model": changes.teacher})
    return with_changes(start, own)


def _pruning(start: TrainingRecipe, changes: RecipeChanges) -> dict[str, Any]:
    names = ("convolution_ratio", "linear_ratio", "global_ratio", "criterion")
    said = {name: getattr(changes, name) for name in names if getattr(changes, name) is not None}
    for name in names[:3]:
        if name in said and not 0 <= said[name] < 1:
            option = {"convolution_ratio": "--conv-prune", "linear_ratio": "--fc-prune", "global_ratio": "--prune"}[name]
            raise SpecError(f"{option}: a ratio is at least 0 and below 1, found {said[name]:g}")
    if "global_ratio" in said and ("convolution_ratio" in said or "linear_ratio" in said):
        raise SpecError("--prune takes a share of all channels; leave --conv-prune and --fc-prune out")
    if not said:
        return {}
    if set(said) == {"criterion"} and start.prune is None:
        raise MissingError("--criterion: nothing is pruned; give --conv-prune, --fc-prune or --prune")
    return {"prune": with_changes(start.prune or Pruning(), said)}


def _quantising(start: TrainingRecipe, changes: RecipeChanges) -> dict[str, Any]:
    said = {name: getattr(changes, name) for name in ("weights_only", "per_channel") if getattr(changes, name) is not None}
    if changes.bits is None:
        if said:
            raise MissingError("--weights-only and --per-tensor say how to quantise; give --bits 8 too")
        return {}
    if changes.bits != 8:
        raise SpecError(f"--bits: 8 is what the firmware has kernels for, found {changes.bits}")
    return {"quantise": with_changes(start.quantise or Quantising(), said)}
