"""Training: passes over the images, a checkpoint after each, from which a run that was stopped goes on to the same bits."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from costmodel.errors import CostModelError
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.specs.trained.training_recipe import Fit, Optimiser, RateSchedule
from costmodel.training.images.augmentation import MIDDLE, STEPS_PER_UNIT, Augmenter
from costmodel.training.images.image_set import ImageSet

CHECKPOINT: Final = "checkpoint.pt"
EVALUATED: Final = 1_000
"""Images a batch where nothing is trained."""

Told: TypeAlias = Callable[[int, int, float], None]
"""Told after each pass: passes done, passes in all, mean loss."""


class DivergedError(CostModelError):
    """The loss is no longer a number; what the last good pass left is kept."""


Objective: TypeAlias = Callable[[torch.Tensor, torch.Tensor, NDArray[np.int64], int], torch.Tensor]
"""What a step makes smaller, from a batch's outputs, its labels, its places among the training images, and the pass it is in."""


@dataclass(frozen=True)
class Place:
    """Where a run keeps what it has done."""

    folder: Path
    """Of its checkpoint."""
    key: str
    """What the run is made of: a checkpoint of another is not gone on from."""


def cross_entropy(outputs: torch.Tensor, labels: torch.Tensor, _places: NDArray[np.int64], _epoch: int) -> torch.Tensor:
    """Return the cross entropy of a batch."""
    return functional.cross_entropy(outputs, labels)


def as_input(images: NDArray[np.uint8]) -> torch.Tensor:
    """Return images as a network is fed them: (batch, channels, rows, columns), byte - 128 in steps of 1/64."""
    values = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
    return (values.to(torch.float32) - MIDDLE) / STEPS_PER_UNIT


def fast_type() -> torch.dtype:
    """Return the type sums of products are taken in while training: bfloat16 where this processor multiplies it, or float32."""
    named = torch.backends.cpu.get_cpu_capability()
    has_bf16 = (
        getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)() or getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)()
    )
    return torch.bfloat16 if has_bf16 and "AVX512" in named else torch.float32


def fit(
    module: Any,
    images: ImageSet,
    settings: Fit,
    *,
    seed: int,
    objective: Objective = cross_entropy,
    place: Place | None = None,
    told: Told | None = None,
    views: int = 0,
    dtype: torch.dtype | None = None,
) -> float:
    """Train a module in place.

    Parameters
    ----------
    module : Module
        Takes batches (batch, channels, rows, columns); a `NetworkModule` or one with its `decayed` and `keep_order`.
    images : ImageSet
        To train on.
    settings : Fit
        How.
    seed : int
        Of order, crops and flips: with the same machine, threads and seed the same bits come out.
    objective : Objective
        What a step makes smaller.
    place : Place, optional
        Where checkpoints are kept, and gone on from.
    told : callable, optional
        Told after each pass.
    views : int
        Different crops of each image, seen in turn; 0 for new ones in every pass.
    dtype : torch.dtype, optional
        Type that sums of products are taken in; left out, `fast_type()`.

    Returns
    -------
    float
        Mean loss of the last pass.

    Raises
    ------
    DivergedError
        If the loss is no longer a number; the checkpoint of the last good pass stays.
    """
    dtype = fast_type() if dtype is None else dtype
    augmenter = Augmenter(images.images, settings.augmentation, seed, views)
    optimiser = _optimiser(module, settings)
    average = {name: value.clone() for name, value in module.state_dict().items()} if settings.average_ratio else None
    done, loss = _resumed(place, module, optimiser, average)
    batch = min(settings.batch_count, len(images))
    steps = max(len(images) // batch, 1)
    module.to(memory_format=torch.channels_last)
    for epoch in range(done, settings.total_count):
        module.train()
        total = 0.0
        for step, (places, pixels) in enumerate(augmenter.batches(epoch, batch)):
            _set_rate(optimiser, rate_at(settings, epoch * steps + step + 1, steps))
            with torch.autocast("cpu", dtype=dtype, enabled=dtype is not torch.float32):
                outputs = module(as_input(pixels).to(memory_format=torch.channels_last))
            value = objective(outputs.float(), torch.from_numpy(images.labels[places]), places, epoch)
            found = float(value.detach())
            if not math.isfinite(found):
                raise _diverged(epoch, settings, place)
            total += found
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            optimiser.step()
            module.keep_order()
            if average is not None:
                _averaged(average, module, settings.average_ratio, epoch * steps + step)
        loss = total / steps
        if place is not None:
            _save(place, module, optimiser, average, epoch + 1, loss)
        if told is not None:
            told(epoch + 1, settings.total_count, loss)
    if average is not None:
        module.load_state_dict(average)
    module.eval()
    return loss


def scores(module: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a module's outputs for images, in single precision."""
    module.eval()
    parts = (as_input(images[begin : begin + EVALUATED]) for begin in range(0, len(images), EVALUATED))
    with torch.inference_mode():
        return np.concatenate([module(part.to(memory_format=torch.channels_last)).float().numpy() for part in parts])


def accuracy_of(outputs: NDArray[Any], labels: NDArray[np.int64]) -> float:
    """Return the share of images whose largest output, the first of equals, is their class."""
    return float(np.mean(np.argmax(outputs, axis=1) == labels))


def hash_of(*parts: object) -> str:
    """Return a name made of everything a run depends on."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _optimiser(module: Any, settings: Fit) -> torch.optim.Optimizer:
    weights, others = module.decayed()
    groups = [{"params": weights, "weight_decay": settings.decay_ratio}, {"params": others, "weight_decay": 0.0}]
    if settings.optimiser is Optimiser.ADAM:
        return torch.optim.Adam(groups, lr=settings.rate_ratio)
    momentum = settings.momentum_ratio
    return torch.optim.SGD(groups, lr=settings.rate_ratio, momentum=momentum, nesterov=momentum > 0)


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate


def rate_at(settings: Fit, step: int, epoch_steps: int) -> float:
    """Return the learning rate of a step.

    Parameters
    ----------
    settings : Fit
        With its cycles.
    step : int
        Counted from 1 over all passes.
    epoch_steps : int
        Steps of one pass.

    Returns
    -------
    float
        Above 0.
    """
    cycle = next(each for each in reversed(settings.cycles) if step > each.first_epoch * epoch_steps)
    progress = (step - cycle.first_epoch * epoch_steps) / (cycle.epoch_count * epoch_steps)
    return cycle.rate_ratio * rate_share(settings.schedule, settings.warm_up_ratio, progress)


def rate_share(schedule: RateSchedule, warm_up: float, progress: float) -> float:
    """Return the share of the largest rate at a share of the steps, above 0 and up to 1."""
    if schedule is RateSchedule.TRIANGULAR:
        return progress / warm_up if progress < warm_up else max((1 - progress) / (1 - warm_up), 1e-4)
    return 0.5 * (1 + math.cos(math.pi * progress)) if schedule is RateSchedule.COSINE else 1.0


def _averaged(average: dict[str, torch.Tensor], module: Any, kept: float, step: int) -> None:
    # Early on an average of few steps forgets its beginning sooner.
    share = min(kept, (1 + step) / (10 + step))
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                average[name].lerp_(value, 1 - share)
            else:
                average[name].copy_(value)


def _save(place: Place, module: Any, optimiser: Any, average: Any, done: int, loss: float) -> None:
    state = {
        "key": place.key,
        "done": done,
        "loss": loss,
        "module": module.state_dict(),
        "optimiser": optimiser.state_dict(),
        "average": average,
    }
    room = io.BytesIO()
    torch.save(state, room)
    write_whole(place.folder / CHECKPOINT, room.getvalue())


def _resumed(place: Place | None, module: Any, optimiser: Any, average: Any) -> tuple[int, float]:
    path = None if place is None else place.folder / CHECKPOINT
    if place is None or path is None or not path.is_file():
        return 0, 0.0
    state = torch.load(path, weights_only=True)
    if state["key"] != place.key:
        return 0, 0.0
    module.load_state_dict(state["module"])
    optimiser.load_state_dict(state["optimiser"])
    if average is not None:
        average.update(state["average"])
    return int(state["done"]), float(state["loss"])


def _diverged(epoch: int, settings: Fit, place: Place | None) -> DivergedError:
    kept = f"; the weights after epoch {epoch} are kept in {place.folder}" if place is not None and epoch else ""
    return DivergedError(
        f"the loss is not a number in epoch {epoch + 1} of {settings.total_count}; "
        f"lower the rate ({_largest_rate(settings, epoch):g}){kept}"
    )


def _largest_rate(settings: Fit, epoch: int) -> float:
    return next(each.rate_ratio for each in reversed(settings.cycles) if epoch >= each.first_epoch)
