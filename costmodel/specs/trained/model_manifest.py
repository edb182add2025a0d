"""What stands in a model folder's manifest: its files with their hashes, where its numbers come from, and how often it is right."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from costmodel.specs.base import Name, Spec
from costmodel.specs.quantisation import Quantisation

MANIFEST_VERSION = 1
"""Of the folders written here."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""Hash of a file or of data, 64 hexadecimal digits."""
Share = Annotated[float, Field(ge=0, le=1)]
"""From 0 to 1."""


class Judge(StrEnum):
    """What ran a network when its answers were counted."""

    PYTORCH = "pytorch"
    """Floats, in single precision."""
    REFERENCE = "reference"
    """The integer reference in Python."""
    FIRMWARE = "firmware"
    """The C firmware."""


class Accuracy(Spec):
    """How many images of a set a network tells rightly."""

    images: Name
    """Which images: `test`, `held-out`."""
    image_count: Annotated[int, Field(ge=1)]
    """How many."""
    variant: Name
    """How its numbers were carried: `float32`, `int8`."""
    judge: Judge
    """What ran it."""
    top1_ratio: Share
    """Share whose class has the largest output, the first of equals."""
    top3_ratio: Share | None = None
    """Share whose class is among the three largest."""


class Origin(Spec):
    """Where trained parameters come from."""

    recipe: Name
    """Name of the recipe."""
    settings: dict[str, Any]
    """The recipe's fields, as they were run."""
    seed: int
    """Of first weights, order and crops."""
    data: str
    """What it was trained on."""
    data_sha256: Sha256
    """Hash of the images and labels."""
    versions: dict[str, str]
    """Of this package, Python and the libraries that computed it, and the processor."""
    unquantised_sha256: Sha256 | None = None
    """Hash of the file of single-precision weights that were quantised, as a model folder holds them."""


class StoredFile(Spec):
    """A file of a model folder."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$", max_length=100)]
    """Its name in the folder."""
    size_bytes: Annotated[int, Field(ge=0)]
    """Its length."""
    sha256: Sha256
    """Of its bytes."""


class ModelManifest(Spec):
    """A model folder's table of contents."""

    schema_version: Annotated[int, Field(ge=1, le=MANIFEST_VERSION)]
    """Of the folder's layout."""
    name: Name
    """Of the network."""
    description: str = ""
    """What it is."""
    source: str
    """Where the parameters come from."""
    network: StoredFile
    """The network, as YAML."""
    weights: StoredFile
    """The parameters, as safetensors: `<layer>.weight`, `<layer>.bias`."""
    quantisations: dict[str, Quantisation] = Field(default_factory=dict)
    """Of the network's input (`input`) and of layers' outputs."""
    weight_quantisations: dict[str, Quantisation] = Field(default_factory=dict)
    """Of weights, by layer; those are stored as int8 steps."""
    accuracies: tuple[Accuracy, ...] = ()
    """How often it is right, where that was counted."""
    origin: Origin | None = None
    """Of trained parameters."""
