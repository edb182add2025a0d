"""The compression pipeline: train, pool, prune, fine-tune, quantise; each stage leaves a model, and a run that was stopped goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from costmodel.compression.pooling import pooled
from costmodel.compression.slicing import pruned, pruned_globally, ratios_by_kind
from costmodel.errors import InputError, MissingError, ShapeError, SpecError
from costmodel.results.runs.known_accuracy import share_right
from costmodel.sources.documents.folder_lock import FolderLock
from costmodel.sources.stored_models.model_folder import is_model_folder, read_model, weights_sha256, write_model
from costmodel.specs.base import with_changes
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.specs.operations import Action, FirmwareKernel
from costmodel.specs.quantisation import symmetric_quantisation
from costmodel.specs.trained.model_manifest import Accuracy, Judge, Origin
from costmodel.specs.trained.training_recipe import Augmentation, Criterion, Fit, TrainingRecipe
from costmodel.training.images.augmentation import INPUT_SCALE
from costmodel.training.images.image_set import DataSet, ImageSet, held_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Teacher: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

STAGES: Final = ("trained", "pooled", "pruned", "fine-tuned", "quantised")
"""Every stage there is, in order."""

_FIELDS: Final = {"trained": (), "pooled": ("pool",), "pruned": ("prune",), "fine-tuned": ("fine_tune",), "quantised": ("quantise",)}
"""Settings of a recipe that stages before do not depend on."""
TEACHERS_FOLDER: Final = "teachers"
"""Of the user's cache."""


class Progress(NamedTuple):
    """How far a run is."""

    stage: str
    done: int
    """Passes of this stage that are done."""
    total: int
    """Its passes."""
    stages_left: int
    """Stages after this one."""


@dataclass(frozen=True)
class StageResult:
    """What a stage left."""

    stage: str
    model: Model
    """With its accuracy."""


class _Kept:
    """The folder a run keeps its stages in."""

    def __init__(self, folder: Path, keys: Mapping[str, str]) -> None:
        self.folder = folder
        self.keys = keys

    def model(self, stage: str) -> Model | None:
        """Return a stage's model where this very run has made it already."""
        folder = self.folder / stage
        try:
            found = read_model(folder) if is_model_folder(folder) else None
        except InputError:
            return None
        return found if found is not None and found.source == self.source(stage) else None

    def source(self, stage: str) -> str:
        return f"costmodel compress, stage {stage}, run {self.keys[stage]}"

    def keep(self, stage: str, model: Model) -> Model:
        write_model(model, self.folder / stage)
        # What is read back is what the next stage starts from, stopped or not.
        kept = read_model(self.folder / stage)
        shutil.rmtree(self.folder / f"{stage}.fit", ignore_errors=True)
        return kept


def check_torch() -> None:
    """Raise MissingError where PyTorch is not installed, saying how to install it."""
    if find_spec("torch") is None:
        raise MissingError("training needs PyTorch: pip install 'costmodel[train]'")


def stages_of(recipe: TrainingRecipe) -> tuple[str, ...]:
    """Return the stages a recipe has, in order; raises SpecError where it does nothing."""
    wanted = {
        "trained": recipe.train is not None and (recipe.pool is None or recipe.train_before_pooling),
        "pooled": recipe.pool is not None,
        "pruned": recipe.prune is not None,
        "fine-tuned": recipe.fine_tune is not None,
        "quantised": recipe.quantise is not None,
    }
    found = tuple(stage for stage in STAGES if wanted[stage])
    if not found:
        raise SpecError(f"recipe {recipe.name}: it does nothing; give train, pool, prune, fine_tune or quantise")
    if recipe.pool is not None and recipe.train is None:
        raise SpecError(f"recipe {recipe.name}: a pooled network has to be trained; give train")
    return found


def compress(
    recipe: TrainingRecipe,
    network: Network,
    data: DataSet,
    folder: Path,
    *,
    start: Model | None = None,
    teacher: Teacher | None = None,
    told: Callable[[Progress], None] | None = None,
    cache: Path | None = None,
) -> Iterator[StageResult]:
    """Run a recipe.

    Parameters
    ----------
    recipe : TrainingRecipe
        What is done.
    network : Network
        To whom.
    data : DataSet
        Its images fit the network's input, its classes the outputs.
    folder : Path
        Where stages and checkpoints are kept; a run of the same recipe, network, data and seed goes on from there, and a run whose recipe
        differs in a later stage goes on from the last stage that is the same.
    start : Model, optional
        Parameters of the network, where it is not trained from the start.
    teacher : callable, optional
        From images of uint8 to scores, where the recipe distils.
    told : callable, optional
        Told how far it is.
    cache : Path, optional
        Folder that a teacher's outputs are kept in, for other runs with the same teacher and images.

    Yields
    ------
    StageResult
        After each stage.

    Raises
    ------
    InputError
        If network and data do not fit, parameters are missing, or a stage cannot be done.
    CostModelError
        If the loss is no longer a number.
    """
    check_torch()
    stages = stages_of(recipe)
    check_fit(network, data)
    if recipe.quantise is not None and not recipe.quantise.weights_only:
        check_kernels(network)
    if recipe.train is None and start is None:
        raise MissingError(
            f"recipe {recipe.name}: without train it needs a network that has its weights: a model folder or a packaged model"
        )
    from costmodel.training.pytorch.fitting import hash_of

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(folder)
    except BlockingIOError:
        raise SpecError(f"{folder}: another run writes there; wait for it, or give another --out") from None
    except OSError as error:
        raise SpecError(f"cannot write {folder}: {error.strerror or error}") from None
    made_of = network.model_dump(mode="json"), data.sha256, _key_of(start), processor()
    kept = _Kept(folder, {stage: hash_of(_settings_until(recipe, stage), *made_of) for stage in stages})
    run = _Run(recipe, data, kept, teacher, told, cache)
    model = start
    try:
        for place, stage in enumerate(stages):
            found = kept.model(stage)
            if found is None:
                run.left = len(stages) - place - 1
                made = run.made(stage, network if model is None else model.network, model)
                found = kept.keep(stage, run.described(made, stage, model))
            model = found
            yield StageResult(stage, found)
    finally:
        lock.release()


def check_fit(network: Network, data: DataSet) -> None:
    """Refuse a network that does not take the images, or has not as many outputs as there are classes."""
    if network.input != data.shape:
        wanted, found = (" x ".join(map(str, shape)) for shape in (network.input, data.shape))
        raise ShapeError(network.name, f"takes {wanted}, the images are {found}")
    outputs = network.steps[-1].lowered.output
    if outputs != (len(data.classes),):
        raise ShapeError(network.name, f"has outputs {outputs}, the data has {len(data.classes)} classes: {', '.join(data.classes[:12])}")


def check_kernels(network: Network) -> None:
    """Refuse, before anything is trained, a network that the firmware cannot run in int8; names the layer."""
    for step in network.steps:
        if not step.merged and step.operation.action is Action.SCALE_AND_SHIFT:
            raise SpecError(f"{step.name}: a batch norm that no convolution stands before is not quantised")
        if not step.merged and not isinstance(step.operation.kernel, FirmwareKernel):
            without = "leave --bits (quantise) out, or quantise the weights alone (--weights-only)"
            raise SpecError(f"{step.name}: the firmware has no kernel for a {step.kind}; {without}")


class _Run:
    """One run of a recipe: what its stages share."""

    def __init__(
        self,
        recipe: TrainingRecipe,
        data: DataSet,
        kept: _Kept,
        teacher: Teacher | None,
        told: Callable[[Progress], None] | None,
        cache: Path | None,
    ) -> None:
        self.recipe = recipe
        self.data = data
        self.classes = len(data.classes)
        self.train, self.judge = held_out(data.train, recipe.held_out_count) if recipe.held_out_count else (data.train, data.test)
        self.kept = kept
        self.teacher = teacher
        self.told = told
        self.cache = cache
        self.left = 0
        self._learned: dict[Augmentation, Any] = {}

    def made(self, stage: str, network: Network, before: Model | None) -> Model:
        """Return what a stage makes of a network and its model."""
        if stage in ("trained", "pooled"):
            fit = self.recipe.train
            if stage == "pooled" and self.recipe.pool is not None:
                network = pooled(network, self.recipe.pool.output_size)
            return self._fitted(stage, network, None, fit) if fit is not None else Model(network, {}, "")
        if before is None:
            raise MissingError(f"recipe {self.recipe.name}: the network has no weights yet")
        if stage == "pruned":
            return self._pruned(before)
        if stage == "fine-tuned":
            return self._fitted(stage, before.network, before.parameters, self.recipe.fine_tune)
        return self._quantised(before)

    def described(self, made: Model, stage: str, before: Model | None) -> Model:
        """Return what a stage made with where it comes from, how it is fed and how often it is right; quantised, its floats were too."""
        fed = {NETWORK_INPUT: symmetric_quantisation(INPUT_SCALE)} | dict(made.quantisations)
        origin, source, accuracies = _origin(self.recipe, self.data), self.kept.source(stage), self.judged(made)
        if stage == "quantised" and before is not None:
            origin = with_changes(origin, {"unquantised_sha256": weights_sha256(before)})
            accuracies += before.accuracies[:1]
        return replace(made, source=source, quantisations=fed, accuracies=accuracies, origin=origin)

    def judged(self, model: Model) -> tuple[Accuracy, ...]:
        """Return how often a model is right on the images it is judged by."""
        from costmodel.training.pytorch.judging import float_scores, integer_scores_of

        images = "held-out" if self.recipe.held_out_count else "test"
        if model.quantised:
            scores: Any = integer_scores_of(model, self.judge.images)
            judge, variant = Judge.REFERENCE, "int8"
        else:
            scores = float_scores(model.network, model.parameters, self.judge.images)
            judge, variant = Judge.PYTORCH, "int8-weights" if model.weight_quantisations else "float32"
        top1, top3 = top_shares(scores, self.judge.labels)
        return (Accuracy(images=images, image_count=len(self.judge), variant=variant, judge=judge, top1_ratio=top1, top3_ratio=top3),)

    def _fitted(self, stage: str, network: Network, parameters: Any, settings: Fit | None) -> Model:
        from costmodel.training.pytorch.network_module import NetworkModule

        if settings is None:
            raise SpecError(f"recipe {self.recipe.name}: nothing says how it is trained")
        module = NetworkModule(network, normalised=self.recipe.normalised and parameters is None, seed=self.recipe.seed)
        if parameters is not None:
            module.take(parameters)
        self._fit(stage, module, settings)
        return Model(network, module.layer_parameters(), "")

    def _fit(self, stage: str, module: Any, settings: Fit) -> None:
        import torch

        from costmodel.training.pytorch.fitting import Place, cross_entropy, fit

        place = Place(self.kept.folder / f"{stage}.fit", self.kept.keys[stage])
        objective, views = cross_entropy, 0
        if self.teacher is not None and self.recipe.teacher is not None:
            objective, views = self._distilled(settings), self.recipe.teacher.view_count

        def tell(done: int, total: int, _loss: float) -> None:
            if self.told is not None:
                self.told(Progress(stage, done, total, self.left))

        tell(0, settings.total_count, 0.0)
        # A quantised network's steps are not bfloat16's: its roundings are the device's only in single precision.
        dtype = torch.float32 if stage == "quantised" else None
        fit(module, self.train, settings, seed=self.recipe.seed, objective=objective, place=place, told=tell, views=views, dtype=dtype)

    def _distilled(self, settings: Fit) -> Any:
        from costmodel.training.pytorch.distilling import distilled, teacher_outputs

        asked = self.recipe.teacher
        if asked is None or self.teacher is None:
            raise SpecError(f"recipe {self.recipe.name}: no teacher is given")
        varied = settings.augmentation
        if varied not in self._learned:
            folder = None if self.cache is None else self.cache / TEACHERS_FOLDER
            found = teacher_outputs(self.teacher, self.train, varied, asked.view_count, self.classes, folder=folder, told=self._told_views)
            self._learned[varied] = distilled(found, asked)
        return self._learned[varied]

    def _told_views(self, done: int, total: int) -> None:
        if self.told is not None:
            self.told(Progress("the teacher's outputs", done, total, self.left + 1))

    def _pruned(self, before: Model) -> Model:
        asked = self.recipe.prune
        if asked is None:
            raise SpecError(f"recipe {self.recipe.name}: nothing says what is pruned")
        gradients = None
        if asked.criterion is Criterion.TAYLOR:
            from costmodel.training.pytorch.activations import loss_gradients

            gradients = loss_gradients(before.network, before.parameters, self._sample(2_000))
        if asked.global_ratio:
            network, kept = pruned_globally(before.network, before.parameters, asked.global_ratio, asked.criterion, gradients)
        else:
            ratios = ratios_by_kind(before.network, asked.convolution_ratio, asked.linear_ratio) | asked.layers
            network, kept = pruned(before.network, before.parameters, ratios, asked.criterion, gradients)
        return Model(network, kept, "")

    def _sample(self, count: int) -> ImageSet:
        order = np.random.default_rng([self.recipe.seed, 9]).permutation(len(self.train))
        return self.train.part(np.sort(order[: min(count, len(order))]))

    def _quantised(self, before: Model) -> Model:
        from costmodel.training.pytorch.quantising import calibrated_module, weights_alone

        asked = self.recipe.quantise
        if asked is None:
            raise SpecError(f"recipe {self.recipe.name}: nothing says how it is quantised")
        if asked.weights_only:
            return weights_alone(before, per_channel=asked.per_channel)
        module = calibrated_module(before, self._sample(asked.calibration_count).images, asked)
        if asked.tune is not None and asked.tune.total_count:
            self._fit("quantised", module, asked.tune)
        return module.model("")


def top_shares(scores: NDArray[Any], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return the shares of images whose class has the largest score, and one of the three largest; of equals the first counts."""
    order = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")
    right, among = order[:, 0] == labels, (order[:, :3] == labels[:, None]).any(axis=1)
    return share_right(int(right.sum()), len(labels)), share_right(int(among.sum()), len(labels))


def _settings_until(recipe: TrainingRecipe, stage: str) -> dict[str, Any]:
    """The settings that a stage's model follows from: its own and those of the stages before it, whatever network and data are called."""
    later = {name for other in STAGES[STAGES.index(stage) + 1 :] for name in _FIELDS[other]}
    return recipe.model_dump(mode="json", exclude={"description", "network", "data", "train_before_pooling", *later})


def processor() -> str:
    """Return what the bits of a run depend on beside its recipe: processor, libraries, threads."""
    import torch

    return f"{torch.__version__} {torch.backends.cpu.get_cpu_capability()} {torch.get_num_threads()} threads"


def _key_of(start: Model | None) -> object:
    if start is None:
        return None
    return [(name, own.weight.tobytes(), None if own.bias is None else own.bias.tobytes()) for name, own in start.parameters.items()]


def _origin(recipe: TrainingRecipe, data: DataSet) -> Origin:
    import platform
    from importlib.metadata import version

    import torch

    settings = recipe.model_dump(mode="json", exclude_defaults=True)
    libraries = {name: version(name) for name in ("costmodel", "numpy")}
    versions = libraries | {"torch": torch.__version__, "python": platform.python_version(), "processor": processor()}
    words = f"{len(data.train):,} training and {len(data.test):,} test images of {len(data.classes)} classes"
    return Origin(recipe=recipe.name, settings=settings, seed=recipe.seed, data=words, data_sha256=data.sha256, versions=versions)
