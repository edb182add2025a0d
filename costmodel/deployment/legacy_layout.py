"""The raw layout of the reference deployment: arrays back to back, sizes known to the reader; and the C header it replaced."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.errors import SpecError
from costmodel.provenance import formula

PUBLISHED_WEIGHTS_RATIO: Final = 3.43
"""Weights and biases, 96 KB of .h to 28 KB of .bin; reference deployment, slide 'Weight Compression ESP32'."""
PUBLISHED_IMAGE_RATIO: Final = 3.647
"""Input image, 11 KB of .h to 3 KB of .bin; reference deployment, slide 'Input Compression ESP32'."""


class Layout(StrEnum):
    """How a network's parameters are written."""

    MODEL = "model"
    """The model file."""
    RAW = "raw"
    """Arrays back to back."""
    HEADER = "header"
    """C source."""
    IMAGE = "image"
    """The input alone, plane after plane."""
    IMAGE_HEADER = "image-header"
    """The input alone, as C source."""


class RawArray(NamedTuple):
    """One array of the raw layout."""

    name: str
    values: NDArray[np.int8]
    """Flat."""


class SizeComparison(NamedTuple):
    """The same numbers as text and as bytes."""

    header_bytes: int
    """As C source."""
    raw_bytes: int
    """As they are."""
    saving_ratio: float
    """Header over raw."""


def raw_arrays(network: DeployedNetwork) -> tuple[RawArray, ...]:
    """Return the arrays of the raw layout: for each layer its biases, then its weights.

    Parameters
    ----------
    network : DeployedNetwork
        In the float32 variant, whose weights and biases are both int8, as the deck's are.

    Returns
    -------
    tuple of RawArray
        In the order they are written.

    Raises
    ------
    SpecError
        If the network is of the int8 variant, whose biases have four bytes.
    """
    if network.variant is not Variant.FLOAT32:
        raise SpecError("the raw layout holds int8 biases: deploy the network in the float32 variant")
    arrays = []
    for layer in network.layers:
        for part, values in (("bias", layer.bias), ("weight", layer.weights)):
            if values is not None:
                arrays.append(RawArray(f"{_identifier(layer.name)}{part}", np.asarray(values, np.int8).ravel()))
    return tuple(arrays)


def int8_input(network: DeployedNetwork) -> NDArray[np.int8]:
    """Return the input a deployed network holds, as int8; raises SpecError where it takes floats or holds none."""
    held = network.example_input
    if held is None or held.dtype != np.int8:
        raise SpecError(f"{network.name}: its input is no int8 image; the network's input type is float32")
    return np.asarray(held, np.int8)


def image_array(image: NDArray[np.int8]) -> RawArray:
    """Return an input image as an array of the raw layout: plane after plane."""
    return RawArray("image", image.ravel())


def as_raw_bytes(arrays: tuple[RawArray, ...]) -> bytes:
    """Return the raw layout: every array's bytes, one after the other."""
    return b"".join(array.values.tobytes() for array in arrays)


def as_header_text(arrays: tuple[RawArray, ...]) -> str:
    """Return the C header the raw layout replaced: each array with its size, values in decimal."""
    lines = []
    for name, values in arrays:
        lines.append(f"int {name}_size={values.size};")
        lines.append(f"int8_t {name}[]={{{','.join(map(str, values.tolist()))}}};")
    return "\n".join(lines) + "\n"


@formula(
    id="compression.header_saving",
    equation="r = t / b",
    symbols={"r": "saving [1]", "t": "bytes of the C header [B]", "b": "bytes of the raw layout [B]"},
    unit="1",
    source="kornak2025deck: slides 'Input Compression ESP32' and 'Weight Compression ESP32'",
)
def saving_ratio(header_bytes: int, raw_bytes: int) -> float:
    """Return how many times smaller the raw layout is than the header."""
    return header_bytes / raw_bytes


def compared_sizes(arrays: tuple[RawArray, ...]) -> SizeComparison:
    """Return what the raw layout saves over the header."""
    header_bytes, raw_bytes = len(as_header_text(arrays).encode()), len(as_raw_bytes(arrays))
    return SizeComparison(header_bytes, raw_bytes, saving_ratio(header_bytes, raw_bytes))


def read_raw_bytes(data: bytes, sizes: dict[str, int]) -> dict[str, NDArray[np.int8]]:
    """Split a raw layout, whose sizes the reader must know.

    Parameters
    ----------
    data : bytes
        The file.
    sizes : dict of str to int
        Elements of each array, in the file's order.

    Returns
    -------
    dict of str to array of int8
        Flat arrays by name.

    Raises
    ------
    SpecError
        If the sizes do not add up to the file's length.
    """
    if sum(sizes.values()) != len(data):
        raise SpecError(f"the raw layout has {len(data)} bytes, its arrays add up to {sum(sizes.values())}")
    values = np.frombuffer(data, np.int8)
    ends = np.cumsum(list(sizes.values()))
    return {name: values[end - size : end] for (name, size), end in zip(sizes.items(), ends, strict=True)}


def _identifier(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)
