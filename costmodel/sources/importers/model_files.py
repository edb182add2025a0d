"""Which files are models of others, and the network in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from costmodel.errors import FormatError, Location
from costmodel.sources.documents.input_file import read_input

if TYPE_CHECKING:
    from costmodel.specs.imported_graph import ImportedGraph
    from costmodel.specs.network import Network

MAX_MODEL_BYTES: Final = 1 << 28
"""Larger model files are refused: no microcontroller holds them."""
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
"""Shapes of inputs whose extents a file leaves open, by name."""
Reader: TypeAlias = "Callable[[bytes, Path, Shapes], ImportedGraph]"


def _from_tflite(data: bytes, path: Path, _shapes: Shapes) -> ImportedGraph:
    from costmodel.sources.importers.tflite import from_tflite

    return from_tflite(data, str(path))


def _from_onnx(data: bytes, path: Path, shapes: Shapes) -> ImportedGraph:
    from costmodel.sources.importers.onnx_format.onnx_file import from_onnx

    return from_onnx(data, str(path), path.parent, shapes)


READERS: Final[Mapping[str, Reader]] = {".tflite": _from_tflite, ".onnx": _from_onnx}
"""How each kind of file is read, by its ending."""
_MARKS: Final = ((4, b"TFL3", ".tflite"),)
"""Where a file says what it is, whatever its ending: byte, content, the ending it should have."""


def is_model_file(reference: str | Path) -> bool:
    """Tell whether a name is that of a model file, by its ending."""
    return Path(reference).suffix.lower() in READERS


def is_tflite_file(reference: str | Path) -> bool:
    """Tell whether a name is that of a TensorFlow Lite file, by its ending."""
    return Path(reference).suffix.lower() == ".tflite"


def load_model_graph(path: Path, shapes: Shapes | None = None) -> ImportedGraph:
    """Read a model file as it stands.

    Parameters
    ----------
    path : Path
        A file with one of the endings of `READERS`; what is in it decides how it is read.
    shapes : mapping, optional
        Shapes of inputs whose extents the file leaves open.

    Returns
    -------
    ImportedGraph
        Its first graph, and the others beside it.

    Raises
    ------
    InputError
        If it is missing, a folder, too large, damaged or something else than its ending says.
    """
    data = read_input(path, MAX_MODEL_BYTES, "a model file", READERS)
    if not data:
        raise FormatError("is empty, expected a model file", Location(str(path)))
    ending = next((ending for at, mark, ending in _MARKS if data[at : at + len(mark)] == mark), path.suffix.lower())
    return READERS[ending](data, path, shapes or {})


def load_model_network(path: Path, shapes: Shapes | None = None) -> Network:
    """Read a model file as a network; see `load_model_graph`.

    Raises
    ------
    InputError
        Also if an operator is not supported: each is named, with its share of the work.
    """
    from costmodel.sources.importers.to_network import network_of

    return network_of(load_model_graph(path, shapes))
