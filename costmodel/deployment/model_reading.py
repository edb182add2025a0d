"""The model file read back: a deployed network from its bytes, nothing in them believed before it is checked."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import Rescale
from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, DeployedTensor, Kernel, KernelWindow, Variant
from costmodel.deployment.kernels.pairs import held_tiles
from costmodel.deployment.kernels.shapes import SERVED
from costmodel.deployment.kernels.tiles import tile_of_order, untiled_weights
from costmodel.deployment.model_file import (
    ALIGNMENT,
    CHECKSUM_BEGIN,
    ELEMENT_CODES,
    FORMAT_VERSION,
    HEADER,
    LAYER,
    MAGIC,
    NAME_BYTES,
    NO_TENSOR,
    OIHW,
    RESCALE,
    SCALE,
    TENSOR,
    TYPES,
    VARIANTS,
)
from costmodel.deployment.requantisation import INT8_STEPS
from costmodel.deployment.tables import TABLE_ENTRIES
from costmodel.errors import FormatError
from costmodel.specs.layers import DataType
from costmodel.specs.quantisation import Quantisation

_STEPS_BELOW: Final = INT8_STEPS[1] - INT8_STEPS[0]


def read_model_file(data: bytes) -> DeployedNetwork:
    """Return the network a model file holds.

    Parameters
    ----------
    data : bytes
        The file; bytes after its end are not looked at.

    Returns
    -------
    DeployedNetwork
        `write_model_file` of it gives the same bytes.

    Raises
    ------
    FormatError
        If the bytes are no model file, of another version, damaged, or point outside themselves.
    """
    fields = _checked_header(data)
    size, variant_code = fields[3], fields[5]
    tensor_count, tensors_at, layer_count, layers_at, name_at, activation_bytes = fields[7:13]
    input_tensor, output_tensor, example_at = fields[13:16]
    if variant_code >= len(VARIANTS):
        raise FormatError(f"model file: variant is {variant_code}, expected 0 (int8) or 1 (float32)")
    variant = VARIANTS[variant_code]
    data = data[:size]
    tensors = [_tensor(_part(data, tensors_at + index * TENSOR.size, TENSOR.size, "tensor table"), index) for index in range(tensor_count)]
    if max(input_tensor, output_tensor) >= tensor_count:
        raise FormatError(f"model file: tensor {max(input_tensor, output_tensor)} does not exist, there are {tensor_count}")
    found = [_layer(data, layers_at + index * LAYER.size, tensors, variant) for index in range(layer_count)]
    example = None
    if example_at:
        shape = tensors[input_tensor].shape
        kind = ELEMENT_CODES[tensors[input_tensor].type]
        example = _array(data, example_at, tensors[input_tensor].elements, kind, "example input").reshape(shape)
    name = _text(data, name_at)
    layers = tuple(layer for layer, _ in found)
    network = DeployedNetwork(name, variant, tuple(tensors), layers, input_tensor, output_tensor, activation_bytes, example)
    for layer, said in found:
        if layer.tile is not None and said != held_tiles(network, layer, layer.tile):
            raise FormatError(f"model file: layer {layer.name!r} says of its pairs what its weights and inputs do not")
    return network


def _checked_header(data: bytes) -> tuple[int, ...]:
    if len(data) < HEADER.size:
        raise FormatError(f"model file: {len(data)} bytes, a header alone has {HEADER.size}")
    fields = HEADER.unpack_from(data)
    magic, version, header_bytes, size, checksum = fields[:5]
    if magic != MAGIC:
        raise FormatError(f"model file: begins with {magic!r}, expected {MAGIC!r}")
    if version != FORMAT_VERSION or header_bytes != HEADER.size:
        raise FormatError(f"model file: format version {version}, expected {FORMAT_VERSION}; pack the network again")
    if size < HEADER.size or size % ALIGNMENT or size > len(data):
        raise FormatError(f"model file: states {size} bytes, {len(data)} are there")
    found = zlib.crc32(data[CHECKSUM_BEGIN:size])
    if found != checksum:
        raise FormatError(f"model file: checksum is {found:08x}, the file states {checksum:08x}")
    return fields


def _part(data: bytes, offset: int, size: int, what: str) -> bytes:
    if offset < HEADER.size or offset + size > len(data):
        raise FormatError(f"model file: {what} at {offset} with {size} bytes lies outside the file's {len(data)}")
    return data[offset : offset + size]


def _text(data: bytes, offset: int) -> str:
    end = data.find(b"\0", offset, offset + NAME_BYTES)
    if offset < HEADER.size or end < 0:
        raise FormatError(f"model file: no name at {offset}")
    try:
        return data[offset:end].decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"model file: the name at {offset} is not UTF-8") from error


def _array(data: bytes, offset: int, count: int, kind: str, what: str) -> NDArray[Any]:
    raw = _part(data, offset, count * np.dtype(kind).itemsize, what)
    return np.frombuffer(raw, kind).astype(np.dtype(kind).newbyteorder("="), copy=False)


def _tensor(record: bytes, index: int) -> DeployedTensor:
    channels, height, width, offset, code, _, scale, zero_point, _ = TENSOR.unpack(record)
    if code >= len(TYPES):
        raise FormatError(f"model file: tensor {index} has element type {code}, expected 0 to {len(TYPES) - 1}")
    kind = TYPES[code]
    quantisation = None
    if kind is not DataType.FLOAT32:
        quantisation = _quantisation(((scale, zero_point),), f"tensor {index}")
    elif scale or zero_point:
        raise FormatError(f"model file: tensor {index} of floats has scale {scale:g} and zero point {zero_point}, expected none")
    return DeployedTensor(channels, height, width, offset, kind, quantisation)


def _quantisation(pairs: Sequence[tuple[float, int]], what: str) -> Quantisation:
    if not all(0 < scale < math.inf for scale, _ in pairs):
        raise FormatError(f"model file: {what} has a scale that is no positive number")
    return Quantisation(scales=tuple(scale for scale, _ in pairs), zero_points=tuple(zero_point for _, zero_point in pairs))


def _scales(data: bytes, offset: int, count: int, what: str) -> Quantisation | None:
    pairs = list(SCALE.iter_unpack(_part(data, offset, count * SCALE.size, what))) if count else []
    return _quantisation([(scale, zero_point) for scale, zero_point in pairs], what) if pairs else None


def _layer(data: bytes, offset: int, tensors: Sequence[DeployedTensor], variant: Variant) -> tuple[DeployedLayer, tuple[bool, ...]]:
    """Return a layer, and what is said of each tile of its pairs."""
    (
        kernel, relu, order, name_at, first, second, output, below, groups, *axes_and_rest
    ) = LAYER.unpack(_part(data, offset, LAYER.size, "layer table"))  # fmt: skip
    axes, (weights_at, weight_bytes, bias_at, bias_bytes) = axes_and_rest[:10], axes_and_rest[10:14]
    weight_scales_at, weight_scales, bias_scales_at, bias_scales, rescales_at, rescales, swar = axes_and_rest[14:21]
    order |= swar << 16
    name = _text(data, name_at)
    if kernel >= len(Kernel) or relu > 1 or (order != OIHW and kernel not in SERVED):
        raise FormatError(f"model file: layer {name!r} has kernel {kernel}, relu {relu}, weight order {order}")
    if below > _STEPS_BELOW or (below and variant is Variant.FLOAT32):
        raise FormatError(f"model file: layer {name!r} has a largest result {below} steps below 127; at most {_STEPS_BELOW}, of int8 alone")
    inputs = (first,) if second == NO_TENSOR else (first, second)
    if max(*inputs, output) >= len(tensors):
        raise FormatError(f"model file: layer {name!r} names tensor {max(*inputs, output)} of {len(tensors)}")
    source, target = tensors[first], tensors[output]
    height, width = KernelWindow(*axes[:5]), KernelWindow(*axes[5:])
    tile = None if order == OIHW else tile_of_order(order)
    element_bytes = 1 if tile is None else tile.element_bytes
    weights, said = None, tuple[bool, ...]()
    if weight_bytes:
        weights = _array(data, weights_at, weight_bytes // element_bytes, f"<i{element_bytes}", f"weights of {name}")
    if weights is not None:
        shape: tuple[int, ...] = (target.elements, source.elements)
        if kernel == Kernel.CONV2D:
            shape = (target.channels, source.channels // max(groups, 1), height.kernel, width.kernel)
        elif kernel == Kernel.BATCH_NORM:
            shape = (source.channels,)
        elif kernel == Kernel.UNARY:
            shape = (TABLE_ENTRIES,)
        if tile is not None and (groups == 0 or shape[0] % groups):
            raise FormatError(f"model file: layer {name!r} has {groups} groups of {shape[0]} output channels")
        asked = int(np.prod(shape, dtype=object))
        if tile is not None and tile.swar:
            asked = tile.stored_bytes(groups, shape[0] // groups, asked // shape[0]) // element_bytes
        if weights.size != asked:
            raise FormatError(f"model file: layer {name!r} has {weights.size} weights, its shape asks for {shape}")
        weights, said = (weights.reshape(shape), ()) if tile is None else untiled_weights(weights, shape, groups, tile)
    highest = INT8_STEPS[1] - below if below else None
    kind = "i1" if variant is Variant.FLOAT32 else "<i4"
    bias = _array(data, bias_at, bias_bytes // variant.bias_bytes, kind, f"biases of {name}") if bias_bytes else None
    pairs = RESCALE.iter_unpack(_part(data, rescales_at, rescales * RESCALE.size, f"rescales of {name}")) if rescales else ()
    layer = DeployedLayer(
        name, Kernel(kernel), inputs, output, groups, height, width, bool(relu), highest, weights, bias, tile,
        _scales(data, weight_scales_at, weight_scales, f"weight scales of {name}"),
        _scales(data, bias_scales_at, bias_scales, f"bias scales of {name}"),
        rescales=tuple(Rescale(*pair) for pair in pairs),
    )  # fmt: skip
    return layer, said
