"""A training recipe: what is trained, pruned, pooled, fine-tuned and quantised, and how."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.specs.base import Name, Spec

Share = Annotated[float, Field(ge=0, lt=1)]
"""At least 0, below 1."""
Epochs = Annotated[int, Field(ge=0, le=10_000)]
"""Passes over the training images."""
Rate = Annotated[float, Field(gt=0, le=10)]
"""A learning rate."""


class Optimiser(StrEnum):
    """How a step follows from a gradient."""

    SGD = "sgd"
    """Stochastic gradient descent with Nesterov momentum."""
    ADAM = "adam"


class RateSchedule(StrEnum):
    """How the rate changes over the steps."""

    CONSTANT = "constant"
    TRIANGULAR = "triangular"
    """Up from 0 over the warm-up, then down to 0, both in straight lines."""
    COSINE = "cosine"
    """From the rate to 0 along half a cosine."""


class Flip(StrEnum):
    """How images are mirrored."""

    NONE = "none"
    RANDOM = "random"
    ALTERNATING = "alternating"
    """Each image is seen both ways in every two epochs."""


class Augmentation(Spec):
    """How training images are varied."""

    padding: Annotated[int, Field(ge=0, le=64)] = 0
    """Pixels of reflected border; a random crop of the image's own size is taken from it."""
    flip: Flip = Flip.NONE
    """How they are mirrored."""


class Restart(Spec):
    """One more cycle of the schedule: the rate rises again and falls again (loshchilov2017sgdr)."""

    epoch_count: Annotated[int, Field(ge=1, le=10_000)]
    """Its passes over the images."""
    rate_ratio: Rate | None = None
    """Its largest learning rate; left out, that of the first cycle."""


class Cycle(NamedTuple):
    """Passes over which the schedule runs once."""

    first_epoch: int
    """Passes before it."""
    epoch_count: int
    """Its passes."""
    rate_ratio: float
    """Its largest learning rate."""


class Fit(Spec):
    """One run of training."""

    epoch_count: Epochs
    """Passes over the images; those of restarts come after them."""
    batch_count: Annotated[int, Field(ge=1, le=65_536)] = 256
    """Images a step."""
    optimiser: Optimiser = Optimiser.SGD
    """How a step follows from a gradient."""
    rate_ratio: Rate = 0.1
    """Largest learning rate."""
    schedule: RateSchedule = RateSchedule.TRIANGULAR
    """How it changes."""
    warm_up_ratio: Share = 0.15
    """Share of the steps over which a triangular rate rises."""
    momentum_ratio: Share = 0.9
    """Of stochastic gradient descent."""
    decay_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Weight decay, on weights alone."""
    average_ratio: Share = 0.0
    """What an average of the weights over the steps keeps of itself at each; 0 takes the last weights."""
    augmentation: Augmentation = Augmentation()
    """How the images are varied."""
    restarts: tuple[Restart, ...] = Field(default=(), max_length=100)
    """Cycles of the schedule after the first, each from the weights the one before it left."""

    @property
    def cycles(self) -> tuple[Cycle, ...]:
        """Every cycle of the schedule, in order."""
        found = [Cycle(0, self.epoch_count, self.rate_ratio)]
        for each in self.restarts:
            before = found[-1]
            found.append(Cycle(before.first_epoch + before.epoch_count, each.epoch_count, each.rate_ratio or self.rate_ratio))
        return tuple(found)

    @property
    def total_count(self) -> int:
        """Passes over the images, those of restarts among them."""
        return self.cycles[-1].first_epoch + self.cycles[-1].epoch_count


class Criterion(StrEnum):
    """What a channel's importance is."""

    L1 = "l1"
    """Sum of its absolute weights, as in the reference deployment (li2017pruning)."""
    L2 = "l2"
    """Root of the sum of its squared weights."""
    BATCH_NORM = "batch-norm"
    """Absolute factor of the normalisation behind it (liu2017slimming)."""
    TAYLOR = "taylor"
    """Absolute change of the loss without it, to first order: the sum of its weights times their gradients (molchanov2017pruning)."""


class CalibrationMethod(StrEnum):
    """How the largest magnitude that still has a step of its own is chosen."""

    MIN_MAX = "min-max"
    """The largest there was."""
    PERCENTILE = "percentile"
    """The magnitude below which a share of all lies."""
    MSE = "mse"
    """The one with the least mean squared error of rounding and clipping."""


class Pooling(Spec):
    """An adaptive average pooling put before the first linear layer."""

    output_size: Annotated[int, Field(ge=1, le=1024)]
    """Rows and columns that are left."""


class Pruning(Spec):
    """Which share of channels and neurons is removed."""

    convolution_ratio: Share = 0.0
    """Of the channels of convolutions."""
    linear_ratio: Share = 0.0
    """Of hidden neurons."""
    global_ratio: Share = 0.0
    """Of all of them, wherever they matter least; in place of the other ratios."""
    layers: dict[Name, Share] = Field(default_factory=dict)
    """Of single layers, in place of their kind's."""
    criterion: Criterion = Criterion.L1
    """What they are ranked by."""

    @model_validator(mode="after")
    def _one_way(self) -> Pruning:
        if self.global_ratio and (self.convolution_ratio or self.linear_ratio or self.layers):
            raise PydanticCustomError("pruning", "global_ratio stands alone: leave the ratios of kinds and layers out")
        return self


class Quantising(Spec):
    """How weights and activations become int8."""

    bits: Literal[8] = 8
    """Of each weight, and of each activation."""
    weights_only: bool = False
    """Leave activations as floats, as the reference deployment does."""
    per_channel: bool = True
    """One scale for each output channel of a convolution, not one for the tensor."""
    method: CalibrationMethod = CalibrationMethod.PERCENTILE
    """How activations get their scales."""
    percentile_ratio: Annotated[float, Field(gt=0, le=1)] = 0.9999
    """Share of magnitudes below the last step, of the method `percentile`."""
    calibration_count: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Training images that activations are looked at on."""
    tune: Fit | None = None
    """Quantisation-aware training; left out, there is none."""


class Distilling(Spec):
    """A teacher whose outputs are learned beside the labels (hinton2015distilling)."""

    model: str = ""
    """A model folder, or `FILE.py:function`, which returns a PyTorch module that takes uint8 images; an option comes before it."""
    temperature_ratio: Annotated[float, Field(gt=0, le=100)] = 4.0
    """What both outputs are divided by."""
    weight_ratio: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Of the teacher's outputs in the loss; the rest is the labels'."""
    view_count: Annotated[int, Field(ge=1, le=64)] = 8
    """Different crops of each image, whose outputs are computed once."""


class TrainingRecipe(Spec):
    """What is done to a network, in this order: train, pool and train again, prune, fine-tune, quantise."""

    name: Name
    """What reports call it."""
    description: str = ""
    """Where it comes from and what it is for."""
    network: str = ""
    """A packaged name or a file; an option comes before it."""
    data: str = ""
    """A data set; an option comes before it."""
    seed: Annotated[int, Field(ge=0, le=2**31)] = 0
    """Of first weights, order and crops."""
    held_out_count: Annotated[int, Field(ge=0)] = 0
    """Training images that accuracy is told on in place of the test images: for choosing."""
    normalised: bool = False
    """Whether convolutions are normalised while they are trained; it is folded into them afterwards."""
    train: Fit | None = None
    """How the network is trained; left out, it comes with its weights."""
    train_before_pooling: bool = True
    """Whether the network is also trained as it is before it is pooled, to compare with."""
    pool: Pooling | None = None
    """Left out, nothing is pooled."""
    prune: Pruning | None = None
    """Left out, nothing is pruned."""
    fine_tune: Fit | None = None
    """Training after pruning, at a lower rate."""
    quantise: Quantising | None = None
    """Left out, the network stays in floats."""
    teacher: Distilling | None = None
    """Left out, the labels alone are learned."""
