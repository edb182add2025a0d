"""Constants of an ONNX file: in it, or beside it in files that are opened only inside its folder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from costmodel.errors import FormatError, LimitError, Location, MissingError
from costmodel.sources.documents.input_file import MAX_MODEL_BYTES, opened_input
from costmodel.sources.importers.channels_first.graph_draft import MOST_ELEMENTS, Array

if TYPE_CHECKING:
    import onnx

ELEMENT_NAMES: Final = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16", 21: "uint4", 22: "int4",
}  # fmt: skip
"""Element types by their number in `onnx.proto`."""


class Constants:
    """Reads the constants of one file.

    Parameters
    ----------
    name : str
        File name, for messages.
    folder : Path, optional
        Where files beside it lie; left out, there are none.
    """

    def __init__(self, name: str, folder: Path | None) -> None:
        self._name = name
        self._folder = folder
        self._external_bytes = 0

    def array(self, tensor: onnx.TensorProto) -> Array:
        """Return a constant's content.

        Raises
        ------
        InputError
            If its bytes are not those of its shape, or lie where they may not.
        """
        from onnx import TensorProto, numpy_helper

        where = f"the constant {tensor.name!r}"
        shape = tuple(tensor.dims)
        if any(extent < 0 for extent in shape) or math.prod(shape) > MOST_ELEMENTS:
            raise FormatError(f"{where} has the shape {list(shape)}", Location(self._name))
        if tensor.data_type not in ELEMENT_NAMES or tensor.data_type == TensorProto.STRING:
            kind = ELEMENT_NAMES.get(tensor.data_type, f"number {tensor.data_type}")
            raise FormatError(f"{where} has elements of type {kind}; numbers are supported", Location(self._name))
        if tensor.data_location == TensorProto.EXTERNAL:
            content = self._external(tensor, where)
            tensor = TensorProto(dims=tensor.dims, data_type=tensor.data_type, name=tensor.name, raw_data=content)
        self._held(tensor, where, math.prod(shape))
        try:
            found: Any = numpy_helper.to_array(tensor)
        except Exception as error:  # onnx raises what numpy and ml_dtypes raise
            raise FormatError(f"{where} is damaged: {_line(error)}", Location(self._name)) from None
        if found.dtype.name == "bfloat16":
            return np.asarray(found.astype(np.float32))
        return np.asarray(found.astype(np.int8) if found.dtype.name in ("int4", "uint4") else found)

    def _held(self, tensor: onnx.TensorProto, where: str, elements: int) -> None:
        """Refuse a constant whose shape says more than its bytes hold, before memory is taken for it."""
        held = len(tensor.raw_data) * 2 if tensor.HasField("raw_data") else 0
        lists = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data)
        held = max(held, *(8 * len(numbers) for numbers in lists))
        if elements > held:
            raise FormatError(f"{where} has too few bytes for the shape {list(tensor.dims)}", Location(self._name))

    def _external(self, tensor: onnx.TensorProto, where: str) -> bytes:
        fields = {entry.key: entry.value for entry in tensor.external_data}
        location = fields.get("location", "")
        if self._folder is None:
            raise MissingError(f"{where} lies in {location!r} beside the file; give the file by its path", Location(self._name))
        folder = self._folder.resolve()
        try:
            path = (folder / location).resolve()
            offset, length = int(fields.get("offset", "0")), fields.get("length")
            wanted = None if length is None else int(length)
        except (ValueError, OSError):
            raise FormatError(f"{where} lies in {location!r} at no place that can be read", Location(self._name)) from None
        if not location or not path.is_relative_to(folder) or path == folder:
            raise FormatError(f"{where} lies in {location!r}, outside the file's folder, where nothing is opened", Location(self._name))
        with opened_input(path, f"{where} of {self._name}") as stream:
            size = path.stat().st_size
            count = size - offset if wanted is None else wanted
            if offset < 0 or count < 0 or offset + count > size:
                raise FormatError(f"{where} takes {count:,} bytes at byte {offset:,}; the file has {size:,}", Location(str(path)))
            self._external_bytes += count
            if self._external_bytes > MAX_MODEL_BYTES:
                text = f"has more than {MAX_MODEL_BYTES:,} bytes of constants beside it; no microcontroller holds them"
                raise LimitError(text, Location(self._name))
            stream.seek(offset)
            return stream.read(count)


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
