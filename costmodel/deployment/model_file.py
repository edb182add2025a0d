"""The model file: a deployed network as bytes. `docs/model_file.md` describes it byte by byte; `model_reading.py` reads it back.

Little-endian, versioned, checksummed; every offset counts from the file's first byte. The firmware reads the same bytes with
`firmware/core/model.c` and `layer.c`.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np

from costmodel.deployment.deployed import (
    DeployedLayer,
    DeployedNetwork,
    DeployedTensor,
    Kernel,
    Variant,
)
from costmodel.deployment.kernels.pairs import held_tiles
from costmodel.deployment.kernels.tiles import tiled_weights
from costmodel.deployment.requantisation import INT8_STEPS
from costmodel.errors import LimitError
from costmodel.specs.layers import DataType
from costmodel.specs.quantisation import Quantisation

MAGIC: Final = b"CMDL"
FORMAT_VERSION: Final = 2
HEADER: Final = struct.Struct("<4sHHIIHHIIIIIIHHIIII")
"""magic, version, header bytes, file bytes, checksum, variant, flags, tensor count and table, layer count and table, name, activation
bytes, input and output tensor, example input, three reserved words."""
TENSOR: Final = struct.Struct("<IIIIHHfiI")
"""channels, height, width, arena offset, element type, reserved, scale, zero point, reserved."""
LAYER: Final = struct.Struct("<BBHIHHHHI10I4I6I3I")
"""kernel, relu, weight order, name, two inputs, output, steps below 127 of the largest result, groups, two axes (kernel, stride, pad
before, pad after, dilation), weight offset and bytes, bias offset and bytes, offset and count of weight scales, bias scales and rescales,
three reserved words."""
SCALE: Final = struct.Struct("<fi")
"""scale, zero point."""
RESCALE: Final = struct.Struct("<ii")
"""multiplier, shift."""
CHECKSUM_BEGIN: Final = 16
ALIGNMENT: Final = 8
NO_TENSOR: Final = 0xFFFF
OIHW: Final = 0
"""The weight order of the packaged kernels; others name a tile of a generated one."""
_LOW_HALF: Final = 0xFFFF
"""Of a weight order: the rest of it, taps that halves of a register sum up, has a field of its own."""
TYPES: Final = (DataType.INT8, DataType.FLOAT32, DataType.INT32, DataType.INT16)
"""Element types by their code; the firmware has kernels for the first two."""
NAME_BYTES: Final = 208
"""Longest name, its final NUL included."""
MAX_FILE_BYTES: Final = 2**31
VARIANTS: Final = (Variant.INT8, Variant.FLOAT32)
"""Variants by their code."""
ELEMENT_CODES: Final = {DataType.INT8: "i1", DataType.FLOAT32: "<f4", DataType.INT32: "<i4", DataType.INT16: "<i2"}
"""How the elements of a type lie in the file."""


class _Room:
    """Bytes laid out after a file's tables."""

    def __init__(self, begin: int) -> None:
        self.begin = begin
        self.parts: list[bytes] = []
        self.end = begin

    def place(self, data: bytes, align: int = 1) -> int:
        """Append data at the next multiple of `align` and return its offset."""
        gap = -self.end % align
        self.parts.append(b"\0" * gap + data)
        self.end += gap + len(data)
        return self.end - len(data)

    def bytes_padded(self) -> bytes:
        """Return everything placed, filled up to the file's alignment."""
        return b"".join(self.parts) + b"\0" * (-self.end % ALIGNMENT)


def write_model_file(network: DeployedNetwork) -> bytes:
    """Return a network's model file.

    Parameters
    ----------
    network : DeployedNetwork
        What the file shall hold.

    Returns
    -------
    bytes
        A multiple of 8 long.

    Raises
    ------
    LimitError
        If there are too many layers or tensors, a name is too long, or the file is too large.
    """
    tensors_at = HEADER.size
    layers_at = tensors_at + TENSOR.size * len(network.tensors)
    room = _Room(layers_at + LAYER.size * len(network.layers))
    if network.variant is Variant.FLOAT32 and any(layer.kernel is Kernel.UNARY for layer in network.layers):
        raise LimitError(f"a model file of floats has no functions, which layers of {network.name} are; the int8 variant looks them up")
    if network.variant is Variant.FLOAT32 and any(layer.highest is not None for layer in network.layers):
        raise LimitError(f"a model file of floats has no largest results, which layers of {network.name} have")
    if max(len(network.tensors), len(network.layers)) > 4096:
        raise LimitError(f"a model file holds at most 4096 layers, {network.name} has {len(network.layers)}")
    name_at = room.place(_name(network.name))
    layer_records = b"".join([_layer_record(network, layer, room) for layer in network.layers])
    example_at = 0
    if network.example_input is not None:
        kind = ELEMENT_CODES[network.tensors[network.input_tensor].type]
        example_at = room.place(np.ascontiguousarray(network.example_input, kind).tobytes(), 4)
    tensor_records = b"".join([_tensor_record(tensor) for tensor in network.tensors])
    body = tensor_records + layer_records + room.bytes_padded()
    size = HEADER.size + len(body)
    if size > MAX_FILE_BYTES:
        raise LimitError(f"a model file holds at most {MAX_FILE_BYTES} bytes, {network.name} needs {size}")
    header = HEADER.pack(
        MAGIC, FORMAT_VERSION, HEADER.size, size, 0, VARIANTS.index(network.variant), 0,
        len(network.tensors), tensors_at, len(network.layers), layers_at, name_at, network.activation_bytes,
        network.input_tensor, network.output_tensor, example_at, 0, 0, 0,
    )  # fmt: skip
    return with_checksum(header + body)


def with_checksum(data: bytes) -> bytes:
    """Return a model file's bytes with the checksum they call for."""
    return data[:12] + struct.pack("<I", zlib.crc32(data[CHECKSUM_BEGIN:])) + data[CHECKSUM_BEGIN:]


def model_hash(data: bytes) -> str:
    """Return the name a device log gives a model file: its checksum as eight hexadecimal digits."""
    return f"{struct.unpack_from('<I', data, 12)[0]:08x}"


def _name(text: str) -> bytes:
    encoded = text.encode("utf-8") + b"\0"
    if len(encoded) > NAME_BYTES or b"\0" in encoded[:-1]:
        raise LimitError(f"a name in a model file has at most {NAME_BYTES - 1} bytes and no NUL, found {text!r}")
    return encoded


def _layer_record(network: DeployedNetwork, layer: DeployedLayer, room: _Room) -> bytes:
    inputs = (*layer.inputs, NO_TENSOR)[:2]
    below = 0 if layer.highest is None else int(INT8_STEPS[1] - layer.highest)
    places = [0, 0, 0, 0]
    if layer.weights is not None:
        stored = layer.weights.astype("i1", casting="equiv", copy=False)
        if layer.tile is not None:
            stored = tiled_weights(stored, layer.groups, layer.tile, held_tiles(network, layer, layer.tile))
        data = stored.tobytes()
        places[:2] = room.place(data, 1 if layer.tile is None else layer.tile.element_bytes), len(data)
    if layer.bias is not None:
        data = layer.bias.astype(layer.bias.dtype.newbyteorder("<"), copy=False).tobytes()
        places[2:] = room.place(data, layer.bias.dtype.itemsize), len(data)
    axes = [
        number
        for axis in (layer.height, layer.width)
        for number in (axis.kernel, axis.stride, axis.pad_before, axis.pad_after, axis.dilation)
    ]
    tables = [
        number
        for entries in (_scale_entries(layer.weight_quantisation), _scale_entries(layer.bias_quantisation), _rescale_entries(layer))
        for number in ((room.place(b"".join(entries), 4), len(entries)) if entries else (0, 0))
    ]
    order = OIHW if layer.tile is None else layer.tile.weight_order
    return LAYER.pack(
        layer.kernel, layer.relu, order & _LOW_HALF, room.place(_name(layer.name)), *inputs, layer.output, below, layer.groups,
        *axes, *places, *tables, order >> 16, 0, 0,
    )  # fmt: skip


def _tensor_record(tensor: DeployedTensor) -> bytes:
    scale, zero_point = 0.0, 0
    if tensor.quantisation is not None:
        (scale,), (zero_point,) = tensor.quantisation.scales, tensor.quantisation.zero_points
    return TENSOR.pack(*tensor.shape, tensor.arena_offset, TYPES.index(tensor.type), 0, scale, zero_point, 0)


def _scale_entries(quantisation: Quantisation | None) -> list[bytes]:
    if quantisation is None:
        return []
    return [SCALE.pack(*pair) for pair in zip(quantisation.scales, quantisation.zero_points, strict=True)]


def _rescale_entries(layer: DeployedLayer) -> list[bytes]:
    return [RESCALE.pack(*rescale) for rescale in layer.rescales]
