"""The model file: a deployed network as bytes, and back. `docs/model_file.md` describes it byte by byte.

Little-endian, versioned, checksummed; every offset counts from the file's first byte. The firmware reads the same bytes with
`firmware/core/model.c` and `layer.c`.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import Rescale
from costmodel.deployment.deployed import (
    DeployedLayer,
    DeployedNetwork,
    DeployedTensor,
    Kernel,
    KernelWindow,
    Variant,
)
from costmodel.errors import FormatError, LimitError
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
"""kernel, relu, weight order, name, two inputs, output, reserved, groups, two axes (kernel, stride, pad before, pad after, dilation),
weight offset and bytes, bias offset and bytes, offset and count of weight scales, bias scales and rescales, three reserved words."""
SCALE: Final = struct.Struct("<fi")
"""scale, zero point."""
RESCALE: Final = struct.Struct("<ii")
"""multiplier, shift."""
CHECKSUM_BEGIN: Final = 16
ALIGNMENT: Final = 8
NO_TENSOR: Final = 0xFFFF
OIHW: Final = 0
"""The only weight order so far; a kernel that blocks its loops may get its own."""
TYPES: Final = (DataType.INT8, DataType.FLOAT32, DataType.INT32, DataType.INT16)
"""Element types by their code; the firmware has kernels for the first two."""
NAME_BYTES: Final = 208
"""Longest name, its final NUL included."""
MAX_FILE_BYTES: Final = 2**31
_VARIANTS: Final = (Variant.INT8, Variant.FLOAT32)
_ELEMENTS: Final = {DataType.INT8: "i1", DataType.FLOAT32: "<f4", DataType.INT32: "<i4", DataType.INT16: "<i2"}


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
    if max(len(network.tensors), len(network.layers)) > 4096:
        raise LimitError(f"a model file holds at most 4096 layers, {network.name} has {len(network.layers)}")
    name_at = room.place(_name(network.name))
    layer_records = b"".join([_layer_record(layer, room) for layer in network.layers])
    example_at = 0
    if network.example_input is not None:
        kind = _ELEMENTS[network.tensors[network.input_tensor].type]
        example_at = room.place(np.ascontiguousarray(network.example_input, kind).tobytes(), 4)
    tensor_records = b"".join([_tensor_record(tensor) for tensor in network.tensors])
    body = tensor_records + layer_records + room.bytes_padded()
    size = HEADER.size + len(body)
    if size > MAX_FILE_BYTES:
        raise LimitError(f"a model file holds at most {MAX_FILE_BYTES} bytes, {network.name} needs {size}")
    header = HEADER.pack(
        MAGIC, FORMAT_VERSION, HEADER.size, size, 0, _VARIANTS.index(network.variant), 0,
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


def _layer_record(layer: DeployedLayer, room: _Room) -> bytes:
    inputs = (*layer.inputs, NO_TENSOR)[:2]
    places = [0, 0, 0, 0]
    if layer.weights is not None:
        data = layer.weights.astype("i1", casting="equiv", copy=False).tobytes()
        places[:2] = room.place(data), len(data)
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
    return LAYER.pack(
        layer.kernel, layer.relu, layer.weight_order, room.place(_name(layer.name)), *inputs, layer.output, 0, layer.groups,
        *axes, *places, *tables, 0, 0, 0,
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
    if variant_code >= len(_VARIANTS):
        raise FormatError(f"model file: variant is {variant_code}, expected 0 (int8) or 1 (float32)")
    variant = _VARIANTS[variant_code]
    data = data[:size]
    tensors = [_tensor(_part(data, tensors_at + index * TENSOR.size, TENSOR.size, "tensor table"), index) for index in range(tensor_count)]
    if max(input_tensor, output_tensor) >= tensor_count:
        raise FormatError(f"model file: tensor {max(input_tensor, output_tensor)} does not exist, there are {tensor_count}")
    layers = [_layer(data, layers_at + index * LAYER.size, tensors, variant) for index in range(layer_count)]
    example = None
    if example_at:
        shape = tensors[input_tensor].shape
        kind = _ELEMENTS[tensors[input_tensor].type]
        example = _array(data, example_at, tensors[input_tensor].elements, kind, "example input").reshape(shape)
    name = _text(data, name_at)
    return DeployedNetwork(name, variant, tuple(tensors), tuple(layers), input_tensor, output_tensor, activation_bytes, example)


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


def _layer(data: bytes, offset: int, tensors: Sequence[DeployedTensor], variant: Variant) -> DeployedLayer:
    (
        kernel, relu, order, name_at, first, second, output, _, groups, *axes_and_rest
    ) = LAYER.unpack(_part(data, offset, LAYER.size, "layer table"))  # fmt: skip
    axes, (weights_at, weight_bytes, bias_at, bias_bytes) = axes_and_rest[:10], axes_and_rest[10:14]
    weight_scales_at, weight_scales, bias_scales_at, bias_scales, rescales_at, rescales = axes_and_rest[14:20]
    name = _text(data, name_at)
    if kernel >= len(Kernel) or relu > 1 or order != OIHW:
        raise FormatError(f"model file: layer {name!r} has kernel {kernel}, relu {relu}, weight order {order}")
    inputs = (first,) if second == NO_TENSOR else (first, second)
    if max(*inputs, output) >= len(tensors):
        raise FormatError(f"model file: layer {name!r} names tensor {max(*inputs, output)} of {len(tensors)}")
    source, target = tensors[first], tensors[output]
    height, width = KernelWindow(*axes[:5]), KernelWindow(*axes[5:])
    weights = _array(data, weights_at, weight_bytes, "i1", f"weights of {name}") if weight_bytes else None
    if weights is not None:
        shape: tuple[int, ...] = (target.elements, source.elements)
        if kernel == Kernel.CONV2D:
            shape = (target.channels, source.channels // max(groups, 1), height.kernel, width.kernel)
        elif kernel == Kernel.BATCH_NORM:
            shape = (source.channels,)
        if weights.size != np.prod(shape, dtype=object):
            raise FormatError(f"model file: layer {name!r} has {weights.size} weights, its shape asks for {shape}")
        weights = weights.reshape(shape)
    kind = "i1" if variant is Variant.FLOAT32 else "<i4"
    bias = _array(data, bias_at, bias_bytes // variant.bias_bytes, kind, f"biases of {name}") if bias_bytes else None
    pairs = RESCALE.iter_unpack(_part(data, rescales_at, rescales * RESCALE.size, f"rescales of {name}")) if rescales else ()
    return DeployedLayer(
        name, Kernel(kernel), inputs, output, groups, height, width, bool(relu), weights, bias, OIHW,
        _scales(data, weight_scales_at, weight_scales, f"weight scales of {name}"),
        _scales(data, bias_scales_at, bias_scales, f"bias scales of {name}"),
        tuple(Rescale(*pair) for pair in pairs),
    )  # fmt: skip
